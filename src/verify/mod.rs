//! Credential -> [`Verified`]. Never asks a clock or a network: what it lacks, it names.

mod signature;
mod token;
#[cfg(test)]
mod wycheproof;

use crate::config::Config;
use crate::error::Error;
use crate::keys::{Fetch, Keys, Patience};
use crate::time::UnixTime;

pub use signature::{SignatureCheck, Signatures, Verdict};
pub use token::{Verified, verify};

/// What a verification may use.
pub struct Means<'a> {
    /// Whose tokens are accepted, and how.
    pub config: &'a Config,
    /// The issuers' keys.
    pub keys: &'a mut Keys,
    /// The answers of the host so far.
    pub signatures: &'a Signatures,
    /// Whether to wait for fetches of other requests.
    pub patience: Patience,
    /// The time.
    pub now: UnixTime,
}

/// Why there is no [`Verified`] yet, or never.
#[derive(Debug)]
pub enum Missing {
    /// A rule is broken.
    Rule(Error),
    /// A document must be fetched.
    Fetch(Fetch),
    /// A document is being fetched for another request.
    Wait(UnixTime),
    /// A signature must be checked.
    Signature(SignatureCheck),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}
