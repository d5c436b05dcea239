// The cases of dpop-time.json.

import { json, raw } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { bound, shown } from '../proofs.mjs';
import { within } from '../rules.mjs';
import { NOW } from '../tokens.mjs';

export const about = 'iat, exp and nbf of a proof against the clock, at the exact edges of its age and the leeway: RFC 9449 sections 4.3 and 11.1.';

const AGE = 300;
const LEEWAY = 30;

export function cases() {
  const on = within('dpop required');
  const at = (name, members, expect = allow(), rule = on) => rule(name, shown(members), expect);
  const [expired, early, malformed] = [deny('proof_expired', { full: true, fetched: 1 }), deny('proof_not_yet_valid', { full: true, fetched: 1 }), deny('proof_claim_malformed')];

  at('issued at this very second', { iat: NOW });
  at('issued a second ago', { iat: NOW - 1 });
  at('issued in a second', { iat: NOW + 1 });
  at('issued one second less than the leeway from now', { iat: NOW + LEEWAY - 1 });
  at('issued exactly the leeway from now', { iat: NOW + LEEWAY });
  at('issued one second more than the leeway from now', { iat: NOW + LEEWAY + 1 }, early);
  at('issued a day from now', { iat: NOW + 86_400 }, early);
  at('issued exactly the age ago', { iat: NOW - AGE });
  at('issued one second more than the age ago', { iat: NOW - AGE - 1 });
  at('issued one second less than age and leeway ago', { iat: NOW - AGE - LEEWAY + 1 });
  at('issued exactly age and leeway ago', { iat: NOW - AGE - LEEWAY });
  at('issued one second more than age and leeway ago', { iat: NOW - AGE - LEEWAY - 1 }, expired);
  at('issued a day ago', { iat: NOW - 86_400 }, expired);
  at('issued at zero', { iat: 0 }, expired);
  at('issued before 1970', { iat: -1 }, expired);
  at('issued at minus zero', { iat: raw('-0') }, expired);
  at('issued at the smallest exact number', { iat: raw('-9007199254740992') }, expired);
  at('issued at the largest exact number', { iat: raw('9007199254740992') }, early);
  at('issued in milliseconds', { iat: NOW * 1000 }, early);
  at('issued a fraction ago', { iat: raw(`${NOW - 1}.5`) });
  at('issued a fraction within the leeway from now', { iat: raw(`${NOW + LEEWAY - 1}.5`) });
  at('issued the leeway and a fraction from now', { iat: raw(`${NOW + LEEWAY}.5`) }, early);
  at('issued the leeway and a millisecond from now', { iat: raw(`${NOW + LEEWAY}.001`) }, early);
  at('issued age and leeway ago, less a fraction', { iat: raw(`${NOW - AGE - LEEWAY}.5`) });
  at('issued age and leeway and a fraction ago', { iat: raw(`${NOW - AGE - LEEWAY - 1}.5`) }, expired);
  at('issued age and leeway and more than a second ago', { iat: raw(`${NOW - AGE - LEEWAY - 2}.5`) }, expired);
  at('a whole number written as a fraction', { iat: raw(`${NOW}.0`) });
  at('a whole number written as a fraction, at the edge', { iat: raw(`${NOW - AGE - LEEWAY}.000`) });
  at('a number with an exponent', { iat: raw('1.7e9') });
  at('a number with an exponent, in the past', { iat: raw('1.6e9') }, expired);
  at('no time of issue', { iat: undefined }, deny('proof_claim_missing'));
  for (const value of [null, '', String(NOW), '2023-11-14T22:13:20Z', true, false, [NOW], { at: NOW }]) at(`iat as ${json(value)}`, { iat: value }, malformed);
  for (const text of ['1e300', '-1e300', '9007199254740993', '-9007199254740993', '18446744073709551616', '1e16']) at(`iat as ${text} is out of range`, { iat: raw(text) }, malformed);
  at('iat as 1e400 is no number of any range', { iat: raw('1e400') }, deny(['proof_claim_malformed', 'proof_malformed']));

  // A configured age, and no leeway.
  const strict = within('proofs without leeway');
  for (const [name, iat, expect] of [
    ['at this very second', NOW, allow()], ['in the next second', NOW + 1, early], ['in a fraction of a second', raw(`${NOW}.5`), early],
    ['exactly the age ago', NOW - AGE, allow()], ['a second more than the age ago', NOW - AGE - 1, expired],
  ]) at(`without leeway: issued ${name}`, { iat }, expect, strict);
  const minute = within('proofs of a minute');
  for (const [name, iat, expect] of [
    ['a minute ago', NOW - 60, allow()], ['a minute and the leeway ago', NOW - 90, allow()], ['a second more ago', NOW - 91, expired], ['the leeway from now', NOW + 30, allow()], ['a second more from now', NOW + 31, early],
  ]) at(`an age of a minute: issued ${name}`, { iat }, expect, minute);
  const second = within('proofs of a second');
  for (const [name, iat, expect] of [['now', NOW, allow()], ['a second ago', NOW - 1, allow()], ['two seconds ago', NOW - 2, expired], ['in a second', NOW + 1, early]])
    at(`an age of a second: issued ${name}`, { iat }, expect, second);
  const hour = within('proofs of an hour');
  for (const [name, iat, expect] of [['an hour ago', NOW - 3600, allow()], ['an hour and the leeway ago', NOW - 3630, allow()], ['a second more ago', NOW - 3631, expired]])
    at(`an age of an hour: issued ${name}`, { iat }, expect, hour);

  // What a proof may say beside: RFC 7519 sections 4.1.4 and 4.1.5.
  at('expires in a second', { exp: NOW + 1 });
  at('expires at this very second', { exp: NOW });
  at('expired by one second less than the leeway', { exp: NOW - LEEWAY + 1 });
  at('expired by exactly the leeway', { exp: NOW - LEEWAY }, expired);
  at('expired by one second more than the leeway', { exp: NOW - LEEWAY - 1 }, expired);
  at('expires in a fraction of the last second of the leeway', { exp: raw(`${NOW - LEEWAY}.5`) });
  at('expired by the leeway and a fraction', { exp: raw(`${NOW - LEEWAY - 1}.5`) }, expired);
  at('expires at zero', { exp: 0 }, expired);
  at('expires at the largest exact number', { exp: raw('9007199254740992') });
  at('an expiry far away does not make a proof younger', { iat: NOW - AGE - LEEWAY - 1, exp: NOW + 86_400 }, expired);
  at('an expiry before the time of issue', { iat: NOW, exp: NOW - 1000 }, expired);
  at('without leeway: expires in a second', { exp: NOW + 1 }, allow(), strict);
  at('without leeway: expires at this very second', { exp: NOW }, expired, strict);
  at('not before this very second', { nbf: NOW });
  at('not before a year ago', { nbf: NOW - 365 * 86_400 });
  at('not before exactly the leeway from now', { nbf: NOW + LEEWAY });
  at('not before one second more than the leeway', { nbf: NOW + LEEWAY + 1 }, early);
  at('not before the leeway and a fraction', { nbf: raw(`${NOW + LEEWAY}.5`) }, early);
  at('without leeway: not before this very second', { nbf: NOW }, allow(), strict);
  at('without leeway: not before the next second', { nbf: NOW + 1 }, early, strict);
  at('all three, and all good', { iat: NOW - 1, nbf: NOW - 1, exp: NOW + 60 });
  for (const name of ['exp', 'nbf']) {
    for (const value of [null, '', String(NOW + 60), true, [NOW + 60], {}]) at(`${name} as ${json(value)}`, { [name]: value }, malformed);
    for (const text of ['1e300', '9007199254740993']) at(`${name} as ${text} is out of range`, { [name]: raw(text) }, malformed);
  }

  // One proof, one gate, a clock that moves.
  const visit = (seconds, members, expect) => shown(members, { of: bound({ exp: NOW + 5000 }) }, { now: NOW + seconds, ...(expect ? { expect } : {}) });
  on('a proof that was early passes later', [visit(0, { iat: NOW + 40 }, early), visit(9, { iat: NOW + 40 }, early), visit(10, { iat: NOW + 40 })], allow());
  on('a proof that was good is too old later', [visit(0, { htm: 'GET' }, deny('proof_method_mismatch')), visit(326, {})], deny('proof_expired'));
  on('a proof passes in its last second', [visit(0, { jti: 'proof-2' }, allow()), visit(325, {})], allow());
}
