//! Error -> body: one object for RFC 6749, RFC 9457 and Caracal clients alike.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Voice;
use crate::config::Vocabulary;
use crate::error::{ConsentCause, Error};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<ConsentCause>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    details: Map<String, Value>,
}

/// The body; facts only where the voice is verbose.
pub fn body(error: &Error, id: Option<&str>, voice: &Voice<'_>) -> String {
    let row = error.reason().row();
    let (consent_url, cause) = match error {
        Error::ConsentRequired { consent_url, cause } => (consent_url.as_deref(), *cause),
        Error::InteractionRequired { consent_url } => (consent_url.as_deref(), None),
        _ => (None, None),
    };
    let problem = Problem {
        error: match voice.vocabulary {
            Vocabulary::Oauth => row.code.oauth(),
            Vocabulary::Caracal => row.code.caracal(),
        },
        error_description: row.text,
        r#type: format!("{}{}", voice.base, row.reason),
        title: title(row.status),
        status: row.status,
        detail: row.text,
        request_id: id,
        consent_url,
        cause,
        details: if voice.verbose { error.details() } else { Map::new() },
    };
    // Text, numbers and maps with text keys always serialise.
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The reason phrase of an error status: RFC 9110 sections 15.5 and 15.6, RFC 6585.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::title;
    use crate::error::Reason;

    #[test]
    fn every_status_has_its_title() {
        // A JSON-RPC message has none.
        for row in Reason::ALL.iter().map(|reason| reason.row()).filter(|row| row.rpc.is_none()) {
            assert_ne!(title(row.status), "Error", "{}: {}", row.reason, row.status);
        }
    }
}
