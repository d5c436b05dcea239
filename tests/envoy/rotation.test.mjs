// Keys that change: a new `kid` is looked for once, and forged ones cost next to nothing.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDenied } from './denial.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const NAMES = ['new', 'forged', 'down', 'both'];
const path = (name) => `/jwks/${name}`;
const authorized = (key) => ({ headers: { authorization: bearer({}, { key }) } });
const count = (name) => stage.issuer.fetches(path(name)).length;

const nextSecond = () => sleep(1000 - (Date.now() % 1000) + 1);

let stage;
before(async () => {
  const listener = (name) => [name, { configuration: gate({ issuer: { keys: from(path(name)) } }) }];
  stage = await Stage.open({ listeners: Object.fromEntries(NAMES.map(listener)) });
  for (const name of NAMES) {
    stage.issuer.behave(path(name), behaviour.good('es-1'));
    await stage.passes(name);
    assert.equal(count(name), 1);
  }
  // A key set of this very second is not asked for again.
  await nextSecond();
});
after(() => stage?.end());

test('a token with the new key passes, after one more fetch', async () => {
  stage.issuer.behave(path('new'), behaviour.good('es-1', 'es-2'));
  for (const key of ['es-2', 'es-1', 'es-2']) {
    const reply = await stage.ask('new', authorized(key));
    assert.equal(reply.status, 200, reply.body);
  }
  assert.equal(count('new'), 2);
});

test('many requests with the new key at once: one more fetch, and all pass', async () => {
  const release = stage.issuer.hold(path('both'), behaviour.good('es-2'));
  const replies = Array.from({ length: 20 }, (_, n) => stage.ask('both', authorized(n % 2 ? 'es-2' : 'es-1')));
  // Who has a known key does not wait.
  for (const [n, replying] of replies.entries()) if (n % 2 === 0) assert.equal((await replying).status, 200);
  await stage.issuer.asked(path('both'), 2);
  release();
  for (const replying of replies) assert.equal((await replying).status, 200);
  assert.equal(count('both'), 2);
});

test('200 requests with forged kids cost one more fetch at most, and the good ones pass all along', async () => {
  const forged = () => stage.ask('forged', { headers: { authorization: bearer({}, { key: 'es-other', header: { kid: randomUUID() } }) } });
  // In three different seconds.
  for (const wave of [100, 50, 50]) {
    const replies = Array.from({ length: wave }, forged);
    for (let n = 0; n < 5; n += 1) await stage.passes('forged');
    for (const replying of replies) {
      const reply = await replying;
      assert.deepEqual([reply.status, reply.json().type], [401, 'urn:waxseal:error:key_unknown']);
      assert.equal(stage.upstream.request(reply.id), undefined);
    }
    assert.equal(count('forged'), 2);
    await nextSecond();
  }
});

test('a rotation while the issuer is down: 503 for the new key, the old one passes', async () => {
  stage.issuer.behave(path('down'), behaviour.status(500));
  for (let n = 0; n < 3; n += 1) {
    const reply = await stage.ask('down', authorized('es-2'));
    const [after] = reply.values('retry-after');
    await assertDenied(stage, reply, { reason: 'keys_unavailable', status: 503, error: 'temporarily_unavailable', after });
    assert.ok(after >= 1 && after <= 30, `retry-after: ${after}`);
    await stage.passes('down');
  }
  assert.equal(count('down'), 2);
});
