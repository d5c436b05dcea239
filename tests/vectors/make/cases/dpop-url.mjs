// The cases of dpop-url.json.

import { allow, deny } from '../expectations.mjs';
import { bound, shown } from '../proofs.mjs';
import { within } from '../rules.mjs';

export const about = 'The method and the URL of a proof: RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3.';

const ORIGIN = 'https://api.example.com';

export function cases() {
  const on = within('dpop required');
  const mismatch = deny('proof_url_mismatch', { full: true, fetched: 1 });
  /** A request for `url` and a proof for `htu`. */
  const pair = (expect) => (name, htu, url = `${ORIGIN}/mcp`, rule = on) => rule(name, shown({ htu }, {}, { url }), expect);
  const same = pair(allow());
  const other = pair(mismatch);

  // The method: byte for byte.
  const method = (name, htm, sent, expect) => on(name, shown({ htm }, {}, { method: sent }), expect);
  for (const sent of ['POST', 'GET', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'QUERY', 'PURGE', 'M-SEARCH', 'post', 'Get']) method(`the method ${sent}`, sent, sent, allow());
  for (const [htm, sent] of [
    ['GET', 'POST'], ['POST', 'GET'], ['DELETE', 'POST'], ['POST', 'OPTIONS'], ['QUERY', 'POST'], ['post', 'POST'], ['Post', 'POST'], ['POST', 'post'], ['get', 'GET'], ['GET', 'HEAD'],
    ['POST ', 'POST'], [' POST', 'POST'], ['POST\n', 'POST'], ['POSTS', 'POST'], ['POS', 'POST'], ['POST,GET', 'POST'], ['*', 'POST'], ['POST', 'PATCH'], ['ＰＯＳＴ', 'POST'],
  ]) method(`a proof for ${JSON.stringify(htm)} with ${sent}`, htm, sent, deny('proof_method_mismatch', { full: true, fetched: 1 }));
  method('no method', undefined, 'POST', deny('proof_claim_missing'));
  method('an empty method', '', 'POST', deny(['proof_claim_missing', 'proof_claim_malformed', 'proof_method_mismatch']));
  for (const htm of [null, 5, true, ['POST'], { method: 'POST' }]) method(`the method as ${JSON.stringify(htm)}`, htm, 'POST', deny('proof_claim_malformed'));
  on('the name of the claim counts by case', shown({ htm: undefined, HTM: 'POST' }), deny('proof_claim_missing'));

  on('no url', shown({ htu: undefined }), deny('proof_claim_missing'));
  on('an empty url', shown({ htu: '' }), deny(['proof_claim_missing', 'proof_claim_malformed', 'proof_url_mismatch']));
  for (const htu of [null, 5, true, [`${ORIGIN}/mcp`], { url: `${ORIGIN}/mcp` }]) on(`the url as ${JSON.stringify(htu)}`, shown({ htu }), deny('proof_claim_malformed'));

  // Scheme and authority are those of the configured resource.
  same('the resource itself', `${ORIGIN}/mcp`);
  same('a scheme in upper case', 'HTTPS://api.example.com/mcp');
  same('a host in upper case', 'https://API.EXAMPLE.COM/mcp');
  same('a host in mixed case with its port', 'hTTps://Api.Example.Com:443/mcp');
  same('the default port', 'https://api.example.com:443/mcp');
  same('an empty port', 'https://api.example.com:/mcp');
  for (const [name, htu] of [
    ['another port', 'https://api.example.com:8443/mcp'],
    ['the default port of http', 'https://api.example.com:80/mcp'],
    ['a port that begins like the default', 'https://api.example.com:4430/mcp'],
    ['a port that is no number', 'https://api.example.com:https/mcp'],
    ['two ports', 'https://api.example.com:443:443/mcp'],
    ['http', 'http://api.example.com/mcp'],
    ['http with the port of https', 'http://api.example.com:443/mcp'],
    ['websockets', 'wss://api.example.com/mcp'],
    ['ftp', 'ftp://api.example.com/mcp'],
    ['a scheme that begins like https', 'httpsx://api.example.com/mcp'],
    ['a dot after the host', 'https://api.example.com./mcp'],
    ['another host', 'https://evil.example/mcp'],
    ['a longer host', 'https://x.api.example.com/mcp'],
    ['a shorter host', 'https://example.com/mcp'],
    ['a host that begins like ours', 'https://api.example.com.evil.example/mcp'],
    ['a host that ends like ours', 'https://evil-api.example.com/mcp'],
    ['the address of the host', 'https://127.0.0.1/mcp'],
    ['a host with letters beyond ascii', 'https://äpi.example.com/mcp'],
    ['a host with a letter that looks alike', 'https://аpi.example.com/mcp'],
    ['a host with full-width letters', 'https://ａpi.example.com/mcp'],
    ['a host with a full-width dot', 'https://api．example.com/mcp'],
    ['a host with a soft hyphen', 'https://api\u00ad.example.com/mcp'],
    ['a host with a tab', 'https://api.exa\tmple.com/mcp'],
    ['a user', 'https://alice@api.example.com/mcp'],
    ['a user and a password', 'https://alice:secret@api.example.com/mcp'],
    ['an empty user', 'https://@api.example.com/mcp'],
    ['our host as user', 'https://api.example.com@evil.example/mcp'],
    ['our host and port as user', 'https://api.example.com:443@evil.example/mcp'],
    ['no host', 'https:///mcp'],
    ['no scheme', 'api.example.com/mcp'],
    ['a network path', '//api.example.com/mcp'],
    ['a path alone', '/mcp'],
    ['a relative path', 'mcp'],
    ['one slash', 'https:/api.example.com/mcp'],
    ['no slashes', 'https:api.example.com/mcp'],
    ['three slashes', 'https:///api.example.com/mcp'],
    ['backslashes', 'https:\\\\api.example.com\\mcp'],
    ['a backslash before the path', 'https://api.example.com\\mcp'],
    ['a space before', ' https://api.example.com/mcp'],
    ['a line break before', '\nhttps://api.example.com/mcp'],
    ['a space after the host', 'https://api.example.com /mcp'],
    ['angle brackets', '<https://api.example.com/mcp>'],
    ['two urls', 'https://api.example.com/mcp,https://api.example.com/mcp'],
    ['a star', '*'],
    ['a urn', 'urn:example:mcp'],
  ]) other(`the proof names ${name}`, htu);
  other('the url ends in a space', `${ORIGIN}/mcp `);
  other('the url ends in a line break', `${ORIGIN}/mcp\n`);
  other('the url ends in a null byte', `${ORIGIN}/mcp\0`);

  // The path is that of the request, the authority of the request does not count.
  same('a request by its path alone', `${ORIGIN}/mcp`, '/mcp');
  same('a request under another authority', `${ORIGIN}/mcp`, 'http://127.0.0.1:8080/mcp');
  same('a request under another authority and a deeper path', `${ORIGIN}/mcp/tools`, 'http://backend.internal/mcp/tools');
  same('a request with a user', `${ORIGIN}/mcp`, 'https://alice@api.example.com/mcp');
  same('a request with a scheme and host in upper case', `${ORIGIN}/mcp`, 'HTTPS://API.EXAMPLE.COM/mcp');
  other('a proof for the authority that the request names', 'http://127.0.0.1:8080/mcp', 'http://127.0.0.1:8080/mcp');
  other('a proof for the other host that the request names', 'https://evil.example/mcp', 'https://evil.example/mcp');
  const host = (name, fields, htu, expect) => on(name, ((sent) => ({ ...sent, headers: [...sent.headers, ...fields] }))(shown({ htu }, {}, { url: '/mcp' })), expect);
  host('the host header does not count', [['host', 'evil.example']], `${ORIGIN}/mcp`, allow());
  host('a proof for the host in the header', [['host', 'evil.example']], 'https://evil.example/mcp', mismatch);
  host('a proof for the host that a proxy names', [['x-forwarded-host', 'evil.example'], ['forwarded', 'host=evil.example']], 'https://evil.example/mcp', mismatch);
  host('a proof for the scheme that a proxy names', [['x-forwarded-proto', 'http']], 'http://api.example.com/mcp', mismatch);
  same('another path than that of the resource', `${ORIGIN}/other`, `${ORIGIN}/other`);
  other('the path of the resource, and a request for another', `${ORIGIN}/mcp`, `${ORIGIN}/other`);
  other('another path', `${ORIGIN}/other`);
  other('a deeper path', `${ORIGIN}/mcp/tools`);
  other('a shorter path', `${ORIGIN}/mc`);
  other('no path', ORIGIN);
  other('a path in upper case', `${ORIGIN}/MCP`);
  other('a request in upper case', `${ORIGIN}/mcp`, `${ORIGIN}/MCP`);
  other('a slash at the end', `${ORIGIN}/mcp/`);
  other('a request with a slash at the end', `${ORIGIN}/mcp`, `${ORIGIN}/mcp/`);
  same('a slash at the end on both sides', `${ORIGIN}/mcp/`, `${ORIGIN}/mcp/`);
  other('two slashes before the path', `${ORIGIN}//mcp`);
  other('a request with two slashes before the path', `${ORIGIN}/mcp`, `${ORIGIN}//mcp`);
  same('two slashes before the path on both sides', `${ORIGIN}//mcp`, `${ORIGIN}//mcp`);
  same('two slashes within the path on both sides', `${ORIGIN}/a//b`, '/a//b');
  other('two slashes within the path of the proof alone', `${ORIGIN}/a//b`, '/a/b');
  other('a backslash is no slash', `${ORIGIN}/a\\b`, '/a/b');
  same('no path for the path /', ORIGIN, `${ORIGIN}/`);
  same('the path / for no path', `${ORIGIN}/`, ORIGIN);
  same('no path on both sides', ORIGIN, ORIGIN);
  same('no path and a query for the path /', `${ORIGIN}?x=1`, '/');

  // Query and fragment do not count, on either side.
  same('a query in the proof', `${ORIGIN}/mcp?a=1`);
  same('a query in the request', `${ORIGIN}/mcp`, `${ORIGIN}/mcp?a=1&b=/x/../y`);
  same('different queries', `${ORIGIN}/mcp?a=1`, '/mcp?b=2');
  same('a question mark alone', `${ORIGIN}/mcp?`);
  same('a fragment in the proof', `${ORIGIN}/mcp#part`);
  same('an empty fragment in the proof', `${ORIGIN}/mcp#`);
  same('a query and a fragment in the proof', `${ORIGIN}/mcp?a=1#b?c`);
  same('a question mark within the fragment', `${ORIGIN}/mcp#a?b`);
  same('a url within the query', `${ORIGIN}/mcp?u=https://evil.example/x`);
  other('the path stands in the query', `${ORIGIN}/?/mcp`);
  other('the path stands in the fragment', `${ORIGIN}#/mcp`);
  other('an encoded question mark is part of the path', `${ORIGIN}/mcp%3Fa=1`, '/mcp?a=1');
  other('an encoded number sign is part of the path', `${ORIGIN}/mcp%23a`);

  // RFC 3986 section 6.2.2.1 and 6.2.2.2: escapes.
  same('an escape in lower case', `${ORIGIN}/caf%c3%a9`, '/caf%C3%A9');
  same('an escape in lower case in the request', `${ORIGIN}/caf%C3%A9`, '/caf%c3%a9');
  same('an escape in mixed case on both sides', `${ORIGIN}/%cA%fE`, '/%Ca%Fe');
  for (const [escape, plain] of [['%6D', 'm'], ['%6d', 'm'], ['%4D', 'M'], ['%30', '0'], ['%2D', '-'], ['%5F', '_'], ['%7E', '~'], ['%7e', '~'], ['%2E', '.']]) {
    same(`${escape} is ${plain}`, `${ORIGIN}/${escape}cp`, `/${plain}cp`);
    same(`${escape} in the request is ${plain}`, `${ORIGIN}/${plain}cp`, `/${escape}cp`);
  }
  same('an escape on both sides', `${ORIGIN}/%6Dcp`, '/m%63p');
  for (const [escape, plain] of [['%2F', '/'], ['%2f', '/'], ['%3B', ';'], ['%3A', ':'], ['%40', '@'], ['%26', '&'], ['%3D', '='], ['%2B', '+'], ['%2C', ','], ['%24', '$'], ['%21', '!'], ['%27', "'"], ['%28', '('], ['%2A', '*']]) {
    other(`${escape} is not ${plain}`, `${ORIGIN}/a${escape}b`, `/a${plain}b`);
    other(`${escape} in the request is not ${plain}`, `${ORIGIN}/a${plain}b`, `/a${escape}b`);
  }
  same('%2f is %2F', `${ORIGIN}/a%2fb`, '/a%2Fb');
  same('%2F is %2f', `${ORIGIN}/a%2Fb`, '/a%2fb');
  other('%25 is not decoded twice', `${ORIGIN}/%256Dcp`, '/mcp');
  other('%25 in the request is not decoded twice', `${ORIGIN}/mcp`, '/%256Dcp');
  same('%256D is %256D', `${ORIGIN}/%256Dcp`, '/%256Dcp');
  other('a broken escape makes no escape of what comes after it', `${ORIGIN}/mcp%2Fb`, '/mcp%%32Fb');
  other('nor the other way round', `${ORIGIN}/mcp%%32Fb`, '/mcp%2Fb');
  other('a broken escape takes no letter that is made', `${ORIGIN}/mcp%2Fb`, '/mcp%2%46b');
  other('%2561 is not %61', `${ORIGIN}/%2561`, '/%61');
  other('a space is not +', `${ORIGIN}/a%20b`, '/a+b');
  other('an escape that is none', `${ORIGIN}/%6`, '/%06');
  other('an escape with a letter beyond f', `${ORIGIN}/%6Gcp`, '/mcp');
  other('an escape with a sign', `${ORIGIN}/%+6Dcp`, '/mcp');
  other('a percent sign at the end', `${ORIGIN}/mcp%`);
  other('letters beyond ascii are not their escapes', `${ORIGIN}/café`, '/caf%C3%A9');
  other('letters in another normal form', `${ORIGIN}/cafe%CC%81`, '/caf%C3%A9');

  // RFC 3986 section 6.2.2.3: dot segments.
  for (const path of ['/x/../mcp', '/./mcp', '/mcp/../mcp', '/../mcp', '/../../mcp', '/a/b/../../mcp', '/a/./../mcp', '/%2e%2e/mcp', '/x/%2E%2E/mcp', '/%2e/mcp', '/x/.%2e/mcp', '/x/%2E./mcp', '/x/y/../../z/../mcp']) {
    same(`${path} in the proof is /mcp`, ORIGIN + path);
    same(`${path} in the request is /mcp`, `${ORIGIN}/mcp`, path);
  }
  same('a dot at the end leaves the slash', `${ORIGIN}/mcp/.`, '/mcp/');
  same('two dots at the end leave the slash', `${ORIGIN}/mcp/x/..`, '/mcp/');
  same('two dots at the end of the first segment', `${ORIGIN}/mcp/..`, '/');
  same('two dots after two slashes', `${ORIGIN}/a//../b`, '/a/b');
  same('dots on both sides', `${ORIGIN}/a/../mcp`, '/b/./../mcp');
  same('dots in the query of the request', `${ORIGIN}/mcp`, '/mcp?x=/../y');
  other('a dot at the end is not nothing', `${ORIGIN}/mcp/.`, '/mcp');
  other('two dots too many lead elsewhere', `${ORIGIN}/mcp/../x`);
  other('three dots are a name', `${ORIGIN}/.../mcp`);
  other('a name that begins with dots', `${ORIGIN}/..x/../mcp/..`);
  other('an encoded slash makes no segment', `${ORIGIN}/x/..%2Fmcp`);
  other('an encoded slash in the request makes no segment', `${ORIGIN}/mcp`, '/x%2F..%2Fmcp');
  other('a backslash makes no segment', `${ORIGIN}/x\\..\\mcp`);
  other('dots cannot leave the host', 'https://evil.example/../api.example.com/mcp');
  other('dots cannot remove the host', 'https://evil.example/..//api.example.com/mcp');

  // Resources written in other ways.
  const of = (named, aud) => (expect) => (name, htu, url) => within(named)(name, shown({ htu }, { of: bound({ aud }) }, { url }), expect);
  const port = of('dpop with a port', 'https://api.example.com:8443/v1/mcp');
  port(allow())('a port: the same', 'https://api.example.com:8443/v1/mcp', '/v1/mcp');
  port(allow())('a port: a host in upper case', 'https://API.example.com:8443/v1/mcp', '/v1/mcp');
  port(allow())('a port: the request names none', 'https://api.example.com:8443/v1/mcp', 'https://api.example.com/v1/mcp');
  port(mismatch)('a port: none', 'https://api.example.com/v1/mcp', '/v1/mcp');
  port(mismatch)('a port: an empty one', 'https://api.example.com:/v1/mcp', '/v1/mcp');
  port(mismatch)('a port: the default one', 'https://api.example.com:443/v1/mcp', '/v1/mcp');
  port(mismatch)('a port: http', 'http://api.example.com:8443/v1/mcp', '/v1/mcp');
  const spelt = of('dpop with the default port', 'https://api.example.com:443/mcp');
  spelt(allow())('the default port in the resource: none', `${ORIGIN}/mcp`, '/mcp');
  spelt(allow())('the default port in the resource: the same', 'https://api.example.com:443/mcp', '/mcp');
  spelt(mismatch)('the default port in the resource: another', 'https://api.example.com:444/mcp', '/mcp');
  const capitals = of('dpop with capitals', 'HTTPS://Api.Example.COM/mcp');
  capitals(allow())('capitals in the resource: none', `${ORIGIN}/mcp`, '/mcp');
  capitals(allow())('capitals in the resource: the same', 'HTTPS://Api.Example.COM/mcp', '/mcp');
  capitals(mismatch)('capitals in the resource: not those of the path', `${ORIGIN}/Mcp`, '/mcp');
  const plain = of('dpop without tls', 'http://localhost/mcp');
  plain(allow())('http: the same', 'http://localhost/mcp', '/mcp');
  plain(allow())('http: the default port', 'http://LOCALHOST:80/mcp', '/mcp');
  plain(mismatch)('http: https', 'https://localhost/mcp', '/mcp');
  plain(mismatch)('http: the port of https', 'http://localhost:443/mcp', '/mcp');
  plain(mismatch)('http: the address of the name', 'http://127.0.0.1/mcp', '/mcp');
  const address = of('dpop at an address', 'https://[2001:db8::a]/mcp');
  address(allow())('an ipv6 address: the same', 'https://[2001:db8::a]/mcp', '/mcp');
  address(allow())('an ipv6 address: in upper case', 'https://[2001:DB8::A]/mcp', '/mcp');
  address(allow())('an ipv6 address: the default port', 'https://[2001:db8::a]:443/mcp', '/mcp');
  address(allow())('an ipv6 address: an empty port', 'https://[2001:db8::a]:/mcp', '/mcp');
  address(mismatch)('an ipv6 address: another port', 'https://[2001:db8::a]:4433/mcp', '/mcp');
  address(mismatch)('an ipv6 address: another address', 'https://[2001:db8::b]/mcp', '/mcp');
  address(mismatch)('an ipv6 address: without brackets', 'https://2001:db8::a/mcp', '/mcp');
  address(mismatch)('an ipv6 address: with a zone', 'https://[2001:db8::a%25eth0]/mcp', '/mcp');
  const bare = of('dpop without a path', ORIGIN);
  bare(allow())('no path in the resource: no path', ORIGIN, '/');
  bare(allow())('no path in the resource: the path /', `${ORIGIN}/`, '/');
  bare(allow())('no path in the resource: a path', `${ORIGIN}/mcp`, '/mcp');
  bare(mismatch)('no path in the resource: another path', ORIGIN, '/mcp');
  const slash = of('dpop with a slash', `${ORIGIN}/`);
  slash(allow())('a slash in the resource: no path', ORIGIN, '/');
  slash(allow())('a slash in the resource: a path', `${ORIGIN}/mcp`, '/mcp');
}
