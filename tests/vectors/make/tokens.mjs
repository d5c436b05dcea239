// Signed access tokens, good and bent.

import { ISSUER, RESOURCE } from './configurations.mjs';
import { json } from './exact-json.mjs';
import { SIGN, algOf } from './signatures.mjs';

/** The time of a case that names no other. */
export const NOW = 1700000000;

export const CLAIMS = {
  iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1',
  iat: NOW - 10, exp: NOW + 300, jti: 'id-1',
};
export const claimsOf = (members = {}) => ({ ...CLAIMS, ...members });

export const b64 = (value) => Buffer.from(value).toString('base64url');
const isWhole = (value) => typeof value === 'string' || Buffer.isBuffer(value);

/**
 * A signed compact JWS. `header` and `payload` are members or a whole text; `shape` changes the two
 * encoded segments before they are signed, `signature` the bytes of the signature, `bend` all three
 * segments at the end.
 */
export function jws(header, payload, { key, alg = algOf(key), sign = SIGN[alg], shape, signature, bend }) {
  let parts = [header, payload].map((each) => b64(isWhole(each) ? each : json(each)));
  if (shape) parts = shape(parts);
  const made = sign(parts.join('.'), key);
  parts.push(b64(signature ? signature(made) : made));
  return (bend ? bend(parts) : parts).join('.');
}

/** A signed token: members to add (undefined removes one) or a whole text, bent as `jws` can. */
export function token(payload = {}, { key = 'es-1', alg = algOf(key), header = {}, ...more } = {}) {
  const head = isWhole(header) ? header : { alg, typ: 'at+jwt', kid: key, ...header };
  return jws(head, isWhole(payload) ? payload : claimsOf(payload), { key, alg, ...more });
}
export const withHeader = (header, more = {}) => token({}, { header, ...more });

/** The first token of a row that has a wanted property: encodings depend on the bytes by chance. */
export function until(make, wanted) {
  for (let n = 0; n < 5000; n += 1) {
    const made = make(n);
    if (wanted(made)) return made;
  }
  throw new Error('no such token');
}

/** A good token of exactly so many bytes. */
export const sized = (bytes) =>
  until((n) => token({ pad: 'x'.repeat(Math.max(0, Math.floor(((bytes - 420) * 3) / 4) + (n % 100) - 20)) },
    { header: { x: 'y'.repeat(Math.floor(n / 100)) } }), (made) => made.length === bytes);
