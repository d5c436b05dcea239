// The cases of time.json.

import { raw } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'exp, nbf and iat against the clock, at the exact edges of the leeway.';

export function cases() {
  const at = (name, members, expect, more) => rule(name, call(token(members)), expect, more);
  const [expired, early, future] = [deny('token_expired'), deny('token_not_yet_valid'), deny('token_issued_in_future')];
  const strict = { config: 'no leeway' };

  at('expires in one second', { exp: NOW + 1 }, allow());
  at('expires at this very second', { exp: NOW }, allow());
  at('expired by one second, within the leeway', { exp: NOW - 1 }, allow());
  at('expired by one second less than the leeway', { exp: NOW - 29 }, allow());
  at('expired by exactly the leeway', { exp: NOW - 30 }, expired);
  at('expired by one second more than the leeway', { exp: NOW - 31 }, expired);
  at('expired long ago', { exp: 1 }, expired);
  at('expires at zero', { exp: 0 }, expired);
  at('expires before 1970', { exp: -1 }, expired);
  at('expires at the smallest exact number', { exp: raw('-9007199254740992') }, expired);
  at('expires at the largest exact number', { exp: raw('9007199254740992') }, allow());
  at('expires in a fraction of the last second of the leeway', { exp: raw('1699999970.5') }, allow());
  at('expires a millisecond into the last second of the leeway', { exp: raw('1699999970.001') }, allow());
  at('expired by the leeway and a fraction', { exp: raw('1699999969.5') }, expired);
  at('a whole number written as a fraction, one second in', { exp: raw('1699999971.0') }, allow());
  at('a whole number written as a fraction, at the edge', { exp: raw('1699999970.0') }, expired);
  at('exp with an exponent', { exp: raw('1.7000003e9') }, allow());
  at('exp with an exponent, in the past', { exp: raw('1.6e9') }, expired);
  at('exp as minus zero', { exp: raw('-0') }, expired);
  at('without leeway: expires in one second', { exp: NOW + 1 }, allow(), strict);
  at('without leeway: expires at this very second', { exp: NOW }, expired, strict);
  at('without leeway: expired by one second', { exp: NOW - 1 }, expired, strict);
  at('without leeway: expires in half a second', { exp: raw('1700000000.5') }, allow(), strict);

  at('not before a second ago', { nbf: NOW - 1 }, allow());
  at('not before this very second', { nbf: NOW }, allow());
  at('not before exactly the leeway from now', { nbf: NOW + 30 }, allow());
  at('not before one second more than the leeway', { nbf: NOW + 31 }, early);
  at('not before a fraction within the leeway', { nbf: raw('1700000029.5') }, allow());
  at('not before the leeway and a fraction', { nbf: raw('1700000030.5') }, early);
  at('not before zero', { nbf: 0 }, allow());
  at('not before 1970', { nbf: -1000 }, allow());
  at('not before the largest exact number', { nbf: raw('9007199254740992') }, early);
  at('without leeway: not before this very second', { nbf: NOW }, allow(), strict);
  at('without leeway: not before the next second', { nbf: NOW + 1 }, early, strict);

  at('issued at this very second', { iat: NOW }, allow());
  at('issued exactly the leeway from now', { iat: NOW + 30 }, allow());
  at('issued one second more than the leeway from now', { iat: NOW + 31 }, future);
  at('issued a fraction within the leeway from now', { iat: raw('1700000029.5') }, allow());
  at('issued the leeway and a fraction from now', { iat: raw('1700000030.5') }, future);
  at('issued at zero', { iat: 0 }, allow());
  at('issued before 1970', { iat: -1 }, allow());
  at('issued long ago and not yet expired', { iat: NOW - 10 * 365 * 86400 }, allow());
  at('without leeway: issued at this very second', { iat: NOW }, allow(), strict);
  at('without leeway: issued in the next second', { iat: NOW + 1 }, future, strict);

  // One token, one gate, a clock that moves: a token that passed once must not outlive its exp.
  const exp = token({ exp: NOW + 10 });
  rule('a token that passed expires while the gate runs', [call(exp, { expect: allow() }), call(exp, { now: NOW + 39, expect: allow() }), call(exp, { now: NOW + 40 })], deny('token_expired', { fetched: 1 }));
  const nbf = token({ nbf: NOW + 40 });
  rule('a token that was early passes later', [call(nbf, { expect: deny('token_not_yet_valid') }), call(nbf, { now: NOW + 9, expect: deny('token_not_yet_valid') }), call(nbf, { now: NOW + 10 })], allow());
  rule('a clock that goes back changes nothing for a good token', [call(exp, { expect: allow() }), call(exp, { now: NOW - 5 })], allow());
}
