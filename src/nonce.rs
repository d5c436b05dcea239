//! A secret and the time -> nonces for proofs (RFC 9449 section 9). Never remembers one: whoever has
//! the secret knows all of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::Secret;
use crate::time::UnixTime;

/// Seconds that a nonce is handed out for; it is taken for as long again.
const SLOT: i64 = 150;
/// Bytes of a nonce, before base64url.
const LENGTH: usize = 16;

/// The nonces of one secret.
#[derive(Clone)]
pub struct Nonces {
    keyed: Hmac<Sha256>,
}

/// The key is a secret.
impl std::fmt::Debug for Nonces {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Nonces")
    }
}

impl Nonces {
    /// The nonces of a secret; HMAC takes one of any length (RFC 2104 section 3).
    pub fn new(secret: &Secret) -> Result<Self, InvalidLength> {
        Ok(Self { keyed: Hmac::new_from_slice(secret.expose().as_bytes())? })
    }

    /// The nonce that is handed out now.
    pub fn current(&self, now: UnixTime) -> String {
        let full = self.of(slot(now)).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(full.get(..LENGTH).unwrap_or_default())
    }

    /// Whether a nonce was handed out in this slot or the one before; or, by a gate whose clock is
    /// ahead, within the leeway.
    pub fn takes(&self, nonce: &str, now: UnixTime, leeway: u32) -> bool {
        let Some(nonce) = URL_SAFE_NO_PAD.decode(nonce).ok().filter(|bytes| bytes.len() == LENGTH)
        else {
            return false;
        };
        let slots = slot(now).saturating_sub(1)..=slot(now.after(leeway));
        slots.into_iter().any(|slot| self.of(slot).verify_truncated_left(&nonce).is_ok())
    }

    fn of(&self, slot: i64) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(format!("waxseal dpop nonce {slot}"))
    }
}

fn slot(time: UnixTime) -> i64 {
    time.seconds().div_euclid(SLOT)
}
