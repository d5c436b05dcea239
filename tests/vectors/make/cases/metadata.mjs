// The cases of metadata.json.

import { URI } from '../configurations.mjs';
import { METADATA, allow, answer, deny } from '../expectations.mjs';
import { call, get, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'The protected resource metadata document: RFC 9728.';

export function cases() {
  const host = 'https://api.example.com';
  const head = answer();
  const bodiless = (settings) => { const { body, ...rest } = head(settings); return rest; };

  rule('the path form', get(`${host}${METADATA}/mcp`), answer({ fetched: 0 }));
  rule('the root form', get(`${host}${METADATA}`), answer({ fetched: 0 }));
  rule('the path form of a path alone', get(`${METADATA}/mcp`), answer());
  rule('the root form of a path alone', get(METADATA), answer());
  rule('head of the path form', get(`${host}${METADATA}/mcp`, [], { method: 'HEAD' }), bodiless);
  rule('head of the root form', get(`${host}${METADATA}`, [], { method: 'HEAD' }), bodiless);
  rule('a query after the path form', get(`${host}${METADATA}/mcp?x=1`), answer());
  rule('a query after the root form', get(`${host}${METADATA}?resource=x`), answer());
  rule('an access token in its query', get(`${host}${METADATA}/mcp?access_token=x`), answer());
  rule('the host of the request does not matter', get(`http://127.0.0.1:10000${METADATA}/mcp`, [['host', '127.0.0.1:10000']]), answer());
  rule('a malformed authorization header does not matter', get(`${host}${METADATA}/mcp`, [['authorization', 'Bearer']]), answer());
  rule('a bad token does not matter', get(`${host}${METADATA}/mcp`, [['authorization', 'Bearer x.y.z']]), answer({ fetched: 0 }));
  rule('it is there while keys are lost', [call(token(), { expect: deny('keys_unavailable') }), get(`${host}${METADATA}/mcp`)], answer({ fetched: 1 }), { key_sets: { [URI]: null } });
  rule('scopes are named when configured', get(`${host}${METADATA}/mcp`), answer(), { config: 'scopes' });
  rule('every issuer is named in order', get(`${host}${METADATA}/mcp`), answer(), { config: 'several issuers' });
  rule('configured audiences do not change the resource', get(`${host}${METADATA}/mcp`), answer(), { config: 'audiences' });

  const closed = deny('missing_token');
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) rule(`${method.toLowerCase()} of the path form needs a token`, get(`${host}${METADATA}/mcp`, [], { method }), closed);
  rule('post of the path form passes with a token', call(token(), { url: `${host}${METADATA}/mcp` }), allow());
  rule('the method counts by case', get(`${host}${METADATA}/mcp`, [], { method: 'Get' }), closed);
  for (const [path, name] of [
    [`${METADATA}/other`, 'the path form of another resource'],
    [`${METADATA}/mcp/`, 'a slash after the path form'],
    [`${METADATA}/mcp/tools`, 'a longer path form'],
    [`${METADATA}/mc`, 'a shorter path form'],
    [`${METADATA}-x`, 'a longer root form'],
    [`${METADATA}/MCP`, 'a path form in upper case'],
    ['/.well-known/oauth-protected-resourc', 'a shorter root form'],
    ['/.WELL-KNOWN/oauth-protected-resource', 'a root form in upper case'],
    [`/mcp${METADATA}`, 'a root form below the resource'],
    [`/x/..${METADATA}`, 'a root form behind a dot segment'],
    ['/.well-known/openid-configuration', 'another well-known path'],
    ['/.well-known/oauth-authorization-server', 'the metadata of an authorization server'],
    ['/mcp?x=/.well-known/oauth-protected-resource', 'the root form in a query'],
  ]) rule(`${name} needs a token`, get(path), closed);

  rule('a slash after the root form is one or the other, but never passes', get(`${METADATA}/`), () => ({ decision: ['deny', 'answer'], status: [401, 200] }));

  const root = within('resource without a path');
  root('a resource without a path: the root form', get(`${host}${METADATA}`), answer());
  root('a resource without a path: another path form', get(`${host}${METADATA}/mcp`), closed);
  root('a resource without a path: the challenge', request([]), deny('missing_token'));
  root('a resource without a path: a good token', call(token({ aud: 'https://api.example.com' })), allow());
  root('a resource without a path: a slash at the end of the audience', call(token({ aud: 'https://api.example.com/' })), deny('audience_mismatch'));
  const port = within('resource with a port');
  port('a resource with a port and a long path: the path form', get(`${METADATA}/v1/mcp`), answer());
  port('a resource with a port and a long path: the root form', get(METADATA), answer());
  port('a resource with a port and a long path: half of the path', get(`${METADATA}/v1`), closed);
  port('a resource with a port and a long path: the challenge', request([]), deny('missing_token'));
}
