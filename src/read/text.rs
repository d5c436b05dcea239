//! Somebody else's text -> as much of it as a reading keeps. Never more, and no control characters:
//! it will stand in logs and on terminals.

use serde_json::{Map, Value};

use crate::parse::normal_origin;

/// The first characters of a text, each control character a space.
pub fn clipped(text: &str, characters: usize) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.trim().chars().take(characters).map(plain).collect()
}

/// What may still be copied out of a body.
struct Budget {
    values: usize,
    characters: usize,
}

/// A copy of as many members as a reading keeps.
pub fn copied<'a>(
    members: impl IntoIterator<Item = (&'a String, &'a Value)>,
) -> Map<String, Value> {
    Budget { values: 200, characters: 16_384 }.copy(members)
}

impl Budget {
    const TEXT: usize = 1000;
    const NAME: usize = 100;

    fn copy<'a>(
        &mut self,
        members: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) -> Map<String, Value> {
        let mut copy = Map::new();
        for (name, value) in members.into_iter().filter(|(name, _)| name.len() <= Self::NAME) {
            let Some(value) = self.copy_value(value) else {
                break;
            };
            self.characters = self.characters.saturating_sub(name.len());
            copy.insert(clipped(name, Self::NAME), value);
        }
        copy
    }

    fn copy_value(&mut self, value: &Value) -> Option<Value> {
        self.values = self.values.checked_sub(1)?;
        Some(match value {
            Value::String(text) => {
                let text = clipped(text, Self::TEXT.min(self.characters));
                self.characters = self.characters.saturating_sub(text.len());
                Value::String(text)
            }
            Value::Array(items) => {
                Value::Array(items.iter().map_while(|item| self.copy_value(item)).collect())
            }
            Value::Object(members) => Value::Object(self.copy(members)),
            plain => plain.clone(),
        })
    }
}

/// The longest URL that is handed on.
const URL: usize = 8192;

/// The host of a URL that a person may be sent to: `http(s)`, a host with or without a port, no
/// user, and no character that one parser keeps and another drops.
pub fn host(url: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>".contains(&byte);
    if url.len() > URL || !url.bytes().all(plain) {
        return None;
    }
    let origin = normal_origin(url)?;
    let (_, authority) = origin.split_once("://")?;
    // An address in brackets has colons of its own (RFC 3986 section 3.2.2).
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(host.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{clipped, copied, host};

    #[test]
    fn texts_end_and_stay_on_their_line() {
        assert_eq!(clipped(" a\r\nb\u{1b}[2Jc\u{9b}é ", 100), "a  b [2Jc é");
        assert_eq!(clipped("äöü", 2), "äö");
    }

    #[test]
    fn details_end() {
        let huge = json!({ "a": "x".repeat(100_000), "b": vec![json!({ "c": [1, 2] }); 1000] });
        let copy = huge.as_object().map(copied).map(Value::Object).unwrap_or_default();
        assert!(copy.to_string().len() < 20_000);
        assert_eq!(copy.get("a").and_then(Value::as_str).map(str::len), Some(1000));
        assert_eq!(copy.pointer("/b/0"), Some(&json!({ "c": [1, 2] })));
    }

    #[test]
    fn only_urls_that_everybody_reads_alike_have_a_host() {
        for (url, expected) in [
            ("https://as.example.com/consent?a=b#c", "as.example.com"),
            ("HTTP://AS.Example.com:8443", "as.example.com"),
            ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
            ("http://127.0.0.1:1234/", "127.0.0.1"),
            ("https://[2001:DB8::1]:443/", "[2001:db8::1]"),
            ("https://[::1]", "[::1]"),
            ("https://a.example:/", "a.example"),
        ] {
            assert_eq!(host(url).as_deref(), Some(expected), "{url}");
        }
        for url in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a.example/",
            "//a.example/",
            "/consent",
            "https:a.example",
            "https:/a.example",
            "https:///a.example",
            "https://",
            "https://?a",
            "https://user@a.example/",
            "https://user:password@a.example/",
            "https://good.example\\@bad.example/",
            "https:\\\\a.example/",
            "https://a.example\t.bad.example/",
            " https://a.example/",
            "https://a.example/\n",
            "https://a.example/ b",
            "https://bücher.example/",
            "https://a.example%2ebad.example/",
            "https://a.example:80:80/",
            "https://a.example:99999/",
            "https://[::1]a/",
            "https://[a.example]/",
            "https://.example/",
            "https://a..example/",
        ] {
            assert_eq!(host(url), None, "{url}");
        }
        assert_eq!(host(&format!("https://a.example/{}", "x".repeat(8192))), None);
    }
}
