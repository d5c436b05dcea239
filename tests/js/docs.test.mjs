// What pkg/docs/clients.md and mcp.md show runs as written: against real authorization servers, MCP servers and MCP clients.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import express from 'express';
import { Gate } from '../../pkg/dist/index.js';
import { protect } from '../../pkg/dist/mcp.js';
import { ERAS, fetching, listening, modern, whoami } from '../mcp/whoami.mjs';
import { KEY } from './issuer.mjs';
import { freePort, sends, serve } from './loopback.mjs';
import { filesOf, toward } from './pages.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const timeout = 60_000;

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waxseal-'));
  await mkdir(join(folder, 'node_modules'));
  for (const name of ['@modelcontextprotocol', 'express']) await symlink(path(`../node_modules/${name}`), join(folder, 'node_modules', name));
  await symlink(path('../../pkg'), join(folder, 'node_modules/waxseal'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** The demo's authorization server, with tokens for a resource. */
async function authorizationServer(t, resource) {
  const port = await freePort();
  const child = spawn(process.execPath, [path('../../envoy-example/authorization-server.mjs'), '--port', port, '--resource', resource], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill());
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  return `http://127.0.0.1:${port}`;
}

/** Runs a script of the page, with whatever else it imports, against a gate: what it prints. */
async function printed(t, script, members = {}, edit = (text) => text) {
  let issuer;
  const { resource } = await listening(t, async (resource) => {
    issuer = await authorizationServer(t, resource);
    const config = { resource, issuers: [{ issuer, keys: { uri: `${issuer}/jwks`, cluster: 'loopback' } }], ...members };
    return fetching(protect(Gate.open(config, { env: { NONCES: 'a secret of the tests' } }), (request, { authInfo }) => modern.fetch(request, { authInfo })));
  });
  const own = await mkdtemp(join(folder, 'page-'));
  for (const [name, text] of Object.entries(await filesOf('clients.md'))) {
    await writeFile(join(own, name), edit(text.replaceAll('https://as.example.com', issuer).replaceAll('https://mcp.example.com/mcp', resource).replaceAll('my-client:my-secret', 'demo-client:demo-secret')));
  }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: own });
  assert.equal(stderr, '');
  // A server without sessions refuses the event stream that the SDK asks for, and the SDK does without.
  return stdout.trim().split('\n').map((line) => line.trim()).filter((line) => line !== 'fix_request stop absent');
}

describe('clients.md', () => {
  const RULES = [{ match: { tool: '*' }, require: { scopes: 'files:write' } }, { match: { message: ['request', 'notification', 'none'] } }];
  const SAID = 'demo-client with demo-client';

  it('heals a call without a token', { timeout }, async (t) => {
    assert.deepEqual(await printed(t, 'sdk.mjs', { scopes: ['files:read'] }), ['authenticate begin', 'authenticate retry', SAID]);
  });

  it('heals a call that lacks scope', { timeout }, async (t) => {
    const lines = await printed(t, 'sdk.mjs', { scopes: ['files:read'], policy: { rules: RULES } });
    assert.deepEqual(lines, ['authenticate begin', 'authenticate retry', 'step_up begin', 'step_up retry', SAID]);
  });

  it('is the same with version 1 of the SDK', { timeout }, async (t) => {
    const lines = await printed(t, 'sdk.mjs', { scopes: ['files:read'] }, (text) => text.replace(
      "import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';",
      "import { Client } from '@modelcontextprotocol/sdk/client/index.js';\nimport { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';",
    ));
    assert.deepEqual(lines, ['authenticate begin', 'authenticate retry', SAID]);
  });

  it('proves possession, also where nonces are asked for', { timeout }, async (t) => {
    for (const nonce of ['never', 'always']) {
      assert.deepEqual(await printed(t, 'dpop.mjs', { dpop: { mode: 'required', nonce: { mode: nonce, secret: { env: 'NONCES' } } } }), [SAID]);
    }
  });

  it('throws what is left over', { timeout }, async (t) => {
    assert.deepEqual(await printed(t, 'error.mjs'), ['invalid_token missing_token authenticate']);
  });
});

describe('mcp.md', () => {
  const LINK = 'https://as.example.com/connect/mail';

  /** What a file of the page exports, with an authorization server that wants a consent once, and the mail. */
  async function exported(t, name, resource) {
    let consents = 0;
    const as = await serve(t, (request, response) => {
      if (request.url === '/inbox') return response.end(`mail for ${request.headers.authorization}`);
      if (request.url !== '/token') return sends(KEY)(request, response);
      consents += 1;
      const body = consents > 1 ? { access_token: 'mail-1' } : { error: 'consent_required', error_description: 'no consent', consent_url: LINK };
      return response.writeHead(consents > 1 ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const { origin } = new URL(as.uri);
    const { [name]: text } = toward(as, await filesOf('mcp.md'));
    const file = join(await mkdtemp(join(folder, 'page-')), name);
    await writeFile(file, text.replaceAll('https://mcp.example.com/mcp', resource).replaceAll('https://as.example.com/token', `${origin}/token`).replaceAll('https://mail.example.com/inbox', `${origin}/inbox`));
    return import(pathToFileURL(file));
  }

  const SERVERS = {
    'server.mjs': async (t, resource) => fetching((await exported(t, 'server.mjs', resource)).default.fetch),
    'express.mjs': async (t, resource) => (await exported(t, 'express.mjs', resource)).app,
    'verifier.mjs': async (t, resource) => {
      const { guard } = await exported(t, 'verifier.mjs', resource);
      return express().use(guard, express.json(), (request, response) => fetching((web, { authInfo, parsedBody }) => modern.fetch(web, { authInfo, parsedBody }))(request, response, request.body));
    },
  };
  for (const [name, made] of Object.entries(SERVERS)) {
    it(`${name} knows the callers of official clients, and denies others`, { timeout }, async (t) => {
      const { resource, tokenOf } = await listening(t, (resource) => made(t, resource));
      for (const era of ERAS) {
        // A server of version 1 knows the old era only.
        if (name === 'express.mjs' && era.includes('2026')) continue;
        assert.match(await whoami(t, era, resource, tokenOf('ada', { scope: 'files:read' })), /^ada\b/);
      }
      for (const [token, status] of [[undefined, 401], [tokenOf('ada', { aud: 'https://other.example.com' }), 401], [tokenOf('ada'), 403]]) {
        const reply = await fetch(resource, { method: 'POST', headers: token ? { authorization: `Bearer ${token}` } : {} });
        assert.equal(reply.status, status);
        assert.match(reply.headers.get('www-authenticate'), /resource_metadata="[^"]+\/\.well-known\/oauth-protected-resource\/mcp"/);
      }
    });
  }

  it('consent.mjs asks a user once', { timeout }, async (t) => {
    process.env.STATE_SECRET = 'a secret of the tests';
    t.after(() => { delete process.env.STATE_SECRET; });
    const { resource, tokenOf } = await listening(t, async (resource) => fetching((await exported(t, 'consent.mjs', resource)).default.fetch));
    const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } });
    t.after(() => client.close());
    const shown = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      shown.push(params.url);
      return { action: 'accept' };
    });
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { requestInit: { headers: { authorization: `Bearer ${tokenOf('ada')}` } } }));
    const { content } = await client.callTool({ name: 'inbox', arguments: {} });
    assert.deepEqual([content[0].text, shown], ['mail for Bearer mail-1', [LINK]]);
  });
});

describe('the pages', () => {
  it('links to files and headings that are there', async () => {
    const root = path('../..');
    const docs = (await readdir(join(root, 'pkg/docs'), { recursive: true })).filter((name) => name.endsWith('.md'));
    const pages = ['README.md', 'pkg/README.md', ...docs.map((name) => join('pkg/docs', name))];
    const texts = Object.fromEntries(await Promise.all(pages.map(async (name) => [name, await readFile(join(root, name), 'utf8')])));
    const headings = (text) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'));
    const anchors = (text) => new Set([...headings(text), ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id)]);
    let links = 0;
    for (const [name, text] of Object.entries(texts)) {
      for (const [, to, anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        links += 1;
        const file = to === '' ? name : join(dirname(name), to);
        const target = texts[file] ?? await readFile(join(root, file), 'utf8').catch(() => assert.fail(`${name} links to ${to}`));
        if (anchor) assert.ok(anchors(target).has(anchor), `${name} links to ${to}#${anchor}`);
      }
    }
    assert.ok(links > 100, `${links}`);
  });
});
