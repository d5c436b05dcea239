import { startOf } from './body.js';
import { fieldsIn, type Header } from './headers.js';
import { isError } from './realm.js';

/** A reply, or what is left of one, in the shape that the module takes. */
export interface Received {
  status?: number | undefined;
  headers: Header[];
  body: string;
  /** The response that was given, unread. */
  response?: Response;
}

/** Characters of a body that are read at most; of a longer one the status and the headers speak alone. */
const LIMIT = 65_536;
/** How far down the causes of an error are looked at. */
const DEPTH = 5;

/** What an unknown value says about a reply; nothing, where it says nothing. Never throws. */
export async function receivedIn(input: unknown): Promise<Received> {
  try {
    return (await inside(input)) ?? { headers: [], body: '' };
  } catch {
    // A foreign object may throw when it is read.
    return { headers: [], body: '' };
  }
}

/** Told by shape, never by class: there may be two copies of a package, two realms, and minified names. */
async function inside(input: unknown): Promise<Received | undefined> {
  if (typeof input === 'string') return { headers: [], body: input };
  if (typeof input !== 'object' || input === null) return undefined;
  if (isResponse(input)) return { ...(await responded(input)), response: input };
  let error: Thrown = input;
  for (let depth = 0; isError(error) && depth < DEPTH; depth += 1) {
    const received = await thrown(error);
    if (received || typeof error.cause !== 'object' || error.cause === null) return received;
    error = error.cause;
  }
  return 'headers' in error || 'body' in error ? replied(error) : { headers: [], body: JSON.stringify(error) };
}

/** Members that replies have, and the errors of the packages that clients use. */
interface Thrown {
  readonly body?: unknown;
  readonly cause?: unknown;
  readonly code?: unknown;
  readonly data?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
  readonly errorCode?: unknown;
  readonly errorDescription?: unknown;
  readonly headers?: unknown;
  readonly message?: unknown;
  readonly name?: unknown;
  readonly requiredScope?: unknown;
  readonly resourceMetadataUrl?: unknown;
  readonly response?: unknown;
  readonly status?: unknown;
  readonly text?: unknown;
}

function isResponse(value: object): value is Response {
  const { status, headers, clone } = value as Partial<Response>;
  return typeof status === 'number' && typeof headers?.get === 'function' && typeof clone === 'function';
}

async function responded(response: Response): Promise<Received> {
  const { status, headers } = response;
  // An event stream may never end.
  const readable = !response.bodyUsed && !/^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
  const body = readable ? await startOf(response, LIMIT).catch(() => '') : '';
  return { status: statusIn(status), headers: headersIn(headers), body: body.length > LIMIT ? '' : body };
}

function replied({ status, headers, body }: Thrown): Received {
  return { status: statusIn(status), headers: headersIn(headers), body: textIn(body) };
}

async function thrown(error: Thrown): Promise<Received | undefined> {
  const { code, data, name, response, status } = error;
  const message = typeof error.message === 'string' ? error.message : '';
  // oauth4webapi, openid-client: the response itself, whose body they may have read.
  if (isObject(response) && isResponse(response)) {
    const received = await responded(response);
    return received.body ? received : { ...received, body: isObject(error.cause) && 'error' in error.cause ? textIn(error.cause) : '' };
  }
  // MCP SDK 2: SdkHttpError.
  if (typeof code === 'string' && isObject(data) && 'status' in data) return replied({ status: data.status, body: data.text });
  // MCP SDK 2: RegistrationRejectedError.
  if (status !== undefined && 'body' in error) return replied(error);
  // MCP SDK 2: InsufficientScopeError.
  if ('requiredScope' in error) {
    const { requiredScope: scope, resourceMetadataUrl: url, errorDescription: error_description } = error;
    const parameters = { error: 'insufficient_scope', scope, resource_metadata: isObject(url) ? String(url) : url, error_description };
    return { status: 403, headers: [['www-authenticate', challengeOf(parameters)]], body: '' };
  }
  if (typeof code === 'number') {
    // MCP SDK 1 and 2: McpError, ProtocolError, and what extends them.
    if (code <= -32_000 || name === 'McpError' || name === 'ProtocolError') return { headers: [], body: rpc(error) };
    // MCP SDK 1: StreamableHTTPError. 1 and 2: SseError.
    if (statusIn(code)) return { status: code, headers: [], body: posted(message)?.body ?? '' };
  }
  // MCP SDK 1 and 2: OAuthError, whose message is the description, the code for want of one, or a reply that it could not read.
  const oauth = error.errorCode ?? ('errorUri' in error ? code : undefined);
  if (typeof oauth === 'string') {
    const [, came, raw = ''] = /^HTTP (\d{3}): [^]*? Raw body: ([^]*)$/.exec(message) ?? [];
    if (came) return { status: statusIn(Number(came)), headers: [], body: raw };
    return { headers: [], body: JSON.stringify({ error: oauth, ...(message && message !== oauth && { error_description: message }) }) };
  }
  // MCP SDK 1 and 2: UnauthorizedError, which says nothing else.
  const names = [name, (error as object).constructor?.name];
  if (message === 'Unauthorized' || names.includes('UnauthorizedError')) return { status: 401, headers: [], body: '' };
  return posted(message);
}

/** What the transports of MCP SDK 1 and 2 write of a refused POST. */
function posted(message: string): Received | undefined {
  const [, status, body] = /^(?:Streamable HTTP error: |SSE error: )?Error POSTing to endpoint(?: \(HTTP (\d{3})\))?: ([^]*)$/.exec(message) ?? [];
  return body === undefined ? undefined : { status: statusIn(Number(status)), headers: [], body };
}

function rpc({ code, message, data }: Thrown): string {
  // MCP SDK 1 writes the code before the server's text.
  const text = String(message).replace(`MCP error ${String(code)}: `, '');
  return JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message: text, data } });
}

function challengeOf(parameters: Record<string, unknown>): string {
  const given = Object.entries(parameters).filter((pair): pair is Header => typeof pair[1] === 'string');
  return `Bearer ${given.map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`).join(', ')}`;
}

function statusIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined;
}

function headersIn(headers: unknown): Header[] {
  try {
    return fieldsIn(headers as Headers);
  } catch {
    return [];
  }
}

function textIn(body: unknown): string {
  if (typeof body === 'string') return body;
  const bytes = ArrayBuffer.isView(body) || Object.prototype.toString.call(body) === '[object ArrayBuffer]';
  return bytes ? new TextDecoder().decode(body as ArrayBuffer) : (JSON.stringify(body ?? '') ?? '');
}

function isObject(value: unknown): value is Thrown {
  return typeof value === 'object' && value !== null;
}
