//! Runs every decision vector through the native core: `cargo test --test vectors [-- DIR]`.
//! `tests/vectors/run.mjs` does the same for the two faces.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use waxseal::{
    Answers, Body, Claim, Claimed, Config, Decision, Fetch, Fetched, Gate, LocalStore, Look,
    Looked, Request, Step, UnixTime,
};

#[path = "vectors/run/comparing.rs"]
mod comparing;
#[path = "vectors/run/reading.rs"]
mod reading;

use comparing::{Outcome, compare};
use reading::{Case, File, Outage, Revoked, Sent};

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
            let meant = case.faces.as_ref().is_none_or(|faces| faces.iter().any(|f| f == "core"));
            if !meant {
                continue;
            }
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
    let own = case.requests.iter().map(|sent| &sent.env);
    let all = [&file.env, &case.env].into_iter().chain(own).flatten();
    let env: BTreeMap<_, _> = all.map(|(name, text)| (name.as_str(), text)).collect();
    let lookup = |name: &str| env.get(name).map(|text| (*text).clone());
    let gate = Gate::new(config, &lookup).map_err(|error| error.to_string())?;
    let mut host =
        Host { gate, store: LocalStore::new(100_000, [7; 16]), revoked: None, fetched: 0 };
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
        let claims = sent.claims.or(case.claims);
        host.revoked = sent.revoked.clone().or_else(|| case.revoked.clone());
        let outcome = host.send(sent, claims, UnixTime::from_seconds(now), answers)?;
        let last = index + 1 == case.requests.len();
        let expect = sent.expect.iter().chain(last.then_some(&case.expect));
        for expect in expect {
            compare(expect, &outcome)
                .map_err(|difference| format!("request {}: {difference}", index + 1))?;
        }
    }
    Ok(())
}

/// A gate and what its host keeps for it.
struct Host {
    gate: Gate,
    store: LocalStore,
    /// What the host's own store of revoked ids knows.
    revoked: Option<Revoked>,
    fetched: u64,
}

impl Host {
    fn send(
        &mut self,
        sent: &Sent,
        claims: Option<Outage>,
        now: UnixTime,
        replies: impl Fn(&str) -> Option<Value>,
    ) -> Result<Outcome, String> {
        let headers: Vec<_> =
            sent.headers.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
        let milliseconds = u64::try_from(now.seconds()).unwrap_or(0).saturating_mul(1000);
        let mut request = Request {
            method: sent.method.clone(),
            url: sent.url.clone(),
            id: Request::id_in(&headers).or(Some(Request::new_id(milliseconds, &[7; 10]))),
            headers,
            body: Body::Unread,
        };
        let mut answers = Answers::default();
        let decision = loop {
            match self.gate.check(&request, &answers, now) {
                Step::Done(decision) => break decision,
                Step::Verify(check) => {
                    let verdict = check.verify();
                    answers.verified(check, verdict);
                }
                Step::Fetch(fetch) => {
                    self.bring(&fetch, replies(&fetch.uri), now)?;
                    answers.fetched();
                }
                Step::Claim(claim) => {
                    let claimed = match claims {
                        Some(Outage::Down) => Claimed::Failed("no answer"),
                        None => self.claim(&claim, &replies, now)?,
                    };
                    answers.claimed(claim, claimed);
                }
                Step::Look(look) => {
                    let looked = self.look(&look, &replies);
                    answers.looked(look, looked?);
                }
                Step::Body(_) if request.body == Body::Unread => request.body = body(sent)?,
                other => return Err(format!("unexpected step {other:?}")),
            }
        };
        if let Some(fetch) = self.gate.ahead(now) {
            self.bring(&fetch, replies(&fetch.uri), now)?;
        }
        let reply = self.gate.reply(&decision, &request, now);
        let (name, reason, upstream, reply_headers) = match decision {
            Decision::Allow(grant) => {
                let upstream = Gate::upstream_headers(&grant, &request);
                ("allow", None, upstream, self.gate.reply_headers(&grant, &request, now))
            }
            Decision::Deny(denial) => {
                ("deny", Some(denial.error.reason().row().reason), vec![], vec![])
            }
            Decision::Answer(_) => ("answer", None, vec![], vec![]),
        };
        let fetched = self.fetched;
        Ok(Outcome { decision: name, reason, reply, upstream, reply_headers, fetched })
    }

    /// Does a fetch: `null` is no answer at all.
    fn bring(&mut self, fetch: &Fetch, reply: Option<Value>, now: UnixTime) -> Result<(), String> {
        self.fetched += 1;
        let Some(reply) = reply.filter(|reply| !reply.is_null()) else {
            self.gate.fetched(fetch, Fetched::Failed("no answer"), now);
            return Ok(());
        };
        let (status, body) = said(&reply)?;
        let cache_control = field(&reply, "cache-control");
        let cache_control = cache_control.as_deref();
        let answer = Fetched::Reply { status, cache_control, body: body.as_bytes() };
        self.gate.fetched(fetch, answer, now);
        Ok(())
    }

    /// Asks where the configuration says, or looks into a store of our own.
    fn look(
        &mut self,
        look: &Look,
        replies: &impl Fn(&str) -> Option<Value>,
    ) -> Result<Looked, String> {
        let Some(call) = &look.call else {
            return Ok(match &self.revoked {
                Some(Revoked::Outage(Outage::Down)) => Looked::Failed("no answer"),
                Some(Revoked::Ids(ids)) => {
                    let found = look.ids.iter().find(|id| ids.contains(id));
                    found.cloned().map_or(Looked::Clear, Looked::Revoked)
                }
                None => Looked::Clear,
            });
        };
        self.fetched += 1;
        let Some(reply) = replies(&call.uri).filter(|reply| !reply.is_null()) else {
            return Ok(Looked::Failed("no answer"));
        };
        let (status, body) = said(&reply)?;
        Ok(look.answer(status, body.as_bytes()))
    }

    /// Asks the shared store of the configuration, or our own.
    fn claim(
        &mut self,
        claim: &Claim,
        replies: &impl Fn(&str) -> Option<Value>,
        now: UnixTime,
    ) -> Result<Claimed, String> {
        let Some(call) = &claim.call else {
            return Ok(self.store.claim(claim, now));
        };
        self.fetched += 1;
        let Some(reply) = replies(&call.uri).filter(|reply| !reply.is_null()) else {
            return Ok(Claimed::Failed("no answer"));
        };
        let (status, body) = said(&reply)?;
        Ok(claim.answer(status, body.as_bytes()))
    }
}

/// The body that a request brings.
fn body(sent: &Sent) -> Result<Body, String> {
    Ok(match (&sent.body, &sent.body_base64) {
        (None, None) => Body::Absent,
        (Some(text), None) => Body::Read(text.clone().into_bytes()),
        (None, Some(coded)) => {
            Body::Read(STANDARD.decode(coded).map_err(|error| error.to_string())?)
        }
        (Some(_), Some(_)) => return Err("two bodies".to_owned()),
    })
}

/// Status and body of a vector's reply to a fetch.
fn said(reply: &Value) -> Result<(u16, String), String> {
    let status = reply.get("status").and_then(Value::as_u64).unwrap_or(200);
    let body = match reply.get("body") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Ok((u16::try_from(status).map_err(|error| error.to_string())?, body))
}

/// A header of a vector's reply to a fetch, its fields joined (RFC 9110 section 5.3).
fn field(reply: &Value, name: &str) -> Option<String> {
    let texts = |value: &Value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    };
    let named = |field: &str| field.eq_ignore_ascii_case(name);
    let values: Vec<_> = match reply.get("headers")? {
        Value::Array(pairs) => pairs
            .iter()
            .filter(|pair| pair.get(0).and_then(Value::as_str).is_some_and(named))
            .filter_map(|pair| pair.get(1).map(texts))
            .flatten()
            .collect(),
        Value::Object(fields) => {
            fields.iter().filter(|(field, _)| named(field)).flat_map(|(_, v)| texts(v)).collect()
        }
        _ => vec![],
    };
    (!values.is_empty()).then(|| values.join(", "))
}

/// A header's text stands for bytes: one each up to U+00FF, else UTF-8.
fn bytes(text: &str) -> Vec<u8> {
    let single: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    single.unwrap_or_else(|_| text.as_bytes().to_vec())
}
