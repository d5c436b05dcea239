// One policy, in each of the three modes: what passes does so byte for byte, and of what does not
// the upstream sees nothing, or in `hold_body` no byte of its body.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lines, raw, replyTo, send } from './client.mjs';
import { told } from '../host/mcp.mjs';
import { call, mcpFilter, MODES, policy, SENT, tool } from './calls.mjs';
import { challenge, METADATA, textOf } from './denial.mjs';
import { until } from './envoy.mjs';
import { Http2 } from './http2.mjs';
import { Prover } from './proofs.mjs';
import { Stage } from './stage.mjs';
import { Store } from './store.mjs';
import { bearer, RESOURCE } from './tokens.mjs';

const LIMIT = 65536;
const RPC = { parse_error: -32700, invalid_rpc_request: -32600, invalid_params: -32602, header_mismatch: -32020 };
const STATUS = { payload_too_large: 413, policy_denied: 403, insufficient_scope: 403, body_unsupported: 415, proof_replayed: 401, host_failed: 503 };
const COUNTER = 'wasmcustom.waxseal.shadow_denied';

const proofs = { dpop: { mode: 'required' } };
const client = new Prover();

let store;
let stage;
before(async () => {
  store = await Store.open();
  const asks = { dpop: { mode: 'required' }, replay: { store: { http: { uri: 'https://store.example.com', cluster: 'store', timeout: 5 } } } };
  stage = await Stage.open({
    clusters: { store: store.port },
    listeners: {
      ...Object.fromEntries(Object.entries(MODES).flatMap(([mode, members]) => [
        [mode, { configuration: policy(mode), ...members }],
        [`${mode}-bound`, { configuration: policy(mode, proofs), ...members }],
        [`${mode}-asks`, { configuration: policy(mode, asks), ...members }],
      ])),
      // `hold_body` where Envoy shows the body of a request whose headers wait.
      'shown': { configuration: policy('hold_body', asks), ...MODES.hold_headers },
      'never-shown': { configuration: policy('hold_headers') },
      'untold': { configuration: policy('metadata') },
      'small': { configuration: policy('metadata'), before: [mcpFilter({ max_request_body_size: 1024 })] },
      'upgrades': { configuration: policy('hold_body'), manager: { upgrade_configs: [{ upgrade_type: 'websocket' }] } },
    },
  });
});
after(async () => {
  await Promise.resolve(stage?.end()).finally(() => store.end());
});

const scopes = (...names) => ({ authorization: bearer({ scope: names.join(' ') }) });
const bytesOf = (body) => (Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

/** Posts a message, or bytes; a list of parts is sent in chunks. */
function post(name, body, { headers = {}, ...options } = {}) {
  const parts = Array.isArray(body) && Buffer.isBuffer(body[0]) ? body : bytesOf(body);
  return stage.ask(name, { method: 'POST', body: parts, headers: { ...SENT, ...scopes('files:read'), ...headers }, ...options });
}

/** It passed, and all of it arrived as it was sent. */
function assertPassed(reply, body) {
  assert.equal(reply.status, 200, reply.body);
  const arrived = stage.upstream.request(reply.id);
  assert.ok(arrived, 'it did not reach the upstream');
  assert.ok(arrived.body.equals(bytesOf(body)), `${arrived.body.length} bytes arrived, not those that were sent`);
  const own = arrived.headers.filter(([name]) => /^(authorization|x-user)$/i.test(name));
  assert.deepEqual(own, [['x-user', 'alice']]);
  return arrived;
}

/** The reply, the logs, and what the upstream has not seen. */
async function assertDenied(mode, reply, { reason, id = null, authenticate = null }) {
  const status = STATUS[reason] ?? 400;
  assert.equal(reply.status, status, reply.body);
  assert.deepEqual(reply.values('www-authenticate'), [authenticate ?? []].flat());
  const message = reply.json();
  if (RPC[reason]) {
    assert.deepEqual(message, { jsonrpc: '2.0', id, error: { code: RPC[reason], message: textOf(reason) } });
    assert.deepEqual(reply.values('content-type'), ['application/json']);
  } else {
    assert.equal(message.type, `urn:waxseal:error:${reason}`);
    assert.deepEqual(reply.values('content-type'), ['application/problem+json']);
  }
  assert.deepEqual(reply.values('x-user'), []);
  const { code, details } = await stage.envoy.accessOf(reply.id);
  assert.deepEqual([code, details], [status, reason]);
  assert.equal((await stage.envoy.denialOf(reply.id)).error, reason);
  assertUnseen(mode, reply.id);
}

function assertUnseen(mode, id) {
  const arrived = stage.upstream.request(id);
  if (mode.startsWith('hold_body')) assert.equal(arrived?.bytes ?? 0, 0, 'bytes of a denied body reached the upstream');
  else assert.equal(arrived, undefined, 'a denied request reached the upstream');
}

const idle = (name) => until(`${name} without requests`, async () => (await stage.envoy.stat(`http.${name}.downstream_rq_active`)) === 0);

const NESTED = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}}`;
const READ = JSON.stringify(tool('read', {}, { id: 1 }));
const LARGE = Buffer.from(JSON.stringify(tool('read', { text: 'x'.repeat(10 << 20) })));

function chunked(bytes, size) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** Bad input: body, what denies it, and what differs in a mode. `id` is that of the reply. */
const BAD = [
  ['truncated JSON', READ.slice(0, -3), 'parse_error'],
  ['no JSON', 'hello', 'parse_error'],
  ['a second value', `${READ} ${READ}`, 'parse_error'],
  ['10,000 levels of nesting', NESTED, 'parse_error'],
  ['invalid UTF-8', Buffer.from(READ.replace('read', 're\xffad'), 'latin1'), 'parse_error'],
  ['a byte order mark', `\ufeff${READ}`, 'parse_error'],
  ['a name twice', READ.replace('"name":"read"', '"name":"write","name":"read"'), 'parse_error'],
  ['parameters twice', READ.replace('"params"', '"params":{"name":"write"},"params"'), 'parse_error'],
  ['a name twice, once escaped', READ.replace('"name":"read"', '"n\\u0061me":"write","name":"read"'), 'parse_error'],
  ['a batch', `[${READ}]`, 'invalid_rpc_request'],
  ['an empty object', '{}', 'invalid_rpc_request'],
  ['no version', READ.replace('"jsonrpc":"2.0",', ''), 'invalid_rpc_request', { id: 1 }],
  ['a method that is a number', READ.replace('"tools/call"', '7'), 'invalid_rpc_request', { id: 1 }],
  ['an id that is null', READ.replace('"id":1', '"id":null'), 'invalid_rpc_request'],
  ['a request and an answer at once', READ.replace(/\}$/, ',"result":{}}'), 'invalid_rpc_request', { id: 1 }],
  ['parameters in a list', READ.replace(/\{"name".*\}\}/, '["read"]}'), 'invalid_params', { id: 1 }],
  ['a name that is a number', READ.replace('"read"', '7'), 'invalid_params', { id: 1 }],
  ['no name', READ.replace('"name":"read",', ''), 'invalid_params', { id: 1 }],
  ['a header that names another tool', READ, 'header_mismatch', { id: 1, headers: { 'mcp-name': 'write' } }],
  ['a header that names another method', READ, 'header_mismatch', { id: 1, headers: { 'mcp-method': 'tools/list' } }],
  ['a body that says it is compressed', READ, 'body_unsupported', { headers: { 'content-encoding': 'gzip' } }],
  ['a body in UTF-7', READ, 'body_unsupported', { headers: { 'content-type': 'application/json; charset=utf-7' } }],
  ['a byte over the limit', READ.padEnd(LIMIT + 1), 'payload_too_large'],
];
/** In `metadata`: it is not told the id of what Envoy does not take for a call. */
const UNTOLD = new Set(['no version', 'a method that is a number', 'a request and an answer at once']);

for (const mode of Object.keys(MODES)) {
  describe(mode, { timeout: 120_000 }, () => {
    for (const [what, message] of [
      ['a tool that the token is good for', tool('read-all', { text: 'ä\u0001' })],
      ['the beginning of a session', call('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } })],
      ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
      ['a resource', call('resources/read', { uri: 'file:///public/a' })],
      ['a list', call('tools/list', {})],
    ]) {
      test(`passes: ${what}`, async () => {
        const body = JSON.stringify(message, undefined, 1);
        assertPassed(await post(mode, body), body);
      });
    }

    test('passes: up to the limit', async () => {
      const body = READ.padEnd(LIMIT - 1);
      assertPassed(await post(mode, body), body);
    });

    test('passes: in hundreds of chunks, with trailers', async () => {
      const body = Buffer.from(JSON.stringify(tool('read', { text: 'y'.repeat(1500) })));
      const sent = send(stage.port(mode), { method: 'POST', headers: { ...SENT, ...scopes('files:read'), trailer: 'x-end, x-user' } });
      const answered = replyTo(sent);
      for (let at = 0; at < body.length; at += 4) {
        sent.request.write(body.subarray(at, at + 4));
        if (at % 400 === 0) await sleep(1);
      }
      sent.request.addTrailers({ 'x-end': 'yes', 'x-user': 'mallory' });
      sent.request.end();
      const arrived = assertPassed(await answered, body);
      assert.deepEqual(arrived.trailers, { 'x-end': 'yes' });
    });

    test('denies: a chunk too many', async () => {
      const parts = Array.from({ length: LIMIT / 4096 + 1 }, () => Buffer.alloc(4096, ' '));
      parts.push(Buffer.from(READ));
      await assertDenied(mode, await post(mode, parts), { reason: 'payload_too_large' });
    });

    test('HTTP/2: passes and denies over one connection, with trailers', async () => {
      const http2 = await Http2.open(stage.port(mode));
      try {
        const asked = Array.from({ length: 30 }, (_, n) => {
          const body = JSON.stringify(tool(n % 3 ? 'read' : 'write', { n }));
          const ask = { method: 'POST', body, headers: { ...SENT, ...scopes('files:read') }, ...(n % 2 && { trailers: { 'x-end': 'yes' } }) };
          return [n, body, http2.ask(ask)];
        });
        for (const [n, body, replying] of asked) {
          const reply = await replying;
          if (n % 3) assertPassed(reply, body);
          else assert.deepEqual([reply.status, assertUnseen(mode, reply.id)], [403, undefined]);
        }
      } finally {
        await http2.end();
      }
    });

    test('denies: a tool for which a scope is missing, which the challenge names', async () => {
      const authenticate = challenge({ error: 'insufficient_scope', scope: 'files:write', resource_metadata: METADATA });
      await assertDenied(mode, await post(mode, tool('write')), { reason: 'insufficient_scope', authenticate });
    });

    for (const [what, message] of [
      ['a tool that no rule allows', tool('drop')],
      ['a resource that no rule allows', call('resources/read', { uri: 'file:///private/a' })],
      ['a method that no rule allows', call('logging/setLevel', { level: 'debug' })],
    ]) {
      test(`denies: ${what}, without a challenge`, async () => assertDenied(mode, await post(mode, message), { reason: 'policy_denied' }));
    }

    for (const [what, body, reason, { id, headers } = {}] of BAD) {
      test(`denies: ${what}`, async () => {
        const told = mode === 'metadata' && UNTOLD.has(what) ? undefined : id;
        await assertDenied(mode, await post(mode, body, { headers }), { reason, id: told });
      });
    }

    for (const [what, field, body] of [
      ['at once', `content-length: ${LARGE.length}`, LARGE],
      ['in one chunk', 'transfer-encoding: chunked', chunked(LARGE, LARGE.length)],
      ['in chunks', 'transfer-encoding: chunked', chunked(LARGE, 10_000)],
    ]) {
      test(`denies: 10 MiB ${what}`, async () => {
        const id = randomUUID();
        const fields = Object.entries({ ...SENT, ...scopes('files:read'), 'x-request-id': id }).map(([name, value]) => `${name}: ${value}`);
        const reply = await raw(stage.port(mode), Buffer.concat([Buffer.from(lines('POST /mcp HTTP/1.1', ...fields, field)), body]));
        assert.ok(reply, 'no reply');
        // A piece that does not fit in Envoy's own buffer is denied by Envoy before the filter sees it.
        if (reply.body === 'Payload Too Large') {
          assert.equal(reply.status, 413);
          assertUnseen(mode, id);
        } else {
          await assertDenied(mode, { ...reply, id }, { reason: 'payload_too_large' });
        }
      });
    }

    test('an answer of the client', async () => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 3, result: { action: 'accept' } });
      const reply = await post(mode, body);
      // Envoy would not tell of a method that stands beside.
      if (mode === 'metadata') await assertDenied(mode, reply, { reason: 'invalid_rpc_request' });
      else assertPassed(reply, body);
    });

    test('a request without a body is decided at once', async () => {
      await assertDenied(mode, await stage.ask(mode, { method: 'POST', headers: { ...SENT, ...scopes('files:read'), 'content-length': 0 } }), { reason: 'policy_denied' });
    });

    test('a session ends', async () => {
      const reply = await stage.ask(mode, { method: 'DELETE', headers: { ...scopes(), 'mcp-session-id': 'a' } });
      assert.equal(reply.status, 200, reply.body);
      assert.equal(stage.upstream.request(reply.id).method, 'DELETE');
    });

    for (const [method, body] of [['GET', undefined], ['POST', tool('read')]]) {
      test(`a stream of events that a ${method} asks for flows: its first event is here before the last is sent`, async () => {
        const sent = send(stage.port(mode), { method, path: '/events', headers: { ...SENT, ...scopes('files:read'), 'mcp-session-id': 'a' } });
        sent.request.end(body && JSON.stringify(body));
        const response = await sent.response;
        const events = response.setEncoding('utf8').iterator();
        assert.equal((await events.next()).value, 'data: first\n\n');
        stage.upstream.lastEvent();
        assert.equal((await events.next()).value, 'data: last\n\n');
        assert.equal((await events.next()).done, true);
        assert.equal(response.statusCode, 200);
      });
    }

    test('a rule in shadow lets pass what it would deny, says so and counts', async () => {
      const before = (await stage.envoy.stat(COUNTER)) ?? 0;
      const body = JSON.stringify(tool('trial'));
      const reply = await post(mode, body);
      assertPassed(reply, body);
      const line = await stage.envoy.denialOf(reply.id);
      assert.deepEqual([line.event, line.rule, line.error, line.client_id], ['would_deny', 'trial', 'insufficient_scope', 'client-1']);
      // A worker's counts reach Envoy's own after a moment.
      await until('the count', async () => (await stage.envoy.stat(COUNTER)) === before + 1);
      // One that has the scope is neither.
      const enough = await post(mode, body, { headers: scopes('files:trial') });
      assertPassed(enough, body);
      assert.equal(stage.envoy.denials().find((entry) => entry.request_id === enough.id), undefined);
      assert.equal(await stage.envoy.stat(COUNTER), before + 1);
    });

    test('a proof is good for one call, and for none that is denied before it is claimed', async () => {
      const name = `${mode}-bound`;
      const access = client.token({ scope: 'files:read' });
      const bound = () => ({ authorization: `DPoP ${access}`, dpop: client.proof(access, { method: 'POST', url: RESOURCE }) });
      const once = bound();
      const body = JSON.stringify(tool('read'));
      assertPassed(await post(name, body, { headers: once }), body);
      const replayed = await post(name, body, { headers: once });
      assert.equal(replayed.status, 401);
      assert.equal((await stage.envoy.denialOf(replayed.id)).error, 'proof_replayed');
      assert.equal(stage.upstream.request(replayed.id), undefined);
      const other = bound();
      assert.equal((await post(name, tool('drop'), { headers: other })).status, 403);
      // `hold_body` has claimed it when the body was not yet known.
      assert.equal((await post(name, body, { headers: other })).status, mode === 'hold_body' ? 401 : 200);
    });

    test('a store that takes its time to answer: what was held passes whole, and nothing of what is denied', async () => {
      const name = `${mode}-asks`;
      const access = client.token({ scope: 'files:read' });
      const bound = () => ({ authorization: `DPoP ${access}`, dpop: client.proof(access, { method: 'POST', url: RESOURCE }) });
      const release = store.hold();
      const count = store.requests.length;
      const body = JSON.stringify(tool('read', { text: 'z'.repeat(30_000) }));
      const passing = post(name, body, { headers: bound() });
      const denied = post(name, tool('drop'), { headers: bound() });
      // A call that its body denies asks the store in `hold_body` only.
      await store.asked(count + (mode === 'hold_body' ? 2 : 1));
      assert.equal(stage.upstream.requests.filter(({ id }) => id === undefined).length, 0);
      await sleep(100);
      release();
      assertPassed(await passing, body);
      const reply = await denied;
      assert.equal(reply.status, 403, reply.body);
      assertUnseen(mode, reply.id);
    });

    test('clients that go away in the middle of a body leave nothing behind', async () => {
      for (const half of [READ.slice(0, 20), '']) {
        const sent = send(stage.port(mode), { method: 'POST', headers: { ...SENT, ...scopes('files:read'), 'content-length': READ.length } });
        sent.request.on('error', () => {});
        sent.request.flushHeaders();
        if (half) sent.request.write(half);
        await until('the request', async () => (await stage.envoy.stat(`http.${mode}.downstream_rq_active`)) === 1);
        await sleep(50);
        sent.request.destroy();
        const { code } = await stage.envoy.accessOf(sent.id);
        assert.ok(code === 0 || code === 499, `code ${code}`);
        assertUnseen(mode === 'hold_body' ? mode : 'other', sent.id);
      }
      await idle(mode);
      assertPassed(await post(mode, READ), READ);
    });
  });
}

test('hold_body, where Envoy shows bodies of requests whose headers wait: nothing of a body goes with the headers', async () => {
  const access = client.token({ scope: 'files:read' });
  const bound = () => ({ authorization: `DPoP ${access}`, dpop: client.proof(access, { method: 'POST', url: RESOURCE }) });
  const release = store.hold();
  const count = store.requests.length;
  const message = JSON.stringify(tool('drop', { text: 'z'.repeat(2000) }));
  const sent = send(stage.port('shown'), { method: 'POST', headers: { ...SENT, ...bound(), 'content-length': message.length } });
  sent.request.write(message.slice(0, 1000));
  const passing = post('shown', READ, { headers: bound() });
  await store.asked(count + 2);
  await sleep(100);
  release();
  assertPassed(await passing, READ);
  await sleep(100);
  sent.request.end(message.slice(1000));
  assert.equal((await replyTo(sent)).status, 403);
  assertUnseen('hold_body', sent.id);
});

test('hold_body: an upstream that answers before the body is decided gets none of a denied one', async () => {
  const body = JSON.stringify(tool('drop'));
  const sent = send(stage.port('hold_body'), { method: 'POST', path: '/events', headers: { ...SENT, ...scopes('files:read'), 'content-length': body.length } });
  sent.request.on('error', () => {});
  sent.request.flushHeaders();
  const response = await sent.response;
  response.on('error', () => {});
  const ended = new Promise((resolve) => response.once('close', resolve));
  sent.request.end(body);
  await ended;
  assert.equal(response.complete, false, 'the stream has an end');
  assert.equal((await stage.envoy.denialOf(sent.id)).error, 'policy_denied');
  assertUnseen('hold_body', sent.id);
  assertPassed(await post('hold_body', READ), READ);
});

test('hold_headers, where Envoy does not show bodies: 503, and the log names the setting', { timeout: 30_000 }, async () => {
  const begun = Date.now();
  const reply = await post('never-shown', tool('read'));
  const took = Date.now() - begun;
  await assertDenied('hold_headers', reply, { reason: 'host_failed' });
  assert.ok(took > 3000 && took < 8000, `it took ${took} ms`);
  assert.match(JSON.stringify((await stage.envoy.denialOf(reply.id)).facts), /allow_on_headers_stop_iteration/);
  // What needs no body passes.
  assert.equal((await stage.ask('never-shown', { headers: scopes() })).status, 200);
});

test('hold_headers: a client may take its time with its body', { timeout: 30_000 }, async () => {
  await post('hold_headers', READ);
  const sent = send(stage.port('hold_headers'), { method: 'POST', headers: { ...SENT, ...scopes('files:read'), 'content-length': READ.length } });
  sent.request.flushHeaders();
  await sleep(6500);
  sent.request.end(READ);
  assertPassed(await replyTo(sent), READ);
});

test('metadata, without Envoy\'s own filter before ours: 503, and the log names it', async () => {
  const reply = await post('untold', tool('read'));
  await assertDenied('metadata', reply, { reason: 'host_failed' });
  assert.match(JSON.stringify((await stage.envoy.denialOf(reply.id)).facts), /envoy\.filters\.http\.mcp/);
  assert.equal((await stage.ask('untold', { headers: scopes() })).status, 200);
});

test('metadata: what Envoy\'s own filter does not read to its end is denied', async () => {
  assertPassed(await post('small', READ), READ);
  await assertDenied('metadata', await post('small', tool('read', { text: 'x'.repeat(1024) })), { reason: 'payload_too_large' });
});

for (const [what, body, options] of [
  ['a body of another type', READ, { headers: { 'content-type': 'text/plain' } }],
  ['a body whose reply must not be a stream', READ, { headers: { accept: 'application/json' } }],
  ['a body of another method', READ, { method: 'PUT' }],
]) {
  test(`metadata: ${what}, which Envoy does not look into, is denied`, async () => {
    await post('metadata', READ);
    await assertDenied('metadata', await post('metadata', body, options), { reason: 'invalid_rpc_request' });
  });
}

test('metadata: Envoy\'s own filter tells what the test host takes it to tell', async () => {
  const bodies = [
    ...BAD.filter(([what]) => !/truncated|no JSON|second value|nesting|UTF-8|byte order|over the limit|at once/.test(what)).map(([, body, , { headers } = {}]) => [body, headers]),
    ...[
      tool('read'), { jsonrpc: '2.0', method: 'notifications/initialized' }, { jsonrpc: '2.0', id: 'a', error: { code: 1, message: 'b' } }, call('tools/list'),
      call('prompts/get', { name: 'a', arguments: {} }), call('resources/unsubscribe', { uri: 'file:///a', name: 'b' }), call('tools/call', { name: 'a', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }),
      call('completion/complete', { ref: { type: 'ref/prompt', name: 'a' }, argument: { name: 'b', value: 'c' } }), call('other/method', { name: 'a', uri: 'b' }), [], 7,
    ].map((message) => [JSON.stringify(message)]),
    [READ, { 'content-type': 'text/plain' }], [READ, { accept: 'application/json' }], [READ, { accept: '*/*' }], [READ, { 'content-type': 'application/jsonp' }],
  ];
  for (const [body, headers = {}] of bodies) {
    const sent = { ...SENT, ...headers };
    const reply = await post('metadata', body, { headers });
    const expected = told({ method: 'POST', headers: Object.entries(sent), body: bytesOf(body) });
    assert.deepEqual((await stage.envoy.accessOf(reply.id)).mcp ?? undefined, expected, `${body}`);
  }
  // Of a request and an answer at once it tells no method, wherever the answer stands.
  for (const body of [READ.replace(/\}$/, ',"result":{}}'), READ.replace('{', '{"error":{},')]) {
    const { mcp } = await stage.envoy.accessOf((await post('metadata', body)).id);
    assert.deepEqual([mcp.method, mcp.is_mcp_request], ['__jsonrpc_response', true]);
  }
  // What it could not read it says; what it has of it until then is of no interest.
  for (const [what, body] of BAD) {
    if (!/truncated|no JSON|second value|nesting|UTF-8|byte order/.test(what)) continue;
    const { mcp } = await stage.envoy.accessOf((await post('metadata', body)).id);
    assert.match(mcp.passthrough_reason, /^mcp_(parse_error|not_jsonrpc)$/, what);
    assert.equal(mcp.status, 'mcp_ok', what);
  }
});

test('each mode is named in the log at start, with what it needs', () => {
  for (const line of [
    /`policy\.body` is `hold_headers`: .*allow_on_headers_stop_iteration/,
    /`policy\.body` is `hold_body`: .*headers/,
    /`policy\.body` is `metadata`: .*envoy\.filters\.http\.mcp.*reject_duplicate_keys/,
  ]) assert.ok(stage.envoy.log.some((own) => line.test(own)), `${line} is not in the log`);
});

for (const [options, status] of [['upgrade', 200], ['upgrade, x-user', 400], ['upgrade, X_User', 400]]) {
  test(`an upgrade with \`Connection: ${options}\``, async () => {
    const id = randomUUID();
    const reply = await raw(stage.port('upgrades'), [
      'GET /mcp HTTP/1.1', 'host: mcp.example.com', `x-request-id: ${id}`, `connection: ${options}`, 'upgrade: websocket', `authorization: ${bearer()}`, '', '',
    ].join('\r\n'));
    assert.equal(reply?.status, status);
    const arrived = stage.upstream.request(id);
    if (status === 400) assert.equal((await stage.envoy.denialOf(id)).error, 'request_malformed');
    assert.equal(arrived !== undefined, status === 200);
    if (arrived) assert.deepEqual(arrived.headers.filter(([name]) => name === 'x-user'), [['x-user', 'alice']]);
  });
}
