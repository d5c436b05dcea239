// The gate configurations of the cases, and the key sets of their issuers.

import { jwk, set } from './keys.mjs';

export const RESOURCE = 'https://api.example.com/mcp';
export const ISSUER = 'https://as.example.com';
export const URI = 'https://as.example.com/jwks.json';

export const issuer = (members = {}) => ({ issuer: ISSUER, keys: { uri: URI, cluster: 'as' }, ...members });
export const config = (members = {}) => ({ resource: RESOURCE, issuers: [issuer()], ...members });
export const SCOPES = ['mcp:read', 'mcp:write'];

export const TENANT = 'https://login.example.net/tenant-a';
export const TENANT_URI = 'https://login.example.net/tenant-a/jwks.json';
export const SLASH = 'https://slash.example.org/';
const SLASH_URI = 'https://slash.example.org/jwks.json';
export const LONGER = 'https://as.example.com/b';

/** A set with a key for every algorithm. */
export const ALL_URI = 'https://as.example.com/all.json';
export const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'EdDSA'];
const taking = (...algorithms) => config({ issuers: [issuer({ keys: { uri: ALL_URI, cluster: 'as' }, algorithms })] });

export const APP = 'https://app.example.com';
export const DEV = 'http://localhost:5173';
export const EXTENSION = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop';
const origins = [APP, DEV, EXTENSION];

// Discovery without a cluster: the runner of the filter adds one, which also lifts the rules about addresses.
const found = (at, members = {}, more = {}) => config({ issuers: [{ issuer: at, keys: { discover: true, ...members } }], ...more });
export const TENANT_SLASH = 'https://login.example.net/tenant-b/';
export const PORT = 'https://as.example.com:8443/a/b';
export const INSIDE = 'https://as.internal';
export const LOOPBACK = 'http://127.0.0.1:9000';

/** What nonces are made with, and the environment that holds it. */
export const SECRET = 'a secret of the tests, for nonces';
export const ENVIRONMENT = { NONCE_SECRET: SECRET, STORE_TOKEN: 'Bearer a-secret-of-the-tests' };
const nonce = { mode: 'always', secret: { env: 'NONCE_SECRET' } };
const bound = (mode, { dpop = {}, ...members } = {}) => config({ dpop: { mode, ...dpop }, ...members });
const required = (members) => bound('required', members);
const optional = (members) => bound('optional', members);
/** Whether a configuration reads a secret from the environment. */
export const needsSecret = ({ dpop, replay, revocation }) => Boolean(revocation?.http?.authorization || revocation?.introspection) || (dpop?.mode ?? 'off') !== 'off' && (dpop.nonce?.mode === 'always' || Boolean(replay?.store?.http?.authorization));

export const STORE = 'https://redis.example.com';
const shared = (uri, more = {}) => ({ replay: { store: { http: { uri, cluster: 'webdis', ...more } } } });

export const CONFIGS = {
  default: config(),
  'every algorithm': taking(...ALGORITHMS),
  ...Object.fromEntries(ALGORITHMS.map((alg) => [`${alg.toLowerCase()} only`, taking(alg)])),
  origins: config({ origins }),
  'origins and scopes': config({ origins, scopes: SCOPES }),
  'origins and caracal': config({ origins, errors: { vocabulary: 'caracal' } }),
  'origins and verbose': config({ origins, errors: { verbose: true } }),
  'short life': config({ keys: { age: 60, stale: 60 } }),
  'nothing stale': config({ keys: { age: 60, stale: 0 } }),
  'shortest life': config({ keys: { age: 20 } }),
  'one second': config({ keys: { age: 1 } }),
  discovery: found(ISSUER),
  'discovery with a path': found(TENANT),
  'discovery with a slash': found(SLASH),
  'discovery with a path and a slash': found(TENANT_SLASH),
  'discovery with a port': found(PORT),
  'discovery inside': found(INSIDE),
  'discovery on loopback': found(LOOPBACK),
  'discovery of private addresses': found(ISSUER, { private: true }),
  'discovery through a cluster': found(ISSUER, { cluster: 'as' }),
  'discovery with a short age': found(ISSUER, {}, { keys: { age: 20 } }),
  'discovery of several issuers': config({ issuers: [ISSUER, TENANT].map((each) => ({ issuer: each, keys: { discover: true } })) }),
  'inline keys': config({ issuers: [issuer({ keys: { set: set(jwk('es-1'), jwk('rs-1')) } })] }),
  'several issuers': config({
    issuers: [
      issuer(),
      { issuer: TENANT, keys: { uri: TENANT_URI, cluster: 'login' }, audience: ['api://tenant-a'], algorithms: ['RS256'] },
      { issuer: SLASH, keys: { uri: SLASH_URI, cluster: 'slash' } },
      { issuer: LONGER, keys: { set: set(jwk('es-other')) } },
    ],
  }),
  scopes: config({ scopes: SCOPES }),
  realm: config({ challenge: { realm: 'mcp' }, scopes: SCOPES }),
  'realm to be quoted': config({ challenge: { realm: 'the "inner" C:\\api, realm' } }),
  'realm beyond ascii': config({ challenge: { realm: 'geschützt ✓' } }),
  caracal: config({ scopes: SCOPES, errors: { vocabulary: 'caracal' } }),
  verbose: config({ scopes: SCOPES, errors: { verbose: true } }),
  'other base': config({ errors: { base: 'https://errors.example.com/waxseal/' } }),
  'no leeway': config({ leeway: 0 }),
  forward: config({
    forward: {
      headers: {
        'x-user': 'sub', 'x-client-id': 'client_id', 'x-groups': 'groups', 'x-level': 'level',
        'x-expires': 'exp', 'x-scope': 'scope', 'x-org': 'org',
      },
    },
  }),
  'forward and keep': config({ forward: { headers: { 'x-user': 'sub' }, authorization: 'keep' } }),
  'forward and strip': config({ forward: { headers: { 'x-user': 'sub' }, authorization: 'strip' } }),
  relaxed: config({ issuers: [issuer({ claims: { optional: ['sub', 'client_id', 'jti', 'iat'] } })] }),
  'without jti': config({ issuers: [issuer({ claims: { optional: ['jti'] } })] }),
  audiences: config({ issuers: [issuer({ audience: ['api://one', 'https://two.example.com/mcp'] })] }),
  types: config({ issuers: [issuer({ types: ['at+jwt', 'JWT'] })] }),
  'short tokens': config({ limits: { token: 1024 } }),
  'short age': config({ keys: { age: 60 } }),
  'resource without a path': config({ resource: 'https://api.example.com' }),
  'resource with a port': config({ resource: 'https://api.example.com:8443/v1/mcp' }),
  'dpop off': bound('off'),
  'dpop off, with a list of algorithms and nonces': bound('off', { dpop: { algorithms: ['ES256'], nonce } }),
  'dpop optional': optional(),
  'dpop required': required(),
  'every proof algorithm': required({ dpop: { algorithms: [...ALGORITHMS].reverse() } }),
  ...Object.fromEntries(ALGORITHMS.map((alg) => [`${alg.toLowerCase()} proofs only`, required({ dpop: { algorithms: [alg] } })])),
  'proofs without leeway': required({ leeway: 0 }),
  'proofs of a minute': required({ dpop: { age: 60 } }),
  'proofs of a second': required({ dpop: { age: 1 }, leeway: 0 }),
  'proofs of an hour': required({ dpop: { age: 3600 } }),
  'short proofs': required({ limits: { token: 1024 } }),
  'dpop and scopes': required({ scopes: SCOPES }),
  'optional dpop and scopes': optional({ scopes: SCOPES }),
  'dpop and a realm': required({ scopes: SCOPES, challenge: { realm: 'mcp' }, dpop: { algorithms: ['EdDSA', 'ES384'] } }),
  'optional dpop and a realm': optional({ scopes: SCOPES, challenge: { realm: 'the "inner" \\ realm' } }),
  'dpop and caracal': required({ scopes: SCOPES, errors: { vocabulary: 'caracal' } }),
  'optional dpop and caracal': optional({ scopes: SCOPES, errors: { vocabulary: 'caracal' } }),
  'dpop and verbose': required({ errors: { verbose: true } }),
  'optional dpop and verbose': optional({ errors: { verbose: true } }),
  'dpop and another base': optional({ errors: { base: 'https://errors.example.com/waxseal/' } }),
  'dpop and origins': required({ origins }),
  'dpop and several issuers': required({ issuers: [issuer(), { issuer: TENANT, keys: { uri: TENANT_URI, cluster: 'login' }, algorithms: ['RS256'] }] }),
  'dpop and kept credentials': required({ forward: { headers: { 'x-user': 'sub' }, authorization: 'keep' } }),
  'dpop and claims as headers': required({ forward: { headers: { 'x-user': 'sub', 'x-key': 'cnf' } } }),
  'dpop without a path': required({ resource: 'https://api.example.com' }),
  'dpop with a slash': required({ resource: 'https://api.example.com/' }),
  'dpop with a port': required({ resource: 'https://api.example.com:8443/v1/mcp' }),
  'dpop with the default port': required({ resource: 'https://api.example.com:443/mcp' }),
  'dpop with capitals': required({ resource: 'HTTPS://Api.Example.COM/mcp' }),
  'dpop without tls': required({ resource: 'http://localhost/mcp' }),
  'dpop at an address': required({ resource: 'https://[2001:db8::a]/mcp' }),
  'a shared store': required(shared(STORE)),
  'a shared store with a path': required(shared(`${STORE}/a/b`)),
  'a shared store with a slash': required(shared(`${STORE}/`)),
  'a shared store on loopback': required(shared('http://127.0.0.1:7379', { cluster: undefined })),
  'a shared store and a token': required(shared(STORE, { authorization: { env: 'STORE_TOKEN' } })),
  'a shared store without leeway': required({ ...shared(STORE), leeway: 0 }),
  'a shared store of a minute': required({ ...shared(STORE), dpop: { age: 60 } }),
  'a shared store and scopes': required({ ...shared(STORE), scopes: SCOPES }),
  'a shared store, optional': optional(shared(STORE)),
  'a shared store, off': bound('off', shared(STORE, { authorization: { env: 'NOT_THERE' } })),
  nonces: required({ dpop: { nonce } }),
  'optional nonces': optional({ dpop: { nonce } }),
  'nonces without leeway': required({ dpop: { nonce }, leeway: 0 }),
  'nonces over several slots': required({ dpop: { nonce }, leeway: 300 }),
  'nonces and scopes': required({ dpop: { nonce }, scopes: SCOPES }),
  'nonces and origins': required({ dpop: { nonce }, origins, scopes: SCOPES }),
};

export const KEY_SETS = {
  [ALL_URI]: set(jwk('es-1'), jwk('p384-1'), jwk('rs-1'), jwk('ed-1')),
  [URI]: set(jwk('es-1'), jwk('rs-1')),
  [TENANT_URI]: set(jwk('rs-2')),
  // The name of somebody else's key, to see that names are never shared between issuers.
  [SLASH_URI]: set(jwk('es-2', { kid: 'es-1' })),
};
