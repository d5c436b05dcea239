// The cases of signature.json.

import { createHash } from 'node:crypto';
import { ISSUER } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { bytesOf } from '../keys.mjs';
import { call } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { ORDER, SIGN, algOf, der, flip, half, withS } from '../signatures.mjs';
import { CLAIMS, NOW, b64, claimsOf, token, withHeader } from '../tokens.mjs';

export const about = 'The signature over exactly these bytes, by exactly this key.';

export function cases() {
  const bad = (name, made, reason = 'signature_invalid') => rule(name, call(made), deny(reason, { fetched: 1 }));
  const signed = (key, signature) => token({}, { key, signature });
  const [h, p, s] = token().split('.');
  const [h2, p2, s2] = token({ sub: 'admin' }).split('.');

  for (const [key, size] of [['es-1', 64], ['rs-1', 256]]) {
    const alg = algOf(key).toLowerCase();
    bad(`${alg}: the first bit differs`, signed(key, flip(0)));
    bad(`${alg}: the last bit differs`, signed(key, flip(-1)));
    bad(`${alg}: a bit in the middle differs`, signed(key, flip(size / 2)));
    bad(`${alg}: all zeros`, signed(key, () => Buffer.alloc(size)));
    bad(`${alg}: all ones`, signed(key, () => Buffer.alloc(size, 255)));
    bad(`${alg}: one byte too short`, signed(key, (bytes) => bytes.subarray(0, -1)));
    bad(`${alg}: one byte too long`, signed(key, (bytes) => Buffer.concat([bytes, Buffer.of(0)])));
    bad(`${alg}: a zero byte before it`, signed(key, (bytes) => Buffer.concat([Buffer.of(0), bytes])));
    bad(`${alg}: half of it`, signed(key, (bytes) => bytes.subarray(0, size / 2)));
    bad(`${alg}: twice`, signed(key, (bytes) => Buffer.concat([bytes, bytes])));
    bad(`${alg}: one byte alone`, signed(key, () => Buffer.of(1)));
    bad(`${alg}: by another key under this key id`, token({}, { key: key === 'es-1' ? 'es-other' : 'rs-other', header: { kid: key } }));
  }
  bad('es256: der instead of r and s', signed('es-1', der));
  bad('es256: r is zero', signed('es-1', (bytes) => Buffer.concat([Buffer.alloc(32), bytes.subarray(32)])));
  bad('es256: s is zero', signed('es-1', (bytes) => withS(bytes, 0n)));
  bad('es256: s is the order of the curve', signed('es-1', (bytes) => withS(bytes, ORDER)));
  bad('es256: r is the order of the curve', signed('es-1', (bytes) => Buffer.concat([withS(bytes, ORDER).subarray(32), bytes.subarray(32)])));
  bad('es256: r and s change places', signed('es-1', (bytes) => Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])));
  rule('es256: s in the upper half is as good', call(signed('es-1', half('high'))), allow());
  rule('es256: s in the lower half is as good', call(signed('es-1', half('low'))), allow());
  bad('es256: the signature of an rsa key', token({}, { header: { kid: 'es-1' }, sign: (input) => SIGN.RS256(input, 'rs-1') }));
  bad('rs256: made with sha-384', token({}, { key: 'rs-1', sign: SIGN.RS384 }));
  bad('rs256: made with pss', token({}, { key: 'rs-1', sign: SIGN.PS256 }));
  bad('rs256: the signature of an ec key', token({}, { key: 'rs-1', sign: (input) => SIGN.ES256(input, 'es-1') }));
  bad('rs256: the bare digest in place of a signature', token({}, { key: 'rs-1', sign: (input) => createHash('sha256').update(input).digest() }));

  bad('the payload of another token', `${h}.${p2}.${s}`);
  bad('the signature of another token', `${h}.${p}.${s2}`);
  bad('the header of another token', [withHeader({ x: 1 }).split('.')[0], p, s].join('.'));
  bad('a claim changed after signing', [h, b64(json(claimsOf({ exp: NOW + 86400 }))), s].join('.'));
  bad('the same claims in another order', [h, b64(json(Object.fromEntries(Object.entries(CLAIMS).reverse()))), s].join('.'));
  bad('the same claims with white space added', [h, b64(JSON.stringify(CLAIMS, null, 1)), s].join('.'));
  bad('the signature covers the payload alone', token({}, { sign: (input, key) => SIGN.ES256(input.split('.')[1], key) }));
  bad('the signature covers the decoded segments', token({}, { sign: (input, key) => SIGN.ES256(input.split('.').map((part) => bytesOf(part).toString()).join('.'), key) }));
  rule('the other token is good by itself', call([h2, p2, s2].join('.')), allow());

  bad('an expired token with a bad signature', token({ exp: NOW - 1000 }, { signature: flip(5) }));
  bad('a token without claims and with a bad signature', token(json({ iss: ISSUER }), { signature: flip(5) }));
  bad('a token for another audience with a bad signature', token({ aud: 'https://other.example' }, { signature: flip(5) }));
  rule('a bad signature is not remembered as good', [call(`${h}.${p}.${s}`, { expect: allow() }), call(`${h}.${p}.${b64(flip(3)(bytesOf(s)))}`)], deny('signature_invalid', { fetched: 1 }));
  rule('a bad signature does not spoil the good one', [call(`${h}.${p}.${b64(flip(3)(bytesOf(s)))}`, { expect: deny('signature_invalid') }), call(`${h}.${p}.${s}`)], allow({ fetched: 1 }));
  rule('a good token passes again', [call(), call(), call()], allow({ fetched: 1 }));
}
