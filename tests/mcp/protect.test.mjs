// `waxseal/mcp` between official MCP clients and servers of both versions: a gate in front of fetch handlers, Express,
// Hono and plain Node, and as the token verifier of the SDKs.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { requireBearerAuth as requireBearerAuthV1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import * as errorsV1 from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { OAuthError, requireBearerAuth } from '@modelcontextprotocol/server';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import { createDpop } from '../../pkg/dist/client.js';
import { Gate, WaxsealError } from '../../pkg/dist/index.js';
import { expressGuard, honoGuard, protect, tokenVerifier } from '../../pkg/dist/mcp.js';
import { gateWith, keySet } from '../js/answers.mjs';
import { config, KEY, RESOURCE, tokenOfToday } from '../js/issuer.mjs';
import { ERAS, fetching, listening, modern, onFetch, onNode, watched, whoami } from './whoami.mjs';

const open = (resource = RESOURCE, members = {}, options = {}) => Gate.open(config({ resource, ...members }), options);
const bearer = (token, more = {}) => ({ headers: { authorization: `Bearer ${token}` }, ...more });
const require = createRequire(import.meta.url);
const OK = () => new Response('ok');
/** A gate whose keys cannot be had. */
const keyless = async () => (await gateWith(() => { throw new Error('down'); })).gate;

const GUARDED = {
  'protect, SDK 2': async (resource) => fetching(protect(open(resource), (request, { authInfo }) => modern.fetch(request, { authInfo }))),
  'protect, SDK 1': async (resource) => fetching(protect(await open(resource), (request, { authInfo }) => onFetch(request, authInfo))),
  'protect of the CommonJS copy, SDK 2': async (resource) => {
    const { protect: other } = require('../../pkg/dist/cjs/mcp.js');
    return fetching(other(open(resource), (request, { authInfo }) => modern.fetch(request, { authInfo })));
  },
  'protect, a gate of the CommonJS copy': async (resource) => {
    const { Gate: OtherGate } = require('../../pkg/dist/cjs/index.js');
    return fetching(protect(() => OtherGate.open(config({ resource })), (request, { authInfo }) => modern.fetch(request, { authInfo })));
  },
  'Express, SDK 1': async (resource) => express().use(expressGuard(open(resource)), express.json(), onNode),
  'Express with a parser before, SDK 2': async (resource) => express().use('/mcp', express.json(), expressGuard(await open(resource)), (request, response) =>
    fetching((web, { authInfo, parsedBody }) => modern.fetch(web, { authInfo, parsedBody }))(request, response, request.body)),
  'plain Node, SDK 1': async (resource) => {
    const guard = expressGuard(() => open(resource));
    return (request, response) => guard(request, response, () => onNode(request, response));
  },
  'Hono, SDK 2': async (resource) => {
    const app = new Hono().use(honoGuard(() => open(resource)));
    app.all('/mcp', (c) => modern.fetch(c.req.raw, { authInfo: c.get('auth') }));
    return fetching((request) => app.fetch(request));
  },
  'tokenVerifier, Express, SDK 1': async (resource) => {
    const guard = requireBearerAuthV1({ verifier: tokenVerifier(await open(resource), errorsV1), expectedResource: new URL(resource) });
    return express().use(guard, express.json(), onNode);
  },
  'tokenVerifier, fetch, SDK 2': async (resource) => {
    const guard = requireBearerAuth({ verifier: tokenVerifier(open(resource), { OAuthError }), expectedResource: new URL(resource) });
    return fetching(async (request) => {
      const authInfo = await guard(request);
      return authInfo instanceof Response ? authInfo : modern.fetch(request, { authInfo });
    });
  },
};

for (const [name, made] of Object.entries(GUARDED)) {
  describe(name, () => {
    for (const era of ERAS) {
      // A server of version 1 knows the old era only.
      if (name.includes('SDK 1') && era.includes('2026')) continue;
      it(`${era} is known to the tool, each call for itself`, async (t) => {
        const { resource, tokenOf } = await listening(t, made);
        const said = await Promise.all(['ada', 'bob'].map((user) => whoami(t, era, resource, tokenOf(user))));
        assert.deepEqual(said, ['ada with app', 'bob with app']);
      });
    }

    it('denies all others', async (t) => {
      const { resource, tokenOf } = await listening(t, made);
      for (const [token, status] of [[undefined, 401], ['no.token', 401], [tokenOf('ada', { aud: 'https://other.example.com' }), 401], [tokenOf('ada', { exp: 1 }), 401]]) {
        const reply = await fetch(resource, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...(token && bearer(token).headers) } });
        assert.equal(reply.status, status);
        assert.match(reply.headers.get('www-authenticate'), /^Bearer /);
        assert.equal((await reply.json()).error, 'invalid_token');
      }
    });

    if (name.startsWith('tokenVerifier')) return;
    it('serves the metadata document, also for HEAD', async (t) => {
      const { resource } = await listening(t, made);
      const uri = new URL('/.well-known/oauth-protected-resource/mcp', resource);
      const reply = await fetch(uri);
      const head = await fetch(uri, { method: 'HEAD' });
      // Where it is mounted at a path alone, it has no other.
      if (name.includes('parser before')) return assert.deepEqual([reply.status, head.status], [404, 404]);
      assert.deepEqual([reply.status, head.status, await head.text()], [200, 200, '']);
      assert.equal((await reply.json()).resource, resource);
    });
  });
}

describe('protect', () => {
  it('gives the handler the request as it came, with its body, and what the runtime gave', async () => {
    const gate = await open(RESOURCE, { policy: { rules: [{ match: { tool: 'read' } }] } });
    const seen = [];
    const handler = protect(gate, async (request, { grant, outcome, authInfo }, ...rest) => {
      seen.push(request, grant === outcome.grant && authInfo.extra.grant === grant, rest);
      return new Response(await request.text());
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read', arguments: {} } });
    const request = new Request(RESOURCE, bearer(tokenOfToday(), { method: 'POST', body }));
    request.headers.set('content-type', 'application/json');
    const [env, context] = [{ SECRET: 'a' }, { waitUntil() {} }];
    const reply = await handler(request, env, context);
    assert.equal(await reply.text(), body);
    assert.deepEqual(seen, [request, true, [env, context]]);
  });

  it('tells the SDKs who calls', async () => {
    const token = tokenOfToday({ scope: 'a b' });
    let told;
    await protect(await open(), (_, { authInfo }) => ((told = authInfo), OK()))(new Request(RESOURCE, bearer(token)));
    const { extra, expiresAt, ...rest } = told;
    assert.deepEqual(rest, { token, clientId: 'client-1', scopes: ['a', 'b'], resource: new URL(RESOURCE) });
    assert.deepEqual([extra.grant.subject, extra.grant.claims.exp], ['alice', expiresAt]);
    await protect(await open(RESOURCE, { issuers: [{ ...config().issuers[0], claims: { optional: ['client_id'] } }] }), (_, { authInfo }) => ((told = authInfo), OK()))(
      new Request(RESOURCE, bearer(tokenOfToday({ client_id: undefined }))));
    // Not the subject: they are different things.
    assert.equal(told.clientId, '');
  });

  it('answers a preflight, and lets a page of a listed origin read what the handler says', async () => {
    const origin = 'https://app.example.com';
    const handler = protect(await open(RESOURCE, { origins: [origin] }), () =>
      new Response('ok', { headers: { vary: 'Accept', 'access-control-allow-origin': '*', 'set-cookie': 'a=b' } }));
    const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const preflight = await handler(new Request(RESOURCE, { method: 'OPTIONS', headers: asked }));
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, origin]);
    const call = (from) => handler(new Request(RESOURCE, { headers: { ...bearer(tokenOfToday()).headers, origin: from } }));
    const { headers } = await call(origin);
    assert.deepEqual([headers.get('access-control-allow-origin'), headers.get('vary'), headers.get('set-cookie')], [origin, 'Accept, Origin', 'a=b']);
    assert.equal((await call('https://evil.example.com')).status, 403);
    // Without an origin it is no preflight, and so a call without a token.
    assert.equal((await handler(new Request(RESOURCE, { method: 'OPTIONS' }))).status, 401);
  });

  for (const [name, made] of Object.entries({
    protect: (gate) => fetching(protect(gate, OK)),
    expressGuard: (gate) => express().use(expressGuard(gate), (_, response) => response.send('ok')),
    honoGuard: (gate) => { const app = new Hono().use(honoGuard(gate)).get('/mcp', (c) => c.text('ok')); return fetching((request) => app.fetch(request)); },
  })) {
    it(`takes proofs of possession, each once, and hands out nonces: ${name}`, async (t) => {
      const dpop = await createDpop();
      const nonce = { mode: 'always', secret: { env: 'NONCE' } };
      const { resource, tokenOf } = await listening(t, (resource) =>
        made(open(resource, { dpop: { mode: 'required', nonce } }, { env: { NONCE: 'a secret of the tests' } })));
      const token = tokenOf('ada', { cnf: { jkt: dpop.thumbprint } });
      const sent = [];
      const reply = await dpop.fetch((request, init) => { sent.push(new Request(request, init)); return fetch(request, init); }, { token })(resource);
      assert.deepEqual([reply.status, await reply.text(), sent.length], [200, 'ok', 2]);
      assert.match(reply.headers.get('dpop-nonce'), /./);
      const again = await fetch(sent[1].clone());
      assert.equal(again.status, 401);
      assert.equal((await fetch(resource, bearer(token))).status, 401);
    });

    it(`says nothing of a handler that fails: ${name}`, async (t) => {
      const failing = () => { throw new Error('the handler failed'); };
      const { resource, tokenOf } = await listening(t, (resource) => {
        const gate = open(resource);
        if (name === 'expressGuard') return express().use(expressGuard(gate), failing, (error, _, response, next) => response.status(500).send(error.message) && next);
        if (name === 'protect') return fetching((request) => protect(gate, failing)(request).catch((error) => new Response(error.message, { status: 500 })));
        const app = new Hono().use(honoGuard(gate)).get('/mcp', failing);
        app.onError((error, c) => c.text(error.message, 500));
        return fetching((request) => app.fetch(request));
      });
      const reply = await fetch(resource, bearer(tokenOf('ada')));
      assert.deepEqual([reply.status, await reply.text()], [500, 'the handler failed']);
    });
  }

  it('leaves 503 what it is', async (t) => {
    const gate = await keyless();
    const reply = await protect(gate, OK)(new Request(RESOURCE, bearer(tokenOfToday())));
    assert.equal(reply.status, 503);
    assert.match(reply.headers.get('retry-after'), /^\d+$/);
    const { resource } = await listening(t, () => express().use(expressGuard(gate), (_, response) => response.send('ok')));
    assert.equal((await fetch(resource, bearer(tokenOfToday()))).status, 503);
  });

  it('shortens lists to what the caller may use, also on Hono; a middleware of Node refuses to try', async () => {
    const members = { policy: { lists: 'filtered', rules: [{ match: { method: 'tools/list' } }, { match: { tool: 'read_*' } }] } };
    const tools = ['read_a', 'drop_all'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    const listed = () => Response.json({ jsonrpc: '2.0', id: 1, result: { tools } });
    const gate = await open(RESOURCE, members);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
    const request = () => new Request(RESOURCE, { method: 'POST', body, headers: { ...bearer(tokenOfToday()).headers, 'content-type': 'application/json' } });
    const app = new Hono().use(honoGuard(gate)).post('/mcp', listed);
    for (const handler of [protect(gate, listed), (request) => app.fetch(request)]) {
      const reply = await handler(request());
      assert.deepEqual((await reply.json()).result.tools.map(({ name }) => name), ['read_a']);
      assert.equal(reply.headers.get('content-length'), null);
    }
    assert.throws(() => expressGuard(gate), { code: 'invalid_configuration', message: /lists.*`protect`/ });
    const late = await new Promise((next) => { expressGuard(Promise.resolve(gate))({ url: '/mcp' }, {}, next); });
    assert.equal(late.code, 'invalid_configuration');
  });

  it('asks a function for a gate until it has one, and then no more', async () => {
    const asked = [];
    const handler = protect(async (env) => {
      asked.push(env);
      if (asked.length === 1) throw new Error('no secrets yet');
      return open();
    }, OK);
    const request = () => new Request(RESOURCE, bearer(tokenOfToday()));
    await assert.rejects(handler(request(), 'env'), /no secrets yet/);
    assert.equal((await handler(request(), 'env')).status, 200);
    assert.equal((await handler(request(), 'env')).status, 200);
    assert.deepEqual(asked, ['env', 'env']);
  });

  it('gives what opens a gate the bindings of Hono', async () => {
    const app = new Hono().use(honoGuard((env) => Gate.open(config({ dpop: { mode: 'optional', nonce: { mode: 'always', secret: { env: 'NONCE' } } } }), { env }))).get('/mcp', (c) => c.text(c.get('auth').clientId));
    const request = () => new Request(RESOURCE, bearer(tokenOfToday()));
    assert.equal((await app.fetch(request(), {})).status, 500);
    const reply = await app.fetch(request(), { NONCE: 'a secret of the tests' });
    assert.deepEqual([reply.status, await reply.text()], [200, 'client-1']);
    assert.equal((await app.fetch(new Request(new URL('/other', RESOURCE), bearer(tokenOfToday())))).status, 404);
  });

  it('knows one gate, however many were opened at once', async () => {
    const dpop = await createDpop();
    const token = tokenOfToday({ cnf: { jkt: dpop.thumbprint } });
    const headers = { authorization: `DPoP ${token}`, dpop: await dpop.proof({ method: 'GET', url: RESOURCE, token }) };
    const handler = protect(() => open(RESOURCE, { dpop: { mode: 'required' } }), OK);
    const replies = await Promise.all(Array.from({ length: 20 }, () => handler(new Request(RESOURCE, { headers }))));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  });

  it('lets nobody pass where there is no gate', async () => {
    for (const source of [undefined, null, {}, 'gate', config()]) {
      assert.throws(() => protect(source, OK), (error) => WaxsealError.isInstance(error) && error.code === 'invalid_argument');
    }
    for (const source of [Promise.reject(new Error('no gate')), () => undefined, async () => ({})]) {
      let handled = 0;
      await assert.rejects(protect(source, () => ((handled += 1), OK()))(new Request(RESOURCE, bearer(tokenOfToday()))));
      const error = await new Promise((next) => { expressGuard(source)({ url: '/mcp' }, {}, next); });
      assert.ok(error instanceof Error);
      assert.equal(handled, 0);
    }
    assert.throws(() => protect(keyless(), undefined), { code: 'invalid_argument', message: /`handler`/ });
    for (const options of [null, 'a', { onOutcome: 1 }, { waitUntil: 1 }]) {
      for (const made of [() => protect(keyless(), OK, options), () => expressGuard(keyless(), options), () => honoGuard(keyless(), options)]) {
        assert.throws(made, { code: 'invalid_argument', message: /`options/ });
      }
    }
  });

  it('keeps the failure to open a gate for the requests', async () => {
    const made = [(gate) => protect(gate, OK), expressGuard, honoGuard, (gate) => tokenVerifier(gate, { OAuthError })];
    // The runner fails a test during which a rejection is not handled.
    const [handler, middleware, , verifier] = made.map((make) => make(Gate.open({})));
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    const refusal = { code: 'invalid_configuration' };
    for (let turn = 0; turn < 2; turn += 1) {
      await assert.rejects(handler(new Request(RESOURCE)), refusal);
      assert.equal((await new Promise((next) => { middleware({ url: '/mcp' }, {}, next); })).code, refusal.code);
      await assert.rejects(verifier.verifyAccessToken(tokenOfToday()), refusal);
    }
  });

  it('tells of every outcome before it replies', async () => {
    const told = [];
    const handler = protect(await open(), OK, { onOutcome: ({ decision, log }) => told.push([decision, log?.error]) });
    await handler(new Request(RESOURCE));
    await handler(new Request(RESOURCE, bearer(tokenOfToday())));
    await handler(new Request(new URL('/.well-known/oauth-protected-resource/mcp', RESOURCE)));
    assert.deepEqual(told, [['deny', 'missing_token'], ['allow', undefined], ['answer', undefined]]);
    const failing = protect(await open(), OK, { onOutcome: async () => { throw new Error('the log is full'); } });
    await assert.rejects(failing(new Request(RESOURCE, bearer(tokenOfToday()))), /the log is full/);
  });

  it('keeps the isolate alive for a fetch that goes on', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = tokenOfToday({ iat: now - 600 });
    for (const waiting of [
      (gate, kept) => (request) => protect(gate, OK)(request, {}, { waitUntil: (promise) => kept.push(promise) }),
      (gate, kept) => protect(gate, OK, { waitUntil: (promise) => kept.push(promise) }),
      (gate, kept) => (request) => new Hono().use(honoGuard(gate)).get('/mcp', OK).fetch(request, {}, { waitUntil: (promise) => kept.push(promise) }),
    ]) {
      const { gate } = await gateWith(() => keySet(KEY));
      // Fetched so long ago that they are renewed ahead of need.
      assert.equal((await gate.check(new Request(RESOURCE, bearer(token)), { now: now - 250 })).decision, 'allow');
      const kept = [];
      assert.equal((await waiting(gate, kept)(new Request(RESOURCE, bearer(token)))).status, 200);
      assert.equal(kept.length, 1);
      await kept[0];
    }
  });

  it('changes no response of which there is one for all', async () => {
    const shared = new Response(null, { status: 202 });
    const handler = protect(await open(RESOURCE, { origins: ['https://app.example.com'] }), () => shared);
    for (let turn = 0; turn < 2; turn += 1) {
      const reply = await handler(new Request(RESOURCE, { headers: { ...bearer(tokenOfToday()).headers, origin: 'https://app.example.com' } }));
      assert.deepEqual([reply.status, reply.headers.get('vary')], [202, 'Origin']);
    }
    assert.deepEqual([...shared.headers], []);
  });

  it('takes responses whose headers nobody may change, and nothing that is none', async (t) => {
    const { resource } = await listening(t, () => (_, response) => response.writeHead(418, 'Teapot', { 'x-from': 'upstream' }).end('tea'));
    const reply = await protect(await open(), () => fetch(resource))(new Request(RESOURCE, bearer(tokenOfToday())));
    assert.deepEqual([reply.status, reply.statusText, reply.headers.get('x-from'), await reply.text()], [418, 'Teapot', 'upstream', 'tea']);
    for (const none of [undefined, 'text', {}]) {
      await assert.rejects(protect(await open(), () => none)(new Request(RESOURCE, bearer(tokenOfToday()))), { code: 'invalid_argument', message: /Response/ });
    }
  });

  for (const era of ERAS) {
    it(`${era} hears of progress before the call ends`, { timeout: 10_000 }, async (t) => {
      const policy = { lists: 'filtered', rules: [{ match: { message: ['request', 'notification', 'none'] } }] };
      const { resource, tokenOf } = await listening(t, (resource) =>
        fetching(protect(open(resource, { policy }), (request, { authInfo }) => modern.fetch(request, { authInfo }))));
      assert.equal(await watched(t, era, resource, tokenOf('ada')), 'ada with app');
    });
  }

  for (const lists of ['whole', 'filtered']) {
    it(`streams, and ends the stream of a caller who goes away: lists ${lists}`, async (t) => {
      const policy = { lists, rules: [{ match: { message: ['request', 'none'] } }] };
      let cancelled, aborted;
      const ended = [new Promise((resolve) => { cancelled = resolve; }), new Promise((resolve) => { aborted = resolve; })];
      const { resource, tokenOf } = await listening(t, (resource) => getRequestListener(protect(open(resource, { policy }), (request) => {
        request.signal.addEventListener('abort', () => aborted());
        return new Response(new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"jsonrpc":"2.0","method":"first"}\n\n')),
          cancel: () => cancelled(),
        }), { headers: { 'content-type': 'text/event-stream' } });
      })));
      const leave = new AbortController();
      const reply = await fetch(resource, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}', headers: { ...bearer(tokenOf('ada')).headers, 'content-type': 'application/json' }, signal: leave.signal });
      // It comes though the last never will.
      const { value } = await reply.body.getReader().read();
      assert.match(new TextDecoder().decode(value), /first/);
      leave.abort();
      await Promise.all(ended);
    });
  }
});

describe('tokenVerifier', () => {
  const guards = {
    'SDK 1': (gate) => async (request) => {
      const replied = {};
      const response = { set: (name, value) => { replied.challenge = value; }, status: (status) => { replied.status = status; return response; }, json: (body) => { replied.body = body; } };
      await requireBearerAuthV1({ verifier: tokenVerifier(gate, errorsV1) })({ headers: { authorization: request.headers.get('authorization') } }, response, () => { replied.status = 200; });
      return replied;
    },
    'SDK 2': (gate) => async (request) => {
      const reply = await requireBearerAuth({ verifier: tokenVerifier(gate, { OAuthError }) })(request);
      return reply instanceof Response ? { status: reply.status, challenge: reply.headers.get('www-authenticate'), body: await reply.json() } : { status: 200 };
    },
  };
  for (const [name, guard] of Object.entries(guards)) {
    const judged = (gate, token) => guard(gate)(new Request(RESOURCE, bearer(token)));

    it(`${name}: 401 for what is no token, 403 for too little, 500 where it cannot be known`, async () => {
      const gate = await open(RESOURCE, { scopes: ['a'] });
      assert.equal((await judged(gate, tokenOfToday({ scope: 'a' }))).status, 200);
      const expired = await judged(gate, tokenOfToday({ scope: 'a', exp: 1 }));
      assert.deepEqual([expired.status, expired.challenge, expired.body.error], [401, 'Bearer error="invalid_token", error_description="the access token has expired"', 'invalid_token']);
      const narrow = await judged(gate, tokenOfToday());
      assert.deepEqual([narrow.status, narrow.body.error], [403, 'insufficient_scope']);
      assert.match(narrow.challenge, /^Bearer error="insufficient_scope", error_description="[^"\\]+"$/);
      const unknown = await judged(await keyless(), tokenOfToday());
      assert.deepEqual([unknown.status, unknown.challenge ?? null, unknown.body.error], [500, null, 'server_error']);
    });

    it(`${name}: a token that is bound to a key is nobody's without a proof`, async () => {
      const { thumbprint } = await createDpop();
      for (const mode of ['off', 'optional']) {
        const gate = await open(RESOURCE, { dpop: { mode } });
        assert.equal((await judged(gate, tokenOfToday())).status, 200);
        for (const cnf of [{ jkt: thumbprint }, { 'x5t#S256': thumbprint }, {}]) assert.equal((await judged(gate, tokenOfToday({ cnf }))).status, 401);
      }
    });
  }

  it('tells why it cannot know, in words for programs', async () => {
    const verifier = tokenVerifier(await keyless(), { OAuthError });
    await assert.rejects(verifier.verifyAccessToken(tokenOfToday()), (error) =>
      WaxsealError.isInstance(error) && error.code === 'keys_unavailable' && error.reason === 'keys_unavailable' && error.data.status === 503);
    await assert.rejects(verifier.verifyAccessToken(undefined), { code: 'invalid_argument' });
  });

  it('takes no text for more than a token', async () => {
    const verifier = tokenVerifier(await open(), { OAuthError });
    const token = tokenOfToday();
    for (const text of ['', `${token}, Bearer ${token}`, `${token}\r\nx: y`, `${token} x`, `Bearer ${token}`, 'ä', '\u{1F512}']) {
      await assert.rejects(verifier.verifyAccessToken(text), (error) => error instanceof OAuthError && ['invalid_token', 'invalid_request'].includes(error.code) && !error.message.includes(token));
    }
    assert.equal((await verifier.verifyAccessToken(token)).clientId, 'client-1');
  });

  it('refuses what a token alone cannot tell, and names what can', async () => {
    for (const [member, members] of [
      ['dpop.mode', { dpop: { mode: 'required' } }],
      ['origins', { origins: ['https://app.example.com'] }],
      ['policy.rules', { policy: { rules: [{ require: { scopes: 'a' } }] } }],
      ['policy.default', { policy: { default: 'deny' } }],
      ['policy.operations', { policy: { operations: { list: [{ method: 'GET', path: '/mcp', scope: 'a' }] } } }],
      ['policy.require.dpop', { dpop: { mode: 'optional' }, policy: { require: { dpop: true } } }],
      ['policy.require.acr', { policy: { require: { acr: 'high' } } }],
    ]) {
      const gate = await open(RESOURCE, members);
      const refusal = { name: 'WaxsealError', code: 'invalid_configuration', message: `\`${member}\`: cannot be judged by a token alone; use \`protect\`` };
      assert.throws(() => tokenVerifier(gate, errorsV1), refusal);
      await assert.rejects(tokenVerifier(Promise.resolve(gate), errorsV1).verifyAccessToken(tokenOfToday()), refusal);
    }
    for (const members of [{ policy: {} }, { policy: { hierarchy: { b: ['a'] }, require: { scopes: 'a' }, rules: [], body: 'hold_body', lists: 'whole' } }]) {
      assert.equal((await tokenVerifier(await open(RESOURCE, members), errorsV1).verifyAccessToken(tokenOfToday({ scope: 'b' }))).clientId, 'client-1');
    }
  });

  it('wants the error classes of an SDK', async () => {
    const gate = await open();
    for (const errors of [undefined, null, {}, { InvalidTokenError: errorsV1.InvalidTokenError }, { OAuthError: 'OAuthError' }]) {
      assert.throws(() => tokenVerifier(gate, errors), { code: 'invalid_argument', message: /errors\.js/ });
    }
  });

  it('knows a configuration that nobody has changed since', async () => {
    const members = config({ policy: { rules: [{ require: { scopes: 'a' } }] } });
    const gate = await Gate.open(members);
    delete members.policy;
    assert.throws(() => { gate.config.policy.rules.length = 0; }, TypeError);
    assert.throws(() => tokenVerifier(gate, errorsV1), { code: 'invalid_configuration' });
  });
});
