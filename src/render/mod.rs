//! Decision -> [`Reply`]. Never sees a token or a claim: a reply cannot leak what it is not given.

mod challenge;
mod cors;
mod jsonrpc;
mod log;
mod metadata;
mod problem;
mod voice;

use serde_json::Value;

use crate::config::Config;
use crate::decide::Answer;
use crate::error::{Challenge, Error, Surface};

pub use log::{line, would_deny};
pub use metadata::is_metadata;
pub use voice::Voice;

pub(crate) use jsonrpc::{failure, success};

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

/// What a reply says of its request. Its texts go into header fields as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The request's id.
    pub id: Option<&'a str>,
    /// The listed origin that it comes from.
    pub origin: Option<&'a str>,
    /// The nonce that the caller's next proof must carry.
    pub nonce: Option<&'a str>,
    /// The id of the JSON-RPC call, where the reply is a JSON-RPC message.
    pub call: Option<&'a Value>,
    /// What a JSON-RPC error must say besides: `supported` and `requested` of a version.
    pub data: Option<&'a Value>,
}

/// The reply to a request that failed, for any row of the catalogue: the gate's own denials, and
/// what an authorization server, a gateway or an MCP server says.
pub fn problem(error: &Error, voice: &Voice<'_>, context: Context<'_>) -> Reply {
    let row = error.reason().row();
    let of_authorization_server = row.surface == Surface::AuthorizationServer;
    let content_type = match row.rpc {
        None if !of_authorization_server => "application/problem+json",
        // RFC 6749 section 5.2, and MCP's Streamable HTTP: strict clients take no other.
        _ => "application/json",
    };
    let mut headers = vec![("content-type", content_type.to_owned())];
    let challenges = challenge::all(error, voice).into_iter();
    headers.extend(challenges.map(|challenge| ("www-authenticate", challenge)));
    let nonce =
        context.nonce.filter(|_| row.challenge != Challenge::None || of_authorization_server);
    headers.extend(nonce.map(next_nonce));
    // RFC 9449 section 8.2: a nonce out of a cache is a stale one. RFC 6749 section 5.2.
    if nonce.is_some() || of_authorization_server {
        headers.push(("cache-control", "no-store".to_owned()));
    }
    if let Some(seconds) = retry_after(error) {
        headers.push(("retry-after", seconds.to_string()));
    }
    let body = match row.rpc {
        Some(code) => failure(context.call, code, row.text, context.data.cloned()).to_string(),
        None => problem::body(error, context.id, voice),
    };
    Reply { status: row.status, headers, body }.of(context, voice.origins)
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
    reply.of(context, &config.origins)
}

/// What the reply to a call that passes carries besides the upstream's headers.
pub fn beside(context: Context<'_>, config: &Config) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = context.nonce.map(next_nonce).into_iter().collect();
    headers.extend(cors::readable(context.origin, &config.origins));
    headers
}

/// RFC 9449 section 8.2.
fn next_nonce(nonce: &str) -> (&'static str, String) {
    ("dpop-nonce", nonce.to_owned())
}

impl Reply {
    fn of(mut self, context: Context<'_>, origins: &[String]) -> Self {
        // Other servers have their ids from elsewhere: what is no value of a header is left out.
        let printable = |id: &&str| id.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(id) = context.id.filter(printable) {
            self.headers.push(("x-request-id", id.to_owned()));
        }
        self.headers.extend(cors::readable(context.origin, origins));
        self
    }
}

/// RFC 9110 section 10.2.3.
fn retry_after(error: &Error) -> Option<u32> {
    match error {
        Error::KeysUnavailable { retry_after, .. }
        | Error::HostFailed { retry_after, .. }
        | Error::ReplayUnavailable { retry_after, .. }
        | Error::RevocationUnavailable { retry_after, .. }
        | Error::SlowDown { retry_after } => Some(*retry_after),
        _ => None,
    }
}
