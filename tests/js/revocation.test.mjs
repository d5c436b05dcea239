// Revoked tokens: a list, a Redis behind HTTP, introspection, a store of the caller's. What cannot be told denies.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { bearer, call, config, ISSUER, KEY, NOW, open, OTHER, RESOURCE, token } from './issuer.mjs';
import { serve } from './loopback.mjs';

const SUB = `sub ${ISSUER} alice`;
const JTI = `jti ${ISSUER} ${RESOURCE} id-1`;
const SID = `sid ${ISSUER} s1`;
const LASTING = bearer(token({ exp: NOW + 10_000, sid: 's1' }));
const MANDATE = { sid: 's1', root_sid: 'r1', sub_type: 'user', use: 'resource', zone_id: 'zone-1', delegation_graph_epoch: 7, exp: NOW + 10_000 };
const CARACAL = { issuers: [{ ...config().issuers[0], profile: 'caracal', zone: 'zone-1' }] };
const digest = (text) => createHash('sha256').update(text).digest('base64url');

const decided = ({ reason, decision }) => reason ?? decision;
const retryAfter = ({ reply }) => new Headers(reply.headers).get('retry-after');

function assertUnavailable(outcome, fault) {
  assert.deepEqual([outcome.reason, outcome.reply.status], ['revocation_unavailable', 503], JSON.stringify(outcome));
  assert.ok(Number(retryAfter(outcome)) >= 1);
  assert.equal(new Headers(outcome.reply.headers).has('www-authenticate'), false);
  if (fault) assert.match(outcome.facts.fault, fault);
}

/** A gate that looks into what a server of the test's answers; `now` is kept until it is set. */
async function looking(t, answer, wanted, { members = {}, options = {} } = {}) {
  const seen = [];
  const { port, asked } = await serve(t, async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body });
    return answer(response, seen.length);
  });
  const uri = `http://127.0.0.1:${port}`;
  const gate = await open({ revocation: wanted(uri), ...members }, options);
  const check = async (now = NOW, request = LASTING) => {
    const begun = [];
    const outcome = await gate.check(request, { now, waitUntil: (promise) => begun.push(promise) });
    await Promise.all(begun);
    return outcome;
  };
  return { gate, check, seen, asked, uri };
}

describe('a list', () => {
  const listed = (t, answer, members = {}, more = {}) => looking(t, answer, (uri) => ({ list: { uri: `${uri}/revoked` }, ...members }), more);
  const sends = (...ids) => (response) => response.end(JSON.stringify({ revoked: ids }));

  it('is fetched once, however many ask', async (t) => {
    const { check, seen } = await listed(t, sends(`sub ${ISSUER} bob`));
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => check()));
    assert.deepEqual(new Set(outcomes.map(decided)), new Set(['allow']));
    await check(NOW + 23);
    assert.deepEqual(seen.map(({ method, url, headers }) => [method, url, headers.accept]), [['GET', '/revoked', 'application/json']]);
  });

  for (const [by, id] of Object.entries({ sub: SUB, jti: JTI, sid: SID })) {
    it(`denies by ${by}`, async (t) => {
      const { check } = await listed(t, sends(`sub ${ISSUER} bob`, id));
      const outcome = await check();
      assert.deepEqual([outcome.reason, outcome.reply.status, outcome.facts], ['token_revoked', 401, { by }]);
      assert.match(new Headers(outcome.reply.headers).get('www-authenticate'), /^Bearer error="invalid_token"/);
      assert.equal(decided(await check(NOW, bearer(token({ sub: 'carol', jti: 'id-2', sid: 's2' })))), 'allow');
    });
  }

  it('is fetched ahead from four fifths of its age, and anew where it is over', async (t) => {
    const { check, seen } = await listed(t, (response, count) => sends(...(count < 2 ? [] : [SUB]))(response));
    assert.deepEqual([decided(await check()), decided(await check(NOW + 24))], ['allow', 'allow']);
    assert.equal(seen.length, 2);
    assert.equal(decided(await check(NOW + 25)), 'token_revoked');
    assert.equal(seen.length, 2);
    const other = await listed(t, (response, count) => sends(...(count < 2 ? [] : [SUB]))(response), { age: 5 });
    assert.deepEqual([decided(await other.check()), decided(await other.check(NOW + 5))], ['allow', 'token_revoked']);
  });

  it('serves while fetches fail, for a time; then calls are denied until it is there again', async (t) => {
    let answer = sends(`sub ${ISSUER} bob`);
    const { check, seen } = await listed(t, (response) => answer(response), { age: 30, stale: 60 });
    assert.equal(decided(await check()), 'allow');
    answer = (response) => response.writeHead(503).end(JSON.stringify({ revoked: [] }));
    for (const after of [24, 31, 60, 89]) assert.equal(decided(await check(NOW + after)), 'allow', `${after} s`);
    assert.ok(seen.length > 2);
    const denied = await check(NOW + 90);
    assertUnavailable(denied, /503/);
    const before = seen.length;
    assertUnavailable(await check(NOW + 90));
    assert.equal(seen.length, before, 'it is too soon to ask again');
    answer = sends(SUB);
    assert.equal(decided(await check(NOW + 90 + Number(retryAfter(denied)))), 'token_revoked');
  });

  for (const [name, answer] of Object.entries({
    'nothing': (response) => response.destroy(),
    'an error': (response) => response.writeHead(500).end('{"revoked":[]}'),
    'a redirect': (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    'no JSON': (response) => response.end('<html>'),
    'no list': (response) => response.end('{}'),
    'one entry that is no id': sends(`sub ${ISSUER} bob`, 'bob'),
    'a member that is not known': (response) => response.end('{"revoked":[],"allowed":[]}'),
    'more than a mebibyte': (response) => response.end(`{"revoked":[]}${' '.repeat(1_048_576)}`),
  })) {
    it(`that is ${name} denies`, async (t) => {
      const { check, seen } = await listed(t, answer);
      assertUnavailable(await check());
      assert.equal(seen.length, 1);
    });
  }

  it('is read up to a mebibyte', async (t) => {
    const { check } = await listed(t, (response) => response.end(JSON.stringify({ revoked: [SUB] }).padEnd(1_048_576)));
    assert.equal(decided(await check()), 'token_revoked');
  });

  it('that is slow is not waited for', async (t) => {
    const { check } = await looking(t, () => {}, (uri) => ({ list: { uri, timeout: 1 } }));
    assertUnavailable(await check(), /within 1 s/);
  });

  it('may be signed, and is believed from its signer only', async (t) => {
    const text = (payload, more) => token(JSON.stringify(payload), { ...more, header: { typ: 'revocation+jwt', ...more?.header } });
    const sent = async (body) => {
      const { check } = await looking(t, (response) => response.end(body), (uri) => ({ list: { uri, key: KEY.jwk } }));
      return check();
    };
    assert.equal(decided(await sent(text({ revoked: [SUB], iat: NOW }))), 'token_revoked');
    assert.equal(decided(await sent(`${text({ revoked: [], iat: NOW })}\n`)), 'allow');
    for (const body of [
      JSON.stringify({ revoked: [] }), text({ revoked: [] }), text({ revoked: [], iat: NOW }, { key: OTHER, header: { kid: KEY.kid } }),
      text({ revoked: [], iat: NOW }, { header: { typ: 'JWT' } }), text({ revoked: [], iat: NOW - 1000 }),
    ]) assertUnavailable(await sent(body));
  });

  it('may hold epochs of delegations', async (t) => {
    const { check } = await listed(t, (response) => response.end('{"revoked":[],"epochs":{"zone-1":8}}'), {}, { members: CARACAL });
    const outcome = await check(NOW, bearer(token(MANDATE)));
    assert.deepEqual([outcome.reason, outcome.facts], ['delegation_stale', { held: 7, current: 8 }]);
    assert.equal(decided(await check(NOW, bearer(token({ ...MANDATE, delegation_graph_epoch: 8 })))), 'allow');
  });
});

describe('a Redis behind HTTP', () => {
  const stored = (t, answer, http = {}, more = {}) => looking(t, answer, (uri) => ({ http: { uri, ...http } }), more);
  const says = (...values) => (response) => response.end(JSON.stringify({ MGET: values }));

  it('is asked for all ids at once, of which none can be read', async (t) => {
    const { check, seen } = await stored(t, says(null, null, null), { authorization: { env: 'STORE' } }, { options: { env: { STORE: 'Basic of-the-store' } } });
    assert.equal(decided(await check()), 'allow');
    const paths = [JTI, SID, SUB].map((id) => `waxseal:revoked:${digest(id)}`);
    // As `printf %s "$id" | openssl dgst -sha256 -binary | basenc --base64url` writes it.
    assert.equal(paths[2], 'waxseal:revoked:Dxdep9KNyIy6VlaBLpc7S-ube3E2nnRKKCxoD9cYRgU');
    assert.deepEqual(seen.map(({ method, url, headers }) => [method, url, headers.authorization]), [['GET', `/MGET/${paths.join('/')}`, 'Basic of-the-store']]);
  });

  it('is asked by every call', async (t) => {
    const { check, seen } = await stored(t, (response, count) => says(null, null, count > 1 ? '1' : null)(response));
    assert.deepEqual([decided(await check()), decided(await check())], ['allow', 'token_revoked']);
    assert.equal(seen.length, 2);
  });

  it('answers as Webdis or as Upstash', async (t) => {
    for (const [values, by] of [[['1', null, null], 'jti'], [[null, '0', '1'], 'sid'], [[null, null, ''], 'sub']]) {
      for (const member of ['MGET', 'result']) {
        const { check } = await stored(t, (response) => response.end(JSON.stringify({ [member]: values })));
        const outcome = await check();
        assert.deepEqual([outcome.reason, outcome.facts], ['token_revoked', { by }]);
      }
    }
  });

  it('knows mandates of Caracal as its own store does', async (t) => {
    const slots = ['epoch', 's1', 'r1', 'jti', 'sid', 'root_sid', 'sub'];
    const told = async (values) => {
      const answer = (response) => says(...slots.map((slot) => values[slot] ?? null))(response);
      const { check, seen } = await stored(t, answer, {}, { members: CARACAL });
      const outcome = await check(NOW, bearer(token(MANDATE)));
      assert.match(seen[0].url, /^\/MGET\/caracal:revoked:sessions:delegation-epoch:zone-1\/caracal:revoked:sessions:s1\/caracal:revoked:sessions:r1(\/waxseal:revoked:[\w-]{43}){4}$/);
      return [decided(outcome), outcome.facts];
    };
    assert.deepEqual(await told({}), ['allow', undefined]);
    assert.deepEqual(await told({ epoch: '7' }), ['allow', undefined]);
    assert.deepEqual(await told({ epoch: '8' }), ['delegation_stale', { held: 7, current: 8 }]);
    assert.deepEqual(await told({ r1: '1' }), ['session_revoked', { anchor: 'root_sid' }]);
    assert.deepEqual(await told({ sub: '1' }), ['token_revoked', { by: 'sub' }]);
  });

  it('is never answered by a cache, and no redirect is followed', async (t) => {
    const inits = [];
    const watched = (uri, init) => (inits.push([init.cache, init.redirect, init.method, init.body]), fetch(uri, init));
    const { check } = await stored(t, says(null, null, null), {}, { options: { fetch: watched } });
    assert.equal(decided(await check()), 'allow');
    assert.deepEqual(inits, [['no-store', 'manual', 'GET', undefined]]);
  });

  for (const [name, answer] of Object.entries({
    'nothing': (response) => response.destroy(),
    'an error': (response) => response.writeHead(500).end('{"MGET":[null,null,null]}'),
    'a redirect': (response) => response.writeHead(302, { location: '/' }).end(),
    'too few values': says(null, null),
    'another type': says(null, null, false),
    'a refusal': (response) => response.end('{"MGET":[false,"NOAUTH"]}'),
    'too much': (response) => response.end(`{"MGET":[null,null,null]}${' '.repeat(70_000)}`),
  })) {
    it(`that answers with ${name} denies`, async (t) => {
      const { check, seen } = await stored(t, answer);
      assertUnavailable(await check());
      assert.equal(seen.length, 1);
    });
  }

  it('that is slow is not waited for', async (t) => {
    const { check } = await stored(t, () => {}, { timeout: 1 });
    assertUnavailable(await check());
  });
});

describe('introspection', () => {
  const CLIENT = 'gate:1 %';
  const SECRET = 'p\u00e4ss/+ word';
  const introspected = (t, answer, more = {}, { options = {}, members } = {}) => looking(
    t, answer, (uri) => ({ introspection: { uri: `${uri}/introspect`, client: CLIENT, secret: { env: 'SECRET' } }, ...more }), { members, options: { env: { SECRET }, ...options } },
  );
  const active = (response) => response.end('{"active":true}');

  it('is a form of RFC 7662, with the client\'s own credentials', async (t) => {
    const { check, seen } = await introspected(t, active);
    assert.equal(decided(await check()), 'allow');
    const [{ method, url, headers, body }] = seen;
    assert.deepEqual([method, url, headers['content-type'], headers.accept], ['POST', '/introspect', 'application/x-www-form-urlencoded', 'application/json']);
    const [, made] = LASTING.headers[0][1].split(' ');
    assert.deepEqual([...new URLSearchParams(body)], [['token', made], ['token_type_hint', 'access_token']]);
    const [scheme, coded] = headers.authorization.split(' ');
    // Form-encoded first (RFC 6749 section 2.3.1).
    const [user, password, ...more] = Buffer.from(coded, 'base64').toString('latin1').split(':').map((text) => new URLSearchParams(`=${text}`).get(''));
    assert.deepEqual([scheme, user, password, more], ['Basic', CLIENT, SECRET, []]);
  });

  it('remembers a token that is active, for a time and no longer than it lasts', async (t) => {
    const { check, seen } = await introspected(t, active, { age: 20 });
    for (const after of [0, 1, 19]) assert.equal(decided(await check(NOW + after)), 'allow');
    assert.equal(seen.length, 1);
    await check(NOW, bearer(token({ jti: 'id-2' })));
    assert.equal(seen.length, 2);
    await check(NOW + 20);
    assert.equal(seen.length, 3);
    const short = bearer(token({ exp: NOW + 5 }));
    for (const after of [0, 4, 6, 6]) assert.equal(decided(await check(NOW + after, short)), 'allow');
    assert.equal(seen.length, 6);
  });

  it('denies a token that is not, and asks again', async (t) => {
    const { check, seen } = await introspected(t, (response, count) => response.end(`{"active":${count === 3}}`));
    const outcome = await check();
    assert.deepEqual([outcome.reason, outcome.reply.status], ['token_inactive', 401]);
    assert.match(new Headers(outcome.reply.headers).get('www-authenticate'), /^Bearer error="invalid_token"/);
    assert.deepEqual([decided(await check()), decided(await check())], ['token_inactive', 'allow']);
    assert.equal(seen.length, 3);
  });

  it('keeps token and secret out of addresses, outcomes and what is exported', async (t) => {
    const [, made] = LASTING.headers[0][1].split(' ');
    const secrets = [...made.split('.'), SECRET, encodeURIComponent(SECRET), Buffer.from(`${encodeURIComponent(CLIENT)}:${encodeURIComponent(SECRET)}`).toString('base64')];
    const written = [];
    for (const name of ['log', 'info', 'warn', 'error', 'debug']) t.mock.method(console, name, (...words) => written.push(inspect(words)));
    const leaky = async (uri, init) => { throw new Error(`${init.headers.authorization} ${init.body}`); };
    for (const [answer, options] of [[(response) => response.writeHead(500).end(made)], [(response) => response.end('{"active":false}')], [(response) => response.end(made)], [active, { fetch: leaky }]]) {
      const { gate, check, asked, seen } = await introspected(t, answer, {}, { options, members: { errors: { verbose: true } } });
      const outcome = await check();
      assert.equal(outcome.allow, false);
      if (seen.length > 0) assert.ok(seen[0].body.includes(secrets[0]) && seen[0].headers.authorization.includes(secrets.at(-1)), 'the search would find nothing');
      const shown = [...asked, JSON.stringify(outcome), inspect(outcome, { depth: 9 }), gate.exportKeys(), ...written].join('\n');
      for (const secret of secrets) assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
    }
  });

  for (const [name, answer] of Object.entries({
    'nothing': (response) => response.destroy(),
    'an error': (response) => response.writeHead(401).end('{"active":true}'),
    'a redirect': (response) => response.writeHead(307, { location: '/elsewhere' }).end(),
    'no JSON': (response) => response.end('active'),
    'a member twice': (response) => response.end('{"active":false,"active":true}'),
    'too much': (response) => response.end(`{"active":true}${' '.repeat(70_000)}`),
  })) {
    it(`that answers with ${name} denies, and is asked again`, async (t) => {
      let down = true;
      const { check, seen } = await introspected(t, (response) => (down ? answer : active)(response));
      const outcome = await check();
      assertUnavailable(outcome);
      assert.equal(retryAfter(outcome), '5');
      down = false;
      assert.equal(decided(await check()), 'allow');
      assert.equal(seen.length, 2);
    });
  }

  it('that is slow is not waited for', async (t) => {
    const { gate } = await looking(t, () => {}, (uri) => ({ introspection: { uri, client: 'gate', secret: { env: 'SECRET' }, timeout: 1 } }), { options: { env: { SECRET } } });
    assertUnavailable(await gate.check(LASTING, { now: NOW }));
  });
});

describe('a store of the caller', () => {
  const HOST = { revocation: { host: true } };
  const check = async (revocation, { members = HOST, request = LASTING } = {}) => (await open(members, { revocation })).check(request, { now: NOW });

  it('is asked once, with all ids, as itself', async () => {
    const asked = [];
    const store = {
      revoked(ids) {
        assert.equal(this, store);
        asked.push([...ids]);
        ids.length = 0;
        return undefined;
      },
      epoch() { throw new Error('this is no mandate'); },
    };
    assert.equal(decided(await check(store)), 'allow');
    assert.deepEqual(asked, [[JTI, SID, SUB]]);
  });

  it('decides', async () => {
    for (const none of [undefined, null]) assert.equal(decided(await check({ revoked: async () => none })), 'allow');
    for (const [by, id] of Object.entries({ jti: JTI, sid: SID, sub: SUB })) {
      const outcome = await check({ revoked: async (ids) => ids.find((one) => one === id) });
      assert.deepEqual([outcome.reason, outcome.facts], ['token_revoked', { by }]);
    }
  });

  it('is not asked about a request that is denied anyway', async () => {
    let asked = 0;
    const store = { revoked: async () => void (asked += 1) };
    for (const request of [call(), bearer(token({ exp: NOW - 100 })), bearer(token({}, { key: OTHER }))]) assert.equal((await check(store, { request })).allow, false);
    assert.equal(asked, 0);
  });

  it('gets ids that no claim can forge', async () => {
    const asked = [];
    await check({ revoked: async (ids) => void asked.push(...ids) }, { request: bearer(token({ jti: 'a b%\u00e4', sub: `x ${ISSUER} y` })) });
    assert.deepEqual(asked, [`jti ${ISSUER} ${RESOURCE} a%20b%25%C3%A4`, `sub ${ISSUER} x%20${ISSUER}%20y`]);
  });

  for (const [name, revoked] of Object.entries({
    'that throws': () => { throw new Error('a secret of the store'); },
    'that rejects': async () => { throw new Error('a secret of the store'); },
    'that gives an object which cannot be read': async () => ({ get then() { throw new Error('no'); } }),
    ...Object.fromEntries([true, false, 0, 1, '', 'yes', `sub ${ISSUER} bob`, `${SUB} `, [], [SUB], {}, Symbol('id'), 1n, () => SUB].map((value) => [`that says ${inspect(value)}`, async () => value])),
  })) {
    it(`${name} denies`, async () => {
      const outcome = await check({ revoked });
      assertUnavailable(outcome);
      assert.doesNotMatch(JSON.stringify(outcome), /secret/);
    });
  }

  it('that never answers is not waited for', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const outcome = check({ revoked: () => new Promise(() => {}) });
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    t.mock.timers.tick(4_999);
    assert.equal(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'pending'))]), 'pending');
    t.mock.timers.tick(1);
    assertUnavailable(await outcome);
  });

  it('may stand in for the Redis or the endpoint that the configuration names', async () => {
    const asked = [];
    const store = { revoked: async (ids) => void asked.push(ids) };
    const fetch = async () => { throw new Error('nobody is to be asked'); };
    const env = { SECRET: 'secret' };
    for (const revocation of [{ http: { uri: 'https://store.example.com' } }, { introspection: { uri: 'https://as.example.com/i', client: 'gate', secret: { env: 'SECRET' } } }]) {
      const gate = await open({ revocation }, { revocation: store, fetch, env });
      assert.equal(decided(await gate.check(LASTING, { now: NOW })), 'allow');
    }
    assert.deepEqual(asked, [[JTI, SID, SUB], [`token ${digest(LASTING.headers[0][1].split(' ')[1])}`]]);
  });

  describe('knows epochs', () => {
    const told = (epoch, revoked = async () => undefined, claims = {}) => check({ revoked, epoch }, { members: { ...CARACAL, ...HOST }, request: bearer(token({ ...MANDATE, ...claims })) });

    it('of the mandate\'s zone, and denies what is older', async () => {
      const zones = [];
      const outcome = await told(async (zone) => (zones.push(zone), 8));
      assert.deepEqual([outcome.reason, outcome.facts, zones], ['delegation_stale', { held: 7, current: 8 }, ['zone-1']]);
    });

    it('or none, or one that is not newer', async () => {
      for (const epoch of [7, 6, 0, undefined, null]) assert.equal(decided(await told(async () => epoch)), 'allow');
      assert.equal(decided(await told(undefined)), 'allow');
    });

    it('where the mandate has one', async () => {
      let asked = 0;
      assert.equal(decided(await told(async () => (asked += 1), undefined, { delegation_graph_epoch: undefined })), 'allow');
      assert.equal(asked, 0);
    });

    it('of which one that is none denies', async () => {
      for (const epoch of ['8', true, 7.5, -1, NaN, Infinity, 2 ** 53, {}, 8n]) assertUnavailable(await told(async () => epoch));
      assertUnavailable(await told(async () => { throw new Error('no'); }));
      assertUnavailable(await told(() => { throw new Error('no'); }, async () => { throw new Error('no, too'); }));
    });

    it('and what is revoked is revoked, whatever its epoch', async () => {
      const outcome = await told(async () => 8, async (ids) => ids[1]);
      assert.deepEqual([outcome.reason, outcome.facts], ['session_revoked', { anchor: 'sid' }]);
    });
  });
});

describe('opening', () => {
  const refused = (revocation, options, message) => assert.rejects(open(revocation && { revocation }, options), { name: 'WaxsealError', message });
  const STORE = { revoked: async () => undefined };

  it('needs a store where the configuration says so, which is one', async () => {
    await refused({ host: true }, {}, '`options.revocation` is needed: the configuration says `"revocation": { "host": true }`');
    for (const revocation of [null, {}, { revoked: 1 }, 'redis', { epoch: async () => 1 }]) await refused({ host: true }, { revocation }, '`options.revocation` must have a method `revoked`');
    for (const epoch of [1, null, 'epoch', {}]) await refused({ host: true }, { revocation: { ...STORE, epoch } }, '`options.revocation.epoch` must be a method');
  });

  it('refuses a store that would never be asked', async () => {
    const message = /^`options\.revocation` would never be asked/;
    await refused(undefined, { revocation: STORE }, message);
    await refused({ list: { uri: 'https://as.example.com/revoked' } }, { revocation: STORE }, message);
  });

  it('names what is wrong in the configuration', async () => {
    const introspection = { uri: 'https://as.example.com/i', client: 'gate', secret: { env: 'SECRET' } };
    for (const [revocation, message] of [
      [{}, /^`revocation`/], [{ host: true, http: { uri: 'https://store.example.com' } }, /^`revocation`/], [{ host: 'yes' }, /`revocation\.host`/],
      [{ list: { uri: 'http://as.example.com/revoked' } }, /`revocation\.list\.uri`/], [{ http: { uri: 'http://store.example.com' } }, /`revocation\.http\.uri`/],
      [{ introspection: { ...introspection, uri: 'http://as.example.com' } }, /`revocation\.introspection\.uri`/], [{ introspection }, /^`revocation\.introspection\.secret`: the environment variable/],
      [{ host: true, age: 0 }, /`revocation\.age`/], [{ host: true, store: 'x' }, /`revocation\.store`|unknown field `store`/],
    ]) await refused(revocation, {}, message);
  });
});
