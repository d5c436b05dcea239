import { misuse } from './error.js';
import { answered } from './fetch.js';
import type { ReplayStore } from './gate.js';
import { type Revocations, revocations } from './revoked.js';

/** `Deno.Kv`, as far as it is needed. */
export interface DenoKv {
  get(key: string[]): Promise<{ value: unknown; versionstamp: string | null }>;
  getMany(keys: any): Promise<{ value: unknown }[]>;
  atomic(): DenoAtomic;
}

/** `Deno.AtomicOperation`, as far as it is needed. */
export interface DenoAtomic {
  check(check: { key: string[]; versionstamp: string | null }): DenoAtomic;
  set(key: string[], value: unknown, options?: { expireIn?: number }): DenoAtomic;
  commit(): Promise<{ ok: boolean }>;
}

/** Keys of one `getMany`. */
const MANY = 10;

/**
 * Used proofs in Deno KV, for `Gate.open(config, { replay: denoReplay(await Deno.openKv()) })`. A KV in a file is for one
 * process: others hear that it is locked, and deny.
 */
export function denoReplay(kv: DenoKv): ReplayStore {
  known(kv);
  return {
    claim: (name, expires) => answered(async () => {
      const key = ['waxseal', 'replay', name];
      const put = async (versionstamp: string | null) => {
        const expireIn = Math.max(1, Math.ceil(expires * 1000 - Date.now()));
        const { ok } = await kv.atomic().check({ key, versionstamp }).set(key, expires, { expireIn }).commit();
        return ok;
      };
      if (await put(null)) return true;
      // What has expired may be there for a while.
      const { value, versionstamp } = await kv.get(key);
      return typeof value === 'number' && value <= Date.now() / 1000 && put(versionstamp);
    }),
  };
}

/** Revoked ids in Deno KV, for `Gate.open(config, { revocation })` with `"revocation": { "host": true }`. */
export function denoRevocation(kv: DenoKv): Revocations {
  known(kv);
  return revocations({
    async present(keys) {
      const there: boolean[] = [];
      for (let start = 0; start < keys.length; start += MANY) {
        const entries = await kv.getMany(keys.slice(start, start + MANY).map((key) => ['waxseal', key]));
        // It may be there longer than it should: `null` has expired never.
        there.push(...entries.map(({ value }) => typeof value === 'number' ? value > Date.now() : value !== null));
      }
      return there;
    },
    async put(key, seconds) {
      const place = ['waxseal', key];
      const life = seconds * 1000;
      const until = Date.now() + life;
      for (;;) {
        const { value, versionstamp } = await kv.get(place);
        if (typeof value === 'number' ? value >= until : value !== null) return;
        const { ok } = await kv.atomic().check({ key: place, versionstamp }).set(place, until, life === Infinity ? {} : { expireIn: life }).commit();
        // Else another has been put there since.
        if (ok) return;
      }
    },
  });
}

function known(kv: DenoKv): void {
  if (typeof kv?.atomic !== 'function') throw misuse('`kv` must be what `await Deno.openKv()` gives');
}
