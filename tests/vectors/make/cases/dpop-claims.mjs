// The cases of dpop-claims.json.

import { createHash } from 'node:crypto';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { bound, proof, proven, sha256, shown } from '../proofs.mjs';
import { within } from '../rules.mjs';
import { NOW, claimsOf, token } from '../tokens.mjs';
import { URI } from '../configurations.mjs';

export const about = 'That a proof is for this access token, the id of a proof, and which fault is reported first: RFC 9449 sections 4.2, 4.3 and 7.1.';

export function cases() {
  const on = within('dpop required');
  const scoped = within('dpop and scopes');

  // `ath`: the digest of the token as it was sent.
  const of = bound();
  const digest = createHash('sha256').update(of).digest();
  const ath = (name, value, expect = deny('proof_token_mismatch', { full: true })) => on(name, shown({ ath: value }), expect);
  ath('the digest of the token', sha256(of), allow());
  ath('no digest', undefined, deny('proof_claim_missing', { full: true }));
  ath('an empty digest', '', deny(['proof_claim_missing', 'proof_claim_malformed', 'proof_token_mismatch']));
  for (const value of [null, 5, true, [sha256(of)], { ath: sha256(of) }]) ath(`the digest as ${json(value).slice(0, 12)}`, value, deny('proof_claim_malformed'));
  ath('the digest with padding', `${sha256(of)}=`);
  ath('the digest in hexadecimal', digest.toString('hex'));
  ath('the digest in standard base64 with padding', digest.toString('base64'));
  ath('the digest in upper case', sha256(of).toUpperCase());
  ath('the digest with a space behind', `${sha256(of)} `);
  ath('the digest without its last letter', sha256(of).slice(0, -1));
  ath('the digest and a letter', `${sha256(of)}A`);
  ath('the digest with unused bits', sha256(of).slice(0, -1) + String.fromCharCode(sha256(of).charCodeAt(42) + 1));
  ath('half of the digest', digest.subarray(0, 16).toString('base64url'));
  ath('a digest by sha-1', createHash('sha1').update(of).digest('base64url'));
  ath('a digest by sha-512', createHash('sha512').update(of).digest('base64url'));
  ath('the digest of another token', sha256(bound({ jti: 'id-2' })));
  ath('the digest of an unbound token', sha256(token()));
  ath('the digest of the token with its scheme', sha256(`DPoP ${of}`));
  ath('the digest of the payload', sha256(of.split('.')[1]));
  ath('the digest of what was signed', sha256(of.split('.').slice(0, 2).join('.')));
  ath('the digest of the token and a line break', sha256(`${of}\n`));
  ath('the digest of nothing', sha256(''));
  ath('the digest of the token\'s bytes', sha256(Buffer.from(of, 'base64url')));
  ath('the token itself', of);
  on('the name of the digest counts by case', shown({ ath: undefined, Ath: sha256(of) }), deny('proof_claim_missing'));
  on('a proof for the token that is shown after another', proven(bound({ jti: 'id-2' }), proof()), deny('proof_token_mismatch'));
  on('a proof for each of two tokens', [shown({}, { expect: allow() }), shown({ jti: 'proof-2' }, { of: bound({ jti: 'id-2' }) })], allow());

  // `jti`: any text but none.
  const jti = (name, value, expect = allow()) => on(name, shown({ jti: value }), expect);
  jti('no id', undefined, deny('proof_claim_missing'));
  jti('an empty id', '', deny(['proof_claim_missing', 'proof_claim_malformed']));
  for (const value of [null, 5, 0, true, ['a'], { id: 'a' }]) jti(`the id as ${json(value)}`, value, deny('proof_claim_malformed'));
  jti('an id of one letter', 'a');
  jti('an id that is a uuid', '018f2d3c-7a10-7cc0-8000-00000000002a');
  jti('an id of 4000 letters', 'a'.repeat(4000));
  jti('an id of one space', ' ');
  jti('an id with spaces, quotes and a line break', ' "a"\\ \r\n b');
  jti('an id with a null byte', 'a\0b');
  jti('an id with dots, slashes and marks', '../../a?b=c&d#e:%2F*');
  jti('an id beyond ascii', 'Zoë 山田 😀');
  jti('an id that looks like a claim key', 'waxseal/replay/x');
  jti('an id called __proto__', '__proto__');
  on('the name of the id counts by case', shown({ jti: undefined, JTI: 'a' }), deny('proof_claim_missing'));
  on('the id of the token is no id of the proof', shown({ jti: undefined }, { of: bound({ jti: 'proof-1' }) }), deny('proof_claim_missing'));
  on('the id of the token may be the id of the proof', shown({ jti: 'id-1' }), allow());

  // The token comes first, whatever the proof is.
  const first = (name, made, reason, more) => {
    on(`${name}: reported before a good proof`, proven(made, proof({}, { of: made }), more), deny(reason));
    on(`${name}: reported before a bad proof`, proven(made, 'garbage', more), deny(reason));
    on(`${name}: reported before a missing proof`, proven(made, [], more), deny(reason));
    on(`${name}: reported before two proofs`, proven(made, ['a', 'b'], more), deny(reason));
  };
  first('an expired token', bound({ exp: NOW - 1000 }), 'token_expired');
  first('a token for another', bound({ aud: 'https://other.example' }), 'audience_mismatch');
  first('a token of another issuer', bound({ iss: 'https://elsewhere.example' }), 'issuer_unknown');
  first('a token without a subject', bound({ sub: undefined }), 'claim_missing');
  first('a token with a malformed scope', bound({ scope: 5 }), 'claim_malformed');
  first('a token signed by a stranger', token({ cnf: { jkt: 'x' } }, { key: 'es-2', header: { kid: 'es-1' } }), 'signature_invalid');
  first('a token that is none', 'x.y.z', 'token_malformed');
  first('an unbound token that has expired', token({ exp: NOW - 1000 }), 'token_expired');
  first('lost keys', bound(), 'keys_unavailable', { fetches: { [URI]: null } });

  // Then the binding, then the proof, claim by claim.
  on('a malformed binding is reported before the proof', proven(token({ cnf: {} }), 'garbage'), deny('claim_malformed'));
  on('an unbound token is reported before the proof', proven(token(), 'garbage'), deny('token_not_bound'));
  const wrong = [
    ['the method', { htm: 'GET' }, 'proof_method_mismatch'],
    ['the url', { htu: 'https://evil.example/' }, 'proof_url_mismatch'],
    ['the id', { jti: 5 }, 'proof_claim_malformed'],
    ['the time of issue', { iat: NOW - 1000 }, 'proof_expired'],
    ['the expiry', { exp: NOW - 1000 }, 'proof_expired'],
    ['the beginning', { nbf: NOW + 1000 }, 'proof_not_yet_valid'],
    ['the token', { ath: 'x' }, 'proof_token_mismatch'],
  ];
  wrong.forEach(([name, members, reason], at) => {
    const later = wrong.slice(at + 1);
    for (const [next, more] of later) on(`${name} is reported before ${next}`, shown({ ...more, ...members }), deny(reason));
    on(`${name} is reported before the key`, shown(members, { key: 'es-proof-2', of: bound() }), deny(reason));
    if (later.length) on(`${name} is reported before all that follows`, shown(Object.assign({}, ...later.map(([, more]) => more), members), { key: 'es-proof-2', of: bound() }), deny(reason));
  });
  on('a missing method is reported before the url', shown({ htm: undefined, htu: 5 }), deny('proof_claim_missing'));
  on('a malformed url is reported before a missing id', shown({ htu: 5, jti: undefined }), deny('proof_claim_malformed'));
  on('a missing id is reported before a malformed time', shown({ jti: undefined, iat: 'x' }), deny('proof_claim_missing'));
  on('a malformed time is reported before a missing digest', shown({ iat: 'x', ath: undefined }), deny('proof_claim_malformed'));
  on('a missing digest is reported before the key', shown({ ath: undefined }, { key: 'es-proof-2', of: bound() }), deny('proof_claim_missing'));
  on('a proof without any claim', proven(bound(), proof('{}')), deny('proof_claim_missing'));
  on('the claims of an access token', proven(bound(), proof(json(claimsOf()))), deny('proof_claim_missing'));

  // Then what the caller may do.
  const full = bound({ scope: 'mcp:read mcp:write' });
  scoped('a good proof and the scopes', shown({}, { of: full }), allow());
  scoped('a good proof without the scopes', shown(), deny('insufficient_scope', { full: true }));
  scoped('a good proof and half of the scopes', shown({}, { of: bound({ scope: 'mcp:read' }) }), deny('insufficient_scope'));
  for (const [name, members, reason] of wrong) scoped(`${name} is reported before the scopes`, shown(members), deny(reason, { full: true }));
  scoped('a missing proof is reported before the scopes', proven(bound(), []), deny('proof_missing', { full: true }));
  scoped('two proofs are reported before the scopes', proven(bound(), [proof(), proof({ jti: 'proof-2' })]), deny('proof_duplicated', { full: true }));
  scoped('a bound token as bearer is reported before the scopes', proven(bound(), proof(), { scheme: 'Bearer' }), deny('bound_token_as_bearer', { full: true }));
  scoped('an unbound token is reported before the scopes', proven(token(), [], { scheme: 'Bearer' }), deny('token_not_bound', { full: true }));
  scoped('the key is reported before the scopes', shown({}, { key: 'es-proof-2', of: bound() }), deny('proof_key_mismatch', { full: true }));
  const freely = within('optional dpop and scopes');
  freely('optional: a good proof and the scopes', shown({}, { of: full }), allow());
  freely('optional: a good proof without the scopes', shown(), deny('insufficient_scope', { full: true }));
  freely('optional: an unbound token and the scopes', proven(token({ scope: 'mcp:read mcp:write' }), [], { scheme: 'Bearer' }), allow());
  freely('optional: an unbound token without the scopes', proven(token(), [], { scheme: 'Bearer' }), deny('insufficient_scope', { full: true }));

  // What the upstream sees.
  const stripped = within('dpop and claims as headers');
  stripped('token and proof are stripped', shown(), allow({ upstream: { authorization: null, dpop: null, 'x-user': ['alice'] } }));
  stripped('a proof under a name in upper case is stripped', ((sent) => ({ ...sent, headers: sent.headers.map(([name, value]) => [name === 'dpop' ? 'DPoP' : name, value]) }))(shown()), allow({ upstream: { authorization: null, dpop: null } }));
  stripped('other headers stay', ((sent) => ({ ...sent, headers: [...sent.headers, ['accept', '*/*'], ['x-dpop', 'a']] }))(shown()), allow({ upstream: { accept: ['*/*'], 'x-dpop': ['a'], dpop: null } }));
  on('token and proof are stripped by default', shown(), allow({ upstream: { authorization: null, dpop: null } }));
  within('dpop and kept credentials')('token and proof are kept when configured', shown(), allow({ upstream: { authorization: [`DPoP ${bound()}`], dpop: [proof()], 'x-user': ['alice'] } }));
  within('dpop optional')('optional: a blank proof beside an unbound token is stripped', proven(token(), '', { scheme: 'Bearer' }), allow({ upstream: { authorization: null, dpop: null } }));
  within('dpop off')('off: a blank proof is stripped', proven(token(), '', { scheme: 'Bearer' }), allow({ upstream: { authorization: null, dpop: null } }));
}
