// The cases of mcp-message.json.

import { ECHO, passes, posted, tool } from '../calls.mjs';
import { json, raw } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { having } from '../rules.mjs';

export const about = 'Which bodies are one JSON-RPC message that every parser reads alike: JSON-RPC 2.0 sections 4 and 5, MCP base protocol.';

export function cases() {
  const on = having('one tool', ECHO);
  const sent = (name, body, expect) => on(name, posted(body), expect);
  const request = (members) => json({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' }, ...members });
  const shape = (name, body, more) => sent(name, body, deny('invalid_rpc_request', more));
  const unread = (name, body) => sent(name, body, deny('parse_error'));

  sent('a call of the tool', tool('echo'), passes);
  sent('a call with white space around', ` \r\n\t${tool('echo')} \n`, passes);
  sent('a call of another tool', tool('delete'), deny('policy_denied', { full: true }));

  // MCP 2025-06-18 has taken batches out.
  shape('a batch of one', `[${tool('echo')}]`);
  shape('a batch with white space before it', ` \n[${tool('echo')}]`);
  shape('a batch of an allowed and a forbidden call', `[${tool('echo')},${tool('delete', {}, { id: 2 })}]`);
  shape('an empty batch', '[]');
  shape('a batch of no messages', '[1,2]');
  shape('a batch in a batch', `[[${tool('echo')}]]`);
  unread('a batch that breaks off', `[${tool('echo')}`);

  // RFC 8259 section 4: what a parser makes of a name that stands there twice is its own affair.
  unread('the method twice', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"echo"}}');
  unread('the method twice, the same', '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/call","params":{"name":"echo"}}');
  unread('the method twice, once with an escape', '{"jsonrpc":"2.0","id":1,"method":"tools/call","meth\\u006fd":"tools/list","params":{"name":"echo"}}');
  unread('the parameters twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"params":{"name":"delete"}}');
  unread('the name twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"delete"}}');
  unread('the name twice, once with an escape', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"delete"}}');
  unread('the id twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"echo"}}');
  unread('an argument twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":1,"a":2}}}');
  unread('an argument twice, deep inside', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"x":[{"y":{"a":1,"\\u0061":2}}]}}}');
  unread('a member of _meta twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"a":1,"a":1}}}');
  unread('an unknown member twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"x":1,"x":1}');
  unread('an empty member name twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"":1,"":1}');
  sent('a member name with an escape, once', '{"jsonrpc":"2.0","id":1,"meth\\u006fd":"tools/call","params":{"n\\u0061me":"\\u0065cho"}}', passes);
  sent('unknown members beside', request({ x: { a: 1 }, trace: null }), passes);

  // Parsers that ignore case take these for the ones that they are not.
  for (const name of ['Method', 'METHOD', 'methoD', 'Params', 'PARAMS', 'param\u017f', 'JSONRPC', 'J\u017fonrpc', 'Result', 're\u017fult', 'ERROR', 'ID', 'Id', '\u0131d', '\u0130D'])
    shape(`a member ${name} beside`, request({ [name]: 'x' }), { id: 1 });
  shape('Method in place of the method', json({ jsonrpc: '2.0', id: 1, Method: 'tools/call', params: { name: 'echo' } }), { id: 1 });
  shape('ID in place of the id', json({ jsonrpc: '2.0', ID: 1, method: 'tools/call', params: { name: 'echo' } }));
  for (const name of ['Name', 'NAME', 'Uri', 'Arguments', 'argument\u017f', 'Ref', 'ur\u0131', 'Notifications', '_Meta', '_META'])
    sent(`a member ${name} in the parameters`, request({ params: { name: 'echo', [name]: 'delete' } }), deny('invalid_params', { id: 1 }));
  sent('Name in place of the name', request({ params: { Name: 'echo' } }), deny('invalid_params', { id: 1 }));
  sent('a member of another name in the parameters', request({ params: { name: 'echo', names: 'delete', task: {}, nom: 1 } }), passes);

  for (const [name, value] of [['missing', undefined], ['1.0', '1.0'], ['2', '2'], ['a number', raw('2.0')], ['null', null], ['empty', ''], ['2.0 with a space', '2.0 '], ['a list', ['2.0']]])
    shape(`jsonrpc is ${name}`, request({ jsonrpc: value }), { id: 1 });

  // MCP base protocol: an id is text or a whole number, never null.
  for (const [name, value] of [['null', null], ['true', true], ['false', false], ['an object', {}], ['a list', [1]]]) shape(`the id is ${name}`, request({ id: value }));
  for (const [name, value] of [['text', 'a-1'], ['empty text', ''], ['0', 0], ['negative', -7], ['2^53', 9007199254740992], ['text beyond ascii', '封蝋']]) {
    sent(`the id is ${name}`, request({ id: value }), passes);
    shape(`the id of a denial is ${name}`, request({ id: value, jsonrpc: '1.0' }), { id: value });
  }
  // Some servers would do it all the same.
  shape('a call without an id', tool('echo', {}, { id: undefined }));
  shape('a forbidden call without an id', tool('delete', {}, { id: undefined }));
  for (const method of ['ping', 'initialize', 'notification/x', 'Notifications/x', 'x/notifications/', '']) shape(`the method ${method || 'of nothing'} without an id`, request({ method, id: undefined }));
  sent('a notification that no rule names', request({ method: 'notifications/tools/call', id: undefined }), deny('policy_denied'));

  for (const [name, value] of [['a number', 1], ['null', null], ['true', true], ['a list', ['tools/call']], ['an object', { name: 'tools/call' }]]) shape(`the method is ${name}`, request({ method: value }), { id: 1 });
  shape('no method, and no answer', request({ method: undefined }), { id: 1 });
  shape('no method and no id', request({ method: undefined, id: undefined }));
  shape('nothing but the version', '{"jsonrpc":"2.0"}');
  shape('an empty object', '{}');
  shape('a call that is an answer too', request({ result: {} }), { id: 1 });
  shape('a call that is an error too', request({ error: { code: 1, message: 'x' } }), { id: 1 });
  shape('an answer without an id', '{"jsonrpc":"2.0","result":{}}');
  shape('an answer with the id null', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}');
  shape('an answer with a method of null', '{"jsonrpc":"2.0","id":1,"method":null,"result":{}}', { id: 1 });
  sent('an empty method', request({ method: '' }), deny('policy_denied'));

  for (const [name, value] of [['a list', ['echo']], ['text', 'echo'], ['null', null], ['a number', 5], ['true', true]]) sent(`the parameters are ${name}`, request({ params: value }), deny('invalid_params', { id: 1 }));
  for (const [name, value] of [['missing', undefined], ['empty', ''], ['null', null], ['a number', 5], ['a list', ['echo']], ['an object', { name: 'echo' }]])
    sent(`the name of the tool is ${name}`, request({ params: { name: value } }), deny('invalid_params', { id: 1 }));
  sent('no parameters', request({ params: undefined }), deny('invalid_params', { id: 1 }));
  sent('arguments of null are none', request({ params: { name: 'echo', arguments: null } }), passes);
  for (const [name, value] of [['a list', [1]], ['text', 'x'], ['a number', 1], ['false', false]]) sent(`the arguments are ${name}`, request({ params: { name: 'echo', arguments: value } }), deny('invalid_params', { id: 1 }));
}
