import { misuse, WaxsealError } from './error.js';
import { answered } from './fetch.js';
import type { ReplayStore } from './gate.js';

/** The binding of a namespace of Durable Objects, as far as it is needed. */
export interface DurableNamespace {
  idFromName(name: string): any;
  get(id: any): { fetch(uri: string, init: { method: string; body: string }): Promise<{ readonly status: number; json(): Promise<unknown> }> };
}

/** What a Durable Object is made with, as far as it is needed. */
export interface DurableState {
  readonly storage: {
    get(key: string): Promise<unknown>;
    put(key: string, value: number): Promise<void>;
    delete(keys: string[]): Promise<number>;
    list(options: { limit: number; startAfter?: string }): Promise<Map<string, unknown>>;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
}

/** Milliseconds between two sweeps. */
const SWEEP = 60_000;
/** Keys that may be deleted at once. */
const BATCH = 128;

/**
 * Used proofs in Durable Objects, for `Gate.open(config, { replay: durableReplay(env.REPLAY) })`. The Worker exports
 * `ReplayObject`, and its binding names that class. Claims are spread over 64 objects.
 */
export function durableReplay(namespace: DurableNamespace): ReplayStore {
  if (typeof namespace?.idFromName !== 'function') throw misuse('`namespace` must be the binding of a namespace of Durable Objects');
  return {
    claim: (key, expires) => answered(async () => {
      const object = namespace.get(namespace.idFromName(`waxseal replay ${key.slice(0, 1)}`));
      // Nobody is asked at this address: it only has to be one.
      const reply = await object.fetch('https://replay.invalid/', { method: 'POST', body: JSON.stringify({ key, expires }) });
      const first = await reply.json();
      if (reply.status !== 200 || typeof first !== 'boolean') throw new WaxsealError('store_unavailable', 'the store does not say whether it is the first');
      return first;
    }),
  };
}

/** The class of the Durable Objects that remember used proofs. What has expired is swept. */
export class ReplayObject {
  readonly #storage: DurableState['storage'];
  #isArmed = false;

  constructor(state: DurableState) {
    this.#storage = state.storage;
  }

  /** One claim. */
  async fetch(request: Request): Promise<Response> {
    const { key, expires } = (await request.json()) as { key?: unknown; expires?: unknown };
    if (typeof key !== 'string' || typeof expires !== 'number') return Response.json(null, { status: 400 });
    const until = await this.#storage.get(key);
    // No other request comes in between: the object is closed to them while it waits for its storage.
    if (typeof until === 'number' && until > Date.now() / 1000) return Response.json(false);
    await this.#storage.put(key, expires);
    if (!this.#isArmed && (await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + SWEEP);
    this.#isArmed = true;
    return Response.json(true);
  }

  /** Sweeps what has expired, and comes again while anything is left. */
  async alarm(): Promise<void> {
    this.#isArmed = false;
    let left = 0;
    let last: string | undefined;
    for (;;) {
      const page = await this.#storage.list({ limit: BATCH, ...(last !== undefined && { startAfter: last }) });
      const now = Date.now() / 1000;
      const expired = [...page].filter(([, until]) => !(Number(until) > now)).map(([key]) => key);
      if (expired.length > 0) await this.#storage.delete(expired);
      left += page.size - expired.length;
      last = [...page.keys()].at(-1);
      if (page.size < BATCH) break;
    }
    if (left > 0) await this.#storage.setAlarm(Date.now() + SWEEP);
  }
}
