// The cases of key-sets.json.

import { ISSUER, KEY_SETS, URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { call, request } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { NOW, token, withHeader } from '../tokens.mjs';

export const about = 'The life of a fetched key set: first need, age, one forced fetch, failure and recovery.';

export function cases() {
  const es1 = (now = NOW, more = {}) => call(token({ iat: now - 10, exp: now + 300 }), { now, ...more });
  const es2 = (now = NOW, more = {}) => call(token({ iat: now - 10, exp: now + 300 }, { key: 'es-2' }), { now, ...more });
  const ok = (body) => ({ [URI]: { status: 200, headers: [['content-type', 'application/json']], body } });
  const rotated = ok(set(jwk('es-2')));
  const grown = ok(set(jwk('es-1'), jwk('es-2')));
  const lost = { [URI]: null };
  const unavailable = deny('keys_unavailable');

  rule('the first token that needs a key fetches the set', es1(), allow({ fetched: 1 }));
  rule('a request without a token fetches nothing', request([]), deny('missing_token', { fetched: 0 }));
  rule('a malformed token fetches nothing', call('a.b.c'), deny('token_malformed', { fetched: 0 }));
  rule('a set serves every token until a fetch ahead is due', [es1(), es1(NOW + 1), es1(NOW + 100), es1(NOW + 239)], allow({ fetched: 1 }));
  rule('a set is fetched again after its age', [es1(), es1(NOW + 301)], allow({ fetched: 2 }));
  rule('a set is fetched again after every age', [es1(), es1(NOW + 301), es1(NOW + 500), es1(NOW + 602)], allow({ fetched: 3 }));
  rule('a key withdrawn at the next age is unknown', [es1(), es1(NOW + 301, { fetches: rotated })], deny('key_unknown'));
  rule('a key withdrawn serves until the age ends', [es1(), es1(NOW + 299, { fetches: rotated })], allow({ fetched: 2 }));
  rule('a key replaced under its id at the next age no longer verifies', [es1(), es1(NOW + 301, { fetches: ok(set(jwk('es-2', { kid: 'es-1' }))) })], deny('signature_invalid'));
  rule('a set that is lost at its age is used further', [es1(), es1(NOW + 301, { fetches: lost })], allow({ fetched: 2 }));
  rule('a set that is lost long after its age is not used further', [es1(), es1(NOW + 901, { fetches: lost })], deny('keys_unavailable', { fetched: 2 }));
  rule('a configured age is used', [es1(), es1(NOW + 47, { expect: allow({ fetched: 1 }) }), es1(NOW + 61)], allow({ fetched: 2 }), { config: 'short age' });

  rule('an unknown key id is found after a rotation', [es1(), es2(NOW + 40, { fetches: grown })], allow({ fetched: 2 }));
  rule('an unknown key id that stays unknown', [es1(), es2(NOW + 40)], deny('key_unknown', { fetched: 2 }));
  rule('a second unknown key id within 30 seconds fetches nothing', [es1(), es2(NOW + 40), es2(NOW + 69, { fetches: grown })], deny('key_unknown', { fetched: 2 }));
  rule('many unknown key ids within 30 seconds fetch once', [
    es1(), ...[0, 1, 2, 3, 4, 5].map((n) => call(withHeader({ kid: `nobody-${n}` }), { now: NOW + 40 + n, expect: deny('key_unknown') })),
  ], deny('key_unknown', { fetched: 2 }));
  rule('an unknown key id after 30 seconds fetches again', [es1(), es2(NOW + 40), es2(NOW + 71, { fetches: grown })], allow({ fetched: 3 }));
  rule('known keys go on after a key id that stays unknown', [es1(), es2(NOW + 40), es1(NOW + 41)], allow({ fetched: 2 }));
  rule('a key withdrawn by a forced fetch is gone', [es1(), es2(NOW + 40, { fetches: rotated, expect: allow() }), es1(NOW + 41, { fetches: rotated })], deny('key_unknown', { fetched: 2 }));
  rule('the new and the old key live side by side', [es1(), es2(NOW + 40, { fetches: grown, expect: allow() }), es1(NOW + 41), es2(NOW + 42)], allow({ fetched: 2 }));
  rule('a forced fetch that fails does not let the token pass', [es1(), es2(NOW + 40, { fetches: lost })], deny('keys_unavailable', { fetched: 2 }));
  rule('a forced fetch that fails leaves the known keys', [es1(), es2(NOW + 40, { fetches: lost }), es1(NOW + 41)], allow({ fetched: 2 }));
  rule('a forced fetch that answers html leaves the known keys', [es1(), es2(NOW + 40, { fetches: ok('<html></html>') }), es1(NOW + 41)], allow({ fetched: 2 }));
  rule('a forged signature forces no fetch', [es1(), call(token({}, { key: 'es-2', header: { kid: 'es-1' } }), { now: NOW + 40, fetches: grown })], deny('signature_invalid', { fetched: 1 }));

  rule('the first fetch fails', es1(NOW, { fetches: lost }), deny('keys_unavailable', { fetched: 1, headers: { 'retry-after': ['5'] } }));
  rule('a failed fetch is not repeated within 5 seconds', [es1(NOW, { fetches: lost, expect: unavailable }), es1(NOW + 1, { expect: unavailable }), es1(NOW + 4)], deny('keys_unavailable', { fetched: 1 }));
  rule('a failed fetch is repeated after 5 seconds', [es1(NOW, { fetches: lost, expect: unavailable }), es1(NOW + 5)], allow({ fetched: 2 }));
  rule('a failed fetch that fails again', [es1(NOW, { fetches: lost }), es1(NOW + 5, { fetches: lost }), es1(NOW + 9)], deny('keys_unavailable', { fetched: 2 }));
  rule('a failure ends with the first good answer', [es1(NOW, { fetches: lost }), es1(NOW + 5, { fetches: lost }), es1(NOW + 15, { expect: allow({ fetched: 3 }) }), es1(NOW + 16)], allow({ fetched: 3 }));
  rule('a set lost at its age comes back', [es1(), es1(NOW + 301, { fetches: lost, expect: allow({ fetched: 2 }) }), es1(NOW + 305, { expect: allow({ fetched: 2 }) }), es1(NOW + 306)], allow({ fetched: 3 }));
  rule('a request without a token is answered while keys are lost', [es1(NOW, { fetches: lost }), request([], { now: NOW + 1 })], deny('missing_token', { fetched: 1 }));
  rule('an expired token is not told apart while keys are lost', call(token({ exp: NOW - 1000 }), { fetches: lost }), deny('keys_unavailable'));
  rule('the challenge is left out while keys are lost', es1(), deny('keys_unavailable', { full: true }), { config: 'realm', key_sets: lost });

  const bad = (name, body, { status = 200, headers = [['content-type', 'application/json']] } = {}) =>
    rule(name, es1(NOW, { fetches: { [URI]: { status, headers, body } } }), deny('keys_unavailable', { fetched: 1 }));
  const good = KEY_SETS[URI];
  bad('a key set that is html', '<!doctype html><title>Sign in</title>', { headers: [['content-type', 'text/html']] });
  bad('an empty body', '');
  bad('a key set cut short', JSON.stringify(good).slice(0, -2));
  bad('a key set with text after it', `${JSON.stringify(good)} x`);
  bad('a key set that is a list', JSON.stringify(good.keys));
  bad('a key set that is a text', '"keys"');
  bad('a key set that is null', 'null');
  bad('a key set that is a number', '5');
  bad('a key set without keys', '{}');
  bad('a single key in place of a set', JSON.stringify(jwk('es-1')));
  bad('keys that are an object', JSON.stringify({ keys: { 'es-1': jwk('es-1') } }));
  bad('keys that are null', '{"keys":null}');
  bad('keys that are a text', '{"keys":"none"}');
  bad('keys of another case', JSON.stringify({ Keys: good.keys }));
  bad('a depth bomb as key set', `{"keys":${'['.repeat(20_000)}`);
  for (const status of [201, 204, 304, 400, 401, 404, 429, 500, 502, 503]) bad(`status ${status} with a good key set`, status === 204 || status === 304 ? '' : good, { status });
  const elsewhere = 'https://as.example.com/moved.json';
  for (const status of [301, 302, 307, 308])
    rule(`a redirection with status ${status} is not followed`,
      es1(NOW, { fetches: { [URI]: { status, headers: [['location', elsewhere]], body: '' }, [elsewhere]: { status: 200, headers: [], body: good } } }), deny('keys_unavailable', { fetched: 1 }));
  const filled = (bytes) => { const text = JSON.stringify(good); return text + ' '.repeat(bytes - text.length); };
  rule('a key set of exactly 64 KiB', es1(NOW, { fetches: ok(filled(65_536)) }), allow({ fetched: 1 }));
  bad('a key set of one byte more than 64 KiB', filled(65_537));
  rule('a key set without a content type', es1(NOW, { fetches: { [URI]: { status: 200, headers: [], body: good } } }), allow());
  rule('a key set of its own content type', es1(NOW, { fetches: { [URI]: { status: 200, headers: [['content-type', 'application/jwk-set+json']], body: good } } }), allow());
  rule('unknown members of a key set are ignored', es1(NOW, { fetches: ok({ ...good, issuer: ISSUER, next: null }) }), allow());
  rule('a set that was html comes back', [es1(NOW, { fetches: ok('<html>'), expect: unavailable }), es1(NOW + 5)], allow({ fetched: 2 }));

  rule('a host that cannot fetch', es1(NOW, { host: 'down' }), deny(['host_failed', 'keys_unavailable']));
  rule('a host that cannot fetch answers a request without a token', request([], { host: 'down' }), deny('missing_token'));
}
