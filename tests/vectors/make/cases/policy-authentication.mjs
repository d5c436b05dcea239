// The cases of policy-authentication.json.

import { passes, posted, ruled, tool } from '../calls.mjs';
import { raw } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { bound, proof, proven } from '../proofs.mjs';
import { having } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'How strongly and how recently the user must have authenticated (RFC 9470), and tokens that must be bound to a key (RFC 9449).';

export function cases() {
  const on = (name, require, members) => {
    const own = having(name, ruled([{ match: { tool: 'run' }, require }, { match: { tool: 'walk' } }], {}, members));
    return (label, claims, expect, called = 'run') => own(`${name}: ${label}`, posted(tool(called), { claims }), expect);
  };
  const failed = deny('policy_eval_failed');
  const stepUp = (challenge) => deny('insufficient_user_authentication', { full: true, challenge });

  const acr = on('acr', { acr: ['urn:mfa', 'phr'] });
  const strong = stepUp({ acr: ['urn:mfa', 'phr'] });
  for (const value of ['urn:mfa', 'phr']) acr(value, { acr: value }, passes);
  for (const value of ['0', '', 'URN:MFA', 'urn:mfa2', 'urn:mfa phr']) acr(value || 'nothing', { acr: value }, strong);
  acr('missing', {}, strong);
  acr('null', { acr: null }, strong);
  for (const value of [2, true, ['phr'], { phr: 1 }]) acr(JSON.stringify(value), { acr: value }, failed);
  acr('another tool', {}, passes, 'walk');
  on('one acr', { acr: 'phr' })('missing', {}, stepUp({ acr: ['phr'] }));

  const amr = on('amr', { amr: ['pwd', 'otp'] });
  const methods = stepUp({});
  for (const value of [['pwd', 'otp'], ['otp', 'mfa', 'pwd']]) amr(JSON.stringify(value), { amr: value }, passes);
  for (const value of [[], ['pwd'], ['otp'], ['PWD', 'OTP'], ['pwd otp']]) amr(JSON.stringify(value), { amr: value }, methods);
  amr('missing', {}, methods);
  amr('null', { amr: null }, methods);
  for (const value of ['pwd', ['pwd', 'otp', 1], { pwd: 1 }]) amr(JSON.stringify(value), { amr: value }, failed);

  // The leeway of 30 seconds counts for the user.
  const age = on('max_age', { max_age: 300 });
  const recent = stepUp({ maxAge: 300 });
  for (const seconds of [0, 299, 300, 330]) age(`${seconds} seconds ago`, { auth_time: NOW - seconds }, passes);
  for (const seconds of [331, 86_400, NOW]) age(`${seconds} seconds ago`, { auth_time: NOW - seconds }, recent);
  age('a moment ahead', { auth_time: NOW + 20 }, passes);
  age('half a second within', { auth_time: raw(`${NOW - 329.5}`) }, passes);
  age('half a second beyond', { auth_time: raw(`${NOW - 330.5}`) }, recent);
  age('missing', {}, recent);
  age('the time of issue counts for nothing', { iat: NOW }, recent);
  for (const value of [`${NOW}`, true, null, [NOW], raw('1e300')]) age(value?.text ?? JSON.stringify(value), { auth_time: value }, failed);
  const now = on('max_age of nothing, without leeway', { max_age: 0 }, { leeway: 0 });
  now('this second', { auth_time: NOW }, passes);
  now('a second ago', { auth_time: NOW - 1 }, stepUp({ maxAge: 0 }));

  const both = on('acr and max_age', { acr: 'phr', max_age: 60 });
  const all = stepUp({ acr: ['phr'], maxAge: 60 });
  both('both', { acr: 'phr', auth_time: NOW }, passes);
  both('too weak', { acr: 'x', auth_time: NOW }, all);
  both('too old', { acr: 'phr', auth_time: NOW - 600 }, all);
  both('neither', {}, all);
  const scoped = on('acr and scopes', { acr: 'phr', scopes: 'files:drop' }, { scopes: ['mcp:read'] });
  scoped('scopes come first', {}, deny('insufficient_scope', { challenge: { scopes: ['mcp:read', 'files:drop'] } }));
  scoped('then the strength', { scope: 'mcp:read files:drop' }, stepUp({ acr: ['phr'] }));
  on('roles and acr', { roles: 'admin', acr: 'phr' })('what a new sign-in cannot bring comes first', { roles: ['user'] }, deny('policy_denied'));
  on('acr with a realm', { acr: 'phr' }, { challenge: { realm: 'mcp' } })('missing', {}, stepUp({ acr: ['phr'] }));
  on('acr with optional proofs', { acr: 'phr', max_age: 60 }, { dpop: { mode: 'optional' } })('missing', {}, all);
  on('acr in the words of Caracal', { acr: 'phr' }, { errors: { vocabulary: 'caracal' } })('missing', {}, stepUp({ acr: ['phr'] }));

  // A bound token, for one tool.
  const dpop = having('dpop', ruled([{ match: { tool: 'run' }, require: { dpop: true } }, { match: { tool: 'walk' } }], {}, { dpop: { mode: 'optional' } }));
  const unbound = deny('token_not_bound', { full: true });
  dpop('a bound token with its proof', proven(bound(), proof(), { body: tool('run') }), passes);
  dpop('a token that is not bound', posted(tool('run')), unbound);
  dpop('a token that is not bound, for another tool', posted(tool('walk')), passes);
  dpop('a bound token with its proof, for another tool', proven(bound(), proof(), { body: tool('walk') }), passes);
  dpop('a bound token without its proof', proven(bound(), [], { body: tool('run') }), deny('proof_missing'));
  dpop('a token that is not bound, with a proof', proven(token(), proof({}, { of: token() }), { body: tool('run') }), unbound);
  const every = having('dpop for every call', ruled([{ match: { tool: 'run' } }], { require: { dpop: true } }, { dpop: { mode: 'optional' } }));
  every('dpop for every call: bound', proven(bound(), proof(), { body: tool('run') }), passes);
  every('dpop for every call: not bound', posted(tool('run')), unbound);
  every('dpop for every call: not bound, and no body is looked at', posted('{'), unbound);
}
