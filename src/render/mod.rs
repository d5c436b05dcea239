//! Decision -> [`Reply`]. Never sees a token or a claim: a reply cannot leak what it is not given.

mod challenge;
mod cors;
mod log;
mod metadata;
mod problem;

use crate::config::Config;
use crate::decide::Answer;
use crate::error::{Challenge, Error};

pub use log::line;
pub use metadata::is_metadata;

/// An HTTP reply, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header fields; values are printable ASCII.
    pub headers: Vec<(&'static str, String)>,
    /// The body, UTF-8.
    pub body: String,
}

/// What a reply says of its request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The request's id.
    pub id: Option<&'a str>,
    /// The listed origin that it comes from.
    pub origin: Option<&'a str>,
    /// The nonce that the caller's next proof must carry.
    pub nonce: Option<&'a str>,
}

/// The reply to a denied call.
pub fn denial(error: &Error, context: Context<'_>, config: &Config) -> Reply {
    let row = error.reason().row();
    let mut headers = vec![("content-type", "application/problem+json".to_owned())];
    if row.challenge != Challenge::None {
        let challenges = challenge::all(row, config).into_iter();
        headers.extend(challenges.map(|challenge| ("www-authenticate", challenge)));
        if let Some(nonce) = context.nonce {
            headers.push(next_nonce(nonce));
            // RFC 9449 section 8.2: a nonce out of a cache is a stale one.
            headers.push(("cache-control", "no-store".to_owned()));
        }
    }
    if let Some(seconds) = retry_after(error) {
        headers.push(("retry-after", seconds.to_string()));
    }
    Reply { status: row.status, headers, body: problem::body(error, context.id, config) }
        .of(context, config)
}

/// The reply to a question that the gate itself answers.
pub fn answer(answer: &Answer, context: Context<'_>, config: &Config) -> Reply {
    let reply = match answer {
        Answer::Metadata => Reply {
            status: 200,
            headers: vec![("content-type", "application/json".to_owned())],
            body: metadata::document(config),
        },
        Answer::Preflight(names) => {
            Reply { status: 204, headers: cors::preflight(names), body: String::new() }
        }
    };
    reply.of(context, config)
}

/// What the reply to a call that passes carries besides the upstream's headers.
pub fn beside(context: Context<'_>, config: &Config) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = context.nonce.map(next_nonce).into_iter().collect();
    headers.extend(cors::readable(context.origin, config));
    headers
}

/// RFC 9449 section 8.2.
fn next_nonce(nonce: &str) -> (&'static str, String) {
    ("dpop-nonce", nonce.to_owned())
}

impl Reply {
    fn of(mut self, context: Context<'_>, config: &Config) -> Self {
        if let Some(id) = context.id {
            self.headers.push(("x-request-id", id.to_owned()));
        }
        self.headers.extend(cors::readable(context.origin, config));
        self
    }
}

/// RFC 9110 section 10.2.3.
fn retry_after(error: &Error) -> Option<u32> {
    match error {
        Error::KeysUnavailable { retry_after, .. }
        | Error::HostFailed { retry_after, .. }
        | Error::ReplayUnavailable { retry_after, .. } => Some(*retry_after),
        _ => None,
    }
}
