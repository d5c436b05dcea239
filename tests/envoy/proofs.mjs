// Proofs of possession (RFC 9449), and tokens bound to the key that makes them.

import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { now, RESOURCE, token } from './tokens.mjs';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

/** A client with an ES256 key of its own. */
export class Prover {
  #key;

  constructor() {
    // The JWK at once: `export` of a new key deadlocks in Node 20 where its garbage collection then frees what made the key.
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { format: 'jwk' } });
    this.#key = privateKey;
    const { kty, crv, x, y } = publicKey;
    this.jwk = { kty, crv, x, y };
    this.thumbprint = sha256(JSON.stringify({ crv, kty, x, y }));
  }

  /** A good token bound to this client's key; the parameters are those of `token`. */
  token = (claims = {}, options) => token({ cnf: { jkt: this.thumbprint }, ...claims }, options);

  /** A good proof for this token; members of `claims` and `header` that are undefined are left out. */
  proof(access, { method = 'GET', url = RESOURCE, nonce, claims = {}, header = {} } = {}) {
    const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk, ...header };
    const payload = { jti: randomUUID(), htm: method, htu: url, iat: now(), ath: sha256(access), nonce, ...claims };
    const input = `${encode(head)}.${encode(payload)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** The header fields of a good call. */
  headers(options = {}) {
    const access = this.token();
    return { authorization: `DPoP ${access}`, dpop: this.proof(access, options) };
  }
}

/** Under what name a proof is remembered. */
export const claimKey = (thumbprint, jti) => sha256(`${thumbprint}.${jti}`);

const SLOT = 150;
/** The nonce of so many slots from now. */
export const nonceOf = (secret, slots = 0, at = now()) =>
  createHmac('sha256', secret).update(`waxseal dpop nonce ${Math.floor(at / SLOT) + slots}`).digest().subarray(0, 16).toString('base64url');
