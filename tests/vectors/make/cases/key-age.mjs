// The cases of key-age.json.

import { KEY_SETS, URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { at, fresh, reply } from '../moments.mjs';
import { rule } from '../rules.mjs';

export const about = 'How long a fetched key set is used: keys.age, Cache-Control, and the fetch ahead of need that no request waits for.';

export function cases() {
  const good = KEY_SETS[URI];
  const rotated = reply(set(jwk('es-2')));
  const once = allow({ fetched: 1 });
  const twice = allow({ fetched: 2 });

  /** A set with this reply is fetched ahead in the second `due`, and not a second earlier. */
  const due = (name, first, second, more) => rule(`${name}: a fetch ahead is due after ${second} seconds`, [at(0, first, once), at(second - 1, undefined, once), at(second)], twice, more);
  /** The set serves through the last second of its age and no further: a request then waits for the next one. */
  const ends = (name, first, age, more) => {
    rule(`${name}: the set serves in second ${age - 1}`, [at(0, first), at(age - 1, rotated)], twice, more);
    rule(`${name}: the set has ended in second ${age}`, [at(0, first), at(age, rotated)], deny('key_unknown', { fetched: 2 }), more);
  };

  for (const [cacheControl, second] of [
    [undefined, 240], ['', 240], ['public', 240], ['private', 240], ['must-revalidate', 240], ['stale-while-revalidate=50', 240], ['x-max-age=50', 240],
    ['max-age=300', 240], ['max-age=301', 240], ['max-age=86400', 240], ['max-age=299', 240], ['max-age=295', 236], ['max-age=100', 80], ['max-age=35', 28],
    ['max-age=31', 25], ['max-age=30', 24], ['max-age=29', 24], ['max-age=1', 24], ['max-age=0', 24], ['no-store', 24], ['no-cache', 24], ['no-cache, no-store', 24],
    ['no-store, max-age=100', 24], ['max-age=100, no-cache', 24], ['max-age=100, max-age=200', 80], ['max-age=200, max-age=100', 80],
    ['public, max-age=100, must-revalidate', 80], ['public,max-age=100,immutable', 80], ['  max-age=100  ', 80], ['Max-Age=100', 80], ['MAX-AGE=100', 80], ['No-Store', 24],
    ['max-age="100"', 80], ['s-maxage=50, max-age=100', 80],
  ]) due(cacheControl === undefined ? 'no cache-control' : `cache-control ${JSON.stringify(cacheControl)}`, fresh(good, cacheControl), second);
  due('two fields of cache-control, the shorter first', { status: 200, headers: [['cache-control', 'max-age=100'], ['cache-control', 'max-age=200']], body: good }, 80);
  due('two fields of cache-control, the shorter last', { status: 200, headers: [['cache-control', 'max-age=200'], ['cache-control', 'max-age=100']], body: good }, 80);
  due('cache-control under a name in upper case', reply(good, { 'Cache-Control': 'max-age=100' }), 80);
  due('an expires header alone', reply(good, { expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }), 240);
  due('an age of 60 and a longer cache-control', fresh(good, 'max-age=100'), 48, { config: 'short age' });
  due('an age of 60 and a shorter cache-control', fresh(good, 'max-age=40'), 32, { config: 'short age' });
  due('an age of 60 and no-store', fresh(good, 'no-store'), 24, { config: 'short age' });
  due('an age of 20', fresh(good), 16, { config: 'shortest life' });
  due('an age of 20 and no-store', fresh(good, 'no-store'), 16, { config: 'shortest life' });
  due('an age of 20 and a shorter cache-control', fresh(good, 'max-age=10'), 16, { config: 'shortest life' });
  due('an age of 20 and a longer cache-control', fresh(good, 'max-age=25'), 16, { config: 'shortest life' });
  due('an age of one second', fresh(good), 1, { config: 'one second' });

  ends('the default age', fresh(good), 300);
  ends('a configured age', fresh(good), 60, { config: 'short age' });
  ends('cache-control of 100 seconds', fresh(good, 'max-age=100'), 100);
  ends('cache-control of a day', fresh(good, 'max-age=86400'), 300);
  ends('no-store', fresh(good, 'no-store'), 30);
  ends('cache-control of 31 seconds', fresh(good, 'max-age=31'), 31);
  ends('an age of 20 and no-store', fresh(good, 'no-store'), 20, { config: 'shortest life' });

  // Ahead of need.
  rule('a request beside a fetch ahead is answered with the held keys', [at(0), at(240, rotated)], twice);
  rule('a new key of a fetch ahead serves the next request', [at(0), at(240, rotated), at(240, rotated, undefined, { key: 'es-2' })], twice);
  rule('an old key withdrawn by a fetch ahead is unknown to the next request', [at(0), at(240, rotated), at(240, rotated)], deny('key_unknown', { fetched: 2 }));
  rule('a request that is denied may be beside a fetch ahead', [at(0), at(240, undefined, undefined, { claims: { aud: 'https://other.example' } })], deny('audience_mismatch', { fetched: 2 }));
  rule('a fetch ahead is not repeated once it has succeeded', [at(0), at(240, undefined, twice), at(241, undefined, twice), at(479)], twice);
  rule('the next fetch ahead counts from the last one', [at(0), at(240), at(479, undefined, twice), at(480)], allow({ fetched: 3 }));
  rule('the age counts from the fetch ahead', [at(0), at(299), at(538, undefined, twice), at(539)], allow({ fetched: 3 }));
  rule('the cache-control of the next set replaces that of the last', [at(0, fresh(good, 'max-age=100')), at(80, fresh(good, 'max-age=50'), twice), at(119, undefined, twice), at(120)], allow({ fetched: 3 }));
  rule('a next set without cache-control has the configured age', [at(0, fresh(good, 'max-age=100')), at(80, fresh(good), twice), at(319, undefined, twice), at(320)], allow({ fetched: 3 }));
  rule('a set that a request waited for is as old as that request', [at(0), at(1000, undefined, twice), at(1239, undefined, twice), at(1240)], allow({ fetched: 3 }));
  rule('a set that was not asked for over days is fetched again', [at(0), at(80_000)], twice);
  rule('a set fetched for an unknown key id is as old as that fetch', [at(0), at(100, undefined, deny('key_unknown', { fetched: 2 }), { key: 'es-2' }), at(339, undefined, twice), at(340)], allow({ fetched: 3 }));
  rule('no fetch is due before the first set', [at(0, null, deny('keys_unavailable', { fetched: 1 })), at(4)], deny('keys_unavailable', { fetched: 1 }));
  rule('an inline set is never fetched', [at(0), at(240), at(300), at(80_000)], allow({ fetched: 0 }), { config: 'inline keys' });
  rule('a clock that was set back begins the age anew', [at(0), at(-1000, undefined, once), at(-761, undefined, once), at(-760)], twice);
  const tenant = { claims: { iss: 'https://login.example.net/tenant-a', aud: 'api://tenant-a' }, key: 'rs-2', uri: 'https://login.example.net/tenant-a/jwks.json' };
  rule('each issuer has its own age', [
    at(0), at(100, undefined, twice, tenant), at(239, undefined, twice), at(240, undefined, allow({ fetched: 3 })), at(339, undefined, allow({ fetched: 3 }), tenant), at(340, undefined, undefined, tenant),
  ], allow({ fetched: 4 }), { config: 'several issuers' });
}
