//! What a configuration must hold, member by member.

use std::fmt;
use std::ops::RangeInclusive;

use super::grammar::{is_origin, is_plain, is_scope, is_token};
use super::url::{check_resource, check_uri};
use super::{
    Config, ConfigError, Dpop, Forwarding, HttpStore, Issuer, NonceMode, Profile, Replay,
    ReplayStore, rules,
};

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
        within("keys.stale", self.keys.stale, 0..=86_400)?;
        within("keys.timeout", self.keys.timeout, 1..=60)?;
        within("leeway", self.leeway, 0..=600)?;
        within("limits.token", self.limits.token, 256..=65_536)?;
        within("limits.body", self.limits.body, 256..=16_777_216)?;
        within("limits.cache", self.limits.cache, 0..=536_870_912)?;
        for (index, origin) in self.origins.iter().enumerate() {
            if !is_origin(origin) {
                let text =
                    "is not an origin, like `https://app.example.com` (RFC 6454 section 6.2)";
                return Err(fault(format!("origins[{index}]"), text));
            }
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            if !is_scope(scope) {
                let text = "is not a scope (RFC 6749 section 3.3)";
                return Err(fault(format!("scopes[{index}]"), text));
            }
        }
        self.dpop.check()?;
        self.replay.check()?;
        if let Some(revocation) = &self.revocation {
            revocation.check(self.issuers.len())?;
        }
        rules::check(&self.policy, self.dpop.is_on())?;
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
        let mandates = self.profile == Profile::Caracal;
        match &self.zone {
            Some(zone) if mandates && !zone.is_empty() => {}
            None if !mandates => {}
            _ if mandates => {
                return Err(fault("zone", "is needed: a mandate belongs to one zone"));
            }
            _ => return Err(fault("zone", "has a meaning with `profile: caracal` only")),
        }
        if !mandates && !self.uses.is_empty() {
            return Err(fault("use", "has a meaning with `profile: caracal` only"));
        }
        let cluster = self.keys.cluster.as_deref();
        match (&self.keys.set, &self.keys.uri, self.keys.discover) {
            (Some(_), None, false) => Ok(()),
            (None, Some(uri), false) => {
                check_uri(uri, cluster).map_err(|text| fault("keys.uri", text))
            }
            (None, None, true) => {
                check_uri(&self.issuer, cluster).map_err(|text| fault("issuer", text))
            }
            _ => Err(fault("keys", "needs exactly one of `set`, `uri` and `discover`")),
        }
    }
}

impl Dpop {
    fn check(&self) -> Result<(), ConfigError> {
        if self.algorithms.is_empty() {
            return Err(fault("dpop.algorithms", "needs at least one"));
        }
        within("dpop.age", self.age, 1..=3600)?;
        if self.nonce.mode == NonceMode::Always && self.nonce.secret.is_none() {
            let text =
                "is needed for nonces: name an environment variable, `{ \"env\": \"NAME\" }`";
            return Err(fault("dpop.nonce.secret", text));
        }
        Ok(())
    }
}

impl Replay {
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(capacity) = self.capacity {
            within("replay.capacity", capacity, 1_000..=10_000_000)?;
        }
        let ReplayStore::Http(store) = &self.store else {
            return Ok(());
        };
        store.check("replay.store.http")
    }
}

impl HttpStore {
    pub(super) fn check(&self, member: &str) -> Result<(), ConfigError> {
        let uri = format!("{member}.uri");
        check_uri(&self.uri, self.cluster.as_deref()).map_err(|text| fault(&uri, text))?;
        if self.uri.contains('?') {
            return Err(fault(uri, "must have no query: the command goes into the path"));
        }
        within(&format!("{member}.timeout"), self.timeout, 1..=60)
    }
}

impl Forwarding {
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

pub fn within<T>(member: &str, value: T, range: RangeInclusive<T>) -> Result<(), ConfigError>
where
    T: PartialOrd + fmt::Display,
{
    if range.contains(&value) {
        return Ok(());
    }
    Err(fault(member, format!("`{value}` is not within {} to {}", range.start(), range.end())))
}

/// A refusal of one member.
pub fn fault(member: impl Into<String>, text: impl Into<String>) -> ConfigError {
    ConfigError { member: member.into(), fault: text.into() }
}
