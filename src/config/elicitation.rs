//! What is asked of those who ask users for consent.

use serde::Deserialize;

use super::secret::SecretName;
use super::{ConfigError, tree, within};

/// How a call waits for its user's consent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElicitationRules {
    /// What request states are sealed with, at least 16 bytes: every server of a fleet needs the
    /// same.
    pub secret: SecretName,
    /// Seconds that a user may take, 1 to 3600.
    #[serde(default = "default_age")]
    pub age: u32,
}

impl ElicitationRules {
    /// Reads and checks one JSON object.
    ///
    /// # Errors
    /// The first member that is unknown, missing, mistyped or out of range.
    pub fn read(text: &[u8]) -> Result<Self, ConfigError> {
        let rules: Self = tree::read(text)?;
        within("age", rules.age, 1..=3600)?;
        Ok(rules)
    }
}

fn default_age() -> u32 {
    600
}
