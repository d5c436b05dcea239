//! What a call needs -> whether the caller has it.

use crate::error::{Error, Excerpt};
use crate::verify::Verified;

/// Every needed scope is granted (RFC 6750 section 3.1); compared as whole words, case kept.
pub fn scopes(verified: &Verified, needed: &[String]) -> Result<(), Error> {
    let granted = |scope: &&String| verified.scopes().any(|own| own == scope.as_str());
    let missing: Vec<_> =
        needed.iter().filter(|scope| !granted(scope)).map(|scope| Excerpt::of(scope)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::InsufficientScope { missing }) }
}
