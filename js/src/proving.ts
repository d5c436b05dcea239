import { startOf } from './body.js';
import type { Dpop } from './dpop.js';
import { misuse } from './error.js';
import { parseChallenges } from './reading.js';
import { isA } from './realm.js';
import { Recent } from './recent.js';
import { isRedirect, redirected } from './redirect.js';

/** A `fetch` like the global one. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Wraps a `fetch`: the global one unless given, or another wrapper, also one that knows no `Request`. */
export type DpopMiddleware = (next?: (input: any, init?: RequestInit) => Promise<Response>, options?: DpopFetchOptions) => Fetch;

/** What the requests of one `fetch` have in common. */
export interface DpopFetchOptions {
  /** The access token; unless given, what a request itself has as `Authorization: Bearer` or `DPoP`. */
  token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Where the server is: its origin alone gets `token`. Unless given, the first request with it tells. */
  url?: string | URL | undefined;
  /** Whether a request may be sent once more where the server asks for a nonce; unless given, it may. */
  retry?: (() => boolean) | undefined;
}

/** Characters of a 400 that are looked at. */
const LIMIT = 16_384;

/**
 * Wrappers that send a fresh proof each time, with the newest nonce of the origin. Where a server asks for a nonce
 * (RFC 9449 sections 8 and 9) they send once more, unless the body is a stream: the first time has used it up. Redirects are
 * followed within the origin, with a proof for each place.
 */
export function provingFetch(proof: Dpop['proof']): DpopMiddleware {
  const nonces = new Recent<string, string>();

  /** The nonce in a response, which is remembered. After a redirect it may be of another origin, and no answer to the request. */
  const nonceOf = (response: Response, origin: string): string | undefined => {
    // What a foreign `next` gives may be any object.
    const nonce = response?.headers?.get?.('dpop-nonce');
    if (!nonce) return undefined;
    const from = URL.canParse(response.url) ? new URL(response.url).origin : origin;
    nonces.set(from, nonce);
    return from === origin ? nonce : undefined;
  };

  return (next = (...input) => globalThis.fetch(...input), { token: source, url: server, retry = () => true } = {}) => {
    if (typeof next !== 'function') throw misuse('`next` must be a function');
    if (!['string', 'function', 'undefined'].includes(typeof source)) throw misuse('`options.token` must be a string or a function');
    if (server !== undefined && !URL.canParse(server)) throw misuse('`options.url` must be a URL');
    if (typeof retry !== 'function') throw misuse('`options.retry` must be a function');
    let home = server === undefined ? undefined : new URL(server).origin;
    return async (...given) => {
      const { input, init, request, url, method, origin, headers } = addressed(...given);
      const isHome = () => (home ?? origin) === origin;
      // Another scheme is not ours to replace: at a token endpoint it is the client's own `Basic`.
      if (isHome() && /^(?:bearer|dpop)\b|^$/i.test(headers.get('authorization') ?? '')) {
        const given = tokenIn('token', typeof source === 'function' ? await source() : source);
        // While the token was awaited another request may have taken one elsewhere.
        if (given && isHome()) {
          home = origin;
          headers.set('authorization', `DPoP ${given}`);
        }
      }
      const token = /^(?:bearer|dpop) +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
      if (token) headers.set('authorization', `DPoP ${token}`);

      const follows = (init?.redirect ?? request?.redirect ?? 'follow') === 'follow';
      let place = new URL(url);
      let what = input;
      let spare = init?.body == null ? request?.clone() : undefined;
      const send = async (nonce?: string): Promise<Response> => {
        const proved = new Headers(headers);
        proved.set('dpop', await proof({ method, url: place, token, nonce }));
        return next(what, { ...init, headers: proved, ...(follows && { redirect: 'manual' as const }) });
      };
      /** Makes it ready to be sent again, there or elsewhere: of a Request only a copy has the body. */
      const rewind = (to?: URL): void => {
        if (to) what = spare ? new Request(to, spare) : to.href;
        else what = spare ?? what;
        spare &&= (what as Request).clone();
      };

      try {
        for (let hops = 0; ; hops += 1) {
          let response = await send(nonces.get(origin));
          const nonce = nonceOf(response, origin);
          if (nonce && repeatable(init?.body) && (await wantsNonce(response)) && retry()) {
            void discard(response);
            rewind();
            response = await send(nonce);
            nonceOf(response, origin);
          }
          if (!follows || !response || !isRedirect(response) || !repeatable(init?.body) || (request && !spare)) return response;
          const { to, why } = redirected(response, place, method, hops);
          if (!to || why) return response;
          void discard(response);
          place = to;
          rewind(to);
        }
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

/** What a caller gave, if it can be sent; it must not stand in an error. */
export function tokenIn(name: string, token: unknown): string | undefined {
  // Of a file it may have the line's end.
  const text = typeof token === 'string' ? token.trim() : token;
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text === 'string' && /^[\x21-\x7e]+$/.test(text)) return text;
  throw misuse(`\`options.${name}\` must give a token`);
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
