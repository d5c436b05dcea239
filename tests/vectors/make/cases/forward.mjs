// The cases of forward.json.

import { allow, deny } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'What the upstream sees of a request that may pass.';

export function cases() {
  const to = within('forward');
  const seen = (upstream) => allow({ upstream });
  const claim = (name, claims, upstream) => to(name, call(token(claims)), seen(upstream));

  claim('claims become headers', {}, { 'x-user': ['alice'], 'x-client-id': ['client-1'] });
  claim('a missing claim becomes no header', {}, { 'x-groups': null, 'x-level': null, 'x-org': null });
  claim('the authorization header is stripped', {}, { authorization: null });
  rule('the authorization header is stripped by default', call(), seen({ authorization: null }));
  rule('the authorization header is stripped when configured', call(), seen({ authorization: null, 'x-user': ['alice'] }), { config: 'forward and strip' });
  rule('the authorization header is kept when configured', call(), seen({ authorization: [`Bearer ${token()}`], 'x-user': ['alice'] }), { config: 'forward and keep' });
  rule('other headers stay', request([['authorization', `Bearer ${token()}`], ['accept', 'application/json'], ['mcp-protocol-version', '2025-11-25']]), seen({ accept: ['application/json'], 'mcp-protocol-version': ['2025-11-25'], 'x-user': null }));

  claim('letters, digits and - . _ ~ : / @ are kept', { sub: 'aZ09-._~:/@' }, { 'x-user': ['aZ09-._~:/@'] });
  claim('an e-mail address is kept', { sub: 'alice@example.com' }, { 'x-user': ['alice@example.com'] });
  claim('a space is encoded', { sub: 'Alice Liddell' }, { 'x-user': ['Alice%20Liddell'] });
  claim('a percent sign is encoded', { sub: '100%41' }, { 'x-user': ['100%2541'] });
  claim('a line break is encoded', { sub: 'alice\r\nx-admin: true' }, { 'x-user': ['alice%0D%0Ax-admin:%20true'], 'x-admin': null });
  claim('control characters are encoded', { sub: 'a\u0000\u0001\t\u007fb' }, { 'x-user': ['a%00%01%09%7Fb'] });
  claim('letters beyond ascii are encoded as utf-8', { sub: 'Zoë' }, { 'x-user': ['Zo%C3%AB'] });
  claim('letters beyond latin-1 are encoded as utf-8', { sub: '山田' }, { 'x-user': ['%E5%B1%B1%E7%94%B0'] });
  claim('characters beyond the first plane are encoded as utf-8', { sub: '😀' }, { 'x-user': ['%F0%9F%98%80'] });
  claim('all other ascii marks are encoded', { sub: '!"#$&\'()*+,;<=>?[\\]^`{|}' }, { 'x-user': ['%21%22%23%24%26%27%28%29%2A%2B%2C%3B%3C%3D%3E%3F%5B%5C%5D%5E%60%7B%7C%7D'] });
  claim('spaces around a value are encoded', { sub: ' alice ' }, { 'x-user': ['%20alice%20'] });
  claim('a scope is encoded as one value', { scope: 'mcp:read mcp:write' }, { 'x-scope': ['mcp:read%20mcp:write'] });
  claim('a list is joined by commas', { groups: ['a', 'b', 'c'] }, { 'x-groups': ['a,b,c'] });
  claim('a list of one', { groups: ['a'] }, { 'x-groups': ['a'] });
  claim('a comma inside a list is encoded', { groups: ['a,b', 'c d', 'é'] }, { 'x-groups': ['a%2Cb,c%20d,%C3%A9'] });
  claim('a number is written out', { level: 5 }, { 'x-level': ['5'], 'x-expires': [String(NOW + 300)] });
  claim('a negative number is written out', { level: -7 }, { 'x-level': ['-7'] });
  claim('zero is written out', { level: 0 }, { 'x-level': ['0'] });

  const spoof = (headers, claims = {}) => request([['authorization', `Bearer ${token(claims)}`], ...headers]);
  to('what the client sent under the name is replaced', spoof([['x-user', 'root']]), seen({ 'x-user': ['alice'] }));
  to('what the client sent in upper case is replaced', spoof([['X-USER', 'root']]), seen({ 'x-user': ['alice'] }));
  to('what the client sent with an underscore is removed', spoof([['x_user', 'root'], ['X_User', 'root']]), seen({ 'x-user': ['alice'], x_user: null }));
  to('what the client sent twice is replaced', spoof([['x-user', 'root'], ['x-user', 'admin']]), seen({ 'x-user': ['alice'] }));
  to('our own value from the client stands there once', spoof([['x-user', 'alice']]), seen({ 'x-user': ['alice'] }));
  to('our own value from the client twice stands there once', spoof([['x-user', 'alice'], ['x-user', 'alice']]), seen({ 'x-user': ['alice'] }));
  to('our own value from the client beside another stands there alone', spoof([['x-user', 'alice'], ['x-user', 'root']]), seen({ 'x-user': ['alice'] }));
  to('another value from the client before our own is gone', spoof([['x-user', 'root'], ['X-User', 'alice']]), seen({ 'x-user': ['alice'] }));
  to('credentials for a proxy end here too', spoof([['proxy-authorization', 'Basic c2VjcmV0']]), seen({ 'proxy-authorization': null }));
  to('what the client sent in every variant is replaced', spoof([['x-client-id', 'a'], ['x_client_id', 'b'], ['x-client_id', 'c'], ['X_CLIENT-ID', 'd']]), seen({ 'x-client-id': ['client-1'], x_client_id: null, 'x-client_id': null, 'x_client-id': null }));
  to('what the client sent is removed when the claim is missing', spoof([['x-groups', 'admin'], ['x_groups', 'admin']]), seen({ 'x-groups': null, x_groups: null }));
  to('an empty value from the client is removed', spoof([['x-org', '']]), seen({ 'x-org': null }));
  to('a similar name from the client stays', spoof([['x-user-name', 'root'], ['xuser', 'root']]), seen({ 'x-user': ['alice'], 'x-user-name': ['root'], xuser: ['root'] }));
  to('a value from the client that is not utf-8 is replaced', spoof([['x-user', 'ro\u00fft']]), seen({ 'x-user': ['alice'] }));
  rule('a name that is not configured stays', spoof([['x-user', 'root']]), seen({ 'x-user': ['root'], authorization: null }));
  rule('a variant is removed when authorization is kept', spoof([['x_user', 'root']]), seen({ 'x-user': ['alice'], x_user: null, authorization: [`Bearer ${token()}`] }), { config: 'forward and keep' });
  const dropped = (name, ...values) => to(name, spoof(values.map((value) => ['connection', value])), deny('request_malformed'));
  dropped('a header of ours that ends at the next hop', 'close, x-user');
  dropped('a header of ours that ends at the next hop, in another spelling', 'upgrade ,X_User');
  dropped('a header of ours that ends at the next hop, in a field of its own', 'close', 'x-groups');
  to('a header that is not ours may end at the next hop', spoof([['connection', 'close, x-other']]), seen({ 'x-user': ['alice'] }));
  to('claims of one request are not seen in the next', [call(token({ sub: 'bob', groups: ['admin'] }), { expect: seen({ 'x-user': ['bob'], 'x-groups': ['admin'] }) }), call()], seen({ 'x-user': ['alice'], 'x-groups': null }));
}
