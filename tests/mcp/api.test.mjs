// `Elicitation` alone: what it takes, and what it refuses to take.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Elicitation } from '../../pkg/dist/index.js';

const SECRET = 'a secret of the tests';
const SETTINGS = { secret: { env: 'STATE_SECRET' } };
const open = (settings = SETTINGS, env = { STATE_SECRET: SECRET }) => Elicitation.open(settings, { env });

const BODY = { error: 'consent_required', consent_url: 'https://as.example.com/connect' };
const CALL = {
  id: 1,
  method: 'tools/call',
  params: { name: 'a', arguments: {} },
  version: '2025-11-25',
  capabilities: { elicitation: { url: {} } },
};
const GRANT = { issuer: 'https://as.example.com', subject: 'ada', client: 'app', scopes: [], claims: { big: 1n } };

describe('settings', () => {
  for (const [settings, env, fault] of [
    [undefined, {}, /`config` must be an object/],
    [{}, {}, /missing field `secret`/],
    [{ secret: SECRET }, {}, /^`secret`: must name an environment variable/],
    [SETTINGS, {}, /^`secret`: .* is not there$/],
    [SETTINGS, { STATE_SECRET: 'short' }, /^`secret`: .* less than 16 bytes$/],
    [{ ...SETTINGS, age: 3601 }, { STATE_SECRET: SECRET }, /^`age`: /],
    [{ ...SETTINGS, ages: 1 }, { STATE_SECRET: SECRET }, /^`ages`: unknown field/],
  ]) {
    it(`${JSON.stringify(settings)} with ${Object.keys(env).length} variables is refused`, async () => {
      await assert.rejects(open(settings ?? null, env), (error) => {
        assert.ok(error?.name === 'WaxsealError');
        assert.match(error.message, fault);
        assert.ok(!error.message.includes(SECRET));
        return true;
      });
    });
  }

  it('need an environment that is an object', async () => {
    await assert.rejects(Elicitation.open(SETTINGS, null), { name: 'WaxsealError' });
    await assert.rejects(Elicitation.open(SETTINGS, { env: 'a' }), { name: 'WaxsealError' });
    await assert.rejects(Elicitation.open(SETTINGS), /is not there/);
  });
});

describe('a failure', () => {
  it('is read from a body, from an error, and from the cause of one', async () => {
    const elicitation = await open();
    for (const failure of [
      BODY,
      Object.assign(new Error('failed'), BODY),
      new Error('failed', { cause: BODY }),
      Object.assign(new Error('failed', { cause: BODY }), { error: 'consent_required' }),
    ]) {
      assert.equal(elicitation.ask(failure, CALL, GRANT).error.code, -32042);
    }
  });

  it('of another kind is not ours', async () => {
    const elicitation = await open();
    const round = {};
    round.error = round;
    for (const failure of [
      undefined, null, 'consent_required', 1, [], {}, round, new Error('consent_required'), new Error('a', { cause: round }),
      { error: 'access_denied', consent_url: BODY.consent_url }, { error: 'consent_required' },
    ]) {
      assert.equal(elicitation.ask(failure, CALL, GRANT), undefined);
    }
  });

  it('gets an id of its own each time', async () => {
    const elicitation = await open();
    const ids = Array.from({ length: 100 }, () => elicitation.ask(BODY, CALL, GRANT).error.data.elicitation_id);
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('a call', () => {
  it('that is none is a mistake of the caller', async () => {
    const elicitation = await open();
    for (const [call, grant, fault] of [
      [undefined, GRANT, /^`call` must be JSON data$/],
      [{ ...CALL, id: 1n }, GRANT, /^`call` must be JSON data$/],
      [{ id: 1 }, GRANT, /^`call`: missing field `method`$/],
      [{ ...CALL, params: [] }, GRANT, /^`call`: invalid type/],
      [CALL, undefined, /^`grant`: missing field `issuer`$/],
      [CALL, { subject: 'ada' }, /^`grant`: missing field `issuer`$/],
    ]) {
      assert.throws(() => elicitation.resume(call, grant), (error) => error?.name === 'WaxsealError' && fault.test(error.message));
      assert.throws(() => elicitation.ask(BODY, call, grant), (error) => error?.name === 'WaxsealError' && fault.test(error.message));
    }
    assert.throws(() => elicitation.resume(CALL, GRANT, { now: NaN }), { name: 'WaxsealError' });
  });

  it('resumes with an equal secret elsewhere, and with no other', async () => {
    const call = { ...CALL, version: '2026-07-28' };
    const now = 1_700_000_000;
    const { requestState } = (await open()).ask(BODY, call, GRANT, { now }).result;
    const retry = { ...call, id: 2, params: { arguments: {}, name: 'a', requestState } };
    assert.deepEqual((await open()).resume(retry, GRANT, { now: now + 599 }), {});
    assert.equal((await open()).resume(retry, GRANT, { now: now + 600 }).fault, 'expired');
    assert.equal((await open({ ...SETTINGS, age: 3600 })).resume(retry, GRANT, { now: now + 600 }).fault, 'expired');
    const other = await open(SETTINGS, { STATE_SECRET: 'another secret of the tests' });
    assert.equal(other.resume(retry, GRANT, { now }).fault, 'forged');
    assert.equal((await open()).resume(call, GRANT), undefined);
  });
});
