// The one class of error: told by its code, in every copy of the package.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { createDpop, WaxsealError as OfClient } from '../../pkg/dist/client.js';
import { Elicitation, Gate, WaxsealError } from '../../pkg/dist/index.js';
import { bearer, config } from './issuer.mjs';

const copy = createRequire(import.meta.url)('../../pkg/dist/cjs/index.js');

const thrown = async (act) => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

describe('WaxsealError', () => {
  const THROWN = {
    'a configuration without a resource': [() => Gate.open({}), 'invalid_configuration', /`resource`/],
    'a configuration that is no JSON': [() => Gate.open({ ...config(), leeway: 1n }), 'invalid_configuration', /^`leeway`/],
    'settings of consent without a secret': [() => Elicitation.open({}), 'invalid_configuration', /`secret`/],
    'options that are none': [() => Gate.open(config(), null), 'invalid_argument', /^`options`/],
    'a request that is none': [async () => (await Gate.open(config())).check(null), 'invalid_argument', /^`request`/],
    'an unknown algorithm': [() => createDpop({ algorithm: 'HS256' }), 'invalid_argument', /^`options\.algorithm`/],
  };
  for (const [name, [act, code, message]] of Object.entries(THROWN)) {
    it(`is what ${name} gives: ${code}`, async () => {
      const error = await thrown(act);
      assert.ok(error instanceof Error);
      assert.deepEqual([error.name, error.code, WaxsealError.isInstance(error)], ['WaxsealError', code, true]);
      assert.match(error.message, message);
    });
  }

  it('is the same for two copies of the package', async () => {
    const error = await thrown(() => copy.Gate.open(config(), null));
    assert.notEqual(copy.WaxsealError, WaxsealError);
    assert.equal(error instanceof WaxsealError, false);
    for (const one of [WaxsealError, OfClient, copy.WaxsealError]) assert.ok(one.isInstance(error));
  });

  it('is nothing else', () => {
    for (const value of [undefined, null, 'WaxsealError', 1, {}, { name: 'WaxsealError', code: 'invalid_argument' }, new Error('a'), new TypeError('b')]) {
      assert.equal(WaxsealError.isInstance(value), false);
    }
  });

  it('says what it knows, and its cause', async () => {
    const cause = new Error('below');
    const action = { kind: 'give_up' };
    const error = new WaxsealError('invalid_token', 'expired', { reason: 'token_expired', action, data: { status: 401 }, cause });
    assert.deepEqual([error.message, error.code, error.reason, error.action, error.data, error.cause], ['expired', 'invalid_token', 'token_expired', action, { status: 401 }, cause]);
    assert.match(String(error), /^WaxsealError: expired$/);
    assert.equal('cause' in new WaxsealError('a', 'b'), false);
  });

  it('is not what a denial is: that is a value', async () => {
    const { decision } = await (await Gate.open(config())).check({ ...bearer(), headers: {} });
    assert.equal(decision, 'deny');
  });
});
