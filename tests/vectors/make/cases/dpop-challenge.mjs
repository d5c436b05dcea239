// The cases of dpop-challenge.json.

import { APP, EXTENSION } from '../configurations.mjs';
import { BOUND_DENIED, DENIED, adding } from '../denials.mjs';
import { deny, readable, unreadable } from '../expectations.mjs';
import { shown } from '../proofs.mjs';
import { call, request } from '../requests.mjs';
import { within } from '../rules.mjs';

export const about = 'Challenges where proofs are looked at: which schemes, which parameters, in which order: RFC 9449 section 7.1, RFC 6750 section 3, RFC 9110 section 11.6.1.';

export function cases() {
  // One field for each scheme, never joined; the order of parameters is ours, and always the same.
  for (const mode of ['optional', 'required']) {
    const on = within(`dpop ${mode}`);
    for (const [reason, sent] of Object.entries({ ...BOUND_DENIED, ...DENIED })) {
      // Where proofs are looked at, nothing makes them unsupported.
      if (reason !== 'dpop_unsupported') on(`${mode}: ${reason}`, sent, deny(reason, { full: true }));
    }
  }
  for (const named of ['dpop and scopes', 'optional dpop and scopes', 'dpop and a realm', 'optional dpop and a realm', 'dpop and caracal', 'optional dpop and caracal']) {
    const on = within(named);
    for (const reason of ['missing_token', 'authorization_duplicated', 'token_in_query', 'token_expired', 'keys_unavailable']) on(`${named}: ${reason}`, DENIED[reason], deny(reason, { full: true }));
    for (const reason of ['bound_token_as_bearer', 'proof_missing', 'proof_malformed', 'proof_duplicated', 'proof_type_not_allowed']) on(`${named}: ${reason}`, BOUND_DENIED[reason], deny(reason, { full: true }));
  }
  for (const named of ['dpop and verbose', 'optional dpop and verbose', 'dpop and another base', 'every proof algorithm', 'es384 proofs only']) {
    const on = within(named);
    for (const reason of ['missing_token', 'token_expired']) on(`${named}: ${reason}`, DENIED[reason], deny(reason, { full: true }));
    for (const reason of ['bound_token_as_bearer', 'proof_missing', 'proof_malformed']) on(`${named}: ${reason}`, BOUND_DENIED[reason], deny(reason, { full: true }));
  }
  const verbose = within('dpop and verbose');
  for (const [reason, sent] of Object.entries(BOUND_DENIED)) if (!['bound_token_as_bearer', 'proof_missing', 'proof_malformed'].includes(reason)) verbose(`dpop and verbose: ${reason}`, sent, deny(reason, { full: true }));

  // Pages read both fields.
  const listed = within('dpop and origins');
  for (const [reason, sent] of Object.entries(BOUND_DENIED)) {
    listed(`a listed origin reads ${reason}`, adding(sent, ['origin', APP]), deny(reason, { full: true, headers: readable(APP) }));
    listed(`${reason}: the caller's id is kept`, adding(sent, ['origin', EXTENSION], ['x-request-id', 'abc-1']), deny(reason, { full: true, headers: { ...readable(EXTENSION), 'x-request-id': ['abc-1'] }, body: { requestId: 'abc-1' } }));
  }
  listed('a forbidden origin is reported before a missing proof', adding(BOUND_DENIED.proof_missing, ['origin', 'https://evil.example']), deny('origin_forbidden', { full: true }));
  const on = within('dpop required');
  on('no list: a page reads nothing of it', adding(request([]), ['origin', APP]), deny('missing_token', { full: true, headers: unreadable }));
  on('the body says what the row says', BOUND_DENIED.proof_missing, deny('proof_missing', { full: true, body: { error: 'invalid_token' } }));
  const freely = within('dpop optional');
  freely('optional: the body says what the row says', BOUND_DENIED.proof_malformed, deny('proof_malformed', { full: true, body: { error: 'invalid_dpop_proof' } }));
  freely('optional: an id is made', BOUND_DENIED.proof_malformed, deny('proof_malformed', { full: true, made_id: true }));
  freely('optional: an unbound token that has expired', DENIED.token_expired, deny('token_expired', { full: true }));
  // Word for word, once, so that an error in how the others are made cannot hide.
  const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"';
  const algs = 'algs="ES256 EdDSA PS256 RS256"';
  const word = (named, name, sent, reason, fields) => within(named)(`word for word: ${name}`, sent, (settings, more) => ({ ...deny(reason)(settings, more), headers: { 'www-authenticate': fields } }));
  word('dpop required', 'required, no credentials', request([]), 'missing_token', [`DPoP ${algs}, ${metadata}`]);
  word('dpop required', 'required, no proof', BOUND_DENIED.proof_missing, 'proof_missing', [`DPoP ${algs}, error="invalid_token", ${metadata}`]);
  word('dpop required', 'required, a bad proof', BOUND_DENIED.proof_malformed, 'proof_malformed', [`DPoP ${algs}, error="invalid_dpop_proof", ${metadata}`]);
  word('dpop optional', 'optional, no credentials', request([]), 'missing_token', [`Bearer ${metadata}`, `DPoP ${algs}, ${metadata}`]);
  word('dpop optional', 'optional, a bad proof', BOUND_DENIED.proof_malformed, 'proof_malformed', [`Bearer error="invalid_token", ${metadata}`, `DPoP ${algs}, error="invalid_dpop_proof", ${metadata}`]);
  word('dpop optional', 'optional, two headers', DENIED.authorization_duplicated, 'authorization_duplicated', [`Bearer error="invalid_request", ${metadata}`, `DPoP ${algs}, error="invalid_request", ${metadata}`]);
  word('optional nonces', 'optional, no nonce', shown(), 'nonce_missing', [`Bearer error="invalid_token", ${metadata}`, `DPoP ${algs}, error="use_dpop_nonce", ${metadata}`]);
  word('nonces', 'required, no nonce', shown(), 'nonce_missing', [`DPoP ${algs}, error="use_dpop_nonce", ${metadata}`]);
  word('optional dpop and a realm', 'optional, a realm and scopes', call(), 'insufficient_scope', [
    `Bearer realm="the \\"inner\\" \\\\ realm", error="insufficient_scope", scope="mcp:read mcp:write", ${metadata}`,
    `DPoP realm="the \\"inner\\" \\\\ realm", ${algs}, error="insufficient_scope", scope="mcp:read mcp:write", ${metadata}`,
  ]);
  word('dpop and a realm', 'required, a realm, scopes and a list', request([]), 'missing_token', [`DPoP realm="mcp", algs="EdDSA ES384", scope="mcp:read mcp:write", ${metadata}`]);
  word('every proof algorithm', 'a list in its own order', request([]), 'missing_token', [`DPoP algs="EdDSA PS256 RS512 RS384 RS256 ES384 ES256", ${metadata}`]);
  word('dpop off', 'off, no credentials', request([]), 'missing_token', [`Bearer ${metadata}`]);
}
