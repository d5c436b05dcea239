// node run.mjs npm|filter DIR: runs every *.json vector file of DIR through one face. Prints a
// line per failed case and one line at the end; exits 1 when a case failed or none was found.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { byteString } from '../host/headers.mjs';
import { Status } from '../host/status.mjs';
import { Worker } from '../host/worker.mjs';

const PACKAGE = new URL('../../pkg/', import.meta.url);
const FACES = { npm: openPackage, filter: openFilter };

// `revoked` and `claims` are accepted for the features to come; nothing reads them yet.
const OWN = ['now', 'revoked', 'claims', 'host', 'env'];
const MEMBERS = {
  file: ['about', 'configs', 'key_sets', 'cases'],
  case: ['name', 'config', 'key_sets', 'requests', 'expect', ...OWN],
  request: ['method', 'url', 'headers', 'body', 'fetches', 'expect', ...OWN],
  expect: ['decision', 'reason', 'status', 'error', 'headers', 'body', 'upstream', 'fetched'],
};
const DECISIONS = ['allow', 'deny', 'answer'];

// ---- reading: a vector that is not understood is a failure, never skipped ----

class Misshapen extends Error {}

function must(condition, message) {
  if (!condition) throw new Misshapen(message);
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const isTexts = (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string');
const isPairs = (value) => Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2);

function checkMembers(value, kind, where = kind) {
  must(isObject(value), `${where} is not an object`);
  for (const name of Object.keys(value)) must(MEMBERS[kind].includes(name), `unknown member \`${name}\` in ${where}`);
}

// The committed test keys lie beside the vectors.
const isKeys = (file) => isObject(file) && Object.hasOwn(file, 'keys') && !Object.hasOwn(file, 'cases');

function checkFile(file) {
  checkMembers(file, 'file');
  must(isObject(file.configs), '`configs` is not an object');
  must(file.key_sets === undefined || isObject(file.key_sets), '`key_sets` is not an object');
  must(Array.isArray(file.cases), '`cases` is not a list');
}

function checkCase(vector, file) {
  checkMembers(vector, 'case');
  must(typeof vector.name === 'string', '`name` is not a text');
  must(Object.hasOwn(file.configs, vector.config), `no config \`${vector.config}\``);
  must(vector.key_sets === undefined || isObject(vector.key_sets), '`key_sets` is not an object');
  must(Array.isArray(vector.requests) && vector.requests.length > 0, '`requests` is not a list of at least one');
  checkOwn(vector, 'case');
  vector.requests.forEach((request, n) => checkRequest(request, vector, `request ${n + 1}`));
  checkExpect(vector.expect, '`expect`');
}

function checkRequest(request, vector, where) {
  checkMembers(request, 'request', where);
  must(typeof request.method === 'string' && typeof request.url === 'string', `${where} has no \`method\` or \`url\``);
  must(request.body === undefined || typeof request.body === 'string', `\`body\` of ${where} is not a text`);
  const { headers = [] } = request;
  must(isPairs(headers), `\`headers\` of ${where} are not pairs of texts`);
  must(isNumber(request.now ?? vector.now), `${where} has no \`now\``);
  checkOwn(request, where);
  checkFetches(request.fetches, where);
  if (request.expect !== undefined) checkExpect(request.expect, `\`expect\` of ${where}`);
}

function checkOwn({ now, host, env }, where) {
  must(now === undefined || isNumber(now), `\`now\` of ${where} is not a number`);
  must(host === undefined || host === 'down', `\`host\` of ${where} is not "down"`);
  must(env === undefined || isObject(env), `\`env\` of ${where} is not an object`);
}

function checkFetches(fetches, where) {
  must(fetches === undefined || isObject(fetches), `\`fetches\` of ${where} is not an object`);
  for (const [url, answer] of Object.entries(fetches ?? {})) {
    must(answer === null || (isObject(answer) && isNumber(answer.status)), `the fetch of ${url} in ${where} is neither null nor an answer with a status`);
    for (const name of Object.keys(answer ?? {})) must(['status', 'headers', 'body'].includes(name), `unknown member \`${name}\` in the fetch of ${url}`);
  }
}

function checkExpect(expect, where) {
  checkMembers(expect, 'expect', where);
  must(Object.keys(expect).length > 0, `${where} checks nothing`);
  for (const [name, fits] of [
    ['decision', (value) => DECISIONS.includes(value)], ['reason', (value) => typeof value === 'string'],
    ['error', (value) => typeof value === 'string'], ['status', isNumber],
  ]) {
    const values = [expect[name] ?? []].flat();
    must(values.every(fits) && !isDeepStrictEqual(expect[name], []) && expect[name] !== null, `\`${name}\` of ${where} is not what it should be`);
  }
  for (const name of ['headers', 'upstream']) {
    must(expect[name] === undefined || isObject(expect[name]), `\`${name}\` of ${where} is not an object`);
    for (const values of Object.values(expect[name] ?? {})) {
      must(values === null || typeof values === 'string' || isTexts(values), `\`${name}\` of ${where} holds something else than text, texts or null`);
    }
  }
  must(expect.body === undefined || typeof expect.body === 'string' || (typeof expect.body === 'object' && expect.body !== null), `\`body\` of ${where} is neither text nor JSON`);
  must(expect.fetched === undefined || Number.isInteger(expect.fetched), `\`fetched\` of ${where} is not a whole number`);
}

// ---- the world around a gate: its clock, its network, what it is told by its host ----

class World {
  fetched = 0;
  now = 0;
  down = false;
  #keySets;
  #fetches = {};

  constructor(file, vector) {
    this.#keySets = { ...file.key_sets, ...vector.key_sets };
    this.env = Object.assign({}, vector.env, ...vector.requests.map((request) => request.env));
    this.turnTo(vector.requests[0], vector);
  }

  turnTo(request, vector) {
    this.now = request.now ?? vector.now;
    this.down = (request.host ?? vector.host) === 'down';
    this.#fetches = request.fetches ?? {};
  }

  /** What a fetch of the first of these URLs that the vector knows gives; null when it fails. */
  fetch(urls) {
    this.fetched += 1;
    if (this.down) return null;
    for (const url of urls) {
      if (Object.hasOwn(this.#fetches, url)) return answer(this.#fetches[url]);
      if (Object.hasOwn(this.#keySets, url)) {
        const set = this.#keySets[url];
        return set && answer({ status: 200, headers: [['content-type', 'application/json']], body: set });
      }
    }
    return null;
  }
}

function answer(found) {
  if (found === null) return null;
  const { status, headers = [], body = '' } = found;
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  return { status, headers: pairs.map((pair) => pair.map(byteString)), body: typeof body === 'string' ? body : JSON.stringify(body) };
}

// ---- the faces: each gives { send, problems, close }; send gives what is compared ----

async function openPackage() {
  const { name, exports } = JSON.parse(await readFile(new URL('package.json', PACKAGE), 'utf8'));
  const { Gate } = await import(new URL(entry(exports) ?? fail(`${name} exports no module`), PACKAGE));
  return async (config, world) => {
    const fetch = async (target) => {
      const found = world.fetch([target instanceof Request ? target.url : String(target)]);
      if (found === null) throw new TypeError('fetch failed');
      const { status, headers, body } = found;
      return new Response([101, 204, 205, 304].includes(status) ? null : body, { status, headers });
    };
    const gate = await Gate.open(config, { fetch, env: world.env });
    return {
      problems: () => [],
      close() {},
      async send({ method, url, headers, body }) {
        const { allow, decision, reason, reply, grant } = await gate.check({ method, url, headers, body }, { now: world.now });
        if (allow !== (decision === 'allow')) fail(`\`allow\` is ${allow} and \`decision\` is ${decision}`);
        if (allow !== (reply === undefined)) fail(`\`allow\` is ${allow} and there is ${reply ? 'a' : 'no'} reply`);
        if (allow !== (grant !== undefined)) fail(`\`allow\` is ${allow} and there is ${grant ? 'a' : 'no'} grant`);
        return {
          decision, reason, status: reply?.status, text: reply?.body,
          headers: reply && byteStrings(reply.headers, 'reply.headers'),
          upstream: grant && byteStrings(grant.headers, 'grant.headers'),
        };
      },
    };
  };
}

/** The module that `import` would load: the package is not installed, it is tried where it is. */
function entry(exports) {
  if (typeof exports === 'string') return exports;
  if (!isObject(exports)) return undefined;
  if (Object.hasOwn(exports, '.')) return entry(exports['.']);
  for (const [condition, target] of Object.entries(exports)) {
    if (['node', 'import', 'default'].includes(condition)) {
      const found = entry(target);
      if (found) return found;
    }
  }
  return undefined;
}

function byteStrings(pairs, where) {
  if (!isPairs(pairs)) fail(`\`${where}\` is not a list of pairs of texts`);
  return pairs.map((pair) => pair.map(byteString));
}

async function openFilter() {
  const module = await WebAssembly.compile(await readFile(new URL('dist/waxseal.wasm', PACKAGE)));
  return async (config, world) => {
    const lines = [];
    const worker = await Worker.start(module, {
      configuration: JSON.stringify(withClusters(config)),
      env: world.env,
      now: () => world.now,
      log: (level, line) => lines.push([level, line]),
      foreign: () => (world.down ? Status.InternalFailure : Status.NotFound),
      fetch: async ({ authority, path, headers }) => {
        const scheme = headers.find(([name]) => name === ':scheme')?.[1];
        // A URL may be written without the path that a request for it must have.
        const rests = path === '/' ? [`${authority}/`, authority] : [authority + path];
        return world.fetch([scheme, 'https', 'http'].filter(Boolean).flatMap((start) => rests.map((rest) => `${start}://${rest}`)));
      },
    }).catch((error) => fail([error.message, ...lines.map(([, line]) => line)].join('; ')));
    return {
      close: () => worker.close(),
      problems: () => [
        ...(worker.failure ? [`the filter died in ${worker.failure.callback}: ${worker.failure.error.message}`] : []),
        ...lines.filter(([level]) => level === 'critical').map(([, line]) => `logged as critical: ${line}`),
      ],
      async send(request) {
        const { local, upstream } = await worker.request(request);
        if (upstream) return { decision: 'allow', upstream: upstream.headers };
        if (!local) fail('the filter reset the request');
        const decision = local.status >= 200 && local.status < 300 ? 'answer' : 'deny';
        return { decision, reason: local.details || undefined, status: local.status, headers: local.headers, text: local.body };
      },
    };
  };
}

// Envoy reaches a URL only through a cluster that its operator named. Vectors are about decisions
// and leave that name out, so issuers that fetch their keys get one here; the host knows them all.
function withClusters(config) {
  const copy = structuredClone(config);
  for (const issuer of Array.isArray(copy.issuers) ? copy.issuers : []) {
    if (issuer?.keys?.uri !== undefined) issuer.keys.cluster ??= 'vectors';
  }
  return copy;
}

// ---- comparing: gives what differs, as texts ----

const show = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));

function differences(expect, actual) {
  const body = json(actual.text);
  const found = { decision: actual.decision, reason: actual.reason, status: actual.status, error: isObject(body) ? body.error : undefined };
  const problems = [];
  for (const [name, value] of Object.entries(found)) {
    if (expect[name] !== undefined && ![expect[name]].flat().includes(value)) problems.push(`${name} is ${show(value)}, expected ${show(expect[name])}`);
  }
  problems.push(...headerDifferences('header', expect.headers, actual.headers ?? []));
  if (expect.upstream !== undefined && !actual.upstream) problems.push('nothing reached the upstream');
  else problems.push(...headerDifferences('upstream header', expect.upstream, actual.upstream));
  if (typeof expect.body === 'string') {
    if (actual.text !== expect.body) problems.push(`body is ${show(actual.text)}, expected ${show(expect.body)}`);
  } else if (expect.body !== undefined && !isSubset(expect.body, body)) {
    problems.push(`body is ${show(actual.text)}, expected at least ${show(expect.body)}`);
  }
  if (expect.fetched !== undefined && actual.fetched !== expect.fetched) problems.push(`${actual.fetched} fetches, expected ${expect.fetched}`);
  return problems;
}

function headerDifferences(kind, expected = {}, pairs) {
  return Object.entries(expected).flatMap(([name, values]) => {
    const wanted = [values ?? []].flat().map(byteString);
    const present = pairs.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    return isDeepStrictEqual(present, wanted) ? [] : [`${kind} ${name} is ${show(present)}, expected ${show(wanted)}`];
  });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every member of `part` is in `whole` with the same value; lists are of the same length. */
function isSubset(part, whole) {
  if (Array.isArray(part)) return Array.isArray(whole) && part.length === whole.length && part.every((value, n) => isSubset(value, whole[n]));
  if (!isObject(part)) return part === whole;
  return isObject(whole) && Object.entries(part).every(([name, value]) => Object.hasOwn(whole, name) && isSubset(value, whole[name]));
}

// ---- running ----

function fail(message) {
  throw new Error(message);
}

async function runCase(open, file, vector) {
  checkCase(vector, file);
  const world = new World(file, vector);
  const gate = await open(file.configs[vector.config], world);
  const problems = [];
  try {
    for (const [n, request] of vector.requests.entries()) {
      const last = n === vector.requests.length - 1;
      world.turnTo(request, vector);
      const headers = (request.headers ?? []).map((pair) => pair.map(byteString));
      const actual = { ...await gate.send({ ...request, headers }), fetched: world.fetched };
      for (const expect of [request.expect, last ? vector.expect : undefined]) {
        if (expect) problems.push(...differences(expect, actual).map((problem) => (last ? problem : `request ${n + 1}: ${problem}`)));
      }
    }
  } finally {
    problems.push(...gate.problems());
    gate.close();
  }
  return problems;
}

async function problemsOf(run) {
  try {
    return await run();
  } catch (error) {
    return [error instanceof Misshapen ? `bad vector: ${error.message}` : error.message];
  }
}

async function main([face, folder]) {
  if (!Object.hasOwn(FACES, face ?? '') || folder === undefined) {
    console.error('usage: node run.mjs npm|filter DIR');
    return 2;
  }
  let passed = 0;
  let failed = 0;
  const report = (file, name, problems) => {
    if (problems.length === 0) {
      passed += 1;
      return;
    }
    failed += 1;
    console.log(`FAIL ${file}: ${name}: ${problems.join('; ').replaceAll('\n', ' ')}`);
  };
  try {
    const open = await FACES[face]();
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    for (const name of names) {
      let file;
      const broken = await problemsOf(async () => {
        file = JSON.parse(await readFile(join(folder, name), 'utf8'));
        if (!isKeys(file)) checkFile(file);
        return [];
      });
      if (broken.length > 0) report(name, 'the whole file', broken);
      else if (!isKeys(file)) for (const vector of file.cases) report(name, vector?.name ?? 'a case without a name', await problemsOf(() => runCase(open, file, vector)));
    }
    if (passed + failed === 0) console.log(`FAIL ${folder}: no case was found`);
  } catch (error) {
    console.log(`FAIL ${face}: ${error.message}`);
    failed += 1;
  }
  console.log(`${face}: ${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
