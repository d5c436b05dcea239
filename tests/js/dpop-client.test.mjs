// Proofs made in JavaScript (RFC 9449): the key, the proof, and the fetch that sends it to real servers on loopback.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { createDpop } from '../../pkg/dist/client.js';
import { Chromium } from '../browser/chromium.mjs';
import { serve, sleep } from './loopback.mjs';

const MCP = 'https://api.example.com/mcp';
const { subtle } = crypto;

/** Algorithm -> the members of its public keys, and how Node verifies its signatures. */
const ALGORITHMS = {
  ES256: { members: ['crv', 'kty', 'x', 'y'], hash: 'sha256', how: { dsaEncoding: 'ieee-p1363' } },
  Ed25519: { members: ['crv', 'kty', 'x'], hash: null },
  PS256: { members: ['e', 'kty', 'n'], hash: 'sha256', how: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  RS256: { members: ['e', 'kty', 'n'], hash: 'sha256' },
};

/** Header and claims of a proof, whose signature must be right. */
function read(proof) {
  const [header, claims, signature, ...more] = proof.split('.');
  assert.deepEqual(more, []);
  const json = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const { alg, jwk } = json(header);
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), ...ALGORITHMS[alg].how };
  assert.ok(verify(ALGORITHMS[alg].hash, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')), 'its signature');
  return { header: json(header), claims: json(claims) };
}

const sha256 = (text) => createHash('sha256').update(text).digest('base64url');
const pairOf = (algorithm, extractable = true, usages = ['sign', 'verify']) => subtle.generateKey(algorithm, extractable, usages);
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const rsa = (members = {}) => ({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), ...members });

const dpop = await createDpop();
const made = async (members = {}) => read(await dpop.proof({ method: 'POST', url: MCP, ...members }));

describe('the entry', () => {
  it('has these names', async () => {
    assert.deepEqual(Object.keys(await import('../../pkg/dist/client.js')).sort(), ['WaxsealError', 'createDpop', 'errorFrom', 'explain', 'heal', 'parseChallenges', 'readError']);
  });

  it('loads what it needs, and asks nothing of its host while it loads', async () => {
    const loaded = new Set();
    const follow = async (url) => {
      if (loaded.has(url.pathname)) return;
      loaded.add(url.pathname);
      for (const [, name] of (await readFile(url, 'utf8')).matchAll(/\b(?:from|import)\s*['"](.*?)['"]/g)) await follow(new URL(name, url));
    };
    const entry = new URL('../../pkg/dist/client.js', import.meta.url);
    await follow(entry);
    assert.deepEqual([...loaded].map((path) => path.split('/').at(-1)).sort(), [
      'body.js', 'client-api.js', 'client-bytes.js', 'client-core.js', 'client-module.js', 'client.js', 'error.js', 'explain.js', 'headers.js', 'reading.js', 'realm.js',
      'received.js', 'start.js', 'unpacked.js',
    ]);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `
      const calls = [];
      for (const name of ['fetch', 'setTimeout', 'queueMicrotask', 'btoa', 'crypto', 'indexedDB']) {
        Object.defineProperty(globalThis, name, { get() { calls.push(name); } });
      }
      for (const [holder, name] of [[Date, 'now'], [Math, 'random']]) holder[name] = () => calls.push(name);
      await import(${JSON.stringify(entry)});
      console.log(JSON.stringify(calls));`]);
    assert.equal(stdout, '[]\n');
  });
});

describe('a key', () => {
  for (const [algorithm, { members }] of Object.entries(ALGORITHMS)) {
    it(`for ${algorithm} shows its public half, and nobody the other`, async (t) => {
      const generated = t.mock.method(subtle, 'generateKey');
      const { publicJwk, thumbprint: shown } = await createDpop({ algorithm });
      assert.deepEqual(Object.keys(publicJwk), members);
      assert.ok(Object.isFrozen(publicJwk));
      assert.equal(shown, sha256(JSON.stringify(publicJwk)));
      assert.equal(shown, await calculateJwkThumbprint(publicJwk));
      const { privateKey } = await generated.mock.calls[0].result;
      for (const format of ['jwk', 'pkcs8']) await assert.rejects(subtle.exportKey(format, privateKey), /^InvalidAccess/);
    });
  }

  it('has the thumbprint of the library that has those of RFC 7638 section 3.1 and RFC 9449 section 6.1', async () => {
    const n = '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    assert.equal(await calculateJwkThumbprint({ kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    const point = { x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs', y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA' };
    assert.equal(await calculateJwkThumbprint({ kty: 'EC', ...point, crv: 'P-256' }), '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
  });

  it('may be the caller\'s own, as in RFC 8037 appendix A', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    const { d, ...shown } = jwk;
    const key = {
      privateKey: await subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']),
      publicKey: await subtle.importKey('jwk', shown, 'Ed25519', true, []),
    };
    for (const options of [{ key }, { key, algorithm: 'Ed25519' }]) {
      const own = await createDpop(options);
      assert.equal(own.thumbprint, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
      assert.equal(read(await own.proof({ method: 'GET', url: MCP })).header.alg, 'Ed25519');
    }
  });

  it('is refused where no proof could be made with it', async () => {
    const key = await pairOf(P256);
    const other = await pairOf(P256);
    const jwk = await subtle.exportKey('jwk', key.publicKey);
    const sealed = await subtle.importKey('jwk', jwk, P256, false, ['verify']);
    const dumb = await subtle.importKey('pkcs8', await subtle.exportKey('pkcs8', key.privateKey), P256, false, ['sign']);
    Object.defineProperty(dumb, 'usages', { value: [] });
    const REFUSED = [
      [null, /^`options` must be an object$/],
      [{ algorithm: 'HS256' }, /^`options.algorithm` must be one of ES256, Ed25519, PS256, RS256$/],
      [{ algorithm: 'toString' }, /^`options.algorithm`/],
      [{ key, persist: 'mine' }, /^`options.key` and `options.persist` exclude each other$/],
      [{ persist: 'mine' }, /^`options.persist` needs IndexedDB/],
      [{ persist: '' }, /^`options.persist` must be a name$/],
      [{ key: 'mine' }, /^`options.key`: must be a pair/],
      [{ key: key.privateKey }, /^`options.key`: must be a pair/],
      [{ key: { privateKey: key.publicKey, publicKey: key.privateKey } }, /^`options.key`: must be a pair/],
      [{ key: { privateKey: dumb, publicKey: key.publicKey } }, /^`options.key`: the private key must have the usage `sign`$/],
      [{ key: { privateKey: key.privateKey, publicKey: sealed } }, /^`options.key`: the public key must be extractable$/],
      [{ key: { privateKey: key.privateKey, publicKey: other.publicKey } }, /^`options.key`: the two keys are no pair$/],
      [{ key, algorithm: 'RS256' }, /^`options.key`: holds a key for ES256, not for RS256$/],
      [{ key: await pairOf({ name: 'ECDSA', namedCurve: 'P-384' }) }, /^`options.key`: must be a pair for ES256, /],
      [{ key: await pairOf(rsa({ hash: 'SHA-512' })) }, /^`options.key`: must be a pair for /],
      [{ key: await pairOf(rsa({ modulusLength: 1024 })) }, /^`options.key`: must be a pair for /],
      [{ key: { privateKey: key.privateKey, publicKey: (await pairOf(rsa())).publicKey } }, /^`options.key`: must be a pair for /],
    ];
    for (const [options, message] of REFUSED) await assert.rejects(createDpop(options), { name: 'WaxsealError', message });
  });

  describe('that a browser keeps', () => {
    let browser;
    let page;
    before(async () => {
      browser = await Chromium.start();
      page = await browser.page(await browser.serve());
    }, { timeout: 120_000 });
    after(() => browser?.end());

    const open = (options) => page.evaluate(async (given) => {
      const { createDpop: create } = await import('waxseal/client');
      return create(given).then(({ publicJwk }) => publicJwk, ({ name, message }) => `${name}: ${message}`);
    }, options);

    it('stays what it is', async () => {
      const kept = await open({ persist: 'mine', algorithm: 'Ed25519' });
      assert.equal(kept.crv, 'Ed25519');
      assert.deepEqual(await open({ persist: 'mine' }), kept);
      assert.equal(await open({ persist: 'mine', algorithm: 'ES256' }), 'WaxsealError: `options.persist`: holds a key for Ed25519, not for ES256');
      assert.deepEqual(await open({ persist: 'mine', algorithm: 'Ed25519' }), kept);
      assert.equal((await open({ persist: 'other', algorithm: 'RS256' })).kty, 'RSA');
    });

    it('is not taken from somebody who stores something else under its name', async () => {
      await page.evaluate(() => new Promise((resolve, reject) => {
        const request = indexedDB.open('waxseal', 1);
        request.onerror = reject;
        request.onsuccess = () => {
          const transaction = request.result.transaction('keys', 'readwrite');
          transaction.objectStore('keys').put('junk', 'foreign');
          transaction.oncomplete = () => resolve(request.result.close());
        };
      }));
      assert.match(await open({ persist: 'foreign' }), /^WaxsealError: `options.persist`: must be a pair/);
    });
  });
});

describe('a proof', () => {
  for (const algorithm of Object.keys(ALGORITHMS)) {
    it(`with ${algorithm} is this`, async () => {
      const { proof, publicJwk } = await createDpop({ algorithm });
      const url = new URL(`${MCP}?a=1#b`);
      const { header, claims: { jti, ...claims } } = read(await proof({ method: 'POST', url, token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU', nonce: 'n-1', now: 1_700_000_000.9 }));
      assert.deepEqual(header, { typ: 'dpop+jwt', alg: algorithm, jwk: { ...publicJwk } });
      // The `ath` is that of RFC 9449 section 7.1.
      assert.deepEqual(claims, { htm: 'POST', htu: MCP, iat: 1_700_000_000, ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo', nonce: 'n-1' });
      assert.equal(Buffer.from(jti, 'base64url').length, 16);
    });
  }

  it('says no more than it must', async () => {
    const earliest = Math.floor(Date.now() / 1000);
    const { claims } = await made({ token: undefined, nonce: undefined });
    assert.deepEqual(Object.keys(claims).sort(), ['htm', 'htu', 'iat', 'jti']);
    assert.ok(claims.iat >= earliest && claims.iat <= Date.now() / 1000);
  });

  it('is never the same', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, async () => (await made()).claims.jti));
    assert.equal(new Set(ids).size, 200);
  });

  it('names the method as it is sent', async () => {
    const METHODS = {
      get: 'GET', Post: 'POST', put: 'PUT', delete: 'DELETE', head: 'HEAD', options: 'OPTIONS', patch: 'patch', PATCH: 'PATCH', Query: 'Query', getter: 'getter',
    };
    for (const [method, htm] of Object.entries(METHODS)) assert.equal((await made({ method })).claims.htm, htm);
    // The platform is of the same mind.
    for (const method of Object.keys(METHODS)) assert.equal(new Request(MCP, { method }).method, METHODS[method]);
  });

  it('names the place as it is sent', async () => {
    const URLS = {
      'HTTPS://API.example.com:443': 'https://api.example.com/',
      'http://api.example.com:8080/a/../b?c#d': 'http://api.example.com:8080/b',
      'https://user:secret@api.example.com/%7ea?': 'https://api.example.com/%7ea',
      'https://bücher.example/ä': 'https://xn--bcher-kva.example/%C3%A4',
      'http://[::1]:80/': 'http://[::1]/',
    };
    for (const [url, htu] of Object.entries(URLS)) assert.equal((await made({ url })).claims.htu, htu);
    const long = `https://api.example.com/${'a'.repeat(300_000)}`;
    assert.equal((await made({ url: long })).claims.htu, long);
  });

  it('is not made of nonsense', async () => {
    for (const members of [{ method: 1 }, { method: undefined }, { url: '/mcp' }, { url: undefined }, { url: 'data:,a' }, { token: 1 }, { nonce: {} }, { now: NaN }]) {
      await assert.rejects(made(members), { name: 'WaxsealError' }, JSON.stringify(members));
    }
  });
});

/** A server that takes only calls with right proofs, keeps them, and answers `[status, headers, body]`. */
async function server(t, answer) {
  const seen = [];
  const { port } = await serve(t, async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const call = { method, url, headers, body: Buffer.concat(chunks).toString(), claims: read(headers.dpop).claims };
    seen.push(call);
    const [status, fields, body] = answer(call, seen.length);
    // The body comes after the head, so that requests overlap.
    response.writeHead(status, fields).flushHeaders();
    await sleep(2);
    response.end(body);
  });
  return { origin: `http://127.0.0.1:${port}`, seen };
}

const CHALLENGE = 'DPoP algs="ES256", error="use_dpop_nonce"';
const ok = (headers = {}) => [200, headers, 'ok'];
const resource = (nonce, challenge = CHALLENGE) => [401, { 'www-authenticate': challenge, 'dpop-nonce': nonce }, 'no'];
const issuer = (nonce) => [400, { 'content-type': 'application/json', 'dpop-nonce': nonce }, '{"error":"use_dpop_nonce"}'];
const wants = (nonce, refuse = resource) => ({ claims }) => (claims.nonce === nonce ? ok() : refuse(nonce));
const post = (body, more = {}) => ({ method: 'POST', body, ...more });
const nonces = (seen) => seen.map(({ claims }) => claims.nonce);

/** A fetch of a client that has seen no server yet. */
const fresh = async (...input) => (await createDpop()).fetch(...input);

describe('fetch', () => {
  it('proves each request anew', async (t) => {
    const { origin, seen } = await server(t, () => ok());
    const call = await fresh();
    for (const url of [`${origin}/mcp?a=1#b`, new URL(`${origin}/mcp?a=1`)]) assert.equal(await (await call(url)).text(), 'ok');
    await call(`${origin}/mcp`, { method: 'delete', headers: { DPoP: 'another', 'x-other': 'kept' } });
    assert.deepEqual(seen.map(({ method, url, claims }) => [method, url, claims.htm, claims.htu]), [
      ['GET', '/mcp?a=1', 'GET', `${origin}/mcp`], ['GET', '/mcp?a=1', 'GET', `${origin}/mcp`], ['DELETE', '/mcp', 'DELETE', `${origin}/mcp`],
    ]);
    assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, 3);
    assert.equal(seen[2].headers['x-other'], 'kept');
  });

  it('binds the proof to the token, wherever that comes from', async (t) => {
    const { origin, seen } = await server(t, () => ok());
    const CASES = [
      [{}, 'Bearer made', 'made'], [{}, 'dpop  made', 'made'], [{ token: 'given' }, undefined, 'given'], [{ token: 'given' }, 'Bearer made', 'given'],
      [{ token: () => 'called' }, undefined, 'called'], [{ token: async () => 'awaited' }, undefined, 'awaited'], [{ token: () => 'read\n' }, undefined, 'read'],
      [{ token: () => undefined }, 'Bearer made', 'made'], [{ token: '' }, 'Bearer made', 'made'],
    ];
    for (const [options, authorization, token] of CASES) {
      await (await fresh(fetch, options))(origin, { headers: authorization ? { authorization } : {} });
      const { headers, claims } = seen.pop();
      assert.deepEqual([headers.authorization, claims.ath], [`DPoP ${token}`, sha256(token)], JSON.stringify([options, authorization]));
    }
    // Another scheme is kept: at a token endpoint it is the client's own.
    await (await fresh(fetch, { token: 'given' }))(origin, { headers: { authorization: 'Basic Y2xpZW50OnNlY3JldA==' } });
    const { headers: kept, claims: tokenless } = seen.pop();
    assert.deepEqual([kept.authorization, tokenless.ath], ['Basic Y2xpZW50OnNlY3JldA==', undefined]);
    // A token endpoint: there is none yet.
    for (const authorization of [undefined, 'Basic Y2xpZW50OnNlY3JldA==']) {
      await (await fresh())(origin, post('grant_type=client_credentials', { headers: authorization ? { authorization } : {} }));
      const { headers, claims } = seen.pop();
      assert.deepEqual([headers.authorization, claims.ath], [authorization, undefined]);
    }
  });

  it('sends no token that is none, and does not show it', async (t) => {
    const { origin, seen } = await server(t, () => ok());
    for (const token of ['sec\nret', 'sec ret', 'secr\u00e9t', () => 'sec\0ret', () => 1]) {
      await assert.rejects((await fresh(fetch, { token }))(origin), (error) => error.code === 'invalid_argument' && !/sec/.test(error.stack));
    }
    assert.equal(seen.length, 0);
  });

  it('sends once more only where it may', async (t) => {
    const { origin, seen } = await server(t, wants('n-1'));
    const call = await fresh(fetch, { retry: () => false });
    assert.equal((await call(origin, post('a'))).status, 401);
    // But it has the nonce.
    assert.equal((await call(origin, post('a'))).status, 200);
    assert.deepEqual(seen.map(({ claims }) => claims.nonce), [undefined, 'n-1']);
  });

  it('asks for the token each time, and once each time', async (t) => {
    const { origin, seen } = await server(t, wants('n-1'));
    let asked = 0;
    const call = await fresh(fetch, { token: () => `token-${asked += 1}` });
    await call(origin);
    await call(origin);
    assert.deepEqual(seen.map(({ headers }) => headers.authorization), ['DPoP token-1', 'DPoP token-1', 'DPoP token-2']);
  });

  it('takes no wrapper that is none', async () => {
    assert.throws(() => dpop.fetch('fetch'), { name: 'WaxsealError', message: /^`next`/ });
    assert.throws(() => dpop.fetch(fetch, { token: 1 }), { name: 'WaxsealError', message: /^`options.token`/ });
    assert.throws(() => dpop.fetch(fetch, { url: '/mcp' }), { name: 'WaxsealError', message: /^`options.url`/ });
    assert.throws(() => dpop.fetch(fetch, { retry: true }), { name: 'WaxsealError', message: /^`options.retry`/ });
    await assert.rejects(dpop.fetch()('/relative'), TypeError);
  });

  it('is the global one of the time of the call', async (t) => {
    const call = dpop.fetch();
    t.mock.method(globalThis, 'fetch', async () => new Response('replaced'));
    assert.equal(await (await call(MCP)).text(), 'replaced');
  });

  it('is one wrapper among others', async () => {
    const { fetch: proving } = dpop;
    const inner = async (url, init) => Response.json([url.href, init.method, init.body, init.headers.get('authorization'), init.headers.has('dpop')]);
    const outer = (next) => (url, init) => next(url, { ...init, headers: { authorization: 'Bearer made' } });
    const reply = await outer(proving(inner))(new URL(MCP), post('a'));
    assert.deepEqual(await reply.json(), [MCP, 'POST', 'a', 'DPoP made', true]);
  });

  it('passes on what the next one throws', async () => {
    const error = new Error('own');
    for (const next of [() => { throw error; }, () => Promise.reject(error)]) await assert.rejects(dpop.fetch(next)(MCP, post('a')), error);
    const token = () => { throw error; };
    await assert.rejects(dpop.fetch(fetch, { token })(MCP), error);
    await assert.rejects(dpop.fetch()(MCP, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});

describe('a token', () => {
  const tokens = (seen) => seen.map(({ headers }) => headers.authorization);

  it('goes to one origin: that of the first request with it', async (t) => {
    const [home, other] = await Promise.all([server(t, () => ok()), server(t, () => ok())]);
    let token;
    const call = await fresh(fetch, { token: async () => token });
    // At a token endpoint there is none yet.
    await call(`${other.origin}/token`, post('a=1'));
    token = 'given';
    for (const url of [`${home.origin}/mcp`, `${other.origin}/.well-known/x`, `${other.origin}/token`, `${home.origin}/other`]) assert.equal((await call(url)).status, 200);
    await call(other.origin, { headers: { authorization: 'Bearer own' } });
    assert.deepEqual([tokens(home.seen), tokens(other.seen)], [['DPoP given', 'DPoP given'], [undefined, undefined, undefined, 'DPoP own']]);
    // But a proof, made for it.
    assert.deepEqual(other.seen.map(({ claims: { htu, ath } }) => [htu, ath]), [
      [`${other.origin}/token`, undefined], [`${other.origin}/.well-known/x`, undefined], [`${other.origin}/token`, undefined], [`${other.origin}/`, sha256('own')],
    ]);
  });

  it('goes to one origin, however many are called at once', async (t) => {
    const servers = await Promise.all([1, 2, 3].map(() => server(t, () => ok())));
    const call = await fresh(fetch, { token: async () => (await sleep(5), 'given') });
    await Promise.all(servers.map(({ origin }) => call(origin)));
    assert.equal(servers.flatMap(({ seen }) => tokens(seen)).filter(Boolean).length, 1);
  });

  it('goes to the origin of `url`, whoever is called first', async (t) => {
    const [home, other] = await Promise.all([server(t, () => ok()), server(t, () => ok())]);
    for (const url of [`${home.origin}/mcp`, new URL(home.origin)]) {
      const call = await fresh(fetch, { token: 'given', url });
      for (const { origin } of [other, home]) await call(origin);
      assert.deepEqual([tokens(home.seen.splice(0)), tokens(other.seen.splice(0))], [['DPoP given'], [undefined]]);
    }
  });
});

describe('a redirect', () => {
  const moved = (status, location) => [status, { location }, 'moved'];

  for (const status of [301, 302, 303, 307, 308]) {
    it(`${status} to another origin is handed over: no token and no proof goes there`, async (t) => {
      const other = await server(t, () => ok());
      const { origin, seen } = await server(t, () => moved(status, `${other.origin}/mcp`));
      const authorization = 'Bearer own';
      for (const [options, init] of [[{}, {}], [{}, post('a')], [{ token: 'given' }, {}], [{}, { headers: { authorization } }], [{ token: 'given' }, post('a')]]) {
        const reply = await (await fresh(fetch, options))(origin, init);
        assert.deepEqual([reply.status, await reply.text(), reply.headers.get('location')], [status, 'moved', `${other.origin}/mcp`]);
      }
      assert.deepEqual([seen.length, other.seen.length], [5, 0]);
    });

    it(`${status} within the origin is followed where the method stays, with a proof of its own`, async (t) => {
      const { origin, seen } = await server(t, ({ url }) => (url === '/mcp' ? moved(status, '/mcp/?a=1') : ok()));
      const url = `${origin}/mcp`;
      for (const [input, init, sent] of [
        [url, undefined, 'GET '], [url, { method: 'HEAD' }, 'HEAD '], [url, post('a=1'), 'POST a=1'], [new Request(url, post('a=1')), undefined, 'POST a=1'], [new Request(url), undefined, 'GET '],
      ]) {
        seen.length = 0;
        const reply = await (await fresh(fetch, { token: 'given' }))(input, init);
        const places = sent.startsWith('POST') && status < 307 ? [url] : [url, `${origin}/mcp/`];
        assert.deepEqual([reply.status, seen.map(({ claims }) => claims.htu)], [places.length === 2 ? 200 : status, places]);
        for (const { method, body, headers, claims } of seen) {
          assert.deepEqual([`${method} ${body}`, headers.authorization, claims.htm, claims.ath], [sent, 'DPoP given', method, sha256('given')]);
        }
        assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, places.length);
      }
    });
  }

  it('is followed to where a nonce is asked for, with it and the body', async (t) => {
    // The nonce changes with the place.
    const { origin, seen } = await server(t, ({ url, claims }) => (claims.nonce !== url ? resource(url) : url === '/c' ? ok() : moved(307, url === '/a' ? '/b' : '/c')));
    for (const input of [[`${origin}/a`, post('a=1')], [new Request(`${origin}/a`, post('a=1'))]]) {
      seen.length = 0;
      assert.equal((await (await fresh())(...input)).status, 200);
      assert.deepEqual(seen.map(({ url, body, claims }) => [url, body, claims.nonce]), [
        ['/a', 'a=1', undefined], ['/a', 'a=1', '/a'], ['/b', 'a=1', '/a'], ['/b', 'a=1', '/b'], ['/c', 'a=1', '/b'], ['/c', 'a=1', '/c'],
      ]);
    }
  });

  it('is handed over where the body cannot be sent twice', async (t) => {
    const { origin, seen } = await server(t, () => moved(307, '/other'));
    const reply = await (await fresh())(origin, post(new Blob(['a']).stream(), { duplex: 'half' }));
    assert.deepEqual([reply.status, await reply.text(), seen.length], [307, 'moved', 1]);
  });

  it('is left to who asks for that', async (t) => {
    const { origin, seen } = await server(t, () => moved(307, '/other'));
    for (const call of [[origin, { redirect: 'manual' }], [new Request(origin, { redirect: 'manual' })]]) assert.equal((await (await fresh())(...call)).status, 307);
    await assert.rejects((await fresh())(origin, { redirect: 'error' }), TypeError);
    assert.equal(seen.length, 3);
  });

  it('is not followed for ever, nor to what is no place', async (t) => {
    const { origin, seen } = await server(t, ({ headers }) => [307, headers['x-to'] === undefined ? {} : { location: headers['x-to'] }, '']);
    const { host } = new URL(origin);
    for (const [location, sent] of [['/a', 6], ['', 6], [undefined, 1], ['http://[', 1], [`http://user:password@${host}/`, 1], ['javascript:1', 1], ['file:///etc/passwd', 1]]) {
      seen.length = 0;
      const reply = await (await fresh())(origin, { headers: location === undefined ? {} : { 'x-to': location } });
      assert.deepEqual([reply.status, seen.length], [307, sent], location);
    }
    assert.equal((await dpop.fetch(async () => ({ status: 307 }))(MCP)).status, 307);
  });
});

describe('a nonce', () => {
  for (const [kind, refuse] of Object.entries({ 'a resource server': resource, 'an authorization server': issuer })) {
    it(`that ${kind} asks for is sent at once, and from then on`, async (t) => {
      const { origin, seen } = await server(t, wants('n-1', refuse));
      const call = await fresh();
      for (let n = 0; n < 2; n += 1) {
        const reply = await call(`${origin}/mcp`, post('a', { headers: { authorization: 'Bearer made', 'x-other': 'kept' } }));
        assert.deepEqual([reply.status, await reply.text()], [200, 'ok']);
      }
      assert.deepEqual(nonces(seen), [undefined, 'n-1', 'n-1']);
      assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, 3);
      for (const { method, body, headers, claims } of seen) {
        assert.deepEqual([method, body, headers.authorization, headers['x-other'], claims.ath], ['POST', 'a', 'DPoP made', 'kept', sha256('made')]);
      }
    });
  }

  it('is tried once', async (t) => {
    const { origin, seen } = await server(t, (_, count) => resource(`n-${count}`));
    const call = await fresh();
    const reply = await call(origin);
    assert.deepEqual([reply.status, await reply.text()], [401, 'no']);
    await call(origin);
    assert.deepEqual(nonces(seen), [undefined, 'n-1', 'n-2', 'n-3']);
  });

  it('comes with any response, and the newest counts', async (t) => {
    const answers = [ok({ 'dpop-nonce': 'n-1' }), [500, { 'dpop-nonce': 'n-2' }, ''], ok(), ok()];
    const { origin, seen } = await server(t, (_, count) => answers[count - 1]);
    const call = await fresh();
    for (const _ of answers) await call(origin);
    assert.deepEqual(nonces(seen), [undefined, 'n-1', 'n-2', 'n-2']);
  });

  it('is of one origin, and of one client', async (t) => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => server(t, wants(name))));
    const client = await createDpop();
    for (const call of [client.fetch(), client.fetch()]) {
      for (const { origin } of [a, b]) assert.equal((await call(origin)).status, 200);
    }
    assert.deepEqual([nonces(a.seen), nonces(b.seen)], [[undefined, 'a', 'a'], [undefined, 'b', 'b']]);
    await (await fresh())(a.origin);
    assert.deepEqual(nonces(a.seen).slice(3), [undefined, 'a']);
  });

  it('is of the origin that sent it, also after a redirect', async (t) => {
    const target = await server(t, wants('there'));
    const start = await server(t, () => [307, { location: `${target.origin}/mcp` }, '']);
    // A `fetch` that does not know how to leave a redirect alone.
    const call = await fresh((url, init) => fetch(url, { ...init, redirect: 'follow' }));
    assert.equal((await call(start.origin)).status, 401);
    assert.deepEqual([nonces(start.seen), nonces(target.seen)], [[undefined], [undefined]]);
    assert.equal((await call(`${target.origin}/mcp`)).status, 200);
    assert.deepEqual(nonces(target.seen), [undefined, 'there']);
  });

  it('is remembered for a hundred origins: the last ones', async () => {
    const sent = [];
    const call = await fresh(async (url, { headers }) => {
      sent.push(read(headers.get('dpop')).claims.nonce);
      return new Response('', { headers: { 'dpop-nonce': url } });
    });
    const [first, second, third, ...more] = Array.from({ length: 101 }, (_, n) => `https://${n}.example.com`);
    for (const url of [first, second, third, ...more.slice(1), first, more[0], third, second, first]) await call(url);
    assert.deepEqual(sent.slice(-3), [third, undefined, first]);
  });

  for (const refuse of [resource, issuer]) {
    it(`of one request is no matter of another's, as a ${refuse('')[0]}`, async (t) => {
      // Every path has a nonce of its own, known only to the request that was refused.
      const given = new Map();
      const { origin, seen } = await server(t, ({ url, claims }, count) => {
        if (given.has(url)) return given.get(url) === claims.nonce ? ok() : [403, {}, ''];
        given.set(url, `n-${count}`);
        return refuse(`n-${count}`);
      });
      const call = await fresh();
      const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => call(`${origin}/${n}`, post(`${n}`))));
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
      assert.equal(new Set(seen.map(({ claims }) => claims.jti)).size, 80);
      for (const { url, body } of seen) assert.equal(url, `/${body}`);
    });
  }

  it('is asked for in a challenge for DPoP, in any field, however it is written', async (t) => {
    const CHALLENGES = [
      'DPoP error="use_dpop_nonce"', 'dpop Error=use_dpop_nonce', 'DPoP algs="ES256 PS256" , error = "use\\_dpop_nonce"', 'Negotiate YII=, DPoP error="use_dpop_nonce"',
      'Bearer error_description="a \\"b\\", c", DPoP algs="ES256", error="use_dpop_nonce"', ['Bearer error="invalid_token"', CHALLENGE], [CHALLENGE, 'Basic realm="a"'],
    ];
    const { origin, seen } = await server(t, ({ url, claims }) => wants(url, (nonce) => resource(nonce, CHALLENGES[url.slice(1)]))({ claims }));
    for (const [n, challenge] of CHALLENGES.entries()) assert.equal((await (await fresh())(`${origin}/${n}`)).status, 200, `${challenge}`);
    assert.equal(seen.length, 2 * CHALLENGES.length);
  });

  it('is not asked for by anything else', async (t) => {
    const json = { 'content-type': 'application/json' };
    const nonce = { 'dpop-nonce': 'n-1' };
    const challenged = (challenge, more = nonce) => [401, { 'www-authenticate': challenge, ...more }, 'no'];
    const ANSWERS = [
      challenged('Bearer error_description="DPoP error=use_dpop_nonce"'),
      challenged('Bearer error_description=" , DPoP error=use_dpop_nonce, "'),
      challenged('Bearer error_description="\\", DPoP error=\\"use_dpop_nonce\\""'),
      challenged('Bearer error="use_dpop_nonce"'),
      challenged('Bearer error="use_dpop_nonce", DPoP algs="ES256"'),
      challenged('DPoP algs="ES256", Bearer error="use_dpop_nonce"'),
      challenged('DPoP error="invalid_token", error_description="error=use_dpop_nonce"'),
      challenged('DPoP error="invalid_token", error="use_dpop_nonce"'),
      challenged('DPoP x_error="use_dpop_nonce"'),
      challenged('DPoP error="USE_DPOP_NONCE"'),
      challenged('XDPoP error="use_dpop_nonce"'),
      challenged('DPoP use_dpop_nonce'),
      challenged('DPoP error="use_dpop_nonce'),
      challenged(CHALLENGE, {}),
      challenged(CHALLENGE, { 'dpop-nonce': '' }),
      [401, nonce, 'no'],
      [401, { ...nonce, ...json }, '{"error":"use_dpop_nonce"}'],
      [403, { ...nonce, 'www-authenticate': CHALLENGE }, 'no'],
      [400, { ...nonce, 'www-authenticate': CHALLENGE }, 'no'],
      [200, { ...nonce, ...json }, '{"error":"use_dpop_nonce"}'],
      [400, json, '{"error":"use_dpop_nonce"}'],
      [400, { ...nonce, 'content-type': 'text/plain' }, '{"error":"use_dpop_nonce"}'],
      ...['{"error":"invalid_dpop_proof","error_description":"use_dpop_nonce"}', '["use_dpop_nonce"]', '"use_dpop_nonce"', 'null', '{"error":', '', '{"a":{"error":"use_dpop_nonce"}}',
        JSON.stringify({ padding: 'a'.repeat(100_000), error: 'use_dpop_nonce' })].map((body) => [400, { ...nonce, ...json }, body]),
    ];
    const { origin, seen } = await server(t, ({ url }) => ANSWERS[url.slice(1)]);
    for (const [n, [status, headers, body]] of ANSWERS.entries()) {
      const reply = await (await fresh())(`${origin}/${n}`, post('a'));
      assert.deepEqual([reply.status, reply.bodyUsed, await reply.text()], [status, false, body], JSON.stringify(headers));
    }
    assert.equal(seen.length, ANSWERS.length);
  });
});

describe('a body', () => {
  const bytes = () => new TextEncoder().encode('a=1');
  const form = new FormData();
  form.set('a', '1');
  const AGAIN = {
    text: 'a=1', 'an ArrayBuffer': bytes().buffer, 'a view': bytes(), 'another view': new DataView(bytes().buffer), 'a Blob': new Blob(['a=1']), 'a File': new File(['a=1'], 'a.txt'),
    'URL parameters': new URLSearchParams({ a: '1' }), 'a form': form,
  };
  for (const [kind, body] of Object.entries(AGAIN)) {
    it(`is sent again: ${kind}`, async (t) => {
      const { origin, seen } = await server(t, wants('n-1'));
      assert.equal((await (await fresh())(origin, post(body))).status, 200);
      const sent = seen.map((call) => call.body.replaceAll(call.headers['content-type']?.split('boundary=')[1], ''));
      assert.equal(sent.length, 2);
      assert.equal(sent[0], sent[1]);
      assert.match(sent[0], body === form ? /name="a"\r\n\r\n1\r\n/ : /^a=1$/);
    });
  }

  const ONCE = {
    'a stream': () => new Blob(['a=1']).stream(),
    'an iterable': async function* () { yield bytes(); },
  };
  for (const [kind, body] of Object.entries(ONCE)) {
    it(`is not sent again: ${kind}`, async (t) => {
      const { origin, seen } = await server(t, wants('n-1'));
      const call = await fresh();
      const reply = await call(origin, post(body(), { duplex: 'half' }));
      assert.deepEqual([reply.status, await reply.text()], [401, 'no']);
      // But the nonce is known now.
      assert.equal((await call(origin, post(body(), { duplex: 'half' }))).status, 200);
      assert.deepEqual(seen.map((request) => [request.body, request.claims.nonce]), [['a=1', undefined], ['a=1', 'n-1']]);
    });
  }
});

describe('a Request', () => {
  const REQUESTS = {
    'without a body': [(url) => new Request(url, { headers: { 'x-a': '1' } }), undefined, ['GET', '', '1', 'Bearer made']],
    'with text': [(url) => new Request(url, post('a=1')), undefined, ['POST', 'a=1']],
    'with a stream': [(url) => new Request(url, post(new Blob(['a=1']).stream(), { duplex: 'half' })), undefined, ['POST', 'a=1']],
    'with a method of its own': [(url) => new Request(url, { method: 'DELETE' }), undefined, ['DELETE', '']],
    'and other members beside it': [(url) => new Request(url, post('a=1', { headers: { 'x-a': '1' } })), { method: 'put', body: 'b', headers: { 'x-a': '2' } }, ['PUT', 'b', '2']],
    'as the second of two': [(url) => url, (url) => new Request(`${url}/other`, post('a=1', { headers: { 'x-a': '1' } })), ['POST', 'a=1', '1']],
  };
  for (const [kind, [input, init, [method, body, header]]] of Object.entries(REQUESTS)) {
    it(`${kind} is sent twice where it must be`, async (t) => {
      const { origin, seen } = await server(t, wants('n-1'));
      const url = `${origin}/mcp`;
      assert.equal((await (await fresh(fetch, { token: 'made' }))(input(url), typeof init === 'function' ? init(url) : init)).status, 200);
      assert.equal(seen.length, 2);
      for (const sent of seen) {
        assert.deepEqual([sent.method, sent.url, sent.body, sent.headers['x-a']], [method, '/mcp', body, header]);
        assert.deepEqual([sent.claims.htm, sent.claims.htu, sent.headers.authorization], [method, url, 'DPoP made']);
      }
    });
  }

  it('is used up as by any fetch', async (t) => {
    const { origin } = await server(t, () => ok());
    const request = new Request(origin, post('a'));
    await (await fresh())(request);
    assert.ok(request.bodyUsed);
    await assert.rejects(dpop.fetch()(request), TypeError);
  });

  it('leaves no copy behind', async () => {
    const ways = {
      passed: async () => new Response('ok'),
      refused: async () => new Response('no', { status: 403 }),
      failed: async () => { throw new Error('own'); },
    };
    for (const [way, end] of Object.entries(ways)) {
      let cancelled = false;
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(bytes()), cancel() { cancelled = true; } });
      const bytes = () => new Uint8Array(1000);
      // A tee ends when both of its halves are cancelled: this one, and the copy.
      const next = (sent) => { void sent.body.cancel(); return end(); };
      await dpop.fetch(next)(new Request(MCP, post(body, { duplex: 'half' }))).catch(() => {});
      await sleep(1);
      assert.ok(cancelled, way);
    }
  });
});

describe('a response', () => {
  it('that is not handed out is let go', async () => {
    const cancelled = [];
    const kept = (name, init) => new Response(new ReadableStream({ cancel() { cancelled.push(name); } }), init);
    const answers = [kept('first', { status: 401, headers: { 'www-authenticate': CHALLENGE, 'dpop-nonce': 'n-1' } }), kept('second', { status: 200 })];
    const reply = await dpop.fetch(async () => answers.shift())(MCP);
    assert.deepEqual([reply.status, reply.bodyUsed, cancelled], [200, false, ['first']]);
  });

  it('leaves the request before it as it was', async () => {
    const sent = [];
    const given = new Headers({ authorization: 'Bearer made' });
    const init = post('a', { headers: given });
    await dpop.fetch(async (_, { headers }) => {
      sent.push(headers);
      return new Response('', { status: 401, headers: { 'www-authenticate': CHALLENGE, 'dpop-nonce': `n-${sent.length}` } });
    })('https://other.example.com', init);
    assert.deepEqual(sent.map((headers) => read(headers.get('dpop')).claims.nonce), [undefined, 'n-1']);
    assert.deepEqual([init.headers, [...given]], [given, [['authorization', 'Bearer made']]]);
  });

  it('may be odd', async () => {
    const failing = () => new ReadableStream({ start: (controller) => controller.error(new Error('own')) });
    const headers = { 'www-authenticate': CHALLENGE, 'dpop-nonce': 'n-1', 'content-type': 'application/json' };
    const used = new Response('{"error":"use_dpop_nonce"}', { status: 400, headers });
    await used.text();
    const ODD = [
      undefined, null, 'text', {}, { status: 401 }, { status: 400, headers: new Headers(headers) }, { status: 401, headers: {} },
      Response.error(), Response.redirect(MCP), new Response(null, { status: 204, headers }), new Response(failing(), { status: 400, headers }), used,
      new Response('', { status: 401, headers: { ...headers, 'www-authenticate': '"\\' } }), { url: 'x', status: 401, headers: new Headers({ 'dpop-nonce': 'n-1' }) },
    ];
    for (const odd of ODD) assert.equal(await dpop.fetch(async () => odd)(MCP), odd);
    // With this much of a response there is a second try.
    const bare = { status: 401, headers: new Headers(headers) };
    assert.equal(await dpop.fetch(async () => bare)(MCP), bare);
    assert.equal(await dpop.fetch(async () => Object.assign(bare, { body: { cancel: () => { throw new Error('own'); } } }))(MCP), bare);
  });
});
