// The cases of policy-paths.json.

import { passes, posted, ruled, tool } from '../calls.mjs';
import { config } from '../configurations.mjs';
import { deny } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { having, rule } from '../rules.mjs';

export const about = 'Paths as rules see them, and those that a server could read in another way: RFC 3986 sections 3.3 and 6.2.2.';

const AT = 'https://api.example.com';

export function cases() {
  const on = having('paths', ruled([{ match: { path: '/files/secret*' }, effect: 'deny' }, { match: { path: ['/mcp', '/files/*', '/a b/é', '/100%'] } }]));
  const at = (path, expect, more = {}) => on(`the path ${path}`, call(undefined, { url: AT + path, method: 'GET', ...more }), expect);
  const denied = deny('policy_denied');
  const ambiguous = deny('path_ambiguous', { full: true });

  for (const path of ['/mcp', '/mcp?x=/../y', '/mcp#f', '/%6dcp', '/%6D%63%70', '/files/', '/files/a', '/files/a/b/', '/files/..a/b..', '/files/...', '/a%20b/%C3%A9', '/a%20b/%c3%a9', '/100%25', '/files/%25', '/files/%7Ea', '/files/a%3Fb', '/files/a%23b', '/files/a:b@c'])
    at(path, passes);
  for (const path of ['/', '/mcp2', '/files', '/file/', '/xfiles/', '/mcp%3Fx', '/files/secret', '/files/secrets/a', '/files/%73ecret', '/files/sec%72et/a?b'])
    at(path, denied);
  for (const path of [
    // Many servers take these for the paths of the rules.
    '/mcp/', '/MCP', '/Mcp/', '/FILES/a', '/files/Secret', '/files/SECRETS/a', '/files/%53ecret',
    '/files/../mcp', '/files/./a', '/files/.', '/files/..', '/./mcp', '/../mcp', '/files/%2e%2e/mcp', '/files/.%2E/mcp', '/files/%2e/a', '/files/..;/mcp', '/files/..;x=1/mcp', '/files/.;/a', '/files/%2e%2e%3b/mcp',
    '//mcp', '/files//a', '/files/a//', '//', '/files/%2Fa', '/files%2fa', '/files/..%2fmcp', '/files/..%5Cmcp', '/files\\a', '/files/\\..\\mcp', '/files/%5ca',
    '/files/%252e%252e/mcp', '/files/a%252Fb', '/files/%2541', '/files/a;v=1', '/files/a;', '/files;x/a', '/files/a%3Bb', '/mcp;x', '/files/secre;/t', '/files/%', '/files/%4', '/files/%zz', '/files/%u002e', '/files/a%', '/files/%00', '/files/a%00b', '/files/a%0d%0ab', '/files/a%09b', '/files/a%7Fb', '/files/%C2%80', '/files/%FF', '/files/%C0%AE%C0%AE/mcp', '/files/%C3',
  ]) at(path, ambiguous);
  on('the path in the other form of a request target', call(undefined, { url: '/files/a', method: 'GET' }), passes);
  on('an ambiguous path in the other form of a request target', call(undefined, { url: '/files/../mcp', method: 'GET' }), ambiguous);
  on('no path is the root', call(undefined, { url: AT, method: 'GET' }), denied);
  on('the host counts for nothing', call(undefined, { url: 'https://other.example/mcp', method: 'GET' }), passes);
  on('an ambiguous path of a POST', posted('{', { url: `${AT}/files//a` }), ambiguous);
  on('an ambiguous path and no token', request([], { url: `${AT}/files//a`, method: 'GET' }), deny('missing_token'));
  on('an ambiguous path and an expired token', posted(tool('echo'), { url: `${AT}/files//a`, claims: { exp: 1 } }), deny('token_expired'));

  const cases = having('paths that differ in case', ruled([{ match: { path: '/A' }, effect: 'deny' }, { match: { path: ['/a', '/b/', '/b', '/c/*', '/C/*', '/é'] } }]));
  for (const path of ['/a', '/b', '/b/', '/c/D', '/C/d', '/%C3%A9']) cases(`differ in case: ${path}`, call(undefined, { url: AT + path, method: 'GET' }), passes);
  for (const path of ['/B', '/a/', '/A/']) cases(`differ in case: ${path}`, call(undefined, { url: AT + path, method: 'GET' }), ambiguous);
  cases('differ in case: /A', call(undefined, { url: `${AT}/A`, method: 'GET' }), denied);
  cases('differ in case: /c', call(undefined, { url: `${AT}/c`, method: 'GET' }), denied);
  rule('where no rule asks for the path, none is ambiguous', call(undefined, { url: `${AT}/a/../b`, method: 'GET' }), passes);
  having('tools only', ruled([{ match: { tool: 'echo' } }]))('where rules ask for tools only, no path is ambiguous', posted(tool('echo'), { url: `${AT}//a/../b` }), passes);
  const operations = (enforcement) => config({ policy: { operations: { enforcement, list: [{ method: 'POST', path: '/mcp', scope: 's' }] } } });
  having('operations that are enforced', operations('enforced'))('operations that are enforced ask for the path', posted(tool('echo'), { url: `${AT}/a/../mcp`, claims: { scope: 's' } }), ambiguous);
  having('operations that are not', operations('transport_uniform'))('operations that are not enforced do not', posted(tool('echo'), { url: `${AT}/a/../mcp` }), passes);
  having('any path', ruled([{ match: { path: '/*' } }]))('a rule for all paths still takes no ambiguous one', call(undefined, { url: `${AT}/a/./b`, method: 'GET' }), ambiguous);
}
