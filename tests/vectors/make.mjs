// The one source of the decision vectors: keys.json and make/cases/NAME.mjs -> NAME.json.
// `node tests/vectors/make.mjs` writes them, `--check` fails when a written file is stale.
// Everything is deterministic (PKCS#1 v1.5, RFC 6979, Ed25519), so a rerun gives equal bytes.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { REASONS } from './make/expectations.mjs';
import { print } from './make/printing.mjs';
import { file } from './make/rules.mjs';

const here = (name) => new URL(name, import.meta.url);

const files = new Map();
for (const name of readdirSync(here('make/cases')).filter((each) => each.endsWith('.mjs')).sort()) {
  const { about, cases } = await import(here(`make/cases/${name}`));
  files.set(name.replace(/mjs$/, 'json'), file(about, cases));
}

const all = [...files.values()].flatMap((each) => each.cases);
const asked = new Set(all.flatMap((each) => [each.expect.reason ?? []].flat()));
const silent = Object.keys(REASONS).filter((reason) => !asked.has(reason));
if (silent.length) throw new Error(`no vector asks for ${silent.join(', ')}`);

const checking = process.argv.includes('--check');
const stale = [];
for (const [name, content] of files) {
  const text = `${print(content)}\n`;
  if (existsSync(here(name)) && readFileSync(here(name), 'utf8') === text) continue;
  if (checking) stale.push(name);
  else writeFileSync(here(name), text);
}
if (stale.length) {
  console.error(`stale in tests/vectors: ${stale.join(', ')}; run: node tests/vectors/make.mjs`);
  process.exit(1);
}
console.log(`${all.length} cases in ${files.size} files${checking ? ', all fresh' : ''}`);
