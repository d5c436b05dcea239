// The API reference is what the sources say, and says something of every public name.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));

it('is what the types and their comments say', { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path('../../js/reference/print.mjs'), '--check']);
  assert.deepEqual([stdout, stderr], ['', '']);
});

it('has a page for every entry that is code', async () => {
  const { exports } = JSON.parse(await readFile(path('../../pkg/package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((name) => exports[name].types).map((name) => name.replace('.', 'waxseal'));
  assert.ok(entries.length >= 4);
  for (const entry of entries) {
    const text = await readFile(path(`../../pkg/docs/api/${entry.replaceAll('/', '.')}.md`), 'utf8');
    assert.ok(text.startsWith(`# ${entry}\n`), entry);
  }
});
