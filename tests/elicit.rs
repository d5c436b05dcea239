//! A tool that needs its user's consent: what the client is told, and what its retry may say.

use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};
use serde_json::{Map, Value, json};
use waxseal::{
    ConfigError, Consent, Elicitations, McpCall, Principal, Resumed, StateFault, UnixTime,
    UserAction,
};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A member, or null.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

const URL: &str = "https://as.example.com/connect/github?resource=gh";
const ADA: Principal<'_> =
    Principal { issuer: "https://as.example.com", subject: Some("ada"), client: Some("desk") };
const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

fn elicitations(
    config: &str,
    secret: &'static str,
) -> std::result::Result<Elicitations, ConfigError> {
    Elicitations::open(config.as_bytes(), &|name| (name == "SECRET").then(|| secret.to_owned()))
}

fn opened() -> Result<Elicitations> {
    Ok(elicitations(r#"{ "secret": { "env": "SECRET" } }"#, "a secret of sixteen bytes")?)
}

fn consent(body: &Value) -> Result<Consent> {
    Ok(Consent::read(body).ok_or("no consent")?)
}

fn needed() -> Result<Consent> {
    consent(&json!({ "error": "consent_required", "consent_url": URL,
        "service_id": "github", "cause": "consent_missing" }))
}

/// A message as it stands on the wire, and what the server knows of its sender.
#[derive(Clone)]
struct Message {
    id: Value,
    method: &'static str,
    params: Map<String, Value>,
    version: Option<&'static str>,
    capabilities: Option<Value>,
}

impl Message {
    fn new(version: &'static str) -> Self {
        let mut params = Map::new();
        params.insert("name".to_owned(), json!("list_issues"));
        params.insert("arguments".to_owned(), json!({ "state": "open", "page": 1 }));
        let capabilities = Some(json!({ "elicitation": { "url": {} } }));
        Self { id: json!(1), method: "tools/call", params, version: Some(version), capabilities }
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.params.insert(member.to_owned(), value);
        self
    }

    fn call(&self) -> McpCall<'_> {
        McpCall {
            id: Some(&self.id),
            method: self.method,
            params: &self.params,
            version: self.version,
            capabilities: self.capabilities.as_ref(),
        }
    }
}

fn ask(message: &Message) -> Result<Value> {
    Ok(opened()?.ask(&needed()?, &message.call(), &ADA, NOW, [7; 16]))
}

/// The sealed state of a first answer.
fn state(message: &Message) -> Result<Value> {
    let asked = ask(message)?;
    Ok(asked.pointer("/result/requestState").ok_or("no state")?.clone())
}

#[test]
fn mcp_2025_11_25_hears_an_error() -> Result {
    let asked = ask(&Message::new("2025-11-25"))?;
    let id = "07070707-0707-4707-8707-070707070707";
    assert_eq!(
        asked,
        json!({
            "jsonrpc": "2.0",
            "id": 1,
            "error": {
                "code": -32042,
                "message": at(&asked, "/error/message"),
                "data": {
                    "elicitations": [{
                        "mode": "url",
                        "elicitationId": id,
                        "url": URL,
                        "message": "your consent is needed to go on (github: consent_missing)",
                    }],
                    "elicitation_id": id,
                    "url": URL,
                },
            },
        })
    );
    Ok(())
}

#[test]
fn mcp_2026_07_28_hears_a_result() -> Result {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "url": {} } },
    });
    let mut in_meta = Message::new("2025-11-25").with("_meta", meta);
    in_meta.capabilities = None;
    for message in [Message::new("2026-07-28"), in_meta] {
        let asked = ask(&message)?;
        assert_eq!(
            asked,
            json!({
                "jsonrpc": "2.0",
                "id": 1,
                "result": {
                    "resultType": "input_required",
                    "inputRequests": {
                        "consent": {
                            "method": "elicitation/create",
                            "params": {
                                "mode": "url",
                                "url": URL,
                                "message":
                                    "your consent is needed to go on (github: consent_missing)",
                            },
                        },
                    },
                    "requestState": at(&asked, "/result/requestState"),
                },
            })
        );
        assert!(at(&asked, "/result/requestState").is_string());
    }
    for method in ["prompts/get", "resources/read"] {
        let asked = ask(&Message { method, ..Message::new("2026-07-28") })?;
        assert_eq!(at(&asked, "/result/resultType"), "input_required", "{method}");
    }
    Ok(())
}

#[test]
fn no_other_link_reaches_what_a_model_reads() -> Result {
    let body = json!({ "error": "consent_required", "consent_url": URL, "service_id": "github",
        "cause": format!("open {URL} or [it](JavaScript:x) or www.example.com now") });
    let mute = Message { capabilities: None, ..Message::new("2026-07-28") };
    let call = mute.call();
    let asked = opened()?.ask(&consent(&body)?, &call, &ADA, NOW, [0; 16]);
    let text = asked.pointer("/result/content/0/text").and_then(Value::as_str).ok_or("no text")?;
    assert!(text.contains("open (link) or (link) or (link) now"), "{text}");
    Ok(())
}

#[test]
fn all_others_hear_a_plain_error_without_the_link() -> Result {
    let capable = Message::new("2026-07-28");
    let without =
        |capabilities: Value| Message { capabilities: Some(capabilities), ..capable.clone() };
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    for message in [
        Message { version: None, ..capable.clone() },
        Message { version: Some("2025-06-18"), ..capable.clone() },
        Message { version: Some("DRAFT-2026-v1"), ..capable.clone() },
        Message { version: Some("2026-01-01"), ..capable.clone() },
        Message { capabilities: None, ..capable.clone() },
        Message { capabilities: None, ..Message::new("2025-11-25") },
        without(json!({})),
        without(json!({ "elicitation": {} })),
        without(json!({ "elicitation": { "form": {} } })),
        without(json!({ "elicitation": { "url": null } })),
        without(json!({ "elicitation": { "url": true } })),
        without(json!([])),
        // This request has declared none, whatever an earlier one did.
        capable.clone().with("_meta", meta),
    ] {
        let asked = ask(&message)?;
        assert_eq!(at(&asked, "/result/isError"), true, "{asked}");
        let text = asked.pointer("/result/content/0/text").and_then(Value::as_str);
        let expected = "your consent is needed to go on (github: consent_missing), \
                        at as.example.com: this client cannot show the user a link";
        assert_eq!(text, Some(expected));
        assert!(!asked.to_string().contains("connect"), "{asked}");
    }
    // Only a tool has results that are errors.
    for (method, version) in [("prompts/get", "2025-06-18"), ("tools/list", "2026-07-28")] {
        let asked = ask(&Message { method, ..Message::new(version) })?;
        assert_eq!(at(&asked, "/error/code"), -32603, "{method}");
        assert!(!asked.to_string().contains("connect"), "{asked}");
    }
    Ok(())
}

#[test]
fn a_link_that_nobody_should_open_is_not_shown() -> Result {
    for url in ["http://as.example.com/", "https://a@b.example/", "https://a.example/?code=s3cret"]
    {
        let body = json!({ "error": "consent_required", "consent_url": url });
        for version in ["2025-11-25", "2026-07-28"] {
            let message = Message::new(version);
            let asked = opened()?.ask(&consent(&body)?, &message.call(), &ADA, NOW, [7; 16]);
            assert_eq!(at(&asked, "/result/isError"), true, "{url}");
            assert!(!asked.to_string().contains("example"), "{asked}");
            assert!(!asked.to_string().contains("s3cret"), "{asked}");
        }
    }
    Ok(())
}

#[test]
fn consent_is_read_from_any_spelling() -> Result {
    let spoken = |body: &Value| consent(body).map(|consent| consent.to_string());
    for (body, text) in [
        (json!({ "consent_url": URL }), "your consent is needed to go on"),
        (json!({ "consentUrl": URL, "service": "gh" }), "your consent is needed to go on (gh)"),
        (
            json!({ "consent_url": URL, "resource": "gh", "error_description": "Authorize gh" }),
            "your consent is needed to go on (gh: Authorize gh)",
        ),
        (
            json!({ "consent_url": "", "consentUrl": URL, "service_id": 1, "cause": "a\n\u{202e}b" }),
            "your consent is needed to go on (a??b)",
        ),
    ] {
        for error in ["consent_required", "interaction_required"] {
            let mut body = body.clone();
            if let Some(members) = body.as_object_mut() {
                members.insert("error".to_owned(), json!(error));
            }
            assert_eq!(spoken(&body)?, text);
            assert_eq!(consent(&body)?.url(), Ok(URL));
        }
    }
    for body in [
        json!({ "error": "consent_required" }),
        json!({ "error": "consent_required", "consent_url": 1 }),
        json!({ "error": "access_denied", "consent_url": URL }),
        json!({ "consent_url": URL }),
        json!([]),
        json!("consent_required"),
    ] {
        assert_eq!(Consent::read(&body), None, "{body}");
    }
    Ok(())
}

#[test]
fn a_retry_is_taken_with_its_own_state_only() -> Result {
    let first = Message::new("2026-07-28");
    let retry = |state: &Value| Message {
        id: json!(2),
        ..first
            .clone()
            .with("requestState", state.clone())
            .with("_meta", json!({ "progressToken": 1 }))
    };
    let resumed = |message: &Message, principal: &Principal<'_>, later: i64| -> Result<_> {
        let now = UnixTime::from_seconds(NOW.seconds() + later);
        Ok(opened()?.resume(&message.call(), principal, now))
    };
    let state = state(&first)?;
    let github = |action| Ok(Some(Resumed { service: Some("github".to_owned()), action }));

    assert_eq!(resumed(&first, &ADA, 0)?, Ok(None));
    for later in [0, 599] {
        assert_eq!(resumed(&retry(&state), &ADA, later)?, github(None));
    }
    for (said, action) in [
        ("accept", Some(UserAction::Accept)),
        ("decline", Some(UserAction::Decline)),
        ("cancel", Some(UserAction::Cancel)),
        ("else", None),
    ] {
        let message =
            retry(&state).with("inputResponses", json!({ "consent": { "action": said } }));
        assert_eq!(resumed(&message, &ADA, 1)?, github(action));
    }

    for later in [600, 100_000] {
        assert_eq!(resumed(&retry(&state), &ADA, later)?, Err(StateFault::Expired));
    }
    for other in [
        Principal { issuer: "https://as.example.com/", ..ADA },
        Principal { subject: Some("bob"), ..ADA },
        Principal { subject: None, ..ADA },
        Principal { client: Some("other"), ..ADA },
        Principal { subject: Some("ada\",\"desk"), client: None, ..ADA },
    ] {
        assert_eq!(resumed(&retry(&state), &other, 1)?, Err(StateFault::OtherPrincipal));
    }
    let others = [
        retry(&state).with("name", json!("delete_issues")),
        retry(&state).with("arguments", json!({ "state": "open", "page": 2 })),
        retry(&state).with("arguments", Value::Null),
        retry(&state).with("extra", json!(1)),
        Message { method: "prompts/get", ..retry(&state) },
    ];
    for other in &others {
        assert_eq!(resumed(other, &ADA, 1)?, Err(StateFault::OtherCall));
    }
    Ok(())
}

#[test]
fn a_state_that_is_not_ours_is_not_taken() -> Result {
    let first = Message::new("2026-07-28");
    let taken = |elicitations: &Elicitations, state: Value| {
        let message = first.clone().with("requestState", state);
        elicitations.resume(&message.call(), &ADA, NOW)
    };
    let ours = opened()?;
    let state = state(&first)?;
    let text = state.as_str().ok_or("no text")?;
    assert!(taken(&ours, state.clone()).is_ok());

    let forged = [
        String::new(),
        "a".to_owned(),
        "A".repeat(43),
        "A".repeat(5000),
        format!("{text}A"),
        format!("{text}="),
    ];
    for text in forged {
        assert_eq!(taken(&ours, json!(text)), Err(StateFault::Forged), "{text}");
    }
    // Each single character counts.
    for (index, letter) in text.char_indices() {
        let other = if letter == 'A' { 'B' } else { 'A' };
        let mut letters: Vec<char> = text.chars().collect();
        letters.splice(index..=index, [other]);
        let text: String = letters.into_iter().collect();
        assert_eq!(taken(&ours, json!(text)), Err(StateFault::Forged), "{index}");
    }
    for state in [json!(1), json!({}), Value::Null] {
        assert_eq!(taken(&ours, state), Err(StateFault::Malformed));
    }
    let config = r#"{ "secret": { "env": "SECRET" } }"#;
    let others = elicitations(config, "another secret, as long")?;
    assert_eq!(taken(&others, state), Err(StateFault::Forged));
    Ok(())
}

#[test]
fn a_forger_learns_nothing_from_the_answer() -> Result {
    let message = Message::new("2026-07-28");
    let faults = [
        StateFault::Malformed,
        StateFault::Forged,
        StateFault::Expired,
        StateFault::OtherPrincipal,
        StateFault::OtherCall,
    ];
    let answers: Vec<_> = faults.iter().map(|fault| fault.message(&message.call())).collect();
    assert!(answers.windows(2).all(|pair| pair.first() == pair.last()));
    assert_eq!(
        answers.first(),
        Some(&json!({
            "jsonrpc": "2.0",
            "id": 1,
            "error": {
                "code": -32602,
                "message": "the request state is not valid or has expired",
                "data": { "reason": "invalid_request_state" },
            },
        }))
    );
    Ok(())
}

#[test]
fn whoever_declines_is_not_asked_again() -> Result {
    let first = Message::new("2026-07-28");
    let state = state(&first)?;
    for (action, again) in [("accept", true), ("decline", false), ("cancel", false)] {
        let message = first
            .clone()
            .with("requestState", state.clone())
            .with("inputResponses", json!({ "consent": { "action": action } }));
        let asked = ask(&message)?;
        assert_eq!(at(&asked, "/result/resultType") == "input_required", again, "{action}");
        assert_eq!(at(&asked, "/result/isError") == true, !again, "{action}");
    }
    Ok(())
}

#[test]
fn settings_are_checked() {
    let fault =
        |config: &str, secret| elicitations(config, secret).err().map(|error| error.to_string());
    let secret = "a secret of sixteen bytes";
    assert_eq!(fault(r#"{ "secret": { "env": "SECRET" }, "age": 3600 }"#, secret), None);
    for config in [
        "[]",
        "{}",
        r#"{ "secret": "a secret of sixteen bytes" }"#,
        r#"{ "secret": { "env": "OTHER" } }"#,
        r#"{ "secret": { "env": "SECRET" }, "age": 0 }"#,
        r#"{ "secret": { "env": "SECRET" }, "age": 3601 }"#,
        r#"{ "secret": { "env": "SECRET" }, "old": 1 }"#,
    ] {
        let text = fault(config, secret).unwrap_or_default();
        assert!(!text.is_empty() && !text.contains("sixteen"), "{config}: {text}");
    }
    let short = fault(r#"{ "secret": { "env": "SECRET" } }"#, "fifteen bytes..");
    let text = "`secret`: the environment variable that it names has less than 16 bytes";
    assert_eq!(short.as_deref(), Some(text));
}

#[test]
fn nothing_prints_the_secret() -> Result {
    assert!(!format!("{:?}", opened()?).contains("sixteen"));
    Ok(())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        proptest::strategy::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_call_resumes_however_its_message_is_written(arguments in value(), other in value()) {
        let written = |text: serde_json::Result<String>| -> Value {
            serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default()
        };
        let compact = written(serde_json::to_string(&arguments));
        let spaced = written(serde_json::to_string_pretty(&arguments));
        let first = Message::new("2026-07-28").with("arguments", compact.clone());
        let state = state(&first).unwrap_or_default();
        let retry = |arguments: Value| {
            let message = first.clone().with("requestState", state.clone());
            let message = message.with("arguments", arguments);
            opened().map(|ours| ours.resume(&message.call(), &ADA, NOW).map(|_| ())).ok()
        };
        prop_assert_eq!(retry(spaced), Some(Ok(())));
        if other != compact {
            prop_assert_eq!(retry(other), Some(Err(StateFault::OtherCall)));
        }
    }

    #[test]
    fn whatever_a_server_says_is_one_line_of_plain_text(
        url in any::<String>(),
        service in any::<String>(),
        cause in any::<String>(),
    ) {
        for url in [url.as_str(), URL] {
            let body = json!({ "error": "consent_required", "consent_url": url,
                "service_id": service, "cause": cause });
            let Some(consent) = Consent::read(&body) else { continue };
            let text = consent.to_string();
            prop_assert!(text.chars().all(|letter| {
                letter == ' ' || letter.is_alphanumeric() || letter.is_ascii_graphic()
            }), "{text:?}");
            prop_assert!(text.chars().count() < 250);
            let message = Message::new("2025-11-25");
            let asked = opened().map(|ours| ours.ask(&consent, &message.call(), &ADA, NOW, [7; 16]));
            let asked = asked.unwrap_or_default();
            prop_assert!(at(&asked, "/error/code") == -32042 || at(&asked, "/result/isError") == true);
        }
    }
}
