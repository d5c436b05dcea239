//! The whole journey: bytes -> parsed -> verified -> decided -> rendered. Never waits and never
//! calls out: what it needs, it asks of its host as a [`Step`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::Call;
use crate::config::{Config, ConfigError};
use crate::decide::{Answer, Decision, decide};
use crate::error::Error;
use crate::keys::{Fetch, Fetched, Keys};
use crate::parse::{Target, credential};
use crate::render::{self, Reply};
use crate::request::Request;
use crate::time::UnixTime;
use crate::verify::{Missing, SignatureCheck, Signatures, Verdict, verify};

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
    waits: u8,
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

    /// Notes that a [`Step::Wait`] has been followed.
    pub fn waited(&mut self) {
        self.waits = self.waits.saturating_add(1);
    }
}

/// Fetches for one request: the key set, and once more for an unknown `kid`.
const FETCHES: u8 = 2;
/// Waits for one request: every fetch that ends wakes all who wait, whichever they wait for.
const WAITS: u8 = 16;

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

    /// Takes what a fetch brought, for all requests.
    pub fn fetched(&self, fetch: &Fetch, answer: Fetched<'_>, now: UnixTime) {
        self.keys().fetched(fetch, answer, now);
    }

    /// The reply to a decision; `None` for a request that passes.
    pub fn reply(&self, decision: &Decision, request: &Request) -> Option<Reply> {
        match decision {
            Decision::Allow(_) => None,
            Decision::Deny(error) => {
                Some(render::denial(error, request.id.as_deref(), &self.config))
            }
            Decision::Answer(answer) => Some(render::answer(*answer, &self.config)),
        }
    }

    fn journey(
        &self,
        request: &Request,
        answers: &Answers,
        now: UnixTime,
    ) -> Result<Decision, Missing> {
        let target = Target::read(&request.url)?;
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        if reads && render::is_metadata(target.path, &self.config) {
            return Ok(Decision::Answer(Answer::Metadata));
        }
        let credential = credential(request, &target, self.config.limits.token)?;
        let verified =
            verify(&credential, &self.config, &mut self.keys(), &answers.signatures, now)?;
        Ok(decide(&verified, &Call::default(), &self.config))
    }

    fn ask(&self, missing: Missing, answers: &Answers) -> Step {
        let deny = |fault| {
            let retry_after = self.config.keys.timeout;
            Step::Done(Decision::Deny(Error::HostFailed { fault, retry_after }))
        };
        match missing {
            Missing::Rule(error) => Step::Done(Decision::Deny(error)),
            Missing::Fetch(_) if answers.fetches >= FETCHES => deny("too many fetches"),
            Missing::Fetch(fetch) => Step::Fetch(fetch),
            Missing::Wait(_) if answers.waits >= WAITS => deny("waited too long"),
            Missing::Wait(until) => Step::Wait(until),
            Missing::Signature(check) => Step::Verify(check),
        }
    }

    /// A panic of another thread cannot leave the keys half written: every write is one assignment.
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
