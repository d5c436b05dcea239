//! Verified + Call -> [`Decision`]. Never sees bytes, a header or a credential.

mod delegation;
mod forward;
mod policy;
mod require;
mod rules;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::call::{Call, Content};
use crate::config::{Config, Lists};
use crate::error::{Denial, Error, Excerpt};
use crate::verify::{Proof, Verified};

pub use forward::Forward;
pub use policy::{Passage, Policy, Ruling, Shadowed};

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
    verified: Verified,
    /// How the request's headers change on the way to the upstream.
    pub forward: Forward,
    /// The name of the rule that lets it pass; `None` where none matched.
    pub rule: Option<String>,
    /// What rules in shadow would have denied.
    pub shadowed: Vec<Shadowed>,
    /// The call whose reply may hold a list, which is to be shortened.
    listing: Option<Box<Call>>,
}

impl Grant {
    /// `iss`.
    pub fn issuer(&self) -> &str {
        self.verified.text("iss").unwrap_or_default()
    }

    /// `sub`, where the token has one.
    pub fn subject(&self) -> Option<&str> {
        self.verified.text("sub")
    }

    /// `client_id`, where the token has one.
    pub fn client(&self) -> Option<&str> {
        self.verified.text("client_id")
    }

    /// The granted scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.verified.scopes()
    }

    /// All claims of the token.
    pub fn claims(&self) -> &Arc<Map<String, Value>> {
        self.verified.claims()
    }

    /// The proof that the caller holds the token's key, where the token is bound to one.
    pub fn proof(&self) -> Option<&Proof> {
        self.verified.proof()
    }

    /// Whether the reply may hold a list that its caller must not see whole:
    /// [`crate::Gate::list_filter`].
    pub fn may_list(&self) -> bool {
        self.listing.is_some()
    }

    /// The caller and the call, where the reply may.
    pub(crate) fn listing(&self) -> Option<(&Verified, &Call)> {
        Some((&self.verified, self.listing.as_deref()?))
    }
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

/// What a caller is granted whom the policy lets pass.
pub fn grant(verified: &Verified, call: &Call, passage: Passage, config: &Config) -> Grant {
    let listing = policy::is_filtered(call, config).then(|| Box::new(call.clone()));
    // A compressed list cannot be shortened, and the headers may go before the body tells of one.
    let unread = call.message == Content::Unread && config.policy.lists == Lists::Filtered;
    let plain = listing.is_some() || unread;
    Grant {
        verified: verified.clone(),
        forward: Forward::of(verified, &config.forward, plain.then_some("accept-encoding")),
        rule: passage.rule,
        shadowed: passage.shadowed,
        listing,
    }
}
