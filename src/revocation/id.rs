//! Verified -> the ids by which its token may be revoked. Never lets one issuer's id be another's.

use serde_json::Value;

use crate::config::{Config, Profile};
use crate::error::Error;
use crate::uri::{decoded, encoded};
use crate::verify::{Verified, whole};

/// An id by which a token may be revoked, as [`crate::Look`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// The whole text.
    pub text: String,
    /// Its first word.
    pub by: &'static str,
    /// The claim, for a store that knows nothing of issuers: Caracal's own.
    pub flat: Option<String>,
}

/// The state of a zone's delegations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The zone.
    pub zone: String,
    /// Its epoch when the token was issued: any later one makes it stale.
    pub held: u64,
}

/// Kind, and words after it.
const KINDS: &[(&str, usize)] = &[
    ("jti", 3),
    ("sid", 2),
    ("sub", 2),
    ("root_sid", 2),
    ("agent_session_id", 2),
    ("delegation_edge_id", 2),
];

/// Anchors of a mandate; with any of them it is revoked.
pub const ANCHORS: [&str; 4] = ["sid", "root_sid", "agent_session_id", "delegation_edge_id"];

/// The ids of a token, one at least.
///
/// # Errors
/// [`Error::ClaimMalformed`] for a claim that is not text, [`Error::ClaimMissing`] for a token that
/// nobody could revoke.
pub fn ids(verified: &Verified, config: &Config) -> Result<Vec<Id>, Error> {
    let issuer = verified.text("iss").unwrap_or_default();
    let mut ids = Vec::new();
    if let Some(jti) = text(verified, "jti")? {
        let configured = config.issuers.iter().find(|own| own.issuer == issuer);
        let audiences = configured.map(|own| own.audience.as_slice()).unwrap_or_default();
        for audience in audiences.iter().filter(|own| is_for(verified, own)) {
            ids.push(Id::new("jti", &[issuer, audience, jti]));
        }
    }
    let anchors: &[&'static str] = match verified.profile() {
        Profile::Oauth => &["sid"],
        Profile::Caracal => &ANCHORS,
    };
    for claim in anchors.iter().chain(&["sub"]).copied() {
        if let Some(value) = text(verified, claim)? {
            let flat = verified.profile() == Profile::Caracal && claim != "sub";
            let id = Id::new(claim, &[issuer, value]);
            ids.push(Id { flat: flat.then(|| value.to_owned()), ..id });
        }
    }
    if ids.is_empty() {
        return Err(Error::ClaimMissing { claim: "jti" });
    }
    Ok(ids)
}

/// The epoch at which a mandate was issued, where it says so.
pub fn epoch(verified: &Verified) -> Option<Epoch> {
    if verified.profile() != Profile::Caracal {
        return None;
    }
    let held = verified.claim("delegation_graph_epoch").and_then(whole)?;
    Some(Epoch { zone: verified.text("zone_id")?.to_owned(), held })
}

impl Id {
    /// An id of a kind, with these words.
    pub fn new(by: &'static str, words: &[&str]) -> Self {
        let mut text = by.to_owned();
        for word in words {
            text.push(' ');
            text.push_str(&self::word(word));
        }
        Self { text, by, flat: None }
    }

    /// Whether a text is an id as we would write it: no other is ever equal to one.
    pub fn is_one(text: &str) -> bool {
        let mut words = text.split(' ');
        let kind = words.next();
        let Some((_, count)) = KINDS.iter().find(|(name, _)| Some(*name) == kind) else {
            return false;
        };
        let canonical = |word: &str| {
            let plain = decoded(word).and_then(|bytes| String::from_utf8(bytes).ok());
            !word.is_empty() && plain.is_some_and(|plain| self::word(&plain) == word)
        };
        words.clone().count() == *count && words.all(canonical)
    }
}

fn word(text: &str) -> String {
    encoded(text, |byte| byte.is_ascii_graphic() && byte != b'%')
}

/// A claim that is text; one that is absent, null or empty names nothing.
fn text<'a>(verified: &'a Verified, claim: &'static str) -> Result<Option<&'a str>, Error> {
    match verified.claim(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

fn is_for(verified: &Verified, audience: &str) -> bool {
    match verified.claim("aud") {
        Some(Value::Array(list)) => list.iter().any(|own| own == audience),
        Some(single) => single == audience,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn no_two_claims_have_one_id() {
        let text = |by, words: &[&str]| Id::new(by, words).text;
        assert_eq!(
            text("jti", &["https://as.example.com", "https://api.example.com/mcp", "a/b:c"]),
            "jti https://as.example.com https://api.example.com/mcp a/b:c"
        );
        assert_eq!(text("sub", &["i", "a b%20,\n\u{e9}"]), "sub i a%20b%2520,%0A%C3%A9");
        assert_ne!(text("sub", &["i", "a b"]), text("sub", &["i", "a%20b"]));
        assert_ne!(text("sub", &["i x", "a"]), text("sub", &["i", "x a"]));
    }

    #[test]
    fn only_what_could_be_equal_to_an_id_is_one() {
        for (text, is_one) in [
            ("jti https://as.example.com https://api.example.com 1", true),
            ("sub i a%20b", true),
            ("sub i a%2520b", true),
            ("root_sid i 1", true),
            ("", false),
            ("jti", false),
            ("1", false),
            ("jti i 1", false),
            ("sub i a b", false),
            ("sub  i a", false),
            ("sub i ", false),
            ("sub i a ", false),
            ("sub i a\n", false),
            ("sub i \u{e9}", false),
            ("sub i a%2fb", false),
            ("sub i a%2Fb", false),
            ("sub i a%40b", false),
            ("sub i a%4", false),
            ("sub i %FF", false),
            ("SUB i a", false),
            ("token abc", false),
            ("session i a", false),
        ] {
            assert_eq!(Id::is_one(text), is_one, "{text:?}");
        }
    }
}
