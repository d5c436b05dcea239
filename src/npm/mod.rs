//! Face 2: the gate as a wasm-bindgen module. Translates, and decides nothing; `js/` wraps it.

mod outcome;

use std::rc::Rc;

use js_sys::TypeError;
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{Answers, Body, Config, Decision, Fetch, Fetched, Gate, Request, Step, UnixTime};
use outcome::Outcome;

/// A gate for one configuration.
#[wasm_bindgen]
pub struct Core {
    gate: Rc<Gate>,
}

/// A request on its way through the gate.
#[wasm_bindgen]
pub struct Visit {
    gate: Rc<Gate>,
    request: Request,
    answers: Answers,
    fetch: Option<Fetch>,
}

/// What the visit needs next, or its end.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Next<'a> {
    Done(Outcome<'a>),
    Fetch { uri: &'a str, timeout: u32, limit: usize },
    Wait { until: i64 },
}

#[wasm_bindgen]
impl Core {
    /// Reads a configuration object; throws a `TypeError` that names the member at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue) -> Result<Core, TypeError> {
        let refused = |error: crate::ConfigError| TypeError::new(&error.to_string());
        // As JSON text: serde-wasm-bindgen looks up the members that a struct has, and would never
        // see an unknown one.
        let text = js_sys::JSON::stringify(&config)
            .map_err(|_| TypeError::new("the configuration must be a JSON object"))?;
        let config = Config::read(String::from(text).as_bytes()).map_err(refused)?;
        Ok(Self { gate: Rc::new(Gate::new(config).map_err(refused)?) })
    }

    /// Begins with a request; `headers` are pairs of text, one character a byte.
    pub fn visit(
        &self,
        method: String,
        url: String,
        headers: JsValue,
        now: f64,
    ) -> Result<Visit, TypeError> {
        let headers: Vec<(String, String)> = serde_wasm_bindgen::from_value(headers)
            .map_err(|error| TypeError::new(&format!("`headers`: {error}")))?;
        let headers: Vec<_> =
            headers.into_iter().map(|(name, value)| (name, bytes(&value))).collect();
        let id = Request::id_in(&headers).or_else(|| new_id(now));
        let request = Request { method, url, headers, id, body: Body::Unread };
        Ok(Visit { gate: Rc::clone(&self.gate), request, answers: Answers::default(), fetch: None })
    }
}

#[wasm_bindgen]
impl Visit {
    /// Goes on as far as possible; `now` in seconds since 1970.
    pub fn next(&mut self, now: f64) -> Result<JsValue, JsValue> {
        let unsupported = Decision::host_failed("a step is not supported");
        let step = loop {
            match self.gate.check(&self.request, &self.answers, instant(now)) {
                Step::Verify(check) => {
                    let verdict = check.verify();
                    self.answers.verified(check, verdict);
                }
                other => break other,
            }
        };
        let next = match &step {
            Step::Fetch(fetch) => {
                self.fetch = Some(fetch.clone());
                Next::Fetch { uri: &fetch.uri, timeout: fetch.timeout, limit: fetch.limit }
            }
            Step::Wait(until) => {
                self.answers.waited();
                Next::Wait { until: until.seconds() }
            }
            Step::Done(decision) => Next::Done(Outcome::of(&self.gate, decision, &self.request)),
            _ => Next::Done(Outcome::of(&self.gate, &unsupported, &self.request)),
        };
        // As JSON text: an integer claim beyond 2^53 becomes what `JSON.parse` makes of it, where
        // serde-wasm-bindgen would refuse the whole outcome.
        js_sys::JSON::parse(&serde_json::to_string(&next).unwrap_or_default())
    }

    /// The reply to the fetch that `next` asked for.
    pub fn fetched(&mut self, status: u16, body: &[u8], now: f64) {
        self.ended(Fetched::Reply { status, body }, now);
    }

    /// The fetch that `next` asked for brought no reply.
    pub fn failed(&mut self, cause: &str, now: f64) {
        self.ended(Fetched::Failed(cause), now);
    }

    fn ended(&mut self, answer: Fetched<'_>, now: f64) {
        if let Some(fetch) = self.fetch.take() {
            self.gate.fetched(&fetch, answer, instant(now));
            self.answers.fetched();
        }
    }
}

fn instant(now: f64) -> UnixTime {
    #[expect(clippy::as_conversions, reason = "a float beyond i64 becomes its nearest bound")]
    UnixTime::from_seconds(now.floor() as i64)
}

fn new_id(now: f64) -> Option<String> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).ok()?;
    #[expect(clippy::as_conversions, reason = "a time before 1970 becomes 1970")]
    Some(Request::new_id((now * 1000.0) as u64, &random))
}

/// Text of a header -> its bytes: `Headers` holds one character a byte, Node's own may not.
fn bytes(text: &str) -> Vec<u8> {
    let single: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    single.unwrap_or_else(|_| text.as_bytes().to_vec())
}
