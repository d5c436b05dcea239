//! A reason -> everything that is said about it. No variant can hold a token, a proof or a secret.

mod catalogue;

use serde_json::Value;

pub use catalogue::{Error, Reason};

/// What the wire says for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The stable, precise name of what happened: `token_expired`.
    pub reason: &'static str,
    /// What the body's `error` says.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// What `WWW-Authenticate` says.
    pub challenge: Challenge,
    /// The specification and section that the reason comes from.
    pub source: &'static str,
    /// Who usually emits it.
    pub surface: Surface,
    /// Whether another try can help, and how.
    pub retry: Retry,
    /// The fixed text for the client: RFC 6749 characters only, no facts.
    pub text: &'static str,
}

/// What a person with the reason in hand needs; printed to `ERRORS.md`, absent from the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// When this reason applies.
    pub meaning: &'static str,
    /// How people meet it.
    pub symptom: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// What repairs it.
    pub fix: &'static str,
    /// What to look at first.
    pub check: &'static str,
}

/// The wire codes, each under the names of both vocabularies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// RFC 6750 section 3.1.
    InsufficientScope,
    /// RFC 9449 sections 5 and 7.1.
    InvalidDpopProof,
    /// RFC 6749 section 5.2, RFC 6750 section 3.1.
    InvalidRequest,
    /// RFC 6750 section 3.1.
    InvalidToken,
    /// No credentials: OAuth has no name of its own for it.
    MissingToken,
    /// MCP, Streamable HTTP: an `Origin` that is not listed.
    OriginForbidden,
    /// RFC 6749 section 4.1.2.1.
    TemporarilyUnavailable,
    /// RFC 9449 sections 8 and 9.
    UseDpopNonce,
}

impl Code {
    /// The name in the OAuth specifications; challenges always use this one.
    pub const fn oauth(self) -> &'static str {
        match self {
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken | Self::MissingToken => "invalid_token",
            Self::OriginForbidden => "origin_forbidden",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// The name in Caracal's vocabulary.
    pub const fn caracal(self) -> &'static str {
        match self {
            Self::InsufficientScope => "scope_insufficient",
            Self::MissingToken => "missing_token",
            Self::TemporarilyUnavailable => "sts_unavailable",
            Self::InvalidDpopProof
            | Self::InvalidRequest
            | Self::InvalidToken
            | Self::OriginForbidden
            | Self::UseDpopNonce => self.oauth(),
        }
    }
}

/// What `WWW-Authenticate` says (RFC 9110 section 11.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// Nothing: another token would not help.
    None,
    /// The scheme without `error=`: the request carried no credentials (RFC 6750 section 3.1).
    Bare,
    /// The scheme and the code.
    Coded,
}

/// Who usually emits a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The gate in front of a resource server.
    Gate,
}

impl Surface {
    /// The name in `errors.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
        }
    }
}

/// Whether another try can help, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Send another request: this one is malformed.
    FixRequest,
    /// Get a new token, once.
    NewToken,
    /// Send the same token with a new proof.
    NewProof,
    /// Repeat the request at once, with the new nonce in a new proof.
    RetryNonce,
    /// Authorize again with more scope.
    StepUp,
    /// The same request, after `Retry-After` seconds.
    Later,
    /// No other try helps: it is the operator's to allow.
    Never,
}

impl Retry {
    /// The name in `errors.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FixRequest => "fix_request",
            Self::NewToken => "new_token",
            Self::NewProof => "new_proof",
            Self::RetryNonce => "retry_with_nonce",
            Self::StepUp => "step_up",
            Self::Later => "later",
            Self::Never => "never",
        }
    }
}

/// An error, and whose call it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// Why.
    pub error: Error,
    /// `client_id`, where a verified token names one: for logs.
    pub client: Option<Excerpt>,
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self { error, client: None }
    }
}

/// A piece of somebody else's text, clipped: what a fact may quote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Excerpt(String);

impl Excerpt {
    const CHARACTERS: usize = 100;

    /// The first 100 characters.
    pub fn of(text: &str) -> Self {
        Self(text.chars().take(Self::CHARACTERS).collect())
    }
}

/// A fact's name and value, as logs and `verbose` replies show it.
pub type Fact = (&'static str, Value);
