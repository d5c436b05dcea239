//! One gate on one worker thread, and the requests that it holds.

use std::collections::BTreeMap;

use proxy_wasm::types::LogLevel;
use serde_json::Value;

use super::checker::Checker;
use super::claims::{self, Claims};
use super::fetches::{Ending, Fetches};
use super::host::{self, Call, Counter};
use super::passed::{Passed, Piece, lister};
use super::question::Question;
use super::summary::Summary;
use super::visit::{Arrival, Visit};
use crate::{
    Body, BodyMode, Config, Decision, Error, Fetch, Gate, Grant, Request, Step, StoreCall, UnixTime,
};

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    Pass,
    /// It has its reply.
    Ended,
    /// It waits for a fetch, for an answer, or for its body.
    Held,
}

/// The gate with everything that is under way.
pub struct Worker {
    root: u32,
    gate: Gate,
    checker: Checker,
    claims: Claims,
    /// Milliseconds between two ticks; 0 where there are none.
    period: u32,
    fetches: Fetches,
    held: BTreeMap<u32, Visit>,
    /// Requests that wait for their bodies.
    reading: BTreeMap<u32, Visit>,
    /// Requests whose headers went on.
    passed: BTreeMap<u32, Passed>,
    /// Requests that wait for a store's answer, by the number of their call at Envoy.
    asking: BTreeMap<u32, Asking>,
    /// Whether Envoy has ever shown a body here while its headers were held.
    shows_bodies: bool,
    /// Whether Envoy's own MCP filter has ever told of a body here.
    tells_calls: bool,
    shadow_denied: Option<Counter>,
}

/// A request whose question is under way at a store.
struct Asking {
    stream: u32,
    visit: Visit,
    question: Question,
}

/// Milliseconds until a fetch begins: on the root's next tick.
const SOON: u32 = 1;
/// Requests that may wait on one worker.
const HELD: usize = 1000;
/// Requests that may wait for their bodies on one worker.
const READING: usize = 4000;
/// Seconds until the first byte of a body, while it is not known whether Envoy shows any.
const FIRST_BYTE: u32 = 5;
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
        let revocation = config.revocation.as_ref();
        if let Some(member) = revocation.and_then(|revocation| revocation.lacks_in_envoy()) {
            let fault = match member {
                "revocation.host" => "Envoy has no store of its own",
                _ => "Envoy needs a cluster to ask through",
            };
            return Err(format!("`{member}`: {fault}"));
        }
        let env = |name: &str| std::env::var(name).ok();
        let gate = Gate::new(config, &env).map_err(|error| error.to_string())?;
        if let Some(mode) = body_mode(gate.config()) {
            host::log(LogLevel::Info, &format!("waxseal: {mode}"));
        }
        let checker = Checker::prove(gate.algorithms());
        host::log(LogLevel::Info, &format!("waxseal: {}", checkers(&gate, &checker)));
        Ok(Self {
            root,
            gate,
            checker,
            claims: Claims::default(),
            period: 0,
            fetches: Fetches::default(),
            held: BTreeMap::new(),
            reading: BTreeMap::new(),
            passed: BTreeMap::new(),
            asking: BTreeMap::new(),
            shows_bodies: false,
            tells_calls: false,
            shadow_denied: Counter::named("waxseal.shadow_denied"),
        })
    }

    /// A request's headers are here.
    pub fn arrived(&mut self, stream: u32, ends: bool) -> Next {
        let Some(now) = host::now() else {
            host::unavailable();
            return Next::Ended;
        };
        let Ok(headers) = host::request_headers() else {
            let (method, url) = (String::new(), String::new());
            let nothing =
                Request { method, url, headers: vec![], id: new_id(), body: Body::Unread };
            let decision = Decision::host_failed("Envoy does not hand the request over");
            return self.conclude(stream, &decision, &nothing, now);
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
        let visit = Visit::of(request, self.gate.config().limits.body);
        let next = self.advance(stream, visit, now);
        if let Some(fetch) = self.gate.ahead(now) {
            self.begin(fetch);
        }
        next
    }

    /// More of a request's body is here: so many bytes with all that was held back of it.
    pub fn shown(&mut self, stream: u32, size: usize, ends: bool) -> Next {
        let limit = self.gate.config().limits.body;
        self.shows_bodies |= !self.passed.contains_key(&stream);
        if let Some(mut visit) = self.reading.remove(&stream) {
            // From here on the client may take its time.
            visit.until = None;
            visit.shown(size, ends, limit);
            return match (visit.body, host::now()) {
                (Arrival::Whole(_) | Arrival::TooLong, Some(now)) => {
                    self.advance(stream, visit, now)
                }
                _ => {
                    self.reading.insert(stream, visit);
                    Next::Held
                }
            };
        }
        let asking = self.asking.values_mut().find(|asking| asking.stream == stream);
        let waiting = self.held.get_mut(&stream).or(asking.map(|asking| &mut asking.visit));
        if let Some(visit) = waiting {
            visit.shown(size, ends, limit);
            return Next::Held;
        }
        if self.passed.contains_key(&stream) { Next::Pass } else { Next::Ended }
    }

    /// The upstream's reply to a stream is here; `ends` says that it has no body.
    pub fn answered(&mut self, stream: u32, ends: bool) {
        if let Some(passed) = self.passed.get_mut(&stream) {
            passed.answered(&self.gate, ends);
        }
    }

    /// A piece of the upstream's reply to a stream is here.
    pub fn streamed(&mut self, stream: u32, size: usize, ends: bool) -> Piece {
        let passed = self.passed.get_mut(&stream);
        passed.map_or(Piece::Passes, |passed| passed.streamed(&self.gate, size, ends))
    }

    /// The upstream's reply to a stream ends with trailers.
    pub fn reply_trailed(&self, stream: u32) -> Piece {
        self.passed.get(&stream).map_or(Piece::Passes, Passed::reply_trailed)
    }

    /// A request's trailers are here, and its body is whole.
    pub fn trailed(&mut self, stream: u32) -> Next {
        let asking = self.asking.values().find(|asking| asking.stream == stream);
        let visit = self.reading.get(&stream).or(self.held.get(&stream));
        let visit = visit.or(asking.map(|asking| &asking.visit));
        let size = match visit.map(|visit| visit.body) {
            Some(Arrival::Partly(size) | Arrival::Whole(size)) => size,
            _ => 0,
        };
        let next = self.shown(stream, size, true);
        if next == Next::Pass {
            self.strip_trailers(stream);
        }
        next
    }

    fn strip_trailers(&self, stream: u32) {
        self.passed.get(&stream).into_iter().for_each(Passed::strip_trailers);
    }

    /// A stream is gone.
    pub fn left(&mut self, stream: u32) {
        self.held.remove(&stream);
        self.reading.remove(&stream);
        self.passed.remove(&stream);
        self.asking.retain(|_, asking| asking.stream != stream);
    }

    /// Begins and ends fetches, and asks again for those whose patience has ended.
    pub fn tick(&mut self) {
        let Some(now) = host::milliseconds() else {
            return;
        };
        for ending in self.fetches.look_after(now) {
            self.ended(&ending);
        }
        if let Some(now) = host::now() {
            self.ask_again(now, |visit| visit.until.is_some_and(|until| until <= now));
            self.give_up(now);
        }
        self.set_tick();
    }

    /// Ends requests whose bodies Envoy does not show.
    fn give_up(&mut self, now: UnixTime) {
        let due = |visit: &Visit| visit.until.is_some_and(|until| until <= now);
        let reading = self.reading.iter().filter(|(_, visit)| due(visit));
        let streams: Vec<_> = reading.map(|(stream, _)| *stream).collect();
        for stream in streams {
            if let (Some(visit), Ok(())) = (self.reading.remove(&stream), host::act_for(stream)) {
                let decision = Decision::host_failed(
                    "no body came: `allow_on_headers_stop_iteration` of the filter must be true",
                );
                self.conclude(stream, &decision, &visit.request, now);
            }
        }
        let _ = host::act_for(self.root);
    }

    /// The reply to a call is here.
    pub fn replied(&mut self, call: u32, size: usize) {
        // Envoy keeps the reply with the context that has called.
        let _ = host::act_for(self.root);
        if let Some(Asking { stream, mut visit, question }) = self.asking.remove(&call) {
            question.answered(&mut visit.answers, size);
            if let Some(now) = host::now() {
                self.go_on(stream, visit, now);
            }
            let _ = host::act_for(self.root);
            return;
        }
        if let Some(ending) = self.fetches.replied(call, size) {
            self.ended(&ending);
        }
    }

    fn begin(&mut self, fetch: Fetch) {
        self.fetches.begin(fetch);
        self.set_tick();
    }

    fn ended(&mut self, (fetch, posted): &Ending) {
        self.gate.fetched(fetch, posted.answer(), posted.time());
        if let Some(now) = host::now() {
            self.ask_again(now, |_| true);
        }
        self.set_tick();
    }

    fn set_tick(&mut self) {
        let idle = self.fetches.is_empty()
            && self.held.is_empty()
            && self.reading.values().all(|visit| visit.until.is_none());
        let period = match (idle, self.fetches.has_new()) {
            (true, _) => 0,
            (false, true) => SOON,
            (false, false) => OFTEN,
        };
        if period != self.period {
            self.period = period;
            host::set_tick(period);
        }
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
            self.strip_trailers(stream);
            host::resume();
        }
    }

    fn advance(&mut self, stream: u32, mut visit: Visit, now: UnixTime) -> Next {
        loop {
            let step = self.gate.check(&visit.request, &visit.answers, now);
            match step {
                Step::Done(decision) => {
                    return self.conclude(stream, &decision, &visit.request, now);
                }
                Step::Verify(check) => {
                    let verdict = self.checker.verify(&check);
                    visit.answers.verified(check, verdict);
                }
                Step::Fetch(_) | Step::Wait(_) if self.is_crowded() => {
                    let decision = Decision::host_failed("too many requests wait");
                    return self.conclude(stream, &decision, &visit.request, now);
                }
                Step::Fetch(fetch) => {
                    visit.answers.fetched();
                    self.held.insert(stream, visit.parked());
                    self.begin(fetch);
                    return Next::Held;
                }
                Step::Wait(until) => {
                    visit.until = Some(until);
                    self.held.insert(stream, visit.parked());
                    self.set_tick();
                    return Next::Held;
                }
                Step::Claim(claim) if claim.call.is_none() => {
                    let capacity = self.gate.config().replay.capacity;
                    let capacity = capacity.unwrap_or(claims::CAPACITY);
                    let claimed = self.claims.claim(capacity, &claim, now);
                    visit.answers.claimed(claim, claimed);
                }
                Step::Claim(claim) => match self.ask(stream, visit, Question::Claim(claim)) {
                    None => return Next::Held,
                    Some(unasked) => visit = unasked,
                },
                Step::Look(look) => match self.ask(stream, visit, Question::Look(look)) {
                    None => return Next::Held,
                    Some(unasked) => visit = unasked,
                },
                Step::Body(_) if visit.request.body != Body::Unread => {
                    let decision = Decision::host_failed("the body is asked for twice");
                    return self.conclude(stream, &decision, &visit.request, now);
                }
                Step::Body(ahead) => match self.read(&visit) {
                    Ok(Body::Unread) => return self.await_body(stream, visit, ahead, now),
                    Ok(body) => visit.request.body = body,
                    Err(error) => {
                        let decision = Decision::Deny(error.into());
                        return self.conclude(stream, &decision, &visit.request, now);
                    }
                },
            }
        }
    }

    /// A request's body, as far as it is here.
    fn read(&mut self, visit: &Visit) -> Result<Body, Error> {
        let failed = |fault| Error::HostFailed { fault, retry_after: 60 };
        let by_summary = self.gate.config().policy.body == BodyMode::Metadata;
        match visit.body {
            Arrival::TooLong => Ok(Body::TooLong),
            _ if by_summary => {
                let summary = Summary::read()?;
                self.tells_calls |= summary.is_some();
                match summary {
                    Some(summary) => summary.message(),
                    // It tells nothing of a batch, and of what is not sent as MCP asks for.
                    None if self.tells_calls => {
                        Err(Error::InvalidRpcRequest { fault: "Envoy's MCP filter reads no call" })
                    }
                    None => Err(failed("`envoy.filters.http.mcp` must stand before this filter")),
                }
            }
            Arrival::Whole(size) => host::request_body(size)
                .map(Body::Read)
                .map_err(|_| failed("Envoy does not hand the body over")),
            Arrival::Awaited | Arrival::Partly(_) => Ok(Body::Unread),
        }
    }

    /// Holds a request until its body is whole: without its headers, where they may go first.
    fn await_body(
        &mut self,
        stream: u32,
        mut visit: Visit,
        ahead: Option<Box<Grant>>,
        now: UnixTime,
    ) -> Next {
        if self.reading.len() >= READING {
            let decision = Decision::host_failed("too many requests wait for their bodies");
            return self.conclude(stream, &decision, &visit.request, now);
        }
        let mut next = Next::Held;
        // What Envoy has of the body would go with the headers.
        if let (Some(grant), Arrival::Awaited) = (ahead, visit.body) {
            next = self.pass(stream, &grant, &visit.request, now);
            if next != Next::Pass {
                return next;
            }
        } else if visit.body == Arrival::Awaited && !self.shows_bodies {
            visit.until = Some(now.after(FIRST_BYTE));
        }
        self.reading.insert(stream, visit);
        self.set_tick();
        next
    }

    fn is_crowded(&self) -> bool {
        self.held.len().saturating_add(self.asking.len()) >= HELD
    }

    /// Asks a store, and holds the request; gives it back, with a failure for its answer, where the
    /// store cannot be asked.
    fn ask(&mut self, stream: u32, mut visit: Visit, question: Question) -> Option<Visit> {
        let asked = match question.call() {
            None => Err("Envoy has no store of its own"),
            Some(_) if self.is_crowded() => Err("too many requests wait for the store"),
            Some(call) => self.send(stream, call).map_err(|fault| {
                host::log(LogLevel::Warn, &format!("waxseal: {fault}"));
                "the store cannot be called"
            }),
        };
        match asked {
            Ok(call) => {
                let visit = visit.parked();
                self.asking.insert(call, Asking { stream, visit, question });
                None
            }
            Err(fault) => {
                question.failed(&mut visit.answers, fault);
                Some(visit)
            }
        }
    }

    /// The root calls: a call of the stream's own would leave a trace of it with the SDK for ever,
    /// if its client went away.
    fn send(&self, stream: u32, call: &StoreCall) -> Result<u32, String> {
        let _ = host::act_for(self.root);
        let number = host::dispatch(&Call {
            method: call.method(),
            uri: &call.uri,
            cluster: call.cluster.as_deref(),
            authorization: call.authorization(),
            content: call.content_type().zip(call.body()),
            timeout: call.timeout,
        });
        let _ = host::act_for(stream);
        number
    }

    fn conclude(
        &mut self,
        stream: u32,
        decision: &Decision,
        request: &Request,
        now: UnixTime,
    ) -> Next {
        let details = match decision {
            Decision::Allow(grant) => {
                for shadowed in &grant.shadowed {
                    let line = Value::Object(self.gate.shadow_line(shadowed, grant, request));
                    host::log(LogLevel::Info, &format!("waxseal: {line}"));
                    self.shadow_denied.iter().for_each(Counter::count);
                }
                return self.pass(stream, grant, request, now);
            }
            Decision::Deny(denial) => {
                let row = denial.error.reason().row();
                let level = if row.status >= 500 { LogLevel::Warn } else { LogLevel::Info };
                let line = Value::Object(self.gate.log_line(denial, request));
                host::log(level, &format!("waxseal: {line}"));
                row.reason
            }
            Decision::Answer(_) => "answered",
        };
        // The reply is ours, although the headers may have gone.
        self.passed.remove(&stream);
        match self.gate.reply(decision, request, now) {
            Some(reply) => host::reply(&reply, details),
            None => host::unavailable(),
        }
        Next::Ended
    }

    fn pass(&mut self, stream: u32, grant: &Grant, request: &Request, now: UnixTime) -> Next {
        if let Some(passed) = self.passed.get_mut(&stream) {
            let lister = lister(grant);
            if lister.is_some() && passed.replied {
                let decision = Decision::host_failed("the upstream answers before it has the call");
                return self.conclude(stream, &decision, request, now);
            }
            passed.lister = lister;
            return Next::Pass;
        }
        let Ok(passed) = Passed::on(&self.gate, grant, request, now) else {
            let decision = Decision::host_failed("Envoy does not change the request's headers");
            return self.conclude(stream, &decision, request, now);
        };
        self.passed.insert(stream, passed);
        Next::Pass
    }
}

/// How the filter comes to know the call, and what that needs; `None` where no rule asks.
fn body_mode(config: &Config) -> Option<&'static str> {
    let mut rules = config.policy.rules.iter();
    rules.any(|rule| rule.r#match.reads_body()).then_some(match config.policy.body {
        BodyMode::HoldBody => {
            "`policy.body` is `hold_body`: the upstream sees the headers of calls that are denied by their bodies"
        }
        BodyMode::HoldHeaders => {
            "`policy.body` is `hold_headers`: needs `allow_on_headers_stop_iteration: true` in the filter's configuration"
        }
        BodyMode::Metadata => {
            "`policy.body` is `metadata`: needs `envoy.filters.http.mcp` before this filter, with `reject_duplicate_keys: true` and `attribute_source: BODY`"
        }
    })
}

/// Who checks the signatures of which algorithms.
fn checkers(gate: &Gate, checker: &Checker) -> String {
    let proved = checker.proved();
    let (mut hosts, mut own) = (Vec::new(), Vec::new());
    for algorithm in gate.algorithms() {
        if proved.contains(&algorithm) { &mut hosts } else { &mut own }.push(algorithm);
    }
    let named =
        |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!("signatures checked by Envoy: {}; by the filter: {}", named(&hosts), named(&own))
}

fn new_id() -> Option<String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    Some(Request::new_id(host::milliseconds()?, &random))
}
