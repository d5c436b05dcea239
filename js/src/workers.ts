import { misuse } from './error.js';
import { type Revocations, revocations } from './revoked.js';

/** The binding of a Workers KV namespace, as far as it is needed. */
export interface WorkersKv {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
}

/**
 * Revoked ids in Workers KV, for `Gate.open(config, { revocation: workersRevocation(env.KV) })` with
 * `"revocation": { "host": true }`. Other places see a new one after a minute or so; until then a shorter one of theirs may
 * take its place. Not for proofs: it has no way to put a key only where there is none.
 */
export function workersRevocation(kv: WorkersKv): Revocations {
  if (typeof kv?.put !== 'function') throw misuse('`kv` must be the binding of a KV namespace');
  return revocations({
    present: (keys) => Promise.all(keys.map(async (key) => (await kv.get(key)) !== null)),
    async put(key, seconds) {
      const until = Date.now() / 1000 + seconds;
      if (Number(await kv.get(key)) >= until) return;
      // Less than a minute is refused.
      await kv.put(key, String(until), seconds === Infinity ? {} : { expirationTtl: Math.max(60, seconds) });
    },
  });
}
