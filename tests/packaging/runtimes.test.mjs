// Runtimes on a server run the package as it is.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DECIDED, IMPORTED, node, project, REQUIRED, run, TOLD } from './project.mjs';

const MODULE = { 'main.js': IMPORTED + TOLD };
const COMMON = { 'main.cjs': REQUIRED + TOLD };

for (const [name, files, command, ...args] of [
  ...[20, 22, 24].flatMap((version) => [
    [`Node ${version}, import`, MODULE, node(version)],
    [`Node ${version}, require`, COMMON, node(version)],
  ]),
  ['Bun, import', MODULE, 'bun'],
  ['Bun, require', COMMON, 'bun'],
  ['Deno, import', MODULE, 'deno', 'run'],
  ['Deno, require', COMMON, 'deno', 'run'],
]) {
  it(name, { timeout: 60_000 }, async (t) => {
    const folder = await project(files);
    const { stdout, stderr } = await run(t, folder, command, [...args, Object.keys(files)[0]]);
    assert.equal(stderr, '');
    assert.equal(stdout.trim(), DECIDED);
  });
}
