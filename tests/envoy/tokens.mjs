// Access tokens of the test issuer, signed now with the committed test keys.

import { constants, createPrivateKey, randomUUID, sign as nodeSign } from 'node:crypto';
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

const EC = { dsaEncoding: 'ieee-p1363' };

/** How each algorithm signs: the digest, and what else must be said. */
const SIGNING = {
  ES256: ['sha256', EC], ES384: ['sha384', EC], RS256: ['sha256'], RS384: ['sha384'], RS512: ['sha512'],
  PS256: ['sha256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }], EdDSA: [null],
};
export const ALGORITHMS = Object.keys(SIGNING);

/** A test key that signs by an algorithm. */
export const keyFor = (algorithm) => ({ ES256: 'es-1', ES384: 'p384-1', EdDSA: 'ed-1' })[algorithm] ?? 'rs-1';

const secrets = new Map();
/** The private half of a test key, read once. */
function secretOf(name) {
  if (!secrets.has(name)) secrets.set(name, createPrivateKey({ key: KEYS[name], format: 'jwk' }));
  return secrets.get(name);
}

/** A good token, but for the members given; one that is undefined is left out. */
export function token(claims = {}, { key = 'es-1', header = {}, algorithm = KEYS[key].kty === 'RSA' ? 'RS256' : 'ES256' } = {}) {
  const head = { alg: algorithm, typ: 'at+jwt', kid: key, ...header };
  const payload = {
    iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1',
    iat: now(), exp: now() + 300, jti: randomUUID(), ...claims,
  };
  const input = `${encode(head)}.${encode(payload)}`;
  const [hash, options] = SIGNING[algorithm];
  const signature = nodeSign(hash, Buffer.from(input), { key: secretOf(key), ...options });
  return `${input}.${signature.toString('base64url')}`;
}

export const bearer = (...args) => `Bearer ${token(...args)}`;
