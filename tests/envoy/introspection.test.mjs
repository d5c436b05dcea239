// Introspection at a real authorization server, oidc-provider: its tokens pass until they are revoked there.
// As it stands it says nothing of JWTs (`Structured JWT Tokens cannot be introspected`). So it keeps a token
// of its own for each JWT, under the JWT's `jti`, and its endpoints are asked for that: all else is its own.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Provider from '../../envoy-example/node_modules/oidc-provider/lib/index.js';
import { assertDenied, challenge, METADATA } from './denial.mjs';
import { gate, Stage } from './stage.mjs';
import { RESOURCE } from './tokens.mjs';

const AGE = 2;
const SECRET = 'a secret: with %, + and &';
const ENDPOINTS = ['/token/introspection', '/token/revocation'];

/** The provider on loopback; `asked` counts, `plain` leaves it as it stands. */
async function open() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}`;
  const client = (id, secret, ...grants) => ({ client_id: id, client_secret: secret, grant_types: grants, redirect_uris: [], response_types: [] });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const provider = new Provider(issuer, {
    clients: [client('client-1', 'secret-1', 'client_credentials'), client('gate', SECRET), client('stranger', 'secret-2')],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'es', alg: 'ES256', use: 'sig' }] },
    scopes: ['files:read'],
    features: {
      clientCredentials: { enabled: true }, devInteractions: { enabled: false }, introspection: { enabled: true }, revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'files:read', audience: RESOURCE, accessTokenTTL: 300, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256', kid: 'es' } } }),
      },
    },
  });
  const world = { server, port, issuer, asked: 0, plain: false };
  provider.on('client_credentials.issued', async ({ client: owner, jti, scope, expiration }) => {
    const own = new provider.ClientCredentials({ client: owner, scope, expiresIn: expiration });
    Object.assign(own, { jti, format: 'opaque' });
    await own.save(300);
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (ENDPOINTS.includes(request.url) && !world.plain) {
      const parts = [];
      for await (const part of request) parts.push(part);
      const form = new URLSearchParams(Buffer.concat(parts).toString());
      const [, claims] = form.get('token').split('.');
      if (claims) form.set('token', JSON.parse(Buffer.from(claims, 'base64url')).jti);
      request.body = Object.fromEntries(form);
    }
    if (request.url === ENDPOINTS[0]) world.asked += 1;
    return answer(request, response);
  });
  return world;
}

const encoded = (text) => new URLSearchParams({ '': text }).toString().slice(1);

let provider;
let stage;
before(async () => {
  provider = await open();
  const { issuer } = provider;
  const listener = (client, secret) => ({
    configuration: gate({
      issuer: { issuer, keys: { uri: `${issuer}/jwks`, cluster: 'provider' }, algorithms: ['ES256'] },
      revocation: { introspection: { uri: `${issuer}${ENDPOINTS[0]}`, cluster: 'provider', client, secret: { env: 'SECRET' }, timeout: 5 }, age: AGE },
    }),
    vm: { vm_id: client, environment_variables: { key_values: { SECRET: secret } } },
  });
  stage = await Stage.open({
    clusters: { provider: provider.port },
    listeners: { good: listener('gate', SECRET), wrong: listener('stranger', 'not its secret') },
  });
});
after(async () => {
  await Promise.resolve(stage?.end()).finally(() => {
    provider.server.close();
    provider.server.closeAllConnections();
  });
});

/** Posts a form as the client that gets the tokens. */
async function post(path, form) {
  const authorization = `Basic ${btoa(`${encoded('client-1')}:${encoded('secret-1')}`)}`;
  const reply = await fetch(`${provider.issuer}${path}`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) });
  assert.equal(reply.status, 200, await reply.clone().text());
  return reply;
}

const newToken = async () => (await (await post('/token', { grant_type: 'client_credentials', scope: 'files:read', resource: RESOURCE })).json()).access_token;
const revoke = (token) => post(ENDPOINTS[1], { token });
const ask = (token, name = 'good') => stage.ask(name, { headers: { authorization: `Bearer ${token}` } });

const INACTIVE = { reason: 'token_inactive', status: 401, error: 'invalid_token', authenticate: challenge({ error: 'invalid_token', resource_metadata: METADATA }) };
const UNAVAILABLE = { reason: 'revocation_unavailable', status: 503, error: 'temporarily_unavailable', after: 5 };

test('a token passes, is revoked, and is denied once its answer is too old', { timeout: 30_000 }, async () => {
  const [token, other] = [await newToken(), await newToken()];
  assert.equal((await ask(token)).status, 200);
  const begun = Date.now();
  await revoke(token);
  // As long as the answer is good nobody is asked again.
  const { asked } = provider;
  assert.equal((await ask(token)).status, 200);
  assert.ok(Date.now() - begun < 1000 * (AGE - 1), 'too slow to tell');
  assert.equal(provider.asked, asked);
  await sleep(1000 * (AGE + 1));
  await assertDenied(stage, await ask(token), INACTIVE);
  // It stays so, and others pass.
  await assertDenied(stage, await ask(token), INACTIVE);
  assert.equal((await ask(other)).status, 200);
});

test('a token that was revoked before anybody has seen it', async () => {
  const token = await newToken();
  await revoke(token);
  await assertDenied(stage, await ask(token), INACTIVE);
});

test('a token that is spoilt is denied before anybody is asked', async () => {
  const { asked } = provider;
  const token = await newToken();
  assert.equal((await ask(`${token.slice(0, -4)}AAAA`)).status, 401);
  assert.equal(provider.asked, asked);
});

test('a wrong secret: the server answers 401, and nobody passes', async () => {
  const { asked } = provider;
  await assertDenied(stage, await ask(await newToken(), 'wrong'), UNAVAILABLE);
  assert.equal(provider.asked, asked + 1);
});

test('a server that says nothing of JWTs: nobody passes', async () => {
  provider.plain = true;
  try {
    await assertDenied(stage, await ask(await newToken()), UNAVAILABLE);
  } finally {
    provider.plain = false;
  }
});
