//! The gate, for servers.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, TypeError};
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::instant;
use super::outcome::Outcome;
use crate::{
    Answers, Body, Claim, Claimed, Config, Decision, Fetch, Fetched, Gate, LocalStore, Request,
    Step, UnixTime,
};

/// The claims of one gate; made with the first of them, since a runtime may refuse randomness while
/// it only loads a program.
type Store = Rc<RefCell<Option<LocalStore>>>;

/// A gate for one configuration.
#[wasm_bindgen]
pub struct Core {
    gate: Rc<Gate>,
    store: Store,
}

/// A request on its way through the gate.
#[wasm_bindgen]
pub struct Visit {
    gate: Rc<Gate>,
    request: Request,
    answers: Answers,
    errand: Option<Errand>,
    store: Store,
    claim: Option<Claim>,
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
    /// Until `expires`, exclusive. `Visit::claimed` wants the answer, or `Visit::claim_replied` where there is a call to make.
    Claim {
        key: &'a str,
        expires: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<Call<'a>>,
    },
}

/// A call to the shared store of claims: `GET`.
#[derive(Serialize)]
struct Call<'a> {
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<&'a str>,
    timeout: u32,
    limit: usize,
}

/// Claims that the local store has room for, unless the configuration says more or less.
const CAPACITY: u32 = 100_000;

#[wasm_bindgen]
impl Core {
    /// Reads a configuration as JSON text, with the function that looks up an environment variable;
    /// throws a `TypeError` that names the member at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, env: &Function) -> Result<Core, TypeError> {
        let refused = |error: crate::ConfigError| TypeError::new(&error.to_string());
        let config = Config::read(config.as_bytes()).map_err(refused)?;
        let variable = |name: &str| env.call1(&JsValue::UNDEFINED, &name.into()).ok()?.as_string();
        let gate = Rc::new(Gate::new(config, &variable).map_err(refused)?);
        Ok(Self { gate, store: Store::default() })
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
        let (gate, store) = (Rc::clone(&self.gate), Rc::clone(&self.store));
        Ok(Visit { gate, request, answers, errand: None, store, claim: None })
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
    ///
    /// `elsewhere`: claims are for a store of the caller's.
    pub fn next(&mut self, now: f64, elsewhere: bool) -> Result<JsValue, JsValue> {
        let unsupported = Decision::host_failed("a step is not supported");
        let step = loop {
            match self.gate.check(&self.request, &self.answers, instant(now)) {
                Step::Verify(check) => {
                    let verdict = check.verify();
                    self.answers.verified(check, verdict);
                }
                Step::Claim(claim) if claim.call.is_none() && !elsewhere => {
                    let claimed = self.claim_here(&claim, instant(now));
                    self.answers.claimed(claim, claimed);
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
            Step::Claim(claim) => {
                self.claim = Some(claim.clone());
                Next::Claim {
                    key: &claim.key,
                    expires: claim.until.after(1).seconds(),
                    call: claim.call.as_ref().map(|call| Call {
                        uri: &call.uri,
                        authorization: call.authorization(),
                        timeout: call.timeout,
                        limit: call.limit,
                    }),
                }
            }
            Step::Done(decision) => {
                Next::Done(Box::new(Outcome::of(&self.gate, decision, &self.request, instant(now))))
            }
            _ => {
                let outcome = Outcome::of(&self.gate, &unsupported, &self.request, instant(now));
                Next::Done(Box::new(outcome))
            }
        };
        // As JSON text: an integer claim beyond 2^53 becomes what `JSON.parse` makes of it, where
        // serde-wasm-bindgen would refuse the whole outcome.
        js_sys::JSON::parse(&serde_json::to_string(&next).unwrap_or_default())
    }

    /// The fetch that `next` asked for.
    pub fn errand(&mut self) -> Option<Errand> {
        self.errand.take()
    }

    /// What the caller's store says to the claim: the first, or not; `undefined` where it fails.
    pub fn claimed(&mut self, first: Option<bool>) {
        self.conclude(match first {
            Some(true) => Claimed::First,
            Some(false) => Claimed::Taken,
            None => Claimed::Failed("the store does not answer"),
        });
    }

    /// The shared store's reply to the claim's call.
    pub fn claim_replied(&mut self, status: u16, body: &[u8]) {
        let call = self.claim.as_ref().and_then(|claim| claim.call.as_ref());
        let claimed = call.map(|call| call.answer(status, body));
        self.conclude(claimed.unwrap_or(Claimed::Failed("nobody asked the store")));
    }

    /// The fetch that `next` said to wait for has not ended in time.
    pub fn timed_out(&mut self) {
        self.answers.timed_out();
    }

    fn claim_here(&self, claim: &Claim, now: UnixTime) -> Claimed {
        let mut store = self.store.borrow_mut();
        if store.is_none() {
            let mut seed = [0; 16];
            if getrandom::fill(&mut seed).is_err() {
                return Claimed::Failed("there is no randomness");
            }
            let capacity = self.gate.config().replay.capacity.unwrap_or(CAPACITY);
            *store = Some(LocalStore::new(capacity, seed));
        }
        let unmade = Claimed::Failed("there is no store");
        store.as_mut().map_or(unmade, |store| store.claim(claim, now))
    }

    fn conclude(&mut self, claimed: Claimed) {
        if let Some(claim) = self.claim.take() {
            self.answers.claimed(claim, claimed);
        }
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
