// The cases of operations.json.

import { passes, posted, tool } from '../calls.mjs';
import { deny } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { caracal, mandated } from '../mandates.mjs';
import { having } from '../rules.mjs';
import { config } from '../configurations.mjs';

export const about = 'Caracal\'s operations of a resource: method and path compared whole, each with its scope.';

const AT = 'https://api.example.com';
const LIST = [
  { method: 'GET', path: '/files', scope: 'files:read' },
  { method: 'post', path: '/files', scope: 'files:write' },
  { method: 'DELETE', path: '/files/a b', scope: 'files:drop' },
  { method: 'POST', path: '/mcp', scope: 'mcp:use' },
];

export function cases() {
  const denied = deny('operation_not_permitted', { full: true });
  const on = having('operations', caracal({}, { operations: { list: LIST } }));
  const at = (method, path, scope, more = {}) => mandated({ scope }, { method, url: AT + path, ...more });
  const tries = (rows, expect) => rows.forEach(([method, path, scope = 'files:read files:write files:drop mcp:use']) => on(`${method} ${path} with ${scope || 'no scope'}`, at(method, path, scope), expect));

  tries([['GET', '/files', 'files:read'], ['GET', '/files', 'x files:read'], ['POST', '/files', 'files:write'], ['POST', '/mcp', 'mcp:use'], ['DELETE', '/files/a%20b'], ['get', '/files'], ['Post', '/mcp'], ['GET', '/files?a=/../b'], ['GET', '/files#a'], ['GET', '/%66iles']], passes);
  tries([['GET', '/files', ''], ['GET', '/files', 'files:write'], ['GET', '/files', 'files:*'], ['POST', '/files', 'files:read'], ['POST', '/mcp', 'mcp']], denied);
  tries([['PUT', '/files'], ['HEAD', '/files'], ['GET', '/files/'], ['GET', '/Files'], ['GET', '/files/42'], ['GET', '/file'], ['GET', '/filesx'], ['GET', '/'], ['GET', '/mcp'], ['DELETE', '/files'], ['DELETE', '/files/a+b'], ['GETS', '/files']], denied);
  tries([['GET', '/files/../files'], ['GET', '/files/.'], ['GET', '//files'], ['GET', '/%2ffiles'], ['GET', '/files%2f'], ['GET', '/x/..;/files']], deny('path_ambiguous'));
  on('an operation and a malformed body: no body is looked at', { ...at('POST', '/mcp', 'mcp:use'), body: '{' }, passes);
  on('an operation that is not declared, and a mandate of another zone', mandated({ zone_id: 'zone-2' }, { method: 'PUT', url: `${AT}/files` }), deny('invalid_zone'));
  on('an operation that is not declared, and too many hops', mandated({ hop_count: 11 }, { method: 'PUT', url: `${AT}/files` }), deny('hop_count_exceeded'));
  on('an operation and no token', request([], { method: 'PUT', url: `${AT}/files` }), deny('missing_token'));

  const empty = having('no operations', caracal({}, { operations: { enforcement: 'enforced' } }));
  empty('no operations close the resource', mandated({ scope: 'mcp:use' }), denied);
  having('an empty list of operations', caracal({}, { operations: { list: [] } }))('an empty list of operations closes the resource', mandated({ scope: 'mcp:use' }), denied);
  const uniform = having('operations that are not enforced', caracal({}, { operations: { enforcement: 'transport_uniform', list: LIST.slice(0, 1) } }));
  uniform('not enforced: a declared operation without its scope', at('GET', '/files', ''), passes);
  uniform('not enforced: an operation that is not declared', at('PUT', '/other', ''), passes);
  having('not enforced and empty', caracal({}, { operations: { enforcement: 'transport_uniform' } }))('not enforced: an empty list', mandated(), passes);

  // Before the rules, which may narrow further.
  const ruledToo = having('operations and rules', caracal({}, { operations: { list: LIST }, rules: [{ match: { path: '/files' } }, { match: { tool: 'run' } }] }));
  ruledToo('operations and rules: both', mandated({ scope: 'mcp:use' }), passes);
  ruledToo('operations and rules: a tool that no rule allows', mandated({ scope: 'mcp:use' }, { called: 'walk' }), deny('policy_denied'));
  ruledToo('operations and rules: an operation that is not declared', at('PUT', '/files', 'files:read'), denied);
  ruledToo('operations and rules: a malformed body of an operation without its scope', { ...mandated(), body: '{' }, denied);
  ruledToo('operations and rules: a malformed body of an operation', { ...mandated({ scope: 'mcp:use' }), body: '{' }, deny('parse_error'));
  const scoped = having('operations and scopes', caracal({}, { operations: { list: LIST } }, { scopes: ['mcp:base'] }));
  scoped('an operation, and scopes of every call', mandated({ scope: 'mcp:use' }), deny('insufficient_scope'));
  scoped('an operation that is not declared, and scopes of every call', at('PUT', '/files', ''), denied);
  const tree = having('operations and a hierarchy', caracal({}, { hierarchy: { admin: ['files:*'] }, operations: { list: LIST } }));
  tree('an operation whose scope is included', at('GET', '/files', 'admin'), passes);
  tree('an operation whose scope is not included', at('POST', '/mcp', 'admin'), denied);
  having('the words of Caracal', caracal({}, { operations: { list: LIST } }, { errors: { vocabulary: 'caracal' } }))('an operation that is not declared, in the words of Caracal', at('PUT', '/files', ''), denied);

  const plain = having('operations of another issuer', config({ policy: { operations: { list: LIST } } }));
  plain('operations hold for other issuers as well', posted(tool('run'), { claims: { scope: 'mcp:use' } }), passes);
  plain('operations hold for other issuers as well: none declared', call(undefined, { method: 'PUT', url: `${AT}/files` }), denied);
}
