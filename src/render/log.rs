//! Error -> one line for the operator's log: JSON, so that no quoted text can forge a second line.

use serde_json::{Map, Value, json};

use crate::error::Error;

/// What happened and the facts of it; never a token.
pub fn line(error: &Error, id: Option<&str>, trace: Option<(&str, &str)>) -> String {
    let row = error.reason().row();
    let mut line = Map::new();
    line.insert("event".to_owned(), json!("denied"));
    line.insert("reason".to_owned(), json!(row.reason));
    line.insert("code".to_owned(), json!(row.code.oauth()));
    line.insert("status".to_owned(), json!(row.status));
    line.insert("request_id".to_owned(), json!(id));
    if let Some((trace, span)) = trace {
        line.insert("trace_id".to_owned(), json!(trace));
        line.insert("span_id".to_owned(), json!(span));
    }
    let facts = error.facts().into_iter().map(|(name, fact)| (name.to_owned(), fact));
    line.insert("facts".to_owned(), Value::Object(facts.collect()));
    Value::Object(line).to_string()
}
