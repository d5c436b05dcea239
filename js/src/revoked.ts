import { misuse } from './error.js';
import type { RevocationStore } from './gate.js';

/** A store that is told, too, what is revoked. */
export interface Revocations extends RevocationStore {
  /**
   * Revokes an id, in the words of `RevocationStore.revoked`, such as `sid <issuer> <sid>`; until `expires`, in seconds since
   * 1970-01-01T00:00:00Z, or for ever: the end of the last token that it is about is late enough.
   */
  revoke(id: string, expires?: number): Promise<void>;
}

/** What a store has to do. */
interface Keys {
  /** Which of the keys are there. */
  present(keys: string[]): Promise<boolean[]>;
  /** Puts a key there for so many seconds, or for ever. */
  put(key: string, seconds: number | undefined): Promise<void>;
}

/** Revoked ids in a store of keys: the keys that the gate's own `revocation.http` looks for, so that all can share one. */
export function revocations({ present, put }: Keys): Revocations {
  return {
    async revoked(ids) {
      const there = await present(await Promise.all(ids.map(keyOf)));
      return ids.find((_, place) => there[place]);
    },
    async revoke(id, expires) {
      if (typeof id !== 'string' || id === '') throw misuse('`id` must be a string');
      if (expires !== undefined && !Number.isFinite(expires)) throw misuse('`expires` must be a number of seconds');
      await put(await keyOf(id), expires === undefined ? undefined : secondsTo(expires));
    },
  };
}

/** Whole seconds until then, one at least. */
function secondsTo(expires: number): number {
  return Math.max(1, Math.ceil(expires - Date.now() / 1000));
}

/** Ids are long, and tell of people: a digest stands for one. */
async function keyOf(id: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id)));
  const text = btoa(String.fromCharCode(...digest)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  return `waxseal:revoked:${text}`;
}
