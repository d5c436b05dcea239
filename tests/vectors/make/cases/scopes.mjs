// The cases of scopes.json.

import { SCOPES } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { authorized, call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'The scopes that every call needs.';

export function cases() {
  const scoped = within('scopes');
  const scope = (name, value, expect = deny('insufficient_scope')) => scoped(name, call(token({ scope: value })), expect);

  scope('exactly the scopes', 'mcp:read mcp:write', allow());
  scope('the scopes in another order', 'mcp:write mcp:read', allow());
  scope('more scopes than needed', 'openid mcp:read profile mcp:write admin', allow());
  scope('a scope twice', 'mcp:read mcp:read mcp:write', allow());
  scope('more than one space between scopes', 'mcp:read   mcp:write', allow());
  scope('spaces around the scopes', ' mcp:read mcp:write ', allow());
  scope('no scope claim', undefined);
  scope('an empty scope', '');
  scope('spaces alone', '   ');
  scope('one of two scopes', 'mcp:read');
  scope('the other of two scopes', 'mcp:write');
  scope('other scopes', 'openid profile');
  scope('a scope that begins like the needed one', 'mcp:readonly mcp:write');
  scope('a scope that ends like the needed one', 'xmcp:read mcp:write');
  scope('a part of the needed scope', 'mcp mcp:write');
  scope('a scope in upper case', 'MCP:READ MCP:WRITE');
  scope('a star', 'mcp:* *');
  scope('scopes joined by a comma', 'mcp:read,mcp:write');
  scope('scopes joined by a plus sign', 'mcp:read+mcp:write');
  scope('scopes joined by a no-break space', 'mcp:read\u00a0mcp:write', deny(['insufficient_scope', 'claim_malformed']));
  scope('scopes joined by a tab', 'mcp:read\tmcp:write', deny(['insufficient_scope', 'claim_malformed']));
  scope('scopes joined by a line break', 'mcp:read\nmcp:write', deny(['insufficient_scope', 'claim_malformed']));
  scope('the scopes as a list', SCOPES, deny('claim_malformed'));
  for (const value of [5, true, { 'mcp:read': true }]) scope(`the scope as ${json(value)}`, value, deny('claim_malformed'));
  scope('the scope as null', null, deny(['claim_malformed', 'insufficient_scope']));
  scoped('scopes in a claim of another name do not count', call(token({ scp: 'mcp:read mcp:write', scopes: 'mcp:read mcp:write', permissions: SCOPES })), deny('insufficient_scope'));
  scoped('a token without scope and without subject', call(token({ sub: undefined })), deny('claim_missing'));
  scoped('no token: the challenge names the scopes', request([]), deny('missing_token'));
  scoped('another scheme: the challenge names the scopes', authorized('Basic eA=='), deny('scheme_unsupported'));
  scoped('an expired token: the challenge names the scopes', call(token({ exp: 1 })), deny('token_expired'));
  scoped('a malformed token: the challenge names the scopes', call('x'), deny('token_malformed'));
  scoped('two headers: the challenge names no scopes', request([['authorization', 'Bearer a'], ['authorization', 'Bearer b']]), deny('authorization_duplicated'));
  rule('no scopes are needed where none are configured', call(token({ scope: undefined })), allow());
  rule('any scope will do where none are configured', call(token({ scope: 'openid' })), allow());
}
