// Envoy without a filter, with one that does nothing, with its own `jwt_authn`, and with ours; a process for each, so that each
// has its own memory and processor time.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALGORITHMS, ISSUER, jwk, keyFor, lasting, Prover, RESOURCE, tokens, trusting } from './credentials.mjs';
import { interleave } from './measure.mjs';
import { http, Proxy, upstream } from './proxy.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const WARM = 10_000;
/** Requests after which everything is compiled. */
const FIRST = 500;
/** As many lines of a file are not sent where each is sent once. */
const SPARE = 32;
/** Tokens that the cache of `jwt_authn` has room for: as many as ours. */
const CACHE = 20_000;
/** Requests per second that nothing which checks a signature reaches here: so many credentials are made. */
const FASTEST = { token: 12_000, proof: 6_000 };
/** Credentials that are made at once, for requests without end. */
const CHUNK = 20_000;

/** A module that does nothing, built once. */
function noop() {
  const target = path('../../target/noop');
  execFileSync('cargo', ['build', '--quiet', '--locked', '--release', '--target', 'wasm32-wasip1', '--target-dir', target], { cwd: path('noop'), stdio: ['ignore', 'inherit', 'inherit'] });
  const filename = join(target, 'wasm32-wasip1/release/noop.wasm');
  return http('noop', 'wasm.v3.Wasm', { config: { name: 'noop', vm_config: { vm_id: 'noop', runtime: 'envoy.wasm.runtime.v8', code: { local: { filename } } } } });
}

/** Envoy's own filter, with the key at hand. */
const jwtAuthn = (algorithm, cache) => http('jwt_authn', 'jwt_authn.v3.JwtAuthentication', {
  providers: {
    own: {
      issuer: ISSUER, audiences: [RESOURCE], require_expiration: true,
      local_jwks: { inline_string: JSON.stringify({ keys: [jwk(keyFor(algorithm), { alg: algorithm })] }) },
      ...(cache && { jwt_cache_config: { jwt_cache_size: cache } }),
    },
  },
  rules: [{ match: { prefix: '/' }, requires: { provider_name: 'own' } }],
});

const POLICY = { policy: { rules: Array.from({ length: 20 }, (_, number) => ({ match: { tool: `tool_${number}` } })) } };
/** A call of the last tool, of 1 kB. */
function message() {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'tool_19', arguments: { path: '/pub/a', text: '' } } };
  call.params.arguments.text = 'x'.repeat(1_024 - JSON.stringify(call).length);
  return JSON.stringify(call);
}
const DPOP = { dpop: { mode: 'required', algorithms: ['ES256'], age: 120 } };

/** Files that wrk reads, in a folder of its own. */
class Files {
  #count = 0;

  static async open() {
    const files = new Files();
    files.folder = await mkdtemp(join(tmpdir(), 'waxseal-bench-'));
    process.on('exit', () => rmSync(files.folder, { recursive: true, force: true }));
    return files;
  }

  async write(lines, name = String((this.#count += 1))) {
    const file = join(this.folder, name);
    await writeFile(file, lines.join('\n'));
    return file;
  }

  end() {
    return rm(this.folder, { recursive: true });
  }
}

/** Lines of credentials that nobody has seen: tokens, or tokens of a client's with a proof each. */
const newTokens = (algorithm) => (count) => Array.from({ length: count }, () => lasting(algorithm));
function newProofs(algorithm) {
  const client = new Prover();
  const options = { key: keyFor(algorithm), algorithm };
  let token = client.token({}, options);
  return (count, { distinct = false } = {}) => Array.from({ length: count }, () => {
    if (distinct) token = client.token({}, options);
    return `${token} ${client.proof(token)}`;
  });
}

/** A case whose requests are sent again and again, once all of `warm` was sent. */
function again(name, proxy, seconds, { warm, ...options }) {
  let ready = false;
  return {
    name,
    async prepare() {
      if (!ready) await proxy.load({ ...options, file: warm, once: true, seconds: 300 });
      ready = true;
    },
    run: () => proxy.load({ ...options, seconds }),
  };
}

/** A case with tokens that its Envoy has not seen. */
function cold(name, proxy, seconds, pool, files) {
  let [used, file] = [pool.length];
  const take = FASTEST.token * seconds;
  return {
    name,
    async prepare() {
      if (used + take > pool.length) {
        if (used > 0 && proxy.served > 0) await proxy.restart();
        used = 0;
        // So that the first requests find everything compiled.
        await proxy.load({ file: await files.write(pool.slice(0, FIRST), 'first'), once: true, seconds: 60 });
        used += FIRST;
      }
      file = await files.write(pool.slice(used, used + take), 'cold');
    },
    async run() {
      const result = await proxy.load({ file, once: true, seconds });
      used += Math.min(take, result.requests + SPARE);
      return result;
    },
  };
}

/** A case with a new proof for each request. */
function proving(name, proxy, seconds, make, files) {
  let [file, count] = [undefined, FASTEST.proof * seconds];
  return {
    name,
    prepare: async () => { file = await files.write(make(count), 'proofs'); },
    async run() {
      const result = await proxy.load({ file, once: true, seconds, scheme: 'DPoP' });
      count = Math.min(count, Math.ceil(result.requests * 2));
      return result;
    },
  };
}

async function setUp({ seconds, quick, say }) {
  const files = await Files.open();
  const proxies = new Map();
  let answering;
  const end = async () => {
    for (const proxy of proxies.values()) await proxy.end();
    await answering?.end();
    await files.end();
  };
  try {
    say('the no-op filter');
    const nothing = noop();
    answering = await upstream();
    const pools = {};
    for (const algorithm of ALGORITHMS) {
      say(`${algorithm} tokens: made once, kept for days`);
      pools[algorithm] = await tokens(algorithm, Math.max(WARM + SPARE, FIRST + FASTEST.token * seconds));
    }
    const [one, other] = pools.ES256.map((token) => token.split('.'));
    const forged = [one[0], one[1], other[2]].join('.');
    const start = async (name, description) => {
      say(`starting Envoy: ${name}`);
      const proxy = await Proxy.start({ port: answering.port('upstream'), forged, guards: true, ...description });
      proxies.set(name, proxy);
      return proxy;
    };

    const single = { file: await files.write(pools.ES256.slice(0, 1)), warm: await files.write(pools.ES256.slice(0, FIRST)) };
    const body = await files.write([message()]);
    const none = await start('no filter', { filters: [], guards: false });
    const empty = await start('no-op Wasm filter', { filters: [nothing], guards: false });
    const cases = [
      again('no filter', none, seconds, single),
      again('no-op Wasm filter', empty, seconds, single),
      again('no-op Wasm filter, 1 kB body', empty, seconds, { ...single, method: 'POST', body }),
      // The same once more: what it differs by is the noise.
      again('no-op Wasm filter again', empty, seconds, single),
    ];
    for (const algorithm of ALGORITHMS) {
      const name = (text) => `${algorithm}, ${text}`;
      const ours = (what, members) => start(name(`waxseal, ${what}`), { configuration: trusting(algorithm, members) });
      const first = await files.write(pools[algorithm].slice(0, FIRST));
      const token = { file: await files.write(pools[algorithm].slice(0, 1)), warm: first };
      const many = { file: await files.write(pools[algorithm].slice(0, WARM)), warm: await files.write(pools[algorithm].slice(0, WARM + SPARE)) };
      const native = await start(name('jwt_authn'), { filters: [jwtAuthn(algorithm)] });
      cases.push(
        again(name('jwt_authn'), native, seconds, { ...many, warm: first }),
        cold(name('waxseal, cold'), await ours('cold'), seconds, pools[algorithm], files),
      );
      // Where no signature is checked, the algorithm hardly matters.
      if (quick && algorithm !== 'ES256') continue;
      const caching = await start(name('jwt_authn, cache'), { filters: [jwtAuthn(algorithm, CACHE)] });
      const warm = await ours('warm');
      cases.push(
        again(name('jwt_authn, cache, one token'), caching, seconds, token),
        again(name('jwt_authn, cache, 10,000 tokens'), caching, seconds, many),
        again(name('waxseal, warm, one token'), warm, seconds, token),
        again(name('waxseal, warm, 10,000 tokens'), warm, seconds, many),
        proving(name('waxseal, DPoP'), await ours('DPoP', DPOP), seconds, newProofs(algorithm), files),
        again(name('waxseal, 20 rules, 1 kB body'), await ours('20 rules', POLICY), seconds, { ...token, method: 'POST', body }),
      );
    }
    return { cases, proxies, files, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Requests with credentials that are new each, and what each Envoy holds meanwhile: name -> `[requests, MB]`. */
async function memory({ proxies, files, total, say }) {
  const ES256 = 'ES256';
  const subjects = {
    'jwt_authn, cache': ['ES256, jwt_authn, cache', newTokens(ES256), {}],
    'waxseal, tokens': ['ES256, waxseal, cold', newTokens(ES256), {}],
    'waxseal, tokens and proofs': ['ES256, waxseal, DPoP', newProofs(ES256), { scheme: 'DPoP' }],
  };
  const held = {};
  for (const [name, [at, make, options]] of Object.entries(subjects)) {
    const proxy = proxies.get(at);
    await proxy.restart();
    held[name] = [[0, await proxy.megabytes()]];
    const chunks = Math.max(4, Math.ceil(total / CHUNK));
    const chunk = Math.ceil(total / chunks);
    for (let number = 0; number < chunks; number += 1) {
      say(`memory: ${name}, ${proxy.served} of ${total} requests`);
      const file = await files.write(make(chunk + 2 * SPARE, { distinct: true }), 'memory');
      // What was under way when the last was sent is not counted.
      const { requests } = await proxy.load({ ...options, file, once: true, seconds: 600 }).catch((cause) => {
        throw new Error(`memory, ${name}: ${cause.message}`, { cause });
      });
      held[name].push([proxy.served, await proxy.megabytes()]);
      if (requests < chunk * 0.9) throw new Error(`${name}: ${requests} of ${chunk} requests were answered`);
    }
  }
  return held;
}

/** `samples`: case -> metric -> a number for each round. `resident`: Envoy -> `[requests, MB]` after all rounds. `memory`: as above. */
export async function envoy({ rounds, seconds, requests: total, quick = false, say }) {
  const stage = await setUp({ seconds, quick, say });
  try {
    const samples = await interleave(stage.cases, { rounds, say });
    const resident = {};
    for (const [name, proxy] of stage.proxies) resident[name] = [proxy.served, await proxy.megabytes()];
    return { samples, resident, memory: await memory({ ...stage, total, say }) };
  } finally {
    await stage.end();
  }
}
