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
    let env = |name: &str| match name {
        "SECRET" => Some("a secret of 24 letters..".to_owned()),
        "SHORT" => Some("15 letters long".to_owned()),
        "EMPTY" => Some(String::new()),
        "LINES" => Some("a secret in\ntwo lines, long".to_owned()),
        _ => None,
    };
    read.and_then(|config| Gate::new(config, &env)).err().map(|error| error.to_string())
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
        "dpop": { "mode": "required", "algorithms": ["ES256", "ES384"], "age": 60,
                  "nonce": { "mode": "always", "secret": { "env": "SECRET" } } },
        "replay": { "capacity": 5000, "store": { "http": {
            "uri": "http://127.0.0.1:7379", "cluster": "store", "timeout": 1,
            "authorization": { "env": "SECRET" } } } },
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
        ("/dpop", json!([]), "`dpop`"),
        ("/dpop", json!({ "more": 1 }), "`dpop.more`"),
        ("/dpop", json!({ "mode": "on" }), "`dpop.mode`"),
        ("/dpop", json!({ "age": 0 }), "`dpop.age`"),
        ("/dpop", json!({ "age": 3601 }), "`dpop.age`"),
        ("/dpop", json!({ "algorithms": [] }), "`dpop.algorithms`"),
        ("/dpop", json!({ "algorithms": ["HS256"] }), "`dpop.algorithms`"),
        ("/dpop", json!({ "algorithms": ["none"] }), "`dpop.algorithms`"),
        ("/dpop", json!({ "nonce": { "mode": "always" } }), "`dpop.nonce.secret`"),
        ("/dpop", json!({ "nonce": { "secret": "text" } }), "`dpop.nonce.secret`"),
        ("/dpop", json!({ "nonce": { "secret": null } }), "`dpop.nonce.secret`"),
        ("/dpop", json!({ "nonce": { "secret": { "env": "A", "b": 1 } } }), "`dpop.nonce.secret`"),
        ("/replay", json!({ "store": "redis" }), "`replay.store"),
        ("/replay", json!({ "store": { "http": {} } }), "`replay.store.http"),
        ("/replay", json!({ "store": { "http": ["http://127.0.0.1"] } }), "`replay.store.http"),
        (
            "/replay",
            json!({ "store": { "http": { "uri": "http://store.example.com" } } }),
            "`replay.store.http.uri`",
        ),
        (
            "/replay",
            json!({ "store": { "http": { "uri": "https://store.example.com?a" } } }),
            "`replay.store.http.uri`",
        ),
        (
            "/replay",
            json!({ "store": { "http": { "uri": "https://a.example", "timeout": 0 } } }),
            "`replay.store.http.timeout`",
        ),
        ("/replay", json!({ "capacity": 999 }), "`replay.capacity`"),
        ("/replay", json!({ "capacity": 10_000_001 }), "`replay.capacity`"),
        ("/replay", json!({ "capacity": -1 }), "`replay.capacity`"),
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
fn secrets_must_be_there_and_fit() {
    let nonces = |mode: &str, env: &str| {
        let nonce = json!({ "mode": "always", "secret": { "env": env } });
        with(json!({ "dpop": { "mode": mode, "nonce": nonce } }))
    };
    for (env, fault) in [
        ("NOWHERE", Some("is not there")),
        ("EMPTY", Some("is not there")),
        ("SHORT", Some("has less than 16 bytes")),
        ("LINES", Some("holds control characters")),
        ("SECRET", None),
    ] {
        let named = "`dpop.nonce.secret`: the environment variable that it names";
        let fault = fault.map(|fault| format!("{named} {fault}"));
        assert_eq!(refusal(&nonces("required", env)), fault);
        // What is not in use is not read.
        assert_eq!(refusal(&nonces("off", env)), None);
    }
    let store = |mode: &str, env: &str| {
        let store = json!({ "uri": "https://store.example.com", "authorization": { "env": env } });
        with(json!({ "dpop": { "mode": mode }, "replay": { "store": { "http": store } } }))
    };
    assert_eq!(refusal(&store("off", "NOWHERE")), None);
    assert_eq!(refusal(&store("optional", "SHORT")), None);
    let fault =
        "`replay.store.http.authorization`: the environment variable that it names is not there";
    assert_eq!(refusal(&store("optional", "NOWHERE")).as_deref(), Some(fault));
}

#[test]
fn no_refusal_quotes_what_may_be_a_secret() {
    for secret in [
        json!("5ecret"),
        json!({ "5ecret": "A" }),
        json!({ "env": ["5ecret"] }),
        json!({ "env": "5ecret" }),
    ] {
        for members in [
            json!({ "dpop": { "mode": "required", "nonce": { "mode": "always", "secret": secret.clone() } } }),
            json!({ "dpop": { "mode": "required" }, "replay": { "store": { "http": {
                "uri": "https://store.example.com", "authorization": secret } } } }),
        ] {
            let refused = refusal(&with(members.clone()));
            assert!(refused.is_some_and(|text| !text.contains("5ecret")), "{members}");
        }
    }
}

/// The least configuration and these members.
fn with(members: Value) -> Value {
    let mut config = good();
    if let (Some(config), Value::Object(members)) = (config.as_object_mut(), members) {
        config.extend(members);
    }
    config
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
