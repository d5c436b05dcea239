// The document that the gate itself answers with.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate, Stage } from './stage.mjs';
import { ISSUER, RESOURCE } from './tokens.mjs';

const ROOT = '/.well-known/oauth-protected-resource';
const other = { issuer: 'https://other.example.com', keys: { uri: 'https://other.example.com/jwks', cluster: 'as' } };

let stage;
before(async () => {
  const plain = gate();
  stage = await Stage.open({
    listeners: {
      plain: { configuration: plain },
      full: { configuration: { ...plain, issuers: [...plain.issuers, other], scopes: ['files:read', 'files:write'] } },
      origin: { configuration: { ...plain, resource: 'https://mcp.example.com' } },
    },
  });
});
after(() => stage?.end());

const PLAIN = { resource: RESOURCE, authorization_servers: [ISSUER], bearer_methods_supported: ['header'] };

for (const [name, paths, document] of [
  ['plain', [`${ROOT}/mcp`, ROOT, `${ROOT}/mcp?a=1`], PLAIN],
  ['full', [`${ROOT}/mcp`, ROOT], { ...PLAIN, authorization_servers: [ISSUER, other.issuer], scopes_supported: ['files:read', 'files:write'] }],
  ['origin', [ROOT], { ...PLAIN, resource: 'https://mcp.example.com' }],
]) {
  test(`the metadata document: ${name}`, async () => {
    for (const path of paths) {
      for (const headers of [{}, { authorization: 'garbage' }]) {
        const reply = await stage.ask(name, { path, headers });
        assert.deepEqual([reply.status, reply.values('content-type')], [200, ['application/json']]);
        assert.deepEqual(reply.json(), document);
        assert.equal((await stage.envoy.accessOf(reply.id)).details, 'answered');
      }
      const head = await stage.ask(name, { path, method: 'HEAD' });
      assert.deepEqual([head.status, head.values('content-type'), head.body], [200, ['application/json'], '']);
    }
    assert.deepEqual(stage.upstream.requests, []);
  });
}

test('no other path and no other method is open', async () => {
  for (const [method, path] of [
    ['POST', `${ROOT}/mcp`], ['OPTIONS', ROOT], ['GET', `${ROOT}/`], ['GET', `${ROOT}/mcp/`], ['GET', `${ROOT}/mcp2`], ['GET', `${ROOT}/other`],
    ['GET', `/x${ROOT}`], ['GET', `/${ROOT}`], ['GET', '/.well-known/oauth-protected-resourceful'], ['GET', '/.well-known/OAuth-protected-resource'],
    ['GET', `${ROOT}%2Fmcp`], ['GET', '/.well-known/oauth-authorization-server'], ['GET', `${ROOT}/mcp/../../../mcp`], ['GET', `/mcp?${ROOT}`],
  ]) {
    const reply = await stage.ask('plain', { method, path });
    assert.deepEqual([method, path, reply.status], [method, path, 401]);
    assert.equal((await stage.envoy.accessOf(reply.id)).details, 'missing_token');
  }
  assert.deepEqual(stage.upstream.requests, []);
});
