//! The name of a secret -> the secret. Never writes one down.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{ConfigError, fault};

/// Where a secret is to be had: a configuration names it and does not hold it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[non_exhaustive]
pub struct SecretName {
    /// The environment variable.
    pub env: String,
}

/// A secret: its `Debug` is silent.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Looks up an environment variable: the face's own environment, never the core's.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl SecretName {
    /// Reads the secret, of at least so many bytes.
    ///
    /// # Errors
    /// The variable is not there, or too short.
    pub fn read(
        &self,
        member: &str,
        bytes: usize,
        env: Environment<'_>,
    ) -> Result<Secret, ConfigError> {
        // Not even the name is quoted: somebody will write the secret in its place.
        let refused = |text: &str| fault(member, format!("the environment variable {text}"));
        let Some(text) = env(&self.env).filter(|text| !text.is_empty()) else {
            return Err(refused("that it names is not there"));
        };
        // A variable often ends in the line break of the file that it came from.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.len() < bytes {
            return Err(refused(&format!("that it names has less than {bytes} bytes")));
        }
        if text.chars().any(char::is_control) {
            return Err(refused("that it names holds control characters"));
        }
        Ok(Secret(text.to_owned()))
    }
}

/// By hand: what serde says of a wrong type or member quotes it, and it may be the secret itself.
impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(source)?;
        let members = value.as_object().filter(|members| members.len() == 1);
        let env = members.and_then(|members| members.get("env")).and_then(Value::as_str);
        let env = env.ok_or_else(|| serde::de::Error::custom(NAMED))?.to_owned();
        Ok(Self { env })
    }
}

/// How a secret is named.
const NAMED: &str = "must name an environment variable: `{ \"env\": \"NAME\" }`";

impl Secret {
    /// A secret that was made of one.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself: for a computation or for the one who must be shown it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}
