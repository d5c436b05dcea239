// Every algorithm once, with tokens signed by node:crypto: what the list allows passes, and no
// key takes the signature of another algorithm.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALGORITHMS, bearer, config, newKey, NOW, open, token } from './issuer.mjs';

const KEYS = Object.fromEntries(ALGORITHMS.map((alg) => [alg, newKey(alg, alg)]));
const set = { keys: Object.values(KEYS).map(({ jwk }) => jwk) };
const opened = (algorithms) => open({ issuers: [{ ...config().issuers[0], keys: { set }, ...algorithms && { algorithms } }] });

const all = await opened(ALGORITHMS);
const usual = await opened();

async function decided(gate, made) {
  const outcome = await gate.check(bearer(made), { now: NOW });
  return outcome.reason ?? outcome.decision;
}

describe('every algorithm', () => {
  for (const alg of ALGORITHMS) {
    const key = KEYS[alg];
    it(`${alg} passes where it is listed`, async () => {
      assert.equal(await decided(all, token({}, { key })), 'allow');
      assert.equal(await decided(await opened([alg]), token({}, { key })), 'allow');
      const others = await opened(ALGORITHMS.filter((other) => other !== alg));
      assert.equal(await decided(others, token({}, { key })), 'algorithm_not_allowed');
    });

    it(`${alg} passes with a key that names it, and with no kid`, async () => {
      const named = await open({ issuers: [{ ...config().issuers[0], algorithms: ALGORITHMS, keys: { set: { keys: [{ ...key.jwk, alg, use: 'sig' }] } } }] });
      assert.equal(await decided(named, token({}, { key })), 'allow');
      assert.equal(await decided(named, token({}, { key, header: { kid: undefined } })), 'allow');
    });

    it(`${alg} fails when a character of the signature differs`, async () => {
      const made = token({}, { key });
      const at = made.lastIndexOf('.') + 5;
      const bent = made.slice(0, at) + (made[at] === 'A' ? 'B' : 'A') + made.slice(at + 1);
      assert.equal(await decided(all, bent), 'signature_invalid');
    });

    it(`${alg} fails by another key of its kind`, async () => {
      assert.equal(await decided(all, token({}, { key: { ...newKey(alg, alg), kid: alg } })), 'signature_invalid');
    });
  }

  it('those that are usual are the default', async () => {
    const allowed = [];
    for (const alg of ALGORITHMS) if (await decided(usual, token({}, { key: KEYS[alg] })) === 'allow') allowed.push(alg);
    assert.deepEqual(allowed, ['ES256', 'RS256', 'PS256', 'EdDSA']);
  });
});

describe('a header that names another algorithm than the one that signed', () => {
  for (const signer of ALGORITHMS) {
    for (const alg of ALGORITHMS.filter((other) => other !== signer)) {
      it(`${signer} as ${alg}`, async () => {
        const made = token({}, { key: KEYS[signer], header: { alg } });
        assert.match(await decided(all, made), /^(signature_invalid|key_unknown)$/);
      });
    }
  }
});

describe('PS256', () => {
  for (const saltLength of [0, 20, 31, 33, 64]) {
    it(`with a salt of ${saltLength} bytes is refused`, async () => {
      assert.equal(await decided(all, token({}, { key: KEYS.PS256, how: { saltLength } })), 'signature_invalid');
    });
  }

  it('over another hash is refused', async () => {
    assert.equal(await decided(all, token({}, { key: KEYS.PS256, how: { hash: 'sha512' } })), 'signature_invalid');
  });
});

describe('ECDSA', () => {
  for (const alg of ['ES256', 'ES384']) {
    it(`${alg} in DER is refused`, async () => {
      assert.equal(await decided(all, token({}, { key: KEYS[alg], how: { dsaEncoding: 'der' } })), 'signature_invalid');
    });
  }
});
