// The cases of dpop-proof.json.

import { ALGORITHMS } from '../configurations.mjs';
import { json, plus } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { flip, SIGN, der, half, hmac, withR, withS } from '../signatures.mjs';
import { PROOF, bound, proof, proven, sha256, shown, shownKey } from '../proofs.mjs';
import { within } from '../rules.mjs';
import { NOW, b64, until } from '../tokens.mjs';

export const about = 'The shape of a proof, its type, its algorithm and its signature: RFC 9449 sections 4.2 and 4.3, RFC 7515, RFC 8725.';

const KEY = { ES256: 'es-proof', ES384: 'p384-proof', RS256: 'rs-proof', RS384: 'rs-proof', RS512: 'rs-proof', PS256: 'rs-proof', EdDSA: 'ed-proof' };

export function cases() {
  const on = within('dpop required');
  const off = (name, made, reason) => on(name, proven(bound(), made), deny(reason, { fetched: 1 }));
  const malformed = (name, made) => off(name, made, 'proof_malformed');
  const good = proof();
  const [h, p, s] = good.split('.');
  const body = { ...PROOF, ath: sha256(bound()) };
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: shownKey('es-proof') };

  on('a good proof', shown(), allow({ fetched: 1 }));
  on('the members of the header in another order', shown({}, { header: json({ jwk: head.jwk, alg: 'ES256', typ: 'dpop+jwt' }) }), allow());
  on('white space in the json of both parts', proven(bound(), proof(JSON.stringify(body, null, 2), { header: `\n ${JSON.stringify(head, null, '\t')} ` })), allow());
  on('escapes in the json of both parts', proven(bound(), proof(json(body).replace('POST', '\\u0050OST'), { header: json(head).replace('dpop+jwt', 'dpop\\u002bjwt').replace('"x"', '"\\u0078"') })), allow());
  on('unknown members in both parts', shown({ later: { a: [1, null] }, sub: 'alice' }, { header: { later: true, kid: 'es-proof' } }), allow());
  on('a key url and certificates in the header are not looked at', shown({}, { header: { jku: 'https://evil.example/jwks.json', x5u: 'https://evil.example/cert', x5c: ['x'], x5t: 'x' } }), allow({ fetched: 1 }));
  on('issuer and audience of a proof are not looked at', shown({ iss: 'https://evil.example', aud: 'https://evil.example' }), allow());

  // RFC 7515 section 7.1: three segments of base64url.
  for (const made of ['x', 'a.b', '..', '.', 'a.b.c', `${h}.${p}`, `${h}.${p}.${s}.`, `.${good}`, `${good}.${good}`, `${h}..${p}.${s}`, `${h}.${p}.${s}.${s}.${s}`, 'a.b.c.d.e', 'undefined', 'null', '{}'])
    malformed(`a proof of the form ${made.replaceAll(good, 'PROOF').replaceAll(h, 'H').replaceAll(p, 'P').replaceAll(s, 'S')}`, made);
  malformed('an encrypted proof', `${b64('{"alg":"dir","enc":"A128GCM","typ":"dpop+jwt"}')}..aXY.Y2lwaGVy.dGFn`);
  off('a proof in json', json({ protected: h, payload: p, signature: s }), ['proof_duplicated', 'proof_malformed']);
  malformed('quotes around the proof', `"${good}"`);
  malformed('a scheme before the proof', `DPoP ${good}`);
  malformed('a space inside the proof', `${h}. ${p}.${s}`);
  malformed('a tab inside the proof', `${h}\t.${p}.${s}`);
  malformed('letters of latin-1 after the proof', `${good}é`);
  malformed('a byte that is not utf-8 after the proof', `${good}\u00ff`);
  malformed('a no-break space after the proof', `${good}\u00a0`);
  malformed('percent signs in the proof', `${h}%2E${p}%2E${s}`);
  for (const [at, name] of [[0, 'header'], [1, 'payload'], [2, 'signature']]) {
    const bent = (change) => proof({}, { bend: (parts) => parts.map((each, n) => (n === at ? change(each) : each)) });
    malformed(`padding after the ${name}`, bent((part) => `${part}${'='.repeat((4 - (part.length % 4)) % 4 || 1)}`));
    malformed(`an equals sign after the ${name}`, bent((part) => `${part}=`));
    malformed(`a plus sign in the ${name}`, bent((part) => `${part.slice(0, 4)}+${part.slice(5)}`));
    malformed(`a slash in the ${name}`, bent((part) => `${part.slice(0, 4)}/${part.slice(5)}`));
    malformed(`a star in the ${name}`, bent((part) => `${part.slice(0, 4)}*${part.slice(5)}`));
    malformed(`one letter more than bytes in the ${name}`, bent((part) => part.slice(0, part.length - (part.length % 4) - 3)));
  }
  // The unused bits of the last letter are zero, or one proof has many forms.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const next = (part) => part.slice(0, -1) + letters[letters.indexOf(part.at(-1)) + 1];
  malformed('unused bits at the end of the signature', proof({}, { bend: ([a, b, c]) => [a, b, next(c)] }));
  const loose = until((n) => ({ pad: 'x'.repeat(n) }), (members) => json({ ...body, ...members }).length % 3 !== 0);
  malformed('unused bits at the end of the payload', proof(loose, { shape: ([a, b]) => [a, next(b)] }));
  const slack = until((n) => ({ pad: 'x'.repeat(n) }), (members) => json({ ...head, ...members }).length % 3 !== 0);
  malformed('unused bits at the end of the header', proof({}, { header: slack, shape: ([a, b]) => [next(a), b] }));

  // Both parts are JSON objects, each member once.
  const header = (name, text) => malformed(`header: ${name}`, proof({}, { header: text }));
  const payload = (name, text) => malformed(`payload: ${name}`, proof(text));
  for (const [part, whole] of [[header, json(head)], [payload, json(body)]]) {
    for (const text of ['', 'x', 'null', '5', '"x"', '[]', '{', '{"a":}', "{'a':1}", '{"a":1,}', '{"a":01}', '{"a":NaN}', '{"a":1e400}', '{"a":"\\ud800"}', '{"a":"\n"}']) part(`${text || 'nothing'} is no object`, text);
    part('text after the object', `${whole} {}`);
    part('a letter after the object', `${whole}x`);
    part('a list around the object', `[${whole}]`);
    part('a byte order mark', `\ufeff${whole}`);
    part('a null byte after the object', `${whole}\0`);
    part('a comment', `/* */${whole}`);
    part('nested too deep', plus(JSON.parse(whole), `"a":${'['.repeat(64)}${']'.repeat(64)}`));
    part('a member twice', plus(JSON.parse(whole), '"later":1,"later":1'));
    part('a member twice, once with an escape', plus(JSON.parse(whole), '"later":1,"l\\u0061ter":2'));
    part('a member twice further inside', plus(JSON.parse(whole), '"later":[{"a":1,"a":2}]'));
  }
  for (const [name, value] of [['typ', 'dpop+jwt'], ['alg', 'ES256'], ['jwk', head.jwk]]) header(`${name} twice`, plus(head, `"${name}":${json(value)}`));
  for (const [name, value] of Object.entries(body)) payload(`${name} twice`, plus(body, `"${name}":${json(value)}`));
  header('a member of the key twice', json(head).replace('"kty":"EC"', '"kty":"EC","kty":"EC"'));
  header('a member of the key twice, one of them good', json(head).replace('"x":', `"x":"${shownKey('es-proof-2').x}","x":`));

  // RFC 7515 sections 4.1.10 and 4.1.11, RFC 7516, RFC 7797: nothing that changes what was signed.
  for (const [name, values] of Object.entries({ crit: [['exp'], [], ['b64'], null], b64: [false, true], zip: ['DEF', null], enc: ['A128GCM'], cty: ['JWT', ''] })) {
    for (const value of values) malformed(`${name} as ${json(value)} in the header`, proof({}, { header: { [name]: value } }));
  }
  malformed('crit with a member that is there', proof({}, { header: { crit: ['later'], later: 1 } }));

  // How long a proof may be.
  const short = within('short proofs');
  const sized = (bytes) => until((n) => proof({ pad: 'x'.repeat(Math.floor(n / 8)) }, { header: { y: 'y'.repeat(n % 8) } }), (made) => made.length === bytes);
  short('a proof of exactly the limit', proven(bound(), sized(1024)), allow());
  short('a proof one byte over the limit', proven(bound(), sized(1025)), deny('proof_malformed'));
  short('white space around a proof does not count', proven(bound(), `  ${sized(1024)}  `), allow());
  malformed('a proof of 20 kB of one letter', 'a'.repeat(20_000));
  malformed('a proof of 20 kB that is good otherwise', proof({ pad: 'x'.repeat(20_000) }));
  on('a proof of 12 kB', shown({ pad: 'x'.repeat(8_000) }), allow());

  // RFC 9449 section 4.2: `typ` is `dpop+jwt`.
  const typ = (value, reason = 'proof_type_not_allowed') => off(`the type ${json(value) ?? 'is absent'}`, proof({}, { header: { typ: value } }), reason);
  for (const value of [undefined, '', 'JWT', 'jwt', 'at+jwt', 'DPOP+JWT', 'DPoP+jwt', 'Dpop+jwt', 'application/dpop+jwt', 'dpop', 'dpop+jwt ', ' dpop+jwt', 'dpop+jwt+x', 'dpop jwt', 'kb+jwt', 'dpop%2Bjwt']) typ(value);
  for (const value of [null, 5, ['dpop+jwt'], { typ: 'dpop+jwt' }]) typ(value, ['proof_type_not_allowed', 'proof_malformed']);
  off('the access token in place of the proof', bound(), 'proof_type_not_allowed');
  off('a proof whose type is written in another member', proof({}, { header: { typ: undefined, Typ: 'dpop+jwt', type: 'dpop+jwt' } }), 'proof_type_not_allowed');

  // RFC 9449 section 4.3: an asymmetric algorithm that we take, never what the proof would like.
  const alg = (value, reason = 'proof_algorithm_not_allowed') => off(`the algorithm ${json(value) ?? 'is absent'}`, proof({}, { header: { alg: value } }), reason);
  for (const value of ['none', 'NONE', 'None', 'HS256', 'HS384', 'HS512', 'ES384', 'RS384', 'RS512', 'PS384', 'PS512', 'ES512', 'ES256K', 'Ed448', 'es256', 'ES256 ', 'ES-256', 'eddsa', 'RSA-OAEP', 'dir', 'ML-DSA-44']) alg(value);
  for (const value of [undefined, '', null, 5, ['ES256'], true]) alg(value, ['proof_algorithm_not_allowed', 'proof_malformed']);
  off('none and no signature', proof({}, { header: { alg: 'none' }, bend: ([a, b]) => [a, b, ''] }), 'proof_algorithm_not_allowed');
  const secret = Buffer.from(json(shownKey('es-proof')));
  off('hs256 with the key in the header as the secret', proof({}, { header: { alg: 'HS256' }, sign: hmac(secret) }), 'proof_algorithm_not_allowed');
  off('hs256 with a secret in the header', proof({}, { header: { alg: 'HS256', jwk: { kty: 'oct', k: b64('secret') } }, sign: hmac('secret') }), 'proof_algorithm_not_allowed');

  const every = within('every proof algorithm');
  const made = (alg, more = {}) => shown({}, { key: KEY[alg], alg, ...more });
  for (const alg of ALGORITHMS) {
    const only = within(`${alg.toLowerCase()} proofs only`);
    every(`${alg}: a good proof`, made(alg), allow({ fetched: 1 }));
    only(`a list of ${alg} alone takes it`, made(alg), allow());
    const following = ALGORITHMS[(ALGORITHMS.indexOf(alg) + 1) % ALGORITHMS.length];
    only(`a list of ${alg} alone refuses ${following}`, made(following), deny('proof_algorithm_not_allowed', { full: true }));
    const listed = ['ES256', 'EdDSA', 'PS256', 'RS256'].includes(alg);
    on(`the default list ${listed ? 'takes' : 'refuses'} ${alg}`, made(alg), listed ? allow() : deny('proof_algorithm_not_allowed'));

    const invalid = (name, more) => every(`${alg}: ${name}`, made(alg, more), deny('proof_signature_invalid', { fetched: 1 }));
    invalid('the first bit of the signature differs', { signature: flip(0) });
    invalid('the last bit of the signature differs', { signature: flip(-1) });
    invalid('one byte too short', { signature: (raw) => raw.subarray(0, -1) });
    invalid('one byte too long', { signature: (raw) => Buffer.concat([raw, Buffer.of(0)]) });
    invalid('all zeros', { signature: (raw) => Buffer.alloc(raw.length) });
    invalid('an empty signature', { signature: () => Buffer.alloc(0) });
    invalid('another url after signing', { bend: ([a, b, c]) => [a, b64(Buffer.from(b, 'base64url').toString().replace('/mcp', '/MCP')), c] });
    invalid('another header after signing', { bend: ([a, b, c]) => [b64(Buffer.from(a, 'base64url').toString().replace('{', '{"kid":"x",')), b, c] });
  }
  // RFC 9864: a full name for what EdDSA with this curve is.
  every('Ed25519 is another name of EdDSA', made('EdDSA', { header: { alg: 'Ed25519' } }), allow());
  on('Ed25519 is taken where EdDSA is', made('EdDSA', { header: { alg: 'Ed25519' } }), allow());
  within('es256 proofs only')('Ed25519 is not taken where EdDSA is not', made('EdDSA', { header: { alg: 'Ed25519' } }), deny('proof_algorithm_not_allowed'));
  every('Ed25519: a bad signature', made('EdDSA', { header: { alg: 'Ed25519' }, signature: flip(0) }), deny('proof_signature_invalid'));

  // By the key in the header, over the very bytes of both parts.
  const invalid = (name, more, payload = {}) => off(name, proof(payload, more), 'proof_signature_invalid');
  invalid('signed by another key', { key: 'es-proof-2', of: bound(), header: { jwk: shownKey('es-proof') } });
  invalid('signed by the issuer', { key: 'es-1', of: bound(), header: { jwk: shownKey('es-proof') } });
  invalid('the signature of another proof', { bend: ([a, b]) => [a, b, proof({ jti: 'proof-2' }).split('.')[2]] });
  invalid('the payload of another proof', { bend: ([a, , c]) => [a, proof({ jti: 'proof-2' }).split('.')[1], c] });
  invalid('the signature of the access token', { bend: ([a, b]) => [a, b, bound().split('.')[2]] });
  invalid('der instead of r and s', { signature: der });
  invalid('r is zero', { signature: (raw) => withR(raw, 0n) });
  invalid('s is zero', { signature: (raw) => withS(raw, 0n) });
  invalid('r and s change places', { signature: (raw) => Buffer.concat([raw.subarray(32), raw.subarray(0, 32)]) });
  invalid('made over the payload alone', { sign: (input, key) => SIGN.ES256(input.split('.')[1], key) });
  invalid('made over the decoded parts', { sign: (input, key) => SIGN.ES256(input.split('.').map((part) => Buffer.from(part, 'base64url').toString()).join('.'), key) });
  invalid('made with a line break at the end', { sign: (input, key) => SIGN.ES256(`${input}\n`, key) });
  on('s in the upper half is as good', shown({}, { signature: half('high') }), allow());
  on('s in the lower half is as good', shown({}, { signature: half('low') }), allow());
  every('ps256 claimed for a signature of rs256', made('PS256', { sign: SIGN.RS256 }), deny('proof_signature_invalid'));
  every('rs256 claimed for a signature of ps256', made('RS256', { sign: SIGN.PS256 }), deny('proof_signature_invalid'));
  every('rs512 claimed for a signature of rs256', made('RS512', { sign: SIGN.RS256 }), deny('proof_signature_invalid'));

  // One fault hides the next: malformed, type, algorithm, key, signature, claims.
  const bad = (raw) => Buffer.alloc(raw.length);
  off('the shape is reported before the type', proof({}, { header: { typ: 'JWT', crit: ['x'] } }), 'proof_malformed');
  off('the shape of the payload is reported before the type', proof('x', { header: { typ: 'JWT' } }), 'proof_malformed');
  off('the type is reported before the algorithm', proof({}, { header: { typ: 'JWT', alg: 'none' } }), 'proof_type_not_allowed');
  off('the algorithm is reported before the key', proof({}, { header: { alg: 'none', jwk: undefined } }), 'proof_algorithm_not_allowed');
  off('the key is reported before the signature', proof({}, { header: { jwk: null }, signature: bad }), 'proof_key_invalid');
  off('the signature is reported before the claims', proof({ htm: 'GET', htu: undefined, iat: 1 }, { signature: bad }), 'proof_signature_invalid');
  off('the signature is reported before the time', proof({ iat: NOW - 5000 }, { signature: bad }), 'proof_signature_invalid');
}
