//! Decision -> the plain data that JavaScript sees.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Decision, Gate, Grant, Request, Shadowed, UnixTime};

/// A request that does not pass.
#[derive(Serialize)]
pub struct Outcome {
    allow: bool,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Written>,
}

/// A request that passes: what [`Granted`] does not say of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passed<'a> {
    headers: Vec<Sent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_headers: Vec<(&'static str, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shadow: Vec<WouldDeny<'a>>,
}

/// A header for the upstream.
#[derive(Serialize)]
#[serde(untagged)]
enum Sent<'a> {
    /// The caller's, by its place: JavaScript has the text.
    Theirs(usize),
    Ours(&'a str, Cow<'a, str>),
}

/// What a caller is granted, as far as their token says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Granted<'a> {
    issuer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbprint: Option<&'a str>,
    scopes: Vec<&'a str>,
    claims: &'a Map<String, Value>,
    /// For JavaScript to fill: a member that is there already costs an object far less than a new one.
    headers: [(); 0],
    reply_headers: [(); 0],
}

/// What a rule in shadow would have denied.
#[derive(Serialize)]
pub struct WouldDeny<'a> {
    rule: &'a str,
    reason: &'static str,
    log: Map<String, Value>,
}

#[derive(Serialize)]
struct Written {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Outcome {
    pub fn of(gate: &Gate, decision: &Decision, request: &Request, now: UnixTime) -> Self {
        let reply = gate.reply(decision, request, now).map(|reply| Written {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
        });
        let (mut reason, mut facts, mut log) = (None, None, None);
        let mut name = "answer";
        if let Decision::Deny(denial) = decision {
            reason = Some(denial.error.reason().row().reason);
            facts = Some(denial.error.details());
            log = Some(gate.log_line(denial, request));
            name = "deny";
        }
        Self { allow: false, decision: name, reason, facts, log, reply }
    }
}

/// RFC 9110 sections 7.6.1 and 10.1.1: they end here, and `fetch` refuses to send them.
fn is_hop_by_hop(name: &str, request: &Request) -> bool {
    let names = [
        "connection",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let listed = request.header("connection").flat_map(|field| field.split(|byte| *byte == b','));
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
        || listed.into_iter().any(|own| own.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

impl<'a> Passed<'a> {
    pub fn of(gate: &Gate, grant: &'a Grant, request: &'a Request, now: UnixTime) -> Self {
        let own = |shadowed: &'a Shadowed| WouldDeny {
            rule: &shadowed.rule,
            reason: shadowed.error.reason().name(),
            log: gate.shadow_line(shadowed, grant, request),
        };
        Self {
            headers: sent(grant, request),
            reply_headers: gate.reply_headers(grant, request, now),
            rule: grant.rule.as_deref(),
            shadow: grant.shadowed.iter().map(own).collect(),
        }
    }
}

fn sent<'a>(grant: &'a Grant, request: &'a Request) -> Vec<Sent<'a>> {
    let (out, put) = Gate::upstream_changes(grant, request);
    let goes = |name: &str| {
        out.iter().any(|gone| name.eq_ignore_ascii_case(gone)) || is_hop_by_hop(name, request)
    };
    let theirs = request.headers.iter().enumerate().filter(|(_, (name, _))| !goes(name));
    let theirs = theirs.map(|(place, (name, value))| match name.is_ascii() && value.is_ascii() {
        true => Sent::Theirs(place),
        // The text that JavaScript has is not its bytes.
        false => Sent::Ours(name, value.iter().copied().map(char::from).collect()),
    });
    // Ours travel on, whatever the caller says of them.
    let ours = put.into_iter().map(|(name, value)| Sent::Ours(name, value.into()));
    theirs.chain(ours).collect()
}

impl<'a> Granted<'a> {
    pub fn of(grant: &'a Grant) -> Self {
        Self {
            issuer: grant.issuer(),
            subject: grant.subject(),
            client: grant.client(),
            thumbprint: grant.proof().map(|proof| proof.thumbprint.as_str()),
            scopes: grant.scopes().collect(),
            claims: grant.claims(),
            headers: [],
            reply_headers: [],
        }
    }
}
