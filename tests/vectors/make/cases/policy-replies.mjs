// The cases of policy-replies.json.

import { message, notification, passes, posted, prompting, reading, ruled, tool } from '../calls.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { having, rule } from '../rules.mjs';
import { caracal, mandated } from '../mandates.mjs';

export const about = 'How denials of the policy are worded: what exists cannot be told from what does not, and JSON-RPC errors carry the id of their call.';

// More than the limit of those gates that are sent it.
const LIMITS = { limits: { body: 512 } };
const LARGE = 'x'.repeat(513);
const ID = [['x-request-id', 'request-1']];

export function cases() {
  // A tool that exists and is forbidden, one that does not exist, and one for others: byte for byte the same.
  const on = having('tools for several', ruled([
    { match: { tool: 'echo' } },
    { match: { tool: 'delete' }, effect: 'deny' },
    { match: { tool: 'admin' }, require: { roles: 'admin' } },
    { match: { tool: 'agent' }, require: { agent: ['a-*'] } },
    { match: { tool: 'gold' }, require: { claims: { tier: 'gold' } } },
    { match: { resource: 'note:///a' } },
  ], {}, LIMITS));
  const problem = (error, text, status, title, reason = error) => json({ error, error_description: text, type: `urn:waxseal:error:${reason}`, title, status, detail: text, requestId: 'request-1' });
  const same = deny('policy_denied', {
    headers: { 'content-type': ['application/problem+json'], 'www-authenticate': [], 'x-request-id': ['request-1'], 'retry-after': [] },
  });
  const exactly = (expect, text) => (...given) => ({ ...expect(...given), body: text });
  const reply = exactly(same, problem('access_denied', 'the policy does not allow this call', 403, 'Forbidden', 'policy_denied'));
  const claims = { roles: ['user'], tier: 'silver' };
  for (const name of ['delete', 'admin', 'agent', 'gold', 'nowhere', 'Echo']) on(`the reply for the tool ${name}`, posted(tool(name), { claims, headers: ID }), reply);
  on('the reply for a resource that is not there', posted(reading('note:///b'), { claims, headers: ID }), reply);
  on('the reply for a prompt that is not there', posted(prompting('greet'), { claims, headers: ID }), reply);
  on('the reply for a method that is not there', posted(message('x/y'), { claims, headers: ID }), reply);
  on('the reply for a notification', posted(notification('notifications/x'), { claims, headers: ID }), reply);
  on('the reply without a body', posted(undefined, { claims, headers: ID }), reply);
  on('the reply for a claim that is missing', posted(tool('gold'), { claims: { roles: ['user'] }, headers: ID }), exactly(deny('policy_eval_failed'), problem('policy_eval_failed', 'the policy cannot be evaluated for this call', 403, 'Forbidden')));
  on('a call that passes carries its id on', posted(tool('echo'), { headers: ID }), allow({ upstream: { 'x-request-id': ['request-1'], authorization: [], 'content-type': ['application/json'] } }));

  // JSON-RPC 2.0 section 5: the id of the call, or null where it cannot be told.
  const rpc = (id, code, text) => json({ error: { code, message: text }, id, jsonrpc: '2.0' });
  const params = 'the parameters are not valid';
  for (const [name, id] of [['a number', 7], ['text', 'call-1'], ['text with quotes', 'a"b\\c'], ['text beyond ascii', '封蝋 😀'], ['a long text', 'x'.repeat(300)], ['a fraction', 1.5], ['nought', 0], ['empty text', '']])
    on(`the id of the call is ${name}`, posted(message('tools/call', {}, { id }), { headers: ID }), exactly(deny('invalid_params', { id }), rpc(id, -32602, params)));
  on('the id of a notification', posted(message('tools/call', {}, { id: undefined })), exactly(deny('invalid_params'), rpc(null, -32602, params)));
  on('the id of an answer with a fault', posted('{"jsonrpc":"1.0","id":9,"result":{}}'), exactly(deny('invalid_rpc_request'), rpc(9, -32600, 'the message is not a JSON-RPC request')));
  on('the id of what cannot be read', posted('{"id":9,'), exactly(deny('parse_error'), rpc(null, -32700, 'the message is not JSON')));
  on('the id of a batch', posted('[{"id":9}]'), exactly(deny('invalid_rpc_request'), rpc(null, -32600, 'the message is not a JSON-RPC request')));
  on('the id of headers that disagree', posted(tool('echo', {}, { id: 9 }), { headers: [['mcp-method', 'x']] }), exactly(deny('header_mismatch'), rpc(9, -32020, 'the headers do not match the body')));
  on('the request id stands beside a JSON-RPC error', posted('{', { headers: ID }), deny('parse_error', { headers: { 'x-request-id': ['request-1'], 'www-authenticate': [] } }));
  on('a body that is too large has no id', posted(LARGE, { headers: ID }), exactly(deny('payload_too_large'), problem('payload_too_large', 'the request is too large', 413, 'Content Too Large')));
  on('a compressed body has no id', posted(tool('echo'), { headers: [...ID, ['content-encoding', 'br']] }), exactly(deny('body_unsupported'), problem('invalid_request', 'the body is encoded in a way that is not supported', 415, 'Unsupported Media Type', 'body_unsupported')));

  // The words of Caracal, and of an operator who looks for a fault.
  const words = having('several rules in the words of Caracal', ruled([
    { match: { tool: 'run' }, require: { scopes: 'files:read' } },
    { match: { tool: 'strong' }, require: { acr: 'phr' } },
    { match: { tool: 'session' }, require: { session: true } },
    { match: { tool: 'delegated' }, require: { delegation: true } },
    { match: { tool: 'chain' }, require: { chain: 'app-1' } },
    { match: { tool: 'tier' }, require: { claims: { tier: 1 } } },
    { match: { tool: 'target' }, require: { targets: 'r-1' } },
    { match: { tool: 'near' }, require: { delegation: { required: false, depth: 0 } } },
  ], {}, { ...LIMITS, errors: { vocabulary: 'caracal' } }));
  for (const [name, reason, more = {}] of [['run', 'insufficient_scope', { challenge: { scopes: ['files:read'] } }], ['strong', 'insufficient_user_authentication', { challenge: { acr: ['phr'] } }], ['session', 'session_required'], ['delegated', 'delegation_required'], ['chain', 'chain_mismatch'], ['tier', 'policy_eval_failed'], ['target', 'target_missing'], ['near', 'hop_count_exceeded'], ['other', 'policy_denied']])
    words(`in the words of Caracal: ${name}`, posted(tool(name), { claims: name === 'near' ? { agent_chain: ['a'] } : {} }), deny(reason, { full: true, ...more }));
  words('in the words of Caracal: a malformed body', posted('{'), deny('parse_error'));
  words('in the words of Caracal: a body over the limit', posted(LARGE), deny('payload_too_large', { full: true }));
  const verbose = having('verbose and rules', ruled([{ name: 'readers', match: { tool: 'run' }, require: { scopes: ['files:read', 'mcp:use'] } }, { match: { tool: 'admin' }, require: { roles: 'admin' } }, { match: { tool: 'tier' }, require: { claims: { tier: 1 } } }], {}, { errors: { verbose: true } }));
  verbose('verbose: a scope is missing', posted(tool('run'), { claims: { scope: 'mcp:use' } }), deny('insufficient_scope', { full: true, challenge: { scopes: ['files:read', 'mcp:use'] }, body: { details: { rule: 'readers', missing: ['files:read'] } } }));
  verbose('verbose: a rule is not met', posted(tool('admin'), { claims: { roles: [] } }), deny('policy_denied', { full: true, body: { details: { rule: 'rules[1]', unmet: 'roles' } } }));
  verbose('verbose: a claim is missing', posted(tool('tier')), deny('policy_eval_failed', { full: true, body: { details: { rule: 'rules[2]', claim: 'tier' } } }));
  verbose('verbose: no rule matches', posted(tool('x')), deny('policy_denied', { full: true }));
  having('verbose mandates', caracal({}, {}, { errors: { verbose: true } }))('verbose: another zone', mandated({ zone_id: 'zone-2' }), deny('invalid_zone', { full: true, body: { details: { zone: 'zone-2' } } }));
  having('another base', ruled([{ match: { tool: 'run' } }], {}, { errors: { base: 'https://errors.example.com/' } }))('another base of error types', posted(tool('x')), deny('policy_denied', { full: true }));
  rule('without a policy a tool is not looked at', posted(tool('x')), passes);
}
