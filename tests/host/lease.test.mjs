// A fetch whose worker is gone: another does it, also where the clock was set back meanwhile.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { FILTER } from '../envoy/bootstrap.mjs';
import { ISSUER, keySet, RESOURCE, token } from '../envoy/tokens.mjs';
import { SharedData } from './shared.mjs';
import { Worker } from './worker.mjs';

const HOUR = 3_600;
const configuration = JSON.stringify({ resource: RESOURCE, issuers: [{ issuer: ISSUER, keys: { uri: `${ISSUER}/jwks.json`, cluster: 'as' } }] });

let filter;
before(async () => {
  filter = await WebAssembly.compile(await readFile(FILTER));
});

test('a lease that ends later than any could is none', { timeout: 30_000 }, async () => {
  const shared = new SharedData();
  let shift = 0;
  const now = () => Date.now() / 1000 + shift;
  const start = (fetch) => Worker.start(filter, { configuration, shared, now, fetch, clusters: new Set(['as']), maxTicks: 3_000 });
  const call = () => {
    const begins = Math.floor(now());
    return { method: 'POST', url: '/mcp', headers: [['authorization', `Bearer ${token({ iat: begins, exp: begins + 300 })}`]] };
  };

  let told;
  const begun = new Promise((resolve) => { told = resolve; });
  const gone = await start(() => {
    told();
    return new Promise(() => {});
  });
  gone.request(call()).catch(() => {});
  await begun;
  gone.close();

  shift = -HOUR;
  let fetches = 0;
  const next = await start(async () => {
    fetches += 1;
    return { status: 200, headers: [], body: JSON.stringify(keySet('es-1')) };
  });
  const { upstream, local } = await next.request(call());
  assert.ok(upstream, local?.details);
  assert.equal(fetches, 1);
  next.close();
});
