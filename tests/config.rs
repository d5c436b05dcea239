//! A configuration is refused with the member at fault, and never half understood.

use serde_json::{Value, json};
use waxseal::{Config, Gate};

fn good() -> Value {
    json!({ "resource": "https://api.example.com/mcp",
            "issuers": [{ "issuer": "https://as.example.com",
                          "keys": { "uri": "https://as.example.com/jwks.json" } }] })
}

fn refusal(config: &Value) -> Option<String> {
    let read = Config::read(config.to_string().as_bytes());
    read.and_then(Gate::new).err().map(|error| error.to_string())
}

#[test]
fn the_least_and_the_most_are_accepted() {
    assert_eq!(refusal(&good()), None);
    let most = json!({
        "resource": "http://127.0.0.1:8080/mcp?tenant=1",
        "issuers": [
            { "issuer": "https://as.example.com", "audience": ["a", "b"], "algorithms": ["RS256"],
              "keys": { "uri": "http://10.0.0.1/jwks", "cluster": "as" },
              "claims": { "optional": ["sub", "client_id", "jti", "iat"] }, "types": ["JWT"] },
            { "issuer": "other", "keys": { "uri": "http://127.0.0.1:9/jwks" } },
        ],
        "keys": { "age": 60, "timeout": 2 }, "scopes": ["files:read"], "leeway": 0,
        "limits": { "token": 8192 },
        "errors": { "base": "https://errors.example.com/", "vocabulary": "caracal", "verbose": true },
        "challenge": { "realm": "a \"realm\"" },
        "forward": { "headers": { "x-user": "sub" }, "authorization": "keep" },
    });
    assert_eq!(refusal(&most), None);
}

#[test]
fn every_refusal_names_its_member() {
    let cases = [
        ("/resource", json!("mcp.example.com"), "`resource`"),
        ("/resource", json!("https://a.example/#f"), "`resource`"),
        ("/resource", json!("https://user@a.example/"), "`resource`"),
        ("/resource", json!("https://"), "`resource`"),
        ("/resource", json!("https://a.example/\" b"), "`resource`"),
        ("/resource", json!(1), "`resource`"),
        ("/more", json!(1), "`more`"),
        ("/issuers", json!([]), "`issuers`"),
        ("/issuers/0/issuer", json!(""), "`issuers[0].issuer`"),
        ("/issuers/0/issuer", json!("a b"), "`issuers[0].issuer`"),
        ("/issuers/0/more", json!(1), "`issuers[0].more`"),
        ("/issuers/0/keys", json!({}), "`issuers[0].keys`"),
        ("/issuers/0/keys/set", json!({ "keys": [] }), "`issuers[0].keys`"),
        ("/issuers/0/keys", json!({ "set": 1 }), "`issuers[0].keys.set`"),
        (
            "/issuers/0/keys",
            json!({ "set": { "keys": [{ "kty": "oct", "k": "AA" }] } }),
            "`issuers[0].keys.set`",
        ),
        ("/issuers/0/keys/uri", json!("http://as.example.com/jwks"), "`issuers[0].keys.uri`"),
        (
            "/issuers/0/keys/uri",
            json!("http://127.0.0.1.example.com/jwks"),
            "`issuers[0].keys.uri`",
        ),
        ("/issuers/0/keys/uri", json!("file:///etc/passwd"), "`issuers[0].keys.uri`"),
        ("/issuers/0/algorithms", json!([]), "`issuers[0].algorithms`"),
        ("/issuers/0/algorithms", json!(["none"]), "`issuers[0].algorithms`"),
        ("/issuers/0/algorithms", json!(["HS256"]), "`issuers[0].algorithms`"),
        ("/issuers/0/audience", json!([""]), "`issuers[0].audience[0]`"),
        ("/issuers/0/types", json!([]), "`issuers[0].types`"),
        ("/issuers/0/claims", json!({ "optional": ["exp"] }), "`issuers[0].claims.optional[0]`"),
        ("/keys", json!([300, 5]), "`keys`"),
        ("/issuers", json!([["https://as.example.com"]]), "`issuers[0]`"),
        ("/issuers/0/keys", json!([null]), "`issuers[0].keys`"),
        ("/keys", json!({ "age": 0 }), "`keys.age`"),
        ("/keys", json!({ "timeout": 61 }), "`keys.timeout`"),
        ("/leeway", json!(601), "`leeway`"),
        ("/leeway", json!(-1), "`leeway`"),
        ("/leeway", json!(1.5), "`leeway`"),
        ("/limits", json!({ "token": 255 }), "`limits.token`"),
        ("/scopes", json!(["a b"]), "`scopes[0]`"),
        ("/errors", json!({ "base": "errors" }), "`errors.base`"),
        ("/errors", json!({ "vocabulary": "other" }), "`errors.vocabulary`"),
        ("/challenge", json!({ "realm": 1 }), "`challenge.realm`"),
        ("/forward", json!({ "headers": { ":path": "sub" } }), "`forward.headers.:path`"),
        ("/forward", json!({ "headers": { "Host": "sub" } }), "`forward.headers.Host`"),
        (
            "/forward",
            json!({ "headers": { "authorization": "sub" } }),
            "`forward.headers.authorization`",
        ),
        ("/forward", json!({ "headers": { "x-a": "sub", "X_A": "sub" } }), "twice"),
        ("/forward", json!({ "headers": { "x-a": "" } }), "`forward.headers.x-a`"),
        ("/forward", json!({ "authorization": "send" }), "`forward.authorization`"),
    ];
    for (place, value, expected) in cases {
        let mut config = good();
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        let members = config.pointer_mut(parent).and_then(Value::as_object_mut);
        assert!(
            members.map(|members| members.insert(name.to_owned(), value.clone())).is_some(),
            "{place}"
        );
        let refused = refusal(&config);
        assert!(
            refused.as_ref().is_some_and(|text| text.contains(expected)),
            "{place} = {value}: {refused:?}"
        );
    }
}

#[test]
fn one_issuer_twice_and_one_member_twice_are_refused() {
    let mut config = good();
    if let Some(issuers) = config.pointer_mut("/issuers").and_then(Value::as_array_mut) {
        issuers.extend_from_within(..);
    }
    assert_eq!(refusal(&config).as_deref(), Some("`issuers[1].issuer`: stands here twice"));
    let doubled = good().to_string().replacen('{', r#"{"leeway":1,"leeway":2,"#, 1);
    let refused = Config::read(doubled.as_bytes()).err().map(|error| error.to_string());
    assert!(
        refused.as_ref().is_some_and(|text| text.contains("duplicate field `leeway`")),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_json_object_is_refused() {
    for text in ["", "[]", "null", "{", "resource: https://a.example", "{} {}"] {
        assert!(Config::read(text.as_bytes()).is_err(), "{text}");
    }
}
