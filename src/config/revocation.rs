//! How revoked tokens are known before they end.

use serde::Deserialize;
use serde_json::Value;

use super::secret::SecretName;
use super::{ConfigError, Environment, HttpStore, Secret, check_uri, fault, within};

/// Where it is looked up whether a token is revoked: exactly one of `list`, `http`,
/// `introspection` and `host`. Where it cannot be, calls are denied.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Revocation {
    /// A list of revoked ids, fetched by time.
    #[serde(default, deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "RevocationList"))]
    pub list: Option<RevocationList>,
    /// A Redis that is asked with every call.
    #[serde(default, deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "HttpStore"))]
    pub http: Option<HttpStore>,
    /// The authorization server, asked about each token (RFC 7662).
    #[serde(default, deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "Introspection"))]
    pub introspection: Option<Introspection>,
    /// Whether the host has a store of its own: in JavaScript only.
    #[serde(default)]
    pub host: bool,
    /// Seconds that a list, or the answer that a token is active, is used for, 1 to 3600.
    #[serde(default = "default_age")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3600)))]
    pub age: u32,
    /// Seconds beyond its age that the last list is used for while fetches fail, 0 to 86400.
    #[serde(default = "default_stale")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 86400)))]
    pub stale: u32,
}

/// A list of revoked ids: JSON `{ "revoked": [ids], "epochs": { "<zone>": number } }`, or, with
/// `key` or `keys`, the same as the payload of a compact JWS of the type `revocation+jwt` that has
/// an `iat`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevocationList {
    /// Where it is: `https`, or `http` on loopback or through a `cluster`.
    pub uri: String,
    /// The Envoy cluster that leads there; without meaning elsewhere.
    pub cluster: Option<String>,
    /// The key that signs it (RFC 7517 section 4).
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub key: Option<Value>,
    /// The keys of which one signs it (RFC 7517 section 5).
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub keys: Option<Value>,
    /// Seconds that a fetch may take, 1 to 60.
    #[serde(default = "default_fetch")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub timeout: u32,
}

/// An introspection endpoint (RFC 7662).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Introspection {
    /// Where it is: `https`, or `http` on loopback or through a `cluster`.
    pub uri: String,
    /// The Envoy cluster that leads there; without meaning elsewhere.
    pub cluster: Option<String>,
    /// The `client_id` under which the gate asks.
    pub client: String,
    /// That client's secret.
    pub secret: SecretName,
    /// Seconds that an answer may take, 1 to 60.
    #[serde(default = "default_answer")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub timeout: u32,
}

impl Revocation {
    /// The member that Envoy lacks: there a cluster leads anywhere, and the host has no store.
    pub fn lacks_in_envoy(&self) -> Option<&'static str> {
        if self.list.as_ref().is_some_and(|list| list.cluster.is_none()) {
            return Some("revocation.list.cluster");
        }
        if self.http.as_ref().is_some_and(|store| store.cluster.is_none()) {
            return Some("revocation.http.cluster");
        }
        if self.introspection.as_ref().is_some_and(|endpoint| endpoint.cluster.is_none()) {
            return Some("revocation.introspection.cluster");
        }
        self.host.then_some("revocation.host")
    }

    pub(super) fn check(&self, issuers: usize) -> Result<(), ConfigError> {
        let given =
            [self.list.is_some(), self.http.is_some(), self.introspection.is_some(), self.host];
        if given.iter().filter(|given| **given).count() != 1 {
            let text = "needs exactly one of `list`, `http`, `introspection` and `host`";
            return Err(fault("revocation", text));
        }
        within("revocation.age", self.age, 1..=3600)?;
        within("revocation.stale", self.stale, 0..=86_400)?;
        if let Some(list) = &self.list {
            let member = "revocation.list";
            checked_uri(member, &list.uri, list.cluster.as_deref())?;
            within(&format!("{member}.timeout"), list.timeout, 1..=60)?;
            if list.key.is_some() && list.keys.is_some() {
                return Err(fault(member, "needs one of `key` and `keys`, or neither"));
            }
        }
        if let Some(store) = &self.http {
            store.check("revocation.http")?;
        }
        if let Some(endpoint) = &self.introspection {
            let member = "revocation.introspection";
            checked_uri(member, &endpoint.uri, endpoint.cluster.as_deref())?;
            within(&format!("{member}.timeout"), endpoint.timeout, 1..=60)?;
            if endpoint.client.is_empty() {
                return Err(fault(format!("{member}.client"), "is empty"));
            }
            if issuers > 1 {
                let text =
                    "shows every token to one authorization server: it must be the only issuer";
                return Err(fault(member, text));
            }
        }
        Ok(())
    }
}

impl HttpStore {
    /// The value of the `Authorization` header that the store wants, for the member that holds it.
    pub(crate) fn authorization(
        &self,
        member: &str,
        env: Environment<'_>,
    ) -> Result<Option<Secret>, ConfigError> {
        let Some(name) = &self.authorization else {
            return Ok(None);
        };
        let member = format!("{member}.authorization");
        let secret = name.read(&member, 1, env)?;
        if !secret.expose().is_ascii() {
            return Err(fault(member, "is no value of a header"));
        }
        Ok(Some(secret))
    }
}

fn checked_uri(member: &str, uri: &str, cluster: Option<&str>) -> Result<(), ConfigError> {
    check_uri(uri, cluster).map_err(|text| fault(format!("{member}.uri"), text))
}

fn default_age() -> u32 {
    30
}

fn default_stale() -> u32 {
    120
}

fn default_fetch() -> u32 {
    5
}

fn default_answer() -> u32 {
    2
}
