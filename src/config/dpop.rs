//! What is asked of callers who prove that they hold a key (RFC 9449).

use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::algorithms;
use super::secret::SecretName;

/// Which proofs are taken.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Dpop {
    /// Whether tokens may, or must, be bound to a key.
    pub mode: DpopMode,
    /// The signature algorithms that proofs may use; challenges name them in this order.
    #[serde(deserialize_with = "algorithms")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::Algorithms"))]
    pub algorithms: Vec<Algorithm>,
    /// Seconds that a proof is good for after its `iat`, 1 to 3600; the leeway comes on top.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3600)))]
    pub age: u32,
    /// Whether proofs must carry a nonce of ours.
    pub nonce: NonceRules,
}

/// Whether tokens may, or must, be bound to a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DpopMode {
    /// Bound tokens are denied: without their proof they would be worth less than they say.
    #[default]
    Off,
    /// Both kinds of tokens are taken.
    Optional,
    /// Only bound tokens are taken.
    Required,
}

/// Whether proofs must carry a nonce of ours (RFC 9449 section 9).
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NonceRules {
    /// When.
    pub mode: NonceMode,
    /// What nonces are made with, at least 16 bytes: every gate of a fleet needs the same.
    #[serde(deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "SecretName"))]
    pub secret: Option<SecretName>,
}

/// When proofs must carry a nonce of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NonceMode {
    /// Never.
    #[default]
    Never,
    /// Always.
    Always,
}

/// Where the ids of proofs are remembered, so that each is taken once (RFC 9449 section 11.1).
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Replay {
    /// In whose memory.
    pub store: ReplayStore,
    /// Proofs that a local store must have room for, 1000 to 10000000: calls per second, times
    /// `dpop.age` and twice the leeway. In Envoy 1000000 unless given, in JavaScript 100000.
    #[cfg_attr(feature = "schema", schemars(range(min = 1000, max = 10000000)))]
    pub capacity: Option<u32>,
}

/// In whose memory the ids of proofs are kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReplayStore {
    /// This process's: no other sees it, and it forgets when the process restarts or `capacity`
    /// changes. A shared store closes both gaps; for a single process that restarts, a nonce secret
    /// made anew at each start does.
    #[default]
    Local,
    /// A Redis that several processes share.
    Http(HttpStore),
}

/// A Redis behind HTTP that takes a command as a path: Webdis, or Upstash's REST interface.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpStore {
    /// What stands before the command: `https`, or `http` on loopback or through a `cluster`.
    pub uri: String,
    /// The Envoy cluster that leads to it; without meaning elsewhere.
    pub cluster: Option<String>,
    /// The value of the `Authorization` header that it wants.
    #[serde(default, deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "SecretName"))]
    pub authorization: Option<SecretName>,
    /// Seconds that an answer may take, 1 to 60.
    #[serde(default = "default_timeout")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub timeout: u32,
}

impl Dpop {
    /// Whether proofs are looked at.
    pub fn is_on(&self) -> bool {
        self.mode != DpopMode::Off
    }
}

impl ReplayStore {
    /// Whether Envoy could not reach it: there, a cluster leads anywhere.
    pub fn lacks_cluster(&self) -> bool {
        matches!(self, Self::Http(HttpStore { cluster: None, .. }))
    }
}

impl Default for Dpop {
    fn default() -> Self {
        Self {
            mode: DpopMode::Off,
            algorithms: vec![
                Algorithm::ES256,
                Algorithm::EdDSA,
                Algorithm::PS256,
                Algorithm::RS256,
            ],
            age: 300,
            nonce: NonceRules::default(),
        }
    }
}

fn default_timeout() -> u32 {
    2
}
