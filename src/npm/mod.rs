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
    errand: Option<Errand>,
}

/// A document to fetch, and whom to tell.
#[wasm_bindgen]
pub struct Errand {
    gate: Rc<Gate>,
    fetch: Fetch,
}

/// What the visit needs next, or its end.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Next<'a> {
    Done(Box<Outcome<'a>>),
    /// `Visit::errand` has it.
    Fetch(bool),
    /// Another request's fetch, until this time at the latest.
    Wait(i64),
}

#[wasm_bindgen]
impl Core {
    /// Reads a configuration as JSON text; throws a `TypeError` that names the member at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str) -> Result<Core, TypeError> {
        let refused = |error: crate::ConfigError| TypeError::new(&error.to_string());
        let config = Config::read(config.as_bytes()).map_err(refused)?;
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
        let answers = Answers::default();
        Ok(Visit { gate: Rc::clone(&self.gate), request, answers, errand: None })
    }

    /// A fetch that is due soon, so that no request has to wait for it.
    pub fn ahead(&self, now: f64) -> Option<Errand> {
        let fetch = self.gate.ahead(instant(now))?;
        Some(Errand { gate: Rc::clone(&self.gate), fetch })
    }

    /// The key sets that were fetched, as a text.
    pub fn export_keys(&self) -> String {
        self.gate.export_keys()
    }

    /// Takes over exported key sets: how many, or `undefined` for another text.
    pub fn import_keys(&self, text: &str, now: f64) -> Option<usize> {
        self.gate.import_keys(text, instant(now))
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
                self.answers.fetched();
                self.errand = Some(Errand { gate: Rc::clone(&self.gate), fetch: fetch.clone() });
                Next::Fetch(true)
            }
            Step::Wait(until) => Next::Wait(until.seconds()),
            Step::Done(decision) => {
                Next::Done(Box::new(Outcome::of(&self.gate, decision, &self.request)))
            }
            _ => Next::Done(Box::new(Outcome::of(&self.gate, &unsupported, &self.request))),
        };
        // As JSON text: an integer claim beyond 2^53 becomes what `JSON.parse` makes of it, where
        // serde-wasm-bindgen would refuse the whole outcome.
        js_sys::JSON::parse(&serde_json::to_string(&next).unwrap_or_default())
    }

    /// The fetch that `next` asked for.
    pub fn errand(&mut self) -> Option<Errand> {
        self.errand.take()
    }

    /// The fetch that `next` said to wait for has not ended in time.
    pub fn timed_out(&mut self) {
        self.answers.timed_out();
    }
}

#[wasm_bindgen]
impl Errand {
    /// What to get.
    #[wasm_bindgen(getter)]
    pub fn uri(&self) -> String {
        self.fetch.uri.clone()
    }

    /// Seconds that it may take.
    #[wasm_bindgen(getter)]
    pub fn timeout(&self) -> u32 {
        self.fetch.timeout
    }

    /// Bytes of body to read at most.
    #[wasm_bindgen(getter)]
    pub fn limit(&self) -> usize {
        self.fetch.limit
    }

    /// Its reply.
    pub fn fetched(&self, status: u16, cache_control: Option<String>, body: &[u8], now: f64) {
        let cache_control = cache_control.as_deref();
        let answer = Fetched::Reply { status, cache_control, body };
        self.gate.fetched(&self.fetch, answer, instant(now));
    }

    /// It brought no reply.
    pub fn failed(&self, cause: &str, now: f64) {
        self.gate.fetched(&self.fetch, Fetched::Failed(cause), instant(now));
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
