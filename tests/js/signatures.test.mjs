// Who checks signatures: node:crypto, WebCrypto or the core, and what becomes of tokens where the first
// two lie, err, or are not there.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const LYING = path('lying.mjs');
const CROWDING = path('crowding.mjs');
const RIGHT = ['allow', 'signature_invalid'];
const FAILED = ['host_failed', 'host_failed'];
const NOTHING = { node: 0, web: 0, keys: 0 };

/** What comes of each algorithm that a host is asked about; EdDSA is the core's in any case. */
async function outcomes(faults) {
  const { stdout } = await promisify(execFile)(process.execPath, [LYING, JSON.stringify(faults)]);
  const { EdDSA, ...others } = JSON.parse(stdout);
  assert.deepEqual(EdDSA, { tried: NOTHING, sent: RIGHT, used: NOTHING });
  assert.equal(Object.keys(others).length, 6);
  return Object.entries(others);
}

for (const [who, faults, used] of [
  ['node:crypto', {}, { node: 2, web: 0, keys: 1 }],
  ['WebCrypto where there is no node:crypto', { node: 'gone' }, { node: 0, web: 2, keys: 1 }],
  ['the core where there is neither', { node: 'gone', web: 'gone' }, NOTHING],
  ...['yes', 'no', 'errs', 'rejects', 'text', 'one', 'takes no key', 'has nothing'].flatMap((fault) => [
    [`WebCrypto where node:crypto does this: ${fault}`, { node: fault }, { node: 0, web: 2, keys: 1 }],
    [`the core where both do this: ${fault}`, { node: fault, web: fault }, NOTHING],
  ]),
]) {
  test(`signatures are checked by ${who}`, async () => {
    for (const [algorithm, outcome] of await outcomes(faults)) {
      assert.deepEqual([outcome.sent, outcome.used], [RIGHT, used], algorithm);
    }
  });
}

for (const node of [undefined, 'gone']) {
  const who = node ? 'WebCrypto' : 'node:crypto';
  for (const later of ['errs', 'rejects', 'text', 'one']) {
    test(`${who}, once proved, denies what it cannot tell: ${later}`, async () => {
      for (const [algorithm, { tried, sent }] of await outcomes({ node, later })) {
        assert.ok(tried.node + tried.web > 4, algorithm);
        assert.deepEqual(sent, FAILED, algorithm);
      }
    });
  }

  test(`a key that ${who} does not take is the core's to judge`, async () => {
    for (const [algorithm, { sent, used }] of await outcomes({ node, later: 'takes no key' })) {
      assert.deepEqual([sent, used.node + used.web], [RIGHT, 0], algorithm);
    }
  });

  test(`${who} that says no denies`, async () => {
    for (const [algorithm, { sent }] of await outcomes({ node, later: 'no' })) {
      assert.deepEqual(sent, ['signature_invalid', 'signature_invalid'], algorithm);
    }
  });
}

async function crowd(fault, rounds = 4) {
  const { stdout } = await promisify(execFile)(process.execPath, [CROWDING, fault, String(rounds)]);
  return JSON.parse(stdout);
}

const RIGHTLY = { good: { allow: 200 }, forged: { signature_invalid: 200 } };

test('where many calls come at once, other threads check signatures, and by the same rules', async () => {
  const { used, outcomes } = await crowd('none');
  assert.deepEqual(outcomes, RIGHTLY);
  assert.ok(used.aside >= 100 && used.here > 0, JSON.stringify(used));
});

for (const fault of ['yes', 'no', 'one', 'errs', 'throws', 'answers at once', 'never answers']) {
  test(`threads are not asked again that do not give the known answers: ${fault}`, async () => {
    const { used, outcomes } = await crowd(fault);
    // Their known answers are not all there while the first crowd is.
    assert.deepEqual([used.here, outcomes], [400, RIGHTLY]);
    assert.ok(used.aside >= 1 && used.aside <= 5, JSON.stringify(used));
  });
}

for (const fault of ['errs', 'throws', 'answers at once', 'never answers']) {
  test(`where threads, once proved, do not answer, this one does: ${fault}`, async () => {
    const { used, outcomes } = await crowd(`later ${fault}`);
    assert.ok(used.aside > 0);
    assert.deepEqual(outcomes, RIGHTLY);
  });
}

test('threads, once proved, that say neither yes nor no deny', async () => {
  const { used, outcomes: { good, forged } } = await crowd('later one');
  assert.ok(used.aside > 0);
  assert.equal(good.host_failed + forged.host_failed, used.aside);
  assert.deepEqual([Object.keys(good).sort(), Object.keys(forged).sort()], [['allow', 'host_failed'], ['host_failed', 'signature_invalid']]);
});

test('other work on the threads stops nobody', async () => {
  const { slowest, outcomes } = await crowd('busy');
  assert.deepEqual(outcomes, RIGHTLY);
  assert.ok(slowest < 2_000, `${slowest} ms`);
});
