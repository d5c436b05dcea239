import { type Config, jsonOf } from './config.js';
import { Core } from './core.js';
import './module.js';
import { type Outcome, Reply } from './outcome.js';
import { type RequestLike, readRequest } from './request.js';

/** What a gate may use of its surroundings. */
export interface GateOptions {
  /** Fetches key sets; the global `fetch` unless given. */
  fetch?: typeof fetch;
  /** Where secrets that the configuration names are read from. */
  env?: Record<string, string | undefined>;
}

/** How one request is checked. */
export interface CheckOptions {
  /** The time, in seconds since 1970-01-01T00:00:00Z; the system clock unless given. */
  now?: number;
}

type Fetch = { uri: string; timeout: number; limit: number };
type Got = { status: number; body: Uint8Array };
type Next = { done: Outcome } | { fetch: Fetch } | { wait: { until: number } };

/** Milliseconds between two looks at a fetch that another request has begun. */
const LOOK = 10;

/** Decides whether calls to one protected resource may pass. */
export class Gate {
  readonly #core: Core;
  readonly #fetch: typeof fetch;
  /** Fetches that have ended: no promise of one request is ever awaited by another. */
  #ended = 0;

  private constructor(core: Core, fetch: typeof globalThis.fetch) {
    this.#core = core;
    this.#fetch = fetch;
  }

  /** Opens a gate. Throws a `TypeError` that names the member of the configuration at fault. */
  static async open(config: Config, options: GateOptions = {}): Promise<Gate> {
    if (typeof options !== 'object' || options === null) throw new TypeError('`options` must be an object');
    const { fetch = (...input) => globalThis.fetch(...input) } = options;
    if (typeof fetch !== 'function') throw new TypeError('`options.fetch` must be a function');
    return new Gate(new Core(jsonOf(config)), fetch);
  }

  /** Decides about a request. Throws a `TypeError` only for what is no request. */
  async check(request: RequestLike, options: CheckOptions = {}): Promise<Outcome> {
    const { method, url, headers } = readRequest(request);
    if (typeof options !== 'object' || options === null) throw new TypeError('`options` must be an object');
    const { now } = options;
    if (now !== undefined && !Number.isFinite(now)) throw new TypeError('`options.now` must be a number of seconds');
    const clock = () => now ?? Date.now() / 1000;
    const visit = this.#core.visit(method, url, headers, clock());
    try {
      for (;;) {
        const seen = this.#ended;
        const next: Next = visit.next(clock());
        if ('done' in next) return finished(next.done);
        if ('wait' in next) {
          await this.#anotherEnds(seen, next.wait.until - clock());
          continue;
        }
        try {
          const { status, body } = await this.#get(next.fetch);
          visit.fetched(status, body, clock());
        } catch (error) {
          visit.failed(causeOf(error), clock());
        }
        this.#ended += 1;
      }
    } finally {
      visit.free();
    }
  }

  /** Ends in time whatever the given `fetch` makes of its signal. */
  async #get({ uri, timeout, limit }: Fetch): Promise<Got> {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new DOMException(`no answer within ${timeout} s`, 'TimeoutError');
        reject(error);
        abort.abort(error);
      }, timeout * 1000);
    });
    try {
      return await Promise.race([this.#read(uri, limit, abort.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(uri: string, limit: number, signal: AbortSignal): Promise<Got> {
    const init: RequestInit = { headers: { accept: 'application/json' }, redirect: 'manual', signal };
    const response = await this.#fetch.call(undefined, uri, init);
    const { status } = response;
    // The module takes 16 bits: 65736 would become 200.
    if (!(status >= 0 && status <= 999)) throw new TypeError('no HTTP response');
    return { status, body: await bytesOf(response, limit) };
  }

  async #anotherEnds(seen: number, seconds: number): Promise<void> {
    const end = performance.now() + Math.max(seconds, 0) * 1000;
    while (this.#ended === seen && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }
}

function finished(outcome: Outcome): Outcome {
  if (!outcome.allow) outcome.reply = new Reply(outcome.reply);
  return outcome;
}

/** Reads one byte more than the limit at most: the gate sees that it is too long. */
async function bytesOf(response: Response, limit: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(limit + 1);
  const reader = response.body?.getReader();
  let length = 0;
  while (reader && length <= limit) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    const part = value.subarray(0, limit + 1 - length);
    bytes.set(part, length);
    length += part.length;
  }
  await reader?.cancel();
  return bytes.subarray(0, length);
}

function causeOf(error: unknown): string {
  try {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  } catch {
    // What a foreign `fetch` throws may itself throw when it is read.
  }
  return 'no answer';
}
