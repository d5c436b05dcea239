// Failed replies, whichever way a client meets them, and what it does next.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import * as v2 from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import * as authV1 from '@modelcontextprotocol/sdk/client/auth.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as oauth from 'oauth4webapi';
import { parseChallenges, readError } from '../../pkg/dist/client.js';
import { Gate } from '../../pkg/dist/index.js';
import { bearer, config, NOW, token } from './issuer.mjs';
import { serve } from './loopback.mjs';

const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource/mcp';
const BEARER = `Bearer error="invalid_token", resource_metadata="${METADATA}"`;
const STEP_UP = `Bearer error="insufficient_scope", scope="files:read files:write", resource_metadata="${METADATA}"`;
const EXPIRED = { error: 'invalid_token', error_description: 'the access token has expired', type: 'urn:waxseal:error:token_expired', status: 401, requestId: 'r-1' };
const PAGE = { mode: 'url', elicitationId: 'e-1', url: 'https://connect.example.com/start?e=1', message: 'Connect your files.' };
const OPEN = { url: PAGE.url, host: 'connect.example.com', message: PAGE.message, id: 'e-1' };
const ELICITED = { code: -32042, message: 'more is needed', data: { elicitations: [PAGE] } };

/** What a test looks at. */
const gist = ({ reason, code, status, action, surface }) => ({ reason, code, status, surface, action });

/** A reading of nothing. */
const assertNothing = (reading, about) => {
  assert.deepEqual({ ...reading, response: undefined }, { untrusted: true, challenges: [], action: { kind: 'give_up' }, retryable: false, details: {}, response: undefined }, about);
};

/** Serves one reply. */
async function replying(t, status, headers = {}, body = '') {
  const { port } = await serve(t, (_, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return `http://127.0.0.1:${port}/mcp`;
}

describe('a Response', () => {
  it('of the gate gives the reason, and can still be read', async (t) => {
    const gate = await Gate.open(config());
    const { reply } = await gate.check(bearer(token({ exp: NOW - 60 })), { now: NOW });
    const response = await fetch(await replying(t, reply.status, [...reply.headers].flat(), reply.body));
    const reading = await readError(response);
    assert.deepEqual(gist(reading), {
      reason: 'token_expired', code: 'invalid_token', status: 401, surface: 'gate',
      action: { kind: 'refresh', resourceMetadata: METADATA },
    });
    assert.equal(reading.untrusted, true);
    assert.equal(reading.message, 'the access token has expired');
    assert.equal(reading.requestId, response.headers.get('x-request-id'));
    assert.equal(reading.response, response);
    assert.equal(response.bodyUsed, false);
    assert.equal(await response.text(), reply.body);
  });

  it('with several challenge fields', async (t) => {
    const headers = { 'www-authenticate': ['Basic realm="a"', 'DPoP algs="ES256", error="use_dpop_nonce"'], 'dpop-nonce': 'n-1' };
    const reading = await readError(await fetch(await replying(t, 401, headers)));
    assert.deepEqual(reading.challenges, [{ scheme: 'basic', parameters: { realm: 'a' } }, { scheme: 'dpop', parameters: { algs: 'ES256', error: 'use_dpop_nonce' } }]);
    assert.deepEqual([reading.action, reading.retryable], [{ kind: 'retry_with_nonce', nonce: 'n-1' }, true]);
  });

  it('that says when to come back, in seconds or as a date', async (t) => {
    for (const [field, now] of [['7', undefined], ['Tue, 14 Nov 2023 22:13:27 GMT', NOW]]) {
      const { action, retryable } = await readError(await fetch(await replying(t, 503, { 'retry-after': field })), { now });
      assert.deepEqual([action, retryable], [{ kind: 'retry_after', seconds: 7 }, true]);
    }
  });

  it('with a JSON-RPC error, a result that is none yet, and a tool\'s challenge', async () => {
    const json = { 'content-type': 'application/json' };
    const read = (message) => readError(new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }), { headers: json }));
    assert.deepEqual((await read({ error: ELICITED })).action, { kind: 'open_url', urls: [OPEN] });
    const inputRequests = { connect: { method: 'elicitation/create', params: { mode: 'url', url: PAGE.url, message: PAGE.message } } };
    const waiting = await read({ result: { resultType: 'input_required', inputRequests, requestState: ' s\u00e9aled' } });
    assert.deepEqual(waiting.action, { kind: 'open_url', urls: [{ ...OPEN, id: 'connect' }], state: ' s\u00e9aled' });
    for (const field of [STEP_UP, [STEP_UP]]) {
      const { action } = await read({ result: { isError: true, content: [], _meta: { 'mcp/www_authenticate': field } } });
      assert.deepEqual(action, { kind: 'step_up', scopes: ['files:read', 'files:write'], acrValues: [], resourceMetadata: METADATA });
    }
  });

  it('of another realm, and one that only looks like it', async () => {
    const foreign = Object.assign(Object.create(null), {
      status: 401, headers: { get: (name) => (name === 'www-authenticate' ? BEARER : null), *[Symbol.iterator]() { yield ['www-authenticate', BEARER]; } },
      bodyUsed: false, clone: () => ({ text: async () => JSON.stringify(EXPIRED) }),
    });
    const reading = await readError(foreign);
    assert.deepEqual([reading.reason, reading.response], ['token_expired', foreign]);
  });

  it('that has been read, locked, aborted or never ends: the status and the headers speak', async () => {
    const given = (body) => new Response(body, { status: 403, headers: { 'www-authenticate': STEP_UP } });
    const used = given('{}');
    await used.text();
    const locked = given('{}');
    locked.body.getReader();
    const failing = given(new ReadableStream({ pull(controller) { controller.error(new Error('gone')); } }));
    for (const response of [used, locked, failing]) {
      const reading = await readError(response);
      assert.deepEqual([reading.action.kind, reading.response], ['step_up', response]);
    }
    const open = given(new ReadableStream({ start(controller) { controller.enqueue(new TextEncoder().encode('{')); } }));
    assert.equal((await readError(open)).action.kind, 'step_up');
    const stream = new Response(new ReadableStream({}), { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
    assert.equal((await readError(stream)).action.kind, 'give_up');
    assert.equal((await readError(Response.error())).action.kind, 'give_up');
  });

  it('is read no further than 64 KiB, and then not at all', async () => {
    let pulled = 0;
    const part = new TextEncoder().encode(' '.repeat(10_000));
    const endless = new ReadableStream({ pull(controller) { pulled += 1; controller.enqueue(part); } });
    const reading = await readError(new Response(endless, { status: 401, headers: { 'www-authenticate': BEARER } }));
    assert.equal(reading.action.kind, 'refresh');
    assert.ok(pulled < 12, `${pulled} parts`);
    const long = (length) => new Response(JSON.stringify({ ...EXPIRED, more: 'x'.repeat(length) }), { status: 401, headers: { 'www-authenticate': BEARER } });
    assert.equal((await readError(long(65_000))).reason, 'token_expired');
    assert.equal((await readError(long(65_536))).reason, 'invalid_token');
  });
});

describe('{ status, headers, body }', () => {
  const fields = [['WWW-Authenticate', BEARER], ['X-Request-Id', 'r-2']];
  const HEADERS = {
    'Headers': new Headers(fields), 'pairs': fields, 'a Map': new Map(fields), 'a record': Object.fromEntries(fields),
    'a record of lists': { 'www-authenticate': [BEARER], 'x-request-id': 'r-2', 'retry-after': undefined },
  };
  for (const [name, headers] of Object.entries(HEADERS)) {
    it(`with headers as ${name}`, async () => {
      const { challenges, requestId, response } = await readError({ status: 401, headers });
      assert.deepEqual([challenges[0].parameters.error, requestId, response], ['invalid_token', 'r-2', undefined]);
    });
  }

  const text = JSON.stringify(EXPIRED);
  const BODIES = {
    'text': text, 'bytes': new TextEncoder().encode(text), 'a Buffer': Buffer.from(text), 'an ArrayBuffer': new TextEncoder().encode(text).buffer, 'an object': EXPIRED,
    'text with a byte order mark': `\ufeff${text}`, 'bytes with one': new TextEncoder().encode(`\ufeff${text}`),
    'bytes of another realm': runInNewContext('Uint8Array.from(bytes)', { bytes: [...Buffer.from(text)] }),
    'an event stream': `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32600, message: 'no', data: EXPIRED } })}\n\n`,
  };
  for (const [name, body] of Object.entries(BODIES)) {
    it(`with a body as ${name}`, async () => {
      const { code, message } = await readError({ status: 401, headers: { 'content-type': 'application/json' }, body });
      assert.deepEqual([code, message], name === 'an event stream' ? ['invalid_token', 'no'] : ['invalid_token', EXPIRED.error_description]);
    });
  }
});

describe('parsed JSON', () => {
  const CASES = {
    'a problem': [EXPIRED, { reason: 'token_expired', status: 401, kind: 'refresh' }],
    'an OAuth error': [{ error: 'invalid_grant', error_description: 'used' }, { reason: 'invalid_grant', kind: 'authenticate' }],
    'a JSON-RPC message': [{ jsonrpc: '2.0', id: 'a', error: ELICITED }, { reason: 'url_elicitation_required', kind: 'open_url' }],
    'a JSON-RPC error alone': [ELICITED, { reason: 'url_elicitation_required', kind: 'open_url' }],
    'the result of a tool': [{ isError: true, content: [], _meta: { 'mcp/www_authenticate': [BEARER] } }, { kind: 'refresh' }],
    'a body as text': [JSON.stringify(EXPIRED), { reason: 'token_expired', kind: 'refresh' }],
  };
  for (const [name, [input, { kind, ...expected }]] of Object.entries(CASES)) {
    it(name, async () => {
      const reading = await readError(input);
      assert.equal(reading.action.kind, kind, JSON.stringify(reading));
      for (const [member, value] of Object.entries(expected)) assert.equal(reading[member], value, member);
    });
  }
});

describe('errors of the official MCP SDKs', () => {
  /** An MCP server that answers `tools/call` this way, and with `all` everything else, too. */
  async function mcp(t, { status = 200, headers = {}, body, all = false }) {
    const { port } = await serve(t, async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      const json = (code, value, more = {}) => response.writeHead(code, { 'content-type': 'application/json', ...more }).end(typeof value === 'string' ? value : JSON.stringify(value));
      if (request.method !== 'POST') return json(405, {});
      const { id, method, params } = JSON.parse(Buffer.concat(parts));
      if (all || method === 'tools/call') return json(status, typeof body === 'function' ? body(id) : body, headers);
      if (id === undefined) return response.writeHead(202).end();
      if (method !== 'initialize') return json(404, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } });
      const result = { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'test', version: '1' } };
      return json(200, { jsonrpc: '2.0', id, result });
    });
    return new URL(`http://127.0.0.1:${port}/mcp`);
  }

  const SELF = { name: 'test', version: '1' };
  const CLIENTS = {
    1: (url) => [new ClientV1(SELF), new TransportV1(url)],
    2: (url) => [new v2.Client(SELF), new v2.StreamableHTTPClientTransport(url)],
    '2, which asks for the version first': (url) => [new v2.Client(SELF, { versionNegotiation: { mode: 'auto' } }), new v2.StreamableHTTPClientTransport(url)],
  };

  /** The error that a call ends in. */
  async function thrown(t, make, reply) {
    const [client, transport] = make(await mcp(t, reply));
    t.after(() => client.close());
    return client.connect(transport).then(() => client.callTool({ name: 'any' })).then(assert.fail, (error) => error);
  }

  const denied = { 'www-authenticate': BEARER };
  const rpc = (error) => (id) => ({ jsonrpc: '2.0', id, error });
  const REPLIES = {
    'expired': [{ status: 401, headers: denied, body: EXPIRED, all: true }, { reason: 'token_expired', status: 401, code: 'invalid_token', surface: 'gate' }, 'refresh'],
    'unavailable': [{ status: 503, body: { error: 'temporarily_unavailable' }, all: true }, { status: 503, code: 'temporarily_unavailable' }, 'retry_after'],
    'more scope': [{ status: 403, headers: { 'www-authenticate': STEP_UP }, body: { error: 'insufficient_scope' } }, { status: 403, code: 'insufficient_scope' }, 'step_up'],
    'a page to visit': [{ body: rpc(ELICITED) }, { reason: 'url_elicitation_required', code: '-32042', surface: 'mcp' }, 'open_url'],
    'invalid params': [{ body: rpc({ code: -32602, message: 'no such tool' }) }, { reason: 'invalid_params', code: '-32602', surface: 'mcp' }, 'fix_request'],
    'HTML': [{ status: 502, body: '<html>' }, { status: 502 }, 'retry_after'],
  };
  for (const [version, make] of Object.entries(CLIENTS)) {
    for (const [name, [reply, expected, kind]] of Object.entries(REPLIES)) {
      it(`${name}, from version ${version}`, async (t) => {
        const error = await thrown(t, make, reply);
        const reading = await readError(error);
        for (const [member, value] of Object.entries(expected)) assert.equal(reading[member], value, `${member}: ${error.message}`);
        assert.equal(reading.action.kind, kind, JSON.stringify(reading));
        if (kind === 'open_url') assert.deepEqual(reading.action.urls, [OPEN]);
        if (name === 'invalid params') assert.equal(reading.message, 'no such tool');
        assert.equal(reading.response, undefined);
      });
    }
  }

  it('what version 2 knows of a lack of scope', async (t) => {
    const error = await thrown(t, CLIENTS[2], REPLIES['more scope'][0]);
    assert.deepEqual((await readError(error)).action, { kind: 'step_up', scopes: ['files:read', 'files:write'], acrValues: [], resourceMetadata: METADATA });
  });

  it('a token that is refused, and nothing else said', async (t) => {
    const make = (url) => [new v2.Client(SELF), new v2.StreamableHTTPClientTransport(url, { authProvider: { token: async () => 'a' } })];
    for (const error of [await thrown(t, make, REPLIES.expired[0]), new authV1.UnauthorizedError(), new authV1.UnauthorizedError('No auth provider'), new v2.UnauthorizedError('no')]) {
      const { status, action } = await readError(error);
      assert.deepEqual([status, action], [401, { kind: 'authenticate' }], error.message);
    }
  });

  it('of the older transport', async (t) => {
    const { port } = await serve(t, (request, response) => {
      if (request.method === 'POST') return response.writeHead(401).end(JSON.stringify(EXPIRED));
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: endpoint\ndata: /post\n\n');
    });
    const uri = new URL(`http://127.0.0.1:${port}/sse`);
    for (const [client, transport] of [[new ClientV1(SELF), new SseV1(uri)], [new v2.Client(SELF), new v2.SSEClientTransport(uri)]]) {
      const error = await client.connect(transport).then(assert.fail, (one) => one);
      await client.close();
      const { reason, status } = await readError(error);
      assert.deepEqual([reason, status], ['token_expired', 401], error.message);
    }
    const refused = new URL(await replying(t, 401));
    for (const [client, transport] of [[new ClientV1(SELF), new SseV1(refused)], [new v2.Client(SELF), new v2.SSEClientTransport(refused)]]) {
      const error = await client.connect(transport).then(assert.fail, (one) => one);
      assert.deepEqual([(await readError(error)).status, (await readError(error)).action.kind], [401, 'authenticate'], error.message);
    }
  });

  describe('in talk with an authorization server', () => {
    const CODES = { invalid_grant: 400, invalid_client: 401, invalid_scope: 400, temporarily_unavailable: 503 };
    for (const [version, sdk] of Object.entries({ 1: authV1, 2: v2 })) {
      for (const [code, status] of Object.entries(CODES)) {
        it(`${code}, from version ${version}`, async (t) => {
          const server = await replying(t, status, { 'content-type': 'application/json' }, { error: code, error_description: 'why' });
          const error = await sdk.refreshAuthorization(server, { clientInformation: { client_id: 'c' }, refreshToken: 'r' }).then(assert.fail, (one) => one);
          const reading = await readError(error);
          assert.deepEqual([reading.reason, reading.code, reading.surface, reading.message], [code, code, 'authorization_server', 'why'], error.message);
        });
      }

      it(`no OAuth error at all, from version ${version}`, async (t) => {
        const server = await replying(t, 502, { 'content-type': 'text/html' }, '<html>');
        const error = await sdk.refreshAuthorization(server, { clientInformation: { client_id: 'c' }, refreshToken: 'r' }).then(assert.fail, (one) => one);
        assert.deepEqual(gist(await readError(error)), { reason: undefined, code: undefined, status: 502, surface: undefined, action: { kind: 'retry_after' } });
      });

      it(`a registration that is refused, from version ${version}`, async (t) => {
        const server = await replying(t, 400, { 'content-type': 'application/json' }, { error: 'invalid_client_metadata', error_description: 'why' });
        const error = await sdk.registerClient(server, { clientMetadata: { redirect_uris: ['https://a.example/cb'] } }).then(assert.fail, (one) => one);
        const reading = await readError(error);
        assert.deepEqual([reading.code, reading.message], ['invalid_client_metadata', 'why'], error.message);
      });
    }
  });

  it('and of oauth4webapi, which has the response', async () => {
    const as = { issuer: 'https://as.example.com', token_endpoint: 'https://as.example.com/token' };
    const given = (status, headers, body) => Object.assign(new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } }));
    const process = (response) => oauth.processRefreshTokenResponse(as, { client_id: 'c' }, response).then(assert.fail, (error) => error);
    const grant = await readError(await process(given(400, {}, { error: 'invalid_grant', error_description: 'why' })));
    assert.deepEqual([grant.reason, grant.status, grant.message, grant.response], ['invalid_grant', 400, 'why', undefined]);
    const challenged = await readError(await process(given(401, denied, {})));
    assert.deepEqual([challenged.status, challenged.challenges[0].scheme], [401, 'bearer']);
  });

  it('also as the cause of another error, and of another realm', async (t) => {
    const error = await thrown(t, CLIENTS[2], REPLIES['a page to visit'][0]);
    assert.equal((await readError(new Error('outer', { cause: new Error('inner', { cause: error }) }))).action.kind, 'open_url');
    const foreign = runInNewContext('Object.assign(new Error(message), { code, data, name: "McpError" })', { ...error, message: 'MCP error -32042: go' });
    assert.equal((await readError(foreign)).action.kind, 'open_url');
    assert.equal((await readError(foreign)).message, 'go');
  });
});

const FAILED = await fetch('http://127.0.0.1:1/').catch((error) => error);

describe('what says nothing', () => {
  const circle = {};
  circle.circle = circle;
  const looped = new Error('a');
  looped.cause = looped;
  const failing = new Proxy({}, { get() { throw new Error('own'); }, has() { throw new Error('own'); }, getPrototypeOf() { throw new Error('own'); } });
  const ODD = {
    'null': null, 'a number': 401, 'true': true, 'a function': () => 401, 'a symbol': Symbol('a'), 'a bigint': 1n, 'an empty object': {}, 'an empty text': '', 'a list': [],
    'a Date': new Date(0), 'a circle': circle, 'an error that is its own cause': looped, 'an object that throws': failing, 'an error that throws': Object.defineProperty(new Error(''), 'code', { get() { throw new Error('own'); } }),
    'a failed fetch': FAILED, 'an abort': AbortSignal.abort().reason, 'a timeout of the SDK': new v2.SdkError('REQUEST_TIMEOUT', 'late', { timeout: 1 }),
    'a headerless reply': { headers: 1, body: 2n }, 'a status that is none': { status: 65_936, headers: {} }, 'a text status': { status: '401', headers: {} },
    'null and nothing': Object.create(null), 'a body that throws': { body: { toJSON() { throw new Error('own'); } } },
  };
  for (const [name, odd] of Object.entries(ODD)) it(name, async () => assertNothing(await readError(odd), name));

  it('no input at all is misuse, and so are wrong options', async () => {
    await assert.rejects(readError(), { name: 'WaxsealError' });
    for (const options of [null, 1, { now: NaN }, { now: '1' }, { now: null }]) await assert.rejects(readError({}, options), { name: 'WaxsealError' });
  });
});

describe('hostile text', () => {
  const NASTY = ['\u001b[31m', '\r\nx-evil: 1', '\0', '\u202e', '\ud800', '"\\', '__proto__', '<script>', 'x'.repeat(100_000), 'é', ': : :'];

  it('is data, in every place', async () => {
    for (const text of NASTY) {
      const body = { error: text, error_description: text, type: text, requestId: text, details: { [text]: text, ['__proto__']: { polluted: true } }, consent_url: text, scope: text };
      for (const input of [body, { status: 401, headers: { 'www-authenticate': `Bearer error="${text}"`, 'x-request-id': text, [text]: text }, body }, new Error(text), { ...ELICITED, message: text }]) {
        const reading = await readError(input);
        assert.equal(typeof reading.action.kind, 'string');
        assert.equal({}.polluted, undefined);
        if (input === body) assert.notEqual(reading.action.kind, 'open_url');
        assert.ok(JSON.stringify(reading).length < 50_000, `${JSON.stringify(reading).length}`);
      }
    }
  });

  it('never becomes a page to visit that is none', async () => {
    for (const url of ['javascript:alert(1)', 'https://user:pass@a.example/', 'file:///etc', '//a.example', 'https://', 'data:text/html,a', '']) {
      const { action } = await readError({ code: -32042, message: 'a', data: { elicitations: [{ ...PAGE, url }] } });
      assert.notEqual(action.kind, 'open_url', url);
    }
  });

  it('in a line break is no second field', async () => {
    const { challenges } = await readError({ status: 401, headers: { 'x-other': 'a\nwww-authenticate: Bearer error="evil"' } });
    assert.deepEqual(challenges, []);
  });
});

describe('challenges', () => {
  const shown = (header) => parseChallenges(header).map(({ scheme, token68, parameters }) => [scheme, ...(token68 ? [token68] : []), parameters]);
  const CASES = {
    // Those that other parsers get wrong.
    'Bearer error="insufficient_scope", scope="files:write", resource_metadata="https://m/"': [['bearer', { error: 'insufficient_scope', scope: 'files:write', resource_metadata: 'https://m/' }]],
    'DPoP error="use_dpop_nonce", algs="ES256"': [['dpop', { error: 'use_dpop_nonce', algs: 'ES256' }]],
    'Bearer scope="a", DPoP algs="ES256", error="use_dpop_nonce"': [['bearer', { scope: 'a' }], ['dpop', { algs: 'ES256', error: 'use_dpop_nonce' }]],
    'DPoP algs="ES256 PS256", Bearer error="insufficient_scope", scope="b"': [['dpop', { algs: 'ES256 PS256' }], ['bearer', { error: 'insufficient_scope', scope: 'b' }]],
    'Basic realm="x", Bearer scope="a"': [['basic', { realm: 'x' }], ['bearer', { scope: 'a' }]],
    'Bearer error_scope="decoy", scope="read write"': [['bearer', { error_scope: 'decoy', scope: 'read write' }]],
    'Bearer x_resource_metadata="https://decoy/", resource_metadata="https://m/"': [['bearer', { x_resource_metadata: 'https://decoy/', resource_metadata: 'https://m/' }]],
    'Bearer error_description="needs \\"write\\" scope=\\"evil\\"", scope="good"': [['bearer', { error_description: 'needs "write" scope="evil"', scope: 'good' }]],
    'Bearer error = "insufficient_scope" , scope\t=\t"a b"': [['bearer', { error: 'insufficient_scope', scope: 'a b' }]],
    'BEARER Error="invalid_token", Scope="a"': [['bearer', { error: 'invalid_token', scope: 'a' }]],
    'Bearer error=insufficient_scope, scope=a': [['bearer', { error: 'insufficient_scope', scope: 'a' }]],
    'Bearer': [['bearer', {}]],
    'Bearer, DPoP algs="ES256"': [['bearer', {}], ['dpop', { algs: 'ES256' }]],
    'Bearer error_description="set scope=\'x\', error=none", error="invalid_token"': [['bearer', { error_description: 'set scope=\'x\', error=none', error: 'invalid_token' }]],
    // RFC 9110: section 11.6.1, lists with empty elements, credentials in place of parameters, quoted pairs.
    'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""': [['basic', { realm: 'simple' }], ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }]],
    ' , ,Bearer ,, realm="a",,DPoP,': [['bearer', { realm: 'a' }], ['dpop', {}]],
    'Negotiate': [['negotiate', {}]],
    'Negotiate YII==, NTLM TlRM, Bearer': [['negotiate', 'YII==', {}], ['ntlm', 'TlRM', {}], ['bearer', {}]],
    'Negotiate a=': [['negotiate', 'a=', {}]],
    'Bearer a="\\\\\\"", b=""': [['bearer', { a: '\\"', b: '' }]],
    // What servers send although they must not.
    'Bearer realm="a" error="invalid_token"': [['bearer', { realm: 'a', error: 'invalid_token' }]],
    'Bearer resource_metadata=https://m/a?b, scope=a': [['bearer', { resource_metadata: 'https://m/a?b', scope: 'a' }]],
    'Bearer realm="a", scope=, error=b': [['bearer', { realm: 'a', scope: '', error: 'b' }]],
    'Bearer error="a", error="b"': [['bearer', { error: 'a' }]],
    'Bearer __proto__="a"': [['bearer', JSON.parse('{"__proto__":"a"}')]],
    // What is no challenge.
    '': [], ' ': [], ',': [], '"': [], '\\': [], '=': [], 'realm="a"': [], '"Bearer a=b"': [],
    'Bearer "a, DPoP b=c': [['bearer', {}]],
    'Bearer a="b, DPoP c=d': [['bearer', {}]],
    'Bearer a="b\\': [['bearer', {}]],
    'Bearer some words, DPoP algs=a': [['bearer', {}], ['dpop', { algs: 'a' }]],
    'Bearer a=b DPoP c=d, e=f': [['bearer', { a: 'b', e: 'f' }]],
    '@ Basic a=b, Bearer': [['bearer', {}]],
  };
  for (const [header, expected] of Object.entries(CASES)) {
    it(`are read: ${header || 'nothing'}`, () => assert.deepEqual(shown(header), expected));
  }

  it('are read from any text, without an exception', () => {
    let seed = 1;
    const random = (below) => { seed = (seed * 48_271) % 2_147_483_647; return seed % below; };
    const PARTS = ['Bearer', 'DPoP', 'a', '=', ' = ', '"', '\\', ',', ' ', '\t', '==', '/', 'é', '\0', '\ud800', '"b c"', 'error="use_dpop_nonce"'];
    for (let n = 0; n < 20_000; n += 1) {
      const header = Array.from({ length: random(12) }, () => PARTS[random(PARTS.length)]).join('');
      for (const { scheme, parameters } of parseChallenges(header)) {
        assert.match(scheme, /^[!#$%&'*+\-.^`|~\w]+$/, header);
        for (const name of Object.keys(parameters)) assert.equal(name, name.toLowerCase());
      }
    }
  });

  it('are read in a time that grows with the text alone', () => {
    const LONG = ['Bearer a="\\"', 'a=', ',', ' ', 'a', 'a b,', '=', '@"', 'a ', '"', 'a="', 'Bearer a==== '];
    for (const part of LONG) {
      for (const header of [`Bearer ${part.repeat(300_000 / part.length)}`, `Bearer ${part.repeat(300_000 / part.length)}b"!`]) {
        const start = performance.now();
        parseChallenges(header);
        assert.ok(performance.now() - start < 2000, part);
      }
    }
  });

  it('of several fields are read each for itself', () => {
    assert.deepEqual(parseChallenges(['Bearer a="open', 'DPoP algs=ES256']), [{ scheme: 'bearer', parameters: {} }, { scheme: 'dpop', parameters: { algs: 'ES256' } }]);
    assert.deepEqual(parseChallenges([]), []);
    assert.deepEqual(parseChallenges('Bearer a="b\nDPoP c"'), [{ scheme: 'bearer', parameters: { a: 'b DPoP c' } }]);
  });

  it('are read from text only', () => {
    for (const odd of [undefined, null, 1, {}, [1], new Headers()]) assert.throws(() => parseChallenges(odd), { name: 'WaxsealError' });
  });

  it('of legal fields are those that oauth4webapi reads', async () => {
    const as = { issuer: 'https://as.example.com' };
    const other = async (header) => {
      const response = new Response('{}', { status: 401, headers: { 'www-authenticate': header, 'content-type': 'application/json' } });
      const { cause } = await oauth.processUserInfoResponse(as, { client_id: 'c' }, 'sub', response).then(assert.fail, (error) => error);
      return cause;
    };
    let seed = 7;
    const random = (below) => { seed = (seed * 48_271) % 2_147_483_647; return seed % below; };
    const pick = (list) => list[random(list.length)];
    const several = (least, most, make) => Array.from({ length: least + random(most - least + 1) }, make);
    const NAMES = ['realm', 'error', 'error_description', 'Scope', 'resource_metadata', 'ALGS', 'x-y', 'max_age'];
    const VALUES = ['a', 'invalid_token', '"a b"', '""', '"a, b=c"', '"say \\"hi\\""', '"back\\\\slash"', '"https://m/?a=b&c"', '"Bearer error=x"', '"a=\'b\'"'];
    for (let n = 0; n < 2000; n += 1) {
      const header = several(1, 3, () => {
        const scheme = pick(['Bearer', 'DPoP', 'basic', 'X-Own']);
        const names = several(0, 4, () => pick(NAMES)).filter((name, index, all) => all.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === index);
        return names.length > 0 ? `${scheme} ${names.map((name) => `${name}${pick(['=', ' = ', '= '])}${pick(VALUES)}`).join(pick([', ', ',', ' , ']))}` : scheme;
      }).join(', ');
      const expected = (await other(header)).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } }));
      assert.deepEqual(parseChallenges(header), expected, header);
    }
  });
});
