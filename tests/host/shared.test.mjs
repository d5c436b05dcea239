import assert from 'node:assert/strict';
import test from 'node:test';
import { SharedData } from './shared.mjs';
import { Status } from './status.mjs';

const NEVER = 0xffffffff;
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

test('an absent key is written whatever the cas is', () => {
  const shared = new SharedData();
  assert.equal(shared.get('key'), undefined);
  assert.equal(shared.set('key', one, NEVER), Status.Ok);
  assert.deepEqual(shared.get('key'), { value: one, cas: 1 });
});

test('a cas that no entry has makes set an insert-if-absent', () => {
  const shared = new SharedData();
  const answers = [shared.set('key', one, NEVER), shared.set('key', two, NEVER)];
  assert.deepEqual(answers, [Status.Ok, Status.CasMismatch]);
  assert.deepEqual(shared.get('key').value, one);
});

test('a cas of zero overwrites, the present one replaces, an old one does not', () => {
  const shared = new SharedData();
  shared.set('key', one);
  const { cas } = shared.get('key');
  assert.equal(shared.set('key', two, cas), Status.Ok);
  assert.equal(shared.set('key', one, cas), Status.CasMismatch);
  assert.equal(shared.set('key', one, 0), Status.Ok);
  assert.deepEqual(shared.get('key').value, one);
});

test('the counter is one for all keys, and values are copies', () => {
  const shared = new SharedData();
  const value = Uint8Array.of(1);
  shared.set('a', value);
  shared.set('b', value);
  value[0] = 9;
  shared.get('a').value[0] = 8;
  assert.deepEqual(shared.get('a'), { value: one, cas: 1 });
  assert.deepEqual(shared.get('b'), { value: one, cas: 2 });
});

test('a key that fails is neither read nor written, and others are', () => {
  let down = true;
  const shared = new SharedData({ fails: (key) => down && key.startsWith('claims') });
  assert.equal(shared.get('claims/1'), Status.InternalFailure);
  assert.equal(shared.set('claims/1', one, NEVER), Status.InternalFailure);
  assert.equal(shared.set('other', one, NEVER), Status.Ok);
  down = false;
  assert.equal(shared.get('claims/1'), undefined);
  assert.equal(shared.set('claims/1', two, NEVER), Status.Ok);
});
