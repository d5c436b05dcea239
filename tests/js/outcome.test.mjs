// What `gate.check` gives back: exact shapes, plain data, and a Response on demand.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Reply } from '../../pkg/dist/index.js';
import { UUID, withoutId } from './ids.mjs';
import { bearer, call, CLAIMS, config, ISSUER, NOW, open, payloadWith, RESOURCE, SCOPES, token } from './issuer.mjs';

const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource/mcp';

const gate = await open();
const check = (request, now = NOW) => gate.check(request, { now });

describe('allow', () => {
  it('holds exactly this', async () => {
    const scoped = await open({ scopes: SCOPES, forward: { headers: { 'x-user': 'sub' } } });
    const scope = 'mcp:read mcp:write extra';
    const headers = [['authorization', `Bearer ${token({ scope })}`], ['x-user', 'root']];
    const upstream = await scoped.check(call([...headers, ['x-request-id', 'with space']]), { now: NOW });
    assert.deepStrictEqual(withoutId(upstream.grant.headers), [['x-user', 'alice']]);
    const outcome = await scoped.check(call([...headers, ['x-request-id', 'req-1']]), { now: NOW });
    assert.deepStrictEqual(outcome, {
      allow: true,
      decision: 'allow',
      grant: {
        issuer: ISSUER, subject: 'alice', client: 'client-1', scopes: ['mcp:read', 'mcp:write', 'extra'],
        claims: { ...CLAIMS, scope }, headers: [['x-request-id', 'req-1'], ['x-user', 'alice']], replyHeaders: [],
      },
      shadow: [],
    });
  });

  it('leaves out what the token lacks', async () => {
    const relaxed = await open({ issuers: [{ ...config().issuers[0], claims: { optional: ['sub', 'client_id', 'jti', 'iat'] } }] });
    const made = token({ sub: undefined, client_id: undefined, jti: undefined, iat: undefined });
    const { grant } = await relaxed.check(bearer(made), { now: NOW });
    assert.deepStrictEqual(Object.keys(grant).sort(), ['claims', 'headers', 'issuer', 'replyHeaders', 'scopes']);
    assert.deepStrictEqual(grant.scopes, []);
  });

  it('is plain data: it can be cloned and written as JSON', async () => {
    const outcome = await check(bearer(token({ deep: { list: [1, null, { a: true }] } })));
    assert.deepStrictEqual(structuredClone(outcome), outcome);
    assert.deepStrictEqual(JSON.parse(JSON.stringify(outcome)), outcome);
  });

  it('is each caller\'s own', async () => {
    const [one, two] = [await check(bearer()), await check(bearer())];
    one.grant.claims.sub = 'root';
    one.grant.scopes.push('all');
    assert.deepStrictEqual([two.grant.claims.sub, two.grant.scopes], ['alice', []]);
    assert.equal((await check(bearer())).grant.claims.sub, 'alice');
  });
});

describe('claims', () => {
  const claim = async (text) => {
    const outcome = await check(bearer(token(payloadWith(`"x":${text}`))));
    assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
    return outcome.grant.claims.x;
  };

  const cases = {
    1: 1, '-1': -1, 1.5: 1.5, '1.0': 1, true: true, null: null, '""': '', '"\\u00e9\\ud83d\\ude00"': 'é😀',
    '[]': [], '{}': {}, '[[],{"a":[{"b":1}]}]': [[], { a: [{ b: 1 }] }],
    4294967296: 2 ** 32, 9007199254740991: Number.MAX_SAFE_INTEGER, '-9007199254740991': Number.MIN_SAFE_INTEGER,
    '1e300': 1e300, '5e-324': 5e-324,
  };
  for (const [text, value] of Object.entries(cases)) {
    it(`${text} comes as it is`, async () => assert.deepStrictEqual(await claim(text), value));
  }

  // A number that JSON.parse would round is rounded: no claim of a good token may stop the check.
  for (const text of ['9007199254740992', '9007199254740993', '-9007199254740993', '18446744073709551615', '123456789012345678901234567890']) {
    it(`${text} comes as JSON.parse reads it`, async () => {
      assert.deepStrictEqual(await claim(text), JSON.parse(text));
      assert.deepStrictEqual(await claim(`{"deep":[${text}]}`), { deep: [JSON.parse(text)] });
    });
  }

  it('cannot reach the prototype', async () => {
    const { grant } = await check(bearer(token(payloadWith('"__proto__":{"admin":true},"constructor":1,"toString":2'))));
    assert.equal(grant.claims.admin, undefined);
    assert.equal(Object.getPrototypeOf(grant.claims), Object.prototype);
    assert.deepStrictEqual(Object.getOwnPropertyDescriptor(grant.claims, '__proto__')?.value, { admin: true });
    assert.deepStrictEqual([grant.claims.constructor, grant.claims.toString], [1, 2]);
    assert.equal({}.admin, undefined);
  });
});

describe('deny', () => {
  it('holds exactly this', async () => {
    const request = call([['authorization', `Bearer ${token()}`], ['x-request-id', 'req-1']]);
    const outcome = await check(request, NOW + 330);
    const text = 'the access token has expired';
    assert.ok(outcome.reply instanceof Reply);
    assert.deepStrictEqual({ ...outcome, reply: { ...outcome.reply, body: JSON.parse(outcome.reply.body) } }, {
      allow: false,
      decision: 'deny',
      reason: 'token_expired',
      facts: { exp: NOW + 300, now: NOW + 330 },
      log: {
        event: 'denied', error: 'token_expired', code: 'invalid_token', status: 401, resource: RESOURCE,
        request_id: 'req-1', facts: { exp: NOW + 300, now: NOW + 330 },
      },
      reply: {
        status: 401,
        headers: [
          ['content-type', 'application/problem+json'],
          ['www-authenticate', `Bearer error="invalid_token", resource_metadata="${METADATA}"`],
          ['x-request-id', 'req-1'],
        ],
        body: {
          error: 'invalid_token', error_description: text, type: 'urn:waxseal:error:token_expired',
          title: 'Unauthorized', status: 401, detail: text, requestId: 'req-1',
        },
      },
    });
  });

  it('tells the log whose call it was, once the token is verified, and its trace', async () => {
    const scoped = await open({ scopes: ['more'] });
    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    const request = call([['authorization', `Bearer ${token()}`], ['traceparent', `00-${trace}-${span}-01`]]);
    const { log } = await scoped.check(request, { now: NOW });
    assert.deepStrictEqual([log.error, log.client_id, log.trace_id, log.span_id], ['insufficient_scope', 'client-1', trace, span]);
    const forged = bearer(`${token().slice(0, -5)}AAAAA`);
    assert.equal((await scoped.check(forged, { now: NOW })).log.client_id, undefined);
  });

  it('has facts also where there are none', async () => {
    assert.deepStrictEqual((await check(call())).facts, {});
  });

  it('shows the facts to the caller only where the configuration says so', async () => {
    const verbose = await open({ errors: { verbose: true } });
    const details = async (one) => JSON.parse((await one.check(bearer(), { now: NOW + 330 })).reply.body).details;
    assert.deepStrictEqual(await details(verbose), { exp: NOW + 300, now: NOW + 330 });
    assert.equal(await details(gate), undefined);
  });

  it('carries an id of its own where the caller gave none', async () => {
    const id = async (headers) => {
      const { reply } = await check(call(headers));
      const { requestId } = JSON.parse(reply.body);
      assert.deepStrictEqual(reply.headers.at(-1), ['x-request-id', requestId]);
      return requestId;
    };
    const [one, two] = [await id(), await id()];
    assert.match(one, UUID);
    assert.notEqual(one, two);
    assert.equal(parseInt(one.replaceAll('-', '').slice(0, 12), 16), NOW * 1000);
    assert.match(await id({ 'x-request-id': 'with space' }), UUID);
    assert.match(await id({ 'x-request-id': 'x'.repeat(129) }), UUID);
    assert.equal(await id({ 'X-Request-Id': 'x'.repeat(128) }), 'x'.repeat(128));
  });
});

describe('answer', () => {
  it('holds exactly this', async () => {
    const outcome = await (await open({ scopes: SCOPES })).check({ url: '/.well-known/oauth-protected-resource/mcp', headers: { 'x-request-id': 'req-1' } });
    assert.ok(outcome.reply instanceof Reply);
    assert.deepStrictEqual({ ...outcome, reply: { ...outcome.reply, body: JSON.parse(outcome.reply.body) } }, {
      allow: false,
      decision: 'answer',
      reply: {
        status: 200,
        headers: [['content-type', 'application/json'], ['x-request-id', 'req-1']],
        body: { resource: RESOURCE, authorization_servers: [ISSUER], scopes_supported: SCOPES, bearer_methods_supported: ['header'] },
      },
    });
  });
});

describe('toResponse', () => {
  it('gives status, every header and the body, each time anew', async () => {
    const { reply } = await check(call());
    for (const response of [reply.toResponse(), reply.toResponse()]) {
      assert.ok(response instanceof Response);
      assert.equal(response.status, 401);
      assert.deepStrictEqual([...response.headers], reply.headers);
      assert.equal(await response.text(), reply.body);
    }
  });

  it('keeps several headers of one name apart', () => {
    const headers = [['www-authenticate', 'Bearer'], ['www-authenticate', 'DPoP algs="ES256"'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']];
    const response = new Reply({ status: 401, headers, body: '' }).toResponse();
    assert.equal(response.headers.get('www-authenticate'), 'Bearer, DPoP algs="ES256"');
    assert.deepStrictEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  });

  it('gives no body where the status has none', async () => {
    for (const status of [204, 205, 304]) {
      const response = new Reply({ status, headers: [['x-a', '1']], body: '' }).toResponse();
      assert.deepStrictEqual([response.status, response.body, response.headers.get('x-a')], [status, null, '1']);
    }
  });

  it('works for every status and any realm', async () => {
    const strange = await open({ scopes: SCOPES, challenge: { realm: 'gesch\u00fctzt \u2713 "quoted" \\ \r\n x: y' } });
    const outcomes = [
      await strange.check(call(), { now: NOW }),
      await strange.check(bearer(), { now: NOW }),
      await strange.check(call([], { url: '/?access_token=1' }), { now: NOW }),
      await strange.check({ url: '/.well-known/oauth-protected-resource' }),
    ];
    assert.deepStrictEqual(outcomes.map(({ reply }) => reply.toResponse().status), [401, 403, 400, 200]);
    for (const { reply } of outcomes) assert.deepStrictEqual([...reply.toResponse().headers], reply.headers);
  });
});

describe('now', () => {
  it('is the system\'s clock unless given', async () => {
    assert.equal((await gate.check(bearer())).reason, 'token_expired');
    const seconds = Math.floor(Date.now() / 1000);
    assert.equal((await gate.check(bearer(token({ iat: seconds, exp: seconds + 60 })))).decision, 'allow');
  });

  it('may have a fraction, and be far away', async () => {
    assert.equal((await check(bearer(), NOW + 329.999)).decision, 'allow');
    assert.equal((await check(bearer(), NOW + 330)).reason, 'token_expired');
    for (const now of [1e15, 1e17, 1e300, Number.MAX_VALUE]) assert.equal((await check(bearer(), now)).reason, 'token_expired', String(now));
    for (const now of [0, -1, -1e17, -1e300]) assert.equal((await check(bearer(), now)).reason, 'token_issued_in_future', String(now));
  });
});
