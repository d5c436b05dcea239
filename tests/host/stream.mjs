// One request on its way through the filter: request headers, body, trailers, then the reply,
// which is the filter's own or the upstream's, and the end.

import { HeaderMap, byteString } from './headers.mjs';

const PAUSE = 1;

export class Stream {
  request;
  response = null;
  buffer = null;
  replyBuffer = null;
  filterState = new Map();
  ended = false;
  /** The client does not end its body. */
  stalls;
  /** What other filters have told of the request. */
  metadata;
  // Which maps the filter may see now: none, once it let them go on.
  readable = { request: false, response: false };
  #worker;
  #chunks;
  #trailers;
  #reply;
  #replyBody;
  #paused = null;
  #held = false;
  #buffered = new Uint8Array();
  #sent = [];
  #outcome = null;
  #settle;

  constructor(worker, id, { request, chunks, trailers, stalls = false, metadata, reply }) {
    this.#worker = worker;
    this.id = id;
    this.request = request;
    this.#chunks = chunks;
    this.#trailers = trailers;
    this.stalls = stalls;
    this.metadata = metadata;
    this.#reply = reply;
    this.settled = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  start() {
    this.#enter('proxy_on_context_create', this.#worker.root.id);
    this.readable.request = true;
    const end = this.#chunks.length === 0 && !this.#trailers && !this.stalls;
    const paused = this.#enter('proxy_on_request_headers', this.request.size, Number(end));
    if (this.ended) return;
    if (!paused) {
      this.readable.request = false;
      this.#deliverBody();
    } else if (this.#worker.bodyWhileHeadersWait && !end) {
      this.#held = true;
      this.#deliverBody();
    } else {
      this.#paused = 'headers';
    }
  }

  /** The filter's `continue_stream`, after the call into it has returned. */
  resume(direction) {
    const paused = this.#paused;
    if (this.ended) return;
    if (paused === 'by the client') return;
    if (paused === null || paused.startsWith('response') !== (direction === 'response')) {
      this.#worker.log('warn', `host: continue_stream(${direction}) on stream ${this.id}, which is not paused there`);
      return;
    }
    this.#paused = null;
    if (paused === 'headers') this.#deliverBody();
    else if (paused === 'body') this.#passBody();
    else if (paused === 'trailers') this.#goUpstream();
    else if (paused === 'response headers') this.#replyData();
    else this.end();
  }

  reply({ status, headers, body, details }) {
    if (this.ended || this.response) {
      this.#worker.log('warn', `host: a second reply on stream ${this.id} was dropped`);
      return;
    }
    this.readable.request = false;
    // Envoy drops the type of an empty reply and gives one to a reply without.
    const kept = headers.filter(([name]) => body.length > 0 || name.toLowerCase() !== 'content-type');
    if (body.length > 0 && !kept.some(([name]) => name.toLowerCase() === 'content-type')) kept.push(['content-type', 'text/plain']);
    this.#outcome = { local: { details: details.replace(/\s/g, '_') } };
    this.#answer({ status, headers: kept, body });
  }

  /** The filter's `close_stream`, or a client that went away. */
  reset() {
    if (this.ended) return;
    this.#outcome = { reset: true };
    this.end();
  }

  /** After a trap, Envoy answers every request that is still in the filter. */
  fail() {
    if (this.ended) return;
    this.ended = true;
    this.#outcome ??= { local: { status: 503, headers: [], body: '', details: 'wasm_fail_stream' } };
    this.#worker.forget(this);
    this.#settle.resolve(this.#result());
  }

  abandon(error) {
    if (this.ended) return;
    this.#settle.reject(error);
    this.end();
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    const result = this.#result();
    // The access log sees the headers again.
    this.readable = { request: true, response: this.response !== null };
    this.#enter('proxy_on_log');
    this.readable = { request: false, response: false };
    this.#enter('proxy_on_done');
    this.#enter('proxy_on_delete');
    this.#worker.forget(this);
    this.#settle.resolve(result);
  }

  #enter(callback, ...args) {
    const { result, stopped } = this.#worker.enter(this, callback, this.id, ...args);
    return stopped || result === PAUSE;
  }

  #deliverBody() {
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks.shift();
      // While paused the filter sees all that was held back, else the new part only.
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      this.buffer = new Uint8Array(this.#buffered);
      const end = this.#chunks.length === 0 && !this.#trailers && !this.stalls;
      const paused = this.#enter('proxy_on_request_body', this.#buffered.length, Number(end));
      if (this.ended) return;
      if (!paused) {
        this.#held = false;
        this.readable.request = false;
        this.#release();
      } else if (this.#chunks.length === 0) {
        this.#paused = 'body';
      }
    }
    if (this.stalls) this.#paused ??= this.#held ? 'headers' : 'by the client';
    // Trailers are shown although what is before them waits.
    else if (this.#trailers) this.#deliverTrailers();
    else if (this.#held) this.#paused ??= 'headers';
    else if (this.#paused === null) this.#goUpstream();
  }

  #passBody() {
    this.#held = false;
    this.#release();
    if (this.stalls) this.#paused = 'by the client';
    else this.#goUpstream();
  }

  #release() {
    this.#sent.push(this.#buffered);
    this.#buffered = new Uint8Array();
    this.buffer = null;
  }

  #deliverTrailers() {
    this.#paused = null;
    const paused = this.#enter('proxy_on_request_trailers', this.#trailers.size);
    if (this.ended) return;
    if (paused) this.#paused = 'trailers';
    else this.#goUpstream();
  }

  #goUpstream() {
    this.readable.request = false;
    this.#release();
    this.#outcome = {
      upstream: { headers: this.request.pairs(), body: Buffer.concat(this.#sent).toString('utf8') },
    };
    this.#answer(this.#reply);
  }

  #answer({ status, headers, body }) {
    this.response = new HeaderMap([[':status', String(status)], ...headers], new Set());
    this.readable.response = true;
    this.#replyBody = typeof body === 'string' ? Buffer.from(byteString(body), 'latin1') : body;
    const empty = this.#replyBody.length === 0;
    const paused = this.#enter('proxy_on_response_headers', this.response.size, Number(empty));
    if (this.ended) return;
    if (paused) {
      this.#paused = 'response headers';
      return;
    }
    this.readable.response = false;
    this.#replyData();
  }

  #replyData() {
    if (this.#replyBody.length > 0) {
      this.replyBuffer = this.#replyBody;
      const paused = this.#enter('proxy_on_response_body', this.#replyBody.length, 1);
      if (this.ended) return;
      this.#replyBody = this.replyBuffer;
      if (paused) {
        this.#paused = 'response body';
        return;
      }
    }
    this.end();
  }

  #result() {
    const outcome = this.#outcome ?? { reset: true };
    if (!this.response) return outcome;
    const response = {
      status: Number(this.response.get(':status')),
      headers: this.response.pairs().filter(([name]) => name !== ':status'),
      body: Buffer.from(this.#replyBody).toString('utf8'),
    };
    if (outcome.local) return { local: { ...response, details: outcome.local.details } };
    return { ...outcome, response };
  }
}
