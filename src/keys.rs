//! Which key, how old, when to fetch. Never fetches itself, and never lets a bad set replace a good one.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use crate::config::{Config, ConfigError};
use crate::error::Excerpt;
use crate::parse;
use crate::time::UnixTime;

/// Bytes of a key set.
const SET_BYTES: usize = 65_536;
/// Keys of a set that are kept.
const SET_KEYS: usize = 100;
/// Keys that are tried for one token.
const TRIES: usize = 4;
/// Seconds between two fetches that an unknown `kid` forces.
const FORCED_EVERY: u32 = 30;
/// Seconds before a failed fetch is tried again.
const RETRY_AFTER: u32 = 5;

/// A public key that can verify signatures.
#[derive(Debug)]
pub struct Key {
    jwk: Jwk,
    material: DecodingKey,
}

impl Key {
    /// The `kid`, where the set gives one.
    pub fn id(&self) -> Option<&str> {
        self.jwk.common.key_id.as_deref()
    }

    /// The key's parameters, as `jsonwebtoken` reads them.
    pub fn material(&self) -> &DecodingKey {
        &self.material
    }

    /// Reads one key; `None` for a key that can verify nothing here (RFC 7517 section 5: ignored).
    fn read(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        let may_verify =
            jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
                && jwk
                    .common
                    .key_operations
                    .as_ref()
                    .is_none_or(|list| list.contains(&KeyOperations::Verify));
        let material = DecodingKey::from_jwk(&jwk).ok()?;
        let key = Self { jwk, material };
        (may_verify && key.has_fitting_size()).then_some(key)
    }

    /// RFC 7518 sections 3.3 and 6.2.1.2.
    fn has_fitting_size(&self) -> bool {
        match &self.jwk.algorithm {
            AlgorithmParameters::EllipticCurve(point) => {
                point.curve == EllipticCurve::P256 && point.x.len() == 43 && point.y.len() == 43
            }
            AlgorithmParameters::RSA(_) => match self.material.kind() {
                jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => {
                    (2048..=4096).contains(&bits(n))
                }
                jsonwebtoken::DecodingKeyKind::SecretOrDer(_) => false,
            },
            _ => false,
        }
    }

    /// Whether the key may verify this algorithm (RFC 7517 section 4.4, RFC 8725 section 3.1).
    fn fits(&self, algorithm: Algorithm) -> bool {
        let family = match &self.jwk.algorithm {
            AlgorithmParameters::EllipticCurve(_) => algorithm == Algorithm::ES256,
            AlgorithmParameters::RSA(_) => algorithm == Algorithm::RS256,
            _ => false,
        };
        family && self.jwk.common.key_algorithm.is_none_or(|own| own == algorithm.into())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

fn bits(number: &[u8]) -> usize {
    let digits = number.iter().skip_while(|byte| **byte == 0);
    let leading = digits.clone().next().map_or(0, |byte| byte.leading_zeros());
    digits.count().saturating_mul(8).saturating_sub(usize::try_from(leading).unwrap_or(0))
}

/// The usable keys of one issuer.
#[derive(Debug, Default)]
struct KeySet {
    keys: Vec<Arc<Key>>,
}

impl KeySet {
    fn read(members: &Map<String, Value>) -> Result<Self, &'static str> {
        let Some(Value::Array(list)) = members.get("keys") else {
            return Err("no `keys` list");
        };
        let keys = list.iter().filter_map(Key::read).take(SET_KEYS).map(Arc::new).collect();
        Ok(Self { keys })
    }

    fn fitting(&self, wanted: &Wanted<'_>) -> Vec<Arc<Key>> {
        let named = |key: &&Arc<Key>| wanted.id.is_none_or(|id| key.id() == Some(id));
        self.keys
            .iter()
            .filter(named)
            .filter(|key| key.fits(wanted.algorithm))
            .take(TRIES)
            .cloned()
            .collect()
    }
}

/// What a token's header says of its key.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// `kid`.
    pub id: Option<&'a str>,
    /// `alg`.
    pub algorithm: Algorithm,
}

/// A document that a decision needs: the face gets it and tells [`crate::Gate::fetched`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    issuer: usize,
    /// What to get, with `GET` and without following redirects.
    pub uri: String,
    /// The Envoy cluster that leads there.
    pub cluster: Option<String>,
    /// Seconds that it may take.
    pub timeout: u32,
    /// Bytes of body to read at most.
    pub limit: usize,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug)]
pub enum Fetched<'a> {
    /// With a reply.
    Reply {
        /// Its status.
        status: u16,
        /// Its body.
        body: &'a [u8],
    },
    /// Without one; the text names the cause for the log.
    Failed(&'a str),
}

/// What [`Keys::find`] has to say.
#[derive(Debug)]
pub enum Lookup {
    /// These keys fit.
    Found(Vec<Arc<Key>>),
    /// None fits.
    Unknown,
    /// The token names none, and several fit.
    Ambiguous,
    /// Ask again once this has been fetched.
    Fetch(Fetch),
    /// It is being fetched for another request: ask again by then.
    Wait(UnixTime),
    /// It cannot be had.
    Unavailable {
        /// Why the last fetch failed.
        fault: Excerpt,
        /// Seconds until the next one.
        retry_after: u32,
    },
}

/// The key sets of all issuers, in the order of the configuration.
#[derive(Debug)]
pub struct Keys {
    sources: Vec<Source>,
    age: u32,
    timeout: u32,
}

#[derive(Debug)]
struct Source {
    place: Option<Place>,
    set: Option<Fresh>,
    /// A fetch is under way; given up at this time.
    fetching: Option<UnixTime>,
    /// An unknown `kid` may force no fetch before this time.
    next_forced: Option<UnixTime>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Place {
    uri: String,
    cluster: Option<String>,
}

#[derive(Debug)]
struct Fresh {
    set: KeySet,
    since: UnixTime,
}

#[derive(Debug)]
struct Failure {
    fault: Excerpt,
    at: UnixTime,
}

impl Keys {
    /// The sources of a configuration, with the key sets that it holds itself.
    ///
    /// # Errors
    /// An inline set that is no key set, or holds no key that can verify anything.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let source = |(index, issuer): (usize, &crate::config::Issuer)| {
            let set =
                issuer.keys.set.as_ref().map(inline).transpose().map_err(|fault| ConfigError {
                    member: format!("issuers[{index}].keys.set"),
                    fault: fault.to_owned(),
                })?;
            let place = issuer.keys.uri.clone();
            let place = place.map(|uri| Place { uri, cluster: issuer.keys.cluster.clone() });
            Ok(Source { place, set, fetching: None, next_forced: None, failure: None })
        };
        let sources = config.issuers.iter().enumerate().map(source).collect::<Result<_, _>>()?;
        Ok(Self { sources, age: config.keys.age, timeout: config.keys.timeout })
    }

    /// Finds the keys of an issuer that may have signed a token.
    pub fn find(&mut self, issuer: usize, wanted: &Wanted<'_>, now: UnixTime) -> Lookup {
        let (age, timeout) = (self.age, self.timeout);
        let Some(source) = self.sources.get_mut(issuer) else {
            return Lookup::Unknown;
        };
        let Some(fresh) = source.fresh(age, now) else {
            return source.first_fetch(issuer, timeout, now);
        };
        let found = fresh.set.fitting(wanted);
        let since = fresh.since;
        match found.len() {
            0 => source.forced_fetch(issuer, timeout, since, now),
            1 => Lookup::Found(found),
            _ if wanted.id.is_some() => Lookup::Found(found),
            _ => Lookup::Ambiguous,
        }
    }

    /// Takes what a fetch brought.
    pub fn fetched(&mut self, fetch: &Fetch, answer: Fetched<'_>, now: UnixTime) {
        let Some(source) = self.sources.get_mut(fetch.issuer) else {
            return;
        };
        source.fetching = None;
        match read(answer) {
            Ok(set) => {
                source.set = Some(Fresh { set, since: now });
                source.failure = None;
            }
            Err(fault) => source.failure = Some(Failure { fault, at: now }),
        }
    }
}

impl Source {
    fn fresh(&self, age: u32, now: UnixTime) -> Option<&Fresh> {
        let inline = self.place.is_none();
        self.set.as_ref().filter(|fresh| inline || now < fresh.since.after(age))
    }

    fn first_fetch(&mut self, issuer: usize, timeout: u32, now: UnixTime) -> Lookup {
        if let Some(failure) = &self.failure {
            let next = failure.at.after(RETRY_AFTER);
            if now < next {
                return failure.unavailable(next, now);
            }
        }
        self.fetch(issuer, timeout, now)
    }

    /// An unknown `kid` may mean a rotation: one fetch finds out, but forged ones cannot flood.
    fn forced_fetch(
        &mut self,
        issuer: usize,
        timeout: u32,
        since: UnixTime,
        now: UnixTime,
    ) -> Lookup {
        if self.place.is_none() || since >= now {
            return Lookup::Unknown;
        }
        if let Some(until) = self.fetching.filter(|until| now < *until) {
            return Lookup::Wait(until);
        }
        match (self.next_forced.filter(|next| now < *next), &self.failure) {
            (None, _) => {
                self.next_forced = Some(now.after(FORCED_EVERY));
                self.fetch(issuer, timeout, now)
            }
            // Nobody knows whether the key exists: the token may be good.
            (Some(next), Some(failure)) => failure.unavailable(next, now),
            (Some(_), None) => Lookup::Unknown,
        }
    }

    fn fetch(&mut self, issuer: usize, timeout: u32, now: UnixTime) -> Lookup {
        if let Some(until) = self.fetching.filter(|until| now < *until) {
            return Lookup::Wait(until);
        }
        let Some(place) = &self.place else {
            return Lookup::Unknown;
        };
        self.fetching = Some(now.after(timeout));
        let (uri, cluster) = (place.uri.clone(), place.cluster.clone());
        Lookup::Fetch(Fetch { issuer, uri, cluster, timeout, limit: SET_BYTES })
    }
}

impl Failure {
    fn unavailable(&self, next: UnixTime, now: UnixTime) -> Lookup {
        Lookup::Unavailable { fault: self.fault.clone(), retry_after: now.until(next).max(1) }
    }
}

fn inline(set: &Value) -> Result<Fresh, &'static str> {
    let members = set.as_object().ok_or("is not a key set (RFC 7517 section 5)")?;
    let set = KeySet::read(members)?;
    if set.keys.is_empty() {
        return Err("holds no key that can verify a token");
    }
    Ok(Fresh { set, since: UnixTime::from_seconds(0) })
}

fn read(answer: Fetched<'_>) -> Result<KeySet, Excerpt> {
    match answer {
        Fetched::Failed(cause) => Err(Excerpt::of(cause)),
        Fetched::Reply { status, .. } if status != 200 => {
            Err(Excerpt::of(&format!("status {status}")))
        }
        Fetched::Reply { body, .. } if body.len() > SET_BYTES => Err(Excerpt::of("over 64 KiB")),
        Fetched::Reply { body, .. } => {
            parse::object(body).and_then(|members| KeySet::read(&members)).map_err(Excerpt::of)
        }
    }
}
