//! How a decision grows with the number of rules: `cargo bench --bench policy`.
//!
//! Each line is a kind of policy, with 10 rules and with 1,000; a list that is walked from its top
//! would take 100 times as long. The signature is answered beforehand, so that parsing, claims and
//! policy remain. The two run in turn: on a busy machine only their ratio means something.

#[path = "../signer/mod.rs"]
mod signer;

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signer::{Failure, Issuer, NOW, gate_with, request};
use waxseal::{Answers, Body, Decision, Gate, Request, Step, UnixTime};

const ROUNDS: usize = 40;
const CALLS: u32 = 500;

/// Kind, the rule of a number, and the tool that is called, of so many rules.
type Kind = (&'static str, fn(usize) -> Value, fn(usize) -> String);

const KINDS: &[Kind] = &[
    (
        "exact names, the last",
        |n| json!({ "tool": format!("tool_{n}") }),
        |of| format!("tool_{}", of.saturating_sub(1)),
    ),
    (
        "exact names, none matches",
        |n| json!({ "tool": format!("tool_{n}") }),
        |_| "other".to_owned(),
    ),
    (
        "prefixes, the last",
        |n| json!({ "tool": format!("group_{n}_*") }),
        |of| format!("group_{}_read", of.saturating_sub(1)),
    ),
    (
        "one tool each, by arguments",
        |n| json!({ "tool": format!("tool_{n}"), "arguments": { "path": "/pub/*" } }),
        |of| format!("tool_{}", of.saturating_sub(1)),
    ),
    (
        "one tool, all by arguments",
        |n| json!({ "tool": "tool", "arguments": { "number": n } }),
        |_| "tool".to_owned(),
    ),
];

fn main() -> Result<(), Failure> {
    let mut output = std::io::stdout();
    writeln!(output, "{:<28} {:>10} {:>12} {:>8}", "policy", "10 rules", "1,000 rules", "ratio")?;
    for (name, rule, tool) in KINDS {
        let (few, many) = (Subject::new(10, *rule, *tool)?, Subject::new(1000, *rule, *tool)?);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push((few.time()?, many.time()?));
        }
        let (few, many) =
            (median(times.iter().map(|time| time.0)), median(times.iter().map(|time| time.1)));
        let ratio = median_ratio(&times);
        writeln!(
            output,
            "{name:<28} {:>7.2} us {:>9.2} us {ratio:>8.2}",
            micros(few),
            micros(many)
        )?;
    }
    Ok(())
}

/// A gate and a call.
struct Subject {
    gate: Gate,
    request: Request,
    answers: Answers,
}

impl Subject {
    fn new(
        rules: usize,
        rule: fn(usize) -> Value,
        tool: fn(usize) -> String,
    ) -> Result<Self, Failure> {
        let issuer = Issuer::new()?;
        let rules: Vec<_> = (0..rules).map(|number| json!({ "match": rule(number) })).collect();
        let call = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": tool(rules.len()), "arguments": { "path": "/pub/a", "number": -1 } },
        });
        let gate = gate_with(
            &json!({ "set": issuer.key_set() }),
            json!({
                "policy": { "rules": rules },
            }),
        )?;
        let request =
            Request { body: Body::Read(call.to_string().into_bytes()), ..request(&issuer.token()) };
        let mut answers = Answers::default();
        if let Step::Verify(check) = gate.check(&request, &answers, now()) {
            let verdict = check.verify();
            answers.verified(check, verdict);
        }
        Ok(Self { gate, request, answers })
    }

    /// The time of one decision, out of many.
    fn time(&self) -> Result<Duration, Failure> {
        let begin = Instant::now();
        for _ in 0..CALLS {
            let step = black_box(self.gate.check(&self.request, &self.answers, now()));
            if !matches!(step, Step::Done(Decision::Allow(_) | Decision::Deny(_))) {
                return Err("no decision".into());
            }
        }
        Ok(begin.elapsed() / CALLS)
    }
}

fn now() -> UnixTime {
    UnixTime::from_seconds(NOW)
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The median of the pairs' ratios.
fn median_ratio(times: &[(Duration, Duration)]) -> f64 {
    let mut ratios: Vec<_> =
        times.iter().map(|(few, many)| many.as_secs_f64() / few.as_secs_f64()).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
