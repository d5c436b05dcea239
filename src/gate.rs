//! The whole journey: bytes -> parsed -> verified -> decided -> rendered. Never waits and never
//! calls out: what it needs, it asks of its host as a [`Step`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::Call;
use crate::config::{Config, ConfigError};
use crate::decide::{Answer, Decision, Grant, decide, origin};
use crate::error::Error;
use crate::keys::{Fetch, Fetched, Keys, Patience};
use crate::parse::{Origin, Target, Trace, credential, preflight};
use crate::render::{self, Context, Reply};
use crate::request::Request;
use crate::time::UnixTime;
use crate::verify::{Means, Missing, SignatureCheck, Signatures, Verdict, verify};

/// Decides whether calls to one protected resource may pass.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    keys: Mutex<Keys>,
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
    /// Claim this proof id, and ask again.
    Claim(Claim),
}

/// Are any of these ids revoked?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The ids to look up.
    pub ids: Vec<String>,
}

/// Claim an id, atomically, once: whoever comes second is a replay (RFC 9449 section 11.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What to claim.
    pub key: String,
    /// How long the claim must be remembered.
    pub until: UnixTime,
}

/// What a host has answered about one request so far. A new request starts with a new one.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    signatures: Signatures,
    fetches: u8,
    patience: Patience,
}

impl Answers {
    /// Answers [`Step::Verify`].
    pub fn verified(&mut self, check: SignatureCheck, verdict: Verdict) {
        self.signatures.add(check, verdict);
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

/// Fetches for one request: three metadata documents, the key set, and once more for an unknown
/// `kid`.
const FETCHES: u8 = 5;

impl Gate {
    /// A gate for a configuration.
    ///
    /// # Errors
    /// An inline key set without a usable key.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let keys = Mutex::new(Keys::new(&config)?);
        Ok(Self { config, keys })
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
    pub fn reply(&self, decision: &Decision, request: &Request) -> Option<Reply> {
        let context = Context { id: request.id.as_deref(), origin: self.listed_origin(request) };
        match decision {
            Decision::Allow(_) => None,
            Decision::Deny(error) => Some(render::denial(error, context, &self.config)),
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

    /// The headers that the upstream's reply must carry on its way back, in place of its own.
    pub fn reply_headers(&self, request: &Request) -> Vec<(&'static str, String)> {
        render::readable(self.listed_origin(request), &self.config)
    }

    /// One line of JSON about a denial, for the operator's log.
    pub fn log_line(&self, error: &Error, request: &Request) -> String {
        let trace = Trace::read(request);
        let ids = trace.as_ref().map(|trace| (trace.trace.as_str(), trace.span.as_str()));
        render::line(error, request.id.as_deref(), ids)
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
        let credential = credential(request, &target, self.config.limits.token)?;
        let verified = verify(
            &credential,
            &mut Means {
                config: &self.config,
                keys: &mut self.keys(),
                signatures: &answers.signatures,
                patience: answers.patience,
                now,
            },
        )?;
        Ok(decide(&verified, &Call::default(), &self.config))
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
            Step::Done(Decision::Deny(Error::HostFailed { fault, retry_after }))
        };
        match missing {
            Missing::Rule(error) => Step::Done(Decision::Deny(error)),
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
