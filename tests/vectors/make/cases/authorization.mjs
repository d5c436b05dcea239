// The cases of authorization.json.

import { allow, deny } from '../expectations.mjs';
import { authorized, call, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { sized, token } from '../tokens.mjs';

export const about = 'From the Authorization header to one token.';

export function cases() {
  const good = token();

  rule('a good token in an authorization header passes', call(good), allow());
  rule('an rs256 token passes', call(token({}, { key: 'rs-1' })), allow());
  rule('a get needs a token and passes with one', call(good, { method: 'GET' }), allow());
  rule('a delete needs a token and passes with one', call(good, { method: 'DELETE' }), allow());
  rule('the target may be a path alone', call(good, { url: '/mcp' }), allow());
  rule('the host and scheme of the target do not matter', call(good, { url: 'http://127.0.0.1:8080/mcp' }), allow());
  rule('every path needs a token', request([], { url: 'https://api.example.com/other' }), deny('missing_token'));
  rule('every path passes with a good token', call(good, { url: 'https://api.example.com/other?page=2' }), allow());
  rule('a body changes nothing', call(good, { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' }), allow());

  rule('no authorization header', request([]), deny('missing_token', { fetched: 0 }));
  rule('a get without a token', request([], { method: 'GET' }), deny('missing_token'));
  rule('a delete without a token', request([], { method: 'DELETE' }), deny('missing_token'));
  rule('an options request needs a token', request([], { method: 'OPTIONS' }), deny('missing_token'));
  rule('a header with a similar name is no authorization', request([['x-authorization', `Bearer ${good}`]]), deny('missing_token'));
  rule('proxy-authorization is no authorization', request([['proxy-authorization', `Bearer ${good}`]]), deny('missing_token'));
  rule('a token in a cookie is no authorization', request([['cookie', `access_token=${good}`]]), deny('missing_token'));
  rule('a token in a form body is no authorization',
    request([['content-type', 'application/x-www-form-urlencoded']], { body: `access_token=${good}` }), deny('missing_token'));

  rule('the header name may be upper case', request([['AUTHORIZATION', `Bearer ${good}`]]), allow());
  for (const scheme of ['bearer', 'BEARER', 'bEaReR']) rule(`the scheme may be written ${scheme}`, authorized(`${scheme} ${good}`), allow());

  for (const [value, name] of [
    ['Basic YWxpY2U6c2VjcmV0', 'basic credentials'],
    [`DPoP ${good}`, 'a good token under the dpop scheme'],
    [`Token ${good}`, 'a good token under a scheme of its own'],
    [`Bearers ${good}`, 'a scheme that begins like bearer'],
    [`XBearer ${good}`, 'a scheme that ends like bearer'],
    ['Negotiate', 'another scheme without credentials'],
    ['Digest username="alice", realm="mcp", uri="/mcp"', 'a digest with comma-separated parameters is one credential'],
    [good, 'a token without a scheme'],
  ]) rule(name, authorized(value), deny('scheme_unsupported', { fetched: 0 }));
  rule('an empty header', authorized(''), deny(['missing_token', 'scheme_unsupported', 'authorization_malformed']));
  rule('a colon after the scheme', authorized(`Bearer: ${good}`), deny(['scheme_unsupported', 'authorization_malformed']));

  rule('bearer without a token', authorized('Bearer'), deny('authorization_malformed', { fetched: 0 }));
  rule('bearer in lower case without a token', authorized('bearer'), deny('authorization_malformed'));
  rule('bearer and a space without a token', authorized('Bearer '), deny('authorization_malformed'));
  rule('bearer and many spaces without a token', authorized('Bearer     '), deny('authorization_malformed'));
  // RFC 6750 section 2.1: "Bearer" 1*SP b64token.
  rule('two spaces before the token', authorized(`Bearer  ${good}`), allow());
  // RFC 9110 section 5.5: white space around a field value is not part of it.
  rule('a space after the token is not part of the value', authorized(`Bearer ${good} `), allow());
  rule('a space before the scheme is not part of the value', authorized(` Bearer ${good}`), allow());
  rule('a tab after the token is not part of the value', authorized(`Bearer ${good}\t`), allow());
  rule('a tab before the token is no space', authorized(`Bearer\t${good}`), deny(['authorization_malformed', 'scheme_unsupported']));
  rule('a space and a tab before the token', authorized(`Bearer \t${good}`), deny('authorization_malformed'));
  rule('a line break before the token', authorized(`Bearer\n${good}`), deny(['authorization_malformed', 'scheme_unsupported']));
  rule('two tokens after one scheme', authorized(`Bearer ${good} ${good}`), deny('authorization_malformed'));
  rule('a space inside the token', authorized(`Bearer ${good.replace('.', ' .')}`), deny('authorization_malformed'));
  rule('a tab inside the token', authorized(`Bearer ${good.replace('.', '\t.')}`), deny('authorization_malformed'));
  rule('a line break inside the token', authorized(`Bearer ${good.replace('.', '\r\n .')}`), deny('authorization_malformed'));
  rule('a null inside the token', authorized(`Bearer ${good.replace('.', '\u0000.')}`), deny('authorization_malformed'));
  rule('a null after the token', authorized(`Bearer ${good}\u0000`), deny('authorization_malformed'));
  rule('a delete character inside the token', authorized(`Bearer ${good.replace('.', '\u007f.')}`), deny('authorization_malformed'));
  rule('quotes around the token', authorized(`Bearer "${good}"`), deny('authorization_malformed'));
  rule('angle brackets around the token', authorized(`Bearer <${good}>`), deny('authorization_malformed'));
  rule('an auth-param instead of a token', authorized('Bearer token="abc"'), deny('authorization_malformed'));
  rule('an equals sign before the token', authorized(`Bearer =${good}`), deny('authorization_malformed'));
  rule('equals signs alone', authorized('Bearer =='), deny('authorization_malformed'));
  rule('a percent sign inside the token', authorized(`Bearer ${good.replace('.', '%2E')}`), deny('authorization_malformed'));
  rule('a token with a byte that is not utf-8', authorized('Bearer tok\u00ffen'), deny('authorization_malformed'));
  rule('a token with latin-1 letters', authorized(`Bearer ${good}é`), deny('authorization_malformed'));
  rule('a token with letters beyond latin-1', authorized('Bearer 封蝋'), deny('authorization_malformed'));
  rule('full-width letters are not ascii', authorized(`Ｂｅａｒｅｒ ${good}`), deny(['authorization_malformed', 'scheme_unsupported']));
  rule('a no-break space before the token', authorized(`Bearer\u00a0${good}`), deny(['authorization_malformed', 'scheme_unsupported']));
  rule('a no-break space after the token is part of it', authorized(`Bearer ${good}\u00a0`), deny('authorization_malformed'));

  const both = (first, second) => request([['authorization', first], ['authorization', second]]);
  rule('two authorization headers', both(`Bearer ${good}`, `Bearer ${token({ sub: 'bob' })}`), deny('authorization_duplicated', { fetched: 0 }));
  rule('two equal authorization headers', both(`Bearer ${good}`, `Bearer ${good}`), deny('authorization_duplicated'));
  rule('two authorization headers of different case', request([['Authorization', `Bearer ${good}`], ['authorization', `Bearer ${good}`]]), deny('authorization_duplicated'));
  rule('two authorization headers with another between', request([['authorization', `Bearer ${good}`], ['accept', '*/*'], ['authorization', `Bearer ${good}`]]), deny('authorization_duplicated'));
  rule('a basic and a bearer header', both('Basic YWxpY2U6c2VjcmV0', `Bearer ${good}`), deny('authorization_duplicated'));
  rule('a bearer and a dpop header', both(`Bearer ${good}`, `DPoP ${good}`), deny('authorization_duplicated'));
  rule('two credentials folded into one header', authorized(`Bearer ${good}, Bearer ${good}`), deny('authorization_duplicated'));
  rule('two credentials folded without a space', authorized(`Bearer ${good},Bearer ${good}`), deny('authorization_duplicated'));
  rule('a bearer and a basic credential folded', authorized(`Bearer ${good}, Basic YWxpY2U6c2VjcmV0`), deny('authorization_duplicated'));
  rule('a basic and a bearer credential folded', authorized(`Basic YWxpY2U6c2VjcmV0, Bearer ${good}`), deny('authorization_duplicated'));
  rule('two tokens joined by a comma', authorized(`Bearer ${good},${good}`), deny(['authorization_malformed', 'authorization_duplicated']));
  rule('a comma after the token', authorized(`Bearer ${good},`), deny(['authorization_malformed', 'authorization_duplicated']));

  const short = within('short tokens');
  rule('a token of 20 kB is too long', authorized(`Bearer ${'a'.repeat(20_000)}`), deny('token_too_long', { fetched: 0 }));
  short('a token of exactly the limit passes', call(sized(1024)), allow());
  short('a token one byte over the limit is too long', call(sized(1025)), deny('token_too_long'));
  short('the length counts before the shape', authorized(`Bearer ${'.'.repeat(1025)}`), deny('token_too_long'));
  short('garbage of exactly the limit is malformed', authorized(`Bearer ${'a'.repeat(1024)}`), deny('token_malformed'));

  for (const url of ['*', 'mcp', 'api.example.com:443', 'ftp://api.example.com/mcp'])
    rule(`the target ${url} is neither a path nor an http url`, call(good, { url }), deny('request_malformed', { fetched: 0 }));
  rule('a malformed target is reported before a missing token', request([], { url: '*' }), deny('request_malformed'));
  rule('the scheme of the target may be upper case', call(good, { url: 'HTTPS://API.EXAMPLE.COM/mcp' }), allow());
}
