// Fetches ahead of need, and the last good set while they fail.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertUnavailable, gateWith, keySet } from './answers.mjs';
import { bearer, call, KEY, NOW, OTHER, token } from './issuer.mjs';
import { sleep } from './loopback.mjs';

const GOOD = bearer(token({ exp: NOW + 10_000 }));
const decided = ({ reason, decision }) => reason ?? decision;
const failing = () => new Response('', { status: 500 });

/** A check and, where it began a fetch, the end of that. */
async function checked(gate, now, request = GOOD) {
  const begun = [];
  const outcome = await gate.check(request, { now, waitUntil: (promise) => begun.push(promise) });
  assert.ok(begun.length <= 1);
  await Promise.all(begun);
  return { outcome, begun: begun.length };
}

/** An answer that the test gives when it likes. */
function later() {
  let answer;
  const promise = new Promise((resolve) => { answer = resolve; });
  return { promise, answer };
}

describe('from four fifths of its age a set is fetched ahead', () => {
  it('while the request is answered at once', async () => {
    const { promise, answer } = later();
    const { gate, asked } = await gateWith((n) => (n === 1 ? keySet(KEY) : promise));
    assert.equal((await checked(gate, NOW)).begun, 0);
    assert.equal((await checked(gate, NOW + 239)).begun, 0);
    const begun = [];
    const start = performance.now();
    const outcome = await gate.check(GOOD, { now: NOW + 240, waitUntil: (promise) => begun.push(promise) });
    assert.equal(outcome.decision, 'allow');
    assert.ok(performance.now() - start < 500);
    assert.equal(begun.length, 1);
    assert.ok(begun[0] instanceof Promise);
    assert.equal(await Promise.race([begun[0], sleep(30).then(() => 'pending')]), 'pending');
    answer(keySet(OTHER));
    assert.equal(await begun[0], undefined);
    const rotated = bearer(token({ exp: NOW + 10_000 }, { key: OTHER }));
    assert.equal((await checked(gate, NOW + 479, rotated)).outcome.decision, 'allow');
    assert.equal(asked.length, 2);
    assert.equal((await checked(gate, NOW + 480, rotated)).begun, 1);
  });

  it('also without waitUntil', async () => {
    const { gate, asked } = await gateWith(() => keySet(KEY));
    await gate.check(GOOD, { now: NOW });
    assert.equal((await gate.check(GOOD, { now: NOW + 240 })).decision, 'allow');
    assert.equal(asked.length, 2);
    await sleep(20);
    assert.equal((await gate.check(GOOD, { now: NOW + 479 })).decision, 'allow');
    assert.equal(asked.length, 2);
  });

  it('once, however many requests there are', async () => {
    const { promise, answer } = later();
    const { gate, asked } = await gateWith((n) => (n === 1 ? keySet(KEY) : promise));
    await gate.check(GOOD, { now: NOW });
    const begun = [];
    const all = () => Promise.all(Array.from({ length: 50 }, () => gate.check(GOOD, { now: NOW + 241, waitUntil: (promise) => begun.push(promise) })));
    for (const outcome of [...await all(), ...await all()]) assert.equal(outcome.decision, 'allow');
    assert.deepEqual([asked.length, begun.length], [2, 1]);
    answer(keySet(KEY));
    await begun[0];
    for (const outcome of await all()) assert.equal(outcome.decision, 'allow');
    assert.deepEqual([asked.length, begun.length], [2, 1]);
  });

  it('beside a request that is denied, too', async () => {
    const { gate, asked } = await gateWith(() => keySet(KEY));
    await gate.check(GOOD, { now: NOW });
    assert.equal((await checked(gate, NOW + 240, call())).begun, 1);
    assert.equal(asked.length, 2);
  });

  it('sooner where Cache-Control says so, but not every second', async () => {
    for (const [control, early, late] of [['max-age=60', 47, 48], ['no-store', 23, 24], ['max-age=0', 23, 24], ['public, max-age=100, must-revalidate', 79, 80], ['max-age=9000', 239, 240], ['immutable', 239, 240]]) {
      const { gate } = await gateWith(() => Response.json({ keys: [KEY.jwk] }, { headers: { 'cache-control': control } }));
      const begun = [];
      for (const seconds of [0, early, late]) begun.push((await checked(gate, NOW + seconds)).begun);
      assert.deepEqual(begun, [0, 0, 1], control);
    }
  });

  it('with its end told to waitUntil, also when it fails', async () => {
    for (const answer of [failing, () => { throw new Error('down'); }, () => new Response('<html>'), () => Promise.reject(new Error('down'))]) {
      const { gate } = await gateWith((n) => (n === 1 ? keySet(KEY) : answer()));
      await gate.check(GOOD, { now: NOW });
      assert.equal((await checked(gate, NOW + 240)).begun, 1);
      assert.equal((await checked(gate, NOW + 241)).outcome.decision, 'allow');
    }
  });

  it('and a waitUntil that throws costs no decision', async () => {
    const { gate, asked } = await gateWith(() => keySet(KEY));
    await gate.check(GOOD, { now: NOW });
    const waitUntil = () => { throw new TypeError('Illegal invocation'); };
    assert.equal((await gate.check(GOOD, { now: NOW + 240, waitUntil })).decision, 'allow');
    assert.equal(asked.length, 2);
  });

  it('so that no request of a busy gate ever waits', async () => {
    const { gate, asked } = await gateWith(async () => { await sleep(5); return keySet(KEY); });
    await gate.check(GOOD, { now: NOW });
    for (let seconds = 10; seconds < 3_000; seconds += 10) {
      const before = asked.length;
      const { outcome, begun } = await checked(gate, NOW + seconds);
      assert.equal(outcome.decision, 'allow');
      assert.equal(asked.length - before, begun);
    }
    assert.equal(asked.length, 1 + Math.floor(2_990 / 240));
  });
});

describe('while the issuer fails', () => {
  it('the last good set is used until its age and `stale` are over, with tries further and further apart', async () => {
    let up = true;
    const { gate, asked } = await gateWith(() => (up ? keySet(KEY) : failing()));
    const tries = [];
    const seen = new Map();
    const at = async (seconds) => {
      const before = asked.length;
      const { outcome } = await checked(gate, NOW + seconds);
      if (asked.length > before) tries.push(seconds);
      return outcome;
    };
    assert.equal((await at(0)).decision, 'allow');
    up = false;
    for (let seconds = 5; seconds < 990; seconds += 5) {
      const outcome = await at(seconds);
      seen.set(seconds, decided(outcome));
      if (!outcome.allow) assertUnavailable(outcome, /^status 500$/);
    }
    assert.deepEqual(tries, [0, 240, 245, 255, 275, 315, 375, 435, 495, 555, 615, 675, 735, 795, 855, 915, 975]);
    for (const [seconds, name] of seen) assert.equal(name, seconds < 900 ? 'allow' : 'keys_unavailable', String(seconds));
    const retry = new Headers((await at(990)).reply.headers).get('retry-after');
    assert.equal(retry, '45');
    up = true;
    assert.equal(decided(await at(1_034)), 'keys_unavailable');
    assert.equal(decided(await at(1_035)), 'allow');
    assert.equal(decided(await at(1_036)), 'allow');
    assert.equal(tries.at(-1), 1_035);
    up = false;
    assert.equal(decided(await at(1_334)), 'allow', 'it counts failures from the last success on');
  });

  it('no request waits for a try, once one has failed', async () => {
    let hangs = false;
    const { gate } = await gateWith(() => (hangs ? new Promise(() => {}) : keySet(KEY)), { keys: { timeout: 1 } });
    await gate.check(GOOD, { now: NOW });
    hangs = true;
    assert.equal((await checked(gate, NOW + 240)).outcome.decision, 'allow');
    const start = performance.now();
    assert.equal((await gate.check(GOOD, { now: NOW + 500 })).decision, 'allow');
    assert.ok(performance.now() - start < 500);
  });

  it('a first failure past the age costs one wait and no 503', async () => {
    const { gate, asked } = await gateWith((n) => (n === 1 ? keySet(KEY) : failing()));
    await gate.check(GOOD, { now: NOW });
    assert.equal((await checked(gate, NOW + 300)).outcome.decision, 'allow');
    assert.equal(asked.length, 2);
    assert.equal((await checked(gate, NOW + 304)).outcome.decision, 'allow');
    assert.equal(asked.length, 2);
  });

  it('`stale: 0` ends with the age', async () => {
    const { gate } = await gateWith((n) => (n === 1 ? keySet(KEY) : failing()), { keys: { stale: 0 } });
    await gate.check(GOOD, { now: NOW });
    assert.equal((await checked(gate, NOW + 299)).outcome.decision, 'allow');
    assertUnavailable((await checked(gate, NOW + 300)).outcome, /^status 500$/);
  });

  it('a set that is bad replaces none that is good', async () => {
    for (const bad of ['{}', '[]', '<html>', '{"keys":{}}', '{"keys":[],"keys":[]}', '']) {
      const { gate } = await gateWith((n) => (n === 1 ? keySet(KEY) : new Response(bad)));
      await gate.check(GOOD, { now: NOW });
      assert.equal((await checked(gate, NOW + 240)).begun, 1);
      assert.equal((await checked(gate, NOW + 899)).outcome.decision, 'allow', bad);
    }
  });

  it('a key that is not in the old set is a 503, not a 401: it may be a good one', async () => {
    const { gate } = await gateWith((n) => (n === 1 ? keySet(KEY) : failing()));
    const unknown = bearer(token({ exp: NOW + 10_000 }, { key: OTHER }));
    await gate.check(GOOD, { now: NOW });
    assertUnavailable((await checked(gate, NOW + 400, unknown)).outcome, /^status 500$/);
    assertUnavailable((await checked(gate, NOW + 410, unknown)).outcome, /^status 500$/);
    assert.equal((await checked(gate, NOW + 410)).outcome.decision, 'allow');
  });
});
