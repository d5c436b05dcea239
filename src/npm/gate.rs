//! The gate, for servers.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, TypeError, Uint8Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::granted::Grants;
use super::outcome::{Outcome, Passed};
use super::prepared::Prepared;
use super::request::{Ids, request};
use super::{instant, json};
use crate::{
    Answers, Body, Claim, Claimed, Config, Decision, Fetch, Fetched, Gate, Grant, ListFilter,
    LocalStore, Look, Looked, More, Request, SignatureCheck, Step, StoreCall, UnixTime, Verdict,
};

/// The claims of one gate; made with the first of them, since a runtime may refuse randomness while
/// it only loads a program.
type Store = Rc<RefCell<Option<LocalStore>>>;

/// A gate for one configuration.
#[wasm_bindgen]
pub struct Core {
    gate: Rc<Gate>,
    store: Store,
    prepared: Rc<RefCell<Prepared>>,
    grants: Rc<RefCell<Grants>>,
    ids: RefCell<Ids>,
    /// What `begin` has not ended.
    begun: RefCell<Option<Visit>>,
}

/// A request on its way through the gate.
#[wasm_bindgen]
pub struct Visit {
    gate: Rc<Gate>,
    request: Request,
    answers: Answers,
    errand: Option<Errand>,
    store: Store,
    prepared: Rc<RefCell<Prepared>>,
    grants: Rc<RefCell<Grants>>,
    check: Option<SignatureCheck>,
    claim: Option<Claim>,
    look: Option<Look>,
    /// Whose reply may hold a list.
    lister: Option<Box<Grant>>,
    /// Why the body cannot be had.
    lost: Option<&'static str>,
}

/// A document to fetch, and whom to tell.
#[wasm_bindgen]
pub struct Errand {
    gate: Rc<Gate>,
    fetch: Fetch,
}

/// A reply on its way to a caller who may use only a part of what it lists.
#[wasm_bindgen]
pub struct Lister {
    gate: Rc<Gate>,
    grant: Box<Grant>,
    filter: Option<ListFilter>,
}

/// What the visit needs next.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Next<'a> {
    /// `Visit::errand` has it.
    Fetch(bool),
    /// Another request's fetch, until this time at the latest.
    Wait(i64),
    /// The body, as far as one byte beyond so many. `Visit::body` wants it, or `Visit::body_lost`.
    Body(usize),
    /// Whether a signature of this algorithm holds. `Visit::asked` has it; `Visit::verified` wants the answer, or
    /// `Visit::verify_here`.
    Verify(&'static str),
    /// Until `expires`, exclusive. `Visit::claimed` wants the answer, or `Visit::claim_replied` where there is a call to make.
    Claim {
        key: &'a str,
        expires: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<Call<'a>>,
    },
    /// `Visit::looked` wants the answer, or `Visit::look_replied` where there is a call to make.
    Look {
        ids: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        zone: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<Call<'a>>,
    },
}

/// The end of a visit.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum End<'a> {
    /// The request passes; beside this there is what is granted, for JavaScript to copy.
    Passed(Passed<'a>),
    /// It does not.
    Done(Outcome),
}

/// A call to where state is shared.
#[derive(Serialize)]
struct Call<'a> {
    method: &'a str,
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<&'a str>,
    #[serde(rename = "contentType", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    timeout: u32,
    limit: usize,
}

impl<'a> Call<'a> {
    fn of(call: &'a StoreCall) -> Self {
        Self {
            method: call.method(),
            uri: &call.uri,
            authorization: call.authorization(),
            content_type: call.content_type(),
            body: call.body(),
            timeout: call.timeout,
            limit: call.limit,
        }
    }
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
        Ok(Self {
            gate,
            store: Store::default(),
            prepared: Rc::default(),
            grants: Rc::default(),
            ids: RefCell::default(),
            begun: RefCell::default(),
        })
    }

    /// Begins with a request, and goes on as `Visit::next` does. Most are at their end then, and cost
    /// no object that must be freed; `visit` has the others.
    pub fn begin(&self, text: &[u8], now: f64, elsewhere: bool) -> Result<Array, JsValue> {
        let mut request = request(text).ok_or_else(|| TypeError::new("`text` is no request"))?;
        request.id = Request::id_in(&request.headers).or_else(|| self.ids.borrow_mut().next(now));
        let mut visit = Visit {
            gate: Rc::clone(&self.gate),
            request,
            answers: Answers::default(),
            errand: None,
            store: Rc::clone(&self.store),
            prepared: Rc::clone(&self.prepared),
            grants: Rc::clone(&self.grants),
            check: None,
            claim: None,
            look: None,
            lister: None,
            lost: None,
        };
        let step = visit.step(instant(now), elsewhere);
        let is_done = matches!(step, Step::Done(_));
        let told = visit.told(step, instant(now));
        let is_over = is_done && visit.lister.is_none();
        self.begun.replace((!is_over).then_some(visit));
        told
    }

    /// The visit that `begin` has just begun, where more is to come of it: another step, or a list.
    pub fn visit(&self) -> Option<Visit> {
        self.begun.take()
    }

    /// A fetch that is due soon, so that no request has to wait for it.
    pub fn ahead(&self, now: f64) -> Option<Errand> {
        let fetch = self.gate.ahead(instant(now))?;
        Some(Errand { gate: Rc::clone(&self.gate), fetch })
    }

    /// What a host must answer right before it is asked about this algorithm: lists of a key as a JWK, a
    /// signature, what is signed, and whether it holds. None for one that no host is asked about.
    pub fn known_answers(algorithm: &str) -> Array {
        let known = SignatureCheck::known_answers(algorithm);
        let answers = known.iter().filter_map(|(check, verdict)| {
            let check = check.for_host()?;
            let (signature, message) = (bytes_of(check.signature()), bytes_of(check.message()));
            let holds = JsValue::from(*verdict == Verdict::Valid);
            Some(Array::of4(&check.jwk().into(), &signature, &message, &holds))
        });
        answers.collect()
    }

    /// Whether revoked tokens are looked up in a store of the caller's.
    pub fn asks_host(&self) -> bool {
        self.gate.config().revocation.as_ref().is_some_and(|revocation| revocation.host)
    }

    /// Whether such a store is asked at all: a list is only fetched.
    pub fn looks_up(&self) -> bool {
        let revocation = self.gate.config().revocation.as_ref();
        revocation.is_some_and(|revocation| revocation.list.is_none())
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
    pub fn next(&mut self, now: f64, elsewhere: bool) -> Result<Array, JsValue> {
        let step = self.step(instant(now), elsewhere);
        self.told(step, instant(now))
    }
    /// The fetch that `next` asked for.
    pub fn errand(&mut self) -> Option<Errand> {
        self.errand.take()
    }

    /// What `next` asks to be verified: the key as it was kept, `undefined` where it was not; the
    /// signature, that of ECDSA as `r || s`; what is signed. Of the last two, where they lie in the
    /// module's memory and how many bytes they have: until the visit goes on they stay there.
    pub fn asked(&self) -> Array {
        let Some(check) = self.check.as_ref().and_then(SignatureCheck::for_host) else {
            return Array::new();
        };
        let kept = self.prepared.borrow_mut().kept(&check);
        let places = [check.signature(), check.message()];
        let numbers = places.iter().flat_map(|bytes| [bytes.as_ptr().addr(), bytes.len()]);
        std::iter::once(kept).chain(numbers.map(JsValue::from)).collect()
    }

    /// Its key as a JWK.
    pub fn jwk(&self) -> Option<String> {
        self.check.as_ref()?.for_host().map(|check| check.jwk())
    }

    /// Keeps the key as the host takes it, for the next check by it.
    pub fn keep(&self, key: JsValue) {
        if let Some(check) = self.check.as_ref().and_then(SignatureCheck::for_host) {
            self.prepared.borrow_mut().keep(&check, key);
        }
    }

    /// Whether the signature holds; `undefined` where the host cannot tell.
    pub fn verified(&mut self, holds: Option<bool>) {
        if let Some(check) = self.check.take() {
            let verdict = match holds {
                Some(true) => Verdict::Valid,
                Some(false) => Verdict::Invalid,
                None => Verdict::Failed,
            };
            self.answers.verified(check, verdict);
        }
    }

    /// The host has nothing for this algorithm, or for this key.
    pub fn verify_here(&mut self) {
        if let Some(check) = self.check.take() {
            let verdict = check.verify();
            self.answers.verified(check, verdict);
        }
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
        let claimed = self.claim.as_ref().map(|claim| claim.answer(status, body));
        self.conclude(claimed.unwrap_or(Claimed::Failed("nobody asked the store")));
    }

    /// What the caller's store says: the first of the ids that is revoked, and the epoch of the zone.
    pub fn looked(&mut self, revoked: Option<String>, epoch: Option<f64>) {
        let Some(look) = self.look.take() else {
            return;
        };
        let held = look.epoch.as_ref().map(|epoch| epoch.held);
        let looked = match (revoked, epoch.map(whole), held) {
            (Some(id), ..) => Looked::Revoked(id),
            (None, Some(None), _) => Looked::Failed("the store's epoch is no whole number"),
            (None, Some(Some(current)), Some(held)) if current > held => Looked::Stale(current),
            (None, ..) => Looked::Clear,
        };
        self.answers.looked(look, looked);
    }

    /// The reply to the call of a look.
    pub fn look_replied(&mut self, status: u16, body: &[u8]) {
        if let Some(look) = self.look.take() {
            let looked = look.answer(status, body);
            self.answers.looked(look, looked);
        }
    }

    /// Nobody has answered a look.
    pub fn look_failed(&mut self) {
        if let Some(look) = self.look.take() {
            self.answers.looked(look, Looked::Failed("the store does not answer"));
        }
    }

    /// For a request that passes and whose reply may hold a list: what shortens it.
    pub fn lister(&mut self) -> Option<Lister> {
        Some(Lister { gate: Rc::clone(&self.gate), grant: self.lister.take()?, filter: None })
    }

    /// The body, one byte beyond the limit at most; `undefined` where there is none.
    pub fn body(&mut self, bytes: Option<Vec<u8>>) {
        self.request.body = bytes.map_or(Body::Absent, Body::Read);
    }

    /// The body has not come, or not in time.
    pub fn body_lost(&mut self, late: bool) {
        self.lost = Some(match late {
            true => "the body does not come in time",
            false => "the body cannot be read",
        });
    }

    /// The fetch that `next` said to wait for has not ended in time.
    pub fn timed_out(&mut self) {
        self.answers.timed_out();
    }

    fn step(&mut self, now: UnixTime, elsewhere: bool) -> Step {
        if let Some(fault) = self.lost {
            return Step::Done(Decision::host_failed(fault));
        }
        loop {
            match self.gate.check(&self.request, &self.answers, now) {
                Step::Verify(check) if check.for_host().is_none() => {
                    let verdict = check.verify();
                    self.answers.verified(check, verdict);
                }
                Step::Claim(claim) if claim.call.is_none() && !elsewhere => {
                    let claimed = self.claim_here(&claim, now);
                    self.answers.claimed(claim, claimed);
                }
                other => return other,
            }
        }
    }

    /// A step as JavaScript sees it; keeps what the answer will be about.
    fn told(&mut self, step: Step, now: UnixTime) -> Result<Array, JsValue> {
        let next = match step {
            Step::Fetch(fetch) => {
                self.answers.fetched();
                self.errand = Some(Errand { gate: Rc::clone(&self.gate), fetch });
                Next::Fetch(true)
            }
            Step::Wait(until) => Next::Wait(until.seconds()),
            Step::Body(_) => Next::Body(self.gate.config().limits.body),
            Step::Claim(claim) => {
                let claim = self.claim.insert(claim);
                Next::Claim {
                    key: &claim.key,
                    expires: claim.until.after(1).seconds(),
                    call: claim.call.as_ref().map(Call::of),
                }
            }
            Step::Look(look) => {
                let look = self.look.insert(look);
                Next::Look {
                    ids: &look.ids,
                    zone: look.epoch.as_ref().map(|epoch| epoch.zone.as_str()),
                    call: look.call.as_ref().map(Call::of),
                }
            }
            Step::Done(Decision::Allow(grant)) => {
                let passed = End::Passed(Passed::of(&self.gate, &grant, &self.request, now));
                let told = Array::of2(&json(&passed)?, &self.grants.borrow_mut().written(&grant)?);
                self.lister = grant.may_list().then(|| Box::new(grant));
                return Ok(told);
            }
            Step::Done(decision) => {
                let outcome = Outcome::of(&self.gate, &decision, &self.request, now);
                return Ok(Array::of1(&json(&End::Done(outcome))?));
            }
            Step::Verify(check) => Next::Verify(self.check.insert(check).algorithm()),
        };
        Ok(Array::of1(&next.serialize(&Serializer::json_compatible())?))
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
impl Lister {
    /// Begins with a reply; whether it is to be shortened at all.
    pub fn begin(&mut self, status: u16, content_type: Option<String>) -> bool {
        self.filter = self.gate.list_filter(&self.grant, status, content_type.as_deref());
        self.filter.is_some()
    }

    /// The next piece of the reply, as far as the caller may see it.
    pub fn push(&mut self, piece: &[u8], ends: bool, now: f64) -> Vec<u8> {
        let more = if ends { More::Ended } else { More::Follows };
        let filter = self.filter.as_mut();
        filter.map_or_else(Vec::new, |filter| {
            self.gate.filter(filter, &self.grant, piece, more, instant(now))
        })
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

fn bytes_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// A number of JavaScript's that is whole and exact.
fn whole(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&number);
    #[expect(clippy::as_conversions, reason = "it fits")]
    fits.then_some(number as u64)
}
