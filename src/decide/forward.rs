//! Claims -> headers for the upstream. Never lets a value of the caller stand beside ours.

use serde_json::Value;

use crate::config::{FoldedNames, Forwarding};
use crate::uri::encoded;
use crate::verify::{Headers, Verified};

/// How a request's headers change on the way to the upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    set: Headers,
    strips: FoldedNames,
    also: Option<&'static str>,
}

impl Forward {
    /// Beside the configured changes, strips a header that the reply must not follow.
    pub(super) fn of(verified: &Verified, config: &Forwarding, also: Option<&'static str>) -> Self {
        let value = |claim: &str| verified.claim(claim).and_then(written);
        let header =
            |(name, claim): (&String, &String)| Some((name.to_ascii_lowercase(), value(claim)?));
        let set = verified.headers(|| config.headers.iter().filter_map(header).collect());
        Self { set, strips: config.strips.clone(), also }
    }

    /// The headers that carry claims: name, percent-encoded value.
    pub fn set(&self) -> &[(String, String)] {
        &self.set
    }

    /// Whether a header of the caller must not travel on.
    pub fn strips(&self, name: &str) -> bool {
        self.strips.has(name) || self.also.is_some_and(|also| name.eq_ignore_ascii_case(also))
    }
}

/// A claim as one header value: a list joined by commas, an object as JSON; `None` for null and
/// for what is empty.
fn written(claim: &Value) -> Option<String> {
    let text = match claim {
        Value::Null => return None,
        Value::String(text) => value(text),
        Value::Array(items) => items.iter().filter_map(written).collect::<Vec<_>>().join(","),
        other => value(&other.to_string()),
    };
    (!text.is_empty()).then_some(text)
}

/// What a value like `user@example.com` or `files:read` needs stays readable.
fn value(text: &str) -> String {
    encoded(text, |byte| byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::written;
    use serde_json::json;

    #[test]
    fn values_are_one_safe_line() {
        for (claim, value) in [
            (json!("user@example.com"), Some("user@example.com")),
            (json!("Jö a%b\r\nx: y"), Some("J%C3%B6%20a%25b%0D%0Ax:%20y")),
            (json!(["a,b", "c", 1, true]), Some("a%2Cb,c,1,true")),
            (json!({ "a": 1 }), Some("%7B%22a%22:1%7D")),
            (json!(""), None),
            (json!([]), None),
            (json!(null), None),
        ] {
            assert_eq!(written(&claim).as_deref(), value, "{claim}");
        }
    }
}
