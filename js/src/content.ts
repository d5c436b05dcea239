import { misuse } from './error.js';
import { isA } from './realm.js';
import type { Header } from './request.js';

/** The body, one byte beyond a limit at most: at hand, to be read, or none. */
export type Content = Uint8Array | ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;

/** A Fetch `Request`, as far as its body is concerned. */
interface Fetched {
  readonly bodyUsed: boolean;
  readonly body: ReadableStream<Uint8Array> | null;
  clone(): Fetched;
}

/** Node's `IncomingMessage`, as far as its body is concerned. */
interface Incoming {
  readonly body?: unknown;
  readonly rawBody?: unknown;
  readonly httpVersionMajor?: number;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly readableEncoding?: string | null;
  readonly destroyed?: boolean;
  readonly _readableState?: { readonly ended?: boolean };
  read(): Uint8Array | null;
  unshift(chunk: Uint8Array): void;
  resume(): void;
  on(event: string, act: () => void): void;
  off(event: string, act: () => void): void;
}

/** What was put back into a stream that says of itself that it was read: for a second gate. */
const putBack = new WeakMap<object, Uint8Array>();

/**
 * The body of a request, which stays there to be read. Throws a `WaxsealError` where it is not there as it was sent: what a
 * parser has made of it lacks what the parser has dropped, the first of two equal names for one.
 */
export function contentOf(request: object, method: string, headers: Header[], limit: number): Content {
  if (isFetched(request)) return ofFetched(request, limit);
  if (isIncoming(request)) return ofIncoming(request, headers, limit);
  const { body } = request as { body?: unknown };
  if (body === null) return undefined;
  if (body === undefined && /^(?:GET|HEAD)$/.test(method) && !isAnnounced(headers)) return undefined;
  const bytes = bytesOf(body, limit);
  if (bytes) return bytes;
  const given = body === undefined ? 'is missing' : 'is not as it was sent';
  throw misuse(`\`request.body\` ${given}, and a rule needs it: text or bytes, \`null\` where there is none, and nothing that was parsed`);
}

function ofFetched(request: Fetched, limit: number): Content {
  if (request.bodyUsed) throw misuse('`request.body` was read before, and a rule needs it: check first, or give `{ method, url, headers, body }`');
  if (request.body === null) return undefined;
  let copy: ReadableStream<Uint8Array> | null;
  try {
    copy = request.clone().body;
  } catch (cause) {
    throw misuse('`request.body` is being read elsewhere, and a rule needs it: check first', cause);
  }
  // The half that is left keeps what this one reads, and no more: this one is given up at the limit.
  return copy === null ? undefined : (signal) => fromStream(copy, limit, signal);
}

async function fromStream(stream: ReadableStream<Uint8Array>, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  // Not awaited: it ends with the other half of the tee.
  const giveUp = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', giveUp);
  try {
    for (let length = 0; length <= limit; ) {
      const { done, value } = await reader.read();
      if (done) break;
      length += part(value, parts);
    }
    return joined(parts, limit);
  } finally {
    signal.removeEventListener('abort', giveUp);
    giveUp();
  }
}

function ofIncoming(request: Incoming, headers: Header[], limit: number): Content {
  const given = putBack.get(request) ?? bytesOf(request.rawBody, limit);
  if (given) return given.subarray(0, limit + 1);
  // RFC 9112 section 6.3. In HTTP/2 a body needs no announcement.
  if (request.httpVersionMajor === 1 && !isAnnounced(headers)) return undefined;
  if (request.readableDidRead || request.readableEncoding) {
    const bytes = bytesOf(request.body, limit);
    if (bytes) return bytes;
    throw misuse('the body was read before, and a rule needs it as it was sent: check before a parser runs, or let it keep the bytes as `request.rawBody`');
  }
  return request.readableEnded ? undefined : (signal) => fromReadable(request, limit, signal);
}

/** Reads a stream of Node and puts back what was read: a parser after the gate finds all of it. */
function fromReadable(request: Incoming, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    const leave = () => {
      for (const [event, act] of Object.entries(events)) request.off(event, act);
      signal.removeEventListener('abort', fail);
    };
    const end = () => {
      leave();
      const bytes = joined(parts, limit);
      putBack.set(request, bytes);
      resolve(bytes);
    };
    const fail = () => {
      leave();
      request.resume();
      reject(new Error('no body'));
    };
    const readable = () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
        if (!ArrayBuffer.isView(chunk)) return fail();
        length += part(chunk, parts);
        if (length <= limit) continue;
        leave();
        // Nobody else will: Node skips the rest of a body only where none of it was read.
        request.resume();
        return resolve(joined(parts, limit));
      }
      // Before `end` is emitted, which comes only where there is nothing left to read.
      if (length > 0 && request._readableState?.ended) {
        end();
        for (const chunk of parts.reverse()) request.unshift(chunk);
      }
    };
    const events = { readable, end, error: fail, close: fail, aborted: fail };
    if (request.destroyed) return fail();
    for (const [event, act] of Object.entries(events)) request.on(event, act);
    signal.addEventListener('abort', fail);
  });
}

function isAnnounced(headers: Header[]): boolean {
  return headers.some(([name, value]) => /^transfer-encoding$/i.test(name) || (/^content-length$/i.test(name) && !/^0*$/.test(value)));
}

function bytesOf(body: unknown, limit: number): Uint8Array | undefined {
  if (typeof body === 'string') return new TextEncoder().encode(body.slice(0, limit + 1)).subarray(0, limit + 1);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, Math.min(body.byteLength, limit + 1));
  if (!isA(body, 'ArrayBuffer')) return undefined;
  return new Uint8Array(body as ArrayBuffer).subarray(0, limit + 1);
}

/** Takes one piece more; its bytes. */
function part(chunk: Uint8Array, parts: Uint8Array[]): number {
  // A stream may give anything.
  if (!ArrayBuffer.isView(chunk)) throw new Error('no bytes');
  parts.push(chunk);
  return chunk.byteLength;
}

function joined(parts: Uint8Array[], limit: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(parts.reduce((sum, chunk) => sum + chunk.byteLength, 0), limit + 1));
  let at = 0;
  for (const chunk of parts) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at = Math.min(at + chunk.byteLength, bytes.length);
  }
  return bytes;
}

function isFetched(request: object): request is Fetched {
  return 'bodyUsed' in request && typeof (request as Partial<Fetched>).clone === 'function';
}

function isIncoming(request: object): request is Incoming {
  const { read, unshift, on, off } = request as Partial<Incoming>;
  return [read, unshift, on, off].every((act) => typeof act === 'function');
}
