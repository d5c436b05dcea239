// The examples of pkg/docs as files, and whom they talk to: an issuer on loopback, and callers.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createDpop } from '../../pkg/dist/client.js';
import { ISSUER, KEY, OTHER, tokenOfToday } from './issuer.mjs';
import { sends, serve } from './loopback.mjs';

export const RESOURCE = 'https://mcp.example.com/mcp';
const DISCOVERED = 'keys: { discover: true }';

export const textOf = (page) => readFile(new URL(`../../pkg/docs/${page}`, import.meta.url), 'utf8');

/** The files of a page: blocks whose first line is a comment that names one. */
export async function filesOf(page) {
  const text = await textOf(page);
  const blocks = [...text.matchAll(/^```\w+\n(?:\/\/|<!--) ([\w./[\]-]+)(?: -->)?\n([\s\S]*?)^```$/gm)];
  const files = Object.fromEntries(blocks.map(([, name, body]) => [name, body]));
  // None is left out of the tests.
  assert.deepEqual([blocks.length, Object.keys(files).length], Array(2).fill(text.match(/^```\w/gm).length), page);
  return files;
}

/** An issuer's key set; `asked` are the requests for it. */
export const issuer = (t) => serve(t, sends(KEY));

/** The same files, with keys from an issuer on loopback in place of those that discovery would find on the network. */
export function toward({ uri }, files) {
  const keys = `keys: { uri: '${uri}', cluster: 'loopback' }`;
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replaceAll(DISCOVERED, keys)]));
}

/** A token for the resource of the pages. */
export const tokenFor = (claims = {}, more = {}) => tokenOfToday({ aud: RESOURCE, scope: 'files:read', ...claims }, more);

export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Calls, as every page's server must answer them: once without a token, once with each kind of one. */
export async function assertGuarded(origin, { call, hello = { hello: 'alice' } } = {}) {
  const replied = (headers, { path = '/mcp', method = 'POST' } = {}) => fetch(`${origin}${path}`, {
    method, headers: { ...headers, ...(call && method === 'POST' && { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }) },
    ...(call && method === 'POST' && { body: JSON.stringify(call) }),
  });
  const denied = await replied({});
  assert.equal(denied.status, 401);
  assert.match(denied.headers.get('www-authenticate'), /^Bearer (?:scope="files:read", )?resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp"$/);
  assert.match((await denied.json()).type, /:missing_token$/);

  const metadata = await replied({}, { path: '/.well-known/oauth-protected-resource/mcp', method: 'GET' });
  assert.deepEqual([metadata.status, (await metadata.json()).authorization_servers], [200, [ISSUER]]);

  const forged = await replied(bearer(tokenFor({}, { key: OTHER, header: { kid: KEY.kid } })));
  assert.deepEqual([forged.status, (await forged.json()).error], [401, 'invalid_token']);

  const short = await replied(bearer(tokenFor({ scope: 'files:write' })));
  assert.deepEqual([short.status, (await short.json()).error], [403, 'insufficient_scope']);

  const allowed = await replied(bearer(tokenFor()));
  assert.deepEqual([allowed.status, await allowed.json()], [200, hello]);
}

/** The same for a server that wants proofs; `at` gives its origin, each time of another process if need be. `end(sid)` ends a session. */
export async function assertProved(at, end) {
  const dpop = await createDpop();
  const made = async (sid) => {
    const token = tokenFor({ sid, cnf: { jkt: dpop.thumbprint } });
    return { authorization: `DPoP ${token}`, dpop: await dpop.proof({ method: 'POST', url: RESOURCE, token }) };
  };
  const replied = async (headers) => {
    const origin = await at();
    const reply = await fetch(`${origin}/mcp`, { method: 'POST', headers });
    return [reply.status, reply.ok ? await reply.json() : (await reply.json()).type.split(':').at(-1)];
  };
  const headers = await made('s-1');
  assert.deepEqual(await replied(headers), [200, { hello: 'alice' }]);
  assert.deepEqual(await replied(headers), [401, 'proof_replayed']);
  assert.deepEqual(await replied(bearer(tokenFor())), [401, 'token_not_bound']);
  await end('s-1');
  assert.deepEqual(await replied(await made('s-1')), [401, 'token_revoked']);
  assert.deepEqual(await replied(await made('s-2')), [200, { hello: 'alice' }]);
}
