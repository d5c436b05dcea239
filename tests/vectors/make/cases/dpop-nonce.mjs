// The cases of dpop-nonce.json.

import { APP, RESOURCE, SECRET, URI } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { METADATA, allow, answer, deny, readable } from '../expectations.mjs';
import { SLOT, nonceAt } from '../nonces.mjs';
import { bound, proof, proven, shown } from '../proofs.mjs';
import { adding } from '../denials.mjs';
import { authorized, call, get, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'Nonces of the gate: which are taken, when, and who is handed one: RFC 9449 sections 8, 9 and 10.';

/** The first second of the slot after that of NOW. */
const NEXT = (Math.floor(NOW / SLOT) + 1) * SLOT;
const LEEWAY = 30;

export function cases() {
  const on = within('nonces');
  const handed = (now = NOW, more = {}) => allow({ reply_headers: { 'dpop-nonce': [nonceAt(now)] }, ...more });
  const [missing, unknown] = [deny('nonce_missing', { full: true }), deny('nonce_unknown', { full: true })];
  const nonce = (name, value, expect) => on(name, shown({ nonce: value }), expect);
  const current = nonceAt(NOW);

  nonce('the current nonce', current, handed());
  nonce('no nonce', undefined, missing);
  nonce('the nonce of the slot before', nonceAt(NOW, { later: -1 }), handed());
  nonce('the nonce of two slots before', nonceAt(NOW, { later: -2 }), unknown);
  nonce('the nonce of three slots before', nonceAt(NOW, { later: -3 }), unknown);
  nonce('the nonce of the next slot, too early', nonceAt(NOW, { later: 1 }), unknown);
  nonce('the nonce of the slot after the next', nonceAt(NOW, { later: 2 }), unknown);
  nonce('a nonce by another secret', nonceAt(NOW, { secret: 'another secret of the tests' }), unknown);
  nonce('a nonce by an empty secret', nonceAt(NOW, { secret: '' }), unknown);
  nonce('an empty nonce', '', unknown);
  nonce('a nonce of another length', current.slice(0, 21), unknown);
  nonce('a nonce and a letter', `${current}A`, unknown);
  nonce('a nonce with padding', `${current}==`, unknown);
  nonce('a nonce with a space behind', `${current} `, unknown);
  nonce('a nonce with a space before', ` ${current}`, unknown);
  nonce('a nonce in other case', current.replace(/[a-z]/i, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase())), unknown);
  nonce('a nonce with unused bits', current.slice(0, -1) + String.fromCharCode(current.charCodeAt(21) + 1), unknown);
  nonce('a nonce in hexadecimal', Buffer.from(current, 'base64url').toString('hex'), unknown);
  nonce('the number of the slot', String(Math.floor(NOW / SLOT)), unknown);
  nonce('a nonce of zeros', 'A'.repeat(22), unknown);
  nonce('a nonce of 4000 letters', 'A'.repeat(4000), unknown);
  nonce('a nonce beyond ascii', '封蝋', unknown);
  nonce('two nonces', `${current}, ${current}`, unknown);
  for (const value of [null, 5, true, [current], { nonce: current }]) nonce(`the nonce as ${json(value).replace(current, 'NONCE')}`, value, deny('proof_claim_malformed', { full: true }));
  on('the name of the claim counts by case', shown({ Nonce: current }), missing);
  on('a nonce in the header of the proof does not count', shown({}, { header: { nonce: current } }), missing);
  on('a nonce in a header of the request does not count', adding(shown(), ['dpop-nonce', current]), missing);
  on('a nonce in the access token does not count', shown({}, { of: bound({ nonce: current }) }), missing);

  // The edges of the slots.
  const long = bound({ exp: NOW + 5000 });
  const at = (now, nonce, more = {}) => shown({ iat: now, nonce, ...more }, { of: long }, { now });
  const edge = (name, now, later, expect) => on(name, at(now, nonceAt(now, { later })), expect);
  edge('the first second of a slot: its nonce', NEXT, 0, handed(NEXT));
  edge('the first second of a slot: the nonce before', NEXT, -1, handed(NEXT));
  edge('the first second of a slot: two before', NEXT, -2, unknown);
  edge('the last second of a slot: its nonce', NEXT - 1, 0, handed(NEXT - 1));
  edge('the last second of a slot: the nonce before', NEXT - 1, -1, handed(NEXT - 1));
  edge('the last second of a slot: two before', NEXT - 1, -2, unknown);
  edge('the last second of a slot: the next nonce, of a gate whose clock is ahead', NEXT - 1, 1, handed(NEXT - 1));
  edge('exactly the leeway before a slot: its nonce', NEXT - LEEWAY, 1, handed(NEXT - LEEWAY));
  edge('one second more than the leeway before a slot: its nonce', NEXT - LEEWAY - 1, 1, unknown);
  edge('the last second of a slot: the nonce after the next', NEXT - 1, 2, unknown);
  const strict = within('nonces without leeway');
  strict('without leeway: the next nonce in the last second of a slot', at(NEXT - 1, nonceAt(NEXT)), unknown);
  strict('without leeway: the current nonce', at(NEXT, nonceAt(NEXT)), handed(NEXT));
  strict('without leeway: the nonce before', at(NEXT, nonceAt(NEXT, { later: -1 })), handed(NEXT));
  const wide = within('nonces over several slots');
  for (const [later, taken] of [[-2, false], [-1, true], [0, true], [1, true], [2, true], [3, false]])
    wide(`a leeway of two slots: the nonce ${later} slots later`, at(NEXT, nonceAt(NEXT, { later })), taken ? handed(NEXT) : unknown);

  // How a client gets on.
  const bare = shown({}, { of: long }, { expect: missing });
  const answered = (now, members) => at(now, nonceAt(now), members);
  on('a denial hands out the nonce that passes', [bare, answered(NOW + 1)], handed(NOW + 1));
  on('the same id may be used again after a denial for the nonce', [bare, answered(NOW + 1, { jti: 'proof-1' })], handed(NOW + 1));
  on('a nonce may be used again', [{ ...answered(NOW, { jti: 'a' }), expect: handed() }, answered(NOW + 1, { jti: 'b' })], handed(NOW + 1));
  on('a nonce goes on for one more slot', [{ ...at(NEXT - 1, nonceAt(NEXT - 1), { jti: 'a' }), expect: handed(NEXT - 1) }, { ...at(NEXT + SLOT - 1, nonceAt(NEXT - 1), { jti: 'b' }), expect: handed(NEXT + SLOT - 1) }, at(NEXT + SLOT, nonceAt(NEXT - 1), { jti: 'c' })], unknown);
  on('the nonce of one denial is that of its moment', [{ ...request([], { now: NEXT - 1 }), expect: deny('missing_token', { headers: { 'dpop-nonce': [nonceAt(NOW)] } }) }, request([], { now: NEXT })], deny('missing_token', { headers: { 'dpop-nonce': [nonceAt(NEXT)] } }));

  // It comes after all other rules of a proof, and before the scopes.
  for (const [name, members, reason] of [
    ['the method', { htm: 'GET' }, 'proof_method_mismatch'], ['the url', { htu: 'https://evil.example' }, 'proof_url_mismatch'], ['the id', { jti: undefined }, 'proof_claim_missing'],
    ['the time', { iat: NOW - 1000 }, 'proof_expired'], ['the token', { ath: 'x' }, 'proof_token_mismatch'],
  ]) {
    on(`${name} is reported before a missing nonce`, shown(members), deny(reason, { full: true }));
    on(`${name} is reported before an unknown nonce`, shown({ nonce: 'x', ...members }), deny(reason));
    on(`${name} is reported although the nonce is good`, shown({ nonce: current, ...members }), deny(reason));
  }
  on('the key is reported before a missing nonce', shown({}, { key: 'es-proof-2', of: bound() }), deny('proof_key_mismatch'));
  const scoped = within('nonces and scopes');
  scoped('a missing nonce is reported before the scopes', shown(), missing);
  scoped('an unknown nonce is reported before the scopes', shown({ nonce: 'x' }), unknown);
  scoped('a good nonce and no scopes', shown({ nonce: current }), deny('insufficient_scope', { full: true }));
  scoped('a good nonce and the scopes', shown({ nonce: current }, { of: bound({ scope: 'mcp:read mcp:write' }) }), handed());

  // Every challenge hands out a nonce that must not be stored; nothing else does.
  const challenged = [
    ['no credentials', request([]), 'missing_token'], ['another scheme', authorized('Basic eA=='), 'scheme_unsupported'], ['no token', authorized('DPoP'), 'authorization_malformed'],
    ['two headers', request([['authorization', 'DPoP a'], ['authorization', 'DPoP b']]), 'authorization_duplicated'], ['a token in the query', request([], { url: `${RESOURCE}?access_token=x` }), 'token_in_query'],
    ['a token that is none', authorized('DPoP x'), 'token_malformed'], ['an expired token', proven(bound({ exp: 1 }), proof()), 'token_expired'], ['an unbound token', call(), 'token_not_bound'],
    ['a bound token as bearer', call(bound()), 'bound_token_as_bearer'], ['no proof', proven(bound(), []), 'proof_missing'], ['two proofs', proven(bound(), ['a', 'b']), 'proof_duplicated'],
    ['a proof that is none', proven(bound(), 'x'), 'proof_malformed'], ['a proof of another type', shown({}, { header: { typ: 'JWT' } }), 'proof_type_not_allowed'], ['a bad signature', shown({}, { signature: (raw) => Buffer.alloc(raw.length) }), 'proof_signature_invalid'],
  ];
  for (const [name, sent, reason] of challenged) on(`handed out: ${name}`, sent, deny(reason, { full: true, order: ['www-authenticate', 'dpop-nonce', 'cache-control', 'x-request-id'] }));
  const silent = { 'dpop-nonce': [], 'cache-control': [] };
  on('not handed out: a target that is none', request([], { url: '*' }), deny('request_malformed', { full: true, headers: silent }));
  on('not handed out: lost keys', shown({ nonce: current }, {}, { fetches: { [URI]: null } }), deny('keys_unavailable', { full: true, headers: silent }));
  on('not handed out: the replay store does not answer', shown({ nonce: current }, {}, { claims: 'down' }), deny('replay_unavailable', { full: true, headers: { ...silent, 'retry-after': ['5'] } }));
  for (const path of [`${METADATA}/mcp`, METADATA]) on(`not handed out: ${path}`, get(path), (settings) => { const all = answer()(settings); return { ...all, headers: { ...all.headers, ...silent } }; });

  // Optional proofs: nonces are for proofs alone.
  const freely = within('optional nonces');
  freely('optional: an unbound token needs no nonce', call(), allow({ reply_headers: { 'dpop-nonce': null } }));
  freely('optional: a blank proof needs no nonce', proven(token(), '', { scheme: 'Bearer' }), allow({ reply_headers: { 'dpop-nonce': null } }));
  freely('optional: a bound token needs one', shown(), missing);
  freely('optional: a bound token and a good nonce', shown({ nonce: current }), handed());
  freely('optional: a bound token and an unknown nonce', shown({ nonce: 'x' }), unknown);
  freely('optional: no credentials hand one out', request([]), deny('missing_token', { full: true, order: ['www-authenticate', 'www-authenticate', 'dpop-nonce', 'cache-control'] }));
  freely('optional: a bad bearer token hands one out', call(token({ exp: 1 })), deny('token_expired', { full: true }));
  // No nonces: what a proof says of one does not matter.
  const never = within('dpop required');
  for (const value of [undefined, 'x', current, '', null, 5, ['x']]) never(`no nonces: the nonce ${value === undefined ? 'is absent' : `as ${json(value).replace(current, 'NONCE')}`}`, shown({ nonce: value }), allow({ reply_headers: { 'dpop-nonce': null } }));
  never('no nonces: none is handed out', request([]), deny('missing_token', { full: true, headers: silent }));

  // Pages may read the nonce.
  const listed = within('nonces and origins');
  const origin = ['origin', APP];
  const full = bound({ scope: 'mcp:read mcp:write' });
  listed('a listed origin reads the nonce of a reply', adding(shown({ nonce: current }, { of: full }), origin), allow({ reply_headers: { 'dpop-nonce': [current], ...readable(APP) }, order: ['dpop-nonce', 'access-control-allow-origin'] }));
  listed('a listed origin reads the nonce of a denial', adding(shown(), origin), deny('nonce_missing', { full: true, headers: readable(APP), order: ['www-authenticate', 'dpop-nonce', 'cache-control', 'access-control-allow-origin'] }));
  listed('a listed origin reads the nonce without credentials', adding(request([]), origin), deny('missing_token', { full: true, headers: readable(APP) }));
  listed('a listed origin reads the nonce without its scopes', adding(shown({ nonce: current }), origin), deny('insufficient_scope', { full: true, headers: readable(APP) }));
  listed('another origin is handed none', adding(shown({ nonce: current }), ['origin', 'https://evil.example']), deny('origin_forbidden', { full: true, headers: silent }));
  listed('a preflight is handed none', request([origin, ['access-control-request-method', 'POST'], ['access-control-request-headers', 'authorization, dpop']], { method: 'OPTIONS' }), () => ({
    decision: 'answer', status: 204, headers: { ...silent, 'access-control-allow-headers': ['authorization, dpop'], ...readable(APP) },
  }));

  // The secret is that of the environment.
  const other = 'another secret of the tests';
  for (const [where, more, inside] of [['case', { env: { NONCE_SECRET: other } }, {}], ['request', {}, { env: { NONCE_SECRET: other } }]]) {
    on(`a secret of the ${where}: its nonce`, shown({ nonce: nonceAt(NOW, { secret: other }) }, {}, inside), allow({ reply_headers: { 'dpop-nonce': [nonceAt(NOW, { secret: other })] } }), more);
    on(`a secret of the ${where}: the nonce of another`, shown({ nonce: current }, {}, inside), unknown, more);
  }
  const bytes = '0123456789abcdef';
  on('a secret of 16 bytes', shown({ nonce: nonceAt(NOW, { secret: bytes }) }), allow({ reply_headers: { 'dpop-nonce': [nonceAt(NOW, { secret: bytes })] } }), { env: { NONCE_SECRET: bytes } });
  const longer = `${SECRET} `.repeat(20).trim();
  on('a secret that is longer than a block', shown({ nonce: nonceAt(NOW, { secret: longer }) }), allow({ reply_headers: { 'dpop-nonce': [nonceAt(NOW, { secret: longer })] } }), { env: { NONCE_SECRET: longer } });
  const beyond = 'Zoë und das 封蝋';
  on('a secret beyond ascii, as utf-8', shown({ nonce: nonceAt(NOW, { secret: beyond }) }), allow({ reply_headers: { 'dpop-nonce': [nonceAt(NOW, { secret: beyond })] } }), { env: { NONCE_SECRET: beyond } });
  rule('other variables of the environment do not matter', shown({ nonce: current }), handed(), { config: 'nonces', env: { NONCE_SECRET_2: other, nonce_secret: other, EMPTY: '' } });
}
