// An Envoy under load: with one worker, in front of another that answers at once.

import { type } from '../envoy/bootstrap.mjs';
import { ask } from '../envoy/client.mjs';
import { Envoy } from '../envoy/envoy.mjs';
import { CORES, pin } from './cores.mjs';
import { RESOURCE } from './credentials.mjs';
import { load } from './wrk.mjs';

const PATH = new URL(RESOURCE).pathname;

export const http = (name, extension, members) => ({ name, typed_config: type(`envoy.extensions.filters.http.${extension}`, members) });
const ROUTER = http('router', 'router.v3.Router');

/** The Envoy that answers every request by itself. */
export async function upstream() {
  const envoy = await Envoy.start(UPSTREAM);
  pin(envoy.pid, CORES.driving);
  return envoy;
}
const UPSTREAM = {
  clusters: {},
  listeners: {
    upstream: {
      manager: {
        access_log: [],
        // A reply before the whole body would cost a connection.
        http_filters: [http('buffer', 'buffer.v3.Buffer', { max_request_bytes: 65_536 }), ROUTER],
        route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: '{}' } } }] }] },
      },
    },
  },
};

export class Proxy {
  /** Requests that it has answered since it was started. */
  served = 0;
  #description;

  /** With these `filters`, or ours with a `configuration`; `guards` says whether it must deny. */
  static async start(description) {
    const proxy = new Proxy();
    proxy.#description = description;
    await proxy.#start();
    return proxy;
  }

  async #start() {
    const { port, filters, configuration } = this.#description;
    this.envoy = await Envoy.start({
      clusters: { upstream: port },
      listeners: { bench: { configuration, manager: { access_log: [], ...(filters && { http_filters: [...filters, ROUTER] }) } } },
    });
    pin(this.envoy.pid, CORES.measured);
    this.served = 0;
    await this.#assertGuards();
  }

  /** A new one, which has seen nothing. */
  async restart() {
    await this.envoy.end();
    await this.#start();
  }

  /** A filter that lets everything pass would be fast. */
  async #assertGuards() {
    const { guards, forged } = this.#description;
    for (const headers of [{}, { authorization: `Bearer ${forged}` }]) {
      const { status } = await ask(this.envoy.port('bench'), { path: PATH, headers });
      if (status !== (guards ? 401 : 200)) throw new Error(`it answers ${status} to ${headers.authorization ? 'a forged token' : 'no token'}`);
    }
  }

  /** Requests per second, latencies in microseconds, microseconds of processor time for each request, and the share of a core. */
  async load(options) {
    const before = await this.envoy.cpu();
    const { requests, seconds, p50, p99 } = await load(`http://127.0.0.1:${this.envoy.port('bench')}${PATH}`, options);
    const cpu = (await this.envoy.cpu()) - before;
    this.served += requests;
    await this.#assertPassed();
    return { rps: requests / seconds, p50, p99, cpu: (cpu * 1e6) / requests, busy: cpu / seconds, requests };
  }

  /** Every reply was the upstream's, but for those that `assertGuards` has asked for. */
  async #assertPassed() {
    const kinds = ['3xx', '4xx', '5xx'];
    const counts = await Promise.all(kinds.map((kind) => this.envoy.stat(`http.bench.downstream_rq_${kind}`)));
    const expected = [0, this.#description.guards ? 2 : 0, 0];
    if (counts.some((count, at) => (count ?? 0) !== expected[at])) throw new Error(`it answered with ${kinds}: ${counts} times`);
  }

  async megabytes() {
    return (await this.envoy.memory()) / 1e6;
  }

  end() {
    return this.envoy.end();
  }
}
