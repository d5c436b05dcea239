// What the READMEs show is what happens: their examples run as written.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { explain } from '../../pkg/dist/client.js';
import { Gate } from '../../pkg/dist/index.js';
import { told } from '../bench/summary.mjs';
import { keySet } from './answers.mjs';
import { UUID } from './ids.mjs';
import { ISSUER, KEY, tokenOfToday } from './issuer.mjs';

const PACKAGE = fileURLToPath(new URL('../../pkg', import.meta.url));
const READMES = { 'README.md': '../../README.md', 'pkg/README.md': '../../pkg/README.md' };
const read = (name) => readFile(new URL(READMES[name], import.meta.url), 'utf8');

/** The code blocks of a language. */
const blocks = (text, language) => [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((block) => block[1] === language).map((block) => block[2]);

let project;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'waxseal-'));
  await mkdir(join(project, 'node_modules'));
  await symlink(PACKAGE, join(project, 'node_modules/waxseal'));
});

after(() => rm(project, { recursive: true, force: true }));

describe('the policy of pkg/README.md', () => {
  it('decides as its table says, and every rule of it is met', async () => {
    const [config, table, ...more] = blocks(await read('pkg/README.md'), 'yaml');
    assert.deepEqual(more, []);
    await writeFile(join(project, 'gate.yaml'), config);
    await writeFile(join(project, 'calls.yaml'), table);
    const run = (...words) => promisify(execFile)(process.execPath, [join(PACKAGE, 'dist/cli.js'), ...words], { cwd: project });
    assert.match((await run('check-config', 'gate.yaml')).stdout, /^gate\.yaml: ok\n/);
    assert.equal((await run('policy', 'test', '--strict', 'calls.yaml')).stdout, '7 passed, 0 failed\nevery rule was met\n');
  });
});

describe('the JavaScript example', () => {
  for (const name of Object.keys(READMES)) {
    it(`of ${name} runs as written`, async (t) => {
      const [example, ...more] = blocks(await read(name), 'js');
      assert.deepEqual(more, []);
      const file = join(project, `${name.replace('/', '-')}.mjs`);
      await writeFile(file, example);
      const { fetch } = globalThis;
      t.after(() => { globalThis.fetch = fetch; });
      globalThis.fetch = async (uri) => {
        assert.ok(uri.startsWith(`${ISSUER}/`), uri);
        return uri.includes('/.well-known/') ? Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks.json` }) : keySet(KEY);
      };
      const { default: worker } = await import(pathToFileURL(file));
      const context = { waitUntil() { assert.equal(this, context); } };
      const replied = (headers, path = '/mcp') => worker.fetch(new Request(`https://mcp.example.com${path}`, { headers }), {}, context);

      const denied = await replied({});
      assert.equal(denied.status, 401);
      assert.match(denied.headers.get('www-authenticate'), /^Bearer scope="files:read", resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp"$/);
      assert.match(denied.headers.get('x-request-id'), UUID);
      assert.match((await denied.json()).type, /:missing_token$/);

      const metadata = await replied({}, '/.well-known/oauth-protected-resource/mcp');
      assert.deepEqual([metadata.status, (await metadata.json()).authorization_servers], [200, [ISSUER]]);

      const made = (scope) => ({ authorization: `Bearer ${tokenOfToday({ aud: 'https://mcp.example.com/mcp', scope })}` });
      const short = await replied(made('files:write'));
      assert.deepEqual([short.status, (await short.json()).error], [403, 'insufficient_scope']);

      const allowed = await replied(made('files:read'));
      assert.deepEqual([allowed.status, await allowed.text()], [200, '{"hello":"alice"}']);
    });
  }
});

describe('pkg/README.md', () => {
  it('shows members of a configuration that are accepted', async () => {
    const members = blocks(await read('pkg/README.md'), 'json').map((block) => JSON.parse(block));
    assert.deepEqual(members.map((own) => Object.keys(own)), [['revocation']]);
    for (const own of members) await Gate.open({ resource: 'https://mcp.example.com/mcp', issuers: [{ issuer: ISSUER, keys: { discover: true } }], ...own });
  });

  it('shows a client of DPoP, one that heals and a reader of errors that run as written', async (t) => {
    const [client, healing, reader, ...more] = blocks(await read('pkg/README.md'), 'ts');
    assert.deepEqual(more, []);
    const gate = await Gate.open({ resource: 'https://mcp.example.com/mcp', issuers: [{ issuer: ISSUER, keys: { set: { keys: [KEY.jwk] } } }] });
    const { fetch } = globalThis;
    t.after(() => { globalThis.fetch = fetch; });
    globalThis.fetch = async (url, init) => {
      if (String(url).endsWith('/token')) return Response.json({ access_token: tokenOfToday({ aud: init.body.get('resource') }) });
      const { allow, reply } = await gate.check(new Request(url, init));
      return allow ? Response.json({}) : reply.toResponse();
    };
    const said = t.mock.method(console, 'log', () => {});
    const statuses = {};
    for (const [name, text] of Object.entries({ client, healing, reader })) {
      await writeFile(join(project, `${name}.mjs`), `${text}\nexport { reply };\n`);
      statuses[name] = (await import(pathToFileURL(join(project, `${name}.mjs`)))).reply.status;
    }
    // This gate takes no proofs.
    assert.deepEqual(statuses, { client: 401, healing: 200, reader: 401 });
    const [, promised] = /console\.log\(reading.*\/\/ (.*)/.exec(reader);
    const [read1, read2] = said.mock.calls.map((call) => call.arguments.join(' '));
    assert.equal(read1, promised);
    const rows = JSON.parse(await readFile(join(PACKAGE, 'errors.json'), 'utf8'));
    assert.equal(read2, rows.find(({ reason }) => reason === 'missing_token').fix);
  });

  it('shows commands that run, and names every action', async () => {
    const text = await read('pkg/README.md');
    const commands = blocks(text, 'sh').join('');
    const names = [...commands.matchAll(/waxseal explain (\w+)/g)].map(([, name]) => name);
    assert.ok(names.length > 0);
    for (const name of names) assert.ok((await explain(name)).candidates.length > 0, name);
    const kinds = [...(await readFile(join(PACKAGE, 'dist/reading.d.ts'), 'utf8')).matchAll(/kind: '(\w+)'/g)].map(([, kind]) => kind);
    assert.equal(kinds.length, 9);
    for (const kind of kinds) assert.ok(text.includes(`\`${kind}\``), kind);
  });
});

describe('README.md', () => {
  it('has its figures of what was measured', async () => {
    const { should, is } = await told();
    assert.equal(is, should, 'repair with `node tests/bench/summary.mjs`');
    assert.match(is, /times as fast/);
  });

  it('shows the reply to a call without a token, byte for byte', async () => {
    const text = await read('README.md');
    const [config] = blocks(text, 'json').map((block) => JSON.parse(block)).filter((block) => block.resource);
    const [shown] = blocks(text, 'http');
    const [id] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(shown);
    assert.equal(id, '018bcfe5-6800-7000-8000-000000000000');
    const gate = await Gate.open(config);
    const { reply } = await gate.check({ method: 'POST', url: '/mcp', headers: [['x-request-id', id]] });
    const { status, headers, body } = reply;
    const lines = [`HTTP/1.1 ${status} ${JSON.parse(body).title}`, ...headers.map((pair) => pair.join(': ')), '', body, ''];
    assert.equal(shown, lines.join('\n'));
  });

  it('holds configurations that are accepted, and only those', async () => {
    const configs = blocks(await read('README.md'), 'json').map((block) => JSON.parse(block)).filter((block) => block.resource);
    assert.ok(configs.length > 0);
    for (const config of configs) await Gate.open(config);
  });

  it('adds members to it that are accepted, with the secrets that they name', async () => {
    const texts = blocks(await read('README.md'), 'json').map((block) => JSON.parse(block));
    const config = texts.find(({ resource }) => resource);
    const members = texts.filter(({ resource, error }) => !resource && !error);
    assert.ok(members.length > 0);
    for (const more of members) {
      const names = [...JSON.stringify(more).matchAll(/"env":"(\w+)"/g)].map(([, name]) => name);
      await Gate.open({ ...config, ...more }, { env: Object.fromEntries(names.map((name) => [name, 'a secret of the tests'])) });
      for (const name of names) await assert.rejects(Gate.open({ ...config, ...more }, { env: {} }), { name: 'WaxsealError' }, name);
    }
  });

  it('shows a gate and a client of DPoP that run as written', async (t) => {
    const [gate, client, ...more] = blocks(await read('README.md'), 'ts');
    assert.deepEqual(more, []);
    const [, name] = /secret: \{ env: '(\w+)' \}/.exec(gate);
    process.env[name] = 'a secret of the tests';
    t.after(() => { delete process.env[name]; });
    const run = async (file, text) => {
      await writeFile(join(project, file), text);
      return import(pathToFileURL(join(project, file)));
    };
    const { gate: made } = await run('dpop-gate.mjs', `${gate}\nexport { gate };\n`);
    assert.equal((await made.check({ method: 'POST', url: '/mcp', headers: [] })).reason, 'missing_token');

    // IndexedDB is the browser's.
    assert.match(client, /persist: '[\w-]+'/);
    const { fetch } = globalThis;
    t.after(() => { globalThis.fetch = fetch; });
    const sent = [];
    globalThis.fetch = async (url, init) => {
      sent.push(new Request(url, init));
      return Response.json({});
    };
    const given = "const [token, headers, body] = ['a.b.c', {}, '{}'];";
    await run('dpop-client.mjs', `${given}\n${client.replace(/\{ persist: '[\w-]+' \}/, '')}`);
    assert.deepEqual(sent.map(({ method, headers }) => [method, headers.get('authorization')]), [['POST', 'DPoP a.b.c']]);
    assert.equal(sent[0].headers.get('dpop').split('.').length, 3);
  });

  it('names no reason that the catalogue does not have', async () => {
    const reasons = new Set(JSON.parse(await readFile(join(PACKAGE, 'errors.json'), 'utf8')).map(({ reason }) => reason));
    for (const name of Object.keys(READMES)) {
      for (const [, reason] of (await read(name)).matchAll(/urn:waxseal:error:(\w+)/g)) assert.ok(reasons.has(reason), `${name}: ${reason}`);
    }
  });
});
