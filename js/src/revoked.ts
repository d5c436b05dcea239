import { misuse } from './error.js';
import { answered } from './fetch.js';
import type { RevocationStore } from './gate.js';

/** A store that is told, too, what is revoked. */
export interface Revocations extends RevocationStore {
  /**
   * Revokes an id, in the words of `RevocationStore.revoked`, such as `sid <issuer> <sid>`: for ever, or until 600 seconds
   * after `expires`, in seconds since 1970-01-01T00:00:00Z. The `exp` of the last token that it is about is late enough,
   * whatever the gate's `leeway`. Of two revocations the longer one counts. Rejects for what no token's id can be equal to,
   * such as one with a space in a word, and with the code `store_unavailable` where the store gives no answer.
   */
  revoke(id: string, expires?: number): Promise<void>;
}

/** What a store has to do. */
interface Keys {
  /** Which of the keys are there. */
  present(keys: string[]): Promise<boolean[]>;
  /** Puts a key there for so many seconds, which may be `Infinity`, or leaves it there for longer. */
  put(key: string, seconds: number): Promise<void>;
}

/** The most that a gate's `leeway` may be: so long after their `exp` it takes tokens. */
const LEEWAY = 600;

/** Revoked ids in a store of keys: the keys that the gate's own `revocation.http` looks for, so that all can share one. */
export function revocations({ present, put }: Keys): Revocations {
  return {
    async revoked(ids) {
      const keys = await Promise.all(ids.map(keyOf));
      const there = await answered(() => present(keys));
      return ids.find((_, place) => there[place]);
    },
    async revoke(id, expires) {
      // A revocation that does nothing would not be noticed.
      if (!isId(id)) throw misuse('`id` must be an id as `RevocationStore.revoked` has it: a kind, and words with all but visible ASCII percent-encoded');
      if (expires !== undefined && !Number.isFinite(expires)) throw misuse('`expires` must be a number of seconds');
      const key = await keyOf(id);
      await answered(() => put(key, secondsTo(expires === undefined ? Infinity : expires + LEEWAY)));
    },
  };
}

/** Kind, and words after it. */
const KINDS = new Map([['jti', 3], ['sid', 2], ['sub', 2], ['root_sid', 2], ['agent_session_id', 2], ['delegation_edge_id', 2], ['token', 1]]);

/** Whether a text is an id as the gate writes it. */
function isId(id: unknown): boolean {
  const [kind = '', ...words] = typeof id === 'string' ? id.split(' ') : [];
  return KINDS.get(kind) === words.length && words.every(isWord);
}

function isWord(word: string): boolean {
  try {
    const plain = decodeURIComponent(word);
    return word !== '' && plain.replace(/[^!-$&-~]+/gu, (text) => encodeURIComponent(text)) === word;
  } catch {
    return false;
  }
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
