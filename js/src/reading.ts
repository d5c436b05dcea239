import { challenges, read } from './client-core.js';
import { misuse, WaxsealError } from './error.js';
import { isError } from './realm.js';
import type { Reason } from './reasons.js';
import { type Received, receivedIn } from './received.js';

/** One challenge of a `WWW-Authenticate` field (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** The scheme, in lower case. */
  scheme: string;
  /** What stands in place of parameters, as in `Negotiate YII=` (RFC 9110 section 11.2). */
  token68?: string;
  /** Names, in lower case, and values without their quotes; the first value of a name that is there twice. */
  parameters: { [name: string]: string | undefined };
}

/** Who sends an error. */
export type Surface =
  /** The gate of this package. */
  | 'gate'
  /** Any resource server. */
  | 'resource'
  /** An OAuth authorization server. */
  | 'authorization_server'
  /** A resource server with Caracal's verifier. */
  | 'caracal_verifier'
  /** Caracal's Gateway. */
  | 'caracal_gateway'
  /** Caracal's token service. */
  | 'caracal_sts'
  /** Caracal's Coordinator, its admin API and its console. */
  | 'caracal_control'
  /** Caracal's libraries, within the caller itself. */
  | 'caracal_library'
  /** An MCP server, as a JSON-RPC error. */
  | 'mcp';

/** A page that the user has to visit. Show all of its URL and ask before opening it; never fetch it. */
export interface OpenUrl {
  /** `http` or `https`, without user information. */
  url: string;
  /** Its host, to be shown. */
  host: string;
  /** What the server says about it. */
  message?: string;
  /** Of the elicitation, or of the request that is answered. */
  id?: string;
}

/** What a client does next. */
export type Action =
  /** Sign in: find the authorization server, send the user there, or use the client's own credentials. */
  | { kind: 'authenticate'; resourceMetadata?: string; scope?: string }
  /** Get a new token, once, and sign in if that fails. */
  | { kind: 'refresh'; resourceMetadata?: string; scope?: string }
  /** Authorize again: for these scopes on top of those asked for before, or with stronger or younger authentication. */
  | { kind: 'step_up'; scopes: string[]; acrValues: string[]; maxAge?: number; resourceMetadata?: string }
  /** Send the same request with a new proof that has this nonce. */
  | { kind: 'retry_with_nonce'; nonce: string }
  /** Send the same request later. */
  | { kind: 'retry_after'; seconds?: number }
  /** Send the request again once the user has been there, with `state` as it is (MCP: `requestState`). */
  | { kind: 'open_url'; urls: OpenUrl[]; state?: string }
  /** Change the request: as it is, it is not taken. */
  | { kind: 'fix_request' }
  /** Only who runs the server can help. */
  | { kind: 'contact_operator' }
  /** No other try helps, or nothing can be told. */
  | { kind: 'give_up' };

/** What a failed reply means. */
export interface Reading {
  /**
   * All text but `reason`, `surface` and the kind of `action` is the server's own: show it as text only, and as the
   * server's, and let it steer nothing.
   */
  untrusted: true;
  /** What happened, as a stable name, where it can be told. */
  reason?: Reason;
  /** The code on the wire. */
  code?: string;
  /** Who has most likely sent it. */
  surface?: Surface;
  /** The HTTP status. */
  status?: number;
  /** Those of `WWW-Authenticate`. */
  challenges: Challenge[];
  /** What to do next. */
  action: Action;
  /** Whether the same request may be sent again without anybody's help: after the action, and with a new proof where there are proofs. */
  retryable: boolean;
  /** The id under which the server's log has it. */
  requestId?: string;
  /** The server's description. */
  message?: string;
  /** Whatever else it says. */
  details: { [name: string]: unknown };
  /** The response that was given, unread. */
  response?: Response;
}

/** How a reply is read. */
export interface ReadOptions {
  /** The time, in seconds since 1970-01-01T00:00:00Z, for a `Retry-After` that is a date; the system clock unless given. */
  now?: number | undefined;
}

/**
 * Tells what a failed reply means, and what to do next. Takes a `Response`, which stays unread; `{ status, headers, body }`;
 * a parsed body or JSON-RPC message; and what `fetch` wrappers and the MCP SDKs throw. Never throws for what a server sends:
 * what says nothing has the action `give_up`. Of a `Response` at most 64 KiB are looked at, and no event stream.
 */
export async function readError(input: unknown, options: ReadOptions = {}): Promise<Reading> {
  if (input === undefined) throw misuse('`input` must be a Response, { status, headers, body }, a parsed body or an error');
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  const { now = Date.now() / 1000 } = options;
  if (!Number.isFinite(now)) throw misuse('`options.now` must be a number of seconds');
  const received = await receivedIn(input);
  return { ...readingOf(received, now), ...(received.response && { response: received.response }) };
}

/** What `readError` tells, to be thrown: `data` is the reading. Its message is the server's own text, if it says any. */
export async function errorFrom(input: unknown, options: ReadOptions = {}): Promise<WaxsealError> {
  if (WaxsealError.isInstance(input)) return input;
  const reading = await readError(input, options);
  const { action, code, message, reason, status } = reading;
  const said = message ?? (status === undefined ? 'a reply that says nothing' : `HTTP ${status}`);
  return new WaxsealError(code ?? reason ?? 'unknown', said, { reason, action, data: reading, ...(isError(input) && { cause: input }) });
}

/** What a reply means that has been received. */
export function readingOf({ status, headers, body }: Received, now: number): Reading {
  const named = headers.filter(([name]) => /^[\w!#$%&'*+\-.^`|~]+$/.test(name));
  const lines = named.map(([name, value]) => `${name}:${oneLine(value)}`);
  return { untrusted: true, ...JSON.parse(read(status, lines.join('\n'), body, now)) };
}

/**
 * The challenges of `WWW-Authenticate` (RFC 9110 section 11.6.1): of one field, or of a list of them.
 * What fits no grammar is left out up to the next comma.
 */
export function parseChallenges(header: string | readonly string[]): Challenge[] {
  const fields = typeof header === 'string' ? [header] : header;
  if (!Array.isArray(fields) || !fields.every((field) => typeof field === 'string')) throw misuse('`header` must be a string or a list of strings');
  return JSON.parse(challenges(fields.map(oneLine).join('\n')));
}

/** A field has no line breaks (RFC 9110 section 5.5). */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
