// Pages of other origins: preflights, replies that a page can read, and origins that are not listed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UUID, withoutId } from './ids.mjs';
import { bearer, call, NOW, open, RESOURCE, token } from './issuer.mjs';
import { assertUnavailable, gateWith } from './answers.mjs';
import { serve } from './loopback.mjs';

const ORIGIN = 'https://app.example.com';
const LOCAL = 'http://127.0.0.1:5173';
const EXPOSED = 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, Mcp-Session-Id';
const METADATA = '/.well-known/oauth-protected-resource';

const gate = await open({ origins: [ORIGIN, LOCAL] });
const plain = await open();

const VARY = ['vary', 'Origin'];
const readable = (origin) => [['access-control-allow-origin', origin], ['access-control-expose-headers', EXPOSED], VARY];
const GOOD = ['authorization', `Bearer ${token()}`];
const check = (request, given = gate) => given.check(request, { now: NOW });
const preflight = (headers = [], members = {}) =>
  call([['origin', ORIGIN], ['access-control-request-method', 'POST'], ...headers], { method: 'OPTIONS', ...members });

describe('a preflight', () => {
  it('is answered with exactly this', async () => {
    const { allow, decision, reply, ...more } = await check(preflight([['access-control-request-headers', 'authorization,content-type'], ['x-request-id', 'req-1']]));
    assert.deepEqual([allow, decision, more], [false, 'answer', {}]);
    assert.deepEqual({ ...reply }, {
      status: 204,
      headers: [
        ['access-control-allow-methods', 'GET, POST, DELETE'],
        ['access-control-max-age', '600'],
        ['access-control-allow-headers', 'authorization, content-type'],
        ['x-request-id', 'req-1'],
        ...readable(ORIGIN),
      ],
      body: '',
    });
  });

  it('becomes a Response without a body', async () => {
    const { reply } = await check(preflight([['access-control-request-headers', 'authorization']]));
    const response = reply.toResponse();
    assert.equal(response.status, 204);
    assert.equal(response.body, null);
    assert.deepEqual([...response.headers], [...reply.headers].sort(([one], [other]) => (one < other ? -1 : 1)));
    assert.equal(reply.toResponse().headers.get('access-control-allow-origin'), ORIGIN);
  });

  it('names no headers where it asks for none', async () => {
    const { reply } = await check(preflight());
    assert.deepEqual(withoutId(reply.headers, 4), [['access-control-allow-methods', 'GET, POST, DELETE'], ['access-control-max-age', '600'], ...readable(ORIGIN)]);
  });

  it('gets back names only', async () => {
    const asked = async (value) => new Headers((await check(preflight([['access-control-request-headers', value]]))).reply.headers).get('access-control-allow-headers');
    assert.equal(await asked('Authorization ,  MCP-Protocol-Version,,x'), 'authorization, mcp-protocol-version, x');
    assert.equal(await asked('a b, x\r\ny: z, "q", caf\u00e9, ok'), 'ok');
    assert.equal(await asked(''), null);
    assert.equal((await asked(Array.from({ length: 100 }, (_, n) => `x-${n}`).join())).split(', ').length, 64);
    assert.equal(await asked('x'.repeat(1_000_000)), null);
  });

  it('needs no token, at any path, and looks at none', async () => {
    for (const url of ['/mcp', '/', RESOURCE, METADATA, '/a?b=c']) {
      for (const more of [[], [GOOD], [['authorization', 'Bearer x y']]]) {
        assert.equal((await check(preflight(more, { url }))).reply.status, 204, url);
      }
    }
  });

  it('is one only with the method that it asks about', async () => {
    const request = call([['origin', ORIGIN]], { method: 'OPTIONS' });
    assert.equal((await check(request)).reason, 'missing_token');
    assert.equal((await check({ ...preflight(), method: 'POST' })).reason, 'missing_token');
    assert.equal((await check({ ...preflight(), method: 'options' })).reason, 'missing_token');
    assert.equal((await check(call([['access-control-request-method', 'POST']], { method: 'OPTIONS' }))).reason, 'missing_token');
    assert.equal((await check(call([['origin', ORIGIN], GOOD], { method: 'OPTIONS' }))).decision, 'allow');
  });

  it('of an origin that is not listed is denied', async () => {
    const { reason, reply } = await check(call([['origin', 'https://evil.example.com'], ['access-control-request-method', 'POST']], { method: 'OPTIONS' }));
    assert.equal(reason, 'origin_forbidden');
    assert.equal(new Headers(reply.headers).has('access-control-allow-origin'), false);
  });
});

describe('an origin that is listed', () => {
  for (const origin of [ORIGIN, LOCAL]) {
    it(`${origin} passes, and the upstream's reply must carry this`, async () => {
      const { grant } = await check(call([GOOD, ['Origin', origin]]));
      assert.deepEqual(grant.replyHeaders, readable(origin));
      assert.deepEqual(withoutId(grant.headers), [['Origin', origin]]);
      const response = new Response('{}', { headers: grant.replyHeaders });
      assert.equal(response.headers.get('access-control-allow-origin'), origin);
    });
  }

  it('can read every reply', async () => {
    const down = await gateWith(() => new Response('', { status: 500 }), { origins: [ORIGIN] });
    const scoped = await open({ origins: [ORIGIN], scopes: ['files:read'] });
    const from = (headers, members) => call([['origin', ORIGIN], ...headers], members);
    const replies = [
      await check(from([])), await check(from([['authorization', 'Bearer x']])), await check(from([GOOD], { url: '/mcp?access_token=x' })),
      await check(from([], { method: 'GET', url: METADATA })), await check(from([GOOD], { url: '*' })),
      await check(from([GOOD]), scoped), await check(from([GOOD]), down.gate),
    ];
    assert.deepEqual(replies.map(({ reply }) => reply.status), [401, 401, 400, 200, 400, 403, 503]);
    for (const { reply } of replies) {
      assert.deepEqual(reply.headers.slice(-3), readable(ORIGIN));
      withoutId(reply.headers, 4);
      assert.equal(reply.toResponse().headers.get('access-control-allow-origin'), ORIGIN);
    }
    assertUnavailable(replies.at(-1));
  });

  it('is compared byte for byte', async () => {
    for (const near of ['https://APP.example.com', `${ORIGIN}/`, `${ORIGIN}:443`, 'http://app.example.com', `${ORIGIN}.`, `${ORIGIN}.evil.com`, 'https://x.app.example.com', `${ORIGIN}, ${ORIGIN}`, '', '*', 'null', 'caf\u00e9', '\u2713']) {
      const { reason, reply } = await check(call([GOOD, ['origin', near]]));
      assert.equal(reason, 'origin_forbidden', near);
      assert.equal(reply.status, 403);
    }
  });
});

describe('an origin that is not listed', () => {
  it('is denied with exactly this', async () => {
    const { facts, reply } = await check(call([GOOD, ['origin', 'https://evil.example.com'], ['x-request-id', 'req-1']]));
    assert.deepEqual(facts, { origin: 'https://evil.example.com' });
    assert.deepEqual([reply.status, reply.headers], [403, [['content-type', 'application/problem+json'], ['x-request-id', 'req-1'], VARY]]);
    const { error, type, title, status, requestId } = JSON.parse(reply.body);
    assert.deepEqual([error, type, title, status, requestId], ['origin_forbidden', 'urn:waxseal:error:origin_forbidden', 'Forbidden', 403, 'req-1']);
    assert.equal(reply.toResponse().status, 403);
  });

  it('is denied before everything else', async () => {
    const evil = ['origin', 'https://evil.example.com'];
    for (const request of [call([evil]), call([evil], { method: 'GET', url: METADATA }), call([evil, GOOD], { url: '/mcp?access_token=x' }), call([evil, ['authorization', 'Bearer a b']])]) {
      assert.equal((await check(request)).reason, 'origin_forbidden');
    }
    assert.equal((await check(call([evil], { url: '*' }))).reason, 'request_malformed');
    const never = await gateWith(() => assert.fail('fetched'), { origins: [ORIGIN] });
    assert.equal((await check(call([evil, GOOD]), never.gate)).reason, 'origin_forbidden');
  });

  it('is also what stands there twice', async () => {
    for (const headers of [[['origin', ORIGIN], ['Origin', ORIGIN]], { origin: [ORIGIN, LOCAL] }, new Headers([['origin', ORIGIN], ['origin', ORIGIN]])]) {
      const { reason, reply } = await check(call(headers));
      assert.equal(reason, 'origin_forbidden');
      assert.equal(new Headers(reply.headers).has('access-control-allow-origin'), false);
    }
  });
});

describe('where it does not matter', () => {
  it('no Origin: as ever, but a cache must know that replies vary', async () => {
    const { grant } = await check(bearer());
    assert.deepEqual(grant.replyHeaders, [VARY]);
    const { reply } = await check(call());
    assert.deepEqual(reply.headers.map(([name]) => name), ['content-type', 'www-authenticate', 'x-request-id', 'vary']);
    assert.deepEqual(reply.headers.at(-1), VARY);
  });

  it('no `origins`: none is looked at', async () => {
    for (const origin of [ORIGIN, 'https://evil.example.com', 'null', '']) {
      const { decision, grant } = await check(call([GOOD, ['origin', origin]]), plain);
      assert.deepEqual([decision, grant.replyHeaders], ['allow', []]);
    }
    assert.equal((await check(preflight(), plain)).reason, 'missing_token');
  });
});

describe('in a real server', () => {
  it('a preflight and the call after it', async (t) => {
    const { uri } = await serve(t, async (request, response) => {
      const outcome = await check(request);
      const { status, headers, body } = outcome.reply ?? { status: 200, headers: outcome.grant.replyHeaders, body: '{}' };
      for (const [name, value] of headers) response.setHeader(name, value);
      response.writeHead(status).end(body);
    });
    const first = await fetch(uri, { method: 'OPTIONS', headers: { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    assert.deepEqual([first.status, first.headers.get('access-control-allow-headers')], [204, 'authorization']);
    assert.match(first.headers.get('x-request-id'), UUID);
    const second = await fetch(uri, { method: 'POST', headers: { origin: ORIGIN, ...Object.fromEntries([GOOD]) } });
    assert.deepEqual([second.status, second.headers.get('access-control-allow-origin')], [200, ORIGIN]);
    const third = await fetch(uri, { method: 'POST', headers: { origin: 'https://evil.example.com', ...Object.fromEntries([GOOD]) } });
    assert.deepEqual([third.status, third.headers.get('access-control-allow-origin')], [403, null]);
  });
});
