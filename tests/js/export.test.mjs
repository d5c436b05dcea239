// Key sets that outlive a process: what one gate exports, another takes over, as old as it is.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../pkg/dist/index.js';
import { assertUnavailable, keySet, URI } from './answers.mjs';
import { bearer, config, fetching, ISSUER, KEY, newKey, NOW, OTHER, token } from './issuer.mjs';

const TODAY = Math.floor(Date.now() / 1000);

/** A gate and the URIs that it has fetched. */
async function opened(given, answer, keys) {
  const asked = [];
  const fetch = async (uri) => { asked.push(uri); return answer(uri); };
  return { gate: await Gate.open(given, { fetch, keys }), asked };
}

const down = () => { throw new Error('down'); };

async function exported(given = fetching(URI), now = NOW, made = token(), answer = () => keySet(KEY)) {
  const { gate } = await opened(given, answer);
  assert.equal((await gate.check(bearer(made), { now })).decision, 'allow');
  return gate.exportKeys();
}

/** Whether a fresh gate has taken the set: it decides without a fetch. */
async function takes(keys, given = fetching(URI), now = NOW + 1) {
  const { gate, asked } = await opened(given, down, keys);
  const outcome = await gate.check(bearer(), { now });
  if (outcome.allow) assert.deepEqual(asked, []);
  else assertUnavailable(outcome, /down/);
  return outcome.allow;
}

const kept = (members = {}, set = {}) =>
  JSON.stringify({ version: 1, sets: [{ issuer: ISSUER, kept: { uri: URI, since: NOW, age: 300, set: { keys: [KEY.jwk] }, ...members }, ...set }] });

describe('an export', () => {
  it('is this text', async () => {
    assert.deepEqual(JSON.parse(await exported()), JSON.parse(kept()));
  });

  it('goes round: what another gate exports is the same', async () => {
    const text = await exported();
    const { gate } = await opened(fetching(URI), down, text);
    assert.deepEqual(JSON.parse(gate.exportKeys()), JSON.parse(text));
  });

  it('is empty before the first fetch, and where all keys are configured', async () => {
    const empty = { version: 1, sets: [] };
    const { gate } = await opened(fetching(URI), down);
    assert.deepEqual(JSON.parse(gate.exportKeys()), empty);
    assertUnavailable(await gate.check(bearer(), { now: NOW }));
    assert.deepEqual(JSON.parse(gate.exportKeys()), empty);
    const inline = await Gate.open(config());
    assert.equal((await inline.check(bearer(), { now: NOW })).decision, 'allow');
    assert.deepEqual(JSON.parse(inline.exportKeys()), empty);
    assert.equal(await takes(JSON.stringify(empty)), false);
  });

  it('holds no part of a request', async () => {
    const made = token({ secret: 'the-secret' });
    const text = await exported(fetching(URI), NOW, made);
    for (const part of [...made.split('.'), 'alice', 'the-secret']) assert.ok(!text.includes(part), part);
  });

  it('keeps what the set says besides its keys, and keys that nobody here can read', async () => {
    const set = { keys: [KEY.jwk, { kty: 'new', kid: 'n' }], issuer: ISSUER };
    const text = await exported(fetching(URI), NOW, token(), () => Response.json(set));
    assert.deepEqual(JSON.parse(text).sets[0].kept.set, set);
    assert.equal(await takes(text), true);
  });

  it('holds the sets of all issuers, and those that are configured still are looked up', async () => {
    const issuers = [0, 1, 2].map((n) => ({ issuer: `https://as${n}.example.com`, keys: { uri: `https://as${n}.example.com/jwks.json` } }));
    const given = config({ issuers });
    const { gate } = await opened(given, () => keySet(KEY));
    for (const { issuer } of issuers) assert.equal((await gate.check(bearer(token({ iss: issuer })), { now: NOW })).decision, 'allow');
    const other = await opened(config({ issuers: issuers.slice(1) }), down, gate.exportKeys());
    for (const { issuer } of issuers.slice(1)) assert.equal((await other.gate.check(bearer(token({ iss: issuer })), { now: NOW + 1 })).decision, 'allow');
    assert.deepEqual(other.asked, []);
  });
});

describe('its age goes on', () => {
  it('no fetch before it is over, one ahead, one to wait for', async () => {
    const text = await exported();
    for (const [now, asked] of [[NOW + 239, 0], [NOW + 240, 1], [NOW + 299, 1]]) {
      const other = await opened(fetching(URI), () => keySet(KEY), text);
      assert.equal((await other.gate.check(bearer(), { now })).decision, 'allow');
      assert.equal(other.asked.length, asked, String(now - NOW));
    }
    const late = await opened(fetching(URI), () => keySet(OTHER), text);
    assert.equal((await late.gate.check(bearer(token({ exp: NOW + 900 }, { key: OTHER })), { now: NOW + 300 })).decision, 'allow');
    assert.equal(late.asked.length, 1);
  });

  it('it does not start anew with each gate', async () => {
    let text = await exported();
    for (let n = 0; n < 5; n += 1) text = (await opened(fetching(URI), down, text)).gate.exportKeys();
    assert.equal(JSON.parse(text).sets[0].kept.since, NOW);
    assert.equal(await takes(text, fetching(URI), NOW + 239), true);
  });

  it('an old set bridges an outage until it is too old', async () => {
    const text = await exported();
    const made = token({ exp: NOW + 2_000 });
    for (const [now, decision] of [[NOW + 300, 'allow'], [NOW + 899, 'allow'], [NOW + 900, 'deny']]) {
      const { gate, asked } = await opened(fetching(URI), down, text);
      assert.equal((await gate.check(bearer(made), { now })).decision, decision, String(now - NOW));
      assert.equal(asked.length, 1);
    }
  });

  it('what Cache-Control said is kept', async () => {
    const answer = () => Response.json({ keys: [KEY.jwk] }, { headers: { 'cache-control': 'max-age=60' } });
    const text = await exported(fetching(URI), NOW, token(), answer);
    assert.equal(JSON.parse(text).sets[0].kept.age, 60);
    const { gate, asked } = await opened(fetching(URI), () => keySet(KEY), text);
    for (const [now, count] of [[NOW + 47, 0], [NOW + 60, 1]]) {
      assert.equal((await gate.check(bearer(), { now })).decision, 'allow');
      assert.equal(asked.length, count);
    }
  });

  it('the configuration can only shorten it', async () => {
    const text = await exported();
    assert.equal(JSON.parse((await opened(fetching(URI, { keys: { age: 100 } }), down, text)).gate.exportKeys()).sets[0].kept.age, 100);
    assert.equal(JSON.parse((await opened(fetching(URI, { keys: { age: 900 } }), down, text)).gate.exportKeys()).sets[0].kept.age, 300);
  });

  it('a key that is not in it is looked for', async () => {
    const next = newKey('es-next');
    const { gate, asked } = await opened(fetching(URI), () => keySet(next), await exported());
    assert.equal((await gate.check(bearer(token({}, { key: next })), { now: NOW + 10 })).decision, 'allow');
    assert.equal(asked.length, 1);
  });
});

describe('a set that does not belong here is not used', () => {
  it('of the future', async () => {
    assert.equal(await takes(kept({ since: TODAY + 3_600 }), fetching(URI), TODAY + 3_600), false);
    assert.equal(await takes(kept({ since: TODAY + 3_600 })), false);
    assert.equal(await takes(kept({ since: 2 ** 53 })), false);
  });

  it('of another URI, another issuer, or one whose keys are configured now', async () => {
    const text = await exported();
    assert.equal(await takes(text, fetching('https://as.example.com/other.json')), false);
    assert.equal(await takes(text, fetching(`${URI}?v=2`)), false);
    assert.equal(await takes(kept({}, { issuer: `${ISSUER}/` })), false);
    const { gate } = await opened(config(), down, kept({ set: { keys: [OTHER.jwk] } }));
    assert.equal((await gate.check(bearer(token({}, { key: OTHER })), { now: NOW + 60 })).reason, 'key_unknown');
    assert.equal((await gate.check(bearer(), { now: NOW + 60 })).decision, 'allow');
  });

  it('where a discovered one stood, but no metadata could have led to it', async () => {
    const given = config({ issuers: [{ issuer: ISSUER, keys: { discover: true } }] });
    assert.equal(await takes(kept({ uri: 'https://as.example.com/keys' }), given), true);
    for (const uri of ['https://10.0.0.1/keys', 'http://as.example.com/keys', 'https://localhost/keys', 'file:///keys', '']) {
      assert.equal(await takes(kept({ uri }), given), false, uri);
    }
  });

  it('of two for one issuer, the newer one is, in either order', async () => {
    const sets = [[NOW, OTHER], [NOW + 10, KEY]].map(([since, key]) => JSON.parse(kept({ since, set: { keys: [key.jwk] } })).sets[0]);
    for (const order of [sets, sets.toReversed()]) {
      assert.equal(await takes(JSON.stringify({ version: 1, sets: order }), fetching(URI), NOW + 20), true);
    }
  });
});

describe('a text that is no export is not used, and does no harm', () => {
  const texts = {
    'nothing': '', 'a space': ' ', 'a part of one': kept().slice(0, -1), 'two': kept() + kept(), 'null': 'null', 'a list': '[]', 'a number': '1', 'text': '"keys"',
    'HTML': '<html>', 'a key set': JSON.stringify({ keys: [KEY.jwk] }), 'no version': kept().replace('"version":1,', ''),
    'an older version': kept().replace('"version":1', '"version":0'), 'a newer version': kept().replace('"version":1', '"version":2'),
    'a version as text': kept().replace('"version":1', '"version":"1"'), 'no sets': '{"version":1}', 'sets that are null': '{"version":1,"sets":null}',
    'a set that is null': '{"version":1,"sets":[null]}', 'a member too many': kept().replace('{', '{"more":1,'), 'a member too many inside': kept({ more: 1 }),
    'no uri': kept({ uri: undefined }), 'no time': kept({ since: undefined }), 'a time as text': kept({ since: String(NOW) }), 'a fraction of a second': kept({ since: NOW + 0.5 }),
    'a time beyond all': kept().replace(String(NOW), '1e400'), 'an age below zero': kept({ age: -1 }), 'an age beyond 32 bits': kept({ age: 2 ** 32 }),
    'no set': kept({ set: undefined }), 'a set that is a list': kept({ set: [KEY.jwk] }), 'a set without keys': kept({ set: {} }), 'keys that are an object': kept({ set: { keys: {} } }),
    'a lone surrogate': '\ud800', 'a NUL': '\0', 'a byte order mark': `\ufeff${kept()}`, '2 MB': ' '.repeat(2_000_000) + '{', 'deep nesting': '['.repeat(100_000),
  };
  for (const [name, text] of Object.entries(texts)) {
    it(name, async () => {
      const { gate, asked } = await opened(fetching(URI), () => keySet(KEY), text);
      assert.deepEqual(JSON.parse(gate.exportKeys()).sets, []);
      assert.equal((await gate.check(bearer(), { now: NOW + 1 })).decision, 'allow');
      assert.equal(asked.length, 1);
    });
  }

  it('although a good one is used', async () => assert.equal(await takes(kept()), true));

  it('very old, or at the beginning of time, is as good as none', async () => {
    for (const since of [0, -1, -(2 ** 53), NOW - 900]) assert.equal(await takes(kept({ since })), false, String(since));
  });
});
