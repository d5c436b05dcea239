// A replay store on loopback that a test can spoil: it speaks as Upstash's REST interface does.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';

const answer = (response, value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

export class Store extends EventEmitter {
  /** All requests: method, url, headers. */
  requests = [];
  #server = createServer((request, response) => this.#take(request, response));
  #taken = new Set();
  #handler;

  static async open() {
    const store = new Store();
    store.setMaxListeners(0);
    store.#server.keepAliveTimeout = 0;
    store.#server.listen(0, '127.0.0.1');
    await once(store.#server, 'listening');
    store.port = store.#server.address().port;
    return store;
  }

  /** What it does from now on; without a handler, what it should. */
  behave(handler) {
    this.#handler = handler;
  }

  /** Lets nobody have an answer until the returned function is called; that answers in the order given. */
  hold() {
    const waiting = [];
    this.behave((...both) => waiting.push(both));
    return (order = (list) => list) => {
      this.behave();
      for (const both of order(waiting.splice(0))) this.claim(...both);
    };
  }

  /** Resolves when it has been asked so often. */
  async asked(times) {
    while (this.requests.length < times) await once(this, 'request');
  }

  claim(request, response) {
    const [, command, key, value, ...rest] = request.url.split('/');
    if (request.method !== 'GET' || command !== 'SET' || value !== '1' || !/^NX,EX,[1-9]\d*$/.test(rest.join())) {
      return response.writeHead(400).end(JSON.stringify({ error: 'ERR syntax error' }));
    }
    const first = !this.#taken.has(key);
    this.#taken.add(key);
    return answer(response, { result: first ? 'OK' : null });
  }

  #take(request, response) {
    const { method, url, headers } = request;
    this.requests.push({ method, url, headers });
    this.emit('request');
    (this.#handler ?? this.claim.bind(this))(request, response);
  }

  async end() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
