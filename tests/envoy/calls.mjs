// MCP calls, a policy for them, and the three ways in which the filter comes to know them.

import { randomUUID } from 'node:crypto';
import { type } from './bootstrap.mjs';
import { gate } from './stage.mjs';

/** What MCP's Streamable HTTP asks of a client; Envoy's own filter looks at nothing else. */
export const SENT = Object.freeze({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' });

/** Envoy's own MCP filter, as it must stand before ours; `members` add to it. */
export const mcpFilter = (members = {}) => ({
  name: 'envoy.filters.http.mcp',
  typed_config: type('envoy.extensions.filters.http.mcp.v3.Mcp', {
    traffic_mode: 'PASS_THROUGH', reject_duplicate_keys: true, max_request_body_size: 65536, attribute_source: 'BODY', ...members,
  }),
});

/** What a listener needs for each mode, beside the configuration. */
export const MODES = Object.freeze({
  hold_headers: { wasm: { allow_on_headers_stop_iteration: true } },
  hold_body: {},
  metadata: { before: [mcpFilter()] },
});

export const RULES = [
  { name: 'sessions', match: { http: ['GET', 'DELETE'] } },
  { name: 'protocol', match: { method: ['initialize', 'notifications/*', 'ping', 'tools/list'] } },
  { name: 'answers', match: { message: 'response' } },
  { name: 'read', match: { tool: 'read*' }, require: { scopes: ['files:read'] } },
  { name: 'write', match: { tool: 'write*' }, require: { scopes: ['files:write'] } },
  { name: 'trial', match: { tool: 'trial' }, require: { scopes: ['files:trial'] }, enforcement: 'shadow' },
  { name: 'public', match: { resource: 'file:///public/*' } },
];

/** The configuration for a mode. */
export const policy = (body, members = {}) =>
  gate({ policy: { body, rules: RULES }, forward: { headers: { 'x-user': 'sub' } }, ...members });

/** A JSON-RPC request, as an object. */
export const call = (method, params, members = {}) => ({ jsonrpc: '2.0', id: randomUUID(), method, params, ...members });
export const tool = (name, args = { path: '/a' }, members = {}) => call('tools/call', { name, arguments: args }, members);
