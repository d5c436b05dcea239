// The test keys of keys.json, as JWKs and as node:crypto has them.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const KEYS = JSON.parse(readFileSync(new URL('../keys.json', import.meta.url), 'utf8')).keys;

/** The public half of a test key as a JWK; a member given as undefined is left out. */
export function jwk(name, members = {}) {
  const { kty, crv, x, y, n, e } = KEYS[name];
  return { kty, crv, x, y, n, e, kid: name, ...members };
}
export const secretJwk = (name) => ({ ...KEYS[name], kid: name });
export const set = (...keys) => ({ keys });
export const asKey = (name) => createPrivateKey({ key: KEYS[name], format: 'jwk' });
export const spki = (name, format) => createPublicKey(asKey(name)).export({ type: 'spki', format });
export const bytesOf = (text) => Buffer.from(text, 'base64url');
