//! The id of a proof -> a [`Claim`], and the stores that grant it once (RFC 9449 section 11.1).

mod local;
mod redis;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::config::{Config, ReplayStore, Secret};
use crate::store::StoreCall;
use crate::time::UnixTime;

pub use local::{LocalStore, Memory, Shelf};

/// Claim a proof, atomically, once: whoever comes second is a replay.
#[derive(Clone, Debug)]
pub struct Claim {
    /// SHA-256 of key and `jti`, base64url: 43 characters. Nobody else can take a caller's id.
    pub key: String,
    /// The last second at which the claim must be remembered: when the proof is too old for the
    /// slowest clock within the leeway.
    pub until: UnixTime,
    /// How to ask the shared store; `None` where the store is this process's.
    pub call: Option<StoreCall>,
}

/// What a store has said to a [`Claim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody has claimed it before.
    First,
    /// Somebody has.
    Taken,
    /// The store cannot tell, for this reason.
    Failed(&'static str),
}

impl Claim {
    /// The claim of a proof, by the thumbprint of its key and its `jti`, that could pass until then.
    pub fn new(
        (thumbprint, id): (&str, &str),
        until: UnixTime,
        config: &Config,
        authorization: Option<&Secret>,
        now: UnixTime,
    ) -> Self {
        let key = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{thumbprint}.{id}")));
        let until = until.after(config.leeway);
        let call = match &config.replay.store {
            ReplayStore::Local => None,
            ReplayStore::Http(store) => {
                let seconds = now.until(until).saturating_add(1);
                Some(redis::set(store, authorization, &key, seconds))
            }
        };
        Self { key, until, call }
    }

    /// What the reply to its call says.
    pub fn answer(&self, status: u16, body: &[u8]) -> Claimed {
        redis::answer(status, body)
    }
}
