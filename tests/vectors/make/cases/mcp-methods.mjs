// The cases of mcp-methods.json.

import { message, notification, passes, posted, prompting, reading, ruled, tool } from '../calls.mjs';
import { deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { having } from '../rules.mjs';

export const about = 'What a method is called upon, and which method it is: MCP 2025-11-25 and 2026-07-28.';

export function cases() {
  const denied = deny('policy_denied');
  const invalid = deny('invalid_params', { id: 1 });

  const life = having('a session and one tool', ruled([
    { match: { method: ['initialize', 'ping', 'notifications/*', 'tools/list'] } },
    { match: { tool: 'echo' } },
    { match: { http: ['GET', 'DELETE'], message: 'none' } },
  ]));
  const info = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'delete', version: '1' } };
  life('initialize', posted(message('initialize', info)), passes);
  life('initialize with a text as its id', posted(message('initialize', info, { id: 'init' })), passes);
  life('notifications/initialized', posted(notification('notifications/initialized'), { headers: [['mcp-session-id', 's-1'], ['mcp-protocol-version', '2025-11-25']] }), passes);
  life('notifications/cancelled', posted(notification('notifications/cancelled', { requestId: 1, reason: 'x' })), passes);
  life('a notification sent as a request', posted(message('notifications/initialized')), passes);
  life('ping', posted(message('ping')), passes);
  life('ping with empty parameters', posted(message('ping', {})), passes);
  life('tools/list with a cursor', posted(message('tools/list', { cursor: 'x' })), passes);
  life('the allowed tool', posted(tool('echo', { text: 'x' })), passes);
  life('GET of the session', call(undefined, { method: 'GET' }), passes);
  life('DELETE of the session', call(undefined, { method: 'DELETE' }), passes);
  life('a tool that no rule names', posted(tool('delete')), denied);
  for (const method of ['tools/lists', 'tools', 'tools/', '/tools/list', 'Tools/List', 'tools/list ', ' tools/list', 'tools\\list', 'tools/%6cist', 'tools//list', 'resources/list', 'prompts/list', 'logging/setLevel', 'notification', 'notifications', 'rpc.discover', 'x-own/method', 'toolſ/list', 'constructor', '__proto__', '*'])
    life(`the method ${JSON.stringify(method)}`, posted(message(method)), denied);
  for (const method of ['Tools/call', 'tools/Call', 'TOOLS/CALL', 'tools/call ', 'tools/call\0', 'tools/call/']) life(`the method ${JSON.stringify(method)} with the name of the tool`, posted(message(method, { name: 'echo' })), denied);
  for (const name of ['Echo', 'ECHO', 'echo ', ' echo', 'echo/', 'ech', 'echoo', 'e\u0441ho', 'echo\u200b', 'echo*', '*', 'ｅcho']) life(`the tool ${JSON.stringify(name)}`, posted(tool(name)), denied);
  // What a server in C cuts off, and what begins a new line.
  for (const name of ['echo\0', 'echo\0x', '\0echo', 'echo\n', 'ec\u0085ho', 'echo\u007f']) life(`the tool ${JSON.stringify(name)} can be read in more than one way`, posted(tool(name)), invalid);
  life('a task of the tool', posted(message('tools/call', { name: 'echo', task: { ttl: 60_000 } })), passes);
  life('a task of another tool', posted(message('tools/call', { name: 'delete', task: { ttl: 60_000 } })), denied);
  for (const method of ['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel', 'tasks/update']) life(`${method}, which no rule names`, posted(message(method, { taskId: 'echo', name: 'echo' })), denied);

  const tasks = having('tasks', ruled([{ match: { method: ['tasks/get', 'tasks/result'] } }]));
  tasks('tasks/get by name', posted(message('tasks/get', { taskId: 't-1' })), passes);
  tasks('tasks/get with arguments that are none', posted(message('tasks/get', { taskId: 't-1', arguments: [1] })), passes);
  tasks('tasks/cancel beside', posted(message('tasks/cancel', { taskId: 't-1' })), denied);

  // The target belongs to the method: a member that only looks like it counts for nothing.
  const targets = having('one of each', ruled([{ match: { tool: 'echo' } }, { match: { prompt: 'greet' } }, { match: { resource: 'note:///a' } }]));
  targets('the tool', posted(tool('echo')), passes);
  targets('the prompt', posted(prompting('greet')), passes);
  targets('the resource', posted(reading('note:///a')), passes);
  targets('a prompt whose name has a NUL', posted(prompting('greet\0')), invalid);
  targets('completion for a prompt whose name has a NUL', posted(message('completion/complete', { ref: { type: 'ref/prompt', name: 'greet\0' }, argument: { name: 'a', value: 'x' } })), invalid);
  for (const method of ['resources/subscribe', 'resources/unsubscribe', 'resources/directory/read']) {
    targets(`${method} of the resource`, posted(message(method, { uri: 'note:///a' })), passes);
    targets(`${method} of another resource`, posted(message(method, { uri: 'note:///b' })), denied);
    targets(`${method} without a URI`, posted(message(method, { name: 'echo' })), invalid);
  }
  targets('a prompt with the name of the tool', posted(prompting('echo')), denied);
  targets('a tool with the name of the prompt', posted(tool('greet')), denied);
  targets('a tool whose name is the URI', posted(tool('note:///a')), denied);
  targets('a resource whose URI is the name of the tool', posted(reading('echo')), denied);
  targets('a tool with the URI beside', posted(message('tools/call', { name: 'delete', uri: 'note:///a' })), denied);
  targets('a resource with the name beside', posted(message('resources/read', { uri: 'note:///b', name: 'echo' })), denied);
  targets('a list with a name', posted(message('tools/list', { name: 'echo' })), denied);
  targets('a method of one\'s own with a name', posted(message('x/call', { name: 'echo', uri: 'note:///a' })), denied);
  targets('resources/read without a URI', posted(message('resources/read', {})), invalid);
  targets('resources/read with an empty URI', posted(reading('')), invalid);
  targets('resources/read with a URI that is a list', posted(reading(['note:///a'])), invalid);
  targets('prompts/get without a name', posted(message('prompts/get', {})), invalid);
  targets('prompts/get with a name that is a number', posted(prompting(1)), invalid);
  targets('prompts/get with arguments that are a list', posted(message('prompts/get', { name: 'greet', arguments: [] })), invalid);

  const complete = (ref, more = {}) => posted(message('completion/complete', { ref, argument: { name: 'a', value: 'x' }, ...more }));
  targets('completion for the prompt', complete({ type: 'ref/prompt', name: 'greet' }), passes);
  targets('completion for another prompt', complete({ type: 'ref/prompt', name: 'other' }), denied);
  targets('completion for the resource', complete({ type: 'ref/resource', uri: 'note:///a' }), passes);
  targets('completion for another resource', complete({ type: 'ref/resource', uri: 'note:///b' }), denied);
  targets('completion for a template', complete({ type: 'ref/resource', uri: 'note:///{name}' }), denied);
  targets('completion for a prompt with the URI beside', complete({ type: 'ref/prompt', name: 'other', uri: 'note:///a' }), denied);
  targets('completion with the name outside of the reference', complete({ type: 'ref/prompt', name: 'other' }, { name: 'greet' }), denied);
  for (const [name, ref] of [
    ['no reference', undefined], ['a reference of text', 'greet'], ['a reference of null', null], ['a list of references', [{ type: 'ref/prompt', name: 'greet' }]], ['a reference without a type', { name: 'greet' }],
    ['a reference of an unknown type', { type: 'ref/tool', name: 'echo' }], ['a reference type in upper case', { type: 'REF/PROMPT', name: 'greet' }], ['a reference without a name', { type: 'ref/prompt' }],
    ['a prompt reference with a URI only', { type: 'ref/prompt', uri: 'note:///a' }], ['a resource reference with a name only', { type: 'ref/resource', name: 'greet' }], ['a reference with Name beside', { type: 'ref/prompt', name: 'greet', Name: 'other' }],
    ['a reference with Type beside', { type: 'ref/prompt', name: 'greet', Type: 'ref/resource' }], ['a reference with Uri beside', { type: 'ref/resource', uri: 'note:///a', Uri: 'note:///b' }],
  ]) targets(`completion with ${name}`, complete(ref), invalid);

  // MCP 2026-07-28: one call listens to many resources, and each must be allowed.
  const listen = (notifications, more = {}) => posted(message('subscriptions/listen', { notifications, ...more }));
  const to = (...uris) => listen({ resourceSubscriptions: uris });
  targets('listening to the resource', to('note:///a'), passes);
  targets('listening to the resource twice', to('note:///a', 'NOTE:///%61'), passes);
  targets('listening to another resource', to('note:///b'), denied);
  targets('listening to another resource behind the allowed one', to('note:///a', 'note:///b'), denied);
  targets('listening to another resource before the allowed one', to('note:///b', 'note:///a'), denied);
  targets('listening to no resource', to(), denied);
  targets('listening to nothing', listen({}), denied);
  targets('listening without saying to what', posted(message('subscriptions/listen')), denied);
  targets('listening to the resource and to no tools', listen({ resourceSubscriptions: ['note:///a'], toolsListChanged: false, promptsListChanged: null }), passes);
  for (const name of ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged', 'other']) targets(`listening to the resource and to ${name}`, listen({ resourceSubscriptions: ['note:///a'], [name]: true }), denied);
  for (const [name, sent] of [
    ['a list of notifications', listen(['note:///a'])], ['notifications of text', listen('note:///a')], ['notifications of null', listen(null)], ['a resource that is text', listen({ resourceSubscriptions: 'note:///a' })], ['a resource that is a number', to('note:///a', 1)],
    ['dot segments', to('note:///a', 'note:///b/../a')], ['ResourceSubscriptions beside', listen({ resourceSubscriptions: ['note:///a'], ResourceSubscriptions: ['note:///b'] })], ['resource\u017fubscriptions beside', listen({ resourceSubscriptions: ['note:///a'], 'resource\u017fubscriptions': ['note:///b'] })],
    ['Notifications beside', listen({ resourceSubscriptions: ['note:///a'] }, { Notifications: { resourceSubscriptions: ['note:///b'] } })], ['more than 1000 resources', to(...Array.from({ length: 1001 }, () => 'note:///a'))],
  ]) targets(`listening with ${name}`, sent, invalid);
  targets('listening to 1000 resources', to(...Array.from({ length: 1000 }, () => 'note:///a')), passes);
  const news = having('listening, but not to all', ruled([{ match: { resource: ['note:///secret', 'note:///vault/*'] }, effect: 'deny' }, { match: { resource: 'note:///dear' }, require: { scopes: 'dear' } }, { match: { method: ['subscriptions/listen', 'resources/*'] } }]));
  news('listening to all changes', listen({ toolsListChanged: true, resourcesListChanged: true }), passes);
  news('listening to changes and to a resource', listen({ toolsListChanged: true, resourceSubscriptions: ['note:///a'] }), passes);
  news('listening to a secret', to('note:///a', 'note:///secret'), denied);
  news('listening to a secret, spelt otherwise', to('NOTE:///s%65cret'), denied);
  news('listening to changes and to a secret', listen({ toolsListChanged: true, resourceSubscriptions: ['note:///vault/1'] }), denied);
  news('listening to what needs a scope', to('note:///a', 'note:///dear'), deny('insufficient_scope', { challenge: { scopes: ['dear'] } }));
  news('reading the directory of a secret', posted(message('resources/directory/read', { uri: 'note:///vault/' })), denied);
  news('reading another directory', posted(message('resources/directory/read', { uri: 'note:///' })), passes);
  news('reading a directory without a URI', posted(message('resources/directory/read', {})), invalid);

  const open = having('open but for one tool', ruled([{ match: { tool: 'delete' }, effect: 'deny' }], { default: 'allow' }));
  for (const method of ['server/discover', 'subscriptions/listen', 'x/own', 'rpc.discover']) open(`${method} where all is allowed that is not denied`, posted(message(method)), passes);
  open('a denied tool where all else is allowed', posted(tool('delete')), denied);
  open('a denied tool as a notification', posted(tool('delete', {}, { id: undefined })), deny('invalid_rpc_request'));
  open('a notification where all is allowed that is not denied', posted(notification('notifications/x', { name: 'delete' })), passes);
  open('another tool where all else is allowed', posted(tool('echo')), passes);
  open('a malformed body where all else is allowed', posted('{'), deny('parse_error'));
  open('a batch where all else is allowed', posted(`[${tool('echo')}]`), deny('invalid_rpc_request'));
  open('no body where all else is allowed', call(), passes);
}
