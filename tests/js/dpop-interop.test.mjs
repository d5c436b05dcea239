// Proofs between implementations: ours before another's verifier, others' before our gate, each over HTTP on loopback.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applyMiddlewares, Client, DpopSession, StreamableHTTPClientTransport, withDpop } from '@modelcontextprotocol/client';
import * as dpopPackage from 'dpop';
import { calculateJwkThumbprint } from 'jose';
import * as oauth from 'oauth4webapi';
import { createDpop } from '../../pkg/dist/client.js';
import { Gate } from '../../pkg/dist/index.js';
import { config, ISSUER, KEY, tokenOfToday } from './issuer.mjs';
import { sends, serve } from './loopback.mjs';

const ALGORITHMS = ['ES256', 'Ed25519', 'PS256', 'RS256'];
const NONCES = { nonce: { mode: 'always', secret: { env: 'NONCE_SECRET' } } };
const ENV = { NONCE_SECRET: 'a secret of the tests' };
const ANSWER = 'alice was here';

/** A server behind a gate: its URL, what the gate decided, and tokens bound to a key. */
async function guarded(t, dpop = {}, answer = (_, response) => response.end(ANSWER)) {
  let gate;
  const outcomes = [];
  const { port } = await serve(t, async (request, response) => {
    const outcome = await gate.check(request);
    outcomes.push(outcome);
    const { status = 200, headers = outcome.grant.replyHeaders, body } = outcome.reply ?? {};
    for (const [name, value] of headers) response.appendHeader(name, value);
    response.statusCode = status;
    if (outcome.allow) await answer(request, response);
    else response.end(body);
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  gate = await Gate.open(config({ resource: url, dpop: { mode: 'required', ...dpop } }), { env: ENV });
  return { url, outcomes, tokenFor: (jkt) => tokenOfToday({ aud: url, cnf: { jkt } }) };
}

/** What became of the requests, as short text. */
const decided = (outcomes) => outcomes.map(({ reason, decision }) => reason ?? decision);

describe('our proofs', () => {
  /** A server that believes what oauth4webapi believes. */
  async function verifying(t) {
    const { uri } = await serve(t, sends(KEY));
    const seen = [];
    const { port } = await serve(t, async (message, response) => {
      const request = new Request(`http://127.0.0.1:${port}${message.url}`, { method: message.method, headers: message.headers });
      const options = { requireDPoP: true, [oauth.allowInsecureRequests]: true };
      try {
        seen.push(await oauth.validateJwtAccessToken({ issuer: ISSUER, jwks_uri: uri }, request, 'https://mcp.example.com', options));
        response.end(ANSWER);
      } catch (error) {
        response.writeHead(401).end(error.message);
      }
    });
    return { url: `http://127.0.0.1:${port}/mcp`, seen, tokenFor: (jkt) => tokenOfToday({ aud: 'https://mcp.example.com', cnf: { jkt } }) };
  }

  for (const algorithm of ALGORITHMS) {
    it(`with ${algorithm} pass oauth4webapi`, async (t) => {
      const { url, seen, tokenFor } = await verifying(t);
      const dpop = await createDpop({ algorithm });
      const call = dpop.fetch(fetch, { token: tokenFor(dpop.thumbprint) });
      for (const method of ['GET', 'post', 'DELETE']) {
        const reply = await call(`${url}/a%20b;c/d?e=f#g`, { method });
        assert.equal(await reply.text(), ANSWER);
      }
      assert.deepEqual(seen.map(({ cnf }) => cnf.jkt), Array(3).fill(dpop.thumbprint));
    });
  }

  it('do not pass it when they are about something else', async (t) => {
    const { url, tokenFor } = await verifying(t);
    const dpop = await createDpop();
    const token = tokenFor(dpop.thumbprint);
    const sent = async (members) => {
      const headers = { authorization: `DPoP ${token}`, dpop: await dpop.proof({ method: 'POST', url, token, ...members }) };
      return (await fetch(url, { method: 'POST', headers })).text();
    };
    assert.equal(await sent({}), ANSWER);
    assert.match(await sent({ method: 'GET' }), /htm mismatch/);
    assert.match(await sent({ url: `${url}/other` }), /htu mismatch/);
    assert.match(await sent({ token: 'other' }), /ath mismatch/);
    assert.match(await sent({ now: 1 }), /iat is not recent enough/);
  });

  for (const algorithm of ALGORITHMS) {
    it(`with ${algorithm} pass our gate`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t, NONCES);
      const dpop = await createDpop({ algorithm });
      const call = dpop.fetch(fetch, { token: tokenFor(dpop.thumbprint) });
      for (const body of ['a', 'b']) assert.equal(await (await call(`${url}?a=1`, { method: 'POST', body })).text(), ANSWER);
      assert.deepEqual(decided(outcomes), ['nonce_missing', 'allow', 'allow']);
      assert.equal(outcomes.at(-1).grant.thumbprint, dpop.thumbprint);
    });
  }

  it('pass it in the example of the package\'s README', async (t) => {
    const [, example] = /^```ts\n([\s\S]*?)^```$/m.exec(await readFile(new URL('../../pkg/README.md', import.meta.url), 'utf8'));
    const project = await mkdtemp(join(tmpdir(), 'waxseal-'));
    t.after(() => rm(project, { recursive: true, force: true }));
    await mkdir(join(project, 'node_modules'));
    await symlink(fileURLToPath(new URL('../../pkg', import.meta.url)), join(project, 'node_modules/waxseal'));
    await writeFile(join(project, 'example.mjs'), `${example}\nexport { dpop, reply };\n`);
    const gate = await Gate.open(config({ resource: 'https://mcp.example.com/mcp', dpop: { mode: 'required' } }));
    t.mock.method(globalThis, 'fetch', async (url, init) => {
      const request = new Request(url, init);
      if (request.url === 'https://as.example.com/token') {
        const { jwk } = JSON.parse(Buffer.from(request.headers.get('dpop').split('.')[0], 'base64url'));
        const token = tokenOfToday({ aud: 'https://mcp.example.com/mcp', cnf: { jkt: await calculateJwkThumbprint(jwk) } });
        return Response.json({ token_type: 'DPoP', access_token: token });
      }
      const outcome = await gate.check(request);
      return outcome.allow ? new Response(outcome.grant.thumbprint) : outcome.reply.toResponse();
    });
    const { dpop, reply } = await import(pathToFileURL(join(project, 'example.mjs')));
    assert.equal(await reply.text(), dpop.thumbprint);
  });
});

describe('our gate', () => {
  for (const algorithm of ALGORITHMS) {
    it(`takes proofs of dpop with ${algorithm}, once`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t);
      const pair = await dpopPackage.generateKeyPair(algorithm);
      const token = tokenFor(await dpopPackage.calculateThumbprint(pair.publicKey));
      const proof = await dpopPackage.generateProof(pair, url, 'POST', undefined, token);
      const call = () => fetch(url, { method: 'POST', headers: { authorization: `DPoP ${token}`, dpop: proof } });
      assert.equal(await (await call()).text(), ANSWER);
      assert.equal((await call()).status, 401);
      assert.deepEqual(decided(outcomes), ['allow', 'proof_replayed']);
    });

    it(`takes proofs of oauth4webapi with ${algorithm}`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t, NONCES);
      const DPoP = oauth.DPoP({ client_id: 'client-1' }, await oauth.generateKeyPair(algorithm));
      const token = tokenFor(await DPoP.calculateThumbprint());
      const call = () => oauth.protectedResourceRequest(token, 'POST', new URL(`${url}?a=1`), undefined, 'a', { DPoP, [oauth.allowInsecureRequests]: true });
      await assert.rejects(call(), (error) => oauth.isDPoPNonceError(error));
      assert.equal(await (await call()).text(), ANSWER);
      assert.deepEqual(decided(outcomes), ['nonce_missing', 'allow']);
    });
  }

  for (const alg of ['ES256', 'EdDSA', 'PS256', 'RS256']) {
    it(`takes proofs of the MCP SDK with ${alg}`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t, NONCES);
      const session = await DpopSession.create({ alg });
      const call = withDpop(session, () => tokenFor(session.thumbprint))(fetch);
      for (const body of ['a', 'b']) assert.equal(await (await call(`${url}?a=1`, { method: 'POST', body })).text(), ANSWER);
      assert.deepEqual(decided(outcomes), ['nonce_missing', 'allow', 'allow']);
    });
  }
});

describe('the MCP SDK', () => {
  /** As little of an MCP server as its client is content with. */
  async function answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { id, method, params } = chunks.length ? JSON.parse(Buffer.concat(chunks)) : {};
    const results = {
      initialize: () => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tests', version: '1' } }),
      'tools/list': () => ({ tools: [{ name: 'seal', inputSchema: { type: 'object' } }] }),
    };
    if (request.method !== 'POST') return response.writeHead(405).end();
    if (id === undefined) return response.writeHead(202).end();
    const reply = results[method] ? { result: results[method]() } : { error: { code: -32_601, message: 'unknown method' } };
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, ...reply }));
  }

  const WAYS = {
    'given to its transport': (dpop, token) => dpop.fetch(fetch, { token }),
    'as one of its middlewares': (dpop, token) => {
      const bearer = (next) => (url, init) => next(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization: `Bearer ${token}` } });
      return applyMiddlewares(dpop.fetch, bearer)(fetch);
    },
  };
  for (const [way, wrapped] of Object.entries(WAYS)) {
    it(`calls with our fetch, ${way}`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t, NONCES, answer);
      const dpop = await createDpop();
      const client = new Client({ name: 'tests', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: wrapped(dpop, tokenFor(dpop.thumbprint)) }));
      assert.deepEqual((await client.listTools()).tools.map(({ name }) => name), ['seal']);
      await client.close();
      const [first, ...more] = decided(outcomes);
      assert.equal(first, 'nonce_missing');
      assert.deepEqual(new Set(more), new Set(['allow']));
    });
  }
});
