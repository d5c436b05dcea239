// The cases of header.json.

import { KEY_SETS, URI } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, secretJwk, set, spki } from '../keys.mjs';
import { call } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { hmac } from '../signatures.mjs';
import { NOW, token, withHeader } from '../tokens.mjs';

export const about = 'What the header of a token may say.';

export function cases() {
  const head = (name, members, reason, { fetched = 0, ...options } = {}) =>
    rule(name, call(withHeader(members, options)), deny(reason, { fetched }));

  head('the algorithm none', { alg: 'none' }, 'algorithm_not_allowed');
  rule('the algorithm none without a signature', call(withHeader({ alg: 'none' }, { bend: ([h, p]) => [h, p, ''] })), deny(['algorithm_not_allowed', 'token_malformed'], { fetched: 0 }));
  rule('the algorithm none without a signature and without a key id',
    call(withHeader({ alg: 'none', kid: undefined }, { bend: ([h, p]) => [h, p, ''] })), deny(['algorithm_not_allowed', 'token_malformed'], { fetched: 0 }));
  for (const alg of ['None', 'NONE', 'nOnE']) head(`the algorithm ${alg}`, { alg }, 'algorithm_not_allowed');
  head('hs256 with the public rsa key in pem as the secret', { alg: 'HS256', kid: 'rs-1' }, 'algorithm_not_allowed', { sign: hmac(spki('rs-1', 'pem')) });
  head('hs256 with the public rsa key in der as the secret', { alg: 'HS256', kid: 'rs-1' }, 'algorithm_not_allowed', { sign: hmac(spki('rs-1', 'der')) });
  head('hs256 with the public ec key in pem as the secret', { alg: 'HS256' }, 'algorithm_not_allowed', { sign: hmac(spki('es-1', 'pem')) });
  head('hs256 with the public jwk as the secret', { alg: 'HS256' }, 'algorithm_not_allowed', { sign: hmac(json(jwk('es-1'))) });
  head('hs256 with an empty secret', { alg: 'HS256' }, 'algorithm_not_allowed', { sign: hmac('') });
  for (const alg of ['HS384', 'HS512', 'dir', 'A128KW']) head(`the algorithm ${alg}`, { alg }, 'algorithm_not_allowed');
  for (const alg of ['es256', 'Es256', 'ES256 ', ' ES256', 'ES256\u0000', 'ES2567', 'SHA256withECDSA'])
    head(`the algorithm ${JSON.stringify(alg)} is not ES256`, { alg }, 'algorithm_not_allowed');
  head('an empty algorithm', { alg: '' }, 'algorithm_not_allowed');
  head('rs384 is not on the list', {}, 'algorithm_not_allowed', { key: 'rs-1', alg: 'RS384' });
  head('rs512 is not on the list', {}, 'algorithm_not_allowed', { key: 'rs-1', alg: 'RS512' });
  head('es384 is not on the list', {}, 'algorithm_not_allowed', { key: 'p384-1' });
  head('es256k is not on the list', {}, 'algorithm_not_allowed', { key: 'k256-1' });
  rule('a narrower list refuses es256', call(), deny('algorithm_not_allowed', { fetched: 0 }), { config: 'rs256 only' });
  rule('a narrower list refuses ps256', call(token({}, { key: 'rs-1', alg: 'PS256' })), deny('algorithm_not_allowed', { fetched: 0 }), { config: 'rs256 only' });
  rule('a narrower list refuses eddsa', call(token({}, { key: 'ed-1' })), deny('algorithm_not_allowed', { fetched: 0 }), { config: 'rs256 only' });
  rule('a narrower list takes rs256', call(token({}, { key: 'rs-1' })), allow(), { config: 'rs256 only' });
  head('no algorithm', { alg: undefined }, ['token_malformed', 'algorithm_not_allowed']);
  for (const alg of [null, 256, ['ES256'], { name: 'ES256' }, true]) head(`the algorithm as ${json(alg)}`, { alg }, 'token_malformed');

  for (const typ of ['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'Application/AT+JWT', 'APPLICATION/at+jwt'])
    rule(`the type ${typ} is an access token`, call(withHeader({ typ })), allow());
  for (const typ of ['JWT', 'jwt', 'application/jwt', 'id+jwt', 'dpop+jwt', 'logout+jwt', 'at+jwt+', 'xat+jwt', 'at-jwt', 'at+jwt; charset=utf-8', ' at+jwt', 'application/application/at+jwt', 'text/at+jwt', 'application/', ''])
    head(`the type ${JSON.stringify(typ)} is no access token`, { typ }, 'type_not_allowed');
  head('no type', { typ: undefined }, 'type_not_allowed');
  for (const typ of [null, 1, ['at+jwt'], true]) head(`the type as ${json(typ)}`, { typ }, 'token_malformed');
  const types = within('types');
  types('a configured type passes', call(withHeader({ typ: 'JWT' })), allow());
  types('a configured type passes in any case', call(withHeader({ typ: 'jwt' })), allow());
  types('the usual type passes beside a configured one', call(), allow());
  types('another type is refused beside a configured one', call(withHeader({ typ: 'id+jwt' })), deny('type_not_allowed'));
  types('no type is refused although JWT is configured', call(withHeader({ typ: undefined })), deny('type_not_allowed'));

  for (const [name, members] of [
    ['an unknown critical extension', { crit: ['exp'], exp: NOW }],
    ['an empty list of critical extensions', { crit: [] }],
    ['critical extensions that are no list', { crit: 'b64' }],
    ['critical extensions as null', { crit: null }],
    ['a known member as critical', { crit: ['kid'] }],
    ['jku as critical', { crit: ['jku'], jku: URI }],
    ['an unencoded payload', { b64: false, crit: ['b64'] }],
    ['an unencoded payload that is not critical', { b64: false }],
    ['the encoded payload spelt out', { b64: true }],
    ['a compressed payload', { zip: 'DEF' }],
    ['an encryption in a signed token', { enc: 'A256GCM' }],
    ['a nested token', { cty: 'JWT' }],
    ['a content type', { cty: 'json' }],
    ['an empty content type', { cty: '' }],
  ]) head(name, members, 'header_unsupported');
  head('an extension is reported before the algorithm', { crit: ['exp'], alg: 'none' }, 'header_unsupported');
  head('an extension is reported before the type', { zip: 'DEF', typ: 'JWT' }, 'header_unsupported');
  head('the algorithm is reported before the type', { alg: 'none', typ: 'JWT' }, 'algorithm_not_allowed');

  for (const kid of [null, 1, ['es-1'], { id: 'es-1' }, true]) head(`the key id as ${json(kid)}`, { kid }, 'token_malformed');
  rule('unknown header members are ignored', call(withHeader({ x5t: 'abc', foo: { bar: [1, null] }, iss: 'https://elsewhere.example' })), allow());

  // Keys and places of keys inside the token are the sender's word, never a source of trust.
  const foreign = { key: 'es-other' };
  head('a key embedded by the forger, under a good key id', { kid: 'es-1', jwk: jwk('es-other') }, 'signature_invalid', { ...foreign, fetched: 1 });
  head('a key embedded by the forger, under the id of a key', { kid: 'es-1', jwk: jwk('es-other', { kid: 'es-1' }) }, 'signature_invalid', { ...foreign, fetched: 1 });
  rule('a key embedded by the forger, under its own id', call(withHeader({ jwk: jwk('es-other') }, foreign)), deny('key_unknown'));
  head('a key embedded by the forger, without a key id', { kid: undefined, jwk: jwk('es-other', { kid: undefined }) }, 'signature_invalid', { ...foreign, fetched: 1 });
  const evil = 'https://evil.example/jwks.json';
  const lure = { key_sets: { [URI]: KEY_SETS[URI], [evil]: set(jwk('es-other'), jwk('es-other', { kid: 'es-1' })) } };
  rule('a key set named by the forger is not fetched', call(withHeader({ kid: 'es-1', jku: evil }, foreign)), deny('signature_invalid', { fetched: 1 }), lure);
  rule('a key set named by the forger is not fetched for its own key id', call(withHeader({ jku: evil }, foreign)), deny('key_unknown'), lure);
  rule('a certificate place named by the forger is not fetched', call(withHeader({ kid: 'es-1', x5u: evil }, foreign)), deny('signature_invalid', { fetched: 1 }), lure);
  rule('certificates embedded by the forger are not used',
    call(withHeader({ kid: 'es-1', x5c: [spki('es-other', 'der').toString('base64')] }, foreign)), deny('signature_invalid', { fetched: 1 }));
  for (const [member, value] of [['jku', evil], ['x5u', evil], ['x5c', ['MIIB']], ['jwk', jwk('es-other')]])
    rule(`a token of the right key may carry ${member}`, call(withHeader({ [member]: value })), allow({ fetched: 1 }), lure);
  rule('the private key embedded in the header changes nothing', call(withHeader({ jwk: secretJwk('es-1') })), allow());
}
