// Builds the three wasm modules and the TypeScript around two of them into ../pkg/dist; with --typescript, the TypeScript alone.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const dist = join(root, 'pkg/dist');
const glue = join(root, 'target/glue');

const env = { ...process.env };
const execute = promisify(execFile);

// Panic messages carry the paths of sources: not those of this machine.
function hidePaths() {
  const home = env.CARGO_HOME ?? join(homedir(), '.cargo');
  const sources = join(home, 'registry/src');
  const places = [[home, 'cargo'], ...readdirSync(sources).map((name) => [join(sources, name), 'crates']), [root, 'waxseal']];
  env.RUSTFLAGS = places.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join(' ');
}

async function step(name, act) {
  const start = Date.now();
  const said = await act();
  process.stderr.write(`build: ${name}: ${said ? `${said}, ` : ''}${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

async function run(command, args, { cwd = root, ...more } = {}) {
  try {
    await execute(command, args, { cwd, env: { ...env, ...more }, maxBuffer: 1 << 26 });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr || error.message}\n`);
    process.exit(1);
  }
}

// What Envoy's V8 and Node 20 both take; `--all-features` makes Envoy refuse the module. The client stays without SIMD, which
// browsers have only had since 2023.
const features = ['bulk-memory', 'bulk-memory-opt', 'sign-ext', 'nontrapping-float-to-int', 'mutable-globals', 'multivalue', 'reference-types'];

const flags = (profile) => [...features, ...(profile === 'gate' ? ['simd'] : [])].map((feature) => `--enable-${feature}`);
const binaryen = (tool) => join(here, 'node_modules/.bin', tool);

async function optimise(from, to, profile, ...aims) {
  await run(binaryen('wasm-opt'), [...aims, '--strip-debug', '--strip-producers', ...flags(profile), from, '-o', to]);
  return `${Math.round(statSync(to).size / 1000)} kB`;
}

// What Envoy calls of an HTTP filter. The SDK exports what other kinds need as well, and Envoy calls all that it finds: for each
// request `proxy_on_done` and `proxy_on_log`, which do nothing here.
const callbacks = [
  'memory', '_initialize', 'proxy_abi_version_0_2_1', 'proxy_on_memory_allocate', 'proxy_on_vm_start', 'proxy_on_configure',
  'proxy_on_context_create', 'proxy_on_delete', 'proxy_on_tick', 'proxy_on_http_call_response', 'proxy_on_request_headers',
  'proxy_on_request_body', 'proxy_on_request_trailers', 'proxy_on_response_headers', 'proxy_on_response_body', 'proxy_on_response_trailers',
];

/** Only what Envoy calls remains, and what that needs. */
async function reduce(from, to) {
  const graph = join(glue, 'callbacks.json');
  mkdirSync(glue, { recursive: true });
  writeFileSync(graph, JSON.stringify(callbacks.map((name) => ({ name, export: name, root: true }))));
  await run(binaryen('wasm-metadce'), [...flags('gate'), '--graph-file', graph, from, '-o', to]);
}

async function module(target, feature, profile) {
  const more = profile === 'gate' ? { RUSTFLAGS: `${env.RUSTFLAGS} -C target-feature=+simd128` } : {};
  await run('cargo', ['rustc', '--locked', '--profile', profile, '--lib', '--crate-type', 'cdylib', '--target', target, '--features', feature], more);
}

function moduleOf(target, profile) {
  return join(root, 'target', target, profile, 'waxseal.wasm');
}

function exporting(name, value) {
  writeFileSync(join(dist, name), `export default ${JSON.stringify(value)};\n`);
}

/** Bytes as text: src/inline.ts says how, and turns them back. */
function packed(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const order = counts.map((_, byte) => byte).sort((one, other) => counts[other] - counts[one]);
  const character = (value) => (value === 57 ? '!' : String.fromCharCode(35 + value));
  const texts = [];
  for (const [place, byte] of order.entries()) {
    const rest = place - 90;
    texts[byte] = rest < 0 ? character(place) : character(90 + Math.floor(rest / 92)) + character(rest % 92);
  }
  return [Buffer.from(order).toString('base64'), Array.from(bytes, (byte) => texts[byte]).join('')];
}

// rustup installs what rust-toolchain.toml names, unless it is told not to install by itself.
async function targets(...names) {
  const libraries = (name) => execFileSync('rustc', ['--print', 'target-libdir', '--target', name], { cwd: root, encoding: 'utf8' }).trim();
  const missing = names.filter((name) => !existsSync(libraries(name)));
  if (missing.length > 0) await run('rustup', ['target', 'add', ...missing]);
  return missing.length > 0 ? `installed ${missing.join(', ')}` : 'there';
}

/** Linking is work for one processor, so what can goes beside it. */
async function modules() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  await step('the crates', () => run('cargo', ['fetch', '--locked']));
  hidePaths();
  await step('the Rust targets', () => targets('wasm32-wasip1', 'wasm32-unknown-unknown'));

  const written = step('the glue writer', () => run('cargo', ['build', '--locked', '--release', '--target-dir', join(root, 'target/bindgen')], { cwd: join(here, 'bindgen') }));
  await step('the Envoy filter', () => module('wasm32-wasip1', 'envoy', 'gate'));
  const beside = [step('the Envoy filter, optimised', async () => {
    const reduced = join(glue, 'waxseal.wasm');
    await reduce(moduleOf('wasm32-wasip1', 'gate'), reduced);
    return optimise(reduced, join(dist, 'waxseal.wasm'), 'gate', '-Os');
  })];
  for (const { feature, profile, aims, name, wasm, bytes } of [
    { feature: 'npm', profile: 'gate', aims: ['-Os'], name: 'core', wasm: 'core.wasm', bytes: 'bytes.js' },
    { feature: 'client', profile: 'client', aims: ['-Oz', '--flatten', '--rereloop', '-Oz', '--converge'], name: 'client-core', wasm: 'client.wasm', bytes: 'client-bytes.js' },
  ]) {
    await step(wasm, () => module('wasm32-unknown-unknown', feature, profile));
    await written;
    await run(join(root, 'target/bindgen/release/bindgen'), [moduleOf('wasm32-unknown-unknown', profile), glue, name]);
    cpSync(join(glue, `${name}_bg.js`), join(dist, `${name}.js`));
    cpSync(join(glue, `${name}.d.ts`), join(here, `src/${name}.d.ts`));
    beside.push(step(`${wasm}, optimised`, async () => {
      const size = await optimise(join(glue, `${name}_bg.wasm`), join(dist, wasm), profile, ...aims);
      // Inline: the one layout that every bundler and runtime imports without configuration.
      exporting(bytes, packed(readFileSync(join(dist, wasm))));
      return size;
    }));
  }
  await Promise.all(beside);
}

/** The scripts that an entry loads at once. */
function loaded(entry, found = new Set([entry])) {
  for (const [, name] of readFileSync(join(dist, entry), 'utf8').matchAll(/\b(?:from|import)\s*['"]\.\/(.*?)['"]/g)) {
    if (!found.has(name)) loaded(name, found.add(name));
  }
  return found;
}

if (!process.argv.includes('--typescript')) await modules();
await step('the TypeScript', async () => {
  // The one parser of YAML that the commands need: one file, its licence in its first line.
  cpSync(join(here, 'node_modules/js-yaml/dist/browser/js-yaml.esm.min.mjs'), join(dist, 'yaml.js'));
  exporting('explanations.js', JSON.parse(readFileSync(join(root, 'pkg/errors.json'), 'utf8')));
  const tsc = (project, ...options) => run(join(here, 'node_modules/.bin/tsc'), ['-p', join(here, project), ...options]);
  // Comments are for who reads the types, or the sources.
  await tsc('tsconfig.json', '--removeComments');
  await tsc('tsconfig.types.json', '--outDir', dist);
  // Browsers get these, and not every one from a bundler.
  const small = [...loaded('client.js')].filter((name) => name !== 'client-bytes.js');
  const options = { outdir: dist, allowOverwrite: true, minify: true, format: 'esm', target: 'es2022', logLevel: 'error' };
  // What nobody else loads goes into the one file that does.
  const inner = ['dpop', 'flights', 'heal', 'healing', 'keystore', 'proving', 'recent', 'redirect', 'renaming'].map((name) => `${name}.js`);
  const external = small.filter((name) => !inner.includes(name)).map((name) => `./${name}`);
  buildSync({ entryPoints: [join(dist, 'client-api.js')], bundle: true, external, ...options });
  for (const name of inner) rmSync(join(dist, name));
  buildSync({ entryPoints: small.filter((name) => ![...inner, 'client-api.js'].includes(name)).map((name) => join(dist, name)), ...options });
  // For `require`, the same once more.
  const cjs = join(dist, 'cjs');
  await tsc('tsconfig.types.json', '--outDir', cjs);
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  const entries = ['index', 'client', 'slim', 'client-slim', 'mcp', 'stores'].map((name) => join(dist, `${name}.js`));
  buildSync({ entryPoints: entries, outdir: cjs, bundle: true, format: 'cjs', platform: 'node', target: 'es2022', logLevel: 'error' });
});
