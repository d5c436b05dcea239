// The cases of revocation-list.json.

import { passes, posted, ruled, tool } from '../calls.mjs';
import { config } from '../configurations.mjs';
import { jwk, set } from '../keys.mjs';
import { deny } from '../expectations.mjs';
import { caracal, mandated } from '../mandates.mjs';
import { reply } from '../moments.mjs';
import { bound, shown } from '../proofs.mjs';
import { request } from '../requests.mjs';
import { LIST, id, list } from '../revoking.mjs';
import { having } from '../rules.mjs';
import { NOW, jws } from '../tokens.mjs';

export const about = 'Tokens that a list calls revoked; the list\'s ids, its life and its signature.';

const place = (members = {}, more = {}) => ({ revocation: { list: { uri: LIST, cluster: 'as', ...members }, ...more } });

export function cases() {
  const revoked = deny('token_revoked', { full: true });
  const unavailable = (seconds = 5) => deny('revocation_unavailable', { full: true, headers: { 'retry-after': [String(seconds)] } });
  const LONG = { exp: NOW + 90_000 };
  const sent = (answer, { claims = {}, ...more } = {}) => posted(tool('run'), { claims: { ...LONG, ...claims }, ...answer, ...more });
  const failing = { fetches: { [LIST]: null } };
  const on = having('a list', config(place()));

  // What revokes, and what only looks like it.
  on('an empty list', sent(list([])), passes);
  for (const claim of ['jti', 'sub']) on(`the ${claim} is on the list`, sent(list([id(claim)])), revoked);
  on('the sid is on the list', sent(list([id('sid', 's-1')]), { claims: { sid: 's-1' } }), revoked);
  on('one of many on the list', sent(list([id('jti', 'x'), id('sub', 'bob'), id('sub')])), revoked);
  on('an id twice on the list', sent(list([id('sub'), id('sub')])), revoked);
  for (const [name, own] of [['another token', id('jti', 'id-2')], ['another subject', id('sub', 'bob')], ['the subject of another issuer', id('sub', 'alice', { iss: 'https://two.example' })], ['the token for another audience', id('jti', 'id-1', { aud: 'https://other.example' })], ['a session of that name', id('sid', 'alice')], ['the subject in other case', id('sub', 'Alice')], ['a root session of another issuer\'s kind', id('root_sid', 's-1')]])
    on(`on the list is ${name}`, sent(list([own]), { claims: { sid: 's-1', root_sid: 's-1' } }), passes);
  on('a subject with a space', sent(list([id('sub', 'a b')]), { claims: { sub: 'a b' } }), revoked);
  on('a subject beyond ascii', sent(list([id('sub', 'Zoë %')]), { claims: { sub: 'Zoë %' } }), revoked);
  on('a subject that is written as two words', sent(list([id('sub', 'a')]), { claims: { sub: 'a b' } }), passes);
  const audiences = having('a list, two audiences', config({ ...place(), issuers: [{ ...config().issuers[0], audience: ['api://one', 'api://two'] }] }));
  audiences('the token is revoked for one of its audiences', sent(list([id('jti', 'id-1', { aud: 'api://two' })]), { claims: { aud: ['api://one', 'api://two'] } }), revoked);
  audiences('the token is revoked for an audience that it has not', sent(list([id('jti', 'id-1', { aud: 'api://two' })]), { claims: { aud: 'api://one' } }), passes);
  on('a sid that is no text', sent(list([]), { claims: { sid: 5 } }), deny('claim_malformed'));
  for (const sid of [null, '']) on(`a sid of ${JSON.stringify(sid)} names nothing`, sent(list([]), { claims: { sid } }), passes);
  const bare = having('a list, and tokens that lack ids', config({ ...place(), issuers: [{ ...config().issuers[0], claims: { optional: ['jti', 'sub'] } }] }));
  bare('a token that nobody could revoke', sent(list([]), { claims: { jti: undefined, sub: undefined } }), deny('claim_missing'));
  bare('a token with a session alone', sent(list([]), { claims: { jti: undefined, sub: undefined, sid: 's-1' } }), passes);

  // One bad entry spoils the document.
  for (const [name, body] of [
    ['no list', {}], ['a list of text', { revoked: 'x' }], ['an entry that is no text', { revoked: [1] }], ['an entry of an unknown kind', { revoked: ['nbf a b'] }], ['an entry with a word too few', { revoked: ['sub https://as.example.com'] }], ['an entry with a word too many', { revoked: [`${id('sub')} x`] }],
    ['an entry with two spaces', { revoked: [id('sub').replace(' ', '  ')] }], ['an entry with a needless escape', { revoked: ['sub https://as.example.com %61lice'] }], ['an entry with an escape in small letters', { revoked: ['sub https://as.example.com Zo%c3%ab'] }], ['an unknown member', { revoked: [], more: 1 }], ['epochs that are no numbers', { revoked: [], epochs: { 'zone-1': '8' } }],
    ['a list', []], ['no JSON', '{'], ['nothing', ''], ['a member twice', '{"revoked":[],"revoked":[]}'], ['a document that has ended', { revoked: [], exp: NOW - 60 }], ['a document that does not hold yet', { revoked: [], nbf: NOW + 60 }], ['a document of the future', { revoked: [], iat: NOW + 60 }],
  ]) on(`a document of ${name}`, sent({ fetches: { [LIST]: reply(body) } }), unavailable());
  on('a document with times that hold', sent(list([], { exp: NOW + 60, nbf: NOW - 60, iat: NOW - 60, iss: 'x', sub: 'y', aud: 'z', jti: '1' })), passes);
  for (const status of [204, 301, 404, 500]) on(`a list with the status ${status}`, sent({ fetches: { [LIST]: reply({ revoked: [] }, {}, status) } }), unavailable());
  on('no list can be had', sent(failing), unavailable());
  on('no fetch is possible at all', [sent(list([])), sent({}, { now: NOW + 200, host: 'down' })], deny(['revocation_unavailable', 'keys_unavailable', 'host_failed']));

  // Its life: used for `age` seconds, then asked for again; while that fails, for `stale` more.
  const then = (seconds, answer, expect, claims) => ({ ...sent(answer, { now: NOW + seconds, claims }), ...(expect ? { expect } : {}) });
  on('a list is used again', [then(0, list([]), passes), then(20, failing)], passes);
  on('a token that is revoked while the list is used', [then(0, list([]), passes), then(20, list([id('sub')]))], passes);
  on('a token that is revoked, after the age of the list', [then(0, list([]), passes), then(31, list([id('sub')]))], revoked);
  on('a token that is revoked no longer', [then(0, list([id('sub')]), revoked), then(31, list([]))], passes);
  on('an old list while fetches fail', [then(0, list([]), passes), then(31, failing, passes), then(140, failing)], passes);
  on('an old list revokes while fetches fail', [then(0, list([id('sub')]), revoked), then(140, failing)], revoked);
  on('a list that is too old', [then(0, list([]), passes), then(151, failing)], unavailable());
  on('a bad list does not replace a good one', [then(0, list([id('sub')]), revoked), then(31, { fetches: { [LIST]: reply({}) } })], revoked);
  const never = having('a list that is never stale', config(place({}, { age: 10, stale: 0 })));
  never('an age of ten seconds: used again', [then(0, list([]), passes), then(7, failing)], passes);
  never('an age of ten seconds: too old', [then(0, list([]), passes), then(11, failing)], unavailable());

  // Signed.
  const signed = having('a signed list', config(place({ keys: set(jwk('es-2'), jwk('rs-2')) })));
  const document = (claims = {}, { header = {}, key = 'es-2', ...more } = {}) => ({ fetches: { [LIST]: reply(jws({ typ: 'revocation+jwt', alg: key === 'rs-2' ? 'RS256' : 'ES256', kid: key, ...header }, { revoked: [], iat: NOW - 5, ...claims }, { key, ...more })) } });
  signed('a signed list', sent(document()), passes);
  signed('a signed list revokes', sent(document({ revoked: [id('sub')] })), revoked);
  signed('a list signed by another of its keys', sent(document({}, { key: 'rs-2' })), passes);
  for (const typ of ['Revocation+JWT', 'application/revocation+jwt']) signed(`a signed list of the type ${typ}`, sent(document({}, { header: { typ } })), passes);
  for (const [name, made] of [['of another type', document({}, { header: { typ: 'at+jwt' } })], ['without a type', document({}, { header: { typ: undefined } })], ['without a time', document({ iat: undefined })], ['of the future', document({ iat: NOW + 60 })], ['that is too old', document({ iat: NOW - 151 })], ['by another key', document({}, { key: 'es-1' })], ['by a key of its name', document({}, { key: 'es-1', header: { kid: 'es-2' } })], ['by nobody', document({}, { header: { alg: 'none' }, signature: () => Buffer.alloc(0) })], ['with a critical header', document({}, { header: { crit: ['x'], x: 1 } })], ['bent', document({}, { signature: (bytes) => Buffer.from(bytes).fill(7) })], ['without a signature', list([])]])
    signed(`a list signed ${name}`, sent(made), unavailable());
  signed('an older list does not replace a newer one', [{ ...sent(document({ revoked: [id('sub')], iat: NOW })), expect: revoked }, then(31, document({ iat: NOW - 20 }))], revoked);

  // When it is asked: for a good token of a caller who may call at all, before any body.
  const order = having('a list, rules and proofs', ruled([{ match: { tool: 'run' }, require: { scopes: 'files:read' } }], { require: { roles: 'member' } }, { ...place(), dpop: { mode: 'optional' } }));
  const member = { roles: ['member'] };
  const dead = list([id('sub')]);
  order('no token comes before', request([], { body: tool('run'), ...dead }), deny('missing_token'));
  order('an expired token comes before', sent(dead, { claims: { exp: 1 } }), deny('token_expired'));
  order('what every call needs comes before', sent(dead, { claims: { roles: ['x'] } }), deny('policy_denied'));
  order('a scope that is missing comes after', sent(dead, { claims: member }), revoked);
  order('a malformed body comes after', { ...sent(dead, { claims: member }), body: '{' }, revoked);
  order('a forbidden tool comes after', { ...sent(dead, { claims: member }), body: tool('x') }, revoked);
  const proof = (more) => shown({}, { of: bound({ ...member, scope: 'files:read' }) }, { body: tool('run'), ...more });
  order('a revoked token uses up no proof', [{ ...proof(dead), expect: revoked }, proof({ ...list([]), now: NOW + 31 })], passes);
  order('a faulty proof comes before', shown({ htm: 'GET' }, { of: bound(member) }, { body: tool('run'), ...dead }), deny('proof_method_mismatch'));

  // Caracal's anchors, and the epoch of its zone.
  const zone = having('a list for mandates', caracal({}, {}, place()));
  const anchored = { agent_session_id: 'as-1', delegation_edge_id: 'e-1', delegation_graph_epoch: 7, ...LONG };
  const mandate = (answer, claims = {}) => mandated({ ...anchored, ...claims }, answer);
  const session = deny('session_revoked', { full: true });
  const stale = deny('delegation_stale', { full: true });
  zone('a mandate that nobody has revoked', mandate(list([])), passes);
  for (const [claim, value] of [['sid', 'sid-1'], ['root_sid', 'root-1'], ['agent_session_id', 'as-1'], ['delegation_edge_id', 'e-1']]) {
    zone(`the ${claim} of a mandate`, mandate(list([id(claim, value)])), session);
    zone(`the ${claim} of another mandate`, mandate(list([id(claim, `${value}0`)])), passes);
  }
  for (const claim of ['jti', 'sub']) zone(`the ${claim} of a mandate`, mandate(list([id(claim)])), revoked);
  zone('the token comes before its anchors', mandate(list([id('sid', 'sid-1'), id('jti')])), revoked);
  zone('the anchors come before the subject', mandate(list([id('sub'), id('delegation_edge_id', 'e-1')])), session);
  zone('the ends of a delegation are no anchors', mandate(list([id('sid', 'x')]), { source_session_id: 'x', target_session_id: 'x' }), passes);
  for (const [now, expect] of [[6, passes], [7, passes], [8, stale], [9_007_199_254_740_991, stale]]) zone(`the epoch ${now}, and a mandate of the epoch 7`, mandate(list([], { epochs: { 'zone-1': now } })), expect);
  zone('the epoch of another zone', mandate(list([], { epochs: { 'zone-2': 8, 'ZONE-1': 8 } })), passes);
  zone('an epoch, and a mandate without one', mandate(list([], { epochs: { 'zone-1': 8 } }), { delegation_graph_epoch: undefined }), passes);
  zone('an epoch, and a mandate of the epoch 0', mandate(list([], { epochs: { 'zone-1': 8 } }), { delegation_graph_epoch: 0 }), stale);
  zone('anchors come before the epoch', mandate(list([id('sid', 'sid-1')], { epochs: { 'zone-1': 8 } })), session);
  having('a list, in the words of Caracal', caracal({}, {}, { ...place(), errors: { vocabulary: 'caracal' } }))('no list can be had, in the words of Caracal', mandate(failing), unavailable());
  on('an epoch means nothing to other issuers', sent(list([], { epochs: { 'zone-1': 8 } }), { claims: { zone_id: 'zone-1', delegation_graph_epoch: 1 } }), passes);
}
