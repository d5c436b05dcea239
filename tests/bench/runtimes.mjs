// Our own check in every runtime, timed from outside: not all of them have a clock that runs.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Chromium } from '../browser/chromium.mjs';
import { jwk, keyFor, lasting } from './credentials.mjs';
import { interleave } from './measure.mjs';
import { subject } from './subject.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const PACKAGING = path('../packaging/node_modules/');
const ENV = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
const version = (name) => createRequire(join(PACKAGING, 'x'))(`./${name}/package.json`).version;

const node = (major) => ({ name: `Node ${version(`node-${major}`)}`, command: join(PACKAGING, `node-${major}/bin/node`), args: [] });
const servers = (quick) => [
  ...(quick ? [20] : [20, 22, 24]).map(node),
  { name: `Bun ${version('bun')}`, command: join(PACKAGING, '.bin/bun'), args: [] },
  { name: `Deno ${version('deno')}`, command: join(PACKAGING, '.bin/deno'), args: ['run', '--allow-all', '--quiet'] },
];

/** What is measured: kind, algorithm. */
const KINDS = [['warm', 'RS256'], ['cold', 'RS256'], ['warm', 'ES256'], ['cold', 'ES256'], ['dpop', 'ES256']];

const children = new Set();
const folders = new Set();
process.on('exit', () => {
  children.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

function start(command, args, options) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: ENV, ...options });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** A runtime that reads lines: Node, Bun, Deno. */
async function onServer({ name, command, args }) {
  const child = start(command, [...args, path('lines.mjs')]);
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const tell = async (...order) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const { value = 'it ended' } = await said.next();
    if (value !== 'done') throw new Error(value);
  };
  return { name, tell, end: () => end(child) };
}

/** workerd itself: one isolate, which keeps its gate between requests. */
async function onWorkerd() {
  const folder = await mkdtemp(join(tmpdir(), 'waxseal-bench-'));
  folders.add(folder);
  const entry = `
    import { Gate } from ${JSON.stringify(path('../../pkg/dist/index-workerd.js'))};
    import { subject } from ${JSON.stringify(path('subject.mjs'))};
    const bench = subject(Gate);
    export default {
      async fetch(request) {
        const [verb, ...args] = await request.json();
        return new Response(await bench[verb](...args).then(() => 'done', (error) => \`failed: \${error.message}\`));
      },
    };`;
  await build({ stdin: { contents: entry, resolveDir: folder }, bundle: true, format: 'esm', external: ['./core.wasm'], outfile: join(folder, 'main.js'), logLevel: 'error' });
  await copyFile(path('../../pkg/dist/core.wasm'), join(folder, 'core.wasm'));
  await writeFile(join(folder, 'config.capnp'), `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = (
        modules = [(name = "main.js", esModule = embed "main.js"), (name = "core.wasm", wasm = embed "core.wasm")],
        compatibilityDate = "2026-04-01"))],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
    );`);
  const child = start(join(PACKAGING, 'workerd/bin/workerd'), ['serve', 'config.capnp', '--control-fd=3'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const finish = async () => {
    await end(child);
    await rm(folder, { recursive: true });
  };
  const { value } = await createInterface({ input: child.stdio[3] })[Symbol.asyncIterator]().next();
  if (!value) return finish().then(() => { throw new Error('workerd has ended'); });
  const { port } = JSON.parse(value);
  const tell = async (...order) => {
    const reply = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(order) });
    const text = await reply.text();
    if (text !== 'done') throw new Error(text);
  };
  return { name: `workerd ${version('workerd')}`, tell, end: finish };
}

/** A page in Chromium. */
async function onPage() {
  const chromium = await Chromium.start();
  const page = await chromium.page(await chromium.serve());
  const name = await page.evaluate(() => /Chrome\/(\d+)/.exec(navigator.userAgent)[1]);
  await page.evaluate(`import('waxseal').then(({ Gate }) => { globalThis.bench = (${subject})(Gate); })`);
  const tell = (...order) => page.evaluate(([verb, ...args]) => globalThis.bench[verb](...args), order);
  return { name: `Chromium ${name}`, tell, end: () => chromium.end() };
}

/** A case in one runtime. */
async function caseOf({ name, tell }, [kind, algorithm], budget) {
  let count = 50;
  const run = async () => {
    const begun = performance.now();
    await tell('run', count);
    return { us: ((performance.now() - begun) * 1000) / count };
  };
  const prepare = () => tell('prepare', kind, algorithm, count);
  await prepare();
  const { us } = await run();
  count = Math.max(20, Math.min(kind === 'warm' ? 20_000 : 400, Math.round((budget * 1000) / us)));
  return { name: `${algorithm}, ${kind}, ${name}`, prepare, run };
}

async function checks({ rounds, budget, quick, say }) {
  const runtimes = [];
  try {
    for (const one of servers(quick)) runtimes.push(await onServer(one));
    runtimes.push(await onWorkerd(), await onPage());
    const cases = [];
    for (const kind of KINDS) {
      for (const runtime of runtimes) cases.push(await caseOf(runtime, kind, budget));
    }
    return await interleave(cases, { rounds, say });
  } finally {
    for (const runtime of runtimes) await runtime.end();
  }
}

/** From the import to the first verdict, in a new process each time. */
async function starts({ rounds, quick, say }) {
  const token = lasting('ES256');
  const keySet = JSON.stringify({ keys: [jwk(keyFor('ES256'))] });
  const first = async (command, args, name) => {
    const { stdout } = await promisify(execFile)(command, [...args, path('first.mjs'), name, token, keySet], { env: ENV, timeout: 60_000 });
    return JSON.parse(stdout);
  };
  const [own, ...others] = servers(quick);
  const PEERS = ['waxseal', 'jose', 'oauth4webapi', 'express-oauth2-jwt-bearer', 'fast-jwt'];
  return interleave([
    ...PEERS.map((peer) => ({ name: `start, ${peer}, ${own.name}`, run: () => first(own.command, own.args, peer) })),
    ...others.map(({ name, command, args }) => ({ name: `start, waxseal, ${name}`, run: () => first(command, args, 'waxseal') })),
  ], { rounds, say });
}

/** Case -> metric -> a number for each round. */
export async function runtimes({ say, ...effort }) {
  const checked = await checks({ ...effort, say: (text) => say(`checks, ${text}`) });
  const started = await starts({ ...effort, say: (text) => say(`starts, ${text}`) });
  return { ...checked, ...started };
}
