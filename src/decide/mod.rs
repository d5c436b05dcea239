//! Verified + Call -> [`Decision`]. Never sees bytes, a header or a credential.

mod forward;
mod policy;

use serde_json::{Map, Value};

use crate::call::Call;
use crate::config::Config;
use crate::error::{Denial, Error, Excerpt};
use crate::verify::{Proof, Verified};

pub use forward::Forward;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It passes.
    Allow(Grant),
    /// It does not.
    Deny(Denial),
    /// The gate answers it itself, and it is not forwarded.
    Answer(Answer),
}

impl Decision {
    /// What a host concludes that cannot follow a step: it fails closed.
    pub fn host_failed(fault: &'static str) -> Self {
        Self::Deny(Error::HostFailed { fault, retry_after: 60 }.into())
    }
}

/// A question that the gate itself answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The protected-resource metadata document (RFC 9728 section 3).
    Metadata,
    /// A preflight of a listed origin (Fetch standard, section 3.2.2): the header names it asks for.
    Preflight(Vec<String>),
}

/// Who may pass, and what the upstream learns of them.
#[derive(Clone, Debug)]
pub struct Grant {
    /// `iss`.
    pub issuer: String,
    /// `sub`, where the token has one.
    pub subject: Option<String>,
    /// `client_id`, where the token has one.
    pub client: Option<String>,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// All claims of the token.
    pub claims: Map<String, Value>,
    /// The proof that the caller holds the token's key, where the token is bound to one.
    pub proof: Option<Proof>,
    /// How the request's headers change on the way to the upstream.
    pub forward: Forward,
}

/// Whether a page of this origin may call at all.
///
/// # Errors
/// [`Error::OriginForbidden`]; `unreadable` stands for an origin that cannot be listed.
pub fn origin(origin: Option<&str>, config: &Config) -> Result<(), Error> {
    if origin.is_some_and(|origin| config.origins.iter().any(|listed| listed == origin)) {
        return Ok(());
    }
    Err(Error::OriginForbidden { origin: Excerpt::of(origin.unwrap_or("unreadable")) })
}

/// Decides about a verified caller and its call.
pub fn decide(verified: &Verified, _call: &Call, config: &Config) -> Decision {
    match policy::scopes(verified, &config.scopes) {
        Err(error) => {
            let client = verified.text("client_id").map(Excerpt::of);
            Decision::Deny(Denial { error, client })
        }
        Ok(()) => Decision::Allow(Grant {
            issuer: verified.text("iss").unwrap_or_default().to_owned(),
            subject: verified.text("sub").map(str::to_owned),
            client: verified.text("client_id").map(str::to_owned),
            scopes: verified.scopes().map(str::to_owned).collect(),
            claims: verified.claims().clone(),
            proof: verified.proof().cloned(),
            forward: Forward::of(verified, &config.forward),
        }),
    }
}
