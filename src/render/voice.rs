//! Who speaks in a reply, and how.

use std::borrow::Cow;

use super::metadata;
use crate::config::{Config, DpopMode, Vocabulary, Wording};

/// How replies are worded. The gate takes it from its configuration; another server writes its own,
/// beginning with [`Voice::default`].
#[derive(Clone, Debug)]
pub struct Voice<'a> {
    /// What stands before the reason in a problem's `type` (RFC 9457 section 3.1.1).
    pub base: &'a str,
    /// Whose names the body uses.
    pub vocabulary: Vocabulary,
    /// Whether replies carry the facts of a failure: for local work only.
    pub verbose: bool,
    /// The protection space that challenges name (RFC 9110 section 11.5).
    pub realm: Option<&'a str>,
    /// The protected resource whose metadata challenges point at; `None` for a server that is none.
    pub resource: Option<&'a str>,
    /// The scopes that challenges ask for.
    pub scopes: Cow<'a, [String]>,
    /// Which schemes are challenged for.
    pub dpop: DpopMode,
    /// The algorithms that proofs may use, as DPoP challenges name them.
    pub algorithms: Vec<String>,
    /// The origins whose pages may read replies.
    pub origins: &'a [String],
}

impl Default for Voice<'_> {
    fn default() -> Self {
        Self {
            base: Wording::BASE,
            vocabulary: Vocabulary::Oauth,
            verbose: false,
            realm: None,
            resource: None,
            scopes: Cow::Borrowed(&[]),
            dpop: DpopMode::Off,
            algorithms: vec![],
            origins: &[],
        }
    }
}

impl<'a> From<&'a Config> for Voice<'a> {
    fn from(config: &'a Config) -> Self {
        let algorithms = config.dpop.is_on().then(|| metadata::names(&config.dpop.algorithms));
        Self {
            base: &config.errors.base,
            vocabulary: config.errors.vocabulary,
            verbose: config.errors.verbose,
            realm: config.challenge.realm.as_deref(),
            resource: Some(&config.resource),
            scopes: Cow::Owned(config.every_scope()),
            dpop: config.dpop.mode,
            algorithms: algorithms.unwrap_or_default(),
            origins: &config.origins,
        }
    }
}
