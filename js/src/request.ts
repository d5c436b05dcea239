import { misuse } from './error.js';
import { fieldsIn, type Header, type HeaderSource } from './headers.js';

export type { Header, HeaderSource };

/** A request as any server framework has it: a Fetch `Request`, Node's `IncomingMessage`, or a plain object. */
export interface RequestLike {
  /** `GET` when left out. */
  readonly method?: string | undefined;
  /** An absolute URL, or a path with its query. */
  readonly url?: string | undefined;
  /** Header fields: `Headers`, pairs, a `Map` or a record; a list stands for several fields. */
  readonly headers?: HeaderSource | undefined;
  /**
   * Read only where a rule needs it, and no further than `limits.body`; it stays there to be read. A plain object has it as
   * text, as bytes, or as `null` where there is none. Node's `IncomingMessage` may have its bytes as `rawBody`.
   */
  readonly body?: unknown;
}

/** What the gate takes of a request. */
export interface Read {
  method: string;
  url: string;
  headers: Header[];
}

/** Reads a request into what the gate takes; throws a `WaxsealError` for what is no request. */
export function readRequest(request: RequestLike): Read {
  if (typeof request !== 'object' || request === null) {
    throw misuse('`request` must be a Request or { method, url, headers }');
  }
  // Express cuts the path of a mounted router off `url`: the caller has signed the whole one.
  const { method = 'GET', url, originalUrl } = request as RequestLike & { originalUrl?: unknown };
  if (typeof method !== 'string') throw misuse('`request.method` must be a string');
  if (typeof url !== 'string') throw misuse('`request.url` must be a string');
  return { method, url: typeof originalUrl === 'string' ? originalUrl : url, headers: readHeaders(request) };
}

/** The header fields of a request. */
export function readHeaders(request: RequestLike): Header[] {
  // Node's `headers` silently drops a second Authorization field; its raw list does not.
  const raw: unknown = (request as { rawHeaders?: unknown }).rawHeaders;
  return Array.isArray(raw) ? pairs(raw) : fieldsIn(request.headers);
}

function pairs(flat: unknown[]): Header[] {
  const read: Header[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = String(flat[index]);
    // HTTP/2 pseudo-headers stand in Node's raw list and are no header fields (RFC 9113 section 8.3).
    if (!name.startsWith(':')) read.push([name, String(flat[index + 1])]);
  }
  return read;
}
