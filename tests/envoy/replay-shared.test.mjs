// Two Envoys that share a Redis through one Webdis: each proof is taken once by either, and none
// while the two cannot be asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDenied } from './denial.mjs';
import { Envoy } from './envoy.mjs';
import { Line, through } from './lines.mjs';
import { claimKey, Prover } from './proofs.mjs';
import { Redis, Webdis } from './redis.mjs';
import { gate, Stage } from './stage.mjs';

const PAIRS = 10_000;
const LANES = 8;
const AGE = 300;
const LEEWAY = 30;
const TIMEOUT = 1;
const MiB = 1 << 20;
// As an operator should do it: one command, for one caller.
const USER = 'waxseal:a-password-of-the-store';
const AUTHORIZATION = `Basic ${Buffer.from(USER).toString('base64')}`;
const acl = [{ disabled: ['*'] }, { http_basic_auth: USER, enabled: ['SET', 'PING'] }];

const client = new Prover();
const access = client.token();
const headers = (id) => ({ authorization: `DPoP ${access}`, dpop: client.proof(access), 'x-request-id': id });

let redis;
let webdis;
let stage;
let second;
let envoys;
before(async () => {
  redis = await Redis.open();
  webdis = await Webdis.open(redis, { acl });
  const http = { uri: 'http://webdis.example.com', cluster: 'webdis', authorization: { env: 'STORE' }, timeout: TIMEOUT };
  const configuration = gate({ leeway: LEEWAY, dpop: { mode: 'required', age: AGE }, replay: { store: { http } } });
  const vm = { environment_variables: { key_values: { STORE: AUTHORIZATION } } };
  const description = { listeners: { shared: { configuration, vm } } };
  stage = await Stage.open({ ...description, clusters: { webdis: webdis.port } });
  second = await Envoy.start({ ...description, clusters: { as: stage.issuer.port, upstream: stage.upstream.port, webdis: webdis.port } });
  envoys = [stage.envoy, second];
});
after(async () => {
  await Promise.all([second?.end(), stage?.end()]).finally(() => Promise.all([webdis?.end(), redis?.end()]));
});

const open = () => Promise.all(Array.from({ length: LANES }, () => Promise.all(envoys.map((envoy) => Line.open(envoy.port('shared'))))));
const close = (lanes) => lanes.flat().forEach((line) => line.end());
const outcome = ({ status, reason }) => `${reason ?? status}`;

test(`${PAIRS} proofs, each sent to both Envoys at once: each is taken once`, { timeout: 120_000 }, async (t) => {
  const lanes = await open();
  const calls = Array.from({ length: PAIRS }, (_, n) => headers(`shared-${n}`));
  const memory = await Promise.all(envoys.map((envoy) => envoy.memory()));
  const begun = Date.now();
  const pairs = [];
  await through(lanes, calls, async (lane, call, n) => {
    pairs[n] = await Promise.all(lane.map((line) => line.ask(call)));
  });
  const seconds = (Date.now() - begun) / 1000;
  assert.deepEqual(pairs.filter((pair) => pair.map(outcome).sort().join() !== '200,proof_replayed'), []);
  const arrived = stage.upstream.requests.map(({ id }) => id);
  assert.equal(arrived.length, PAIRS);
  assert.equal(new Set(arrived).size, PAIRS);
  const won = envoys.map((_, n) => pairs.filter((pair) => pair[n].status === 200).length);
  assert.ok(won.every((times) => times > 0), `in a race the Envoys won ${won}`);
  assert.equal(await redis.size(), PAIRS);
  close(lanes);
  const grown = await Promise.all(envoys.map(async (envoy, n) => ((await envoy.memory()) - memory[n]) / MiB));
  t.diagnostic(`${2 * PAIRS} requests in ${seconds} s; races won by each Envoy: ${won}; they grew by ${grown.map((size) => size.toFixed(1))} MiB`);
});

test('a proof is remembered under a digest, for as long as it could pass', async () => {
  const jti = 'remembered';
  const at = Math.floor(Date.now() / 1000);
  const reply = await stage.ask('shared', { headers: { authorization: `DPoP ${access}`, dpop: client.proof(access, { claims: { jti, iat: at } }) } });
  assert.equal(reply.status, 200, reply.body);
  const key = `waxseal:${claimKey(client.thumbprint, jti)}`;
  const [, left] = /^:(-?\d+)\r\n$/.exec(await redis.run('TTL', key));
  // It passes up to iat + age + leeway by the gate's clock, and clocks may differ by the leeway.
  const ttl = AGE + LEEWAY + 1 + LEEWAY;
  assert.ok(left <= ttl && left > ttl - 5, `${left} seconds`);
});

/** All Envoys deny, no proof passes, and each says why. */
async function denied(what) {
  const before = stage.upstream.requests.length;
  const lanes = await open();
  const replies = [];
  await through(lanes, Array.from({ length: 100 }, (_, n) => headers(`${what}-${n}`)), async (lane, call) => {
    replies.push(...await Promise.all(lane.map((line) => line.ask(call))));
  });
  close(lanes);
  assert.deepEqual(replies.filter(({ status, reason, after }) => status !== 503 || reason !== 'replay_unavailable' || after !== '5'), []);
  assert.equal(replies.length, 200);
  assert.equal(stage.upstream.requests.length, before, 'a denied request reached the upstream');
  const reply = await stage.ask('shared', { headers: client.headers() });
  await assertDenied(stage, reply, { reason: 'replay_unavailable', status: 503, error: 'temporarily_unavailable', after: 5 });
}

/** Milliseconds until each Envoy takes a proof again, which nobody tells it. */
const back = () => Promise.all(envoys.map(async (envoy, n) => {
  const begun = Date.now();
  const line = await Line.open(envoy.port('shared'));
  for (let tries = 0; ; tries += 1) {
    const { status, reason } = await line.ask(headers(`back-${n}-${begun}-${tries}`));
    if (status === 200) {
      line.end();
      return Date.now() - begun;
    }
    assert.equal(reason, 'replay_unavailable');
    assert.ok(Date.now() - begun < 10_000, 'it does not come back');
    await sleep(20);
  }
}));

/** Nothing is denied any more. */
async function serves(what) {
  const lanes = await open();
  await through(lanes, Array.from({ length: 100 }, (_, n) => headers(`${what}-serves-${n}`)), async (lane, call) => {
    const pair = await Promise.all(lane.map((line) => line.ask(call)));
    assert.equal(pair.map(outcome).sort().join(), '200,proof_replayed');
  });
  close(lanes);
}

test('without Redis every call is denied; with it, service returns by itself', { timeout: 60_000 }, async (t) => {
  await redis.kill();
  await denied('redis');
  await redis.start();
  const took = await back();
  // Webdis renews its other connections within a tenth of a second.
  await sleep(300);
  await serves('redis');
  t.diagnostic(`the Envoys take proofs again after ${took} ms`);
});

test('without Webdis the same', { timeout: 60_000 }, async (t) => {
  await webdis.kill();
  await denied('webdis');
  await webdis.start();
  const took = await back();
  await serves('webdis');
  t.diagnostic(`the Envoys take proofs again after ${took} ms`);
});

test('Webdis dies and comes back under load: whatever is denied, nothing is taken twice', { timeout: 60_000 }, async (t) => {
  const lanes = await open();
  const calls = Array.from({ length: 1000 }, (_, n) => headers(`load-${n}`));
  const pairs = [];
  let restart;
  await through(lanes, calls, async (lane, call, n) => {
    if (n === 200) restart = webdis.kill();
    if (n === 400) restart = restart.then(() => webdis.start());
    pairs[n] = await Promise.all(lane.map((line) => line.ask(call)));
  });
  await restart;
  close(lanes);
  const counts = {};
  for (const pair of pairs) {
    const outcomes = pair.map(outcome).sort().join(' and ');
    counts[outcomes] = (counts[outcomes] ?? 0) + 1;
  }
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(Object.keys(counts).filter((outcomes) => /^200 and 200$/.test(outcomes) || !/^((200|proof_replayed|replay_unavailable)( and )?)*$/.test(outcomes)), []);
  assert.ok(counts['replay_unavailable and replay_unavailable'] > 0, 'it was never away');
  await back();
  await serves('load');
});

test('a Redis that hangs: denied at the time-out, and what it hears late stays taken', { timeout: 60_000 }, async (t) => {
  redis.freeze();
  const calls = Array.from({ length: 20 }, (_, n) => headers(`hangs-${n}`));
  const lines = await Promise.all(calls.map((_, n) => Line.open(envoys[n % 2].port('shared'))));
  const begun = Date.now();
  const replies = await Promise.all(lines.map((line, n) => line.ask(calls[n])));
  const took = Date.now() - begun;
  redis.thaw();
  assert.deepEqual(new Set(replies.map(({ status, reason, after }) => `${status} ${reason} ${after}`)), new Set(['503 replay_unavailable 5']));
  assert.ok(took > TIMEOUT * 900 && took < TIMEOUT * 1000 + 2000, `it took ${took} ms`);
  await back();
  // Redis has done what it was told before: nobody knows whether the first answer got lost.
  const again = await Promise.all(lines.map((line, n) => line.ask(calls[n])));
  assert.ok(again.every(({ status }) => status === 401 || status === 200));
  for (const line of lines) line.end();
  await serves('hangs');
  t.diagnostic(`denied after ${took} ms; of ${calls.length} calls sent again ${again.filter(({ status }) => status === 401).length} count as replayed`);
});

test('what the store wants to see is seen by the store only', async () => {
  const told = [...envoys.flatMap((envoy) => [...envoy.log, ...envoy.access.map((entry) => JSON.stringify(entry))]), ...stage.upstream.requests.map(({ headers: sent }) => sent.flat().join('\n'))];
  for (const secret of [AUTHORIZATION, AUTHORIZATION.slice(6), USER, 'a-password']) {
    assert.equal(told.filter((text) => text.includes(secret)).length, 0, secret);
  }
  // It is needed: without it Webdis refuses the command.
  assert.equal((await webdis.ask('/SET/a/1/NX/EX/30')).status, 403);
});
