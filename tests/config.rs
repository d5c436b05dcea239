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
        "revocation": { "age": 1, "stale": 0, "list": {
            "uri": "http://lists.internal/", "cluster": "lists", "timeout": 60 } },
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
        ("/revocation", json!({}), "`revocation`: needs exactly one"),
        ("/revocation", json!(null), "`revocation`"),
        ("/revocation", json!({ "host": false }), "`revocation`: needs exactly one"),
        (
            "/revocation",
            json!({ "host": true, "list": { "uri": "https://a.example" } }),
            "`revocation`: needs exactly one",
        ),
        ("/revocation", json!({ "list": "https://a.example" }), "`revocation.list`"),
        ("/revocation", json!({ "list": null }), "`revocation.list`"),
        ("/revocation", json!({ "host": true, "age": 0 }), "`revocation.age`"),
        ("/revocation", json!({ "host": true, "age": 3601 }), "`revocation.age`"),
        ("/revocation", json!({ "host": true, "stale": 86_401 }), "`revocation.stale`"),
        (
            "/revocation",
            json!({ "list": { "uri": "http://lists.example.com" } }),
            "`revocation.list.uri`",
        ),
        (
            "/revocation",
            json!({ "list": { "uri": "https://a.example", "timeout": 0 } }),
            "`revocation.list.timeout`",
        ),
        (
            "/revocation",
            json!({ "list": { "uri": "https://a.example", "key": {}, "keys": {} } }),
            "`revocation.list`: needs one of",
        ),
        (
            "/revocation",
            json!({ "list": { "uri": "https://a.example", "key": { "kty": "oct", "k": "AA" } } }),
            "`revocation.list.key`: holds no key",
        ),
        (
            "/revocation",
            json!({ "list": { "uri": "https://a.example", "keys": [] } }),
            "`revocation.list.keys`: is not a key set",
        ),
        (
            "/revocation",
            json!({ "list": { "uri": "https://a.example", "keys": { "keys": [] } } }),
            "`revocation.list.keys`: holds no key",
        ),
        (
            "/revocation",
            json!({ "http": { "uri": "https://store.example.com?a" } }),
            "`revocation.http.uri`",
        ),
        (
            "/revocation",
            json!({ "http": { "uri": "https://a.example", "authorization": { "env": "NO" } } }),
            "`revocation.http.authorization`: the environment variable",
        ),
        (
            "/revocation",
            json!({ "introspection": { "uri": "https://a.example", "client": "gate" } }),
            "`revocation.introspection`: missing field `secret`",
        ),
        (
            "/revocation",
            json!({ "introspection": { "uri": "http://a.example", "client": "gate",
                                       "secret": { "env": "SECRET" } } }),
            "`revocation.introspection.uri`",
        ),
        (
            "/revocation",
            json!({ "introspection": { "uri": "https://a.example", "client": "",
                                       "secret": { "env": "SECRET" } } }),
            "`revocation.introspection.client`",
        ),
        (
            "/revocation",
            json!({ "introspection": { "uri": "https://a.example", "client": "gate",
                                       "secret": { "env": "NOWHERE" } } }),
            "`revocation.introspection.secret`: the environment variable",
        ),
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
        ("/limits", json!({ "body": 255 }), "`limits.body`"),
        ("/limits", json!({ "body": 16_777_217 }), "`limits.body`"),
        ("/limits", json!({ "cache": 536_870_913 }), "`limits.cache`"),
        ("/limits", json!({ "cache": -1 }), "`limits.cache`"),
        ("/issuers/0/profile", json!("saml"), "`issuers[0].profile`"),
        ("/issuers/0/profile", json!("caracal"), "`issuers[0].zone`"),
        ("/issuers/0/zone", json!("zone-1"), "`issuers[0].zone`"),
        ("/issuers/0/use", json!("gateway"), "`issuers[0].use`"),
        ("/issuers/0/use", json!([]), "`issuers[0].use`"),
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
                "uri": "https://store.example.com", "authorization": secret.clone() } } } }),
            json!({ "revocation": { "introspection": {
                "uri": "https://as.example.com", "client": "gate", "secret": secret } } }),
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
fn introspection_shows_tokens_to_their_own_issuer_only() {
    let endpoint = json!({ "uri": "https://as.example.com/introspect", "client": "gate",
                           "secret": { "env": "SECRET" } });
    let mut config = with(json!({ "revocation": { "introspection": endpoint } }));
    assert_eq!(refusal(&config), None);
    let other = json!({ "issuer": "other", "keys": { "uri": "https://other.example.com" } });
    if let Some(issuers) = config.pointer_mut("/issuers").and_then(Value::as_array_mut) {
        issuers.push(other);
    }
    let refused = refusal(&config).unwrap_or_default();
    assert!(refused.starts_with("`revocation.introspection`: "), "{refused}");
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

#[test]
fn every_refusal_of_a_policy_names_its_member() {
    let rule = |members: Value| json!({ "rules": [{ "name": "a" }, members] });
    let matching = |about: Value| rule(json!({ "match": about }));
    let requiring = |require: Value| rule(json!({ "require": require }));
    let operations = |list: Value| json!({ "operations": { "list": list } });
    let plain = "is not a path in its plain, decoded form";
    let normal = "is not a URI in its normal form (RFC 3986 section 6.2.2)";
    let scope = "is not a scope (RFC 6749 section 3.3)";
    let pointer = "is neither a name nor a JSON Pointer (RFC 6901)";
    let nothing = "an empty list would match nothing: leave it out";
    let value = "a value is text, a number, a boolean or null";
    let hierarchy = "must lead from a scope to scopes (RFC 6749 section 3.3)";
    let star = "may have `*` at its end only";
    let asks_nothing = "`false` asks for nothing: leave it out";
    for (policy, member, text) in [
        (json!([]), "policy", "expected an object"),
        (json!({ "more": 1 }), "policy.more", "unknown field `more`"),
        (json!({ "default": "ask" }), "policy.default", "unknown variant `ask`"),
        (json!({ "body": "hold" }), "policy.body", "unknown variant `hold`"),
        (json!({ "lists": "some" }), "policy.lists", "unknown variant `some`"),
        (json!({ "lists": "filtered" }), "policy.lists", "there are no rules to filter by"),
        // hierarchy
        (json!({ "hierarchy": { "a b": ["c"] } }), "policy.hierarchy.a b", hierarchy),
        (json!({ "hierarchy": { "": ["c"] } }), "policy.hierarchy.", hierarchy),
        (json!({ "hierarchy": { "a": ["b c"] } }), "policy.hierarchy.a", hierarchy),
        (json!({ "hierarchy": { "a": ["b\"*"] } }), "policy.hierarchy.a", hierarchy),
        (json!({ "hierarchy": { "a": ["*b"] } }), "policy.hierarchy.a[0]", star),
        (json!({ "hierarchy": { "a": [""] } }), "policy.hierarchy.a[0]", "is empty"),
        (json!({ "hierarchy": { "a": "b" } }), "policy.hierarchy.a", "invalid type"),
        // operations
        (json!({ "operations": [] }), "policy.operations", "expected an object"),
        (json!({ "operations": null }), "policy.operations", "expected an object"),
        (json!({ "operations": { "more": 1 } }), "policy.operations.more", "unknown field"),
        (
            json!({ "operations": { "enforcement": "off" } }),
            "policy.operations.enforcement",
            "unknown variant `off`",
        ),
        (
            operations(json!([["GET", "/a", "b"]])),
            "policy.operations.list[0]",
            "expected an object",
        ),
        (
            operations(json!([{ "method": "GET", "path": "/a" }])),
            "policy.operations.list[0]",
            "missing field `scope`",
        ),
        (
            operations(json!([{ "method": "GE T", "path": "/a", "scope": "b" }])),
            "policy.operations.list[0].method",
            "is not an HTTP method",
        ),
        (
            operations(json!([{ "method": "GET", "path": "a", "scope": "b" }])),
            "policy.operations.list[0].path",
            plain,
        ),
        (
            operations(json!([{ "method": "GET", "path": "/a%20b", "scope": "b" }])),
            "policy.operations.list[0].path",
            plain,
        ),
        (
            operations(json!([{ "method": "GET", "path": "/a", "scope": "b c" }])),
            "policy.operations.list[0].scope",
            scope,
        ),
        (
            operations(json!([{ "method": "GET", "path": "/a", "scope": "b" },
                              { "method": "get", "path": "/a", "scope": "c" }])),
            "policy.operations.list[1].path",
            "stands here twice with this method",
        ),
        // rules
        (json!({ "rules": {} }), "policy.rules", "expected a sequence"),
        (json!({ "rules": ["a"] }), "policy.rules[0]", "expected an object"),
        (rule(json!({ "name": "a" })), "policy.rules[1].name", "stands here twice"),
        (rule(json!({ "more": 1 })), "policy.rules[1].more", "unknown field `more`"),
        (rule(json!({ "effect": "ask" })), "policy.rules[1].effect", "unknown variant `ask`"),
        (rule(json!({ "enforcement": "log" })), "policy.rules[1].enforcement", "unknown variant"),
        (
            rule(json!({ "effect": "deny", "require": { "roles": "admin" } })),
            "policy.rules[1].require",
            "has no meaning for a rule that denies",
        ),
        // what they match
        (matching(json!([])), "policy.rules[1].match", "expected an object"),
        (matching(json!({ "tools": "a" })), "policy.rules[1].match.tools", "unknown field `tools`"),
        (
            matching(json!({ "http": "GE T" })),
            "policy.rules[1].match.http",
            "`GE T` is not an HTTP method",
        ),
        (
            matching(json!({ "http": ["GET", "delete"] })),
            "policy.rules[1].match.http",
            "`delete` is not an HTTP method in capitals",
        ),
        // Rules that could never match, and so would deny nothing.
        (
            matching(json!({ "tool": "a", "prompt": "a" })),
            "policy.rules[1].match.prompt",
            "no call has two",
        ),
        (
            matching(json!({ "resource": "a:b", "tool": "a" })),
            "policy.rules[1].match.resource",
            "no call has two",
        ),
        (
            matching(json!({ "method": "tools/list", "tool": "a" })),
            "policy.rules[1].match.tool",
            "no call of these",
        ),
        (
            matching(json!({ "method": "tools/*", "prompt": "a" })),
            "policy.rules[1].match.prompt",
            "no call of these",
        ),
        (
            matching(json!({ "method": "prompts/get", "resource": "a:*" })),
            "policy.rules[1].match.resource",
            "no call of these",
        ),
        (
            matching(json!({ "message": "none", "method": "*" })),
            "policy.rules[1].match.message",
            "have no method",
        ),
        (
            matching(json!({ "message": ["response", "none"], "arguments": { "a": 1 } })),
            "policy.rules[1].match.message",
            "have no method",
        ),
        (
            matching(json!({ "message": "notification", "tool": "a" })),
            "policy.rules[1].match.message",
            "have no method",
        ),
        (
            requiring(json!({ "scopes": [] })),
            "policy.rules[1].require.scopes",
            "an empty list asks for nothing",
        ),
        (
            requiring(json!({ "scopes": { "any": [] } })),
            "policy.rules[1].require.scopes",
            "an empty list asks for nothing",
        ),
        (
            requiring(json!({ "delegation": { "required": false } })),
            "policy.rules[1].require.delegation",
            "asks for nothing",
        ),
        (
            matching(json!({ "resource": "https://example.com*" })),
            "policy.rules[1].match.resource",
            normal,
        ),
        (
            matching(json!({ "resource": "https://example.com:443/" })),
            "policy.rules[1].match.resource",
            normal,
        ),
        (matching(json!({ "path": "/a;b" })), "policy.rules[1].match.path", plain),
        (matching(json!({ "http": [] })), "policy.rules[1].match.http", nothing),
        (matching(json!({ "http": [1] })), "policy.rules[1].match.http[0]", "expected a string"),
        (matching(json!({ "path": "files" })), "policy.rules[1].match.path", plain),
        (matching(json!({ "path": "/a/../b" })), "policy.rules[1].match.path", plain),
        (matching(json!({ "path": "/a//b*" })), "policy.rules[1].match.path", plain),
        (matching(json!({ "path": ["/a", "/%61"] })), "policy.rules[1].match.path", plain),
        (matching(json!({ "path": "/a*b" })), "policy.rules[1].match.path", star),
        (matching(json!({ "path": "" })), "policy.rules[1].match.path", "pattern `` is empty"),
        (
            matching(json!({ "message": "call" })),
            "policy.rules[1].match.message",
            "unknown variant `call`",
        ),
        (matching(json!({ "message": [] })), "policy.rules[1].match.message", nothing),
        (matching(json!({ "method": "*/call" })), "policy.rules[1].match.method", star),
        (matching(json!({ "method": 1 })), "policy.rules[1].match.method", "text or a list of it"),
        (matching(json!({ "method": null })), "policy.rules[1].match.method", "text or a list of"),
        (matching(json!({ "tool": [] })), "policy.rules[1].match.tool", nothing),
        (matching(json!({ "tool": ["a", ""] })), "policy.rules[1].match.tool[1]", "is empty"),
        (matching(json!({ "tool": "a**" })), "policy.rules[1].match.tool", star),
        (matching(json!({ "prompt": {} })), "policy.rules[1].match.prompt", "text or a list of it"),
        (matching(json!({ "resource": "FILE:///a" })), "policy.rules[1].match.resource", normal),
        (matching(json!({ "resource": "file:/a" })), "policy.rules[1].match.resource", normal),
        (
            matching(json!({ "resource": ["a:b", "a:/../b*"] })),
            "policy.rules[1].match.resource",
            normal,
        ),
        (
            matching(json!({ "arguments": { "a": [] } })),
            "policy.rules[1].match.arguments.a",
            "an empty list would match nothing",
        ),
        (matching(json!({ "arguments": { "a": {} } })), "policy.rules[1].match.arguments.a", value),
        (
            matching(json!({ "arguments": { "a": [[]] } })),
            "policy.rules[1].match.arguments.a",
            value,
        ),
        (
            matching(json!({ "arguments": { "a": "*b" } })),
            "policy.rules[1].match.arguments.a",
            star,
        ),
        (matching(json!({ "arguments": { "": 1 } })), "policy.rules[1].match.arguments.", pointer),
        (
            matching(json!({ "arguments": { "/a~2": 1 } })),
            "policy.rules[1].match.arguments./a~2",
            pointer,
        ),
        (
            matching(json!({ "arguments": { "/a~": 1 } })),
            "policy.rules[1].match.arguments./a~",
            pointer,
        ),
        (
            json!({ "body": "metadata", "rules": [{ "match": { "arguments": { "a": 1 } } }] }),
            "policy.rules[0].match.arguments.a",
            "Envoy's MCP filter does not tell arguments: choose another `policy.body`",
        ),
        // what they require
        (requiring(json!({ "dpop": 1 })), "policy.rules[1].require.dpop", "expected a boolean"),
        (
            requiring(json!({ "dpop": true })),
            "policy.rules[1].require.dpop",
            "cannot be had while `dpop.mode` is `off`",
        ),
        (
            requiring(json!({ "scopes": "a b" })),
            "policy.rules[1].require.scopes",
            "`a b` is not a scope (RFC 6749 section 3.3)",
        ),
        (
            requiring(json!({ "scopes": { "any": ["a", ""] } })),
            "policy.rules[1].require.scopes",
            "`` is not a scope (RFC 6749 section 3.3)",
        ),
        (requiring(json!({ "scopes": [1] })), "policy.rules[1].require.scopes", "a scope is text"),
        (
            requiring(json!({ "scopes": { "none": [] } })),
            "policy.rules[1].require.scopes",
            "unknown field `none`, expected `all` or `any`",
        ),
        (requiring(json!({ "zone": [] })), "policy.rules[1].require.zone", nothing),
        (
            requiring(json!({ "zone": "" })),
            "policy.rules[1].require.zone",
            "an empty text would match nothing",
        ),
        (
            requiring(json!({ "targets": ["a", ""] })),
            "policy.rules[1].require.targets",
            "an empty text would match nothing",
        ),
        (
            requiring(json!({ "chain": "" })),
            "policy.rules[1].require.chain",
            "an empty text would match nothing",
        ),
        (
            requiring(json!({ "roles": [""] })),
            "policy.rules[1].require.roles",
            "an empty text would match nothing",
        ),
        (
            requiring(json!({ "amr": "" })),
            "policy.rules[1].require.amr",
            "an empty text would match nothing",
        ),
        (requiring(json!({ "agent": false })), "policy.rules[1].require.agent", asks_nothing),
        (requiring(json!({ "agent": [] })), "policy.rules[1].require.agent", nothing),
        (requiring(json!({ "agent": "a*b" })), "policy.rules[1].require.agent", star),
        (
            requiring(json!({ "delegation": false })),
            "policy.rules[1].require.delegation",
            asks_nothing,
        ),
        (
            requiring(json!({ "delegation": 2 })),
            "policy.rules[1].require.delegation",
            "must be `true` or an object",
        ),
        (
            requiring(json!({ "delegation": { "depth": -1 } })),
            "policy.rules[1].require.delegation",
            "invalid value: integer `-1`",
        ),
        (
            requiring(json!({ "delegation": { "hops": 1 } })),
            "policy.rules[1].require.delegation",
            "unknown field `hops`",
        ),
        (requiring(json!({ "actor": "" })), "policy.rules[1].require.actor", "is empty"),
        (requiring(json!({ "claims": { "": 1 } })), "policy.rules[1].require.claims.", pointer),
        (
            requiring(json!({ "claims": { "/a~x": 1 } })),
            "policy.rules[1].require.claims./a~x",
            pointer,
        ),
        (
            requiring(json!({ "claims": { "a": [] } })),
            "policy.rules[1].require.claims.a",
            "an empty list would match nothing",
        ),
        (requiring(json!({ "claims": { "a": [{}] } })), "policy.rules[1].require.claims.a", value),
        (
            requiring(json!({ "claims": { "a": { "has": [] } } })),
            "policy.rules[1].require.claims.a",
            "an empty list would match nothing",
        ),
        (
            requiring(json!({ "claims": { "a": { "has": 1, "is": 2 } } })),
            "policy.rules[1].require.claims.a",
            "expected `{ \"has\": value }`",
        ),
        (
            requiring(json!({ "acr": "a b" })),
            "policy.rules[1].require.acr",
            "`a b` cannot stand in a challenge",
        ),
        (
            requiring(json!({ "acr": ["a", "\""] })),
            "policy.rules[1].require.acr",
            "`\"` cannot stand in a challenge",
        ),
        (
            requiring(json!({ "max_age": -1 })),
            "policy.rules[1].require.max_age",
            "invalid value: integer `-1`",
        ),
        // of every call
        (json!({ "require": [] }), "policy.require", "expected an object"),
        (json!({ "require": { "role": "a" } }), "policy.require.role", "unknown field `role`"),
        (
            json!({ "require": { "dpop": true } }),
            "policy.require.dpop",
            "cannot be had while `dpop.mode` is `off`",
        ),
        (
            json!({ "require": { "chain": ["a", ""] } }),
            "policy.require.chain",
            "an empty text would match nothing",
        ),
        (json!({ "require": { "claims": { "/~": 1 } } }), "policy.require.claims./~", pointer),
    ] {
        let refused = refusal(&with(json!({ "policy": policy.clone() }))).unwrap_or_default();
        let named = format!("`{member}`: ");
        assert!(refused.starts_with(&named) && refused.contains(text), "{policy}: {refused}");
    }
}

#[test]
fn the_most_of_a_policy_is_accepted() {
    let require = json!({
        "dpop": true, "scopes": { "all": "a", "any": ["b", "c"] }, "zone": "z", "targets": ["r"],
        "session": true, "agent": ["a-*", "b"], "delegation": { "required": false, "depth": 0 },
        "chain": "app", "actor": "svc*", "roles": ["r"], "acr": "urn:a", "amr": "otp", "max_age": 0,
        "claims": { "a": ["x", 1, true, null], "/b/0~1~0": { "has": "y" }, "https://c": null },
    });
    let about = json!({
        "http": ["POST", "M-SEARCH"], "path": ["/", "/a b/é*", "/100%", "/a%*"],
        "message": ["request", "notification", "response", "none"], "method": ["*", "tools/*"],
        "resource": ["*", "file:*", "file://*", "x:/%2F*", "note:a%20b"],
        "arguments": { "a": ["x*", "*", 1, 0.5, true, null], "/b/0/~1": "c", "~": 1 },
    });
    let policy = json!({
        "default": "allow", "body": "hold_headers", "lists": "filtered", "require": require.clone(),
        "hierarchy": { "admin": ["*", "files:*", "a"], "none": [] },
        "operations": { "enforcement": "enforced", "list": [
            { "method": "get", "path": "/a b/100%", "scope": "a" },
            { "method": "POST", "path": "/a b/100%", "scope": "a" },
        ] },
        "rules": [
            {}, {}, { "name": "deny", "match": about, "effect": "deny", "enforcement": "shadow" },
            { "match": { "tool": "a", "method": ["ping", "tools/*"], "message": ["none", "request"] } },
            { "match": { "prompt": ["b*"], "method": "completion/*" } },
            { "name": "Deny", "require": require, "effect": "allow", "enforcement": "enforce" },
        ],
    });
    let proofs = json!({ "mode": "optional" });
    assert_eq!(refusal(&with(json!({ "policy": policy, "dpop": proofs }))), None);
    let (agents, delegations) = (json!({ "agent": true }), json!({ "delegation": true }));
    for require in [agents, delegations, json!({ "delegation": {} }), json!({})] {
        assert_eq!(refusal(&with(json!({ "policy": { "require": require } }))), None);
    }
    for operations in [json!({}), json!({ "enforcement": "transport_uniform" })] {
        assert_eq!(refusal(&with(json!({ "policy": { "operations": operations } }))), None);
    }
}
