//! One gate on one worker thread, and the requests that it holds.

use std::collections::BTreeMap;

use proxy_wasm::types::LogLevel;
use serde_json::Value;

use super::board::{self, Posted};
use super::checker::Checker;
use super::claims::{self, Claims};
use super::host::{self, Call, Counter, Headers};
use super::question::Question;
use super::summary::Summary;
use super::visit::{Arrival, Visit};
use crate::{
    Body, BodyMode, Config, Decision, Error, Fetch, Forward, Gate, Grant, ListFilter, More,
    Request, Step, StoreCall, UnixTime,
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
    fetches: Vec<Pending>,
    held: BTreeMap<u32, Visit>,
    /// Requests that wait for their bodies.
    reading: BTreeMap<u32, Visit>,
    /// Requests whose headers went on.
    passed: BTreeMap<u32, Passed>,
    /// Requests that wait for a store's answer, by the number of their call at Envoy.
    asking: BTreeMap<u32, Asking>,
    /// When the last ending of a fetch that this worker knows of was, by URI, in milliseconds.
    seen: BTreeMap<String, u64>,
    /// Whether Envoy has ever shown a body here while its headers were held.
    shows_bodies: bool,
    /// Whether Envoy's own MCP filter has ever told of a body here.
    tells_calls: bool,
    shadow_denied: Option<Counter>,
}

/// What is still to do for a request that went on.
struct Passed {
    forward: Forward,
    reply: Vec<(&'static str, String)>,
    /// Whether the headers of the upstream's reply have gone.
    replied: bool,
    /// Whose list the reply may hold.
    lister: Option<Box<Grant>>,
    /// Its way through the filter.
    list: Option<ListFilter>,
}

/// What becomes of a piece of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It goes on, as it is now.
    Passes,
    /// Nothing of the reply may go on any more.
    Fails,
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

/// A request whose question is under way at a store.
struct Asking {
    stream: u32,
    visit: Visit,
    question: Question,
}

/// A fetch begins on the root's next tick: a call of the stream's own dies with its client.
const SOON: u32 = 1;
/// Requests that may wait on one worker.
const HELD: usize = 1000;
/// Requests that may wait for their bodies on one worker.
const READING: usize = 4000;
/// Seconds until the first byte of a body, while it is not known whether Envoy shows any.
const FIRST_BYTE: u32 = 5;
/// Headers of a reply that are wrong once its body is another one.
const OF_THE_BODY: [&str; 7] = [
    "content-length",
    "content-encoding",
    "etag",
    "digest",
    "content-digest",
    "repr-digest",
    "content-md5",
];
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
            fetches: Vec::new(),
            held: BTreeMap::new(),
            reading: BTreeMap::new(),
            passed: BTreeMap::new(),
            asking: BTreeMap::new(),
            seen: BTreeMap::new(),
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
        let Some(passed) = self.passed.get_mut(&stream) else {
            return;
        };
        passed.replied = true;
        for (name, value) in &passed.reply {
            match *name {
                // The upstream's reply may vary by more than the origin.
                "vary" => host::add_response_header(name, value),
                _ => host::set_response_header(name, value),
            }
        }
        let Some(grant) = passed.lister.as_ref().filter(|_| !ends) else {
            return;
        };
        let headers = host::response_headers().unwrap_or_default();
        let text = |name| {
            let mut values = values(&headers, name);
            values.next().and_then(|value| std::str::from_utf8(value).ok())
        };
        let status = text(":status").and_then(|status| status.parse().ok());
        // A status that cannot be read may be a success.
        passed.list = self.gate.list_filter(grant, status.unwrap_or(200), text("content-type"));
        if passed.list.is_some() {
            OF_THE_BODY.iter().for_each(|name| host::remove_response_header(name));
        }
    }

    /// A piece of the upstream's reply to a stream is here.
    pub fn streamed(&mut self, stream: u32, size: usize, ends: bool) -> Piece {
        let Some(Passed { lister: Some(grant), list: Some(list), .. }) =
            self.passed.get_mut(&stream)
        else {
            return Piece::Passes;
        };
        let (Ok(piece), Some(now)) = (host::response_body(size), host::now()) else {
            return Piece::Fails;
        };
        let more = if ends { More::Ended } else { More::Follows };
        let shown = self.gate.filter(list, grant, &piece, more, now);
        match host::replace_response_body(size, &shown) {
            Ok(()) => Piece::Passes,
            Err(_) => Piece::Fails,
        }
    }

    /// The reply ends with trailers. Envoy lets nothing be put before them: what is held of a list
    /// is lost, and its caller must not take that for an empty reply.
    pub fn reply_trailed(&self, stream: u32) -> Piece {
        let list = self.passed.get(&stream).and_then(|passed| passed.list.as_ref());
        if !list.is_some_and(ListFilter::holds) {
            return Piece::Passes;
        }
        host::log(LogLevel::Warn, "waxseal: a list that ends with trailers cannot be shortened");
        Piece::Fails
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

    /// Many servers merge trailers into the headers.
    fn strip_trailers(&self, stream: u32) {
        if let Some(passed) = self.passed.get(&stream) {
            host::strip_request_trailers(|name| passed.forward.strips(name));
        }
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
        let pending = std::mem::take(&mut self.fetches);
        for pending in pending {
            self.look_after(pending, now);
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
                method: "GET",
                uri: &fetch.uri,
                cluster: fetch.cluster.as_deref(),
                authorization: None,
                content: None,
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
        board::posted(fetch)
            .filter(|posted| known < posted.at() && posted.is_current(now, fetch.age))
    }

    fn ended(&mut self, fetch: &Fetch, posted: &Posted) {
        self.seen.insert(fetch.uri.clone(), posted.at());
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
        let new = self.fetches.iter().any(|pending| pending.stage == Stage::New);
        let period = match (idle, new) {
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
        let lister = grant.may_list().then(|| Box::new(grant.clone()));
        if let Some(passed) = self.passed.get_mut(&stream) {
            if lister.is_some() && passed.replied {
                let decision = Decision::host_failed("the upstream answers before it has the call");
                return self.conclude(stream, &decision, request, now);
            }
            passed.lister = lister;
            return Next::Pass;
        }
        if change_headers(grant, request).is_err() {
            let decision = Decision::host_failed("Envoy does not change the request's headers");
            return self.conclude(stream, &decision, request, now);
        }
        let reply = self.gate.reply_headers(grant, request, now);
        let forward = grant.forward.clone();
        let passed = Passed { forward, reply, replied: false, lister, list: None };
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

/// One by one: a map of more than 1024 fields or 1 MiB would silently arrive empty.
fn change_headers(grant: &Grant, request: &Request) -> Result<(), u32> {
    let (out, put) = Gate::upstream_changes(grant, request);
    out.into_iter().try_for_each(host::remove_request_header)?;
    put.into_iter().try_for_each(|(name, value)| host::add_request_header(name, value.as_bytes()))
}

fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_slice())
}

fn new_id() -> Option<String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    Some(Request::new_id(host::milliseconds()?, &random))
}
