//! Decision -> the plain object that JavaScript sees.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Decision, Gate, Grant, Request, Shadowed, UnixTime};

#[derive(Serialize)]
pub struct Outcome<'a> {
    allow: bool,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Granted<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Vec<WouldDeny<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Written>,
}

#[derive(Serialize)]
struct Granted<'a> {
    issuer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbprint: Option<&'a str>,
    scopes: Vec<&'a str>,
    claims: &'a Map<String, Value>,
    headers: Vec<(String, String)>,
    #[serde(rename = "replyHeaders")]
    reply_headers: Vec<(&'static str, String)>,
}

/// What a rule in shadow would have denied.
#[derive(Serialize)]
struct WouldDeny<'a> {
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

impl<'a> Outcome<'a> {
    pub fn of(gate: &Gate, decision: &'a Decision, request: &Request, now: UnixTime) -> Self {
        let (mut reason, mut facts, mut log, mut grant) = (None, None, None, None);
        let (mut rule, mut shadow) = (None, None);
        let name = match decision {
            Decision::Allow(granted) => {
                grant = Some(Granted::of(gate, granted, request, now));
                rule = granted.rule.as_deref();
                let own = |shadowed: &'a Shadowed| WouldDeny {
                    rule: &shadowed.rule,
                    reason: shadowed.error.reason().name(),
                    log: gate.shadow_line(shadowed, granted, request),
                };
                shadow = Some(granted.shadowed.iter().map(own).collect());
                "allow"
            }
            Decision::Deny(denial) => {
                reason = Some(denial.error.reason().row().reason);
                facts = Some(denial.error.details());
                log = Some(gate.log_line(denial, request));
                "deny"
            }
            Decision::Answer(_) => "answer",
        };
        let reply = gate.reply(decision, request, now).map(|reply| Written {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
        });
        let allow = grant.is_some();
        Self { allow, decision: name, reason, facts, log, grant, rule, shadow, reply }
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

impl<'a> Granted<'a> {
    fn of(gate: &Gate, grant: &'a Grant, request: &Request, now: UnixTime) -> Self {
        let headers = Gate::upstream_headers(grant, request).into_iter();
        // Ours travel on, whatever the caller says of them.
        let own = |name: &String| grant.forward.set().iter().any(|(set, _)| set == name);
        let headers = headers.filter(|(name, _)| own(name) || !is_hop_by_hop(name, request));
        let text = |value: Vec<u8>| value.into_iter().map(char::from).collect();
        Self {
            issuer: grant.issuer(),
            subject: grant.subject(),
            client: grant.client(),
            thumbprint: grant.proof().map(|proof| proof.thumbprint.as_str()),
            scopes: grant.scopes().collect(),
            claims: grant.claims(),
            headers: headers.map(|(name, value)| (name, text(value))).collect(),
            reply_headers: gate.reply_headers(grant, request, now),
        }
    }
}
