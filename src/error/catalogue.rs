//! THE table: one row per reason. All else about errors is printed from it.

use serde::Serialize;
use serde_json::json;

use super::{Challenge, Code, ConsentCause, Excerpt, Fact, Help, Retry, Row, Surface};
use crate::time::UnixTime;

/// Once for each type of fact, and not for each fact.
fn note(facts: &mut Vec<Fact>, name: &'static str, fact: &impl Serialize) {
    facts.push((name, json!(fact)));
}

macro_rules! catalogue {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident { $($fact:ident: $type:ty),* } = $reason:literal
        $code:ident $status:literal $(| $also:literal)* $([$rpc:literal])? $challenge:ident $retry:ident $surface:ident, $source:literal
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

            /// An error of this row, about no case in particular: its facts are empty.
            pub fn of(reason: Reason) -> Self {
                match reason {
                    $(Reason::$name => Self::$name { $($fact: Default::default()),* },)+
                }
            }

            /// What is known about this one case: for logs, never for an unauthenticated reader.
            pub fn facts(&self) -> Vec<Fact> {
                let mut facts = Vec::new();
                match self {
                    $(Self::$name { $($fact),* } => {
                        $(note(&mut facts, stringify!($fact), $fact);)*
                    })+
                }
                facts
            }
        }

        impl Reason {
            /// Every reason, in the order of the journey.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The reason of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($reason => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Its name, as in its row. A client's small module asks here and below for what it
            /// needs: with a row it would hold the texts of all rows.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $reason,)+
                }
            }

            /// What the body's `error` says.
            pub const fn code(self) -> Code {
                match self {
                    $(Self::$name => Code::$code,)+
                }
            }

            /// The HTTP status under which it is rendered.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                }
            }

            /// Other statuses under which servers send it.
            pub const fn also(self) -> &'static [u16] {
                match self {
                    $(Self::$name => &[$($also),*],)+
                }
            }

            /// The code of a JSON-RPC error, where it is one.
            pub const fn rpc(self) -> Option<i32> {
                match self {
                    $(Self::$name => catalogue!(@rpc $($rpc)?),)+
                }
            }

            /// Who usually emits it.
            pub const fn surface(self) -> Surface {
                match self {
                    $(Self::$name => Surface::$surface,)+
                }
            }

            /// Whether another try can help, and how.
            pub const fn retry(self) -> Retry {
                match self {
                    $(Self::$name => Retry::$retry,)+
                }
            }

            /// What the wire says for it.
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => &Row {
                        reason: $reason,
                        code: Code::$code,
                        status: $status,
                        also: &[$($also),*],
                        rpc: catalogue!(@rpc $($rpc)?),
                        challenge: Challenge::$challenge,
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
                        source: $source,
                        symptom: $symptom,
                        cause: $cause,
                        fix: $fix,
                        check: $check,
                    },)+
                }
            }
        }
    };
    (@rpc) => { None };
    (@rpc $rpc:literal) => { Some($rpc) };
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
    OriginForbidden 403 None Operator Gate, "MCP 2026-07-28, Streamable HTTP, security; RFC 6454 section 7"
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
    MissingToken 401 Bare SignIn Gate, "RFC 6750 section 3.1"
    text: "no access token was sent"
    symptom: "401 whose challenge has no `error`; some clients call again and again without a token"
    cause: "The client has not signed in yet, cannot read the metadata document, or a proxy removed the header"
    fix: "Follow `resource_metadata` to the authorization server and get a token for this resource"
    check: "Whether the document behind `resource_metadata` is JSON, then whether the header survives every proxy"

    /// The `Authorization` header uses a scheme that this resource does not take.
    SchemeUnsupported { scheme: Excerpt } = "scheme_unsupported"
    MissingToken 401 Bare SignIn Gate, "RFC 6750 section 3.1, RFC 9110 section 11.4"
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
    TokenNotBound { rule: Option<Excerpt> } = "token_not_bound"
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

    /// The token lacks a scope that the call needs.
    InsufficientScope { missing: Vec<Excerpt>, needed: Vec<String>, rule: Option<Excerpt> } = "insufficient_scope"
    InsufficientScope 403 Coded StepUp Gate, "RFC 6750 section 3.1, RFC 9728 section 5.3"
    text: "the access token lacks a scope that this call needs"
    symptom: "403 whose challenge lists scopes"
    cause: "The client asked for less scope than the call needs, or the user granted less"
    fix: "Authorize again with the scopes in `scope`; a refresh cannot widen scope"
    check: "`scope` in the token against `scope` in the challenge"

    /// The token is for another use: a mandate whose `use` is not the configured one.
    UseNotAllowed { used: Excerpt } = "use_not_allowed"
    InvalidToken 401 Coded NewToken Gate, "Caracal, mandates"
    text: "the access token is for another use"
    symptom: "401 `invalid_token` for a mandate that works at the Gateway or the Coordinator"
    cause: "A session or gateway mandate where a resource mandate is wanted"
    fix: "Mint a resource mandate, or call through the Gateway"
    check: "`use` in the mandate against `issuers[].use`"

    /// The mandate is not for a target that the call needs.
    TargetMissing { missing: Excerpt, rule: Option<Excerpt> } = "target_missing"
    InvalidToken 401 Coded NewToken Gate, "Caracal, mandates"
    text: "the access token is not for this target"
    symptom: "401 `invalid_token` although all scopes match"
    cause: "The mandate was minted without the resource that the call needs"
    fix: "Ask for that resource when the mandate is minted"
    check: "`target` in the mandate against `targets` of the rule in the log"

    /// The token, its session or its subject is revoked.
    TokenRevoked { by: &'static str } = "token_revoked"
    InvalidToken 401 Coded SignIn Gate, "RFC 6750 section 3.1, RFC 7009 section 2"
    text: "the access token is revoked"
    symptom: "401 `invalid_token` for a token that is good by itself"
    cause: "Somebody revoked the token, ended its session, or blocked its subject"
    fix: "Sign in again"
    check: "`by` in the log line: which of its ids is on the list"

    /// The authorization server says that the token is not active.
    TokenInactive {} = "token_inactive"
    InvalidToken 401 Coded SignIn Gate, "RFC 7662 section 2.2"
    text: "the access token is not active"
    symptom: "401 `invalid_token` for a token whose signature and times are good"
    cause: "It was revoked, or belongs to another authorization server than the one that was asked"
    fix: "Sign in again"
    check: "What the introspection endpoint says of it"

    /// Whether the token is revoked cannot be told.
    RevocationUnavailable { fault: Excerpt, retry_after: u32 } = "revocation_unavailable"
    TemporarilyUnavailable 503 None Later Gate, "RFC 9110 section 15.6.4"
    text: "the state of revocation is not available"
    symptom: "503 with `Retry-After` for every caller"
    cause: "The list of revoked ids is older than `age` plus `stale` allow, or the store or endpoint does not answer"
    fix: "Repair the list, the store or the way to it"
    check: "`fault` in the log line; then ask the place from where the gate runs"

    /// The path can be read in two ways: dot segments, encoded slashes, parameters, broken escapes, or
    /// almost the path of a rule.
    PathAmbiguous {} = "path_ambiguous"
    InvalidRequest 400 None FixRequest Gate, "RFC 3986 sections 3.3 and 6.2.2"
    text: "the path can be read in more than one way"
    symptom: "400 `invalid_request` for some paths, while a rule or operation looks at paths"
    cause: "`.` or `..`, an empty segment, a backslash, a semicolon or an encoded slash in the path, an escape that is broken or doubled, or a path that differs from one of the policy in case or in a slash at its end only"
    fix: "Send the path in its plain form"
    check: "The path as it reaches the gate"

    /// The body is compressed, or in another character set: the gate and the server could read two
    /// different calls.
    BodyUnsupported { header: &'static str } = "body_unsupported"
    InvalidRequest 415 None FixRequest Gate, "RFC 9110 section 15.5.16"
    text: "the body is encoded in a way that is not supported"
    symptom: "415 for a body that the server would take"
    cause: "`Content-Encoding`, or a `charset` other than UTF-8"
    fix: "Send JSON in UTF-8 without compression"
    check: "`Content-Type` and `Content-Encoding` of the request"

    /// No rule lets this caller make this call; more scope would not help.
    PolicyDenied { rule: Option<Excerpt>, unmet: Option<&'static str> } = "policy_denied"
    AccessDenied 403 None Operator Gate, "RFC 9110 section 15.5.4"
    text: "the policy does not allow this call"
    symptom: "403 without a challenge, for a tool that is listed and for one that does not exist alike"
    cause: "No rule matches the call and the default is to deny, a rule denies it, or the caller is not whom the rule asks for"
    fix: "Add a rule, or let somebody call who has what the rule requires"
    check: "`rule` and `unmet` in the log line; without `rule`, no rule matched"

    /// A rule asks for a claim that the token lacks, or that is of another type.
    PolicyEvalFailed { rule: Option<Excerpt>, claim: Excerpt } = "policy_eval_failed"
    PolicyEvalFailed 403 None Operator Gate, "Caracal, policy"
    text: "the policy cannot be evaluated for this call"
    symptom: "403 `policy_eval_failed` for some callers, or since a rule has changed"
    cause: "The rule names a claim that the authorization server does not issue, or that is a text where the rule wants a list; or an argument's name differs in case only"
    fix: "Let the authorization server issue the claim, or correct the rule"
    check: "`rule` and `claim` in the log line against the decoded token"

    /// The host of the gate could not do what a decision needed.
    HostFailed { fault: &'static str, retry_after: u32 } = "host_failed"
    TemporarilyUnavailable 503 None Later Gate, "RFC 9110 section 15.6.4"
    text: "the request could not be checked"
    symptom: "503 with `Retry-After`, whatever the token"
    cause: "The proxy or runtime that hosts the gate did not answer one of its steps"
    fix: "Look for the reason in the host's own log"
    check: "The log line of this request id"

    // Resource servers that do not say more.

    /// A resource server does not accept the access token, and does not say why.
    InvalidToken {} = "invalid_token"
    InvalidToken 401 Coded NewToken Resource, "RFC 6750 section 3.1"
    text: "the access token is not valid"
    symptom: "401 `invalid_token`, and no word about why"
    cause: "The token has expired, was issued for another resource, by another issuer, or is revoked"
    fix: "Refresh the token once and repeat; if that fails too, sign in again with `resource` set to this server's identifier"
    check: "`aud`, `iss` and `exp` in the token, against the metadata document of the resource"

    /// A resource server finds the request malformed, and does not say how.
    ResourceInvalidRequest {} = "resource_invalid_request"
    InvalidRequest 400 Coded FixRequest Resource, "RFC 6750 section 3.1"
    text: "the request is malformed"
    symptom: "400 `invalid_request` from the API, not from the token endpoint"
    cause: "Two credentials in one request, a token in the query, or a header that cannot be read"
    fix: "Send one Authorization header, and the token nowhere else"
    check: "The request as it reaches the server, behind every proxy"

    /// A resource server does not accept the proof, and does not say why.
    InvalidDpopProof {} = "invalid_dpop_proof"
    InvalidDpopProof 401 Coded NewProof Resource, "RFC 9449 section 7.1"
    text: "the proof is not valid"
    symptom: "401 `invalid_dpop_proof`, and the proof looks right"
    cause: "The proof names another URL or method than the server saw, is old, or was used before; a proxy that rewrites the host does this"
    fix: "Make a fresh proof for each request, from the URL that is called; let proxies keep the host"
    check: "`htu`, `htm` and `iat` in the proof against the request as the server sees it"

    /// A resource server wants its own nonce in the proof.
    UseDpopNonce {} = "use_dpop_nonce"
    UseDpopNonce 401 Coded RetryNonce Resource, "RFC 9449 section 9"
    text: "the proof needs a nonce of this server"
    symptom: "401 `use_dpop_nonce` with a `DPoP-Nonce` header, on the first call or after a pause"
    cause: "The server gives out nonces, and this proof has none or an old one"
    fix: "Repeat the call once, with the value of `DPoP-Nonce` as `nonce` in a new proof; keep it for the next call"
    check: "Whether the reply carries `DPoP-Nonce`, and whether CORS lets the page read it"

    /// The token is good, but the user signed in too weakly or too long ago for this call.
    InsufficientUserAuthentication { acr_values: Vec<String>, max_age: Option<u32>, rule: Option<Excerpt> } = "insufficient_user_authentication"
    InsufficientUserAuthentication 401 Coded StepUp Resource, "RFC 9470 section 3"
    text: "the user must authenticate more strongly or more recently"
    symptom: "401 for one sensitive call, while all others pass"
    cause: "The call wants a stronger or more recent sign-in than the one behind this token"
    fix: "Authorize again with `acr_values` and `max_age` from the challenge; a refresh changes nothing"
    check: "`acr` and `auth_time` in the token against the challenge"

    /// A resource server takes no more calls from this caller for a while.
    RateLimited {} = "rate_limited"
    SlowDown 429 None Later Resource, "RFC 6585 section 4, RFC 9110 section 10.2.3"
    text: "too many requests"
    symptom: "429, often with `Retry-After`"
    cause: "Too many calls from one client, user or address"
    fix: "Wait as long as `Retry-After` says, or back off; then repeat"
    check: "How many calls run at once, and whether a loop repeats them"

    /// A resource server cannot tell whether the token is good: its authorization server does not answer.
    ResourceUnavailable {} = "resource_unavailable"
    TemporarilyUnavailable 503 | 500 None Later Resource, "RFC 9110 section 15.6.4"
    text: "the resource server cannot check access tokens now"
    symptom: "503 for every caller, while the token is good elsewhere"
    cause: "The server cannot fetch its authorization server's keys or metadata"
    fix: "Keep the token and repeat with growing pauses; the operator restores the way to the authorization server"
    check: "Fetch the key set from where the resource server runs"

    // Authorization servers: who the client is and what it may ask.

    /// The authorization server misses a parameter, finds one twice, or cannot read one.
    InvalidRequest {} = "invalid_request"
    InvalidRequest 400 | 302 None FixRequest AuthorizationServer, "RFC 6749 sections 4.1.2.1 and 5.2"
    text: "the request to the authorization server is malformed"
    symptom: "400 `invalid_request` at the token endpoint, or an error page instead of a redirect"
    cause: "A parameter is missing, doubled or misspelt; the redirect URI is not exactly a registered one; the body is JSON instead of a form"
    fix: "Send the parameters that the specification names, as a form, with the registered redirect URI byte for byte"
    check: "`error_description`: it usually names the parameter"

    /// The authorization server does not know the client, or does not believe that it is the one.
    InvalidClient {} = "invalid_client"
    InvalidClient 401 | 400 Basic Operator AuthorizationServer, "RFC 6749 section 5.2"
    text: "the client could not be authenticated"
    symptom: "401 `invalid_client` with a Basic challenge, for every grant"
    cause: "Unknown client, wrong secret, a secret sent by a public client, a suspended client, or a client metadata document that cannot be fetched"
    fix: "Correct the credentials and the way they are sent; reactivate the client; make the `client_id` URL reachable for the server"
    check: "Whether the client exists and is active, and its `token_endpoint_auth_method`"

    /// The client may not use this kind of grant.
    UnauthorizedClient {} = "unauthorized_client"
    UnauthorizedClient 400 | 302 | 403 None Operator AuthorizationServer, "RFC 6749 sections 4.1.2.1 and 5.2"
    text: "the client is not registered for this grant"
    symptom: "400 `unauthorized_client` for one grant, while another works"
    cause: "The client's registration does not list this grant type"
    fix: "Register the client with the grant type that it uses"
    check: "`grant_types` of the client's registration"

    /// The authorization server does not know the `grant_type`, or has it switched off.
    UnsupportedGrantType {} = "unsupported_grant_type"
    UnsupportedGrantType 400 None Operator AuthorizationServer, "RFC 6749 section 5.2"
    text: "the authorization server does not support this grant type"
    symptom: "400 `unsupported_grant_type`, for every client"
    cause: "The grant is switched off (client credentials, token exchange or cross-app access), or misspelt"
    fix: "Switch the grant on at the authorization server, or ask with one that it supports"
    check: "`grant_types_supported` in the server's metadata"

    /// The authorization server does not answer with this `response_type`.
    UnsupportedResponseType {} = "unsupported_response_type"
    UnsupportedResponseType 400 | 302 None FixRequest AuthorizationServer, "RFC 6749 section 4.1.2.1"
    text: "the authorization server does not support this response type"
    symptom: "`unsupported_response_type` on the way back from the sign-in page"
    cause: "The client asks for `token` or `id_token` where only `code` is given"
    fix: "Use `response_type=code` with PKCE"
    check: "`response_types_supported` in the server's metadata"

    /// The authorization server does not know a requested scope, or may not grant it here.
    InvalidScope {} = "invalid_scope"
    InvalidScope 400 | 302 None FixRequest AuthorizationServer, "RFC 6749 sections 4.1.2.1 and 5.2"
    text: "the requested scope is unknown or more than may be granted"
    symptom: "400 `invalid_scope`, at sign-in, refresh or exchange"
    cause: "The scope is misspelt, the resource does not declare it, the client may not have it, or the grant is narrower"
    fix: "Let the operator declare and allow the scope, or leave it out of the request"
    check: "The requested scopes against those of the resource and of the client"

    /// The authorization server issues no tokens for this `resource`, or not from this grant.
    InvalidTarget {} = "invalid_target"
    InvalidTarget 400 | 302 None FixRequest AuthorizationServer, "RFC 8707 section 2, RFC 8693 section 2.2.2"
    text: "the requested resource is unknown or not covered by the grant"
    symptom: "400 `invalid_target`, while the same request without `resource` works"
    cause: "`resource` differs from the registered identifier, often by a trailing slash, or was not part of the authorization"
    fix: "Send the exact registered identifier, at the authorization and at the token endpoint"
    check: "`resource` in the request against the registration, byte for byte"

    /// The authorization server does not accept `authorization_details`.
    InvalidAuthorizationDetails {} = "invalid_authorization_details"
    InvalidAuthorizationDetails 400 | 302 None FixRequest AuthorizationServer, "RFC 9396 section 5"
    text: "the authorization details are malformed or of an unknown type"
    symptom: "400 or a redirect with `invalid_authorization_details`"
    cause: "An unknown `type`, a missing or unknown member, or JSON that cannot be read"
    fix: "Send only the types that the server lists, with their members"
    check: "`authorization_details_types_supported` in the server's metadata"

    /// The authorization server cannot use what `request_uri` points to.
    InvalidRequestUri {} = "invalid_request_uri"
    InvalidRequestUri 400 | 302 None FixRequest AuthorizationServer, "RFC 9101 section 7, RFC 9126 section 4"
    text: "the request object behind the URI is not available or not valid"
    symptom: "The sign-in page says `invalid_request_uri`, often after a pause"
    cause: "A pushed request has expired or was used already, or the server cannot fetch the URI"
    fix: "Push the request again and send the user at once; use each URI one time"
    check: "`expires_in` of the pushed request, and when the user arrived"

    /// The authorization server does not accept the signed request.
    InvalidRequestObject {} = "invalid_request_object"
    InvalidRequestObject 400 | 302 None FixRequest AuthorizationServer, "RFC 9101 section 7"
    text: "the request object is not valid"
    symptom: "`invalid_request_object` before any sign-in"
    cause: "The request is not signed with the client's registered key, has expired, or is meant for another server"
    fix: "Sign it with the registered key, with `aud` set to the issuer and a short `exp`"
    check: "`iss`, `aud`, `exp` and `kid` of the request object"

    /// The authorization server does not take the `request` parameter.
    RequestNotSupported {} = "request_not_supported"
    RequestNotSupported 400 | 302 None FixRequest AuthorizationServer, "RFC 9101 section 7, OpenID Connect Core section 3.1.2.6"
    text: "request objects are not supported"
    symptom: "`request_not_supported` before any sign-in"
    cause: "The client signs its requests and the server does not take signed ones"
    fix: "Send plain parameters, or push them (RFC 9126)"
    check: "`request_parameter_supported` in the server's metadata"

    /// The authorization server does not take the `request_uri` parameter.
    RequestUriNotSupported {} = "request_uri_not_supported"
    RequestUriNotSupported 400 | 302 None FixRequest AuthorizationServer, "RFC 9101 section 7, OpenID Connect Core section 3.1.2.6"
    text: "request objects by reference are not supported"
    symptom: "`request_uri_not_supported` before any sign-in"
    cause: "The client sends its request by reference and the server does not fetch it"
    fix: "Send plain parameters, or push them (RFC 9126)"
    check: "`request_uri_parameter_supported` and `pushed_authorization_request_endpoint` in the server's metadata"

    /// The authorization server does not take the `registration` parameter.
    RegistrationNotSupported {} = "registration_not_supported"
    RegistrationNotSupported 400 | 302 None FixRequest AuthorizationServer, "OpenID Connect Core section 3.1.2.6"
    text: "the registration parameter is not supported"
    symptom: "`registration_not_supported` before any sign-in"
    cause: "The client describes itself in the request and the server does not read that"
    fix: "Register the client first, or use a `client_id` that is a URL, where the server takes one"
    check: "`client_id_metadata_document_supported` and `registration_endpoint` in the server's metadata"

    // Authorization servers: registration of clients.

    /// The authorization server does not register a client with this redirect URI.
    InvalidRedirectUri {} = "invalid_redirect_uri"
    InvalidRedirectUri 400 None FixRequest AuthorizationServer, "RFC 7591 section 3.2.2"
    text: "a redirect URI is not acceptable"
    symptom: "400 `invalid_redirect_uri` at registration"
    cause: "Plain http outside loopback, a fragment, a wildcard, or a scheme that the server does not take"
    fix: "Register an https URI, or http on 127.0.0.1 for a native client"
    check: "`redirect_uris` of the registration request"

    /// The authorization server does not accept a member of the client's metadata.
    InvalidClientMetadata {} = "invalid_client_metadata"
    InvalidClientMetadata 400 None FixRequest AuthorizationServer, "RFC 7591 section 3.2.2"
    text: "the client metadata are not acceptable"
    symptom: "400 `invalid_client_metadata` at registration"
    cause: "A grant type, response type or authentication method that the server does not offer, or members that contradict each other"
    fix: "Ask for what the server's metadata list, and for nothing else"
    check: "`error_description`, then the request against the server's metadata"

    /// The signed statement about the client does not verify.
    InvalidSoftwareStatement {} = "invalid_software_statement"
    InvalidSoftwareStatement 400 None FixRequest AuthorizationServer, "RFC 7591 section 3.2.2"
    text: "the software statement is not valid"
    symptom: "400 `invalid_software_statement` at registration"
    cause: "The statement is malformed, has expired, or its signer's keys are not known"
    fix: "Get a new statement from its publisher"
    check: "`iss`, `exp` and `kid` of the statement"

    /// The signed statement about the client verifies, but is not one that this server accepts.
    UnapprovedSoftwareStatement {} = "unapproved_software_statement"
    UnapprovedSoftwareStatement 400 None Operator AuthorizationServer, "RFC 7591 section 3.2.2"
    text: "the software statement is not approved here"
    symptom: "400 `unapproved_software_statement` at registration"
    cause: "The operator trusts other publishers, or other versions of the software"
    fix: "Ask the operator to approve the software, or register without a statement"
    check: "`iss` and `software_id` of the statement against the operator's list"

    // Authorization servers: the user.

    /// The user, or the authorization server in the user's stead, said no.
    AccessDenied {} = "access_denied"
    AccessDenied 400 | 302 None Never AuthorizationServer, "RFC 6749 section 4.1.2.1, RFC 8628 section 3.5"
    text: "the user said no or may not have this access"
    symptom: "The user comes back with `error=access_denied`, or polling for a device ends with it"
    cause: "The user cancelled, or may not use this application"
    fix: "Do not ask again at once; tell the user what the access is for and offer to begin anew"
    check: "`error_description`, then the authorization server's log"

    /// The client asked for no prompt, and the user has no session.
    LoginRequired {} = "login_required"
    LoginRequired 400 | 302 None SignIn AuthorizationServer, "OpenID Connect Core section 3.1.2.6"
    text: "the user must sign in"
    symptom: "A silent sign-in (`prompt=none`) fails"
    cause: "The session at the authorization server has ended, or the browser withholds its cookies"
    fix: "Send the user through a visible sign-in"
    check: "Whether the same request without `prompt=none` works"

    /// The client asked for no prompt, and the user is signed in with several accounts.
    AccountSelectionRequired {} = "account_selection_required"
    AccountSelectionRequired 400 | 302 None SignIn AuthorizationServer, "OpenID Connect Core section 3.1.2.6"
    text: "the user must choose an account"
    symptom: "A silent sign-in fails for users with several accounts"
    cause: "The authorization server does not know which account is meant"
    fix: "Repeat visibly with `prompt=select_account`, or name the account in `login_hint`"
    check: "How many accounts the user is signed in with"

    /// The user has not agreed to this access yet, or to less of it.
    ConsentRequired { consent_url: Option<String>, cause: Option<ConsentCause> } = "consent_required"
    ConsentRequired 400 | 302 None AfterUser AuthorizationServer, "OpenID Connect Core section 3.1.2.6; AuthPlane, consent"
    text: "the user has not consented to this access"
    symptom: "400 `consent_required` from a token exchange in the middle of a tool call"
    cause: "The user has never connected this service, or agreed to fewer scopes than the call needs"
    fix: "Show `consent_url` to the user, and repeat the call once the user has finished"
    check: "`cause`: `consent_missing` or `scope_insufficient`"

    /// The authorization server needs the user for something, and does not say for what.
    InteractionRequired { consent_url: Option<String> } = "interaction_required"
    InteractionRequired 400 | 302 None AfterUser AuthorizationServer, "OpenID Connect Core section 3.1.2.6"
    text: "the user must act before a token can be issued"
    symptom: "`interaction_required` from a silent sign-in or a token exchange"
    cause: "The user must sign in, choose, or confirm something"
    fix: "Show `consent_url` if there is one, else the sign-in page; then repeat"
    check: "Whether the body has `consent_url`"

    /// The authorization server cannot give the `acr_values` or `max_age` that were asked for.
    UnmetAuthenticationRequirements {} = "unmet_authentication_requirements"
    UnmetAuthenticationRequirements 400 | 302 None Operator AuthorizationServer, "OpenID Connect Core Error Code unmet_authentication_requirements 1.0, RFC 9470 section 5"
    text: "the user cannot authenticate as strongly as requested"
    symptom: "The user signs in and comes back with `unmet_authentication_requirements`"
    cause: "The user has no second factor, or the server does not know the requested level"
    fix: "Let the user enrol the factor, or let the operator map the level"
    check: "`acr_values_supported` in the server's metadata against what was asked for"

    /// The user has not finished with the device code yet: the usual answer while polling.
    AuthorizationPending {} = "authorization_pending"
    AuthorizationPending 400 None Later AuthorizationServer, "RFC 8628 section 3.5"
    text: "the user has not finished yet"
    symptom: "400 `authorization_pending` again and again while a code is shown"
    cause: "The user has not entered the code, or not confirmed it"
    fix: "Poll again after `interval` seconds (5 where none is given)"
    check: "Whether the user has the right address and code"

    /// The authorization server takes requests more slowly than they are sent.
    SlowDown { retry_after: u32 } = "slow_down"
    SlowDown 429 | 400 None Later AuthorizationServer, "RFC 8628 section 3.5; AuthPlane, rate limits"
    text: "too many requests"
    symptom: "429 or 400 `slow_down` at the token endpoint"
    cause: "A rate limit, or a device flow that polls faster than `interval`"
    fix: "Wait `Retry-After` seconds; in a device flow add 5 seconds to the interval for good"
    check: "How often the client calls, and whether many instances share one address"

    /// The device code ended before the user was done.
    ExpiredToken {} = "expired_token"
    ExpiredToken 400 None SignIn AuthorizationServer, "RFC 8628 section 3.5"
    text: "the device code has expired"
    symptom: "400 `expired_token` while polling for a device"
    cause: "The user took longer than `expires_in`"
    fix: "Begin again with a new device code"
    check: "`expires_in` of the device authorization reply"

    // Authorization servers: the grant, the proof and the exchange.

    /// The code, refresh token, assertion or subject token is not good, or not good any more.
    InvalidGrant {} = "invalid_grant"
    InvalidGrant 400 None SignIn AuthorizationServer, "RFC 6749 section 5.2"
    text: "the grant is invalid or expired or revoked"
    symptom: "400 `invalid_grant` on a refresh, and everyone must sign in again; or on the first use of a code"
    cause: "A refresh token was used twice and its whole family is revoked; a code is older than 10 minutes or used already; PKCE or the redirect URI differ"
    fix: "Begin a fresh sign-in and drop the old refresh token; let one process refresh for all"
    check: "Whether two processes or tabs refresh the same token"

    /// The authorization server does not accept the proof.
    AsInvalidDpopProof {} = "token_endpoint_invalid_dpop_proof"
    InvalidDpopProof 400 None NewProof AuthorizationServer, "RFC 9449 section 5"
    text: "the proof at the token endpoint is not valid"
    symptom: "400 `invalid_dpop_proof` at the token endpoint, with no challenge"
    cause: "`htu` is not the token endpoint's URL, `iat` is over a minute off, `jti` was used before, or `alg` is not one of the server's"
    fix: "Make a fresh proof for POST and the token endpoint's URL, without `ath`; synchronise the clock"
    check: "`htu` and `iat` in the proof; whether a proxy passes the host and scheme on"

    /// The authorization server wants its own nonce in the proof.
    AsUseDpopNonce {} = "token_endpoint_use_dpop_nonce"
    UseDpopNonce 400 None RetryNonce AuthorizationServer, "RFC 9449 section 8"
    text: "the proof at the token endpoint needs a nonce"
    symptom: "400 `use_dpop_nonce` at the token endpoint; on a code, the retry then fails with `invalid_grant`"
    cause: "The server gives out nonces; the first try may have spent the code"
    fix: "Repeat once with the value of `DPoP-Nonce`; learn a nonce before a code is redeemed"
    check: "Whether the client keeps the last `DPoP-Nonce` of this server"

    /// The operator of the authorization server has not allowed this exchange, assertion or registration.
    ExchangeDenied {} = "exchange_denied"
    AccessDenied 403 None Operator AuthorizationServer, "RFC 6749 section 4.1.2.1; AuthPlane, token exchange"
    text: "the operator has not allowed this"
    symptom: "403 `access_denied` from a token exchange, a cross-app grant or a registration, whatever the user does"
    cause: "The target's allow-list lacks the calling client, no cross-app policy fits, a subject has no mapping, or registration is closed"
    fix: "The operator adds the client, the policy or the mapping; no prompt to the user helps"
    check: "`allowed_client_ids` of the resource, then the audit record of the denial"

    /// The user's connection to the provider behind exists, but without a scope that is needed.
    ScopeNotGranted {} = "scope_not_granted"
    ScopeNotGranted 400 None AfterUser AuthorizationServer, "AuthPlane, broker and vault"
    text: "the connection to the provider lacks a scope"
    symptom: "400 `scope_not_granted` when a provider's token is fetched"
    cause: "The user connected the provider with fewer scopes, or the provider granted fewer"
    fix: "Let the user connect the provider again with the scope"
    check: "The scopes of the stored connection"

    /// The provider's token in the vault has ended, and there is nothing to refresh it with.
    VaultTokenExpired {} = "vault_token_expired"
    TokenExpired 400 None AfterUser AuthorizationServer, "AuthPlane, broker and vault"
    text: "the stored token of the provider has expired"
    symptom: "400 `token_expired` from the token endpoint, though the caller's own token is fresh"
    cause: "The provider gave no refresh token, or it was withdrawn there"
    fix: "Let the user connect the provider again, with offline access where the provider wants it asked for"
    check: "Whether the stored connection has a refresh token"

    /// The authorization server does not revoke tokens of this type.
    UnsupportedTokenType {} = "unsupported_token_type"
    UnsupportedTokenType 400 None FixRequest AuthorizationServer, "RFC 7009 section 2.2.1"
    text: "tokens of this type cannot be revoked"
    symptom: "400 `unsupported_token_type` at the revocation endpoint"
    cause: "The server revokes refresh tokens only, or does not know the token's kind"
    fix: "Revoke the refresh token; access tokens end by themselves"
    check: "What the server's documentation says of revocation"

    // Authorization servers: their state.

    /// The authorization server met a fault of its own.
    ServerError {} = "server_error"
    ServerError 500 | 400 | 302 None Later AuthorizationServer, "RFC 6749 section 4.1.2.1; AuthPlane, server faults"
    text: "the authorization server failed"
    symptom: "500 `server_error`, or 400 with the same code at AuthPlane's token endpoint"
    cause: "Its store, its keys, its encryption or its code failed"
    fix: "Repeat after 1, 2 and 4 seconds; then the operator reads the server's log"
    check: "The server's log, by request id or trace id"

    /// The authorization server, or the identity provider behind it, does not answer now.
    TemporarilyUnavailable {} = "temporarily_unavailable"
    TemporarilyUnavailable 503 | 500 | 400 | 302 None Later AuthorizationServer, "RFC 6749 section 4.1.2.1; AuthPlane, OIDC federation"
    text: "the authorization server is not available now"
    symptom: "500 or 503 `temporarily_unavailable` at sign-in"
    cause: "The OpenID provider behind cannot be reached, or the server is overloaded or under maintenance"
    fix: "Repeat with growing pauses; the operator restores the way to the provider"
    check: "Fetch the provider's discovery document from where the server runs"

    /// The authorization server has the feature, but its operator has not switched it on.
    ServiceUnavailable {} = "service_unavailable"
    ServiceUnavailable 503 None Operator AuthorizationServer, "AuthPlane, features"
    text: "this feature of the authorization server is switched off"
    symptom: "503 `service_unavailable`, whose text names a setting"
    cause: "The feature is off in the server's configuration"
    fix: "Set the key that the text names; a retry does not help"
    check: "`error_description`"

    /// A page of the authorization server wants the user's session, and there is none.
    Unauthorized {} = "unauthorized"
    Unauthorized 401 Bare SignIn AuthorizationServer, "AuthPlane, connections"
    text: "the user is not signed in at the authorization server"
    symptom: "401 `unauthorized` with a bare `Bearer` challenge at the connections page"
    cause: "The user's session has ended, or an API client calls a page that is meant for browsers"
    fix: "Sign the user in and open the page again"
    check: "Whether the request carries the session cookie"

    /// The authorization server has no such client, user, resource or connection.
    NotFound {} = "not_found"
    NotFound 404 | 400 None FixRequest AuthorizationServer, "AuthPlane, admin API"
    text: "the authorization server does not know this object"
    symptom: "404 `not_found` from the admin API, or 400 with the same code at the token endpoint"
    cause: "A wrong id, another environment, or an object that was deleted"
    fix: "Look the id up in the list of its kind"
    check: "The id and the server that is called"

    /// What the authorization server was asked to change stands against what it holds.
    Conflict {} = "conflict"
    Conflict 409 | 400 None FixRequest AuthorizationServer, "AuthPlane, admin API"
    text: "the object exists already or was changed meanwhile or is still in use"
    symptom: "409 `conflict` from the admin API"
    cause: "It exists already, somebody changed it in between, or others still refer to it"
    fix: "Fetch it again and repeat the change; for what exists already, use it; for what is in use, remove the references first"
    check: "`error_description`: which of the three"

    // Caracal's verifiers.

    /// A Caracal verifier does not accept the mandate: its signature, a claim, its use or its target.
    VerifierInvalidToken {} = "verifier_invalid_token"
    InvalidToken 401 Coded NewToken CaracalVerifier, "Caracal, verifiers"
    text: "the mandate is not accepted"
    symptom: "401 `invalid_token` from a Caracal resource, on every call since a deployment, or for a token that works elsewhere"
    cause: "`iss` or `aud` differ by a slash; the mandate is a session or gateway one; a target is missing; the key set is out of reach, or too young for a new key"
    fix: "Align issuer and audience; mint a resource mandate for this resource; after a key rotation wait five minutes"
    check: "`iss`, `aud`, `use` and `target` in the mandate, then the zone's key set"

    /// The mandate's `zone_id` is absent, or is not the zone of this verifier.
    InvalidZone { zone: Option<Excerpt> } = "invalid_zone"
    InvalidZone 401 Coded NewToken CaracalVerifier, "Caracal, verifiers"
    text: "the mandate belongs to another zone"
    symptom: "401 `invalid_zone`, although the signature is good"
    cause: "The verifier is set to another zone, or the zone differs by case; some verifiers have none set"
    fix: "Set the verifier to the zone that issues the mandates"
    check: "`zone_id` in the mandate against the verifier's setting"

    /// One of the mandate's anchors (`sid`, `root_sid`, `agent_session_id`, `delegation_edge_id`) is revoked.
    SessionRevoked { anchor: &'static str } = "session_revoked"
    SessionRevoked 401 Coded SignIn CaracalVerifier, "Caracal, revocation"
    text: "the session behind the mandate is revoked"
    symptom: "401 `session_revoked`; for everybody at once when the store is down"
    cause: "The session, its root or the delegation was revoked; or the store of revocations does not answer, which counts as revoked"
    fix: "Start a new session and mint again; for everybody at once, restore the store"
    check: "Whether the store of revocations answers, then the four anchors in it"

    /// The zone's delegations have changed since the mandate was minted.
    DelegationStale { held: u64, current: u64 } = "delegation_stale"
    DelegationStale 401 Coded NewToken CaracalVerifier, "Caracal, revocation"
    text: "the delegations of the zone have changed since the mandate was issued"
    symptom: "401 `delegation_stale` soon after a mandate was minted"
    cause: "Any new, ended or revoked delegation in the zone makes earlier delegated mandates stale"
    fix: "Mint a new mandate and repeat; keep delegated mandates for a short time only"
    check: "`delegation_graph_epoch` in the mandate against the zone's epoch"

    /// A Caracal verifier misses a scope in the mandate.
    VerifierInsufficientScope {} = "verifier_insufficient_scope"
    InsufficientScope 403 Coded StepUp CaracalVerifier, "Caracal, verifiers"
    text: "the mandate lacks a scope that this call needs"
    symptom: "403 `insufficient_scope` although policy allowed the mandate"
    cause: "The scope was not asked for, or is spelt otherwise: verifiers compare whole words, and know no wildcards"
    fix: "Declare the scope on the resource and mint a mandate with exactly it"
    check: "`scope` in the mandate against what the route requires"

    /// The call wants a mandate of a governed Session, and this one has no `agent_session_id`.
    SessionRequired { rule: Option<Excerpt> } = "session_required"
    SessionRequired 403 None Operator CaracalVerifier, "Caracal, verifiers"
    text: "this call needs a mandate of a governed session"
    symptom: "403 `session_required`, or `agent_required` from older verifiers"
    cause: "The mandate was minted by an application or a user directly"
    fix: "Start a Session and mint the mandate from inside it"
    check: "`agent_session_id` in the mandate"

    /// The call wants delegated authority, and the mandate has no `delegation_edge_id`.
    DelegationRequired { rule: Option<Excerpt> } = "delegation_required"
    DelegationRequired 403 None Operator CaracalVerifier, "Caracal, verifiers"
    text: "this call needs delegated authority"
    symptom: "403 `delegation_required` when a service calls with its own mandate"
    cause: "The route takes only what somebody has delegated"
    fix: "Let the owner create a delegation and mint over it"
    check: "`delegation_edge_id` in the mandate"

    /// An application that the call requires is not in the mandate's `delegation_chain`.
    ChainMismatch { missing: Excerpt, rule: Option<Excerpt> } = "chain_mismatch"
    ChainMismatch 403 None Operator CaracalVerifier, "Caracal, verifiers"
    text: "a required application is not in the delegation chain"
    symptom: "403 `chain_mismatch`, even for the application that calls"
    cause: "The required application is no hop of the chain; `client_id` does not count as one"
    fix: "Delegate through the required application, or require one that is in the chain"
    check: "`delegation_chain[].application_id` in the mandate"

    /// The mandate's `hop_count` is above the verifier's limit.
    HopCountExceeded { hops: u64, limit: u32, rule: Option<Excerpt> } = "hop_count_exceeded"
    HopCountExceeded 403 None Operator CaracalVerifier, "Caracal, verifiers"
    text: "the delegation has too many hops"
    symptom: "403 `hop_count_exceeded` for agents that start agents"
    cause: "The delegation passed through more hops than the route allows (10 unless set)"
    fix: "Delegate over fewer hops, or raise the route's limit"
    check: "`hop_count` in the mandate against the limit"

    // Caracal's Gateway.

    /// The Gateway finds the mandate absent, too long, unreadable, forged, revoked, or used before.
    GatewayInvalidToken {} = "gateway_invalid_token"
    InvalidToken 401 Coded NewToken CaracalGateway, "Caracal, Gateway"
    text: "the Gateway does not accept the mandate"
    symptom: "401 `invalid_token` from the Gateway, on a retry often with the text that a replay was detected"
    cause: "A mandate counts once: every retry needs a new one. Else: over 4096 bytes, no `zone_id` or `client_id`, revoked, or no bearer at all"
    fix: "Mint a mandate for each attempt"
    check: "`error_description`, which says what it was"

    /// The Gateway cannot tell from the headers or the path where the call should go.
    GatewayRequestMalformed {} = "gateway_request_malformed"
    InvalidToken 400 None FixRequest CaracalGateway, "Caracal, Gateway"
    text: "the routing of the request is malformed"
    symptom: "400 `invalid_token` from the Gateway"
    cause: "`X-Caracal-Resource` is missing, `X-Caracal-Client-ID` is sent, or the path has dot segments or a backslash"
    fix: "Name the resource in `X-Caracal-Resource` and send a plain path"
    check: "The request's headers and path"

    /// The mandate has less than 35 seconds left: too few for a call through the Gateway.
    MandateExpiring {} = "mandate_expiring"
    CredentialExpired 401 Coded NewToken CaracalGateway, "Caracal, Gateway"
    text: "the mandate ends too soon for this call"
    symptom: "401 `credential_expired_not_renewable` for a mandate that is still alive"
    cause: "Less than 35 seconds are left"
    fix: "Mint a new mandate and repeat; mint earlier"
    check: "`exp` in the mandate against the Gateway's clock"

    /// The token service refused the Gateway's exchange, or the resource has no upstream URL.
    GatewayAccessDenied {} = "gateway_access_denied"
    AccessDenied 403 None Operator CaracalGateway, "Caracal, Gateway"
    text: "the Gateway may not pass this call on"
    symptom: "403 `access_denied` from the Gateway"
    cause: "Policy, scope or delegation do not allow the exchange; or the resource has no upstream URL in this zone"
    fix: "Change the policy, or give the resource an upstream URL"
    check: "The audit trail of the `requestId`"

    /// The Gateway lets nothing through: the token service does not answer, or the revocations are too old.
    GatewayUnavailable {} = "gateway_unavailable"
    TemporarilyUnavailable 503 | 502 | 504 | 500 | 499 None Later CaracalGateway, "Caracal, Gateway"
    text: "the Gateway cannot reach the token service"
    symptom: "503, 502 or 504 `sts_unavailable` from the Gateway, in bursts of ten seconds"
    cause: "The token service fails and the circuit is open, or the list of revocations is older than 70 seconds"
    fix: "Wait, then repeat with a new mandate: the old one counts as used"
    check: "The token service's readiness, then the Gateway's"

    /// The Gateway allowed the call, and the upstream did not answer it.
    UpstreamFailed {} = "upstream_failed"
    ServerError 502 | 504 | 499 None Later CaracalGateway, "Caracal, Gateway"
    text: "the upstream did not answer"
    symptom: "502 or 504 `internal_error` from the Gateway"
    cause: "The upstream's address does not resolve, is not allowed, refuses, or takes over 30 seconds"
    fix: "Correct the upstream URL and the allow-list; repeat with a new mandate"
    check: "Call the upstream from where the Gateway runs"

    /// The Gateway allowed the call, and cannot build a request to the upstream from it.
    UpstreamRequestInvalid {} = "upstream_request_invalid"
    ServerError 400 None FixRequest CaracalGateway, "Caracal, Gateway"
    text: "the request to the upstream cannot be built"
    symptom: "400 `internal_error` from the Gateway"
    cause: "A query that cannot be parsed, or a reserved header in the provider's settings"
    fix: "Encode the query; remove the header from the provider's settings"
    check: "The query string, then the provider's header settings"

    /// The request's body is above the limit.
    PayloadTooLarge { limit: usize } = "payload_too_large"
    PayloadTooLarge 413 None FixRequest CaracalGateway, "Caracal, Gateway and STS; RFC 9110 section 15.5.14"
    text: "the request is too large"
    symptom: "413 `payload_too_large`"
    cause: "The body is above 10 MiB at the Gateway, 64 KiB at the token service"
    fix: "Send less, or raise the limit of the Gateway"
    check: "The size of the body"

    // Caracal's token service.

    /// The token service cannot read the exchange request: for this it says `invalid_token` too.
    StsRequestMalformed {} = "sts_request_malformed"
    InvalidToken 400 | 405 | 415 None FixRequest CaracalSts, "Caracal, STS"
    text: "the exchange request is malformed"
    symptom: "400, 405 or 415 `invalid_token` from the token service, before any token is looked at"
    cause: "A wrong grant or token type, a doubled field, a query string, another method than POST, or a body that is no form"
    fix: "Send one form by POST, with the fields that the endpoint knows"
    check: "`error_description`, the method and the content type"

    /// The token service does not accept the subject token, or the identity token of another provider.
    SubjectTokenRejected {} = "subject_token_rejected"
    InvalidToken 401 Coded NewToken CaracalSts, "Caracal, STS"
    text: "the subject token is not accepted"
    symptom: "401 `invalid_token` from the token service"
    cause: "The subject token has expired, belongs to another zone, or is a resource mandate"
    fix: "Exchange a session mandate of this zone (the Gateway: a gateway mandate)"
    check: "`use`, `zone_id` and `exp` of the subject token"

    /// The token service does not believe the caller: the secret, the Gateway's signature, or the approval.
    StsClientRefused {} = "sts_client_refused"
    AccessDenied 401 Basic Operator CaracalSts, "Caracal, STS"
    text: "the caller of the token service could not be authenticated"
    symptom: "401 `access_denied` from the token service"
    cause: "A wrong or old secret, a Gateway signature that does not fit, or an approval that has expired or belongs to another request"
    fix: "Correct the secret; for approvals repeat the request unchanged, or ask for a new one"
    check: "Whether the application's secret was rotated"

    /// The application's id and secret are right, but it lives in another zone.
    StsZoneMismatch {} = "sts_zone_mismatch"
    InvalidZone 403 None Operator CaracalSts, "Caracal, STS"
    text: "the application belongs to another zone"
    symptom: "403 `zone_invalid` although the secret is right"
    cause: "The application is registered in another zone"
    fix: "Ask in the application's own zone"
    check: "The zone of the application"

    /// An internal endpoint of the token service was called without `zone_id`.
    StsZoneMissing {} = "sts_zone_missing"
    InvalidZone 400 None FixRequest CaracalSts, "Caracal, STS"
    text: "the request names no zone"
    symptom: "400 `zone_invalid` from an internal endpoint"
    cause: "The key or policy endpoint was called without a zone"
    fix: "Send `zone_id`"
    check: "The request's query"

    /// The token service denied the exchange: by policy, by scope, by delegation, or by its rate limit.
    StsAccessDenied {} = "sts_access_denied"
    AccessDenied 403 None Operator CaracalSts, "Caracal, STS"
    text: "the token service denied the exchange"
    symptom: "403 `access_denied` from the token service, sometimes with a reason in brackets; under load without one"
    cause: "Policy said no; the resource or scope is unknown; the delegation does not cover it or has a `budget`; or over 1000 mandates a minute"
    fix: "Correct what the audit trail names; mint less often, or raise the limit"
    check: "The audit trail of the `requestId`: its status says which"

    /// The method and path are not declared for the resource, or the mandate lacks the operation's scope.
    OperationNotPermitted { fault: &'static str } = "operation_not_permitted"
    OperationNotPermitted 403 None Operator CaracalSts, "Caracal, operations"
    text: "this operation is not declared or not covered by the mandate"
    symptom: "403 `operation_not_permitted`, for an MCP server or for a path with an id in it"
    cause: "Operations are enforced, and none is declared for this method and path: paths count whole, without patterns"
    fix: "Declare each method and path; for MCP, where all calls share one path, set `transport_uniform`"
    check: "Method and path against the resource's operations, then the operation's scope against the mandate"

    /// The token service holds the mandate back until a person has decided.
    ApprovalRequired {} = "approval_required"
    InteractionRequired 401 Coded AfterUser CaracalSts, "Caracal, approvals"
    text: "a person must approve this first"
    symptom: "401 `interaction_required` from the token service, again and again; through the Gateway without any id"
    cause: "A person has to approve, and has not; or the request changed between two tries"
    fix: "Repeat the very same exchange with `approval_id` once the approval is given; behind the Gateway, ask the token service directly to see it"
    check: "`state` of the approval, and whether the request is unchanged"

    /// The approval was given for another request, or is not pending any more.
    ApprovalMismatch {} = "approval_mismatch"
    AccessDenied 409 None FixRequest CaracalSts, "Caracal, approvals"
    text: "the approval does not fit this request"
    symptom: "409 `access_denied` from the token service"
    cause: "Resources, scopes or the policy changed since the approval, or it was decided by somebody else"
    fix: "Ask for a new approval of the request as it is now"
    check: "`binding` of the approval against the request"

    /// The approval was spent by an earlier request.
    ApprovalConsumed {} = "approval_consumed"
    ApprovalConsumed 409 None Never CaracalSts, "Caracal, approvals"
    text: "the approval has been used already"
    symptom: "409 `approval_consumed` on a retry"
    cause: "The first try succeeded, or another one was faster"
    fix: "Find out whether the effect has happened, before asking for a new approval"
    check: "The audit trail of the first try"

    /// The caller answered the step-up challenge wrongly too often.
    StepUpLocked {} = "step_up_locked"
    AccessDenied 429 None Later CaracalSts, "Caracal, step-up until July 2026"
    text: "too many failed answers to the challenge"
    symptom: "429 `access_denied` from a token service of before July 2026"
    cause: "Five wrong answers within two minutes"
    fix: "Wait five minutes, then answer anew"
    check: "Which answer the client sends"

    /// The token service takes no more attempts from this application for a minute.
    ProviderRateLimited {} = "provider_rate_limited"
    ProviderRateLimited 429 None Later CaracalSts, "Caracal, STS"
    text: "too many attempts at the token service"
    symptom: "429 `provider_rate_limited` from the token service"
    cause: "Over 60 failed authentications a minute of one application, too many launches, or the limiter's store is down"
    fix: "Correct the secret and stop the loop; wait a minute"
    check: "Whether a process repeats a wrong secret, then the limiter's store"

    /// The token service's policy engine failed, or has no policy.
    PolicyEngineFailed {} = "policy_engine_failed"
    PolicyEvalFailed 503 None Later CaracalSts, "Caracal, policy"
    text: "the policy could not be evaluated"
    symptom: "503 `policy_eval_failed` for every exchange"
    cause: "No policy set is active, or the engine met a fault"
    fix: "Activate a policy set; then repeat"
    check: "The active policy set, then the token service's log"

    /// The policy ran, but came to no complete decision.
    PolicyIncomplete {} = "policy_incomplete"
    PolicyEvalFailed 403 None Operator CaracalSts, "Caracal, policy"
    text: "the policy came to no decision"
    symptom: "403 `policy_eval_failed` for some exchanges"
    cause: "The policy's data lack what a rule asks for, or a rule is undefined for this input"
    fix: "Complete the policy's data"
    check: "The policy's data against the input in the audit trail"

    /// A policy that was sent for simulation does not compile, or cannot be evaluated.
    PolicySimulationFailed {} = "policy_simulation_failed"
    PolicyEvalFailed 422 None FixRequest CaracalSts, "Caracal, policy"
    text: "the submitted policy does not compile"
    symptom: "422 `policy_eval_failed` while a policy is tried out"
    cause: "A mistake in the policy's source"
    fix: "Correct the source"
    check: "`error_description`"

    /// The subject's connection to the provider has ended and could not be refreshed.
    ProviderConnectionExpired {} = "provider_connection_expired"
    CredentialExpired 403 None AfterUser CaracalSts, "Caracal, provider connections"
    text: "the connection to the provider has expired"
    symptom: "403 `credential_expired_not_renewable` from the token service"
    cause: "The provider withdrew or ended its token, and refreshing failed or is paused after five failures"
    fix: "Let the subject connect to the provider again"
    check: "The state of the provider connection"

    /// The token service could not fetch the provider's credential.
    HttpRequestFailed {} = "http_request_failed"
    HttpRequestFailed 502 None Later CaracalSts, "Caracal, provider connections"
    text: "the credential of the provider could not be fetched"
    symptom: "502 `http_request_failed`, directly or through the Gateway"
    cause: "The provider is down, slow, or wrongly configured"
    fix: "Repeat later; correct the provider's settings"
    check: "The provider's status page, then its settings"

    /// There is no such zone, approval, workload or object; or the caller may not see it.
    ResourceNotFound {} = "resource_not_found"
    ResourceNotFound 404 None FixRequest CaracalSts, "Caracal, STS and control plane"
    text: "the token service does not know this object"
    symptom: "404 `resource_not_found` for a zone, an approval or a workload; an exchange says 403 `access_denied` instead"
    cause: "A wrong id, or the right one in another zone"
    fix: "Correct the id or the zone"
    check: "The id and the zone in the request"

    /// The token service cannot reach its database, and decides nothing without it.
    StsUnavailable {} = "sts_unavailable"
    TemporarilyUnavailable 503 None Later CaracalSts, "Caracal, STS"
    text: "the token service is not available now"
    symptom: "503 `sts_unavailable` from the token service itself"
    cause: "Its database does not answer"
    fix: "Restore the database; repeat with growing pauses"
    check: "The token service's readiness"

    /// A service of Caracal met a fault of its own.
    InternalError {} = "internal_error"
    ServerError 500 None Later CaracalSts, "Caracal, all services"
    text: "the service failed"
    symptom: "500 `internal_error`, sometimes with nothing else in the body"
    cause: "Storing, signing or auditing failed, or the code did"
    fix: "Repeat with growing pauses; the operator reads the log"
    check: "The service's log, by `requestId`"

    // Caracal's control plane and libraries.

    /// The Coordinator does not accept the mandate: it takes only session mandates of its zone.
    ControlInvalidToken {} = "control_invalid_token"
    InvalidToken 401 Coded NewToken CaracalControl, "Caracal, Coordinator"
    text: "the control plane does not accept the mandate"
    symptom: "401 `invalid_token` or `token_invalid` from the Coordinator, for a mandate that resources accept"
    cause: "The mandate is not a session mandate, or belongs to another zone"
    fix: "Call the Coordinator with the session mandate"
    check: "`use` and `zone_id` in the mandate"

    /// The Control endpoint has seen this mandate before.
    MandateReplayed {} = "mandate_replayed"
    TokenReplay 401 Coded NewToken CaracalControl, "Caracal, Control"
    text: "the mandate has been used before"
    symptom: "401 `token_replay` from the Control endpoint, on a retry"
    cause: "One mandate was sent twice"
    fix: "Mint a mandate for each call, retries included"
    check: "Whether a layer below repeats requests"

    /// The account or token may not do this at the control plane.
    ControlAccessDenied {} = "control_access_denied"
    AccessDenied 403 None Operator CaracalControl, "Caracal, control plane"
    text: "the account may not do this"
    symptom: "403 `access_denied` or `denied` in the console or the control plane"
    cause: "The account lacks the role, or an operator's token is wanted"
    fix: "Use an account with the role, or let the operator grant it"
    check: "The roles of the account"

    /// The control plane does not accept the body.
    ControlRequestMalformed {} = "control_request_malformed"
    InvalidBody 400 None FixRequest CaracalControl, "Caracal, control plane"
    text: "the body of the request is not valid"
    symptom: "400 `invalid_body`, or a code that names the member"
    cause: "A member is missing, unknown, or out of its range; operations need a method, an absolute path and a scope of the resource"
    fix: "Correct the member that the code or `details` name"
    check: "`details` in the body"

    /// The governed Session is no longer the caller's: its lease or its subject has ended, or another worker holds it.
    SessionLeaseExpired {} = "session_lease_expired"
    SessionLeaseExpired 409 None SignIn CaracalControl, "Caracal, Coordinator"
    text: "the session has ended"
    symptom: "409 `session_lease_expired`, `session_lease_fenced` or `session_subject_inactive` from a long-running agent"
    cause: "The agent did not renew its lease in time, a second worker took the Session over, or its user was deactivated"
    fix: "Stop the work and start a new Session"
    check: "Which worker holds the Session, and when the lease was last renewed"

    /// The zone, the application or the parent Session has as many Sessions as it may have.
    SessionLimitExceeded {} = "session_limit_exceeded"
    SessionLimitExceeded 429 None Later CaracalControl, "Caracal, Coordinator"
    text: "there are too many sessions"
    symptom: "429 with a code that ends in `limit_exceeded`, when a Session is started"
    cause: "50 Sessions in the zone, 200 of the application, or 10 children of one Session"
    fix: "End idle Sessions; then repeat"
    check: "The list of live Sessions"

    /// Sessions start Sessions deeper than the Coordinator allows.
    SessionDepthLimitExceeded {} = "session_depth_limit_exceeded"
    SessionDepthLimitExceeded 429 None Operator CaracalControl, "Caracal, Coordinator"
    text: "sessions are nested too deeply"
    symptom: "429 `session_depth_limit_exceeded` when an agent starts another"
    cause: "Over ten Sessions lie one within the other"
    fix: "Start the Session from one further up"
    check: "The ancestry of the Session"

    /// The idempotency key stands for another request, or for one whose result has ended.
    IdempotencyKeyConflict {} = "idempotency_key_conflict"
    IdempotencyKeyConflict 409 None FixRequest CaracalControl, "Caracal, Coordinator"
    text: "the idempotency key was used for another request"
    symptom: "409 `idempotency_key_conflict` or `idempotency_result_inactive` on a retry"
    cause: "The key was sent with another body, or what it made has ended since"
    fix: "Use a new key for a new request, and the same key only for the same bytes"
    check: "Body and key of the first request"

    /// The Control endpoint is switched off, or does not have this operation.
    ControlDisabled {} = "control_disabled"
    ControlDisabled 503 | 501 None Operator CaracalControl, "Caracal, Control"
    text: "the control endpoint is switched off"
    symptom: "503 `control_disabled` from the Control endpoint"
    cause: "The operator has not switched it on"
    fix: "Switch the endpoint on, or do it at the console"
    check: "The endpoint's setting"

    /// A Caracal process lacks a setting and does not start.
    ConfigMissing {} = "config_missing"
    ConfigMissing 500 None Operator CaracalLibrary, "Caracal, engine"
    text: "a setting is missing"
    symptom: "A Caracal process ends at start with `config_missing`"
    cause: "An environment variable or secret file is not there"
    fix: "Set what `details` name"
    check: "`envKey` in `details`"

    /// A Caracal process does not accept its configuration.
    ConfigInvalid {} = "config_invalid"
    ConfigInvalid 500 None Operator CaracalLibrary, "Caracal, engine"
    text: "a setting is not valid"
    symptom: "A Caracal process ends at start with `config_invalid`"
    cause: "A value is of the wrong kind or out of range"
    fix: "Correct the source that `details` name"
    check: "`source` in `details`"

    /// An SDK got a failure from the token service whose body has no `error`.
    StsFailureUnexplained {} = "sts_failure_unexplained"
    Unexplained 500 None Operator CaracalLibrary, "Caracal, SDKs"
    text: "the token service failed and did not say why"
    symptom: "An SDK's error has the code `error`, `federation_failed` or `decision_failed`"
    cause: "Something between the SDK and the token service answered, such as a proxy with an HTML page"
    fix: "Look at the status, and at who answered"
    check: "The status and the body of the reply"

    // MCP servers, in JSON-RPC.

    /// The call needs the user at a URL first: something behind the MCP server wants a sign-in or a consent.
    UrlElicitationRequired {} = "url_elicitation_required"
    UrlElicitationRequired 200 [-32042] None AfterUser Mcp, "MCP 2025-11-25, elicitation"
    text: "the user must act at a URL first"
    symptom: "JSON-RPC error -32042 from a tool call"
    cause: "The tool needs the user's consent or sign-in at another service"
    fix: "Show the user the URL and its host, open it on consent, and repeat the call once the user has finished"
    check: "`data.elicitations` in the error"

    /// An MCP header is absent, malformed, or says something else than the body.
    HeaderMismatch { header: &'static str } = "header_mismatch"
    HeaderMismatch 400 [-32020] None FixRequest Mcp, "MCP 2026-07-28, Streamable HTTP"
    text: "the headers do not match the body"
    symptom: "400 with JSON-RPC error -32020"
    cause: "`Mcp-Method`, `Mcp-Name` or `MCP-Protocol-Version` differ from the body, are missing, or a proxy changed them"
    fix: "Send headers that repeat the body; list the tools again if their headers changed"
    check: "The MCP headers against the body of the same request"

    /// The call needs a capability that the client has not declared.
    CapabilityMissing {} = "capability_missing"
    CapabilityMissing 400 [-32021] None FixRequest Mcp, "MCP 2026-07-28, base protocol"
    text: "the client lacks a capability that this request needs"
    symptom: "400 with JSON-RPC error -32021"
    cause: "The tool wants elicitation or sampling, and the request's `_meta` does not declare it"
    fix: "Declare the capability, if the client has it; else do without the tool"
    check: "`data.requiredCapabilities` in the error"

    /// The MCP server does not speak the protocol version of the request.
    VersionUnsupported {} = "version_unsupported"
    VersionUnsupported 400 [-32022] None FixRequest Mcp, "MCP 2026-07-28, versioning"
    text: "the protocol version is not supported"
    symptom: "400 with JSON-RPC error -32022"
    cause: "The client speaks a newer or older protocol than the server"
    fix: "Repeat with a version of `data.supported`, or upgrade one side"
    check: "`data.supported` against `data.requested`"

    /// The MCP server cannot read the message as JSON.
    ParseError { fault: &'static str } = "parse_error"
    ParseError 400 | 200 [-32700] None FixRequest Mcp, "JSON-RPC 2.0 section 5.1"
    text: "the message is not JSON"
    symptom: "400 with JSON-RPC error -32700"
    cause: "A truncated or doubly encoded body, or a form instead of JSON"
    fix: "Send one JSON object in UTF-8"
    check: "The body as it reaches the server"

    /// The message is JSON, but not a JSON-RPC request that the server takes now.
    InvalidRpcRequest { fault: &'static str } = "invalid_rpc_request"
    InvalidRpcRequest 400 | 200 [-32600] None FixRequest Mcp, "JSON-RPC 2.0 section 5.1"
    text: "the message is not a JSON-RPC request"
    symptom: "400 with JSON-RPC error -32600"
    cause: "No `jsonrpc` or `method`, a batch, or a second `initialize`"
    fix: "Send one JSON-RPC 2.0 request; initialize once per session"
    check: "The body of the request"

    /// The MCP server does not know the method.
    MethodNotFound {} = "method_not_found"
    MethodNotFound 404 | 400 | 200 [-32601] None FixRequest Mcp, "JSON-RPC 2.0 section 5.1, MCP 2026-07-28 base protocol"
    text: "the method is not known"
    symptom: "JSON-RPC error -32601, in newer servers with 404"
    cause: "The server does not have the feature, or the two sides speak different versions"
    fix: "Call only what the server declares"
    check: "The server's capabilities"

    /// The MCP server does not accept the parameters, or misses `_meta`, or does not know the tool.
    InvalidParams { fault: &'static str } = "invalid_params"
    InvalidParams 400 | 200 [-32602] None FixRequest Mcp, "JSON-RPC 2.0 section 5.1, MCP 2026-07-28 base protocol"
    text: "the parameters are not valid"
    symptom: "JSON-RPC error -32602"
    cause: "Arguments that do not fit the tool's schema, an unknown tool, or no `_meta` in the newer protocol"
    fix: "Send arguments by the schema of `tools/list`"
    check: "`message` and `data` of the error"

    /// The MCP server met a fault of its own.
    InternalRpcError {} = "internal_rpc_error"
    InternalRpcError 500 | 400 | 200 [-32603] None Later Mcp, "JSON-RPC 2.0 section 5.1"
    text: "the MCP server failed"
    symptom: "JSON-RPC error -32603, or 500"
    cause: "The tool's code threw; in npm, sometimes an authentication error that two copies of the SDK hide from each other"
    fix: "Repeat once if the call can bear it; the operator reads the log"
    check: "The MCP server's log; `npm ls @modelcontextprotocol/sdk`"

    /// The MCP server has no resource of this URI.
    McpResourceNotFound {} = "mcp_resource_not_found"
    McpResourceNotFound 404 | 400 | 200 [-32002] None FixRequest Mcp, "MCP 2025-11-25, resources"
    text: "the MCP server does not know this resource"
    symptom: "JSON-RPC error -32002 from reading a resource"
    cause: "The URI is wrong, or the resource is gone"
    fix: "List the resources again"
    check: "The URI against `resources/list`"

    /// The MCP server does not know the session: it has ended, or another instance holds it.
    McpSessionNotFound {} = "mcp_session_not_found"
    McpSessionNotFound 404 [-32001] None FixRequest Mcp, "MCP 2025-11-25, Streamable HTTP, sessions; the official SDKs"
    text: "the MCP session is not known"
    symptom: "404 with JSON-RPC error -32001 after a restart or a pause"
    cause: "The server restarted, the session timed out, or a balancer chose another instance"
    fix: "Drop the session id and initialize again"
    check: "Whether requests of one session reach one instance"

    /// The client's own SDK stopped waiting for the answer.
    McpRequestTimeout {} = "mcp_request_timeout"
    McpRequestTimeout 504 | 200 [-32001] None Later Mcp, "the official MCP SDKs"
    text: "the MCP server did not answer in time"
    symptom: "An error with code -32001 and no reply"
    cause: "The tool takes longer than the client waits (60 seconds in the official SDKs), or the stream was cut"
    fix: "Raise the client's timeout, let the tool report progress, or repeat if the call can bear it"
    check: "How long the tool takes, and the idle timeout of every proxy"

    /// The MCP transport did not take the message, or the connection closed under it.
    McpTransportRefused {} = "mcp_transport_refused"
    McpTransportRefused 400 | 403 | 404 | 405 | 406 | 409 | 415 | 200 [-32000] None FixRequest Mcp, "MCP 2025-11-25, Streamable HTTP; the official SDKs"
    text: "the transport did not take the message"
    symptom: "400, 405, 406 or 415 with JSON-RPC error -32000, or a closed connection"
    cause: "No `Mcp-Session-Id`, an `Accept` without both JSON and event stream, or a body that is not marked as JSON"
    fix: "Send the session id, `Accept: application/json, text/event-stream` and `Content-Type: application/json`"
    check: "These three headers"
}
