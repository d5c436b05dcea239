// Keys in a real browser: nobody can take them out, and they outlive the page that made them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { listener } from '../envoy/bootstrap.mjs';
import { gate, Stage } from '../envoy/stage.mjs';
import { token } from '../envoy/tokens.mjs';
import { freePort } from '../js/loopback.mjs';
import { recording } from '../js/recording.mjs';
import { call, Chromium } from './chromium.mjs';

const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const NONCE = /^[\w-]{22}$/;
const limit = { timeout: 20_000 };

let browser;
let stage;
let resource;
let origin;
let page;

before(async () => {
  browser = await Chromium.start();
  origin = await browser.serve();
  // Proofs name the URL as the page sees it: the port must be known before Envoy is.
  const port = await freePort();
  resource = `http://127.0.0.1:${port}/mcp`;
  stage = await Stage.open({});
  const dpop = { mode: 'required', nonce: { mode: 'always', secret: { env: 'NONCE_SECRET' } } };
  const bound = listener('gate', {
    configuration: gate({ resource, origins: [origin], dpop }),
    vm: { environment_variables: { key_values: { NONCE_SECRET: 'a secret of the tests' } } },
  });
  bound.address.socket_address.port_value = port;
  await stage.envoy.discover('listeners', [bound]);
  await stage.envoy.listens('gate');
  page = await browser.page(origin);
}, { timeout: 45_000 });
after(async () => {
  try {
    await browser?.end();
  } finally {
    await stage?.end();
  }
}, limit);

/** The URL of the server with a query of its own, by which no preflight is remembered. */
const address = () => `${resource}?${randomUUID()}`;

/** A token that the issuer bound to a key. */
const tokenFor = (thumbprint) => token({ aud: resource, cnf: { jkt: thumbprint } });

/** Has a page open or make its key of this name: the key's thumbprint. */
const thumbprintIn = (where, persist) => where.evaluate(async (name) => {
  const { createDpop } = await import('waxseal/client');
  globalThis.dpop = await createDpop(name === null ? {} : { persist: name });
  return globalThis.dpop.thumbprint;
}, persist);

/** Has a page call with `dpop.fetch`: what it could read. */
const callIn = (where, url, bound) => where.evaluate(async ([target, made, body]) => {
  const ask = globalThis.dpop.fetch(fetch, { token: made });
  const reply = await ask(target, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(8000),
  });
  return { status: reply.status, headers: Object.fromEntries(reply.headers), body: await reply.text() };
}, [url, bound, BODY]);

/** A page's call with a token for its key passes: through which requests. */
async function passes(where, thumbprint) {
  const settle = async () => stage.envoy.access.indexOf(await stage.envoy.accessOf((await stage.ask('gate')).id));
  const first = await settle();
  const url = address();
  const reply = await callIn(where, url, tokenFor(thumbprint));
  assert.deepEqual([reply.status, reply.body], [200, JSON.stringify({ upstream: true, bytes: BODY.length })]);
  assert.match(reply.headers['dpop-nonce'], NONCE);
  // The one that passed arrived, and took nothing along that somebody could use.
  const arrived = stage.upstream.requests.filter((request) => url.endsWith(request.url));
  assert.deepEqual(arrived.map(({ method, body }) => `${method} ${body}`), [`POST ${BODY}`]);
  const names = arrived[0].headers.map(([name]) => name.toLowerCase());
  assert.deepEqual(names.filter((name) => ['authorization', 'dpop'].includes(name)), []);
  return stage.envoy.access.slice(first + 1, await settle()).map(({ method, code, details }) => [method, code, code === 401 && details].filter(Boolean).join(' '));
}

// What a page that has no nonce yet goes through.
const CHALLENGED = ['OPTIONS 204', 'POST 401 nonce_missing', 'POST 200'];

test('a preflight allows the headers of DPoP', limit, async () => {
  const reply = await stage.ask('gate', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,dpop' },
  });
  assert.equal(reply.status, 204);
  const allowed = reply.values('access-control-allow-headers').join().toLowerCase().split(/\s*,\s*/);
  for (const name of ['authorization', 'dpop']) assert.ok(allowed.includes(name), `${name} is not in ${allowed}`);
});

test('a page reads the nonce of a challenge', limit, async () => {
  const thumbprint = await thumbprintIn(page, null);
  const url = address();
  const bound = tokenFor(thumbprint);
  const headersWith = async (nonce) => ({
    authorization: `DPoP ${bound}`,
    dpop: await page.evaluate((members) => globalThis.dpop.proof(members), { method: 'GET', url, token: bound, nonce }),
  });
  const denied = await call(page, url, { headers: await headersWith() });
  assert.equal(denied.status, 401, JSON.stringify(denied));
  assert.equal(JSON.parse(denied.body).error, 'use_dpop_nonce');
  assert.match(denied.headers['www-authenticate'], /^DPoP algs="ES256 EdDSA PS256 RS256", error="use_dpop_nonce", /);
  assert.match(denied.headers['dpop-nonce'], NONCE);
  const headers = await headersWith(denied.headers['dpop-nonce']);
  assert.equal((await call(page, url, { headers })).status, 200);
  const replayed = await call(page, url, { headers });
  assert.deepEqual([replayed.status, JSON.parse(replayed.body).type], [401, 'urn:waxseal:error:proof_replayed']);
});

test('dpop.fetch finds the nonce, and remembers it', limit, async () => {
  const thumbprint = await thumbprintIn(page, null);
  assert.deepEqual(await passes(page, thumbprint), CHALLENGED);
  assert.deepEqual(await passes(page, thumbprint), ['OPTIONS 204', 'POST 200']);
});

test('a redirect is handed over: it does not say where it leads', limit, async (t) => {
  const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, dpop' };
  const other = await recording(t, () => [200, CORS, 'ok']);
  const { origin: server, seen } = await recording(t, ({ url, method }) => (method === 'OPTIONS' ? [204, CORS] : [307, { ...CORS, location: url === '/near' ? '/mcp' : other.url }]));
  const got = await page.evaluate(async (urls) => {
    const { createDpop } = await import('waxseal/client');
    const ask = (await createDpop()).fetch(fetch, { token: 'a' });
    return Promise.all(urls.map(async (url) => (await ask(url)).type));
  }, [`${server}/near`, `${server}/far`]);
  assert.deepEqual([got, seen.filter(({ method }) => method === 'GET').length, other.seen], [['opaqueredirect', 'opaqueredirect'], 2, []]);
});

test('nobody takes the key out of the browser', limit, async () => {
  await thumbprintIn(page, 'kept');
  // All that the origin stores, whatever it is called.
  const found = await page.evaluate(async () => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const keysIn = (value) => value instanceof CryptoKey ? [value]
      : typeof value === 'object' && value !== null ? Object.values(value).flatMap(keysIn) : [];
    const keys = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        keys.push(...keysIn(await done(database.transaction(store).objectStore(store).getAll())));
      }
      database.close();
    }
    const secrets = [...keys, ...keysIn(globalThis.dpop)].filter(({ type }) => type === 'private');
    return Promise.all(secrets.map(async (key) => {
      const refused = (format) => crypto.subtle.exportKey(format, key).then(() => 'exported', (error) => error.name);
      return { extractable: key.extractable, usages: key.usages, jwk: await refused('jwk'), pkcs8: await refused('pkcs8') };
    }));
  });
  assert.ok(found.length > 0, 'no key was found');
  for (const key of found) {
    assert.deepEqual(key, { extractable: false, usages: ['sign'], jwk: 'InvalidAccessError', pkcs8: 'InvalidAccessError' });
  }
});

test('a key outlives its page', limit, async () => {
  const thumbprint = await thumbprintIn(page, 'lasting');
  assert.deepEqual(await passes(page, thumbprint), CHALLENGED);

  await page.reload();
  assert.equal(await page.evaluate(() => typeof globalThis.dpop), 'undefined');
  assert.equal(await thumbprintIn(page, 'lasting'), thumbprint, 'after a reload');
  assert.deepEqual(await passes(page, thumbprint), CHALLENGED);

  await page.close();
  page = await browser.page(origin);
  assert.equal(await thumbprintIn(page, 'lasting'), thumbprint, 'in another page');
  assert.deepEqual(await passes(page, thumbprint), CHALLENGED);

  await browser.restart();
  page = await browser.page(origin);
  assert.equal(await thumbprintIn(page, 'lasting'), thumbprint, 'in another run of the browser');
  assert.deepEqual(await passes(page, thumbprint), CHALLENGED);
});

test('a key is its name\'s and its origin\'s', limit, async () => {
  const elsewhere = await browser.page(await browser.serve());
  const thumbprints = [
    await thumbprintIn(page, 'one'), await thumbprintIn(page, 'other'), await thumbprintIn(elsewhere, 'one'),
    await thumbprintIn(page, null), await thumbprintIn(page, null),
  ];
  assert.equal(new Set(thumbprints).size, thumbprints.length, JSON.stringify(thumbprints));
  assert.equal(await thumbprintIn(page, 'one'), thumbprints[0]);
  await elsewhere.close();
});

test('pages that make a key at the same moment make one', limit, async () => {
  const pages = [page, await browser.page(origin)];
  await Promise.all(pages.map((one) => one.evaluate(() => import('waxseal/client'))));
  const rounds = Array.from({ length: 10 }, (_, n) => ({ name: `race-${n}`, at: Date.now() + 300 + n * 100 }));
  const made = await Promise.all(pages.map((one) => one.evaluate(async (all) => {
    const { createDpop } = await import('waxseal/client');
    const thumbprints = [];
    for (const { name, at } of all) {
      await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 5));
      while (Date.now() < at);
      const both = await Promise.all([createDpop({ persist: name }), createDpop({ persist: name })]);
      thumbprints.push(both.map(({ thumbprint }) => thumbprint));
      [globalThis.dpop] = both;
    }
    return thumbprints;
  }, rounds)));
  for (const [n, { name }] of rounds.entries()) {
    const thumbprints = new Set([...made[0][n], ...made[1][n]]);
    assert.equal(thumbprints.size, 1, `${name}: ${[...thumbprints]}`);
  }
  // Whoever lost the race signs with the key that won it.
  const [thumbprint] = made[0].at(-1);
  for (const one of pages) assert.deepEqual(await passes(one, thumbprint), CHALLENGED);
  await pages[1].close();
});
