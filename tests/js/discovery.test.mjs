// Keys that are found through an issuer's metadata: a real issuer on loopback where the network
// matters, a given `fetch` where other hosts do.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../pkg/dist/index.js';
import { assertUnavailable, keySet } from './answers.mjs';
import { bearer, config, ISSUER, KEY, newKey, NOW, OTHER, token } from './issuer.mjs';
import { serve } from './loopback.mjs';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

const discovering = (issuer, more = {}, members = {}) => config({ issuers: [{ issuer, keys: { discover: true, ...more } }], ...members });

/** A real issuer with these documents: path -> JSON value, or a function that answers. */
async function loopback(t, documents) {
  const served = await serve(t, (request, response) => {
    const document = documents[request.url];
    if (typeof document === 'function') return document(request, response);
    if (!document) return response.writeHead(404).end();
    return response.end(JSON.stringify(document));
  });
  return { ...served, origin: `http://127.0.0.1:${served.port}` };
}

/** A gate whose fetches are answered from these documents: URL -> JSON value, function or error. */
async function remote(documents, more = {}, issuer = ISSUER) {
  const asked = [];
  const fetch = async (uri) => {
    asked.push(uri);
    const document = documents[uri];
    if (typeof document === 'function') return document();
    return document ? Response.json(document) : new Response('', { status: 404 });
  };
  const gate = await Gate.open(discovering(issuer, more), { fetch });
  return { gate, asked };
}

const good = (uri, issuer = ISSUER) => ({ issuer, jwks_uri: uri });
const KEYS = { keys: [KEY.jwk] };
const check = (gate, now = NOW, iss = ISSUER, key = KEY) => gate.check(bearer(token({ iss, exp: NOW + 10_000 }, { key })), { now });

describe('a real issuer', () => {
  for (const [name, path, place] of [
    ['at its root, by OAuth\'s metadata', '', OAUTH],
    ['at its root, by OpenID\'s', '', OPENID],
    ['below a path, by OAuth\'s', '/tenant', `${OAUTH}/tenant`],
    ['below a path, by OpenID\'s inserted', '/tenant', `${OPENID}/tenant`],
    ['below a path, by OpenID\'s appended', '/tenant', `/tenant${OPENID}`],
  ]) {
    it(`is found ${name}`, async (t) => {
      const documents = { '/keys': KEYS };
      const { asked, origin } = await loopback(t, documents);
      const issuer = origin + path;
      documents[place] = good(`${origin}/keys`, issuer);
      const gate = await Gate.open(discovering(issuer));
      const outcome = await check(gate, NOW, issuer);
      assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
      const places = [`${OAUTH}${path}`, `${OPENID}${path}`, `${path}${OPENID}`];
      assert.deepEqual(asked, [...places.slice(0, places.indexOf(place) + 1), '/keys']);
      assert.equal((await check(gate, NOW + 100, issuer)).decision, 'allow');
      assert.equal(asked.at(-1), '/keys');
    });
  }

  it('is asked once for 30 requests at a time', async (t) => {
    const documents = { '/keys': KEYS };
    const { asked, origin } = await loopback(t, documents);
    documents[OAUTH] = good(`${origin}/keys`, origin);
    const gate = await Gate.open(discovering(origin));
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => check(gate, NOW, origin)));
    assert.deepEqual(new Set(outcomes.map(({ decision }) => decision)), new Set(['allow']));
    assert.deepEqual(asked, [OAUTH, '/keys']);
  });

  it('is followed nowhere: neither its metadata nor its keys', async (t) => {
    const to = (location) => (_, response) => response.writeHead(302, { location }).end();
    const documents = { '/keys': KEYS, '/other': KEYS };
    const { asked, origin } = await loopback(t, documents);
    documents['/metadata'] = good(`${origin}/keys`, origin);
    documents[OAUTH] = to('/metadata');
    documents[OPENID] = to('/metadata');
    assertUnavailable(await check(await Gate.open(discovering(origin)), NOW, origin), /^status 302$/);
    assert.deepEqual(asked.splice(0), [OAUTH, OPENID]);
    documents[OAUTH] = good(`${origin}/moved`, origin);
    documents['/moved'] = to('/other');
    assertUnavailable(await check(await Gate.open(discovering(origin)), NOW, origin), /^status 302$/);
    assert.deepEqual(asked, [OAUTH, '/moved']);
  });

  it('that does not answer is not asked at its other places', async (t) => {
    const { asked, origin } = await loopback(t, { [OAUTH]: (_, response) => response.destroy() });
    assertUnavailable(await check(await Gate.open(discovering(origin)), NOW, origin));
    assert.deepEqual(asked, [OAUTH]);
  });

  it('sees nothing of the request', async (t) => {
    const seen = [];
    const documents = { '/keys': (request, response) => { seen.push(request.headers); response.end(JSON.stringify(KEYS)); } };
    const { origin } = await loopback(t, documents);
    documents[OAUTH] = (request, response) => { seen.push(request.headers); response.end(JSON.stringify(good(`${origin}/keys`, origin))); };
    assert.equal((await check(await Gate.open(discovering(origin)), NOW, origin)).decision, 'allow');
    assert.equal(seen.length, 2);
    assert.doesNotMatch(JSON.stringify(seen), /eyJ|uthorization/);
    for (const headers of seen) assert.equal(headers.accept, 'application/json');
  });
});

describe('metadata is refused', () => {
  const place = ISSUER + OAUTH;
  const uri = `${ISSUER}/keys`;
  const documents = {
    'of another issuer': { issuer: 'https://evil.example.com', jwks_uri: uri },
    'of nearly this issuer': { issuer: `${ISSUER}/`, jwks_uri: uri },
    'without an issuer': { jwks_uri: uri },
    'without jwks_uri': { issuer: ISSUER },
    'with a list of them': { issuer: ISSUER, jwks_uri: [uri] },
    'with a relative one': { issuer: ISSUER, jwks_uri: '/keys' },
    'with one over http': { issuer: ISSUER, jwks_uri: 'http://as.example.com/keys' },
    'with another scheme': { issuer: ISSUER, jwks_uri: 'data:application/json,{"keys":[]}' },
    'with a user': { issuer: ISSUER, jwks_uri: 'https://user@as.example.com/keys' },
    'with a fragment': { issuer: ISSUER, jwks_uri: `${uri}#a` },
    'with a line break': { issuer: ISSUER, jwks_uri: `${uri}\r\nx: y` },
    'that is a list': [good(uri)],
    'that is no JSON': () => new Response('<html>'),
    'that has a member twice': () => new Response(`{"issuer":"${ISSUER}","issuer":"${ISSUER}","jwks_uri":"${uri}"}`),
    'that is too long': () => new Response(JSON.stringify(good(uri)) + ' '.repeat(65_536)),
    'that is an error': () => Response.json(good(uri), { status: 500 }),
  };
  for (const [name, document] of Object.entries(documents)) {
    it(name, async () => {
      const { gate, asked } = await remote({ [place]: document, [uri]: KEYS });
      assertUnavailable(await check(gate));
      assert.deepEqual(asked, [place, ISSUER + OPENID], 'one that is bad is looked for at the next place');
      const second = await remote({ [place]: document, [ISSUER + OPENID]: good(uri), [uri]: KEYS });
      assert.equal((await check(second.gate)).decision, 'allow');
    });
  }
});

describe('metadata that leads to a private address', () => {
  const PRIVATE = ['https://10.0.0.1/keys', 'https://127.0.0.1/keys', 'https://169.254.169.254/latest', 'https://192.168.0.1:8443/keys', 'https://[::1]/keys', 'https://localhost/keys', 'https://vault.internal/keys', 'https://router/keys'];
  for (const uri of PRIVATE) {
    it(`${uri} is refused, and never asked`, async () => {
      const { gate, asked } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS });
      assertUnavailable(await check(gate), /private address/);
      assert.ok(!asked.includes(uri), asked.join());
    });

    it(`${uri} is taken with \`private\``, async () => {
      const { gate, asked } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS }, { private: true });
      assert.equal((await check(gate)).decision, 'allow');
      assert.equal(asked.at(-1), uri);
    });
  }

  for (const uri of ['https://2130706433/keys', 'https://0x7f.1/keys']) {
    it(`${uri}, which not all read alike, is refused, also with \`private\``, async () => {
      for (const keys of [{}, { private: true }]) {
        const { gate, asked } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS }, keys);
        assertUnavailable(await check(gate));
        assert.ok(!asked.includes(uri), asked.join());
      }
    });
  }

  it('is taken where it is the issuer\'s own host', async () => {
    const issuer = 'https://auth.internal:8443';
    const uri = `${issuer}/keys`;
    const { gate } = await remote({ [issuer + OAUTH]: good(uri, issuer), [uri]: KEYS }, {}, issuer);
    assert.equal((await check(gate, NOW, issuer)).decision, 'allow');
    const other = 'https://vault.internal:8443/keys';
    const second = await remote({ [issuer + OAUTH]: good(other, issuer), [other]: KEYS }, {}, issuer);
    assertUnavailable(await check(second.gate, NOW, issuer), /private address/);
  });

  it('is no matter for public hosts', async () => {
    const uri = 'https://keys.example.net/a?b=c';
    const { gate } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS });
    assert.equal((await check(gate)).decision, 'allow');
  });
});

describe('metadata changes', () => {
  it('it is read again after its own age, and a new place is followed', async () => {
    const next = newKey('es-next');
    const [one, two] = [`${ISSUER}/one`, `${ISSUER}/two`];
    const documents = {
      [ISSUER + OAUTH]: () => Response.json(good(one), { headers: { 'cache-control': 'max-age=400' } }),
      [one]: KEYS, [two]: { keys: [next.jwk] },
    };
    const { gate, asked } = await remote(documents);
    assert.equal((await check(gate)).decision, 'allow');
    documents[ISSUER + OAUTH] = good(two);
    assert.equal((await check(gate, NOW + 300)).decision, 'allow');
    assert.deepEqual(asked, [ISSUER + OAUTH, one, one]);
    assert.equal((await check(gate, NOW + 600, ISSUER, next)).decision, 'allow');
    assert.deepEqual(asked.slice(3), [ISSUER + OAUTH, two]);
    assert.equal((await check(gate, NOW + 601, ISSUER, KEY)).reason, 'key_unknown');
  });

  it('an unknown key asks for the keys, not for the metadata', async () => {
    const uri = `${ISSUER}/keys`;
    const { gate, asked } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS });
    assert.equal((await check(gate)).decision, 'allow');
    assert.equal((await check(gate, NOW + 10, ISSUER, OTHER)).reason, 'key_unknown');
    assert.deepEqual(asked, [ISSUER + OAUTH, uri, uri]);
  });

  it('an outage of the metadata is bridged by the last good set', async () => {
    const uri = `${ISSUER}/keys`;
    const documents = { [ISSUER + OAUTH]: () => Response.json(good(uri), { headers: { 'cache-control': 'no-store' } }), [uri]: KEYS };
    const { gate } = await remote(documents);
    assert.equal((await check(gate)).decision, 'allow');
    documents[ISSUER + OAUTH] = () => { throw new Error('down'); };
    assert.equal((await check(gate, NOW + 300)).decision, 'allow');
    assert.equal((await check(gate, NOW + 899)).decision, 'allow');
    assertUnavailable(await check(gate, NOW + 900));
  });

  it('nothing is found: 503, and a try again after 5 seconds', async () => {
    const documents = {};
    const { gate, asked } = await remote(documents);
    assertUnavailable(await check(gate), /^status 404$/);
    documents[ISSUER + OAUTH] = good(`${ISSUER}/keys`);
    documents[`${ISSUER}/keys`] = KEYS;
    assertUnavailable(await check(gate, NOW + 4), /^status 404$/);
    assert.equal(asked.length, 2);
    assert.equal((await check(gate, NOW + 5)).decision, 'allow');
  });
});

describe('keys that were discovered', () => {
  const uri = `${ISSUER}/keys`;

  it('can be exported, and go on', async () => {
    const { gate } = await remote({ [ISSUER + OAUTH]: good(uri), [uri]: KEYS });
    assert.equal((await check(gate)).decision, 'allow');
    const asked = [];
    const fetch = async (place) => { asked.push(place); return keySet(KEY); };
    const other = await Gate.open(discovering(ISSUER), { fetch, keys: gate.exportKeys() });
    assert.equal((await check(other, NOW + 100)).decision, 'allow');
    assert.deepEqual(asked, []);
    assert.equal((await check(other, NOW + 300)).decision, 'allow');
    assert.deepEqual(asked, [uri]);
  });
});
