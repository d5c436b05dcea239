// Every reason to deny a request: the whole reply, and what the operator sees.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { lines, raw } from './client.mjs';
import { assertDenied, challenge, METADATA } from './denial.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer, now, token } from './tokens.mjs';

const scopes = ['files:read', 'files:write'];

let stage;
before(async () => {
  stage = await Stage.open({
    listeners: {
      plain: { configuration: gate() },
      scoped: { configuration: gate({ scopes }) },
      realm: { configuration: gate({ scopes, challenge: { realm: 'the "tools" \\ here' } }) },
      caracal: { configuration: gate({ scopes, errors: { vocabulary: 'caracal' } }) },
      verbose: { configuration: gate({ scopes, errors: { verbose: true } }) },
      base: { configuration: gate({ errors: { base: 'https://errors.example.com/' } }) },
      short: { configuration: gate({ limits: { token: 512 } }) },
      'two keys': { configuration: gate({ issuer: { keys: from('/jwks/two') } }) },
      'no id': { configuration: gate(), manager: { generate_request_id: false } },
    },
  });
  stage.issuer.behave('/jwks/two', behaviour.good('es-1', 'es-2'));
  await Promise.all(['plain', 'short', 'no id'].map((name) => stage.passes(name)));
});
after(() => stage?.end());

const bend = (good, at, change) => good.split('.').map((part, n) => (n === at ? change(part) : part)).join('.');
const encode = (value) => Buffer.from(value).toString('base64url');
const signed = (claims, options) => ({ authorization: bearer(claims, options) });

// [reason, what the request has, and where it goes when not to `plain`]
const INVALID_TOKEN = [
  ['authorization_malformed', { authorization: 'Bearer' }],
  ['authorization_malformed', { authorization: `Bearer ${token()} ${token()}` }],
  ['authorization_malformed', { authorization: `Bearer "${token()}"` }],
  ['authorization_malformed', { authorization: `Bearer ${token()}\u00e9` }],
  ['token_too_long', signed({ pad: 'x'.repeat(12_000) })],
  ['token_too_long', signed({ pad: 'x'.repeat(100) }), 'short'],
  ['token_malformed', { authorization: 'Bearer opaque' }],
  ['token_malformed', { authorization: `Bearer ${bend(token(), 0, () => encode('[]'))}` }],
  ['token_malformed', { authorization: `Bearer ${bend(token(), 1, () => encode('{"iss":"a","iss":"a"}'))}` }],
  ['token_malformed', { authorization: `Bearer ${token()}==` }],
  ['token_malformed', signed({}, { header: { kid: 7 } })],
  ['token_malformed', { authorization: `Bearer ${bend(token(), 1, () => encode('['.repeat(5000)))}` }],
  ['token_encrypted', { authorization: 'Bearer a.b.c.d.e' }],
  ...['crit', 'b64', 'zip', 'enc', 'cty'].map((name) => ['header_unsupported', signed({}, { header: { [name]: 'x' } })]),
  ['algorithm_not_allowed', signed({}, { header: { alg: 'none' } })],
  ['algorithm_not_allowed', signed({}, { header: { alg: 'HS256' } })],
  ['algorithm_not_allowed', signed({}, { key: 'rs-1', header: { alg: 'RS384' } })],
  ['type_not_allowed', signed({}, { header: { typ: 'JWT' } })],
  ['type_not_allowed', signed({}, { header: { typ: undefined } })],
  ['issuer_unknown', signed({ iss: 'https://as.example.com/' })],
  ['key_unknown', signed({}, { key: 'es-other' })],
  ['key_ambiguous', signed({}, { header: { kid: undefined } }), 'two keys'],
  ['signature_invalid', signed({}, { key: 'es-other', header: { kid: 'es-1' } })],
  ['signature_invalid', signed({}, { key: 'rs-other', header: { kid: 'rs-1' } })],
  ['signature_invalid', { authorization: `Bearer ${bend(token(), 1, (part) => encode(Buffer.from(part, 'base64url').toString().replace('alice', 'admin')))}` }],
  ...['iss', 'exp', 'iat', 'aud', 'sub', 'client_id', 'jti'].map((name) => ['claim_missing', signed({ [name]: undefined })]),
  ['claim_malformed', signed({ exp: '2030' })],
  ['claim_malformed', signed({ sub: 7 })],
  ['token_expired', signed({ exp: now() - 31 })],
  ['token_not_yet_valid', signed({ nbf: now() + 300 })],
  ['token_issued_in_future', signed({ iat: now() + 300 })],
  ['audience_mismatch', signed({ aud: 'https://mcp.example.com/' })],
  ['dpop_unsupported', signed({ cnf: { jkt: 'x' } })],
];

for (const [n, [reason, headers, name = 'plain']] of INVALID_TOKEN.entries()) {
  test(`401 ${reason} (${n + 1})`, async () => {
    const reply = await stage.ask(name, { headers });
    const authenticate = challenge({ error: 'invalid_token', resource_metadata: METADATA });
    await assertDenied(stage, reply, { reason, status: 401, error: 'invalid_token', authenticate });
  });
}

for (const [reason, headers] of [
  ['missing_token', {}],
  ['missing_token', { 'proxy-authorization': bearer(), cookie: `access_token=${token()}` }],
  ['scheme_unsupported', { authorization: 'Basic YTpi' }],
  ['scheme_unsupported', { authorization: `DPoP ${token()}` }],
  ['scheme_unsupported', { authorization: token() }],
  ['scheme_unsupported', { authorization: '' }],
]) {
  test(`401 ${reason}: ${Object.values(headers).join(' ').slice(0, 8)}`, async () => {
    const plain = await stage.ask('plain', { headers });
    const bare = challenge({ resource_metadata: METADATA });
    await assertDenied(stage, plain, { reason, status: 401, error: 'invalid_token', authenticate: bare });
    const scoped = await stage.ask('scoped', { headers });
    const authenticate = challenge({ scope: 'files:read files:write', resource_metadata: METADATA });
    await assertDenied(stage, scoped, { reason, status: 401, error: 'invalid_token', authenticate });
  });
}

const INVALID_REQUEST = { status: 400, error: 'invalid_request', authenticate: challenge({ error: 'invalid_request', resource_metadata: METADATA }) };

for (const query of ['access_token=x', 'a=1&access_token=', '%61ccess_token=x', 'a=1;access%5Ftoken']) {
  test(`400 token_in_query: ${query}`, async () => {
    const reply = await stage.ask('scoped', { path: `/mcp?${query}`, headers: { authorization: bearer() } });
    await assertDenied(stage, reply, { reason: 'token_in_query', ...INVALID_REQUEST });
  });
}

test('400 authorization_duplicated, as two fields and as one', async () => {
  const [one, two] = [bearer(), bearer()];
  const folded = await stage.ask('scoped', { headers: { authorization: `${one}, ${two}` } });
  await assertDenied(stage, folded, { reason: 'authorization_duplicated', ...INVALID_REQUEST });
  for (const fields of [[one, two], [one, one], ['Basic YTpi', one], [one, 'Basic YTpi']]) {
    const id = `two-fields-${stage.envoy.access.length}`;
    const reply = await raw(stage.port('scoped'), lines('GET /mcp HTTP/1.1', `x-request-id: ${id}`, ...fields.map((value) => `Authorization: ${value}`)));
    await assertDenied(stage, { ...reply, id }, { reason: 'authorization_duplicated', ...INVALID_REQUEST });
  }
});

test('403 insufficient_scope names all scopes, whichever is missing', async () => {
  const authenticate = challenge({ error: 'insufficient_scope', scope: 'files:read files:write', resource_metadata: METADATA });
  for (const scope of [undefined, '', 'files:read', 'FILES:READ files:write', 'files:read,files:write']) {
    const reply = await stage.ask('scoped', { headers: signed({ scope }) });
    await assertDenied(stage, reply, { reason: 'insufficient_scope', status: 403, error: 'insufficient_scope', authenticate });
  }
  const reply = await stage.ask('scoped', { headers: signed({ scope: 'files:write other files:read' }) });
  assert.equal(reply.status, 200, reply.body);
});

test('a realm stands first and is quoted', async () => {
  const authenticate = 'Bearer realm="the \\"tools\\" \\\\ here", error="invalid_token", scope="files:read files:write", '
    + `resource_metadata="${METADATA}"`;
  const reply = await stage.ask('realm', { headers: { authorization: 'Bearer x' } });
  await assertDenied(stage, reply, { reason: 'token_malformed', status: 401, error: 'invalid_token', authenticate });
});

test('Caracal\'s vocabulary is in the body only', async () => {
  const rest = { scope: 'files:read files:write', resource_metadata: METADATA };
  for (const [headers, reason, status, error, authenticate] of [
    [{}, 'missing_token', 401, 'missing_token', challenge(rest)],
    [signed(), 'insufficient_scope', 403, 'scope_insufficient', challenge({ error: 'insufficient_scope', ...rest })],
    [{ authorization: 'Bearer x' }, 'token_malformed', 401, 'invalid_token', challenge({ error: 'invalid_token', ...rest })],
  ]) {
    await assertDenied(stage, await stage.ask('caracal', { headers }), { reason, status, error, authenticate });
  }
});

test('facts are told only where the configuration says so', async () => {
  const headers = signed({ scope: 'files:read' });
  const authenticate = challenge({ error: 'insufficient_scope', scope: 'files:read files:write', resource_metadata: METADATA });
  const details = { missing: ['files:write'], needed: ['files:read', 'files:write'], rule: null };
  const reply = await stage.ask('verbose', { headers });
  await assertDenied(stage, reply, { reason: 'insufficient_scope', status: 403, error: 'insufficient_scope', authenticate, details });
  // The operator's log has them anyway.
  const silent = await stage.ask('scoped', { headers });
  assert.deepEqual((await stage.envoy.denialOf(silent.id)).facts, details);
});

test('the type of a problem begins as configured', async () => {
  const authenticate = challenge({ error: 'invalid_token', resource_metadata: METADATA });
  const reply = await stage.ask('base', { headers: { authorization: 'Bearer x' } });
  await assertDenied(stage, reply, { reason: 'token_malformed', status: 401, error: 'invalid_token', authenticate, base: 'https://errors.example.com/' });
});

test('a request with a long body is denied before the body has been sent', async () => {
  const body = randomBytes(200_000);
  for (const sent of [body, [body.subarray(0, 100_000), body.subarray(100_000)]]) {
    const reply = await stage.ask('plain', { method: 'POST', body: sent });
    assert.deepEqual([reply.status, reply.json().type], [401, 'urn:waxseal:error:missing_token']);
    assert.equal(stage.upstream.request(reply.id), undefined);
  }
});

test('the request id is echoed when it is well formed', async () => {
  for (const id of ['a', '!~"\\{}', 'x'.repeat(128)]) {
    const reply = await stage.ask('no id', { id });
    assert.equal(reply.json().requestId, id);
  }
});

test('where there is none, or a bad one, the body and the log carry a new id', async () => {
  const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const seen = new Set();
  for (const id of [null, '', 'a b', 'x'.repeat(129), 'caf\u00e9']) {
    const before = Date.now();
    const reply = await stage.ask('no id', { id });
    assert.equal(reply.status, 401);
    const { requestId } = reply.json();
    assert.match(requestId, uuid7);
    const made = Number.parseInt(requestId.replace('-', '').slice(0, 12), 16);
    assert.ok(made >= before - 5 && made <= Date.now() + 5, 'its time is now');
    assert.equal((await stage.envoy.denialOf(requestId)).error, 'missing_token');
    seen.add(requestId);
  }
  assert.equal(seen.size, 5);
});

test('no log line carries a token', async () => {
  const secret = token();
  const sent = [`Bearer ${secret}`, secret, `Bearer ${secret}.`, `Bearer ${secret}, Bearer ${secret}`, `Bearer ${secret} x`];
  for (const authorization of sent) await stage.envoy.accessOf((await stage.ask('scoped', { headers: { authorization } })).id);
  const [, payload, signature] = secret.split('.');
  const said = [...stage.envoy.log, ...stage.envoy.access.map((entry) => JSON.stringify(entry))];
  assert.deepEqual(said.filter((line) => line.includes(payload) || line.includes(signature)), []);
});
