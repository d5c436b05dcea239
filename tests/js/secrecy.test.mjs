// No part of a credential comes back: every reason of the catalogue is provoked with a token that
// would be worth stealing, and its outcome searched for it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Gate } from '../../pkg/dist/index.js';
import { keySet } from './answers.mjs';
import { bearer, call, config, fetching, KEY, newKey, NOW, OTHER, payloadWith, RESOURCE, SCOPES, token } from './issuer.mjs';

const errors = JSON.parse(readFileSync(new URL('../../pkg/errors.json', import.meta.url), 'utf8'));

const ORIGIN = 'https://app.example.com';
const same = newKey('same');
const twice = [KEY.jwk, same.jwk];
const anonymous = { header: { kid: undefined } };
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const HOLDER = newKey('holder');
const { kid: _, ...PUBLIC } = HOLDER.jwk;
const digest = (text) => createHash('sha256').update(text).digest('base64url');
const jkt = digest(JSON.stringify({ crv: PUBLIC.crv, kty: PUBLIC.kty, x: PUBLIC.x, y: PUBLIC.y }));
const bound = token({ cnf: { jkt } });
/** A proof for the usual call with the bound token. */
const proof = (claims = {}, { header = {}, ...more } = {}) => token(
  { htm: 'POST', htu: RESOURCE, iat: NOW, ath: digest(bound), ...claims },
  { key: HOLDER, header: { typ: 'dpop+jwt', kid: undefined, jwk: PUBLIC, ...header }, ...more },
);
const proved = (...proofs) => call([['authorization', `DPoP ${bound}`], ...proofs.map((one) => ['dpop', one])]);
const DPOP = { dpop: { mode: 'required' } };
const NONCES = { dpop: { mode: 'required', nonce: { mode: 'always', secret: { env: 'SECRET' } } } };
const SECRET = 'the-secret-of-all-the-nonces';

const INTROSPECTION = { revocation: { introspection: { uri: 'https://as.example.com/introspect', client: 'gate', secret: { env: 'SECRET' } } } };
const CARACAL = { issuers: [{ ...config().issuers[0], profile: 'caracal', zone: 'zone-1' }] };
const mandate = (claims) => token({ sid: 's', root_sid: 's', sub_type: 'user', use: 'resource', zone_id: 'zone-1', ...claims });
const said = (params) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });

/** reason -> how a request with this token meets it: [request, members of the configuration, time]. */
const PROVOKED = {
  request_malformed: [{ ...bearer(), url: `*${token()}` }],
  origin_forbidden: [
    call([['authorization', `Bearer ${token()}`], ['origin', 'https://evil.example.com']]), call([['authorization', `Bearer ${token()}`], ['origin', 'null']]),
    call([['authorization', `Bearer ${token()}`], ['origin', ORIGIN], ['origin', ORIGIN]]), { origins: [ORIGIN] },
  ],
  token_in_query: [{ ...bearer(), url: `/mcp?access_token=${token()}` }],
  missing_token: [call([['x-token', token()], ['cookie', token()]], { url: `/mcp?token=${token()}`, body: token() })],
  scheme_unsupported: [
    call({ authorization: token() }), call({ authorization: `DPoP ${token()}` }), call({ authorization: `${token()} Bearer` }),
    call({ authorization: `Bearer:${token()}` }), call({ authorization: `Token token=${token()}` }),
  ],
  authorization_duplicated: [call([['authorization', `Bearer ${token()}`], ['authorization', `Basic ${token()}`]]), call({ authorization: `Bearer ${token()}, Bearer ${token()}` })],
  authorization_malformed: [call({ authorization: `Bearer ${token()} ${token()}` }), call({ authorization: `Bearer "${token()}"` }), call({ authorization: `Bearer token=${token()}\u00e4` })],
  token_too_long: [bearer(token({ pad: 'x'.repeat(20_000) }))],
  token_encrypted: [bearer(`${token()}.${token().split('.').slice(0, 2).join('.')}`)],
  token_malformed: [bearer(token().replaceAll('.', '_')), bearer(`${token()}.${token()}`), bearer(token('{"a":1,"a":2}')), bearer(token(payloadWith('"sub":"root"')))],
  header_unsupported: [bearer(token({}, { header: { crit: ['exp'] } })), bearer(token({}, { header: { cty: 'JWT' } }))],
  algorithm_not_allowed: [bearer(token({}, { header: { alg: 'none' } })), bearer(token({}, { header: { alg: 'HS256' } }))],
  type_not_allowed: [bearer(token({}, { header: { typ: 'JWT' } }))],
  issuer_unknown: [bearer(token({ iss: 'https://evil.example.com' }))],
  keys_unavailable: [bearer(), 'down'],
  key_unknown: [bearer(token({}, { key: OTHER }))],
  key_ambiguous: [bearer(token({}, anonymous)), { issuers: [{ ...config().issuers[0], keys: { set: { keys: twice } } }] }],
  signature_invalid: [bearer(token({}, { key: OTHER, header: { kid: KEY.kid } }))],
  claim_missing: [bearer(token({ sub: undefined })), bearer(token({ jti: '' }))],
  claim_malformed: [bearer(token({ exp: 'tomorrow' })), bearer(token({ aud: [1] })), bearer(token({ scope: ['a'] }))],
  token_expired: [bearer(token({ exp: NOW - 30 }))],
  token_not_yet_valid: [bearer(token({ nbf: NOW + 31 }))],
  token_issued_in_future: [bearer(token({ iat: NOW + 31 }))],
  audience_mismatch: [bearer(token({ aud: 'https://other.example.com' }))],
  dpop_unsupported: [bearer(token({ cnf: { jkt: 'x' } })), call([['authorization', `Bearer ${token()}`], ['dpop', proof()]])],
  token_not_bound: [call([['authorization', `DPoP ${token()}`], ['dpop', proof()]]), DPOP],
  bound_token_as_bearer: [call([['authorization', `Bearer ${bound}`], ['dpop', proof()]]), DPOP],
  proof_missing: [proved(), DPOP],
  proof_duplicated: [proved(proof(), proof()), proved(`${proof()}, ${proof()}`), DPOP],
  proof_malformed: [proved(proof().replaceAll('.', '_')), proved(`${proof()}.${proof()}`), proved(token('{"a":1,"a":2}', { key: HOLDER })), DPOP],
  proof_type_not_allowed: [proved(proof({}, { header: { typ: 'JWT' } })), proved(proof({}, { header: { typ: 'x'.repeat(300) } })), DPOP],
  proof_algorithm_not_allowed: [proved(proof({}, { header: { alg: 'none' } })), DPOP],
  proof_key_invalid: [proved(proof({}, { header: { jwk: { ...PUBLIC, d: HOLDER.secret.export({ format: 'jwk' }).d } } })), proved(proof({}, { header: { jwk: undefined } })), DPOP],
  proof_signature_invalid: [proved(proof({}, { key: OTHER })), DPOP],
  proof_claim_missing: [proved(proof({ ath: undefined })), DPOP],
  proof_claim_malformed: [proved(proof({ iat: 'now' })), DPOP],
  proof_method_mismatch: [proved(proof({ htm: 'GET' })), DPOP],
  proof_url_mismatch: [proved(proof({ htu: 'https://user:swordfish@evil.example.com/?code=swordfish' })), DPOP],
  proof_expired: [proved(proof({ iat: NOW - 331 })), DPOP],
  proof_not_yet_valid: [proved(proof({ iat: NOW + 31 })), DPOP],
  proof_token_mismatch: [proved(proof({ ath: digest('another token') })), DPOP],
  proof_key_mismatch: [proved(proof({}, { key: OTHER, header: { jwk: { ...OTHER.jwk, kid: undefined } } })), DPOP],
  proof_replayed: [proved(proof()), { ...DPOP, claim: async () => false }],
  replay_unavailable: [proved(proof()), { ...DPOP, claim: async (key) => { throw new Error(key); } }],
  nonce_missing: [proved(proof()), NONCES],
  nonce_unknown: [proved(proof({ nonce: 'a-nonce-that-was-made-up' })), NONCES],
  path_ambiguous: [{ ...bearer(), url: `/files/%2e%2e/${token()}` }, { policy: { rules: [{ match: { path: '/files/*' } }] } }],
  use_not_allowed: [bearer(mandate({ use: 'control' })), CARACAL],
  target_missing: [bearer(mandate({ target: ['resource://b'] })), { ...CARACAL, policy: { rules: [{ require: { targets: 'resource://a' } }] } }],
  policy_denied: [
    { ...bearer(), body: said({ name: 'write', arguments: { token: token() } }) }, { ...bearer(), body: said({ name: token() }) },
    { policy: { rules: [{ name: 'none', match: { tool: 'write' }, effect: 'deny' }] } },
  ],
  policy_eval_failed: [bearer(token({ roles: token() })), { policy: { rules: [{ require: { roles: 'x' } }] } }],
  body_unsupported: [{ ...call([['authorization', `Bearer ${token()}`], ['content-encoding', token()]]), body: token() }, { policy: { rules: [{ match: { tool: 'a' } }] } }],
  token_revoked: [bearer(), { revocation: { host: true }, revoked: async ([id]) => id }],
  token_inactive: [bearer(), { ...INTROSPECTION, fetch: async (_, { body }) => Response.json({ active: false, token: body }) }],
  revocation_unavailable: [bearer(), { ...INTROSPECTION, fetch: async (uri, { headers, body }) => { throw new Error(`${uri} ${headers.authorization} ${body}`); } }],
  insufficient_scope: [bearer(token({ scope: SCOPES[0] })), { scopes: SCOPES }],
  host_failed: [bearer(), 'rushing'],
};

async function check(request, members = {}) {
  // A clock that runs away: each key set is too old as soon as it is there, until the request gives up.
  if (members === 'rushing') {
    const gate = await Gate.open(fetching('https://as.example.com/', { keys: { age: 1 } }), { fetch: async () => keySet(KEY) });
    const { now } = Date;
    let milliseconds = NOW * 1000;
    Date.now = () => (milliseconds += 2_000);
    try {
      return await gate.check(request);
    } finally {
      Date.now = now;
    }
  }
  const gate = members === 'down'
    ? await Gate.open(fetching('https://as.example.com/'), { fetch: async () => { throw new Error('down'); } })
    : await open(members);
  return gate.check(request, { now: NOW });
}

function open({ claim, revoked, fetch, ...members }) {
  return Gate.open(config(members), { env: { SECRET }, fetch, ...(claim && { replay: { claim } }), ...(revoked && { revocation: { revoked } }) });
}

/** Every text that must not come back. */
function secretsOf({ url, headers, body }) {
  const texts = [url, ...(body ? [body] : []), ...(Array.isArray(headers) ? headers.flat() : Object.values(headers))];
  const tokens = texts.join(' ').match(/[\w-]{20,}/g) ?? [];
  return [...new Set(tokens)];
}

describe('no part of a token comes back', () => {
  it('in any of the reasons that the catalogue has', () => {
    assert.deepEqual(Object.keys(PROVOKED).sort(), errors.filter(({ surface }) => surface === 'gate').map(({ reason }) => reason).sort());
  });

  for (const [reason, parts] of Object.entries(PROVOKED)) {
    it(reason, async () => {
      const requests = parts.filter((part) => part.url);
      const [members = {}] = parts.filter((part) => !part.url);
      for (const request of requests) {
        const secrets = [...secretsOf(request), SECRET, 'swordfish'];
        assert.ok(secrets.length > 0, 'there is nothing to hide');
        for (const wording of typeof members === 'string' ? [{}] : [{}, { verbose: true }, { vocabulary: 'caracal', verbose: true }]) {
          const outcome = await check(request, typeof members === 'string' ? members : { ...members, errors: wording });
          assert.equal(outcome.reason, reason, JSON.stringify(outcome.facts));
          const response = outcome.reply.toResponse();
          const shown = [JSON.stringify(outcome), inspect(outcome, { depth: 9 }), await response.text(), ...[...response.headers].flat()].join('\n');
          for (const secret of secrets) assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
        }
      }
    });
  }

  it('in what is thrown', async () => {
    const gate = await Gate.open(config());
    const made = token();
    for (const headers of [['authorization', made], [['authorization', made, 1], made], { authorization: [made, 1] }, made, new Set([made])]) {
      await assert.rejects(gate.check(call(headers)), (error) => error?.name === 'WaxsealError' && !error.stack.includes(made.slice(-20)));
    }
  });

  it('although the search would find it', () => {
    const made = token();
    const secrets = secretsOf(bearer(made));
    for (const part of made.split('.')) assert.ok(secrets.includes(part), part);
    assert.ok(JSON.stringify({ made }).includes(encoded({ alg: 'ES256', typ: 'at+jwt', kid: KEY.kid })));
  });
});
