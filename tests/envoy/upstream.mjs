// The server behind the gate: records what reaches it.

import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';

export const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

export class Upstream extends EventEmitter {
  /** All requests: id, method, url, headers (pairs), body, trailers; `bytes` of the body that came, whole or not. */
  requests = [];
  /** Header fields of its replies, beside the usual ones. */
  headers = {};
  #answers = new Map();
  #server = createServer({ maxHeaderSize: 8 << 20 }, (request, response) => this.#take(request, response));

  static async open() {
    const upstream = new Upstream();
    upstream.#server.keepAliveTimeout = 0;
    upstream.#server.maxHeadersCount = 0;
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    upstream.port = upstream.#server.address().port;
    return upstream;
  }

  /** How a path answers: (response, request) => void, when the body is whole or, `early`, before it. */
  behave(path, answer, { early = false } = {}) {
    this.#answers.set(path, { answer, early });
  }

  /** The one request with this id; undefined when there is none. */
  request(id) {
    const found = this.requests.filter((request) => request.id === id);
    if (found.length > 1) throw new Error(`${id} arrived ${found.length} times`);
    return found[0];
  }

  async #take(request, response) {
    const { method, url, rawHeaders } = request;
    const headers = [];
    for (let n = 0; n < rawHeaders.length; n += 2) headers.push([rawHeaders[n], rawHeaders[n + 1]]);
    const record = { id: request.headers['x-request-id'], method, url, headers, body: Buffer.alloc(0), bytes: 0, trailers: {} };
    this.requests.push(record);
    const parts = [];
    request.on('data', (part) => {
      record.bytes += part.length;
      parts.push(part);
    });
    if (url.startsWith('/events')) return this.#stream(response);
    const own = this.#answers.get(url);
    if (own?.early) return own.answer(response, request);
    try {
      await once(request, 'end');
    } catch {
      return undefined; // the client went away in the middle
    }
    record.body = Buffer.concat(parts);
    record.trailers = request.trailers;
    if (own) return own.answer(response, request);
    const text = JSON.stringify({ upstream: true, bytes: record.body.length });
    return response.writeHead(200, { ...this.headers, 'content-type': 'application/json', 'content-length': text.length }).end(text);
  }

  /** Server-sent events: the first at once, the last when `lastEvent` is called. */
  #stream(response) {
    response.writeHead(200, { ...this.headers, 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write('data: first\n\n');
    this.lastEvent = () => response.end('data: last\n\n');
  }

  async end() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
