// The cases of policy-scopes.json.

import { message, passes, posted, ruled, tool } from '../calls.mjs';
import { config } from '../configurations.mjs';
import { answer, deny } from '../expectations.mjs';
import { authorized, call, request } from '../requests.mjs';
import { having } from '../rules.mjs';

export const about = 'Scopes of a call: one challenge names all that it needs. RFC 6750 section 3.1, MCP authorization, scope challenge.';

export function cases() {
  const lacks = (...scopes) => deny('insufficient_scope', { challenge: { scopes } });
  const as = (scope, called = 'run', more = {}) => posted(tool(called), { claims: { scope }, ...more });
  const requiring = (scopes, more, members) => ruled([{ match: { tool: 'run' }, require: { scopes } }], more, members);

  const all = having('all of two', requiring(['files:read', 'files:write']));
  all('all: both', as('files:read files:write'), passes);
  all('all: both and more, in another order', as('x files:write files:read y'), passes);
  for (const scope of ['files:read', 'files:write', '', undefined, 'files:*', '*', 'files:read,files:write', 'FILES:READ FILES:WRITE', 'files:readx files:write'])
    all(`all: ${scope ?? 'no scope'}`, as(scope), lacks('files:read', 'files:write'));
  all('all: the whole reply', as('files:read'), deny('insufficient_scope', { full: true, challenge: { scopes: ['files:read', 'files:write'] } }));
  all('all: a tool that no rule allows has no challenge', as('', 'walk'), deny('policy_denied'));
  having('one scope as text', requiring('files:read'))('one scope as text', as(''), lacks('files:read'));
  having('all by name', requiring({ all: 'files:read' }))('all by name', as(''), lacks('files:read'));

  const any = having('any of two', requiring({ any: ['files:read', 'admin'] }));
  for (const scope of ['files:read', 'admin', 'admin files:read']) any(`any: ${scope}`, as(scope), passes);
  any('any: none, and the challenge names the first', as('x'), lacks('files:read'));
  const both = having('all and any', requiring({ all: ['mcp:use'], any: ['files:read', 'files:write'] }));
  both('all and any: both', as('mcp:use files:write'), passes);
  both('all and any: the one of any is named that is granted', as('files:write'), lacks('mcp:use', 'files:write'));
  both('all and any: the first of any is named where none is granted', as('mcp:use'), lacks('mcp:use', 'files:read'));

  // Scopes of every call and of the rule, in one challenge, each once.
  const sum = having('global, required and of the rule', requiring({ all: ['files:read', 'mcp:read'], any: ['x:1', 'x:2'] }, { require: { scopes: { all: ['mcp:use', 'mcp:read'], any: ['y:1', 'y:2'] } } }, { scopes: ['mcp:read'] }));
  sum('of every call and of the rule: none', as(''), lacks('mcp:read', 'mcp:use', 'files:read', 'y:1', 'x:1'));
  sum('of every call and of the rule: all but one', as('mcp:read mcp:use files:read y:2'), lacks('mcp:read', 'mcp:use', 'files:read', 'y:2', 'x:1'));
  sum('of every call and of the rule: all but one of every call', as('mcp:read files:read y:2 x:2'), lacks('mcp:read', 'mcp:use', 'files:read', 'y:2', 'x:2'));
  sum('of every call and of the rule: all', as('mcp:read mcp:use files:read y:2 x:1'), passes);
  sum('of every call and of the rule: what no rule allows', as('mcp:read', 'walk'), deny('policy_denied'));
  const open = having('required by every call, open by default', ruled([{ match: { tool: 'run' }, require: { scopes: 'files:read' } }], { default: 'allow', require: { scopes: 'mcp:use' } }));
  open('open by default: the scopes of every call', as('', 'walk'), lacks('mcp:use'));
  open('open by default: with the scopes of every call', as('mcp:use', 'walk'), passes);
  open('open by default: those of the rule', as('mcp:use'), lacks('mcp:use', 'files:read'));
  const norules = having('required by every call, without rules', config({ policy: { require: { scopes: { any: ['a', 'b'] } } } }));
  norules('without rules: none', call(), lacks('a'));
  norules('without rules: one', posted('{', { claims: { scope: 'b' } }), passes);
  const own = having('a scope for each method', ruled([{ match: { method: 'tools/list' }, require: { scopes: 'files:list' } }, { match: { tool: 'read' }, require: { scopes: 'files:read' } }, { match: { tool: 'write' }, require: { scopes: ['files:read', 'files:write'] } }]));
  own('each method has its scope', posted(message('tools/list')), lacks('files:list'));
  own('each tool has its scope', as('files:list', 'read'), lacks('files:read'));
  own('each tool has its scopes', as('files:list files:read', 'write'), lacks('files:read', 'files:write'));
  own('what one tool needs is enough for it', as('files:read', 'read'), passes);
  const realm = having('a realm', requiring(['files:read'], {}, { challenge: { realm: 'mcp' } }));
  realm('a challenge with a realm', as(''), lacks('files:read'));
  const proofs = having('optional proofs', requiring(['files:read'], {}, { dpop: { mode: 'optional' } }));
  proofs('a challenge for each scheme', as(''), lacks('files:read'));

  // Before a call is known, challenges name what every call needs.
  const before = having('a scope of every call', requiring(['files:read'], {}, { scopes: ['mcp:read'] }));
  before('no token: the scopes of every call', request([], { body: tool('run') }), deny('missing_token'));
  before('another scheme: the scopes of every call', authorized('Basic eA==', { body: tool('run') }), deny('scheme_unsupported'));
  before('an expired token: the scopes of every call', posted(tool('run'), { claims: { exp: 1 } }), deny('token_expired'));

  const required = having('scopes that the policy requires of every call', requiring(['files:read'], { require: { scopes: { all: ['mcp:use', 'mcp:read'], any: ['x:1', 'x:2'] } } }, { scopes: ['mcp:read'] }));
  required('no token: the scopes that the policy requires of every call', request([], { body: tool('run') }), deny('missing_token'));
  required('an expired token: the scopes that the policy requires of every call', posted(tool('run'), { claims: { exp: 1 } }), deny('token_expired'));
  required('the metadata document: the scopes that the policy requires of every call', request([], { method: 'GET', url: 'https://api.example.com/.well-known/oauth-protected-resource' }), answer());

  // A declared hierarchy counts (MCP authorization, scopes).
  const tree = having('a hierarchy', requiring(['files:read'], { hierarchy: { admin: ['files:*'], owner: ['admin'], root: ['own*'], 'files:write': ['files:read'], ring: ['ring2'], ring2: ['ring', 'x'], all: ['*'], 'files:rea': [], self: ['self'] } }));
  for (const scope of ['files:read', 'files:write', 'admin', 'owner', 'root', 'all', 'x admin']) tree(`hierarchy: ${scope}`, as(scope), passes);
  for (const scope of ['files:rea', 'files:*', 'files:', 'ADMIN', 'admins', 'ring', 'ring2', 'self', 'files:reads', 'own', '*']) tree(`hierarchy: ${scope} is not enough`, as(scope), lacks('files:read'));
  const exact = having('a hierarchy for several scopes', requiring(['a', 'b', 'c:1'], { hierarchy: { ab: ['a', 'b'], c: ['c:*'], d: ['e'], e: ['f'], f: ['ab', 'c'] } }));
  exact('hierarchy: one for two', as('ab c:1'), passes);
  exact('hierarchy: one for two, and a prefix', as('ab c'), passes);
  exact('hierarchy: through four', as('d'), passes);
  exact('hierarchy: only two of three', as('ab'), lacks('a', 'b', 'c:1'));
  exact('hierarchy: what is included does not include', as('a c'), lacks('a', 'b', 'c:1'));
  const global = having('a hierarchy for the scopes of every call', config({ scopes: ['mcp:read'], policy: { hierarchy: { mcp: ['mcp:*'] } } }));
  global('hierarchy: the scopes of every call, without rules', posted(tool('run'), { claims: { scope: 'mcp' } }), passes);
  global('hierarchy: the scopes of every call, not granted', posted(tool('run'), { claims: { scope: 'mc' } }), lacks('mcp:read'));
  const choice = having('a hierarchy for one of several', requiring({ any: ['a', 'b'] }, { hierarchy: { top: ['b'] } }));
  choice('hierarchy: one of several', as('top'), passes);
  const loop = having('a hierarchy in a ring', requiring(['z'], { hierarchy: { a: ['b'], b: ['c'], c: ['a', 'b*'] } }));
  loop('hierarchy: a ring has an end', as('a'), lacks('z'));
}
