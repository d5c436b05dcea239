//! The codes that stand on the wire, each under the names of both vocabularies.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $oauth:literal
        $(, caracal $caracal:literal)? $(, challenge $challenge:literal)?;)+) => {
        /// What a body's `error` says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name in the OAuth specifications; where they have none, the one that servers use.
            pub const fn oauth(self) -> &'static str {
                match self {
                    $(Self::$name => $oauth,)+
                }
            }

            /// The name in Caracal's vocabulary: where it has none of its own, the other one.
            pub const fn caracal(self) -> &'static str {
                match self {
                    $(Self::$name => codes!(@last $oauth $(, $caracal)?),)+
                }
            }

            /// What `error=` of a challenge says: only names that the RFCs know.
            pub const fn challenge(self) -> &'static str {
                match self {
                    $(Self::$name => codes!(@last $oauth $(, $challenge)?),)+
                }
            }
        }
    };
    (@last $oauth:literal) => { $oauth };
    (@last $oauth:literal, $other:literal) => { $other };
}

codes! {
    /// RFC 6749 section 4.1.2.1, and whoever else says no.
    AccessDenied = "access_denied";
    /// OpenID Connect Core section 3.1.2.6.
    AccountSelectionRequired = "account_selection_required";
    /// Caracal, approvals.
    ApprovalConsumed = "approval_consumed";
    /// RFC 8628 section 3.5.
    AuthorizationPending = "authorization_pending";
    /// MCP, -32021.
    CapabilityMissing = "capability_missing";
    /// Caracal, verifiers.
    ChainMismatch = "chain_mismatch";
    /// Caracal, engine.
    ConfigInvalid = "config_invalid";
    /// Caracal, engine.
    ConfigMissing = "config_missing";
    /// AuthPlane, admin API.
    Conflict = "conflict";
    /// OpenID Connect Core section 3.1.2.6.
    ConsentRequired = "consent_required";
    /// Caracal, Control.
    ControlDisabled = "control_disabled";
    /// Caracal, Gateway and STS.
    CredentialExpired = "credential_expired_not_renewable", challenge "invalid_token";
    /// Caracal, verifiers.
    DelegationRequired = "delegation_required";
    /// Caracal, revocation.
    DelegationStale = "delegation_stale", challenge "invalid_token";
    /// RFC 8628 section 3.5.
    ExpiredToken = "expired_token";
    /// MCP, -32020.
    HeaderMismatch = "header_mismatch";
    /// Caracal, verifiers.
    HopCountExceeded = "hop_count_exceeded";
    /// Caracal, provider connections.
    HttpRequestFailed = "http_request_failed";
    /// Caracal, Coordinator.
    IdempotencyKeyConflict = "idempotency_key_conflict";
    /// RFC 6750 section 3.1.
    InsufficientScope = "insufficient_scope", caracal "scope_insufficient";
    /// RFC 9470 section 3.
    InsufficientUserAuthentication = "insufficient_user_authentication", caracal "interaction_required";
    /// OpenID Connect Core section 3.1.2.6; Caracal, approvals.
    InteractionRequired = "interaction_required";
    /// JSON-RPC, -32603.
    InternalRpcError = "internal_rpc_error";
    /// RFC 9396 section 5.
    InvalidAuthorizationDetails = "invalid_authorization_details";
    /// Caracal, control plane.
    InvalidBody = "invalid_body";
    /// RFC 6749 section 5.2.
    InvalidClient = "invalid_client";
    /// RFC 7591 section 3.2.2.
    InvalidClientMetadata = "invalid_client_metadata";
    /// RFC 9449 sections 5 and 7.1.
    InvalidDpopProof = "invalid_dpop_proof";
    /// RFC 6749 section 5.2.
    InvalidGrant = "invalid_grant";
    /// JSON-RPC, -32602.
    InvalidParams = "invalid_params";
    /// RFC 7591 section 3.2.2.
    InvalidRedirectUri = "invalid_redirect_uri";
    /// RFC 6749 section 5.2, RFC 6750 section 3.1.
    InvalidRequest = "invalid_request";
    /// RFC 9101 section 7.
    InvalidRequestObject = "invalid_request_object";
    /// RFC 9101 section 7.
    InvalidRequestUri = "invalid_request_uri";
    /// JSON-RPC, -32600.
    InvalidRpcRequest = "invalid_rpc_request";
    /// RFC 6749 section 5.2.
    InvalidScope = "invalid_scope";
    /// RFC 7591 section 3.2.2.
    InvalidSoftwareStatement = "invalid_software_statement";
    /// RFC 8707 section 2.
    InvalidTarget = "invalid_target";
    /// RFC 6750 section 3.1.
    InvalidToken = "invalid_token";
    /// Caracal: its verifiers and its token service each have a name for it.
    InvalidZone = "invalid_zone", caracal "zone_invalid", challenge "invalid_token";
    /// OpenID Connect Core section 3.1.2.6.
    LoginRequired = "login_required";
    /// MCP SDKs, -32001.
    McpRequestTimeout = "mcp_request_timeout";
    /// MCP, -32002.
    McpResourceNotFound = "mcp_resource_not_found";
    /// MCP SDKs, -32001.
    McpSessionNotFound = "mcp_session_not_found";
    /// MCP SDKs, -32000.
    McpTransportRefused = "mcp_transport_refused";
    /// JSON-RPC, -32601.
    MethodNotFound = "method_not_found";
    /// No credentials: OAuth has no name of its own for it.
    MissingToken = "invalid_token", caracal "missing_token";
    /// AuthPlane, admin API.
    NotFound = "not_found";
    /// Caracal, operations.
    OperationNotPermitted = "operation_not_permitted";
    /// MCP, Streamable HTTP: an `Origin` that is not listed.
    OriginForbidden = "origin_forbidden";
    /// JSON-RPC, -32700.
    ParseError = "parse_error";
    /// Caracal, Gateway and STS.
    PayloadTooLarge = "payload_too_large";
    /// Caracal, policy.
    PolicyEvalFailed = "policy_eval_failed";
    /// Caracal, STS.
    ProviderRateLimited = "provider_rate_limited";
    /// OpenID Connect Core section 3.1.2.6.
    RegistrationNotSupported = "registration_not_supported";
    /// RFC 9101 section 7.
    RequestNotSupported = "request_not_supported";
    /// RFC 9101 section 7.
    RequestUriNotSupported = "request_uri_not_supported";
    /// Caracal, STS and control plane.
    ResourceNotFound = "resource_not_found";
    /// AuthPlane, broker and vault.
    ScopeNotGranted = "scope_not_granted";
    /// RFC 6749 section 4.1.2.1.
    ServerError = "server_error", caracal "internal_error";
    /// AuthPlane, features.
    ServiceUnavailable = "service_unavailable";
    /// Caracal, Coordinator.
    SessionDepthLimitExceeded = "session_depth_limit_exceeded";
    /// Caracal, Coordinator.
    SessionLeaseExpired = "session_lease_expired";
    /// Caracal, Coordinator.
    SessionLimitExceeded = "session_limit_exceeded";
    /// Caracal, verifiers.
    SessionRequired = "session_required";
    /// Caracal, revocation.
    SessionRevoked = "session_revoked", challenge "invalid_token";
    /// RFC 8628 section 3.5.
    SlowDown = "slow_down";
    /// RFC 6749 section 4.1.2.1.
    TemporarilyUnavailable = "temporarily_unavailable", caracal "sts_unavailable";
    /// AuthPlane, vault: not an access token of its own.
    TokenExpired = "token_expired";
    /// Caracal, Control.
    TokenReplay = "token_replay", challenge "invalid_token";
    /// RFC 7591 section 3.2.2.
    UnapprovedSoftwareStatement = "unapproved_software_statement";
    /// AuthPlane, connections.
    Unauthorized = "unauthorized";
    /// RFC 6749 section 5.2.
    UnauthorizedClient = "unauthorized_client";
    /// Caracal, SDKs: a failure without a code.
    Unexplained = "error";
    /// OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements";
    /// RFC 6749 section 5.2.
    UnsupportedGrantType = "unsupported_grant_type";
    /// RFC 6749 section 4.1.2.1.
    UnsupportedResponseType = "unsupported_response_type";
    /// RFC 7009 section 2.2.1.
    UnsupportedTokenType = "unsupported_token_type";
    /// MCP, -32042.
    UrlElicitationRequired = "url_elicitation_required";
    /// RFC 9449 sections 8 and 9.
    UseDpopNonce = "use_dpop_nonce";
    /// MCP, -32022.
    VersionUnsupported = "version_unsupported";
}
