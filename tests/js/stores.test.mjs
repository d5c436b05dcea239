// `waxseal/stores` with a real Redis behind a real Webdis, and what its adapters refuse. Workers and Deno: tests/packaging.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createDpop } from '../../pkg/dist/client.js';
import { Gate, WaxsealError } from '../../pkg/dist/index.js';
import { denoReplay, denoRevocation, durableReplay, redisReplay, redisRevocation, workersRevocation } from '../../pkg/dist/stores.js';
import { Redis, Webdis } from '../envoy/redis.mjs';
import { bearer, config, ISSUER, NOW, RESOURCE, token, tokenOfToday } from './issuer.mjs';
import { serve, sleep } from './loopback.mjs';

const NAME = 'waxseal:a-password-of-the-store';
const authorization = `Basic ${Buffer.from(NAME).toString('base64')}`;
const soon = () => Date.now() / 1000 + 60;
/** The most that a gate's may be. */
const { maximum: LEEWAY } = JSON.parse(await readFile(new URL('../../pkg/config.schema.json', import.meta.url))).properties.leeway;
const UNAVAILABLE = { name: 'WaxsealError', code: 'store_unavailable' };
const decided = ({ reason, decision }) => reason ?? decision;

let redis;
let webdis;
let options;
before(async () => {
  redis = await Redis.open();
  webdis = await Webdis.open(redis, { acl: [{ disabled: ['*'] }, { http_basic_auth: NAME, enabled: ['SET', 'MGET', 'EXPIRE', 'PING'] }] });
  options = { url: `http://127.0.0.1:${webdis.port}/`, authorization };
}, { timeout: 300_000 });
after(() => Promise.all([webdis?.end(), redis?.end()]));

const dpop = await createDpop();
const bound = tokenOfToday({ cnf: { jkt: dpop.thumbprint } });
const proved = async () => ({ method: 'POST', url: RESOURCE, headers: { authorization: `DPoP ${bound}`, dpop: await dpop.proof({ method: 'POST', url: RESOURCE, token: bound }) } });
const proving = (replay, members = {}) => Gate.open(config({ dpop: { mode: 'required' }, ...members }), { replay });

describe('proofs in a Redis', () => {
  it('of many claims at once, exactly one is the first', async () => {
    const [one, other] = [redisReplay(options), redisReplay(options)];
    for (const key of ['race-1', 'race-2', 'race-3']) {
      const claims = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).claim(key, soon())));
      assert.deepEqual([claims.filter(Boolean).length, claims.length], [1, 100]);
    }
  });

  it('a claim ends when it says', { timeout: 10_000 }, async () => {
    const store = redisReplay(options);
    const end = Date.now() / 1000 + 0.3;
    assert.deepEqual([await store.claim('short', end), await store.claim('short', end)], [true, false]);
    const left = Number((await redis.run('PTTL', 'waxseal:short')).slice(1));
    assert.ok(left > 0 && left <= 300, `${left}`);
    while (await redis.run('EXISTS', 'waxseal:short') !== ':0\r\n') await sleep(20);
    assert.equal(await store.claim('short', soon()), true);
    // What has ended already is claimed for no time, and no error.
    assert.equal(await store.claim('past', 1), true);
  });

  it('two gates take a proof once, also where the other has the store in its configuration', async () => {
    const http = { uri: `http://127.0.0.1:${webdis.port}`, authorization: { env: 'STORE' } };
    const built = await Gate.open(config({ dpop: { mode: 'required' }, replay: { store: { http } } }), { env: { STORE: authorization } });
    const adapted = await proving(redisReplay(options));
    for (const gates of [[built, adapted], [adapted, built]]) {
      const request = await proved();
      assert.deepEqual([decided(await gates[0].check(request)), decided(await gates[1].check(request))], ['allow', 'proof_replayed']);
    }
  });

  it('that is away, or lets nobody in, denies with 503', async (t) => {
    const away = await Redis.open();
    t.after(() => away.end());
    const orphan = await Webdis.open(away);
    t.after(() => orphan.end());
    const gate = await proving(redisReplay({ url: `http://127.0.0.1:${orphan.port}` }));
    assert.equal(decided(await gate.check(await proved())), 'allow');
    await away.kill();
    for (const closed of [gate, await proving(redisReplay({ url: options.url })), await proving(redisReplay({ url: 'http://127.0.0.1:1' }))]) {
      const { reason, reply } = await closed.check(await proved());
      assert.deepEqual([reason, reply.status], ['replay_unavailable', 503]);
      assert.doesNotMatch(JSON.stringify(reply), /127\.0\.0\.1|password/);
    }
  });
});

describe('revoked ids in a Redis', () => {
  const ids = (sub) => [`jti ${ISSUER} ${RESOURCE} id-1`, `sub ${ISSUER} ${sub}`];

  it('are told, found, and forgotten when they end', { timeout: 10_000 }, async () => {
    const store = redisRevocation(options);
    assert.equal(await store.revoked(ids('bob')), undefined);
    assert.equal(await store.revoked([]), undefined);
    await store.revoke(ids('bob')[1]);
    assert.equal(await store.revoked(ids('bob')), ids('bob')[1]);
    assert.equal(await store.revoked(ids('ada')), undefined);
    const key = `waxseal:revoked:${createHash('sha256').update(ids('bob')[1]).digest('base64url')}`;
    assert.equal(await redis.run('TTL', key), ':-1\r\n');
    // The largest leeway comes on top.
    await store.revoke('sid a b', Date.now() / 1000 - LEEWAY + 0.5);
    assert.equal(await store.revoked(['x', 'sid a b']), 'sid a b');
    while (await store.revoked(['sid a b'])) await sleep(50);
  });

  it('are never revoked for a shorter time than before', async () => {
    const store = redisRevocation(options);
    const now = Math.floor(Date.now() / 1000);
    const left = async (id) => Number((await redis.run('TTL', `waxseal:revoked:${createHash('sha256').update(id).digest('base64url')}`)).slice(1));
    for (const [id, ends, seconds] of [['sid a longer', [100, 200], 200], ['sid a shorter', [200, 100], 200], ['sid a first', [undefined, 100], -1], ['sid a last', [100, undefined, 100], -1]]) {
      for (const end of ends) await store.revoke(id, end && now + end);
      const said = await left(id);
      assert.ok(seconds < 0 ? said === seconds : said > LEEWAY + seconds - 10 && said <= LEEWAY + seconds + 1, `${id}: ${said}`);
    }
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.revoke('sid a many', now + (n * 37) % 50)));
    assert.ok(await left('sid a many') > LEEWAY + 40);
  });

  it('stay for as long as a gate takes tokens, which is longer than `exp`', { timeout: 10_000 }, async () => {
    const store = redisRevocation(options);
    const gate = await Gate.open(config({ revocation: { host: true } }), { revocation: store });
    const exp = Math.floor(Date.now() / 1000) + 1;
    const [ada, bob] = ['ada', 'bob'].map((sid) => bearer(tokenOfToday({ exp, sid })));
    await store.revoke(`sid ${ISSUER} ada`, exp);
    while (Date.now() / 1000 < exp + 1.1) await sleep(50);
    assert.deepEqual([decided(await gate.check(ada)), decided(await gate.check(bob))], ['token_revoked', 'allow']);
  });

  it('deny the tokens of a subject; without the store nobody passes', async () => {
    const store = redisRevocation(options);
    const gate = await Gate.open(config({ revocation: { host: true } }), { revocation: store });
    const request = { ...bearer(tokenOfToday({ sub: 'carol' })) };
    assert.equal(decided(await gate.check(request)), 'allow');
    await store.revoke(`sub ${ISSUER} carol`);
    assert.equal(decided(await gate.check(request)), 'token_revoked');
    await store.revoke(`sub ${ISSUER} a%20b%25%C3%A9@c`);
    assert.equal(decided(await gate.check(bearer(tokenOfToday({ sub: 'a b%\u00e9@c' })))), 'token_revoked');
    assert.equal(decided(await gate.check(bearer(tokenOfToday({ sub: 'dave' })))), 'allow');
    const blind = await Gate.open(config({ revocation: { host: true } }), { revocation: redisRevocation({ ...options, authorization: 'Basic x' }) });
    const { reason, reply } = await blind.check(bearer(tokenOfToday({ sub: 'dave' })));
    assert.deepEqual([reason, reply.status], ['revocation_unavailable', 503]);
  });
});

/** What of `Deno.Kv` the store asks for. */
function denoKv() {
  const entries = new Map();
  let versions = 0;
  const get = async (key) => {
    const { value, versionstamp, end } = entries.get(key.join()) ?? {};
    return end > Date.now() ? { value, versionstamp } : { value: null, versionstamp: null };
  };
  const set = async (key, value, { expireIn = Infinity } = {}) => void entries.set(key.join(), { value, versionstamp: `${versions += 1}`, end: Date.now() + expireIn });
  const atomic = () => ({
    check: (known) => ({
      set: (...entry) => ({
        async commit() {
          const ok = (entries.get(known.key.join())?.versionstamp ?? null) === known.versionstamp;
          if (ok) void set(...entry);
          return { ok };
        },
      }),
    }),
  });
  return { get, set, getMany: (keys) => Promise.all(keys.map(get)), atomic };
}

/** What of Workers KV the store asks for. */
function workersKv() {
  const entries = new Map();
  return {
    get: async (key) => (entries.get(key)?.end > Date.now() ? entries.get(key).value : null),
    async put(key, value, { expirationTtl = Infinity } = {}) {
      assert.ok(expirationTtl >= 60);
      entries.set(key, { value, end: Date.now() + expirationTtl * 1000 });
    },
  };
}

for (const [name, made] of Object.entries({ 'Deno KV': () => denoRevocation(denoKv()), 'Workers KV': () => workersRevocation(workersKv()) })) {
  describe(`revoked ids in ${name}`, () => {
    it('stay for as long as any gate takes tokens', async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: NOW * 1000 });
      const revocation = made();
      await revocation.revoke(`sid ${ISSUER} ada`, NOW + 10);
      for (const [leeway, seconds] of [[undefined, 11], [undefined, 39], [LEEWAY, 40], [LEEWAY, 10 + LEEWAY - 1]]) {
        const gate = await Gate.open(config({ revocation: { host: true }, ...(leeway && { leeway }) }), { revocation });
        t.mock.timers.setTime((NOW + seconds) * 1000);
        const said = await Promise.all(['ada', 'bob'].map(async (sid) => decided(await gate.check(bearer(token({ exp: NOW + 10, sid }))))));
        assert.deepEqual(said, ['token_revoked', 'allow'], `${seconds} s`);
      }
      t.mock.timers.setTime((NOW + 10 + LEEWAY + 1) * 1000);
      assert.equal(await revocation.revoked([`sid ${ISSUER} ada`]), undefined);
    });

    it('are never revoked for a shorter time than before', async (t) => {
      const revocation = made();
      t.mock.timers.enable({ apis: ['Date'], now: NOW * 1000 });
      const ids = { 'sid a longer': [100, 200], 'sid a shorter': [200, 100], 'sid a first': [undefined, 100], 'sid a last': [100, undefined, 100] };
      for (const [id, ends] of Object.entries(ids)) for (const end of ends) await revocation.revoke(id, end && NOW + end);
      for (const [seconds, left] of [[LEEWAY + 199, 4], [LEEWAY + 201, 2], [1_000_000_000, 2]]) {
        t.mock.timers.setTime((NOW + seconds) * 1000);
        const there = await Promise.all(Object.keys(ids).map((id) => revocation.revoked([id])));
        assert.equal(there.filter(Boolean).length, left, `${seconds} s: ${there}`);
      }
    });
  });
}

describe('what a server says', () => {
  for (const [name, status, body, said] of [
    ['Upstash, the first', 200, '{"result":"OK"}', true],
    ['Upstash, another', 200, '{"result":null}', false],
    ['an error', 200, '{"error":"WRONGPASS"}'],
    ['an error of Webdis', 200, '{"SET":[false,"ERR"]}'],
    ['more than the result', 200, '{"result":null,"error":"x"}'],
    ['another command', 200, '{"GET":null}'],
    ['another status', 401, '{"result":"OK"}'],
    ['a redirect', 302, '{"result":"OK"}'],
    ['a number', 200, '{"result":1}'],
    ['a list', 200, '[]'],
    ['nothing', 200, ''],
    ['null', 200, 'null'],
    ['too much', 200, `{"result":"OK"}${' '.repeat(70_000)}`],
  ]) {
    it(`${name}: ${said ?? 'no answer'}`, async (t) => {
      const { port, asked } = await serve(t, (request, response) => response.writeHead(status, { location: '/elsewhere' }).end(body));
      const claimed = redisReplay({ url: `http://127.0.0.1:${port}/base/` }).claim('key', Date.now() / 1000 + 10);
      if (said === undefined) await assert.rejects(claimed, UNAVAILABLE);
      else assert.equal(await claimed, said);
      assert.match(asked.join(), /^\/base\/SET\/waxseal%3Akey\/1\/NX\/PX\/(?:10000|9\d{3})$/);
    });
  }

  for (const body of ['{"result":[null]}', '{"result":[null,1]}', '{"result":[null,false]}', '{"result":null}', '{"result":"OK"}']) {
    it(`of ids: ${body} is no answer`, async (t) => {
      const { port } = await serve(t, (_, response) => response.end(body));
      await assert.rejects(redisRevocation({ url: `http://127.0.0.1:${port}` }).revoked(['a', 'b']), UNAVAILABLE);
    });
  }
});

it('what a store throws is told as the one error of the package, without its secret', async () => {
  const down = () => Promise.reject(new TypeError('down'));
  const kv = { atomic: () => ({ check: () => ({ set: () => ({ commit: down }) }) }), get: down, getMany: down, put: down };
  const withSecret = () => Promise.reject(Object.assign(new Error('401'), { request: { authorization } }));
  const stores = [
    ...[{ url: 'http://127.0.0.1:1' }, { fetch: async () => new Response('<html>') }, { fetch: () => 1 }, { fetch: withSecret }, { fetch: () => new Promise(() => {}), timeout: 0.01 }]
      .flatMap((members) => [redisReplay, redisRevocation].map((made) => made({ ...options, ...members }))),
    denoReplay(kv), denoRevocation(kv), workersRevocation(kv), durableReplay({ idFromName: String, get: () => ({ fetch: down }) }),
  ];
  for (const store of stores) {
    const calls = store.claim ? [() => store.claim('key', soon())] : [() => store.revoke('sub a b'), () => store.revoke('sub a b', soon()), () => store.revoked(['sub a b'])];
    for (const act of calls) {
      const error = await act().then(assert.fail, (one) => one);
      assert.deepEqual([WaxsealError.isInstance(error), error.code], [true, 'store_unavailable'], inspect(error));
      assert.match(error.message, /^the store fails: \w+: |^the store does not say what is asked$/);
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(authorization));
    }
  }
});

it('what is no store is refused at once', async () => {
  for (const make of [
    () => redisReplay({}), () => redisReplay({ url: '/redis' }), () => redisReplay({ url: 'https://a.example/?b' }), () => redisReplay({ ...options, authorization: 1 }),
    () => redisRevocation({ ...options, fetch: 1 }), ...[0, -1, NaN, Infinity, 61, '2'].map((timeout) => () => redisRevocation({ ...options, timeout })), () => redisReplay(undefined),
    () => denoReplay(undefined), () => denoRevocation(Promise.resolve()), () => durableReplay({}), () => workersRevocation(null),
  ]) assert.throws(make, (error) => WaxsealError.isInstance(error) && error.code === 'invalid_argument', String(make));
  // Nor is it shown.
  for (const more of [{ url: 'http://user:secret@127.0.0.1:1' }, { url: 'http://secret:@127.0.0.1:1' }, ...['\nret', '\f', '\v', '\u2028', '\0', '\u00e9'].map((end) => ({ authorization: `Bearer sec${end}` }))]) {
    assert.throws(() => redisReplay({ ...options, ...more }), (error) => error.code === 'invalid_argument' && !/sec/.test(error.stack));
  }
  // No token has such an id: it would revoke nothing.
  const NONE = ['', undefined, 'a', 'carol', 'sub', 'sub a', 'sub a b c', 'sub  a b', 'sub a b ', 'sub a \u00e9', 'sub a b%2fc', 'sub a b%40c', 'sub a b%', 'sub a %FF', 'jti a b', 'SUB a b'];
  for (const [id, expires] of [...NONE.map((id) => [id]), ['sub a b', NaN], ['sub a b', '1']]) {
    await assert.rejects(redisRevocation(options).revoke(id, expires), { code: 'invalid_argument' });
  }
});
