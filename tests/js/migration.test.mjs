// What pkg/docs/migration.md says of other libraries and of this one is what they do, with the same tokens.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { config, KEY, newKey, OTHER } from './issuer.mjs';
import { sends, serve } from './loopback.mjs';
import { filesOf, RESOURCE, tokenFor } from './pages.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const NOW = Math.floor(Date.now() / 1000);
const ES384 = newKey('es-384', 'ES384');

/** What a row of the page's table sends; `down` where the issuer is. */
const SENT = {
  'a good token': { token: tokenFor() },
  'no token': {},
  'no token, but `Basic`': { authorization: 'Basic YTpi' },
  'what is no JWT': { token: 'abc' },
  'a token that has ended': { token: tokenFor({ iat: NOW - 600, exp: NOW - 300 }) },
  'one that ended ten seconds ago': { token: tokenFor({ iat: NOW - 600, exp: NOW - 10 }) },
  'one without an end': { token: tokenFor({ exp: undefined }) },
  'one of another issuer': { token: tokenFor({ iss: 'https://other.example.com' }) },
  'one for another audience': { token: tokenFor({ aud: 'https://other.example.com' }) },
  'one signed with another key': { token: tokenFor({}, { key: OTHER, header: { kid: KEY.kid } }) },
  'one with an unknown `kid`': { token: tokenFor({}, { key: OTHER }) },
  'one with an algorithm that is not listed': { token: tokenFor({}, { key: ES384 }) },
  'an ID token (`typ` is `JWT`)': { token: tokenFor({}, { header: { typ: 'JWT' } }) },
  'one without `client_id` and `jti`': { token: tokenFor({ client_id: undefined, jti: undefined }) },
  'one with less scope': { token: tokenFor({ scope: 'files:write' }) },
  'one bound to a key, as `Bearer`': { token: tokenFor({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }) },
  'one in the query': { query: tokenFor() },
  'a good token, while the issuer is down': { token: tokenFor(), down: true },
};

const FETCHES = 'three good tokens: fetches of the keys';
const METADATA = /\bresource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp"/;

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waxseal-'));
  await mkdir(join(folder, 'node_modules'));
  for (const name of ['express', 'express-oauth2-jwt-bearer', 'hono', 'jose']) await symlink(path(`../node_modules/${name}`), join(folder, 'node_modules', name));
  await symlink(path('../../pkg'), join(folder, 'node_modules/waxseal'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** The programs of the page by their names, anew and with an issuer of their own each. */
async function programs(t, { down }) {
  const made = {};
  for (const [name, text] of Object.entries(await filesOf('migration.md'))) {
    const as = await serve(t, down ? (_, response) => response.writeHead(500).end() : sends(KEY, ES384));
    const own = text.replaceAll("keys: { uri: 'https://as.example.com/jwks.json' }", `keys: { uri: '${as.uri}', cluster: 'loopback' }`).replaceAll('https://as.example.com/jwks.json', as.uri);
    const file = join(folder, `${as.port}-${name}`);
    await writeFile(file, own);
    const { app, handler } = await import(pathToFileURL(file));
    const call = handler ?? (app.fetch ? (request) => app.fetch(request) : await overHttp(t, app));
    made[name] = { as, call };
  }
  return made;
}

async function overHttp(t, app) {
  // It would print every denial.
  app.set('env', 'test');
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.close(); server.closeAllConnections(); });
  return (request) => fetch(request.url.replace('https://mcp.example.com', `http://127.0.0.1:${server.address().port}`), request);
}

function request({ token: sent, authorization = sent && `Bearer ${sent}`, query }) {
  return new Request(`${RESOURCE}${query ? `?access_token=${query}` : ''}`, { method: 'POST', headers: authorization ? { authorization } : {} });
}

/** What a caller sees, in the words of the table. */
async function said(reply) {
  const text = await reply.text();
  const body = text.startsWith('{') ? JSON.parse(text) : {};
  const [, error] = /\berror="(\w+)"/.exec(reply.headers.get('www-authenticate') ?? '') ?? [];
  const word = body.type?.split(':').at(-1) ?? body.code ?? error;
  return [reply.status, word && `\`${word}\``].filter(Boolean).join(' ');
}

/** The rows of the page's last table: what is sent, and what each program answers. */
async function rows() {
  const [, table] = (await readFile(path('../../pkg/docs/migration.md'), 'utf8')).split('\n## What changes\n');
  const lines = table.split('\n').filter((line) => line.startsWith('| ')).slice(1);
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

describe('the table of migration.md', () => {
  it('has a row for all that is sent', async () => {
    assert.deepEqual((await rows()).map(([sent]) => sent), [...Object.keys(SENT), FETCHES]);
  });

  for (const [name, sent] of Object.entries(SENT)) {
    it(`tells what happens to ${name}`, async (t) => {
      // Hono prints what it has no reply for.
      t.mock.method(console, 'error', () => {});
      const seen = {};
      for (const [program, { call }] of Object.entries(await programs(t, sent))) {
        const reply = await call(request(sent));
        if (program.includes('-after') && reply.status >= 400 && reply.status < 500) assert.match(reply.headers.get('www-authenticate'), METADATA);
        else assert.doesNotMatch(reply.headers.get('www-authenticate') ?? '', METADATA);
        seen[program] = await said(reply);
      }
      assert.deepEqual(seen, await promised(name));
    });
  }

  it('counts how often keys are fetched', async (t) => {
    const seen = {};
    for (const [program, { as, call }] of Object.entries(await programs(t, {}))) {
      for (let calls = 0; calls < 3; calls += 1) assert.equal((await call(request(SENT['a good token']))).status, 200);
      seen[program] = String(as.asked.length);
    }
    assert.deepEqual(seen, await promised(FETCHES));
  });
});

/** What a row promises of each program. */
async function promised(name) {
  const [, jose, bearer, jwk, ours] = (await rows()).find(([sent]) => sent === name) ?? [];
  return { 'jose.mjs': jose, 'jose-after.mjs': ours, 'bearer.mjs': bearer, 'bearer-after.mjs': ours, 'jwk.mjs': jwk, 'jwk-after.mjs': ours };
}

it('maps checks to members of a rule that are accepted', async () => {
  const text = await readFile(path('../../pkg/docs/migration.md'), 'utf8');
  const members = [...text.matchAll(/\| `(require: \{.*\})` \|/g)].map(([, member]) => member);
  assert.equal(members.length, 2);
  for (const member of members) {
    const { gate } = await import(`data:text/javascript,${encodeURIComponent(`
      import { Gate } from '${import.meta.resolve('../../pkg/dist/index.js')}';
      export const gate = await Gate.open({ ...${JSON.stringify(config())}, policy: { rules: [{ ${member} }] } });`)}`);
    assert.ok(gate, member);
  }
});
