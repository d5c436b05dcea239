// The cases of policy-require.json.

import { passes, posted, ruled, tool } from '../calls.mjs';
import { config } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { having } from '../rules.mjs';

export const about = 'What a rule requires of its caller: agent, delegation, chain, actor, roles, claims. What cannot be evaluated denies.';

export function cases() {
  const denied = deny('policy_denied', { full: true });
  const failed = deny('policy_eval_failed', { full: true });
  const on = (name, require) => {
    const own = having(name, ruled([{ match: { tool: 'run' }, require }]));
    return (claims, expect) => own(`${name}: ${json(claims)}`, posted(tool('run'), { claims }), expect);
  };

  const agent = on('any agent', { agent: true });
  agent({ agent_id: 'a-1' }, passes);
  for (const claims of [{}, { agent_id: '' }, { agent_id: null }, { agent: 'a-1' }, { Agent_id: 'a-1' }, { agent_session_id: 's-1' }]) agent(claims, denied);
  for (const value of [1, true, ['a-1'], { id: 'a-1' }]) agent({ agent_id: value }, failed);
  const agents = on('some agents', { agent: ['mail-*', 'search'] });
  for (const id of ['mail-', 'mail-1', 'search']) agents({ agent_id: id }, passes);
  for (const claims of [{}, { agent_id: '' }, { agent_id: 'mail' }, { agent_id: 'Search' }, { agent_id: 'search ' }, { agent_id: 'xsearch' }, { agent_id: 'mail-*'.slice(0, 4) + '_1' }]) agents(claims, denied);
  const one = on('one agent', { agent: 'search' });
  one({ agent_id: 'search' }, passes);
  one({ agent_id: 'searcher' }, denied);

  // RFC 8693 section 4.1: each actor may hold another; AuthPlane: `agent_chain`.
  const nested = (depth) => (depth === 0 ? undefined : { sub: `actor-${depth}`, act: nested(depth - 1) });
  const lacks = deny('delegation_required', { full: true });
  const far = deny('hop_count_exceeded', { full: true });
  const delegated = on('delegated', { delegation: true });
  for (const claims of [{ act: { sub: 'a' } }, { act: nested(5) }, { agent_chain: ['a'] }, { act: {} }]) delegated(claims, passes);
  for (const claims of [{}, { agent_chain: [] }, { agent_chain: null }, { delegation_edge_id: 'e-1' }, { hop_count: 1 }, { may_act: { sub: 'a' } }]) delegated(claims, lacks);
  for (const claims of [{ act: 'a' }, { act: ['a'] }, { act: null }, { act: { sub: 'a', act: 'b' } }, { agent_chain: 'a' }, { agent_chain: [1] }, { agent_chain: [['a']] }, { agent_chain: { 0: 'a' } }]) delegated(claims, failed);
  const depth = on('two hops at most', { delegation: { depth: 2 } });
  for (const claims of [{ act: nested(1) }, { act: nested(2) }, { agent_chain: ['a', 'b'] }, { act: nested(2), agent_chain: ['a'] }]) depth(claims, passes);
  for (const claims of [{ act: nested(3) }, { act: nested(20) }, { agent_chain: ['a', 'b', 'c'] }, { act: nested(1), agent_chain: ['a', 'b', 'c'] }, { act: nested(3), agent_chain: ['a'] }]) depth(claims, far);
  depth({}, lacks);
  const optional = on('no more than one hop', { delegation: { required: false, depth: 1 } });
  for (const claims of [{}, { act: nested(1) }, { agent_chain: ['a'] }]) optional(claims, passes);
  optional({ act: nested(2) }, far);
  optional({ act: 'x' }, failed);
  const nobody = on('nobody in between', { delegation: { required: false, depth: 0 } });
  nobody({}, passes);
  nobody({ act: nested(1) }, far);
  const form = on('delegated, of any depth', { delegation: { required: true } });
  form({ act: nested(25) }, passes);
  form({}, lacks);

  const chain = on('through two', { chain: ['app-1', 'app-2'] });
  for (const links of [['app-1', 'app-2'], ['app-2', 'x', 'app-1']]) chain({ agent_chain: links }, passes);
  for (const claims of [{}, { agent_chain: [] }, { agent_chain: ['app-1'] }, { agent_chain: ['app-1', 'App-2'] }, { agent_chain: ['app-1 app-2'] }, { client_id: 'app-1', agent_chain: ['app-2'] }, { act: { sub: 'app-1', act: { sub: 'app-2' } } }, { delegation_chain: [{ application_id: 'app-1' }, { application_id: 'app-2' }] }]) chain(claims, deny('chain_mismatch', { full: true }));
  for (const value of ['app-1', 1, [1], [null], { app: 1 }]) chain({ agent_chain: value }, failed);

  // RFC 8693 section 4.1: the outermost actor is the current one, all others are history.
  const actor = on('one actor', { actor: ['svc-*', 'desk'] });
  for (const act of [{ sub: 'desk' }, { sub: 'svc-a' }, { sub: 'desk', act: { sub: 'evil' } }, { sub: 'desk', iss: 'x' }]) actor({ act }, passes);
  for (const act of [{ sub: 'evil' }, { sub: 'evil', act: { sub: 'desk' } }, { sub: 'Desk' }, { sub: '' }, { sub: 'desk2' }]) actor({ act }, denied);
  for (const claims of [{}, { act: null }, { act: 'desk' }, { act: ['desk'] }, { act: {} }, { act: { sub: 1 } }, { act: { sub: ['desk'] } }, { act: { act: { sub: 'desk' } } }, { act: { Sub: 'desk' } }, { sub: 'desk' }]) actor(claims, failed);

  const roles = on('one of two roles', { roles: ['admin', 'editor'] });
  for (const value of [['admin'], ['x', 'editor'], ['admin', 'editor']]) roles({ roles: value }, passes);
  for (const value of [[], ['user'], ['Admin'], ['admin editor'], ['admin*']]) roles({ roles: value }, denied);
  for (const claims of [{}, { roles: null }, { roles: 'admin' }, { roles: { admin: true } }, { roles: ['admin', 1] }, { roles: true }, { role: ['admin'] }, { realm_access: { roles: ['admin'] } }]) roles(claims, failed);

  const is = on('a claim of two values', { claims: { tier: ['gold', 'silver'] } });
  for (const value of ['gold', 'silver']) is({ tier: value }, passes);
  for (const value of ['bronze', 'Gold', '', 'gold ']) is({ tier: value }, denied);
  for (const claims of [{}, { tier: null }, { tier: 1 }, { tier: true }, { tier: ['gold'] }, { tier: { gold: 1 } }, { Tier: 'gold' }]) is(claims, failed);
  const number = on('a claim that is a number', { claims: { level: 3 } });
  for (const value of [3]) number({ level: value }, passes);
  for (const value of [2, 3.5, -3]) number({ level: value }, denied);
  for (const value of ['3', true, null, [3]]) number({ level: value }, failed);
  const yes = on('a claim that is true', { claims: { email_verified: true } });
  yes({ email_verified: true }, passes);
  yes({ email_verified: false }, denied);
  for (const claims of [{}, { email_verified: 'true' }, { email_verified: 1 }]) yes(claims, failed);
  const nothing = on('a claim that is null', { claims: { lock: null } });
  nothing({ lock: null }, passes);
  for (const claims of [{}, { lock: false }, { lock: '' }]) nothing(claims, failed);
  const several = on('a claim of values of several types', { claims: { x: ['a', 1, false] } });
  for (const value of ['a', 1, false]) several({ x: value }, passes);
  for (const value of ['b', 2, true]) several({ x: value }, denied);
  several({ x: null }, failed);
  const star = on('a claim whose value ends in a star', { claims: { x: 'a*' } });
  star({ x: 'a*' }, passes);
  star({ x: 'ab' }, denied);

  const has = on('a claim that holds', { claims: { groups: { has: 'staff' } } });
  for (const value of [['staff'], ['a', 'staff', 1]]) has({ groups: value }, passes);
  for (const value of [[], ['Staff'], ['staffs'], [['staff']]]) has({ groups: value }, denied);
  for (const claims of [{}, { groups: 'staff' }, { groups: null }, { groups: { staff: true } }, { groups: 1 }]) has(claims, failed);
  const holds = on('a claim that holds one of several', { claims: { groups: { has: ['staff', 7] } } });
  for (const value of [['staff'], [7]]) holds({ groups: value }, passes);
  for (const value of [['7'], [8]]) holds({ groups: value }, denied);

  const pointer = on('a claim inside another', { claims: { '/realm_access/roles': { has: 'admin' } } });
  pointer({ realm_access: { roles: ['admin'] } }, passes);
  pointer({ realm_access: { roles: ['user'] } }, denied);
  for (const claims of [{}, { realm_access: {} }, { realm_access: null }, { realm_access: 'admin' }, { realm_access: { roles: 'admin' } }, { '/realm_access/roles': ['admin'] }, { 'realm_access/roles': ['admin'] }]) pointer(claims, failed);
  const index = on('an item of a claim', { claims: { '/orgs/0/id': 'o-1' } });
  index({ orgs: [{ id: 'o-1' }] }, passes);
  index({ orgs: [{ id: 'o-2' }, { id: 'o-1' }] }, denied);
  for (const claims of [{ orgs: [] }, { orgs: ['o-1'] }]) index(claims, failed);
  const url = on('a claim that is named by a URL', { claims: { 'https://example.com/tenant': 't-1', '/https:~1~1example.com~1plan': 'pro' } });
  url({ 'https://example.com/tenant': 't-1', 'https://example.com/plan': 'pro' }, passes);
  url({ 'https://example.com/tenant': 't-1', 'https://example.com/plan': 'free' }, denied);
  url({ 'https://example.com/tenant': 't-1' }, failed);
  const pair = on('two claims', { claims: { a: 1, b: 2 } });
  pair({ a: 1, b: 2 }, passes);
  pair({ a: 1, b: 3 }, denied);
  pair({ a: 1 }, failed);
  on('a claim that every token has', { claims: { sub: ['alice', 'bob'] } })({ sub: 'carol' }, denied);

  // All requirements of a rule, and those of every call before them.
  const sum = having('all together', ruled([{ match: { tool: 'run' }, require: { scopes: 'files:read', agent: true, roles: 'admin', claims: { tier: 'gold' }, delegation: { depth: 2 } } }]));
  const whole = { scope: 'files:read', agent_id: 'a-1', roles: ['admin'], tier: 'gold', act: nested(1) };
  const without = (name) => ({ ...whole, [name]: undefined });
  sum('all together', posted(tool('run'), { claims: whole }), passes);
  for (const [name, expect] of [['scope', deny('insufficient_scope', { challenge: { scopes: ['files:read'] } })], ['agent_id', denied], ['act', lacks], ['roles', failed], ['tier', failed]]) sum(`all together but for ${name}`, posted(tool('run'), { claims: without(name) }), expect);
  sum('scopes come first, since they can be had', posted(tool('run'), { claims: {} }), deny('insufficient_scope', { challenge: { scopes: ['files:read'] } }));
  const every = having('required by every call', config({ policy: { require: { roles: 'member' }, rules: [{ match: { tool: 'run' }, require: { roles: 'admin' } }] } }));
  every('required by every call: both', posted(tool('run'), { claims: { roles: ['admin', 'member'] } }), passes);
  every('required by every call: that of the rule only', posted(tool('run'), { claims: { roles: ['admin'] } }), denied);
  every('required by every call: that of every call only', posted(tool('run'), { claims: { roles: ['member'] } }), denied);
  const bare = having('required by every call, without rules', config({ policy: { require: { agent: true } } }));
  bare('required without rules: met', posted('{', { claims: { agent_id: 'x' } }), allow());
  bare('required without rules: not met', posted('{'), denied);

  // Caracal's claims mean nothing to the profile of another issuer.
  on('a session', { session: true })({}, deny('session_required', { full: true }));
  on('a session, of another issuer than Caracal', { session: true })({ agent_session_id: 's-1' }, passes);
  const zone = on('a zone', { zone: ['z-1', 'z-2'] });
  zone({ zone_id: 'z-2' }, passes);
  zone({ zone_id: 'z-3' }, denied);
  for (const claims of [{}, { zone_id: 1 }, { zone_id: null }]) zone(claims, failed);
  const targets = on('two targets', { targets: ['r-1', 'r-2'] });
  targets({ target: ['r-2', 'r-1', 'r-3'] }, passes);
  for (const claims of [{}, { target: [] }, { target: ['r-1'] }, { target: ['R-1', 'r-2'] }]) targets(claims, deny('target_missing', { full: true }));
  for (const claims of [{ target: 'r-1' }, { target: ['r-1', 2] }]) targets(claims, failed);
}
