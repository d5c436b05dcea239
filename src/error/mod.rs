//! A reason -> everything that is said about it. No variant can hold a token, a proof or a secret.

mod alias;
mod catalogue;
mod code;
mod domain;

use serde_json::{Map, Value};

pub use alias::{ALIASES, Alias};
pub use catalogue::{Error, Reason};
pub use code::Code;
pub use domain::{DOMAIN, Domain};

/// What the wire says for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The stable, precise name of what happened: `token_expired`.
    pub reason: &'static str,
    /// What the body's `error` says.
    pub code: Code,
    /// The HTTP status under which it is rendered.
    pub status: u16,
    /// Other statuses under which servers send it.
    pub also: &'static [u16],
    /// The code of a JSON-RPC error, where it is one.
    pub rpc: Option<i32>,
    /// What `WWW-Authenticate` says.
    pub challenge: Challenge,
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
    /// The specification and section that the reason comes from.
    pub source: &'static str,
    /// How people meet it.
    pub symptom: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// What repairs it.
    pub fix: &'static str,
    /// What to look at first.
    pub check: &'static str,
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
    /// `Basic`: it is the client that must authenticate (RFC 6749 section 5.2).
    Basic,
}

/// Who usually emits a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The gate in front of a resource server: this crate. All others are read, and rendered on
    /// behalf of those who emit them.
    Gate,
    /// Any resource server.
    Resource,
    /// An OAuth authorization server.
    AuthorizationServer,
    /// A resource server with Caracal's verifier.
    CaracalVerifier,
    /// Caracal's Gateway.
    CaracalGateway,
    /// Caracal's token service.
    CaracalSts,
    /// Caracal's Coordinator, its admin API and its console.
    CaracalControl,
    /// Caracal's libraries, in the caller's own process.
    CaracalLibrary,
    /// An MCP server, as a JSON-RPC error.
    Mcp,
}

impl Surface {
    /// The name in `errors.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Resource => "resource",
            Self::AuthorizationServer => "authorization_server",
            Self::CaracalVerifier => "caracal_verifier",
            Self::CaracalGateway => "caracal_gateway",
            Self::CaracalSts => "caracal_sts",
            Self::CaracalControl => "caracal_control",
            Self::CaracalLibrary => "caracal_library",
            Self::Mcp => "mcp",
        }
    }
}

/// Whether another try can help, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Send another request: this one is malformed.
    FixRequest,
    /// Sign in: there were no credentials, or what they rest on has ended.
    SignIn,
    /// Get a new token, once.
    NewToken,
    /// Send the same token with a new proof.
    NewProof,
    /// Repeat the request at once, with the new nonce in a new proof.
    RetryNonce,
    /// Authorize again with more scope, or with stronger authentication.
    StepUp,
    /// Repeat the request once the user has acted at a URL.
    AfterUser,
    /// The same request, after `Retry-After` seconds.
    Later,
    /// No other try helps: it is the operator's to allow.
    Operator,
    /// No other try helps: somebody has decided so.
    Never,
}

impl Retry {
    /// The name in `errors.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FixRequest => "fix_request",
            Self::SignIn => "sign_in",
            Self::NewToken => "new_token",
            Self::NewProof => "new_proof",
            Self::RetryNonce => "retry_with_nonce",
            Self::StepUp => "step_up",
            Self::AfterUser => "after_user",
            Self::Later => "later",
            Self::Operator => "operator",
            Self::Never => "never",
        }
    }
}

/// Why a consent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum ConsentCause {
    /// There is none yet.
    #[serde(rename = "consent_missing")]
    Missing,
    /// There is one, for less.
    #[serde(rename = "scope_insufficient")]
    ScopeInsufficient,
}

impl ConsentCause {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "consent_missing",
            Self::ScopeInsufficient => "scope_insufficient",
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
    /// The id of the JSON-RPC request, where the body was read.
    pub call: Option<Box<Value>>,
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self { error, client: None, call: None }
    }
}

impl Error {
    /// Its facts as one object. Member by member: to collect a map sorts first, which is much code.
    pub(crate) fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        details.extend(self.facts().into_iter().map(|(name, fact)| (name.to_owned(), fact)));
        details
    }
}

/// A piece of somebody else's text, clipped: what a fact may quote.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
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
