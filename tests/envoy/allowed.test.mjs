// What passes arrives whole, and says who sent it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { lines, raw, replyTo, send } from './client.mjs';
import { until } from './envoy.mjs';
import { Http2 } from './http2.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer, token } from './tokens.mjs';
import { digest } from './upstream.mjs';

const forward = { headers: { 'x-user': 'sub', 'X-Client': 'client_id', 'x-groups': 'groups', 'x-scope': 'scope' } };
const HELD = {
  held: '/jwks/1', 'held-chunks': '/jwks/2', 'held-slow': '/jwks/3', 'held-big': '/jwks/4',
  'held-http2': '/jwks/5', 'held-seen': '/jwks/6', 'held-seen-http2': '/jwks/7',
  'held-denied': '/jwks/8', 'held-seen-denied': '/jwks/9',
};
// The filter is shown the body of a request that it holds only where Envoy is told so.
const held = ([name, path]) => [name, {
  configuration: gate({ issuer: { keys: from(path) } }),
  wasm: name.startsWith('held-seen') ? { allow_on_headers_stop_iteration: true } : {},
}];

let stage;
before(async () => {
  stage = await Stage.open({
    listeners: {
      forward: { configuration: gate({ forward }) },
      keep: { configuration: gate({ forward: { authorization: 'keep' } }) },
      plain: { configuration: gate() },
      ...Object.fromEntries(Object.entries(HELD).map(held)),
    },
  });
});
after(() => stage?.end());

const valuesOf = (request, name) => request.headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);

test('claims arrive as headers, and nothing that the client sent under their names', async () => {
  const claims = { sub: 'jö, a b', groups: ['one', 'two'], scope: 'files:read files:write' };
  const reply = await stage.ask('forward', {
    headers: {
      authorization: bearer(claims),
      'x-user': ['mallory', 'eve'], X_User: 'mallory', 'x_USER': 'eve', 'x-CLIENT': 'theirs', x_client: 'theirs', 'x-groups': 'root',
      'x-users': 'kept', accept: 'text/event-stream',
    },
  });
  assert.equal(reply.status, 200);
  const request = stage.upstream.request(reply.id);
  const seen = request.headers.filter(([name]) => /^(x.(user|client|groups|scope)|authorization|accept)/i.test(name));
  assert.deepEqual(seen.sort(), [
    ['accept', 'text/event-stream'],
    ['x-client', 'client-1'],
    ['x-groups', 'one,two'],
    ['x-scope', 'files:read%20files:write'],
    ['x-user', 'j%C3%B6%2C%20a%20b'],
    ['x-users', 'kept'],
  ]);
  assert.equal((await stage.envoy.accessOf(reply.id)).details, 'via_upstream');
});

test('a claim that the token lacks leaves no header, not even the sent one', async () => {
  const reply = await stage.ask('forward', { headers: { authorization: bearer(), 'x-groups': 'root', x_groups: 'root' } });
  assert.equal(reply.status, 200);
  const names = stage.upstream.request(reply.id).headers.map(([name]) => name.replace('_', '-'));
  assert.deepEqual(names.filter((name) => /^x.groups$/.test(name)), []);
});

test('the authorization is kept where the configuration says so', async () => {
  const authorization = bearer();
  const kept = await stage.ask('keep', { headers: { authorization } });
  assert.deepEqual(valuesOf(stage.upstream.request(kept.id), 'authorization'), [authorization]);
});

test('a token signed with RSA passes too, and one with any case of scheme and type', async () => {
  for (const authorization of [
    bearer({}, { key: 'rs-1' }),
    `bEARER  ${token({}, { header: { typ: 'application/AT+JWT' } })}`,
    bearer({}, { header: { kid: undefined } }),
    bearer({ aud: ['https://other.example.com', 'https://mcp.example.com/mcp'] }),
  ]) {
    const { status, body } = await stage.ask('plain', { headers: { authorization } });
    assert.equal(status, 200, body);
  }
});

test('method, path, query and host stay as they were', async () => {
  for (const [method, path] of [
    ['GET', '/'], ['DELETE', '/mcp?a=1&b=%20%2F&&c'], ['PUT', '/a//b/../c/%2e%2e/%00?x=/.well-known/oauth-protected-resource'],
    ['POST', '/.well-known/oauth-protected-resource/mcp'], ['OPTIONS', '/mcp'], ['PATCH', '/mcp?xaccess_token=1&access_token%3d=2'],
  ]) {
    const { id, status } = await stage.ask('forward', { method, path, headers: { authorization: bearer(), host: 'some.host.example' } });
    const request = stage.upstream.request(id);
    assert.deepEqual([status, request.method, request.url, valuesOf(request, 'host')], [200, method, path, ['some.host.example']]);
  }
});

const whole = (request, body) => assert.deepEqual([request.body.length, digest(request.body)], [body.length, digest(body)]);
const LONG = randomBytes(200_000);
const chunked = (body, size = 7001) => Array.from({ length: Math.ceil(body.length / size) }, (_, n) => body.subarray(n * size, (n + 1) * size));

test('a body of 200 kB arrives whole', async () => {
  for (const body of [LONG, chunked(LONG)]) {
    const { id, status } = await stage.ask('forward', { method: 'POST', body, headers: { authorization: bearer() } });
    assert.equal(status, 200);
    whole(stage.upstream.request(id), LONG);
  }
});

/** Has the keys of a listener held back until so many bytes of its request are in Envoy. */
async function whileHeld(name, bytes, act) {
  const path = HELD[name];
  const before = stage.upstream.requests.length;
  const release = stage.issuer.hold(path, behaviour.good('es-1'));
  const replying = act();
  await stage.issuer.asked(path);
  await until('the body', async () => (await stage.envoy.stat(`http.${name}.downstream_cx_rx_bytes_total`)) >= bytes);
  assert.equal(stage.issuer.fetches(path).length, 1);
  // Nothing of it has gone on: another request has come through in the meantime, and nothing else.
  const { id } = await stage.passes('plain');
  assert.deepEqual(stage.upstream.requests.slice(before).map((request) => request.id), [id]);
  release();
  return replying;
}

for (const [name, body] of [
  ['held', LONG],
  ['held-chunks', chunked(LONG)],
  ['held-seen', chunked(LONG)],
  // more than Envoy buffers: it must stop reading, and go on
  ['held-big', chunked(randomBytes(3_000_000), 64_000)],
]) {
  test(`a body arrives whole although its request was held for the keys: ${name}`, async () => {
    const { id, status, body: text } = await whileHeld(name, 200_000, () =>
      stage.ask(name, { method: 'POST', body, headers: { authorization: bearer() } }));
    assert.equal(status, 200, text);
    whole(stage.upstream.request(id), Array.isArray(body) ? Buffer.concat(body) : body);
  });
}

for (const name of ['held-denied', 'held-seen-denied']) {
  test(`nothing of a request arrives that was held and then denied: ${name}`, async () => {
    const authorization = bearer({}, { key: 'es-other', header: { kid: 'es-1' } });
    const { id, status, body } = await whileHeld(name, 100_000, () => stage.ask(name, { method: 'POST', body: chunked(LONG), headers: { authorization } }));
    assert.equal(status, 401, body);
    await stage.passes(name);
    assert.equal(stage.upstream.request(id), undefined);
  });
}

test('a body that comes partly before and partly after the keys arrives whole', async () => {
  const sent = send(stage.port('held-slow'), { method: 'POST', headers: { authorization: bearer() } });
  const replying = whileHeld('held-slow', 50_000, () => {
    sent.request.write(LONG.subarray(0, 50_000));
    return replyTo(sent);
  });
  await until('the request', () => stage.upstream.request(sent.id));
  sent.request.end(LONG.subarray(50_000));
  assert.equal((await replying).status, 200);
  whole(stage.upstream.request(sent.id), LONG);
});

for (const name of ['held-http2', 'held-seen-http2']) {
  test(`body and trailers arrive over HTTP/2 too: ${name}`, async () => {
    const client = await Http2.open(stage.port(name));
    try {
      // a stream may send 64 kB before Envoy reads on
      const { id, status } = await whileHeld(name, 60_000, () =>
        client.ask({ method: 'POST', headers: { authorization: bearer() }, body: LONG, trailers: { 'x-sum': '17', authorization: 'Bearer abc' } }));
      assert.equal(status, 200);
      const request = stage.upstream.request(id);
      whole(request, LONG);
      assert.deepEqual({ ...request.trailers }, { 'x-sum': '17' });
    } finally {
      await client.end();
    }
  });
}

test('our own value from the client neither doubles nor removes ours', async () => {
  for (const sent of [['alice'], ['alice', 'alice'], ['alice', 'mallory'], ['mallory', 'alice']]) {
    const { id, status } = await stage.ask('forward', { headers: { authorization: bearer(), 'x-user': sent, 'X-Client': 'client-1' } });
    assert.equal(status, 200);
    const request = stage.upstream.request(id);
    assert.deepEqual([valuesOf(request, 'x-user'), valuesOf(request, 'x-client')], [['alice'], ['client-1']], sent.join());
  }
});

test('what may not arrive as a header does not arrive as a trailer', async () => {
  const client = await Http2.open(stage.port('forward'));
  try {
    const trailers = { 'x-sum': '17', 'x-user': 'mallory', x_client: 'theirs', authorization: 'Bearer abc' };
    const { id, status } = await client.ask({ method: 'POST', headers: { authorization: bearer() }, body: 'a body', trailers });
    assert.equal(status, 200);
    const { trailers: arrived } = await until('the trailers', () => stage.upstream.request(id)?.body.length && stage.upstream.request(id));
    assert.deepEqual({ ...arrived }, { 'x-sum': '17' });
  } finally {
    await client.end();
  }
});

test('a stream of server-sent events flows: its first event is here before the last is sent', { timeout: 20_000 }, async () => {
  const sent = send(stage.port('forward'), { path: '/events', headers: { authorization: bearer(), accept: 'text/event-stream' } });
  sent.request.end();
  const response = await sent.response;
  const events = response.setEncoding('utf8').iterator();
  assert.equal((await events.next()).value, 'data: first\n\n');
  stage.upstream.lastEvent();
  assert.equal((await events.next()).value, 'data: last\n\n');
  assert.equal((await events.next()).done, true);
  assert.equal(response.statusCode, 200);
});

test('bytes in other headers that are not UTF-8 arrive as they were sent', async () => {
  const reply = await raw(stage.port('forward'), lines('GET /mcp HTTP/1.1', `authorization: ${bearer()}`, 'x-request-id: odd-bytes', 'x-other: \xff\xfe\x80 \xc3'));
  assert.equal(reply.status, 200);
  const request = stage.upstream.request('odd-bytes');
  assert.deepEqual(valuesOf(request, 'x-other'), ['\xff\xfe\x80 \xc3']);
  assert.deepEqual(valuesOf(request, 'x-user'), ['alice']);
});
