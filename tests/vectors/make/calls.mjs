// JSON-RPC messages of MCP, and requests that carry them.

import { config } from './configurations.mjs';
import { json } from './exact-json.mjs';
import { allow } from './expectations.mjs';
import { call } from './requests.mjs';
import { token } from './tokens.mjs';

/** A request; a member given as undefined is left out, so without an id it is a notification. */
export const message = (method, params, more = {}) => json({ jsonrpc: '2.0', id: 1, method, params, ...more });
export const notification = (method, params) => message(method, params, { id: undefined });
export const tool = (name, args, more) => message('tools/call', { name, arguments: args }, more);
export const reading = (uri) => message('resources/read', { uri });
export const prompting = (name) => message('prompts/get', { name });

/** A POST of this body with a good token; `claims` are added to it. */
export function posted(body, { claims = {}, header, made = token(claims, { header }), headers = [], ...more } = {}) {
  const sent = call(made, { body, ...more });
  return { ...sent, headers: [...sent.headers, ['content-type', 'application/json'], ...headers] };
}
/** The same of bytes that may be no text. */
export const postedBytes = (bytes, { headers = [], ...more } = {}) => {
  const { body, ...sent } = posted(undefined, { headers, ...more });
  return { ...sent, body_base64: Buffer.from(bytes).toString('base64') };
};

/** A configuration with these rules. */
export const ruled = (rules, more = {}, members = {}) => config({ policy: { rules, ...more }, ...members });
/** A configuration in which one tool may be called, and nothing else. */
export const ECHO = ruled([{ match: { tool: 'echo' } }]);

/** It passes, and the upstream sees the request without its credential. */
export const passes = allow({ upstream: { authorization: [] } });
