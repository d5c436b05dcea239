// How a token is signed, and how a signature is bent.

import { createHmac, sign as nodeSign } from 'node:crypto';
import { p256, p384 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { KEYS, asKey, bytesOf } from './keys.mjs';
import { pss } from './pss.mjs';

// node:crypto draws a random nonce for ECDSA; RFC 6979 does not.
const ecdsa = (curve) => (input, name) =>
  Buffer.from(curve.sign(Buffer.from(input), bytesOf(KEYS[name].d), { lowS: false, prehash: true }));
const rsa = (hash) => (input, name) => nodeSign(hash, Buffer.from(input), asKey(name));

export const SIGN = {
  ES256: ecdsa(p256),
  ES384: ecdsa(p384),
  ES256K: ecdsa(secp256k1),
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: pss(32),
  EdDSA: (input, name) => nodeSign(null, Buffer.from(input), asKey(name)),
};
const ALG = { es: 'ES256', rs: 'RS256', p384: 'ES384', k256: 'ES256K', ed: 'EdDSA' };
export const algOf = (name) => ALG[name.split('-')[0]];
export const hmac = (secret) => (input) => createHmac('sha256', secret).update(input).digest();

/** r and s of a raw ECDSA signature as the DER that OpenSSL and X.509 use. */
export function der(raw) {
  const integer = (half) => {
    let bytes = half;
    while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1);
    if (bytes[0] & 0x80) bytes = Buffer.concat([Buffer.of(0), bytes]);
    return Buffer.concat([Buffer.of(2, bytes.length), bytes]);
  };
  const middle = raw.length / 2;
  const body = Buffer.concat([integer(raw.subarray(0, middle)), integer(raw.subarray(middle))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

export const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
export const ORDER_384 = p384.Point.Fn.ORDER;
const hex = (bytes) => BigInt('0x' + bytes.toString('hex'));
const s_of = (raw) => hex(raw.subarray(raw.length / 2));
const written = (value, size) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
export const withS = (raw, s) => Buffer.concat([raw.subarray(0, raw.length / 2), written(s, raw.length / 2)]);
export const withR = (raw, r) => Buffer.concat([written(r, raw.length / 2), raw.subarray(raw.length / 2)]);
/** The same signature with the wanted half of s; both halves verify. */
export const half = (wanted, order = ORDER) => (raw) =>
  (s_of(raw) > order / 2n) === (wanted === 'high') ? raw : withS(raw, order - s_of(raw));

export const flip = (at) => (bytes) => {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? copy.length + at : at] ^= 1;
  return copy;
};
