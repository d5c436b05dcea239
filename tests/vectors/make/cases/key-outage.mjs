// The cases of key-outage.json.

import { KEY_SETS, URI } from '../configurations.mjs';
import { allow, deny } from '../expectations.mjs';
import { jwk, set } from '../keys.mjs';
import { at, fresh } from '../moments.mjs';
import { rule } from '../rules.mjs';

export const about = 'Fetches that fail: the last good set for a bounded time, back-off, 503 with retry-after, recovery.';

export function cases() {
  const good = KEY_SETS[URI];
  const lost = (seconds, expect) => at(seconds, null, expect);
  const passes = (fetched) => allow({ fetched });
  const gone = (fetched, seconds) => deny('keys_unavailable', { fetched, headers: { 'retry-after': [String(seconds)], 'www-authenticate': [] } });

  // There never was a set. Each failure in a row doubles the pause, up to a minute.
  const PAUSES = [5, 10, 20, 40, 60, 60, 60];
  const moments = PAUSES.reduce((all, pause) => [...all, all.at(-1) + pause], [0]);
  PAUSES.forEach((pause, n) => {
    const before = moments.slice(0, n).map((moment) => lost(moment));
    const count = n + 1;
    rule(`no set: failure ${count} asks to come back after ${pause} seconds`, [...before, lost(moments[n])], gone(count, pause));
    rule(`no set: a second later than failure ${count}`, [...before, lost(moments[n]), lost(moments[n] + 1)], gone(count, pause - 1));
    rule(`no set: a second before the end of pause ${count}`, [...before, lost(moments[n]), at(moments[n + 1] - 1)], gone(count, 1));
    rule(`no set: the end of pause ${count} brings the keys`, [...before, lost(moments[n]), at(moments[n + 1])], passes(count + 1));
  });
  rule('no set: long after a failure', [lost(0), at(5000)], passes(2));
  rule('no set: many requests within a pause fetch nothing', [lost(0), lost(1, gone(1, 4)), lost(2, gone(1, 3)), lost(3, gone(1, 2)), lost(4, gone(1, 1)), lost(4)], gone(1, 1));
  rule('a success ends the row of failures', [lost(0), lost(5), lost(15), at(35, undefined, passes(4)), lost(335, passes(5)), lost(339, passes(5)), at(340)], passes(6));

  // There is a set, the fetch ahead fails: the same pauses, and nobody notices.
  const ahead = [240, 245, 255, 275, 315, 375, 435, 495];
  ahead.slice(1).forEach((moment, n) => {
    const before = [at(0), ...ahead.slice(0, n + 1).map((each) => lost(each))];
    rule(`ahead: nothing is fetched a second before the end of pause ${n + 1}`, [...before, at(moment - 1)], passes(n + 2));
    rule(`ahead: the end of pause ${n + 1} brings the keys`, [...before, at(moment, undefined, passes(n + 3)), at(moment + 1)], passes(n + 3));
  });
  rule('ahead: a fetch that succeeds in the end counts from then', [at(0), lost(240), at(245), at(484, undefined, passes(3)), at(485)], passes(4));
  rule('ahead: after a success the pauses begin anew', [at(0), lost(240), lost(245), at(255), lost(495, passes(5)), lost(499, passes(5)), at(500)], passes(6));

  // Past its age. Without a failure before, the request that finds it out waits for the fetch.
  rule('the first failure at the end of the age', [at(0), lost(300)], passes(2));
  rule('the first failure long after the age', [at(0), lost(899)], passes(2));
  rule('the first failure when nothing may be used any more', [at(0), lost(900)], gone(2, 5));
  rule('the first failure a day later', [at(0), lost(80_000)], gone(2, 5));
  rule('a set past its age is used at once after a failure', [at(0), lost(300), lost(301, passes(2)), lost(304)], passes(2));
  rule('a set past its age is fetched ahead after the pause', [at(0), lost(300), lost(305, passes(3)), lost(314, passes(3)), lost(315)], passes(4));
  rule('a request past the age does not wait after a failure', [at(0), lost(300), at(305, fresh(set(jwk('es-2'))))], passes(3));
  rule('a set past its age comes back', [at(0), lost(300), at(305, undefined, passes(3)), at(306, undefined, passes(3)), at(544, undefined, passes(3)), at(545)], passes(4));
  rule('a set that failed ahead is used past its age at once', [at(0), lost(299), lost(303)], passes(2));
  rule('a set that failed ahead long ago is used until age and stale', [at(0), lost(240), at(899, fresh(set(jwk('es-2'))))], passes(3));
  rule('a set that failed ahead long ago is waited for after age and stale', [at(0), lost(240), at(900, fresh(set(jwk('es-2'))))], deny('key_unknown', { fetched: 3 }));

  const brief = { config: 'short life' };
  const row = [at(0), lost(60, passes(2)), lost(65, passes(3)), lost(75, passes(4)), lost(95, passes(5))];
  rule('60 and 60 seconds: through the whole outage', [...row, lost(119)], passes(5), brief);
  rule('60 and 60 seconds: the end of the outage\'s grace', [...row, lost(119, passes(5)), lost(120)], gone(5, 15), brief);
  rule('60 and 60 seconds: a second before the next try', [...row, lost(134)], gone(5, 1), brief);
  rule('60 and 60 seconds: the next try fails too', [...row, lost(135)], gone(6, 60), brief);
  rule('60 and 60 seconds: the next try heals', [...row, lost(130, gone(5, 5)), at(135, undefined, passes(6)), at(136)], passes(6), brief);
  rule('60 and 60 seconds: all goes on as before after the outage', [...row, at(135), at(182, undefined, passes(6)), at(183, undefined, passes(7)), lost(243, passes(8)), lost(302)], passes(9), brief);
  rule('60 and 60 seconds: the first failure in second 119', [at(0), lost(119)], passes(2), brief);
  rule('60 and 60 seconds: the first failure in second 120', [at(0), lost(120)], gone(2, 5), brief);
  rule('60 and 60 seconds: a failure ahead in second 48', [at(0), lost(48, passes(2)), lost(119)], passes(3), brief);
  rule('60 and 60 seconds: a failure ahead does not lengthen the life', [at(0), lost(48, passes(2)), lost(110, passes(3)), lost(120)], gone(4, 20), brief);

  const never = { config: 'nothing stale' };
  rule('nothing stale: a failure at the end of the age', [at(0), lost(60)], gone(2, 5), never);
  rule('nothing stale: a failure ahead of the end', [at(0), lost(59)], passes(2), never);
  rule('nothing stale: the pause after a failure ahead outlives the age', [at(0), lost(59), at(60)], gone(2, 4), never);
  rule('nothing stale: the end of that pause brings the keys', [at(0), lost(59), lost(63, gone(2, 1)), at(64)], passes(3), never);

  rule('the stale time counts from the age that cache-control gave: the last second', [at(0, fresh(good, 'max-age=100')), lost(699)], passes(2));
  rule('the stale time counts from the age that cache-control gave: the end', [at(0, fresh(good, 'max-age=100')), lost(700)], gone(2, 5));
  rule('the stale time counts from 30 seconds at least: the last second', [at(0, fresh(good, 'no-store')), lost(629)], passes(2));
  rule('the stale time counts from 30 seconds at least: the end', [at(0, fresh(good, 'no-store')), lost(630)], gone(2, 5));

  // What else is decided while keys are lost.
  const denied = (seconds, reason, members) => [[at(0), lost(300), at(301, null, undefined, members)], deny(reason, { fetched: 2 })];
  rule('a stale set still tells a forged signature', ...denied(301, 'signature_invalid', { key: 'es-2', header: { kid: 'es-1' } }));
  rule('a stale set still tells an expired token', ...denied(301, 'token_expired', { claims: { exp: 1_700_000_200 } }));
  rule('a stale set still tells another audience', ...denied(301, 'audience_mismatch', { claims: { aud: 'https://other.example' } }));
  rule('a stale set and an unknown key id', [at(0), lost(300), at(301, null, undefined, { key: 'es-2' })], deny('keys_unavailable'));
  rule('a rotation during the outage is seen after it', [
    at(0), lost(300), at(305, fresh(set(jwk('es-2'))), passes(3)), at(306, fresh(set(jwk('es-2'))), passes(3), { key: 'es-2' }), at(307, fresh(set(jwk('es-2')))),
  ], deny('key_unknown', { fetched: 4 }));
  rule('an outage in caracal\'s words', lost(0), deny('keys_unavailable', { full: true, headers: { 'retry-after': ['5'] } }), { config: 'caracal' });

  const tenant = { claims: { iss: 'https://login.example.net/tenant-a', aud: 'api://tenant-a' }, key: 'rs-2', uri: 'https://login.example.net/tenant-a/jwks.json' };
  const other = (seconds, answer, expect) => at(seconds, answer, expect, tenant);
  const many = { config: 'several issuers' };
  rule('one of two issuers is lost: the other goes on', [other(0, null, gone(1, 5)), at(1, undefined, passes(2)), other(4, null, gone(2, 1)), at(4)], passes(2), many);
  rule('each issuer has its own pauses', [other(0, null), lost(3, gone(2, 5)), other(5, null, gone(3, 10)), lost(7, gone(3, 1)), at(8, undefined, passes(4)), other(14, null, gone(4, 1)), other(15)], passes(5), many);
  rule('a set of one issuer is lost while that of another goes on', [at(0), other(100), lost(300, passes(3)), other(301)], passes(3), many);
}
