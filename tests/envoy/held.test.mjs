// Requests that wait for keys: how many fetches they cost, how long they wait, what becomes of them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { replyTo, send } from './client.mjs';
import { assertDenied } from './denial.mjs';
import { until } from './envoy.mjs';
import { Http2 } from './http2.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const WORKERS = 2;
const KEYS = ['es-1', 'rs-1'];
const NAMES = ['early', 'middle', 'late', 'slow', 'crowd', 'streams', 'first-leaves', 'second-leaves', 'all-leave'];
const path = (name) => `/jwks/${name}`;
const keys = { slow: { timeout: 3 }, early: { timeout: 1 }, middle: { timeout: 1 }, late: { timeout: 1 } };

let stage;
let many;
before(async () => {
  const listeners = Object.fromEntries(NAMES.map((name) => [name, { configuration: gate({ issuer: { keys: from(path(name)) }, keys: keys[name] }), balance: true }]));
  const { crowd, ...others } = listeners;
  [stage, many] = await Promise.all([Stage.open({ listeners: others }), Stage.open({ listeners: { crowd }, concurrency: WORKERS })]);
});
after(() => Promise.all([stage?.end(), many?.end()]));

const start = (on, name) => {
  const sent = send(on.port(name), { headers: { authorization: bearer() } });
  sent.request.end();
  return sent;
};
const active = (on, name, count) => until(`${count} requests`, async () => (await on.envoy.stat(`http.${name}.downstream_rq_active`)) === count);

const clockAt = (millisecond) => sleep((1000 + millisecond - (Date.now() % 1000)) % 1000);

// Envoy's clock reaches the gate in whole seconds: where in a second a fetch begins must not matter.
for (const [name, millisecond] of [['early', 50], ['middle', 450], ['late', 850]]) {
  test(`an issuer that hangs: all who wait are denied at the deadline, after one fetch (${name} in a second)`, { timeout: 30_000 }, async () => {
    stage.issuer.behave(path(name), behaviour.hang);
    await clockAt(millisecond);
    const begun = Date.now();
    const sent = Array.from({ length: 8 }, () => start(stage, name));
    const replies = await Promise.all(sent.map(async (one) => [await replyTo(one), Date.now() - begun]));
    for (const [reply, took] of replies) {
      const [after] = reply.values('retry-after');
      await assertDenied(stage, reply, { reason: 'keys_unavailable', status: 503, error: 'temporarily_unavailable', after });
      assert.ok(took > 900 && took < 4000, `it took ${took} ms`);
    }
    assert.equal(stage.issuer.fetches(path(name)).length, 1);
  });
}

test('an issuer that is slow, but not too slow: all who wait pass, after one fetch', { timeout: 30_000 }, async () => {
  const release = stage.issuer.hold(path('slow'), behaviour.good(...KEYS));
  await clockAt(800);
  const sent = Array.from({ length: 8 }, () => start(stage, 'slow'));
  await active(stage, 'slow', 8);
  // Three seconds of the clock begin meanwhile, and the timeout of three seconds is not over.
  await sleep(2500);
  assert.equal(stage.issuer.fetches(path('slow')).length, 1);
  release();
  for (const one of sent) assert.equal((await replyTo(one)).status, 200);
  assert.equal(stage.issuer.fetches(path('slow')).length, 1);
});

test('50 first requests at once cost one fetch for all workers', { timeout: 30_000 }, async () => {
  const release = many.issuer.hold(path('crowd'), behaviour.good(...KEYS));
  const sent = Array.from({ length: 50 }, () => start(many, 'crowd'));
  await active(many, 'crowd', 50);
  await many.issuer.asked(path('crowd'));
  release();
  for (const one of sent) assert.equal((await replyTo(one)).status, 200);
  for (let n = 0; n < 10; n += 1) await many.passes('crowd');
  assert.equal(many.issuer.fetches(path('crowd')).length, 1);
});

test('streams of one HTTP/2 connection wait side by side', { timeout: 30_000 }, async () => {
  const release = stage.issuer.hold(path('streams'), behaviour.good(...KEYS));
  const client = await Http2.open(stage.port('streams'));
  try {
    const replies = Array.from({ length: 40 }, (_, n) => client.ask({
      method: 'POST', body: `${n}`, headers: { authorization: n % 4 ? bearer() : bearer({}, { key: 'es-other', header: { kid: 'es-1' } }) },
    }));
    await active(stage, 'streams', 40);
    release();
    for (const [n, replying] of replies.entries()) {
      const reply = await replying;
      assert.equal(reply.status, n % 4 ? 200 : 401);
      assert.equal(stage.upstream.request(reply.id)?.body.toString(), n % 4 ? `${n}` : undefined);
    }
  } finally {
    await client.end();
  }
  assert.equal(stage.issuer.fetches(path('streams')).length, 1);
});

/** The client goes away; resolves when Envoy has seen it. */
async function leave(sent) {
  sent.request.once('error', () => {});
  sent.request.destroy();
  const { code } = await stage.envoy.accessOf(sent.id);
  assert.equal(code, 0);
}

test('the client whose request caused the fetch goes away: the others pass', { timeout: 30_000 }, async () => {
  const release = stage.issuer.hold(path('first-leaves'), behaviour.good(...KEYS));
  const first = start(stage, 'first-leaves');
  await stage.issuer.asked(path('first-leaves'));
  const second = start(stage, 'first-leaves');
  await active(stage, 'first-leaves', 2);
  await leave(first);
  release();
  assert.equal((await replyTo(second)).status, 200);
  assert.equal(stage.upstream.request(first.id), undefined);
  await stage.passes('first-leaves');
  assert.equal(stage.issuer.fetches(path('first-leaves')).length, 1);
});

test('a client that waits for the fetch of another goes away: the other passes', { timeout: 30_000 }, async () => {
  const release = stage.issuer.hold(path('second-leaves'), behaviour.good(...KEYS));
  const first = start(stage, 'second-leaves');
  await stage.issuer.asked(path('second-leaves'));
  const second = start(stage, 'second-leaves');
  await active(stage, 'second-leaves', 2);
  await leave(second);
  release();
  assert.equal((await replyTo(first)).status, 200);
  assert.equal(stage.upstream.request(second.id), undefined);
  assert.equal(stage.issuer.fetches(path('second-leaves')).length, 1);
});

test('all clients go away: the keys arrive nevertheless, and serve the next', { timeout: 30_000 }, async () => {
  const release = stage.issuer.hold(path('all-leave'), behaviour.good(...KEYS));
  const sent = [start(stage, 'all-leave'), start(stage, 'all-leave')];
  await stage.issuer.asked(path('all-leave'));
  await active(stage, 'all-leave', 2);
  for (const one of sent) await leave(one);
  release();
  await stage.passes('all-leave');
  assert.equal(stage.issuer.fetches(path('all-leave')).length, 1);
  for (const one of sent) assert.equal(stage.upstream.request(one.id), undefined);
});
