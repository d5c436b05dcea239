// Builds both wasm modules and the TypeScript around one of them into ../pkg/dist.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const dist = join(root, 'pkg/dist');
const glue = join(root, 'target/glue');

const env = { ...process.env };

// Panic messages carry the paths of sources: not those of this machine.
function hidePaths() {
  const home = env.CARGO_HOME ?? join(homedir(), '.cargo');
  const sources = join(home, 'registry/src');
  const places = [[home, 'cargo'], ...readdirSync(sources).map((name) => [join(sources, name), 'crates']), [root, 'waxseal']];
  env.RUSTFLAGS = places.map(([from, to]) => `--remap-path-prefix=${from}=${to}`).join(' ');
}

function step(name, act) {
  const start = Date.now();
  process.stderr.write(`build: ${name} ... `);
  const said = act();
  process.stderr.write(`${said ? `${said}, ` : ''}${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

function run(command, args, cwd = root) {
  try {
    execFileSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    process.stderr.write(`\n${error.stdout ?? ''}${error.stderr ?? error.message}\n`);
    process.exit(1);
  }
}

// What Envoy's V8 and Node 20 both take; `--all-features` makes Envoy refuse the module.
const features = ['bulk-memory', 'bulk-memory-opt', 'sign-ext', 'nontrapping-float-to-int', 'mutable-globals', 'multivalue', 'reference-types'];

function optimise(from, to) {
  const wasmOpt = join(here, 'node_modules/.bin/wasm-opt');
  const flags = features.map((feature) => `--enable-${feature}`);
  run(wasmOpt, ['-O2', '--strip-debug', '--strip-producers', ...flags, from, '-o', to]);
  return `${Math.round(statSync(to).size / 1000)} kB`;
}

function module(target, feature) {
  run('cargo', ['rustc', '--locked', '--release', '--lib', '--crate-type', 'cdylib', '--target', target, '--features', feature]);
  return join(root, 'target', target, 'release/waxseal.wasm');
}

// rustup installs what rust-toolchain.toml names, unless it is told not to install by itself.
function targets(...names) {
  const libraries = (name) => execFileSync('rustc', ['--print', 'target-libdir', '--target', name], { cwd: root, encoding: 'utf8' }).trim();
  const missing = names.filter((name) => !existsSync(libraries(name)));
  if (missing.length > 0) run('rustup', ['target', 'add', ...missing]);
  return missing.length > 0 ? `installed ${missing.join(', ')}` : 'there';
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

step('the crates', () => run('cargo', ['fetch', '--locked']));
hidePaths();

let built;
step('the Rust targets', () => targets('wasm32-wasip1', 'wasm32-unknown-unknown'));
step('the Envoy filter', () => void (built = module('wasm32-wasip1', 'envoy')));
step('its optimisation', () => optimise(built, join(dist, 'waxseal.wasm')));
step('the JavaScript module', () => void (built = module('wasm32-unknown-unknown', 'npm')));
step('the glue writer', () => run('cargo', ['build', '--locked', '--release', '--target-dir', join(root, 'target/bindgen')], join(here, 'bindgen')));
step('the glue', () => run(join(root, 'target/bindgen/release/bindgen'), [built, glue]));
step('its optimisation', () => optimise(join(glue, 'core_bg.wasm'), join(dist, 'core.wasm')));
step('the TypeScript', () => {
  cpSync(join(glue, 'core.js'), join(dist, 'core.js'));
  cpSync(join(glue, 'core.d.ts'), join(here, 'src/core.d.ts'));
  // Inline: the one layout that every bundler and runtime imports without configuration.
  const bytes = readFileSync(join(dist, 'core.wasm')).toString('base64');
  writeFileSync(join(dist, 'bytes.js'), `export default ${JSON.stringify(bytes)};\n`);
  run(join(here, 'node_modules/.bin/tsc'), ['-p', here]);
});
