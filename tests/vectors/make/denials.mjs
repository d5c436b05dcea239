// One request for every reason, and what else a reason needs.

import { RESOURCE, URI } from './configurations.mjs';
import { bytesOf, jwk, set } from './keys.mjs';
import { bound, proven, shown } from './proofs.mjs';
import { authorized, call, request } from './requests.mjs';
import { flip } from './signatures.mjs';
import { NOW, b64, token, withHeader } from './tokens.mjs';

const [h, p, s] = token().split('.');

export const DENIED = {
  missing_token: request([]),
  scheme_unsupported: authorized('Basic YWxpY2U6c2VjcmV0'),
  authorization_malformed: authorized('Bearer'),
  authorization_duplicated: request([['authorization', 'Bearer a'], ['authorization', 'Bearer b']]),
  token_in_query: request([], { url: `${RESOURCE}?access_token=x` }),
  request_malformed: request([], { url: '*' }),
  token_too_long: authorized(`Bearer ${'a'.repeat(16_385)}`),
  token_malformed: call('x.y.z'),
  token_encrypted: call('a.b.c.d.e'),
  header_unsupported: call(withHeader({ crit: ['x'], x: 1 })),
  algorithm_not_allowed: call(withHeader({ alg: 'none' })),
  type_not_allowed: call(withHeader({ typ: 'JWT' })),
  issuer_unknown: call(token({ iss: 'https://elsewhere.example' })),
  key_unknown: call(token({}, { key: 'es-other' })),
  signature_invalid: call(`${h}.${p}.${b64(flip(9)(bytesOf(s)))}`),
  claim_missing: call(token({ sub: undefined })),
  claim_malformed: call(token({ sub: 5 })),
  token_expired: call(token({ exp: NOW - 3600 })),
  token_not_yet_valid: call(token({ nbf: NOW + 3600 })),
  token_issued_in_future: call(token({ iat: NOW + 3600 })),
  audience_mismatch: call(token({ aud: 'https://other.example' })),
  dpop_unsupported: call(token({ cnf: { jkt: 'x' } })),
  keys_unavailable: call(token(), { fetches: { [URI]: null } }),
};

/** The same for what is denied only where proofs are looked at. */
export const BOUND_DENIED = {
  token_not_bound: shown({}, { of: token() }),
  bound_token_as_bearer: call(bound()),
  proof_missing: proven(bound(), []),
  proof_duplicated: proven(bound(), ['a', 'b']),
  proof_malformed: proven(bound(), 'x'),
  proof_type_not_allowed: shown({}, { header: { typ: 'JWT' } }),
  proof_algorithm_not_allowed: shown({}, { header: { alg: 'none' } }),
  proof_key_invalid: shown({}, { header: { jwk: null } }),
  proof_signature_invalid: shown({}, { signature: flip(9) }),
  proof_claim_missing: shown({ jti: undefined }),
  proof_claim_malformed: shown({ jti: 5 }),
  proof_method_mismatch: shown({ htm: 'GET' }),
  proof_url_mismatch: shown({ htu: 'https://other.example' }),
  proof_expired: shown({ iat: NOW - 3600 }),
  proof_not_yet_valid: shown({ iat: NOW + 3600 }),
  proof_token_mismatch: shown({ ath: 'x' }),
  proof_key_mismatch: shown({}, { key: 'es-proof-2', of: bound() }),
  replay_unavailable: shown({}, {}, { claims: 'down' }),
};

/** A token that is denied where two keys of its kind lie in the set, and that set. */
export const AMBIGUOUS = { sent: call(withHeader({ kid: undefined })), key_sets: { [URI]: set(jwk('es-1'), jwk('es-2')) } };

/** The same request with more headers. */
export const adding = (sent, ...headers) => ({ ...sent, headers: [...sent.headers, ...headers] });
