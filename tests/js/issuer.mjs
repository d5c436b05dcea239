// An authorization server's half: keys made for one run, tokens signed with them, and the
// configuration that trusts them.

import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { Gate } from '../../pkg/dist/index.js';

export const NOW = 1_700_000_000;
export const RESOURCE = 'https://api.example.com/mcp';
export const ISSUER = 'https://as.example.com';
export const SCOPES = ['mcp:read', 'mcp:write'];

const EC = { dsaEncoding: 'ieee-p1363' };
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING };
const RSA = ['rsa', { modulusLength: 2048 }];

/** Algorithm -> how its keys are made, and how it signs (RFC 7518 section 3.1, RFC 8037). */
const MEANS = {
  ES256: { pair: ['ec', { namedCurve: 'P-256' }], hash: 'sha256', how: EC },
  ES384: { pair: ['ec', { namedCurve: 'P-384' }], hash: 'sha384', how: EC },
  RS256: { pair: RSA, hash: 'sha256' },
  RS384: { pair: RSA, hash: 'sha384' },
  RS512: { pair: RSA, hash: 'sha512' },
  PS256: { pair: RSA, hash: 'sha256', how: { ...PSS, saltLength: 32 } },
  EdDSA: { pair: ['ed25519', {}], hash: null },
};

export const ALGORITHMS = Object.keys(MEANS);

export function newKey(kid, alg = 'ES256') {
  const made = generateKeyPairSync(...MEANS[alg].pair);
  return { kid, alg, secret: made.privateKey, jwk: { ...made.publicKey.export({ format: 'jwk' }), kid } };
}

export const KEY = newKey('es-1');
export const OTHER = newKey('es-2');

export const CLAIMS = {
  iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1', iat: NOW - 10, exp: NOW + 300, jti: 'id-1',
};

const encoded = (value) => Buffer.from(value).toString('base64url');

/** A signed token; a member given as undefined is left out, text stands for a whole payload. */
export function token(claims = {}, { key = KEY, header = {}, how = {} } = {}) {
  const head = JSON.stringify({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header });
  const payload = typeof claims === 'string' ? claims : JSON.stringify({ ...CLAIMS, ...claims });
  const input = `${encoded(head)}.${encoded(payload)}`;
  const means = MEANS[key.alg];
  const hash = 'hash' in how ? how.hash : means.hash;
  return `${input}.${sign(hash, Buffer.from(input), { key: key.secret, ...means.how, ...how }).toString('base64url')}`;
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
