import type { Dpop } from './dpop.js';
import { misuse } from './error.js';
import { type Care, Healing } from './healing.js';
import type { Fetch } from './proving.js';
import type { Action, OpenUrl, Reading } from './reading.js';
import type { Reason } from './reasons.js';
import { Recent } from './recent.js';

/** What is known when a new token is needed. */
export interface Renewal {
  /** The token that was refused; none, where the request had none. */
  token?: string | undefined;
  /** The resource to ask a token for (RFC 8707 section 2); none, where none is to be named. */
  resource?: string | undefined;
  /** Where the server says that its metadata stands (RFC 9728 section 5.1), if that is at its own origin. */
  resourceMetadata?: string | undefined;
  /** What the refusal means, with whatever else the server says. */
  reading: Reading;
  /** `signal` of the options. */
  signal?: AbortSignal | undefined;
}

/** What is known when a token is needed that may do more. */
export interface StepUp extends Renewal {
  /** The scopes to ask for: those that are needed, and all that were asked for before. */
  scopes: string[];
  /** The classes of authentication that will do (RFC 9470 section 3). */
  acrValues: string[];
  /** The most seconds since the user authenticated (RFC 9470 section 3). */
  maxAge?: number | undefined;
}

/** A page that the user is asked to visit. */
export interface Visit extends OpenUrl {
  /** Ends with the request. */
  signal?: AbortSignal | undefined;
}

/** What was decided about one reply. It holds no token, no proof and no path. */
export interface HealEvent {
  /** The action that the reply calls for, or what else it is about. */
  about: Action['kind'] | 'redirect' | 'resource_metadata' | 'origin';
  /**
   * `begin`: a callback is asked, or a wait begins; `join`: that of another call is awaited; `retry`: the request is sent
   * again; `stop`: the reply is handed over; `ignore`: that part of it is not used, or the request gets no token.
   */
  decision: 'begin' | 'join' | 'retry' | 'stop' | 'ignore';
  /**
   * Why it stops. `absent`: nothing was given that would do it; `budget`: it has been retried often enough; `repeated`: this
   * has been tried, and did not help; `body`: it cannot be sent twice; `proof`: its proof is good for once; `declined`: the
   * callback gave nothing new; `failed`: it threw; `aborted`; `too_long`: the wait; `unsafe`: it may have been carried out;
   * `method`: a redirect would change it; `hidden`: a browser does not tell where a redirect leads; `other_origin`.
   */
  why?: 'absent' | 'budget' | 'repeated' | 'body' | 'proof' | 'declined' | 'failed' | 'aborted' | 'too_long' | 'unsafe' | 'method' | 'hidden' | 'other_origin';
  /** Where the request goes. */
  origin: string;
  /** Its HTTP method. */
  method: string;
  /** Requests that were sent for this call so far. */
  sent: number;
  /** The HTTP status of the reply. */
  status?: number;
  /** What the reply means, as a stable name. */
  reason?: Reason;
  /** The scopes that are asked for. */
  scopes?: string[];
  /** How long it waits, or would have to. */
  seconds?: number;
  /** Where it is sent, or is not. */
  host?: string;
}

/** What may be done about failed replies; what is not given is not done. */
export interface HealOptions {
  /** Where the server is: its origin alone gets tokens and proofs. Unless given, the first request tells. */
  url?: string | URL | undefined;
  /** The access token of the moment. Unless given, it is what a request has as `Authorization: Bearer`, or the one that was got in its place. */
  token?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Gets a new token, and keeps it for `token`; `undefined` where there is none to be had. It must not use the `fetch` that waits for it. */
  refresh?: ((renewal: Renewal) => string | undefined | Promise<string | undefined>) | undefined;
  /** Gets a token that may do more, most likely from the user; `undefined` where that is declined. */
  stepUp?: ((stepUp: StepUp) => string | undefined | Promise<string | undefined>) | undefined;
  /** Shows all of the URL and its host, opens it if the user agrees, and ends when the user is back. */
  openUrl?: ((visit: Visit) => 'accept' | 'decline' | 'cancel' | Promise<'accept' | 'decline' | 'cancel'>) | undefined;
  /** Proves possession with each request: what `createDpop` gives. */
  dpop?: Pick<Dpop, 'fetch'> | undefined;
  /** The scopes that were asked for before. */
  scopes?: readonly string[] | undefined;
  /** The issuer of the tokens: where all of issuer, client, token and resource are the same, calls share one refresh. */
  issuer?: string | undefined;
  /** The client that they are for. */
  client?: string | undefined;
  /** The resource's name for the callbacks, in place of its URL; `null` where none is to be sent (Entra). */
  resource?: string | null | undefined;
  /** The most seconds that a `Retry-After` is waited for; 30 unless given. */
  maxWait?: number | undefined;
  /** How often one call is sent again at most; 3 unless given. Each kind of retry is made once, but for `open_url`. Redirects do not count. */
  budget?: number | undefined;
  /** Hears each decision. */
  onEvent?: ((event: HealEvent) => void) | undefined;
  /** Ends all that is under way. */
  signal?: AbortSignal | undefined;
}

/** Wraps a `fetch`: the global one unless given, or another wrapper. */
export type HealMiddleware = (next?: (input: any, init?: RequestInit) => Promise<Response>) => Fetch;

const FUNCTIONS = ['token', 'refresh', 'stepUp', 'openUrl', 'onEvent'] as const;

/**
 * Wrappers that do what `readError` tells: a new token, more scope, the user's visit to a page, a wait, a nonce; and then
 * send the request again, if its body can be. The last reply is handed over as it is, and what a callback throws is thrown.
 * Tokens and proofs go to one origin, and with them redirects elsewhere are not followed. Of an event stream only the first
 * event is looked at. Requests for tokens (forms), for metadata (`/.well-known/`) and with other credentials pass as they are.
 */
export function heal(options: HealOptions = {}): HealMiddleware {
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  for (const name of FUNCTIONS) {
    if (!['undefined', 'function'].includes(typeof options[name])) throw misuse(`\`options.${name}\` must be a function`);
  }
  const { budget = 3, dpop, maxWait = 30, scopes = [], url } = options;
  for (const [name, value] of Object.entries({ budget, maxWait })) {
    if (typeof value !== 'number' || !(value >= 0)) throw misuse(`\`options.${name}\` must be a number, not below 0`);
  }
  if (!Array.isArray(scopes)) throw misuse('`options.scopes` must be a list');
  if (dpop !== undefined && typeof dpop?.fetch !== 'function') throw misuse('`options.dpop` must be what createDpop gives');
  if (url !== undefined && !URL.canParse(url)) throw misuse('`options.url` must be a URL');
  const care: Care = {
    ...options,
    budget,
    maxWait,
    ...(url !== undefined && { home: new URL(url) }),
    asked: new Recent(),
    replaced: new Recent(),
    futile: new Recent(),
    flights: new Map(),
    ids: new Recent(),
  };
  return (next = (...input) => globalThis.fetch(...input)) => {
    if (typeof next !== 'function') throw misuse('`next` must be a function');
    // A browser's own `fetch` refuses to be called as a method.
    const send: typeof next = (...input) => next(...input);
    return async (...given) => new Healing(care, send, given).run();
  };
}
