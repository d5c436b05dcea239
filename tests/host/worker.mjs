// One worker thread of Envoy with one filter in it, on the test's own clock and network.

import { HeaderMap, JOINED } from './headers.mjs';
import { hostCalls } from './calls.mjs';
import { Memory } from './memory.mjs';
import { Metrics } from './metrics.mjs';
import { SharedData } from './shared.mjs';
import { HostError, Status } from './status.mjs';
import { Stream } from './stream.mjs';

const ROOT = 1;
const MAP = Object.freeze({ requestHeaders: 0, responseHeaders: 2, callHeaders: 6 });
const BUFFER = Object.freeze({ requestBody: 0, responseBody: 1, callBody: 4, vmConfiguration: 6, pluginConfiguration: 7 });
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];
const QUICK_TURNS = 20;

export class Worker {
  memory = new Memory();
  metrics = new Metrics();
  root = { id: ROOT };
  tickPeriod = 0;
  /** What killed the filter: `{ callback, error }`, or null. */
  failure = null;

  #options;
  #exports = {};
  #contexts = new Map([[ROOT, this.root]]);
  #nextContext = ROOT + 1;
  #current = null;
  #effective = null;
  #stop = false;
  #after = [];
  #configuring = false;
  #calls = new Map();
  #nextToken = 1;
  #callResponse = null;
  #pumping = false;
  #closed = false;
  #doneWaits = false;

  /**
   * Loads a filter (its bytes, a `WebAssembly.Module`, or a function from imports to exports) and
   * configures it. Throws a `HostError` when the filter asks for something that Envoy does not
   * have, traps, or refuses its configuration.
   */
  static async start(filter, options = {}) {
    const worker = new Worker(options);
    await worker.#load(filter);
    return worker;
  }

  constructor({
    configuration = '', vmConfiguration = '', env = {}, now = () => Date.now() / 1000, fetch = async () => null,
    clusters = null, shared = new SharedData(), log = () => {}, level = 'info', foreign = {}, properties = {},
    joined = JOINED, bodyWhileHeadersWait = false, maxTicks = 200,
  } = {}) {
    this.#options = { configuration, vmConfiguration, now, fetch, clusters, log, foreign, properties, joined, maxTicks };
    this.shared = shared;
    this.level = level;
    // Envoy's `allow_on_headers_stop_iteration`.
    this.bodyWhileHeadersWait = bodyWhileHeadersWait;
    this.environment = Object.entries(env).map(([name, value]) => Buffer.from(`${name}=${value}\0`, 'utf8'));
  }

  /**
   * Sends one request: `{ method, url, headers: [[name, value]], body, stalls, trailers, metadata,
   * response, signal }`.
   * `body` may be an array of parts; `response` is what the upstream answers; `signal` is a client
   * that may go away, and that with `stalls` does not end its body; `metadata` is what other filters
   * have told of the request. Gives `{ local: { status, headers, body, details } }`, or
   * `{ upstream: { headers, body }, response }`, or `{ reset: true }`. Rejects when the filter hangs.
   */
  async request(message) {
    const { method = 'GET', url = '/', headers = [], body = [], stalls = false, trailers, metadata, response = {}, signal } = message;
    if (this.#closed) throw new HostError('the worker is closed');
    const stream = new Stream(this, this.#nextContext, {
      request: new HeaderMap(target(method, url, headers), new Set(this.#options.joined)),
      chunks: [body].flat().map(bytesOf).filter((part) => part.length > 0),
      trailers: trailers && new HeaderMap(trailers),
      stalls,
      metadata,
      reply: { status: 200, headers: [], body: '', ...response },
    });
    this.#nextContext += 1;
    if (this.failure) {
      stream.fail();
      return stream.settled;
    }
    this.#contexts.set(stream.id, stream);
    signal?.addEventListener('abort', () => stream.reset(), { once: true });
    stream.start();
    this.#pump();
    return stream.settled;
  }

  /** Runs the filter's timer once. */
  tick() {
    this.enter(this.root, 'proxy_on_tick', ROOT);
  }

  /** How many outbound calls have not been answered yet. */
  get pendingCalls() {
    return this.#calls.size;
  }

  close() {
    if (this.#closed) return;
    for (const stream of this.#streams()) stream.abandon(new HostError('the worker was closed'));
    const { result } = this.enter(this.root, 'proxy_on_done', ROOT);
    this.#doneWaits = result === 0;
    if (!this.#doneWaits) this.enter(this.root, 'proxy_on_delete', ROOT);
    this.#closed = true;
    this.#calls.clear();
  }

  // ---- what streams and host calls use ----

  log(level, message) {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(this.level)) this.#options.log(level, message);
  }

  nanoseconds() {
    const seconds = this.#options.now();
    const whole = Math.floor(seconds);
    return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9));
  }

  /** One call into the filter. What the filter asked for meanwhile is done after it has returned. */
  enter(context, callback, ...args) {
    if (this.failure || this.#closed || !this.#exports[callback]) return { stopped: false };
    this.#current = context;
    this.#effective = null;
    let result;
    try {
      result = this.#exports[callback](...args);
    } catch (error) {
      this.#fail(callback, error);
    }
    this.#current = null;
    this.#effective = null;
    // A local reply stops whichever stream was being called, not only the one replied to.
    const stopped = this.#stop;
    this.#stop = false;
    if (!this.failure) for (const action of this.#after.splice(0)) action();
    return { result, stopped };
  }

  forget(stream) {
    this.#contexts.delete(stream.id);
  }

  headers(type, purpose) {
    const stream = this.#stream();
    if (type === MAP.requestHeaders) return stream && this.#visible(stream, 'request', purpose);
    if (type === MAP.responseHeaders) return stream && this.#visible(stream, 'response', purpose);
    if (type === MAP.callHeaders && purpose === 'read') return this.#callResponse?.headers ?? null;
    return null;
  }

  buffer(type) {
    const { configuration, vmConfiguration } = this.#options;
    if (type === BUFFER.requestBody) return this.#stream()?.buffer ?? new Uint8Array();
    if (type === BUFFER.responseBody) return this.#stream()?.replyBuffer ?? new Uint8Array();
    if (type === BUFFER.callBody) return this.#callResponse?.body ?? null;
    if (type === BUFFER.vmConfiguration) return bytesOf(vmConfiguration);
    if (type === BUFFER.pluginConfiguration && this.#configuring) return bytesOf(configuration);
    return null;
  }

  /** Puts other bytes in the place of a reply's body. */
  replaceReply(bytes) {
    const stream = this.#stream();
    if (stream) stream.replyBuffer = bytes;
  }

  property(path) {
    const { properties } = this.#options;
    const own = this.#stream()?.filterState.get(path.join('.'));
    if (own) return own;
    // A message without members is there, and empty.
    if (path.length === 1 && path[0] === 'metadata' && this.#stream()) return this.#stream().metadata ?? new Uint8Array();
    const value = typeof properties === 'function' ? properties(path) : properties[path.join('.')];
    return value === undefined || value === null ? undefined : bytesOf(value);
  }

  setProperty(path, value) {
    const stream = this.#stream();
    if (!stream) return Status.NotFound;
    stream.filterState.set(path.join('.'), value);
    return Status.Ok;
  }

  setEffectiveContext(id) {
    const context = this.#contexts.get(id);
    if (!context) return Status.BadArgument;
    this.#effective = context;
    return Status.Ok;
  }

  continueStream(direction, type) {
    if (type > 1) return Status.BadArgument;
    const stream = this.#stream();
    if (stream) {
      stream.readable.request = false;
      this.#after.push(() => stream.resume(direction));
    }
    return Status.Ok;
  }

  closeStream() {
    const stream = this.#stream();
    if (stream) this.#after.push(() => stream.reset());
    return Status.Ok;
  }

  localReply(reply) {
    if (reply.status < 200 || reply.status > 599) throw new HostError(`the filter replied with status ${reply.status}`);
    const stream = this.#stream();
    if (stream) this.#after.push(() => stream.reply(reply));
    this.#stop = true;
    return Status.Ok;
  }

  foreign(name, input) {
    const { foreign } = this.#options;
    if (typeof foreign === 'function') return foreign(name, input);
    if (!Object.hasOwn(foreign, name)) return Status.NotFound;
    return foreign[name](input);
  }

  done() {
    if (!this.#doneWaits) return Status.NotFound;
    this.#doneWaits = false;
    return Status.Ok;
  }

  // In Envoy every call belongs to the root context: it outlives the request that asked for it,
  // and its answer is given to the root.
  httpCall({ cluster, headers, body, timeout }) {
    const map = new HeaderMap(headers, new Set());
    const [method, authority, path] = [':method', ':authority', ':path'].map((name) => map.get(name));
    const known = this.#options.clusters === null || this.#options.clusters.has(cluster);
    if (timeout < 0 || !known || !method || !authority || !path) return { status: Status.BadArgument };
    const token = this.#nextToken;
    this.#nextToken += 1;
    this.#calls.set(token, timeout > 0 ? this.#options.now() + timeout / 1000 : Infinity);
    const call = {
      cluster, method, authority, path, headers: map.pairs(), body: Buffer.from(body).toString('utf8'), timeout: timeout / 1000,
    };
    // Never within the call into the filter, not even when the answer is ready at once.
    Promise.resolve(call).then(this.#options.fetch).then(
      (response) => this.#deliver(token, response),
      (error) => {
        this.log('warn', `host: the call to cluster ${cluster} failed: ${error.message}`);
        this.#deliver(token, null);
      },
    );
    return { status: Status.Ok, token };
  }

  // ---- private ----

  async #load(filter) {
    const imports = hostCalls(this);
    if (typeof filter === 'function') {
      this.#exports = filter(imports);
    } else {
      const module = filter instanceof WebAssembly.Module ? filter : await WebAssembly.compile(filter);
      const missing = WebAssembly.Module.imports(module)
        .filter((wanted) => wanted.kind !== 'function' || !Object.hasOwn(imports[wanted.module] ?? {}, wanted.name));
      if (missing.length > 0) {
        throw new HostError(`the filter imports what this host does not have: ${missing.map((wanted) => `${wanted.module}.${wanted.name} (${wanted.kind})`).join(', ')}`);
      }
      this.#exports = (await WebAssembly.instantiate(module, imports)).exports;
    }
    const has = (name) => Object.hasOwn(this.#exports, name);
    if (!has('proxy_abi_version_0_2_0') && !has('proxy_abi_version_0_2_1')) throw new HostError('the filter exports no proxy_abi_version_0_2_x');
    if (!has('memory')) throw new HostError('the filter exports no memory');
    if (!has('proxy_on_memory_allocate') && !has('malloc')) throw new HostError('the filter exports no proxy_on_memory_allocate');
    this.memory.attach(this.#exports);

    const { configuration, vmConfiguration } = this.#options;
    this.enter(this.root, has('_initialize') ? '_initialize' : '_start');
    this.#configuring = true;
    this.enter(this.root, 'proxy_on_context_create', ROOT, 0);
    this.#configuring = false;
    const started = this.enter(this.root, 'proxy_on_vm_start', ROOT, bytesOf(vmConfiguration).length);
    if (!this.failure && started.result === 0) throw new HostError('the filter refused to start: proxy_on_vm_start returned false');
    this.#configuring = true;
    const configured = this.enter(this.root, 'proxy_on_configure', ROOT, bytesOf(configuration).length);
    this.#configuring = false;
    if (this.failure) throw new HostError(`the filter died at start: ${describe(this.failure)}`, { cause: this.failure.error });
    if (configured.result === 0) throw new HostError('the filter refused its configuration: proxy_on_configure returned false');
  }

  #stream() {
    const context = this.#effective ?? this.#current;
    return context instanceof Stream ? context : null;
  }

  #streams() {
    return [...this.#contexts.values()].filter((context) => context instanceof Stream);
  }

  #visible(stream, side, purpose) {
    // The access log may read, and has nothing left to change.
    if (!stream.readable[side] || (stream.ended && purpose === 'change')) return null;
    return stream[side];
  }

  #fail(callback, error) {
    this.failure = { callback, error };
    this.#after = [];
    this.#calls.clear();
    this.log('critical', `host: ${describe(this.failure)}`);
    for (const stream of this.#streams()) stream.fail();
  }

  #deliver(token, response) {
    if (!this.#calls.has(token)) return;
    if (response === null || response === undefined) {
      this.enter(this.root, 'proxy_on_http_call_response', ROOT, token, 0, 0, 0);
    } else {
      const { status = 200, headers = [], body = '' } = response;
      this.#callResponse = { headers: new HeaderMap([[':status', String(status)], ...headers], new Set()), body: bytesOf(body) };
      const { headers: map, body: bytes } = this.#callResponse;
      this.enter(this.root, 'proxy_on_http_call_response', ROOT, token, map.size, bytes.length, 0);
      this.#callResponse = null;
    }
    this.#calls.delete(token);
  }

  #expireCalls() {
    const now = this.#options.now();
    for (const [token, deadline] of this.#calls) {
      if (now >= deadline) this.#deliver(token, { status: 504, headers: [['content-type', 'text/plain']], body: 'upstream request timeout' });
    }
  }

  // While a request waits, the timer runs once per turn, however long its period is.
  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    const turns = new Map();
    while (this.#streams().length > 0) {
      const longest = Math.max(0, ...turns.values());
      await pause(this.#calls.size > 0 && longest > QUICK_TURNS ? 5 : 0);
      this.#expireCalls();
      if (this.tickPeriod > 0) this.tick();
      for (const stream of this.#streams().filter((own) => !own.stalls)) {
        const turn = (turns.get(stream) ?? 0) + 1;
        turns.set(stream, turn);
        const asleep = this.tickPeriod === 0 && this.#calls.size === 0 && turn > QUICK_TURNS;
        if (asleep || turn > this.#options.maxTicks) stream.abandon(new HostError(`hang: the request still waits after ${turn} turns`));
      }
      for (const stream of turns.keys()) if (!this.#contexts.has(stream.id)) turns.delete(stream);
    }
    this.#pumping = false;
  }
}

/** The headers of a request as the filter meets them, the pseudo headers first. */
function target(method, url, headers) {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const rest = headers.filter(([name]) => name.toLowerCase() !== 'host');
  const absolute = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(url);
  const path = absolute ? absolute[3].replace(/^(?!\/)/, '/') : url;
  return [
    [':method', method],
    [':scheme', absolute ? absolute[1].toLowerCase() : 'https'],
    [':authority', absolute ? absolute[2] : host ?? 'localhost'],
    [':path', path],
    ...rest,
  ];
}

function bytesOf(value) {
  return value instanceof Uint8Array ? value : Uint8Array.from(Buffer.from(value, 'utf8'));
}

function describe({ callback, error }) {
  return `${callback} failed: ${error.message}`;
}

function pause(milliseconds) {
  return new Promise((resolve) => (milliseconds > 0 ? setTimeout(resolve, milliseconds) : setImmediate(resolve)));
}
