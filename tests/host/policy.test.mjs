// The filter with a policy, where a real Envoy cannot be brought to: thousands of clients that go
// away, clocks, and metadata that no Envoy writes.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { call, RULES, SENT, tool } from '../envoy/calls.mjs';
import { FILTER } from '../envoy/bootstrap.mjs';
import { bearer, ISSUER, keySet, RESOURCE } from '../envoy/tokens.mjs';
import { metadata, told } from './mcp.mjs';
import { Worker } from './worker.mjs';

const READING = 4000;

let filter;
before(async () => {
  filter = await WebAssembly.compile(await readFile(FILTER));
});

const configuration = (body) => JSON.stringify({
  resource: RESOURCE, issuers: [{ issuer: ISSUER, keys: { set: keySet('es-1') } }], policy: { body, rules: RULES },
});

async function open(body, options = {}) {
  const world = { now: Math.floor(Date.now() / 1000), lines: [] };
  world.worker = await Worker.start(filter, {
    configuration: configuration(body), bodyWhileHeadersWait: body === 'hold_headers', now: () => world.now,
    log: (level, line) => world.lines.push(line), ...options,
  });
  return world;
}

const AUTHORIZATION = bearer({ scope: 'files:read' });
const HEADERS = Object.entries({ ...SENT, authorization: AUTHORIZATION });
const READ = JSON.stringify(tool('read'));
const post = (members) => ({ method: 'POST', url: '/mcp', headers: HEADERS, ...members });

for (const mode of ['hold_headers', 'hold_body']) {
  test(`${mode}: thousands of clients that go away in the middle leave nothing behind`, { timeout: 120_000 }, async () => {
    const { worker } = await open(mode);
    for (let n = 0; n <= READING + 1; n += 1) {
      const client = new AbortController();
      const going = worker.request(post({ body: READ.slice(0, n % 9), stalls: true, signal: client.signal }));
      client.abort();
      assert.deepEqual(await going, { reset: true });
    }
    const { upstream } = await worker.request(post({ body: READ }));
    assert.equal(upstream?.body, READ);
    assert.equal(worker.failure, null);
    assert.equal(worker.tickPeriod, 0);
    worker.close();
  });

  test(`${mode}: too many slow bodies at once are denied, and no more`, { timeout: 120_000 }, async () => {
    const { worker } = await open(mode);
    const client = new AbortController();
    setMaxListeners(0, client.signal);
    const slow = Array.from({ length: READING }, () => worker.request(post({ body: '{', stalls: true, signal: client.signal })));
    const { local } = await worker.request(post({ body: [READ], stalls: true }));
    assert.deepEqual([local?.status, local?.details], [503, 'host_failed']);
    client.abort();
    await Promise.all(slow);
    assert.equal((await worker.request(post({ body: READ }))).upstream?.body, READ);
    worker.close();
  });

  for (const [what, body, trailers] of [
    ['in one piece', [READ], undefined],
    ['byte by byte', [...READ], undefined],
    ['with trailers', [READ], [['x-end', 'yes']]],
    ['byte by byte, with trailers', [...READ], [['x-end', 'yes']]],
  ]) {
    test(`${mode}: a body ${what} passes whole, and a denied one does not`, async () => {
      const { worker } = await open(mode);
      const { upstream } = await worker.request(post({ body, trailers }));
      assert.equal(upstream?.body, READ);
      const denied = await worker.request(post({ body: [...body, ' '], trailers, headers: [...HEADERS, ['mcp-name', 'write']] }));
      assert.equal(denied.local?.details, 'header_mismatch');
      assert.equal(worker.failure, null);
      worker.close();
    });
  }
}

test('hold_headers, where bodies are not shown: denied after five seconds, and the clock stops', async () => {
  const world = await open('hold_headers', { bodyWhileHeadersWait: false, maxTicks: 100_000 });
  const begun = world.now;
  const timer = setInterval(() => { world.now += 1; }, 20);
  try {
    const { local } = await world.worker.request(post({ body: READ }));
    assert.deepEqual([local?.status, local?.details], [503, 'host_failed']);
  } finally {
    clearInterval(timer);
  }
  assert.ok(world.now - begun >= 5 && world.now - begun < 8, `${world.now - begun} s`);
  assert.match(world.lines.find((line) => line.includes('host_failed')), /allow_on_headers_stop_iteration/);
  world.worker.tick();
  assert.equal(world.worker.tickPeriod, 0);
  world.worker.close();
});

test('rules in shadow are counted once for each call', async () => {
  const { worker, lines } = await open('hold_body');
  const { upstream } = await worker.request(post({ body: JSON.stringify(tool('trial')) }));
  assert.ok(upstream);
  assert.equal(worker.metrics.value('waxseal.shadow_denied'), 1n);
  const said = lines.filter((line) => line.includes('would_deny')).map((line) => JSON.parse(line.replace('waxseal: ', '')));
  assert.deepEqual(said.map(({ event, rule, error }) => [event, rule, error]), [['would_deny', 'trial', 'insufficient_scope']]);
  worker.close();
});

const GOOD = told({ method: 'POST', headers: HEADERS, body: Buffer.from(READ) });
const without = (...names) => Object.fromEntries(Object.entries(GOOD).filter(([name]) => !names.includes(name)));

for (const [what, bytes, expected] of [
  ['what Envoy tells of a call', metadata(GOOD), 'passes'],
  ['the older namespace', metadata(GOOD, 'mcp_proxy'), 'passes'],
  ['members that are not known', metadata({ ...GOOD, more: [1, null, { a: 'b' }] }), 'passes'],
  ['an id of eight letters', metadata({ ...GOOD, id: 'abcdefgh' }), 'passes'],
  ['a number as the id', metadata({ ...GOOD, id: 2 ** 40 }), 'passes'],
  ['a notification', metadata(told({ method: 'POST', headers: HEADERS, body: Buffer.from('{"jsonrpc":"2.0","method":"notifications/a"}') })), 'passes'],
  ['another tool', metadata({ ...GOOD, params: { name: 'write' } }), 'insufficient_scope'],
  ['nothing', metadata(undefined), 'host_failed'],
  ['another namespace', metadata(GOOD, 'envoy.filters.http.other'), 'host_failed'],
  ['no status', metadata(without('status')), 'host_failed'],
  ['a body over its limit', metadata({ ...GOOD, is_exceeding_limit: true }), 'payload_too_large'],
  ['a body over its limit, by the reason alone', metadata({ ...GOOD, passthrough_reason: 'mcp_body_too_large' }), 'payload_too_large'],
  ['duplicate keys', metadata({ ...GOOD, passthrough_reason: 'mcp_duplicate_keys' }), 'parse_error'],
  ['a reason to come', metadata({ ...GOOD, passthrough_reason: 'mcp_new' }), 'parse_error'],
  ['a reason that is no text', metadata({ ...GOOD, passthrough_reason: null }), 'parse_error'],
  ['another status', metadata({ ...GOOD, status: 'mcp_parse_error' }), 'parse_error'],
  ['no MCP', metadata({ ...GOOD, is_mcp_request: false }), 'invalid_rpc_request'],
  ['a flag that is no boolean', metadata({ ...GOOD, is_mcp_request: 'true' }), 'invalid_rpc_request'],
  ['no flag', metadata(without('is_mcp_request')), 'invalid_rpc_request'],
  ['no method', metadata(without('method')), 'invalid_rpc_request'],
  ['a method that is a number', metadata({ ...GOOD, method: 7 }), 'invalid_rpc_request'],
  ['an answer', metadata({ ...GOOD, method: '__jsonrpc_response' }), 'invalid_rpc_request'],
  ['no version', metadata(without('jsonrpc')), 'invalid_rpc_request'],
  ['an id that is null', metadata({ ...GOOD, id: null }), 'invalid_rpc_request'],
  ['no parameters', metadata(without('params')), 'invalid_params'],
  ['bytes that are cut off', metadata(GOOD).subarray(0, -1), 'host_failed'],
  ['bytes that are no message', Uint8Array.of(0xff, 0xff, 0xff), 'host_failed'],
]) {
  test(`metadata: ${what}: ${expected}`, async () => {
    const { worker } = await open('metadata');
    const { local, upstream } = await worker.request(post({ body: READ, metadata: bytes }));
    assert.equal(local?.details ?? 'passes', expected);
    assert.equal(upstream === undefined, expected !== 'passes');
    worker.close();
  });
}

test('metadata that is spoilt kills no worker', async () => {
  const { worker } = await open('metadata');
  const whole = metadata({ ...GOOD, params: { name: 'read', _meta: { a: [1, { b: null }] } } });
  for (let n = 0; n < 500; n += 1) {
    const spoilt = whole.slice();
    for (const [at, byte] of randomBytes(8).entries()) if (at % 2) spoilt[(byte + n) % spoilt.length] = randomBytes(1)[0];
    await worker.request(post({ body: READ, metadata: spoilt }));
    assert.equal(worker.failure, null);
  }
  let deep = { a: 1 };
  for (let n = 0; n < 200; n += 1) deep = { a: deep };
  assert.equal((await worker.request(post({ body: READ, metadata: metadata({ ...GOOD, deep }) }))).local?.details, 'host_failed');
  assert.equal(worker.failure, null);
  worker.close();
});

test('metadata: a call that a header contradicts', async () => {
  const { worker } = await open('metadata');
  const body = JSON.stringify(call('tools/list'));
  const bytes = metadata(told({ method: 'POST', headers: HEADERS, body: Buffer.from(body) }));
  const { local } = await worker.request(post({ body, metadata: bytes, headers: [...HEADERS, ['mcp-method', 'tools/call']] }));
  assert.equal(local?.details, 'header_mismatch');
  worker.close();
});
