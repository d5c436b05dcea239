// The cases of dpop-replay.json.

import { APP, RESOURCE, URI } from '../configurations.mjs';
import { adding } from '../denials.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny, readable } from '../expectations.mjs';
import { nonceAt } from '../nonces.mjs';
import { PROOF, bound, proof, proven, sha256, shown, shownKey } from '../proofs.mjs';
import { call } from '../requests.mjs';
import { within } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'A proof passes once, and only a request that passes uses it up: RFC 9449 section 11.1.';

export function cases() {
  const on = within('dpop required');
  const replayed = deny('proof_replayed', { full: true });
  const passes = (sent) => ({ ...sent, expect: allow() });
  const denied = (sent, reason, more) => ({ ...sent, expect: deny(reason, more) });
  const after = (seconds, sent) => ({ ...sent, now: NOW + seconds });
  const good = shown();

  on('a proof twice', [passes(good), good], replayed);
  on('a proof three times', [passes(good), denied(good, 'proof_replayed'), good], replayed);
  on('a proof again a minute later', [passes(good), after(60, good)], replayed);
  on('a proof again when the clock went back', [passes(good), after(-5, good)], replayed);
  on('a proof again with another query', [passes(good), { ...good, url: `${RESOURCE}?page=2` }], replayed);
  on('a proof again under another authority', [passes(good), { ...good, url: 'http://127.0.0.1:8080/mcp' }], replayed);
  on('a proof again with another body', [passes(good), { ...good, body: '{}' }], replayed);
  on('a proof again with white space around', [passes(good), proven(bound(), ` ${proof()} `)], replayed);
  on('a proof again after others', [passes(good), ...['a', 'b', 'c', 'd'].map((jti) => passes(shown({ jti }))), good], replayed);
  on('a proof between others, each once', [passes(shown({ jti: 'a' })), passes(good), passes(shown({ jti: 'b' })), shown({ jti: 'c' })], allow());

  // What counts is the id, for one key.
  on('the same id in another proof', [passes(good), shown({ iat: NOW - 1 })], replayed);
  on('the same id for another method', [passes(good), shown({ htm: 'GET' }, {}, { method: 'GET' })], replayed);
  on('the same id for another path', [passes(good), shown({ htu: `${RESOURCE}/x` }, {}, { url: `${RESOURCE}/x` })], replayed);
  on('the same id with another token of the key', [passes(good), shown({}, { of: bound({ jti: 'id-2' }) })], replayed);
  on('the same id with a token of another user', [passes(good), shown({}, { of: bound({ sub: 'bob', jti: 'id-2' }) })], replayed);
  on('the same id and members that nobody knows', [passes(good), shown({ later: 1 }, { header: { kid: 'x' } })], replayed);
  on('the same id, written with an escape', [passes(good), proven(bound(), proof(json({ ...PROOF, ath: sha256(bound()) }).replace('proof-1', '\\u0070roof-1')))], replayed);
  on('the same id by another key', [passes(good), shown({}, { key: 'es-proof-2' })], allow());
  on('the same id by a key of another kind', [passes(good), shown({}, { key: 'ed-proof' })], allow());
  on('the same id by another key, which then replays', [passes(good), passes(shown({}, { key: 'es-proof-2' })), shown({}, { key: 'es-proof-2' })], replayed);
  within('every proof algorithm')('the same id by the same key under another algorithm', [passes(shown({}, { key: 'rs-proof', alg: 'RS256' })), shown({}, { key: 'rs-proof', alg: 'PS256' })], replayed);
  on('the same key with members beside', [passes(good), shown({}, { header: { jwk: shownKey('es-proof', { ext: true, kid: 'x' }) } })], replayed);
  for (const [jti, name] of [['proof-2', 'another id'], ['PROOF-1', 'an id in upper case'], ['proof-1 ', 'an id with a space behind'], ['proof-1\0', 'an id with a null byte'], ['proof', 'a shorter id'], ['proof-10', 'a longer id'], ['prооf-1', 'an id of letters that look alike']])
    on(name, [passes(good), shown({ jti })], allow());
  on('ids that are equal in another normal form', [passes(shown({ jti: 'café' })), shown({ jti: 'cafe\u0301' })], allow());
  on('an id of 4000 letters twice', [passes(shown({ jti: 'a'.repeat(4000) })), shown({ jti: 'a'.repeat(4000) })], replayed);
  on('ids of 4000 letters that differ in the last', [passes(shown({ jti: 'a'.repeat(4000) })), shown({ jti: `${'a'.repeat(3999)}b` })], allow());
  on('an id beyond ascii twice', [passes(shown({ jti: '封蝋 😀' })), shown({ jti: '封蝋 😀' })], replayed);

  // For as long as the proof itself could pass.
  const of = bound({ exp: NOW + 5000 });
  const lasting = (members = {}) => shown(members, { of });
  on('a proof again in its last second', [passes(lasting()), after(325, lasting())], replayed);
  on('a proof again a second later', [passes(lasting()), after(326, lasting())], deny('proof_expired'));
  on('a proof from ahead again in its last second', [passes(lasting({ iat: NOW + 30 })), after(360, lasting({ iat: NOW + 30 }))], replayed);
  on('a proof from ahead again a second later', [passes(lasting({ iat: NOW + 30 })), after(361, lasting({ iat: NOW + 30 }))], deny('proof_expired'));
  on('a proof first shown in its last second', [passes(after(325, lasting())), after(325, lasting())], replayed);
  on('an id is free again when its proof is long gone', [passes(lasting()), after(1000, lasting({ iat: NOW + 1000 }))], allow());
  on('an id that is free again is claimed again', [passes(lasting()), passes(after(1000, lasting({ iat: NOW + 1000 }))), after(1001, lasting({ iat: NOW + 1000 }))], replayed);
  on('an expiry does not shorten the memory', [passes(lasting({ exp: NOW + 10 })), after(200, lasting())], replayed);
  const short = (members = {}) => shown({ iat: NOW, ...members }, { of });
  within('proofs of a second')('an age of a second: a proof again in its last second', [passes(short()), after(1, short())], replayed);
  within('proofs of an hour')('an age of an hour: a proof again in its last second', [passes(short()), after(3630, short())], replayed);

  // Only a request that passes uses up its proof.
  const later = (name, sent, reason, more) => on(`not used up: ${name}`, [denied(sent, reason, more), good], allow());
  later('another method', { ...good, method: 'GET' }, 'proof_method_mismatch');
  later('another path', { ...good, url: '/other' }, 'proof_url_mismatch');
  later('another token', proven(bound({ jti: 'id-2' }), proof()), 'proof_token_mismatch');
  later('a token of another key', shown({}, { of: bound({}, 'es-proof-2') }), 'proof_key_mismatch');
  later('an unbound token', shown({}, { of: token() }), 'token_not_bound');
  later('the scheme bearer', proven(bound(), proof(), { scheme: 'Bearer' }), 'bound_token_as_bearer');
  later('an expired token', shown({}, { of: bound({ exp: 1 }) }), 'token_expired');
  later('two proofs', proven(bound(), [proof(), proof()]), 'proof_duplicated');
  later('a bad signature', shown({}, { signature: (raw) => Buffer.alloc(raw.length) }), 'proof_signature_invalid');
  later('a proof from the future', shown({ iat: NOW + 1000 }), 'proof_not_yet_valid');
  on('not used up: lost keys', [denied({ ...good, fetches: { [URI]: null } }, 'keys_unavailable'), after(60, good)], allow());
  const scoped = within('dpop and scopes');
  const poor = shown();
  const rich = shown({}, { of: bound({ scope: 'mcp:read mcp:write', jti: 'id-2' }) });
  scoped('not used up: no scopes, twice', [denied(poor, 'insufficient_scope'), poor], deny('insufficient_scope', { full: true }));
  scoped('not used up: no scopes, then another token of the key', [denied(poor, 'insufficient_scope'), rich], allow());
  scoped('used up with the scopes', [passes(rich), rich], replayed);
  scoped('the scopes are reported before a replay', [passes(rich), poor], deny('insufficient_scope'));
  for (const [name, members, reason] of [['the method', { htm: 'GET' }, 'proof_method_mismatch'], ['the token', { ath: 'x' }, 'proof_token_mismatch'], ['the time', { iat: 1 }, 'proof_expired']])
    on(`${name} is reported before a replay`, [passes(good), shown(members)], deny(reason));
  const nonces = within('nonces');
  const fresh = shown({ nonce: nonceAt(NOW) });
  nonces('not used up: no nonce', [denied(shown(), 'nonce_missing'), fresh], allow());
  nonces('a nonce is reported before a replay', [passes(fresh), shown()], deny('nonce_missing'));
  nonces('a replay with a good nonce', [passes(fresh), fresh], replayed);
  on('a request for the metadata uses nothing up', [{ ...good, method: 'GET', url: '/.well-known/oauth-protected-resource' }, good], allow());

  // Optional: proofs alone are claimed.
  const freely = within('dpop optional');
  freely('optional: a proof twice', [passes(good), good], replayed);
  freely('optional: an unbound token twice', [passes(call()), call()], allow());
  within('dpop and caracal')('caracal: a replay', [passes(rich), rich], replayed);
  within('dpop and verbose')('verbose: a replay', [passes(good), good], replayed);
  within('dpop and origins')('a listed origin reads a replay', [passes(good), adding(good, ['origin', APP])], deny('proof_replayed', { full: true, headers: readable(APP) }));

  // A store that does not answer: no proof passes, and whoever is wrong hears why.
  const down = (sent) => ({ ...sent, claims: 'down' });
  const unavailable = deny('replay_unavailable', { full: true, headers: { 'retry-after': ['5'], 'www-authenticate': [], 'dpop-nonce': [], 'cache-control': [] } });
  on('down: a good proof', down(good), unavailable);
  on('down for the whole case: a good proof', good, unavailable, { claims: 'down' });
  on('down: a good proof twice', [{ ...down(good), expect: unavailable }, down(good)], unavailable);
  on('down, then up: the proof was not used up', [{ ...down(good), expect: unavailable }, good], allow());
  on('down, then up: a replay after that', [{ ...down(good), expect: unavailable }, passes(good), good], replayed);
  on('up, then down', [passes(good), down(shown({ jti: 'proof-2' }))], unavailable);
  on('up, then down: a replay does not pass', [passes(good), down(good)], unavailable);
  on('down, the caller\'s id is kept', down(adding(good, ['x-request-id', 'abc-1'])), deny('replay_unavailable', { full: true, headers: { 'x-request-id': ['abc-1'] }, body: { requestId: 'abc-1' } }));
  for (const [name, sent, reason] of [
    ['no credentials', { method: 'POST', url: RESOURCE, headers: [] }, 'missing_token'], ['an expired token', shown({}, { of: bound({ exp: 1 }) }), 'token_expired'], ['an unbound token', call(), 'token_not_bound'],
    ['no proof', proven(bound(), []), 'proof_missing'], ['a malformed proof', proven(bound(), 'x'), 'proof_malformed'], ['another method', shown({ htm: 'GET' }), 'proof_method_mismatch'],
    ['an old proof', shown({ iat: 1 }), 'proof_expired'], ['another token', shown({ ath: 'x' }), 'proof_token_mismatch'], ['another key', shown({}, { key: 'es-proof-2', of: bound() }), 'proof_key_mismatch'],
  ]) on(`down: ${name} is reported`, down(sent), deny(reason, { full: true }));
  scoped('down: no scopes is reported', down(poor), deny('insufficient_scope', { full: true }));
  scoped('down: a good proof and the scopes', down(rich), unavailable);
  nonces('down: a missing nonce is reported', down(shown()), deny('nonce_missing', { full: true }));
  freely('down: an unbound token needs no store', down(call()), allow());
  freely('down: a bound token', down(good), unavailable);
  within('dpop off')('down: without proofs nobody asks the store', down(call()), allow());
  within('dpop and origins')('a listed origin reads that the store is down', down(adding(good, ['origin', APP])), deny('replay_unavailable', { full: true, headers: { 'retry-after': ['5'], ...readable(APP) } }));
  within('dpop and another base')('another base: the store is down', down(good), unavailable);
}
