import { type Config, jsonOf } from './config.js';
import { Core, type Visit } from './core.js';
import { call, inTime, run, uncached } from './fetch.js';
import './module.js';
import { type Outcome, Reply } from './outcome.js';
import { type RequestLike, readRequest } from './request.js';

/** What a gate may use of its surroundings. */
export interface GateOptions {
  /** Fetches key sets; the global `fetch` unless given. */
  fetch?: typeof fetch;
  /** Where secrets that the configuration names are read from. */
  env?: Record<string, string | undefined>;
  /** Key sets that `exportKeys` of another gate wrote; trusted like the configuration. `null` where a cache has none. */
  keys?: string | null | undefined;
  /** Remembers which proofs were used, in place of the store that the configuration names. */
  replay?: ReplayStore;
}

/** A store that all who check proofs for one resource should share (RFC 9449 section 11.1). */
export interface ReplayStore {
  /**
   * Claims a proof: `true` for the first who asks with this key, `false` for all others until `expires`, in seconds
   * since 1970-01-01T00:00:00Z. Must be atomic. Whatever else it gives, and an error, denies the request with 503.
   */
  claim(key: string, expires: number): Promise<boolean>;
}

/** How one request is checked. */
export interface CheckOptions {
  /** The time, in seconds since 1970-01-01T00:00:00Z; the system clock unless given. */
  now?: number;
  /** Keeps the isolate alive for a fetch that goes on after the decision: `(promise) => ctx.waitUntil(promise)` in a Worker. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

type Next = { done: Outcome } | { fetch: true } | { wait: number } | { claim: Claim };

/** A proof to be claimed; `call` where the configuration names a shared store. */
interface Claim {
  key: string;
  expires: number;
  call?: { uri: string; authorization?: string; timeout: number; limit: number };
}

/** Seconds that the caller's own store may take. */
const CLAIM_PATIENCE = 5;
/** Milliseconds between two looks at a fetch that another request has begun. */
const LOOK = 10;
/** Seconds that a request waits for it, before it fetches for itself. */
const PATIENCE = 1;

/** Decides whether calls to one protected resource may pass. */
export class Gate {
  readonly #core: Core;
  readonly #fetch: typeof fetch;
  readonly #replay: ReplayStore | undefined;
  /** Fetches that have ended: no promise of one request is ever awaited by another. */
  #ended = 0;
  /** When a request fetched in place of another that did not come to its end. */
  #tookOver = -Infinity;

  private constructor(core: Core, fetch: typeof globalThis.fetch, replay: ReplayStore | undefined) {
    this.#core = core;
    this.#fetch = fetch;
    this.#replay = replay;
  }

  /** Opens a gate. Throws a `TypeError` that names the member of the configuration at fault. */
  static async open(config: Config, options: GateOptions = {}): Promise<Gate> {
    if (typeof options !== 'object' || options === null) throw new TypeError('`options` must be an object');
    const { fetch = (...input) => globalThis.fetch(...input), env = {}, keys, replay } = options;
    if (typeof fetch !== 'function') throw new TypeError('`options.fetch` must be a function');
    if (typeof (keys ?? '') !== 'string') throw new TypeError('`options.keys` must be a string');
    if (typeof env !== 'object' || env === null) throw new TypeError('`options.env` must be an object');
    if (replay !== undefined && typeof replay?.claim !== 'function') throw new TypeError('`options.replay` must have a method `claim`');
    const core = new Core(jsonOf(config), (name: string) => env[name]);
    // A cache may hold any text: what is no export is fetched anew.
    if (keys) core.import_keys(keys, Date.now() / 1000);
    return new Gate(core, fetch, replay);
  }

  /** Decides about a request. Throws a `TypeError` only for what is no request. */
  async check(request: RequestLike, options: CheckOptions = {}): Promise<Outcome> {
    const { method, url, headers } = readRequest(request);
    if (typeof options !== 'object' || options === null) throw new TypeError('`options` must be an object');
    const { now, waitUntil } = options;
    if (now !== undefined && !Number.isFinite(now)) throw new TypeError('`options.now` must be a number of seconds');
    if (waitUntil !== undefined && typeof waitUntil !== 'function') throw new TypeError('`options.waitUntil` must be a function');
    const clock = () => now ?? Date.now() / 1000;
    const visit = this.#core.visit(method, url, headers, clock());
    try {
      const outcome = await this.#follow(visit, clock);
      this.#ahead(clock, waitUntil);
      return outcome;
    } finally {
      visit.free();
    }
  }

  /** The key sets that were fetched, for `Gate.open(config, { keys })` in another isolate. */
  exportKeys(): string {
    return this.#core.export_keys();
  }

  async #follow(visit: Visit, clock: () => number): Promise<Outcome> {
    for (;;) {
      const seen = this.#ended;
      const next: Next = visit.next(clock(), this.#replay !== undefined);
      if ('done' in next) return finished(next.done);
      if ('claim' in next) {
        await this.#claim(visit, next.claim);
        continue;
      }
      if ('wait' in next) {
        const ended = await this.#anotherEnds(seen, Math.min(next.wait - clock(), PATIENCE));
        if (!ended && this.#takesOver()) visit.timed_out();
        continue;
      }
      const errand = visit.errand();
      if (errand) await run(errand, this.#fetch, clock);
      this.#ended += 1;
    }
  }

  /** Asks the caller's store, or the one that the configuration names. */
  async #claim(visit: Visit, { key, expires, call: wanted }: Claim): Promise<void> {
    try {
      if (this.#replay) {
        const first: unknown = await inTime(CLAIM_PATIENCE, async () => this.#replay?.claim(key, expires));
        visit.claimed(typeof first === 'boolean' ? first : undefined);
      } else if (wanted) {
        const { status, body } = await call(wanted, this.#fetch, uncached());
        visit.claim_replied(status, body);
      }
    } catch {
      visit.claimed(undefined);
    }
  }

  /** Begins a fetch that is due soon, so that no request has to wait for it. */
  #ahead(clock: () => number, waitUntil: CheckOptions['waitUntil']): void {
    const errand = this.#core.ahead(clock());
    if (!errand) return;
    const end = run(errand, this.#fetch, clock).then(() => void (this.#ended += 1));
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

  async #anotherEnds(seen: number, seconds: number): Promise<boolean> {
    // Counted, not measured: while a process is too busy to look, it is too busy to take an answer.
    for (let left = (seconds * 1000) / LOOK; left > 0 && this.#ended === seen; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
    return this.#ended !== seen;
  }
}

function finished(outcome: Outcome): Outcome {
  if (!outcome.allow) outcome.reply = new Reply(outcome.reply);
  return outcome;
}
