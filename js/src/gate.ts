import { asked, refused } from './asking.js';
import { type Config, jsonOf } from './config.js';
import { type Content, contentOf } from './content.js';
import { Core, type Errand, type Visit } from './core.js';
import { allowed, type Passed, written } from './crossing.js';
import { misuse } from './error.js';
import { type Call, call, inTime, run, uncached } from './fetch.js';
import { shortening } from './lists.js';
import { type Answered, type Denied, type Grant, type Outcome, Reply } from './outcome.js';
import { type RequestLike, readRequest } from './request.js';
import { answerSignature, type HostAlgorithm } from './verifying.js';

/** What a gate may use of its surroundings. */
export interface GateOptions {
  /** Fetches key sets; the global `fetch` unless given. */
  fetch?: typeof fetch | undefined;
  /** Where secrets that the configuration names are read from. */
  env?: Record<string, string | undefined> | undefined;
  /** Key sets that `exportKeys` of another gate wrote; trusted like the configuration. `null` where a cache has none. */
  keys?: string | null | undefined;
  /** Remembers which proofs were used, in place of the store that the configuration names. */
  replay?: ReplayStore | undefined;
  /** Knows which tokens are revoked, in place of the `http` or `introspection` that the configuration names; needed where that is `{ host: true }`. */
  revocation?: RevocationStore | undefined;
}

/** A store that all who check proofs for one resource should share (RFC 9449 section 11.1). */
export interface ReplayStore {
  /**
   * Claims a proof: `true` for the first who asks with this key, `false` for all others until `expires`, in seconds
   * since 1970-01-01T00:00:00Z. Must be atomic. Whatever else it gives, and an error, denies the request with 503.
   */
  claim(key: string, expires: number): Promise<boolean>;
}

/** A store that knows which tokens are revoked. Whatever else it gives, and an error, denies the request with 503. */
export interface RevocationStore {
  /**
   * The first of these ids that is revoked, `undefined` where none is. An id is words with one space between: `jti`, issuer,
   * audience and id; `sid` or `sub`, issuer and id; with Caracal's profile `root_sid`, `agent_session_id` and
   * `delegation_edge_id` as well. In a word all but visible ASCII, and `%`, is percent-encoded. In place of introspection
   * there is one: `token` and the SHA-256 of the token, base64url.
   */
  revoked(ids: readonly string[]): Promise<string | undefined>;
  /** The epoch of a zone's delegations (Caracal), where there is one: mandates from before are stale. */
  epoch?(zone: string): Promise<number | undefined>;
}

/** How one request is checked. */
export interface CheckOptions {
  /** The time, in seconds since 1970-01-01T00:00:00Z; the system clock unless given. */
  now?: number | undefined;
  /** Keeps the isolate alive for a fetch that goes on after the decision: `(promise) => ctx.waitUntil(promise)` in a Worker. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

/** What a visit needs next, or its end: where the request passes, with what its caller is granted. */
type Told = [next: Step | { passed: Passed } | { done: Denied | Answered }, kept?: Grant];
type Step = { verify: HostAlgorithm } | { fetch: true } | { wait: number } | { claim: Claim } | { look: Look } | { body: number };

/** A proof to be claimed; `call` where the configuration names a shared store. */
interface Claim {
  key: string;
  expires: number;
  call?: Call;
}

/** Ids that may be revoked; `call` where the configuration names a place that knows. */
interface Look {
  ids: string[];
  zone?: string;
  call?: Call;
}

/** Seconds that a store of the caller's may take. */
const STORE_PATIENCE = 5;
/** Seconds that a body may take. */
const BODY_PATIENCE = 60;
/** Milliseconds between two looks at a fetch that another request has begun. */
const LOOK = 10;
/** Seconds that a request waits for it, before it fetches for itself. */
const PATIENCE = 1;

/** Decides whether calls to one protected resource may pass. */
export class Gate {
  /** The configuration that it was opened with: a copy. Secrets are only named in it. */
  readonly config: Readonly<Config>;
  readonly #core: Core;
  readonly #fetch: typeof fetch;
  readonly #replay: ReplayStore | undefined;
  readonly #revocation: RevocationStore | undefined;
  /** Fetches that have ended: no promise of one request is ever awaited by another. */
  #ended = 0;
  /** When a request fetched in place of another that did not come to its end. */
  #tookOver = -Infinity;

  private constructor(core: Core, config: Config, fetch: typeof globalThis.fetch, { replay, revocation }: GateOptions) {
    this.config = config;
    this.#core = core;
    this.#fetch = fetch;
    this.#replay = replay;
    this.#revocation = revocation;
  }

  /** Opens a gate. Throws a `WaxsealError` that names the member of the configuration at fault. */
  static async open(config: Config, options: GateOptions = {}): Promise<Gate> {
    if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
    const { fetch = (...input) => globalThis.fetch(...input), env = {}, keys, replay, revocation } = options;
    if (typeof fetch !== 'function') throw misuse('`options.fetch` must be a function');
    if (typeof (keys ?? '') !== 'string') throw misuse('`options.keys` must be a string');
    if (typeof env !== 'object' || env === null) throw misuse('`options.env` must be an object');
    if (replay !== undefined && typeof replay?.claim !== 'function') throw misuse('`options.replay` must have a method `claim`');
    if (revocation !== undefined && typeof revocation?.revoked !== 'function') throw misuse('`options.revocation` must have a method `revoked`');
    if (!['undefined', 'function'].includes(typeof revocation?.epoch)) throw misuse('`options.revocation.epoch` must be a method');
    const text = jsonOf(config);
    const core = asked(() => new Core(text, (name: string) => env[name]), refused);
    if (core.asks_host() && !revocation) throw misuse('`options.revocation` is needed: the configuration says `"revocation": { "host": true }`');
    // Nobody would notice that revoked tokens pass.
    if (revocation && !core.looks_up()) throw misuse('`options.revocation` would never be asked: the configuration needs a `revocation`, which is no list');
    // A cache may hold any text: what is no export is fetched anew.
    if (keys) core.import_keys(keys, Date.now() / 1000);
    return new Gate(core, frozen(JSON.parse(text)), fetch, options);
  }

  /**
   * Decides about a request. Throws a `WaxsealError` only for what is no request, and where a rule needs a body that is not
   * there as it was sent.
   */
  async check(request: RequestLike, options: CheckOptions = {}): Promise<Outcome> {
    const read = readRequest(request);
    if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
    const { now, waitUntil } = options;
    if (now !== undefined && !Number.isFinite(now)) throw misuse('`options.now` must be a number of seconds');
    if (waitUntil !== undefined && typeof waitUntil !== 'function') throw misuse('`options.waitUntil` must be a function');
    const clock = () => now ?? Date.now() / 1000;
    const elsewhere = this.#replay !== undefined;
    let [next, kept] = this.#core.begin(written(read), clock(), elsewhere) as Told;
    const visit = this.#core.visit();
    try {
      const content = (limit: number) => contentOf(request, read.method, read.headers, limit);
      let body: Uint8Array | undefined;
      while (!('passed' in next || 'done' in next)) {
        const answering = this.#answer(visit!, next, clock, content);
        // Nothing waits where there is nothing to wait for.
        if (answering) body = (await answering) ?? body;
        [next, kept] = visit!.next(clock(), elsewhere) as Told;
      }
      this.#ahead(clock, waitUntil);
      if ('done' in next) return Object.assign(next.done, { reply: new Reply(next.done.reply) });
      const outcome = allowed(next.passed, kept!, read.headers);
      if (body) outcome.body = body;
      // Not enumerable: an outcome that is logged or compared is data.
      return Object.defineProperty(outcome, 'shorten', { value: shortening(visit?.lister(), clock) }) as Outcome;
    } finally {
      visit?.free();
    }
  }

  /** The key sets that were fetched, for `Gate.open(config, { keys })` in another isolate. */
  exportKeys(): string {
    return this.#core.export_keys();
  }

  /** Does what a visit asks for; gives the body, where it is that. */
  #answer(visit: Visit, step: Step, clock: () => number, content: (limit: number) => Content): Promise<Uint8Array | void> | void {
    if ('verify' in step) return answerSignature(visit, step.verify);
    if ('body' in step) return this.#read(visit, content(step.body));
    if ('claim' in step) return this.#claim(visit, step.claim);
    if ('look' in step) return this.#look(visit, step.look);
    if ('wait' in step) return this.#wait(visit, step.wait - clock());
    return this.#run(visit.errand(), clock);
  }

  /** Hands the body over; its bytes, where there are some. */
  async #read(visit: Visit, content: Content): Promise<Uint8Array | undefined> {
    try {
      const bytes = typeof content === 'function' ? await inTime(BODY_PATIENCE, content) : content;
      visit.body(bytes);
      return bytes;
    } catch (error) {
      visit.body_lost((error as Partial<Error> | undefined)?.name === 'TimeoutError');
      return undefined;
    }
  }

  /** Asks the caller's store, or the one that the configuration names. */
  async #claim(visit: Visit, { key, expires, call: wanted }: Claim): Promise<void> {
    try {
      if (this.#replay) {
        const first: unknown = await inTime(STORE_PATIENCE, async () => this.#replay?.claim(key, expires));
        visit.claimed(typeof first === 'boolean' ? first : undefined);
      } else if (wanted) {
        const { status, body } = await call(wanted, this.#fetch, uncached());
        visit.claim_replied(status, body);
      }
    } catch {
      visit.claimed(undefined);
    }
  }

  /** Asks the caller's store, or the place that the configuration names, whether a token is revoked. */
  async #look(visit: Visit, { ids, zone, call: wanted }: Look): Promise<void> {
    const store = this.#revocation;
    try {
      if (store) {
        // A promise of its own: if it throws, the rejection of the other is still heard.
        const current = async () => (zone === undefined ? undefined : store.epoch?.(zone));
        const [revoked, epoch] = await inTime(STORE_PATIENCE, () => Promise.all([store.revoked(ids), current()]));
        const known = (revoked ?? undefined) === undefined || typeof revoked === 'string';
        const counted = (epoch ?? undefined) === undefined || typeof epoch === 'number';
        if (known && counted) return visit.looked(revoked ?? undefined, epoch ?? undefined);
      } else if (wanted) {
        const { status, body } = await call(wanted, this.#fetch, uncached());
        return visit.look_replied(status, body);
      }
    } catch {
      // As one that does not answer.
    }
    visit.look_failed();
  }

  async #run(errand: Errand | undefined, clock: () => number): Promise<void> {
    if (errand) await run(errand, this.#fetch, clock);
    this.#ended += 1;
  }

  /** Begins a fetch that is due soon, so that no request has to wait for it. */
  #ahead(clock: () => number, waitUntil: CheckOptions['waitUntil']): void {
    const errand = this.#core.ahead(clock());
    if (!errand) return;
    const end = this.#run(errand, clock);
    try {
      waitUntil?.(end);
    } catch {
      // The decision stands: at worst the fetch is cut off, and a later request makes it.
    }
  }

  /** Whether a request that has waited may fetch for itself: one of all that wait, or a slow issuer would be flooded. */
  #takesOver(): boolean {
    const now = performance.now();
    if (now - this.#tookOver < PATIENCE * 1000) return false;
    this.#tookOver = now;
    return true;
  }

  /** Waits for a fetch that another request has begun. */
  async #wait(visit: Visit, seconds: number): Promise<void> {
    const seen = this.#ended;
    // Counted, not measured: while a process is too busy to look, it is too busy to take an answer.
    for (let left = (Math.min(seconds, PATIENCE) * 1000) / LOOK; left > 0 && this.#ended === seen; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
    if (this.#ended === seen && this.#takesOver()) visit.timed_out();
  }
}

/** What others decide by must stay what the module was told. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
