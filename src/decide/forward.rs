//! Claims -> headers for the upstream. Never lets a value of the caller stand beside ours.

use serde_json::Value;

use crate::config::{Credentials, Forwarding};
use crate::uri::encoded;
use crate::verify::Verified;

/// How a request's headers change on the way to the upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    set: Vec<(String, String)>,
    strip: Vec<String>,
}

impl Forward {
    /// Beside the configured changes, strips a header that the reply must not follow.
    pub(super) fn of(verified: &Verified, config: &Forwarding, also: Option<&str>) -> Self {
        let value = |claim: &str| verified.claim(claim).and_then(written);
        let headers = config.headers.iter();
        let mut strip: Vec<_> = headers.clone().map(|(name, _)| Forwarding::folded(name)).collect();
        if config.authorization == Credentials::Strip {
            strip.extend(["authorization", "dpop", "proxy-authorization"].map(str::to_owned));
        }
        strip.extend(also.map(str::to_owned));
        let set =
            headers.filter_map(|(name, claim)| Some((name.to_ascii_lowercase(), value(claim)?)));
        Self { set: set.collect(), strip }
    }

    /// The headers that carry claims: name, percent-encoded value.
    pub fn set(&self) -> &[(String, String)] {
        &self.set
    }

    /// Whether a header of the caller must not travel on.
    pub fn strips(&self, name: &str) -> bool {
        self.strip.contains(&Forwarding::folded(name))
    }

    /// The headers as the upstream may see them.
    pub fn apply(&self, headers: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
        let kept = headers.iter().filter(|(name, _)| !self.strips(name)).cloned();
        let set = self.set.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        kept.chain(set).collect()
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
    use super::{Forward, written};
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

    #[test]
    fn a_callers_header_of_a_folded_name_is_stripped() {
        let forward = Forward {
            set: vec![("x-user".to_owned(), "alice".to_owned())],
            strip: vec!["x-user".to_owned()],
        };
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let sent = [header("X_User", "mallory"), header("x-USER", "mallory"), header("a", "b")];
        assert_eq!(forward.apply(&sent), [header("a", "b"), header("x-user", "alice")]);
    }
}
