// Tiny projects with the packed package, and commands in them that end with their test.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bearer, config, NOW } from '../js/issuer.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));

/** The binary of a version of Node. */
export const node = (version) => path(`node_modules/node-${version}/bin/node`);

/** What every project prints. */
export const DECIDED = 'allow alice, deny missing_token, authenticate';

const DECIDE = `
async function decide() {
  const gate = await Gate.open(${JSON.stringify(config())});
  const { decision, grant } = await gate.check(${JSON.stringify(bearer())}, { now: ${NOW} });
  const denied = await gate.check(new Request('${config().resource}'));
  const { action } = await readError(denied.reply.toResponse());
  return \`\${decision} \${grant.subject}, \${denied.decision} \${denied.reason}, \${action.kind}\`;
}
`;
export const IMPORTED = `import { Gate } from 'waxseal';\nimport { readError } from 'waxseal/client';\n${DECIDE}`;
export const REQUIRED = `const { Gate } = require('waxseal');\nconst { readError } = require('waxseal/client');\n${DECIDE}`;
/** Tells it: on a page as its title. */
export const TOLD = 'decide().catch((error) => `failed: ${error.stack}`).then((text) => { if (globalThis.document) document.title = text; else console.log(text); });\n';
export const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>\n';

// Below this folder, so that the tools of its node_modules are found as if they were the projects' own.
const temporary = await mkdtemp(path('tmp-'));
// For what tools write for themselves. Not around the projects: Next looks for packages below the home folder only.
const home = await mkdtemp(join(tmpdir(), 'waxseal-home-'));
const running = new Set();
process.on('exit', () => {
  for (const end of running) end();
  for (const folder of [temporary, home]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Nothing is told to anybody. */
const ENV = {
  ...process.env, PATH: [path('node_modules/.bin'), process.env.PATH].join(delimiter), HOME: home, XDG_CONFIG_HOME: home, CI: '1', NO_COLOR: '1',
  DENO_NO_UPDATE_CHECK: '1', NEXT_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};
delete ENV.FORCE_COLOR;
delete ENV.NODE_TEST_CONTEXT;

/** Starts a command, which ends with its test: what it has printed once it ended well, and what it has printed so far. */
function start(t, cwd, command, args) {
  const child = spawn(command, args, { cwd, env: ENV, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => {
    running.delete(end);
    // The whole group: tools have children.
    try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ }
  };
  running.add(end);
  t.after(end);
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => { printed[stream] += text; });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${printed.stdout}${printed.stderr}`));
    });
  });
  return { child, ended, printed };
}

export async function run(t, cwd, command, args) {
  return start(t, cwd, command, args).ended;
}

/** Starts a command that goes on: the part of what it prints that a pattern finds. */
export async function saying(t, cwd, command, args, pattern) {
  const { child, ended, printed } = start(t, cwd, command, args);
  const said = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', () => {
        const found = pattern.exec(`${printed.stdout}\n${printed.stderr}`);
        if (found) resolve(found[1]);
      });
    }
  });
  return Promise.race([said, ended.then(() => assert.fail(`${command} has ended`))]);
}

/** Starts a server: its origin. */
export async function serve(t, cwd, command, args) {
  return `http://127.0.0.1:${await saying(t, cwd, command, args, /http:\/\/(?:127\.0\.0\.1|localhost):([1-9]\d*)/)}`;
}

const packing = { after() {} };
const { stdout } = await run(packing, path('../../pkg'), 'npm', ['pack', '--json', '--pack-destination', temporary]);
export const TARBALL = join(temporary, JSON.parse(stdout)[0].filename);
const first = join(temporary, 'first');
await mkdir(first);
await writeFile(join(first, 'package.json'), '{ "private": true }');
await run(packing, first, 'npm', ['install', '--offline', '--no-audit', '--no-fund', TARBALL]);

export const newFolder = () => mkdtemp(join(temporary, 'project-'));

/** A new project with the package installed: its folder. */
export async function project(files, manifest = { type: 'module' }) {
  const folder = await newFolder();
  await cp(join(first, 'node_modules'), join(folder, 'node_modules'), { recursive: true });
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify({ private: true, ...manifest }), ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}
