//! Status, header fields, a blank line and a body -> a reading that is sound.

#![no_main]

#[path = "check.rs"]
#[allow(dead_code, reason = "each target uses its part of it")]
mod check;

use libfuzzer_sys::fuzz_target;
use waxseal::{Received, UnixTime, read};

fuzz_target!(|reply: &[u8]| {
    let end = reply.windows(2).position(|two| two == b"\n\n").unwrap_or(reply.len());
    let (head, body) = reply.split_at(end);
    let body = body.get(2..).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|status| status.parse().ok());
    let pair =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers: Vec<_> = lines.filter_map(pair).collect();
    let now = UnixTime::from_seconds(1_795_000_000);
    let reading = read(&Received { status, headers: &headers, body, now });
    assert!(check::is_sound(&reading), "{reading:?}");
});
