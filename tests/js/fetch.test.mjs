// The fetch itself: how long it may take, how often it is made, and what a bad one costs. A real
// issuer on loopback wherever the network matters, a given `fetch` where its misbehaviour does.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Gate } from '../../pkg/dist/index.js';
import { assertUnavailable, gateWith, keySet, padded, URI } from './answers.mjs';
import { bearer, config, fetching, KEY, NOW, OTHER, token, tokenOfToday } from './issuer.mjs';
import { sends, serve, sleep } from './loopback.mjs';

async function timed(promise) {
  const start = performance.now();
  const outcome = await promise;
  return { outcome, seconds: (performance.now() - start) / 1000 };
}

// Side by side, since most of these wait for a second to pass.
describe('time', { concurrency: true }, () => {
  describe('a real issuer', { concurrency: true }, () => {
    it('is asked once for 50 requests at a time, and again when the set is old', async (t) => {
      const issuer = await serve(t, async (...exchange) => { await sleep(100); sends(KEY)(...exchange); });
      const gate = await Gate.open(fetching(issuer.uri, { keys: { age: 60 } }));
      const check = (now) => gate.check(bearer(), { now });
      const { outcome: outcomes, seconds } = await timed(Promise.all(Array.from({ length: 50 }, () => check(NOW))));
      assert.ok(seconds < 4, `${seconds} s: nobody told the 49 that wait`);
      assert.deepEqual(new Set(outcomes.map(({ decision }) => decision)), new Set(['allow']));
      assert.equal(issuer.asked.length, 1);
      assert.equal((await check(NOW + 59)).decision, 'allow');
      assert.equal(issuer.asked.length, 1);
      assert.equal((await check(NOW + 60)).decision, 'allow');
      assert.equal(issuer.asked.length, 2);
    });

    it('is not asked for what is denied anyway', async (t) => {
      const issuer = await serve(t, sends(KEY));
      const gate = await Gate.open(fetching(issuer.uri));
      for (const made of ['x', token({ iss: 'https://evil.example.com' }), token({}, { header: { alg: 'none' } }), token({}, { header: { typ: 'JWT' } })]) {
        assert.equal((await gate.check(bearer(made), { now: NOW })).decision, 'deny');
      }
      assert.deepEqual(issuer.asked, []);
    });

    it('that hangs costs keys.timeout and a 503', async (t) => {
      const issuer = await serve(t, () => {});
      const gate = await Gate.open(fetching(issuer.uri, { keys: { timeout: 1 } }));
      const { outcome, seconds } = await timed(gate.check(bearer(), { now: NOW }));
      assertUnavailable(outcome, /Timeout/);
      assert.ok(seconds > 0.9 && seconds < 4, `${seconds} s`);
    });

    it('that hangs in the middle of its answer costs the same', async (t) => {
      const issuer = await serve(t, (_, response) => { response.writeHead(200, { 'content-length': 100 }); response.write('{"keys":['); });
      const gate = await Gate.open(fetching(issuer.uri, { keys: { timeout: 1 } }));
      const { outcome, seconds } = await timed(gate.check(bearer(), { now: NOW }));
      assertUnavailable(outcome, /Timeout/);
      assert.ok(seconds > 0.9 && seconds < 4, `${seconds} s`);
    });

    it('is followed nowhere', async (t) => {
      const issuer = await serve(t, (request, response) => {
        if (request.url === '/other') return sends(KEY)(request, response);
        return response.writeHead(302, { location: '/other' }).end();
      });
      const gate = await Gate.open(fetching(issuer.uri));
      assertUnavailable(await gate.check(bearer(), { now: NOW }), /^status 302$/);
      assert.deepEqual(issuer.asked, ['/jwks.json']);
    });

    it('sees neither token nor anything of the request', async (t) => {
      let seen;
      const issuer = await serve(t, (request, response) => {
        seen = { method: request.method, headers: request.headers, url: request.url };
        sends(KEY)(request, response);
      });
      const gate = await Gate.open(fetching(issuer.uri));
      const made = token();
      const headers = [['authorization', `Bearer ${made}`], ['cookie', 'session=secret'], ['x-request-id', 'secret']];
      assert.equal((await gate.check({ method: 'POST', url: '/mcp?secret', headers }, { now: NOW })).decision, 'allow');
      assert.deepEqual([seen.method, seen.url, seen.headers.accept], ['GET', '/jwks.json', 'application/json']);
      assert.doesNotMatch(JSON.stringify(seen), /secret|eyJ/);
    });

    it('may send 64 KiB', async (t) => {
      const issuer = await serve(t, (_, response) => response.end(padded(65_536)));
      const gate = await Gate.open(fetching(issuer.uri));
      assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    });

    it('that sends without end is not read without end', async (t) => {
      let sent = 0;
      let closed;
      const gone = new Promise((resolve) => { closed = resolve; });
      const issuer = await serve(t, (_, response) => {
        const part = Buffer.alloc(65_536, ' ');
        const more = () => { while (!response.destroyed && response.write(part)) sent += part.length; };
        response.on('drain', more).on('close', closed).write('{"keys":[]');
        more();
      });
      const gate = await Gate.open(fetching(issuer.uri));
      assertUnavailable(await gate.check(bearer(), { now: NOW }), /over 64 KiB/);
      await Promise.race([gone, sleep(2_000).then(() => assert.fail('the connection stays open'))]);
      // What sockets buffer on the way is not ours.
      assert.ok(sent < 20_000_000, `${sent} bytes`);
    });

    it('that is not there is a 503', async () => {
      const gate = await Gate.open(fetching('http://127.0.0.1:1/jwks.json'));
      assertUnavailable(await gate.check(bearer(), { now: NOW }));
    });
  });

  describe('one request does not depend on another', { concurrency: true }, () => {
    it('whose fetch never ends and ignores its signal', async () => {
      // A busy machine makes more than three seconds of the one that the second waits.
      const { gate, asked } = await gateWith((n) => (n === 1 ? new Promise(() => {}) : keySet(KEY)), { keys: { timeout: 6 } });
      const first = timed(gate.check(bearer(tokenOfToday())));
      const second = timed(gate.check(bearer(tokenOfToday())));
      assert.equal((await second).outcome.decision, 'allow');
      assert.ok((await second).seconds > 0.9, `${(await second).seconds} s`);
      assert.equal((await first).outcome.decision, 'allow', 'the set of the second is as good');
      assert.ok((await second).seconds < (await first).seconds, 'it waited for the end of the first');
      assert.ok((await first).seconds < 9, `${(await first).seconds} s`);
      assert.equal(asked.length, 2);
    });

    it('that is gone without a trace, as when a Worker is cancelled', async (t) => {
      const { gate, asked } = await gateWith((n) => (n === 1 ? new Promise(() => {}) : keySet(KEY)), { keys: { timeout: 60 } });
      const { setTimeout } = globalThis;
      t.after(() => { globalThis.setTimeout = setTimeout; });
      // Everything up to the wait for the answer happens at once: its timer will never fire.
      globalThis.setTimeout = () => 0;
      gate.check(bearer(), { now: NOW });
      globalThis.setTimeout = setTimeout;
      assert.equal(asked.length, 1);
      const { outcome, seconds } = await timed(gate.check(bearer(), { now: NOW }));
      assert.equal(outcome.decision, 'allow');
      assert.ok(seconds > 0.9 && seconds < 6, `${seconds} s`);
      assert.equal(asked.length, 2);
      assert.equal((await gate.check(bearer(), { now: NOW + 1 })).decision, 'allow');
      assert.equal(asked.length, 2);
    });

    it('nor do many flood an issuer that is slow', async () => {
      const { gate, asked } = await gateWith(async () => { await sleep(1_500); return keySet(KEY); });
      const all = await timed(Promise.all(Array.from({ length: 50 }, () => gate.check(bearer(), { now: NOW }))));
      assert.deepEqual(new Set(all.outcome.map(({ decision }) => decision)), new Set(['allow']));
      assert.ok(all.seconds < 5, `${all.seconds} s`);
      assert.ok(asked.length <= 2, `${asked.length} fetches`);
    });

    it('also where the clock stands still', async () => {
      const { gate, asked } = await gateWith(() => new Promise(() => {}), { keys: { timeout: 6 } });
      const all = await Promise.all([0, 1, 2].map(() => timed(gate.check(bearer(), { now: NOW }))));
      for (const { outcome, seconds } of all) {
        assert.equal(outcome.reply.status, 503);
        assert.ok(seconds < 12, `${seconds} s`);
      }
      assert.ok(asked.length === 2 || asked.length === 3, `${asked.length} fetches: not one a second for whoever waits`);
    });

    it('whose fetch is aborted', async () => {
      const { gate } = await gateWith(async (n) => {
        await sleep(50);
        if (n === 1) throw new DOMException('gone', 'AbortError');
        return keySet(KEY);
      });
      const [first, second] = await Promise.all([gate.check(bearer(), { now: NOW }), gate.check(bearer(), { now: NOW })]);
      assertUnavailable(first, /AbortError/);
      assertUnavailable(second, /AbortError/);
      assert.equal((await gate.check(bearer(), { now: NOW + 5 })).decision, 'allow');
    });

    it('of another issuer', async () => {
      const slow = 'https://as0.example.com';
      const issuers = [0, 1, 2, 3].map((n) => ({ issuer: `https://as${n}.example.com`, keys: { uri: `https://as${n}.example.com/jwks.json` } }));
      const waits = { 0: 400, 1: 50, 2: 100, 3: 150 };
      const fetch = async (uri) => {
        await sleep(waits[/as(\d)/.exec(uri)[1]]);
        return keySet(KEY);
      };
      const gate = await Gate.open(config({ issuers }), { fetch });
      const check = (iss) => gate.check(bearer(token({ iss })), { now: NOW });
      const outcomes = await Promise.all([check(slow), check(slow), ...issuers.slice(1).map(({ issuer }) => check(issuer))]);
      assert.deepEqual(outcomes.map(({ decision, facts }) => facts?.fault ?? decision), Array(5).fill('allow'));
    });

    it('of 19 other issuers, the slowest first', async () => {
      const issuers = Array.from({ length: 20 }, (_, n) => ({ issuer: `https://as${n}.example.com`, keys: { uri: `https://as${n}.example.com/jwks.json` } }));
      const asked = new Map();
      const fetch = async (uri) => {
        asked.set(uri, (asked.get(uri) ?? 0) + 1);
        await sleep(uri.startsWith('https://as0.') ? 500 : 20 * Number(/as(\d+)/.exec(uri)[1]));
        return keySet(KEY);
      };
      const gate = await Gate.open(config({ issuers }), { fetch });
      const check = ({ issuer }) => timed(gate.check(bearer(token({ iss: issuer })), { now: NOW }));
      const all = await Promise.all([...issuers, ...issuers, ...issuers].map(check));
      assert.deepEqual(all.map(({ outcome }) => outcome.facts?.fault ?? outcome.decision), Array(60).fill('allow'));
      assert.deepEqual([...asked.values()], Array(20).fill(1));
      assert.ok(all[1].seconds < all[0].seconds, 'it waited for the slowest');
    });

    it('whose body stream never ends and cannot be cancelled', async () => {
      const stream = () => new ReadableStream({ cancel: () => new Promise(() => {}), pull: () => new Promise(() => {}) });
      const { gate } = await gateWith(() => new Response(stream()), { keys: { timeout: 1 } });
      const { outcome, seconds } = await timed(gate.check(bearer(), { now: NOW }));
      assertUnavailable(outcome, /Timeout/);
      assert.ok(seconds < 4, `${seconds} s`);
    });
  });

  describe('the signal of a fetch', () => {
    it('is aborted when the time is up', async () => {
      let reason;
      const fetch = (_, { signal }) => new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(reason = signal.reason));
      });
      const gate = await Gate.open(fetching(URI, { keys: { timeout: 1 } }), { fetch });
      assertUnavailable(await gate.check(bearer(), { now: NOW }), /Timeout/);
      assert.equal(reason?.name, 'TimeoutError');
    });
  });

  describe('a process', { concurrency: true }, () => {
    const inProcess = (body) => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', `
      import { Gate } from '${new URL('../../pkg/dist/index.js', import.meta.url)}';
      const request = { url: '/mcp', headers: { authorization: 'Bearer ${token()}' } };
      const config = ${JSON.stringify(fetching(URI))};
      ${body}`], { timeout: 10_000 });

    it('is not kept alive by a fetch that has ended', async () => {
      const { seconds, outcome } = await timed(inProcess(`
        const gate = await Gate.open({ ...config, keys: { timeout: 60 } }, { fetch: async () => new Response('{}') });
        console.log((await gate.check(request, { now: ${NOW} })).reason);`));
      assert.equal(outcome.stdout, 'keys_unavailable\n');
      assert.ok(seconds < 8, `${seconds} s`);
    });

    it('does not end before an answer is there', async () => {
      const { stdout } = await inProcess(`
        const gate = await Gate.open({ ...config, keys: { timeout: 1 } }, { fetch: () => new Promise(() => {}) });
        console.log((await gate.check(request, { now: ${NOW} })).reason);`);
      assert.equal(stdout, 'keys_unavailable\n');
    });
  });
});

describe('a fetch that misbehaves is a 503', () => {
  const throws = (what) => () => { throw what; };
  const hostile = Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('from the getter'); } });
  const answers = {
    'throws an error': async () => { throw new Error('refused'); },
    'throws an error with a cause': async () => { throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }); },
    'throws at once': throws(new Error('at once')),
    'throws text': throws('text'),
    'throws undefined': throws(undefined),
    'throws null': throws(null),
    'throws a number': throws(42),
    'throws a symbol': throws(Symbol('s')),
    'throws an object without a prototype': throws(Object.create(null)),
    'throws an error whose message is a symbol': throws(Object.assign(new Error('x'), { message: Symbol('s') })),
    'throws an error that throws': throws(hostile),
    'throws an error of 1 MB': throws(new Error('x'.repeat(1_000_000))),
    'throws an error with a lone surrogate': throws(new Error('\ud800')),
    'rejects with undefined': () => Promise.reject(undefined),
    'gives undefined': () => undefined,
    'gives null': async () => null,
    'gives text': async () => JSON.stringify({ keys: [KEY.jwk] }),
    'gives the key set itself': async () => ({ keys: [KEY.jwk] }),
    'gives a status only': async () => ({ status: 200 }),
    'gives a body that is text': async () => ({ status: 200, body: '{"keys":[]}' }),
    'gives a body that is no stream': async () => ({ status: 200, body: {} }),
    'gives a body whose reader gives nothing': async () => ({ status: 200, body: { getReader: () => ({ read: async () => ({ done: false }) }) } }),
    'gives a body of text': async () => ({ status: 200, body: new ReadableStream({ start(c) { c.enqueue('{"keys":[]}'); c.close(); } }) }),
    'gives a status that is a symbol': async () => ({ status: Symbol('200'), body: null }),
    'gives a status that is a big integer': async () => ({ status: 200n, body: null }),
    'gives a status that is no number': async () => ({ status: 'good', body: null }),
    'gives a status that is a number by its lower bits': async () => ({ status: 65_736, body: keySet(KEY).body }),
    'gives a body that has been read': async () => { const used = keySet(KEY); await used.text(); return used; },
    'gives a body that is locked': async () => { const used = keySet(KEY); used.body.getReader(); return used; },
    'gives a proxy that throws': async () => new Proxy({}, { get(_, name) { if (name === 'then') return undefined; throw new Error('trap'); } }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    it(name, async () => {
      const { gate } = await gateWith((n) => (n === 1 ? answer() : keySet(KEY)));
      const outcome = await gate.check(bearer(), { now: NOW });
      assertUnavailable(outcome);
      assert.ok(outcome.facts.fault.length <= 100, outcome.facts.fault);
      assert.equal((await gate.check(bearer(), { now: NOW + 5 })).decision, 'allow', 'it did not recover');
    });
  }
});

describe('which fetch', () => {
  it('the given one, with what it needs and without a `this`', async () => {
    const seen = [];
    async function fetch(...input) {
      seen.push([this, ...input]);
      return keySet(KEY);
    }
    const gate = await Gate.open(fetching(URI), { fetch });
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    const [[self, uri, { signal, redirect, method = 'GET', headers, body }]] = seen;
    assert.deepEqual([self, uri, redirect, method, body], [undefined, URI, 'manual', 'GET', undefined]);
    assert.ok(signal instanceof AbortSignal);
    assert.equal(new Headers(headers).get('accept'), 'application/json');
  });

  it('never the global one where one is given, and else the global one of that moment', async (t) => {
    const { fetch } = globalThis;
    t.after(() => { globalThis.fetch = fetch; });
    let used = 0;
    const ours = await Gate.open(fetching(URI), { fetch: async () => keySet(KEY) });
    const theirs = await Gate.open(fetching(URI));
    globalThis.fetch = async () => { used += 1; return keySet(KEY); };
    assert.equal((await ours.check(bearer(), { now: NOW })).decision, 'allow');
    assert.equal(used, 0);
    assert.equal((await theirs.check(bearer(), { now: NOW })).decision, 'allow');
    assert.equal(used, 1);
  });

  it('none where the key set is in the configuration', async () => {
    const fetch = async () => assert.fail('fetched');
    const gate = await Gate.open(config(), { fetch });
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    assert.equal((await gate.check(bearer(token({}, { key: OTHER })), { now: NOW + 60 })).reason, 'key_unknown');
  });
});
