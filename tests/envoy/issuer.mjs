// An issuer on loopback whose key sets a test can spoil. Each path is a key set of its own.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { keySet } from './tokens.mjs';

const json = (value) => (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(typeof value === 'string' ? value : JSON.stringify(value));
};

/** A key set of exactly so many bytes. */
function sized(bytes, set) {
  const text = JSON.stringify(set);
  return text.padEnd(bytes, ' ');
}

/** How an issuer may behave: each is (request, response) => void. */
export const behaviour = {
  good: (...names) => json(keySet(...names)),
  sized: (bytes, ...names) => json(sized(bytes, keySet(...names))),
  json,
  html: (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>'),
  status: (status, headers = {}) => (request, response) => response.writeHead(status, headers).end('{"keys":[]}'),
  empty: (request, response) => response.writeHead(200).end(),
  hang: () => {},
  hangInBody: (request, response) => response.writeHead(200, { 'content-length': 1000 }).write('{"keys":'),
  close: (request) => request.socket.destroy(),
  closeInBody(request, response) {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('{"keys":', () => request.socket.destroy());
  },
};

export class Issuer extends EventEmitter {
  #server = createServer((request, response) => this.#take(request, response));
  #behaviours = new Map();
  #fetches = new Map();

  static async open() {
    const issuer = new Issuer();
    issuer.setMaxListeners(0);
    // Envoy keeps its connections; Node must not close one that Envoy is about to use.
    issuer.#server.keepAliveTimeout = 0;
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    issuer.port = issuer.#server.address().port;
    return issuer;
  }

  /** What a path does from now on. */
  behave(path, handler) {
    this.#behaviours.set(path, handler);
  }

  /** Lets a path answer nobody until the returned function is called. */
  hold(path, handler) {
    const waiting = [];
    this.behave(path, (...both) => waiting.push(both));
    return () => {
      this.behave(path, handler);
      for (const both of waiting.splice(0)) handler(...both);
    };
  }

  /** The fetches of a path so far: method, url, headers. */
  fetches(path) {
    return this.#fetches.get(path) ?? [];
  }

  /** Resolves when a path has been fetched so often. */
  async asked(path, times = 1) {
    while (this.fetches(path).length < times) await once(this, 'fetch');
  }

  #take(request, response) {
    const { method, url, headers } = request;
    const [path] = url.split('?');
    this.#fetches.set(path, [...this.fetches(path), { method, url, headers, at: Date.now() }]);
    this.emit('fetch');
    (this.#behaviours.get(path) ?? behaviour.status(404))(request, response);
  }

  /** Dies with all its connections; nobody listens at its port. */
  async end() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Comes back at its port. */
  async revive() {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}
