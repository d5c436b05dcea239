//! A gate that knows one issuer, and what its answers have in common.
#![allow(dead_code, reason = "each target uses its part of it")]

use libfuzzer_sys::Corpus;
use waxseal::{Answers, Claimed, Decision, Gate, Request, Step, UnixTime};

#[path = "../signer/mod.rs"]
pub mod signer;

use signer::{Issuer, NOW};

/// Follows the request to its end: `true` where it passes, `false` with a reply that can be sent.
pub fn passes(gate: &Gate, request: &Request) -> bool {
    let now = UnixTime::from_seconds(NOW);
    let mut answers = Answers::default();
    for _ in 0..8 {
        match gate.check(request, &answers, now) {
            Step::Done(Decision::Allow(_)) => return true,
            Step::Done(decision) => {
                let reply = gate.reply(&decision, request, now).expect("a denial has a reply");
                let plain = |value: &str| value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                assert!(reply.headers.iter().all(|(_, value)| plain(value)), "{reply:?}");
                return false;
            }
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            Step::Claim(claim) => answers.claimed(claim, Claimed::First),
            other => panic!("unexpected step {other:?}"),
        }
    }
    panic!("no end");
}

/// What follows the first byte: raw text, or two lines that a known key signs.
pub fn made(
    issuer: &Issuer,
    input: &[u8],
    fill: impl Fn(&str) -> String,
) -> Result<(String, bool), Corpus> {
    let (kind, text) = input.split_first().ok_or(Corpus::Reject)?;
    let text = std::str::from_utf8(text).map_err(|_| Corpus::Reject)?;
    if *kind != b's' {
        return Ok((text.to_owned(), false));
    }
    let (header, payload) = text.split_once('\n').ok_or(Corpus::Reject)?;
    Ok((issuer.sign(&fill(header), &fill(payload)), true))
}
