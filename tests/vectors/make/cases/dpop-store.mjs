// The cases of dpop-store.json.

import { STORE } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { reply } from '../moments.mjs';
import { bound, proof, proven, sha256, shown, thumbprint } from '../proofs.mjs';
import { call } from '../requests.mjs';
import { within } from '../rules.mjs';
import { NOW } from '../tokens.mjs';

export const about = 'A store of proof ids that several gates share: the one command, in the dialect of Webdis and of Upstash, and what counts as an answer: RFC 9449 section 11.1.';

const FIRST = reply('{"SET":[true,"OK"]}');
const TAKEN = reply('{"SET":null}');

export function cases() {
  const on = within('a shared store');
  /** Where a claim is made: for so many seconds. */
  const place = (seconds, { store = STORE, jti = 'proof-1', key = 'es-proof' } = {}) => `${store}/SET/waxseal:${sha256(`${thumbprint(key)}.${jti}`)}/1/NX/EX/${seconds}`;
  const usual = place(356);
  const asked = (answer, at = usual) => ({ fetches: { [at]: answer } });
  const unavailable = deny('replay_unavailable', { full: true, fetched: 2, headers: { 'retry-after': ['5'], 'www-authenticate': [] } });
  const replayed = deny('proof_replayed', { full: true, fetched: 2 });
  const passed = allow({ fetched: 2 });

  const said = (name, answer, expect = unavailable) => on(`the store says: ${name}`, shown({}, {}, asked(answer)), expect);
  said('OK, as Webdis does', FIRST, passed);
  said('OK, as Upstash does', reply('{"result":"OK"}'), passed);
  said('OK, with white space', reply('\n{ "SET" : [ true, "OK" ] }\n'), passed);
  said('nothing, as Webdis does', TAKEN, replayed);
  said('nothing, as Upstash does', reply('{"result":null}'), replayed);
  said('no answer', null);
  for (const status of [201, 202, 204, 206, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503]) said(`OK, with the status ${status}`, { ...FIRST, status });
  said('nothing, with the status 500', { ...TAKEN, status: 500 });
  for (const text of [
    '', 'OK', '"OK"', 'null', 'true', '[true,"OK"]', '{}', '{', '{"SET":[false,"OK"]}', '{"SET":[false,"ERR syntax error"]}', '{"SET":[true,"QUEUED"]}', '{"SET":[true]}', '{"SET":["OK"]}', '{"SET":[true,"OK",1]}',
    '{"SET":[]}', '{"SET":["true","OK"]}', '{"SET":[1,"OK"]}', '{"SET":true}', '{"SET":1}', '{"SET":{}}', '{"result":"ok"}', '{"result":"OK "}', '{"result":""}', '{"result":true}', '{"result":false}', '{"result":0}', '{"result":1}', '{"result":["OK"]}',
    '{"error":"WRONGPASS invalid or missing auth token"}', '{"result":"OK","error":null}', '{"result":null,"error":"x"}', '{"result":null,"result":"OK"}', '{"SET":null} {}', '<html></html>', '+OK\r\n',
  ]) said(JSON.stringify(text), reply(text));

  // The command, to the letter: any other call is not answered here.
  on('the key is of the proof\'s key and id', shown({ jti: 'a' }, {}, asked(FIRST, place(356, { jti: 'a' }))), passed);
  on('the key of another id', shown({ jti: 'a' }, {}, asked(FIRST)), unavailable);
  on('the key of another key', shown({}, { key: 'es-proof-2' }, asked(FIRST)), unavailable);
  on('the key by another key', shown({}, { key: 'es-proof-2' }, asked(FIRST, place(356, { key: 'es-proof-2' }))), passed);
  for (const jti of ['a/b', '../x', 'a?b#c', 'a b', '%2F', '\r\nDEL x', '封蝋', 'x'.repeat(2000)]) on(`an id of ${JSON.stringify(jti).slice(0, 20)} is a digest like any other`, shown({ jti }, {}, asked(FIRST, place(356, { jti }))), passed);
  // From now to the last second at which the proof could pass, that second, and the leeway for the clocks of other gates.
  for (const [name, iat, seconds] of [['now', NOW, 361], ['in its last second', NOW - 330, 31], ['ahead by the leeway', NOW + 30, 391], ['a minute ago', NOW - 60, 301]])
    on(`kept for ${seconds} seconds: issued ${name}`, shown({ iat }, {}, asked(FIRST, place(seconds))), passed);
  on('an expiry does not shorten it', shown({ exp: NOW + 10 }, {}, asked(FIRST)), passed);
  within('a shared store without leeway')('without leeway: kept for 296 seconds', shown({}, {}, asked(FIRST, place(296))), passed);
  within('a shared store of a minute')('an age of a minute: kept for 116 seconds', shown({}, {}, asked(FIRST, place(116))), passed);
  within('a shared store with a path')('a path before the command', shown({}, {}, asked(FIRST, place(356, { store: `${STORE}/a/b` }))), passed);
  within('a shared store with a slash')('a slash at the end of the address', shown({}, {}, asked(FIRST)), passed);
  within('a shared store on loopback')('an address on loopback', shown({}, {}, asked(FIRST, place(356, { store: 'http://127.0.0.1:7379' }))), passed);
  within('a shared store and a token')('a token for the store', shown({}, {}, asked(FIRST)), passed);
  within('a shared store and a token')('a token that the store does not take', shown({}, {}, asked(reply('{"error":"WRONGPASS"}', {}, 401))), unavailable);

  // Once for a request, and only for one that would pass.
  const [first, second] = [shown({}, {}, asked(FIRST)), shown({}, {}, asked(TAKEN))];
  on('the second call is a replay', [{ ...first, expect: passed }, second], deny('proof_replayed', { fetched: 3 }));
  on('this process remembers nothing by itself', [{ ...first, expect: passed }, first], allow({ fetched: 3 }));
  on('an outage passes', [{ ...shown({}, {}, asked(null)), expect: unavailable }, first], allow({ fetched: 3 }));
  on('the store is down', shown({}, {}, { ...asked(null), claims: 'down' }), deny('replay_unavailable', { full: true, headers: { 'retry-after': ['5'] } }));
  for (const [name, sent, reason] of [
    ['no proof', proven(bound(), []), 'proof_missing'], ['another method', shown({ htm: 'GET' }), 'proof_method_mismatch'], ['an old proof', shown({ iat: 1 }), 'proof_expired'],
    ['another token', proven(bound({ jti: 'id-2' }), proof()), 'proof_token_mismatch'], ['another key', shown({}, { key: 'es-proof-2', of: bound() }), 'proof_key_mismatch'], ['a bad signature', shown({}, { signature: (raw) => Buffer.alloc(raw.length) }), 'proof_signature_invalid'],
  ]) on(`the store is not asked: ${name}`, { ...sent, ...asked(FIRST) }, deny(reason, { fetched: 1 }));
  within('a shared store and scopes')('the store is not asked: no scopes', first, deny('insufficient_scope', { full: true, fetched: 1 }));
  within('a shared store and scopes')('the store is asked: the scopes', shown({}, { of: bound({ scope: 'mcp:read mcp:write' }) }, asked(FIRST)), passed);
  within('a shared store, optional')('optional: the store is not asked for an unbound token', call(), allow({ fetched: 1 }));
  within('a shared store, optional')('optional: the store is asked for a bound token', second, replayed);
  within('a shared store, off')('off: the store is not asked, and its token is not needed', call(), allow({ fetched: 1 }));
}
