// Tokens that are revoked before they end: a Redis through Webdis, a list, and introspection.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { call, MODES, policy, SENT, tool } from './calls.mjs';
import { assertDenied, METADATA, challenge } from './denial.mjs';
import { until } from './envoy.mjs';
import { behaviour } from './issuer.mjs';
import { Redis, Webdis } from './redis.mjs';
import { gate, Stage } from './stage.mjs';
import { bearer, ISSUER } from './tokens.mjs';

const TIMEOUT = 1;
const REVOKED = { reason: 'token_revoked', status: 401, error: 'invalid_token', authenticate: challenge({ error: 'invalid_token', resource_metadata: METADATA }) };
const SECRET = 'a-secret-of-the-gate';

let redis;
let webdis;
let stage;
before(async () => {
  redis = await Redis.open();
  webdis = await Webdis.open(redis);
  const http = { uri: 'http://webdis.example.com', cluster: 'webdis', timeout: TIMEOUT };
  const list = { uri: 'http://as.example.com/revoked', cluster: 'as', timeout: TIMEOUT };
  const introspection = { uri: 'http://as.example.com/introspect', cluster: 'as', client: 'gate', secret: { env: 'SECRET' }, timeout: TIMEOUT };
  const vm = { environment_variables: { key_values: { SECRET } } };
  stage = await Stage.open({
    clusters: { webdis: webdis.port },
    listeners: {
      redis: { configuration: gate({ revocation: { http } }) },
      list: { configuration: gate({ revocation: { list, age: 1, stale: 0 } }) },
      introspection: { configuration: gate({ revocation: { introspection, age: 1 } }), vm },
      ...Object.fromEntries(Object.entries(MODES).map(([mode, members]) => [mode, { configuration: policy(mode, { revocation: { http } }), ...members }])),
    },
  });
});
after(async () => {
  await Promise.resolve(stage?.end()).finally(() => Promise.all([webdis?.end(), redis?.end()]));
});

const keyOf = (...words) => `waxseal:revoked:${createHash('sha256').update(words.join(' ')).digest('base64url')}`;
const ask = (name, claims) => stage.ask(name, { headers: { authorization: bearer(claims) } });

test('a Redis: a subject that is revoked is denied, and no other', async () => {
  await redis.run('SET', keyOf('sub', ISSUER, 'mallory'), '1');
  await assertDenied(stage, await ask('redis', { sub: 'mallory' }), REVOKED);
  assert.equal((await ask('redis')).status, 200);
  await redis.run('DEL', keyOf('sub', ISSUER, 'mallory'));
  assert.equal((await ask('redis', { sub: 'mallory' })).status, 200);
});

for (const mode of Object.keys(MODES)) {
  test(`${mode}: the store is asked while the body comes in`, async () => {
    await redis.run('SET', keyOf('sub', ISSUER, 'eve'), '1');
    const body = JSON.stringify(tool('read', { text: 'x'.repeat(40_000) }));
    const post = (sub, text = body) => stage.ask(mode, { method: 'POST', body: text, headers: { ...SENT, authorization: bearer({ sub, scope: 'files:read' }) } });
    await assertDenied(stage, await post('eve'), REVOKED);
    const passed = await post('alice');
    assert.equal(passed.status, 200, passed.body);
    assert.equal(stage.upstream.request(passed.id).body.toString(), body);
    const denied = await post('alice', JSON.stringify(call('tools/call', { name: 'drop' })));
    assert.equal(denied.status, 403);
    assert.equal(stage.upstream.request(denied.id)?.bytes ?? 0, 0);
  });
}

test('a Redis that is frozen, and one that is away: 503', { timeout: 30_000 }, async () => {
  const unavailable = { reason: 'revocation_unavailable', status: 503, error: 'temporarily_unavailable', after: 5 };
  webdis.freeze();
  try {
    await assertDenied(stage, await ask('redis'), unavailable);
  } finally {
    webdis.thaw();
  }
  await redis.kill();
  try {
    await assertDenied(stage, await ask('redis'), unavailable);
  } finally {
    await redis.start();
  }
  await until('the store', async () => (await ask('redis')).status === 200);
});

test('a list: fetched by time, and 503 without one', { timeout: 30_000 }, async () => {
  stage.issuer.behave('/revoked', behaviour.json({ revoked: [`sub ${ISSUER} mallory`] }));
  await assertDenied(stage, await ask('list', { sub: 'mallory' }), REVOKED);
  assert.equal((await ask('list')).status, 200);
  stage.issuer.behave('/revoked', behaviour.json({ revoked: [] }));
  await until('the next list', async () => (await ask('list', { sub: 'mallory' })).status === 200);
  stage.issuer.behave('/revoked', behaviour.status(500));
  const reply = await until('its end', async () => {
    const reply = await ask('list');
    return reply.status === 503 && reply;
  });
  assert.equal((await stage.envoy.denialOf(reply.id)).error, 'revocation_unavailable');
});

test('introspection: the endpoint is asked with a form, and its answer counts', async () => {
  const forms = [];
  let active = true;
  stage.issuer.behave('/introspect', async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    forms.push({ method: request.method, type: request.headers['content-type'], authorization: request.headers.authorization, form: new URLSearchParams(Buffer.concat(parts).toString()) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ active }));
  });
  const authorization = bearer();
  assert.equal((await stage.ask('introspection', { headers: { authorization } })).status, 200);
  const [{ form, ...asked }] = forms;
  assert.deepEqual(asked, { method: 'POST', type: 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`gate:${SECRET}`).toString('base64')}` });
  assert.equal(form.get('token'), authorization.replace('Bearer ', ''));
  active = false;
  const reply = await ask('introspection');
  assert.equal(reply.status, 401);
  assert.match((await stage.envoy.denialOf(reply.id)).error, /^token_(inactive|revoked)$/);
  assert.equal(stage.upstream.request(reply.id), undefined);
});
