//! JSON -> one checked configuration for both faces. Never accepts what it does not understand.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

mod check;
mod dpop;
mod elicitation;
mod grammar;
mod pattern;
mod policy;
mod require;
mod revocation;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod secret;
mod tree;
mod url;

pub use dpop::{Dpop, DpopMode, HttpStore, NonceMode, Replay, ReplayStore};
pub use elicitation::ElicitationRules;
pub use pattern::Pattern;
pub use policy::{
    ArgumentValue, ArgumentValues, BodyMode, Effect, Enforcement, Lists, Match, MessageKind,
    OperationEnforcement, Policy, Rule,
};
pub use require::{Agent, ClaimTest, Delegation, Requirements, Scopes};
pub use revocation::{Introspection, Revocation, RevocationList};
pub use secret::{Environment, Secret};

pub(crate) use check::fault;
use check::within;
pub(crate) use grammar::is_token;
pub(crate) use url::{check_uri, host, is_authority, is_private, split_url};

/// What the gate is told: member for member the JSON object that operators write.
///
/// [`Config::read`] is the only way to one: a value of this type has been checked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(description = "The configuration of a Waxseal gate."))]
#[non_exhaustive]
pub struct Config {
    /// The identifier of the protected resource, an absolute URL without a fragment (RFC 9728
    /// section 1.2). Compared byte for byte, never normalised.
    pub resource: String,
    /// The authorization servers whose tokens are accepted; at least one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub issuers: Vec<Issuer>,
    /// The life of fetched key sets.
    #[serde(default)]
    pub keys: KeyLife,
    /// The origins whose pages may call from a browser (RFC 6454 section 6.2); with none, origins
    /// are not looked at.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Scopes that every call needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How far clocks may differ: seconds, 0 to 600.
    #[serde(default = "default_leeway")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 600)))]
    pub leeway: u32,
    /// Which proofs of possession are taken (RFC 9449).
    #[serde(default)]
    pub dpop: Dpop,
    /// Where the ids of proofs are remembered.
    #[serde(default)]
    pub replay: Replay,
    /// How revoked tokens are known; without, a token is good until it ends.
    #[serde(default, deserialize_with = "tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "Revocation"))]
    pub revocation: Option<Revocation>,
    /// Which caller may use which tool.
    #[serde(default)]
    pub policy: Policy,
    /// How much is read at all.
    #[serde(default)]
    pub limits: Limits,
    /// How denials are worded.
    #[serde(default)]
    pub errors: Wording,
    /// What challenges add.
    #[serde(default)]
    pub challenge: ChallengeText,
    /// What the upstream sees of the caller.
    #[serde(default)]
    pub forward: Forwarding,
}

/// One authorization server.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Issuer {
    /// Its identifier, byte for byte as in the token's `iss`.
    pub issuer: String,
    /// Where its keys come from.
    pub keys: KeySource,
    /// The audiences that are accepted; the resource unless given.
    #[serde(default)]
    pub audience: Vec<String>,
    /// Whose claims its tokens have.
    #[serde(default)]
    pub profile: Profile,
    /// The zone of its mandates; Caracal's profile needs it.
    pub zone: Option<String>,
    /// What its mandates may be for (`use`): `["resource"]` unless given.
    #[serde(default, rename = "use", deserialize_with = "pattern::one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "schema::OneOrMany<String>"))]
    pub uses: Vec<String>,
    /// The signature algorithms that are accepted; with Caracal's profile `["ES256"]` unless given.
    #[serde(default, deserialize_with = "some_algorithms")]
    #[cfg_attr(feature = "schema", schemars(with = "schema::Algorithms"))]
    pub algorithms: Vec<Algorithm>,
    /// How claims may deviate from RFC 9068.
    #[serde(default)]
    pub claims: ClaimRules,
    /// The token types (`typ`) that are accepted; case and `application/` do not matter. With
    /// Caracal's profile `["JWT", "at+jwt"]` unless given.
    #[serde(default, deserialize_with = "pattern::one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "schema::OneOrMany<String>"))]
    pub types: Vec<String>,
}

/// Whose claims an issuer's tokens have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// RFC 9068's, with RFC 8693's `act` where somebody acts for somebody.
    #[default]
    Oauth,
    /// Caracal's mandates.
    Caracal,
}

/// Where an issuer's keys come from: exactly one of `set`, `uri` and `discover`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = schema::key_sources())))]
#[non_exhaustive]
pub struct KeySource {
    /// The key set itself (RFC 7517 section 5).
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub set: Option<Value>,
    /// The URI to fetch it from: `https`, or `http` on loopback or through a `cluster`.
    pub uri: Option<String>,
    /// Whether to find the URI in the issuer's metadata (RFC 8414, OpenID Connect Discovery).
    #[serde(default)]
    pub discover: bool,
    /// The Envoy cluster that leads to the issuer; without meaning elsewhere.
    pub cluster: Option<String>,
    /// Whether discovery may lead to private addresses.
    #[serde(default)]
    pub private: bool,
}

/// How claims may deviate from RFC 9068.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClaimRules {
    /// Required claims that this issuer's tokens may lack.
    pub optional: Vec<Relaxable>,
}

/// A claim that RFC 9068 requires and some authorization servers lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named after the claims of RFC 9068 section 2.2")]
pub enum Relaxable {
    Sub,
    ClientId,
    Jti,
    Iat,
}

/// The life of fetched key sets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct KeyLife {
    /// Seconds that a fetched key set is used for, 1 to 86400; less where its `Cache-Control`
    /// says so.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86400)))]
    pub age: u32,
    /// Seconds beyond its age that the last good set is used for while fetches fail, 0 to 86400.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 86400)))]
    pub stale: u32,
    /// Seconds that a fetch may take, 1 to 60.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub timeout: u32,
}

/// How much is read at all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of an access token, and of a proof, 256 to 65536.
    #[cfg_attr(feature = "schema", schemars(range(min = 256, max = 65536)))]
    pub token: usize,
    /// Bytes of a body that a rule looks into, 256 to 16777216. Envoy's own limit of a buffer is
    /// 1048576 unless its listener says more.
    #[cfg_attr(feature = "schema", schemars(range(min = 256, max = 16777216)))]
    pub body: usize,
    /// About how many bytes of memory tokens may take that were verified and need not be so again, 0 to
    /// 536870912. Each gate has its own, in Envoy on each worker.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 536870912)))]
    pub cache: usize,
}

/// How denials are worded.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Wording {
    /// What stands before the reason in a problem's `type` (RFC 9457 section 3.1.1).
    pub base: String,
    /// Whose names the body uses.
    pub vocabulary: Vocabulary,
    /// Whether replies carry the facts of a denial: for local work only.
    pub verbose: bool,
}

/// Whose names the body uses for the same thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Vocabulary {
    /// The OAuth specifications'.
    #[default]
    Oauth,
    /// Caracal's.
    Caracal,
}

/// What challenges add.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ChallengeText {
    /// The protection space (RFC 9110 section 11.5).
    pub realm: Option<String>,
}

/// What the upstream sees of the caller.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Forwarding {
    /// Header name -> claim whose value it carries, percent-encoded.
    pub headers: BTreeMap<String, String>,
    /// Whether the caller's credentials travel on.
    pub authorization: Credentials,
    /// The caller's headers that do not travel on.
    #[serde(skip)]
    pub(crate) strips: FoldedNames,
}

/// Names of headers, as [`Forwarding::folded`] has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedNames(Arc<[String]>);

impl FoldedNames {
    /// Whether a header has one of these names.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own.bytes().eq(name.bytes().map(folded)))
    }
}

/// Whether the caller's credentials travel on to the upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Credentials {
    /// They end at the gate.
    #[default]
    Strip,
    /// They travel on.
    Keep,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The path of the member: `issuers[0].keys.uri`; empty for the whole.
    pub member: String,
    /// What is wrong with it.
    pub fault: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.member.as_str() {
            "" => self.fault.clone(),
            member => format!("`{member}`: {}", self.fault),
        };
        // A name in the configuration must not break the line that quotes it.
        let line = text.chars().map(|letter| if letter.is_control() { '?' } else { letter });
        formatter.write_str(&line.collect::<String>())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads and checks a configuration: one JSON object.
    ///
    /// # Errors
    /// The first member that is unknown, missing, mistyped or out of range.
    pub fn read(text: &[u8]) -> Result<Self, ConfigError> {
        let mut config: Self = tree::read(text)?;
        config.check()?;
        for issuer in &mut config.issuers {
            issuer.complete(&config.resource);
        }
        for (index, rule) in config.policy.rules.iter_mut().enumerate() {
            if rule.name.is_empty() {
                rule.name = format!("rules[{index}]");
            }
        }
        config.forward.complete();
        Ok(config)
    }

    /// The scopes that every call needs, each once; of alternatives the first.
    pub(crate) fn every_scope(&self) -> Vec<String> {
        let own = &self.policy.require.scopes;
        let mut scopes = Vec::new();
        for scope in self.scopes.iter().chain(&own.all).chain(own.any.first()) {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        scopes
    }
}

impl Issuer {
    /// What is not given depends on the profile.
    fn complete(&mut self, resource: &str) {
        if self.audience.is_empty() {
            self.audience.push(resource.to_owned());
        }
        let (algorithms, types) = match self.profile {
            Profile::Oauth => (DEFAULT_ALGORITHMS, &["at+jwt"][..]),
            Profile::Caracal => (&[Algorithm::ES256][..], &["JWT", "at+jwt"][..]),
        };
        if self.algorithms.is_empty() {
            self.algorithms = algorithms.to_vec();
        }
        if self.types.is_empty() {
            self.types = types.iter().map(|&name| name.to_owned()).collect();
        }
        if self.uses.is_empty() {
            self.uses = vec!["resource".to_owned()];
        }
    }
}

impl Forwarding {
    /// Header names are equal when they differ in case or in `_` and `-` only: many servers fold
    /// them so, and a caller must not slip a value past us.
    pub fn folded(name: &str) -> String {
        name.bytes().map(folded).map(char::from).collect()
    }

    fn complete(&mut self) {
        let credentials: &[_] = match self.authorization {
            Credentials::Strip => &["authorization", "dpop", "proxy-authorization"],
            Credentials::Keep => &[],
        };
        let names = self.headers.keys().map(String::as_str).chain(credentials.iter().copied());
        self.strips = FoldedNames(names.map(Self::folded).collect());
    }
}

fn folded(byte: u8) -> u8 {
    if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
}

impl Default for KeyLife {
    fn default() -> Self {
        Self { age: 300, stale: 600, timeout: 5 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { token: 16_384, body: 65_536, cache: 33_554_432 }
    }
}

impl Wording {
    /// The `base` unless given: needs no host.
    pub(crate) const BASE: &str = "urn:waxseal:error:";
}

impl Default for Wording {
    fn default() -> Self {
        Self { base: Self::BASE.to_owned(), vocabulary: Vocabulary::Oauth, verbose: false }
    }
}

fn default_leeway() -> u32 {
    30
}

const DEFAULT_ALGORITHMS: &[Algorithm] =
    &[Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA];

/// As [`algorithms`], one at least.
fn some_algorithms<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Algorithm>, D::Error> {
    let list = algorithms(source)?;
    if list.is_empty() {
        return Err(serde::de::Error::custom("needs at least one"));
    }
    Ok(list)
}

/// `none` and the symmetric algorithms can never be configured (RFC 8725 sections 3.1, 3.5).
fn algorithms<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Algorithm>, D::Error> {
    let named = |name: String| {
        let known = Algorithm::from_str(&name).ok().filter(|known| SUPPORTED.contains(known));
        known.ok_or_else(|| {
            let supported = SUPPORTED.map(|algorithm| format!("`{algorithm:?}`")).join(", ");
            serde::de::Error::custom(format!(
                "algorithm `{name}` is not supported, expected one of {supported}"
            ))
        })
    };
    Vec::<String>::deserialize(source)?.into_iter().map(named).collect()
}

/// RFC 7518 section 3.1, RFC 8037 section 3.1.
const SUPPORTED: [Algorithm; 7] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::EdDSA,
];
