import { misuse, WaxsealError } from './error.js';
import { answered, call, uncached } from './fetch.js';
import type { ReplayStore } from './gate.js';
import { type Revocations, revocations } from './revoked.js';

/** A Redis behind HTTP. */
export interface RedisOptions {
  /** Where Upstash's REST interface or Webdis answers. */
  url: string;
  /** A secret: the whole `Authorization` field, `Bearer <token>` for Upstash. */
  authorization?: string | undefined;
  /** The global `fetch` unless given. */
  fetch?: typeof fetch | undefined;
  /** Seconds that it may take, 60 at most; 2 unless given. */
  timeout?: number | undefined;
}

/** Bytes of a reply. */
const LIMIT = 65_536;

/**
 * Used proofs in a Redis, for `Gate.open(config, { replay })`: `SET key 1 NX PX milliseconds`, with the keys of the gate's own
 * `replay.store.http`.
 */
export function redisReplay(options: RedisOptions): ReplayStore {
  const command = commands(options);
  return {
    claim: (key, expires) => answered(async () => {
      return isNew(await command('SET', `waxseal:${key}`, '1', 'NX', 'PX', String(Math.max(1, Math.ceil(expires * 1000 - Date.now())))));
    }),
  };
}

/**
 * Revoked ids in a Redis, for `Gate.open(config, { revocation })` with `"revocation": { "host": true }`, with the keys of the
 * gate's own `revocation.http`. Those of Caracal's own store only that one knows. Asks by `MGET`; revokes by `SET` and by
 * `EXPIRE` with `GT`, which Redis 7 has brought.
 */
export function redisRevocation(options: RedisOptions): Revocations {
  const command = commands(options);
  return revocations({
    async present(keys) {
      if (keys.length === 0) return [];
      const said = await command('MGET', ...keys);
      if (!Array.isArray(said) || said.length !== keys.length) throw unclear();
      return said.map((value: unknown) => {
        if (value !== null && typeof value !== 'string') throw unclear();
        return value !== null;
      });
    },
    async put(key, seconds) {
      if (seconds === Infinity) {
        if (!isNew(await command('SET', key, '1'))) throw unclear();
        return;
      }
      const life = String(seconds);
      const add = async () => isNew(await command('SET', key, '1', 'NX', 'EX', life));
      if (await add()) return;
      const said = await command('EXPIRE', key, life, 'GT');
      if (said !== 0 && said !== 1) throw unclear();
      // It is there for longer, or has ended just now.
      if (said === 0) await add();
    },
  });
}

/** Sends one command as a path, the dialect that both servers know; what Redis says to it. */
function commands(options: RedisOptions) {
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  const { url, authorization, fetch = (...input) => globalThis.fetch(...input), timeout = 2 } = options;
  const place = typeof url === 'string' && /^https?:\/\/[^?#]+$/.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  // What `fetch` does not take it shows in its error, and the secret with it.
  if (!place || place.username || place.password) throw misuse('`options.url` must be an absolute URL without user information, query and fragment');
  if (typeof (authorization ?? '') !== 'string' || !/^[ -~]*[\t\n\r]*$/.test(authorization ?? '')) throw misuse('`options.authorization` must be a string that can be a header');
  if (typeof fetch !== 'function') throw misuse('`options.fetch` must be a function');
  // Timers of more than 24 days end at once.
  if (!(Number.isFinite(timeout) && timeout > 0 && timeout <= 60)) throw misuse('`options.timeout` must be a number of seconds, above 0 and not above 60');
  const base = url.replace(/\/+$/, '');
  return async (...words: [name: string, ...more: string[]]): Promise<unknown> => {
    // No word has an extension, which Webdis would cut off the last one.
    const uri = [base, ...words.map(encodeURIComponent)].join('/');
    const { status, body } = await call({ uri, timeout, limit: LIMIT, ...(authorization && { authorization }) }, fetch, uncached());
    if (status !== 200 || body.length > LIMIT) throw unclear();
    const said = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
    // Webdis: `{ "SET": [true, "OK"] }`; Upstash: `{ "result": "OK" }`.
    const members = Object.keys(said ?? {});
    if (members.length !== 1 || ![words[0], 'result'].includes(members[0]!)) throw unclear();
    return said[members[0]!];
  };
}

/** Whether `SET` has put a key there. */
function isNew(said: unknown): boolean {
  if (said === null) return false;
  if (said === 'OK' || (Array.isArray(said) && said.length === 2 && said[0] === true && said[1] === 'OK')) return true;
  throw unclear();
}

function unclear(): WaxsealError {
  return new WaxsealError('store_unavailable', 'the store does not say what is asked');
}
