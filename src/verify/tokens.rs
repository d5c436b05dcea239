//! Tokens that are remembered: what an issuer signed need not be read and checked twice. Never
//! remembers a failure, and never says that a token holds: that is decided each time.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use memchr::arch::all::is_equal;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::dates::Dates;
use crate::config::Profile;
use crate::keys::{Key, Wanted};

/// A token whose signature was right.
pub struct Token {
    /// Which of the configured issuers.
    pub issuer: usize,
    /// By whose rules.
    pub profile: Profile,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// `kid`, where the token has one.
    pub key_id: Option<String>,
    /// By this key.
    pub key: Arc<Key>,
    /// What it says.
    pub claims: Arc<Map<String, Value>>,
    /// When it holds: all else that it says was found right, and stays so.
    pub dates: Dates,
    /// What is made of it, once it is wanted.
    pub made: Made,
}

/// What is made of a token once.
#[derive(Default)]
pub struct Made {
    digest: OnceLock<String>,
    headers: OnceLock<Headers>,
}

/// Headers that carry claims: name, value.
pub type Headers = Arc<[(String, String)]>;

/// Tokens, by their exact bytes; those that were not shown for long are forgotten.
///
/// Two halves instead of a list of uses: when the young one is full it becomes the old one, and what
/// is shown again moves back.
pub struct Tokens {
    /// Random in Envoy; where it is not, whoever finds tokens of one hash has only them forgotten.
    hasher: RandomState,
    young: Half,
    old: Half,
    /// Bytes of memory that a half may take.
    room: usize,
}

#[derive(Default)]
struct Half {
    /// By the hash of its text: of two that have one, the later is remembered.
    tokens: HashMap<u64, (Box<str>, Arc<Token>)>,
    /// What they weigh.
    bytes: usize,
}

/// Bytes for a token beside its text and its claims.
const ENTRY: usize = 256;
/// Bytes of headers that are kept: within what an entry takes.
const HEADERS: usize = 128;
/// Bytes of a node of members, as wasm32 has it.
const NODE: usize = 416;
/// Bytes for an item of a list, which may have room for as many again.
const ITEM: usize = 48;
/// Bytes that an allocation takes beside what it holds.
const PIECE: usize = 16;

impl Token {
    /// Which key has signed it.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted { id: self.key_id.as_deref(), algorithm: self.algorithm }
    }

    /// The SHA-256 of its text, base64url.
    pub fn digest(&self, text: &str) -> &str {
        self.made.digest.get_or_init(|| URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
    }

    /// The headers that carry its claims.
    pub fn headers(&self, make: impl FnOnce() -> Headers) -> Headers {
        if let Some(kept) = self.made.headers.get() {
            return Arc::clone(kept);
        }
        let made = make();
        let bytes: usize = made.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes <= HEADERS {
            // Whoever was first has made the same.
            let _ = self.made.headers.set(Arc::clone(&made));
        }
        made
    }

    /// About so many bytes of memory, its text among them.
    fn weight(&self, text: &str) -> usize {
        let own = [ENTRY, text.len(), self.key_id.as_ref().map_or(0, String::len)];
        own.into_iter().fold(members(&self.claims), usize::saturating_add)
    }
}

fn members(members: &Map<String, Value>) -> usize {
    let nodes = match members.len() {
        0 => 0,
        1..=11 => 1,
        more => 1 + more / 5,
    };
    let of = |(name, value): (&String, &Value)| name.len() + PIECE + weight(value);
    members.iter().map(of).fold(nodes * NODE, usize::saturating_add)
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() + PIECE,
        Value::Array(items) => {
            items.iter().map(|item| ITEM + weight(item)).fold(4 * ITEM, usize::saturating_add)
        }
        Value::Object(object) => members(object),
    }
}

impl Tokens {
    /// Room for tokens in so many bytes of memory.
    pub fn new(bytes: usize) -> Self {
        let (young, old) = (Half::default(), Half::default());
        Self { hasher: RandomState::new(), young, old, room: bytes / 2 }
    }

    /// A token that was remembered.
    pub fn get(&mut self, text: &str) -> Option<Arc<Token>> {
        let hash = self.hasher.hash_one(text);
        if let Some(token) = self.young.get(hash, text) {
            return Some(Arc::clone(token));
        }
        self.old.get(hash, text)?;
        let (text, token) = self.old.take(hash)?;
        self.add(hash, text, Arc::clone(&token));
        Some(token)
    }

    /// Remembers a token, in place of what was known of it.
    pub fn put(&mut self, text: &str, token: Arc<Token>) {
        self.add(self.hasher.hash_one(text), text.into(), token);
    }

    /// Forgets a token.
    pub fn forget(&mut self, text: &str) {
        let hash = self.hasher.hash_one(text);
        self.young.take(hash);
        self.old.take(hash);
    }

    fn add(&mut self, hash: u64, text: Box<str>, token: Arc<Token>) {
        let bytes = token.weight(&text);
        if bytes > self.room {
            return;
        }
        self.young.take(hash);
        if self.young.bytes.saturating_add(bytes) > self.room {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes = self.young.bytes.saturating_add(bytes);
        self.young.tokens.insert(hash, (text, token));
    }
}

impl Half {
    fn get(&self, hash: u64, text: &str) -> Option<&Arc<Token>> {
        let (kept, token) = self.tokens.get(&hash)?;
        is_equal(kept.as_bytes(), text.as_bytes()).then_some(token)
    }

    fn take(&mut self, hash: u64) -> Option<(Box<str>, Arc<Token>)> {
        let (text, token) = self.tokens.remove(&hash)?;
        self.bytes = self.bytes.saturating_sub(token.weight(&text));
        Some((text, token))
    }
}

/// Tokens are secrets.
impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// What it says is its holder's affair.
impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Token").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::UnixTime;

    const ROOM: usize = 1 << 20;

    fn token(key: &Arc<Key>, claims: Value) -> Arc<Token> {
        let claims = Arc::new(claims.as_object().cloned().unwrap_or_default());
        Arc::new(Token {
            issuer: 0,
            profile: Profile::Oauth,
            algorithm: Algorithm::EdDSA,
            key_id: None,
            key: Arc::clone(key),
            claims,
            dates: Dates { end: UnixTime::from_seconds(0), begin: None, issue: None },
            made: Made::default(),
        })
    }

    /// RFC 8037 appendix A.2.
    fn key() -> Result<Arc<Key>, String> {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        let key = Key::of_proof(&jwk, Algorithm::EdDSA).map_err(|error| format!("{error:?}"))?;
        Ok(Arc::new(key))
    }

    #[test]
    fn remembers_those_that_are_shown() -> Result<(), String> {
        let (mut tokens, key) = (Tokens::new(ROOM), key()?);
        let claims = json!({ "sub": "alice" });
        tokens.put("kept", token(&key, claims.clone()));
        tokens.put("forgotten", token(&key, claims.clone()));
        for number in 0..4 * ROOM / 700 {
            tokens.put(&number.to_string(), token(&key, claims.clone()));
            assert!(tokens.get("kept").is_some());
        }
        assert!(tokens.get("forgotten").is_none());
        assert!(tokens.get("kep").is_none() && tokens.get("kept ").is_none());
        tokens.forget("kept");
        assert!(tokens.get("kept").is_none());
        Ok(())
    }

    #[test]
    fn remembers_no_more_than_it_has_room_for() -> Result<(), String> {
        let (mut tokens, key) = (Tokens::new(ROOM), key()?);
        let nested = (0..25).fold(json!({}), |inner, _| json!({ "": inner }));
        let details = vec![json!({ "type": "x" }); 100];
        for (number, claims) in [json!({}), json!({ "a": details, "b": nested })]
            .into_iter()
            .cycle()
            .enumerate()
            .take(5_000)
        {
            tokens.put(&number.to_string(), token(&key, claims));
            tokens.put("again", token(&key, json!({})));
            for half in [&tokens.young, &tokens.old] {
                let weights = half.tokens.values().map(|(text, token)| token.weight(text));
                assert_eq!(half.bytes, weights.sum::<usize>());
                assert!(half.bytes <= ROOM / 2);
            }
        }
        assert!(tokens.get("again").is_some());
        let long = json!({ "a": "x".repeat(ROOM) });
        tokens.put("long", token(&key, long));
        assert!(tokens.get("long").is_none());
        let mut none = Tokens::new(0);
        none.put("a", token(&key, json!({})));
        assert!(none.get("a").is_none());
        Ok(())
    }

    #[test]
    fn keeps_headers_unless_they_are_long() -> Result<(), String> {
        let key = key()?;
        let headers = |value: &str| [("x-user".to_owned(), value.to_owned())].into();
        let long = "x".repeat(HEADERS);
        for (value, kept) in [("alice", "alice"), (&long, "bob")] {
            let token = token(&key, json!({}));
            assert_eq!(token.headers(|| headers(value)), headers(value));
            assert_eq!(token.headers(|| headers("bob")), headers(kept));
        }
        Ok(())
    }

    #[test]
    fn shows_no_token_in_a_log() -> Result<(), String> {
        let (mut tokens, key) = (Tokens::new(ROOM), key()?);
        tokens.put("secret", token(&key, json!({ "a": "secret" })));
        assert_eq!(format!("{tokens:?}"), "Tokens { .. }");
        Ok(())
    }
}
