//! The whole journey: bytes -> parsed -> verified -> decided -> rendered. Never waits and never
//! calls out: what it needs, it asks of its host as a [`Step`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::call::Call;
use crate::config::{
    Config, ConfigError, Environment, HttpStore, NonceMode, ReplayStore, Secret, fault,
};
use crate::decide::{Answer, Decision, Grant, decide, origin};
use crate::error::{Denial, Error, Excerpt};
use crate::keys::{Fetch, Fetched, Keys, Patience};
use crate::nonce::Nonces;
use crate::parse::{Origin, Target, Trace, credential, preflight};
use crate::render::{self, Context, Reply, Voice};
use crate::replay::{Claim, Claimed};
use crate::request::Request;
use crate::time::UnixTime;
use crate::verify::{Means, Missing, SignatureCheck, Signatures, Verdict, verify};

/// Decides whether calls to one protected resource may pass.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    keys: Mutex<Keys>,
    nonces: Option<Nonces>,
    /// What the shared store of claims wants to be shown.
    store: Option<Secret>,
}

/// What comes next for a request.
#[derive(Clone, Debug)]
pub enum Step {
    /// The decision stands.
    Done(Decision),
    /// A rule needs the body: read it, and ask again.
    Body,
    /// Fetch this, tell [`Gate::fetched`], and ask again.
    Fetch(Fetch),
    /// Another request is fetching it: ask again when that has ended, by this time at the latest.
    Wait(UnixTime),
    /// Check this signature, tell [`Answers::verified`], and ask again.
    Verify(SignatureCheck),
    /// Look whether any of these ids is revoked, and ask again.
    Look(Look),
    /// Claim this proof, tell [`Answers::claimed`], and ask again.
    Claim(Claim),
}

/// Are any of these ids revoked?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The ids to look up.
    pub ids: Vec<String>,
}

/// What a host has answered about one request so far. A new request starts with a new one.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    signatures: Signatures,
    fetches: u8,
    patience: Patience,
    claim: Option<(String, Claimed)>,
}

impl Answers {
    /// Answers [`Step::Verify`].
    pub fn verified(&mut self, check: SignatureCheck, verdict: Verdict) {
        self.signatures.add(check, verdict);
    }

    /// Answers [`Step::Claim`].
    pub fn claimed(&mut self, claim: Claim, claimed: Claimed) {
        self.claim = Some((claim.key, claimed));
    }

    /// Notes that a [`Step::Fetch`] has been followed.
    pub fn fetched(&mut self) {
        self.fetches = self.fetches.saturating_add(1);
    }

    /// Notes that the fetch which a [`Step::Wait`] waits for has not ended in time: the request
    /// gets a fetch of its own. Where it has ended there is nothing to note.
    pub fn timed_out(&mut self) {
        self.patience = Patience::Ended;
    }
}

/// Seconds after which a claim may be tried again.
const CLAIM_LATER: u32 = 5;
/// Fetches for one request: three metadata documents, the key set, and once more for an unknown
/// `kid`.
const FETCHES: u8 = 5;

impl Gate {
    /// A gate for a configuration, with the secrets that it names.
    ///
    /// # Errors
    /// An inline key set without a usable key, or a secret that is not in the environment.
    pub fn new(config: Config, env: Environment<'_>) -> Result<Self, ConfigError> {
        let keys = Mutex::new(Keys::new(&config)?);
        let (mut nonces, mut store) = (None, None);
        if config.dpop.is_on() {
            let rules = &config.dpop.nonce;
            if let (NonceMode::Always, Some(name)) = (rules.mode, &rules.secret) {
                let member = "dpop.nonce.secret";
                let secret = name.read(member, 16, env)?;
                nonces =
                    Some(Nonces::new(&secret).map_err(|error| fault(member, error.to_string()))?);
            }
            if let ReplayStore::Http(HttpStore { authorization: Some(name), .. }) =
                &config.replay.store
            {
                let member = "replay.store.http.authorization";
                let secret = name.read(member, 1, env)?;
                if !secret.expose().is_ascii() {
                    return Err(fault(member, "is no value of a header"));
                }
                store = Some(secret);
            }
        }
        Ok(Self { config, keys, nonces, store })
    }

    /// The configuration that the gate was made for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a request as far as the answers lead.
    ///
    /// A function of the request, the answers, the gate's keys and `now`: a host that has
    /// answered a step asks again from the start.
    pub fn check(&self, request: &Request, answers: &Answers, now: UnixTime) -> Step {
        match self.journey(request, answers, now) {
            Ok(Decision::Allow(grant)) => self.claim(grant, answers, now),
            Ok(decision) => Step::Done(decision),
            Err(missing) => self.ask(missing, answers),
        }
    }

    /// Takes what a fetch brought at `at`, for all requests.
    pub fn fetched(&self, fetch: &Fetch, answer: Fetched<'_>, at: UnixTime) {
        self.keys().fetched(fetch, answer, at);
    }

    /// A fetch that is due soon, so that no request has to wait for it: the host may do it whenever
    /// it likes, or not at all.
    pub fn ahead(&self, now: UnixTime) -> Option<Fetch> {
        self.keys().ahead(now)
    }

    /// The key sets that were fetched, as a text for [`Gate::import_keys`] of another process.
    pub fn export_keys(&self) -> String {
        self.keys().export()
    }

    /// Takes over key sets that [`Gate::export_keys`] wrote: as old as they say, where they are
    /// newer than ours. The text is trusted like the configuration. How many were taken; `None` for
    /// any other text.
    pub fn import_keys(&self, text: &str, now: UnixTime) -> Option<usize> {
        self.keys().import(text, now)
    }

    /// The reply to a decision; `None` for a request that passes.
    pub fn reply(&self, decision: &Decision, request: &Request, now: UnixTime) -> Option<Reply> {
        let nonce = self.nonce(now);
        let context = self.context(request, nonce.as_deref());
        match decision {
            Decision::Allow(_) => None,
            Decision::Deny(denial) => {
                Some(render::problem(&denial.error, &Voice::from(&self.config), context))
            }
            Decision::Answer(answer) => Some(render::answer(answer, context, &self.config)),
        }
    }

    /// The headers of a request that passes, as the upstream may see them.
    pub fn upstream_headers(grant: &Grant, request: &Request) -> Vec<(String, Vec<u8>)> {
        let mut headers = grant.forward.apply(&request.headers);
        if let (Some(id), None) = (&request.id, Request::id_in(&headers)) {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-request-id"));
            headers.push(("x-request-id".to_owned(), id.clone().into_bytes()));
        }
        headers
    }

    /// The headers that the upstream's reply must carry on its way back, in place of its own; only
    /// `vary` stands beside it.
    pub fn reply_headers(
        &self,
        grant: &Grant,
        request: &Request,
        now: UnixTime,
    ) -> Vec<(&'static str, String)> {
        let nonce = grant.proof.as_ref().and_then(|_| self.nonce(now));
        render::beside(self.context(request, nonce.as_deref()), &self.config)
    }

    /// What the operator's log says of a denial: one line, as JSON.
    pub fn log_line(&self, denial: &Denial, request: &Request) -> Map<String, Value> {
        let trace = Trace::read(request);
        let ids = trace.as_ref().map(|trace| (trace.trace.as_str(), trace.span.as_str()));
        render::line(denial, request.id.as_deref(), ids, &self.config)
    }

    fn journey(
        &self,
        request: &Request,
        answers: &Answers,
        now: UnixTime,
    ) -> Result<Decision, Missing> {
        let target = Target::read(&request.url)?;
        if self.is_cross_origin(request)?
            && let Some(names) = preflight(request)
        {
            return Ok(Decision::Answer(Answer::Preflight(names)));
        }
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        if reads && render::is_metadata(target.path, &self.config) {
            return Ok(Decision::Answer(Answer::Metadata));
        }
        let credential = credential(request, &target, &self.config)?;
        let verified = verify(
            &credential,
            &mut Means {
                config: &self.config,
                keys: &mut self.keys(),
                signatures: &answers.signatures,
                patience: answers.patience,
                nonces: self.nonces.as_ref(),
                method: &request.method,
                path: target.path,
                now,
            },
        )?;
        Ok(decide(&verified, &Call::default(), &self.config))
    }

    /// The last step: whoever shows a proof shows it once (RFC 9449 section 11.1).
    fn claim(&self, grant: Grant, answers: &Answers, now: UnixTime) -> Step {
        let Some(proof) = &grant.proof else {
            return Step::Done(Decision::Allow(grant));
        };
        let claim = Claim::new(
            (&proof.thumbprint, &proof.id),
            proof.until,
            &self.config,
            self.store.as_ref(),
            now,
        );
        let unavailable = |fault| Error::ReplayUnavailable { fault, retry_after: CLAIM_LATER };
        let error = match &answers.claim {
            None => return Step::Claim(claim),
            Some((key, _)) if *key != claim.key => unavailable("the answer is about another proof"),
            Some((_, Claimed::First)) => return Step::Done(Decision::Allow(grant)),
            Some((_, Claimed::Taken)) => Error::ProofReplayed {},
            Some((_, Claimed::Failed(fault))) => unavailable(fault),
        };
        let client = grant.client.as_deref().map(Excerpt::of);
        Step::Done(Decision::Deny(Denial { error, client }))
    }

    fn nonce(&self, now: UnixTime) -> Option<String> {
        self.nonces.as_ref().map(|nonces| nonces.current(now))
    }

    fn context<'a>(&self, request: &'a Request, nonce: Option<&'a str>) -> Context<'a> {
        let id = request.id.as_deref();
        Context { id, origin: self.listed_origin(request), nonce, ..Context::default() }
    }

    /// Whether a page of a listed origin asks; the origins of all others are not looked at where
    /// none is listed.
    fn is_cross_origin(&self, request: &Request) -> Result<bool, Error> {
        if self.config.origins.is_empty() {
            return Ok(false);
        }
        match Origin::read(request) {
            Origin::Absent => Ok(false),
            Origin::Named(name) => origin(Some(name), &self.config).map(|()| true),
            Origin::Unreadable => origin(None, &self.config).map(|()| true),
        }
    }

    fn listed_origin<'a>(&self, request: &'a Request) -> Option<&'a str> {
        match Origin::read(request) {
            Origin::Named(name) => origin(Some(name), &self.config).ok().map(|()| name),
            Origin::Absent | Origin::Unreadable => None,
        }
    }

    fn ask(&self, missing: Missing, answers: &Answers) -> Step {
        let deny = |fault| {
            let retry_after = self.config.keys.timeout;
            Step::Done(Decision::Deny(Error::HostFailed { fault, retry_after }.into()))
        };
        match missing {
            Missing::Rule(denial) => Step::Done(Decision::Deny(denial)),
            Missing::Fetch(fetch) if answers.fetches >= FETCHES => {
                // Nobody follows it: the next request may.
                self.keys().abandoned(&fetch);
                deny("too many fetches")
            }
            Missing::Fetch(fetch) => Step::Fetch(fetch),
            Missing::Wait(until) => Step::Wait(until),
            Missing::Signature(check) => Step::Verify(check),
        }
    }

    /// A panic of another thread cannot leave the keys half written: every write is one assignment.
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
