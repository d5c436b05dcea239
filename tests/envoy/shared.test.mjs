// What the workers of one Envoy share: one fetch, not one each, also over a change of the configuration.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { listener } from './bootstrap.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const WORKERS = 4;
const NAMES = ['start', 'failing', 'forged', 'rotating'];
const path = (name) => `/jwks/${name}`;
const count = (name) => stage.issuer.fetches(path(name)).length;
const authorized = (key) => ({ headers: { authorization: bearer({}, { key }) } });
// A connection each, spread evenly: every worker gets some.
const many = (name, number, options) => Promise.all(Array.from({ length: number }, () => stage.ask(name, options?.() ?? authorized('es-1'))));

let stage;
before(async () => {
  const one = (name) => [name, { configuration: gate({ issuer: { keys: from(path(name)) } }), balance: true }];
  stage = await Stage.open({ concurrency: WORKERS, listeners: Object.fromEntries(NAMES.map(one)) });
  for (const name of NAMES) stage.issuer.behave(path(name), behaviour.good('es-1'));
});
after(() => stage?.end());

test('four workers start with one fetch', async () => {
  const release = stage.issuer.hold(path('start'), behaviour.good('es-1'));
  const replies = many('start', 40);
  await stage.issuer.asked(path('start'));
  release();
  for (const reply of await replies) assert.equal(reply.status, 200, reply.body);
  assert.equal(count('start'), 1);
});

test('a failure is shared too: 503 on all workers, after one fetch', async () => {
  stage.issuer.behave(path('failing'), behaviour.status(500));
  for (const reply of await many('failing', 40)) {
    assert.deepEqual([reply.status, reply.json().type], [503, 'urn:waxseal:error:keys_unavailable']);
    const [after] = reply.values('retry-after');
    assert.ok(after >= 1 && after <= 5, `retry-after: ${after}`);
  }
  assert.equal(count('failing'), 1);
});

test('500 requests with forged kids on four workers cause one fetch at most', { timeout: 60_000 }, async () => {
  for (const reply of await many('forged', 20)) assert.equal(reply.status, 200);
  assert.equal(count('forged'), 1);
  const forged = () => ({ headers: { authorization: bearer({}, { key: 'es-other', header: { kid: randomUUID() } }) } });
  for (let wave = 0; wave < 5; wave += 1) {
    for (const reply of await many('forged', 100, forged)) assert.equal(reply.status, 401);
  }
  assert.ok(count('forged') <= 2, `${count('forged')} fetches`);
  assert.equal(stage.upstream.requests.filter(({ url }) => url === '/forged').length, 0);
});

test('a rotation under load: not one wrong answer, and few fetches', { timeout: 60_000 }, async () => {
  let key = 'es-1';
  const wrong = [];
  let running = true;
  const load = async () => {
    while (running) {
      const used = key;
      const reply = await stage.ask('rotating', authorized(used));
      if (reply.status !== 200) wrong.push([used, reply.status, reply.body]);
    }
  };
  await many('rotating', 20);
  const clients = Array.from({ length: 8 }, load);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // As it should be done: published first, used then.
  stage.issuer.behave(path('rotating'), behaviour.good('es-1', 'es-2'));
  key = 'es-2';
  await new Promise((resolve) => setTimeout(resolve, 1500));
  running = false;
  await Promise.all(clients);
  assert.deepEqual(wrong, []);
  assert.equal(count('rotating'), 2);
});

test('a change of the configuration keeps the keys', async () => {
  const changed = (leeway) => listener('changed', { configuration: gate({ issuer: { keys: from(path('changed')) }, leeway }), balance: true });
  stage.issuer.behave(path('changed'), behaviour.good('es-1'));
  await stage.envoy.discover('listeners', [changed(30)]);
  await stage.envoy.listens('changed');
  for (const reply of await many('changed', 20)) assert.equal(reply.status, 200, reply.body);
  assert.equal(count('changed'), 1);
  const before = await stage.envoy.stat('listener_manager.listener_modified');
  await stage.envoy.discover('listeners', [changed(29)]);
  while ((await stage.envoy.stat('listener_manager.listener_modified')) === before) await new Promise((resolve) => setTimeout(resolve, 10));
  await stage.envoy.listens('changed');
  for (const reply of await many('changed', 20)) assert.equal(reply.status, 200, reply.body);
  assert.equal(count('changed'), 1);
});
