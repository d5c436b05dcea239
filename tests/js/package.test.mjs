// The package as its users get it: packed, installed into a fresh project, imported, compiled against.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { bearer, config, NOW } from './issuer.mjs';

const run = promisify(execFile);
const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const PACKAGE = path('../../pkg');
/** The scripts that are for Node alone. */
const COMMAND = /^dist\/(?:cli|command(?:-[\w-]+)?)\.(?:js|d\.ts)$/;
/** Another's, copied as it is. */
const FOREIGN = 'dist/yaml.js';
const RENEW = 'RENEW=1 node --test tests/js/package.test.mjs';

let project;
let packed;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'waxseal-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: PACKAGE });
  [packed] = JSON.parse(stdout);
  await writeFile(join(project, 'package.json'), '{"private":true,"type":"module"}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`], { cwd: project });
});

after(() => rm(project, { recursive: true, force: true }));

const installed = (name) => join(project, 'node_modules/waxseal', name);

/** What a script of the fresh project prints. */
async function printed(script, name = 'main.js') {
  await writeFile(join(project, name), script);
  const { stdout, stderr } = await run(process.execPath, [name], { cwd: project });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

/** Holds a list of lines against a committed file. */
async function assertSnapshot(name, lines) {
  const text = `${lines.join('\n')}\n`;
  if (process.env.RENEW) await writeFile(path(name), text);
  const committed = await readFile(path(name), 'utf8').catch(() => '');
  assert.deepEqual(text.split('\n'), committed.split('\n'), `tests/js/${name} is not what is built; where that is meant: ${RENEW}`);
}

describe('the packed files', () => {
  it('are these and no others', async () => {
    assert.deepEqual(packed.bundled, []);
    await assertSnapshot('files.txt', packed.files.map((file) => file.path).sort());
  });

  it('hold whatever package.json names', async () => {
    const { exports, sideEffects } = JSON.parse(await readFile(installed('package.json'), 'utf8'));
    const named = [exports, sideEffects].flatMap(function leaves(value) {
      return typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves);
    });
    const files = new Set(packed.files.map((file) => `./${file.path}`));
    assert.ok(named.length >= 30);
    for (const name of named) assert.ok(files.has(name), name);
  });

  it('hold the licence of the project', async () => {
    assert.equal(await readFile(installed('LICENSE'), 'utf8'), await readFile(path('../../LICENSE'), 'utf8'));
  });

  it('need nothing and run nothing when installed', async () => {
    const manifest = JSON.parse(await readFile(installed('package.json'), 'utf8'));
    for (const member of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) {
      assert.equal(manifest[member], undefined, member);
    }
    assert.deepEqual((await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.')), ['waxseal']);
  });

  it('import each other only, by names that every bundler reads', async () => {
    const scripts = packed.files.map((file) => file.path).filter((name) => /\.(js|mjs|cjs|d\.ts)$/.test(name));
    let imports = 0;
    for (const script of scripts) {
      const text = await readFile(installed(script), 'utf8');
      const found = [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"`])(.*?)\1/g)].map((match) => match[2]);
      imports += found.length;
      const ownOnly = COMMAND.test(script) ? found.filter((name) => !name.startsWith('node:')) : found;
      for (const name of ownOnly) {
        // What a wasm file means differs: these two are read by those alone that give a module for it.
        if (script.endsWith('-workerd.js') && name.endsWith('.wasm')) continue;
        if (script.endsWith('-edge.js') && name.endsWith('.wasm?module')) continue;
        assert.match(name, /^\.\/[\w-]+\.js$/, script);
        const target = posix.join(posix.dirname(script), name);
        const typed = script.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target;
        assert.ok(packed.files.some((file) => file.path === typed), `${script} imports ${name}: no ${typed}`);
      }
      if (COMMAND.test(script) || script === FOREIGN) continue;
      assert.doesNotMatch(text, /\brequire\s*\(|\bimport\.meta\b|\beval\s*\(|\bnew Function\b|\bprocess\.|\bBuffer\b|\b__dirname\b|\bnode:\w/, script);
    }
    assert.ok(imports >= 5, `${imports} imports: the search finds nothing`);
  });

  it('name no place of the machine that built them', async () => {
    for (const { path: name } of packed.files) {
      const text = (await readFile(installed(name))).toString('latin1');
      const [place] = /\/(?:root|home|Users|work|tmp|usr\/local)\/[\w./-]+/.exec(text) ?? [];
      assert.equal(place, undefined, name);
    }
  });
});

describe('the wasm modules', () => {
  const MODULES = { 'core.wasm': 'bytes.js', 'client.wasm': 'client-bytes.js' };

  it('import what their glue gives, and nothing else', async () => {
    const lines = [];
    for (const name of Object.keys(MODULES)) {
      const module = new WebAssembly.Module(await readFile(installed(`dist/${name}`)));
      const imports = WebAssembly.Module.imports(module).map((one) => `${name} ${one.module} ${one.kind} ${one.name.replace(/_[0-9a-f]{16}$/, '')}`);
      lines.push(...imports.sort());
    }
    await assertSnapshot('imports.txt', lines);
  });

  it('are those that the package carries inline', async () => {
    const { unpacked } = await import(installed('dist/unpacked.js'));
    for (const [name, inline] of Object.entries(MODULES)) {
      const { default: packed } = await import(installed(`dist/${inline}`));
      assert.ok((await readFile(installed(`dist/${name}`))).equals(unpacked(packed)), name);
    }
  });

  it('of the client holds no crypto, and no help', async () => {
    const text = (await readFile(installed('dist/client.wasm'))).toString('latin1');
    assert.ok(text.includes('proof_signature_invalid'));
    for (const word of ['BEGIN PUBLIC KEY', 'P-256', 'RSA', 'Montgomery', 'getrandom', 'signature error', 'a clock is wrong', 'jwks_uri']) assert.ok(!text.includes(word), word);
  });
});

describe('waxseal/client', () => {
  it('is small: all that it loads at once', async (t) => {
    const loaded = new Map();
    const follow = async (name) => {
      if (loaded.has(name)) return;
      const text = await readFile(installed(`dist/${name}`), 'utf8');
      loaded.set(name, text);
      for (const [, next] of text.matchAll(/\b(?:from|import)\s*['"]\.\/(.*?)['"]/g)) await follow(next);
    };
    await follow('client.js');
    const all = [...loaded.values()].join('');
    const [gzip, brotli] = [gzipSync(all, { level: 9 }).length, brotliCompressSync(all).length];
    t.diagnostic(`${loaded.size} files, ${all.length} bytes, ${gzip} with gzip, ${brotli} with brotli`);
    assert.ok(loaded.has('client-bytes.js') && !['bytes.js', 'explanations.js'].some((name) => loaded.has(name)));
    assert.ok(gzip <= 60_000, `${gzip} bytes with gzip`);
  });
});

const USED = `
  const gate = await Gate.open(${JSON.stringify(config())});
  const { decision } = await gate.check(${JSON.stringify(bearer())}, { now: ${NOW} });
  const { action } = await readError({ status: 503, headers: { 'retry-after': '7' } });
  const { candidates } = await explain('proof_replayed');
  console.log(JSON.stringify([decision, action.kind, candidates[0].reason]));`;
const USES = ['allow', 'retry_after', 'proof_replayed'];
const IMPORTED = `import { Gate } from 'waxseal'; import { explain, readError } from 'waxseal/client'; ${USED}`;
const REQUIRED = `const { Gate } = require('waxseal'); const { explain, readError } = require('waxseal/client'); (async () => { ${USED} })();`;

describe('with no configuration', () => {
  it('it can be required', async () => {
    assert.deepEqual(await printed(REQUIRED, 'main.cjs'), USES);
  });

  it('esbuild bundles it', async () => {
    const { build } = createRequire(path('../../js/package.json'))('esbuild');
    for (const [name, script, options] of [
      ['node.mjs', IMPORTED, { format: 'esm', platform: 'node' }],
      ['page.mjs', IMPORTED, { format: 'esm', platform: 'browser' }],
      ['page.cjs', REQUIRED, { platform: 'browser' }],
    ]) {
      const { warnings, outputFiles: [{ text }] } = await build({ stdin: { contents: script, resolveDir: project }, bundle: true, write: false, logLevel: 'silent', ...options });
      assert.deepEqual(warnings, [], name);
      assert.deepEqual(await printed(text, name), USES, name);
    }
  });

  it('publint finds no fault in it', async () => {
    const { messages } = await publint({ pkgDir: installed('.'), pack: false, strict: true });
    assert.deepEqual(messages, []);
  });
});

describe('waxseal/slim', () => {
  it('starts with the bytes or the module that it is given, and not before', async () => {
    for (const [start, source] of [['initSync', 'bytes'], ['init', 'bytes'], ['init', 'module'], ['initSync', 'foreign']]) {
      const seen = await printed(`
        import { readFileSync } from 'node:fs';
        import { runInNewContext } from 'node:vm';
        import * as gates from 'waxseal/slim';
        import * as readings from 'waxseal/client/slim';
        const { Gate } = gates;
        const { explain, readError } = readings;
        const failed = await readError({ status: 503 }).catch(({ name, message }) => name + ': ' + message);
        if (failed !== 'WaxsealError: \`init\` or \`initSync\` must come first') throw failed;
        for (const [{ init, initSync }, file] of [[gates, 'core.wasm'], [readings, 'client.wasm']]) {
          const bytes = readFileSync(new URL(import.meta.resolve('waxseal/' + file)));
          // Of another realm, as all bytes are in the sandbox of Next.
          const foreign = runInNewContext('Uint8Array.from(bytes).buffer', { bytes });
          const sources = { bytes, foreign, module: new WebAssembly.Module(bytes) };
          // The second call changes nothing.
          for (const _ of [1, 2]) await ${start}(sources.${source});
        }
        ${USED}`);
      assert.deepEqual(seen, USES, `${start} ${source}`);
    }
  });
});

describe('imported in a fresh project', () => {
  it('it decides', async () => {
    const seen = await printed(`
      import * as waxseal from 'waxseal';
      const gate = await waxseal.Gate.open(${JSON.stringify(config())});
      const { decision } = await gate.check(${JSON.stringify(bearer())}, { now: ${NOW} });
      console.log(JSON.stringify({ names: Object.keys(waxseal), decision }));`);
    assert.deepEqual(seen, { names: ['Elicitation', 'Gate', 'Reply', 'WaxsealError'], decision: 'allow' });
  });

  it('it shows its other doors, and only those', async () => {
    const seen = await printed(`
      import errors from 'waxseal/errors.json' with { type: 'json' };
      import { access } from 'node:fs/promises';
      const found = {};
      for (const name of ['client.wasm', 'core.wasm', 'waxseal.wasm', 'package.json', 'dist/core.js', 'dist/index.js']) {
        try {
          await access(new URL(import.meta.resolve('waxseal/' + name)));
          found[name] = true;
        } catch (error) {
          found[name] = error.code;
        }
      }
      console.log(JSON.stringify({ ...found, reason: errors.some(({ reason }) => reason === 'token_expired') }));`);
    assert.deepEqual(seen, {
      'client.wasm': true, 'core.wasm': true, 'waxseal.wasm': true, 'package.json': true,
      'dist/core.js': 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'dist/index.js': 'ERR_PACKAGE_PATH_NOT_EXPORTED', reason: true,
    });
  });

  it('it asks nothing of its host while it loads', async () => {
    // Workers refuse timers, randomness and fetch outside of a request.
    const seen = await printed(`
      const calls = [];
      const watch = (holder, name) => {
        const { [name]: real } = holder;
        holder[name] = (...input) => { calls.push(name); return real.apply(holder, input); };
      };
      for (const name of ['fetch', 'setTimeout', 'setInterval', 'queueMicrotask']) watch(globalThis, name);
      watch(Math, 'random');
      watch(Date, 'now');
      watch(crypto, 'getRandomValues');
      const { Gate } = await import('waxseal');
      const loaded = [...calls];
      const gate = await Gate.open(${JSON.stringify(config())});
      await gate.check({ url: '/mcp' });
      console.log(JSON.stringify({ loaded, checked: [...new Set(calls)].sort() }));`);
    assert.deepEqual(seen, { loaded: [], checked: ['getRandomValues', 'now'] });
  });

  it('it reads errors, and asks for the time only', async () => {
    const seen = await printed(`
      const calls = [];
      for (const [holder, name] of [[globalThis, 'fetch'], [globalThis, 'setTimeout'], [Math, 'random'], [Date, 'now'], [crypto, 'getRandomValues'], [crypto.subtle, 'generateKey']]) {
        const { [name]: real } = holder;
        holder[name] = (...input) => { calls.push(name); return real.apply(holder, input); };
      }
      const { readError } = await import('waxseal/client');
      const loaded = [...calls];
      const { action } = await readError({ status: 503, headers: { 'retry-after': '7' } });
      console.log(JSON.stringify({ loaded, read: calls, action }));`);
    assert.deepEqual(seen, { loaded: [], read: ['now'], action: { kind: 'retry_after', seconds: 7 } });
  });

  it('it explains them in a shell', async () => {
    const { stdout } = await run(join(project, 'node_modules/.bin/waxseal'), ['explain', 'proof_replayed'], { cwd: project });
    assert.match(stdout, /^proof_replayed {2}/);
  });

  it('it can be there twice', async () => {
    const seen = await printed(`
      import { Gate } from 'waxseal';
      const other = await import(import.meta.resolve('waxseal') + '?other');
      const gates = [await Gate.open(${JSON.stringify(config())}), await other.Gate.open(${JSON.stringify(config())})];
      console.log(JSON.stringify(await Promise.all(gates.map(async (gate) => (await gate.check({ url: '/mcp' })).reason))));`);
    assert.deepEqual(seen, ['missing_token', 'missing_token']);
  });
});

describe('its types', () => {
  const OPTIONS = { strict: true, noEmit: true, target: 'ES2022', lib: ['ES2022', 'DOM'], types: [], skipLibCheck: false };

  /** What the compiler has to say about files of the fresh project. */
  async function compiled(options, files) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files: Object.keys(files) }));
    const compiler = path('../../js/node_modules/typescript/bin/tsc');
    return run(process.execPath, [compiler, '-p', project], { cwd: project }).then(({ stdout }) => stdout, ({ stdout, message }) => stdout || message);
  }

  const types = () => readFile(path('types.ts'), 'utf8');

  it('compile as they are used, with Node\'s resolution and a bundler\'s', async () => {
    const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true, verbatimModuleSyntax: true };
    const files = { 'types.ts': await types(), 'types.cts': await types() };
    assert.equal(await compiled({ module: 'node16', moduleResolution: 'node16' }, files), '');
    assert.equal(await compiled({ ...strictest, module: 'esnext', moduleResolution: 'bundler' }, { 'types.ts': await types() }), '');
  });

  it('name every reason, and no other', async () => {
    const reasons = JSON.parse(await readFile(installed('errors.json'), 'utf8')).map(({ reason }) => reason);
    const listed = (names) => `import type { Reason } from 'waxseal';
      export const all: Record<Reason, true> = { ${names.map((name) => `${name}: true`).join(', ')} };`;
    const module = { module: 'nodenext', moduleResolution: 'nodenext' };
    assert.equal(await compiled(module, { 'reasons.ts': listed(reasons) }), '');
    assert.match(await compiled(module, { 'reasons.ts': listed(reasons.slice(1)) }), new RegExp(reasons[0]));
    assert.match(await compiled(module, { 'reasons.ts': listed([...reasons, 'no_such_reason']) }), /no_such_reason/);
  });

  for (const [entry, first] of [['api', 'Gate'], ['client-api', 'createDpop'], ['mcp', 'protect'], ['stores', 'redisReplay']]) {
    it(`of ${entry}.d.ts are all used in types.ts`, async () => {
      const exported = await readFile(installed(`dist/${entry}.d.ts`), 'utf8');
      const lists = [...exported.matchAll(/\{([^}]*)\}/g)].flatMap((match) => match[1].split(','));
      const names = lists.map((name) => name.replace(/^\s*(type )?/, '').trim()).filter(Boolean);
      const body = (await types()).replaceAll(/^import[^;]*;$/gm, '');
      assert.ok(names.includes(first) && names.length > 10, names.join());
      for (const name of names) assert.match(body, new RegExp(`\\b${name}\\b`), name);
    });
  }
});
