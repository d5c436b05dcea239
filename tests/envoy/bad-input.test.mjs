// Bytes that no honest client sends: a sane answer, and the worker lives on.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { lines, raw } from './client.mjs';
import { assertDenied, challenge, METADATA } from './denial.mjs';
import { until } from './envoy.mjs';
import { Http2, rawHttp2 } from './http2.mjs';
import { gate, Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const configuration = gate({ forward: { headers: { 'x-user': 'sub' } } });
const wide = { max_request_headers_kb: 8192, common_http_protocol_options: { max_headers_count: 5000 } };

let stage;
before(async () => {
  // One worker for all: a request that kills it fails everything after it.
  stage = await Stage.open({ listeners: { plain: { configuration }, wide: { configuration, manager: wide } } });
});
after(() => stage?.end());

// After whatever a test has sent, a good request passes through both listeners.
afterEach(async () => {
  for (const name of ['plain', 'wide']) {
    const { headers } = await stage.passes(name);
    assert.deepEqual(headers.filter(([field]) => field === 'x-user'), [['x-user', 'alice']]);
  }
});

let count = 0;
/** Writes a request: its reply with its id. */
async function write(first, { name = 'plain', fields = [], more = '' } = {}) {
  count += 1;
  const id = `bad-${count}`;
  const reply = await raw(stage.port(name), lines(first, `x-request-id: ${id}`, ...fields) + more);
  return { ...reply, id };
}

const authorized = () => [`authorization: ${bearer()}`];
const INVALID_TOKEN = { status: 401, error: 'invalid_token', authenticate: challenge({ error: 'invalid_token', resource_metadata: METADATA }) };
const NO_TOKEN = { ...INVALID_TOKEN, authenticate: challenge({ resource_metadata: METADATA }) };

for (const [value, reason, expected] of [
  ['Bearer \xff\xfe', 'authorization_malformed', INVALID_TOKEN],
  ['\xff\xfe', 'authorization_malformed', INVALID_TOKEN],
  ['Bearer a.b.\xc3\xa9', 'authorization_malformed', INVALID_TOKEN],
  ['B\xc3\xa9arer a.b.c', 'scheme_unsupported', NO_TOKEN],
  ['Bearer \t', 'authorization_malformed', INVALID_TOKEN],
  ['Bearer\ta.b.c', 'authorization_malformed', INVALID_TOKEN],
  [',', 'scheme_unsupported', NO_TOKEN],
  ['Bearer ' + '.'.repeat(10_000), 'token_malformed', INVALID_TOKEN],
  ['Bearer ' + 'A'.repeat(59 * 1024), 'token_too_long', INVALID_TOKEN],
  ['Bearer,'.repeat(5000), 'scheme_unsupported', NO_TOKEN],
  ['Bearer ' + 'Bearer x, '.repeat(5000), 'authorization_duplicated', {
    status: 400, error: 'invalid_request', authenticate: challenge({ error: 'invalid_request', resource_metadata: METADATA }),
  }],
]) {
  test(`authorization of ${value.length} bytes: ${JSON.stringify(value.slice(0, 20))}`, async () => {
    const reply = await write('GET /mcp HTTP/1.1', { fields: [`authorization: ${value}`] });
    await assertDenied(stage, reply, { reason, ...expected });
  });
}

test('300 made-up authorizations: each is denied, none passes and none fails', async () => {
  const good = bearer();
  const bytes = (seed, length) => createHash('shake256', { outputLength: length }).update(seed).digest();
  const printable = (buffer) => [...buffer].map((byte) => String.fromCharCode(byte < 0x20 || byte === 0x7f ? byte + 0x80 : byte)).join('');
  const values = Array.from({ length: 300 }, (_, n) => {
    const [kind, at, byte] = bytes(`kind ${n}`, 3);
    const junk = printable(bytes(`junk ${n}`, 1 + at));
    if (kind < 80) return junk;
    if (kind < 160) return `Bearer ${junk}`;
    // the good one with one byte changed, behind its header: the last byte may carry unused bits
    const place = good.indexOf('.') + 1 + ((at * 256 + byte) % (good.length - good.indexOf('.') - 5));
    const other = String.fromCharCode(0x80 + (byte % 0x80));
    return good.slice(0, place) + (kind < 200 ? other : good[place] === 'A' ? 'B' : 'A') + good.slice(place + 1);
  });
  for (const value of values) {
    const reply = await write('GET /mcp HTTP/1.1', { fields: [`authorization: ${value}`] });
    assert.ok([400, 401].includes(reply.status), `${reply.status} for ${JSON.stringify(value)}`);
    assert.equal(reply.values('content-type')[0], 'application/problem+json');
    assert.equal(stage.upstream.request(reply.id), undefined);
  }
});

for (const [what, path, arrives = path] of [
  ['broken escapes', '/mcp/%00%zz%?%=%&%a&access_token%zz=1'],
  ['separators', '//mcp\\..\\;a?b?c'],
  ['what URLs exclude', '/"<>{}|^`'],
  ['absolute-form', 'http://mcp.example.com/mcp?a=1', '/mcp?a=1'],
]) {
  test(`an odd path passes with a good token: ${what}`, async () => {
    const reply = await write(`GET ${path} HTTP/1.1`, { fields: authorized() });
    assert.equal(reply.status, 200, reply.body);
    assert.equal(stage.upstream.request(reply.id).url, arrives);
    await assertDenied(stage, await write(`GET ${path} HTTP/1.1`), { reason: 'missing_token', ...NO_TOKEN });
  });
}

test('absolute-form is read as any other: metadata, token in the query', async () => {
  const document = await write('GET http://other.example.com/.well-known/oauth-protected-resource HTTP/1.1');
  assert.equal(document.status, 200);
  assert.equal((await stage.envoy.accessOf(document.id)).details, 'answered');
  const query = await write('GET http://mcp.example.com/mcp?access_token=x HTTP/1.1', { fields: authorized() });
  assert.equal((await stage.envoy.accessOf(query.id)).details, 'token_in_query');
});

test('a target that is no path is denied, whatever the token', async () => {
  for (const fields of [[], authorized()]) {
    const reply = await write('CONNECT mcp.example.com:443 HTTP/1.1', { fields });
    await assertDenied(stage, reply, { reason: 'request_malformed', status: 400, error: 'invalid_request' });
  }
});

// Envoy answers these before the filter sees them; should it ever not, nothing may pass without a token.
for (const [what, first, fields = []] of [
  ['OPTIONS *', 'OPTIONS * HTTP/1.1'],
  ['a bare name as target', 'GET mcp HTTP/1.1'],
  ['a path that is not UTF-8', 'GET /mcp/\xff HTTP/1.1'],
  ['an unknown scheme', 'GET ftp://mcp.example.com/mcp HTTP/1.1'],
  ['a fragment', 'GET /mcp#a HTTP/1.1'],
  ['a header name that is not ASCII', 'GET /mcp HTTP/1.1', ['x-\xff: a']],
  ['NUL in a header', 'GET /mcp HTTP/1.1', ['x-a: a\0b']],
  ['a second host', 'GET /mcp HTTP/1.1', ['host: other.example.com']],
  ['both lengths', 'POST /mcp HTTP/1.1', ['content-length: 5', 'transfer-encoding: chunked']],
  ['an upgrade', 'GET /mcp HTTP/1.1', ['upgrade: websocket', 'connection: upgrade']],
  ['61 kB of headers', 'GET /mcp HTTP/1.1', [`x-big: ${'x'.repeat(61 * 1024)}`]],
  ['101 headers', 'GET /mcp HTTP/1.1', Array.from({ length: 101 }, (_, n) => `x-${n}: y`)],
]) {
  test(`denied without a token, answered with one: ${what}`, async () => {
    const denied = await write(first, { fields });
    assert.ok(denied.status >= 400 && denied.status < 500, `status ${denied.status}`);
    assert.equal(stage.upstream.request(denied.id), undefined);
    const answered = await write(first, { fields: [...authorized(), ...fields] });
    assert.ok(answered.status < 500, `status ${answered.status}`);
  });
}

test('bytes that are no HTTP at all', async () => {
  const noise = createHash('shake256', { outputLength: 5000 }).update('noise').digest();
  for (const bytes of [Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01'), noise, Buffer.from('GET /mcp HTTP/1.1\r\nno colon\r\n\r\n')]) {
    const reply = await raw(stage.port('plain'), bytes);
    assert.ok(reply === undefined || reply.status === 400, `status ${reply?.status}`);
  }
});

test('a request id that is not UTF-8 is replaced in the body', async () => {
  const reply = await raw(stage.port('plain'), lines('GET /mcp HTTP/1.1', 'x-request-id: \xff\xfe'));
  assert.equal(reply.status, 401);
  assert.match(reply.json().requestId, /^[0-9a-f-]{36}$/);
});

test('59 kB of headers pass with a good token', async () => {
  const value = 'x'.repeat(58 * 1024);
  const reply = await write('GET /mcp HTTP/1.1', { fields: [...authorized(), `x-big: ${value}`] });
  assert.equal(reply.status, 200, reply.body);
  assert.deepEqual(stage.upstream.request(reply.id).headers.filter(([name]) => name === 'x-big'), [['x-big', value]]);
});

// Where an operator raises Envoy's own limits, the ABI still carries 1024 fields and 1 MiB.
for (const [what, fields] of [
  ['1000 headers', Array.from({ length: 1000 }, (_, n) => `x-${n}: y`)],
  ['2000 headers', Array.from({ length: 2000 }, (_, n) => `x-${n}: y`)],
  ['900 kB of headers', [`x-big: ${'x'.repeat(900 * 1024)}`]],
  ['2 MB of headers', [`x-big: ${'x'.repeat(2 << 20)}`]],
]) {
  test(`under raised limits, all or nothing: ${what}`, async () => {
    const without = await write('GET /mcp HTTP/1.1', { name: 'wide', fields });
    await assertDenied(stage, without, { reason: 'missing_token', ...NO_TOKEN });
    const reply = await write('GET /mcp HTTP/1.1', { name: 'wide', fields: [...authorized(), 'X_User: mallory', ...fields] });
    const arrived = stage.upstream.request(reply.id);
    if (reply.status === 200) {
      const names = arrived.headers.map(([name]) => name);
      assert.equal(names.filter((name) => name.startsWith('x-') && /^x-(\d+|big)$/.test(name)).length, fields.length);
      assert.deepEqual(arrived.headers.filter(([name]) => /^x.user$/i.test(name)), [['x-user', 'alice']]);
      assert.ok(!names.includes('authorization'));
    } else {
      // Never a pass with half the headers, and the log says that it was the gate.
      assert.equal(arrived, undefined);
      await assertDenied(stage, reply, { reason: 'host_failed', status: 503, error: 'temporarily_unavailable', after: Number(reply.values('retry-after')[0]) });
    }
  });
}

test('a target of 7 MB', async () => {
  const reply = await write(`GET /mcp?${'x&'.repeat(7 << 19)} HTTP/1.1`, { name: 'wide' });
  await assertDenied(stage, reply, { reason: 'missing_token', ...NO_TOKEN });
});

test('a denied gRPC call is a gRPC error, and is not forwarded', async () => {
  const reply = await write('POST /mcp HTTP/1.1', { fields: ['content-type: application/grpc', 'content-length: 0'] });
  assert.deepEqual([reply.status, reply.values('grpc-status')], [200, ['16']]);
  assert.equal((await stage.envoy.accessOf(reply.id)).details, 'missing_token');
  assert.equal(stage.upstream.request(reply.id), undefined);
});

test('a second request in the body of a denied one is not served', async () => {
  const smuggled = lines('GET /mcp HTTP/1.1', 'x-request-id: smuggled', `authorization: ${bearer()}`);
  const reply = await write('POST /mcp HTTP/1.1', { fields: [`content-length: ${smuggled.length}`], more: smuggled });
  await assertDenied(stage, reply, { reason: 'missing_token', ...NO_TOKEN });
  assert.equal(stage.upstream.request('smuggled'), undefined);
});

test('HTTP/2: good, denied and odd requests over one connection', async () => {
  const client = await Http2.open(stage.port('plain'));
  const authorization = bearer();
  try {
    const replies = await Promise.all(Array.from({ length: 60 }, (_, n) => client.ask({
      headers: n % 3 === 0 ? { authorization, 'x-odd': '\xff' } : n % 3 === 1 ? {} : { authorization: 'Bearer \xff' },
    })));
    for (const [n, reply] of replies.entries()) {
      if (n % 3 === 0) {
        assert.equal(reply.status, 200, reply.body);
        const { headers } = stage.upstream.request(reply.id);
        assert.deepEqual(headers.filter(([name]) => /^x-(odd|user)$/.test(name)).sort(), [['x-odd', '\xff'], ['x-user', 'alice']]);
      } else {
        await assertDenied(stage, reply, n % 3 === 1 ? { reason: 'missing_token', ...NO_TOKEN } : { reason: 'authorization_malformed', ...INVALID_TOKEN });
      }
    }
  } finally {
    await client.end();
  }
});

for (const [what, reason, change] of [
  ['a good request', 'via_upstream', (fields) => fields],
  ['two authorizations', 'authorization_duplicated', (fields) => [...fields, ['authorization', bearer()]]],
  ['two authorizations apart', 'authorization_duplicated', (fields) => [...fields.slice(0, 4), ['authorization', 'Basic YTpi'], ...fields.slice(4)]],
  ['a path that is not UTF-8', 'request_malformed', (fields) => fields.map(([name, value]) => [name, name === ':path' ? '/mcp\xff' : value])],
  ['an authorization that is not UTF-8', 'authorization_malformed', (fields) => fields.map(([name, value]) => [name, name === 'authorization' ? '\xff' : value])],
]) {
  test(`HTTP/2, written by hand: ${what}`, async () => {
    const id = `by-hand-${what.replaceAll(' ', '-')}`;
    await rawHttp2(stage.port('plain'), change([
      [':method', 'GET'], [':scheme', 'http'], [':authority', 'mcp.example.com'], [':path', '/mcp'], ['x-request-id', id], ['authorization', bearer()],
    ]));
    assert.equal((await stage.envoy.accessOf(id)).details, reason);
    assert.equal(stage.upstream.request(id) !== undefined, reason === 'via_upstream');
  });
}

test('HTTP/2 that Envoy resets does no harm', async () => {
  const base = [[':method', 'GET'], [':scheme', 'http'], [':authority', 'mcp.example.com'], [':path', '/mcp'], ['authorization', bearer()]];
  for (const [n, extra] of [['X-Upper', 'a'], ['x-\xff', 'a'], [':path', '/other'], ['connection', 'close'], ['x-a', 'a\r\nb: c']].entries()) {
    const before = stage.envoy.access.length;
    await rawHttp2(stage.port('plain'), [...base, ['x-request-id', `reset-${n}`], extra]);
    await until('the access log', () => stage.envoy.access.length > before);
    assert.equal(stage.upstream.request(`reset-${n}`), undefined, `${extra} reached the upstream`);
  }
});
