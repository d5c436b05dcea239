// The cases of policy-order.json.

import { ECHO, message, passes, posted, ruled, tool } from '../calls.mjs';
import { APP, URI } from '../configurations.mjs';
import { DENIED } from '../denials.mjs';
import { METADATA, allow, answer, deny, permit } from '../expectations.mjs';
import { caracal, mandated } from '../mandates.mjs';
import { bound, proof, proven, shown } from '../proofs.mjs';
import { call, get, request } from '../requests.mjs';
import { having } from '../rules.mjs';
import { token } from '../tokens.mjs';

export const about = 'What is decided first, what only then: token, proof, what every call needs, rules that need no body, the body, its rules; and when a proof is used up.';

// More than the limit of those gates that are sent it.
const LIMITS = { limits: { body: 512 } };
const LARGE = 'x'.repeat(513);
const then = (sent, expect) => ({ ...sent, expect });

export function cases() {
  const denied = deny('policy_denied');
  const malformed = '{"jsonrpc":';

  // The credential comes before all that is asked of the call.
  const on = having('one tool', ECHO);
  for (const [reason, { body: _, ...sent }] of Object.entries(DENIED)) {
    on(`${reason} comes before a malformed body`, { ...sent, body: malformed }, deny(reason));
    on(`${reason} comes before a tool that is forbidden`, { ...sent, body: tool('delete') }, deny(reason));
  }
  on('the metadata document needs no rule', get(`https://api.example.com${METADATA}/mcp`), answer());
  having('origins and rules', ruled([{ match: { tool: 'echo' } }], {}, { origins: [APP] }))('a preflight needs no rule', request([['origin', APP], ['access-control-request-method', 'POST']], { method: 'OPTIONS' }), permit(APP, []));
  const pages = having('rules for pages', ruled([{ match: { tool: 'echo' } }], {}, { origins: [APP] }));
  pages('an origin that is not listed comes before a malformed body', posted(malformed, { headers: [['origin', 'https://evil.example']] }), deny('origin_forbidden'));
  pages('a denial to a listed origin can be read by its page', posted(tool('delete'), { headers: [['origin', APP]] }), deny('policy_denied', { headers: { 'access-control-allow-origin': [APP] } }));
  pages('a malformed body of a listed origin', posted(malformed, { headers: [['origin', APP]] }), deny('parse_error', { headers: { 'access-control-allow-origin': [APP] } }));

  // Where a rule decides that needs no body, none is asked for.
  const first = having('a path before tools', ruled([{ match: { path: '/health' } }, { match: { http: 'PUT' }, effect: 'deny' }, { match: { tool: 'echo' } }], {}, LIMITS));
  const health = { url: 'https://api.example.com/health' };
  first('a malformed body, and a rule that needs none lets pass', posted(malformed, health), passes);
  first('a compressed body, and a rule that needs none lets pass', posted(malformed, { ...health, headers: [['content-encoding', 'gzip']] }), passes);
  first('a body over the limit, and a rule that needs none lets pass', posted(LARGE, health), passes);
  first('headers that disagree, and a rule that needs none lets pass', posted(tool('x'), { ...health, headers: [['mcp-name', 'y']] }), passes);
  first('a malformed body, and a rule that needs none denies', posted(malformed, { method: 'PUT' }), denied);
  first('a malformed body, and the first rule that may match needs it', posted(malformed), deny('parse_error'));
  const after = having('a tool before a path', ruled([{ match: { tool: 'delete' }, effect: 'deny' }, { match: { path: '/health' } }]));
  after('a malformed body, and a rule that needs it comes first', posted(malformed, health), deny('parse_error'));
  after('a tool that is denied before its path lets pass', posted(tool('delete'), health), denied);
  after('a tool that is not denied, and its path lets pass', posted(tool('echo'), health), passes);
  const apart = having('a tool on another path', ruled([{ match: { path: '/mcp', tool: 'echo' } }, { match: { http: 'POST', method: 'tools/*', path: '/other/*' } }], { default: 'allow' }));
  apart('a malformed body where no rule about bodies could match', posted(malformed, health), passes);
  apart('a malformed body where one could', posted(malformed), deny('parse_error'));
  apart('a malformed body where one could, but for its method', posted(malformed, { url: 'https://api.example.com/other/a', method: 'PUT' }), passes);
  apart('a malformed body where one could, by method and path', posted(malformed, { url: 'https://api.example.com/other/a' }), deny('parse_error'));
  const kinds = having('no message', ruled([{ match: { http: 'GET', message: 'none' } }, { match: { http: 'POST' } }]));
  kinds('a malformed body of a method that no rule about messages is about', posted(malformed), passes);

  // What every call needs is decided before its body is asked for; scopes with the rules, so that one challenge has all.
  const every = having('what every call needs', ruled([{ match: { tool: 'echo' }, require: { scopes: 'files:read' } }], { require: { roles: 'member', scopes: 'mcp:use', acr: 'phr' } }, LIMITS));
  const member = { roles: ['member'], acr: 'phr' };
  every('a malformed body of a caller who lacks what every call needs', posted(malformed, { claims: { acr: 'phr', roles: ['x'] } }), denied);
  every('a malformed body of a caller whose claim is missing', posted(malformed, { claims: { acr: 'phr' } }), deny('policy_eval_failed'));
  every('a malformed body of a caller who must sign in again', posted(malformed, { claims: { roles: ['member'] } }), deny('insufficient_user_authentication', { challenge: { acr: ['phr'] } }));
  every('a malformed body of a caller who lacks scopes only', posted(malformed, { claims: member }), deny('parse_error'));
  every('a call of a caller who lacks scopes only', posted(tool('echo'), { claims: member }), deny('insufficient_scope', { challenge: { scopes: ['mcp:use', 'files:read'] } }));
  every('a body over the limit of a caller who lacks what every call needs', posted(LARGE, { claims: { acr: 'phr', roles: ['x'] } }), denied);
  const zone = having('mandates and a tool', caracal({}, { rules: [{ match: { tool: 'run' } }] }));
  zone('a malformed body, and a mandate of another zone', { ...mandated({ zone_id: 'zone-2' }), body: malformed }, deny('invalid_zone'));
  zone('a malformed body, and a mandate through eleven hands', { ...mandated({ hop_count: 11 }), body: malformed }, deny('hop_count_exceeded'));
  zone('a malformed body, and a good mandate', { ...mandated(), body: malformed }, deny('parse_error'));
  on('a body before it has been read counts as much as after', posted(tool('echo')), passes);
  on('keys that cannot be had come before the body', posted(malformed, { fetches: { [URI]: null } }), deny('keys_unavailable'));

  // A proof is used up by a call that passes, and by no denial that is known without its body.
  const modes = { hold_body: 'held body', hold_headers: 'held headers' };
  for (const [mode, name] of Object.entries(modes)) {
    const gate = having(name, ruled([
      { match: { path: '/closed' }, effect: 'deny' },
      { match: { path: '/open' } },
      { match: { tool: 'echo' } },
      { match: { tool: 'write' }, require: { scopes: 'files:write' } },
    ], { body: mode, require: { roles: 'member' } }, { ...LIMITS, dpop: { mode: 'required' } }));
    const of = bound({ roles: ['member'] });
    const sent = (body, more = {}) => shown({}, { of }, { body, ...more });
    const at = (path, body = malformed) => proven(of, proof({ htu: `https://api.example.com${path}` }, { of }), { body, url: `https://api.example.com${path}` });
    const spent = deny('proof_replayed');
    const wasted = mode === 'hold_body';
    const again = (label, earlier, expect, left) => gate(`${name}: ${label}`, [then(earlier, expect), sent(tool('echo'))], left ? passes : spent);

    gate(`${name}: a call`, sent(tool('echo')), passes);
    again('a call that passed, once more', sent(tool('echo')), passes, false);
    again('a proof of a forbidden tool', sent(tool('delete')), denied, !wasted);
    again('a proof of a tool without its scope', sent(tool('write')), deny('insufficient_scope', { challenge: { scopes: ['files:write'] } }), !wasted);
    again('a proof of a malformed body', sent(malformed), deny('parse_error'), !wasted);
    again('a proof of a batch', sent('[]'), deny('invalid_rpc_request'), !wasted);
    again('a proof of headers that disagree', { ...sent(tool('echo')), headers: [...sent().headers, ['mcp-name', 'x']] }, deny('header_mismatch', { id: 1 }), !wasted);
    again('a proof of a body over the limit', sent(LARGE), deny('payload_too_large'), !wasted);
    again('a proof of a compressed body', { ...sent(tool('echo')), headers: [...sent().headers, ['content-encoding', 'gzip']] }, deny('body_unsupported'), !wasted);
    again('a proof of an empty body', sent(''), denied, !wasted);
    again('a proof of a path that is closed', at('/closed'), denied, true);
    again('a proof of a path that is open', at('/open'), passes, false);
    again('a proof of a path that can be read in two ways', at('/open//x'), deny('path_ambiguous'), true);
    const other = bound({ roles: ['guest'] });
    again('a proof of a caller who lacks what every call needs', shown({}, { of: other }, { body: tool('echo') }), denied, true);
    again('a proof of an expired token', shown({}, { of: bound({ exp: 1 }) }, { body: tool('echo') }), deny('token_expired'), true);
    gate(`${name}: a proof that was used, with a forbidden tool`, [then(sent(tool('echo')), passes), sent(tool('delete'))], wasted ? spent : denied);
    gate(`${name}: a proof that was used, with a malformed body`, [then(sent(tool('echo')), passes), sent(malformed)], wasted ? spent : deny('parse_error'));
    gate(`${name}: a proof that was used, on a path that is closed`, [then(sent(tool('echo')), passes), at('/closed')], denied);
    gate(`${name}: no memory of proofs, and a forbidden tool`, sent(tool('delete'), { claims: 'down' }), wasted ? deny('replay_unavailable') : denied);
    gate(`${name}: no memory of proofs, and an allowed tool`, sent(tool('echo'), { claims: 'down' }), deny('replay_unavailable'));
    gate(`${name}: no memory of proofs, and a path that is closed`, { ...at('/closed'), claims: 'down' }, denied);
    gate(`${name}: a faulty proof comes before a malformed body`, shown({ htm: 'GET' }, { of }, { body: malformed }), deny('proof_method_mismatch'));
    gate(`${name}: no proof comes before a malformed body`, proven(of, [], { body: malformed }), deny('proof_missing'));
  }
}
