// An issuer that dies and comes back: known tokens pass for a bounded time, then 503, then all is well.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const WORKERS = 2;
const AGE = 2;
const STALE = 4;
const path = '/jwks/outage';

let stage;
before(async () => {
  const configuration = gate({ issuer: { keys: from(path) }, keys: { age: AGE, stale: STALE, timeout: 1 } });
  stage = await Stage.open({ concurrency: WORKERS, listeners: { outage: { configuration, balance: true } } });
  stage.issuer.behave(path, behaviour.good('es-1'));
});
after(() => stage?.end());

const ask = () => stage.ask('outage', { headers: { authorization: bearer() } });

test('an outage', { timeout: 60_000 }, async () => {
  for (let n = 0; n < 4; n += 1) assert.equal((await ask()).status, 200);
  await stage.issuer.end();
  const died = Date.now();
  // The last good fetch was before: from here on the set lives this long at most, in whole seconds.
  const end = died + (AGE + STALE + 1) * 1000;
  let denied;
  let lastPass = died;
  while (!denied && Date.now() < end + 5000) {
    const reply = await ask();
    if (reply.status === 200) lastPass = Date.now();
    else denied = reply;
    await sleep(50);
  }
  assert.ok(denied, 'it never ended');
  assert.deepEqual([denied.status, denied.json().type], [503, 'urn:waxseal:error:keys_unavailable']);
  assert.ok(denied.values('retry-after')[0] >= 1, 'retry-after');
  assert.equal(denied.values('www-authenticate').length, 0);
  const passed = lastPass - died;
  assert.ok(passed > AGE * 1000 + 500, `known tokens passed for ${passed} ms only`);
  assert.ok(lastPass < end, `known tokens passed for ${passed} ms`);
  // No storm: with back-off there are a few fetches for both workers together.
  const attempts = await stage.envoy.stat('cluster.as.upstream_rq_total');
  assert.ok(attempts <= 8, `${attempts} fetches`);

  await stage.issuer.revive();
  const healed = Date.now() + 30_000;
  let reply = denied;
  while (reply.status !== 200 && Date.now() < healed) {
    await sleep(Math.min(Number(reply.values('retry-after')[0] ?? 1), 10) * 1000);
    reply = await ask();
  }
  assert.equal(reply.status, 200, reply.body);
});
