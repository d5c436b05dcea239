// The cases of dpop-key.json.

import { createHash } from 'node:crypto';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { KEYS, bytesOf, secretJwk } from '../keys.mjs';
import { bound, proof, proven, sha256, shown, shownKey, thumbprint } from '../proofs.mjs';
import { within } from '../rules.mjs';
import { SIGN } from '../signatures.mjs';
import { b64, token } from '../tokens.mjs';

export const about = 'The key in a proof, and that the token is bound to it: RFC 9449 sections 4.2, 4.3 and 6, RFC 7517, RFC 7638.';

const ALG = { 'es-proof': 'ES256', 'p384-proof': 'ES384', 'rs-proof': 'PS256', 'ed-proof': 'EdDSA' };
/** What only a private or a secret key has: RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export function cases() {
  const every = within('every proof algorithm');
  const carried = (jwk, key = 'es-proof', more = {}) => shown({}, { key, alg: ALG[key], header: { jwk }, ...more });
  const unfit = (name, jwk, key, more) => every(name, carried(jwk, key, more), deny('proof_key_invalid', { fetched: 1 }));
  const fit = (name, jwk, key, more) => every(name, carried(jwk, key, more), allow({ fetched: 1 }));
  const es = (members) => shownKey('es-proof', members);

  // RFC 9449 section 4.2: the public key, as an object.
  for (const value of [undefined, null, 'x', '', 5, true, [], [es()], {}, { keys: [es()] }, json(es()), { kty: 'EC' }, { jwk: es() }]) {
    unfit(`the key is ${value === undefined ? 'absent' : b64(json(value)).length > 60 ? `${json(value).slice(0, 40)}...` : json(value)}`, value);
  }
  unfit('the key stands under another name', undefined, 'es-proof', { header: { jwk: undefined, JWK: es(), key: es() } });
  unfit('certificates in place of the key', undefined, 'es-proof', { header: { jwk: undefined, x5c: ['MIIB'], kid: 'es-proof' } });
  unfit('the key id of a key of the issuer in place of the key', undefined, 'es-proof', { header: { jwk: undefined, kid: 'es-1' } });

  // RFC 9449 section 4.3: no private key.
  for (const member of PRIVATE) unfit(`an ec key with the member ${member}`, es({ [member]: 'AQAB' }));
  for (const member of PRIVATE) unfit(`an rsa key with the member ${member}`, shownKey('rs-proof', { [member]: 'AQAB' }), 'rs-proof');
  for (const value of ['', null, 5, []]) unfit(`an ec key whose member d is ${json(value)}`, es({ d: value }));
  unfit('an ed25519 key with an empty member d', shownKey('ed-proof', { d: '' }), 'ed-proof');
  unfit('an rsa key with a list of other primes', shownKey('rs-proof', { oth: [] }), 'rs-proof');
  for (const key of Object.keys(ALG)) {
    unfit(`the private half of ${key}`, secretJwk(key), key);
    unfit(`the private half of ${key} without its id`, { ...secretJwk(key), kid: undefined }, key);
    fit(`the public half of ${key}`, shownKey(key), key);
  }
  for (const jwk of [{ kty: 'oct', k: b64('secret') }, { kty: 'oct' }, { kty: 'oct', k: '' }]) unfit(`the key ${json(jwk)}`, jwk);

  // RFC 7517 sections 4.2 to 4.4: a key serves no more than it says.
  for (const members of [
    { kid: 'a' }, { kid: '' }, { ext: true }, { use: 'sig' }, { key_ops: ['verify'] }, { key_ops: ['verify', 'sign'] }, { alg: 'ES256' },
    { use: 'sig', key_ops: ['verify'], alg: 'ES256', ext: true, kid: 'a' }, { x5t: 'AQAB' }, { later: { a: [1] } }, { n: 'AQAB' }, { exp: 1 },
  ]) fit(`a key with ${json(members)}`, es(members));
  for (const members of [
    { use: 'enc' }, { use: 'SIG' }, { use: '' }, { key_ops: [] }, { key_ops: ['sign'] }, { key_ops: ['encrypt', 'wrapKey'] }, { use: 'sig', key_ops: ['sign'] }, { use: 'enc', key_ops: ['verify'] },
    { alg: 'ES384' }, { alg: 'ECDH-ES' }, { alg: 'EdDSA' }, { alg: 'HS256' }, { alg: 'none' }, { alg: 'es256' }, { alg: '' }, { use: 5 }, { key_ops: 'verify' }, { key_ops: [5] }, { alg: 5 },
  ]) unfit(`a key with ${json(members)} may not verify`, es(members));
  // RFC 9864 section 2.2: two names of one algorithm.
  for (const own of ['EdDSA', 'Ed25519']) for (const alg of ['EdDSA', 'Ed25519'])
    fit(`a key for ${own} with ${alg}`, shownKey('ed-proof', { alg: own }), 'ed-proof', { header: { alg, jwk: shownKey('ed-proof', { alg: own }) } });
  unfit('a p-256 key for Ed25519', es({ alg: 'Ed25519' }));
  unfit('a key for rs256 with ps256', shownKey('rs-proof', { alg: 'RS256' }), 'rs-proof');
  fit('a key for ps256 with ps256', shownKey('rs-proof', { alg: 'PS256' }), 'rs-proof');

  // The kind of the key is that of the algorithm.
  for (const [alg, key] of [['ES256', 'p384-proof'], ['ES256', 'rs-proof'], ['ES256', 'ed-proof'], ['ES384', 'es-proof'], ['PS256', 'es-proof'], ['RS256', 'ed-proof'], ['EdDSA', 'es-proof'], ['EdDSA', 'rs-proof'], ['Ed25519', 'es-proof']])
    unfit(`${alg} is claimed for ${key}, which signed as ${ALG[key]}`, shownKey(key), key, { header: { alg, jwk: shownKey(key) } });
  unfit('es256 with a key on secp256k1', shownKey('k256-1'), 'k256-1', { alg: 'ES256', sign: SIGN.ES256K, of: bound(), header: { jwk: shownKey('k256-1') } });
  for (const [name, jwk, key] of [
    ['a p-256 key that claims to be on p-384', es({ crv: 'P-384' }), 'es-proof'],
    ['a p-256 key that claims to be on p-521', es({ crv: 'P-521' }), 'es-proof'],
    ['a p-256 key that claims to be on secp256k1', es({ crv: 'secp256k1' }), 'es-proof'],
    ['a p-256 key on a curve in lower case', es({ crv: 'p-256' }), 'es-proof'],
    ['a p-256 key without a curve', es({ crv: undefined }), 'es-proof'],
    ['a p-256 key without x', es({ x: undefined }), 'es-proof'],
    ['a p-256 key without y', es({ y: undefined }), 'es-proof'],
    ['a p-256 key with an empty y', es({ y: '' }), 'es-proof'],
    ['a p-256 key whose y is a number', es({ y: 5 }), 'es-proof'],
    ['a p-256 key whose x is a byte short', es({ x: b64(bytesOf(KEYS['es-proof'].x).subarray(1)) }), 'es-proof'],
    ['a p-256 key whose x is a byte long', es({ x: b64(Buffer.concat([Buffer.of(0), bytesOf(KEYS['es-proof'].x)])) }), 'es-proof'],
    ['a p-256 key with padding', es({ x: `${KEYS['es-proof'].x}=` }), 'es-proof'],
    ['a p-256 key without a type', es({ kty: undefined }), 'es-proof'],
    ['a p-256 key of a type in lower case', es({ kty: 'ec' }), 'es-proof'],
    ['a p-256 key of the type OKP', es({ kty: 'OKP' }), 'es-proof'],
    ['a p-256 key of the type RSA', es({ kty: 'RSA' }), 'es-proof'],
    ['a p-256 key whose type is a list', es({ kty: ['EC'] }), 'es-proof'],
    ['an ed25519 key that claims to be x25519', shownKey('ed-proof', { crv: 'X25519' }), 'ed-proof'],
    ['an ed25519 key that claims to be ed448', shownKey('ed-proof', { crv: 'Ed448' }), 'ed-proof'],
    ['an ed25519 key of the type EC', shownKey('ed-proof', { kty: 'EC' }), 'ed-proof'],
    ['an ed25519 key of 31 bytes', shownKey('ed-proof', { x: b64(bytesOf(KEYS['ed-proof'].x).subarray(1)) }), 'ed-proof'],
    ['an rsa key without an exponent', shownKey('rs-proof', { e: undefined }), 'rs-proof'],
    ['an rsa key without a modulus', shownKey('rs-proof', { n: undefined }), 'rs-proof'],
    ['an rsa key whose modulus is a number', shownKey('rs-proof', { n: 5 }), 'rs-proof'],
    ['an rsa key of a type in lower case', shownKey('rs-proof', { kty: 'rsa' }), 'rs-proof'],
  ]) unfit(name, jwk, key);
  // Whether such a key cannot be read or verifies nothing is the same for the caller.
  const broken = (name, jwk, key) => every(name, carried(jwk, key), deny(['proof_key_invalid', 'proof_signature_invalid'], { fetched: 1 }));
  broken('a point that is not on the curve', es({ y: KEYS['es-proof-2'].y }), 'es-proof');
  broken('the point of zeros', es({ x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) }), 'es-proof');
  broken('coordinates beyond the field', es({ x: b64(Buffer.alloc(32, 0xff)), y: b64(Buffer.alloc(32, 0xff)) }), 'es-proof');
  broken('x and y change places', es({ x: KEYS['es-proof'].y, y: KEYS['es-proof'].x }), 'es-proof');
  broken('a p-384 point that is not on the curve', shownKey('p384-proof', { y: KEYS['p384-2'].y }), 'p384-proof');
  broken('bytes that are no ed25519 point', shownKey('ed-proof', { x: b64(Buffer.concat([Buffer.of(2), Buffer.alloc(31)])) }), 'ed-proof');
  broken('an ed25519 point of order one', shownKey('ed-proof', { x: b64(Buffer.concat([Buffer.of(1), Buffer.alloc(31)])) }), 'ed-proof');
  broken('an rsa exponent that is even', shownKey('rs-proof', { e: 'AQAA' }), 'rs-proof');
  broken('an rsa exponent of one', shownKey('rs-proof', { e: 'AQ' }), 'rs-proof');

  // Anybody may write such a key into a proof: none of them may stop the gate.
  const modulus = bytesOf(KEYS['rs-proof'].n);
  const changed = (at, byte) => { const copy = Buffer.from(modulus); copy[at] = byte; return b64(copy); };
  for (const [name, members] of [
    ['an even modulus', { n: changed(255, modulus[255] & 0xfe) }], ['a modulus that is a power of two', { n: b64(Buffer.concat([Buffer.of(0x80), Buffer.alloc(255)])) }],
    ['a modulus of zeros', { n: b64(Buffer.alloc(256)) }], ['a modulus of ones', { n: b64(Buffer.alloc(256, 0xff)) }], ['an empty modulus', { n: '' }], ['a modulus of one', { n: 'AQ' }],
    ['another modulus', { n: KEYS['rs-2'].n }], ['an exponent of zero', { e: 'AA' }], ['an empty exponent', { e: '' }], ['an exponent of two', { e: 'Ag' }],
    ['an exponent as long as the modulus', { e: b64(Buffer.alloc(256, 0xff)) }], ['an exponent that is the modulus', { e: KEYS['rs-proof'].n }], ['an exponent of 64 bits', { e: b64(Buffer.alloc(8, 0xff)) }],
    ['zeros before the modulus', { n: b64(Buffer.concat([Buffer.alloc(8), modulus])) }],
  ]) {
    for (const alg of ['PS256', 'RS256'])
      every(`${alg}: ${name}`, shown({}, { key: 'rs-proof', alg, header: { jwk: shownKey('rs-proof', members) } }), deny(['proof_key_invalid', 'proof_signature_invalid', 'proof_key_mismatch'], { fetched: 1 }));
  }
  every('a good proof after all of that', [shown({}, { key: 'rs-proof', alg: 'RS256', header: { jwk: shownKey('rs-proof', { n: changed(255, 0) }) } }), shown()], allow());

  // RFC 7518 sections 3.3 and 3.5: 2048 bits or more; no more than 4096, which cost too much.
  for (const alg of ['RS256', 'PS256']) {
    for (const key of ['rs-2049', 'rs-4096']) every(`${alg}: a key of ${key.slice(3)} bits`, shown({}, { key, alg }), allow());
    for (const key of ['rs-weak', 'rs-2047', 'rs-4104']) every(`${alg}: a key of ${key === 'rs-weak' ? 1024 : key.slice(3)} bits`, shown({}, { key, alg }), deny('proof_key_invalid'));
  }
  every('a key whose exponent is three', shown({}, { key: 'rs-e3', alg: 'RS256' }), allow());

  // RFC 9449 section 6.1: the token says which key, by RFC 7638.
  const other = (key, expect = deny('proof_key_mismatch', { full: true, fetched: 1 })) => every(`a token bound to es-proof, and a good proof of ${key}`, shown({}, { key, alg: ALG[key] ?? 'ES256', of: bound() }), expect);
  for (const key of ['es-proof-2', 'p384-proof', 'rs-proof', 'ed-proof', 'es-1']) other(key);
  other('es-proof', allow());
  for (const key of ['es-proof-2', 'p384-proof', 'rs-proof', 'ed-proof']) every(`a token bound to ${key}, and a good proof of it`, shown({}, { key, alg: ALG[key] ?? 'ES256' }), allow());
  const jkt = thumbprint('es-proof');
  const { kty, crv, x, y } = es();
  const named = (name, text) => every(`a token whose thumbprint is ${name}`, shown({}, { of: token({ cnf: { jkt: text } }) }), deny('proof_key_mismatch'));
  named('padded', `${jkt}=`);
  named('in standard base64', Buffer.from(jkt, 'base64url').toString('base64'));
  named('in hexadecimal', Buffer.from(jkt, 'base64url').toString('hex'));
  named('in lower case', jkt.toLowerCase());
  named('with a space behind', `${jkt} `);
  named('with a space before', ` ${jkt}`);
  named('one letter short', jkt.slice(0, -1));
  named('one letter long', `${jkt}A`);
  named('a letter', 'x');
  named('a uri of RFC 9278', `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${jkt}`);
  named('made with sha-1', createHash('sha1').update(json({ crv, kty, x, y })).digest('base64url'));
  named('made with sha-512', createHash('sha512').update(json({ crv, kty, x, y })).digest('base64url'));
  named('made of the members in another order', sha256(json({ kty, crv, x, y })));
  named('made with white space', sha256(JSON.stringify({ crv, kty, x, y }, null, 1)));
  named('made of more members', sha256(json({ alg: 'ES256', crv, kty, x, y })));
  named('made of the whole key in the header', sha256(json(es({ kid: 'a' }))));
  named('the key itself', json({ crv, kty, x, y }));
  named('that of the issuer\'s key', thumbprint('es-1'));
  every('one key, whatever the order of its members', carried({ y, x, kty, crv }), allow());
  every('one key, whatever stands beside it', carried({ use: 'sig', alg: 'ES256', kid: 'x', crv, ext: true, kty, x, y }), allow());
  every('one key, with escapes in its text', shown({}, { header: json({ typ: 'dpop+jwt', alg: 'ES256', jwk: es() }).replace('P-256', 'P\\u002d256').replace('"EC"', '"\\u0045C"') }), allow());
  every('an rsa key with zeros before its exponent is another key', carried(shownKey('rs-proof', { e: 'AAEAAQ' }), 'rs-proof'), deny(['proof_key_mismatch', 'proof_key_invalid']));
  every('the key of a proof binds nothing by itself', proven(token(), proof({}, { of: token() })), deny('token_not_bound'));
  every('a key id in the binding does not count', shown({}, { key: 'es-proof-2', of: token({ cnf: { jkt, kid: 'es-proof-2', jwk: shownKey('es-proof-2') } }) }), deny('proof_key_mismatch'));
}
