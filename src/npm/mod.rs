//! Face 2: the crate as two wasm-bindgen modules, which `js/` wraps. Translates, and decides nothing.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "npm")]
mod elicit;
#[cfg(feature = "npm")]
mod gate;
#[cfg(feature = "npm")]
mod outcome;
#[cfg(feature = "npm")]
mod prepared;

use crate::UnixTime;

/// Seconds since 1970, as JavaScript counts them.
fn instant(now: f64) -> UnixTime {
    #[expect(clippy::as_conversions, reason = "a float beyond i64 becomes its nearest bound")]
    UnixTime::from_seconds(now.floor() as i64)
}
