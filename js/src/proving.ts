import { startOf } from './body.js';
import type { Dpop } from './dpop.js';
import { misuse } from './error.js';
import { parseChallenges } from './reading.js';
import { isA } from './realm.js';

/** A `fetch` like the global one. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Wraps a `fetch`: the global one unless given, or another wrapper, also one that knows no `Request`. */
export type DpopMiddleware = (next?: (input: any, init?: RequestInit) => Promise<Response>, options?: DpopFetchOptions) => Fetch;

/** What the requests of one `fetch` have in common. */
export interface DpopFetchOptions {
  /** The access token; unless given, what a request itself has as `Authorization: Bearer` or `DPoP`. */
  token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Whether a request may be sent once more where the server asks for a nonce; unless given, it may. */
  retry?: (() => boolean) | undefined;
}

/** Origins whose nonces are remembered. */
const ORIGINS = 100;
/** Characters of a 400 that are looked at. */
const LIMIT = 16_384;

/**
 * Wrappers that send a fresh proof each time, with the newest nonce of the origin. Where a server asks for a nonce
 * (RFC 9449 sections 8 and 9) they send once more, unless the body is a stream: the first time has used it up.
 */
export function provingFetch(proof: Dpop['proof']): DpopMiddleware {
  const nonces = new Map<string, string>();

  /** The nonce in a response, which is remembered. After a redirect it may be of another origin, and no answer to the request. */
  const nonceOf = (response: Response, origin: string): string | undefined => {
    // What a foreign `next` gives may be any object.
    const nonce = response?.headers?.get?.('dpop-nonce');
    if (!nonce) return undefined;
    const from = URL.canParse(response.url) ? new URL(response.url).origin : origin;
    nonces.delete(from);
    nonces.set(from, nonce);
    const [oldest = from] = nonces.keys();
    if (nonces.size > ORIGINS) nonces.delete(oldest);
    return from === origin ? nonce : undefined;
  };

  return (next = (...input) => globalThis.fetch(...input), { token: source, retry = () => true } = {}) => {
    if (typeof next !== 'function') throw misuse('`next` must be a function');
    if (!['string', 'function', 'undefined'].includes(typeof source)) throw misuse('`options.token` must be a string or a function');
    if (typeof retry !== 'function') throw misuse('`options.retry` must be a function');
    return async (...given) => {
      const { input, init, request, url, method, origin, headers } = addressed(...given);
      // Another scheme is not ours to replace: at a token endpoint it is the client's own `Basic`.
      if (/^(?:bearer|dpop)\b|^$/i.test(headers.get('authorization') ?? '')) {
        const given = typeof source === 'function' ? await source() : source;
        if (given) headers.set('authorization', `DPoP ${given}`);
      }
      const token = /^(?:bearer|dpop) +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
      if (token) headers.set('authorization', `DPoP ${token}`);

      const send = async (what: string | URL | Request, nonce?: string): Promise<Response> => {
        const proved = new Headers(headers);
        proved.set('dpop', await proof({ method, url, token, nonce }));
        return next(what, { ...init, headers: proved });
      };

      let spare = init?.body == null ? request?.clone() : undefined;
      try {
        const first = await send(input, nonces.get(origin));
        const nonce = nonceOf(first, origin);
        if (!nonce || !repeatable(init?.body) || !(await wantsNonce(first)) || !retry()) return first;
        void discard(first);
        const again = spare ?? input;
        spare = undefined;
        const second = await send(again, nonce);
        nonceOf(second, origin);
        return second;
      } finally {
        void discard(spare);
      }
    };
  };
}

/** What a call of `fetch` is about. */
export function addressed(input: string | URL | Request, init?: RequestInit) {
  // A Request in the place of `init` has its members where a spread does not find them.
  if (isA(init, 'Request')) [input, init] = [new Request(input, init), undefined];
  const request = typeof input === 'object' && 'url' in input ? input : undefined;
  // As it will be sent, which is not the same everywhere: `patch` stays so in most runtimes, and is `PATCH` in Bun.
  const { url, method } = new Request(request?.url ?? input, { method: init?.method ?? request?.method ?? 'GET' });
  return { input, init, request, url, method, origin: new URL(url).origin, headers: new Headers(init?.headers ?? request?.headers) };
}

/** Whether a body, as it stands in `init`, can be sent twice. Told by its tag: it may be of another realm. */
export function repeatable(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return true;
  return /^\[object (?:ArrayBuffer|Blob|File|FormData|URLSearchParams)\]$/.test(Object.prototype.toString.call(body));
}

/** A resource server says so in a challenge (RFC 9449 section 9), an authorization server in the body (section 8). */
async function wantsNonce(response: Response): Promise<boolean> {
  try {
    if (response.status === 401) {
      const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '');
      return challenges.some(({ scheme, parameters }) => scheme === 'dpop' && parameters.error === 'use_dpop_nonce');
    }
    if (response.status !== 400 || !/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return false;
    return JSON.parse(await startOf(response, LIMIT))?.error === 'use_dpop_nonce';
  } catch {
    return false;
  }
}

/** Lets go of what nobody will read. */
export async function discard(unread: Request | Response | undefined): Promise<void> {
  try {
    await unread?.body?.cancel();
  } catch {
    // It has ended on its own.
  }
}
