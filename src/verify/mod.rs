//! Credential -> [`Verified`]. Never asks a clock or a network: what it lacks, it names.

mod signature;
mod token;

use crate::error::Error;
use crate::keys::Fetch;
use crate::time::UnixTime;

pub use signature::{SignatureCheck, Signatures, Verdict};
pub use token::{Verified, verify};

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
