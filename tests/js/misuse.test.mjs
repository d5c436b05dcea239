// What is no request, no option and no clock: a WaxsealError that says which, and never anything else.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../pkg/dist/index.js';
import { bearer, call, config, NOW, open } from './issuer.mjs';

const gate = await open();

const refuses = (promise, message) =>
  assert.rejects(promise, (error) => {
    assert.ok(error?.name === 'WaxsealError', `${error?.name}: ${error?.message}`);
    assert.match(error.message, message);
    return true;
  });

describe('what is no request', () => {
  const nothing = /^`request` must be a Request or \{ method, url, headers \}$/;
  const cases = [
    ['undefined', undefined, nothing],
    ['null', null, nothing],
    ['text', 'https://api.example.com/mcp', nothing],
    ['a number', 1, nothing],
    ['a function', () => call(), nothing],
    ['no url', { method: 'POST', headers: {} }, /`request\.url` must be a string/],
    ['a URL object', { url: new URL('https://api.example.com/mcp') }, /`request\.url` must be a string/],
    ['a list', [], /`request\.url` must be a string/],
    ['a method that is a number', { ...call(), method: 1 }, /`request\.method` must be a string/],
    ['a method that is null', { ...call(), method: null }, /`request\.method` must be a string/],
    ['headers that are text', call('authorization: Bearer x'), /`request\.headers` must be headers, pairs or an object/],
    ['headers that are a number', call(1), /`request\.headers` must be headers, pairs or an object/],
    ['headers that are a function', call(() => {}), /`request\.headers` must be headers, pairs or an object/],
    ['headers in one flat list', call(['authorization', 'Bearer x']), /`request\.headers` must hold pairs of name and value/],
    ['a pair that is null', call([null]), /`request\.headers` must hold pairs of name and value/],
    ['a pair without a name', call([[]]), /`request\.headers` must hold pairs of name and value/],
    ['a name that is a symbol', call(new Map([[Symbol('x'), 'y']])), /`request\.headers` must hold pairs of name and value/],
    ['a set of names', call(new Set(['authorization'])), /`request\.headers` must hold pairs of name and value/],
    ['a value that is a number', call({ 'content-length': 5 }), /header `content-length` must be a string/],
    ['a value that is null', call([['x-a', null]]), /header `x-a` must be a string/],
    ['a value that is a symbol', call({ 'x-a': Symbol('secret') }), /header `x-a` must be a string/],
    ['a value that is bytes', call({ authorization: new Uint8Array(3) }), /header `authorization` must be a string/],
    ['a list that holds a number', call({ 'x-a': ['1', 2] }), /header `x-a` must be a string/],
  ];
  for (const [name, request, message] of cases) it(name, () => refuses(gate.check(request, { now: NOW }), message));

  it('a value that is no text is not quoted', async () => {
    const secret = { toString: () => 'the-secret' };
    await refuses(gate.check(call({ authorization: secret })), /^(?!.*the-secret)/);
  });

  it('what the request itself throws comes through', async () => {
    const own = new Error('own');
    const request = { url: '/mcp', get headers() { throw own; } };
    await assert.rejects(gate.check(request), (error) => error === own);
  });

  it('leaves the gate as it was', async () => {
    assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
  });
});

describe('what is no time', () => {
  for (const now of [NaN, Infinity, -Infinity, '1700000000', 1700000000n, null, new Date(0), {}]) {
    it(`${typeof now} ${String(now)}`, () =>
      refuses(gate.check(bearer(), { now }), /`options\.now` must be a number of seconds/));
  }
});

describe('what are no options', () => {
  for (const fetch of ['https://as.example.com', 1, {}, null, true]) {
    it(`fetch: ${JSON.stringify(fetch)}`, () => refuses(Gate.open(config(), { fetch }), /`options\.fetch` must be a function/));
  }

  for (const keys of [1, {}, true, [], Promise.resolve('{}'), new Response('{}')]) {
    it(`keys: ${Object.prototype.toString.call(keys)}`, () => refuses(Gate.open(config(), { keys }), /^`options\.keys` must be a string$/));
  }

  it('keys that a cache does not have are none', async () => {
    for (const keys of [null, undefined, '']) {
      const gate = await Gate.open(config(), { keys });
      assert.equal((await gate.check(bearer(), { now: NOW })).decision, 'allow');
    }
  });

  for (const waitUntil of [null, 1, {}, 'x', Promise.resolve()]) {
    it(`waitUntil: ${Object.prototype.toString.call(waitUntil)}`, () =>
      refuses(gate.check(bearer(), { now: NOW, waitUntil }), /^`options\.waitUntil` must be a function$/));
  }

  it('null in their place', async () => {
    await refuses(Gate.open(config(), null), /options/);
    await refuses(gate.check(bearer(), null), /options/);
  });
});

describe('a gate', () => {
  it('is only made by Gate.open', () => {
    // The types forbid `new Gate()`; whoever does it all the same must not get something that allows.
    return assert.rejects(async () => new Gate().check(bearer(), { now: NOW }), TypeError);
  });

  it('is needed as `this`', () => assert.rejects((0, gate.check)(bearer()), TypeError));
});
