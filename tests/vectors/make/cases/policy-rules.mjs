// The cases of policy-rules.json.

import { message, notification, passes, posted, prompting, ruled, tool } from '../calls.mjs';
import { deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { having } from '../rules.mjs';

export const about = 'Which rule decides: the first that matches, else the default; what a match may ask for.';

export function cases() {
  const denied = deny('policy_denied');
  const allowing = (match) => ruled([{ match }]);

  // First match.
  const first = having('deny before allow', ruled([{ match: { tool: 'delete' }, effect: 'deny' }, { match: { tool: '*' } }]));
  first('a deny rule before an allow rule', posted(tool('delete')), denied);
  first('what the deny rule does not match', posted(tool('echo')), passes);
  first('what no rule matches', posted(message('tools/list')), denied);
  const second = having('allow before deny', ruled([{ match: { tool: '*' } }, { match: { tool: 'delete' }, effect: 'deny' }]));
  second('an allow rule before a deny rule', posted(tool('delete')), passes);
  const stops = having('the first rule asks for more', ruled([{ match: { tool: 'del*' }, require: { roles: 'admin' } }, { match: { tool: 'delete' } }]));
  stops('the first rule that matches decides, though a later one would let pass', posted(tool('delete'), { claims: { roles: ['user'] } }), denied);
  stops('the first rule that matches, met', posted(tool('delete'), { claims: { roles: ['admin'] } }), passes);
  const mixed = having('rules of several kinds', ruled([
    { match: { path: '/other' } },
    { match: { method: 'tools/call', tool: 'a*' }, effect: 'deny' },
    { match: { http: 'POST', tool: ['alpha', 'beta'] } },
    { match: { message: 'request', method: 'tools/*' }, effect: 'deny' },
    { match: {} },
  ]));
  mixed('of several kinds: the second', posted(tool('alpha')), denied);
  mixed('of several kinds: the third', posted(tool('beta')), passes);
  mixed('of several kinds: the fourth', posted(tool('gamma')), denied);
  mixed('of several kinds: the fourth, by its method', posted(message('tools/list')), denied);
  mixed('of several kinds: the last', posted(message('prompts/list')), passes);
  mixed('of several kinds: the last, since a notification is no request', posted(notification('notifications/x')), passes);
  mixed('of several kinds: the first', posted('{', { url: 'https://api.example.com/other' }), passes);
  const long = having('two hundred rules', ruled([...Array.from({ length: 199 }, (_, n) => ({ match: { tool: n % 2 ? `tool-${n}` : `tool-${n}*` }, effect: n % 3 ? 'allow' : 'deny' })), { match: { tool: 'tool-*' }, effect: 'deny' }]));
  long('two hundred rules: a prefix before the exact name', posted(tool('tool-61')), denied);
  long('two hundred rules: an exact name', posted(tool('tool-7')), passes);
  long('two hundred rules: the last', posted(tool('tool-x')), denied);

  // Where nothing matches.
  having('no rules', ruled([]))('without rules all may pass', posted(tool('delete')), passes);
  having('no rules, open', ruled([], { default: 'allow' }))('without rules, open by name', posted(tool('delete')), passes);
  const closed = having('no rules, closed', ruled([], { default: 'deny' }));
  closed('without rules, closed by name', posted(tool('echo')), denied);
  closed('without rules, closed: no body is looked at', posted('{'), denied);
  closed('without rules, closed: GET', call(undefined, { method: 'GET' }), denied);
  having('no rules, open to all bodies', ruled([], { default: 'allow' }))('without rules no body is looked at', posted('{'), passes);
  having('open by default', ruled([{ match: { tool: 'delete' }, effect: 'deny' }], { default: 'allow' }))('rules, and open by default', posted(tool('echo')), passes);
  having('closed by default', ruled([{ match: { tool: 'echo' } }], { default: 'deny' }))('rules, and closed by default', posted(tool('delete')), denied);
  having('closed since there are rules', ruled([{ match: { tool: 'echo' } }]))('rules alone close what they do not match', posted(tool('delete')), denied);
  const scoped = having('open by default, with a scope', ruled([{ match: { tool: 'delete' }, effect: 'deny' }], { default: 'allow' }, { scopes: ['mcp:read'] }));
  scoped('open by default still needs the scopes of every call', posted(tool('echo')), deny('insufficient_scope'));
  scoped('open by default, with the scopes of every call', posted(tool('echo'), { claims: { scope: 'mcp:read' } }), passes);
  scoped('a deny rule comes before the scopes of every call', posted(tool('delete')), denied);

  // A rule without a match, and without anything.
  const all = having('one empty rule', ruled([{}]));
  all('an empty rule matches a call', posted(tool('delete')), passes);
  all('an empty rule matches what is no call', posted('{'), passes);
  all('an empty rule matches GET', call(undefined, { method: 'GET' }), passes);
  having('one empty rule that denies', ruled([{ effect: 'deny' }], { default: 'allow' }))('an empty rule that denies', posted(tool('echo')), denied);

  // http: compared as HTTP does, case kept (RFC 9110 section 9.1).
  const http = having('http GET and DELETE', allowing({ http: ['GET', 'DELETE'] }));
  for (const method of ['GET', 'DELETE']) http(`http: ${method}`, call(undefined, { method }), passes);
  for (const method of ['POST', 'PUT', 'GETS', 'OPTIONS']) http(`http: ${method}`, call(undefined, { method }), denied);
  // Many servers take them for the methods of the rules.
  for (const method of ['get', 'Get', 'delete', 'post']) http(`http: ${method}`, call(undefined, { method }), deny('request_malformed'));
  http('http: the method of a header counts for nothing', posted(tool('echo'), { headers: [['x-http-method-override', 'GET']] }), denied);
  having('http POST', allowing({ http: 'POST' }))('http: one method as text', posted('{'), passes);

  // message
  const kinds = { request: tool('echo'), notification: notification('notifications/x'), response: '{"jsonrpc":"2.0","id":1,"result":{}}', none: undefined };
  for (const wanted of Object.keys(kinds)) {
    const kind = having(`messages: ${wanted}`, allowing({ message: wanted }));
    for (const [name, body] of Object.entries(kinds)) kind(`message ${wanted}: a ${name}`, posted(body), name === wanted ? passes : denied);
  }
  const pair = having('messages: two kinds', allowing({ message: ['notification', 'none'] }));
  for (const [name, body] of Object.entries(kinds)) pair(`message of two kinds: a ${name}`, posted(body), ['notification', 'none'].includes(name) ? passes : denied);

  // method
  const exact = having('method tools/list', allowing({ method: 'tools/list' }));
  exact('method: the same', posted(message('tools/list')), passes);
  for (const method of ['tools/call', 'tools/list2', 'tools', 'Tools/list']) exact(`method: ${method}`, posted(message(method, { name: 'x' })), denied);
  exact('method: an answer has none', posted(kinds.response), denied);
  exact('method: no body has none', call(), denied);
  const group = having('method tools/*', allowing({ method: ['tools/*', 'ping'] }));
  for (const method of ['tools/list', 'tools/', 'ping']) group(`method tools/* or ping: ${method}`, posted(message(method)), passes);
  group('method tools/*: a call', posted(tool('delete')), passes);
  for (const method of ['tools', 'tool', 'xtools/list', 'pings', 'prompts/list']) group(`method tools/*: ${method}`, posted(message(method)), denied);
  const every = having('method *', allowing({ method: '*' }));
  every('method *: any', posted(message('x/y')), passes);
  every('method *: a notification', posted(notification('notifications/y')), passes);
  every('method *: an answer', posted(kinds.response), denied);
  every('method *: no body', call(), denied);

  // tool
  const tools = having('tools', allowing({ tool: ['read_*', 'echo', 'a', 'été'] }));
  for (const name of ['read_', 'read_file', 'read_*', 'echo', 'a', 'été']) tools(`tool: ${name}`, posted(tool(name)), passes);
  for (const name of ['read', 'Read_file', 'xread_file', 'echo2', 'ech', 'ab', 'ete', 'e\u0301te\u0301', 'ét']) tools(`tool: ${name} is none`, posted(tool(name)), denied);
  tools('tool: the method alone is not enough', posted(message('tools/list')), denied);
  tools('tool: a prompt of that name', posted(prompting('echo')), denied);
  const any = having('tool *', allowing({ tool: '*' }));
  any('tool *: any', posted(tool('anything at all')), passes);
  any('tool *: no tool', posted(message('tools/list')), denied);
  const longest = having('prefixes within prefixes', ruled([{ match: { tool: 'files_read_*' } }, { match: { tool: 'files_*' }, effect: 'deny' }, { match: { tool: '*' } }]));
  longest('a longer prefix first', posted(tool('files_read_all')), passes);
  longest('the shorter prefix', posted(tool('files_write')), denied);
  longest('the shortest prefix', posted(tool('file')), passes);
  const same = having('a name and a prefix of the same text', ruled([{ match: { tool: 'run' } }, { match: { tool: 'run*' }, effect: 'deny' }], { default: 'allow' }));
  same('a name, and a prefix of the same text: the name', posted(tool('run')), passes);
  same('a name, and a prefix of the same text: longer', posted(tool('runner')), denied);

  // prompt
  const prompts = having('prompts', allowing({ prompt: ['greet', 'mail_*'] }));
  for (const name of ['greet', 'mail_', 'mail_send']) prompts(`prompt: ${name}`, posted(prompting(name)), passes);
  for (const name of ['greets', 'Greet', 'mail']) prompts(`prompt: ${name} is none`, posted(prompting(name)), denied);
  prompts('prompt: a tool of that name', posted(tool('greet')), denied);

  // All members must match.
  const several = having('several members', allowing({ http: 'POST', path: '/mcp', message: 'request', method: 'tools/call', tool: 'echo', arguments: { a: 1 } }));
  several('all members match', posted(tool('echo', { a: 1 })), passes);
  several('all but http', posted(tool('echo', { a: 1 }), { method: 'PUT' }), denied);
  several('all but the path', posted(tool('echo', { a: 1 }), { url: 'https://api.example.com/mcp2' }), denied);
  several('all but the id', posted(tool('echo', { a: 1 }, { id: undefined })), deny('invalid_rpc_request'));
  several('all but the tool', posted(tool('ech', { a: 1 })), denied);
  several('all but the argument', posted(tool('echo', { a: 2 })), denied);

  // Rules in shadow deny nothing.
  const shadow = having('in shadow', ruled([{ match: { tool: 'delete' }, require: { roles: 'admin', scopes: 'files:write' }, enforcement: 'shadow' }, { match: { tool: 'drop' }, effect: 'deny', enforcement: 'shadow' }, { match: { tool: 'drop' }, require: { scopes: 'files:drop' } }, { match: { tool: 'wipe' }, effect: 'deny', enforcement: 'shadow' }]));
  shadow('an allow rule in shadow that would deny passes', posted(tool('delete')), passes);
  shadow('an allow rule in shadow that would let pass', posted(tool('delete'), { claims: { roles: ['admin'], scope: 'files:write' } }), passes);
  shadow('an allow rule in shadow that cannot be evaluated passes', posted(tool('delete'), { claims: { roles: 'admin', scope: 'files:write' } }), passes);
  shadow('after a deny rule in shadow the next decides', posted(tool('drop')), deny('insufficient_scope', { challenge: { scopes: ['files:drop'] } }));
  shadow('after a deny rule in shadow the next lets pass', posted(tool('drop'), { claims: { scope: 'files:drop' } }), passes);
  shadow('after a deny rule in shadow the default denies', posted(tool('wipe')), denied);
  shadow('what no rule in shadow matches', posted(tool('echo')), denied);
  const global = having('in shadow, with a scope of every call', ruled([{ match: { tool: 'delete' }, require: { scopes: 'files:write' }, enforcement: 'shadow' }], { require: { scopes: ['mcp:use'] } }, { scopes: ['mcp:read'] }));
  global('a rule in shadow does not lift the scopes of every call', posted(tool('delete')), deny('insufficient_scope', { challenge: { scopes: ['mcp:read', 'mcp:use'] } }));
  global('a rule in shadow does not lift one scope of every call', posted(tool('delete'), { claims: { scope: 'files:write mcp:read' } }), deny('insufficient_scope', { challenge: { scopes: ['mcp:read', 'mcp:use'] } }));
  global('a rule in shadow, with the scopes of every call', posted(tool('delete'), { claims: { scope: 'mcp:read mcp:use' } }), passes);
  const ahead = having('in shadow before the body', ruled([{ match: { http: 'POST' }, effect: 'deny', enforcement: 'shadow' }, { match: { tool: 'echo' } }]));
  ahead('a rule in shadow that needs no body, before one that does', posted(tool('echo')), passes);
  ahead('a rule in shadow that needs no body, before one that does not match', posted(tool('delete')), denied);
}
