//! Bytes -> a text that only the holder of a secret can make. Never hides them: whoever has the text
//! can read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::Secret;

/// Bytes of the authentication code, which stands before the content.
const CODE: usize = 32;
/// Characters of a sealed text that are looked at; ours are shorter.
const LIMIT: usize = 4096;

/// The seals of one secret.
#[derive(Clone)]
pub struct Seals {
    keyed: Hmac<Sha256>,
}

/// The key is a secret.
impl std::fmt::Debug for Seals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seals")
    }
}

impl Seals {
    /// The seals of a secret, for one purpose: what is sealed for another does not open, whether or
    /// not the secret is the same.
    pub fn new(secret: &Secret, purpose: &'static str) -> Result<Self, InvalidLength> {
        let keyed = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())?;
        // A byte that no purpose holds parts it from the content.
        Ok(Self { keyed: keyed.chain_update(purpose).chain_update([0]) })
    }

    /// Seals a content: base64url of its HMAC-SHA-256 and the content.
    pub fn close(&self, content: &[u8]) -> String {
        let code = self.keyed.clone().chain_update(content).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([code.as_slice(), content].concat())
    }

    /// The content, where the seal is ours.
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = Some(sealed).filter(|text| text.len() <= LIMIT)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
        let (code, content) = bytes.split_at_checked(CODE)?;
        // Compares in constant time.
        self.keyed.clone().chain_update(content).verify_slice(code).ok()?;
        Some(content.to_vec())
    }
}
