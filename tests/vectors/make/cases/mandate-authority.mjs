// The cases of mandate-authority.json.

import { passes } from '../calls.mjs';
import { json } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { caracal, mandated } from '../mandates.mjs';
import { having } from '../rules.mjs';

export const about = 'What a rule requires of a Caracal mandate: zone, targets, session, agent, delegation, hops, chain, scopes.';

export function cases() {
  const on = (name, require, members) => {
    const own = having(name, caracal({}, { rules: [{ match: { tool: 'run' }, require }] }, members));
    return (claims, expect) => own(`${name}: ${json(claims)}`, mandated(claims), expect);
  };
  const denied = deny('policy_denied', { full: true });

  const targets = on('targets', { targets: ['r-1', 'r-2'] });
  for (const target of [['r-1', 'r-2'], ['r-3', 'r-2', 'r-1']]) targets({ target }, passes);
  for (const claims of [{}, { target: null }, { target: [] }, { target: ['r-1'] }, { target: ['r-1', 'R-2'] }, { target: ['r-1 r-2'] }, { target: ['r-*'] }, { aud: ['https://api.example.com/mcp', 'r-1', 'r-2'] }]) targets(claims, deny('target_missing', { full: true }));
  on('one target', { targets: 'r-1' })({ target: ['r-1'] }, passes);
  on('the words of Caracal: target', { targets: 'r-1' }, { errors: { vocabulary: 'caracal' } })({}, deny('target_missing', { full: true }));

  const session = on('session', { session: true });
  session({ agent_session_id: 's-1' }, passes);
  for (const claims of [{}, { agent_session_id: null }, { agent_session_id: '' }, { source_session_id: 's-1' }, { session_id: 's-1' }]) session(claims, deny('session_required', { full: true }));
  const agent = on('any agent', { agent: true });
  agent({ agent_session_id: 's-1' }, passes);
  agent({ agent_id: 'a-1' }, passes);
  for (const claims of [{}, { agent_session_id: '' }]) agent(claims, denied);
  const agents = on('some agents', { agent: ['a-*'] });
  agents({ agent_id: 'a-1', agent_session_id: 's-1' }, passes);
  for (const claims of [{ agent_session_id: 's-1' }, { agent_session_id: 'a-1' }, { agent_id: 'b-1' }]) agents(claims, denied);

  const lacks = deny('delegation_required', { full: true });
  const delegated = on('delegated', { delegation: true });
  delegated({ delegation_edge_id: 'e-1' }, passes);
  delegated({ delegation_edge_id: 'e-1', hop_count: 10 }, passes);
  for (const claims of [{}, { delegation_edge_id: null }, { delegation_edge_id: '' }, { hop_count: 2 }, { delegation_path: ['e-1'] }, { act: { sub: 'a' } }, { agent_chain: ['a'] }, { delegation_chain: [{ application_id: 'a', delegation_edge_id: 'e-1' }] }]) delegated(claims, lacks);

  // Ten hops at most, unless told; without a claim there are none.
  const far = deny('hop_count_exceeded', { full: true });
  const hops = having('hops', caracal());
  for (const count of [0, 1, 10]) hops(`${count} hops`, mandated({ hop_count: count, delegation_edge_id: 'e-1' }), passes);
  for (const count of [11, 12, 9_007_199_254_740_991]) hops(`${count} hops`, mandated({ hop_count: count, delegation_edge_id: 'e-1' }), far);
  hops('no count of hops', mandated({ delegation_path: Array.from({ length: 12 }, (_, n) => `e-${n}`) }), passes);
  hops('the actors of other issuers count for nothing', mandated({ agent_chain: Array(12).fill('a') }), passes);
  hops('too many hops, and no body is looked at', { ...mandated({ hop_count: 11 }), body: '{' }, far);
  const closer = on('two hops', { delegation: { depth: 2 } });
  closer({ delegation_edge_id: 'e-1', hop_count: 2 }, passes);
  closer({ delegation_edge_id: 'e-1', hop_count: 3 }, far);
  closer({ delegation_edge_id: 'e-1' }, passes);
  closer({ hop_count: 1 }, lacks);
  closer({ hop_count: 3 }, lacks);
  const optional = on('two hops, if any', { delegation: { required: false, depth: 2 } });
  optional({ hop_count: 2 }, passes);
  optional({ hop_count: 3 }, far);
  const farther = having('twenty hops for every call', caracal({}, { require: { delegation: { required: false, depth: 20 } } }));
  for (const count of [0, 11, 20]) farther(`twenty hops for every call: ${count}`, mandated({ hop_count: count }), passes);
  farther('twenty hops for every call: 21', mandated({ hop_count: 21 }), far);
  const only = having('a delegation for every call', caracal({}, { require: { delegation: true } }));
  only('a delegation for every call: ten hops', mandated({ delegation_edge_id: 'e-1', hop_count: 10 }), passes);
  only('a delegation for every call does not lift the limit of ten hops', mandated({ delegation_edge_id: 'e-1', hop_count: 11 }), far);
  only('a delegation for every call: none', mandated(), lacks);
  const wide = having('twenty hops of a rule', caracal({}, { rules: [{ match: { tool: 'run' }, require: { delegation: { required: false, depth: 20 } } }] }));
  wide('a rule does not lift the limit of ten hops', mandated({ hop_count: 11 }), far);

  const chain = on('through two applications', { chain: ['app-1', 'app-2'] });
  const through = (...apps) => ({ delegation_chain: apps.map((application_id) => ({ application_id })) });
  for (const claims of [through('app-1', 'app-2'), through('app-2', 'x', 'app-1')]) chain(claims, passes);
  for (const claims of [{}, through(), through('app-1'), through('app-1', 'APP-2'), through('app-1', 'app-20'), { client_id: 'app-2', ...through('app-1') }, { sub: 'app-2', sub_type: 'application', ...through('app-1') }, { agent_chain: ['app-1', 'app-2'] }, { delegation_chain: [{ application_id: 'app-1', delegation_edge_id: 'app-2', agent_session_id: 'app-2' }] }]) chain(claims, deny('chain_mismatch', { full: true }));

  const zone = on('the zone once more', { zone: ['zone-1', 'zone-9'] });
  zone({}, passes);
  on('another zone for one tool', { zone: 'zone-9' })({}, denied);

  // Scopes of mandates: whole words, no wildcards but those that the configuration declares.
  const scopes = on('scopes of a rule', { scopes: ['mcp:tool:call'] });
  scopes({ scope: 'a mcp:tool:call' }, passes);
  for (const scope of ['', null, 'mcp:tool', 'mcp:tool:*', 'mcp:*', '*', 'MCP:tool:call', 'mcp:tool:callx']) scopes({ scope }, deny('insufficient_scope', { challenge: { scopes: ['mcp:tool:call'] } }));
  on('scopes in the words of Caracal', { scopes: ['mcp:tool:call'] }, { errors: { vocabulary: 'caracal' } })({}, deny('insufficient_scope', { full: true, challenge: { scopes: ['mcp:tool:call'] } }));

  // Of several that lack the first counts: scopes, targets, session, delegation, hops, chain.
  const all = { scope: 'mcp:tool:call', target: ['r-1'], agent_session_id: 's-1', delegation_edge_id: 'e-1', hop_count: 1, ...through('app-1') };
  const order = having('all at once', caracal({}, { rules: [{ match: { tool: 'run' }, require: { scopes: 'mcp:tool:call', targets: 'r-1', session: true, delegation: { depth: 2 }, chain: 'app-1' } }] }));
  const steps = [['scope', '', deny('insufficient_scope', { challenge: { scopes: ['mcp:tool:call'] } })], ['target', [], deny('target_missing')], ['agent_session_id', '', deny('session_required')], ['delegation_edge_id', '', lacks], ['hop_count', 3, far], ['delegation_chain', [], deny('chain_mismatch')]];
  order('all at once', mandated(all), passes);
  steps.forEach(([name, , expect], n) => order(`all at once: from ${name} on`, mandated({ ...all, ...Object.fromEntries(steps.slice(n).map(([claim, value]) => [claim, value])) }), expect));
  order('all at once, for another tool', mandated(all, { called: 'walk' }), denied);
}
