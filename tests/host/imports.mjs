// node imports.mjs FILE.wasm: prints what the module asks of its host, sorted, one a line.

import { readFile } from 'node:fs/promises';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node imports.mjs FILE.wasm');
  process.exit(2);
}
const module = await WebAssembly.compile(await readFile(file));
const lines = WebAssembly.Module.imports(module).map((wanted) => `${wanted.module} ${wanted.name} ${wanted.kind}`);
for (const line of lines.sort()) console.log(line);
