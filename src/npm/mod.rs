//! Face 2: the crate as two wasm-bindgen modules, which `js/` wraps. Translates, and decides nothing.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "npm")]
mod elicit;
#[cfg(feature = "npm")]
mod gate;
#[cfg(feature = "npm")]
mod granted;
#[cfg(feature = "npm")]
mod outcome;
#[cfg(feature = "npm")]
mod prepared;
#[cfg(feature = "npm")]
mod request;

#[cfg(feature = "npm")]
use wasm_bindgen::JsValue;

use crate::UnixTime;

/// Seconds since 1970, as JavaScript counts them.
fn instant(now: f64) -> UnixTime {
    #[expect(clippy::as_conversions, reason = "a float beyond i64 becomes its nearest bound")]
    UnixTime::from_seconds(now.floor() as i64)
}

/// By way of JSON text, which is faster than to make an object member by member; an integer claim
/// beyond 2^53 becomes what `JSON.parse` makes of it.
#[cfg(feature = "npm")]
fn json(value: &impl serde::Serialize) -> Result<JsValue, JsValue> {
    js_sys::JSON::parse(&text(value))
}

#[cfg(feature = "npm")]
fn text(value: &impl serde::Serialize) -> String {
    // Text, numbers and maps with text keys always serialise.
    serde_json::to_string(value).unwrap_or_default()
}
