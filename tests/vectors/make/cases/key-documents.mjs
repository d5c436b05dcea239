// The cases of key-documents.json.

import { KEY_SETS, URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { at, fresh, reply } from '../moments.mjs';
import { rule } from '../rules.mjs';

export const about = 'A bad document counts as a failure and never replaces a good key set, whenever it comes.';

export function cases() {
  const good = KEY_SETS[URI];
  const text = JSON.stringify(good);
  const moved = 'https://as.example.com/moved.json';
  const filled = (bytes) => text + ' '.repeat(bytes - text.length);
  const key = JSON.stringify(jwk('es-2'));
  const bad = {
    'no answer': null,
    'a sign-in page': reply('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    'an empty body': reply(''),
    'half of a key set': reply(text.slice(0, 100)),
    'a key set and more': reply(`${text}{}`),
    'a list of keys': reply(JSON.stringify(good.keys)),
    null: reply('null'),
    'a text': reply('"keys"'),
    'an empty object': reply('{}'),
    'a single key': reply(key),
    'keys as null': reply('{"keys":null}'),
    'keys as a text': reply('{"keys":"none"}'),
    'keys as a number': reply('{"keys":0}'),
    'keys as an object': reply(`{"keys":{"es-2":${key}}}`),
    'keys in upper case': reply(`{"KEYS":[${key}]}`),
    'keys in an inner object': reply(`{"data":{"keys":[${key}]}}`),
    'keys twice': reply(`{"keys":[${key}],"keys":[${key}]}`),
    'a member twice beside the keys': reply(`{"keys":[${key}],"a":1,"a":2}`),
    'a member twice in a key': reply(`{"keys":[${key.replace('"kid"', '"kid":"x","kid"')}]}`),
    'a member twice in a key, once escaped': reply(`{"keys":[${key.replace('"kid"', '"\\u006bid":"x","kid"')}]}`),
    'a number beyond all ranges': reply(`{"keys":[${key}],"a":1e400}`),
    'a depth bomb': reply(`{"keys":${'['.repeat(2000)}`),
    'a byte order mark': reply(`\ufeff${text}`),
    'an oauth error': reply('{"error":"server_error"}', {}, 500),
    ...Object.fromEntries([201, 206, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504].map((status) => [`status ${status} with a key set`, reply(set(jwk('es-2')), {}, status)])),
    ...Object.fromEntries([204, 304].map((status) => [`status ${status}`, reply('', {}, status)])),
    ...Object.fromEntries([301, 302, 303, 307, 308].map((status) => [`a redirection with status ${status}`, reply('', { location: moved }, status)])),
  };
  // A redirection leads to a good set: whoever follows it shows.
  const more = { key_sets: { [URI]: good, [moved]: set(jwk('es-2')) } };
  const passes = (fetched) => allow({ fetched });

  for (const [name, document] of Object.entries(bad)) {
    rule(`${name}, ahead of need: the good set goes on`, [at(0), at(240, document, passes(2)), at(244, document, passes(2)), at(245, undefined, passes(3)), at(484)], passes(3), more);
    rule(`${name}, past the age: the good set goes on`, [at(0), at(300, document, passes(2)), at(304, document, passes(2)), at(305)], passes(3), more);
  }
  for (const name of ['no answer', 'a sign-in page', 'half of a key set', 'an empty object', 'keys twice', 'status 404 with a key set', 'status 500 with a key set', 'a redirection with status 302']) {
    rule(`${name}, for an unknown key id: the good set goes on`, [
      at(0), at(40, bad[name], deny('keys_unavailable', { fetched: 2, headers: { 'retry-after': ['30'] } }), { key: 'es-2' }), at(41),
    ], passes(2), more);
    rule(`${name}, in the end: nothing passes`, [at(0), at(300, bad[name], passes(2)), at(900, bad[name])], deny('keys_unavailable', { fetched: 3, headers: { 'retry-after': ['10'] } }), more);
    rule(`${name}, in the first place: healed by a good set`, [at(0, bad[name], deny('keys_unavailable', { fetched: 1, headers: { 'retry-after': ['5'] } })), at(5)], passes(2), more);
  }
  rule('one byte more than 64 KiB: the good set goes on', [at(0), at(240, reply(filled(65_537)), passes(2)), at(245)], passes(3));
  rule('bad documents of different kinds are failures in one row', [
    at(0, bad['a sign-in page']), at(5, null), at(15, bad['status 404 with a key set']), at(35, bad['keys twice']),
  ], deny('keys_unavailable', { fetched: 4, headers: { 'retry-after': ['40'] } }));
  rule('a cache-control of a bad document means nothing', [at(0), at(240, reply('{}', { 'cache-control': 'max-age=86400' }), passes(2)), at(245)], passes(3));

  // A set that says nothing good is still a set.
  const empty = fresh({ keys: [] });
  rule('an empty list of keys replaces a good set', [at(0), at(240, empty, passes(2)), at(241, empty)], deny('key_unknown', { fetched: 3 }));
  rule('an empty list of keys in the first place', at(0, empty), deny('key_unknown', { fetched: 1 }));
  rule('a list without a usable key replaces a good set', [at(0), at(240, fresh({ keys: [{ kty: 'XYZ' }, 5] }), passes(2)), at(241, empty)], deny('key_unknown', { fetched: 3 }));
  rule('exactly 64 KiB are a good document', [at(0, reply(filled(65_536))), at(239)], passes(1));
  rule('white space around a key set', at(0, reply(` \r\n\t${text}\n`)), passes(1));
  rule('a key set of any content type', at(0, reply(text, { 'content-type': 'text/plain' })), passes(1));
}
