//! Verified -> whether its token is revoked meanwhile. Never asks anybody itself: what it lacks, it
//! names; and what cannot be told counts as revoked for now.

mod id;
mod introspection;
mod list;
mod redis;

use crate::config::{Config, ConfigError, Environment, HttpStore, Profile, Secret};
use crate::error::{Error, Excerpt};
use crate::fetch::{Fetch, Fetched, Patience, Unavailable};
use crate::store::StoreCall;
use crate::time::UnixTime;
use crate::verify::{Missing, Verified};

pub use id::Epoch;

use id::{ANCHORS, Id, epoch, ids};
use introspection::Endpoint;
use list::{Life, List, Need};
use redis::Slot;

/// Are any of these ids revoked?
///
/// An id is words with one space between them:
///
/// ```text
/// jti <issuer> <audience> <jti>       this token; the audience is one of the configured ones
/// sid <issuer> <sid>                  its session
/// sub <issuer> <sub>                  all tokens of its subject
/// root_sid <issuer> <root_sid>        with Caracal's profile, as the next two
/// agent_session_id <issuer> <agent_session_id>
/// delegation_edge_id <issuer> <delegation_edge_id>
/// token <digest>                      for introspection only: the SHA-256 of the token
/// ```
///
/// In a word, whatever is not visible ASCII, and `%` itself, is percent-encoded as UTF-8, with
/// capitals: `a b` is `a%20b`, so that no claim can speak for another. A list holds these ids as
/// they are. In Redis a string under the key `waxseal:revoked:<digest>` revokes, whatever its
/// value, where the digest is the SHA-256 of the id, base64url without padding:
///
/// ```sh
/// digest=$(printf %s "sub https://as.example.com alice" | openssl dgst -sha256 -binary |
///     basenc --base64url | tr -d =)
/// redis-cli SET "waxseal:revoked:$digest" 1 EX 3600
/// ```
///
/// With Caracal's profile the keys of its own store are asked for in the same breath:
/// `caracal:revoked:sessions:<id>` for each anchor, and
/// `caracal:revoked:sessions:delegation-epoch:<zone>`.
#[derive(Clone, Debug)]
pub struct Look {
    /// The ids to look up, one at least.
    pub ids: Vec<String>,
    /// A zone whose delegations must be as old as the token.
    pub epoch: Option<Epoch>,
    /// How to ask; `None` where the host has a store of its own.
    pub call: Option<StoreCall>,
    reading: Reading,
    asked: UnixTime,
}

/// Whose reply it is that answers.
#[derive(Clone, Debug)]
enum Reading {
    Host,
    Redis(Vec<Slot>),
    Introspection,
}

/// What was said to a [`Look`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// None of them is.
    Clear,
    /// This one is.
    Revoked(String),
    /// None of them is, but this is the epoch of the zone now.
    Stale(u64),
    /// It cannot be told, for this reason.
    Failed(&'static str),
}

/// What a [`Look`] asks, without the means: the same for one token at all times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    ids: Vec<String>,
    epoch: Option<Epoch>,
}

/// An answer, and what it is the answer to.
#[derive(Clone, Debug)]
pub struct Answered {
    question: Question,
    asked: UnixTime,
    looked: Looked,
}

/// What is known of revocation.
#[derive(Debug)]
pub struct Revocations {
    place: Place,
    /// Seconds that an answer of an introspection endpoint counts.
    age: u32,
}

#[derive(Debug)]
enum Place {
    Host,
    List(Box<List>),
    Redis { store: HttpStore, authorization: Option<Secret> },
    Introspection(Box<Endpoint>),
}

/// Why it cannot be told yet, or that the token is revoked.
#[derive(Debug)]
pub enum Lack {
    /// A rule is broken, or a document is not there.
    Missing(Missing),
    /// Somebody must look.
    Look(Box<Look>),
}

/// Seconds after which a store may be asked again.
const LATER: u32 = 5;

impl Look {
    /// What the reply to its call says.
    pub fn answer(&self, status: u16, body: &[u8]) -> Looked {
        match (&self.reading, self.ids.first()) {
            (Reading::Redis(slots), _) => redis::answer(slots, &self.question(), status, body),
            (Reading::Introspection, Some(id)) => introspection::answer(id, status, body),
            _ => Looked::Failed("nobody asked the store"),
        }
    }

    fn question(&self) -> Question {
        Question { ids: self.ids.clone(), epoch: self.epoch.clone() }
    }
}

impl Answered {
    /// An answer to a look; its call, which may hold a token, is not kept.
    pub fn new(Look { ids, epoch, asked, .. }: Look, looked: Looked) -> Self {
        Self { question: Question { ids, epoch }, asked, looked }
    }
}

impl Revocations {
    /// What a configuration wants to be looked up; `None` where it wants nothing.
    ///
    /// # Errors
    /// A key that can verify no list, or a secret that is not in the environment.
    pub fn new(config: &Config, env: Environment<'_>) -> Result<Option<Self>, ConfigError> {
        let Some(rules) = &config.revocation else {
            return Ok(None);
        };
        let place = if let Some(list) = &rules.list {
            let (age, stale, timeout) = (rules.age, rules.stale, list.timeout);
            let life = Life { age, stale, timeout, leeway: config.leeway };
            Place::List(Box::new(List::new(list, life)?))
        } else if let Some(store) = &rules.http {
            let authorization = store.authorization("revocation.http", env)?;
            Place::Redis { store: store.clone(), authorization }
        } else if let Some(endpoint) = &rules.introspection {
            let secret = endpoint.secret.read("revocation.introspection.secret", 1, env)?;
            Place::Introspection(Box::new(Endpoint::new(endpoint.clone(), &secret)))
        } else {
            Place::Host
        };
        Ok(Some(Self { place, age: rules.age }))
    }

    /// Whether a token may pass.
    ///
    /// # Errors
    /// That it is revoked, or what is needed to tell.
    pub fn check(
        &mut self,
        (verified, token): (&Verified, &str),
        config: &Config,
        patience: Patience,
        answered: Option<&Answered>,
        now: UnixTime,
    ) -> Result<(), Lack> {
        if let Place::Introspection(endpoint) = &mut self.place {
            let id = Endpoint::id(token);
            if answered.is_none() && endpoint.remembers(&id.text, now) {
                return Ok(());
            }
            let call = Some(endpoint.ask(token));
            let look = Look::new((&[id], None), call, Reading::Introspection, now);
            let asked = look.heard(answered, Profile::Oauth)?;
            if let (Some(id), Some(until)) = (look.ids.first(), ends(verified, asked, self.age)) {
                endpoint.remember(id, asked, until);
            }
            return Ok(());
        }
        let (ids, epoch) = (ids(verified, config).map_err(Missing::from)?, epoch(verified));
        match &mut self.place {
            Place::List(list) => {
                let revoked = list.usable(patience, now).map_err(|need| match need {
                    Need::Fetch(fetch) => Missing::Fetch(fetch),
                    Need::Wait(until) => Missing::Wait(until),
                    Need::Unavailable(Unavailable { fault, retry_after }) => {
                        Error::RevocationUnavailable { fault, retry_after }.into()
                    }
                })?;
                if let Some(id) = ids.iter().find(|id| revoked.has(&id.text)) {
                    return Err(denied(id.by, verified.profile()).into());
                }
                let current = epoch.as_ref().and_then(|epoch| revoked.epoch(&epoch.zone));
                match (epoch, current) {
                    (Some(Epoch { held, .. }), Some(current)) if current > held => {
                        Err(Error::DelegationStale { held, current }.into())
                    }
                    _ => Ok(()),
                }
            }
            Place::Redis { store, authorization } => {
                let (call, slots) = redis::ask(store, authorization.as_ref(), &ids, epoch.as_ref());
                let look = Look::new((&ids, epoch), Some(call), Reading::Redis(slots), now);
                look.heard(answered, verified.profile()).map(drop)
            }
            Place::Host | Place::Introspection(_) => {
                let look = Look::new((&ids, epoch), None, Reading::Host, now);
                look.heard(answered, verified.profile()).map(drop)
            }
        }
    }

    /// A fetch that is due soon.
    pub fn ahead(&mut self, now: UnixTime) -> Option<Fetch> {
        match &mut self.place {
            Place::List(list) => list.ahead(now),
            _ => None,
        }
    }

    /// Takes what a fetch brought at `at`.
    pub fn fetched(&mut self, answer: Fetched<'_>, at: UnixTime) {
        if let Place::List(list) = &mut self.place {
            list.fetched(answer, at);
        }
    }

    /// Takes back a fetch that nobody follows.
    pub fn abandoned(&mut self) {
        if let Place::List(list) = &mut self.place {
            list.abandoned();
        }
    }
}

impl Look {
    fn new(
        (ids, epoch): (&[Id], Option<Epoch>),
        call: Option<StoreCall>,
        reading: Reading,
        asked: UnixTime,
    ) -> Self {
        let ids = ids.iter().map(|id| id.text.clone()).collect();
        Self { ids, epoch, call, reading, asked }
    }

    /// What was answered to it, if it was: when it was asked.
    fn heard(&self, answered: Option<&Answered>, profile: Profile) -> Result<UnixTime, Lack> {
        let Some(Answered { question, asked, looked }) = answered else {
            return Err(Lack::Look(Box::new(self.clone())));
        };
        if *question != self.question() {
            return Err(unavailable("the answer is about another token"));
        }
        match (looked, &self.epoch) {
            (Looked::Clear, _) => Ok(*asked),
            (Looked::Failed(fault), _) => Err(unavailable(fault)),
            (Looked::Revoked(id), _) if self.ids.contains(id) => {
                let kind = id.split(' ').next().unwrap_or_default();
                Err(denied(kind, profile).into())
            }
            (Looked::Stale(current), Some(epoch)) if *current > epoch.held => {
                Err(Error::DelegationStale { held: epoch.held, current: *current }.into())
            }
            (Looked::Revoked(_) | Looked::Stale(_), _) => {
                Err(unavailable("the answer is about another id"))
            }
        }
    }
}

/// The end of an answer: by its age, and never after the token's own.
fn ends(verified: &Verified, asked: UnixTime, age: u32) -> Option<UnixTime> {
    let exp = UnixTime::in_claims(verified.claims(), "exp").ok().flatten()?;
    Some(exp.min(asked.after(age)))
}

fn denied(kind: &str, profile: Profile) -> Error {
    let anchor = ANCHORS.iter().find(|anchor| **anchor == kind);
    match (kind, anchor) {
        ("token", _) => Error::TokenInactive {},
        (_, Some(anchor)) if profile == Profile::Caracal => Error::SessionRevoked { anchor },
        ("sub", _) => Error::TokenRevoked { by: "sub" },
        (_, Some(anchor)) => Error::TokenRevoked { by: anchor },
        (_, None) => Error::TokenRevoked { by: "jti" },
    }
}

fn unavailable(fault: &str) -> Lack {
    Error::RevocationUnavailable { fault: Excerpt::of(fault), retry_after: LATER }.into()
}

impl From<Missing> for Lack {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<Error> for Lack {
    fn from(error: Error) -> Self {
        Self::Missing(error.into())
    }
}
