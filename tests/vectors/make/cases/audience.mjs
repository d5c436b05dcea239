// The cases of audience.json.

import { ISSUER, RESOURCE } from '../configurations.mjs';
import { json } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'The token must have been issued for this resource, byte for byte.';

export function cases() {
  const aud = (name, value, expect, more) => rule(name, call(token({ aud: value })), expect, more);
  const mismatch = deny('audience_mismatch');

  aud('the resource as text', RESOURCE, allow());
  aud('the resource alone in a list', [RESOURCE], allow());
  aud('the resource last in a list', ['https://other.example', 'api://x', RESOURCE], allow());
  aud('the resource twice in a list', [RESOURCE, RESOURCE], allow());
  aud('the resource beside an empty text in a list', ['', RESOURCE], allow());
  aud('an empty list', [], deny(['claim_missing', 'audience_mismatch']));
  aud('an empty text alone in a list', [''], deny(['claim_missing', 'audience_mismatch']));
  aud('a list without the resource', ['https://other.example', 'api://x'], mismatch);
  for (const [value, name] of [
    ['https://other.example/mcp', 'another resource'],
    [`${RESOURCE}/`, 'a slash at the end'],
    ['https://api.example.com', 'the origin alone'],
    ['https://api.example.com/', 'the origin and a slash'],
    [`${RESOURCE}/tools`, 'a longer path'],
    ['https://api.example.com/mc', 'a shorter path'],
    ['https://API.example.com/mcp', 'a host in upper case'],
    ['HTTPS://api.example.com/mcp', 'a scheme in upper case'],
    ['https://api.example.com/MCP', 'a path in upper case'],
    ['https://api.example.com:443/mcp', 'the default port spelt out'],
    ['http://api.example.com/mcp', 'http for https'],
    ['https://api.example.com/%6dcp', 'a percent-encoded letter'],
    ['https://api.example.com/./mcp', 'a dot segment'],
    [`${RESOURCE}?`, 'an empty query'],
    [`${RESOURCE}#`, 'an empty fragment'],
    [` ${RESOURCE}`, 'a space before it'],
    [`${RESOURCE}\u0000`, 'a null after it'],
    [`${RESOURCE} https://other.example`, 'two resources in one text'],
    [`${RESOURCE},https://other.example`, 'two resources joined by a comma'],
    ['https://user@api.example.com/mcp', 'user information in it'],
    ['api.example.com/mcp', 'no scheme'],
    ['*', 'a star'],
    ['client-1', 'the client id'],
    [ISSUER, 'the issuer'],
  ]) aud(name, value, mismatch);
  for (const value of [5, true, { url: RESOURCE }, [RESOURCE, 5], [5], [RESOURCE, null], [[RESOURCE]], [{ url: RESOURCE }]])
    aud(`the audience as ${json(value)}`, value, deny('claim_malformed'));
  aud('the audience as null', null, deny(['claim_malformed', 'claim_missing']));

  const list = { config: 'audiences' };
  aud('the first configured audience', 'api://one', allow(), list);
  aud('the second configured audience in a list', ['x', 'https://two.example.com/mcp'], allow(), list);
  aud('configured audiences replace the resource', RESOURCE, mismatch, list);
  aud('a configured audience with a slash at the end', 'api://one/', mismatch, list);
}
