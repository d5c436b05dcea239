// Envoy's own cryptography checks what it knows, and the filter the rest; a filter that may not ask
// Envoy checks all of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { FILTER } from './bootstrap.mjs';
import { gate, Stage } from './stage.mjs';
import { ALGORITHMS, keyFor, keySet, token } from './tokens.mjs';

const configuration = gate({ issuer: { algorithms: ALGORITHMS, keys: { set: keySet('es-1', 'p384-1', 'rs-1', 'ed-1') } } });
const LINES = {
  asked: 'waxseal: signatures checked by Envoy: ES256, ES384, RS256, RS384, RS512; by the filter: EdDSA, PS256',
  barred: 'waxseal: signatures checked by Envoy: none; by the filter: ES256, ES384, EdDSA, PS256, RS256, RS384, RS512',
};

/** All that the filter may call and be called by, but for one function. */
async function allBut(barred) {
  const module = await WebAssembly.compile(await readFile(FILTER));
  const names = [...WebAssembly.Module.imports(module), ...WebAssembly.Module.exports(module)].map(({ name }) => name);
  return Object.fromEntries(names.filter((name) => name !== barred).map((name) => [name, {}]));
}

let stage;
before(async () => {
  const allowed = await allBut('proxy_call_foreign_function');
  stage = await Stage.open({
    listeners: {
      asked: { configuration },
      barred: { configuration, wasm: { capability_restriction_config: { allowed_capabilities: allowed } }, vm: { vm_id: 'barred' } },
    },
  });
});
// Envoy logs each call of what is barred as an error.
after(() => stage?.end({ expected: /restricted proxy-wasm capability: proxy_call_foreign_function/ }));

for (const name of Object.keys(LINES)) {
  test(`every algorithm, by a filter that is ${name}`, async () => {
    assert.ok(stage.envoy.log.some((line) => line.includes(LINES[name])), stage.envoy.log.join('\n'));
    for (const algorithm of ALGORITHMS) {
      const good = token({}, { key: keyFor(algorithm), algorithm });
      const reply = await stage.ask(name, { headers: { authorization: `Bearer ${good}` } });
      assert.equal(reply.status, 200, `${algorithm}: ${reply.body}`);
      assert.ok(stage.upstream.request(reply.id), algorithm);
      // Of another token: a signature that is one, and does not hold.
      const [, , other] = token({}, { key: keyFor(algorithm), algorithm }).split('.');
      const forged = good.replace(/[^.]+$/, other);
      const denied = await stage.ask(name, { headers: { authorization: `Bearer ${forged}` } });
      assert.deepEqual([denied.status, denied.json().type], [401, 'urn:waxseal:error:signature_invalid'], algorithm);
      assert.equal(stage.upstream.request(denied.id), undefined);
    }
  });
}
