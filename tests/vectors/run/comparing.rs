//! What a vector expects -> what differs.

use serde_json::{Map, Value};
use waxseal::Reply;

use crate::reading::Expect;

/// What the core did with one request.
pub struct Outcome {
    pub decision: &'static str,
    pub reason: Option<&'static str>,
    pub reply: Option<Reply>,
    pub upstream: Vec<(String, Vec<u8>)>,
    pub reply_headers: Vec<(&'static str, String)>,
    pub fetched: u64,
}

/// The first difference.
pub fn compare(expect: &Expect, outcome: &Outcome) -> Result<(), String> {
    let reply = outcome.reply.as_ref();
    let body: Value =
        reply.and_then(|reply| serde_json::from_str(&reply.body).ok()).unwrap_or(Value::Null);
    let error = body.get("error").cloned().unwrap_or(Value::Null);
    one_of("decision", &expect.decision, &outcome.decision.into())?;
    one_of("reason", &expect.reason, &outcome.reason.into())?;
    one_of("status", &expect.status, &reply.map(|reply| reply.status).into())?;
    one_of("error", &expect.error, &error)?;
    if let Some(fetched) = expect.fetched.filter(|fetched| *fetched != outcome.fetched) {
        return Err(format!("fetched: expected {fetched}, got {}", outcome.fetched));
    }
    let replied = reply.map(|reply| reply.headers.as_slice()).unwrap_or_default();
    for (name, expected) in &expect.headers {
        let values = replied.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values_are(name, expected, values.map(|(_, value)| value.clone()).collect())?;
    }
    let inward = !expect.upstream.is_empty() || !expect.reply_headers.is_empty();
    if inward && outcome.decision != "allow" {
        return Err("nothing reached the upstream".to_owned());
    }
    for (name, expected) in &expect.upstream {
        values_are(name, expected, upstream(outcome, name))?;
    }
    for (name, expected) in &expect.reply_headers {
        let carried = outcome.reply_headers.iter();
        let values = carried.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values_are(name, expected, values.map(|(_, value)| value.clone()).collect())?;
    }
    if let Some(order) = &expect.order {
        let answered = replied.iter().chain(&outcome.reply_headers).map(|(name, _)| name);
        let present: Vec<_> =
            answered.filter(|name| order.iter().any(|one| one == *name)).collect();
        if present != order.iter().collect::<Vec<_>>() {
            return Err(format!("order of headers: expected {order:?}, got {present:?}"));
        }
    }
    if expect.made_id {
        made_id(outcome, replied, &body)?;
    }
    match &expect.body {
        None => Ok(()),
        Some(Value::String(text)) if reply.is_some_and(|reply| reply.body == *text) => Ok(()),
        Some(expected) if is_within(expected, &body) => Ok(()),
        Some(expected) => Err(format!("body: expected {expected}, got {body}")),
    }
}

fn upstream(outcome: &Outcome, name: &str) -> Vec<String> {
    let values = outcome.upstream.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
    values.map(|(_, value)| value.iter().copied().map(char::from).collect()).collect()
}

/// An id that a face made stands once, and is the same in the header and in the body.
fn made_id(
    outcome: &Outcome,
    replied: &[(&'static str, String)],
    body: &Value,
) -> Result<(), String> {
    let name = "x-request-id";
    let ids: Vec<_> = match outcome.decision {
        "allow" => upstream(outcome, name),
        _ => replied.iter().filter(|(field, _)| *field == name).map(|(_, id)| id.clone()).collect(),
    };
    let [id] = ids.as_slice() else {
        return Err(format!("{name}: expected one that was made, got {ids:?}"));
    };
    let in_body = body.get("requestId").and_then(Value::as_str);
    if !is_uuid_v7(id) || (outcome.decision == "deny" && in_body != Some(id)) {
        return Err(format!("{name}: expected a UUID v7, got {id} and {in_body:?} in the body"));
    }
    Ok(())
}

/// RFC 9562 section 5.7, in lower case.
fn is_uuid_v7(id: &str) -> bool {
    let form = "hhhhhhhh-hhhh-7hhh-vhhh-hhhhhhhhhhhh";
    let fits = |(wanted, got): (char, char)| match wanted {
        'h' => matches!(got, '0'..='9' | 'a'..='f'),
        'v' => matches!(got, '8' | '9' | 'a' | 'b'),
        other => other == got,
    };
    id.chars().count() == form.len() && form.chars().zip(id.chars()).all(fits)
}

fn one_of(name: &str, expected: &Option<Value>, got: &Value) -> Result<(), String> {
    let fits = match expected {
        None => true,
        Some(Value::Array(any)) => any.contains(got),
        Some(one) => one == got,
    };
    if fits { Ok(()) } else { Err(format!("{name}: expected {expected:?}, got {got}")) }
}

fn values_are(name: &str, expected: &Value, got: Vec<String>) -> Result<(), String> {
    let wanted = match expected {
        Value::Null => vec![],
        Value::Array(values) => {
            values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Value::String(value) => vec![value.clone()],
        other => return Err(format!("header {name}: cannot expect {other}")),
    };
    if wanted == got {
        Ok(())
    } else {
        Err(format!("header {name}: expected {wanted:?}, got {got:?}"))
    }
}

fn is_within(expected: &Value, got: &Value) -> bool {
    let inside = |members: &Map<String, Value>, all: &Map<String, Value>| {
        members.iter().all(|(name, value)| match (all.get(name), value) {
            // A list under `error` means any of these.
            (Some(own), Value::Array(any)) if name == "error" => any.contains(own),
            (Some(own), _) => is_within(value, own),
            (None, _) => false,
        })
    };
    match (expected, got) {
        (Value::Object(members), Value::Object(all)) => inside(members, all),
        _ => expected == got,
    }
}
