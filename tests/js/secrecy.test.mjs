// No part of a credential comes back: every reason of the catalogue is provoked with a token that
// would be worth stealing, and its outcome searched for it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Gate } from '../../pkg/dist/index.js';
import { keySet } from './answers.mjs';
import { bearer, call, config, fetching, KEY, newKey, NOW, OTHER, payloadWith, SCOPES, token } from './issuer.mjs';

const errors = JSON.parse(readFileSync(new URL('../../pkg/errors.json', import.meta.url), 'utf8'));

const ORIGIN = 'https://app.example.com';
const same = newKey('same');
const twice = [KEY.jwk, same.jwk];
const anonymous = { header: { kid: undefined } };
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

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
  dpop_unsupported: [bearer(token({ cnf: { jkt: 'x' } }))],
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
    : await Gate.open(config(members));
  return gate.check(request, { now: NOW });
}

/** Every text that must not come back. */
function secretsOf({ url, headers }) {
  const texts = [url, ...(Array.isArray(headers) ? headers.flat() : Object.values(headers))];
  const tokens = texts.join(' ').match(/[\w-]{20,}/g) ?? [];
  return [...new Set(tokens)];
}

describe('no part of a token comes back', () => {
  it('in any of the reasons that the catalogue has', () => {
    assert.deepEqual(Object.keys(PROVOKED).sort(), errors.map(({ reason }) => reason).sort());
  });

  for (const [reason, parts] of Object.entries(PROVOKED)) {
    it(reason, async () => {
      const requests = parts.filter((part) => part.url);
      const [members = {}] = parts.filter((part) => !part.url);
      for (const request of requests) {
        const secrets = secretsOf(request);
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
      await assert.rejects(gate.check(call(headers)), (error) => error instanceof TypeError && !error.stack.includes(made.slice(-20)));
    }
  });

  it('although the search would find it', () => {
    const made = token();
    const secrets = secretsOf(bearer(made));
    for (const part of made.split('.')) assert.ok(secrets.includes(part), part);
    assert.ok(JSON.stringify({ made }).includes(encoded({ alg: 'ES256', typ: 'at+jwt', kid: KEY.kid })));
  });
});
