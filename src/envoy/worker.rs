//! One gate on one worker thread, and the requests that it holds.

use std::collections::BTreeMap;

use proxy_wasm::types::LogLevel;

use super::host;
use crate::{
    Answers, Body, Config, Decision, Fetch, Fetched, Gate, Grant, Request, Step, UnixTime, line,
};

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    Pass,
    /// It has its reply.
    Ended,
    /// It waits for a fetch.
    Held,
}

/// The gate with everything that is under way.
pub struct Worker {
    root: u32,
    gate: Gate,
    wanted: Vec<Fetch>,
    fetching: BTreeMap<u32, Fetch>,
    held: BTreeMap<u32, Visit>,
}

/// A request on its way through the gate.
struct Visit {
    request: Request,
    answers: Answers,
    /// Asked again at this time, whatever happens.
    deadline: UnixTime,
}

/// A fetch is dispatched on the root's next tick: a call of the stream's own dies with its client.
const SOON: u32 = 1;
/// Milliseconds between two looks at the deadlines.
const OFTEN: u32 = 100;

impl Worker {
    /// Reads the plugin's configuration.
    pub fn new(root: u32, configuration: &[u8]) -> Result<Self, String> {
        let config = Config::read(configuration).map_err(|error| error.to_string())?;
        for (index, issuer) in config.issuers.iter().enumerate() {
            if issuer.keys.uri.is_some() && issuer.keys.cluster.is_none() {
                return Err(format!(
                    "`issuers[{index}].keys.cluster`: Envoy needs a cluster for the `uri`"
                ));
            }
        }
        let gate = Gate::new(config).map_err(|error| error.to_string())?;
        let (wanted, fetching, held) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { root, gate, wanted, fetching, held })
    }

    /// A request's headers are here.
    pub fn arrived(&mut self, stream: u32, ends: bool) -> Next {
        let (Some(now), Ok(headers)) = (host::now(), host::request_headers()) else {
            host::unavailable();
            return Next::Ended;
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
        self.advance(stream, Visit { request, answers: Answers::default(), deadline: now }, now)
    }

    /// Whether a stream still waits for its decision.
    pub fn holds(&self, stream: u32) -> bool {
        self.held.contains_key(&stream)
    }

    /// A stream is gone.
    pub fn left(&mut self, stream: u32) {
        self.held.remove(&stream);
    }

    /// Dispatches what is wanted, and asks again for those whose time has come.
    pub fn tick(&mut self) {
        let Some(now) = host::now() else {
            return;
        };
        for fetch in std::mem::take(&mut self.wanted) {
            match host::dispatch(&fetch) {
                Ok(token) => drop(self.fetching.insert(token, fetch)),
                Err(fault) => self.ended(&fetch, Fetched::Failed(&fault), now),
            }
        }
        let due = |visit: &Visit| visit.deadline <= now;
        self.ask_again(now, due);
        host::set_tick(match (self.wanted.is_empty(), self.held.is_empty()) {
            (false, _) => SOON,
            (true, false) => OFTEN,
            (true, true) => 0,
        });
    }

    /// The reply to a fetch is here.
    pub fn replied(&mut self, token: u32, size: usize) {
        let (Some(fetch), Some(now)) = (self.fetching.remove(&token), host::now()) else {
            return;
        };
        match host::fetched(size.min(fetch.limit.saturating_add(1))) {
            Some((status, body)) => self.ended(&fetch, Fetched::Reply { status, body: &body }, now),
            None => self.ended(&fetch, Fetched::Failed("no answer"), now),
        }
    }

    fn ended(&mut self, fetch: &Fetch, answer: Fetched<'_>, now: UnixTime) {
        self.gate.fetched(fetch, answer, now);
        self.ask_again(now, |_| true);
    }

    fn ask_again(&mut self, now: UnixTime, chosen: impl Fn(&Visit) -> bool) {
        let streams: Vec<_> = self
            .held
            .iter()
            .filter(|(_, visit)| chosen(visit))
            .map(|(stream, _)| *stream)
            .collect();
        for stream in streams {
            let Some(visit) = self.held.remove(&stream) else {
                continue;
            };
            // A stream that is gone has no context to act in.
            if host::act_for(stream).is_ok() && self.advance(stream, visit, now) == Next::Pass {
                host::resume();
            }
        }
        // Where nothing else is said, the root acts.
        let _ = host::act_for(self.root);
    }

    fn advance(&mut self, stream: u32, mut visit: Visit, now: UnixTime) -> Next {
        loop {
            let step = self.gate.check(&visit.request, &visit.answers, now);
            match step {
                Step::Done(decision) => return self.conclude(&decision, &visit.request),
                Step::Verify(check) => {
                    let verdict = check.verify();
                    visit.answers.verified(check, verdict);
                }
                Step::Fetch(fetch) => {
                    visit.answers.fetched();
                    visit.deadline = now.after(fetch.timeout).after(1);
                    self.wanted.push(fetch);
                    self.held.insert(stream, visit);
                    host::set_tick(SOON);
                    return Next::Held;
                }
                Step::Wait(until) => {
                    visit.answers.waited();
                    visit.deadline = until;
                    self.held.insert(stream, visit);
                    return Next::Held;
                }
                Step::Body | Step::Look(_) | Step::Claim(_) => {
                    let decision = Decision::host_failed("a step is not supported");
                    return self.conclude(&decision, &visit.request);
                }
            }
        }
    }

    fn conclude(&self, decision: &Decision, request: &Request) -> Next {
        let details = match decision {
            Decision::Allow(grant) => return pass(grant, request),
            Decision::Deny(error) => {
                let row = error.reason().row();
                let level = if row.status >= 500 { LogLevel::Warn } else { LogLevel::Info };
                host::log(level, &format!("waxseal: {}", line(error, request.id.as_deref())));
                row.reason
            }
            Decision::Answer(_) => "answered",
        };
        match self.gate.reply(decision, request) {
            Some(reply) => host::reply(&reply, details),
            None => host::unavailable(),
        }
        Next::Ended
    }
}

fn pass(grant: &Grant, request: &Request) -> Next {
    let headers = grant.forward.apply(&request.headers);
    // A change clears Envoy's route cache: do not pay for one that changes nothing.
    if headers != request.headers && host::set_request_headers(&headers).is_err() {
        host::unavailable();
        return Next::Ended;
    }
    Next::Pass
}

fn new_id() -> Option<String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    Some(Request::new_id(host::milliseconds()?, &random))
}
