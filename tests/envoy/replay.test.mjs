// Each proof is taken once, whichever worker it comes to, and what is remembered of it has an end.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listener } from './bootstrap.mjs';
import { until } from './envoy.mjs';
import { byWorker, through } from './lines.mjs';
import { Prover } from './proofs.mjs';
import { gate, Stage } from './stage.mjs';

const WORKERS = 2;
const PAIRS = 10_000;
// The last of them one after another: whichever worker has the second must know of the first.
const APART = 1_000;
const CAPACITY = 1_000;
const AGE = 10;
const MiB = 1 << 20;

const client = new Prover();
const access = client.token();
const headers = (id) => ({ authorization: `DPoP ${access}`, dpop: client.proof(access), 'x-request-id': id });
const dpop = { mode: 'required' };

let stage;
before(async () => {
  stage = await Stage.open({
    concurrency: WORKERS,
    listeners: {
      // Few enough slots for most claims to change one that others change, too.
      both: { configuration: gate({ dpop, replay: { capacity: 4 * PAIRS } }), balance: true },
      small: { configuration: gate({ leeway: 0, dpop: { ...dpop, age: AGE }, replay: { capacity: CAPACITY } }), balance: true },
    },
  });
});
after(() => stage?.end());

const count = (replies) => {
  const counts = {};
  for (const { status, reason } of replies) counts[reason ?? status] = (counts[reason ?? status] ?? 0) + 1;
  return counts;
};

let filled;
/** Fills the small store; how much memory Envoy holds then. */
async function fill(t, round) {
  const lines = (await byWorker(stage.envoy, 'small', { each: 2 })).flat();
  const accepted = [];
  const replies = [];
  // It has room for twice as many, since ids do not spread evenly.
  await through(lines, Array(2.6 * CAPACITY).fill(), async (line, _, n) => {
    const call = headers(`${round}-${n}`);
    replies[n] = await line.ask(call);
    if (replies[n].status === 200) accepted.push(call);
  });
  const { 200: taken, replay_unavailable: denied, ...others } = count(replies);
  assert.deepEqual(others, {});
  // Slots of 64, one for each 32 of the capacity.
  assert.ok(taken >= CAPACITY && taken <= 2 * CAPACITY + 64, `${taken} were taken`);
  assert.ok(denied > 0, 'none was denied');
  assert.ok(replies.slice(0, CAPACITY / 2).every(({ status }) => status === 200), 'denied long before it is full');
  for (const { status, after } of replies) assert.equal(after, status === 503 ? '5' : undefined);
  // What was taken is not taken again, full or not.
  const again = [];
  await through(lines, accepted.slice(-300), async (line, call) => again.push(await line.ask(call)));
  assert.deepEqual(count(again), { proof_replayed: 300 });
  for (const line of lines) line.end();
  filled = Date.now();
  const size = await stage.envoy.memory();
  t.diagnostic(`${round}: ${taken} taken, ${denied} denied; Envoy holds ${(size / MiB).toFixed(1)} MiB`);
  return size;
}

let size;
test(`a store for ${CAPACITY} that is full denies, and takes nothing twice`, { timeout: 60_000 }, async (t) => {
  size = await fill(t, 'first');
});

test(`${PAIRS} proofs, each sent to both workers: each is taken once`, { timeout: 120_000 }, async (t) => {
  const workers = await byWorker(stage.envoy, 'both');
  const lanes = workers[0].map((line, n) => workers.map((lines) => lines[n]));
  const calls = Array.from({ length: PAIRS }, (_, n) => headers(`pair-${n}`));
  const memory = await stage.envoy.memory();
  const before = stage.upstream.requests.length;
  const begun = Date.now();
  const pairs = [];
  await through(lanes, calls, async (lane, call, n) => {
    if (n < PAIRS - APART) pairs[n] = await Promise.all(lane.map((line) => line.ask(call)));
    else if (n % 2) pairs[n] = [await lane[0].ask(call), await lane[1].ask(call)];
    else pairs[n] = [await lane[1].ask(call), await lane[0].ask(call)].reverse();
  });
  const seconds = (Date.now() - begun) / 1000;
  const wrong = pairs.filter((pair) => pair.map(({ status, reason }) => `${reason ?? status}`).sort().join() !== '200,proof_replayed');
  assert.deepEqual(wrong, []);
  assert.deepEqual(count(pairs.flat()), { 200: PAIRS, proof_replayed: PAIRS });
  const arrived = stage.upstream.requests.slice(before).map(({ id }) => id);
  assert.equal(arrived.length, PAIRS);
  assert.equal(new Set(arrived).size, PAIRS);

  const served = await Promise.all(workers.map((_, n) => stage.envoy.stat(`listener.both.worker_${n}.downstream_cx_active`)));
  assert.ok(served.every((connections) => connections > 0), `connections: ${served}`);
  const together = pairs.slice(0, PAIRS - APART);
  const won = workers.map((_, n) => together.filter((pair) => pair[n].status === 200).length);
  assert.ok(won.every((times) => times > 0), `in a race the workers won ${won}`);
  // Later, too, and on whatever connection.
  await through(workers.flat(), calls.slice(0, 300), async (line, call) => assert.equal((await line.ask(call)).reason, 'proof_replayed'));
  for (const line of workers.flat()) line.end();
  const grown = (await stage.envoy.memory()) - memory;
  t.diagnostic(`${2 * PAIRS} requests in ${seconds} s; races won by each worker: ${won}; Envoy grew by ${(grown / MiB).toFixed(1)} MiB`);
});

test('what has expired makes room again, and memory does not grow', { timeout: 60_000 }, async (t) => {
  // Most of that time has passed with the test before.
  await sleep(Math.max(0, filled + (AGE + 1) * 1000 - Date.now()));
  const grown = (await fill(t, 'second')) - size;
  assert.ok(grown < 4 * MiB, `it grew by ${grown} bytes`);
});

test('a change of the configuration forgets nothing', { timeout: 60_000 }, async () => {
  const changed = (leeway) => listener('changed', { configuration: gate({ dpop, leeway }), balance: true });
  await stage.envoy.discover('listeners', [changed(30)]);
  await stage.envoy.listens('changed');
  const calls = Array.from({ length: 20 }, (_, n) => headers(`changed-${n}`));
  const ask = async () => count(await Promise.all(calls.map(async (call) => {
    const reply = await stage.ask('changed', { headers: call });
    return { status: reply.status, reason: reply.status === 200 ? undefined : reply.json().type.split(':').pop() };
  })));
  assert.deepEqual(await ask(), { 200: 20 });
  const before = await stage.envoy.stat('listener_manager.listener_modified');
  await stage.envoy.discover('listeners', [changed(29)]);
  await until('the update', async () => (await stage.envoy.stat('listener_manager.listener_modified')) > before);
  await stage.envoy.listens('changed');
  assert.deepEqual(await ask(), { proof_replayed: 20 });
});
