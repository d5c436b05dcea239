// `waxseal/mcp` between official MCP clients and servers of both versions: a gate in front of fetch handlers, Express,
// Hono and plain Node, and as the token verifier of the SDKs.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { requireBearerAuth as requireBearerAuthV1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import * as errorsV1 from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { OAuthError, requireBearerAuth } from '@modelcontextprotocol/server';
import express from 'express';
import { Hono } from 'hono';
import { createDpop } from '../../pkg/dist/client.js';
import { Gate, WaxsealError } from '../../pkg/dist/index.js';
import { expressGuard, honoGuard, protect, tokenVerifier } from '../../pkg/dist/mcp.js';
import { config, fetching as keysAt, newKey, RESOURCE, tokenOfToday } from '../js/issuer.mjs';
import { ERAS, fetching, listening, modern, onFetch, onNode, whoami } from './whoami.mjs';

const open = (resource = RESOURCE, members = {}, options = {}) => Gate.open(config({ resource, ...members }), options);
const bearer = (token, more = {}) => ({ headers: { authorization: `Bearer ${token}` }, ...more });
const OK = () => new Response('ok');
/** A gate whose keys cannot be had. */
const keyless = () => Gate.open(keysAt('https://as.example.com/jwks.json'), { fetch: async () => { throw new Error('down'); } });

const GUARDED = {
  'protect, SDK 2': async (resource) => fetching(protect(open(resource), (request, { authInfo }) => modern.fetch(request, { authInfo }))),
  'protect, SDK 1': async (resource) => fetching(protect(await open(resource), (request, { authInfo }) => onFetch(request, authInfo))),
  'protect, a gate of the CommonJS copy': async (resource) => {
    const { Gate: OtherGate } = createRequire(import.meta.url)('../../pkg/dist/cjs/index.js');
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
