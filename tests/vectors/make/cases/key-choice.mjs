// The cases of key-choice.json.

import { createHash } from 'node:crypto';
import { URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { KEYS, bytesOf, jwk, secretJwk, set } from '../keys.mjs';
import { call } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { hmac } from '../signatures.mjs';
import { NOW, b64, token, withHeader } from '../tokens.mjs';

export const about = 'Which key of a set verifies a token: kid, then kty, crv, alg, use and key_ops.';

export function cases() {
  const of = (...keys) => ({ key_sets: { [URI]: set(...keys) } });
  const choice = (name, keys, made, expect) => rule(name, call(made), expect, of(...keys));
  const es = token();
  const rs = token({}, { key: 'rs-1' });
  const bare = withHeader({ kid: undefined });
  const unfit = deny('key_unknown');

  choice('one key that fits', [jwk('es-1')], es, allow());
  choice('the key id chooses among keys of one kind', [jwk('es-2'), jwk('es-1'), jwk('es-other')], es, allow());
  choice('the key id counts by case', [jwk('es-1', { kid: 'ES-1' })], es, unfit);
  choice('the key id counts byte for byte', [jwk('es-1', { kid: 'es-1 ' })], es, unfit);
  choice('a key id beyond ascii', [jwk('es-1', { kid: 'clé ✓' })], withHeader({ kid: 'clé ✓' }), allow());
  choice('no key of that id', [jwk('es-2'), jwk('rs-1')], es, unfit);
  choice('an empty list of keys', [], es, unfit);
  choice('a key without an id does not serve a token with one', [jwk('es-1', { kid: undefined })], es, unfit);

  choice('no key id and one key that fits', [jwk('es-1')], bare, allow());
  choice('no key id and one key of this kind', [jwk('rs-1'), jwk('es-1'), jwk('rs-2')], bare, allow());
  choice('no key id and a key without an id', [jwk('es-1', { kid: undefined })], bare, allow());
  choice('no key id and two keys that fit', [jwk('es-1'), jwk('es-2')], bare, deny('key_ambiguous'));
  choice('no key id and two rsa keys that fit', [jwk('rs-1'), jwk('rs-2')], withHeader({ kid: undefined }, { key: 'rs-1' }), deny('key_ambiguous'));
  choice('no key id and one of two keys is for encryption', [jwk('es-2', { use: 'enc' }), jwk('es-1', { use: 'sig' })], bare, allow());
  choice('no key id and one of two keys is for another algorithm', [jwk('rs-2', { alg: 'PS256' }), jwk('rs-1', { alg: 'RS256' })], withHeader({ kid: undefined }, { key: 'rs-1' }), allow());
  choice('no key id and one of two keys is on another curve', [jwk('p384-1'), jwk('es-1')], bare, allow());
  choice('no key id and no key of this kind', [jwk('rs-1')], bare, unfit);
  choice('no key id and the one key that fits is another', [jwk('es-2')], bare, deny('signature_invalid'));

  choice('a key for signatures', [jwk('es-1', { use: 'sig' })], es, allow());
  choice('a key for encryption', [jwk('es-1', { use: 'enc' })], es, unfit);
  choice('a key for an unknown use', [jwk('es-1', { use: 'tls' })], es, unfit);
  choice('a key that may verify', [jwk('es-1', { key_ops: ['verify'] })], es, allow());
  choice('a key that may sign and verify', [jwk('es-1', { use: 'sig', key_ops: ['sign', 'verify'] })], es, allow());
  choice('a key that may only sign', [jwk('es-1', { key_ops: ['sign'] })], es, unfit);
  choice('a key that may only wrap keys', [jwk('rs-1', { key_ops: ['wrapKey', 'encrypt'] })], rs, unfit);
  choice('a key that may do nothing', [jwk('es-1', { key_ops: [] })], es, unfit);
  choice('a key for this algorithm', [jwk('es-1', { alg: 'ES256' })], es, allow());
  choice('a key for another ec algorithm', [jwk('es-1', { alg: 'ES384' })], es, unfit);
  choice('a key for another rsa algorithm', [jwk('rs-1', { alg: 'RS512' })], rs, unfit);
  choice('a key for rsa encryption', [jwk('rs-1', { alg: 'RSA-OAEP' })], rs, unfit);
  choice('a key for the algorithm of another kind', [jwk('es-1', { alg: 'RS256' })], es, unfit);

  choice('an rsa key under the id of an es256 token', [jwk('rs-1', { kid: 'es-1' })], es, unfit);
  choice('an ec key under the id of an rs256 token', [jwk('es-1', { kid: 'rs-1' })], rs, unfit);
  choice('an rs256 token that names the ec key of the set', [jwk('es-1'), jwk('rs-1')], token({}, { key: 'rs-1', header: { kid: 'es-1' } }), unfit);
  choice('a p-384 key under the id of an es256 token', [jwk('p384-1', { kid: 'es-1' })], es, unfit);
  choice('an es256 token signed on p-384', [jwk('p384-1')], token({}, { key: 'p384-1', header: { alg: 'ES256' } }), unfit);
  choice('a secp256k1 key under the id of an es256 token', [jwk('k256-1')], token({}, { key: 'k256-1', header: { alg: 'ES256' } }), unfit);
  choice('a secp256k1 key that claims to be on p-256', [jwk('k256-1', { crv: 'P-256' })], token({}, { key: 'k256-1', header: { alg: 'ES256' } }), deny(['key_unknown', 'signature_invalid']));
  choice('an ed25519 key under the id of an es256 token', [jwk('ed-1')], token({}, { key: 'ed-1', header: { alg: 'ES256' } }), unfit);
  choice('a symmetric key under the id of an es256 token', [{ kty: 'oct', kid: 'es-1', k: 'c2VjcmV0' }], es, unfit);
  choice('a symmetric key of the set does not allow hs256', [{ kty: 'oct', kid: 'h-1', k: b64('secret'), alg: 'HS256' }], withHeader({ alg: 'HS256', kid: 'h-1' }, { sign: hmac('secret') }), deny('algorithm_not_allowed'));

  choice('two keys of one id, the first verifies', [jwk('es-1'), jwk('es-2', { kid: 'es-1' })], es, allow());
  choice('two keys of one id, the second verifies', [jwk('es-2', { kid: 'es-1' }), jwk('es-1')], es, allow());
  choice('two keys of one id, the second is of the right kind', [jwk('rs-1', { kid: 'es-1' }), jwk('es-1')], es, allow());
  choice('two keys of one id, the first is for encryption', [jwk('es-2', { kid: 'es-1', use: 'enc' }), jwk('es-1')], es, allow());
  choice('two keys of one id, none verifies', [jwk('es-2', { kid: 'es-1' }), jwk('es-other', { kid: 'es-1' })], es, deny('signature_invalid'));
  choice('the same key twice', [jwk('es-1'), jwk('es-1')], es, allow());

  choice('a private ec key in the set serves as its public half', [secretJwk('es-1')], es, allow());
  choice('a private rsa key in the set serves as its public half', [secretJwk('rs-1')], rs, allow());
  choice('unknown members of a key are ignored', [jwk('es-1', { x5c: ['MIIB'], x5t: 'abc', ext: true, iat: 5, nested: { a: [1] } })], es, allow());

  const weak = token({}, { key: 'rs-weak' });
  choice('an rsa key of 1024 bits', [jwk('rs-weak')], weak, deny(['key_unknown', 'signature_invalid']));
  choice('an rsa key of 1024 bits without a key id', [jwk('rs-weak')], withHeader({ kid: undefined }, { key: 'rs-weak' }), deny(['key_unknown', 'signature_invalid']));
  choice('an rsa key of 1024 bits does not harm a good one', [jwk('rs-weak'), jwk('rs-1')], rs, allow());
  // With e = 1 every padded digest is its own signature.
  const padded = (input) => Buffer.concat([
    Buffer.of(0, 1), Buffer.alloc(202, 255), Buffer.of(0), Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    createHash('sha256').update(input).digest(),
  ]);
  choice('an rsa key whose exponent is one', [jwk('rs-1', { e: 'AQ' })], token({}, { key: 'rs-1', sign: padded }), deny(['key_unknown', 'signature_invalid']));

  const broken = deny(['key_unknown', 'signature_invalid']);
  choice('an ec key without y', [jwk('es-1', { y: undefined })], es, broken);
  choice('an ec key off the curve', [jwk('es-1', { y: KEYS['es-2'].y })], es, broken);
  choice('an ec key at zero', [jwk('es-1', { x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) })], es, broken);
  choice('an ec key with a short coordinate', [jwk('es-1', { x: b64(bytesOf(KEYS['es-1'].x).subarray(1)) })], es, broken);
  choice('an ec key whose coordinate is no text', [jwk('es-1', { x: 5 })], es, broken);
  choice('an ec key whose coordinate is no base64url', [jwk('es-1', { x: '!!!!' })], es, broken);
  choice('an rsa key without a modulus', [jwk('rs-1', { n: undefined })], rs, broken);
  choice('an rsa key with an empty modulus', [jwk('rs-1', { n: '' })], rs, broken);
  choice('an rsa key with an empty exponent', [jwk('rs-1', { e: '' })], rs, broken);
  // RFC 7517 section 5: keys that are not understood are passed over.
  const odd = [null, 5, 'es-1', [], {}, { kty: 'XYZ', kid: 'es-1' }, { kty: 5, kid: 'a' }, { kty: 'EC', kid: 5 }, { kty: 'RSA', kid: 'b' }, jwk('es-1', { kid: 'c', x: 5 }), jwk('ed-1'), jwk('k256-1')];
  choice('entries that are no usable keys do not harm a good one', [...odd, jwk('es-1')], es, allow());
  choice('entries that are no usable keys do not count as fitting', [...odd, jwk('es-1')], bare, allow());
  choice('only entries that are no usable keys', odd, es, unfit);

  const inline = within('inline keys');
  inline('an inline key set: a good token', call(), allow({ fetched: 0 }));
  inline('an inline key set: an rs256 token', call(rs), allow({ fetched: 0 }));
  inline('an inline key set: an unknown key id', call(token({}, { key: 'es-2' })), deny('key_unknown', { fetched: 0 }));
  inline('an inline key set: no key id and one key of this kind', call(bare), allow({ fetched: 0 }));
  inline('an inline key set: a forged signature', call(token({}, { key: 'es-2', header: { kid: 'es-1' } })), deny('signature_invalid', { fetched: 0 }));
  inline('an inline key set never ages', [call(), call(token({ exp: NOW + 90_000 }), { now: NOW + 86_400 })], allow({ fetched: 0 }));
}
