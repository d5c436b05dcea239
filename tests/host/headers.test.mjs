import assert from 'node:assert/strict';
import test from 'node:test';
import { HeaderMap, byteString, decodePairs, encodePairs } from './headers.mjs';
import { HostError } from './status.mjs';

test('pairs are encoded as the specification says', () => {
  assert.deepEqual([...encodePairs([[':path', '/a'], ['x', '']])], [
    2, 0, 0, 0, //
    5, 0, 0, 0, 2, 0, 0, 0, //
    1, 0, 0, 0, 0, 0, 0, 0, //
    0x3a, 0x70, 0x61, 0x74, 0x68, 0, 0x2f, 0x61, 0, //
    0x78, 0, 0,
  ]);
});

test('pairs survive the way there and back, every byte of them', () => {
  const all = String.fromCharCode(...Array(256).keys());
  for (const pairs of [[], [['a', '']], [['a', all], ['a', 'again'], ['b', 'x']]]) {
    assert.deepEqual(decodePairs(encodePairs(pairs)), pairs);
  }
  assert.deepEqual(decodePairs(new Uint8Array()), []);
});

test('a malformed map is an error', () => {
  const good = encodePairs([['name', 'value']]);
  for (let size = 1; size < good.length; size += 1) assert.throws(() => decodePairs(good.subarray(0, size)), HostError, `cut at ${size}`);
  assert.throws(() => decodePairs(Uint8Array.of(...good, 0)), HostError);
  assert.throws(() => decodePairs(Uint8Array.of(1, 4, 0, 0)), /1025 pairs/);
});

test('a text is bytes when it can be, else UTF-8', () => {
  assert.equal(byteString('caf\u00e9'), 'caf\u00e9');
  assert.equal(byteString('\u20ac'), '\u00e2\u0082\u00ac');
  assert.equal(byteString(Uint8Array.of(0xff, 0x41)), '\u00ffA');
});

test('names are lower-cased, values are kept in order, and one value is the first', () => {
  const map = new HeaderMap([['X-A', '1'], ['b', '2'], ['x-a', '3']]);
  assert.deepEqual(map.pairs(), [['x-a', '1'], ['b', '2'], ['x-a', '3']]);
  assert.equal(map.get('X-a'), '1');
  assert.equal(map.get('absent'), undefined);
  map.replace('X-A', '4');
  assert.deepEqual(map.pairs(), [['b', '2'], ['x-a', '4']]);
  map.remove('B');
  assert.equal(map.size, 1);
});

test('pseudo headers stay in front, and host is the authority', () => {
  const map = new HeaderMap([['x', '1'], ['host', 'a.test'], [':method', 'GET']]);
  assert.deepEqual(map.pairs(), [[':authority', 'a.test'], [':method', 'GET'], ['x', '1']]);
  assert.equal(map.get('host'), 'a.test');
});

test('a second authorization is joined to the first, unless the build keeps them apart', () => {
  const two = [['authorization', 'Bearer a'], ['Authorization', 'Bearer b']];
  assert.deepEqual(new HeaderMap(two).all('authorization'), ['Bearer a,Bearer b']);
  assert.deepEqual(new HeaderMap(two, new Set()).all('authorization'), ['Bearer a', 'Bearer b']);
});
