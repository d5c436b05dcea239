/** Why a call was denied, as a stable name. Printed from the catalogue of errors. */
export type Reason =
  /** The request target is neither a path nor an absolute `http(s)` URL. */
  | 'request_malformed'
  /** The call comes from a page whose origin is not listed. */
  | 'origin_forbidden'
  /** The access token stands in the query string, where logs and histories keep it. */
  | 'token_in_query'
  /** There is no `Authorization` header. */
  | 'missing_token'
  /** The `Authorization` header uses a scheme that this resource does not take. */
  | 'scheme_unsupported'
  /** There is more than one `Authorization` credential. */
  | 'authorization_duplicated'
  /** The `Authorization` header is `Bearer`, but no single token follows. */
  | 'authorization_malformed'
  /** The access token is longer than `limits.token`. */
  | 'token_too_long'
  /** The access token has five segments: it is encrypted. */
  | 'token_encrypted'
  /** The access token is not a compact JWS of two JSON objects. */
  | 'token_malformed'
  /** The token's header asks for a JOSE extension: `crit`, `b64`, `zip`, `enc` or `cty`. */
  | 'header_unsupported'
  /** The token's `alg` is not on the issuer's list. */
  | 'algorithm_not_allowed'
  /** The token's `typ` is not that of an access token. */
  | 'type_not_allowed'
  /** The token's `iss` is not configured. */
  | 'issuer_unknown'
  /** No key set could be had for the token's issuer. */
  | 'keys_unavailable'
  /** No key of the issuer fits the token, also after the key set was fetched again. */
  | 'key_unknown'
  /** The token names no key and more than one key of the issuer fits. */
  | 'key_ambiguous'
  /** The signature does not belong to this token and key. */
  | 'signature_invalid'
  /** A claim that every access token must have is absent or empty. */
  | 'claim_missing'
  /** A claim has the wrong type or is out of range. */
  | 'claim_malformed'
  /** The token's `exp` lies in the past, beyond the leeway. */
  | 'token_expired'
  /** The token's `nbf` lies in the future, beyond the leeway. */
  | 'token_not_yet_valid'
  /** The token's `iat` lies in the future, beyond the leeway. */
  | 'token_issued_in_future'
  /** The token was issued for another resource. */
  | 'audience_mismatch'
  /** The token is bound to a key (`cnf`), or a proof is sent, and proofs are not checked here. */
  | 'dpop_unsupported'
  /** The token is bound to no key, where a bound one is wanted or a proof came with it. */
  | 'token_not_bound'
  /** A token that is bound to a key was sent as a `Bearer` token. */
  | 'bound_token_as_bearer'
  /** A token that is bound to a key came without a proof. */
  | 'proof_missing'
  /** There is more than one proof. */
  | 'proof_duplicated'
  /** The proof is not a compact JWS of two JSON objects. */
  | 'proof_malformed'
  /** The proof's `typ` is not `dpop+jwt`. */
  | 'proof_type_not_allowed'
  /** The proof's `alg` is not on the list. */
  | 'proof_algorithm_not_allowed'
  /** The proof carries no public key that can have signed it. */
  | 'proof_key_invalid'
  /** The signature does not belong to this proof and the key in it. */
  | 'proof_signature_invalid'
  /** A claim that every proof must have is absent or empty. */
  | 'proof_claim_missing'
  /** A claim of the proof has the wrong type or is out of range. */
  | 'proof_claim_malformed'
  /** The proof was made for another HTTP method. */
  | 'proof_method_mismatch'
  /** The proof was made for another URL. */
  | 'proof_url_mismatch'
  /** The proof is too old, or its `exp` has passed. */
  | 'proof_expired'
  /** The proof's `iat` or `nbf` lies in the future, beyond the leeway. */
  | 'proof_not_yet_valid'
  /** The proof was made for another access token (`ath`). */
  | 'proof_token_mismatch'
  /** The proof is signed with another key than the one the token is bound to. */
  | 'proof_key_mismatch'
  /** The proof has been used before. */
  | 'proof_replayed'
  /** The proof carries no nonce, and needs one. */
  | 'nonce_missing'
  /** The proof's nonce is not one that counts now. */
  | 'nonce_unknown'
  /** Whether the proof has been used before cannot be told. */
  | 'replay_unavailable'
  /** The token lacks a scope that every call needs. */
  | 'insufficient_scope'
  /** The host of the gate could not do what a decision needed. */
  | 'host_failed';
