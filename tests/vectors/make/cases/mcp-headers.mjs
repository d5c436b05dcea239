// The cases of mcp-headers.json.

import { message, notification, passes, posted, prompting, reading, ruled, tool } from '../calls.mjs';
import { deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { having } from '../rules.mjs';

export const about = 'Headers that repeat the body must agree with it, and from 2026-07-28 on they must be there: MCP, Streamable HTTP.';

const MODERN = '2026-07-28';
const meta = (version) => ({ _meta: { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} } });
const coded = (text) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

export function cases() {
  const on = having('tools, prompts and resources', ruled([{ match: { tool: ['echo', 'delete', ' echo', 'écho', 'x-*', '=?base64?*'] } }, { match: { prompt: 'greet' } }, { match: { resource: ['note:///*', 'https://example.com/*'] } }, { match: { method: ['tools/list', 'initialize', 'notifications/*', 'tasks/*', 'x/*', 'server/discover'] } }, { match: { message: ['response', 'none'] } }]));
  const mismatch = deny('header_mismatch', { id: 1 });
  const call1 = (method, params, version = MODERN) => message(method, { ...params, ...(version ? meta(version) : {}) });
  /** A call in the newer protocol; a header given as undefined is left out, a list stands for several. */
  const modern = (name, body, given, expect = mismatch) => {
    const fields = Object.entries({ 'mcp-protocol-version': MODERN, ...given });
    on(name, posted(body, { headers: fields.flatMap(([field, values]) => [values ?? []].flat().map((value) => [field, value])) }), expect);
  };
  const echo = call1('tools/call', { name: 'echo', arguments: {} });
  const both = { 'mcp-method': 'tools/call', 'mcp-name': 'echo' };

  modern('a call with all that it needs', echo, both, passes);
  modern('a call whose version stands in the header only', call1('tools/call', { name: 'echo' }, null), both, passes);
  modern('a call without its method', echo, { ...both, 'mcp-method': undefined });
  modern('a call without its name', echo, { ...both, 'mcp-name': undefined });
  modern('a call without its version', echo, { ...both, 'mcp-protocol-version': undefined });
  modern('a call without any header', echo, { 'mcp-protocol-version': undefined });
  modern('another method', echo, { ...both, 'mcp-method': 'tools/list' });
  modern('another name', echo, { ...both, 'mcp-name': 'delete' });
  modern('the allowed name in the header, another in the body', call1('tools/call', { name: 'delete' }), both);
  modern('the method in other case', echo, { ...both, 'mcp-method': 'Tools/Call' });
  modern('the name in other case', echo, { ...both, 'mcp-name': 'ECHO' });
  modern('header names in other case', echo, { 'Mcp-Method': 'tools/call', 'MCP-NAME': 'echo' }, passes);
  modern('white space around the values', echo, { 'mcp-method': ' tools/call ', 'mcp-name': '\techo' }, passes);
  modern('an empty method', echo, { ...both, 'mcp-method': '' });
  modern('an empty name', echo, { ...both, 'mcp-name': '' });
  modern('the method with a byte beyond ascii', echo, { ...both, 'mcp-method': 'tools/call\u00ff' });
  modern('the name with its quotes', echo, { ...both, 'mcp-name': '"echo"' });
  modern('a percent-encoded name', echo, { ...both, 'mcp-name': '%65cho' });
  modern('the method twice', echo, { ...both, 'mcp-method': ['tools/call', 'tools/call'] });
  modern('two methods', echo, { ...both, 'mcp-method': ['tools/call', 'tools/list'] });
  modern('two methods in one field', echo, { ...both, 'mcp-method': 'tools/call, tools/list' });
  modern('the name twice', echo, { ...both, 'mcp-name': ['echo', 'echo'] });
  modern('two names', echo, { ...both, 'mcp-name': ['echo', 'delete'] });
  modern('two names, the other first', echo, { ...both, 'mcp-name': ['delete', 'echo'] });
  modern('the version twice', echo, { ...both, 'mcp-protocol-version': [MODERN, MODERN] });
  modern('two versions', echo, { ...both, 'mcp-protocol-version': [MODERN, '2025-11-25'] });

  modern('another version in the body', call1('tools/call', { name: 'echo' }, '2025-11-25'), both);
  modern('a later version in the body', call1('tools/call', { name: 'echo' }, '2027-01-01'), both);
  modern('a version in the body that is no text', message('tools/call', { name: 'echo', _meta: { 'io.modelcontextprotocol/protocolVersion': 20260728 } }), both);
  modern('a version in the body of null', call1('tools/call', { name: 'echo' }, null).replace('"echo"', '"echo","_meta":{"io.modelcontextprotocol/protocolVersion":null}'), both);
  modern('a _meta that is no object', message('tools/call', { name: 'echo', _meta: 'x' }), both, passes);
  modern('an old version in the header, the new one in the body', echo, { ...both, 'mcp-protocol-version': '2025-11-25' });
  modern('a version of the future needs the same', call1('tools/call', { name: 'echo' }, '2031-12-31'), { 'mcp-protocol-version': '2031-12-31', 'mcp-method': 'tools/call' });
  modern('a version of the future that has the same', call1('tools/call', { name: 'echo' }, '2031-12-31'), { ...both, 'mcp-protocol-version': '2031-12-31' }, passes);
  modern('parameters that are none, with the version in the header', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { 'mcp-method': 'tools/list' }, passes);

  // A name that is no value of a header: =?base64?...?=
  modern('the name in base64', echo, { ...both, 'mcp-name': coded('echo') }, passes);
  modern('another name in base64', echo, { ...both, 'mcp-name': coded('delete') });
  modern('a name beyond ascii in base64', call1('tools/call', { name: 'écho' }), { ...both, 'mcp-name': coded('écho') }, passes);
  modern('a name with a space before it in base64', call1('tools/call', { name: ' echo' }), { ...both, 'mcp-name': coded(' echo') }, passes);
  modern('a name with a space before it, as it is', call1('tools/call', { name: ' echo' }), { ...both, 'mcp-name': ' echo' });
  modern('a name that looks like base64, in base64', call1('tools/call', { name: '=?base64?ZWNobw==?=' }), { ...both, 'mcp-name': coded('=?base64?ZWNobw==?=') }, passes);
  modern('a name that looks like base64, as it is', call1('tools/call', { name: '=?base64?ZWNobw==?=' }), { ...both, 'mcp-name': '=?base64?ZWNobw==?=' });
  for (const [name, value] of [
    ['no base64', '=?base64?!!!!?='], ['base64 of the URL alphabet', `=?base64?${Buffer.from('x-\xfb\xff').toString('base64url')}?=`], ['base64 without its padding', '=?base64?ZWNobw?='], ['base64 with bits to spare', '=?base64?ZWNobx==?='], ['base64 with a space in it', '=?base64?ZWNo bw==?='],
    ['base64 of no UTF-8', '=?base64?/w==?='], ['base64 that is not closed', '=?base64?ZWNobw=='], ['BASE64 in upper case', '=?BASE64?ZWNobw==?='], ['base64 of nothing', '=?base64??='], ['base64 with text behind', '=?base64?ZWNobw==?=x'], ['base64 with its character set', '=?utf-8?B?ZWNobw==?='], ['base64 without a word of it', 'ZWNobw=='],
  ]) modern(`the name as ${name}`, echo, { ...both, 'mcp-name': value });

  // Which member the name repeats depends on the method.
  modern('prompts/get', call1('prompts/get', { name: 'greet' }), { 'mcp-method': 'prompts/get', 'mcp-name': 'greet' }, passes);
  modern('prompts/get with another name', call1('prompts/get', { name: 'greet' }), { 'mcp-method': 'prompts/get', 'mcp-name': 'other' });
  modern('prompts/get without its name', call1('prompts/get', { name: 'greet' }), { 'mcp-method': 'prompts/get' });
  modern('resources/read', call1('resources/read', { uri: 'note:///a' }), { 'mcp-method': 'resources/read', 'mcp-name': 'note:///a' }, passes);
  modern('resources/read with another URI', call1('resources/read', { uri: 'note:///a' }), { 'mcp-method': 'resources/read', 'mcp-name': 'note:///b' });
  modern('resources/read with its URI in another form', call1('resources/read', { uri: 'NOTE:///%61' }), { 'mcp-method': 'resources/read', 'mcp-name': 'note:///a' });
  modern('resources/read with its URI as it was sent', call1('resources/read', { uri: 'NOTE:///%61' }), { 'mcp-method': 'resources/read', 'mcp-name': 'NOTE:///%61' }, passes);
  modern('resources/read with a name of the body that is no URI', call1('resources/read', { uri: 'note:///a', name: 'note:///b' }), { 'mcp-method': 'resources/read', 'mcp-name': 'note:///b' });
  modern('tools/call with the URI of the body', call1('tools/call', { name: 'echo', uri: 'delete' }), { ...both, 'mcp-name': 'delete' });
  modern('tools/list needs no name', call1('tools/list', {}), { 'mcp-method': 'tools/list' }, passes);
  modern('tools/list with a name', call1('tools/list', {}), { 'mcp-method': 'tools/list', 'mcp-name': 'echo' });
  modern('tools/list without its method', call1('tools/list', {}), {});
  modern('tasks/get', call1('tasks/get', { taskId: 't-1' }), { 'mcp-method': 'tasks/get', 'mcp-name': 't-1' }, passes);
  modern('tasks/get with another id', call1('tasks/get', { taskId: 't-1' }), { 'mcp-method': 'tasks/get', 'mcp-name': 't-2' });
  modern('tasks/get without its id', call1('tasks/get', { taskId: 't-1' }), { 'mcp-method': 'tasks/get' });
  modern('a method of one\'s own with a name', call1('x/run', { name: 'a' }), { 'mcp-method': 'x/run', 'mcp-name': 'a' }, passes);
  modern('a method of one\'s own with another name', call1('x/run', { name: 'a' }), { 'mcp-method': 'x/run', 'mcp-name': 'b' });
  modern('a notification needs no headers', notification('notifications/cancelled', { requestId: 1 }), {}, passes);
  modern('a notification with its method', notification('notifications/cancelled', { requestId: 1 }), { 'mcp-method': 'notifications/cancelled' }, passes);
  modern('a notification with another method', notification('notifications/cancelled', { requestId: 1 }), { 'mcp-method': 'tools/call' }, deny('header_mismatch'));
  modern('an answer', '{"jsonrpc":"2.0","id":1,"result":{}}', {}, passes);
  modern('an answer with a method', '{"jsonrpc":"2.0","id":1,"result":{}}', { 'mcp-method': 'tools/call' });

  // Before 2026-07-28 they need not be there.
  const older = (name, body, fields, expect = mismatch) => on(`older: ${name}`, posted(body, { headers: Object.entries(fields) }), expect);
  older('no headers at all', tool('echo'), {}, passes);
  for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', 'DRAFT-2026-v1', '2026-07-27', '2026-07-28-rc', 'x', '']) older(`the version ${version || 'of nothing'}`, tool('echo'), { 'mcp-protocol-version': version }, passes);
  older('a method that agrees', tool('echo'), { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }, passes);
  older('another method', tool('echo'), { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/list' });
  older('another name', tool('echo'), { 'mcp-name': 'delete' });
  older('another name, and no version', tool('delete'), { 'mcp-name': 'echo' });
  older('another prompt', prompting('greet'), { 'mcp-name': 'other' });
  older('another resource', reading('note:///a'), { 'mcp-name': 'note:///b' });
  older('initialize with its version in the parameters', message('initialize', { protocolVersion: MODERN, capabilities: {}, clientInfo: { name: 'x', version: '1' } }), {}, passes);
  older('initialize with the session of another', message('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }), { 'mcp-session-id': 's-1' }, passes);

  on('GET says its version only', call(undefined, { method: 'GET' }), passes);
  on('GET with headers of a call has no body that they could repeat', { ...call(undefined, { method: 'GET' }), headers: [...call().headers, ['mcp-protocol-version', '2025-11-25'], ['mcp-method', 'tools/call']] }, passes);
  on('a forbidden tool with headers that disagree', posted(tool('forbidden'), { headers: [['mcp-name', 'echo']] }), mismatch);
  on('a forbidden tool with headers that agree', posted(tool('forbidden'), { headers: [['mcp-name', 'forbidden']] }), deny('policy_denied'));
  on('a malformed body with headers', posted('{', { headers: [['mcp-method', 'tools/call']] }), deny('parse_error'));
  on('a mismatch names the id as text', posted(tool('echo', {}, { id: 'a-1' }), { headers: [['mcp-name', 'delete']] }), deny('header_mismatch', { id: 'a-1' }));
}
