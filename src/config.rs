//! JSON -> one checked configuration for both faces. Never accepts what it does not understand.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use jsonwebtoken::Algorithm;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What the gate is told: member for member the JSON object that operators write.
///
/// [`Config::read`] is the only way to one: a value of this type has been checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The identifier of the protected resource, an absolute URL without a fragment (RFC 9728
    /// section 1.2). Compared byte for byte, never normalised.
    pub resource: String,
    /// The authorization servers whose tokens are accepted; at least one.
    #[serde(deserialize_with = "objects")]
    pub issuers: Vec<Issuer>,
    /// The life of fetched key sets.
    #[serde(default, deserialize_with = "object")]
    pub keys: KeyLife,
    /// Scopes that every call needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How far clocks may differ: seconds, 0 to 600.
    #[serde(default = "default_leeway")]
    pub leeway: u32,
    /// How much is read at all.
    #[serde(default, deserialize_with = "object")]
    pub limits: Limits,
    /// How denials are worded.
    #[serde(default, deserialize_with = "object")]
    pub errors: Wording,
    /// What challenges add.
    #[serde(default, deserialize_with = "object")]
    pub challenge: ChallengeText,
    /// What the upstream sees of the caller.
    #[serde(default, deserialize_with = "object")]
    pub forward: Forwarding,
}

/// One authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Issuer {
    /// Its identifier, byte for byte as in the token's `iss`.
    pub issuer: String,
    /// Where its keys come from.
    #[serde(deserialize_with = "object")]
    pub keys: KeySource,
    /// The audiences that are accepted; the resource unless given.
    #[serde(default)]
    pub audience: Vec<String>,
    /// The signature algorithms that are accepted.
    #[serde(default = "default_algorithms", deserialize_with = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// How claims may deviate from RFC 9068.
    #[serde(default, deserialize_with = "object")]
    pub claims: ClaimRules,
    /// The token types (`typ`) that are accepted; case and `application/` do not matter.
    #[serde(default = "default_types")]
    pub types: Vec<String>,
}

/// Where an issuer's keys come from: exactly one of `set` and `uri`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KeySource {
    /// The key set itself (RFC 7517 section 5).
    pub set: Option<Value>,
    /// The URI to fetch it from: `https`, or `http` on loopback or through a `cluster`.
    pub uri: Option<String>,
    /// The Envoy cluster that leads to the URI; without meaning elsewhere.
    pub cluster: Option<String>,
}

/// How claims may deviate from RFC 9068.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClaimRules {
    /// Required claims that this issuer's tokens may lack.
    pub optional: Vec<Relaxable>,
}

/// A claim that RFC 9068 requires and some authorization servers lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct KeyLife {
    /// Seconds that a fetched key set is used for, 1 to 86400.
    pub age: u32,
    /// Seconds that a fetch may take, 1 to 60.
    pub timeout: u32,
}

/// How much is read at all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of an access token, 256 to 65536.
    pub token: usize,
}

/// How denials are worded.
#[derive(Clone, Debug, Deserialize)]
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
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ChallengeText {
    /// The protection space (RFC 9110 section 11.5).
    pub realm: Option<String>,
}

/// What the upstream sees of the caller.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Forwarding {
    /// Header name -> claim whose value it carries, percent-encoded.
    pub headers: BTreeMap<String, String>,
    /// Whether the caller's credentials travel on.
    pub authorization: Credentials,
}

/// Whether the caller's credentials travel on to the upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
        let mut source = serde_json::Deserializer::from_slice(text);
        let read: Result<Object<Self>, _> = serde_path_to_error::deserialize(&mut source);
        let Object(mut config) = read.map_err(|error| misread(&error))?;
        source.end().map_err(|error| fault("", error.to_string()))?;
        config.check()?;
        for issuer in &mut config.issuers {
            if issuer.audience.is_empty() {
                issuer.audience.push(config.resource.clone());
            }
        }
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_resource(&self.resource).map_err(|text| fault("resource", text))?;
        if self.issuers.is_empty() {
            return Err(fault("issuers", "needs at least one"));
        }
        for (index, issuer) in self.issuers.iter().enumerate() {
            let earlier = self.issuers.iter().take(index);
            if earlier.into_iter().any(|other| other.issuer == issuer.issuer) {
                return Err(fault(format!("issuers[{index}].issuer"), "stands here twice"));
            }
            issuer.check().map_err(|error| ConfigError {
                member: format!("issuers[{index}].{}", error.member),
                ..error
            })?;
        }
        within("keys.age", self.keys.age, 1..=86_400)?;
        within("keys.timeout", self.keys.timeout, 1..=60)?;
        within("leeway", self.leeway, 0..=600)?;
        within("limits.token", self.limits.token, 256..=65_536)?;
        for (index, scope) in self.scopes.iter().enumerate() {
            if !is_scope(scope) {
                let text = "is not a scope (RFC 6749 section 3.3)";
                return Err(fault(format!("scopes[{index}]"), text));
            }
        }
        if !self.errors.base.contains(':') || !is_plain(&self.errors.base) {
            return Err(fault("errors.base", "must be an absolute URI"));
        }
        self.forward.check()
    }
}

impl Issuer {
    fn check(&self) -> Result<(), ConfigError> {
        if !is_plain(&self.issuer) {
            return Err(fault(
                "issuer",
                "must be text without white space, quotes or control characters",
            ));
        }
        if self.algorithms.is_empty() {
            return Err(fault("algorithms", "needs at least one"));
        }
        for (index, text) in self.audience.iter().enumerate() {
            if text.is_empty() {
                return Err(fault(format!("audience[{index}]"), "is empty"));
            }
        }
        for (index, text) in self.types.iter().enumerate() {
            if !is_plain(text) {
                return Err(fault(format!("types[{index}]"), "is not a media type"));
            }
        }
        if self.types.is_empty() {
            return Err(fault("types", "needs at least one"));
        }
        match (&self.keys.set, &self.keys.uri) {
            (Some(_), None) => Ok(()),
            (None, Some(uri)) => {
                check_uri(uri, self.keys.cluster.as_deref()).map_err(|text| fault("keys.uri", text))
            }
            _ => Err(fault("keys", "needs exactly one of `set` and `uri`")),
        }
    }
}

impl Forwarding {
    /// Header names are equal when they differ in case or in `_` and `-` only: many servers fold
    /// them so, and a caller must not slip a value past us.
    pub fn folded(name: &str) -> String {
        name.to_ascii_lowercase().replace('_', "-")
    }

    fn check(&self) -> Result<(), ConfigError> {
        let mut seen = Vec::new();
        for (name, claim) in &self.headers {
            let member = || format!("forward.headers.{name}");
            let folded = Self::folded(name);
            if !is_token(name) {
                return Err(fault(member(), "is not a header name"));
            }
            if RESERVED_HEADERS.contains(&folded.as_str()) {
                return Err(fault(member(), "this header cannot carry a claim"));
            }
            if claim.is_empty() {
                return Err(fault(member(), "names no claim"));
            }
            if seen.contains(&folded) {
                return Err(fault(member(), "stands here twice"));
            }
            seen.push(folded);
        }
        Ok(())
    }
}

/// Headers that steer HTTP itself or carry credentials (RFC 9110 sections 7.2, 7.6.1, 11.6.2).
const RESERVED_HEADERS: &[&str] = &[
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "dpop",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Default for KeyLife {
    fn default() -> Self {
        Self { age: 300, timeout: 5 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { token: 16_384 }
    }
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            base: "urn:waxseal:error:".to_owned(),
            vocabulary: Vocabulary::Oauth,
            verbose: false,
        }
    }
}

/// Written as a JSON object: serde would take a list of the members in their order as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        source.deserialize_map(Members(PhantomData))
    }
}

fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    Object::deserialize(source).map(|Object(value)| value)
}

fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(source: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Object<T>>::deserialize(source)?;
    Ok(list.into_iter().map(|Object(value)| value).collect())
}

fn default_leeway() -> u32 {
    30
}

fn default_algorithms() -> Vec<Algorithm> {
    vec![Algorithm::ES256, Algorithm::RS256]
}

fn default_types() -> Vec<String> {
    vec!["at+jwt".to_owned()]
}

/// `none` and the symmetric algorithms can never be configured (RFC 8725 sections 3.1, 3.5).
fn algorithms<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Algorithm>, D::Error> {
    let names = Vec::<String>::deserialize(source)?;
    let named = |name: String| match name.as_str() {
        "ES256" => Ok(Algorithm::ES256),
        "RS256" => Ok(Algorithm::RS256),
        _ => Err(serde::de::Error::custom(format!(
            "algorithm `{name}` is not supported, expected `ES256` or `RS256`"
        ))),
    };
    names.into_iter().map(named).collect()
}

/// RFC 9728 section 1.2: an absolute `http(s)` URL without a fragment.
fn check_resource(resource: &str) -> Result<(), &'static str> {
    let Some((authority, _)) = split_url(resource) else {
        return Err("must be an absolute http or https URL");
    };
    if !is_plain(resource) || authority.is_empty() || authority.contains('@') {
        return Err(
            "must be an absolute URL without user, white space, quotes or control characters",
        );
    }
    if resource.contains('#') {
        return Err("must have no fragment (RFC 9728 section 1.2)");
    }
    Ok(())
}

fn check_uri(uri: &str, cluster: Option<&str>) -> Result<(), &'static str> {
    let Some((authority, _)) = split_url(uri) else {
        return Err("must be an absolute http or https URL");
    };
    if !is_plain(uri) || authority.is_empty() || authority.contains('@') || uri.contains('#') {
        return Err("must be an absolute URL without user, fragment, white space or quotes");
    }
    if !uri.starts_with("https:") && cluster.is_none() && !is_loopback(authority) {
        return Err("must be https, unless it is on loopback or has a `cluster`");
    }
    Ok(())
}

/// Splits an absolute `http(s)` URL into its authority and the rest from the path on.
pub(crate) fn split_url(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    // RFC 3986 section 3.1: schemes are case-insensitive.
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(rest.split_at_checked(end).unwrap_or((rest, "")))
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => authority.split(':').next(),
    };
    host.is_some_and(|host| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        matches!(host, "localhost" | "::1") || (host.starts_with("127.") && digits(host))
    })
}

/// Visible ASCII without quotes and backslash: safe in a header, a URL and a JSON string.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>'))
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 6749 section 3.3: `scope-token`.
fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

fn within<T>(member: &str, value: T, range: std::ops::RangeInclusive<T>) -> Result<(), ConfigError>
where
    T: PartialOrd + fmt::Display,
{
    if range.contains(&value) {
        return Ok(());
    }
    Err(fault(member, format!("`{value}` is not within {} to {}", range.start(), range.end())))
}

fn misread(error: &serde_path_to_error::Error<serde_json::Error>) -> ConfigError {
    let text = error.inner().to_string();
    match error.path().to_string() {
        whole if whole == "." => fault("", text),
        // The member says it better than a line of JSON that may have been YAML or an object.
        member => fault(member, text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text)),
    }
}

fn fault(member: impl Into<String>, text: impl Into<String>) -> ConfigError {
    ConfigError { member: member.into(), fault: text.into() }
}
