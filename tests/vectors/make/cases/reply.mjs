// The cases of reply.json.

import { URI } from '../configurations.mjs';
import { AMBIGUOUS, DENIED } from '../denials.mjs';
import { allow, deny } from '../expectations.mjs';
import { call, request } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'From a reason to a whole reply: challenge, problem body, request id.';

export function cases() {
  for (const [reason, sent] of Object.entries(DENIED)) rule(`${reason}: the whole reply`, sent, deny(reason, { full: true }));
  rule('key_ambiguous: the whole reply', AMBIGUOUS.sent, deny('key_ambiguous', { full: true }), { key_sets: AMBIGUOUS.key_sets });
  rule('insufficient_scope: the whole reply', call(), deny('insufficient_scope', { full: true }), { config: 'scopes' });
  const text = 'the access token has expired';
  rule('the description is the detail', DENIED.token_expired, deny('token_expired', { full: true, body: { error_description: text, detail: text } }));

  for (const reason of ['missing_token', 'scheme_unsupported', 'token_in_query', 'authorization_duplicated', 'token_expired', 'keys_unavailable', 'request_malformed']) {
    rule(`caracal: ${reason}`, DENIED[reason], deny(reason, { full: true }), { config: 'caracal' });
    rule(`another base: ${reason}`, DENIED[reason], deny(reason, { full: true }), { config: 'other base' });
    rule(`a realm: ${reason}`, DENIED[reason], deny(reason, { full: true }), { config: 'realm' });
    rule(`verbose: ${reason}`, DENIED[reason], deny(reason, { full: true }), { config: 'verbose' });
  }
  for (const named of ['caracal', 'realm', 'verbose']) rule(`${named}: insufficient_scope`, call(), deny('insufficient_scope', { full: true }), { config: named });
  for (const reason of ['signature_invalid', 'audience_mismatch', 'key_unknown', 'issuer_unknown']) rule(`verbose: ${reason}`, DENIED[reason], deny(reason, { full: true }), { config: 'verbose' });
  rule('a realm with quotes and a backslash is escaped', request([]), deny('missing_token', { full: true }), { config: 'realm to be quoted' });
  rule('a realm with quotes and a backslash stands before the error', DENIED.token_expired, deny('token_expired', { full: true }), { config: 'realm to be quoted' });
  rule('a realm beyond ascii does not lose the reply', request([]), deny('missing_token', { full: true }), { config: 'realm beyond ascii' });

  const id = (value, more = []) => request([['x-request-id', value], ...more]);
  const echoed = (requestId) => deny('missing_token', { full: true, body: { requestId } });
  const anew = deny('missing_token', { full: true });
  rule('a well-formed request id is repeated', id('018f2d3c-7a10-7cc0-8000-00000000002a'), echoed('018f2d3c-7a10-7cc0-8000-00000000002a'));
  rule('a request id of one character is repeated', id('a'), echoed('a'));
  rule('a request id of 128 characters is repeated', id('a'.repeat(128)), echoed('a'.repeat(128)));
  rule('a request id may hold every visible ascii character', id('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'), echoed('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'));
  rule('the name of the request id header may be upper case', request([['X-Request-ID', 'abc']]), echoed('abc'));
  rule('a request id is repeated on every denial', request([['authorization', `Bearer ${token({ exp: 1 })}`], ['x-request-id', 'abc-1']]), deny('token_expired', { full: true, body: { requestId: 'abc-1' } }));
  rule('a request id is repeated on a 503', request([['authorization', `Bearer ${token()}`], ['x-request-id', 'abc-1']], { fetches: { [URI]: null } }), deny('keys_unavailable', { full: true, body: { requestId: 'abc-1' } }));
  rule('a request id that is too long changes nothing else', id('a'.repeat(129)), anew);
  rule('a request id with a space changes nothing else', id('a b'), anew);
  rule('an empty request id changes nothing else', id(''), anew);
  rule('a request id beyond ascii changes nothing else', id('é✓'), anew);
  rule('a request id that is not utf-8 changes nothing else', id('a\u00ffb'), anew);
  rule('a request id with a control character changes nothing else', id('a\u0001b'), anew);
  rule('two request ids change nothing else', id('a', [['x-request-id', 'b']]), anew);

  rule('a header that is not utf-8 does not harm a good token', request([['authorization', `Bearer ${token()}`], ['x-name', 'Ren\u00e9']]), allow());
  rule('a header that is not utf-8 does not harm a denial', request([['x-name', '\u00ff\u00fe']]), deny('missing_token'));
  rule('an unknown method does not harm a denial', request([], { method: 'BREW' }), deny('missing_token'));
  rule('a body that is not read does not harm a denial', request([['content-type', 'application/json']], { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call"' }), deny('missing_token'));
}
