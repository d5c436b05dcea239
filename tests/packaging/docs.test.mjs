// The pages of pkg/docs, each in the runtime that it is about: their examples run as written, with real tokens.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ISSUER } from '../js/issuer.mjs';
import { freePort, serve as listen } from '../js/loopback.mjs';
import { assertGuarded, assertProved, bearer, filesOf, issuer, textOf, tokenFor, toward } from '../js/pages.mjs';
import { Browsers } from './browsers.mjs';
import { project, run, serve } from './project.mjs';

const timeout = 120_000;
const node = (version) => fileURLToPath(new URL(`node_modules/node-${version}/bin/node`, import.meta.url));
const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_file', arguments: {} } };

/** The files of a page in a new project, with an issuer to talk to. */
async function pageProject(t, page, { manifest, replaced = {}, more = {} } = {}) {
  const as = await issuer(t);
  const files = toward(as, await filesOf(page));
  for (const [one, other] of Object.entries(replaced)) for (const name of Object.keys(files)) files[name] = files[name].replaceAll(one, other);
  return { as, files, folder: await project({ ...files, ...more }, manifest) };
}

const wrangler = (t, folder, ...args) => serve(t, folder, 'wrangler', ['dev', ...args, '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0']);

describe('node.md', () => {
  for (const version of [20, 22, 24]) {
    it(`in Node ${version}`, { timeout }, async (t) => {
      const { folder, files } = await pageProject(t, 'node.md', { replaced: { 8080: await freePort() } });
      const served = (t, name) => serve(t, folder, node(version), [name]);
      await t.test('http', async (t) => assertGuarded(await served(t, 'server.mjs')));
      await writeFile(join(folder, 'express-4.mjs'), files['express.mjs'].replace("'express'", "'express-4'"));
      for (const name of ['express.mjs', 'express-4.mjs']) {
        await t.test(name, async (t) => assertGuarded(await served(t, name), { call: CALL, hello: { hello: 'alice', calls: 'read_file' } }));
      }
    });
  }

  it('a parser before the guard has to keep the bytes', { timeout }, async (t) => {
    const { folder, files } = await pageProject(t, 'node.md', { replaced: { 8080: await freePort() } });
    const [guard, parser] = ['app.use(expressGuard(gate));\n', 'app.use(express.json());\n'];
    assert.ok(files['express.mjs'].includes(guard + parser));
    const [, keeping] = /`(express\.json\(\{ verify.*?\}\))`/.exec(await textOf('node.md'));
    for (const [before, status] of [[parser, 500], [`app.use(${keeping});\n`, 200]]) {
      await t.test(`${status}`, async (t) => {
        await writeFile(join(folder, 'parser.mjs'), files['express.mjs'].replace(guard + parser, before + guard));
        const headers = { ...bearer(tokenFor()), 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
        const reply = await fetch(`${await serve(t, folder, process.execPath, ['parser.mjs'])}/mcp`, { method: 'POST', headers, body: JSON.stringify(CALL) });
        assert.equal(reply.status, status);
      });
    }
  });
});

it('bun.md', { timeout }, async (t) => {
  const { folder } = await pageProject(t, 'bun.md');
  await assertGuarded(await serve(t, folder, 'env', [`PORT=${await freePort()}`, 'bun', 'server.js']));
});

describe('deno.md', () => {
  const deno = async (t, folder, ...args) => serve(t, folder, 'env', [`DENO_SERVE_ADDRESS=tcp:127.0.0.1:${await freePort()}`, 'deno', 'run', '--allow-net', ...args]);

  it('the server', { timeout }, async (t) => {
    const { folder } = await pageProject(t, 'deno.md');
    await assertGuarded(await deno(t, folder, 'server.js'));
  });

  it('proofs and sessions, one process after another', { timeout }, async (t) => {
    // The way in that the page's text tells of.
    const revoking = `if (Deno.args[0]) Deno.exit(await denoRevocation(kv).revoke(\`sid ${ISSUER} \${Deno.args[0]}\`));\nconst gate =`;
    const { folder } = await pageProject(t, 'deno.md', { replaced: { 'const gate =': revoking } });
    let end = () => {};
    t.after(() => end());
    const anew = () => {
      end();
      return deno({ after: (act) => { end = act; } }, folder, '--unstable-kv', 'proofs.js');
    };
    await assertProved(anew, async (sid) => {
      end();
      await run(t, folder, 'deno', ['run', '--allow-net', '--unstable-kv', 'proofs.js', sid]);
    });
  });
});

describe('hono.md', () => {
  for (const [runtime, begin] of Object.entries({
    workerd: async (t, folder) => wrangler(t, folder, 'server.js', '--name', 'w', '--compatibility-date', '2026-04-01'),
    Bun: async (t, folder) => serve(t, folder, 'env', [`PORT=${await freePort()}`, 'bun', 'server.js']),
    Node: async (t, folder) => serve(t, folder, process.execPath, ['node.js']),
    Deno: async (t, folder) => serve(t, folder, 'deno', ['serve', '--allow-net', '--host', '127.0.0.1', '--port', `${await freePort()}`, 'server.js']),
  })) {
    it(`in ${runtime}`, { timeout }, async (t) => {
      const { folder } = await pageProject(t, 'hono.md', { replaced: { 8080: await freePort() } });
      await assertGuarded(await begin(t, folder));
    });
  }
});

describe('workers.md', () => {
  const MAIN = `
import worker from './proofs.js';
import { endSession } from './revoke.js';
export { ReplayObject } from './proofs.js';
export default {
  async fetch(request, env, ctx) {
    const sid = new URL(request.url).searchParams.get('end');
    return sid ? new Response(await endSession(env, sid)) : worker.fetch(request, env, ctx);
  },
};
`;

  it('the worker', { timeout }, async (t) => {
    const { folder } = await pageProject(t, 'workers.md', { more: { 'wrangler.json': '{}' } });
    await assertGuarded(await wrangler(t, folder, 'worker.js', '--name', 'w', '--compatibility-date', '2026-04-01'));
  });

  it('keys across isolates', { timeout }, async (t) => {
    const { as, folder } = await pageProject(t, 'workers.md');
    const isolate = (name) => t.test(name, async (t) => assertGuarded(await wrangler(t, folder, '--persist-to', join(folder, 'state'))));
    await isolate('one');
    assert.equal(as.asked.length, 1);
    await isolate('another');
    assert.equal(as.asked.length, 1);
  });

  it('proofs and sessions', { timeout }, async (t) => {
    const { folder, files } = await pageProject(t, 'workers.md', { more: { 'main.js': MAIN } });
    await writeFile(join(folder, 'wrangler.json'), files['proofs.json'].replace('proofs.js', 'main.js'));
    const origin = await wrangler(t, folder);
    await assertProved(() => origin, async (sid) => assert.equal((await fetch(`${origin}/?end=${sid}`)).status, 200));
  });
});

describe('next.md', () => {
  const LAYOUT = { 'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;\n' };
  // What Next does by itself.
  const PLAIN = { 'app/plain/route.js': "export const POST = () => new Response('');\n" };
  for (const [name, bundler, replaced = {}] of [
    ['with Turbopack', 'turbopack'],
    ['with webpack', 'webpack'],
    ['on the edge', 'turbopack', { 'export { guarded': "export const runtime = 'edge';\nexport { guarded" }],
  ]) {
    it(name, { timeout: 300_000 }, async (t) => {
      // No `type`: with it, Next's own webpack build of any edge route fails.
      const { folder } = await pageProject(t, 'next.md', { manifest: {}, replaced, more: { ...LAYOUT, ...PLAIN } });
      await run(t, folder, 'next', ['build', `--${bundler}`]);
      const origin = await serve(t, folder, 'next', ['start', '--hostname', '127.0.0.1', '--port', '0']);
      await assertGuarded(origin);
      const asked = async (path) => (await fetch(`${origin}${path}`, { method: 'OPTIONS' })).headers.has('x-request-id');
      assert.deepEqual([await asked('/mcp'), await asked('/plain')], [true, false]);
    });
  }
});

describe('browser.md', () => {
  // What the page leaves to its reader: here the page's own server signs in.
  const SIGN_IN = "export const signIn = async ({ thumbprint }) => (await fetch(`/token?jkt=${thumbprint}`)).text();\n";
  const PAGE = '<!doctype html><link rel="icon" href="data:,"><script src="./watch.js"></script><script type="module" src="./main.js"></script>\n';
  const WATCH = "for (const type of ['error', 'unhandledrejection']) addEventListener(type, ({ message, reason }) => { document.title = `failed: ${reason?.message ?? message}`; });\n";
  let browsers;

  before(async () => { browsers = await Browsers.start(); }, { timeout: 400_000 });

  after(() => browsers?.end());

  /** A page under a policy, and a gate that knows it or does not: the page's address. */
  async function opened(t, { policy = "script-src 'self' 'wasm-unsafe-eval'", known = true } = {}) {
    const port = await freePort();
    const resource = `http://localhost:${port}/mcp`;
    let folder;
    const app = await listen(t, async ({ url }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://localhost');
      if (pathname === '/token') return response.end(tokenFor({ aud: resource, cnf: { jkt: searchParams.get('jkt') } }));
      const text = await readFile(join(folder, 'dist', pathname === '/' ? 'index.html' : pathname)).catch(() => undefined);
      return response.writeHead(text ? 200 : 404, { 'content-type': pathname.endsWith('.js') ? 'text/javascript' : 'text/html', 'content-security-policy': policy }).end(text);
    });
    // By name: a browser makes proofs on `localhost`, as on https.
    const origin = `http://localhost:${app.port}`;
    const replaced = { 8080: port, ...(known && { 'https://app.example.com': origin }), 'https://mcp.example.com/mcp': resource };
    const more = { 'signin.js': SIGN_IN, 'dist/index.html': PAGE, 'dist/watch.js': WATCH };
    ({ folder } = await pageProject(t, 'browser.md', { replaced, more }));
    await run(t, folder, 'esbuild', ['main.js', '--bundle', '--format=esm', '--outfile=dist/main.js']);
    await serve(t, folder, process.execPath, ['gate.mjs']);
    return `${origin}/`;
  }

  it('calls a server of another origin, with proofs', { timeout }, async (t) => browsers.assertDecided(await opened(t), 'hello alice'));

  it('needs its origin to be listed', { timeout }, async (t) => browsers.assertDecided(await opened(t, { known: false }), /^failed: .*(?:Failed to fetch|NetworkError)/));

  it('needs a policy that permits wasm', { timeout }, async (t) => browsers.assertDecided(await opened(t, { policy: "script-src 'self'" }), /^failed: .*(?:wasm|WebAssembly)/i));
});
