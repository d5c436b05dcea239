//! A document -> the ids that are revoked, and the document's life. Never lets a bad or an older
//! document replace a good one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::{ConfigError, RevocationList, fault};
use crate::error::Excerpt;
use crate::fetch::{self, Attempts, Fetch, Fetched, Patience, Subject, Unavailable};
use crate::keys::KeySet;
use crate::parse;
use crate::time::UnixTime;
use crate::verify::document;

/// Bytes of a document.
const LIMIT: usize = 1_048_576;
/// What a document may have: of the claims of a JWT (RFC 7519 section 4.1) the times are looked at.
const MEMBERS: [&str; 9] = ["revoked", "epochs", "iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The list of a configuration.
#[derive(Debug)]
pub struct List {
    uri: String,
    cluster: Option<String>,
    keys: Option<KeySet>,
    life: Life,
    held: Option<Held>,
    attempts: Attempts,
}

/// Seconds.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub age: u32,
    pub stale: u32,
    pub timeout: u32,
    pub leeway: u32,
}

/// A list that holds.
#[derive(Debug)]
pub struct Revoked {
    ids: BTreeSet<String>,
    epochs: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Held {
    revoked: Revoked,
    since: UnixTime,
    /// `iat`: nothing older may come after it.
    issued: Option<UnixTime>,
    /// When it is too old, or says that it ends, whenever it came.
    end: Option<UnixTime>,
}

/// What to do about a list that there is none of.
#[derive(Debug)]
pub enum Need {
    Fetch(Fetch),
    Wait(UnixTime),
    Unavailable(Unavailable),
}

impl List {
    /// The list of a configuration, with the keys that sign it.
    pub fn new(list: &RevocationList, life: Life) -> Result<Self, ConfigError> {
        let keys = match (&list.key, &list.keys) {
            (None, None) => None,
            (Some(key), _) => {
                let mut set = Map::new();
                set.insert("keys".to_owned(), Value::Array(vec![key.clone()]));
                Some(keys("revocation.list.key", &set)?)
            }
            (None, Some(keys_of)) => {
                let member = "revocation.list.keys";
                let set = keys_of.as_object();
                let set =
                    set.ok_or_else(|| fault(member, "is not a key set (RFC 7517 section 5)"))?;
                Some(keys(member, set)?)
            }
        };
        let (uri, cluster) = (list.uri.clone(), list.cluster.clone());
        Ok(Self { uri, cluster, keys, life, held: None, attempts: Attempts::default() })
    }

    /// The list to use now: fresh, or the last good one while fetches fail.
    pub fn usable(&mut self, patience: Patience, now: UnixTime) -> Result<&Revoked, Need> {
        self.set_back(now);
        if self.held.as_ref().is_none_or(|held| self.end(held) <= now) {
            return Err(self.first(patience, now));
        }
        let held = self.held.as_ref().map(|held| &held.revoked);
        held.ok_or(Need::Wait(now))
    }

    /// The fetch ahead of need, if it is time: requests go on meanwhile.
    pub fn ahead(&mut self, now: UnixTime) -> Option<Fetch> {
        self.set_back(now);
        let held = self.held.as_ref()?;
        let due = fetch::early(held.since, self.life.age) <= now;
        if !due || self.attempts.too_soon(now).is_some() {
            return None;
        }
        self.attempts.begin(self.life.timeout, Patience::Waits, now).ok()?;
        Some(self.fetch())
    }

    /// Takes what a fetch brought at `at`.
    pub fn fetched(&mut self, answer: Fetched<'_>, at: UnixTime) {
        self.attempts.ended();
        match self.read(answer, at) {
            Ok(held) => {
                self.held = Some(held);
                self.attempts.succeeded();
            }
            Err(fault) => self.attempts.failed(fault, at),
        }
    }

    /// Nobody follows the fetch that was asked for.
    pub fn abandoned(&mut self) {
        self.attempts.ended();
    }

    fn end(&self, held: &Held) -> UnixTime {
        let fresh = held.since.after(self.life.age);
        let end = if self.attempts.fail() { fresh.after(self.life.stale) } else { fresh };
        held.end.map_or(end, |hard| hard.min(end))
    }

    fn first(&mut self, patience: Patience, now: UnixTime) -> Need {
        if let Some(unavailable) = self.attempts.too_soon(now) {
            return Need::Unavailable(unavailable);
        }
        match self.attempts.begin(self.life.timeout, patience, now) {
            Ok(()) => Need::Fetch(self.fetch()),
            Err(until) => Need::Wait(until),
        }
    }

    fn fetch(&self) -> Fetch {
        Fetch {
            subject: Subject::Revocations,
            uri: self.uri.clone(),
            cluster: self.cluster.clone(),
            timeout: self.life.timeout,
            limit: LIMIT,
            age: self.life.age,
        }
    }

    /// As with a key set: what lies in the future is as good as absent.
    fn set_back(&mut self, now: UnixTime) {
        self.attempts.set_back(self.life.timeout, now);
        let ahead = now.after(self.life.leeway);
        if let Some(held) = self.held.as_mut().filter(|held| held.since > now) {
            held.since = now;
            held.issued.take_if(|issued| *issued > ahead);
        }
    }

    fn read(&self, answer: Fetched<'_>, at: UnixTime) -> Result<Held, Excerpt> {
        let (body, _) = fetch::read(answer, LIMIT)?;
        self.document(body, at).map_err(Excerpt::of)
    }

    fn document(&self, body: &[u8], at: UnixTime) -> Result<Held, &'static str> {
        let members = match &self.keys {
            None => Arc::new(parse::object(body)?),
            Some(keys) => {
                let text = std::str::from_utf8(body).map_err(|_| "not UTF-8")?;
                document(text.trim_ascii_end(), keys, "revocation+jwt")?
            }
        };
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return Err("the list has a member that is not known");
        }
        let time =
            |claim| UnixTime::in_claims(&members, claim).map_err(|()| "a time of the list is none");
        let (issued, exp) = (time("iat")?, time("exp")?);
        if time("nbf")?.is_some_and(|nbf| nbf > at.after(self.life.leeway)) {
            return Err("the list does not hold yet");
        }
        // Whoever can replay an old signed list must not bring back what it does not revoke.
        let end = match issued {
            None if self.keys.is_some() => return Err("the signed list has no `iat`"),
            None => exp,
            Some(issued) if issued > at.after(self.life.leeway) => {
                return Err("the list was issued in the future");
            }
            Some(issued) => {
                let oldest = issued.after(self.life.age).after(self.life.stale);
                Some(exp.map_or(oldest, |exp| exp.min(oldest)))
            }
        };
        if end.is_some_and(|end| end <= at) {
            return Err("the list is too old");
        }
        let before = self.held.as_ref().and_then(|held| held.issued);
        if self.keys.is_some() && issued < before {
            return Err("the list is older than the one before it");
        }
        Ok(Held { revoked: Revoked::read(Arc::unwrap_or_clone(members))?, since: at, issued, end })
    }
}

impl Revoked {
    fn read(mut members: Map<String, Value>) -> Result<Self, &'static str> {
        let Some(Value::Array(list)) = members.remove("revoked") else {
            return Err("the list has no `revoked`");
        };
        let mut revoked = Self { ids: BTreeSet::new(), epochs: BTreeMap::new() };
        for value in list {
            match value {
                Value::String(text) if super::Id::is_one(&text) => revoked.ids.insert(text),
                _ => return Err("an entry of the list is no id"),
            };
        }
        match members.remove("epochs") {
            None => {}
            Some(Value::Object(epochs)) => {
                for (zone, value) in epochs {
                    let epoch = value.as_u64().ok_or("an epoch of the list is no whole number")?;
                    revoked.epochs.insert(zone, epoch);
                }
            }
            Some(_) => return Err("`epochs` of the list is no object"),
        }
        Ok(revoked)
    }

    /// Whether an id is on the list.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The epoch of a zone, where the list knows it.
    pub fn epoch(&self, zone: &str) -> Option<u64> {
        self.epochs.get(zone).copied()
    }
}

fn keys(member: &str, set: &Map<String, Value>) -> Result<KeySet, ConfigError> {
    let keys = KeySet::read(set).map_err(|text| fault(member, text))?;
    if keys.is_empty() {
        return Err(fault(member, "holds no key that can verify a list"));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LIMIT, Life, List, Need};
    use crate::config::{Config, RevocationList};
    use crate::fetch::{Fetched, Patience};
    use crate::time::UnixTime;

    type Failure = Box<dyn std::error::Error>;

    fn rules() -> Result<RevocationList, Failure> {
        let config = json!({ "resource": "https://api.example.com",
            "issuers": [{ "issuer": "i", "keys": { "uri": "https://as.example.com" } }],
            "revocation": { "list": { "uri": "https://as.example.com/revoked" } } });
        let config = Config::read(config.to_string().as_bytes())?;
        Ok(config.revocation.and_then(|rules| rules.list).ok_or("no list")?)
    }

    fn list() -> Result<List, Failure> {
        let life = Life { age: 30, stale: 120, timeout: 5, leeway: 30 };
        Ok(List::new(&rules()?, life)?)
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(1_700_000_000 + seconds)
    }

    fn reply(body: &[u8]) -> Fetched<'_> {
        Fetched::Reply { status: 200, cache_control: Some("max-age=86400"), body }
    }

    fn has(list: &mut List, now: i64) -> Option<bool> {
        list.usable(Patience::Waits, at(now)).ok().map(|revoked| revoked.has("sub i alice"))
    }

    fn retry_after(list: &mut List, now: i64) -> Option<u32> {
        match list.usable(Patience::Waits, at(now)) {
            Err(Need::Unavailable(unavailable)) => Some(unavailable.retry_after),
            _ => None,
        }
    }

    #[test]
    fn a_list_is_used_for_its_age_and_longer_only_while_fetches_fail() -> Result<(), Failure> {
        let mut list = list()?;
        assert!(matches!(list.usable(Patience::Waits, at(0)), Err(Need::Fetch(_))));
        assert!(matches!(list.usable(Patience::Waits, at(1)), Err(Need::Wait(_))));
        assert!(matches!(list.usable(Patience::Ended, at(1)), Err(Need::Fetch(_))));
        list.fetched(reply(br#"{"revoked":["sub i alice"]}"#), at(1));
        assert_eq!(has(&mut list, 30), Some(true));
        assert!(list.ahead(at(24)).is_none());
        assert!(list.ahead(at(25)).is_some());
        assert!(list.ahead(at(26)).is_none());
        list.fetched(Fetched::Failed("refused"), at(27));
        // Fetches fail: the last good list serves, and each failure is waited out.
        assert!(list.ahead(at(31)).is_none());
        assert_eq!(has(&mut list, 31), Some(true));
        assert!(list.ahead(at(32)).is_some());
        list.fetched(Fetched::Failed("refused"), at(148));
        assert_eq!(has(&mut list, 150), Some(true));
        assert_eq!(has(&mut list, 151), None);
        assert_eq!(retry_after(&mut list, 151), Some(7));
        assert!(matches!(list.usable(Patience::Waits, at(158)), Err(Need::Fetch(_))));
        list.fetched(reply(br#"{"revoked":[]}"#), at(158));
        assert_eq!(has(&mut list, 158), Some(false));
        // The age ends without a failure: nobody passes on an old list.
        assert!(matches!(list.usable(Patience::Waits, at(188)), Err(Need::Fetch(_))));
        Ok(())
    }

    #[test]
    fn what_is_no_list_never_replaces_one() -> Result<(), Failure> {
        let mut list = list()?;
        list.fetched(reply(br#"{"revoked":["sub i alice"],"epochs":{"z":7}}"#), at(0));
        let long = format!(r#"{{"revoked":[]}}{}"#, " ".repeat(LIMIT));
        for body in [
            "",
            "{}",
            "[]",
            r#"{"revoked":{}}"#,
            r#"{"revoked":null}"#,
            r#"{"revoked":"sub i bob"}"#,
            r#"{"revoked":[1]}"#,
            r#"{"revoked":[null]}"#,
            r#"{"revoked":["bob"]}"#,
            r#"{"revoked":["sub i bob b"]}"#,
            r#"{"revoked":["sub i b%6fb"]}"#,
            r#"{"revoked":[],"revoked":[]}"#,
            r#"{"revoked":[],"epochs":[]}"#,
            r#"{"revoked":[],"epochs":{"z":"7"}}"#,
            r#"{"revoked":[],"epochs":{"z":-1}}"#,
            r#"{"revoked":[],"epochs":{"z":1.5}}"#,
            r#"{"revoked":[],"more":1}"#,
            r#"{"revoked":[],"exp":"soon"}"#,
            r#"{"revoked":[],"exp":1}"#,
            r#"{"revoked":[],"iat":1}"#,
            r#"{"revoked":[],"iat":1700000041}"#,
            r#"{"revoked":[],"nbf":1700000041}"#,
            r#"{"revoked":[]"#,
            "\u{feff}{\"revoked\":[]}",
            long.as_str(),
        ] {
            list.fetched(reply(body.as_bytes()), at(10));
            assert_eq!(has(&mut list, 10), Some(true), "{}", body.get(..60).unwrap_or(body));
            assert!(list.attempts.fail(), "{}", body.get(..60).unwrap_or(body));
        }
        for status in [201, 204, 301, 304, 404, 500] {
            let body = br#"{"revoked":[]}"#;
            list.fetched(Fetched::Reply { status, cache_control: None, body }, at(10));
            assert_eq!(has(&mut list, 10), Some(true), "{status}");
        }
        list.fetched(reply(br#" {"revoked":[],"epochs":{"z":8},"iat":1700000000} "#), at(10));
        assert_eq!(has(&mut list, 10), Some(false));
        let epoch = list.usable(Patience::Waits, at(10)).ok().and_then(|list| list.epoch("z"));
        assert_eq!(epoch, Some(8));
        Ok(())
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_a_list_for_ever() -> Result<(), Failure> {
        let mut list = list()?;
        list.fetched(reply(br#"{"revoked":["sub i alice"]}"#), at(86_400));
        assert_eq!(has(&mut list, 0), Some(true));
        assert_eq!(has(&mut list, 29), Some(true));
        assert!(matches!(list.usable(Patience::Waits, at(30)), Err(Need::Fetch(_))));
        list.fetched(Fetched::Failed("refused"), at(86_400));
        assert!(matches!(list.usable(Patience::Waits, at(31)), Err(Need::Fetch(_))));
        Ok(())
    }
}
