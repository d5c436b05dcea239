// The host against filters written here in JavaScript: they use the same memory, imports and
// exports as a compiled one.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodePairs, encodePairs } from './headers.mjs';
import { SharedData } from './shared.mjs';
import { HostError, Status } from './status.mjs';
import { Worker } from './worker.mjs';

const CONTINUE = 0;
const PAUSE = 1;
const REQUEST = 0;
const ROOT = 1;

/** A filter in JavaScript: `callbacks(host)` gives its exports, `host` is what a filter can do. */
function guest(callbacks) {
  return ({ env, wasi_snapshot_preview1: wasi }) => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    let top = 64;
    const allocate = (size) => {
      top += size;
      return top - size;
    };
    const view = () => new DataView(memory.buffer);
    const u32 = (at) => view().getUint32(at, true);
    const put = (value) => {
      const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
      const at = allocate(bytes.length);
      new Uint8Array(memory.buffer).set(bytes, at);
      return [at, bytes.length];
    };
    const taken = (status) => (status === Status.Ok ? Buffer.from(memory.buffer, u32(40), u32(44)).toString('latin1') : status);
    const host = {
      env, wasi, memory, u32, put,
      u64: (at) => view().getBigUint64(at, true),
      header: (name, map = 0) => taken(env.proxy_get_header_map_value(map, ...put(name), 40, 44)),
      pairs: (map = 0) => {
        env.proxy_get_header_map_pairs(map, 40, 44);
        return decodePairs(new Uint8Array(memory.buffer, u32(40), u32(44)));
      },
      buffer: (type, size = 1000) => {
        view().setUint32(40, 0, true);
        view().setUint32(44, 0, true);
        return taken(env.proxy_get_buffer_bytes(type, 0, size, 40, 44));
      },
      set: (name, value) => env.proxy_replace_header_map_value(0, ...put(name), ...put(value)),
      reply: (status, details, headers = [], body = '') => env.proxy_send_local_response(status, ...put(details), ...put(body), ...put(encodePairs(headers)), -1),
      call: (cluster, headers, timeout = 1000) => {
        const status = env.proxy_http_call(...put(cluster), ...put(encodePairs(headers)), 0, 0, ...put(encodePairs([])), timeout, 8);
        return { status, token: u32(8) };
      },
      log: (text, level = 2) => env.proxy_log(level, ...put(text)),
      taken,
    };
    return {
      memory,
      proxy_on_memory_allocate: allocate,
      proxy_abi_version_0_2_1() {},
      ...callbacks(host),
    };
  };
}

const FETCH = [[':method', 'GET'], [':authority', 'as.test'], [':path', '/jwks']];

test('the filter is started in order, with its configurations', async () => {
  const seen = [];
  const worker = await Worker.start(guest((host) => ({
    _initialize: () => seen.push('initialize'),
    proxy_on_context_create: (id, parent) => seen.push(['create', id, parent]),
    proxy_on_vm_start: (id, size) => seen.push(['start', id, size, host.buffer(6), host.buffer(7)]),
    proxy_on_configure: (id, size) => seen.push(['configure', id, size, host.buffer(7)]),
  })), { vmConfiguration: 'vm', configuration: '{"a":1}' });
  assert.deepEqual(seen, ['initialize', ['create', 1, 0], ['start', 1, 2, 'vm', Status.NotFound], ['configure', 1, 7, '{"a":1}']]);
  worker.close();
});

test('a refused configuration, a trap at start and a missing export are errors', async () => {
  await assert.rejects(Worker.start(guest(() => ({ proxy_on_configure: () => 0 }))), /refused its configuration/);
  await assert.rejects(Worker.start(guest(() => ({ proxy_on_vm_start: () => 0 }))), /refused to start/);
  await assert.rejects(Worker.start(guest(() => ({ proxy_on_configure() { throw new WebAssembly.RuntimeError('unreachable'); } }))), /died at start: proxy_on_configure failed: unreachable/);
  await assert.rejects(Worker.start(() => ({})), /proxy_abi_version/);
});

// (import "env" "proxy_log" (func)) (import "env" "nope" (func))
const IMPORTING = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, //
  1, 4, 1, 0x60, 0, 0, //
  2, 28, 2, //
  3, ...Buffer.from('env'), 9, ...Buffer.from('proxy_log'), 0, 0, //
  3, ...Buffer.from('env'), 4, ...Buffer.from('nope'), 0, 0,
]);

test('an import that Envoy does not have is an error, and imports.mjs lists all', async () => {
  await assert.rejects(Worker.start(IMPORTING), new HostError('the filter imports what this host does not have: env.nope (function)'));
  const folder = await mkdtemp(join(tmpdir(), 'host-'));
  try {
    const file = join(folder, 'filter.wasm');
    await writeFile(file, IMPORTING);
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('imports.mjs', import.meta.url)), file]);
    assert.equal(stdout, 'env nope function\nenv proxy_log function\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an allowed request reaches the upstream as the filter changed it', async () => {
  const calls = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_context_create: (id, parent) => calls.push(['create', id, parent]),
    proxy_on_request_headers(id, count, end) {
      calls.push(['headers', id, count, end, host.pairs().map(([name]) => name)]);
      host.set('X-User', 'alice');
      host.env.proxy_remove_header_map_value(0, ...host.put('Authorization'));
      return CONTINUE;
    },
    proxy_on_request_body(id, size, end) {
      calls.push(['body', size, end, host.buffer(0), host.header('x-user')]);
      return CONTINUE;
    },
    proxy_on_log: () => calls.push(['log', host.header('x-user')]),
    proxy_on_done: () => calls.push(['done', host.header('x-user')]),
    proxy_on_delete: () => calls.push(['delete']),
  })));
  const outcome = await worker.request({
    method: 'POST', url: 'https://api.test/mcp?a=b', body: 'hello',
    headers: [['Authorization', 'Bearer x'], ['x-user', 'mallory']], response: { status: 204 },
  });
  assert.deepEqual(outcome, {
    upstream: {
      headers: [[':method', 'POST'], [':scheme', 'https'], [':authority', 'api.test'], [':path', '/mcp?a=b'], ['x-user', 'alice']],
      body: 'hello',
    },
    response: { status: 204, headers: [], body: '' },
  });
  assert.deepEqual(calls, [
    ['create', ROOT, 0],
    ['create', 2, ROOT],
    ['headers', 2, 6, 0, [':method', ':scheme', ':authority', ':path', 'authorization', 'x-user']],
    // Headers that went on cannot be read any more, except by the access log.
    ['body', 5, 1, 'hello', Status.BadArgument],
    ['log', 'alice'],
    ['done', Status.BadArgument],
    ['delete'],
  ]);
});

test('a local reply stops the request, carries its details, and passes the response callbacks', async () => {
  const calls = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_request_headers() {
      host.reply(401, 'token expired', [['WWW-Authenticate', 'Bearer'], ['www-authenticate', 'DPoP']], '{}');
      calls.push('still in the filter');
      // Even so the request goes no further.
      return CONTINUE;
    },
    proxy_on_response_headers: (id) => {
      calls.push(['response', host.header(':status', 2)]);
      return CONTINUE;
    },
    proxy_on_delete: () => calls.push('delete'),
  })));
  const { local } = await worker.request({ method: 'POST', body: 'x' });
  assert.deepEqual(local, {
    status: 401, details: 'token_expired', body: '{}',
    headers: [['www-authenticate', 'Bearer'], ['www-authenticate', 'DPoP'], ['content-type', 'text/plain']],
  });
  assert.deepEqual(calls, ['still in the filter', ['response', '401'], 'delete']);
});

test('a local reply with a line break in a header kills the worker instead of splitting the reply', async () => {
  const worker = await Worker.start(guest((host) => ({
    proxy_on_request_headers: () => host.reply(401, '', [['a', 'b\r\nc: d']]),
  })));
  await worker.request({});
  assert.match(worker.failure.error.message, /line break/);
});

test('what the client sent is given to the filter as bytes', async () => {
  let seen;
  const worker = await Worker.start(guest((host) => ({
    proxy_on_request_headers() {
      seen = [host.header('a'), host.header('b'), host.header('host'), host.header('nope')];
      return CONTINUE;
    },
  })));
  await worker.request({ url: '/x', headers: [['a', '\u00ff'], ['b', '\u20ac'], ['Host', 'h.test']] });
  assert.deepEqual(seen, ['\u00ff', '\u00e2\u0082\u00ac', 'h.test', Status.NotFound]);
});

/** Holds every request, asks for keys on the timer, then lets all go on. */
const holding = (host) => {
  const waiting = [];
  return {
    proxy_on_request_headers(id) {
      waiting.push(id);
      host.env.proxy_set_tick_period_milliseconds(60000);
      return PAUSE;
    },
    proxy_on_tick() {
      host.env.proxy_set_tick_period_milliseconds(0);
      const { status, token } = host.call('as', FETCH);
      host.log(`call ${status} ${token}`);
    },
    proxy_on_http_call_response(root, token, count, size) {
      host.log(`response ${root} ${token} ${count} ${size} ${host.header(':status', 6)} ${host.buffer(4)}`);
      for (const id of waiting.splice(0)) {
        const known = host.env.proxy_set_effective_context(id);
        if (known !== Status.Ok) {
          host.log(`gone ${id} ${known}`);
          continue;
        }
        host.set('x-keys', 'yes');
        host.env.proxy_continue_stream(REQUEST);
        host.log(`after resume ${host.header('x-keys')}`);
      }
    },
  };
};

test('requests wait for a call made by the timer and are resumed through the effective context', async () => {
  const lines = [];
  const calls = [];
  const worker = await Worker.start(guest(holding), {
    log: (level, line) => lines.push(line),
    fetch: async (call) => {
      calls.push(call);
      return { status: 200, headers: [['content-type', 'application/json']], body: '{"keys":[]}' };
    },
  });
  const outcomes = await Promise.all([worker.request({ url: '/a' }), worker.request({ method: 'POST', url: '/b', body: 'late' })]);
  assert.deepEqual(outcomes.map(({ upstream }) => [upstream.headers.at(-1), upstream.body]), [[['x-keys', 'yes'], ''], [['x-keys', 'yes'], 'late']]);
  assert.deepEqual(lines, ['call 0 1', 'response 1 1 2 11 200 {"keys":[]}', 'after resume 2', 'after resume 2']);
  assert.deepEqual(calls, [{ cluster: 'as', method: 'GET', authority: 'as.test', path: '/jwks', headers: [[':method', 'GET'], [':authority', 'as.test'], [':path', '/jwks']], body: '', timeout: 1 }]);
});

test('a failed call is a response without anything in it', async () => {
  for (const fetch of [async () => null, async () => { throw new Error('no route'); }]) {
    const lines = [];
    const worker = await Worker.start(guest(holding), { fetch, log: (level, line) => lines.push(line) });
    await worker.request({});
    assert.ok(lines.includes(`response 1 1 0 0 ${Status.BadArgument} ${Status.NotFound}`), lines.join('\n'));
  }
});

test('a call that takes too long by the own clock is answered 504', async () => {
  let now = 1000;
  const lines = [];
  const worker = await Worker.start(guest(holding), {
    now: () => now,
    log: (level, line) => lines.push(line),
    fetch: () => {
      now += 2;
      return new Promise(() => {});
    },
  });
  assert.ok((await worker.request({})).upstream);
  assert.match(lines[1], /^response 1 1 2 24 504 upstream request timeout/);
  assert.equal(worker.pendingCalls, 0);
});

test('a call outlives the request that asked for it, and a client that went away is gone', async () => {
  const lines = [];
  let answer;
  const worker = await Worker.start(guest(holding), {
    log: (level, line) => lines.push(line),
    fetch: () => new Promise((resolve) => { answer = resolve; }),
  });
  const client = new AbortController();
  const outcome = worker.request({ signal: client.signal });
  while (!answer) await new Promise(setImmediate);
  client.abort();
  assert.deepEqual(await outcome, { reset: true });
  answer({ status: 200 });
  await new Promise(setImmediate);
  assert.deepEqual(lines.slice(1), ['response 1 1 1 0 200 ', `gone 2 ${Status.BadArgument}`]);
});

test('a call needs a known cluster, a method, a path and an authority', async () => {
  const answers = [];
  await Worker.start(guest((host) => ({
    proxy_on_configure() {
      answers.push(host.call('other', FETCH).status, host.call('as', FETCH.slice(1)).status, host.call('as', FETCH.slice(0, 2)).status, host.call('as', FETCH, -1).status, host.call('as', FETCH).status);
    },
  })), { clusters: new Set(['as']) });
  assert.deepEqual(answers, [Status.BadArgument, Status.BadArgument, Status.BadArgument, Status.BadArgument, Status.Ok]);
});

test('a request that nothing will ever resume is a hang', async () => {
  const asleep = await Worker.start(guest(() => ({ proxy_on_request_headers: () => PAUSE })));
  await assert.rejects(asleep.request({}), /hang/);
  let ticks = 0;
  const busy = await Worker.start(guest((host) => ({
    proxy_on_request_headers: () => (host.env.proxy_set_tick_period_milliseconds(1), PAUSE),
    proxy_on_tick: () => { ticks += 1; },
  })));
  await assert.rejects(busy.request({}), /hang/);
  assert.equal(ticks, 201);
});

test('a paused body is buffered, and the filter sees the whole of it', async () => {
  const seen = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_request_headers: () => CONTINUE,
    proxy_on_request_body(id, size, end) {
      seen.push([size, end, host.buffer(0)]);
      return end ? CONTINUE : PAUSE;
    },
  })));
  const { upstream } = await worker.request({ method: 'POST', body: ['he', 'll', 'o'] });
  assert.equal(upstream.body, 'hello');
  assert.deepEqual(seen, [[2, 0, 'he'], [4, 0, 'hell'], [5, 1, 'hello']]);
});

test('paused headers keep the body away, unless Envoy was told to give it', async () => {
  const filter = guest((host) => ({
    proxy_on_request_headers: () => (host.env.proxy_set_tick_period_milliseconds(1), PAUSE),
    proxy_on_tick() {
      host.env.proxy_set_effective_context(2);
      host.env.proxy_continue_stream(REQUEST);
    },
    proxy_on_request_body() {
      host.log(`body, path ${host.header(':path')}`);
      return CONTINUE;
    },
  }));
  for (const [bodyWhileHeadersWait, path] of [[false, Status.BadArgument], [true, '/']]) {
    const lines = [];
    const worker = await Worker.start(filter, { bodyWhileHeadersWait, log: (level, line) => lines.push(line) });
    assert.equal((await worker.request({ method: 'POST', body: 'x' })).upstream.body, 'x');
    assert.deepEqual(lines, [`body, path ${path}`]);
  }
});

test('after a trap every request is answered 503, the waiting ones too', async () => {
  const lines = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_request_headers() {
      if (host.header(':path') === '/bad') throw new WebAssembly.RuntimeError('unreachable');
      host.env.proxy_set_tick_period_milliseconds(1);
      return PAUSE;
    },
  })), { log: (level, line) => lines.push([level, line]) });
  const waiting = worker.request({ url: '/waits' });
  const dead = { local: { status: 503, headers: [], body: '', details: 'wasm_fail_stream' } };
  assert.deepEqual(await worker.request({ url: '/bad' }), dead);
  assert.deepEqual(await waiting, dead);
  assert.deepEqual(await worker.request({ url: '/later' }), dead);
  assert.equal(worker.failure.callback, 'proxy_on_request_headers');
  assert.deepEqual(lines, [['critical', 'host: proxy_on_request_headers failed: unreachable']]);
});

test('workers may share data, and each has the clock it was given', async () => {
  const shared = new SharedData();
  const answers = [];
  const filter = guest((host) => ({
    proxy_on_configure() {
      answers.push(host.env.proxy_set_shared_data(...host.put('jti'), ...host.put('x'), 0xffffffff | 0));
      host.env.proxy_get_current_time_nanoseconds(16);
      answers.push(host.u64(16));
    },
  }));
  await Worker.start(filter, { shared, now: () => 1700000061.25 });
  await Worker.start(filter, { shared, now: () => 1 });
  assert.deepEqual(answers, [Status.Ok, 1700000061250000000n, Status.CasMismatch, 1000000000n]);
});

test('shared data that fails gives its status to the filter', async () => {
  let down = false;
  const answers = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_tick() {
      const key = host.put('claims');
      answers.push(host.env.proxy_set_shared_data(...key, ...host.put('x'), 0), host.taken(host.env.proxy_get_shared_data(...key, 40, 44, 48)));
    },
  })), { shared: new SharedData({ fails: () => down }) });
  worker.tick();
  down = true;
  worker.tick();
  assert.deepEqual(answers, [Status.Ok, 'x', Status.InternalFailure, Status.InternalFailure]);
});

test('the environment is that of its worker, as bytes of utf-8, and may be empty', async () => {
  const environments = [];
  const filter = guest((host) => ({
    proxy_on_vm_start() {
      host.wasi.environ_sizes_get(40, 44);
      const [count, size] = [host.u32(40), host.u32(44)];
      host.wasi.environ_get(64, 4096);
      const entries = Array.from({ length: count }, (_, n) => Buffer.from(host.memory.buffer, host.u32(64 + n * 4), size).toString('utf8').split('\0')[0]);
      environments.push([size, entries]);
      return 1;
    },
  }));
  for (const env of [{ SECRET: 'a=b', EMPTY: '', NAME: 'Zoë' }, {}, undefined]) await Worker.start(filter, { env });
  assert.deepEqual(environments, [[28, ['SECRET=a=b', 'EMPTY=', 'NAME=Zoë']], [0, []], [0, []]]);
});

test('a pointer outside of memory is refused, not followed', async () => {
  const answers = [];
  await Worker.start(guest((host) => ({
    proxy_on_configure() {
      answers.push(host.env.proxy_log(2, 0xfffffff0 | 0, 100), host.wasi.random_get(0x7fffffff, 4));
    },
  })));
  assert.deepEqual(answers, [Status.InvalidMemoryAccess, 21]);
});

test('the environment, foreign functions, properties and metrics', async () => {
  const answers = [];
  const worker = await Worker.start(guest((host) => ({
    proxy_on_configure() {
      const { env, wasi, put, u32, taken } = host;
      wasi.environ_sizes_get(40, 44);
      answers.push([u32(40), u32(44)]);
      wasi.environ_get(32, 4096);
      answers.push(Buffer.from(host.memory.buffer, u32(32), 10).toString());
      answers.push(env.proxy_call_foreign_function(...put('absent'), 0, 0, 40, 44));
      answers.push(taken(env.proxy_call_foreign_function(...put('reverse'), ...put('abc'), 40, 44)));
      answers.push(env.proxy_set_property(...put('a'), ...put('b')));
      answers.push(taken(env.proxy_get_property(...put('xds\0node'), 40, 44)));
      env.proxy_define_metric(0, ...put('denied'), 8);
      env.proxy_increment_metric(u32(8), 2n);
      answers.push(env.proxy_increment_metric(u32(8), -1n), env.proxy_increment_metric(999 * 4, 1n));
    },
  })), { env: { A: '1', NAME: 'x' }, properties: { 'xds.node': 'n1' }, foreign: { reverse: (bytes) => bytes.reverse() } });
  assert.deepEqual(answers, [[2, 11], 'A=1\0NAME=x', Status.NotFound, 'cba', Status.NotFound, 'n1', Status.BadArgument, Status.NotFound]);
  assert.equal(worker.metrics.value('denied'), 2n);
});

test('closing ends the root context', async () => {
  const seen = [];
  const worker = await Worker.start(guest(() => ({
    proxy_on_done: (id) => (seen.push(['done', id]), 1),
    proxy_on_delete: (id) => seen.push(['delete', id]),
  })));
  worker.close();
  worker.close();
  assert.deepEqual(seen, [['done', ROOT], ['delete', ROOT]]);
  await assert.rejects(worker.request({}), /closed/);
});
