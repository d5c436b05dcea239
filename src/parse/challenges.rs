//! `WWW-Authenticate` -> [`Challenge`]s. Never fails: what fits no grammar is left out up to the
//! next comma, and nothing is read out of the inside of a quoted text.

use std::collections::BTreeMap;

use serde::Serialize;

/// One challenge (RFC 9110 section 11.6.1), a stranger's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Challenge {
    /// The scheme, in lower case.
    pub scheme: String,
    /// What stands in place of parameters, as in `Negotiate YII=` (RFC 9110 section 11.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token68: Option<String>,
    /// Names, in lower case, and values without their quotes; the first value of a name that stands
    /// there twice.
    pub parameters: BTreeMap<String, String>,
}

impl Challenge {
    /// The most challenges that are read.
    pub const MOST: usize = 32;
    /// The most parameters of one that are kept.
    pub const PARAMETERS: usize = 32;
    /// The most bytes of fields that are looked at.
    pub const BYTES: usize = 65_536;

    fn of(scheme: &str, token68: Option<&str>) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase(),
            token68: token68.map(str::to_owned),
            parameters: BTreeMap::new(),
        }
    }

    /// Keeps the first value of a name: one that comes later is no correction, but a forgery.
    fn keep(&mut self, name: &str, value: String) {
        if self.parameters.len() < Self::PARAMETERS {
            self.parameters.entry(name.to_ascii_lowercase()).or_insert(value);
        }
    }
}

/// The challenges in the values of `WWW-Authenticate` fields, in order.
///
/// Each field is read for itself: what one leaves open ends with it. Fields that were joined by
/// commas are read alike.
pub fn challenges(fields: &[&str]) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut budget = Challenge::BYTES;
    for field in fields {
        let Some(left) = budget.checked_sub(field.len()) else {
            break;
        };
        budget = left;
        found.extend(Cursor(field).challenges());
    }
    found.truncate(Challenge::MOST);
    found
}

/// What of a field has not been read yet.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn challenges(mut self) -> Vec<Challenge> {
        let mut found: Vec<Challenge> = Vec::new();
        // Only what follows a comma can be a scheme.
        let mut separated = true;
        while !self.0.is_empty() {
            separated |= self.take(is_separator).contains(',');
            let name = self.take(is_tchar);
            if name.is_empty() {
                self.skip_element();
            } else if self.skip_equals() {
                let value = match self.0.starts_with('"') {
                    true => self.take_quoted(),
                    false => Some(self.take(is_unquoted).to_owned()),
                };
                if let (Some(value), Some(challenge)) = (value, found.last_mut()) {
                    challenge.keep(name, value);
                }
            } else if separated && (self.0.is_empty() || self.0.starts_with(is_separator)) {
                if found.len() == Challenge::MOST {
                    break;
                }
                found.push(Challenge::of(name, self.take_token68()));
            } else {
                self.skip_element();
            }
            separated = false;
        }
        found
    }

    fn take(&mut self, legal: fn(char) -> bool) -> &'a str {
        let end = self.0.find(|character| !legal(character)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }

    /// The equals sign of a parameter: white space around it is bad, and is to be borne (RFC 9110
    /// section 5.6.3).
    fn skip_equals(&mut self) -> bool {
        let mut ahead = *self;
        ahead.take(is_blank);
        let Some(rest) = ahead.0.strip_prefix('=') else {
            return false;
        };
        self.0 = rest;
        self.take(is_blank);
        true
    }

    /// The text up to the closing quote (RFC 9110 section 5.6.4); `None`, and all of the rest gone,
    /// where that is missing.
    fn take_quoted(&mut self) -> Option<String> {
        let mut inside = String::new();
        let mut characters = self.0.strip_prefix('"')?.chars();
        self.0 = "";
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => inside.push(characters.next()?),
                character => inside.push(character),
            }
        }
        self.0 = characters.as_str();
        Some(inside)
    }

    /// What stands in place of parameters: nothing but a comma may follow it.
    fn take_token68(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        if ahead.take(is_blank).is_empty() {
            return None;
        }
        let text = ahead.0;
        let body = ahead.take(is_token68);
        let padding = ahead.take(|character| character == '=');
        let token68 = text.get(..body.len().saturating_add(padding.len()))?;
        ahead.take(is_blank);
        let ends = ahead.0.is_empty() || ahead.0.starts_with(',');
        if body.is_empty() || !ends {
            return None;
        }
        *self = ahead;
        Some(token68)
    }

    /// Goes on to the next comma that stands in no quoted text.
    fn skip_element(&mut self) {
        while !self.0.is_empty() && !self.0.starts_with(',') {
            match self.0.starts_with('"') {
                true => drop(self.take_quoted()),
                false => drop(self.take(|character| !matches!(character, ',' | '"'))),
            }
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// Lists may have empty elements (RFC 9110 section 5.6.1.2).
fn is_separator(character: char) -> bool {
    is_blank(character) || character == ','
}

/// RFC 9110 section 5.6.2.
fn is_tchar(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '!' | '#'..='\'' | '*' | '+' | '-' | '.' | '^'..='`' | '|' | '~')
}

/// RFC 9110 section 11.2.
fn is_token68(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~' | '+' | '/')
}

/// More than a token: URLs are seen without their quotes.
fn is_unquoted(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '"' | ',')
}

#[cfg(test)]
mod tests {
    use super::{Challenge, challenges};

    #[test]
    fn fields_are_read_each_for_itself() {
        let read = challenges(&["Bearer a=\"b", "DPoP algs=\"ES256\"", "error=x", "Basic"]);
        let shown = read.iter().map(|one| (one.scheme.as_str(), one.parameters.len()));
        assert_eq!(shown.collect::<Vec<_>>(), [("bearer", 0), ("dpop", 1), ("basic", 0)]);
    }

    #[test]
    fn there_is_an_end_to_it() {
        let many = "Bearer a=b, ".repeat(100);
        assert_eq!(challenges(&[&many]).len(), Challenge::MOST);
        assert_eq!(challenges(&vec!["Bearer"; 100]).len(), Challenge::MOST);
        let wide: String = (0..100).map(|name| format!("p{name}=x,")).collect();
        let read = challenges(&[&format!("Bearer {wide}")]);
        assert!(read.iter().all(|one| one.parameters.len() == Challenge::PARAMETERS));
        let long = format!("Bearer a={}", "x".repeat(Challenge::BYTES));
        assert_eq!(challenges(&[&long, "Basic"]), []);
    }
}
