// An issuer that fails in every way: a clear denial, a log that says why, and a gate that heals.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cluster } from './bootstrap.mjs';
import { ask } from './client.mjs';
import { assertDenied } from './denial.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer, ISSUER, token } from './tokens.mjs';

const KEYS = ['es-1', 'rs-1'];
const BACK_OFF = 5;

// name: [what the issuer does, what the log says of it]
const FAULTS = {
  'html': [behaviour.html, /expected|JSON/i],
  'status 500': [behaviour.status(500), /^status 500$/],
  'status 404': [behaviour.status(404), /^status 404$/],
  'status 204': [behaviour.status(204), /^status 204$/],
  'redirect': [behaviour.status(302, { location: 'https://as.example.com/elsewhere' }), /^status 302$/],
  'empty': [behaviour.empty, /./],
  'truncated': [behaviour.json('{"keys":[{"kty":'), /./],
  'not an object': [behaviour.json([]), /object/],
  'no keys': [behaviour.json({ kid: 'es-1' }), /`keys`/],
  'too big': [behaviour.sized(65_537, ...KEYS), /64 KiB/],
  'far too big': [behaviour.sized(3_000_000, ...KEYS), /64 KiB|status 5|no answer/],
  'hangs': [behaviour.hang, /status 504|no answer|time/],
  'hangs in the body': [behaviour.hangInBody, /status 504|no answer|time/],
  'closes': [behaviour.close, /status 503|no answer|clos|reset/],
  'closes in the body': [behaviour.closeInBody, /status 503|no answer|clos|reset/],
};

// name: [a uri whose path is left out, the host that it names]
const BARE = {
  'host only': ['http://one.example.com', 'one.example.com'],
  'host and query': ['http://two.example.com?tenant=a/b', 'two.example.com'],
  'port and query': ['http://three.example.com:8080?tenant=a/b', 'three.example.com:8080'],
};

const path = (name) => `/jwks/${name.replaceAll(' ', '-')}`;
const configuration = (keys) => gate({ issuer: { keys }, keys: { timeout: 1 } });

// The port of a service that is on no machine any more: nobody listens there.
const NOBODY = 1;

let stage;
before(async () => {
  stage = await Stage.open({
    clusters: { nobody: NOBODY },
    listeners: {
      ...Object.fromEntries(Object.keys(FAULTS).map((name) => [name, { configuration: configuration(from(path(name))) }])),
      ...Object.fromEntries(Object.entries(BARE).map(([name, [uri]]) => [name, { configuration: configuration({ uri, cluster: 'as' }) }])),
      'refused': { configuration: configuration(from('/jwks/refused', 'nobody')) },
      'no cluster': { configuration: configuration(from('/jwks/later', 'later')) },
      'sound': { configuration: configuration({ uri: 'http://keys.example.com:8080/jwks/sound?a=b&c', cluster: 'as' }) },
      'barely': { configuration: configuration(from('/jwks/barely')) },
      'useless': { configuration: configuration(from('/jwks/useless')) },
      'caracal': { configuration: { ...configuration(from('/jwks/caracal')), errors: { vocabulary: 'caracal', verbose: true } } },
      'short': { configuration: gate({ issuer: { keys: from('/jwks/short') }, keys: { age: 1, timeout: 1 } }) },
    },
  });
});
after(() => stage?.end());

/** A good request is denied for want of keys; the fault that the log names, and the seconds to wait. */
async function unavailable(name, { error = 'temporarily_unavailable', details } = {}) {
  const reply = await stage.ask(name, { headers: { authorization: bearer() } });
  const [seconds] = reply.values('retry-after');
  await assertDenied(stage, reply, { reason: 'keys_unavailable', status: 503, error, after: seconds, details: details?.(reply) });
  const { facts } = await stage.envoy.denialOf(reply.id);
  assert.equal(facts.iss, ISSUER);
  assert.equal(String(facts.retry_after), seconds);
  assert.ok(facts.retry_after >= 1 && facts.retry_after <= BACK_OFF, `retry-after: ${seconds}`);
  return { fault: facts.fault, seconds: facts.retry_after };
}

const count = (name) => stage.issuer.fetches(path(name)).length;

// Side by side: each of them waits for its back-off.
describe('a key set that cannot be had', { concurrency: true }, () => {
  for (const [name, [behave, fault]] of Object.entries(FAULTS)) {
    test(`${name}: 503, no second try before its time, and it heals`, { timeout: 30_000 }, async () => {
      stage.issuer.behave(path(name), behave);
      const first = await unavailable(name);
      assert.match(first.fault, fault);
      assert.equal(count(name), 1);
      // The issuer is well again, but nobody asks it yet.
      stage.issuer.behave(path(name), behaviour.good(...KEYS));
      const second = await unavailable(name);
      assert.equal(second.fault, first.fault);
      assert.equal(count(name), 1);
      // A client does what the reply says.
      await sleep(second.seconds * 1000);
      await stage.passes(name);
      assert.equal(count(name), 2);
    });
  }

  test('no connection: 503', async () => {
    const { fault } = await unavailable('refused');
    assert.match(fault, /status 503|no answer|connect/);
  });

  test('a cluster that does not exist: 503, and it heals when it does', { timeout: 30_000 }, async () => {
    const { fault, seconds } = await unavailable('no cluster');
    assert.match(fault, /`later`/);
    stage.issuer.behave('/jwks/later', behaviour.good(...KEYS));
    await stage.envoy.addCluster(cluster('later', stage.issuer.port));
    await unavailable('no cluster');
    await sleep(seconds * 1000);
    await stage.passes('no cluster');
  });

  test('Caracal\'s vocabulary, and the facts where they are wanted', async () => {
    stage.issuer.behave('/jwks/caracal', behaviour.status(500));
    const details = (reply) => ({ iss: ISSUER, fault: 'status 500', retry_after: Number(reply.values('retry-after')[0]) });
    await unavailable('caracal', { error: 'sts_unavailable', details });
  });

  test('requests that need no key are decided as ever', async () => {
    const missing = await stage.ask('refused');
    assert.equal(missing.status, 401);
    const foreign = await stage.ask('refused', { headers: { authorization: bearer({ iss: 'https://else.example.com' }) } });
    assert.deepEqual([foreign.status, foreign.json().type], [401, 'urn:waxseal:error:issuer_unknown']);
    const document = await stage.ask('refused', { path: '/.well-known/oauth-protected-resource' });
    assert.equal(document.status, 200);
  });
});

test('the fetch is a GET of the uri, with its authority', async () => {
  stage.issuer.behave('/jwks/sound', behaviour.good(...KEYS));
  await stage.passes('sound');
  const [{ method, url, headers }] = stage.issuer.fetches('/jwks/sound');
  assert.deepEqual([method, url, headers.host, headers.accept], ['GET', '/jwks/sound?a=b&c', 'keys.example.com:8080', 'application/json']);
  assert.equal(headers.authorization, undefined);
});

for (const [name, [, host]] of Object.entries(BARE)) {
  test(`a uri without a path: ${name}`, async () => {
    stage.issuer.behave('/', behaviour.good(...KEYS));
    await stage.passes(name);
    const { url, headers } = stage.issuer.fetches('/').at(-1);
    assert.deepEqual([url, headers.host], [`/${name.includes('query') ? '?tenant=a/b' : ''}`, host]);
  });
}

test('one fetch serves all later requests', async () => {
  await stage.passes('sound');
  for (let n = 0; n < 20; n += 1) await stage.passes('sound');
  assert.equal(stage.issuer.fetches('/jwks/sound').length, 1);
});

test('64 KiB of key set is not too big', async () => {
  stage.issuer.behave('/jwks/barely', behaviour.sized(65_536, ...KEYS));
  await stage.passes('barely');
});

test('a key set without a usable key is had: the token\'s key is unknown', async () => {
  stage.issuer.behave('/jwks/useless', behaviour.json({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'es-1' }, { kid: 'es-1' }, 'es-1', null] }));
  const reply = await stage.ask('useless', { headers: { authorization: bearer() } });
  assert.deepEqual([reply.status, reply.json().type], [401, 'urn:waxseal:error:key_unknown']);
});

test('a key set is fetched again when it is old', { timeout: 20_000 }, async () => {
  stage.issuer.behave('/jwks/short', behaviour.good('es-1'));
  await stage.passes('short');
  const [{ at }] = stage.issuer.fetches('/jwks/short');
  // Whole seconds: from the second after the next one on it is over for sure.
  while (Date.now() < at + 2000) await sleep(at + 2000 - Date.now());
  stage.issuer.behave('/jwks/short', behaviour.good('es-2'));
  const reply = await stage.ask('short', { headers: { authorization: `Bearer ${token({}, { key: 'es-2' })}` } });
  assert.equal(reply.status, 200, reply.body);
  const withdrawn = await ask(stage.port('short'), { headers: { authorization: bearer() } });
  assert.equal(withdrawn.status, 401);
});
