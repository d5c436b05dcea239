// The cases of key-rotation.json.

import { KEY_SETS, TENANT_URI, URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { at, fresh } from '../moments.mjs';
import { rule } from '../rules.mjs';

export const about = 'Keys that come and go: an unknown key id forces one fetch in 30 seconds, an old key ends with the refresh.';

export function cases() {
  const both = fresh(set(jwk('es-1'), jwk('es-2')));
  const next = fresh(set(jwk('es-2')));
  const passes = (fetched) => allow({ fetched });
  const unknown = (fetched) => deny('key_unknown', { fetched });
  const lost = (fetched, seconds) => deny('keys_unavailable', { fetched, headers: { 'retry-after': [String(seconds)], 'www-authenticate': [] } });
  const fresher = (seconds, answer, expect) => at(seconds, answer, expect, { key: 'es-2' });
  const stranger = (seconds, expect, answer) => at(seconds, answer, expect, { key: 'es-other', header: { kid: `nobody-${seconds}` } });

  // An unknown key id.
  rule('a new key is found by its first token', [at(0), fresher(1, both)], passes(2));
  rule('a new key is not looked for in the second of the fetch', [at(0), fresher(0, both)], unknown(1));
  rule('a new key in the very first token', fresher(0, both), passes(1));
  rule('an unknown key id in the very first token fetches once', fresher(0), unknown(1));
  rule('an unknown key id past the age fetches once', [at(0), fresher(300)], unknown(2));
  for (const [seconds, expect] of [[41, unknown(2)], [69, unknown(2)], [70, passes(3)], [71, passes(3)]])
    rule(`a new key ${seconds - 40} seconds after a fetch in vain`, [at(0), fresher(40, undefined, unknown(2)), fresher(seconds, both)], expect);
  for (const seconds of [69, 70, 71])
    rule(`another unknown key id ${seconds - 40} seconds after the last`, [at(0), stranger(40, unknown(2)), stranger(seconds)], unknown(seconds < 70 ? 2 : 3));
  rule('a hundred seconds of forged key ids fetch every 30 seconds', [at(0), ...[10, 20, 39, 40, 55, 69, 70, 99, 100, 109].map((seconds) => stranger(seconds))], unknown(5));
  rule('a new key that a forged key id found', [at(0), stranger(40, unknown(2), both), fresher(41)], passes(2));
  rule('after a forged key id, a new key waits for its 30 seconds', [at(0), stranger(40, unknown(2)), fresher(50, both, unknown(2)), fresher(70, both)], passes(3));
  rule('known keys go on between forged key ids', [at(0), stranger(40), at(41), stranger(42), at(43)], passes(2));
  rule('a fetch that found a key counts too', [at(0), fresher(40, both, passes(2)), stranger(41, unknown(2)), stranger(69, unknown(2)), stranger(70)], unknown(3));
  rule('a fetch ahead does not count as one for an unknown key id', [at(0), at(240, undefined, passes(2)), fresher(241, both)], passes(3));
  rule('a fetch ahead brings the new key within the 30 seconds', [at(0), stranger(230, unknown(2)), at(470, both, passes(3)), fresher(471)], passes(3));
  rule('a forged signature under a known key id forces nothing', [at(0), at(40, both, undefined, { key: 'es-2', header: { kid: 'es-1' } })], deny('signature_invalid', { fetched: 1 }));
  rule('a known key id for another algorithm forces a fetch', [at(0), at(40, undefined, undefined, { key: 'rs-1', header: { kid: 'es-1' } })], unknown(2));
  rule('a token without key id that fits no key forces a fetch', [at(0), at(40, fresh(set(jwk('es-1'), jwk('ed-1'))), undefined, { key: 'ed-1', header: { kid: undefined } })], passes(2));
  rule('an algorithm that is not allowed forces nothing', [at(0), at(40, undefined, undefined, { key: 'p384-1' })], deny('algorithm_not_allowed', { fetched: 1 }));
  rule('an unknown issuer forces nothing', [at(0), at(40, undefined, undefined, { key: 'es-2', claims: { iss: 'https://elsewhere.example' } })], deny('issuer_unknown', { fetched: 1 }));
  rule('an inline set forces nothing', [at(0), fresher(40, both)], unknown(0), { config: 'inline keys' });

  // The forced fetch fails: nobody knows whether the key exists.
  const failed = [at(0), fresher(40, null, lost(2, 30))];
  for (const [seconds, expect] of [[41, lost(2, 29)], [50, lost(2, 20)], [69, lost(2, 1)], [70, passes(3)], [71, passes(3)]])
    rule(`a new key ${seconds - 40} seconds after a forced fetch that failed`, [...failed, fresher(seconds, both)], expect);
  rule('known keys go on after a forced fetch that failed', [...failed, at(41, null, passes(2)), at(50, null, passes(2)), at(239)], passes(2));
  rule('other unknown key ids wait as long after a forced fetch that failed', [...failed, stranger(45)], lost(2, 25));
  rule('a second forced fetch that fails', [...failed, fresher(70, null)], lost(3, 30));
  rule('a forced fetch that fails, then one in vain', [...failed, fresher(70, undefined, unknown(3)), fresher(99, both)], unknown(3));
  rule('a forced fetch that fails, then one that brings the key', [...failed, fresher(70, both, passes(3)), fresher(71, undefined, passes(3)), at(72)], passes(3));
  rule('a forced fetch that fails does not end the set', [...failed, at(299)], passes(3));
  rule('a forced fetch that fails does not make the set younger', [...failed, at(239, undefined, passes(2)), at(240)], passes(3));
  rule('after a forced fetch that failed, the set past its age is used at once', [...failed, at(300, next)], passes(3));

  // Old and new.
  rule('the new key beside the old one: both pass', [at(0), at(240, both), at(241), fresher(241)], passes(2));
  rule('the old key is withdrawn by the refresh', [at(0), at(240, next, passes(2)), at(241, next)], unknown(3));
  rule('the new key passes from the refresh on', [at(0), at(240, next, passes(2)), fresher(241)], passes(2));
  rule('the old key is withdrawn by the fetch that found the new one', [at(0), fresher(40, next, passes(2)), at(41, next)], unknown(2));
  rule('an old key that comes back', [at(0), at(240, next), at(241, next, unknown(3)), at(271)], passes(4));
  rule('three sets: one, both, the other', [
    at(0, fresh(set(jwk('es-1')))), fresher(100, both, passes(2)), at(101, undefined, passes(2)), at(340, next, passes(3)), fresher(341, undefined, passes(3)), at(341, next),
  ], unknown(4));
  const swapped = fresh(set(jwk('es-2', { kid: 'es-1' })));
  const imitated = (seconds, expect) => at(seconds, undefined, expect, { key: 'es-2', header: { kid: 'es-1' } });
  rule('a key replaced under its id: the old one no longer verifies', [at(0), at(240, swapped, passes(2)), at(241)], deny('signature_invalid', { fetched: 2 }));
  rule('a key replaced under its id: the new one verifies', [at(0), at(240, swapped, passes(2)), imitated(241)], passes(2));
  rule('a key replaced under its id: the new one waits for the refresh', [at(0), imitated(239)], deny('signature_invalid', { fetched: 1 }));
  rule('a key that becomes one for encryption', [at(0), at(240, fresh(set(jwk('es-1', { use: 'enc' }))), passes(2)), at(241, fresh(set(jwk('es-1', { use: 'enc' }))))], unknown(3));
  const bare = (seconds, answer, expect) => at(seconds, answer, expect, { header: { kid: undefined } });
  rule('a second key makes a token without key id ambiguous', [bare(0, undefined, passes(1)), bare(240, both, passes(2)), bare(241)], deny('key_ambiguous', { fetched: 2 }));
  rule('a token without key id passes again when one key is left', [bare(0, both, deny('key_ambiguous')), bare(240, fresh(set(jwk('es-1'))), deny('key_ambiguous', { fetched: 2 })), bare(241)], passes(2));
  rule('a rotation to another algorithm', [at(0), at(40, fresh(set(jwk('ed-1'))), passes(2), { key: 'ed-1' }), at(41, fresh(set(jwk('ed-1'))))], unknown(2));

  // Each issuer by itself.
  const many = { config: 'several issuers', key_sets: { [URI]: KEY_SETS[URI], [TENANT_URI]: KEY_SETS[TENANT_URI] } };
  const tenant = (seconds, expect, key = 'rs-2', answer) => at(seconds, answer, expect, { claims: { iss: 'https://login.example.net/tenant-a', aud: 'api://tenant-a' }, key, uri: TENANT_URI });
  rule('each issuer has its own 30 seconds', [at(0), tenant(0), stranger(40, unknown(3)), tenant(41, unknown(4), 'rs-other'), stranger(42, unknown(4)), tenant(43, undefined, 'rs-other')], unknown(4), many);
  rule('an unknown key id of one issuer is not looked for at another', [at(0), tenant(0), tenant(40, unknown(3), 'rs-1')], unknown(3), many);
  rule('a forced fetch that fails at one issuer leaves the other', [at(0), tenant(0), tenant(40, lost(3, 30), 'rs-other', null), stranger(41)], unknown(4), many);
}
