// The requests that everybody is asked, and the configuration that everybody has.

import { nonceOf, Prover } from '../../envoy/proofs.mjs';
import { bearer, ISSUER, keySet, now, RESOURCE, token } from '../../envoy/tokens.mjs';

export const SECRET = { NONCE_SECRET: 'a secret of the tests' };
const ORIGIN = 'https://app.example.com';

export const CONFIGURATION = {
  resource: RESOURCE,
  issuers: [{ issuer: ISSUER, keys: { set: keySet('es-1') } }],
  origins: [ORIGIN],
  scopes: ['mcp'],
  challenge: { realm: 'mcp' },
  dpop: { mode: 'optional', nonce: { mode: 'always', secret: { env: 'NONCE_SECRET' } } },
  limits: { token: 2048, body: 1024 },
  policy: {
    body: 'hold_headers',
    lists: 'filtered',
    rules: [
      { match: { path: '/files/*' }, effect: 'deny' },
      { match: { http: ['GET', 'DELETE'] } },
      { match: { method: ['initialize', 'notifications/*', 'tools/list'] } },
      { match: { tool: 'read' } },
      { match: { tool: 'write' }, require: { scopes: ['files:write'] } },
      { match: { tool: 'pay' }, require: { acr: ['gold', 'silver'], max_age: 60 } },
      { match: { tool: 'bound' }, require: { dpop: true } },
      { match: { tool: 'admin' }, require: { roles: 'admin' } },
      { match: { tool: 'delete' }, effect: 'deny' },
    ],
  },
};

/** What the server behind the gate replies, whatever it is asked. */
export const REPLY = JSON.stringify({
  jsonrpc: '2.0', id: 1, result: { tools: ['read', 'write', 'delete', 'é'].map((name) => ({ name, inputSchema: { type: 'object' } })) },
});

const authorized = (claims, options) => ({ authorization: bearer({ scope: 'mcp', ...claims }, options) });
const from = (origin = ORIGIN) => ({ origin });
const preflight = (members) => ({ method: 'OPTIONS', headers: { ...from(), 'access-control-request-method': 'POST', 'access-control-request-headers': 'Authorization, content-type,dpop', ...members } });
const sent = (body, headers = authorized()) => ({
  method: 'POST', body, headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers },
});
const rpc = (method, params, headers, members) => sent(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params, ...members }), headers);
const tool = (name, headers, members) => rpc('tools/call', { name, arguments: {} }, headers, members);

/** Name -> the status of the reply, and the request; a path of its own where it has one. Signed now. */
export function requests() {
  const prover = new Prover();
  const access = prover.token({ scope: 'mcp' });
  const nonce = nonceOf(SECRET.NONCE_SECRET);
  const proved = (options, made = access) => ({ authorization: `DPoP ${made}`, dpop: prover.proof(made, { nonce, ...options }) });
  const once = proved();
  const [head, payload, signature] = token({ scope: 'mcp' }).split('.');
  return Object.entries({
    'a call': [200, tool('read')],
    'a call from a page': [200, tool('read', { ...authorized(), ...from() })],
    'a list is shortened': [200, rpc('tools/list')],
    'a list is shortened for whom may do more': [200, rpc('tools/list', {}, authorized({ scope: 'mcp files:write' }))],
    'a notification': [200, sent('{"jsonrpc":"2.0","method":"notifications/initialized"}')],
    'GET': [200, { headers: authorized() }],
    'DELETE': [200, { method: 'DELETE', headers: authorized() }],
    'a method that no rule knows': [403, { method: 'HEAD', headers: authorized() }],
    'a scheme in lower case': [200, { headers: { authorization: authorized().authorization.replace('Bearer', 'bearer') } }],
    'a call with a query': [200, { ...tool('read'), path: '/mcp?page=2' }],

    'no token': [401, {}],
    'no token, from a page': [401, { headers: from() }],
    'no token, HEAD': [401, { method: 'HEAD' }],
    'no token, DELETE': [401, { method: 'DELETE' }],
    'no token, POST': [401, tool('read', {})],
    'another scheme': [401, { headers: { authorization: 'Basic YTpi' } }],
    'a scheme alone': [401, { headers: { authorization: 'Bearer' } }],
    'a token of two words': [401, { headers: { authorization: 'Bearer a b' } }],
    'no JWT': [401, { headers: { authorization: 'Bearer abc' } }],
    'two tokens': [400, { headers: { authorization: [bearer(), bearer()] } }],
    'a token in the query': [400, { path: '/mcp?access_token=abc' }],
    'a token that has expired': [401, { headers: authorized({ exp: now() - 100 }) }],
    'a token for later': [401, { headers: authorized({ nbf: now() + 200 }) }],
    'a token without an end': [401, { headers: authorized({ exp: undefined }) }],
    'a token for another server': [401, { headers: authorized({ aud: 'https://other.example.com' }) }],
    'a token of another issuer': [401, { headers: authorized({ iss: 'https://other.example.com' }) }],
    'a token of another key': [401, { headers: authorized({}, { key: 'es-other', header: { kid: 'es-1' } }) }],
    'a token of an unknown key': [401, { headers: authorized({}, { key: 'es-other' }) }],
    'a token of another type': [401, { headers: authorized({}, { header: { typ: 'JWT' } }) }],
    'a token that is not signed': [401, { headers: authorized({}, { header: { alg: 'none' } }) }],
    'a token with another payload': [401, { headers: { authorization: `Bearer ${head}.${payload}A.${signature}` } }],
    'a token that is too long': [401, { headers: authorized({ long: 'x'.repeat(2048) }) }],

    'a scope that all need': [403, tool('read', authorized({ scope: 'other' }))],
    'a scope that a tool needs': [403, tool('write', { ...authorized(), ...from() })],
    'a login that a tool needs': [401, tool('pay', authorized({ acr: 'bronze', auth_time: now() }))],
    'a login that is too old': [401, tool('pay', authorized({ acr: 'gold', auth_time: now() - 500 }))],
    'a role': [403, tool('admin')],
    'a tool that is denied': [403, tool('delete')],
    'a tool that no rule knows': [403, tool('nowhere')],
    'a tool for bound tokens alone': [401, tool('bound')],

    'a proof': [200, { headers: once }],
    'the same proof again': [401, { headers: once }],
    'a proof of a call, from a page': [200, tool('bound', { ...proved({ method: 'POST' }), ...from() })],
    'a proof without a nonce': [401, { headers: proved({ nonce: undefined }) }],
    'a proof without a nonce, from a page': [401, { headers: { ...proved({ nonce: undefined }), ...from() } }],
    'a proof with an unknown nonce': [401, { headers: proved({ nonce: 'unknown' }) }],
    'no proof': [401, { headers: { authorization: `DPoP ${access}` } }],
    'a bound token as Bearer': [401, { headers: { authorization: `Bearer ${access}` } }],
    'a token that is not bound, with a proof': [401, { headers: proved({}, token({ scope: 'mcp' })) }],
    'no proof, but something': [401, { headers: { authorization: `DPoP ${access}`, dpop: 'a.b.c' } }],
    'two proofs': [401, { headers: { authorization: `DPoP ${access}`, dpop: [once.dpop, once.dpop] } }],
    'a proof for another method': [401, { headers: proved({ method: 'POST' }) }],
    'a proof for another server': [401, { headers: proved({ url: 'https://other.example.com/mcp' }) }],
    'a proof for another token': [401, { headers: { ...proved(), dpop: prover.proof('another', { nonce }) } }],
    'a proof that is too old': [401, { headers: proved({ claims: { iat: now() - 1000 } }) }],
    'a proof of another key': [401, { headers: { ...proved(), dpop: new Prover().proof(access, { nonce }) } }],

    'the metadata': [200, { path: '/.well-known/oauth-protected-resource/mcp' }],
    'the metadata at the root': [200, { path: '/.well-known/oauth-protected-resource' }],
    'the metadata for a page': [200, { path: '/.well-known/oauth-protected-resource/mcp', headers: from() }],
    'the metadata, HEAD': [200, { method: 'HEAD', path: '/.well-known/oauth-protected-resource/mcp' }],
    'the metadata, POST': [401, { method: 'POST', path: '/.well-known/oauth-protected-resource/mcp', headers: { 'content-length': '0' } }],

    'a preflight': [204, preflight()],
    'a preflight of the metadata': [204, { ...preflight({ 'access-control-request-method': 'GET' }), path: '/.well-known/oauth-protected-resource' }],
    'a preflight of another origin': [403, preflight(from('https://evil.example'))],
    'a preflight with two fields of names': [204, preflight({ 'access-control-request-headers': ['authorization, DPoP', 'x-a'] })],
    'two origins': [403, { headers: { ...authorized(), origin: [ORIGIN, ORIGIN] } }],
    'OPTIONS': [401, { method: 'OPTIONS', headers: from() }],
    'another origin': [403, tool('read', { ...authorized(), ...from('https://evil.example') })],
    'no origin': [403, { headers: { ...authorized(), ...from('null') } }],

    'a body that is too large': [413, tool('read', authorized(), { pad: 'x'.repeat(2000) })],
    'a body of the most bytes': [400, sent('x'.repeat(1024))],
    'no body': [403, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '0', ...authorized() } }],
    'no JSON': [400, sent('{"jsonrpc":')],
    'a batch': [400, sent('[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]')],
    'equal names': [400, sent('{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}')],
    'no JSON-RPC': [400, sent('{"jsonrpc":"1.0","id":"é","method":"tools/list"}')],
    'no name of a tool': [400, rpc('tools/call', {}, authorized(), { id: 'a"b' })],
    'an id beyond ASCII': [400, sent('{"jsonrpc":"2.0","id":"😀\\u0007","method":"tools/call","params":{}}')],
    'another name in the header': [400, rpc('tools/call', { name: 'read', arguments: {}, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }, { ...authorized(), 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'write' })],
    'a compressed body': [415, tool('read', { ...authorized(), 'content-encoding': 'br' })],

    'an encoded slash': [400, { path: '/files/%2Fa', headers: authorized() }],
    'an empty segment': [400, { path: '/files//a', headers: authorized() }],
    'a parameter of a segment': [400, { path: '/files/a;v=1', headers: authorized() }],
    'a path that is denied': [403, { path: '/files/a', headers: authorized() }],
  }).map(([name, [status, request]], n) => ({ name, status, request: { method: 'GET', path: '/mcp', headers: {}, ...request, id: `equal-${n}` } }));
}
