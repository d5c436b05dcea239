// node run.mjs npm|filter DIR: runs every *.json vector file of DIR through one face. Prints a
// line per failed case and one line at the end; exits 1 when a case failed or none was found.
// WAXSEAL_CRYPTO forces who checks signatures: `host` (Envoy's function, node:crypto), `web`
// (WebCrypto; npm only), `pure` (nobody but the crate).

import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byteString } from '../host/headers.mjs';
import { differences } from './run/comparing.mjs';
import { openFilter } from './run/filter.mjs';
import { openPackage } from './run/npm.mjs';
import { Misshapen, checkCase, checkFile, isKeys } from './run/reading.mjs';
import { World } from './run/world.mjs';

const OWN = resolve(fileURLToPath(new URL('.', import.meta.url)));
const FACES = { npm: openPackage, filter: openFilter };
const CRYPTO = { npm: ['host', 'web', 'pure'], filter: ['host', 'pure'] };

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
      const actual = { ...await gate.send({ ...request, headers, body: bodyOf(request) }), fetched: world.fetched };
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

// A body that is not UTF-8 is written in base64.
const bodyOf = ({ body, body_base64: coded }) => (coded === undefined ? body : new Uint8Array(Buffer.from(coded, 'base64')));

// A case may be about something that a face leaves to its host.
const isMeantFor = (face) => (vector) => !Array.isArray(vector?.faces) || vector.faces.includes(face);

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
  const crypto = process.env.WAXSEAL_CRYPTO ?? 'host';
  if (!CRYPTO[face].includes(crypto)) {
    console.error(`WAXSEAL_CRYPTO: ${face} knows ${CRYPTO[face].join(', ')}`);
    return 2;
  }
  const line = crypto === 'host' ? face : `${face} with ${crypto} cryptography`;
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
    const { open, asked } = await FACES[face](crypto);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    for (const name of names) {
      let file;
      const broken = await problemsOf(async () => {
        file = JSON.parse(await readFile(join(folder, name), 'utf8'));
        if (!isKeys(file)) checkFile(file);
        return [];
      });
      if (broken.length > 0) report(name, 'the whole file', broken);
      else if (!isKeys(file)) for (const vector of file.cases.filter(isMeantFor(face))) report(name, vector?.name ?? 'a case without a name', await problemsOf(() => runCase(open, file, vector)));
    }
    if (passed + failed === 0) console.log(`FAIL ${folder}: no case was found`);
    // Other folders may hold no token at all.
    const forced = crypto === 'pure' ? asked() === 0 : asked() > 0 || resolve(folder) !== OWN;
    if (!forced) throw new Error(`${asked()} signatures were checked by the host`);
  } catch (error) {
    console.log(`FAIL ${line}: ${error.message}`);
    failed += 1;
  }
  console.log(`${line}: ${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
