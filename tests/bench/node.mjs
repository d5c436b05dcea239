// JavaScript in Node: our gate and our client beside the packages that do the same.

import { parse as parseAuthHeader } from 'auth-header';
import { generateKeyPair, generateProof } from 'dpop';
import { Gate } from '../../pkg/dist/index.js';
import { createDpop, parseChallenges, readError } from '../../pkg/dist/client.js';
import { ALGORITHMS, Prover, RESOURCE, tokens, trusting } from './credentials.mjs';
import { countFor, interleave } from './measure.mjs';
import { asPlain, asRequest, PEERS } from './peers.mjs';

/** Calls that are under way at once: one by one, and as on a server that is busy. */
const WAYS = [['one', 1], ['many', 64]];
/** Tokens that are new to a gate, for a batch. */
const POOL = 2_000;

/** A batch: microseconds and processor time for each call. */
async function timed(count, atOnce, act) {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: atOnce }, worker));
  const { user, system } = process.cpuUsage(before);
  return { us: ((performance.now() - begun) * 1000) / count, cpu: (user + system) / count };
}

/**
 * A case, in both ways. `fresh` makes the calls of a batch, at most `most`, and whatever must be new for it; `ask` makes one.
 * What comes back must be `expected`.
 */
async function bothWays(name, { budget, most, fresh, ask, expected = 'alice' }) {
  let calls;
  const act = async (number) => {
    const said = await ask(calls[number % calls.length]);
    if (said !== expected) throw new Error(`it said ${JSON.stringify(said)}`);
  };
  const prepare = async (count) => { calls = await fresh(most === undefined ? 1 : count); };
  const count = await countFor(budget, (times) => timed(times, 1, act), { most, prepare });
  return WAYS.map(([way, atOnce]) => ({
    name: `${name}, ${way}`,
    prepare: () => prepare(count),
    run: () => timed(count, atOnce, act),
  }));
}

const allowed = ({ allow, grant, reason }) => (allow ? grant.subject : reason);

/** Our gate: it remembers no token, or one. */
async function ours(algorithm, { cold, pool, budget }) {
  let gate;
  const ready = pool.map((token) => asPlain({ token }));
  const fresh = async (count) => {
    if (!cold && gate) return [ready[0]];
    gate = await Gate.open(trusting(algorithm));
    // The key is made ready with the first token, which is none of those that are measured.
    allowed(await gate.check(ready.at(-1)));
    return cold ? ready.slice(0, count) : [ready[0]];
  };
  const name = `${algorithm}, waxseal, ${cold ? 'cold' : 'warm'}`;
  return bothWays(name, { budget, most: cold ? POOL : undefined, fresh, ask: async (call) => allowed(await gate.check(call)) });
}

/** A peer with different tokens; one with a cache meets one token, as it does when we are warm. */
async function theirs(algorithm, peer, { pool, budget, name = peer }) {
  const { ready, ask } = PEERS[peer](algorithm);
  const calls = (peer.endsWith('cache') ? pool.slice(0, 1) : pool).map((token) => ready({ token }));
  return bothWays(`${algorithm}, ${name}`, { budget, fresh: () => calls, ask });
}

/** With a proof that nobody has seen before, for each call. */
async function proving(name, { ready, ask, budget, open }) {
  const prover = new Prover();
  const token = prover.token({}, { key: 'es-1' });
  const fresh = async (count) => {
    await open?.();
    return Array.from({ length: count }, () => ready({ token, proof: prover.proof(token) }));
  };
  return bothWays(`DPoP, ${name}`, { budget, most: POOL, fresh, ask });
}

async function checks({ budget }) {
  const cases = [];
  for (const algorithm of ALGORITHMS) {
    const pool = await tokens(algorithm, POOL + 1);
    cases.push(...await ours(algorithm, { cold: false, pool, budget }), ...await ours(algorithm, { cold: true, pool, budget }));
    for (const peer of Object.keys(PEERS)) cases.push(...await theirs(algorithm, peer, { pool, budget }));
    // The same once more: what it differs by is the noise.
    cases.push(...await theirs(algorithm, 'jose', { pool, budget, name: 'jose again' }));
  }
  return cases;
}

async function proofs({ budget }) {
  let gate;
  const open = async () => {
    gate = await Gate.open(trusting('ES256', { dpop: { mode: 'required' } }));
  };
  const ask = async (call) => allowed(await gate.check(call));
  const cases = [
    ...await proving('waxseal', { ready: asPlain, ask, open, budget }),
    ...await proving('waxseal with a Request', { ready: asRequest, ask, open, budget }),
  ];
  for (const peer of ['oauth4webapi', 'express-oauth2-jwt-bearer']) {
    cases.push(...await proving(peer, { ...PEERS[peer]('ES256'), budget }));
  }
  return cases;
}

async function makers({ budget }) {
  const [token] = await tokens('ES256', 1);
  const [dpop, pair] = [await createDpop(), await generateKeyPair('ES256')];
  const isProof = (text) => text.split('.').length;
  const options = { budget, fresh: () => [token], expected: 3 };
  return [
    ...await bothWays('proof, waxseal', { ...options, ask: async () => isProof(await dpop.proof({ method: 'POST', url: RESOURCE, token })) }),
    ...await bothWays('proof, dpop', { ...options, ask: async () => isProof(await generateProof(pair, RESOURCE, 'POST', undefined, token)) }),
  ];
}

async function readers({ budget }) {
  const gate = await Gate.open(trusting('ES256'));
  const { reply } = await gate.check({ method: 'GET', url: '/mcp', headers: {} });
  const challenge = new Headers(reply.headers).get('www-authenticate');
  const one = async (name, options) => (await bothWays(name, { budget, ...options })).slice(0, 1);
  return [
    ...await one('readError, waxseal', { fresh: () => [reply], ask: async (given) => (await readError(given)).reason, expected: 'missing_token' }),
    ...await one('parseChallenges, waxseal', { fresh: () => [challenge], ask: (given) => parseChallenges(given)[0].scheme, expected: 'bearer' }),
    ...await one('parseChallenges, auth-header', { fresh: () => [challenge], ask: (given) => parseAuthHeader(given).scheme, expected: 'Bearer' }),
  ];
}

/** Case -> metric -> a number for each round. */
export async function node({ rounds, budget, say }) {
  say('tokens and first calls');
  const cases = [];
  for (const part of [checks, proofs, makers, readers]) cases.push(...await part({ budget }));
  return interleave(cases, { rounds, say });
}
