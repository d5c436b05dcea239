//! A field -> its challenges: as `http-auth` reads them, where it does, and the same once more when
//! they are written again.

#![no_main]

#[path = "check.rs"]
#[allow(dead_code, reason = "each target uses its part of it")]
mod check;

use check::{as_http_auth_reads, printed};
use libfuzzer_sys::fuzz_target;
use waxseal::{ReadChallenge, challenges};

fuzz_target!(|field: &str| {
    let ours = challenges(&[field]);
    let full = |one: &ReadChallenge| one.parameters.len() == ReadChallenge::PARAMETERS;
    if ours.len() == ReadChallenge::MOST || ours.iter().any(full) {
        return;
    }
    if let Some(theirs) = as_http_auth_reads(field) {
        assert_eq!(ours, theirs);
    }
    for quote in [false, true] {
        let again: Vec<_> = ours.iter().map(|one| printed(one, quote)).collect();
        let again = again.join(", ");
        if again.len() <= ReadChallenge::BYTES {
            assert_eq!(challenges(&[&again]), ours);
        }
    }
});
