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
    cause: "`Basic` or another scheme where `Bearer` or `DPoP` is wanted, or the bare token without one"
    fix: "Send `Authorization:`, the scheme that the challenge names, and the token"
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

    /// The token is bound to a key (`cnf`), or a proof is sent, and proofs are not checked here.
    DpopUnsupported {} = "dpop_unsupported"
    InvalidToken 401 Coded NewToken Gate, "RFC 9449 section 7.2, RFC 7800 section 3"
    text: "key-bound access tokens are not supported"
    symptom: "401 `invalid_token` for tokens with `token_type` DPoP"
    cause: "The client asked for a bound token; accepting it without its proof would drop the protection"
    fix: "Ask for a Bearer token for this resource, or switch `dpop.mode` on"
    check: "Whether the token has a `cnf` claim, and `dpop` in the configuration"

    /// The token is bound to no key, where a bound one is wanted or a proof came with it.
    TokenNotBound {} = "token_not_bound"
    InvalidToken 401 Coded NewToken Gate, "RFC 9449 sections 6 and 7.1"
    text: "the access token is not bound to a key"
    symptom: "401 `invalid_token` with a DPoP challenge, for a token that used to pass"
    cause: "The client sent no proof to the token endpoint, or the authorization server has DPoP off"
    fix: "Send a proof to the token endpoint and check that it answers `token_type` DPoP"
    check: "Whether the token has a `cnf` claim with `jkt`"

    /// A token that is bound to a key was sent as a `Bearer` token.
    BoundTokenAsBearer {} = "bound_token_as_bearer"
    InvalidToken 401 Coded NewProof Gate, "RFC 9449 section 7.2"
    text: "a key-bound access token was sent as a Bearer token"
    symptom: "401 `invalid_token` although the token is good and a proof is sent"
    cause: "The client, or a proxy, writes `Bearer` before every token"
    fix: "Send `Authorization: DPoP` and the token, with a proof in the `DPoP` header"
    check: "The first word of the Authorization header as it reaches the gate"

    /// A token that is bound to a key came without a proof.
    ProofMissing {} = "proof_missing"
    InvalidToken 401 Coded NewProof Gate, "RFC 9449 section 7.1"
    text: "a key-bound access token was sent without a proof"
    symptom: "401 `invalid_token` with a DPoP challenge"
    cause: "The client sends no `DPoP` header, or a proxy removed it"
    fix: "Send a fresh proof in the `DPoP` header of every request"
    check: "Whether the header leaves the client and survives every proxy on the way"

    /// There is more than one proof.
    ProofDuplicated { count: usize } = "proof_duplicated"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3"
    text: "more than one proof was sent"
    symptom: "401 `invalid_dpop_proof` although one of the proofs is good"
    cause: "Two layers of the client each add a proof, or a retry adds a second one"
    fix: "Send exactly one DPoP header"
    check: "Which layer adds the second header"

    /// The proof is not a compact JWS of two JSON objects.
    ProofMalformed { fault: &'static str } = "proof_malformed"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 sections 4.2 and 4.3, RFC 7515 section 5.2"
    text: "the proof is malformed"
    symptom: "401 `invalid_dpop_proof` for every proof"
    cause: "Something else in the `DPoP` header: the token, a key, a truncated proof"
    fix: "Send a proof as RFC 9449 section 4.2 describes it; use a library for it"
    check: "Whether the proof has three segments separated by dots"

    /// The proof's `typ` is not `dpop+jwt`.
    ProofTypeNotAllowed { typ: Excerpt } = "proof_type_not_allowed"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3"
    text: "the proof is not of the type dpop+jwt"
    symptom: "401 `invalid_dpop_proof` for every proof"
    cause: "A token was sent in the `DPoP` header, or a general JWT library made the proof"
    fix: "Set `typ` to `dpop+jwt` in the proof's header"
    check: "`typ` in the proof's header"

    /// The proof's `alg` is not on the list.
    ProofAlgorithmNotAllowed { alg: Excerpt } = "proof_algorithm_not_allowed"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3, RFC 8725 section 3.1"
    text: "the proof is signed with an algorithm that is not allowed"
    symptom: "401 `invalid_dpop_proof` for every proof of one client"
    cause: "The client's key is of a kind that is not in `dpop.algorithms`"
    fix: "Make the key for one of the algorithms that `algs` in the challenge names"
    check: "`alg` in the proof's header against `algs` in the challenge"

    /// The proof carries no public key that can have signed it.
    ProofKeyInvalid { fault: &'static str } = "proof_key_invalid"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3, RFC 7517 section 4"
    text: "the key in the proof is not valid"
    symptom: "401 `invalid_dpop_proof` for every proof of one client"
    cause: "`jwk` is absent, holds a private member, is too short, or is of another kind than `alg`"
    fix: "Put the public key alone into `jwk`; a private key that was sent is lost: make a new one"
    check: "`jwk` in the proof's header"

    /// The signature does not belong to this proof and the key in it.
    ProofSignatureInvalid {} = "proof_signature_invalid"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3, RFC 7515 section 5.2"
    text: "the signature of the proof is not valid"
    symptom: "401 `invalid_dpop_proof` for every proof of one client"
    cause: "The proof was altered, is signed with another key, or an ECDSA signature is in DER"
    fix: "Sign with the private half of `jwk`; ECDSA signatures are `r` and `s` side by side"
    check: "Whether another library verifies the proof"

    /// A claim that every proof must have is absent or empty.
    ProofClaimMissing { claim: &'static str } = "proof_claim_missing"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.2"
    text: "the proof lacks a required claim"
    symptom: "401 `invalid_dpop_proof` at the resource, while the token endpoint takes the proofs"
    cause: "Proofs for a resource need `ath`, which those for the token endpoint do not have"
    fix: "Put `jti`, `htm`, `htu`, `iat` and `ath` into every proof for a resource"
    check: "The claims of the proof"

    /// A claim of the proof has the wrong type or is out of range.
    ProofClaimMalformed { claim: &'static str } = "proof_claim_malformed"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.2, RFC 7519 section 4.1"
    text: "a claim of the proof is malformed"
    symptom: "401 `invalid_dpop_proof` for every proof of one client"
    cause: "A date written as text, or an id written as a number"
    fix: "Write dates as numbers of seconds and all else as text"
    check: "The type of the claim in the decoded proof"

    /// The proof was made for another HTTP method.
    ProofMethodMismatch { htm: Excerpt } = "proof_method_mismatch"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3"
    text: "the proof was made for another method"
    symptom: "401 `invalid_dpop_proof` for some calls only"
    cause: "One proof is used for several requests, or `htm` is written in lower case"
    fix: "Make a proof for each request, with the method exactly as it is sent"
    check: "`htm` in the proof against the request line"

    /// The proof was made for another URL.
    ProofUrlMismatch { htu: Excerpt } = "proof_url_mismatch"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3, RFC 3986 section 6.2"
    text: "the proof was made for another URL"
    symptom: "401 `invalid_dpop_proof` behind a proxy, while it works without"
    cause: "The client calls another host, port or path than `resource` and the path the gate sees"
    fix: "Set `resource` to the URL that clients call; let no proxy in front of the gate rewrite the path"
    check: "`htu` in the proof against `resource` and the path in the gate's access log"

    /// The proof is too old, or its `exp` has passed.
    ProofExpired { end: UnixTime, now: UnixTime } = "proof_expired"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 sections 4.3 and 11.1"
    text: "the proof has expired"
    symptom: "401 `invalid_dpop_proof` for every proof of one machine, or after a pause"
    cause: "A proof was kept and used later, or the client's clock is behind"
    fix: "Make a fresh proof for every request; synchronise the clocks"
    check: "`iat` in the proof against the clock of the gate"

    /// The proof's `iat` or `nbf` lies in the future, beyond the leeway.
    ProofNotYetValid { begins: UnixTime, now: UnixTime } = "proof_not_yet_valid"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 sections 4.3 and 11.1"
    text: "the proof is not valid yet"
    symptom: "401 `invalid_dpop_proof` for every proof of one machine"
    cause: "The client's clock runs ahead, or `iat` is in milliseconds"
    fix: "Synchronise the clocks; write `iat` in seconds"
    check: "`iat` in the proof against the clock of the gate"

    /// The proof was made for another access token (`ath`).
    ProofTokenMismatch {} = "proof_token_mismatch"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 section 4.3"
    text: "the proof was made for another access token"
    symptom: "401 `invalid_dpop_proof` right after a token was refreshed"
    cause: "The proof was made with the token before, or `ath` is not base64url of SHA-256"
    fix: "Make the proof when the request is sent, from the token that is sent with it"
    check: "`ath` in the proof against the digest of the token in the same request"

    /// The proof is signed with another key than the one the token is bound to.
    ProofKeyMismatch {} = "proof_key_mismatch"
    InvalidToken 401 Coded NewToken Gate, "RFC 9449 sections 4.3 and 6.1, RFC 7638"
    text: "the access token is bound to another key"
    symptom: "401 `invalid_token` after a reload or a reinstallation of the client"
    cause: "The client made a new key and kept its token, or the token is stolen"
    fix: "Keep key and token together; with a new key get a new token"
    check: "The thumbprint of `jwk` in the proof against `cnf.jkt` in the token"

    /// The proof has been used before.
    ProofReplayed {} = "proof_replayed"
    InvalidDpopProof 401 Coded NewProof Gate, "RFC 9449 sections 4.3 and 11.1"
    text: "the proof has been used before"
    symptom: "401 `invalid_dpop_proof` on a retry, or for the second of two calls"
    cause: "The client, or a proxy that retries, sent one proof twice; or somebody replays it"
    fix: "Make a proof with a new `jti` for every request, retries included"
    check: "Whether a layer below the one that makes the proof repeats requests"

    /// The proof carries no nonce, and needs one.
    NonceMissing {} = "nonce_missing"
    UseDpopNonce 401 Coded RetryNonce Gate, "RFC 9449 section 9"
    text: "the proof needs a nonce"
    symptom: "401 `use_dpop_nonce` on the first call"
    cause: "The client has not seen a nonce of this server yet: that is the usual course"
    fix: "Repeat the call once, with the value of the `DPoP-Nonce` header in the proof's `nonce`"
    check: "Whether the client reads `DPoP-Nonce` from every reply"

    /// The proof's nonce is not one that counts now.
    NonceUnknown {} = "nonce_unknown"
    UseDpopNonce 401 Coded RetryNonce Gate, "RFC 9449 section 9"
    text: "the nonce of the proof is no longer valid"
    symptom: "401 `use_dpop_nonce` after a pause, or at every other gate of a fleet"
    cause: "The nonce is older than some minutes (150 to 300 seconds), or the gates have different secrets"
    fix: "Repeat the call once with the new nonce; give all gates the same `dpop.nonce.secret`"
    check: "Whether the nonce came from this origin, and when"

    /// Whether the proof has been used before cannot be told.
    ReplayUnavailable { fault: &'static str, retry_after: u32 } = "replay_unavailable"
    TemporarilyUnavailable 503 None Later Gate, "RFC 9449 section 11.1, RFC 9110 section 15.6.4"
    text: "the store of used proofs is not available"
    symptom: "503 with `Retry-After` for callers with bound tokens: all of them, or more and more"
    cause: "The shared store does not answer, or the local one is full: of honest calls, or of one caller's flood"
    fix: "Repair the store or the way to it; raise `replay.capacity` to calls per second times `dpop.age` plus twice the leeway; send the retry with a new proof"
    check: "`fault` in the log line; then ask the store from where the gate runs"

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
