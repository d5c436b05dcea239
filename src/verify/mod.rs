//! Credential -> [`Verified`]. Never asks a clock or a network: what it lacks, it names.

mod dates;
mod document;
mod dpop;
mod known;
mod mandate;
mod signature;
mod token;
mod tokens;
#[cfg(test)]
mod wycheproof;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::{Config, Profile};
use crate::error::{Denial, Error, Excerpt};
use crate::fetch::{Fetch, Patience};
use crate::keys::Keys;
use crate::nonce::Nonces;
use crate::parse::Credential;
use crate::time::UnixTime;

pub use document::document;
pub use dpop::Proof;
pub use mandate::whole;
pub use signature::{HostCheck, SignatureCheck, Signatures, Verdict, name};
pub use tokens::{Headers, Tokens};

use tokens::Token;

/// A token that a configured issuer signed for this resource, and that holds now; shown by the
/// holder of its key, if it is bound to one.
#[derive(Clone, Debug)]
pub struct Verified {
    token: Arc<Token>,
    proof: Option<Proof>,
}

/// What a verification may use.
pub struct Means<'a> {
    /// Whose tokens are accepted, and how.
    pub config: &'a Config,
    /// The issuers' keys.
    pub keys: &'a mut Keys,
    /// The tokens that were seen before.
    pub tokens: &'a mut Tokens,
    /// The answers of the host so far.
    pub signatures: &'a Signatures,
    /// Whether to wait for fetches of other requests.
    pub patience: Patience,
    /// The nonces that proofs must carry; `None` where they need none.
    pub nonces: Option<&'a Nonces>,
    /// The method of the request, as sent.
    pub method: &'a str,
    /// The path of the request, as sent.
    pub path: &'a str,
    /// The time.
    pub now: UnixTime,
}

/// Why there is no [`Verified`] yet, or never.
#[derive(Debug)]
pub enum Missing {
    /// A rule is broken.
    Rule(Denial),
    /// A document must be fetched.
    Fetch(Fetch),
    /// A document is being fetched for another request.
    Wait(UnixTime),
    /// A signature must be checked.
    Signature(SignatureCheck),
}

/// Verifies the access token of a credential, and the proof that belongs to it.
///
/// # Errors
/// The first rule that is broken, or what is needed to go on.
pub fn verify(credential: &Credential<'_>, means: &mut Means<'_>) -> Result<Verified, Missing> {
    let token = token::token(credential.token, means)?;
    let proof = dpop::proof(credential, &token, means);
    let client = || token.claims.get("client_id").and_then(Value::as_str);
    let proof = proof.map_err(|missing| missing.by(client()))?;
    Ok(Verified { token, proof })
}

impl Verified {
    /// A claim, as the issuer signed it.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.token.claims.get(name)
    }

    /// By whose rules it was verified.
    pub fn profile(&self) -> Profile {
        self.token.profile
    }

    /// All claims.
    pub fn claims(&self) -> &Arc<Map<String, Value>> {
        &self.token.claims
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }

    /// The granted scopes (RFC 9068 section 2.2.3).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }

    /// The headers that carry its claims, which are the same each time.
    pub fn headers(&self, make: impl FnOnce() -> Headers) -> Headers {
        self.token.headers(make)
    }

    /// The proof that the caller holds the token's key; `None` where the token is bound to none.
    pub fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Rule(error.into())
    }
}

impl Missing {
    /// Says whose call it is, now that the token is verified.
    fn by(self, client: Option<&str>) -> Self {
        match self {
            Self::Rule(denial) => Self::Rule(Denial { client: client.map(Excerpt::of), ..denial }),
            other => other,
        }
    }
}
