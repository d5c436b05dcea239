//! The body of a failed token exchange -> whose consent is missing, and where it can be given.

use std::fmt;

use serde_json::Value;

use super::link;

/// A consent that a user has not given yet (AuthPlane, RFC 8693 section 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    url: Result<String, &'static str>,
    service: Option<String>,
    cause: Option<String>,
}

/// Characters that are kept of a name or a cause.
const LIMIT: usize = 100;

impl Consent {
    /// Reads the body of a token endpoint's error. `None` for any other error than
    /// `consent_required` and `interaction_required`, and where there is no link: such an error is
    /// to be passed on as it is.
    pub fn read(body: &Value) -> Option<Self> {
        if !matches!(body.get("error")?.as_str()?, "consent_required" | "interaction_required") {
            return None;
        }
        let text = |names: &[&str]| {
            let texts = names.iter().filter_map(|name| body.get(*name)?.as_str());
            texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
        };
        let url = text(&["consent_url", "consentUrl"])?;
        Some(Self {
            url: link::check(&url).map(|()| url),
            service: text(&["service_id", "service", "resource"]).as_deref().map(plain),
            cause: text(&["cause", "error_description"]).as_deref().map(plain),
        })
    }

    /// The link, or why it must not be shown.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn url(&self) -> Result<&str, &'static str> {
        self.url.as_deref().map_err(|fault| *fault)
    }

    /// Whose consent is missing, in the words of the authorization server.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }
}

/// What a user is told.
impl fmt::Display for Consent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("your consent is needed to go on")?;
        match (&self.service, &self.cause) {
            (Some(service), Some(cause)) => write!(formatter, " ({service}: {cause})"),
            (Some(only), None) | (None, Some(only)) => write!(formatter, " ({only})"),
            (None, None) => Ok(()),
        }
    }
}

/// One line of text without anything that could hide or reorder a part of it, and without links:
/// only the one that was checked is shown, and never to a model.
fn plain(text: &str) -> String {
    let shown = |letter: char| letter.is_alphanumeric() || letter.is_ascii_graphic();
    let letters = text.chars().take(LIMIT);
    let line: String =
        letters.map(|letter| if shown(letter) || letter == ' ' { letter } else { '?' }).collect();
    let words = line.split(' ').map(|word| if is_link(word) { "(link)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn is_link(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["://", "javascript:", "data:", "www."].iter().any(|start| word.contains(start))
}
