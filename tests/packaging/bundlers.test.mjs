// Bundlers, as they are without a word of configuration: what they make runs in browsers, and in Node.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { Browsers } from './browsers.mjs';
import { DECIDED, IMPORTED, PAGE, project, run, serve, TOLD } from './project.mjs';

const MAIN = { 'main.js': IMPORTED + TOLD };
const timeout = 120_000;

let browsers;

before(async () => { browsers = await Browsers.start(); }, { timeout: 400_000 });

after(() => browsers?.end());

async function assertPrinted(t, folder, script) {
  const { stdout, stderr } = await run(t, folder, process.execPath, [script]);
  assert.deepEqual([stdout.trim(), stderr], [DECIDED, '']);
}

for (const [name, command, ...args] of [
  ['esbuild', 'esbuild', 'main.js', '--bundle', '--format=esm', '--outdir=dist'],
  ['rollup', 'rollup', 'main.js', '--plugin', 'node-resolve', '--dir', 'dist'],
  ['webpack', 'webpack', './main.js', '--mode', 'production', '--target', 'web', '--output-path', 'dist', '--output-public-path', '/'],
]) {
  it(name, { timeout }, async (t) => {
    const folder = await project(MAIN);
    await run(t, folder, command, args);
    await assertPrinted(t, folder, 'dist/main.js');
    await writeFile(join(folder, 'dist/index.html'), PAGE);
    await browsers.assertDecidedIn(t, join(folder, 'dist'));
  });
}

it('Vite, build', { timeout }, async (t) => {
  const folder = await project({ ...MAIN, 'index.html': PAGE });
  await run(t, folder, 'vite', ['build']);
  await browsers.assertDecidedIn(t, join(folder, 'dist'));
});

it('Vite, dev', { timeout }, async (t) => {
  const folder = await project({ ...MAIN, 'index.html': PAGE });
  await browsers.assertDecided(await serve(t, folder, 'vite', ['--host', '127.0.0.1']));
});

it('Vite, SSR', { timeout }, async (t) => {
  const folder = await project(MAIN);
  await run(t, folder, 'vite', ['build', '--ssr', 'main.js']);
  await assertPrinted(t, folder, 'dist/main.js');
});

it('Vite, SSR with the package inside', { timeout }, async (t) => {
  const folder = await project({
    ...MAIN,
    'build.js': "import { build } from 'vite';\nawait build({ build: { ssr: 'main.js' }, ssr: { noExternal: true } });\n",
  });
  await run(t, folder, process.execPath, ['build.js']);
  await assertPrinted(t, folder, 'dist/main.js');
});
