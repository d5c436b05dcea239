//! The reader of replies, for clients.

use wasm_bindgen::prelude::wasm_bindgen;

use super::instant;
use crate::Received;

/// A reply -> what it means, as JSON text. `headers` are lines of name, colon and value; `now` in
/// seconds since 1970.
#[wasm_bindgen]
pub fn read(status: Option<u16>, headers: &str, body: &str, now: f64) -> String {
    let pair =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers: Vec<_> = headers.split('\n').filter_map(pair).collect();
    let received = Received { status, headers: &headers, body: body.as_bytes(), now: instant(now) };
    json(&crate::read(&received))
}

/// The fields of `WWW-Authenticate`, a line each -> their challenges, as JSON text.
#[wasm_bindgen]
pub fn challenges(fields: &str) -> String {
    let fields: Vec<_> = fields.split('\n').collect();
    json(&crate::challenges(&fields))
}

fn json(value: &impl serde::Serialize) -> String {
    // Text, numbers and maps with text keys always serialise.
    serde_json::to_string(value).unwrap_or_default()
}
