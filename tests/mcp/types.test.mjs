// The types fit those of the official MCP SDKs and of Hono.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));

it('compile where they are meant to fit', { timeout: 120_000 }, async () => {
  // Libraries are taken as they are: some name types that are not installed.
  const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--module', 'nodenext', '--skipLibCheck'];
  const compiler = path('../../js/node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, ...options, path('types.ts')]).catch((error) => error);
  assert.equal(stdout, '');
});
