//! Row and reply -> what to do next. Never sends anybody to a URL that has not been looked at.

use serde::Serialize;

use super::Seen;
use super::text::host;
use crate::error::{Reason, Retry};

/// What to do next. All text in it is the server's: data to show or to send, never an instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Action {
    /// Sign in: find the authorization server, send the user there, or use the client's credentials.
    Authenticate {
        /// Where the resource's metadata stands (RFC 9728 section 5.1).
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_metadata: Option<String>,
        /// The scope to ask for.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
    /// Get a new token, once, and sign in if that fails.
    Refresh {
        /// Where the resource's metadata stands (RFC 9728 section 5.1).
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_metadata: Option<String>,
        /// The scope to ask for.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
    /// Authorize again: for more scope, or with stronger or more recent authentication.
    StepUp {
        /// The scopes that this call needs, beside those that the client has.
        scopes: Vec<String>,
        /// The classes of authentication that will do (RFC 9470 section 3).
        acr_values: Vec<String>,
        /// The most seconds since the user authenticated.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_age: Option<u64>,
        /// Where the resource's metadata stands (RFC 9728 section 5.1).
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_metadata: Option<String>,
    },
    /// Send the same call at once, with a new proof that carries this nonce.
    RetryWithNonce {
        /// The value of `DPoP-Nonce` (RFC 9449 section 8).
        nonce: String,
    },
    /// Send the same call later.
    RetryAfter {
        /// In how many seconds; the client's own backoff where the server does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    /// Show the user these URLs, open what they agree to, and send the call again when they are back.
    OpenUrl {
        /// At least one.
        urls: Vec<OpenUrl>,
        /// `requestState` of MCP 2026-07-28: what the repeated call must carry, byte by byte.
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
    /// Nothing but another request will do.
    FixRequest,
    /// Nothing that client or user do will help.
    ContactOperator,
    /// Somebody has decided so.
    GiveUp,
}

/// A URL that a person shall open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OpenUrl {
    /// `http(s)`, with a host and without a user.
    pub url: String,
    /// Its host, to be shown before all else; `xn--` in it stands for letters beyond ASCII.
    pub host: String,
    /// Why, as the server says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The elicitation's id, or the name under which its answer is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Action {
    /// The name, as `kind` in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Authenticate { .. } => "authenticate",
            Self::Refresh { .. } => "refresh",
            Self::StepUp { .. } => "step_up",
            Self::RetryWithNonce { .. } => "retry_with_nonce",
            Self::RetryAfter { .. } => "retry_after",
            Self::OpenUrl { .. } => "open_url",
            Self::FixRequest => "fix_request",
            Self::ContactOperator => "contact_operator",
            Self::GiveUp => "give_up",
        }
    }
}

/// What to do next, and whether the call may simply be sent again.
pub fn plan(seen: &Seen<'_>) -> (Action, bool) {
    let retry = seen.row.map(|(reason, _)| reason.retry());
    let action = action(seen, retry);
    let again = matches!(action, Action::RetryWithNonce { .. } | Action::RetryAfter { .. });
    (action, again || retry == Some(Retry::NewProof))
}

fn action(seen: &Seen<'_>, retry: Option<Retry>) -> Action {
    let waits = matches!(seen.failure(), Some(408 | 425 | 429 | 503));
    let seconds = seen.retry_after();
    // Of a failure that is known not to pass, the status alone does not tell the contrary.
    let lasts = matches!(retry, Some(Retry::Operator | Retry::FixRequest | Retry::Never));
    if waits && (seconds.is_some() || !lasts) {
        return Action::RetryAfter { seconds };
    }
    match retry {
        Some(Retry::SignIn) => authenticate(seen),
        Some(Retry::NewToken) => {
            Action::Refresh { resource_metadata: seen.metadata(), scope: seen.scope() }
        }
        Some(Retry::NewProof | Retry::RetryNonce) => {
            seen.nonce().map_or(Action::FixRequest, |nonce| Action::RetryWithNonce { nonce })
        }
        Some(Retry::StepUp) => step_up(seen),
        Some(Retry::AfterUser) => ask_user(seen),
        Some(Retry::Later) => Action::RetryAfter { seconds },
        Some(Retry::FixRequest) => Action::FixRequest,
        Some(Retry::Operator) => Action::ContactOperator,
        Some(Retry::Never) => Action::GiveUp,
        None => unknown(seen),
    }
}

/// What the catalogue does not know, by the status and what else there is.
fn unknown(seen: &Seen<'_>) -> Action {
    if seen.body.asks_user {
        return ask_user(seen);
    }
    match seen.failure() {
        Some(401) => authenticate(seen),
        Some(403) if !seen.scopes().is_empty() => step_up(seen),
        Some(403) => Action::ContactOperator,
        Some(408 | 425 | 429 | 500..) => Action::RetryAfter { seconds: seen.retry_after() },
        Some(_) => Action::FixRequest,
        None if seen.is_challenged() => authenticate(seen),
        None if seen.body.code.is_some() || seen.body.rpc.is_some() => Action::FixRequest,
        None => Action::GiveUp,
    }
}

fn authenticate(seen: &Seen<'_>) -> Action {
    Action::Authenticate { resource_metadata: seen.metadata(), scope: seen.scope() }
}

fn step_up(seen: &Seen<'_>) -> Action {
    Action::StepUp {
        scopes: seen.scopes(),
        acr_values: seen.acr_values(),
        max_age: seen.parameter("max_age").and_then(|seconds| seconds.parse().ok()),
        resource_metadata: seen.metadata(),
    }
}

fn ask_user(seen: &Seen<'_>) -> Action {
    let body = &seen.body;
    if !body.urls.is_empty() {
        return Action::OpenUrl { urls: body.urls.clone(), state: body.state.clone() };
    }
    match seen.row {
        // Its own page asks for both (OpenID Connect Core section 3.1.2.6).
        Some((Reason::ConsentRequired | Reason::InteractionRequired, _)) if !body.asks_user => {
            authenticate(seen)
        }
        _ => Action::ContactOperator,
    }
}

impl Seen<'_> {
    /// Only a URL that a client may fetch.
    fn metadata(&self) -> Option<String> {
        self.parameter("resource_metadata").filter(|url| host(url).is_some()).map(str::to_owned)
    }

    fn scope(&self) -> Option<String> {
        let scopes = self.scopes();
        (!scopes.is_empty()).then(|| scopes.join(" "))
    }

    fn scopes(&self) -> Vec<String> {
        words(self.parameter("scope").or(self.body.scope.as_deref()))
    }

    fn acr_values(&self) -> Vec<String> {
        words(self.parameter("acr_values").or(self.body.acr_values.as_deref()))
    }

    /// The one nonce (RFC 9449 section 8.1).
    fn nonce(&self) -> Option<String> {
        let mut fields = self.fields("dpop-nonce");
        let (nonce, None) = (fields.next()?, fields.next()) else {
            return None;
        };
        (nonce.len() <= 1024 && is_word(nonce)).then(|| nonce.to_owned())
    }
}

/// The first 100 words of a list; what is none is left out.
fn words(list: Option<&str>) -> Vec<String> {
    let words = list.unwrap_or_default().split(' ').filter(|word| is_word(word));
    words.filter(|word| word.len() <= 1000).take(100).map(str::to_owned).collect()
}

/// NQCHAR (RFC 6749 appendix A), of which scope tokens and nonces are made.
fn is_word(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.bytes().all(legal)
}
