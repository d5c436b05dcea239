// Many requests at a time decide as they would one by one, and leave nothing behind.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Core, Visit } from '../../pkg/dist/core.js';
import { Gate } from '../../pkg/dist/index.js';
import { exports } from '../../pkg/dist/module.js';
import { bearer, call, config, ISSUER, KEY, newKey, NOW, OTHER, SCOPES, token } from './issuer.mjs';
import { withoutId } from './ids.mjs';
import { sleep } from './loopback.mjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const { memory, __wbindgen_externrefs: references } = exports();

const RSA = newKey('rs-1', 'RS256');
const FETCHED = 'https://fetched.example.com';
const DOWN = 'https://down.example.com';

const scope = SCOPES.join(' ');
const REQUESTS = [
  ['allow', bearer(token({ scope }))],
  ['allow', bearer(token({ scope, iss: FETCHED }, { key: RSA }))],
  ['answer', { url: '/.well-known/oauth-protected-resource' }],
  ['missing_token', call()],
  ['scheme_unsupported', call({ authorization: 'Basic eDp5' })],
  ['token_in_query', call([], { url: '/mcp?access_token=x' })],
  ['token_malformed', bearer('x.y.z')],
  ['issuer_unknown', bearer(token({ iss: 'https://evil.example.com' }))],
  ['keys_unavailable', bearer(token({ iss: DOWN }))],
  ['key_unknown', bearer(token({}, { key: OTHER }))],
  ['signature_invalid', bearer(token({}, { key: OTHER, header: { kid: KEY.kid } }))],
  ['token_expired', bearer(token({ scope, exp: NOW - 31 }))],
  ['insufficient_scope', bearer(token({ scope: SCOPES[0] }))],
  ['request_malformed', { url: '*' }],
  ['missing_token', call([], { method: '' })],
  ['authorization_duplicated', call([['authorization', 'Bearer a'], ['authorization', 'Bearer b']])],
];

async function openMixed() {
  const fetch = async (uri) => {
    await sleep(20);
    return uri.startsWith(DOWN) ? new Response('', { status: 500 }) : Response.json({ keys: [RSA.jwk] });
  };
  const remote = [FETCHED, DOWN].map((issuer) => ({ issuer, keys: { uri: `${issuer}/jwks.json` } }));
  return Gate.open({ ...config({ scopes: SCOPES }), issuers: [...config().issuers, ...remote] }, { fetch });
}

/** All of an outcome but the request's id, which must be the same wherever it stands. */
function decided({ decision, reason, grant, reply }) {
  const headers = grant?.headers ?? reply.headers;
  const id = new Headers(headers).get('x-request-id');
  const { requestId = id } = JSON.parse(reply?.body ?? '{}');
  assert.equal(requestId, id);
  const rest = { ...grant, headers: withoutId(headers) };
  return JSON.stringify([reason ?? decision, rest, reply?.status, reply?.body.replace(id, '')]);
}

describe('1000 requests at a time', () => {
  it('are decided as one by one', async () => {
    const alone = await openMixed();
    const expected = [];
    for (const [reason, request] of REQUESTS) {
      const outcome = await alone.check(request, { now: NOW });
      assert.equal(outcome.reason ?? outcome.decision, reason);
      expected.push(decided(outcome));
    }
    const crowded = await openMixed();
    const order = Array.from({ length: 1000 }, (_, n) => (n * 7) % REQUESTS.length);
    const outcomes = await Promise.all(order.map((which) => crowded.check(REQUESTS[which][1], { now: NOW })));
    outcomes.forEach((outcome, n) => assert.equal(decided(outcome), expected[order[n]]));
  });

  it('each have an id of their own', async () => {
    const gate = await openMixed();
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => gate.check(call())));
    assert.equal(new Set(outcomes.map(({ reply }) => JSON.parse(reply.body).requestId)).size, 1000);
  });

  it('may have clocks of their own', async () => {
    const gate = await Gate.open(config());
    const request = bearer();
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => gate.check(request, { now: NOW + 300 + n })));
    assert.equal(outcomes.filter(({ allow }) => allow).length, 30);
    assert.deepEqual(outcomes.map(({ allow }) => allow), outcomes.map((_, n) => n < 30));
  });
});

describe('nothing is left behind', () => {
  // What a request holds in the module is freed by hand: the collector may come too late.
  function watchVisits(t) {
    const living = new Set();
    const { visit } = Core.prototype;
    const { free } = Visit.prototype;
    t.after(() => { Core.prototype.visit = visit; Visit.prototype.free = free; });
    let begun = 0;
    Core.prototype.visit = function (...input) {
      const made = visit.apply(this, input);
      // What is decided at once holds nothing.
      if (!made) return made;
      begun += 1;
      living.add(made);
      return made;
    };
    Visit.prototype.free = function () {
      living.delete(this);
      free.call(this);
    };
    return { living, begun: () => begun };
  }

  it('by any outcome', async (t) => {
    const { living, begun } = watchVisits(t);
    const gate = await openMixed();
    await Promise.all(REQUESTS.map(([, request]) => gate.check(request, { now: NOW })));
    assert.ok(begun() > 1);
    assert.equal(living.size, 0);
  });

  it('by an exception', async (t) => {
    const { living, begun } = watchVisits(t);
    const gate = await openMixed();
    const { next } = Visit.prototype;
    t.after(() => { Visit.prototype.next = next; });
    Visit.prototype.next = () => { throw new Error('own'); };
    await assert.rejects(gate.check(bearer(), { now: NOW }), /^Error: own$/);
    assert.equal(begun(), 1);
    assert.equal(living.size, 0);
    Visit.prototype.next = next;
    assert.equal((await gate.check(bearer(token({ scope })), { now: NOW })).decision, 'allow');
  });

  async function growth(repeat) {
    const size = () => {
      collect();
      return { wasm: memory.buffer.byteLength, references: references.length, heap: process.memoryUsage().heapUsed };
    };
    await repeat();
    const before = size();
    await repeat();
    await repeat();
    const after = size();
    return Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));
  }

  function assertFlat({ wasm, references: more, heap }) {
    assert.equal(wasm, 0, 'bytes of wasm memory');
    assert.equal(more, 0, 'references held for the module');
    assert.ok(heap < 3_000_000, `${heap} bytes of heap`);
  }

  it('by 20,000 checks', async () => {
    const gate = await openMixed();
    let verified = 0;
    assertFlat(await growth(async () => {
      for (let n = 0; n < 6_700; n += 1) {
        // Signatures take most of the time: every sixtieth check is enough of them.
        const [reason, request] = REQUESTS[n % 60 === 0 ? (n / 60) % REQUESTS.length : 2 + (n % 5)];
        const outcome = await gate.check(request, { now: NOW });
        if ((outcome.reason ?? outcome.decision) !== reason) assert.fail(`${reason}: ${JSON.stringify(outcome)}`);
        if (outcome.allow) verified += 1;
      }
    }));
    assert.ok(verified > 30, `${verified}`);
  });

  it('by 1,500 configurations that are refused', async () => {
    const wrong = config({ issuers: [...config().issuers, { issuer: ISSUER, keys: { set: { keys: [KEY.jwk] } } }] });
    assertFlat(await growth(async () => {
      for (let n = 0; n < 500; n += 1) await assert.rejects(Gate.open(wrong), { name: 'WaxsealError' });
    }));
  });

  it('by large requests', async () => {
    const gate = await openMixed();
    const large = call([['x-padding', 'x'.repeat(1_000_000)]]);
    assertFlat(await growth(async () => {
      for (let n = 0; n < 20; n += 1) await gate.check(large, { now: NOW });
    }));
  });
});
