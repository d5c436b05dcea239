//! Denial -> one line for the operator's log: JSON, so that no quoted text can forge a second line.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::error::Denial;

/// What happened, whose call it was, and the facts; never a token. The names are those of
/// AuthPlane's own logs.
pub fn line(
    Denial { error, client, .. }: &Denial,
    id: Option<&str>,
    trace: Option<(&str, &str)>,
    config: &Config,
) -> Map<String, Value> {
    let row = error.reason().row();
    let mut line = Map::new();
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            line.insert(name.to_owned(), value);
        }
    };
    say("event", json!("denied"));
    say("error", json!(row.reason));
    say("code", json!(row.code.oauth()));
    say("status", json!(row.status));
    say("client_id", json!(client));
    say("resource", json!(config.resource));
    say("request_id", json!(id));
    say("trace_id", json!(trace.map(|(trace, _)| trace)));
    say("span_id", json!(trace.map(|(_, span)| span)));
    say("facts", Value::Object(error.details()));
    line
}

/// The same of a call that passes, since the rule that denies it is in shadow.
pub fn would_deny(rule: &str, mut line: Map<String, Value>) -> Map<String, Value> {
    line.insert("event".to_owned(), json!("would_deny"));
    line.insert("rule".to_owned(), json!(rule));
    line
}
