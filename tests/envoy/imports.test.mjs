// What the filter asks of its host: the last border is the artefact.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FILTER } from './bootstrap.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const RENEW = 'node tests/host/imports.mjs pkg/dist/waxseal.wasm > tests/envoy/imports.txt';

// The language needs these; a clock, files and sockets are not among them.
const WASI = new Set(['environ_get', 'environ_sizes_get', 'fd_write', 'proc_exit', 'random_get']);

let lines;
before(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [here('../host/imports.mjs'), FILTER]);
  lines = stdout.trimEnd().split('\n');
});

test('the filter imports what imports.txt lists', async () => {
  const known = (await readFile(here('imports.txt'), 'utf8')).trimEnd().split('\n');
  const added = lines.filter((line) => !known.includes(line));
  const gone = known.filter((line) => !lines.includes(line));
  assert.deepEqual({ added, gone }, { added: [], gone: [] }, `the imports have changed: added ${added.join(', ') || 'none'}; gone ${gone.join(', ') || 'none'}.
If that is meant: ${RENEW}`);
});

test('every import is a function of the proxy-wasm ABI or one of a few of WASI', () => {
  const allowed = (line) => {
    const [module, name, kind] = line.split(' ');
    if (kind !== 'function') return false;
    return module === 'env' ? /^proxy_[a-z_]+$/.test(name) : module === 'wasi_snapshot_preview1' && WASI.has(name);
  };
  assert.deepEqual(lines.filter((line) => !allowed(line)), []);
});
