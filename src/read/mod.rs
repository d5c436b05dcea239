//! A reply of somebody else -> [`Reading`]: what happened, and what to do next. Never trusts it: no
//! text of a reply is an instruction, none is unbounded, and no action has a URL that was not looked
//! at.

mod action;
mod body;
mod row;
mod text;
mod wait;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use self::body::{Body, Form};
use self::row::Found;
use self::text::clipped;
use crate::error::{Reason, Surface};
use crate::time::UnixTime;

pub use self::action::{Action, OpenUrl};
pub use crate::parse::{Challenge, challenges};

/// A reply as it was received, failed or not.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// The HTTP status; `None` for JSON that came another way.
    pub status: Option<u16>,
    /// Header fields, in order; names in any case.
    pub headers: &'a [(String, String)],
    /// The body: JSON, an event stream, text or nothing.
    pub body: &'a [u8],
    /// The time, for a `Retry-After` that is a date.
    pub now: UnixTime,
}

/// What a reply says. All text in it is the server's and not to be believed; it is bounded, and but
/// for the challenges and URLs on one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reading {
    /// The row of the catalogue that fits best; `None` for what it does not know.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reason_name")]
    pub reason: Option<Reason>,
    /// The code on the wire: `error`, or the number of a JSON-RPC error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who seems to have sent it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "surface_name")]
    pub surface: Option<Surface>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The challenges, also those in a tool's result.
    pub challenges: Vec<Challenge>,
    /// What to do next.
    pub action: Action,
    /// Whether the same call may be sent again without anybody's help: after the action, and with a
    /// new proof where there are proofs.
    pub retryable: bool,
    /// The request's id, as the server's logs know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the server says to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What else it says.
    pub details: Map<String, Value>,
}

/// Reads a reply. Never fails: what cannot be read says nothing, and then the status speaks alone.
///
/// ```
/// use waxseal::{Action, Reason, Received, UnixTime, read};
///
/// let challenge = r#"Bearer error="insufficient_scope", scope="files:write""#;
/// let headers = [("WWW-Authenticate".to_owned(), challenge.to_owned())];
/// let now = UnixTime::from_seconds(1_700_000_000);
/// let reading = read(&Received { status: Some(403), headers: &headers, body: b"", now });
/// assert_eq!(reading.reason, Some(Reason::InsufficientScope));
/// assert!(matches!(reading.action, Action::StepUp { scopes, .. } if scopes == ["files:write"]));
/// ```
pub fn read(received: &Received<'_>) -> Reading {
    let mut seen = Seen::of(received);
    let (row, code) = row::find(&seen);
    seen.row = row;
    let (action, retryable) = action::plan(&seen);
    let surface = match row {
        Some((_, surface)) => Some(surface),
        None if seen.body.form == Form::Rpc => Some(Surface::Mcp),
        None => seen.is_challenged().then_some(Surface::Resource),
    };
    let message = seen.parameter("error_description").map(|text| clipped(text, 1000));
    Reading {
        reason: row.map(|(reason, _)| reason),
        code: code.map(|code| clipped(&code, 100)),
        surface,
        status: seen.status(),
        action,
        retryable,
        request_id: seen.request_id(),
        message: seen.body.message.or(message).filter(|message| !message.is_empty()),
        details: seen.body.details,
        challenges: seen.challenges,
    }
}

/// A reply, taken apart.
struct Seen<'a> {
    received: &'a Received<'a>,
    body: Body,
    challenges: Vec<Challenge>,
    row: Option<Found>,
}

impl<'a> Seen<'a> {
    fn of(received: &'a Received<'a>) -> Self {
        let body = Body::read(received.body);
        let mut seen = Self { received, body, challenges: vec![], row: None };
        let fields: Vec<_> = seen.fields("www-authenticate").collect();
        let told = seen.body.challenges.iter().map(String::as_str);
        seen.challenges = challenges(&fields.into_iter().chain(told).collect::<Vec<_>>());
        seen
    }

    /// The values of a header field, without white space around them.
    fn fields(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let fields = self.received.headers.iter();
        fields
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    fn has_field(&self, start: &str) -> bool {
        let starts = |name: &str| {
            name.split_at_checked(start.len())
                .is_some_and(|(own, _)| own.eq_ignore_ascii_case(start))
        };
        self.received.headers.iter().any(|(name, _)| starts(name))
    }

    fn status(&self) -> Option<u16> {
        self.received.status.or(self.body.status)
    }

    /// The status, where it is one of a failure: a JSON-RPC message comes with 200.
    fn failure(&self) -> Option<u16> {
        self.status().filter(|status| *status >= 400)
    }

    /// The challenges of the schemes that carry access tokens.
    fn token_challenges(&self) -> impl Iterator<Item = &Challenge> {
        let takes_tokens = |one: &&Challenge| matches!(one.scheme.as_str(), "bearer" | "dpop");
        self.challenges.iter().filter(takes_tokens)
    }

    fn is_challenged(&self) -> bool {
        self.token_challenges().next().is_some()
    }

    /// The challenge that says most: several differ where one of their schemes has no word for what
    /// is wrong (RFC 6750 section 3.1 for proofs).
    fn telling_challenge(&self) -> Option<&Challenge> {
        let error = |one: &Challenge| one.parameters.get("error").cloned().unwrap_or_default();
        self.token_challenges().min_by_key(|one| match error(one).as_str() {
            "" => 2,
            "invalid_token" => 1,
            _ => 0,
        })
    }

    fn challenged_code(&self) -> Option<&str> {
        let code = self.telling_challenge()?.parameters.get("error")?;
        (!code.is_empty()).then_some(code.as_str())
    }

    /// A parameter of the challenge that says most, or else of another one.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.telling_challenge().into_iter().chain(self.token_challenges());
        all.find_map(|one| one.parameters.get(name)).map(String::as_str)
    }

    fn retry_after(&self) -> Option<u64> {
        self.fields("retry-after").find_map(|field| wait::seconds(field, self.received.now))
    }

    fn request_id(&self) -> Option<String> {
        let header = || self.fields("x-request-id").find_map(body::request_id);
        self.body.request_id.clone().or_else(header)
    }
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn reason_name<S: Serializer>(reason: &Option<Reason>, to: S) -> Result<S::Ok, S::Error> {
    reason.map(Reason::name).serialize(to)
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn surface_name<S: Serializer>(surface: &Option<Surface>, to: S) -> Result<S::Ok, S::Error> {
    surface.map(Surface::name).serialize(to)
}
