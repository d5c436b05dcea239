// Keys are imported once, and kept while they are used: a thousand of them, whatever clients come.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prover } from '../envoy/proofs.mjs';
import { ISSUER, keySet, RESOURCE } from '../envoy/tokens.mjs';
import { Gate } from '../../pkg/dist/index.js';

const KEPT = 1000;
/** The key of the known answers: Node's threads prove themselves by it when so many calls come that they are wanted. */
const KNOWN = 'lXVOnWKSKLD88sj_Qx_GKxTNZh_fQ_dGXpIqoNCF89w';

test('a key is imported once, and once more when a thousand others came in between', { timeout: 120_000 }, async () => {
  const imported = [];
  const own = process.getBuiltinModule('crypto');
  process.getBuiltinModule = () => ({
    verify: own.verify,
    createPublicKey(from) {
      if (from.key.x !== KNOWN) imported.push(from.key.x);
      return own.createPublicKey(from);
    },
  });
  const keys = { set: keySet('es-1') };
  const gate = await Gate.open({ resource: RESOURCE, issuers: [{ issuer: ISSUER, keys }], dpop: { mode: 'required' } });
  /** The keys that are imported for a good call of this client. */
  const send = async (client) => {
    imported.length = 0;
    const { allow, reason } = await gate.check({ method: 'GET', url: RESOURCE, headers: client.headers() });
    assert.ok(allow, reason);
    return imported.length;
  };
  const [first, second] = [new Prover(), new Prover()];
  await send(first);
  assert.deepEqual([await send(first), await send(second), await send(second), await send(first)], [0, 1, 0, 0]);
  // With the issuer's key and these two there is room for so many more.
  for (let n = 0; n < KEPT - 3; n += 1) assert.equal(await send(new Prover()), 1);
  assert.equal(await send(first), 0);
  assert.equal(await send(new Prover()), 1);
  // The second was used least lately; the issuer's with every call.
  assert.deepEqual([await send(first), await send(second), await send(first)], [0, 1, 0]);
});
