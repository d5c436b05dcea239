// The cases of origins.json.

import { APP, DEV, EXTENSION, RESOURCE } from '../configurations.mjs';
import { AMBIGUOUS, DENIED, adding } from '../denials.mjs';
import { METADATA, allow, answer, deny, readable, unreadable, varying } from '../expectations.mjs';
import { call, get, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'Calls from pages: only listed origins, byte for byte, and every reply to them can be read (RFC 6454, Fetch standard).';

export function cases() {
  const listed = within('origins');
  const from = (origin, sent = call()) => adding(sent, ['origin', origin]);
  const seen = (origin, more = {}) => allow({ reply_headers: readable(origin), ...more });
  const hidden = (more = {}) => allow({ reply_headers: varying, ...more });
  const forbidden = deny('origin_forbidden', { full: true, fetched: 0, headers: varying });

  listed('a listed origin passes, and its page may read the reply', from(APP), seen(APP));
  listed('each listed origin is answered with itself', from(DEV), seen(DEV));
  listed('an origin of a browser extension may be listed', from(EXTENSION), seen(EXTENSION));
  listed('no origin: as before', call(), hidden());
  listed('the origin reaches the upstream', from(APP), seen(APP, { upstream: { origin: [APP] } }));
  listed('the name of the header may be upper case', adding(call(), ['Origin', APP]), seen(APP));
  listed('a get from a listed origin', from(APP, call(token(), { method: 'GET' })), seen(APP));
  listed('a delete from a listed origin', from(APP, call(token(), { method: 'DELETE' })), seen(APP));
  listed('the origin of one request is not that of the next', [from(APP, call(token(), { expect: seen(APP) })), from(DEV, call(token(), { expect: seen(DEV) })), call()], hidden());

  for (const [origin, name] of [
    ['https://evil.example', 'another origin'],
    ['null', 'the origin null'],
    ['', 'an empty origin'],
    ['*', 'a star'],
    ['https://APP.example.com', 'a host in upper case'],
    ['HTTPS://app.example.com', 'a scheme in upper case'],
    ['http://app.example.com', 'another scheme'],
    ['https://app.example.com:443', 'the default port spelt out'],
    ['https://app.example.com:8443', 'another port'],
    ['http://localhost', 'a listed host without its port'],
    ['http://localhost:51730', 'a longer port'],
    ['http://127.0.0.1:5173', 'the address of a listed name'],
    ['https://app.example.com/', 'a slash at the end'],
    ['https://app.example.com/page', 'a path'],
    ['https://app.example.com.', 'a dot at the end'],
    ['https://x.app.example.com', 'a longer host'],
    ['https://example.com', 'a shorter host'],
    ['https://app.example.com.evil.example', 'a host that begins like a listed one'],
    ['https://evil-app.example.com', 'a host that ends like a listed one'],
    ['https://app.example.com@evil.example', 'a listed origin as user'],
    ['app.example.com', 'no scheme'],
    ['https://app.example.com https://evil.example', 'two origins in one value'],
    ['https://app.example.com,https://app.example.com', 'two origins joined by a comma'],
    ['https://äpp.example.com', 'letters beyond ascii'],
    ['https://app.example.com\u00e9', 'a letter of latin-1 at the end'],
    ['https://app.example.com\u00ff', 'a byte that is not utf-8'],
    ['https://аpp.example.com', 'a letter that looks alike'],
    ['chrome-extension://abcdefghijklmnopabcdefghijklmnoq', 'another extension'],
    ['file://', 'a file'],
    [RESOURCE.slice(0, -4), 'the origin of the resource, which is not listed'],
  ]) listed(`${name} is forbidden`, from(origin), forbidden);
  const two = (first, second) => adding(call(), ['origin', first], ['origin', second]);
  listed('two listed origins are forbidden', two(APP, DEV), forbidden);
  listed('one listed origin twice is forbidden', two(APP, APP), forbidden);
  listed('a listed and another origin are forbidden', two(APP, 'https://evil.example'), forbidden);
  listed('another and a listed origin are forbidden', two('https://evil.example', APP), forbidden);

  const evil = (sent) => from('https://evil.example', sent);
  const { request_malformed: malformed, ...others } = DENIED;
  for (const reason of ['missing_token', 'authorization_duplicated', 'token_in_query', 'token_too_long', 'token_expired', 'keys_unavailable'])
    listed(`a forbidden origin is reported before ${reason}`, evil(others[reason]), forbidden);
  listed('a malformed target is reported before a forbidden origin', evil(malformed), deny('request_malformed', { full: true, headers: varying }));
  for (const path of [`${METADATA}/mcp`, METADATA]) listed(`a forbidden origin cannot read ${path}`, evil(get(path)), forbidden);
  listed('a forbidden origin cannot ask for the head of the metadata', evil(get(METADATA, [], { method: 'HEAD' })), forbidden);
  listed('a forbidden origin: the body names the reason', evil(call()), deny('origin_forbidden', { full: true, body: { detail: 'calls from this origin are not allowed' } }));
  for (const named of ['origins and scopes', 'origins and caracal', 'origins and verbose']) rule(`${named}: a forbidden origin`, evil(call()), forbidden, { config: named });

  // Without these headers the page would see a network error in place of each of these.
  for (const [reason, sent] of Object.entries(DENIED)) listed(`a listed origin reads ${reason}`, from(APP, sent), deny(reason, { full: true, headers: readable(APP) }));
  listed('a listed origin reads key_ambiguous', from(APP, AMBIGUOUS.sent), deny('key_ambiguous', { full: true, headers: readable(APP) }), {
    key_sets: AMBIGUOUS.key_sets,
  });
  listed('a listed origin reads that the host failed', from(APP, { ...call(), host: 'down' }), deny(['host_failed', 'keys_unavailable'], { headers: readable(APP) }));
  rule('a listed origin reads insufficient_scope', from(APP), deny('insufficient_scope', { full: true, headers: readable(APP) }), { config: 'origins and scopes' });
  rule('a listed origin passes with its scopes', from(APP, call(token({ scope: 'mcp:read mcp:write' }))), seen(APP), { config: 'origins and scopes' });
  for (const reason of ['missing_token', 'token_expired', 'keys_unavailable']) {
    listed(`each listed origin reads ${reason}`, from(DEV, DENIED[reason]), deny(reason, { full: true, headers: readable(DEV) }));
    listed(`no origin: ${reason} as before`, DENIED[reason], deny(reason, { full: true, headers: varying }));
  }

  const document = (headers) => (settings) => { const all = answer()(settings); return { ...all, headers: { ...all.headers, ...headers } }; };
  for (const path of [`${METADATA}/mcp`, METADATA]) {
    listed(`a listed origin reads ${path}`, from(APP, get(path)), document(readable(APP)));
    listed(`no origin: ${path} as before`, get(path), document(varying));
  }
  const bodiless = (settings) => { const { body, ...rest } = document(readable(APP))(settings); return rest; };
  listed('a listed origin reads the head of the metadata', from(APP, get(METADATA, [], { method: 'HEAD' })), bodiless);

  // No origins configured: nobody looks.
  for (const origin of ['https://evil.example', 'null', '', APP, '\u00ff']) {
    rule(`no list: the origin ${JSON.stringify(origin)} passes`, from(origin), allow({ reply_headers: unreadable }));
    rule(`no list: the origin ${JSON.stringify(origin)} reads nothing more of a denial`, from(origin, request([])), deny('missing_token', { full: true, headers: unreadable }));
  }
  rule('no list: two origins pass', two('https://a.example', 'https://b.example'), allow({ reply_headers: unreadable }));
  rule('no list: the metadata as before', from(APP, get(METADATA)), document(unreadable));
}
