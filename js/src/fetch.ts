import { WaxsealError } from './error.js';
import { isError } from './realm.js';

/** A document that the module wants, and whom to tell; the part of it that this file needs. */
interface Errand {
  readonly uri: string;
  readonly timeout: number;
  readonly limit: number;
  fetched(status: number, cacheControl: string | undefined, body: Uint8Array, now: number): void;
  failed(cause: string, now: number): void;
  free(): void;
}

/** Does an errand of the gate, with the given `fetch`; always ends, and in time. */
export async function run(errand: Errand, fetch: typeof globalThis.fetch, clock: () => number): Promise<void> {
  try {
    const { status, cacheControl, body } = await call(errand, fetch);
    errand.fetched(status, cacheControl, body, clock());
  } catch (error) {
    errand.failed(causeOf(error), clock());
  } finally {
    errand.free();
  }
}

/** A call that ends in time. */
export interface Call {
  /** `GET` unless given. */
  readonly method?: string;
  readonly uri: string;
  readonly timeout: number;
  readonly limit: number;
  /** A secret. */
  readonly authorization?: string;
  readonly contentType?: string;
  /** A secret. */
  readonly body?: string;
}

/** Makes a call with the given `fetch`; rejects where it brings no reply in time. */
export function call(wanted: Call, fetch: typeof globalThis.fetch, init?: RequestInit) {
  return inTime(wanted.timeout, (signal) => get(wanted, fetch, { ...init, signal }));
}

/** Keeps a call out of every cache, where the runtime knows how to say so: some throw. */
export function uncached(): RequestInit {
  const init: RequestInit = { cache: 'no-store' };
  try {
    return new Request('https://example.com', init) && init;
  } catch {
    return {};
  }
}

/** Ends in time whatever the given `fetch` makes of its signal. */
export async function inTime<T>(seconds: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException(`no answer within ${seconds} s`, 'TimeoutError');
      reject(error);
      abort.abort(error);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([act(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks a store. Of its own errors only the text is told: what else they hold may be a secret. */
export async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (WaxsealError.isInstance(error)) throw error;
    throw new WaxsealError('store_unavailable', `the store fails: ${causeOf(error)}`);
  }
}

async function get({ method = 'GET', uri, limit, authorization, contentType, body }: Call, fetch: typeof globalThis.fetch, more: RequestInit) {
  const headers: Record<string, string> = { accept: 'application/json', ...(authorization && { authorization }), ...(contentType && { 'content-type': contentType }) };
  const init: RequestInit = { method, headers, redirect: 'manual', ...(body !== undefined && { body }), ...more };
  const response = await fetch.call(undefined, uri, init);
  const { status } = response;
  // The module takes 16 bits: 65736 would become 200.
  if (!(status >= 0 && status <= 999)) throw new TypeError('no HTTP response');
  const cacheControl = response.headers?.get('cache-control') ?? undefined;
  return { status, cacheControl, body: await bytesOf(response, limit) };
}

/** Reads one byte more than the limit at most: the gate sees that it is too long. */
async function bytesOf(response: Response, limit: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(limit + 1);
  const reader = response.body?.getReader();
  let length = 0;
  while (reader && length <= limit) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    const part = value.subarray(0, limit + 1 - length);
    bytes.set(part, length);
    length += part.length;
  }
  await reader?.cancel();
  return bytes.subarray(0, length);
}

function causeOf(error: unknown): string {
  try {
    const cause = isError(error) && isError(error.cause) ? error.cause : error;
    if (isError(cause)) return `${cause.name}: ${cause.message}`;
  } catch {
    // What a foreign `fetch` throws may itself throw when it is read.
  }
  return 'no answer';
}
