// How each package is asked whether a token is good, as its documentation shows: what is compared is the same question.
// All have the key at hand, look at issuer, audience, time, type and the claims that RFC 9068 requires, and say who it is.

import { createPublicKey } from 'node:crypto';
import { auth } from 'express-oauth2-jwt-bearer';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { ISSUER, jwk, keyFor, RESOURCE } from './credentials.mjs';

const REQUIRED = ['sub', 'client_id', 'iat', 'jti'];
const PATH = new URL(RESOURCE).pathname;

/** Package -> (algorithm) => { ready, ask }: `ready` makes of credentials what the package takes, `ask` gives the subject. */
export const PEERS = {
  jose(algorithm) {
    const keys = createLocalJWKSet({ keys: [jwk(keyFor(algorithm))] });
    const options = { issuer: ISSUER, audience: RESOURCE, typ: 'at+jwt', algorithms: [algorithm], requiredClaims: [...REQUIRED, 'exp'] };
    return { ready: ({ token }) => token, ask: async (token) => (await jwtVerify(token, keys, options)).payload.sub };
  },

  oauth4webapi(algorithm) {
    const server = { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` };
    const cache = { jwks: { keys: [jwk(keyFor(algorithm))] }, uat: Math.floor(Date.now() / 1000) };
    const options = { [oauth.jwksCache]: cache, signingAlgorithms: [...new Set([algorithm, 'ES256'])] };
    return { ready: asRequest, ask: async (request) => (await oauth.validateJwtAccessToken(server, request, RESOURCE, options)).sub };
  },

  'express-oauth2-jwt-bearer'(algorithm) {
    const publicKey = { keys: [jwk(keyFor(algorithm))] };
    const check = auth({ issuer: ISSUER, audience: RESOURCE, publicKey, tokenSigningAlg: algorithm, strict: true });
    // What Express adds to a request, as far as it is read.
    const express = { method: 'GET', protocol: 'https', originalUrl: PATH, url: PATH, query: {}, is: () => false, get: (name) => (name === 'Host' ? new URL(RESOURCE).host : undefined) };
    return {
      ready: (credentials) => ({ ...express, headers: fields(credentials) }),
      ask: (request) => new Promise((resolve, reject) => {
        check(request, undefined, (error) => (error ? reject(error) : resolve(request.auth.payload.sub)));
      }),
    };
  },

  'fast-jwt': (algorithm) => fastJwt(algorithm, false),
  'fast-jwt, its cache': (algorithm) => fastJwt(algorithm, 20_000),
};

function fastJwt(algorithm, cache) {
  const key = createPublicKey({ key: jwk(keyFor(algorithm)), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const verify = createVerifier({
    key, cache, algorithms: [algorithm], allowedIss: ISSUER, allowedAud: RESOURCE, checkTyp: 'at+jwt', requiredClaims: [...REQUIRED, 'exp'],
  });
  return { ready: ({ token }) => token, ask: (token) => verify(token).sub };
}

/** The header fields of a call. */
export const fields = ({ token, proof }) => (proof ? { authorization: `DPoP ${token}`, dpop: proof } : { authorization: `Bearer ${token}` });

/** A call as a Fetch `Request`. */
export const asRequest = (credentials) => new Request(RESOURCE, { headers: fields(credentials) });

/** A call as Node's servers have it. */
export const asPlain = (credentials) => ({ method: 'GET', url: PATH, headers: fields(credentials) });
