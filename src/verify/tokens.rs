//! Tokens that are remembered: what an issuer signed need not be read and checked twice. Never
//! remembers a failure, and never says that a token holds: that is decided each time.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::keys::Key;

/// A token whose signature was right.
#[derive(Clone)]
pub struct Signed {
    /// Which of the configured issuers.
    pub issuer: usize,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// `kid`, where the token has one.
    pub key_id: Option<String>,
    /// By this key.
    pub key: Arc<Key>,
    /// What it says.
    pub claims: Arc<Map<String, Value>>,
}

/// Tokens, by their exact bytes; those that were not shown for long are forgotten.
///
/// Two halves instead of a list of uses: when the young one is full it becomes the old one, and what
/// is shown again moves back.
#[derive(Default)]
pub struct Tokens {
    young: Half,
    old: Half,
}

#[derive(Default)]
struct Half {
    tokens: HashMap<Box<str>, Arc<Signed>>,
    bytes: usize,
}

/// Tokens of one half.
const TOKENS: usize = 10_000;
/// Bytes of them all: what they say takes a few times as much.
const BYTES: usize = 10 << 20;

impl Tokens {
    /// A token that was remembered.
    pub fn get(&mut self, token: &str) -> Option<Arc<Signed>> {
        if let Some(signed) = self.young.tokens.get(token) {
            return Some(Arc::clone(signed));
        }
        let (token, signed) = self.old.tokens.remove_entry(token)?;
        self.add(token, Arc::clone(&signed));
        Some(signed)
    }

    /// Remembers a token, in place of what was known of it.
    pub fn put(&mut self, token: &str, signed: Signed) {
        self.old.tokens.remove(token);
        self.add(token.into(), Arc::new(signed));
    }

    fn add(&mut self, token: Box<str>, signed: Arc<Signed>) {
        let bytes = self.young.bytes.saturating_add(token.len());
        let is_full = self.young.tokens.len() >= TOKENS || bytes > BYTES;
        if is_full && !self.young.tokens.contains_key(&token) {
            self.old = std::mem::take(&mut self.young);
        }
        let bytes = token.len();
        if self.young.tokens.insert(token, signed).is_none() {
            self.young.bytes = self.young.bytes.saturating_add(bytes);
        }
    }
}

/// Tokens are secrets.
impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn signed(key: &Arc<Key>) -> Signed {
        let (algorithm, key) = (Algorithm::EdDSA, Arc::clone(key));
        Signed { issuer: 0, algorithm, key_id: None, key, claims: Arc::default() }
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
        let (mut tokens, key) = (Tokens::default(), key()?);
        tokens.put("kept", signed(&key));
        tokens.put("forgotten", signed(&key));
        for number in 0..4 * TOKENS {
            tokens.put(&number.to_string(), signed(&key));
            assert!(tokens.get("kept").is_some());
        }
        assert!(tokens.get("forgotten").is_none());
        assert!(tokens.get("kep").is_none() && tokens.get("kept ").is_none());
        let count = tokens.young.tokens.len() + tokens.old.tokens.len();
        assert!(count <= 2 * TOKENS, "{count}");
        Ok(())
    }

    #[test]
    fn remembers_no_more_bytes_than_it_should() -> Result<(), String> {
        let (mut tokens, key) = (Tokens::default(), key()?);
        for number in 0..4_000 {
            tokens.put(&format!("{number:016384}"), signed(&key));
            tokens.put("short", signed(&key));
            for half in [&tokens.young, &tokens.old] {
                let bytes: usize = half.tokens.keys().map(|token| token.len()).sum();
                assert!(half.bytes >= bytes && bytes <= BYTES + 5, "{bytes}");
            }
        }
        Ok(())
    }

    #[test]
    fn shows_no_token_in_a_log() -> Result<(), String> {
        let (mut tokens, key) = (Tokens::default(), key()?);
        tokens.put("secret", signed(&key));
        assert_eq!(format!("{tokens:?}"), "Tokens { .. }");
        Ok(())
    }
}
