//! A token -> the question whether it is active (RFC 7662), and the answers that are remembered.
//! Never keeps a token: only its digest.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Looked;
use super::id::Id;
use crate::config::{Introspection, Secret};
use crate::parse::object;
use crate::store::{StoreCall, form_encoded};
use crate::time::UnixTime;

/// Bytes of a reply.
const LIMIT: usize = 65_536;
/// Answers that are remembered: half of them, at least, are the newest.
const CAPACITY: usize = 10_000;

/// An introspection endpoint, and which tokens it has called active.
#[derive(Debug)]
pub struct Endpoint {
    place: Introspection,
    authorization: Secret,
    active: Active,
}

impl Endpoint {
    /// An endpoint, asked with this secret.
    pub fn new(place: Introspection, secret: &Secret) -> Self {
        // RFC 6749 section 2.3.1.
        let pair = format!("{}:{}", form_encoded(&place.client), form_encoded(secret.expose()));
        let authorization = Secret::new(format!("Basic {}", STANDARD.encode(pair)));
        Self { place, authorization, active: Active::default() }
    }

    /// The id of a token: its digest.
    pub fn id(token: &str) -> Id {
        Id::new("token", &[&URL_SAFE_NO_PAD.encode(Sha256::digest(token))])
    }

    /// Asks about a token (RFC 7662 section 2.1).
    pub fn ask(&self, token: &str) -> StoreCall {
        let place = (self.place.uri.as_str(), self.place.cluster.as_deref());
        let fields = [("token", token), ("token_type_hint", "access_token")];
        let limits = (self.place.timeout, LIMIT);
        StoreCall::post(place, self.authorization.clone(), &fields, limits)
    }

    /// Whether a token was active when it was last asked about, and that still counts.
    pub fn remembers(&self, id: &str, now: UnixTime) -> bool {
        self.active.has(id, now)
    }

    /// Remembers that a token was active.
    pub fn remember(&mut self, id: &str, since: UnixTime, until: UnixTime) {
        self.active.add(id.to_owned(), since, until);
    }
}

/// What the reply says (RFC 7662 section 2.2).
pub fn answer(id: &str, status: u16, body: &[u8]) -> Looked {
    if status != 200 {
        return Looked::Failed("the introspection endpoint answers with an error");
    }
    let members = if body.len() > LIMIT { Err("too long") } else { object(body) };
    match members {
        Err(_) => Looked::Failed("the introspection endpoint does not answer with an object"),
        Ok(members) if members.get("active") == Some(&Value::Bool(true)) => Looked::Clear,
        Ok(_) => Looked::Revoked(id.to_owned()),
    }
}

/// From when until when, exclusive.
type Span = (UnixTime, UnixTime);

/// Two generations: when the young one is full it becomes the old one, which is forgotten.
#[derive(Debug, Default)]
struct Active {
    young: BTreeMap<String, Span>,
    old: BTreeMap<String, Span>,
}

impl Active {
    fn has(&self, id: &str, now: UnixTime) -> bool {
        let span = self.young.get(id).or_else(|| self.old.get(id));
        // A clock that was set back makes it unknown again.
        span.is_some_and(|(since, until)| *since <= now && now < *until)
    }

    fn add(&mut self, id: String, since: UnixTime, until: UnixTime) {
        if self.young.len() >= CAPACITY / 2 && !self.young.contains_key(&id) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, (since, until));
    }
}

#[cfg(test)]
mod tests {
    use super::{Active, CAPACITY, Looked, answer};
    use crate::time::UnixTime;

    #[test]
    fn only_true_is_active() {
        for (said, looked) in [
            (r#"{"active":true}"#, Some(Looked::Clear)),
            (r#"{"active":true,"sub":"alice","exp":1}"#, Some(Looked::Clear)),
            (r#"{"active":false}"#, Some(Looked::Revoked("token x".to_owned()))),
            (r#"{"active":"true"}"#, Some(Looked::Revoked("token x".to_owned()))),
            (r#"{"active":1}"#, Some(Looked::Revoked("token x".to_owned()))),
            ("{}", Some(Looked::Revoked("token x".to_owned()))),
            (r#"{"active":false,"active":true}"#, None),
            (r#"[{"active":true}]"#, None),
            ("true", None),
            ("", None),
            ("<html>", None),
        ] {
            let answer = answer("token x", 200, said.as_bytes());
            match looked {
                Some(looked) => assert_eq!(answer, looked, "{said}"),
                None => assert!(matches!(answer, Looked::Failed(_)), "{said}"),
            }
        }
        for status in [201, 204, 302, 401, 500] {
            let answer = answer("token x", status, br#"{"active":true}"#);
            assert!(matches!(answer, Looked::Failed(_)), "{status}");
        }
        let long = format!(r#"{{"active":true}}{}"#, " ".repeat(65_536));
        assert!(matches!(answer("token x", 200, long.as_bytes()), Looked::Failed(_)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_ends() {
        let at = UnixTime::from_seconds;
        let mut active = Active::default();
        for number in 0..3 * CAPACITY {
            active.add(number.to_string(), at(10), at(20));
            assert!(active.young.len() + active.old.len() <= CAPACITY);
        }
        let last = (3 * CAPACITY - 1).to_string();
        for (now, has) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(active.has(&last, at(now)), has, "{now}");
        }
        assert!(!active.has("0", at(10)));
    }
}
