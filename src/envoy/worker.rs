//! One gate on one worker thread, and the requests that it holds.

use std::collections::{BTreeMap, BTreeSet};

use proxy_wasm::types::LogLevel;
use serde_json::Value;

use super::board::{self, Posted};
use super::claims;
use super::host::{self, Call, Headers};
use crate::{
    Answers, Body, Claim, Claimed, Config, Decision, Fetch, Forward, Gate, Grant, Request, Step,
    StoreCall, UnixTime,
};

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    Pass,
    /// It has its reply.
    Ended,
    /// It waits for a fetch, or for the answer to its claim.
    Held,
}

/// The gate with everything that is under way.
pub struct Worker {
    root: u32,
    gate: Gate,
    fetches: Vec<Pending>,
    held: BTreeMap<u32, Visit>,
    passed: BTreeMap<u32, Passed>,
    /// Requests that wait for the shared store, by the number of their call at Envoy.
    claiming: BTreeMap<u32, Claiming>,
    /// When the last ending of a fetch that this worker knows of was, by URI, in milliseconds.
    seen: BTreeMap<String, u64>,
}

/// What is still to do for a request that went on.
struct Passed {
    forward: Forward,
    reply: Vec<(&'static str, String)>,
}

/// A fetch that this worker does, or waits for.
struct Pending {
    fetch: Fetch,
    stage: Stage,
    /// Milliseconds since 1970.
    ends: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody has looked whether another worker does it.
    New,
    /// Another worker does it.
    Elsewhere,
    /// This worker does it, under this number at Envoy.
    Here(u32),
}

/// A request on its way through the gate.
struct Visit {
    request: Request,
    answers: Answers,
    /// The end of its patience; `None` while it waits for a fetch that it has asked for itself.
    until: Option<UnixTime>,
}

/// A request whose claim is under way.
struct Claiming {
    stream: u32,
    visit: Visit,
    claim: Claim,
}

/// A fetch begins on the root's next tick: a call of the stream's own dies with its client.
const SOON: u32 = 1;
/// Requests that may wait on one worker.
const HELD: usize = 1000;
/// Milliseconds between two looks at what other workers have fetched.
const OFTEN: u32 = 20;

impl Worker {
    /// Reads the plugin's configuration.
    pub fn new(root: u32, configuration: &[u8]) -> Result<Self, String> {
        let config = Config::read(configuration).map_err(|error| match error.member.as_str() {
            "" => format!("{error} (one JSON object is wanted, in a google.protobuf.StringValue)"),
            _ => error.to_string(),
        })?;
        for (index, issuer) in config.issuers.iter().enumerate() {
            if issuer.keys.set.is_none() && issuer.keys.cluster.is_none() {
                return Err(format!(
                    "`issuers[{index}].keys.cluster`: Envoy needs a cluster to fetch through"
                ));
            }
        }
        if config.replay.store.lacks_cluster() {
            let member = "replay.store.http.cluster";
            return Err(format!("`{member}`: Envoy needs a cluster to reach the store through"));
        }
        let env = |name: &str| std::env::var(name).ok();
        let gate = Gate::new(config, &env).map_err(|error| error.to_string())?;
        Ok(Self {
            root,
            gate,
            fetches: Vec::new(),
            held: BTreeMap::new(),
            passed: BTreeMap::new(),
            claiming: BTreeMap::new(),
            seen: BTreeMap::new(),
        })
    }

    /// A request's headers are here.
    pub fn arrived(&mut self, stream: u32, ends: bool) -> Next {
        let (Some(now), Ok(headers)) = (host::now(), host::request_headers()) else {
            let (method, url) = (String::new(), String::new());
            let nothing =
                Request { method, url, headers: vec![], id: new_id(), body: Body::Unread };
            let decision = Decision::host_failed("Envoy does not hand the request over");
            return self.conclude(stream, &decision, &nothing);
        };
        let pseudo = |name: &str| {
            let value = headers.iter().find(|(field, _)| field == name);
            value.and_then(|(_, value)| String::from_utf8(value.clone()).ok()).unwrap_or_default()
        };
        let request = Request {
            method: pseudo(":method"),
            url: pseudo(":path"),
            id: Request::id_in(&headers).or_else(new_id),
            body: if ends { Body::Absent } else { Body::Unread },
            headers,
        };
        let next =
            self.advance(stream, Visit { request, answers: Answers::default(), until: None }, now);
        if let Some(fetch) = self.gate.ahead(now) {
            self.begin(fetch);
        }
        next
    }

    /// Whether a stream still waits for its decision.
    pub fn holds(&self, stream: u32) -> bool {
        self.held.contains_key(&stream)
            || self.claiming.values().any(|claiming| claiming.stream == stream)
    }

    /// The upstream's reply to a stream is here.
    pub fn answered(&mut self, stream: u32) {
        let reply = self.passed.get(&stream).map_or(&[][..], |passed| &passed.reply);
        for (name, value) in reply {
            match *name {
                // The upstream's reply may vary by more than the origin.
                "vary" => host::add_response_header(name, value),
                _ => host::set_response_header(name, value),
            }
        }
    }

    /// A request's trailers are here: many servers merge them into the headers.
    pub fn trailed(&self, stream: u32) {
        if let Some(passed) = self.passed.get(&stream) {
            host::strip_request_trailers(|name| passed.forward.strips(name));
        }
    }

    /// A stream is gone.
    pub fn left(&mut self, stream: u32) {
        self.held.remove(&stream);
        self.passed.remove(&stream);
        self.claiming.retain(|_, claiming| claiming.stream != stream);
    }

    /// Begins and ends fetches, and asks again for those whose patience has ended.
    pub fn tick(&mut self) {
        let Some(now) = host::milliseconds() else {
            return;
        };
        let pending = std::mem::take(&mut self.fetches);
        for pending in pending {
            self.look_after(pending, now);
        }
        if let Some(now) = host::now() {
            self.ask_again(now, |visit| visit.until.is_some_and(|until| until <= now));
        }
        self.set_tick();
    }

    /// The reply to a call is here.
    pub fn replied(&mut self, call: u32, size: usize) {
        // Envoy keeps the reply with the context that has called.
        let _ = host::act_for(self.root);
        if let Some(claiming) = self.claiming.remove(&call) {
            self.claimed(claiming, size);
            return;
        }
        let place = self.fetches.iter().position(|pending| pending.stage == Stage::Here(call));
        let (Some(place), Some(now)) = (place, host::milliseconds()) else {
            return;
        };
        let fetch = self.fetches.remove(place).fetch;
        let posted = match host::replied(size.min(fetch.limit.saturating_add(1))) {
            // Envoy's own word for an issuer that does not answer in time.
            Some((504, ..)) => Posted::failure(now, "status 504".to_owned()),
            Some((status, cache_control, body)) => Posted::reply(now, status, cache_control, body),
            None => Posted::failure(now, "no answer".to_owned()),
        };
        board::post(&fetch, &posted);
        self.ended(&fetch, &posted);
    }

    /// The shared store's reply to a claim is here.
    fn claimed(&mut self, Claiming { stream, mut visit, claim }: Claiming, size: usize) {
        let claimed = claim.call.as_ref().and_then(|call| {
            let (status, _, body) = host::replied(size.min(call.limit.saturating_add(1)))?;
            Some(call.answer(status, &body))
        });
        let silent = Claimed::Failed("the store does not answer");
        visit.answers.claimed(claim, claimed.unwrap_or(silent));
        if let Some(now) = host::now() {
            self.go_on(stream, visit, now);
        }
        let _ = host::act_for(self.root);
    }

    fn begin(&mut self, fetch: Fetch) {
        if self.fetches.iter().any(|pending| pending.fetch == fetch) {
            return;
        }
        let now = host::milliseconds().unwrap_or_default();
        let ends = now.saturating_add(u64::from(fetch.timeout).saturating_mul(1000));
        self.fetches.push(Pending { fetch, stage: Stage::New, ends });
        self.set_tick();
    }

    /// Takes what another worker has fetched, or fetches it, or waits on.
    fn look_after(&mut self, mut pending: Pending, now: u64) {
        let fetch = &pending.fetch;
        if matches!(pending.stage, Stage::Here(_)) {
            self.fetches.push(pending);
            return;
        }
        if let Some(posted) = self.news(fetch, now) {
            self.ended(&pending.fetch, &posted);
            return;
        }
        if board::lease(fetch, now) {
            // Another worker may have ended between the two looks.
            if let Some(posted) = self.news(fetch, now) {
                board::release(fetch);
                self.ended(&pending.fetch, &posted);
                return;
            }
            let call = Call {
                uri: &fetch.uri,
                cluster: fetch.cluster.as_deref(),
                authorization: None,
                timeout: fetch.timeout,
            };
            match host::dispatch(&call) {
                Ok(call) => pending.stage = Stage::Here(call),
                Err(fault) => {
                    let posted = Posted::failure(now, fault);
                    board::post(fetch, &posted);
                    self.ended(&pending.fetch, &posted);
                    return;
                }
            }
        } else if pending.ends <= now {
            let posted = Posted::failure(now, "no answer of another worker".to_owned());
            self.ended(&pending.fetch, &posted);
            return;
        } else {
            pending.stage = Stage::Elsewhere;
        }
        self.fetches.push(pending);
    }

    /// An ending that this worker does not know of yet.
    fn news(&self, fetch: &Fetch, now: u64) -> Option<Posted> {
        let known = self.seen.get(&fetch.uri).copied().unwrap_or_default();
        let age = self.gate.config().keys.age;
        board::posted(fetch).filter(|posted| known < posted.at() && posted.is_current(now, age))
    }

    fn ended(&mut self, fetch: &Fetch, posted: &Posted) {
        self.seen.insert(fetch.uri.clone(), posted.at());
        self.gate.fetched(fetch, posted.answer(), posted.time());
        if let Some(now) = host::now() {
            self.ask_again(now, |_| true);
        }
        self.set_tick();
    }

    fn set_tick(&self) {
        let idle = self.fetches.is_empty() && self.held.is_empty();
        let new = self.fetches.iter().any(|pending| pending.stage == Stage::New);
        host::set_tick(if idle {
            0
        } else if new {
            SOON
        } else {
            OFTEN
        });
    }

    fn ask_again(&mut self, now: UnixTime, chosen: impl Fn(&Visit) -> bool) {
        let streams: Vec<_> = self
            .held
            .iter()
            .filter(|(_, visit)| chosen(visit))
            .map(|(stream, _)| *stream)
            .collect();
        for stream in streams {
            let Some(mut visit) = self.held.remove(&stream) else {
                continue;
            };
            if visit.until.take().is_some_and(|until| until <= now) {
                visit.answers.timed_out();
            }
            self.go_on(stream, visit, now);
        }
        // Where nothing else is said, the root acts.
        let _ = host::act_for(self.root);
    }

    fn go_on(&mut self, stream: u32, visit: Visit, now: UnixTime) {
        // A stream that is gone has no context to act in.
        if host::act_for(stream).is_ok() && self.advance(stream, visit, now) == Next::Pass {
            // Those that were shown while it was held are not shown again.
            self.trailed(stream);
            host::resume();
        }
    }

    fn advance(&mut self, stream: u32, mut visit: Visit, now: UnixTime) -> Next {
        loop {
            let step = self.gate.check(&visit.request, &visit.answers, now);
            match step {
                Step::Done(decision) => return self.conclude(stream, &decision, &visit.request),
                Step::Verify(check) => {
                    let verdict = check.verify();
                    visit.answers.verified(check, verdict);
                }
                Step::Fetch(_) | Step::Wait(_) if self.is_crowded() => {
                    let decision = Decision::host_failed("too many requests wait");
                    return self.conclude(stream, &decision, &visit.request);
                }
                Step::Fetch(fetch) => {
                    visit.answers.fetched();
                    self.held.insert(stream, visit);
                    self.begin(fetch);
                    return Next::Held;
                }
                Step::Wait(until) => {
                    visit.until = Some(until);
                    self.held.insert(stream, visit);
                    self.set_tick();
                    return Next::Held;
                }
                Step::Claim(claim) => match &claim.call {
                    Some(_) if self.is_crowded() => {
                        let crowded = Claimed::Failed("too many requests wait for the store");
                        visit.answers.claimed(claim, crowded);
                    }
                    Some(call) => match self.ask_store(stream, call) {
                        Ok(call) => {
                            self.claiming.insert(call, Claiming { stream, visit, claim });
                            return Next::Held;
                        }
                        Err(fault) => {
                            host::log(LogLevel::Warn, &format!("waxseal: {fault}"));
                            let failed = Claimed::Failed("the store cannot be called");
                            visit.answers.claimed(claim, failed);
                        }
                    },
                    None => {
                        let capacity = self.gate.config().replay.capacity;
                        let capacity = capacity.unwrap_or(claims::CAPACITY);
                        let claimed = claims::claim(capacity, &claim, now);
                        visit.answers.claimed(claim, claimed);
                    }
                },
                Step::Body | Step::Look(_) => {
                    let decision = Decision::host_failed("a step is not supported");
                    return self.conclude(stream, &decision, &visit.request);
                }
            }
        }
    }

    fn is_crowded(&self) -> bool {
        self.held.len().saturating_add(self.claiming.len()) >= HELD
    }

    /// The root asks: a call of the stream's own would leave a trace of it with the SDK for ever,
    /// if its client went away.
    fn ask_store(&self, stream: u32, call: &StoreCall) -> Result<u32, String> {
        let _ = host::act_for(self.root);
        let number = host::dispatch(&Call {
            uri: &call.uri,
            cluster: call.cluster.as_deref(),
            authorization: call.authorization(),
            timeout: call.timeout,
        });
        let _ = host::act_for(stream);
        number
    }

    fn conclude(&mut self, stream: u32, decision: &Decision, request: &Request) -> Next {
        let details = match decision {
            Decision::Allow(grant) => return self.pass(stream, grant, request),
            Decision::Deny(denial) => {
                let row = denial.error.reason().row();
                let level = if row.status >= 500 { LogLevel::Warn } else { LogLevel::Info };
                let line = Value::Object(self.gate.log_line(denial, request));
                host::log(level, &format!("waxseal: {line}"));
                row.reason
            }
            Decision::Answer(_) => "answered",
        };
        let reply = host::now().and_then(|now| self.gate.reply(decision, request, now));
        match reply {
            Some(reply) => host::reply(&reply, details),
            None => host::unavailable(),
        }
        Next::Ended
    }

    fn pass(&mut self, stream: u32, grant: &Grant, request: &Request) -> Next {
        if change_headers(&request.headers, &Gate::upstream_headers(grant, request)).is_err() {
            let decision = Decision::host_failed("Envoy does not change the request's headers");
            return self.conclude(stream, &decision, request);
        }
        let reply = host::now().map(|now| self.gate.reply_headers(grant, request, now));
        let (forward, reply) = (grant.forward.clone(), reply.unwrap_or_default());
        self.passed.insert(stream, Passed { forward, reply });
        Next::Pass
    }
}

/// Only what differs, name by name: a change clears Envoy's route cache, and a map of more than
/// 1024 fields or 1 MiB would silently arrive empty.
fn change_headers(from: &Headers, to: &Headers) -> Result<(), u32> {
    let names: BTreeSet<_> = from.iter().chain(to).map(|(name, _)| name).collect();
    for name in names {
        // All values of a name at once: one of the caller's may equal ours.
        if values(from, name).eq(values(to, name)) {
            continue;
        }
        host::remove_request_header(name)?;
        for value in values(to, name) {
            host::add_request_header(name, value)?;
        }
    }
    Ok(())
}

fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_slice())
}

fn new_id() -> Option<String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    Some(Request::new_id(host::milliseconds()?, &random))
}
