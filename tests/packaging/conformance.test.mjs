// The official conformance suite's client scenarios: the official SDK's client passes with `heal` what it passes without.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newFolder, node, project, run } from './project.mjs';

const SUITE = fileURLToPath(new URL('node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url));
const NODE = node(22);
const PROGRAM = ['client.mjs', 'provider.mjs'];
/** Milliseconds for one scenario: all run at the same time. */
const PATIENCE = 120_000;

/** Scenario -> what its client did: the ids of checks that failed or warned, and whether it came to its end. */
async function runs(t, folder, how, revision) {
  const results = await newFolder();
  const command = `${NODE} ${join(folder, 'client.mjs')} ${how}`;
  // It fails, since not all scenarios are about signing in.
  const end = await run(t, folder, NODE, [SUITE, 'client', '--suite', 'all', ...revision, '--command', command, '--timeout', `${PATIENCE}`, '--output-dir', results]).catch((error) => error);
  const files = (await readdir(results, { recursive: true })).filter((name) => name.endsWith('checks.json'));
  assert.ok(files.length > 0, end.message);
  return Object.fromEntries(await Promise.all(files.map(async (name) => {
    const at = join(results, dirname(name));
    const [checks, stdout, stderr] = await Promise.all(['checks.json', 'stdout.txt', 'stderr.txt'].map((file) => readFile(join(at, file), 'utf8')));
    const failed = JSON.parse(checks).filter(({ status }) => ['FAILURE', 'WARNING'].includes(status));
    return [dirname(name).replace(/-\d{4}-\d\d-\d\dT[\w-]+$/, ''), { failed: failed.map(({ id }) => id).sort(), ended: stdout === 'done\n', stderr }];
  })));
}

for (const [name, revision, named] of [
  ['each as of its own revision', [], ['auth/scope-step-up', 'auth/scope-retry-limit', 'auth/dpop', 'auth/dpop-nonce']],
  ['as of 2026-07-28', ['--spec-version', '2026-07-28'], ['auth/scope-step-up', 'auth/scope-retry-limit']],
]) {
  it(`client scenarios, ${name}`, { timeout: 3 * PATIENCE }, async (t) => {
    const texts = await Promise.all(PROGRAM.map((file) => readFile(new URL(`conformance/${file}`, import.meta.url), 'utf8')));
    const folder = await project(Object.fromEntries(PROGRAM.map((file, n) => [file, texts[n]])));
    const plain = await runs(t, folder, 'plain', revision);
    const healed = await runs(t, folder, 'healed', revision);
    assert.deepEqual(Object.keys(healed).sort(), Object.keys(plain).sort());
    const scenarios = Object.keys(healed).filter((scenario) => scenario.startsWith('auth/'));
    for (const scenario of named) assert.ok(scenarios.includes(scenario), `no scenario ${scenario}`);
    t.diagnostic(`${scenarios.length} scenarios of ${Object.keys(healed).length} are about signing in`);
    for (const [scenario, { failed, ended, stderr }] of Object.entries(healed)) {
      const without = plain[scenario];
      const expected = { failed: scenario.startsWith('auth/') ? [] : without.failed, ended: without.ended };
      assert.deepEqual({ failed, ended }, expected, `${scenario}\n${stderr}\nwithout: ${without.failed}`);
    }
  });
}
