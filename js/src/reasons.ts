// Printed from the catalogue of errors.

/** Why the gate denied a call, as a stable name. */
export type GateReason =
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
  /** The token lacks a scope that the call needs. */
  | 'insufficient_scope'
  /** The token is for another use: a mandate whose `use` is not the configured one. */
  | 'use_not_allowed'
  /** The mandate is not for a target that the call needs. */
  | 'target_missing'
  /** The token, its session or its subject is revoked. */
  | 'token_revoked'
  /** The authorization server says that the token is not active. */
  | 'token_inactive'
  /** Whether the token is revoked cannot be told. */
  | 'revocation_unavailable'
  /** The path can be read in two ways: dot segments, encoded slashes, parameters, broken escapes, or almost the path of a rule. */
  | 'path_ambiguous'
  /** The body is compressed, or in another character set: the gate and the server could read two different calls. */
  | 'body_unsupported'
  /** No rule lets this caller make this call; more scope would not help. */
  | 'policy_denied'
  /** A rule asks for a claim that the token lacks, or that is of another type. */
  | 'policy_eval_failed'
  /** The host of the gate could not do what a decision needed. */
  | 'host_failed'
  /** The token is good, but the user signed in too weakly or too long ago for this call. */
  | 'insufficient_user_authentication'
  /** The mandate's `zone_id` is absent, or is not the zone of this verifier. */
  | 'invalid_zone'
  /** One of the mandate's anchors (`sid`, `root_sid`, `agent_session_id`, `delegation_edge_id`) is revoked. */
  | 'session_revoked'
  /** The zone's delegations have changed since the mandate was minted. */
  | 'delegation_stale'
  /** The call wants a mandate of a governed Session, and this one has no `agent_session_id`. */
  | 'session_required'
  /** The call wants delegated authority, and the mandate has no `delegation_edge_id`. */
  | 'delegation_required'
  /** An application that the call requires is not in the mandate's `delegation_chain`. */
  | 'chain_mismatch'
  /** The mandate's `hop_count` is above the verifier's limit. */
  | 'hop_count_exceeded'
  /** The request's body is above the limit. */
  | 'payload_too_large'
  /** The method and path are not declared for the resource, or the mandate lacks the operation's scope. */
  | 'operation_not_permitted'
  /** An MCP header is absent, malformed, or says something else than the body. */
  | 'header_mismatch'
  /** The MCP server cannot read the message as JSON. */
  | 'parse_error'
  /** The message is JSON, but not a JSON-RPC request that the server takes now. */
  | 'invalid_rpc_request'
  /** The MCP server does not accept the parameters, or misses `_meta`, or does not know the tool. */
  | 'invalid_params';

/** What an error means, whoever sent it: the gate's reasons, and those of the servers that a client meets. */
export type Reason =
  | GateReason
  /** A resource server does not accept the access token, and does not say why. */
  | 'invalid_token'
  /** A resource server finds the request malformed, and does not say how. */
  | 'resource_invalid_request'
  /** A resource server does not accept the proof, and does not say why. */
  | 'invalid_dpop_proof'
  /** A resource server wants its own nonce in the proof. */
  | 'use_dpop_nonce'
  /** A resource server takes no more calls from this caller for a while. */
  | 'rate_limited'
  /** A resource server cannot tell whether the token is good: its authorization server does not answer. */
  | 'resource_unavailable'
  /** The authorization server misses a parameter, finds one twice, or cannot read one. */
  | 'invalid_request'
  /** The authorization server does not know the client, or does not believe that it is the one. */
  | 'invalid_client'
  /** The client may not use this kind of grant. */
  | 'unauthorized_client'
  /** The authorization server does not know the `grant_type`, or has it switched off. */
  | 'unsupported_grant_type'
  /** The authorization server does not answer with this `response_type`. */
  | 'unsupported_response_type'
  /** The authorization server does not know a requested scope, or may not grant it here. */
  | 'invalid_scope'
  /** The authorization server issues no tokens for this `resource`, or not from this grant. */
  | 'invalid_target'
  /** The authorization server does not accept `authorization_details`. */
  | 'invalid_authorization_details'
  /** The authorization server cannot use what `request_uri` points to. */
  | 'invalid_request_uri'
  /** The authorization server does not accept the signed request. */
  | 'invalid_request_object'
  /** The authorization server does not take the `request` parameter. */
  | 'request_not_supported'
  /** The authorization server does not take the `request_uri` parameter. */
  | 'request_uri_not_supported'
  /** The authorization server does not take the `registration` parameter. */
  | 'registration_not_supported'
  /** The authorization server does not register a client with this redirect URI. */
  | 'invalid_redirect_uri'
  /** The authorization server does not accept a member of the client's metadata. */
  | 'invalid_client_metadata'
  /** The signed statement about the client does not verify. */
  | 'invalid_software_statement'
  /** The signed statement about the client verifies, but is not one that this server accepts. */
  | 'unapproved_software_statement'
  /** The user, or the authorization server in the user's stead, said no. */
  | 'access_denied'
  /** The client asked for no prompt, and the user has no session. */
  | 'login_required'
  /** The client asked for no prompt, and the user is signed in with several accounts. */
  | 'account_selection_required'
  /** The user has not agreed to this access yet, or to less of it. */
  | 'consent_required'
  /** The authorization server needs the user for something, and does not say for what. */
  | 'interaction_required'
  /** The authorization server cannot give the `acr_values` or `max_age` that were asked for. */
  | 'unmet_authentication_requirements'
  /** The user has not finished with the device code yet: the usual answer while polling. */
  | 'authorization_pending'
  /** The authorization server takes requests more slowly than they are sent. */
  | 'slow_down'
  /** The device code ended before the user was done. */
  | 'expired_token'
  /** The code, refresh token, assertion or subject token is not good, or not good any more. */
  | 'invalid_grant'
  /** The authorization server does not accept the proof. */
  | 'token_endpoint_invalid_dpop_proof'
  /** The authorization server wants its own nonce in the proof. */
  | 'token_endpoint_use_dpop_nonce'
  /** The operator of the authorization server has not allowed this exchange, assertion or registration. */
  | 'exchange_denied'
  /** The user's connection to the provider behind exists, but without a scope that is needed. */
  | 'scope_not_granted'
  /** The provider's token in the vault has ended, and there is nothing to refresh it with. */
  | 'vault_token_expired'
  /** The authorization server does not revoke tokens of this type. */
  | 'unsupported_token_type'
  /** The authorization server met a fault of its own. */
  | 'server_error'
  /** The authorization server, or the identity provider behind it, does not answer now. */
  | 'temporarily_unavailable'
  /** The authorization server has the feature, but its operator has not switched it on. */
  | 'service_unavailable'
  /** A page of the authorization server wants the user's session, and there is none. */
  | 'unauthorized'
  /** The authorization server has no such client, user, resource or connection. */
  | 'not_found'
  /** What the authorization server was asked to change stands against what it holds. */
  | 'conflict'
  /** A Caracal verifier does not accept the mandate: its signature, a claim, its use or its target. */
  | 'verifier_invalid_token'
  /** A Caracal verifier misses a scope in the mandate. */
  | 'verifier_insufficient_scope'
  /** The Gateway finds the mandate absent, too long, unreadable, forged, revoked, or used before. */
  | 'gateway_invalid_token'
  /** The Gateway cannot tell from the headers or the path where the call should go. */
  | 'gateway_request_malformed'
  /** The mandate has less than 35 seconds left: too few for a call through the Gateway. */
  | 'mandate_expiring'
  /** The token service refused the Gateway's exchange, or the resource has no upstream URL. */
  | 'gateway_access_denied'
  /** The Gateway lets nothing through: the token service does not answer, or the revocations are too old. */
  | 'gateway_unavailable'
  /** The Gateway allowed the call, and the upstream did not answer it. */
  | 'upstream_failed'
  /** The Gateway allowed the call, and cannot build a request to the upstream from it. */
  | 'upstream_request_invalid'
  /** The token service cannot read the exchange request: for this it says `invalid_token` too. */
  | 'sts_request_malformed'
  /** The token service does not accept the subject token, or the identity token of another provider. */
  | 'subject_token_rejected'
  /** The token service does not believe the caller: the secret, the Gateway's signature, or the approval. */
  | 'sts_client_refused'
  /** The application's id and secret are right, but it lives in another zone. */
  | 'sts_zone_mismatch'
  /** An internal endpoint of the token service was called without `zone_id`. */
  | 'sts_zone_missing'
  /** The token service denied the exchange: by policy, by scope, by delegation, or by its rate limit. */
  | 'sts_access_denied'
  /** The token service holds the mandate back until a person has decided. */
  | 'approval_required'
  /** The approval was given for another request, or is not pending any more. */
  | 'approval_mismatch'
  /** The approval was spent by an earlier request. */
  | 'approval_consumed'
  /** The caller answered the step-up challenge wrongly too often. */
  | 'step_up_locked'
  /** The token service takes no more attempts from this application for a minute. */
  | 'provider_rate_limited'
  /** The token service's policy engine failed, or has no policy. */
  | 'policy_engine_failed'
  /** The policy ran, but came to no complete decision. */
  | 'policy_incomplete'
  /** A policy that was sent for simulation does not compile, or cannot be evaluated. */
  | 'policy_simulation_failed'
  /** The subject's connection to the provider has ended and could not be refreshed. */
  | 'provider_connection_expired'
  /** The token service could not fetch the provider's credential. */
  | 'http_request_failed'
  /** There is no such zone, approval, workload or object; or the caller may not see it. */
  | 'resource_not_found'
  /** The token service cannot reach its database, and decides nothing without it. */
  | 'sts_unavailable'
  /** A service of Caracal met a fault of its own. */
  | 'internal_error'
  /** The Coordinator does not accept the mandate: it takes only session mandates of its zone. */
  | 'control_invalid_token'
  /** The Control endpoint has seen this mandate before. */
  | 'mandate_replayed'
  /** The account or token may not do this at the control plane. */
  | 'control_access_denied'
  /** The control plane does not accept the body. */
  | 'control_request_malformed'
  /** The governed Session is no longer the caller's: its lease or its subject has ended, or another worker holds it. */
  | 'session_lease_expired'
  /** The zone, the application or the parent Session has as many Sessions as it may have. */
  | 'session_limit_exceeded'
  /** Sessions start Sessions deeper than the Coordinator allows. */
  | 'session_depth_limit_exceeded'
  /** The idempotency key stands for another request, or for one whose result has ended. */
  | 'idempotency_key_conflict'
  /** The Control endpoint is switched off, or does not have this operation. */
  | 'control_disabled'
  /** A Caracal process lacks a setting and does not start. */
  | 'config_missing'
  /** A Caracal process does not accept its configuration. */
  | 'config_invalid'
  /** An SDK got a failure from the token service whose body has no `error`. */
  | 'sts_failure_unexplained'
  /** The call needs the user at a URL first: something behind the MCP server wants a sign-in or a consent. */
  | 'url_elicitation_required'
  /** The call needs a capability that the client has not declared. */
  | 'capability_missing'
  /** The MCP server does not speak the protocol version of the request. */
  | 'version_unsupported'
  /** The MCP server does not know the method. */
  | 'method_not_found'
  /** The MCP server met a fault of its own. */
  | 'internal_rpc_error'
  /** The MCP server has no resource of this URI. */
  | 'mcp_resource_not_found'
  /** The MCP server does not know the session: it has ended, or another instance holds it. */
  | 'mcp_session_not_found'
  /** The client's own SDK stopped waiting for the answer. */
  | 'mcp_request_timeout'
  /** The MCP transport did not take the message, or the connection closed under it. */
  | 'mcp_transport_refused';
