// Every name of an error leads to what is known about it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { explain, readError } from '../../pkg/dist/client.js';

const ROWS = JSON.parse(await readFile(new URL('../../pkg/errors.json', import.meta.url), 'utf8'));
const reasons = async (what) => (await explain(what)).candidates.map(({ reason }) => reason);

describe('explain', () => {
  it('knows every reason, code, alias, number and error of AuthPlane', async () => {
    let sentinels = 0;
    for (const { reason, code, rpc, aliases = [], domain = [] } of ROWS) {
      const [first] = await reasons(reason);
      assert.equal(first, reason);
      for (const name of [code.oauth, code.caracal, ...aliases.map((alias) => alias.code)]) assert.ok((await reasons(name)).includes(reason), `${name} -> ${reason}`);
      if (typeof rpc === 'number') for (const number of [rpc, String(rpc)]) assert.ok((await reasons(number)).includes(reason), number);
      for (const { sentinel, meaning } of domain) {
        const { candidates } = await explain(sentinel);
        assert.deepEqual([candidates[0].reason, candidates[0].sentinel.meaning], [reason, meaning], sentinel);
        sentinels += 1;
      }
    }
    assert.equal(sentinels, 95);
  });

  it('tells all of a row', async () => {
    const row = ROWS.find(({ reason }) => reason === 'session_required');
    const { candidates: [first, ...others], near } = await explain('session_required');
    const { meaning, symptom, cause, fix, check, source, surface, retry } = row;
    assert.deepEqual(first, {
      reason: 'session_required', code: row.code.oauth, aliases: ['agent_required', 'agent_identity_required'], surface, statuses: [403], retry, meaning, symptom, cause, fix, check, source,
    });
    assert.deepEqual([others, near], [[], []]);
  });

  it('tells one code of several servers apart, the plainest first', async () => {
    const { candidates } = await explain('access_denied');
    assert.ok(new Set(candidates.map(({ surface }) => surface)).size >= 3);
    assert.equal(new Set(candidates.map(({ meaning }) => meaning)).size, candidates.length);
    assert.equal((await reasons('invalid_token'))[0], 'invalid_token');
  });

  it('takes names as people write them', async () => {
    for (const name of ['proof_expired', ' PROOF_EXPIRED\n', 'ProofExpired', 'proof-expired', 'urn:waxseal:error:proof_expired', 'https://errors.example.com/proof_expired', 'ERRORS.md#proof_expired']) {
      assert.deepEqual(await reasons(name), ['proof_expired'], name);
    }
    assert.deepEqual(await reasons('errinvalidgrant'), await reasons('ErrInvalidGrant'));
  });

  it('takes HTTP statuses', async () => {
    for (const status of [403, '403']) {
      const found = await reasons(status);
      assert.ok(found.includes('insufficient_scope') && !found.includes('token_expired'), status);
    }
  });

  it('takes a Reading, and whatever can be read', async () => {
    const body = { error: 'invalid_token', type: 'urn:waxseal:error:token_expired' };
    const response = new Response(JSON.stringify(body), { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
    for (const what of [await readError(body), body, JSON.stringify(body), response, { status: 401, body }, new Error('a', { cause: Object.assign(new Error('b'), { status: 401, body }) })]) {
      assert.deepEqual(await reasons(what), ['token_expired'], String(what));
    }
    assert.equal(response.bodyUsed, false);
    assert.deepEqual(await explain(await readError({})), { candidates: [], near: [] });
    assert.deepEqual(await reasons(await readError({ error: 'no_such_code' })), []);
    assert.deepEqual((await explain(await readError({ error: 'invalid_tokn' }))).near[0], 'invalid_token');
  });

  it('suggests names that are like it', async () => {
    for (const [name, expected] of [
      ['invalid_dop_proof', 'invalid_dpop_proof'], ['tokne_expired', 'token_expired'], ['insuficient_scope', 'insufficient_scope'], ['ErrInvalidGrnt', 'ErrInvalidGrant'],
      ['replayed', 'proof_replayed'], ['use_nonce', 'use_dpop_nonce'],
    ]) {
      const { candidates, near } = await explain(name);
      assert.deepEqual([candidates, near.includes(expected), near.length <= 4], [[], true, true], `${name}: ${near}`);
    }
    for (const name of ['xyzzy', '-1', '99', 'a', '', '__proto__', 'constructor', 'x'.repeat(1_000_000)]) assert.deepEqual(await explain(name), { candidates: [], near: [] }, name.slice(0, 20));
  });

  it('knows nothing of what says nothing, and refuses only no question', async () => {
    for (const odd of [null, {}, [], true, () => 1, Symbol('a'), 1n, NaN]) assert.deepEqual(await explain(odd), { candidates: [], near: [] });
    await assert.rejects(explain(), { name: 'WaxsealError' });
  });
});
