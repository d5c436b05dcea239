// What the gate must say: allow, deny for a reason, or answer.

import { nonceAt } from './nonces.mjs';

/** The path of the metadata document, before that of the resource. */
export const METADATA = '/.well-known/oauth-protected-resource';

const [BARE, CODED, NONE] = ['bare', 'coded', 'none'];
export const REASONS = {
  missing_token: [401, 'missing_token', BARE],
  scheme_unsupported: [401, 'missing_token', BARE],
  authorization_malformed: [401, 'invalid_token', CODED],
  authorization_duplicated: [400, 'invalid_request', CODED],
  token_in_query: [400, 'invalid_request', CODED],
  request_malformed: [400, 'invalid_request', NONE],
  origin_forbidden: [403, 'origin_forbidden', NONE],
  token_too_long: [401, 'invalid_token', CODED],
  token_malformed: [401, 'invalid_token', CODED],
  token_encrypted: [401, 'invalid_token', CODED],
  header_unsupported: [401, 'invalid_token', CODED],
  algorithm_not_allowed: [401, 'invalid_token', CODED],
  type_not_allowed: [401, 'invalid_token', CODED],
  issuer_unknown: [401, 'invalid_token', CODED],
  key_unknown: [401, 'invalid_token', CODED],
  key_ambiguous: [401, 'invalid_token', CODED],
  signature_invalid: [401, 'invalid_token', CODED],
  claim_missing: [401, 'invalid_token', CODED],
  claim_malformed: [401, 'invalid_token', CODED],
  token_expired: [401, 'invalid_token', CODED],
  token_not_yet_valid: [401, 'invalid_token', CODED],
  token_issued_in_future: [401, 'invalid_token', CODED],
  audience_mismatch: [401, 'invalid_token', CODED],
  dpop_unsupported: [401, 'invalid_token', CODED],
  proof_duplicated: [401, 'invalid_dpop_proof', CODED],
  proof_malformed: [401, 'invalid_dpop_proof', CODED],
  proof_type_not_allowed: [401, 'invalid_dpop_proof', CODED],
  proof_algorithm_not_allowed: [401, 'invalid_dpop_proof', CODED],
  proof_key_invalid: [401, 'invalid_dpop_proof', CODED],
  proof_signature_invalid: [401, 'invalid_dpop_proof', CODED],
  proof_claim_missing: [401, 'invalid_dpop_proof', CODED],
  proof_claim_malformed: [401, 'invalid_dpop_proof', CODED],
  proof_method_mismatch: [401, 'invalid_dpop_proof', CODED],
  proof_url_mismatch: [401, 'invalid_dpop_proof', CODED],
  proof_expired: [401, 'invalid_dpop_proof', CODED],
  proof_not_yet_valid: [401, 'invalid_dpop_proof', CODED],
  proof_token_mismatch: [401, 'invalid_dpop_proof', CODED],
  proof_replayed: [401, 'invalid_dpop_proof', CODED],
  nonce_missing: [401, 'use_dpop_nonce', CODED],
  nonce_unknown: [401, 'use_dpop_nonce', CODED],
  token_not_bound: [401, 'invalid_token', CODED],
  bound_token_as_bearer: [401, 'invalid_token', CODED],
  proof_missing: [401, 'invalid_token', CODED],
  proof_key_mismatch: [401, 'invalid_token', CODED],
  insufficient_scope: [403, 'insufficient_scope', CODED],
  insufficient_user_authentication: [401, 'insufficient_user_authentication', CODED],
  token_revoked: [401, 'invalid_token', CODED],
  token_inactive: [401, 'invalid_token', CODED],
  session_revoked: [401, 'session_revoked', CODED],
  delegation_stale: [401, 'delegation_stale', CODED],
  revocation_unavailable: [503, 'temporarily_unavailable', NONE],
  use_not_allowed: [401, 'invalid_token', CODED],
  target_missing: [401, 'invalid_token', CODED],
  invalid_zone: [401, 'invalid_zone', CODED],
  session_required: [403, 'session_required', NONE],
  delegation_required: [403, 'delegation_required', NONE],
  chain_mismatch: [403, 'chain_mismatch', NONE],
  hop_count_exceeded: [403, 'hop_count_exceeded', NONE],
  operation_not_permitted: [403, 'operation_not_permitted', NONE],
  policy_denied: [403, 'access_denied', NONE],
  policy_eval_failed: [403, 'policy_eval_failed', NONE],
  path_ambiguous: [400, 'invalid_request', NONE],
  body_unsupported: [415, 'invalid_request', NONE],
  payload_too_large: [413, 'payload_too_large', NONE],
  parse_error: [400, -32700, NONE],
  invalid_rpc_request: [400, -32600, NONE],
  invalid_params: [400, -32602, NONE],
  header_mismatch: [400, -32020, NONE],
  replay_unavailable: [503, 'temporarily_unavailable', NONE],
  keys_unavailable: [503, 'temporarily_unavailable', NONE],
  host_failed: [503, 'temporarily_unavailable', NONE],
};
const TITLES = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 413: 'Content Too Large', 415: 'Unsupported Media Type', 503: 'Service Unavailable' };
const SCHEMES = { off: ['Bearer'], optional: ['Bearer', 'DPoP'], required: ['DPoP'] };
const PROOF_ALGORITHMS = ['ES256', 'EdDSA', 'PS256', 'RS256'];
/** RFC 6750 does not know these. */
const PROOF_CODES = new Set(['invalid_dpop_proof', 'use_dpop_nonce']);
const CARACAL = {
  insufficient_scope: 'scope_insufficient', insufficient_user_authentication: 'interaction_required', invalid_zone: 'zone_invalid',
  temporarily_unavailable: 'sts_unavailable',
};
/** What `error=` says of a code that the RFCs do not know. */
const CHALLENGED = { invalid_zone: 'invalid_token', session_revoked: 'invalid_token', delegation_stale: 'invalid_token' };

function wordOf(code, { errors }) {
  if (errors?.vocabulary === 'caracal') return CARACAL[code] ?? code;
  return code === 'missing_token' ? 'invalid_token' : code;
}

const modeOf = ({ dpop }) => dpop?.mode ?? 'off';

/** Where the metadata document of a configuration lives: the path form of RFC 9728 section 3.1. */
function metadataOf({ resource }) {
  const [, origin, path] = /^(https?:\/\/[^/]+)(.*)$/i.exec(resource);
  return `${origin}${METADATA}${path === '/' ? '' : path}`;
}

/** The scopes that every call needs, of alternatives the first. */
function everyScope({ scopes = [], policy }) {
  const wanted = policy?.require?.scopes ?? [];
  const { all = [], any = [] } = typeof wanted === 'string' || Array.isArray(wanted) ? { all: wanted } : wanted;
  const every = [...new Set([...scopes, ...[all].flat(), ...[any].flat().slice(0, 1)])];
  return every.length > 0 ? every : undefined;
}

/** The exact header values, or undefined where a realm beyond ASCII leaves them open. */
function challengeOf(reason, settings, { scopes = everyScope(settings), acr, maxAge } = {}) {
  const [status, code, kind] = REASONS[reason];
  if (kind === NONE) return [];
  const realm = settings.challenge?.realm;
  if (/[^\x20-\x7e]/.test(realm ?? '')) return undefined;
  const quoted = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const field = (scheme) => {
    const parameters = [];
    if (realm) parameters.push(`realm=${quoted(realm)}`);
    if (scheme === 'DPoP') parameters.push(`algs="${(settings.dpop.algorithms ?? PROOF_ALGORITHMS).join(' ')}"`);
    if (kind === CODED) parameters.push(`error="${scheme === 'Bearer' && PROOF_CODES.has(code) ? 'invalid_token' : CHALLENGED[code] ?? code}"`);
    if (scopes && status !== 400) parameters.push(`scope="${scopes.join(' ')}"`);
    if (acr) parameters.push(`acr_values="${acr.join(' ')}"`);
    if (maxAge !== undefined) parameters.push(`max_age="${maxAge}"`);
    parameters.push(`resource_metadata="${metadataOf(settings)}"`);
    return `${scheme} ${parameters.join(', ')}`;
  };
  return SCHEMES[modeOf(settings)].map(field);
}

/** What else stands beside a challenge where proofs are looked at (RFC 9449 sections 8.2 and 9). */
function nonceHeaders(reasons, settings, { now, env }) {
  if (modeOf(settings) === 'off' || reasons.some((reason) => REASONS[reason][2] === NONE)) return {};
  if (settings.dpop.nonce?.mode !== 'always') return { 'dpop-nonce': [], 'cache-control': [] };
  return { 'dpop-nonce': [nonceAt(now, { secret: env[settings.dpop.nonce.secret.env] })], 'cache-control': ['no-store'] };
}

export const allow = (members = {}) => () => ({ decision: 'allow', ...members });

/**
 * A denial for one reason, or for any of several where the rules leave it open. `challenge` says what is needed where
 * that is more than the scopes of the configuration; `id` is that of the call.
 */
export const deny = (reason, { full = false, headers = {}, body = {}, challenge: needed, id = null, ...members } = {}) => (settings, circumstances) => {
  const reasons = [reason].flat();
  const one = (values) => {
    const distinct = [...new Map(values.map((v) => [JSON.stringify(v), v])).values()];
    return distinct.length === 1 ? distinct[0] : distinct;
  };
  const challenges = [...new Set(reasons.map((r) => JSON.stringify(challengeOf(r, settings, needed))))];
  const challenge = challenges.length === 1 ? challengeOf(reasons[0], settings, needed) : undefined;
  const base = settings.errors?.base ?? 'urn:waxseal:error:';
  const status = one(reasons.map((r) => REASONS[r][0]));
  const error = one(reasons.map((r) => wordOf(REASONS[r][1], settings)));
  const rpc = typeof error === 'number';
  const replied = {
    ...(rpc ? { 'content-type': ['application/json'] } : {}),
    ...(full ? { 'content-type': ['application/problem+json'] } : {}),
    ...(challenge ? { 'www-authenticate': challenge } : {}),
    ...nonceHeaders(reasons, settings, circumstances),
    ...headers,
  };
  const problem = rpc ? { jsonrpc: '2.0', id, error: { code: error }, ...body } : { ...(full ? { error, type: base + reason, title: TITLES[status], status } : {}), ...body };
  const some = (members) => (Object.keys(members).length ? members : undefined);
  return { decision: 'deny', reason: one(reasons), status, error: rpc ? undefined : error, headers: some(replied), body: some(problem), ...members };
};

/** The protected resource metadata document. */
export const answer = (members = {}) => (settings) => ({
  decision: 'answer',
  status: 200,
  headers: { 'content-type': ['application/json'], 'www-authenticate': [] },
  body: {
    resource: settings.resource,
    authorization_servers: settings.issuers.map((each) => each.issuer),
    bearer_methods_supported: ['header'],
    ...(modeOf(settings) === 'off' ? {} : {
      dpop_signing_alg_values_supported: settings.dpop.algorithms ?? PROOF_ALGORITHMS,
      dpop_bound_access_tokens_required: modeOf(settings) === 'required',
    }),
    ...(everyScope(settings) ? { scopes_supported: everyScope(settings) } : {}),
  },
  ...members,
});

/** What lets a page of this origin read a reply. */
export const readable = (origin) => ({
  'access-control-allow-origin': [origin],
  'access-control-expose-headers': ['WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, Mcp-Session-Id'],
  vary: ['Origin'],
});
/** Nothing of it: no origin is listed. */
export const unreadable = Object.fromEntries(Object.keys(readable('')).map((name) => [name, []]));
/** Nothing of it for this caller, but for a listed origin it were another: caches must know. */
export const varying = { ...unreadable, vary: ['Origin'] };

/** The reply to a preflight that asks for these headers. */
export const permit = (origin, names, members = {}) => () => ({
  decision: 'answer',
  status: 204,
  headers: {
    'access-control-allow-methods': ['GET, POST, DELETE'],
    'access-control-max-age': ['600'],
    'access-control-allow-headers': names.length ? [names.join(', ')] : [],
    ...readable(origin),
    'content-type': [],
    'www-authenticate': [],
  },
  body: '',
  fetched: 0,
  ...members,
});
