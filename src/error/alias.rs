//! Other names of what has a row already: those of other surfaces, of both eras of Caracal, and
//! those that stand in its documentation only.

use super::{Reason, Surface};

/// Another name under which a reason is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Who uses the name.
    pub surface: Surface,
    /// The name.
    pub code: &'static str,
    /// The HTTP statuses under which it comes; none where it comes without, or is only documented.
    pub statuses: &'static [u16],
    /// What it is.
    pub reason: Reason,
}

macro_rules! aliases {
    ($($surface:ident $code:literal [$($status:literal),*] $reason:ident;)+) => {
        /// Every alias, by surface.
        pub const ALIASES: &[Alias] = &[$(Alias {
            surface: Surface::$surface,
            code: $code,
            statuses: &[$($status),*],
            reason: Reason::$reason,
        }),+];
    };
}

aliases! {
    // Resource servers: what the gate has a row for.
    Resource "insufficient_scope" [403] InsufficientScope;
    Resource "missing_token" [401] MissingToken;
    Resource "server_error" [500] ServerError;
    // What AuthPlane's SDKs call their faults in logs and exceptions.
    Resource "dpop_proof_missing" [] ProofMissing;
    Resource "dpop_replay_detected" [] ProofReplayed;
    Resource "dpop_binding_mismatch" [] ProofKeyMismatch;
    Resource "dpop_not_supported" [] DpopUnsupported;
    Resource "invalid_signature" [] SignatureInvalid;
    Resource "invalid_claims" [] InvalidToken;
    Resource "token_inactive" [] InvalidToken;
    Resource "token_revoked" [] InvalidToken;
    Resource "metadata_fetch_error" [] KeysUnavailable;
    Resource "metadata_or_transport_failure" [] KeysUnavailable;
    // Caracal's verifiers; `agent_*` until July 2026, `session_required` since.
    CaracalVerifier "missing_token" [401] MissingToken;
    CaracalVerifier "agent_required" [403] SessionRequired;
    CaracalVerifier "agent_identity_required" [403] SessionRequired;
    // Documented for a missing scope, and never sent.
    CaracalVerifier "access_denied" [] VerifierInsufficientScope;
    // Caracal's Gateway passes on what its token service says.
    CaracalGateway "operation_not_permitted" [403] OperationNotPermitted;
    CaracalGateway "policy_eval_failed" [503] PolicyEngineFailed;
    CaracalGateway "http_request_failed" [502] HttpRequestFailed;
    CaracalGateway "interaction_required" [401] ApprovalRequired;
    CaracalGateway "internal_error" [500] InternalError;
    // Documented for the Gateway, and never sent by it.
    CaracalGateway "provider_rate_limited" [] ProviderRateLimited;
    CaracalGateway "scope_insufficient" [] VerifierInsufficientScope;
    CaracalGateway "zone_invalid" [] StsZoneMismatch;
    CaracalGateway "token_replayed" [] GatewayInvalidToken;
    // Caracal's token service; the last two are documented, and never sent.
    CaracalSts "payload_too_large" [413] PayloadTooLarge;
    CaracalSts "invalid_request" [] StsRequestMalformed;
    CaracalSts "scope_insufficient" [] VerifierInsufficientScope;
    // Caracal's control plane: its Coordinator, its admin API, its console.
    CaracalControl "missing_token" [401, 400] MissingToken;
    CaracalControl "token_invalid" [401] ControlInvalidToken;
    CaracalControl "identity_revoked" [401] SessionRevoked;
    CaracalControl "missing_scope" [403] VerifierInsufficientScope;
    CaracalControl "zone_mismatch" [403] StsZoneMismatch;
    CaracalControl "operator_token_required" [403] ControlAccessDenied;
    CaracalControl "denied" [403] ControlAccessDenied;
    CaracalControl "resource_not_found" [404] ResourceNotFound;
    CaracalControl "internal_error" [500] InternalError;
    // The control plane keeps `internal_error` for a body above its limit.
    CaracalControl "internal_error" [413] PayloadTooLarge;
    CaracalControl "invalid_zone" [400] ControlRequestMalformed;
    CaracalControl "invalid_request" [400] ControlRequestMalformed;
    CaracalControl "invalid_max_hops" [400] ControlRequestMalformed;
    CaracalControl "operation_method_and_path_required" [400] ControlRequestMalformed;
    CaracalControl "operation_path_must_be_absolute" [400] ControlRequestMalformed;
    CaracalControl "operation_scope_not_in_resource_scopes" [400] ControlRequestMalformed;
    CaracalControl "operation_duplicate" [400] ControlRequestMalformed;
    // Documented without a status.
    CaracalControl "dcr_application_already_bound" [] ControlRequestMalformed;
    CaracalControl "task_session_cannot_start_service" [] ControlRequestMalformed;
    CaracalControl "session_lease_fenced" [409] SessionLeaseExpired;
    CaracalControl "session_subject_inactive" [409] SessionLeaseExpired;
    CaracalControl "session_zone_limit_exceeded" [429] SessionLimitExceeded;
    CaracalControl "session_children_limit_exceeded" [429] SessionLimitExceeded;
    // Documented; the Coordinator says `session_depth_limit_exceeded`.
    CaracalControl "hop_count_exceeded" [] SessionDepthLimitExceeded;
    CaracalControl "idempotency_result_inactive" [409] IdempotencyKeyConflict;
    CaracalControl "unsupported" [501] ControlDisabled;
    // Caracal's libraries: errors of a program, which have no status.
    CaracalLibrary "invalid_token" [401] VerifierInvalidToken;
    CaracalLibrary "zone_invalid" [] InvalidZone;
    CaracalLibrary "scope_insufficient" [] VerifierInsufficientScope;
    CaracalLibrary "session_required" [] SessionRequired;
    CaracalLibrary "agent_identity_required" [] SessionRequired;
    CaracalLibrary "delegation_required" [] DelegationRequired;
    CaracalLibrary "chain_mismatch" [] ChainMismatch;
    CaracalLibrary "hop_count_exceeded" [] HopCountExceeded;
    CaracalLibrary "http_request_failed" [] HttpRequestFailed;
    CaracalLibrary "interaction_required" [401] ApprovalRequired;
    CaracalLibrary "federation_failed" [] StsFailureUnexplained;
    CaracalLibrary "decision_failed" [] StsFailureUnexplained;
}
