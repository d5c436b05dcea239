// The cases of discovery-life.json.

import { TENANT } from '../configurations.mjs';
import { KEYS, KEYS_URI, NOTHING, OAUTH, OPENID, PLACE, SECOND, metadata, visit } from '../discovering.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { reply } from '../moments.mjs';
import { within } from '../rules.mjs';

export const about = 'How long metadata is used, what follows when it changes, and how failures of discovery heal.';

export function cases() {
  const to = within('discovery');
  const found = (fetched) => allow({ fetched });
  const lost = (fetched, seconds) => deny('keys_unavailable', { fetched, headers: { 'retry-after': [String(seconds)], 'www-authenticate': [] } });
  const unknown = (fetched) => deny('key_unknown', { fetched });
  const NEXT_URI = 'https://keys.example.com/next.json';
  const next = reply(set(jwk('es-2')));
  const both = reply(set(jwk('es-1'), jwk('es-2')));

  const world = (cacheControl, keys = KEYS, members = {}) => ({
    [PLACE]: metadata(members, { headers: cacheControl === undefined ? {} : { 'cache-control': cacheControl } }), [KEYS_URI]: keys, [NEXT_URI]: next,
  });

  // Age.
  to('metadata and key set serve together', [visit(0, world(), found(2)), visit(1, {}), visit(239, {})], found(2));
  to('a key set is fetched again without its metadata', [visit(0, world(), found(2)), visit(300, world())], found(3));
  to('a fetch ahead needs no metadata while it is fresh', [visit(0, world(), found(2)), visit(240, world(), found(3)), visit(241, {})], found(3));
  for (const [cacheControl, seconds] of [
    [undefined, 3600], ['max-age=3600', 3600], ['max-age=3601', 3600], ['max-age=86400', 3600], ['public', 3600], ['max-age=1000', 1000], ['max-age=301', 301], ['max-age=1000, max-age=2000', 1000],
  ]) {
    const name = cacheControl === undefined ? 'metadata without cache-control' : `metadata with cache-control ${JSON.stringify(cacheControl)}`;
    to(`${name}: still used after ${seconds - 1} seconds`, [visit(0, world(cacheControl)), visit(seconds - 1, world())], found(3));
    to(`${name}: read again after ${seconds} seconds`, [visit(0, world(cacheControl)), visit(seconds, world())], found(4));
  }
  const short = within('discovery with a short age');
  for (const cacheControl of ['no-store', 'no-cache', 'max-age=0', 'max-age=10', 'max-age=29', 'max-age=30']) {
    short(`metadata with cache-control ${cacheControl}: used for 29 seconds`, [visit(0, world(cacheControl)), visit(29, world())], found(3));
    short(`metadata with cache-control ${cacheControl}: read again after 30 seconds`, [visit(0, world(cacheControl)), visit(30, world())], found(4));
  }
  to('metadata that has ended is not read before the next key fetch', [visit(0, world('max-age=30')), visit(31, {}), visit(239, {})], found(2));
  to('metadata that was read again has its own age', [visit(0, world('max-age=300')), visit(300, world('max-age=600'), found(4)), visit(600, world(), found(5)), visit(900, world())], found(7));
  to('metadata is read again at its first place, wherever it was found', [
    visit(0, { [PLACE]: NOTHING, [SECOND]: metadata({}, { headers: { 'cache-control': 'max-age=300' } }), [KEYS_URI]: KEYS }, found(3)), visit(300, world()),
  ], found(5));
  to('ahead of need, metadata that has ended is read again before the keys', [
    visit(0, world('max-age=100')), visit(240, world(undefined, both)), visit(241, world(undefined, both)), visit(242, {}, undefined, { key: 'es-2' }),
  ], found(4));

  // A changed place of the keys.
  const moved = world(undefined, null, { jwks_uri: NEXT_URI });
  to('a changed place of the keys is followed', [visit(0, world('max-age=300')), visit(300, moved, undefined, { key: 'es-2' })], found(4));
  to('a changed place of the keys: keys of the old place are gone', [visit(0, world('max-age=300')), visit(300, moved)], unknown(4));
  to('a changed place of the keys is not seen while the metadata is fresh', [visit(0, world()), visit(300, { ...moved, [KEYS_URI]: KEYS })], found(3));
  to('a place of the keys that changes back', [visit(0, world('max-age=300')), visit(300, { ...moved, [PLACE]: metadata({ jwks_uri: NEXT_URI }, { headers: { 'cache-control': 'max-age=300' } }) }, unknown(4)), visit(600, world())], found(6));
  to('a place of the keys that is lost until the metadata is read again', [
    visit(0, world('max-age=300')), visit(240, { ...moved, [PLACE]: null }, found(3)), visit(300, moved), visit(301, moved), visit(302, moved, undefined, { key: 'es-2' }),
  ], found(5));

  // An unknown key id.
  to('a new key is found by its first token', [visit(0, world()), visit(40, world(undefined, both), undefined, { key: 'es-2' })], found(3));
  to('a new key is found by its first token although the metadata has ended', [visit(0, world('max-age=30')), visit(40, world('max-age=30', both), undefined, { key: 'es-2' })], found(4));
  to('a new key at a new place is found by its first token', [visit(0, world('max-age=30')), visit(40, moved, undefined, { key: 'es-2' })], found(4));
  to('forged key ids fetch once in 30 seconds', [visit(0, world()), visit(40, world(), unknown(3), { key: 'es-2' }), visit(69, world(), undefined, { key: 'es-2' })], unknown(3));
  to('forged key ids fetch once in 30 seconds although the metadata has ended', [visit(0, world('max-age=30')), visit(40, world(), unknown(4), { key: 'es-2' }), visit(69, world(), undefined, { key: 'es-2' })], unknown(4));
  to('metadata lost for an unknown key id: known keys go on', [visit(0, world('max-age=30')), visit(40, {}, lost(3, 30), { key: 'es-2' }), visit(41, {})], found(3));

  // Failures and recovery.
  to('no answer at first', [visit(0, {}, lost(1, 5)), visit(4, world(), lost(1, 1)), visit(5, world())], found(3));
  to('failures in a row double the pause', [visit(0, {}, lost(1, 5)), visit(5, {}, lost(2, 10)), visit(15, {}, lost(3, 20)), visit(35, {})], lost(4, 40));
  to('one attempt at all places is one failure', [visit(0, { [PLACE]: NOTHING, [SECOND]: NOTHING }, lost(2, 5)), visit(4, {}, lost(2, 1)), visit(5, { [PLACE]: NOTHING, [SECOND]: NOTHING })], lost(4, 10));
  to('the next attempt begins at the first place', [visit(0, { [PLACE]: NOTHING, [SECOND]: NOTHING }, lost(2, 5)), visit(5, world())], found(4));
  to('an attempt that ended at the second place begins at the first', [visit(0, { [PLACE]: NOTHING, [SECOND]: null }, lost(2, 5)), visit(5, { ...world(), [SECOND]: NOTHING })], found(4));
  to('keys that were lost: the metadata is read again first', [visit(0, { ...world(), [KEYS_URI]: null }, lost(2, 5)), visit(5, world())], found(4));
  to('keys that have moved are found at once after the back-off', [visit(0, { ...world(), [KEYS_URI]: null }, lost(2, 5)), visit(5, { ...world(undefined, null, { jwks_uri: NEXT_URI }), [NEXT_URI]: both })], found(4));
  to('good metadata does not end a row of failures', [visit(0, { ...world(), [KEYS_URI]: null }, lost(2, 5)), visit(5, { ...world(), [KEYS_URI]: NOTHING })], lost(4, 10));
  to('metadata lost past the age: the held set goes on', [visit(0, world('max-age=300')), visit(300, {}, found(3)), visit(304, {})], found(3));
  to('metadata spoilt past the age: the held set goes on', [visit(0, world('max-age=300')), visit(300, { [PLACE]: NOTHING, [SECOND]: metadata({ issuer: TENANT }) }, found(4)), visit(304, {})], found(4));
  to('metadata lost past the age: heals', [visit(0, world('max-age=300')), visit(300, {}, found(3)), visit(305, world()), visit(306, world()), visit(307, {})], found(5));
  to('metadata lost until nothing may be used any more', [visit(0, world('max-age=300')), visit(899, {}, found(3)), visit(900, {})], lost(3, 4));
  to('metadata lost for good', [visit(0, world('max-age=300')), visit(900, {})], lost(3, 5));

  // Several issuers.
  const many = within('discovery of several issuers');
  const tenant = (seconds, fetches, expect) => visit(seconds, fetches, expect, { iss: TENANT, key: 'rs-2' });
  const TENANT_KEYS = 'https://login.example.net/jwks';
  const all = {
    ...world(), [`https://login.example.net${OAUTH}/tenant-a`]: metadata({ issuer: TENANT, jwks_uri: TENANT_KEYS }), [TENANT_KEYS]: reply(set(jwk('rs-2'))),
  };
  const { [PLACE]: gone, ...down } = all;
  many('each issuer is discovered by its first token', [visit(0, all, found(2)), tenant(1, all, found(4)), visit(2, {}), tenant(3, {})], found(4));
  many('one issuer is down: the other is discovered', [visit(0, down, lost(1, 5)), tenant(0, down, found(3)), visit(1, down)], lost(3, 4));
  many('one issuer is down: the other goes on', [tenant(0, down, found(2)), visit(1, down, lost(3, 5)), tenant(2, down)], found(3));
  many('one issuer that was down heals by itself', [visit(0, down, lost(1, 5)), tenant(1, down, found(3)), visit(5, all)], found(5));
  many('the metadata of one issuer does not serve another', visit(0, { [PLACE]: metadata({ issuer: TENANT }), [SECOND]: metadata({ issuer: TENANT }), ...{ [KEYS_URI]: KEYS } }), lost(2, 5));
  many('one place of keys for two issuers: each has its own set', [
    visit(0, all, found(2)), visit(1, { ...all, [`https://login.example.net${OAUTH}/tenant-a`]: metadata({ issuer: TENANT }) }, undefined, { iss: TENANT }),
  ], found(4));
  many('an appended document of one issuer', visit(0, {
    [`https://login.example.net${OAUTH}/tenant-a`]: NOTHING, [`https://login.example.net${OPENID}/tenant-a`]: NOTHING, [TENANT + OPENID]: metadata({ issuer: TENANT }), [KEYS_URI]: KEYS,
  }, undefined, { iss: TENANT }), found(4));
}
