//! What holds for every input: nothing panics, nothing altered passes, every denial can be sent.

mod signer;

use proptest::prelude::*;
use serde_json::{Value, json};
use signer::{Failure, HEADER, Issuer, NOW, claims, gate, gate_with, request};
use waxseal::{Answers, Body, Decision, Gate, Reply, Request, Step, UnixTime};

/// Follows every step that needs no network.
fn decide(gate: &Gate, request: &Request, now: i64) -> Result<Decision, String> {
    let mut answers = Answers::default();
    for _ in 0..8 {
        match gate.check(request, &answers, UnixTime::from_seconds(now)) {
            Step::Done(decision) => return Ok(decision),
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            other => return Err(format!("unexpected step {other:?}")),
        }
    }
    Err("no end".to_owned())
}

fn inline() -> Result<(Issuer, Gate), Failure> {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    Ok((issuer, gate))
}

fn setting() -> Result<(Issuer, Gate), TestCaseError> {
    inline().map_err(|error| TestCaseError::fail(error.to_string()))
}

fn outcome(gate: &Gate, request: &Request, now: i64) -> Result<Decision, TestCaseError> {
    decide(gate, request, now).map_err(TestCaseError::fail)
}

/// RFC 9110 section 5.5 and the shape that both faces promise.
fn is_sendable(reply: &Reply) -> bool {
    let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let body: Result<Value, _> = serde_json::from_str(&reply.body);
    (200..=599).contains(&reply.status)
        && reply.headers.iter().all(|(_, value)| printable(value))
        && body.is_ok_and(|body| body.is_object())
}

#[test]
fn the_unaltered_token_passes() -> Result<(), Failure> {
    let (issuer, gate) = inline()?;
    let decision = decide(&gate, &request(&issuer.token()), NOW)?;
    assert!(matches!(decision, Decision::Allow(_)), "{decision:?}");
    Ok(())
}

proptest! {
    #[test]
    fn any_request_ends_in_a_decision_that_can_be_sent(
        method in any::<String>(),
        url in any::<String>(),
        fields in proptest::collection::vec((any::<String>(), any::<Vec<u8>>()), 0..4),
        credential in any::<Vec<u8>>(),
    ) {
        let (_, gate) = setting()?;
        let mut headers = fields;
        headers.push(("Authorization".to_owned(), credential));
        let request = Request { method, url, id: Request::id_in(&headers), headers, body: Body::Unread };
        let decision = outcome(&gate, &request, NOW)?;
        prop_assert!(!matches!(decision, Decision::Allow(_)));
        let reply = gate.reply(&decision, &request, UnixTime::from_seconds(NOW));
        prop_assert!(reply.as_ref().is_some_and(is_sendable), "{reply:?}");
    }

    #[test]
    fn no_token_of_the_right_alphabet_passes_by_chance(token in "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,5}") {
        let (_, gate) = setting()?;
        prop_assert!(matches!(outcome(&gate, &request(&token), NOW)?, Decision::Deny(_)));
    }

    #[test]
    fn no_altered_token_passes(position in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.=-]") {
        let (issuer, gate) = setting()?;
        let token = issuer.token();
        let place = position.index(token.len());
        let altered: String = token.char_indices().map(|(at, own)| if at == place { letter.clone() } else { own.to_string() }).collect();
        prop_assume!(altered != token);
        prop_assert!(matches!(outcome(&gate, &request(&altered), NOW)?, Decision::Deny(_)));
    }

    #[test]
    fn any_signed_payload_ends_in_a_decision(name in "iss|aud|sub|client_id|jti|iat|exp|nbf|scope|cnf|x", value in json_value()) {
        let (issuer, gate) = setting()?;
        let mut altered = claims();
        if let Some(members) = altered.as_object_mut() {
            members.insert(name, value);
        }
        let request = request(&issuer.sign(HEADER, &altered.to_string()));
        let decision = outcome(&gate, &request, NOW)?;
        if let Some(reply) = gate.reply(&decision, &request, UnixTime::from_seconds(NOW)) {
            prop_assert!(is_sendable(&reply), "{reply:?}");
        }
    }

    #[test]
    fn any_signed_text_ends_in_a_decision(header in any::<String>(), payload in any::<String>()) {
        let (issuer, gate) = setting()?;
        for token in [issuer.sign(&header, &claims().to_string()), issuer.sign(HEADER, &payload)] {
            prop_assert!(matches!(outcome(&gate, &request(&token), NOW)?, Decision::Deny(_)));
        }
    }

    #[test]
    fn a_token_passes_exactly_within_its_time(exp in -100_i64..100, nbf in -100_i64..100, iat in -100_i64..100) {
        let (issuer, gate) = setting()?;
        let mut dated = claims();
        for (name, offset) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
            if let Some(claim) = dated.get_mut(name) { *claim = json!(NOW + offset); }
            else if let Some(members) = dated.as_object_mut() { members.insert(name.to_owned(), json!(NOW + offset)); }
        }
        let decision = outcome(&gate, &request(&issuer.sign(HEADER, &dated.to_string())), NOW)?;
        let leeway = 30;
        let holds = exp + leeway > 0 && nbf - leeway <= 0 && iat - leeway <= 0;
        prop_assert_eq!(matches!(decision, Decision::Allow(_)), holds);
    }

    #[test]
    fn any_key_set_reply_is_survived(status in 100_u16..600, body in any::<Vec<u8>>()) {
        let issuer = Issuer::new().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let gate = gate(&json!({ "uri": "https://as.example.com/jwks.json" })).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (request, mut answers) = (request(&issuer.token()), Answers::default());
        let now = UnixTime::from_seconds(NOW);
        let Step::Fetch(fetch) = gate.check(&request, &answers, now) else {
            return Err(TestCaseError::fail("expected a fetch"));
        };
        gate.fetched(&fetch, waxseal::Fetched::Reply { status, cache_control: None, body: &body }, now);
        answers.fetched();
        prop_assert!(matches!(gate.check(&request, &answers, now), Step::Done(Decision::Deny(_))));
    }

    #[test]
    fn any_configuration_text_is_survived(text in any::<String>()) {
        prop_assert!(waxseal::Config::read(text.as_bytes()).is_err());
    }
}

/// A gate with this policy.
fn ruled(policy: &Value) -> Result<(Issuer, Gate), TestCaseError> {
    let made = Issuer::new().and_then(|issuer| {
        let gate = gate_with(&json!({ "set": issuer.key_set() }), json!({ "policy": policy }))?;
        Ok((issuer, gate))
    });
    made.map_err(|error| TestCaseError::fail(error.to_string()))
}

/// What becomes of a request with this URL and body.
fn ruling(
    (issuer, gate): &(Issuer, Gate),
    method: &str,
    url: &str,
    body: Body,
) -> Result<Decision, TestCaseError> {
    let good = request(&issuer.token());
    let request = Request { method: method.to_owned(), url: url.to_owned(), body, ..good };
    let decision = outcome(gate, &request, NOW)?;
    let reply = gate.reply(&decision, &request, UnixTime::from_seconds(NOW));
    prop_assert!(reply.as_ref().is_none_or(is_sendable), "{reply:?}");
    Ok(decision)
}

/// A call as a parser reads it that knows its members beforehand, and each but once.
#[derive(serde::Deserialize)]
struct Read {
    jsonrpc: String,
    method: String,
    params: ReadParams,
}

#[derive(serde::Deserialize)]
struct ReadParams {
    name: String,
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[1]}}}"#;

/// The call with some places written over, and parts of it doubled.
fn bent_call() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}:,\"\\\\ \n0-9a-zA-Z/._-]{1,3}",
        Just(r#","method":"tools/list""#.to_owned()),
        Just(r#","params":{"name":"other"}"#.to_owned()),
        Just(r#","name":"other""#.to_owned()),
        Just(r#","Method":"x""#.to_owned()),
        Just(r#""n\u0061me":"other","#.to_owned()),
        Just(CALL.to_owned()),
        any::<String>(),
    ];
    let edits = (any::<prop::sample::Index>(), 0_usize..4, piece);
    proptest::collection::vec(edits, 0..3).prop_map(|edits| {
        let mut text: Vec<char> = CALL.chars().collect();
        for (place, length, piece) in edits {
            let from = place.index(text.len() + 1);
            let to = (from + length).min(text.len());
            text.splice(from..to, piece.chars());
        }
        text.into_iter().collect::<String>().into_bytes()
    })
}

proptest! {
    #[test]
    fn any_body_ends_in_a_decision(body in any::<Vec<u8>>()) {
        let open = ruled(&json!({ "default": "allow", "rules": [{ "match": { "tool": "x" }, "effect": "deny" }] }))?;
        let empty = body.is_empty();
        let decision = ruling(&open, "POST", "/mcp", Body::Read(body))?;
        prop_assert_eq!(matches!(decision, Decision::Allow(_)), empty);
    }

    #[test]
    fn what_passes_has_one_reading(body in bent_call()) {
        let one = ruled(&json!({ "rules": [{ "match": { "tool": "echo" } }] }))?;
        let decision = ruling(&one, "POST", "/mcp", Body::Read(body.clone()))?;
        let text = String::from_utf8_lossy(&body);
        if matches!(decision, Decision::Allow(_)) {
            let last: Value = serde_json::from_slice(&body).unwrap_or_default();
            prop_assert_eq!(last.get("method").and_then(Value::as_str), Some("tools/call"), "{}", text);
            prop_assert_eq!(last.pointer("/params/name").and_then(Value::as_str), Some("echo"), "{}", text);
            // Fails for a member that stands there twice.
            let read: Result<Read, _> = serde_json::from_slice(&body);
            let same = read.is_ok_and(|read| read.jsonrpc == "2.0" && read.method == "tools/call" && read.params.name == "echo");
            prop_assert!(same, "{text}");
        } else {
            prop_assert!(body != CALL.as_bytes());
        }
    }

    #[test]
    fn a_path_that_passes_leads_nowhere_else(pieces in proptest::collection::vec("[a-c]|/|\\.|\\.\\.|;|%2[eEfF5]|%5[cC]|%25|%|%61|%C3%A9|%00|\\\\| ", 0..8)) {
        let path = format!("/{}", pieces.concat());
        let all = ruled(&json!({ "rules": [{ "match": { "path": "/*" } }] }))?;
        let body = || Body::Unread;
        if !matches!(ruling(&all, "GET", &path, body())?, Decision::Allow(_)) {
            return Ok(());
        }
        let plain = decoded(&path);
        prop_assert!(!climbs(&plain) && !climbs(&decoded(&plain)), "{path}");
        prop_assert!(!plain.contains("//") && !plain.contains('\\') && !plain.contains('\0'), "{path}");
        // The plain form is its own, and a rule that names it is about the path.
        let rule = json!({ "rules": [{ "match": { "path": plain } }] });
        prop_assert!(matches!(ruling(&ruled(&rule)?, "GET", &path, body())?, Decision::Allow(_)), "{path}");
        let again = plain.replace('%', "%25");
        prop_assert!(matches!(ruling(&ruled(&rule)?, "GET", &again, body())?, Decision::Allow(_)), "{again}");
    }

    #[test]
    fn a_resource_that_passes_leads_nowhere_else(pieces in proptest::collection::vec("[a-cA-C]|:|/|//|\\.|\\.\\.|;|\\?|#|%2[eEfF5]|%5[cC]|%25|%|%61|\\\\|\t| |file:|note:", 1..9)) {
        let uri = pieces.concat();
        let all = ruled(&json!({ "rules": [{ "match": { "resource": "*" } }] }))?;
        let body = || Body::Read(json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": { "uri": uri } }).to_string().into_bytes());
        if !matches!(ruling(&all, "POST", "/mcp", body())?, Decision::Allow(_)) {
            return Ok(());
        }
        let mut form = uri.clone();
        for _ in 0..4 {
            prop_assert!(!climbs(&form.replace(':', "/")), "{uri}");
            form = decoded(&form);
        }
        prop_assert!(!uri.contains(['\t', '\\']), "{uri}");
        // A URI that may stand in a rule is its own form: the rule is about it.
        if let Ok(one) = ruled(&json!({ "rules": [{ "match": { "resource": uri } }] })) {
            prop_assert!(matches!(ruling(&one, "POST", "/mcp", body())?, Decision::Allow(_)), "{uri}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides(
        rules in proptest::collection::vec(small_rule(), 0..8),
        default in prop_oneof![Just("allow"), Just("deny")],
        called in small_call(),
    ) {
        let policy = json!({ "default": default, "rules": rules });
        let first = rules.iter().find(|rule| is_about(rule, &called));
        let effect = first.and_then(|rule| rule.get("effect")).and_then(Value::as_str).unwrap_or(default);
        let (http, path, message) = &called;
        let body = message.as_ref().map_or(Body::Absent, |message| Body::Read(message.to_string().into_bytes()));
        let decision = ruling(&ruled(&policy)?, http, path, body)?;
        prop_assert_eq!(matches!(decision, Decision::Allow(_)), effect == "allow", "{} {:?}", policy, called);
        // A body that is not there yet is asked for, unless no rule about bodies comes before.
        let (issuer, gate) = ruled(&policy)?;
        let unread = Request { method: http.clone(), url: path.clone(), ..request(&issuer.token()) };
        match outcome(&gate, &unread, NOW) {
            Ok(decision) => prop_assert_eq!(matches!(decision, Decision::Allow(_)), effect == "allow", "{}", policy),
            Err(step) => prop_assert!(format!("{step:?}").contains("Body"), "{step:?}"),
        }
    }
}

type Called = (String, String, Option<Value>);

const NAMES: [&str; 5] = ["a", "ab", "abc", "b", "ba"];

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    (name(), prop_oneof![Just(""), Just("*")]).prop_map(|(name, star)| name + star)
}

/// A rule with a few members, each with one or two patterns.
fn small_rule() -> impl Strategy<Value = Value> {
    let patterns = || proptest::option::weighted(0.3, proptest::collection::vec(pattern(), 1..3));
    let http = proptest::option::weighted(0.3, prop_oneof![Just("GET"), Just("POST")]);
    let message = proptest::option::weighted(
        0.2,
        prop_oneof![Just("request"), Just("none"), Just("notification")],
    );
    let effect = prop_oneof![Just("allow"), Just("deny")];
    (http, patterns(), message, patterns(), patterns(), patterns(), effect).prop_map(
        |(http, path, message, tool, prompt, method, effect)| {
            let mut about = serde_json::Map::new();
            let paths = path
                .map(|list| list.into_iter().map(|name| format!("/{name}")).collect::<Vec<_>>());
            about.extend(http.map(|http| ("http".to_owned(), json!(http))));
            about.extend(paths.map(|paths| ("path".to_owned(), json!(paths))));
            // What no call can be about is refused: a tool that is a prompt, or another method's.
            let chosen = match (tool, prompt, method) {
                (Some(tools), _, None) => vec![("tool", tools)],
                (Some(tools), ..) => vec![("tool", tools), ("method", vec!["tools/*".to_owned()])],
                (None, Some(prompts), _) => vec![("prompt", prompts)],
                (None, None, methods) => methods.map(|own| ("method", own)).into_iter().collect(),
            };
            let asks = !chosen.is_empty();
            let message = message.filter(|kind| !asks || *kind == "request");
            about.extend(message.map(|kind| ("message".to_owned(), json!(kind))));
            for (member, list) in chosen {
                about.insert(member.to_owned(), json!(list));
            }
            json!({ "match": about, "effect": effect })
        },
    )
}

fn small_call() -> impl Strategy<Value = Called> {
    let methods =
        prop_oneof![Just("tools/call".to_owned()), Just("prompts/get".to_owned()), name()];
    let id = proptest::option::weighted(0.8, Just(1));
    let message = (methods, name(), id).prop_map(|(method, name, id)| {
        let params = json!({ "name": name });
        match id {
            Some(id) => json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
            None => json!({ "jsonrpc": "2.0", "method": format!("notifications/{method}"), "params": params }),
        }
    });
    let http = prop_oneof![Just("GET".to_owned()), Just("POST".to_owned())];
    (http, name().prop_map(|name| format!("/{name}")), proptest::option::weighted(0.9, message))
}

/// A plain walk over what a rule asks for.
fn is_about(rule: &Value, (http, path, message): &Called) -> bool {
    let method = message.as_ref().and_then(|message| message.get("method")?.as_str());
    let name = message.as_ref().and_then(|message| message.pointer("/params/name")?.as_str());
    let kind = match message {
        None => "none",
        Some(message) if message.get("id").is_some() => "request",
        Some(_) => "notification",
    };
    let about = rule.get("match").and_then(Value::as_object).into_iter().flatten();
    about.into_iter().all(|(member, wanted)| {
        let text = match member.as_str() {
            "http" => Some(http.as_str()),
            "path" => Some(path.as_str()),
            "message" => Some(kind),
            "method" => method,
            "tool" => name.filter(|_| method == Some("tools/call")),
            "prompt" => name.filter(|_| method == Some("prompts/get")),
            _ => None,
        };
        let list = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
        list.iter().filter_map(Value::as_str).any(|wanted| match wanted.strip_suffix('*') {
            Some(stem) => text.is_some_and(|text| text.starts_with(stem)),
            None => text == Some(wanted),
        })
    })
}

/// RFC 3986 section 2.1, leniently.
fn decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = after.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a server that cuts off parameters could go up.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
