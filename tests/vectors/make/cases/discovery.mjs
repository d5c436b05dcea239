// The cases of discovery.json.

import { ISSUER, LOOPBACK, PORT, SLASH, TENANT, TENANT_SLASH } from '../configurations.mjs';
import { KEYS, KEYS_URI, NOTHING, OAUTH, OPENID, PLACE, SECOND, metadata, visit } from '../discovering.mjs';
import { allow, deny } from '../expectations.mjs';
import { reply } from '../moments.mjs';
import { call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'From an issuer to its key set: RFC 8414 section 3, OpenID Connect Discovery section 4, in the order of MCP.';

export function cases() {
  const to = within('discovery');
  const found = (fetched) => allow({ fetched });
  const lost = (fetched, seconds = 5) => deny('keys_unavailable', { fetched, headers: { 'retry-after': [String(seconds)], 'www-authenticate': [] } });

  // Places.
  const ISSUERS = {
    discovery: [ISSUER, [ISSUER + OAUTH, ISSUER + OPENID]],
    'discovery with a slash': [SLASH, [`https://slash.example.org${OAUTH}`, `https://slash.example.org${OPENID}`]],
    'discovery with a path': [TENANT, [`https://login.example.net${OAUTH}/tenant-a`, `https://login.example.net${OPENID}/tenant-a`, `https://login.example.net/tenant-a${OPENID}`]],
    'discovery with a path and a slash': [TENANT_SLASH, [`https://login.example.net${OAUTH}/tenant-b`, `https://login.example.net${OPENID}/tenant-b`, `https://login.example.net/tenant-b${OPENID}`]],
    'discovery with a port': [PORT, [`https://as.example.com:8443${OAUTH}/a/b`, `https://as.example.com:8443${OPENID}/a/b`, `https://as.example.com:8443/a/b${OPENID}`]],
    'discovery on loopback': [LOOPBACK, [LOOPBACK + OAUTH, LOOPBACK + OPENID]],
  };
  const NTH = ['first', 'second', 'third'];
  for (const [named, [issuer, places]] of Object.entries(ISSUERS)) {
    const at = within(named);
    const with_ = (answers, keys = KEYS) => visit(0, { ...Object.fromEntries(places.map((place, n) => [place, answers[n] ?? null])), [KEYS_URI]: keys }, undefined, { iss: issuer });
    const good = metadata({ issuer });
    places.forEach((place, n) => {
      at(`${named}: the ${NTH[n]} place`, with_([...Array(n).fill(NOTHING), good]), found(n + 2));
      at(`${named}: no answer from the ${NTH[n]} place ends the attempt`, with_([...Array(n).fill(NOTHING), null, good, good]), lost(n + 1));
    });
    at(`${named}: nothing at any place`, with_(places.map(() => NOTHING)), lost(places.length));
    at(`${named}: all places at once: the first one counts`, with_([good, metadata({ issuer, jwks_uri: 'https://elsewhere.example/jwks' }), NOTHING]), found(2));
    at(`${named}: the issuer must be the same byte for byte`, with_(places.map(() => metadata({ issuer: issuer.endsWith('/') ? issuer.slice(0, -1) : `${issuer}/` }))), lost(places.length));
  }

  // A bad document goes on to the next place; one that says nothing good anywhere is a failure.
  const good = metadata();
  const bad = {
    'a sign-in page': reply('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    'an empty body': reply(''),
    'half a document': reply('{"issuer":"https://as.exam'),
    'a list': reply(`[{"issuer":"${ISSUER}","jwks_uri":"${KEYS_URI}"}]`),
    null: reply('null'),
    'a text': reply(`"${KEYS_URI}"`),
    'an empty object': reply('{}'),
    'a key set': KEYS,
    'no issuer': metadata({ issuer: undefined }),
    'an empty issuer': metadata({ issuer: '' }),
    'the issuer as null': metadata({ issuer: null }),
    'the issuer as a number': metadata({ issuer: 5 }),
    'the issuer in a list': metadata({ issuer: [ISSUER] }),
    'another issuer': metadata({ issuer: 'https://elsewhere.example' }),
    'an issuer with a slash': metadata({ issuer: `${ISSUER}/` }),
    'an issuer with a path': metadata({ issuer: `${ISSUER}/tenant` }),
    'an issuer whose host is in upper case': metadata({ issuer: 'https://AS.example.com' }),
    'an issuer whose scheme is in upper case': metadata({ issuer: 'HTTPS://as.example.com' }),
    'an issuer with http': metadata({ issuer: 'http://as.example.com' }),
    'an issuer with the default port': metadata({ issuer: `${ISSUER}:443` }),
    'an issuer with a space': metadata({ issuer: `${ISSUER} ` }),
    'an issuer that is longer': metadata({ issuer: `${ISSUER}.evil.example` }),
    'the issuer twice': reply(`{"issuer":"https://elsewhere.example","issuer":"${ISSUER}","jwks_uri":"${KEYS_URI}"}`),
    'the place of the keys twice': reply(`{"issuer":"${ISSUER}","jwks_uri":"${KEYS_URI}","jwks_uri":"https://evil.example/jwks"}`),
    'no place of the keys': metadata({ jwks_uri: undefined }),
    'the place of the keys as null': metadata({ jwks_uri: null }),
    'the place of the keys as a number': metadata({ jwks_uri: 5 }),
    'the place of the keys in a list': metadata({ jwks_uri: [KEYS_URI] }),
    'the keys themselves in place of their place': reply({ issuer: ISSUER, jwks: { keys: [] } }),
    ...Object.fromEntries([201, 400, 401, 403, 404, 429, 500, 502, 503].map((status) => [`status ${status} with a good document`, metadata({}, { status })])),
    ...Object.fromEntries([301, 302, 303, 307, 308].map((status) => [`a redirection with status ${status}`, reply('', { location: SECOND }, status)])),
    ...Object.fromEntries([204, 304].map((status) => [`status ${status}`, reply('', {}, status)])),
  };
  for (const [name, document] of Object.entries(bad)) {
    to(`${name}: goes on to the next place`, visit(0, { [PLACE]: document, [SECOND]: good, [KEYS_URI]: KEYS }), found(3));
    to(`${name}: at every place`, visit(0, { [PLACE]: document, [SECOND]: document, [KEYS_URI]: KEYS }), lost(2));
  }
  to('one byte more than 64 KiB: goes on to the next place', visit(0, { [PLACE]: reply(JSON.stringify(good.body).padEnd(65_537)), [SECOND]: good, [KEYS_URI]: KEYS }), found(3));
  to('a document of exactly 64 KiB', visit(0, { [PLACE]: reply(JSON.stringify(good.body).padEnd(65_536)), [KEYS_URI]: KEYS }), found(2));
  to('unknown members are ignored', visit(0, { [PLACE]: metadata({ token_endpoint: 'http://10.0.0.1/', scopes_supported: null, nested: { issuer: 'x' } }), [KEYS_URI]: KEYS }), found(2));
  to('a document of any content type', visit(0, { [PLACE]: metadata({}, { headers: { 'content-type': 'text/plain' } }), [KEYS_URI]: KEYS }), found(2));

  // The key set that was found.
  to('the key set does not answer', visit(0, { [PLACE]: good, [KEYS_URI]: null }), lost(2));
  to('the key set is not there', visit(0, { [PLACE]: good, [KEYS_URI]: NOTHING }), lost(2));
  to('the key set redirects', visit(0, { [PLACE]: good, [KEYS_URI]: reply('', { location: `${ISSUER}/jwks` }, 302), [`${ISSUER}/jwks`]: KEYS }), lost(2));
  to('the key set is a metadata document', visit(0, { [PLACE]: good, [KEYS_URI]: good }), lost(2));
  to('the key set lacks the key', visit(0, { [PLACE]: good, [KEYS_URI]: KEYS }, undefined, { key: 'es-2' }), deny('key_unknown', { fetched: 2 }));

  // What needs no key needs no discovery.
  to('no token: nothing is fetched', request([]), deny('missing_token', { fetched: 0 }));
  to('a malformed token: nothing is fetched', call('x.y.z'), deny('token_malformed', { fetched: 0 }));
  to('another issuer: nothing is fetched', call(token({ iss: 'https://elsewhere.example' })), deny('issuer_unknown', { fetched: 0 }));
  to('an algorithm that is not allowed: nothing is fetched', call(token({}, { key: 'p384-1' })), deny('algorithm_not_allowed', { fetched: 0 }));
  rule('a set that is configured is not looked for', call(), allow({ fetched: 0 }), { config: 'inline keys' });
}
