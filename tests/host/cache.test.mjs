// The filter remembers tokens, and takes no more memory for them than it may, however they are made.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { FILTER } from '../envoy/bootstrap.mjs';
import { ISSUER, keySet, RESOURCE, token } from '../envoy/tokens.mjs';
import { holds, verifySignature } from './signatures.mjs';
import { Worker } from './worker.mjs';

const CACHE = 4 << 20;
/** What a check takes for itself, and what memory loses to its scattered pieces. */
const BESIDE = 2 << 20;

const list = (count, make) => Array.from({ length: count }, (_, number) => make(number));
const nested = (depth) => (depth === 0 ? {} : { a: nested(depth - 1) });
/** Claims that take many times the memory that their text does. */
const SHAPES = {
  'a few claims': [6_000, {}],
  'roles of ninety clients': [400, { resource_access: Object.fromEntries(list(90, (number) => [`client-${number}`, { roles: ['user', 'editor'] }])) }],
  'many small objects': [150, { authorization_details: list(880, () => ({ type: 'x' })) }],
  'deep objects': [150, { deep: list(80, () => nested(25)) }],
};

let filter;
before(async () => {
  filter = await WebAssembly.compile(await readFile(FILTER));
});

async function open(cache) {
  const host = { asked: 0, answer: verifySignature };
  const configuration = JSON.stringify({ resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: ['ES256'], keys: { set: keySet('es-1') } }], limits: { cache, token: 65_536 } });
  host.worker = await Worker.start(filter, {
    configuration,
    foreign(_, input) {
      host.asked += 1;
      return host.answer(input);
    },
  });
  // From here on only memory matters.
  host.answer = holds;
  host.asked = 0;
  host.send = async (bearer) => {
    const { upstream } = await host.worker.request({ method: 'POST', url: '/mcp', headers: [['authorization', `Bearer ${bearer}`]] });
    assert.ok(upstream, 'denied');
  };
  return host;
}

for (const [shape, [count, claims]] of Object.entries(SHAPES)) {
  test(`distinct tokens with ${shape} take no more memory than is configured`, { timeout: 60_000 }, async () => {
    const host = await open(CACHE);
    const before = host.worker.memory.size;
    const [head, , tail] = token(claims).split('.');
    const { jti: _, ...payload } = JSON.parse(Buffer.from(token(claims).split('.')[1], 'base64url'));
    const made = (number) => [head, Buffer.from(JSON.stringify({ ...payload, jti: `id-${number}` })).toString('base64url'), tail].join('.');
    for (let number = 0; number < count; number += 1) await host.send(made(number));
    assert.equal(host.asked, count);
    const taken = host.worker.memory.size - before;
    assert.ok(taken < CACHE + BESIDE, `${taken} bytes`);
    // The last ones are still there; the first are not.
    await host.send(made(count - 1));
    assert.equal(host.asked, count);
    await host.send(made(0));
    assert.equal(host.asked, count + 1);
  });
}

test('no token is remembered where there is no memory for it', async () => {
  const host = await open(0);
  const bearer = token();
  for (let number = 1; number < 4; number += 1) {
    await host.send(bearer);
    assert.equal(host.asked, number);
  }
});
