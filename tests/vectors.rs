//! Runs every decision vector through the native core: `cargo test --test vectors [-- DIR]`.
//! `tests/vectors/run.mjs` does the same for the two faces.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Map, Value};
use waxseal::{Answers, Body, Config, Decision, Fetched, Gate, Reply, Request, Step, UnixTime};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    configs: BTreeMap<String, Value>,
    #[serde(default)]
    key_sets: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    config: String,
    now: Option<i64>,
    #[serde(default)]
    key_sets: BTreeMap<String, Value>,
    requests: Vec<Sent>,
    expect: Expect,
    host: Option<String>,
    #[serde(rename = "revoked")]
    _revoked: Option<Value>,
    #[serde(rename = "claims")]
    _claims: Option<Value>,
    #[serde(rename = "env")]
    _env: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    now: Option<i64>,
    #[serde(default)]
    fetches: BTreeMap<String, Value>,
    expect: Option<Expect>,
    /// `"down"`: the host can do nothing for the gate.
    host: Option<String>,
    #[serde(rename = "revoked")]
    _revoked: Option<Value>,
    #[serde(rename = "claims")]
    _claims: Option<Value>,
    #[serde(rename = "env")]
    _env: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    decision: Option<Value>,
    reason: Option<Value>,
    status: Option<Value>,
    error: Option<Value>,
    headers: BTreeMap<String, Value>,
    body: Option<Value>,
    upstream: BTreeMap<String, Value>,
    fetched: Option<u64>,
}

/// What the core did with one request.
struct Outcome {
    decision: &'static str,
    reason: Option<&'static str>,
    reply: Option<Reply>,
    upstream: Vec<(String, Vec<u8>)>,
    fetched: u64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    // Cargo's own flags (`--nocapture`, a filter) are not directories.
    let given = std::env::args().skip(1).map(PathBuf::from).find(|path| path.is_dir());
    let mut files: Vec<_> = std::fs::read_dir(given.unwrap_or(own))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let value: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        // The committed test keys lie beside the vectors.
        if value.get("cases").is_none() && value.get("keys").is_some() {
            continue;
        }
        let file: File =
            serde_json::from_value(value).map_err(|error| format!("{name}: {error}"))?;
        for case in &file.cases {
            match run(&file, case) {
                Ok(()) => passed += 1,
                Err(difference) => {
                    failed += 1;
                    println!("FAIL {name}: {}: {difference}", case.name);
                }
            }
        }
    }
    println!("core: {passed} passed, {failed} failed");
    Ok(if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(file: &File, case: &Case) -> Result<(), String> {
    let config = file.configs.get(&case.config).ok_or("no such config")?;
    let config = Config::read(config.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let gate = Gate::new(config).map_err(|error| error.to_string())?;
    let mut fetched = 0;
    for (index, sent) in case.requests.iter().enumerate() {
        let now = sent.now.or(case.now).ok_or("no `now`")?;
        let answers = |uri: &str| {
            let host = sent.host.as_deref().or(case.host.as_deref());
            if host == Some("down") {
                return None;
            }
            let places = [&case.key_sets, &file.key_sets];
            sent.fetches.get(uri).cloned().or_else(|| {
                let set = places.into_iter().find_map(|sets| sets.get(uri))?;
                Some(if set.is_null() {
                    Value::Null
                } else {
                    serde_json::json!({ "status": 200, "body": set })
                })
            })
        };
        let outcome = send(&gate, sent, UnixTime::from_seconds(now), answers, &mut fetched)?;
        let last = index + 1 == case.requests.len();
        let expect = sent.expect.iter().chain(last.then_some(&case.expect));
        for expect in expect {
            compare(expect, &outcome)
                .map_err(|difference| format!("request {}: {difference}", index + 1))?;
        }
    }
    Ok(())
}

fn send(
    gate: &Gate,
    sent: &Sent,
    now: UnixTime,
    replies: impl Fn(&str) -> Option<Value>,
    fetched: &mut u64,
) -> Result<Outcome, String> {
    let headers: Vec<_> =
        sent.headers.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
    let request = Request {
        method: sent.method.clone(),
        url: sent.url.clone(),
        id: Request::id_in(&headers),
        headers,
        body: sent.body.as_ref().map_or(Body::Absent, |text| Body::Read(text.clone().into_bytes())),
    };
    let mut answers = Answers::default();
    let decision = loop {
        match gate.check(&request, &answers, now) {
            Step::Done(decision) => break decision,
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            Step::Fetch(fetch) => {
                *fetched += 1;
                let reply = replies(&fetch.uri).unwrap_or(Value::Null);
                let status = reply.get("status").and_then(Value::as_u64).unwrap_or(200);
                let body = reply.get("body").map(|body| match body {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                let body = body.unwrap_or_default();
                let answer = match reply {
                    Value::Null => Fetched::Failed("no answer"),
                    _ => Fetched::Reply {
                        status: u16::try_from(status).map_err(|error| error.to_string())?,
                        body: body.as_bytes(),
                    },
                };
                gate.fetched(&fetch, answer, now);
                answers.fetched();
            }
            other => return Err(format!("unexpected step {other:?}")),
        }
    };
    let reply = gate.reply(&decision, &request);
    let (name, reason, upstream) = match decision {
        Decision::Allow(grant) => ("allow", None, grant.forward.apply(&request.headers)),
        Decision::Deny(error) => ("deny", Some(error.reason().row().reason), vec![]),
        Decision::Answer(_) => ("answer", None, vec![]),
    };
    Ok(Outcome { decision: name, reason, reply, upstream, fetched: *fetched })
}

fn compare(expect: &Expect, outcome: &Outcome) -> Result<(), String> {
    let reply = outcome.reply.as_ref();
    let body: Value =
        reply.and_then(|reply| serde_json::from_str(&reply.body).ok()).unwrap_or(Value::Null);
    let error = body.get("error").cloned().unwrap_or(Value::Null);
    one_of("decision", &expect.decision, &outcome.decision.into())?;
    one_of("reason", &expect.reason, &outcome.reason.into())?;
    one_of("status", &expect.status, &reply.map(|reply| reply.status).into())?;
    one_of("error", &expect.error, &error)?;
    if let Some(fetched) = expect.fetched.filter(|fetched| *fetched != outcome.fetched) {
        return Err(format!("fetched: expected {fetched}, got {}", outcome.fetched));
    }
    let replied = reply.map(|reply| reply.headers.as_slice()).unwrap_or_default();
    for (name, expected) in &expect.headers {
        let values = replied.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values_are(name, expected, values.map(|(_, value)| value.clone()).collect())?;
    }
    for (name, expected) in &expect.upstream {
        let values = outcome.upstream.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values_are(
            name,
            expected,
            values.map(|(_, value)| value.iter().copied().map(char::from).collect()).collect(),
        )?;
    }
    match &expect.body {
        None => Ok(()),
        Some(Value::String(text)) if reply.is_some_and(|reply| reply.body == *text) => Ok(()),
        Some(expected) if is_within(expected, &body) => Ok(()),
        Some(expected) => Err(format!("body: expected {expected}, got {body}")),
    }
}

fn one_of(name: &str, expected: &Option<Value>, got: &Value) -> Result<(), String> {
    let fits = match expected {
        None => true,
        Some(Value::Array(any)) => any.contains(got),
        Some(one) => one == got,
    };
    if fits { Ok(()) } else { Err(format!("{name}: expected {expected:?}, got {got}")) }
}

fn values_are(name: &str, expected: &Value, got: Vec<String>) -> Result<(), String> {
    let wanted = match expected {
        Value::Null => vec![],
        Value::Array(values) => {
            values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Value::String(value) => vec![value.clone()],
        other => return Err(format!("header {name}: cannot expect {other}")),
    };
    if wanted == got {
        Ok(())
    } else {
        Err(format!("header {name}: expected {wanted:?}, got {got:?}"))
    }
}

fn is_within(expected: &Value, got: &Value) -> bool {
    let inside = |members: &Map<String, Value>, all: &Map<String, Value>| {
        members.iter().all(|(name, value)| match (all.get(name), value) {
            // A list under `error` means any of these.
            (Some(own), Value::Array(any)) if name == "error" => any.contains(own),
            (Some(own), _) => is_within(value, own),
            (None, _) => false,
        })
    };
    match (expected, got) {
        (Value::Object(members), Value::Object(all)) => inside(members, all),
        _ => expected == got,
    }
}

/// A header's text stands for bytes: one each up to U+00FF, else UTF-8.
fn bytes(text: &str) -> Vec<u8> {
    let single: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    single.unwrap_or_else(|_| text.as_bytes().to_vec())
}
