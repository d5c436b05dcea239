// Configurations that are refused: a WaxsealError on one line that names the member at fault.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../pkg/dist/index.js';
import { bearer, config, ISSUER, KEY, newKey, NOW, RESOURCE, token } from './issuer.mjs';

const SET = { keys: [KEY.jwk] };
const issuer = (members = {}) => ({ issuers: [{ issuer: ISSUER, keys: { set: SET }, ...members }] });
const uri = (text, more = {}) => issuer({ keys: { uri: text, ...more } });
const forward = (...names) => ({ forward: { headers: Object.fromEntries(names.map((name) => [name, 'sub'])) } });
const bent = (members) => issuer({ keys: { set: { keys: [{ ...KEY.jwk, ...members }] } } });

async function refusal(given) {
  try {
    await Gate.open(given);
  } catch (error) {
    assert.ok(error?.name === 'WaxsealError', `${error?.name}: ${error?.message}`);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail('it was accepted');
}

// The member whose name the message must hold, and what it must be refused for.
const REFUSED = [
  // members that do not exist, at every level
  ['resourse', { resourse: RESOURCE }],
  ['issuers[0].jwks', issuer({ jwks: SET })],
  ['issuers[0].keys.url', issuer({ keys: { url: 'https://as.example.com/jwks.json' } })],
  ['issuers[0].claims.required', issuer({ claims: { required: [] } })],
  ['keys.ttl', { keys: { ttl: 1 } }],
  ['limits.body', { limits: { body: 1 } }],
  ['policy.rule', { policy: { rule: [] } }],
  ['policy.rules[1].require.scope', { policy: { rules: [{}, { require: { scope: 'a' } }] } }],
  ['policy.rules[0].match.tool', { policy: { rules: [{ match: { tool: 'a*b' } }] } }],
  ['policy.rules[0].match.arguments.a', { policy: { body: 'metadata', rules: [{ match: { arguments: { a: 1 } } }] } }],
  ['policy.rules[1].name', { policy: { rules: [{ name: 'a' }, { name: 'a' }] } }],
  ['policy.rules[0].require.dpop', { policy: { rules: [{ require: { dpop: true } }] } }],
  ['policy.require.scopes', { policy: { require: { scopes: ['a b'] } } }],
  ['policy.operations.list[0].path', { policy: { operations: { list: [{ method: 'GET', path: 'a', scope: 's' }] } } }],
  ['limits.body', { limits: { body: 16_777_217 } }],
  ['issuers[0].zone', issuer({ profile: 'caracal' })],
  ['issuers[0].zone', issuer({ zone: 'z' })],
  ['issuers[0].use', issuer({ use: 'resource' })],
  ['errors.verbos', { errors: { verbos: true } }],
  ['challenge.scheme', { challenge: { scheme: 'DPoP' } }],
  ['forward.header', { forward: { header: {} } }],
  // members that must be there
  ['resource', { resource: undefined }],
  ['issuers', { issuers: undefined }],
  ['issuers', { issuers: [] }],
  ['issuers[0]', { issuers: [{ keys: { set: SET } }] }, 'issuer'],
  ['issuers[0]', { issuers: [{ issuer: ISSUER }] }, 'keys'],
  ['issuers[0].keys', issuer({ keys: {} })],
  ['issuers[0].keys', issuer({ keys: { set: SET, uri: 'https://as.example.com/jwks.json' } })],
  ['issuers[0].keys', issuer({ keys: { discover: true, uri: 'https://as.example.com/jwks.json' } })],
  ['issuers[0].keys', issuer({ keys: { discover: true, set: SET } })],
  ['issuers[0].keys', issuer({ keys: { discover: false } })],
  ['issuers[0].keys', issuer({ keys: { private: true } })],
  ['issuers[0].keys.discover', issuer({ keys: { discover: 'yes' } })],
  ['issuers[0].issuer', issuer({ issuer: 'http://as.example.com', keys: { discover: true } })],
  ['issuers[0].issuer', issuer({ issuer: 'as.example.com', keys: { discover: true } })],
  // origins
  ['origins', { origins: 'https://app.example.com' }],
  ...['', '*', 'null', 'app.example.com', 'https://', 'https://app.example.com/', 'https://app.example.com/a', 'https://*.example.com', 'HTTPS://app.example.com',
    'https://App.example.com', 'https://app.example.com:443', 'http://app.example.com:80', 'https://user@app.example.com', 'https://app.example.com ', 'https://a\r\nx: y']
    .map((origin) => ['origins[1]', { origins: ['https://app.example.com', origin] }]),
  // types
  ['resource', { resource: 1 }],
  ['issuers', { issuers: issuer().issuers[0] }],
  ['issuers', { issuers: ISSUER }],
  ['issuers[1]', { issuers: [...issuer().issuers, ISSUER] }],
  ['issuers[0].issuer', issuer({ issuer: [ISSUER] })],
  ['issuers[0].keys', issuer({ keys: 'https://as.example.com/jwks.json' })],
  ['issuers[0].audience', issuer({ audience: RESOURCE })],
  ['issuers[0].algorithms', issuer({ algorithms: 'ES256' })],
  ['issuers[0].types[0]', issuer({ types: [1] })],
  ['scopes', { scopes: 'mcp:read' }],
  ['scopes[1]', { scopes: ['mcp:read', undefined] }],
  ['leeway', { leeway: '30' }],
  ['leeway', { leeway: 1.5 }],
  ['leeway', { leeway: null }],
  ['errors.verbose', { errors: { verbose: 'yes' } }],
  ['challenge.realm', { challenge: { realm: 1 } }],
  ['forward.headers', { forward: { headers: ['x-user'] } }],
  ['forward.headers.x-user', { forward: { headers: { 'x-user': null } } }],
  // lists where members are wanted: an order of members is nobody's interface
  ['config', [RESOURCE, issuer().issuers]],
  ['keys', { keys: [300, 5] }],
  ['limits', { limits: [16384] }],
  ['issuers[0]', { issuers: [[ISSUER, { set: SET }]] }],
  ['issuers[0].keys', issuer({ keys: [SET] })],
  ['issuers[0].claims', issuer({ claims: [['jti']] })],
  ['errors', { errors: [] }],
  ['challenge', { challenge: ['mcp'] }],
  ['forward', { forward: [{}, 'keep'] }],
  // ranges
  ['leeway', { leeway: -1 }],
  ['leeway', { leeway: 601 }],
  ['keys.age', { keys: { age: 0 } }],
  ['keys.age', { keys: { age: 86401 } }],
  ['keys.stale', { keys: { stale: 86401 } }],
  ['keys.stale', { keys: { stale: -1 } }],
  ['keys.timeout', { keys: { timeout: 0 } }],
  ['keys.timeout', { keys: { timeout: 61 } }],
  ['limits.token', { limits: { token: 255 } }],
  ['limits.token', { limits: { token: 65537 } }],
  ['leeway', { leeway: 2 ** 32 }],
  // names
  ['issuers[0].algorithms', issuer({ algorithms: ['none'] })],
  ['issuers[0].algorithms', issuer({ algorithms: ['HS256'] })],
  ...['ES512', 'ES256K', 'PS384', 'PS512', 'Ed25519', 'EdDsa', 'HS384'].map((name) => ['issuers[0].algorithms', issuer({ algorithms: [name] })]),
  ['issuers[0].algorithms', issuer({ algorithms: ['ES256', 'hs512'] })],
  ['issuers[0].algorithms', issuer({ algorithms: ['es256'] })],
  ['issuers[0].algorithms', issuer({ algorithms: [] })],
  ['issuers[0].claims.optional[0]', issuer({ claims: { optional: ['exp'] } })],
  ['issuers[0].claims.optional[1]', issuer({ claims: { optional: ['jti', 'aud'] } })],
  ['issuers[0].types', issuer({ types: [] })],
  ['issuers[0].types[0]', issuer({ types: [''] })],
  ['issuers[0].audience[1]', issuer({ audience: [RESOURCE, ''] })],
  ['issuers[0].issuer', issuer({ issuer: '' })],
  ['issuers[0].issuer', issuer({ issuer: 'https://as.example.com/"' })],
  ['issuers[1].issuer', { issuers: [...issuer().issuers, ...issuer().issuers] }],
  ['errors.vocabulary', { errors: { vocabulary: 'Caracal' } }],
  ['errors.base', { errors: { base: 'errors/' } }],
  ['forward.authorization', { forward: { authorization: 'drop' } }],
  ['scopes[0]', { scopes: ['mcp:read mcp:write'] }],
  ['scopes[0]', { scopes: [''] }],
  ['scopes[0]', { scopes: ['a"b'] }],
  // resources
  ...['', 'api.example.com/mcp', '/mcp', 'ftp://api.example.com', 'https://', 'https:///mcp', 'https://api.example.com/#a',
    'https://user@api.example.com/', 'https://api.example.com/a b', 'https://api.example.com/\r\nx: y', 'https://ex\u00e4mple.com/']
    .map((resource) => ['resource', { resource }]),
  // where keys come from
  ...['http://as.example.com/jwks.json', 'http://127.0.0.1.example.com/', 'http://localhost.example.com/', 'http://127.0.0.1@as.example.com/',
    'http://[::2]/', 'http://0.0.0.0/', 'http://127.evil/', 'file:///etc/jwks.json', 'data:application/json,{}', 'as.example.com', '',
    'https://as.example.com/#keys', 'https://as.example.com/a b', 'https://user:secret@as.example.com/']
    .map((text) => ['issuers[0].keys.uri', uri(text)]),
  ['issuers[0].keys.set', issuer({ keys: { set: {} } })],
  ['issuers[0].keys.set', issuer({ keys: { set: [KEY.jwk] } })],
  ['issuers[0].keys.set', issuer({ keys: { set: { keys: [] } } })],
  ['issuers[0].keys.set', issuer({ keys: { set: 'https://as.example.com/jwks.json' } })],
  ['issuers[0].keys.set', bent({ kty: 'oct', k: 'c2VjcmV0' })],
  ['issuers[0].keys.set', bent({ use: 'enc' })],
  ['issuers[0].keys.set', bent({ crv: 'P-384' })],
  // headers that no claim may write
  ...['host', 'Host', ':path', ':authority', 'content-length', 'Transfer_Encoding', 'connection', 'authorization', 'DPoP', '', 'x user', 'x-\u00e4']
    .map((name) => [`forward.headers.${name}`, forward(name)]),
  ['forward.headers.x??y', forward('x\r\ny')],
  ['forward.headers.x_user', forward('x-user', 'x_user')],
  ['forward.headers.x-user', forward('X-User', 'x-user')],
  ['forward.headers.x-user', { forward: { headers: { 'x-user': '' } } }],
];

describe('a configuration is refused', () => {
  for (const [member, members, also] of REFUSED) {
    const given = Array.isArray(members) ? members : config(members);
    const shown = JSON.stringify(members, (_, value) => (value === KEY.jwk ? 'a key' : value));
    it(`${member}: ${shown}`.slice(0, 120), async () => {
      const message = await refusal(given);
      assert.ok([`\`${member}\``, `missing field \`${member}\``].some((start) => message.startsWith(start)), message);
      if (also) assert.ok(message.includes(`\`${also}\``), message);
    });
  }
});

describe('what is no JSON is refused, not dropped', () => {
  const throwing = (what) => new Proxy({}, { [what]() { throw new Error('from the trap'); } });
  const cyclic = config();
  cyclic.issuers[0].self = cyclic;

  const cases = {
    'undefined': [undefined, /config/],
    'null': [null, /config/],
    'text': [JSON.stringify(config()), /config/],
    'text in an object': [new String('{}'), /config/],
    'a function': [() => config(), /config/],
    'a date': [new Date(0), /config/],
    'toJSON that gives nothing': [{ toJSON() {} }, /config/],
    'toJSON that throws': [{ toJSON() { throw new Error('own'); } }, /config/],
    'a getter that throws': [Object.defineProperty(config(), 'scopes', { enumerable: true, get() { throw new Error('own'); } }), /config/],
    'a proxy that throws on ownKeys': [throwing('ownKeys'), /config/],
    'a proxy that throws on get': [throwing('get'), /config/],
    'a revoked proxy': [(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })(), /config/],
    'a cycle': [cyclic, /config/],
    'scopes as a function': [config({ scopes: () => ['mcp:read'] }), /`scopes`/],
    'scopes as a symbol': [config({ scopes: Symbol('mcp:read') }), /`scopes`/],
    'scopes as a set': [config({ scopes: new Set(['mcp:read']) }), /`scopes`/],
    'a scope as a function': [config({ scopes: ['mcp:read', () => 'mcp:write'] }), /`scopes\[1\]`/],
    'forwarded headers as a map': [config({ forward: { headers: new Map([['x-user', 'sub']]) } }), /`forward\.headers`/],
    'a big integer': [config({ leeway: 30n }), /`leeway`/],
    'not a number': [config({ challenge: { realm: NaN } }), /`challenge\.realm`/],
    'infinity': [config({ keys: { age: Infinity } }), /`keys\.age`/],
    'a function deep inside': [issuerWith({ optional: [() => 'jti'] }), /`issuers\[0\]\.claims\.optional\[0\]`/],
    'a lone surrogate': [config({ resource: 'https://api.example.com/\ud800' }), /`resource`/],
    'a lone surrogate as a name': [config({ '\udc00': 1 }), /./],
    'a key set nested very deep': [config(issuer({ keys: { set: JSON.parse(`{"keys":[${'['.repeat(500)}${']'.repeat(500)}]}`) } })), /`issuers\[0\]\.keys\.set/],
    'a value nested beyond the stack': [config({ scopes: nested(20_000) }), /config|scopes/],
  };
  for (const [name, [given, message]] of Object.entries(cases)) {
    it(name, async () => assert.match(await refusal(given), message));
  }

  function issuerWith(claims) {
    return config(issuer({ claims }));
  }

  function nested(depth) {
    let list = [];
    for (let n = 0; n < depth; n += 1) list = [list];
    return list;
  }
});

describe('a configuration is accepted', () => {
  const accepted = {
    'with every member': config({
      ...issuer({ keys: { set: SET }, audience: [RESOURCE], algorithms: ['ES256'], claims: { optional: ['jti'] }, types: ['at+jwt'] }),
      keys: { age: 300, stale: 600, timeout: 5 }, origins: ['https://app.example.com', 'http://127.0.0.1:5173'], scopes: [], leeway: 0, limits: { token: 65536 },
      errors: { base: 'https://errors.example.com/', vocabulary: 'caracal', verbose: true },
      challenge: { realm: 'mcp' }, forward: { headers: { 'x-user': 'sub' }, authorization: 'strip' },
    }),
    'with members that are undefined': config({ keys: undefined, scopes: undefined, leeway: undefined, errors: { base: undefined } }),
    'that is frozen': Object.freeze(config()),
    'without a prototype': Object.assign(Object.create(null), config()),
    'through a proxy': new Proxy(config(), {}),
    'made by toJSON': { toJSON: () => config() },
    'that uses one object twice': config({ issuers: [...issuer().issuers, { issuer: 'https://other.example.com', keys: issuer().issuers[0].keys }] }),
    'with a key set that has unknown keys beside a good one': config(issuer({ keys: { set: { keys: [{ kty: 'new' }, null, 1, KEY.jwk] } } })),
  };
  for (const [name, given] of Object.entries(accepted)) {
    it(name, async () => {
      const gate = await Gate.open(given);
      assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    });
  }

  for (const text of ['https://as.example.com/jwks.json', 'http://127.0.0.1/', 'http://127.0.0.1:8080/a', 'http://localhost:1/', 'http://[::1]:1/']) {
    it(`with keys from ${text}`, () => Gate.open(config(uri(text))));
  }

  for (const keys of [{ uri: 'http://as.internal/jwks.json', cluster: 'as' }, { discover: true }, { discover: true, private: true }, { discover: true, cluster: 'as' }]) {
    it(`with keys ${JSON.stringify(keys)}`, () => Gate.open(config(issuer({ keys }))));
  }

  it('and is not looked at again', async () => {
    const given = config();
    const gate = await Gate.open(given);
    given.issuers[0].keys.set.keys = [newKey('es-1').jwk];
    given.issuers[0].issuer = 'https://evil.example.com';
    given.scopes = ['never:granted'];
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    assert.equal((await gate.check(bearer(token({ iss: 'https://evil.example.com' })), { now: NOW })).reason, 'issuer_unknown');
  });
});
