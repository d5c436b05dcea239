//! The whole journey: bytes -> parsed -> verified -> decided -> rendered. Never waits and never
//! calls out: what it needs, it asks of its host as a [`Step`].

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::call::{Call, Content};
use crate::config::{
    BodyMode, Config, ConfigError, Environment, NonceMode, ReplayStore, Secret, fault,
};
use crate::decide::{Answer, Decision, Grant, Passage, Policy, Ruling, Shadowed, grant, origin};
use crate::error::{Denial, Error, Excerpt};
use crate::fetch::{Fetch, Fetched, Patience, Subject};
use crate::keys::Keys;
use crate::lists::{ListFilter, More};
use crate::nonce::Nonces;
use crate::parse::{Origin, Target, Trace, content, credential, is_dropped, preflight};
use crate::render::{self, Context, Reply, Voice};
use crate::replay::{Claim, Claimed};
use crate::request::Request;
use crate::revocation::{Answered, Lack, Look, Looked, Revocations};
use crate::time::UnixTime;
use crate::uri::plain_path;
use crate::verify::{
    Means, Missing, Proof, SignatureCheck, Signatures, Tokens, Verdict, Verified, name, verify,
};

/// Decides whether calls to one protected resource may pass.
#[derive(Debug)]
pub struct Gate {
    config: Config,
    keys: Mutex<Keys>,
    /// Tokens that need not be read again.
    tokens: Mutex<Tokens>,
    /// Whether tokens are revoked; `None` where nothing is configured.
    revocations: Option<Mutex<Revocations>>,
    nonces: Option<Nonces>,
    policy: Policy,
    /// What the shared store of claims wants to be shown.
    store: Option<Secret>,
}

/// What comes next for a request.
#[derive(Clone, Debug)]
pub enum Step {
    /// The decision stands.
    Done(Decision),
    /// A rule needs the body: read it, and ask again. Where the policy lets the headers go first,
    /// they go as this grant says: nothing but the body is undecided, and the proof is claimed.
    Body(Option<Box<Grant>>),
    /// Fetch this, tell [`Gate::fetched`], and ask again.
    Fetch(Fetch),
    /// Another request is fetching it: ask again when that has ended, by this time at the latest.
    Wait(UnixTime),
    /// Check this signature, tell [`Answers::verified`], and ask again.
    Verify(SignatureCheck),
    /// Look whether any of these ids is revoked, tell [`Answers::looked`], and ask again.
    Look(Look),
    /// Claim this proof, tell [`Answers::claimed`], and ask again.
    Claim(Claim),
}

/// What a host has answered about one request so far. A new request starts with a new one.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    signatures: Signatures,
    fetches: u8,
    patience: Patience,
    looked: Option<Answered>,
    claim: Option<(String, Claimed)>,
}

impl Answers {
    /// Answers [`Step::Verify`].
    pub fn verified(&mut self, check: SignatureCheck, verdict: Verdict) {
        self.signatures.add(check, verdict);
    }

    /// Answers [`Step::Look`].
    pub fn looked(&mut self, look: Look, looked: Looked) {
        self.looked = Some(Answered::new(look, looked));
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

/// Why there is no decision yet, or which it is.
enum Pause {
    /// A stage lacks something, or a rule is broken.
    Missing(Missing),
    /// The host must do something first.
    Step(Box<Step>),
}

impl Pause {
    /// Says whose call it is.
    fn by(self, client: Option<&str>) -> Self {
        match self {
            Self::Missing(Missing::Rule(denial)) => {
                Self::from(Denial { client: client.map(Excerpt::of), ..denial })
            }
            other => other,
        }
    }
}

impl From<Step> for Pause {
    fn from(step: Step) -> Self {
        Self::Step(Box::new(step))
    }
}

impl From<Missing> for Pause {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<Denial> for Pause {
    fn from(denial: Denial) -> Self {
        Self::Missing(Missing::Rule(denial))
    }
}

impl From<Lack> for Pause {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Missing(missing) => Self::Missing(missing),
            Lack::Look(look) => Self::Step(Box::new(Step::Look(*look))),
        }
    }
}

impl From<Error> for Pause {
    fn from(error: Error) -> Self {
        Self::from(Denial::from(error))
    }
}

/// Seconds after which a claim may be tried again.
const CLAIM_LATER: u32 = 5;
/// Fetches for one request: three metadata documents, the key set, once more for an unknown `kid`,
/// and the list of what is revoked.
const FETCHES: u8 = 6;

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
            if let ReplayStore::Http(place) = &config.replay.store {
                store = place.authorization("replay.store.http", env)?;
            }
        }
        let revocations = Revocations::new(&config, env)?.map(Mutex::new);
        let policy = Policy::new(&config);
        let tokens = Mutex::new(Tokens::new(config.limits.cache));
        Ok(Self { config, keys, tokens, revocations, nonces, policy, store })
    }

    /// The configuration that the gate was made for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The algorithms of the signatures that it may ask about: [`SignatureCheck::algorithm`].
    pub fn algorithms(&self) -> BTreeSet<&'static str> {
        let issuers = self.config.issuers.iter().flat_map(|issuer| &issuer.algorithms);
        let proofs = self.config.dpop.is_on().then_some(&self.config.dpop.algorithms);
        let mut names = BTreeSet::new();
        names.extend(issuers.chain(proofs.into_iter().flatten()).map(|algorithm| name(*algorithm)));
        names
    }

    /// Takes a request as far as the answers lead.
    ///
    /// A function of the request, the answers, the gate's keys and `now`: a host that has
    /// answered a step asks again from the start.
    pub fn check(&self, request: &Request, answers: &Answers, now: UnixTime) -> Step {
        match self.journey(request, answers, now) {
            Ok(decision) => Step::Done(decision),
            Err(Pause::Step(step)) => *step,
            Err(Pause::Missing(missing)) => self.ask(missing, answers),
        }
    }

    /// Takes what a fetch brought at `at`, for all requests.
    pub fn fetched(&self, fetch: &Fetch, answer: Fetched<'_>, at: UnixTime) {
        match fetch.subject {
            Subject::Issuer(..) => self.keys().fetched(fetch, answer, at),
            Subject::Revocations => {
                if let Some(mut revocations) = self.revocations() {
                    revocations.fetched(answer, at);
                }
            }
        }
    }

    /// A fetch that is due soon, so that no request has to wait for it: the host may do it whenever
    /// it likes, or not at all.
    pub fn ahead(&self, now: UnixTime) -> Option<Fetch> {
        let keys = self.keys().ahead(now);
        keys.or_else(|| self.revocations()?.ahead(now))
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
                let context = Context { call: denial.call.as_deref(), ..context };
                Some(render::problem(&denial.error, &Voice::from(&self.config), context))
            }
            Decision::Answer(answer) => Some(render::answer(answer, context, &self.config)),
        }
    }

    /// The headers of a request that passes, as the upstream may see them.
    pub fn upstream_headers(grant: &Grant, request: &Request) -> Vec<(String, Vec<u8>)> {
        let (out, put) = Self::upstream_changes(grant, request);
        let goes = |name: &str| out.iter().any(|gone| name.eq_ignore_ascii_case(gone));
        let kept = request.headers.iter().filter(|(name, _)| !goes(name)).cloned();
        let new = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
        kept.chain(put.into_iter().map(new)).collect()
    }

    /// How they come to be so: the names that are taken out, and then the fields that are put in.
    pub fn upstream_changes<'a>(
        grant: &'a Grant,
        request: &'a Request,
    ) -> (Vec<&'a str>, Vec<(&'a str, &'a str)>) {
        const ID: &str = "x-request-id";
        let forward = &grant.forward;
        let mut put: Vec<_> = forward.set().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let sent = || request.header(ID).filter(|_| !forward.strips(ID));
        let set = put.iter().filter(|(name, _)| *name == ID).map(|(_, value)| value.as_bytes());
        let is_told = Request::id_of(sent().chain(set)).is_some();
        let new_id = request.id.as_deref().filter(|_| !is_told);
        let goes =
            |name: &str| forward.strips(name) || new_id.is_some() && name.eq_ignore_ascii_case(ID);
        let mut out: Vec<&str> = Vec::new();
        for (name, _) in request.headers.iter().filter(|(name, _)| goes(name)) {
            if !out.contains(&name.as_str()) {
                out.push(name);
            }
        }
        if let Some(id) = new_id {
            put.retain(|(name, _)| *name != ID);
            put.push((ID, id));
        }
        (out, put)
    }

    /// The headers that the upstream's reply must carry on its way back, in place of its own; only
    /// `vary` stands beside it.
    pub fn reply_headers(
        &self,
        grant: &Grant,
        request: &Request,
        now: UnixTime,
    ) -> Vec<(&'static str, String)> {
        let nonce = grant.proof().and_then(|_| self.nonce(now));
        render::beside(self.context(request, nonce.as_deref()), &self.config)
    }

    /// The filter for the reply to a call that passed, where it may hold a list of more than the
    /// caller may use: all of its body goes through [`Gate::filter`], and `Content-Length` with it.
    /// `None` for all other replies, and for those that are no success or have no body.
    pub fn list_filter(
        &self,
        grant: &Grant,
        status: u16,
        content_type: Option<&str>,
    ) -> Option<ListFilter> {
        let (_, call) = grant.listing().filter(|_| (200..300).contains(&status))?;
        ListFilter::new(content_type, call.asked().is_some(), call.id().cloned())
    }

    /// The next piece of a reply, as far as its caller may see it.
    pub fn filter(
        &self,
        filter: &mut ListFilter,
        grant: &Grant,
        piece: &[u8],
        more: More,
        now: UnixTime,
    ) -> Vec<u8> {
        let shows = |target| {
            grant.listing().is_some_and(|(verified, call)| {
                self.policy.shows(verified, target, call, &self.config, now)
            })
        };
        filter.push(piece, more, &shows)
    }

    /// What the operator's log says of a denial: one line, as JSON.
    pub fn log_line(&self, denial: &Denial, request: &Request) -> Map<String, Value> {
        let trace = Trace::read(request);
        let ids = trace.as_ref().map(|trace| (trace.trace.as_str(), trace.span.as_str()));
        render::line(denial, request.id.as_deref(), ids, &self.config)
    }

    /// What it says of a call that passes although a rule in shadow would have denied it.
    pub fn shadow_line(
        &self,
        shadowed: &Shadowed,
        grant: &Grant,
        request: &Request,
    ) -> Map<String, Value> {
        let client = grant.client().map(Excerpt::of);
        let denial = Denial { client, ..shadowed.error.clone().into() };
        render::would_deny(&shadowed.rule, self.log_line(&denial, request))
    }

    fn journey(
        &self,
        request: &Request,
        answers: &Answers,
        now: UnixTime,
    ) -> Result<Decision, Pause> {
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
        // What we say of the caller must not get lost behind us.
        if self.config.forward.headers.keys().any(|name| is_dropped(name, request)) {
            return Err(Error::RequestMalformed {}.into());
        }
        let credential = credential(request, &target, &self.config)?;
        let verified = verify(
            &credential,
            &mut Means {
                config: &self.config,
                keys: &mut self.keys(),
                tokens: &mut locked(&self.tokens),
                signatures: &answers.signatures,
                patience: answers.patience,
                nonces: self.nonces.as_ref(),
                method: &request.method,
                path: target.path,
                now,
            },
        )?;
        let caller = (&verified, credential.token);
        let by_client = |pause: Pause| pause.by(verified.text("client_id"));
        self.decide(caller, request, &target, answers, now).map_err(by_client)
    }

    /// What remains once the caller is known. A proof is claimed last, but before the headers go
    /// where they do not wait for the body.
    fn decide(
        &self,
        (verified, token): (&Verified, &str),
        request: &Request,
        target: &Target<'_>,
        answers: &Answers,
        now: UnixTime,
    ) -> Result<Decision, Pause> {
        let (config, policy) = (&self.config, &self.policy);
        let path = if policy.reads_paths() {
            let plain = plain_path(target.path).filter(|path| !policy.confuses(path));
            Some(plain.ok_or(Error::PathAmbiguous {})?)
        } else {
            None
        };
        // HTTP keeps case, many servers do not: `delete` would not be what a rule calls `DELETE`.
        if policy.reads_methods() && request.method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(Error::RequestMalformed {}.into());
        }
        let mut call = Call { http: request.method.clone(), path, message: Content::Unread };
        policy.admits(verified, &call, config, now)?;
        if let Some(mut revocations) = self.revocations() {
            let (patience, looked) = (answers.patience, answers.looked.as_ref());
            revocations.check((verified, token), config, patience, looked, now)?;
        }
        let mut ruling = policy.rules(verified, &call, config, now)?;
        let claims_first = config.policy.body == BodyMode::HoldBody;
        if claims_first {
            self.claim(verified.proof(), answers, now)?;
        }
        if ruling == Ruling::NeedsBody {
            call.message = content(request, config.limits.body)?;
            let of_call =
                |error: Error| Denial { call: call.id().cloned().map(Box::new), ..error.into() };
            ruling = policy.rules(verified, &call, config, now).map_err(of_call)?;
        }
        let Ruling::Passes(passage) = ruling else {
            let nothing = Passage::default();
            let ahead = claims_first.then(|| Box::new(grant(verified, &call, nothing, config)));
            return Err(Pause::from(Step::Body(ahead)));
        };
        if !claims_first {
            self.claim(verified.proof(), answers, now)?;
        }
        Ok(Decision::Allow(grant(verified, &call, passage, config)))
    }

    /// Whoever shows a proof shows it once (RFC 9449 section 11.1).
    fn claim(&self, proof: Option<&Proof>, answers: &Answers, now: UnixTime) -> Result<(), Pause> {
        let Some(proof) = proof else {
            return Ok(());
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
            None => return Err(Pause::from(Step::Claim(claim))),
            Some((key, _)) if *key != claim.key => unavailable("the answer is about another proof"),
            Some((_, Claimed::First)) => return Ok(()),
            Some((_, Claimed::Taken)) => Error::ProofReplayed {},
            Some((_, Claimed::Failed(fault))) => unavailable(fault),
        };
        Err(error.into())
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
                self.abandoned(&fetch);
                deny("too many fetches")
            }
            Missing::Fetch(fetch) => Step::Fetch(fetch),
            Missing::Wait(until) => Step::Wait(until),
            Missing::Signature(check) => Step::Verify(check),
        }
    }

    fn abandoned(&self, fetch: &Fetch) {
        match fetch.subject {
            Subject::Issuer(..) => self.keys().abandoned(fetch),
            Subject::Revocations => {
                if let Some(mut revocations) = self.revocations() {
                    revocations.abandoned();
                }
            }
        }
    }

    fn revocations(&self) -> Option<MutexGuard<'_, Revocations>> {
        let revocations = self.revocations.as_ref()?;
        Some(locked(revocations))
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        locked(&self.keys)
    }
}

/// A panic of another thread cannot leave what is shared half written: every write is one assignment.
fn locked<Shared>(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
