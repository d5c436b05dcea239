// The cases of claims.json.

import { json, raw } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'The claims that every access token must have, and their shapes: RFC 9068 section 2.2.';

export function cases() {
  const claim = (name, members, reason, more = {}) => rule(name, call(token(members)), deny(reason), more);

  for (const name of ['iss', 'exp', 'iat', 'aud', 'sub', 'client_id', 'jti']) claim(`no ${name}`, { [name]: undefined }, 'claim_missing');
  for (const name of ['aud', 'sub', 'client_id', 'jti']) claim(`an empty ${name}`, { [name]: '' }, 'claim_missing');
  for (const name of ['sub', 'client_id', 'jti']) {
    for (const value of [1, true, ['alice'], { id: 'alice' }]) claim(`${name} as ${json(value)}`, { [name]: value }, 'claim_malformed');
    claim(`${name} as null`, { [name]: null }, ['claim_malformed', 'claim_missing']);
  }
  for (const name of ['exp', 'iat', 'nbf']) {
    for (const value of ['1700000300', '', true, false, [1700000300], { at: 1700000300 }, '2023-11-14T22:13:20Z']) claim(`${name} as ${json(value)}`, { [name]: value }, 'claim_malformed');
    for (const text of ['1e300', '-1e300', '9007199254740993', '-9007199254740993', '18446744073709551616', '1e16'])
      claim(`${name} as ${text} is out of range`, { [name]: raw(text) }, 'claim_malformed');
    claim(`${name} as 1e400 is no number of any range`, { [name]: raw('1e400') }, ['claim_malformed', 'token_malformed']);
  }
  claim('exp as null', { exp: null }, ['claim_malformed', 'claim_missing']);
  claim('iat as null', { iat: null }, ['claim_malformed', 'claim_missing']);
  claim('nbf as null', { nbf: null }, 'claim_malformed');

  rule('nbf may be absent', call(token({ nbf: undefined })), allow());
  rule('unknown claims of any type are ignored', call(token({ a: null, b: [1, 'x', {}], c: { d: true }, e: raw('1e10') })), allow());
  rule('an unknown claim beyond 2^53 is ignored', call(token({ id: raw('12345678901234567890'), less: raw('-9007199254740993') })), allow());
  rule('a machine token whose subject is the client', call(token({ sub: 'client-1' })), allow());
  rule('a subject beyond ascii', call(token({ sub: 'Zoë 山田' })), allow());
  rule('one token id may be used again', [call(), call()], allow());
  rule('the claim name counts by case', call(token({ sub: undefined, Sub: 'alice' })), deny('claim_missing'));

  claim('a token bound to a dpop key', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }, 'dpop_unsupported');
  claim('a token bound to a certificate', { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }, 'dpop_unsupported');
  claim('a token with an empty binding', { cnf: {} }, 'dpop_unsupported');
  claim('a token with a binding of null', { cnf: null }, ['dpop_unsupported', 'claim_malformed']);
  claim('a token with a binding of text', { cnf: 'jkt' }, ['dpop_unsupported', 'claim_malformed']);
  rule('a proof does not make a bound token pass', request([['authorization', `Bearer ${token({ cnf: { jkt: 'x' } })}`], ['dpop', token()]]), deny('dpop_unsupported'));
  rule('a proof beside an unbound token', request([['authorization', `Bearer ${token()}`], ['dpop', 'whatever']]), deny('dpop_unsupported'));

  claim('expiry is reported before a missing claim', { exp: NOW - 1000, sub: undefined }, 'token_expired');
  claim('expiry is reported before the audience', { exp: NOW - 1000, aud: 'https://other.example' }, 'token_expired');
  claim('expiry is reported before not-before', { exp: NOW - 1000, nbf: NOW + 1000 }, 'token_expired');
  claim('a missing exp is reported before not-before', { exp: undefined, nbf: NOW + 1000 }, 'claim_missing');
  claim('not-before is reported before the time of issue', { nbf: NOW + 1000, iat: NOW + 1000 }, 'token_not_yet_valid');
  claim('the time of issue is reported before a missing claim', { iat: NOW + 1000, jti: undefined }, 'token_issued_in_future');
  claim('a missing claim is reported before the audience', { jti: undefined, aud: 'https://other.example' }, 'claim_missing');
  claim('the audience is reported before the binding', { aud: 'https://other.example', cnf: { jkt: 'x' } }, 'audience_mismatch');
  claim('the binding is reported before the scopes', { cnf: { jkt: 'x' } }, 'dpop_unsupported', { config: 'scopes' });
  claim('the audience is reported before the scopes', { aud: 'https://other.example' }, 'audience_mismatch', { config: 'scopes' });

  const relaxed = within('relaxed');
  const none = { sub: undefined, client_id: undefined, jti: undefined, iat: undefined };
  for (const name of Object.keys(none)) relaxed(`an optional ${name} may be absent`, call(token({ [name]: undefined })), allow());
  relaxed('all optional claims may be absent', call(token(none)), allow());
  relaxed('an optional claim that is present is still checked', call(token({ ...none, sub: 5 })), deny('claim_malformed'));
  relaxed('an optional client_id that is present is still checked', call(token({ ...none, client_id: ['a'] })), deny('claim_malformed'));
  relaxed('an optional iat that is present must be a number', call(token({ ...none, iat: '1700000000' })), deny('claim_malformed'));
  relaxed('an optional iat that is present must not lie in the future', call(token({ ...none, iat: NOW + 31 })), deny('token_issued_in_future'));
  relaxed('exp is never optional', call(token({ ...none, exp: undefined })), deny('claim_missing'));
  relaxed('aud is never optional', call(token({ ...none, aud: undefined })), deny('claim_missing'));
  const jti = within('without jti');
  jti('the one optional claim may be absent', call(token({ jti: undefined })), allow());
  jti('a claim that is not listed as optional must be there', call(token({ sub: undefined })), deny('claim_missing'));
}
