// The cases of query.json.

import { RESOURCE } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { authorized, call, get, request } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'An access token in the query is refused, whatever else is sent.';

export function cases() {
  const good = token();
  const at = (query) => `${RESOURCE}?${query}`;
  const refused = deny('token_in_query', { fetched: 0 });

  rule('a token in the query', request([], { url: at(`access_token=${good}`) }), refused);
  rule('a token in the query of a get', get(at(`access_token=${good}`)), refused);
  rule('a token in the query of a path alone', request([], { url: `/mcp?access_token=${good}` }), refused);
  rule('a token in the query beside a good header', call(good, { url: at(`access_token=${good}`) }), refused);
  rule('a token in the query beside a malformed header', authorized('Bearer', { url: at(`access_token=${good}`) }), refused);
  rule('a token in the query beside two headers',
    request([['authorization', `Bearer ${good}`], ['authorization', `Bearer ${good}`]], { url: at(`access_token=${good}`) }), refused);
  rule('a token after other parameters', call(good, { url: at(`page=2&access_token=${good}`) }), refused);
  rule('a token before other parameters', call(good, { url: at(`access_token=${good}&page=2`) }), refused);
  rule('two tokens in the query', call(good, { url: at('access_token=a&access_token=b') }), refused);
  rule('an empty token in the query', call(good, { url: at('access_token=') }), refused);
  rule('a token in the query that is no token', call(good, { url: at('access_token=hello%20world') }), refused);
  rule('a percent-encoded letter in the name', call(good, { url: at('%61ccess_token=x') }), refused);
  rule('a percent-encoded underscore in the name, upper case', call(good, { url: at('access%5Ftoken=x') }), refused);
  rule('a percent-encoded underscore in the name, lower case', call(good, { url: at('access%5ftoken=x') }), refused);
  rule('the whole name percent-encoded', call(good, { url: at('%61%63%63%65%73%73%5f%74%6f%6b%65%6e=x') }), refused);
  rule('a token after an empty parameter', call(good, { url: at('&&access_token=x') }), refused);
  rule('a token on another path', call(good, { url: 'https://api.example.com/other?access_token=x' }), refused);

  for (const query of ['xaccess_token=x', 'access_tokens=x', 'access_token_hint=x', 'access_token2=x', 'access-token=x', 'token=x', 'access=token', 'accesstoken=x'])
    rule(`the parameter ${query.split('=')[0]} is another one`, call(good, { url: at(query) }), allow());
  rule('the name counts by case', call(good, { url: at('ACCESS_TOKEN=x') }), allow());
  rule('the name as a value is fine', call(good, { url: at('hint=access_token') }), allow());
  rule('the name inside a value is fine', call(good, { url: at('next=/mcp?access_token=x') }), allow());
  rule('the name inside an encoded value is fine', call(good, { url: at('next=a%26access_token=x') }), allow());
  rule('the name in the path is fine', call(good, { url: 'https://api.example.com/access_token=x' }), allow());
  rule('the name is decoded once only', call(good, { url: at('%2561ccess_token=x') }), allow());
  rule('an invalid escape is not decoded', call(good, { url: at('%zzaccess_token=x&%=1&a=%e9') }), allow());
  rule('an empty query is fine', call(good, { url: at('') }), allow());
  rule('the refusal asks for no scope', request([], { url: at('access_token=x') }), refused, { config: 'scopes' });
}
