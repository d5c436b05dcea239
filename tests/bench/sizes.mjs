// Bytes: what a bundler makes of each entry, and the wasm modules.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'esbuild';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const dist = (file) => path(`../../pkg/dist/${file}`);

/** Name -> what is imported. */
const ENTRIES = {
  waxseal: dist('index.js'),
  'waxseal/slim': dist('slim.js'),
  'waxseal/client': dist('client.js'),
  'waxseal/client/slim': dist('client-slim.js'),
  jose: 'jose',
  oauth4webapi: 'oauth4webapi',
  'express-oauth2-jwt-bearer': 'express-oauth2-jwt-bearer',
  'fast-jwt': 'fast-jwt',
  dpop: 'dpop',
};
const MODULES = ['core.wasm', 'client.wasm', 'waxseal.wasm'];

async function sizeOf(bytes) {
  const [zipped, brotli] = await Promise.all([promisify(gzip)(bytes, { level: 9 }), promisify(brotliCompress)(bytes)]);
  return { raw: bytes.length, gzip: zipped.length, brotli: brotli.length };
}

/** Everything that an entry exports, minified; what is Node's own stays out. */
async function bundled(entry) {
  const { outputFiles: [file] } = await build({
    stdin: { contents: `export * from ${JSON.stringify(entry)};`, resolveDir: path('.') },
    bundle: true, minify: true, format: 'esm', platform: 'node', target: 'es2022', write: false, logLevel: 'error',
  });
  return file.contents;
}

/** Name -> bytes, as they are and compressed. */
export async function sizes({ say }) {
  say(`${Object.keys(ENTRIES).length} entries, ${MODULES.length} modules`);
  return Object.fromEntries(await Promise.all([
    ...Object.entries(ENTRIES).map(async ([name, entry]) => [name, await sizeOf(await bundled(entry))]),
    ...MODULES.map(async (name) => [name, await sizeOf(await readFile(dist(name)))]),
  ]));
}
