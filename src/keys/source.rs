//! The life of one issuer's key set: how old, when to fetch, what to do when that fails. Decides
//! from `now` alone; never lets a bad document replace a good one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::discovery::{self, Reach};
use super::key::KeySet;
use crate::config::{Issuer, KeyLife};
use crate::error::Excerpt;
use crate::fetch::{self, Attempts, Document, Fetched, Patience, Unavailable};
use crate::parse;
use crate::time::UnixTime;

/// Bytes of a document.
pub const DOCUMENT_BYTES: usize = 65_536;
/// Seconds between two fetches that an unknown `kid` forces.
const FORCED_EVERY: u32 = 30;
/// Seconds that any document is used for at least, whatever its `Cache-Control` says.
const SHORTEST: u32 = 30;
/// Seconds that a metadata document is used for at most.
const METADATA_AGE: u32 = 3600;

/// One issuer's keys.
#[derive(Debug)]
pub struct Source {
    origin: Origin,
    held: Option<Held>,
    attempts: Attempts,
    forced: Forced,
}

#[derive(Debug)]
enum Origin {
    Inline,
    Uri(String),
    Discovery(Discovery),
}

#[derive(Debug)]
struct Discovery {
    issuer: String,
    reach: Reach,
    places: Vec<String>,
    /// The place to look at next.
    next: usize,
    /// What is wrong with the places before it.
    fault: Option<Excerpt>,
    found: Option<Found>,
}

impl Discovery {
    /// Whether its own metadata could have named this URI.
    fn may_use(&self, uri: &str) -> bool {
        discovery::is_reachable(uri, &self.issuer, self.reach).is_ok()
    }
}

#[derive(Debug)]
struct Found {
    uri: String,
    until: UnixTime,
}

#[derive(Debug)]
struct Held {
    set: KeySet,
    members: Map<String, Value>,
    since: UnixTime,
    age: u32,
}

/// Fetches that an unknown `kid` asked for.
#[derive(Debug, Default)]
struct Forced {
    pending: bool,
    next: Option<UnixTime>,
}

/// What to do about an issuer's keys.
#[derive(Debug)]
pub enum Need {
    /// Get this document.
    Fetch(Document, String),
    /// It is being got: ask again by then.
    Wait(UnixTime),
    /// Do without: it cannot be had before so many seconds.
    Unavailable(Unavailable),
}

impl Source {
    /// The source of a configured issuer.
    pub fn new(issuer: &Issuer) -> Result<Self, &'static str> {
        let mut held = None;
        let origin = match (&issuer.keys.set, &issuer.keys.uri) {
            (Some(set), _) => {
                held = Some(inline(set)?);
                Origin::Inline
            }
            (None, Some(uri)) => Origin::Uri(uri.clone()),
            (None, None) => Origin::Discovery(Discovery {
                issuer: issuer.issuer.clone(),
                reach: if issuer.keys.cluster.is_some() || issuer.keys.private {
                    Reach::Any
                } else {
                    Reach::Public
                },
                places: discovery::places(&issuer.issuer),
                next: 0,
                fault: None,
                found: None,
            }),
        };
        Ok(Self { origin, held, attempts: Attempts::default(), forced: Forced::default() })
    }

    /// The set to use now, if there is one: fresh, or the last good one while fetches fail.
    pub fn usable(&self, life: &KeyLife, now: UnixTime) -> Option<&KeySet> {
        let held = self.held.as_ref()?;
        let end = match (&self.origin, self.attempts.fail()) {
            (Origin::Inline, _) => return Some(&held.set),
            (_, false) => held.since.after(held.age),
            (_, true) => held.since.after(held.age).after(life.stale),
        };
        (now < end).then_some(&held.set)
    }

    /// A clock that was set back leaves instants of a future that may never come: they are as good
    /// as absent, and a set begins its age anew.
    pub fn set_back(&mut self, life: &KeyLife, now: UnixTime) {
        let beyond = |instant: &UnixTime, span: u32| *instant > now.after(span);
        if let Some(held) = self.held.as_mut().filter(|held| held.since > now) {
            held.since = now;
        }
        self.attempts.set_back(life.timeout, now);
        self.forced.next.take_if(|next| beyond(next, FORCED_EVERY));
        if let Origin::Discovery(discovery) = &mut self.origin {
            discovery.found.take_if(|found| beyond(&found.until, METADATA_AGE));
        }
    }

    /// Nobody follows the fetch that was asked for.
    pub fn abandoned(&mut self) {
        self.attempts.ended();
    }

    /// There is no usable set.
    pub fn first(&mut self, life: &KeyLife, patience: Patience, now: UnixTime) -> Need {
        match self.attempts.too_soon(now) {
            Some(unavailable) => Need::Unavailable(unavailable),
            None => self.fetch(life, patience, now),
        }
    }

    /// The set lacks a key: a rotation, or a forgery. One fetch finds out, and forgeries cannot
    /// cause more. `None`: it is known to lack it.
    pub fn forced(&mut self, life: &KeyLife, patience: Patience, now: UnixTime) -> Option<Need> {
        let since = self.held.as_ref()?.since;
        if matches!(self.origin, Origin::Inline) || since >= now {
            return None;
        }
        if let Some(until) = self.attempts.awaited(patience, now) {
            return Some(Need::Wait(until));
        }
        if self.forced.pending {
            return Some(self.fetch(life, patience, now));
        }
        let wait = self.forced.next.filter(|next| now < *next).map(|next| now.until(next));
        match wait {
            None => {
                self.forced = Forced { pending: true, next: Some(now.after(FORCED_EVERY)) };
                Some(self.fetch(life, patience, now))
            }
            // While fetches fail, nobody knows whether the key exists: the token may be good.
            Some(seconds) => self.attempts.unavailable(seconds).map(Need::Unavailable),
        }
    }

    /// The document to fetch ahead of need, if it is time: requests go on meanwhile.
    pub fn ahead(&mut self, life: &KeyLife, now: UnixTime) -> Option<(Document, String)> {
        let held = self.held.as_ref()?;
        let early = fetch::early(held.since, held.age);
        let idle = self.attempts.awaited(Patience::Waits, now).is_none()
            && self.attempts.too_soon(now).is_none();
        if matches!(self.origin, Origin::Inline) || now < early || !idle {
            return None;
        }
        match self.fetch(life, Patience::Waits, now) {
            Need::Fetch(document, uri) => Some((document, uri)),
            _ => None,
        }
    }

    /// Takes what a fetch brought at `at`.
    pub fn fetched(
        &mut self,
        document: Document,
        uri: &str,
        answer: Fetched<'_>,
        life: &KeyLife,
        at: UnixTime,
    ) {
        self.attempts.ended();
        let ended = match document {
            Document::KeySet => self.take_set(answer, life, at),
            Document::Metadata => self.take_metadata(uri, answer, at),
        };
        // A metadata document is only half of the way.
        if self.forced.pending && (document == Document::KeySet || ended.is_err()) {
            self.forced = Forced { pending: false, next: Some(at.after(FORCED_EVERY)) };
        }
        if let Err(fault) = ended {
            self.attempts.failed(fault, at);
            // The metadata may have moved on without us.
            if let (Document::KeySet, Origin::Discovery(discovery)) = (document, &mut self.origin) {
                discovery.found = None;
            }
        }
    }

    fn take_set(
        &mut self,
        answer: Fetched<'_>,
        life: &KeyLife,
        at: UnixTime,
    ) -> Result<(), Excerpt> {
        let (body, asked) = fetch::read(answer, DOCUMENT_BYTES)?;
        let members = parse::object(body).map_err(Excerpt::of)?;
        let set = KeySet::read(&members).map_err(Excerpt::of)?;
        let age = asked.unwrap_or(life.age).clamp(SHORTEST.min(life.age), life.age);
        self.held = Some(Held { set, members, since: at, age });
        self.attempts.succeeded();
        Ok(())
    }

    fn take_metadata(
        &mut self,
        uri: &str,
        answer: Fetched<'_>,
        at: UnixTime,
    ) -> Result<(), Excerpt> {
        let Origin::Discovery(discovery) = &mut self.origin else {
            return Ok(());
        };
        let silent = matches!(answer, Fetched::Failed(_));
        let read = fetch::read(answer, DOCUMENT_BYTES).and_then(|(body, asked)| {
            let uri = discovery::key_set_uri(body, &discovery.issuer, discovery.reach);
            Ok((uri.map_err(Excerpt::of)?, asked))
        });
        match read {
            Ok((uri, asked)) => {
                let age = asked.unwrap_or(METADATA_AGE).clamp(SHORTEST, METADATA_AGE);
                discovery.found = Some(Found { uri, until: at.after(age) });
                (discovery.next, discovery.fault) = (0, None);
                Ok(())
            }
            // A reply to a fetch that came twice: the next place is asked already.
            Err(_) if discovery.places.get(discovery.next).is_none_or(|place| place != uri) => {
                Ok(())
            }
            Err(fault) => {
                let fault = discovery.fault.take().unwrap_or(fault);
                discovery.next = discovery.next.saturating_add(1);
                // A host that does not answer will not answer at its other places either.
                if silent || discovery.next >= discovery.places.len() {
                    discovery.next = 0;
                    return Err(fault);
                }
                discovery.fault = Some(fault);
                Ok(())
            }
        }
    }

    fn fetch(&mut self, life: &KeyLife, patience: Patience, now: UnixTime) -> Need {
        if let Err(until) = self.attempts.begin(life.timeout, patience, now) {
            return Need::Wait(until);
        }
        match &self.origin {
            Origin::Inline => Need::Wait(now),
            Origin::Uri(uri) => Need::Fetch(Document::KeySet, uri.clone()),
            Origin::Discovery(discovery) => match &discovery.found {
                Some(found) if now < found.until => {
                    Need::Fetch(Document::KeySet, found.uri.clone())
                }
                _ => {
                    let place = discovery.places.get(discovery.next).cloned().unwrap_or_default();
                    Need::Fetch(Document::Metadata, place)
                }
            },
        }
    }

    /// The set as it was published, for another process.
    pub fn export(&self) -> Option<Kept> {
        let held = self.held.as_ref()?;
        let uri = match &self.origin {
            Origin::Inline => return None,
            Origin::Uri(uri) => uri,
            Origin::Discovery(discovery) => &discovery.found.as_ref()?.uri,
        };
        let set = held.members.clone();
        Some(Kept { uri: uri.clone(), since: held.since, age: held.age, set })
    }

    /// Takes over a set that another process fetched, where it is newer than ours and as old as it
    /// says. `None`: it does not belong here.
    pub fn import(&mut self, kept: Kept, life: &KeyLife, now: UnixTime) -> Option<()> {
        let newer = self.held.as_ref().is_none_or(|held| held.since < kept.since);
        let set = KeySet::read(&kept.set).ok().filter(|_| newer && kept.since <= now)?;
        match &mut self.origin {
            Origin::Uri(uri) if *uri == kept.uri => {}
            Origin::Discovery(discovery) if discovery.may_use(&kept.uri) => {
                let until = kept.since.after(METADATA_AGE);
                discovery.found = Some(Found { uri: kept.uri, until });
            }
            _ => return None,
        }
        let age = kept.age.min(life.age);
        self.held = Some(Held { set, members: kept.set, since: kept.since, age });
        Some(())
    }
}

/// A key set that was fetched, with all that its further life needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    uri: String,
    since: UnixTime,
    age: u32,
    set: Map<String, Value>,
}

fn inline(set: &Value) -> Result<Held, &'static str> {
    let members = set.as_object().ok_or("is not a key set (RFC 7517 section 5)")?.clone();
    let set = KeySet::read(&members)?;
    if set.is_empty() {
        return Err("holds no key that can verify a token");
    }
    Ok(Held { set, members, since: UnixTime::from_seconds(0), age: 0 })
}
