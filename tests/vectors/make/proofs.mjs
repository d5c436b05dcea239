// Tokens that are bound to a key, and proofs that the caller holds it: RFC 9449.

import { createHash } from 'node:crypto';
import { RESOURCE } from './configurations.mjs';
import { KEYS, jwk } from './keys.mjs';
import { request } from './requests.mjs';
import { algOf } from './signatures.mjs';
import { NOW, jws, token } from './tokens.mjs';

export const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

// RFC 7638 section 3.2, in the order of section 3.
const REQUIRED = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] };
export const thumbprint = (name) => sha256(JSON.stringify(KEYS[name], REQUIRED[KEYS[name].kty]));

/** The public half of a test key, as a proof carries it. */
export const shownKey = (name, members = {}) => jwk(name, { kid: undefined, ...members });

/** A token bound to a test key. */
export const bound = (claims = {}, key = 'es-proof') => token({ cnf: { jkt: thumbprint(key) }, ...claims });

export const PROOF = { jti: 'proof-1', htm: 'POST', htu: RESOURCE, iat: NOW - 5 };

/** A proof for a token: members to add (undefined removes one) or a whole text, bent as `jws` can. */
export function proof(payload = {}, { key = 'es-proof', of = bound({}, key), alg = algOf(key), header = {}, ...more } = {}) {
  const head = typeof header === 'string' ? header : { typ: 'dpop+jwt', alg, jwk: shownKey(key), ...header };
  const body = typeof payload === 'string' ? payload : { ...PROOF, ath: sha256(of), ...payload };
  return jws(head, body, { key, alg, ...more });
}

/** A request with a token and proofs, as they are. */
export const proven = (made, proofs, { scheme = 'DPoP', ...more } = {}) =>
  request([['authorization', `${scheme} ${made}`], ...[proofs].flat().map((value) => ['dpop', value])], more);

/** A request with a bound token and a proof of it. */
export const shown = (payload = {}, { key = 'es-proof', of = bound({}, key), ...options } = {}, more = {}) =>
  proven(of, proof(payload, { key, of, ...options }), more);
