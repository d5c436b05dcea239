// The cases of key-fit.json.

import { ALGORITHMS, ALL_URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { KEYS, bytesOf, jwk, secretJwk, set } from '../keys.mjs';
import { call } from '../requests.mjs';
import { within } from '../rules.mjs';
import { SIGN, algOf } from '../signatures.mjs';
import { b64, token } from '../tokens.mjs';

export const about = 'Which key serves which algorithm: no family takes the place of another, and a key serves no more than it says.';

const KEY = { ES256: 'es-1', ES384: 'p384-1', RS256: 'rs-1', RS384: 'rs-1', RS512: 'rs-1', PS256: 'rs-1', EdDSA: 'ed-1' };
const RSA = ALGORITHMS.filter((alg) => KEY[alg] === 'rs-1');
const KINDS = ['es-1', 'p384-1', 'rs-1', 'ed-1'];

export function cases() {
  const every = within('every algorithm');
  const of = (...keys) => ({ key_sets: { [ALL_URI]: set(...keys) } });
  const choice = (name, keys, made, expect) => every(name, call(made), expect, of(...keys));
  const unfit = deny('key_unknown', { fetched: 1 });
  const signed = (alg, header = {}) => token({}, { key: KEY[alg], alg, header });

  // The header names one algorithm, its key id leads to a key of another family, which did sign.
  for (const alg of ALGORITHMS) {
    for (const key of KINDS.filter((each) => each !== KEY[alg]))
      every(`${alg} is claimed for the key ${key}, which signed as ${algOf(key)}`, call(token({}, { key, header: { alg } })), unfit);
  }
  for (const alg of RSA) {
    for (const made of RSA.filter((each) => each !== alg))
      every(`${alg} is claimed for a signature made as ${made}`, call(token({}, { key: 'rs-1', alg, sign: SIGN[made] })), deny('signature_invalid', { fetched: 1 }));
  }

  // RFC 7517 section 4.4: `alg` binds a key to one algorithm.
  for (const alg of ALGORITHMS) choice(`a key for ${alg} serves ${alg}`, [jwk(KEY[alg], { alg })], signed(alg), allow());
  for (const alg of RSA) {
    for (const own of RSA.filter((each) => each !== alg)) choice(`a key for ${own} does not serve ${alg}`, [jwk('rs-1', { alg: own })], signed(alg), unfit);
  }
  for (const [alg, own] of [
    ['ES384', 'ES256'], ['ES384', 'ES512'], ['ES384', 'ECDH-ES'], ['ES384', 'es384'], ['EdDSA', 'ES256'], ['EdDSA', 'Ed25519'], ['EdDSA', 'Ed448'],
    ['EdDSA', 'eddsa'], ['PS256', 'PS384'], ['PS256', 'RSA-OAEP-256'], ['PS256', 'HS256'], ['RS512', 'none'], ['RS256', ''],
  ]) choice(`a key whose algorithm is ${JSON.stringify(own)} does not serve ${alg}`, [jwk(KEY[alg], { alg: own })], signed(alg), unfit);
  for (const own of [5, ['EdDSA'], { name: 'EdDSA' }]) choice(`a key whose algorithm is ${JSON.stringify(own)} is passed over`, [jwk('ed-1', { alg: own })], signed('EdDSA'), unfit);

  // RFC 7517 sections 4.2 and 4.3.
  for (const alg of ['ES384', 'PS256', 'EdDSA']) {
    const key = (members) => [jwk(KEY[alg], members)];
    choice(`${alg}: a key for signatures`, key({ use: 'sig' }), signed(alg), allow());
    choice(`${alg}: a key that may verify`, key({ key_ops: ['verify'] }), signed(alg), allow());
    choice(`${alg}: a key that may verify and more`, key({ key_ops: ['sign', 'verify', 'later'] }), signed(alg), allow());
    choice(`${alg}: a key for encryption`, key({ use: 'enc' }), signed(alg), unfit);
    choice(`${alg}: a key for signatures in upper case`, key({ use: 'SIG' }), signed(alg), unfit);
    choice(`${alg}: a key that may only sign`, key({ key_ops: ['sign'] }), signed(alg), unfit);
    choice(`${alg}: a key that may do nothing`, key({ key_ops: [] }), signed(alg), unfit);
    choice(`${alg}: a key for signatures that may not verify`, key({ use: 'sig', key_ops: ['encrypt'] }), signed(alg), unfit);
    choice(`${alg}: a key for encryption that may verify`, key({ use: 'enc', key_ops: ['verify'] }), signed(alg), unfit);
  }
  for (const members of [{ use: 5 }, { use: ['sig'] }, { key_ops: 'verify' }, { key_ops: [5] }, { kid: 5 }])
    choice(`a key with ${JSON.stringify(members)} is passed over`, [jwk('ed-1', members)], signed('EdDSA'), unfit);

  // Type, curve and size.
  const es = (members) => [jwk('p384-1', members)];
  const ed = (members) => [jwk('ed-1', members)];
  const short = (name, member) => b64(bytesOf(KEYS[name][member]).subarray(1));
  const long = (name, member) => b64(Buffer.concat([Buffer.of(0), bytesOf(KEYS[name][member])]));
  for (const [name, keys, alg] of [
    ['a p-384 key that claims to be on p-256, for es384', es({ crv: 'P-256' }), 'ES384'],
    ['a p-384 key that claims to be on p-521', es({ crv: 'P-521' }), 'ES384'],
    ['a p-384 key on a curve in lower case', es({ crv: 'p-384' }), 'ES384'],
    ['a p-384 key without a curve', es({ crv: undefined }), 'ES384'],
    ['a p-384 key without y', es({ y: undefined }), 'ES384'],
    ['a p-384 key whose x is a byte short', es({ x: short('p384-1', 'x') }), 'ES384'],
    ['a p-384 key whose x is a byte long', es({ x: long('p384-1', 'x') }), 'ES384'],
    ['a p-384 key of the type OKP', es({ kty: 'OKP' }), 'ES384'],
    ['a p-256 key that claims to be on p-384', [jwk('es-1', { crv: 'P-384', kid: 'p384-1' })], 'ES384'],
    ['an ed25519 key of the type EC', ed({ kty: 'EC' }), 'EdDSA'],
    ['an ed25519 key that claims to be x25519', ed({ crv: 'X25519' }), 'EdDSA'],
    ['an ed25519 key that claims to be ed448', ed({ crv: 'Ed448' }), 'EdDSA'],
    ['an ed25519 key on a curve in lower case', ed({ crv: 'ed25519' }), 'EdDSA'],
    ['an ed25519 key that claims to be on p-256', ed({ crv: 'P-256' }), 'EdDSA'],
    ['an ed25519 key without x', ed({ x: undefined }), 'EdDSA'],
    ['an ed25519 key with an empty x', ed({ x: '' }), 'EdDSA'],
    ['an ed25519 key of 31 bytes', ed({ x: short('ed-1', 'x') }), 'EdDSA'],
    ['an ed25519 key of 33 bytes', ed({ x: long('ed-1', 'x') }), 'EdDSA'],
    ['an ed25519 key with padding', ed({ x: `${KEYS['ed-1'].x}=` }), 'EdDSA'],
    ['an rsa key of the type OKP', [jwk('rs-1', { kty: 'OKP' })], 'PS256'],
    ['an rsa key of a type in lower case', [jwk('rs-1', { kty: 'rsa' })], 'PS256'],
    ['an rsa key without an exponent', [jwk('rs-1', { e: undefined })], 'PS256'],
    ['an rsa key whose modulus is a number', [jwk('rs-1', { n: 5 })], 'PS256'],
  ]) choice(name, keys, signed(alg), unfit);
  // Whether such a key is passed over or verifies nothing is the same for the caller.
  const broken = deny(['key_unknown', 'signature_invalid'], { fetched: 1 });
  choice('a p-384 key off the curve', es({ y: KEYS['p384-2'].y }), signed('ES384'), broken);
  choice('an ed25519 key that is no point', ed({ x: b64(Buffer.concat([Buffer.of(2), Buffer.alloc(31)])) }), signed('EdDSA'), broken);
  choice('an rsa key whose exponent is even', [jwk('rs-1', { e: 'AQAA' })], signed('PS256'), broken);
  choice('an rsa key whose exponent is one, for ps256', [jwk('rs-1', { e: 'AQ' })], signed('PS256'), broken);
  choice('a private p-384 key in the set serves as its public half', [secretJwk('p384-1')], signed('ES384'), allow());
  choice('a private ed25519 key in the set serves as its public half', [secretJwk('ed-1')], signed('EdDSA'), allow());

  // One id for keys of every kind: the algorithm tells them apart.
  const shared = KINDS.map((key) => jwk(key, { kid: 'shared' }));
  for (const alg of ALGORITHMS) {
    choice(`keys of every kind under one id: ${alg}`, shared, signed(alg, { kid: 'shared' }), allow());
    choice(`keys of every kind under one id but not for ${alg}`, shared.filter((_, at) => KINDS[at] !== KEY[alg]), signed(alg, { kid: 'shared' }), unfit);
  }
  choice('two rsa keys under one id, each for its algorithm: the first', [jwk('rs-1', { alg: 'PS256' }), jwk('rs-2', { kid: 'rs-1', alg: 'RS256' })], signed('PS256'), allow());
  choice('two rsa keys under one id, each for its algorithm: the other is not tried', [jwk('rs-2', { kid: 'rs-1', alg: 'PS256' }), jwk('rs-1', { alg: 'RS256' })], signed('PS256'), deny('signature_invalid'));
  choice('two ed25519 keys under one id: the second verifies', [jwk('ed-2', { kid: 'ed-1' }), jwk('ed-1')], signed('EdDSA'), allow());
  choice('two p-384 keys under one id: none verifies', [jwk('p384-2', { kid: 'p384-1' }), jwk('p384-2', { kid: 'p384-1' })], signed('ES384'), deny('signature_invalid'));

  // No id: exactly one key must fit.
  const bare = (alg) => signed(alg, { kid: undefined });
  for (const alg of ALGORITHMS) choice(`no key id and one key of every kind: ${alg}`, KINDS.map((key) => jwk(key)), bare(alg), allow());
  for (const [alg, other] of [['ES384', 'p384-2'], ['EdDSA', 'ed-2'], ['PS256', 'rs-2'], ['RS384', 'rs-2'], ['RS512', 'rs-2']]) {
    const own = jwk(KEY[alg]);
    choice(`no key id and two keys for ${alg}`, [own, jwk('es-1'), jwk(other)], bare(alg), deny('key_ambiguous'));
    choice(`no key id and one of two keys for ${alg} is for encryption`, [jwk(other, { use: 'enc' }), own], bare(alg), allow());
    choice(`no key id and one of two keys for ${alg} may only sign`, [jwk(other, { key_ops: ['sign'] }), own], bare(alg), allow());
    choice(`no key id and one of two keys for ${alg} is for another algorithm`, [jwk(other, { alg: 'ES256' }), own], bare(alg), allow());
  }
  choice('no key id and one of two rsa keys is too small', [jwk('rs-2047'), jwk('rs-1')], bare('PS256'), allow());
  choice('no key id and one of two rsa keys is too large', [jwk('rs-4104'), jwk('rs-1')], bare('PS256'), allow());
  choice('no key id and one of two ed25519 keys has no point', [jwk('ed-2', { x: undefined }), jwk('ed-1')], bare('EdDSA'), allow());
  choice('no key id and no key of this kind', [jwk('es-1'), jwk('rs-1')], bare('EdDSA'), unfit);
}
