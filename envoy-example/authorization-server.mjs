// the demo's authorization server: oidc-provider, issuing RFC 9068 JWT access tokens (ES256)
// for the client_credentials grant and the resource named in the request (RFC 8707).
// a request with a DPoP proof gets a token bound to the proof's key (RFC 9449)
//
//   node authorization-server.mjs [--port 10001] [--resource http://127.0.0.1:10000/mcp]... [--ttl 300]
//
//   POST /token         a token
//   GET  /jwks          the key set
//   POST /demo/rotate   sign with a new key from now on; the old ones stay in the key set
//   GET  /demo/count    how often the key set was fetched

import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import Provider, { errors } from 'oidc-provider';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '10001' },
    resource: { type: 'string', multiple: true, default: ['http://127.0.0.1:10000/mcp'] },
    ttl: { type: 'string', default: '300' },
  },
});

const issuer = `http://127.0.0.1:${options.port}`;
const scope = 'files:read files:write files:admin';

// what tokens may be for, and one more: a token for that is real, but not meant for the gate
const resources = [...options.resource, new URL('/elsewhere', options.resource[0]).href];

// two clients: the tokens of the second one are over in a second, so that the demo need not wait.
// and two agents, who act for somebody: through two hands, and through three
const lifetimes = { 'demo-client': Number(options.ttl), 'hasty-client': 1, 'agent-client': Number(options.ttl), 'far-agent-client': Number(options.ttl) };

// RFC 8693 section 4.1: the outermost actor is the current one
const chains = { 'agent-client': ['planner', 'writer'], 'far-agent-client': ['planner', 'writer', 'helper'] };

function delegation(clientId) {
  const agents = chains[clientId];
  if (!agents) return undefined;
  const act = agents.reduce((inner, sub) => (inner ? { sub, act: inner } : { sub }), undefined);
  return { agent_id: agents.at(-1), agent_chain: agents, act };
}

const clients = Object.keys(lifetimes).map((id) => ({
  client_id: id,
  client_secret: 'demo-secret',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}));

// it asks for nonces of its own: they are not those of the gate
const nonceSecret = randomBytes(32);

const createKey = () => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  alg: 'ES256',
  use: 'sig',
});

// a Provider reads its keys once, so each set of keys gets a Provider of its own
const createProvider = (keys) =>
  new Provider(issuer, {
    clients,
    scopes: scope.split(' '),
    jwks: { keys },
    extraTokenClaims: (_context, token) => delegation(token.clientId),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret, requireNonce: () => true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource, client) => {
          if (!resources.includes(resource)) throw new errors.InvalidTarget();
          return {
            scope,
            audience: resource,
            accessTokenTTL: lifetimes[client.clientId],
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256', kid: keys[0].kid } },
          };
        },
      },
    },
  }).callback();

let keys = [createKey()];
let handle = createProvider(keys);
let fetched = 0;

createServer((request, response) => {
  const json = (value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  switch (`${request.method} ${request.url}`) {
    case 'POST /demo/rotate':
      keys = [createKey(), ...keys];
      handle = createProvider(keys);
      return json({ kid: keys[0].kid });
    case 'GET /demo/count':
      return json({ keys: fetched });
    case 'GET /jwks':
      fetched += 1;
  }
  return handle(request, response);
}).listen(Number(options.port), '127.0.0.1', () => console.log(`authorization server: ${issuer}`));
