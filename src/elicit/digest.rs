//! Who calls, and for what -> short texts to compare.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::Principal;

/// What a retry adds to the parameters, and what is about one message only.
const OF_ONE_MESSAGE: [&str; 3] = ["_meta", "inputResponses", "requestState"];

/// The digest of a principal.
pub fn principal(principal: &Principal<'_>) -> String {
    let Principal { issuer, subject, client } = principal;
    digest(&json!([issuer, subject, client]).to_string())
}

/// The digest of a call's parameters, whichever way they are written.
pub fn params(params: &Map<String, Value>) -> String {
    let lasting = params.iter().filter(|(name, _)| !OF_ONE_MESSAGE.contains(&name.as_str()));
    let mut text = String::new();
    write_object(lasting, &mut text);
    digest(&text)
}

/// Canonical JSON, in the spirit of RFC 8785: members sorted by the bytes of their names, no white
/// space, texts and numbers as `serde_json` writes them. `1` and `1.0` differ, as do an absent
/// member and null.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_object(members.iter(), text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        leaf => text.push_str(&leaf.to_string()),
    }
}

fn write_object<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>, text: &mut String) {
    // Not left to the map: a feature of `serde_json` keeps the order of the message instead.
    let mut members: Vec<_> = members.collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&json!(name).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{params, write};

    fn canonical(value: &Value) -> String {
        let mut text = String::new();
        write(value, &mut text);
        text
    }

    #[test]
    fn canonical_json_is_sorted_and_has_no_space() {
        let value: Value = serde_json::from_str(
            " { \"b\" : [ 1, 1.50, -0.0, 1e30, {\"z\":null,\"a\":true} ], \"a\\n\" : \"\\u00e9\\/\" } ",
        )
        .unwrap_or_default();
        assert_eq!(canonical(&value), r#"{"a\n":"é/","b":[1,1.5,-0.0,1e+30,{"a":true,"z":null}]}"#);
    }

    #[test]
    fn what_a_retry_adds_does_not_count_and_all_else_does() {
        let digest = |value: &Value| value.as_object().map(params);
        let first = json!({ "name": "a", "arguments": { "b": 1 } });
        let retried = json!({ "arguments": { "b": 1 }, "name": "a", "_meta": { "progressToken": 1 },
            "inputResponses": {}, "requestState": "x" });
        assert_eq!(digest(&first), digest(&retried));
        for other in [
            json!({ "name": "a", "arguments": { "b": 2 } }),
            json!({ "name": "a", "arguments": { "b": "1" } }),
            json!({ "name": "a", "arguments": { "b": 1, "_meta": {} } }),
            json!({ "name": "a" }),
        ] {
            assert_ne!(digest(&first), digest(&other), "{other}");
        }
    }
}
