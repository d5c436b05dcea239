// An authorization server's half: keys made for one run, tokens signed with them, and the
// configuration that trusts them.

import { generateKeyPairSync, sign } from 'node:crypto';
import { Gate } from '../../pkg/dist/index.js';

export const NOW = 1_700_000_000;
export const RESOURCE = 'https://api.example.com/mcp';
export const ISSUER = 'https://as.example.com';
export const SCOPES = ['mcp:read', 'mcp:write'];

export function newKey(kid, alg = 'ES256') {
  const made = alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, alg, secret: made.privateKey, jwk: { ...made.publicKey.export({ format: 'jwk' }), kid } };
}

export const KEY = newKey('es-1');
export const OTHER = newKey('es-2');

export const CLAIMS = {
  iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1', iat: NOW - 10, exp: NOW + 300, jti: 'id-1',
};

const encoded = (value) => Buffer.from(value).toString('base64url');

/** A signed token; a member given as undefined is left out, text stands for a whole payload. */
export function token(claims = {}, { key = KEY, header = {} } = {}) {
  const head = JSON.stringify({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header });
  const payload = typeof claims === 'string' ? claims : JSON.stringify({ ...CLAIMS, ...claims });
  const input = `${encoded(head)}.${encoded(payload)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: key.secret, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** The payload as text, with one more member written exactly so. */
export const payloadWith = (member) => JSON.stringify(CLAIMS).replace(/}$/, `,${member}}`);

/** A token that holds at the time of the system's clock. */
export function tokenOfToday(claims = {}, more = {}) {
  const now = Math.floor(Date.now() / 1000);
  return token({ iat: now - 10, exp: now + 300, ...claims }, more);
}

export const config = (members = {}) => ({
  resource: RESOURCE,
  issuers: [{ issuer: ISSUER, keys: { set: { keys: [KEY.jwk] } } }],
  ...members,
});

/** A configuration whose keys are fetched. */
export const fetching = (uri, members = {}) => config({ issuers: [{ issuer: ISSUER, keys: { uri } }], ...members });

export const open = (members = {}, options = {}) => Gate.open(config(members), options);

export const call = (headers = [], members = {}) => ({ method: 'POST', url: '/mcp', headers, ...members });

export const bearer = (made = token()) => call([['authorization', `Bearer ${made}`]]);
