// The cases of preflight.json.

import { APP, DEV } from '../configurations.mjs';
import { METADATA, deny, permit, readable, unreadable, varying } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'Preflights of listed origins: answered by the gate, without a token, never forwarded (Fetch standard, section 4.8).';

export function cases() {
  const listed = within('origins');
  const url = 'https://api.example.com/mcp';
  const options = (headers, more = {}) => request(headers, { method: 'OPTIONS', ...more });
  const preflight = (asked, { origin = APP, method = 'POST', more = [], ...rest } = {}) => options([
    ['origin', origin], ['access-control-request-method', method], ...[asked ?? []].flat().map((value) => ['access-control-request-headers', value]), ...more,
  ], rest);

  listed('a preflight of a listed origin', preflight('authorization'), permit(APP, ['authorization']));
  listed('each listed origin is answered with itself', preflight('authorization', { origin: DEV }), permit(DEV, ['authorization']));
  listed('a preflight that asks for no headers', preflight(), permit(APP, []));
  for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'post']) listed(`a preflight for ${method} names the methods of mcp`, preflight('authorization', { method }), permit(APP, ['authorization']));

  const mcp = ['authorization', 'content-type', 'last-event-id', 'mcp-protocol-version', 'mcp-session-id'];
  listed('what an mcp client asks for', preflight(mcp.join(',')), permit(APP, mcp));
  listed('names are joined by a comma and a space', preflight('a,b ,c, d  ,\te'), permit(APP, ['a', 'b', 'c', 'd', 'e']));
  listed('names become lower case', preflight('Authorization, Content-Type, X-API-Key'), permit(APP, ['authorization', 'content-type', 'x-api-key']));
  listed('names keep their order', preflight('z,a,m'), permit(APP, ['z', 'a', 'm']));
  listed('two fields of names count together', preflight(['a, b', 'c']), permit(APP, ['a', 'b', 'c']));
  listed('an empty list of names', preflight(''), permit(APP, []));
  listed('commas alone', preflight(',, ,'), permit(APP, []));
  listed('empty names are left out', preflight('a,,b,'), permit(APP, ['a', 'b']));
  listed('a name with a space is left out', preflight('a, b c, d'), permit(APP, ['a', 'd']));
  listed('a name with a colon is left out', preflight('a, x-admin: true, d'), permit(APP, ['a', 'd']));
  listed('a name with quotes is left out', preflight('a, "b", d'), permit(APP, ['a', 'd']));
  listed('a name with a slash is left out', preflight('a, b/c, d'), permit(APP, ['a', 'd']));
  listed('a name with letters beyond ascii is left out', preflight('a, ✓, d'), permit(APP, ['a', 'd']));
  listed('a name with bytes that are not utf-8 is left out', preflight('a, gr\u00fc\u00df, d'), permit(APP, ['a', 'd']));
  listed('a name with a control character is left out', preflight('a, b\u0001c, d'), permit(APP, ['a', 'd']));
  listed('every character of a token may stand in a name', preflight("a!#$%&'*+-.^_`|~9"), permit(APP, ["a!#$%&'*+-.^_`|~9"]));
  listed('a star is a name like any other', preflight('*'), permit(APP, ['*']));
  const many = (count) => Array.from({ length: count }, (_, n) => `x-${n + 1}`);
  listed('64 names', preflight(many(64).join(',')), permit(APP, many(64)));
  listed('no more than 64 names', preflight(many(65).join(',')), permit(APP, many(64)));
  listed('no more than 64 names in two fields', preflight([many(40).join(','), many(70).slice(40).join(',')]), permit(APP, many(64)));

  for (const path of ['/', '/other', '/mcp?page=2', `${METADATA}/mcp`, METADATA]) listed(`a preflight of ${path}`, preflight('authorization', { url: path }), permit(APP, ['authorization']));
  listed('a preflight with a token is not forwarded', preflight('authorization', { more: [['authorization', `Bearer ${token()}`]] }), permit(APP, ['authorization']));
  listed('a preflight with a bad token is answered alike', preflight('authorization', { more: [['authorization', 'Bearer x.y.z']] }), permit(APP, ['authorization']));
  listed('a preflight with two authorization headers is answered alike', preflight('authorization', { more: [['authorization', 'Bearer a'], ['authorization', 'Bearer b']] }), permit(APP, ['authorization']));
  listed('a preflight with a token in the query is answered alike', preflight('authorization', { url: `${url}?access_token=x` }), permit(APP, ['authorization']));
  listed('a preflight with a body is answered alike', preflight('authorization', { body: '{}' }), permit(APP, ['authorization']));
  listed('a preflight to a private network is answered alike', preflight('authorization', { more: [['access-control-request-private-network', 'true']] }), permit(APP, ['authorization']));
  listed('a preflight while keys are lost', [call(), preflight('authorization')], permit(APP, ['authorization'], { fetched: 1 }), { key_sets: { 'https://as.example.com/jwks.json': null } });
  rule('a preflight where scopes are configured', preflight('authorization'), permit(APP, ['authorization']), { config: 'origins and scopes' });

  const needs = deny('missing_token', { full: true, headers: readable(APP) });
  listed('options without a requested method needs a token', options([['origin', APP]]), needs);
  listed('options with requested headers alone needs a token', options([['origin', APP], ['access-control-request-headers', 'authorization']]), needs);
  listed('options with a token and without a requested method passes', options([['origin', APP], ['authorization', `Bearer ${token()}`]]), () => ({ decision: 'allow', reply_headers: readable(APP) }));
  for (const method of ['POST', 'GET', 'HEAD', 'DELETE', 'options', 'Options'])
    listed(`${method} with a requested method is no preflight`, request([['origin', APP], ['access-control-request-method', 'POST']], { method }), needs);
  const bare = deny('missing_token', { full: true, headers: varying });
  listed('a preflight without an origin needs a token', options([['access-control-request-method', 'POST']]), bare);
  listed('options of the metadata without an origin needs a token', options([['access-control-request-method', 'GET']], { url: METADATA }), bare);
  const forbidden = deny('origin_forbidden', { full: true, fetched: 0, headers: { ...varying, 'access-control-allow-methods': [], 'access-control-allow-headers': [], 'access-control-max-age': [] } });
  for (const origin of ['https://evil.example', 'null', 'https://app.example.com:443', '']) listed(`a preflight of the origin ${JSON.stringify(origin)}`, preflight('authorization', { origin }), forbidden);
  listed('a preflight of two origins', preflight('authorization', { more: [['origin', DEV]] }), forbidden);
  listed('a forbidden origin cannot ask first for the metadata', preflight('authorization', { origin: 'https://evil.example', url: METADATA }), forbidden);
  listed('a malformed target is reported before a preflight', preflight('authorization', { url: '*' }), deny('request_malformed', { full: true, headers: readable(APP) }));

  const hidden = deny('missing_token', { full: true, headers: unreadable });
  rule('no list: a preflight needs a token', preflight('authorization'), hidden);
  rule('no list: a preflight with a token passes', preflight('authorization', { more: [['authorization', `Bearer ${token()}`]] }), () => ({ decision: 'allow', reply_headers: unreadable }));
  rule('no list: a preflight of the metadata needs a token', preflight('authorization', { url: METADATA }), hidden);
}
