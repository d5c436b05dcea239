// The cases of algorithms.json.

import { createHash } from 'node:crypto';
import { p384 } from '@noble/curves/nist.js';
import { ALGORITHMS, ALL_URI, URI } from '../configurations.mjs';
import { ORDER_25519, SMALL, beyondOrder, withScalar } from '../ed25519.mjs';
import { allow, deny } from '../expectations.mjs';
import { KEYS, bytesOf, jwk, set } from '../keys.mjs';
import { pss } from '../pss.mjs';
import { call } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { ORDER_384, SIGN, der, flip, half, hmac, withR, withS } from '../signatures.mjs';
import { b64, claimsOf, token, until, withHeader } from '../tokens.mjs';
import { json } from '../exact-json.mjs';

export const about = 'The seven signature algorithms: RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1.';

const KEY = { ES256: 'es-1', ES384: 'p384-1', RS256: 'rs-1', RS384: 'rs-1', RS512: 'rs-1', PS256: 'rs-1', EdDSA: 'ed-1' };
const OTHER = { ES256: 'es-2', ES384: 'p384-2', RS256: 'rs-2', RS384: 'rs-2', RS512: 'rs-2', PS256: 'rs-2', EdDSA: 'ed-2' };
const signed = (alg, more = {}) => token({}, { key: KEY[alg], alg, ...more });

export function cases() {
  const every = within('every algorithm');
  const good = (name, made, more) => every(name, call(made), allow({ fetched: 1 }), more);
  const bad = (name, made, reason = 'signature_invalid', more) => every(name, call(made), deny(reason, { fetched: 1 }), more);

  for (const alg of ALGORITHMS) {
    const name = alg.toLowerCase();
    good(`${name}: a good signature`, signed(alg));
    bad(`${name}: the first bit differs`, signed(alg, { signature: flip(0) }));
    bad(`${name}: the last bit differs`, signed(alg, { signature: flip(-1) }));
    bad(`${name}: one byte too short`, signed(alg, { signature: (raw) => raw.subarray(0, -1) }));
    bad(`${name}: one byte too long`, signed(alg, { signature: (raw) => Buffer.concat([raw, Buffer.of(0)]) }));
    bad(`${name}: all zeros`, signed(alg, { signature: (raw) => Buffer.alloc(raw.length) }));
    bad(`${name}: another subject after signing`, signed(alg, { bend: ([h, , s]) => [h, b64(json(claimsOf({ sub: 'admin' }))), s] }));
    bad(`${name}: by another key of the kind under this key id`, token({}, { key: OTHER[alg], alg, header: { kid: KEY[alg] } }));
  }

  // What is configured decides, never what the token or the key says.
  for (const alg of ALGORITHMS) {
    const only = within(`${alg.toLowerCase()} only`);
    only(`a list of ${alg} alone takes it`, call(signed(alg)), allow());
    const next = ALGORITHMS[(ALGORITHMS.indexOf(alg) + 1) % ALGORITHMS.length];
    only(`a list of ${alg} alone refuses ${next}`, call(signed(next)), deny('algorithm_not_allowed', { fetched: 0 }));
  }
  const usual = { key_sets: { [URI]: set(jwk('es-1'), jwk('rs-1'), jwk('ed-1'), jwk('p384-1')) } };
  for (const alg of ALGORITHMS) {
    const listed = ['ES256', 'RS256', 'PS256', 'EdDSA'].includes(alg);
    rule(`the default list ${listed ? 'takes' : 'refuses'} ${alg}`, call(signed(alg)), listed ? allow() : deny('algorithm_not_allowed', { fetched: 0 }), usual);
  }
  for (const alg of ['none', 'HS256', 'HS384', 'HS512', 'PS384', 'PS512', 'ES512', 'ES256K', 'RS1', 'Ed25519', 'Ed448', 'eddsa', 'EDDSA', 'ps256', 'es384', 'ML-DSA-44'])
    every(`${alg} is on no list`, call(withHeader({ alg })), deny('algorithm_not_allowed', { fetched: 0 }));
  for (const [alg, bytes] of [['EdDSA', bytesOf(KEYS['ed-1'].x)], ['ES384', Buffer.concat([Buffer.of(4), bytesOf(KEYS['p384-1'].x), bytesOf(KEYS['p384-1'].y)])]])
    every(`hs256 with the public bytes of the ${alg} key as the secret`, call(withHeader({ alg: 'HS256', kid: KEY[alg] }, { sign: hmac(bytes) })), deny('algorithm_not_allowed', { fetched: 0 }));

  // RFC 7518 section 3.5: the salt is as long as the digest.
  const salted = (length, options) => token({}, { key: 'rs-1', alg: 'PS256', sign: pss(length, options) });
  good('ps256: a salt of 32 bytes', salted(32));
  for (const length of [0, 1, 20, 31, 33, 48, 64, 222]) bad(`ps256: a salt of ${length} bytes`, salted(length));
  bad('ps256: another trailer', salted(32, { trailer: 0xcc }));
  // RFC 8017 section 8.1.2: the byte before an encoded message that is shorter than the modulus; what is larger than that is signed by nobody.
  const led = (n) => {
    try {
      return token({ jti: `id-${n}` }, { key: 'rs-2049', alg: 'PS256', sign: pss(32, { lead: 1 }) });
    } catch {
      return undefined;
    }
  };
  bad('ps256: a byte before the encoded message', until(led, Boolean), 'signature_invalid', { key_sets: { [ALL_URI]: set(jwk('rs-2049')) } });
  bad('ps256: pkcs 1 v1.5 in place of pss', signed('PS256', { sign: SIGN.RS256 }));
  for (const alg of ['RS256', 'RS384', 'RS512']) {
    bad(`${alg.toLowerCase()}: pss in place of pkcs 1 v1.5`, signed(alg, { sign: SIGN.PS256 }));
    const hash = alg === 'RS512' ? 'RS256' : 'RS512';
    bad(`${alg.toLowerCase()}: made as ${hash}`, signed(alg, { sign: SIGN[hash] }));
  }

  // RFC 7518 section 3.4: 48 bytes of r, 48 bytes of s.
  const es384 = (signature) => signed('ES384', { signature });
  bad('es384: der instead of r and s', es384(der));
  bad('es384: the length of an es256 signature', es384((raw) => Buffer.concat([raw.subarray(0, 32), raw.subarray(48, 80)])));
  bad('es384: the length of an es512 signature', es384((raw) => Buffer.concat([Buffer.alloc(18), raw.subarray(0, 48), Buffer.alloc(18), raw.subarray(48)])));
  bad('es384: r is zero', es384((raw) => withR(raw, 0n)));
  bad('es384: s is zero', es384((raw) => withS(raw, 0n)));
  bad('es384: r is the order of the curve', es384((raw) => withR(raw, ORDER_384)));
  bad('es384: s is the order of the curve', es384((raw) => withS(raw, ORDER_384)));
  bad('es384: r and s change places', es384((raw) => Buffer.concat([raw.subarray(48), raw.subarray(0, 48)])));
  bad('es384: made with sha-256', signed('ES384', {
    sign: (input, name) => Buffer.from(p384.sign(createHash('sha256').update(input).digest(), bytesOf(KEYS[name].d), { prehash: false, lowS: false })),
  }));
  good('es384: s in the upper half is as good', es384(half('high', ORDER_384)));
  good('es384: s in the lower half is as good', es384(half('low', ORDER_384)));

  // RFC 8032 section 5.1.7: S is below the order, or one signature has many forms.
  const eddsa = (signature) => signed('EdDSA', { signature });
  for (const times of [1n, 2n, 8n]) bad(`eddsa: S with ${times} times the order added`, eddsa(beyondOrder(times)));
  bad('eddsa: S is zero', eddsa(withScalar(0n)));
  bad('eddsa: S is the order', eddsa(withScalar(ORDER_25519)));
  bad('eddsa: S is all ones', eddsa(withScalar((1n << 256n) - 1n)));
  bad('eddsa: the upper bit of S is set', eddsa((raw) => Buffer.from(raw.map((byte, at) => (at === 63 ? byte | 0x80 : byte)))));
  bad('eddsa: R and S change places', eddsa((raw) => Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])));
  bad('eddsa: over the digest of the message', signed('EdDSA', { sign: (input, name) => SIGN.EdDSA(createHash('sha512').update(input).digest(), name) }));

  // Whoever publishes such a key lets everybody sign: R is the neutral point, S is zero.
  for (const [order, point] of Object.entries(SMALL)) {
    const forged = Buffer.concat([SMALL[1], Buffer.alloc(32)]);
    // A verifier that does not look would take it where the hash is a multiple of the key's order.
    const fits = (made) => {
      const hash = createHash('sha512').update(SMALL[1]).update(point).update(made.slice(0, made.lastIndexOf('.'))).digest();
      return (BigInt(`0x${hash.reverse().toString('hex')}`) % ORDER_25519) % BigInt(order) === 0n;
    };
    const made = until((n) => token({ jti: `id-${n}` }, { key: 'ed-1', sign: () => forged }), fits);
    bad(`eddsa: a key of order ${order} signs nothing`, made, ['signature_invalid', 'key_unknown'], { key_sets: { [ALL_URI]: set(jwk('ed-1', { x: b64(point) })) } });
  }
  bad('eddsa: the neutral point as R, zero as S', eddsa(() => Buffer.concat([SMALL[1], Buffer.alloc(32)])));

  // RFC 7518 section 3.3: 2048 bits or more.
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256']) {
    const sized = (key) => [token({}, { key, alg }), { key_sets: { [ALL_URI]: set(jwk(key)) } }];
    for (const key of ['rs-2049', 'rs-4096']) good(`${alg.toLowerCase()}: a key of ${key.slice(3)} bits`, ...sized(key));
    for (const key of ['rs-2047', 'rs-4104']) {
      const [made, more] = sized(key);
      bad(`${alg.toLowerCase()}: a key of ${key.slice(3)} bits`, made, 'key_unknown', more);
    }
  }
  good('rs256: a key whose exponent is three', token({}, { key: 'rs-e3' }), { key_sets: { [ALL_URI]: set(jwk('rs-e3')) } });
  bad('rs256: a key that claims another exponent', signed('RS256'), 'signature_invalid', { key_sets: { [ALL_URI]: set(jwk('rs-1', { e: 'Aw' })) } });
}
