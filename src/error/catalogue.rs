//! THE table: one row per reason. All else about errors is printed from it.

use serde_json::json;

use super::{Challenge, Code, Excerpt, Fact, Help, Retry, Row, Surface};
use crate::time::UnixTime;

macro_rules! catalogue {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident { $($fact:ident: $type:ty),* } = $reason:literal
        $code:ident $status:literal $challenge:ident $retry:ident $surface:ident, $source:literal
        text: $text:literal
        symptom: $symptom:literal
        cause: $cause:literal
        fix: $fix:literal
        check: $check:literal
    )+) => {
        /// Why a call was denied, with the facts that logs may show.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "a fact is named after the claim or setting that it quotes")]
        pub enum Error {
            $($(#[doc = $meaning])+ $name { $($fact: $type),* },)+
        }

        /// The name of a row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Error {
            /// The row that this error belongs to.
            pub const fn reason(&self) -> Reason {
                match self {
                    $(Self::$name { .. } => Reason::$name,)+
                }
            }

            /// What is known about this one case: for logs, never for an unauthenticated reader.
            pub fn facts(&self) -> Vec<Fact> {
                match self {
                    $(Self::$name { $($fact),* } => vec![$((stringify!($fact), json!($fact))),*],)+
                }
            }
        }

        impl Reason {
            /// Every reason, in the order of the journey.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What the wire says for it.
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => &Row {
                        reason: $reason,
                        code: Code::$code,
                        status: $status,
                        challenge: Challenge::$challenge,
                        source: $source,
                        surface: Surface::$surface,
                        retry: Retry::$retry,
                        text: $text,
                    },)+
                }
            }

            /// What a person needs to know about it.
            pub const fn help(self) -> &'static Help {
                match self {
                    $(Self::$name => &Help {
                        meaning: concat!($($meaning),+),
                        symptom: $symptom,
                        cause: $cause,
                        fix: $fix,
                        check: $check,
                    },)+
                }
            }
        }
    };
}

catalogue! {
    /// The request target is neither a path nor an absolute `http(s)` URL.
    RequestMalformed {} = "request_malformed"
    InvalidRequest 400 None FixRequest Gate, "RFC 9112 section 3.2"
    text: "the request target is malformed"
    symptom: "400 before any token is looked at"
    cause: "A hand-made request with `*`, an authority or an unknown scheme as its target"
    fix: "Send a path or an absolute http or https URL"
    check: "The request line as it left the client"

    /// The call comes from a page whose origin is not listed.
    OriginForbidden { origin: Excerpt } = "origin_forbidden"
    OriginForbidden 403 None Never Gate, "MCP 2026-07-28, Streamable HTTP, security; RFC 6454 section 7"
    text: "calls from this origin are not allowed"
    symptom: "403 in a browser, while the same call works from a terminal"
    cause: "The page's origin is not in `origins`, or differs by scheme, port or case"
    fix: "Add the origin to `origins` exactly as the browser sends it"
    check: "The `Origin` header of the failed request"

    /// The access token stands in the query string, where logs and histories keep it.
    TokenInQuery {} = "token_in_query"
    InvalidRequest 400 Coded FixRequest Gate, "RFC 6750 section 2.3, RFC 9700 section 4.3.2"
    text: "access tokens are not accepted in the query string"
    symptom: "400 `invalid_request` although the token is good"
    cause: "The client sends `?access_token=`"
    fix: "Send `Authorization: Bearer` and a token on every request; treat the exposed token as leaked"
    check: "The URL that the client calls"

    /// There is no `Authorization` header.
    MissingToken {} = "missing_token"
    MissingToken 401 Bare NewToken Gate, "RFC 6750 section 3.1"
    text: "no access token was sent"
    symptom: "401 whose challenge has no `error`"
    cause: "The first call of a client that has not signed in yet, or a proxy that removed the header"
    fix: "Follow `resource_metadata` to the authorization server and get a token for this resource"
    check: "Whether the header leaves the client and survives every proxy on the way"

    /// The `Authorization` header uses a scheme that this resource does not take.
    SchemeUnsupported { scheme: Excerpt } = "scheme_unsupported"
    MissingToken 401 Bare NewToken Gate, "RFC 6750 section 3.1, RFC 9110 section 11.4"
    text: "the authorization scheme is not supported"
    symptom: "401 whose challenge has no `error`, though an Authorization header is sent"
    cause: "`Basic` or another scheme where `Bearer` is wanted, or the bare token without a scheme"
    fix: "Send `Authorization: Bearer` and the token"
    check: "The first word of the header"

    /// There is more than one `Authorization` credential.
    AuthorizationDuplicated { count: usize } = "authorization_duplicated"
    InvalidRequest 400 Coded FixRequest Gate, "RFC 6750 section 3.1"
    text: "more than one authorization credential was sent"
    symptom: "400 `invalid_request` although one of the tokens is good"
    cause: "The client and a proxy each add a header, or two values were folded into one field"
    fix: "Send exactly one Authorization header"
    check: "Which hop adds the second header"

    /// The `Authorization` header is `Bearer`, but no single token follows.
    AuthorizationMalformed {} = "authorization_malformed"
    InvalidToken 401 Coded NewToken Gate, "RFC 6750 section 2.1"
    text: "the authorization header is malformed"
    symptom: "401 `invalid_token` at once, for every token"
    cause: "An empty token, a space or line break inside it, quotes around it, or bytes that are not ASCII"
    fix: "Send `Bearer`, one space, and the token exactly as the authorization server gave it"
    check: "The header's bytes, white space included"

    /// The access token is longer than `limits.token`.
    TokenTooLong { bytes: usize, limit: usize } = "token_too_long"
    InvalidToken 401 Coded NewToken Gate, "RFC 6750 section 3.1"
    text: "the access token is too long"
    symptom: "401 `invalid_token` for users with many groups or roles"
    cause: "The authorization server packs large claims into the token"
    fix: "Let it issue smaller tokens, or raise `limits.token` (and the proxy's header limit)"
    check: "The token's length in bytes"

    /// The access token has five segments: it is encrypted.
    TokenEncrypted {} = "token_encrypted"
    InvalidToken 401 Coded NewToken Gate, "RFC 7516 section 3.1"
    text: "encrypted access tokens are not supported"
    symptom: "401 `invalid_token` for every token of one authorization server"
    cause: "The authorization server encrypts access tokens for this resource"
    fix: "Let it issue signed tokens without encryption"
    check: "Count the dots: four means encrypted"

    /// The access token is not a compact JWS of two JSON objects.
    TokenMalformed { fault: &'static str } = "token_malformed"
    InvalidToken 401 Coded NewToken Gate, "RFC 7515 section 5.2, RFC 8725 section 2.4"
    text: "the access token is malformed"
    symptom: "401 `invalid_token` for every token"
    cause: "An opaque token, a truncated one, an ID of a session, or JSON with duplicate members"
    fix: "Send the access token itself, and let the authorization server issue RFC 9068 tokens"
    check: "Whether the token has three segments separated by dots"

    /// The token's header asks for a JOSE extension: `crit`, `b64`, `zip`, `enc` or `cty`.
    HeaderUnsupported { member: &'static str } = "header_unsupported"
    InvalidToken 401 Coded NewToken Gate, "RFC 7515 section 4.1.11, RFC 7797, RFC 8725 section 3.8"
    text: "the access token uses an unsupported extension"
    symptom: "401 `invalid_token` for every token of one authorization server"
    cause: "The authorization server nests, compresses or extends its tokens"
    fix: "Let it issue plain RFC 9068 tokens"
    check: "The token's decoded header"

    /// The token's `alg` is not on the issuer's list.
    AlgorithmNotAllowed { alg: Excerpt } = "algorithm_not_allowed"
    InvalidToken 401 Coded NewToken Gate, "RFC 8725 section 3.1, RFC 9068 section 4"
    text: "the access token is signed with an algorithm that is not allowed"
    symptom: "401 `invalid_token` after the authorization server changed its signing key"
    cause: "Its new algorithm is not in `issuers[].algorithms`, or the token is forged (`none`, `HS256`)"
    fix: "Add the algorithm to the issuer's list if the authorization server really uses it"
    check: "`alg` in the token's header against the configuration"

    /// The token's `typ` is not that of an access token.
    TypeNotAllowed { typ: Excerpt } = "type_not_allowed"
    InvalidToken 401 Coded NewToken Gate, "RFC 9068 sections 2.1 and 4, RFC 8725 section 3.11"
    text: "the token is not an access token"
    symptom: "401 `invalid_token` although the token verifies elsewhere"
    cause: "An ID token was sent, or the authorization server does not set `typ: at+jwt`"
    fix: "Send the access token; for an older authorization server add its type to `issuers[].types`"
    check: "`typ` in the token's header"

    /// The token's `iss` is not configured.
    IssuerUnknown { iss: Excerpt } = "issuer_unknown"
    InvalidToken 401 Coded NewToken Gate, "RFC 9068 section 4, RFC 9207 section 2.4"
    text: "the access token was issued by an unknown issuer"
    symptom: "401 `invalid_token` on every call after a deployment"
    cause: "The issuer differs by a slash, by case or by tenant; issuers are compared byte for byte"
    fix: "Write the issuer in the configuration exactly as the token has it"
    check: "`iss` in the token against `issuers[].issuer`"

    /// No key set could be had for the token's issuer.
    KeysUnavailable { iss: Excerpt, fault: Excerpt, retry_after: u32 } = "keys_unavailable"
    TemporarilyUnavailable 503 None Later Gate, "RFC 9110 section 15.6.4"
    text: "the keys of the authorization server are not available"
    symptom: "503 with `Retry-After` for all callers of one issuer"
    cause: "The key set's URI does not answer, answers with an error, or with something that is no key set"
    fix: "Repair the URI, the Envoy cluster or the network path; keep the token, it may be good"
    check: "Fetch the key set's URI from where the gate runs"

    /// No key of the issuer fits the token, also after the key set was fetched again.
    KeyUnknown { iss: Excerpt, kid: Option<Excerpt>, alg: Excerpt } = "key_unknown"
    InvalidToken 401 Coded NewToken Gate, "RFC 7515 section 4.1.4, RFC 7517 section 4"
    text: "the access token is signed with an unknown key"
    symptom: "401 `invalid_token` after a key rotation, or for tokens of another environment"
    cause: "The key was withdrawn, is not published yet, or is meant for another use or algorithm"
    fix: "Publish a key before signing with it; point the configuration at the right environment"
    check: "`kid` in the token's header against the published key set"

    /// The token names no key and more than one key of the issuer fits.
    KeyAmbiguous { iss: Excerpt } = "key_ambiguous"
    InvalidToken 401 Coded NewToken Gate, "RFC 7515 section 4.1.4, RFC 8725 section 3.1"
    text: "the access token does not say which key signed it"
    symptom: "401 `invalid_token` while two keys are published"
    cause: "The authorization server sets no `kid` and has begun a key rotation"
    fix: "Let it set `kid` in every token"
    check: "The token's header, and how many keys the key set holds"

    /// The signature does not belong to this token and key.
    SignatureInvalid {} = "signature_invalid"
    InvalidToken 401 Coded NewToken Gate, "RFC 7515 section 5.2, RFC 9068 section 4"
    text: "the signature of the access token is not valid"
    symptom: "401 `invalid_token` for one token, or for all of one environment"
    cause: "The token was altered, or another environment signs with a key of the same `kid`"
    fix: "Get a new token; if that fails too, compare the published key with the signing key"
    check: "Whether the token reaches the gate unchanged"

    /// A claim that every access token must have is absent or empty.
    ClaimMissing { claim: &'static str } = "claim_missing"
    InvalidToken 401 Coded NewToken Gate, "RFC 9068 section 2.2"
    text: "the access token lacks a required claim"
    symptom: "401 `invalid_token` for every token of one authorization server"
    cause: "The authorization server does not follow RFC 9068"
    fix: "Let it add the claim, or name the claim in `issuers[].claims.optional`"
    check: "The claims of the token against `iss exp aud sub client_id iat jti`"

    /// A claim has the wrong type or is out of range.
    ClaimMalformed { claim: &'static str } = "claim_malformed"
    InvalidToken 401 Coded NewToken Gate, "RFC 7519 section 4.1, RFC 9068 section 2.2"
    text: "a claim of the access token is malformed"
    symptom: "401 `invalid_token` for every token of one authorization server"
    cause: "A date written as text, a scope written as a list, an audience that is neither"
    fix: "Let the authorization server issue the claim as RFC 7519 and RFC 9068 define it"
    check: "The type of the claim in the decoded token"

    /// The token's `exp` lies in the past, beyond the leeway.
    TokenExpired { exp: UnixTime, now: UnixTime } = "token_expired"
    InvalidToken 401 Coded NewToken Gate, "RFC 7519 section 4.1.4, RFC 9068 section 4"
    text: "the access token has expired"
    symptom: "401 `invalid_token` some minutes after signing in"
    cause: "Access tokens are short-lived; the client did not refresh in time, or a clock is wrong"
    fix: "Refresh the token and repeat the call"
    check: "`exp` against the clock of the gate"

    /// The token's `nbf` lies in the future, beyond the leeway.
    TokenNotYetValid { nbf: UnixTime, now: UnixTime } = "token_not_yet_valid"
    InvalidToken 401 Coded NewToken Gate, "RFC 7519 section 4.1.5"
    text: "the access token is not valid yet"
    symptom: "401 `invalid_token` right after signing in, gone a little later"
    cause: "The clock of the authorization server runs ahead, or the token is meant for later"
    fix: "Synchronise the clocks"
    check: "`nbf` against the clock of the gate"

    /// The token's `iat` lies in the future, beyond the leeway.
    TokenIssuedInFuture { iat: UnixTime, now: UnixTime } = "token_issued_in_future"
    InvalidToken 401 Coded NewToken Gate, "RFC 7519 section 4.1.6"
    text: "the access token was issued in the future"
    symptom: "401 `invalid_token` right after signing in, gone a little later"
    cause: "The clock of the authorization server runs ahead of the gate's"
    fix: "Synchronise the clocks"
    check: "`iat` against the clock of the gate"

    /// The token was issued for another resource.
    AudienceMismatch { aud: Excerpt } = "audience_mismatch"
    InvalidToken 401 Coded NewToken Gate, "RFC 9068 section 4, RFC 8707 section 2"
    text: "the access token was issued for another resource"
    symptom: "401 `invalid_token` on every call, and nothing else wrong"
    cause: "The client sent no `resource`, or one that differs by a slash, by case or by port"
    fix: "Send `resource` with the exact identifier at the authorization and the token endpoint"
    check: "`aud` in the token against `resource` of the metadata document, byte for byte"

    /// The token is bound to a key (`cnf`), and proofs are not checked here.
    DpopUnsupported {} = "dpop_unsupported"
    InvalidToken 401 Coded NewToken Gate, "RFC 9449 section 7.2, RFC 7800 section 3"
    text: "key-bound access tokens are not supported"
    symptom: "401 `invalid_token` for tokens with `token_type` DPoP"
    cause: "The client asked for a bound token; accepting it without its proof would drop the protection"
    fix: "Ask for a Bearer token for this resource"
    check: "Whether the token has a `cnf` claim"

    /// The token lacks a scope that every call needs.
    InsufficientScope { missing: Vec<Excerpt> } = "insufficient_scope"
    InsufficientScope 403 Coded StepUp Gate, "RFC 6750 section 3.1, RFC 9728 section 5.3"
    text: "the access token lacks a scope that this call needs"
    symptom: "403 whose challenge lists scopes"
    cause: "The client asked for less scope than the call needs, or the user granted less"
    fix: "Authorize again with the scopes in `scope`; a refresh cannot widen scope"
    check: "`scope` in the token against `scope` in the challenge"

    /// The host of the gate could not do what a decision needed.
    HostFailed { fault: &'static str, retry_after: u32 } = "host_failed"
    TemporarilyUnavailable 503 None Later Gate, "RFC 9110 section 15.6.4"
    text: "the request could not be checked"
    symptom: "503 with `Retry-After`, whatever the token"
    cause: "The proxy or runtime that hosts the gate did not answer one of its steps"
    fix: "Look for the reason in the host's own log"
    check: "The log line of this request id"
}
