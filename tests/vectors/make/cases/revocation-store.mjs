// The cases of revocation-store.json.

import { passes, posted, tool } from '../calls.mjs';
import { STORE, config } from '../configurations.mjs';
import { deny } from '../expectations.mjs';
import { caracal, mandated } from '../mandates.mjs';
import { reply } from '../moments.mjs';
import { INTROSPECT, command, id, stored } from '../revoking.mjs';
import { having } from '../rules.mjs';
import { NOW } from '../tokens.mjs';

export const about = 'Tokens that a store, an introspection endpoint (RFC 7662) or the host calls revoked: asked with every call, and closed where they do not answer.';

export function cases() {
  const revoked = deny('token_revoked', { full: true });
  const unavailable = deny('revocation_unavailable', { full: true, headers: { 'retry-after': ['5'] } });
  const sent = (answer, { claims = {}, ...more } = {}) => posted(tool('run'), { claims, ...answer, ...more });
  const store = { http: { uri: STORE, cluster: 'webdis' } };
  const on = having('a store', config({ revocation: store }));

  // One command for all ids of a token, which stand in it as digests.
  const two = [id('jti'), id('sub')];
  const said = (...values) => ({ MGET: values });
  on('a store that knows none', sent(stored(two, said(null, null))), passes);
  on('a store that knows none, in the words of another', sent(stored(two, { result: [null, null] })), passes);
  on('a store that knows the token', sent(stored(two, said('1', null))), revoked);
  on('a store that knows the subject', sent(stored(two, said(null, 'x'))), revoked);
  on('any value revokes, an empty one too', sent(stored(two, said(null, ''))), revoked);
  const three = [id('jti'), id('sid', 's-1'), id('sub')];
  on('a token with a session', sent(stored(three, said(null, null, null)), { claims: { sid: 's-1' } }), passes);
  on('a token with a session that is revoked', sent(stored(three, said(null, '1', null)), { claims: { sid: 's-1' } }), revoked);
  on('a subject with a slash and a dot', sent(stored([id('jti'), id('sub', '../x y')], said(null, '1')), { claims: { sub: '../x y' } }), revoked);
  on('it is asked with every call', [{ ...sent(stored(two, said(null, null))), expect: passes }, sent(stored(two, said('1', null)))], revoked);
  on('it is asked with every call, also after a denial', [{ ...sent(stored(two, said('1', null))), expect: revoked }, sent(stored(two, said(null, null)))], passes);
  for (const [name, body] of [['too few values', said(null)], ['too many values', said(null, null, null)], ['a value that is false', said(false, null)], ['a value that is a number', said(null, 0)], ['a value that is a list', said([], null)], ['another command', { GET: [null, null] }], ['two members', { MGET: [null, null], result: [null, null] }], ['no list', { MGET: null }], ['an error', { MGET: [false, 'ERR'] }], ['no object', [null, null]], ['no JSON', 'OK'], ['nothing', '']])
    on(`a store that answers with ${name}`, sent(stored(two, body)), unavailable);
  for (const status of [204, 302, 403, 500, 503]) on(`a store that answers with the status ${status}`, sent(stored(two, said(null, null), { status })), unavailable);
  on('a store that does not answer', sent(stored(two, null)), unavailable);
  on('a store that is asked about somebody else only', sent(stored([id('jti'), id('sub', 'bob')], said(null, null))), unavailable);
  const guarded = having('a store with a secret', config({ revocation: { http: { ...store.http, authorization: { env: 'STORE_TOKEN' } } } }));
  guarded('a store with a secret', sent(stored(two, said(null, '1'))), revoked);

  // Caracal's own keys stand in the same command, before ours.
  const zone = having('a store for mandates', caracal({}, {}, { revocation: store }));
  const anchors = { sid: 'sid-1', root_sid: 'root/1', agent_session_id: 'as.1', delegation_edge_id: 'e 1' };
  const ids = [id('jti'), ...Object.entries(anchors).map(([claim, value]) => id(claim, value)), id('sub')];
  const own = Object.values(anchors);
  const epoch = ['delegation-epoch:zone-1', ...own];
  const mandate = (answer, claims = {}) => mandated({ ...anchors, ...claims }, answer);
  const values = (count, at, value = '1') => said(...Array.from({ length: count }, (_, n) => (n === at ? value : null)));
  const session = deny('session_revoked', { full: true });
  zone('a mandate that the store does not know', mandate(stored(ids, values(10), { own })), passes);
  for (let at = 0; at < 4; at += 1) zone(`anchor ${at + 1} under Caracal's own key`, mandate(stored(ids, values(10, at), { own })), session);
  for (let at = 5; at < 9; at += 1) zone(`anchor ${at - 4} under our key`, mandate(stored(ids, values(10, at), { own })), session);
  for (const at of [4, 9]) zone(`the ${at === 4 ? 'token' : 'subject'} of a mandate`, mandate(stored(ids, values(10, at), { own })), revoked);
  for (const [value, expect] of [[null, passes], ['6', passes], ['7', passes], ['8', deny('delegation_stale', { full: true })], ['x', unavailable], ['-1', unavailable], ['', unavailable], ['8.0', unavailable]])
    zone(`the epoch ${JSON.stringify(value)} in the store`, mandate(stored(ids, values(11, 0, value), { own: epoch }), { delegation_graph_epoch: 7 }), expect);

  // RFC 7662.
  const asked = (members = {}, age) => config({ revocation: { introspection: { uri: INTROSPECT, cluster: 'as', client: 'gate', secret: { env: 'STORE_TOKEN' }, ...members }, ...(age ? { age } : {}) } });
  const introspected = having('introspection', asked());
  const inactive = deny('token_inactive', { full: true });
  const answered = (body, status = 200) => ({ fetches: { [INTROSPECT]: body === null ? null : reply(body, {}, status) } });
  introspected('an active token', sent(answered({ active: true, scope: 'x' })), passes);
  for (const [name, body] of [['false', { active: false }], ['text', { active: 'true' }], ['a number', { active: 1 }], ['null', { active: null }], ['missing', {}], ['of other case', { Active: true }]]) introspected(`\`active\` is ${name}`, sent(answered(body)), inactive);
  for (const [name, body] of [['a list', [{ active: true }]], ['text', '"true"'], ['no JSON', 'active'], ['nothing', ''], ['a member twice', '{"active":true,"active":true}'], ['a token', 'a.b.c']]) introspected(`introspection answers with ${name}`, sent(answered(body)), unavailable);
  for (const status of [204, 302, 401, 500]) introspected(`introspection answers with the status ${status}`, sent(answered({ active: true }, status)), unavailable);
  introspected('introspection does not answer', sent(answered(null)), unavailable);
  const LONG = { exp: NOW + 9000 };
  const later = (seconds, answer, claims = LONG) => sent(answer, { claims, now: NOW + seconds });
  const first = { ...later(0, answered({ active: true })), expect: passes };
  introspected('an active token is remembered', [first, later(29, answered(null))], passes);
  introspected('an active token is asked about again', [first, later(30, answered({ active: false }))], inactive);
  introspected('an active token, and no answer later', [first, later(30, answered(null))], unavailable);
  introspected('another token is not remembered', [first, later(1, answered({ active: false }), { ...LONG, jti: 'id-2' })], inactive);
  introspected('an inactive token is not remembered', [{ ...later(0, answered({ active: false })), expect: inactive }, later(1, answered({ active: true }))], passes);
  having('introspection of every second', asked({}, 1))('an age of a second', [first, later(1, answered({ active: false }))], inactive);

  // A store of the host's own.
  const host = having('the host', config({ revocation: { host: true } }));
  const known = { faces: ['core', 'npm'] };
  host('the host knows none', sent({}), passes, known);
  host('the host knows somebody else', sent({}), passes, { ...known, revoked: [id('sub', 'bob'), id('sid', 'alice')] });
  for (const claim of ['jti', 'sub']) host(`the host knows the ${claim}`, sent({}), revoked, { ...known, revoked: [id(claim)] });
  host('the host does not answer', sent({}), unavailable, { ...known, revoked: 'down' });
  host('the host knows it from the second call on', [{ ...sent({}), expect: passes }, sent({ revoked: [id('jti')] })], revoked, known);
}
