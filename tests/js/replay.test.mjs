// Where used proofs are remembered: the gate itself, a store of the caller's, a Redis behind HTTP.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDpop } from '../../pkg/dist/client.js';
import { Gate } from '../../pkg/dist/index.js';
import { config, RESOURCE, tokenOfToday } from './issuer.mjs';
import { serve } from './loopback.mjs';

const dpop = await createDpop();
const bound = tokenOfToday({ cnf: { jkt: dpop.thumbprint } });
const open = (members = {}, options = {}) => Gate.open(config({ dpop: { mode: 'required' }, ...members }), options);

/** A request with a fresh proof; sent again it is a replay. */
async function proved(url = RESOURCE) {
  const proof = await dpop.proof({ method: 'POST', url, token: bound });
  return { method: 'POST', url, headers: { authorization: `DPoP ${bound}`, dpop: proof } };
}

/** What each of two sendings of one proof comes to. */
async function twice(first, second = first) {
  const request = await proved();
  const outcomes = [await first.check(request), await second.check(request)];
  return outcomes.map(({ reason, decision }) => reason ?? decision);
}

describe('a gate', () => {
  it('takes a proof once, also of many at a time', async () => {
    const [gate, request] = [await open(), await proved()];
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => gate.check(request)));
    assert.deepEqual(outcomes.map(({ allow }) => allow).sort(), [...Array(49).fill(false), true]);
    assert.deepEqual(new Set(outcomes.map(({ reason }) => reason)), new Set([undefined, 'proof_replayed']));
  });

  it('has a memory of its own', async () => {
    assert.deepEqual(await twice(await open(), await open()), ['allow', 'allow']);
  });

  it('is full at some time, says so, and has forgotten nothing', async () => {
    const gate = await open({ replay: { capacity: 1_000 } });
    const sent = [];
    for (let full = 0; full < 20;) {
      const request = await proved();
      const { reason, reply } = await gate.check(request);
      if (reason) {
        assert.deepEqual([reason, reply.status, new Headers(reply.headers).get('retry-after')], ['replay_unavailable', 503, '5']);
        full += 1;
      } else {
        sent.push(request);
      }
    }
    assert.ok(sent.length >= 1_000 && sent.length <= 2_048, `${sent.length}`);
    for (const request of sent.slice(0, 100)) assert.equal((await gate.check(request)).allow, false);
  });
});

describe('a store of the caller', () => {
  it('is asked with a key and an end, and decides', async () => {
    const [asked, claims] = [[], new Set()];
    const replay = {
      async claim(key, expires) {
        asked.push([key, expires]);
        return !claims.has(key) && Boolean(claims.add(key));
      },
    };
    assert.deepEqual(await twice(await open({}, { replay })), ['allow', 'proof_replayed']);
    const [[key, expires]] = asked;
    assert.match(key, /^[\w-]{43}$/);
    const left = expires - Date.now() / 1000;
    assert.ok(left > 350 && left <= 361, `${left}`);
  });

  for (const [name, claim] of Object.entries({
    'that throws': () => { throw new Error('a secret of the store'); },
    'that rejects': async () => { throw new Error('a secret of the store'); },
    'that says OK': async () => 'OK',
    'that says 1': async () => 1,
    'that says nothing': async () => undefined,
    'that gives an object which cannot be read': async () => ({ get then() { throw new Error('no'); } }),
  })) {
    it(`${name} denies`, async () => {
      const gate = await open({}, { replay: { claim } });
      const outcome = await gate.check(await proved());
      assert.deepEqual([outcome.reason, outcome.reply.status], ['replay_unavailable', 503]);
      assert.doesNotMatch(JSON.stringify(outcome), /secret/);
    });
  }

  it('that never answers is not waited for', async () => {
    const gate = await open({}, { replay: { claim: () => new Promise(() => {}) } });
    assert.equal((await gate.check(await proved())).reason, 'replay_unavailable');
  });

  it('is not asked about a request that is denied anyway', async () => {
    let asked = 0;
    const gate = await open({ scopes: ['more'] }, { replay: { claim: async () => Boolean(asked += 1) } });
    assert.equal((await gate.check(await proved())).reason, 'insufficient_scope');
    assert.equal(asked, 0);
  });

  it('must be one', async () => {
    for (const replay of [null, {}, { claim: 1 }, 'redis']) {
      await assert.rejects(open({}, { replay }), { name: 'WaxsealError', message: /^`options.replay`/ });
    }
  });
});

describe('a Redis behind HTTP', () => {
  /** A gate whose store is a server that answers so. */
  async function stored(t, answer, http = {}, options = {}) {
    const { port, asked } = await serve(t, answer);
    return { asked, gate: await open({ replay: { store: { http: { uri: `http://127.0.0.1:${port}`, ...http } } } }, options) };
  }

  it('is told to set a key once, with what it wants to be shown', async (t) => {
    const seen = [];
    const { gate, asked } = await stored(t, (request, response, count) => {
      seen.push([request.method, request.headers.authorization]);
      response.end(count === 1 ? '{"result":"OK"}' : '{"result":null}');
    }, { authorization: { env: 'STORE' } }, { env: { STORE: 'Bearer of the store' } });
    assert.deepEqual(await twice(gate), ['allow', 'proof_replayed']);
    for (const path of asked) assert.match(path, /^\/SET\/waxseal:[\w-]{43}\/1\/NX\/EX\/3[56]\d$/);
    assert.deepEqual(seen, Array(2).fill(['GET', 'Bearer of the store']));
  });

  it('is never answered by a cache', async (t) => {
    const inits = [];
    const cached = (uri, init) => (inits.push(init.cache), fetch(uri, init));
    const { gate } = await stored(t, (_, response) => response.end('{"SET":[true,"OK"]}'), {}, { fetch: cached });
    assert.equal((await gate.check(await proved())).decision, 'allow');
    assert.deepEqual(inits, ['no-store']);
  });

  for (const [name, answer] of Object.entries({
    'an error': (_, response) => response.writeHead(500).end('{"result":"OK"}'),
    'a redirect': (_, response) => response.writeHead(302, { location: '/' }).end(),
    'something else': (_, response) => response.end('{"SET":[false,"ERR"]}'),
    'too much': (_, response) => response.end(`{"result":"OK"}${' '.repeat(2_000)}`),
    'nothing': (_, response) => response.destroy(),
  })) {
    it(`that answers with ${name} denies`, async (t) => {
      const { gate } = await stored(t, answer);
      const { reason, reply } = await gate.check(await proved());
      assert.deepEqual([reason, reply.status], ['replay_unavailable', 503]);
    });
  }

  it('that is slow is not waited for', async (t) => {
    const { gate } = await stored(t, () => {}, { timeout: 1 });
    assert.equal((await gate.check(await proved())).reason, 'replay_unavailable');
  });
});

describe('the URL that a proof is for', () => {
  it('is the whole one where Express has cut the mounted path off', async () => {
    const gate = await open();
    const mounted = async (url) => (await gate.check({ ...(await proved(url)), url: '/', originalUrl: '/mcp' })).reason;
    assert.equal(await mounted(RESOURCE), undefined);
    assert.equal(await mounted(new URL('/', RESOURCE).href), 'proof_url_mismatch');
  });
});
