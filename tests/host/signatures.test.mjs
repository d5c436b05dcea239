// The filter and a host that checks signatures for it: Envoy's function as it is, and one that lies,
// errs, is not there, or was good only while it was tried.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { FILTER } from '../envoy/bootstrap.mjs';
import { ALGORITHMS, ISSUER, jwk, keyFor, keySet, RESOURCE, token } from '../envoy/tokens.mjs';
import { FUNCTION, holds, read, refusal, verifySignature } from './signatures.mjs';
import { Status } from './status.mjs';
import { Worker } from './worker.mjs';

const OF_ENVOY = ['ES256', 'ES384', 'RS256', 'RS384', 'RS512'];

/** A good token of an algorithm, in its two halves: what is signed, and the signature. */
function signed(algorithm) {
  const text = token({}, { key: keyFor(algorithm), algorithm });
  const end = text.lastIndexOf('.');
  return [text.slice(0, end), Buffer.from(text.slice(end + 1), 'base64url')];
}

const keys = keySet('es-1', 'p384-1', 'rs-1', 'ed-1');
const configuration = JSON.stringify({ resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: ALGORITHMS, keys: { set: keys } }] });

let filter;
before(async () => {
  filter = await WebAssembly.compile(await readFile(FILTER));
});

/** A filter under a host that answers so; `asked` are the questions it was asked. */
async function open(answer) {
  const host = { asked: [], lines: [], answer };
  const foreign = (name, input) => {
    assert.equal(name, FUNCTION);
    host.asked.push(read(input));
    return host.answer(input);
  };
  host.worker = await Worker.start(filter, { configuration, foreign, log: (level, line) => host.lines.push(line) });
  host.tried = host.asked.splice(0);
  /** What becomes of a token: `passes`, or the reason of its denial. */
  host.send = async ([input, signature]) => {
    const authorization = `Bearer ${input}.${signature.toString('base64url')}`;
    const { upstream, local } = await host.worker.request({ method: 'POST', url: '/mcp', headers: [['authorization', authorization]] });
    assert.equal(host.worker.failure, null);
    return upstream ? 'passes' : `${local.status} ${local.details}`;
  };
  return host;
}

const flipped = ([input, signature], at = 0) => {
  const other = Buffer.from(signature);
  other[at] ^= 1;
  return [input, other];
};
const said = ({ lines }) => lines.filter((line) => line.includes('signatures checked by'));

test('Envoy checks what its function knows, and the filter the rest: one line says which', async () => {
  const host = await open(verifySignature);
  assert.deepEqual(said(host), ['waxseal: signatures checked by Envoy: ES256, ES384, RS256, RS384, RS512; by the filter: EdDSA, PS256']);
  assert.deepEqual([...new Set(host.tried.map(({ hash }) => hash))].sort(), ['sha256', 'sha384', 'sha512']);
  for (const alg of ALGORITHMS) {
    assert.equal(await host.send(signed(alg)), 'passes', alg);
    assert.equal(host.asked.splice(0).length, OF_ENVOY.includes(alg) ? 1 : 0, alg);
    assert.equal(await host.send(flipped(signed(alg), 40)), '401 signature_invalid', alg);
    host.asked.splice(0);
  }
  host.worker.close();
});

test('only algorithms that are configured are tried', async () => {
  const lines = [];
  let tried = 0;
  const worker = await Worker.start(filter, {
    configuration: JSON.stringify({ resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: ['PS256'], keys: { set: keys } }] }),
    foreign: () => (tried += 1), log: (level, line) => lines.push(line),
  });
  assert.equal(tried, 0);
  assert.deepEqual(said({ lines }), ['waxseal: signatures checked by Envoy: none; by the filter: PS256']);
  worker.close();
});

test('signatures of every shape hold: numbers with a leading zero, and those that look negative', async () => {
  const host = await open(verifySignature);
  const shapes = new Set();
  for (let n = 0; n < 20_000 && shapes.size < 6; n += 1) {
    const token = signed('ES256');
    const own = [0, 32].map((at) => (token[1][at] === 0 ? `zero${at}` : token[1][at] >= 0x80 ? `sign${at}` : `plain${at}`));
    if (own.every((shape) => shapes.has(shape))) continue;
    own.forEach((shape) => shapes.add(shape));
    assert.equal(await host.send(token), 'passes', own.join());
  }
  assert.equal(shapes.size, 6);
  assert.ok(host.asked.every(({ signature }) => signature[0] === 0x30));
  host.worker.close();
});

const LIARS = {
  'says yes to all': () => holds(),
  'says no to all': () => refusal('Failed to verify digest. Error code: 0'),
  'says no without an error': () => new Uint8Array(),
  'errs': () => Status.InternalFailure,
  'lacks the function': () => Status.NotFound,
  'answers what is no protobuf': () => Uint8Array.of(0xff, 0xff, 0xff),
  'answers with half a message': () => Uint8Array.of(0x08),
  'answers with another type of field': () => Uint8Array.of(0x0a, 1, 1),
  'says yes and names an error': () => Uint8Array.of(...holds(), ...refusal('but')),
  'says yes to every key that is one': (input) => (read(input).key.length > 2 ? holds() : refusal('no key')),
  'says yes where no key is': (input) => (read(input).key.length > 2 ? verifySignature(input) : holds()),
  'ignores what is signed': (input) => (read(input).signature.length > 0 ? holds() : refusal('')),
};

for (const [what, answer] of Object.entries(LIARS)) {
  test(`a host that ${what} is found out at start, and never asked again`, async () => {
    const host = await open(answer);
    assert.deepEqual(said(host), ['waxseal: signatures checked by Envoy: none; by the filter: ES256, ES384, EdDSA, PS256, RS256, RS384, RS512']);
    for (const alg of ['ES256', 'RS256']) {
      assert.equal(await host.send(signed(alg)), 'passes', alg);
      assert.equal(await host.send(flipped(signed(alg), 40)), '401 signature_invalid', alg);
    }
    assert.deepEqual(host.asked, []);
    host.worker.close();
  });
}

test('a host that is wrong about one algorithm is asked about the others', async () => {
  const host = await open((input) => (read(input).hash === 'sha384' ? holds() : verifySignature(input)));
  assert.deepEqual(said(host), ['waxseal: signatures checked by Envoy: ES256, RS256, RS512; by the filter: ES384, EdDSA, PS256, RS384']);
  assert.equal(await host.send(flipped(signed('ES384'), 40)), '401 signature_invalid');
  assert.deepEqual(host.asked, []);
  host.worker.close();
});

test('a host that fails later denies, and what is no signature is never asked', async () => {
  const host = await open(verifySignature);
  for (const what of ['errs', 'lacks the function', 'answers what is no protobuf', 'answers with half a message', 'answers with another type of field', 'says yes and names an error']) {
    host.answer = LIARS[what];
    for (const alg of OF_ENVOY) assert.equal(await host.send(signed(alg)), '503 host_failed', `${what}: ${alg}`);
  }
  for (const what of ['says no to all', 'says no without an error']) {
    host.answer = LIARS[what];
    for (const alg of OF_ENVOY) assert.equal(await host.send(signed(alg)), '401 signature_invalid', `${what}: ${alg}`);
  }
  host.asked.splice(0);
  host.answer = LIARS['says yes to all'];
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const [ec, point] = signed('ES256');
  const [rsa, number] = signed('RS256');
  const modulus = Buffer.from(jwk('rs-1').n, 'base64url');
  for (const [what, input, signature] of [
    ['r is zero', ec, Buffer.concat([Buffer.alloc(32), point.subarray(32)])],
    ['s is zero', ec, Buffer.concat([point.subarray(0, 32), Buffer.alloc(32)])],
    ['r is the order', ec, Buffer.concat([order, point.subarray(32)])],
    ['s is the order', ec, Buffer.concat([point.subarray(0, 32), order])],
    ['a byte less', ec, point.subarray(1)],
    ['a byte more', ec, Buffer.concat([Buffer.alloc(1), point])],
    ['DER', ec, Buffer.concat([Buffer.of(0x30, 68, 2, 32), point.subarray(0, 32), Buffer.of(2, 32), point.subarray(32)])],
    ['nothing', ec, Buffer.alloc(0)],
    ['one of RSA', ec, number],
    ['one of ECDSA', rsa, point],
    ['RSA, a byte less', rsa, number.subarray(1)],
    ['RSA, a byte more', rsa, Buffer.concat([Buffer.alloc(1), number])],
    ['the modulus', rsa, modulus],
    ['more than the modulus', rsa, Buffer.alloc(256, 0xff)],
  ]) {
    assert.match(await host.send([input, signature]), /^401 (signature_invalid|token_malformed)$/, what);
  }
  assert.deepEqual(host.asked, []);
  host.answer = verifySignature;
  assert.equal(await host.send(signed('ES256')), 'passes');
  host.worker.close();
});
