//! Error -> body: one object for RFC 6749, RFC 9457 and Caracal clients alike.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::{Config, Vocabulary};
use crate::error::Error;

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    error_description: &'a str,
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    details: Map<String, Value>,
}

/// The body of a denial; facts only where `errors.verbose` is on.
pub fn body(error: &Error, id: Option<&str>, config: &Config) -> String {
    let row = error.reason().row();
    let facts = if config.errors.verbose { error.facts() } else { Vec::new() };
    let problem = Problem {
        error: match config.errors.vocabulary {
            Vocabulary::Oauth => row.code.oauth(),
            Vocabulary::Caracal => row.code.caracal(),
        },
        error_description: row.text,
        r#type: format!("{}{}", config.errors.base, row.reason),
        title: title(row.status),
        status: row.status,
        detail: row.text,
        request_id: id,
        details: facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect(),
    };
    // Text, numbers and maps with text keys always serialise.
    serde_json::to_string(&problem).unwrap_or_default()
}

/// RFC 9110 section 15.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        503 => "Service Unavailable",
        _ => "Error",
    }
}
