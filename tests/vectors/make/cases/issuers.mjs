// The cases of issuers.json.

import { ISSUER, LONGER, RESOURCE, SLASH, TENANT, TENANT_URI } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'Which issuer a token is of, and that no issuer can speak for another.';

export function cases() {
  const unknown = deny('issuer_unknown', { fetched: 0 });
  for (const [iss, name] of [
    ['https://elsewhere.example', 'another issuer'],
    [`${ISSUER}/`, 'a slash at the end'],
    ['https://AS.example.com', 'a host in upper case'],
    ['HTTPS://as.example.com', 'a scheme in upper case'],
    ['http://as.example.com', 'http for https'],
    ['https://as.example.com:443', 'the default port spelt out'],
    ['https://as.example.com.evil.example', 'a longer host'],
    ['https://as.example.co', 'a shorter host'],
    [`${ISSUER}/tenant`, 'a longer path'],
    [` ${ISSUER}`, 'a space before it'],
    [`${ISSUER}\u0000`, 'a null after it'],
    ['as.example.com', 'no scheme'],
    [RESOURCE, 'the resource itself'],
  ]) rule(name, call(token({ iss })), unknown);
  rule('no issuer', call(token({ iss: undefined })), deny('claim_missing', { fetched: 0 }));
  rule('an empty issuer', call(token({ iss: '' })), deny(['claim_missing', 'issuer_unknown'], { fetched: 0 }));
  for (const iss of [5, true, [ISSUER], { url: ISSUER }]) rule(`the issuer as ${json(iss)}`, call(token({ iss })), deny('claim_malformed', { fetched: 0 }));
  rule('the issuer as null', call(token({ iss: null })), deny(['claim_malformed', 'claim_missing'], { fetched: 0 }));
  rule('an unknown issuer is reported before an unknown key', call(token({ iss: 'https://elsewhere.example' }, { key: 'es-other' })), unknown);
  rule('an unknown issuer is reported before expiry', call(token({ iss: 'https://elsewhere.example', exp: 1 })), unknown);
  rule('an issuer in the header does not count', call(token({ iss: 'https://elsewhere.example' }, { header: { iss: ISSUER } })), unknown);

  const many = within('several issuers');
  const tenant = { iss: TENANT, aud: 'api://tenant-a' };
  many('a token of the first issuer', call(), allow({ fetched: 1 }));
  many('a token of the second issuer', call(token(tenant, { key: 'rs-2' })), allow({ fetched: 1 }));
  many('a token of an issuer whose name ends in a slash', call(token({ iss: SLASH }, { key: 'es-2', header: { kid: 'es-1' } })), allow({ fetched: 1 }));
  many('a token of an issuer whose name begins like another', call(token({ iss: LONGER }, { key: 'es-other' })), allow({ fetched: 0 }));
  many('the slash of the issuer left out', call(token({ iss: SLASH.slice(0, -1) }, { key: 'es-2', header: { kid: 'es-1' } })), unknown);
  many('a path between two known issuers', call(token({ iss: 'https://as.example.com/' })), unknown);
  many('every issuer has its own key set', [call(), call(token(tenant, { key: 'rs-2' })), call()], allow({ fetched: 2 }));
  many('a token of the first issuer signed by the second', call(token({}, { key: 'rs-2' })), deny('key_unknown'));
  many('a token of the first issuer signed by the second, under a key id of the first', call(token({}, { key: 'rs-2', header: { kid: 'rs-1' } })), deny('signature_invalid'));
  many('a token of the first issuer signed by a key of equal id of the third', call(token({}, { key: 'es-2', header: { kid: 'es-1' } })), deny('signature_invalid'));
  many('a token of the third issuer signed by a key of equal id of the first', call(token({ iss: SLASH })), deny('signature_invalid'));
  many('a token of the fourth issuer signed by the first', call(token({ iss: LONGER })), deny('key_unknown', { fetched: 0 }));
  many('known keys of one issuer do not help another', [call(token({}, { key: 'rs-1' }), { expect: allow() }), call(token(tenant, { key: 'rs-1' }))], deny('key_unknown'));
  many('each issuer has its own algorithms', call(token(tenant)), deny('algorithm_not_allowed', { fetched: 0 }));
  many('an issuer with its own audience', call(token({ ...tenant, aud: RESOURCE }, { key: 'rs-2' })), deny('audience_mismatch'));
  many('the audience of one issuer does not serve another', call(token({ aud: 'api://tenant-a' })), deny('audience_mismatch'));
  const lost = { [TENANT_URI]: null };
  many('an issuer without keys does not harm the others', [call(token(tenant, { key: 'rs-2' }), { fetches: lost, expect: deny('keys_unavailable') }), call()], allow());
  many('the keys of the others do not help an issuer without keys', [call(undefined, { expect: allow() }), call(token(tenant, { key: 'rs-2' }), { fetches: lost })], deny('keys_unavailable'));
}
