// Fetched key sets: when they are fetched again, and what a bad one does.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertUnavailable, gateWith, keySet, padded } from './answers.mjs';
import { bearer, KEY, newKey, NOW, OTHER, token } from './issuer.mjs';

describe('after a failure', () => {
  it('the next try comes 5 seconds later, and recovers', async () => {
    const { gate, asked } = await gateWith((n) => (n === 1 ? new Response('', { status: 500 }) : keySet(KEY)));
    const check = async (now) => {
      const outcome = await gate.check(bearer(), { now });
      return [outcome.reason ?? outcome.decision, new Headers(outcome.reply?.headers).get('retry-after'), asked.length];
    };
    assert.deepEqual(await check(NOW), ['keys_unavailable', '5', 1]);
    assert.deepEqual(await check(NOW + 4), ['keys_unavailable', '1', 1]);
    assert.deepEqual(await check(NOW + 5), ['allow', null, 2]);
  });

  it('a good set stays good for the keys it has', async () => {
    const { gate, asked } = await gateWith((n) => (n === 1 ? keySet(KEY) : new Response('', { status: 500 })));
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    assertUnavailable(await gate.check(bearer(token({}, { key: OTHER })), { now: NOW + 1 }), /status 500/);
    assert.equal((await gate.check(bearer(), { now: NOW + 1 })).decision, 'allow');
    assert.equal(asked.length, 2);
  });
});

describe('keys change', () => {
  it('a new key is found with one fetch, and the old one is gone', async () => {
    const next = newKey('es-next');
    const { gate, asked } = await gateWith((n) => (n === 1 ? keySet(KEY) : keySet(next)));
    const check = async (key, now) => {
      const outcome = await gate.check(bearer(token({}, { key })), { now });
      return outcome.reason ?? outcome.decision;
    };
    assert.equal(await check(KEY, NOW), 'allow');
    assert.equal(await check(next, NOW + 10), 'allow');
    assert.equal(asked.length, 2);
    assert.equal(await check(KEY, NOW + 11), 'key_unknown');
    assert.equal(await check(next, NOW + 12), 'allow');
    assert.equal(asked.length, 2);
  });

  it('forged key names force at most one fetch in 30 seconds', async () => {
    const { gate, asked } = await gateWith(() => keySet(KEY));
    const forged = (n) => bearer(token({}, { key: OTHER, header: { kid: `forged-${n}` } }));
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    const flood = async (now) => {
      const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => gate.check(forged(n), { now })));
      assert.deepEqual(new Set(outcomes.map(({ reason }) => reason)), new Set(['key_unknown']));
      return asked.length;
    };
    assert.equal(await flood(NOW), 1);
    assert.equal(await flood(NOW + 1), 2);
    assert.equal(await flood(NOW + 30), 2);
    assert.equal(await flood(NOW + 31), 3);
    assert.equal((await gate.check(bearer(), { now: NOW + 31 })).decision, 'allow');
    assert.equal(asked.length, 3);
  });
});

describe('a bad key set is a 503', () => {
  const answers = {
    'no JSON': [() => new Response('<html>'), /not JSON/],
    'a list': [() => Response.json([KEY.jwk]), /not a JSON object/],
    'no keys': [() => Response.json({}), /keys/],
    'keys that are an object': [() => Response.json({ keys: {} }), /keys/],
    'not found': [() => new Response('{"keys":[]}', { status: 404 }), /^status 404$/],
    'another good status': [() => Response.json({ keys: [KEY.jwk] }, { status: 201 }), /^status 201$/],
    'no content': [() => new Response(null, { status: 204 }), /^status 204$/],
    'no body': [() => new Response(null), /not JSON/],
    'a network error': [() => Response.error(), /^status 0$/],
    'one byte too much': [() => new Response(padded(65_537)), /over 64 KiB/],
    'no UTF-8': [() => new Response(new Uint8Array([0x7b, 0xff, 0x7d])), /not UTF-8/],
    'a body that breaks off': [() => new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array(9)); c.error(new Error('cut')); } })), /cut/],
  };
  for (const [name, [answer, fault]] of Object.entries(answers)) {
    it(name, async () => {
      const { gate, asked } = await gateWith(answer);
      assertUnavailable(await gate.check(bearer(), { now: NOW }), fault);
      assert.equal(asked.length, 1);
    });
  }

  it('and an empty one is not: the key is unknown', async () => {
    const { gate } = await gateWith(() => Response.json({ keys: [] }));
    assert.equal((await gate.check(bearer(), { now: NOW })).reason, 'key_unknown');
  });

  it('and is read no further than one byte over 64 KiB', async () => {
    const stream = { pulled: 0, cancelled: false };
    const body = new ReadableStream({
      pull(controller) { stream.pulled += 1; controller.enqueue(new Uint8Array(10_000)); },
      cancel() { stream.cancelled = true; },
    }, { highWaterMark: 0 });
    const { gate } = await gateWith(() => new Response(body));
    assertUnavailable(await gate.check(bearer(), { now: NOW }), /over 64 KiB/);
    assert.deepEqual(stream, { pulled: 7, cancelled: true });
  });
});
