// Input that no honest client sends: always an outcome, at most a WaxsealError, and never a trap,
// after which the module could not be trusted any more.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutId } from './ids.mjs';
import { bearer, call, NOW, open, token } from './issuer.mjs';

const gate = await open({ forward: { headers: { 'x-user': 'sub' } } });
const GOOD = token();
const AUTHORIZATION = ['authorization', `Bearer ${GOOD}`];
const MB = 1_000_000;

/** The outcome's name, after everything in it has been looked at. */
async function outcomeOf(request) {
  const outcome = await gate.check(request, { now: NOW });
  if (outcome.allow) {
    assert.equal(outcome.grant.subject, 'alice');
    for (const pair of outcome.grant.headers) assert.deepEqual(pair.map((text) => typeof text), ['string', 'string']);
  } else {
    const response = outcome.reply.toResponse();
    assert.equal(response.status, outcome.reply.status);
    assert.ok(outcome.reply.body.length < 2_000, `${outcome.reply.body.length} characters of body`);
    assert.ok(JSON.stringify(outcome.facts).length < 2_000);
    JSON.parse(await response.text());
  }
  assert.equal((await gate.check(bearer(GOOD), { now: NOW })).decision, 'allow', 'the gate has suffered');
  return outcome.reason ?? outcome.decision;
}

const encoded = (text) => Buffer.from(text).toString('base64url');
const withHeaders = (...headers) => call([AUTHORIZATION, ...headers]);
const withAuthorization = (value) => call([['authorization', value]]);
const ODD = { 'a lone high surrogate': '\ud800', 'a lone low surrogate': '\udc00', 'NUL': '\0', 'a line break': '\r\n', 'DEL': '\x7f', 'a character beyond 16 bits': '\u{1f600}', 'a byte order mark': '\ufeff', 'a direction mark': '\u202e' };

describe('odd characters', () => {
  for (const [name, odd] of Object.entries(ODD)) {
    it(`${name} in the url`, async () => {
      assert.equal(await outcomeOf({ ...bearer(GOOD), url: `/mcp${odd}?a=${odd}#${odd}` }), 'allow');
      assert.equal(await outcomeOf({ ...bearer(GOOD), url: odd }), 'request_malformed');
      assert.equal(await outcomeOf({ ...bearer(GOOD), url: `http${odd}://a/` }), 'request_malformed');
      assert.equal(await outcomeOf({ ...bearer(GOOD), url: `/?${odd}&access_token=${odd}` }), 'token_in_query');
    });

    it(`${name} in the method`, async () => {
      assert.equal(await outcomeOf({ ...bearer(GOOD), method: odd }), 'allow');
      assert.equal(await outcomeOf({ url: '/.well-known/oauth-protected-resource', method: `GET${odd}` }), 'missing_token');
    });

    it(`${name} in a header's name`, async () => {
      assert.equal(await outcomeOf(withHeaders([odd, 'x'], [`x${odd}`, 'x'])), 'allow');
      assert.equal(await outcomeOf(call([[`authorization${odd}`, `Bearer ${GOOD}`]])), 'missing_token');
      assert.equal(await outcomeOf(withHeaders([`authorization${odd}`, 'Bearer x'])), 'allow');
    });

    it(`${name} in a header's value`, async () => {
      assert.equal(await outcomeOf(withHeaders(['x-a', odd], ['x-request-id', odd])), 'allow');
      assert.equal(await outcomeOf(call([['x-request-id', odd]])), 'missing_token');
    });

    it(`${name} in the credential`, async () => {
      assert.equal(await outcomeOf(withAuthorization(`Bearer ${odd}`)), 'authorization_malformed');
      assert.equal(await outcomeOf(withAuthorization(`Bearer ${GOOD}${odd}`)), 'authorization_malformed');
      assert.equal(await outcomeOf(withAuthorization(`Bearer${odd} ${GOOD}`)), 'scheme_unsupported');
      assert.equal(await outcomeOf(withAuthorization(`${odd}Bearer ${GOOD}`)), 'scheme_unsupported');
    });

    it(`${name} in a claim and in the token's header`, async () => {
      const text = JSON.stringify(odd);
      // A lone surrogate is no text (RFC 8259 section 8.2), all others are.
      const expected = name.startsWith('a lone') ? 'token_malformed' : 'issuer_unknown';
      assert.equal(await outcomeOf(bearer(`${encoded('{"alg":"ES256"}')}.${encoded(`{"iss":${text}}`)}.`)), expected);
      assert.equal(await outcomeOf(bearer(`${encoded(`{"alg":"ES256","kid":${text}}`)}.${encoded('{"iss":"x"}')}.`)), expected);
    });
  }

  it('every character of 16 bits as a name and as a value', async () => {
    const pairs = Array.from({ length: 0x10000 / 16 }, (_, n) => {
      const text = String.fromCharCode(...Array.from({ length: 16 }, (_, low) => n * 16 + low));
      return [text, text];
    });
    assert.equal(await outcomeOf(withHeaders(...pairs)), 'allow');
  });
});

describe('odd sizes', () => {
  const cases = {
    'a header value of 1 MB': [withHeaders(['x-a', 'x'.repeat(MB)]), 'allow'],
    'a header name of 1 MB': [withHeaders(['x'.repeat(MB), 'x']), 'allow'],
    'a wide header value of 1 MB': [withHeaders(['x-a', '\u{1f600}'.repeat(MB / 4)]), 'allow'],
    '10,000 headers': [withHeaders(...Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, `${n}`])), 'allow'],
    '10,000 headers of one name': [withHeaders(...Array(10_000).fill(['x', 'y'])), 'allow'],
    '10,000 headers of a name that carries a claim': [withHeaders(...Array(10_000).fill(['X_User', 'root'])), 'allow'],
    '10,000 credentials': [call(Array(10_000).fill(AUTHORIZATION)), 'authorization_duplicated'],
    '10,000 credentials in one field': [withAuthorization(Array(10_000).fill(`Bearer ${'x'.repeat(50)}`).join(', ')), 'authorization_duplicated'],
    'a request id of 1 MB': [call([['x-request-id', 'x'.repeat(MB)]]), 'missing_token'],
    'empty headers': [withHeaders(['', ''], ['x', '']), 'allow'],
    'a path of 1 MB': [{ ...bearer(GOOD), url: `/${'x'.repeat(MB)}` }, 'allow'],
    'a query of 1 MB': [{ ...bearer(GOOD), url: `/?${'%'.repeat(MB)}` }, 'allow'],
    'a query of 300,000 parameters': [{ ...bearer(GOOD), url: `/?${'&a='.repeat(300_000)}` }, 'allow'],
    'a query of 300,000 parameters and the token': [{ ...bearer(GOOD), url: `/?${'%61&'.repeat(250_000)}access_token` }, 'token_in_query'],
    'a url of 1 MB that is none': [{ ...bearer(GOOD), url: 'x'.repeat(MB) }, 'request_malformed'],
    'a host of 1 MB': [{ ...bearer(GOOD), url: `https://${'x'.repeat(MB)}` }, 'allow'],
    'a method of 1 MB': [{ ...bearer(GOOD), method: 'X'.repeat(MB) }, 'allow'],
    'an authorization of 1 MB of spaces': [withAuthorization(' '.repeat(MB)), 'scheme_unsupported'],
    'a scheme of 1 MB': [withAuthorization('x'.repeat(MB)), 'scheme_unsupported'],
    '1 MB of commas': [withAuthorization(','.repeat(MB)), 'scheme_unsupported'],
    'a token of 1 MB': [bearer('x'.repeat(MB)), 'token_too_long'],
    'a token of dots': [bearer('.'.repeat(16_384)), 'token_malformed'],
    'a token of one byte too much': [bearer('x'.repeat(16_385)), 'token_too_long'],
    'a token of JSON nested deep': [bearer(`${encoded('{"alg":"ES256"}')}.${encoded(`{"a":${'['.repeat(12_000)}`)}.x`), 'token_malformed'],
    'a token with 800 claims': [bearer(token(Object.fromEntries(Array.from({ length: 800 }, (_, n) => [`c${n}`, n])))), 'allow'],
    'a token with long names of everything': [bearer(`${encoded(`{"alg":"${'A'.repeat(5_000)}"}`)}.${encoded(`{"iss":"${'i'.repeat(5_000)}"}`)}.`), 'issuer_unknown'],
  };
  for (const [name, [request, expected]] of Object.entries(cases)) {
    it(name, async () => {
      const start = performance.now();
      assert.equal(await outcomeOf(request), expected);
      assert.ok(performance.now() - start < 2_000, `${performance.now() - start} ms`);
    });
  }
});

describe('odd objects', () => {
  it('whose answers change from one look to the next', async () => {
    let looks = 0;
    const request = { get method() { looks += 1; return looks % 2 ? 'POST' : 1; }, url: '/mcp', headers: [AUTHORIZATION] };
    assert.equal(await outcomeOf(request), 'allow');
    assert.equal(looks, 1);
  });

  it('that look like Node\'s', async () => {
    assert.equal(await outcomeOf({ url: '/mcp', rawHeaders: AUTHORIZATION, headers: {} }), 'allow');
    assert.equal(await outcomeOf({ url: '/mcp', rawHeaders: [], headers: [AUTHORIZATION] }), 'missing_token');
    assert.equal(await outcomeOf({ url: '/mcp', rawHeaders: [...AUTHORIZATION, 'x-odd'], headers: {} }), 'allow');
    assert.equal(await outcomeOf({ url: '/mcp', rawHeaders: 'authorization', headers: [AUTHORIZATION] }), 'allow');
  });

  it('that reach for the prototype', async () => {
    const headers = JSON.parse(`{"__proto__":"x","constructor":"y","authorization":"Bearer ${GOOD}"}`);
    const { grant } = await gate.check(call(headers), { now: NOW });
    assert.deepEqual(withoutId(grant.headers), [['__proto__', 'x'], ['constructor', 'y'], ['x-user', 'alice']]);
    assert.equal(await outcomeOf(call(Object.create({ authorization: `Bearer ${GOOD}` }))), 'missing_token');
  });

  it('that check again while they are read', async () => {
    let inner;
    const request = {
      url: '/mcp',
      get headers() {
        inner ??= outcomeOf(bearer(GOOD));
        return [AUTHORIZATION];
      },
    };
    assert.equal(await outcomeOf(request), 'allow');
    assert.equal(await inner, 'allow');
  });
});

describe('tokens of random bytes', () => {
  // The same bytes in every run: what fails today can be looked at tomorrow.
  let state = 0x9e3779b9;
  const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };

  it('are denied', async () => {
    for (let n = 0; n < 500; n += 1) {
      const bytes = () => Buffer.from(Array.from({ length: random(60) }, () => random(256))).toString(random(2) ? 'base64url' : 'latin1');
      const { allow, decision } = await gate.check(withAuthorization(`Bearer ${bytes()}.${bytes()}.${bytes()}`), { now: NOW });
      assert.deepEqual([allow, decision], [false, 'deny']);
    }
  });

  it('are denied also where one character of a good token differs', async () => {
    for (let n = 0; n < 300; n += 1) {
      const at = random(GOOD.length);
      const other = 'ABCxyz019-_.='[random(13)];
      if (GOOD[at] === other) continue;
      const bent = GOOD.slice(0, at) + other + GOOD.slice(at + 1);
      assert.equal((await gate.check(bearer(bent), { now: NOW })).decision, 'deny', `${at} ${other}`);
    }
  });
});
