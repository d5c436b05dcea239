// One request for every reason, and what else a reason needs.

import { RESOURCE, URI } from './configurations.mjs';
import { bytesOf, jwk, set } from './keys.mjs';
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

/** A token that is denied where two keys of its kind lie in the set, and that set. */
export const AMBIGUOUS = { sent: call(withHeader({ kid: undefined })), key_sets: { [URI]: set(jwk('es-1'), jwk('es-2')) } };

/** The same request with more headers. */
export const adding = (sent, ...headers) => ({ ...sent, headers: [...sent.headers, ...headers] });
