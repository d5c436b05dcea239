// What an issuer publishes for discovery, and requests that need it.

import { ISSUER, RESOURCE } from './configurations.mjs';
import { jwk, set } from './keys.mjs';
import { reply } from './moments.mjs';
import { call } from './requests.mjs';
import { NOW, token } from './tokens.mjs';

export const OAUTH = '/.well-known/oauth-authorization-server';
export const OPENID = '/.well-known/openid-configuration';
export const KEYS_URI = 'https://keys.example.com/jwks.json';
export const KEYS = reply(set(jwk('es-1')));
export const NOTHING = reply('{"error":"not_found"}', {}, 404);

/** Where RFC 8414 puts the metadata, for an issuer without a path. */
export const PLACE = ISSUER + OAUTH;
export const SECOND = ISSUER + OPENID;

export const metadata = (members = {}, { headers = {}, status = 200 } = {}) =>
  reply({ issuer: ISSUER, jwks_uri: KEYS_URI, ...members }, headers, status);

/** A request `seconds` after the first one, and what the network answers then; all else does not answer. */
export const visit = (seconds, fetches, expect, { key = 'es-1', iss = ISSUER } = {}) => call(
  token({ iss, aud: RESOURCE, iat: NOW - 5000, exp: NOW + 90_000 }, { key }), { now: NOW + seconds, fetches, ...(expect ? { expect } : {}) },
);
