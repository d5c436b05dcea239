// Access tokens of the test issuer, signed now with the committed test keys.

import { createPrivateKey, randomUUID, sign as nodeSign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { keys: KEYS } = JSON.parse(readFileSync(new URL('../vectors/keys.json', import.meta.url), 'utf8'));

export const RESOURCE = 'https://mcp.example.com/mcp';
export const ISSUER = 'https://as.example.com';

/** The public half of a test key, as the issuer publishes it. */
export function jwk(name, members = {}) {
  const { kty, crv, x, y, n, e } = KEYS[name];
  return { kty, crv, x, y, n, e, kid: name, ...members };
}

export const keySet = (...names) => ({ keys: names.map((name) => jwk(name)) });

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const now = () => Math.floor(Date.now() / 1000);

/** A good token, but for the members given; one that is undefined is left out. */
export function token(claims = {}, { key = 'es-1', header = {} } = {}) {
  const isRsa = KEYS[key].kty === 'RSA';
  const head = { alg: isRsa ? 'RS256' : 'ES256', typ: 'at+jwt', kid: key, ...header };
  const payload = {
    iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1',
    iat: now(), exp: now() + 300, jti: randomUUID(), ...claims,
  };
  const input = `${encode(head)}.${encode(payload)}`;
  const secret = createPrivateKey({ key: KEYS[key], format: 'jwk' });
  const signature = nodeSign('sha256', Buffer.from(input), isRsa ? secret : { key: secret, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export const bearer = (...args) => `Bearer ${token(...args)}`;
