//! The client's half: what real servers send, and what is read out of it.

use proptest::prelude::*;
use serde_json::{Value, json};
use waxseal::{
    Action, ReadChallenge, Reading, Reason, Received, Reply, UnixTime, challenges, read,
};

#[path = "fuzz/check.rs"]
mod check;

use check::{as_http_auth_reads, is_sound, printed};

const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);

/// A reply as a client receives it.
struct Wire {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    fn read(&self) -> Reading {
        let Self { status, headers, body } = self;
        read(&Received { status: *status, headers, body, now: NOW })
    }
}

/// What this crate renders, as a client receives it.
impl From<Reply> for Wire {
    fn from(reply: Reply) -> Self {
        let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let status = Some(reply.status);
        Self { status, headers: headers.collect(), body: reply.body.into_bytes() }
    }
}

/// `reason surface kind`, with `-` for what is not there and `!` behind what may be sent again.
fn gist(reading: &Reading) -> String {
    let reason = reading.reason.map_or("-", |reason| reason.row().reason);
    let surface = reading.surface.map_or("-", |surface| surface.name());
    let again = if reading.retryable { "!" } else { "" };
    format!("{reason} {surface} {}{again}", reading.action.name())
}

/// A status, header fields, and the rest is the body.
fn wire(text: &str) -> Wire {
    const FIELDS: &[&str] = &[
        "allow",
        "content-type",
        "dpop-nonce",
        "location",
        "retry-after",
        "www-authenticate",
        "x-caracal-revoked",
        "x-request-id",
    ];
    let (status, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut headers = vec![];
    loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        match line.split_once(": ") {
            Some((name, value)) if FIELDS.contains(&name.to_ascii_lowercase().as_str()) => {
                headers.push((name.to_owned(), value.to_owned()));
            }
            _ => return Wire { status: status.parse().ok(), headers, body: rest.into() },
        }
        rest = after;
    }
}

#[test]
fn real_replies_are_understood() -> Result<(), Box<dyn std::error::Error>> {
    let lines = include_str!("replies.txt").lines().filter(|line| !line.starts_with('#'));
    let text = format!("{}\n\n", lines.collect::<Vec<_>>().join("\n"));
    let (mut rest, mut count) = (text.trim_start(), 0);
    while let Some((reply, after)) = rest.split_once("\n=> ") {
        let (expected, after) = after.split_once("\n\n").ok_or("no blank line")?;
        let (expected, members) = expected.split_once('\n').unwrap_or((expected, "{}"));
        let reading = wire(reply).read();
        assert_eq!(gist(&reading), expected, "{reply}\n{reading:#?}");
        let members: serde_json::Map<String, Value> = serde_json::from_str(members)?;
        let json = serde_json::to_value(&reading)?;
        for (name, member) in members {
            assert_eq!(json.get(&name).unwrap_or(&Value::Null), &member, "{name}\n{reply}");
        }
        (rest, count) = (after.trim_start(), count + 1);
    }
    assert_eq!(rest, "");
    assert!(count > 150, "{count}");
    Ok(())
}

#[test]
fn caracal_s_verifiers_of_both_eras() {
    for (status, code, expected) in [
        (401, "missing_token", "missing_token caracal_verifier authenticate"),
        (401, "invalid_token", "verifier_invalid_token caracal_verifier refresh"),
        (401, "invalid_zone", "invalid_zone caracal_verifier refresh"),
        (401, "session_revoked", "session_revoked caracal_verifier authenticate"),
        (401, "delegation_stale", "delegation_stale caracal_verifier refresh"),
        (403, "insufficient_scope", "verifier_insufficient_scope caracal_verifier step_up"),
        (403, "session_required", "session_required caracal_verifier contact_operator"),
        (403, "agent_required", "session_required caracal_verifier contact_operator"),
        (403, "agent_identity_required", "session_required caracal_verifier contact_operator"),
        (403, "delegation_required", "delegation_required caracal_verifier contact_operator"),
        (403, "chain_mismatch", "chain_mismatch caracal_verifier contact_operator"),
        (403, "hop_count_exceeded", "hop_count_exceeded caracal_verifier contact_operator"),
    ] {
        let body = json!({ "error": code, "error_description": "x", "error_hint": "try y" });
        let reading = wire(&format!("{status}\n{body}")).read();
        assert_eq!(gist(&reading), expected, "{body}");
        assert_eq!(json!(reading.details), json!({ "error_hint": "try y" }));
        // Without its hint: a code of its own is known all the same.
        let bare = wire(&format!("{status}\n{}", json!({ "error": code }))).read();
        let own = !["missing_token", "invalid_token", "insufficient_scope"].contains(&code);
        assert!(!own || gist(&bare) == expected, "{}", gist(&bare));
    }
}

#[test]
fn every_row_is_told_apart() {
    for reason in Reason::ALL {
        let row = reason.row();
        for code in [row.code.oauth(), row.code.caracal()] {
            let body = match row.rpc {
                Some(code) => {
                    json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": "m" } })
                }
                None => {
                    json!({ "error": code, "type": format!("urn:x:{}", row.reason), "requestId": "r" })
                }
            };
            let reading = wire(&format!("{}\n{body}", row.status)).read();
            assert_eq!(reading.reason, Some(*reason), "{body}");
            assert_eq!(reading.surface, Some(row.surface), "{body}");
        }
    }
}

#[test]
fn a_body_is_read_whole_or_not_at_all() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("403\n{{\"error\":\"invalid_grant\",\"a\":{deep}}}");
    let mut latin = wire("403");
    latin.body = b"{\"error\":\"invalid_grant\",\"error_description\":\"\xe9\"}".to_vec();
    for wire in [wire(&nested), latin] {
        assert_eq!(gist(&wire.read()), "- - contact_operator");
    }
    // With a byte order mark, as .NET likes to write.
    let marked = wire("400\n\u{feff}{\"error\":\"invalid_grant\"}").read();
    assert_eq!(gist(&marked), "invalid_grant authorization_server authenticate");
}

#[test]
fn messages_are_on_one_line() {
    let reading = wire("403\n a\r\nb\u{1b}[31m ").read();
    assert_eq!(reading.message.as_deref(), Some("a  b [31m"));
}

#[test]
fn a_state_that_cannot_be_sent_back_opens_nothing() {
    let params = json!({ "mode": "url", "url": "https://as.example.com/" });
    let requests = json!({ "a": { "method": "elicitation/create", "params": params } });
    for (length, kind) in [(65_536, "open_url"), (65_537, "contact_operator")] {
        let state = "s".repeat(length);
        let body = json!({ "resultType": "input_required", "inputRequests": requests, "requestState": state });
        assert_eq!(wire(&format!("200\n{body}")).read().action.name(), kind);
    }
}

#[test]
fn the_kind_in_json_is_the_name() -> Result<(), serde_json::Error> {
    let authenticate = Action::Authenticate { resource_metadata: None, scope: None };
    let refresh = Action::Refresh { resource_metadata: None, scope: None };
    let step_up = Action::StepUp {
        scopes: vec![],
        acr_values: vec![],
        max_age: None,
        resource_metadata: None,
    };
    let nonce = Action::RetryWithNonce { nonce: String::new() };
    let (wait, open) =
        (Action::RetryAfter { seconds: None }, Action::OpenUrl { urls: vec![], state: None });
    let plain = [Action::FixRequest, Action::ContactOperator, Action::GiveUp];
    for action in [authenticate, refresh, step_up, nonce, wait, open].into_iter().chain(plain) {
        assert_eq!(serde_json::to_value(&action)?.get("kind"), Some(&json!(action.name())));
    }
    Ok(())
}

// The parser of challenges.

#[test]
fn every_form_and_trap_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let lines = include_str!("challenges.txt").lines();
    let lines: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for pair in lines.chunks(2) {
        let [field, expected] = pair else { return Err("an odd line".into()) };
        let found = challenges(&[field]).into_iter();
        let found: Value =
            found.map(|one| json!([one.scheme, one.token68, one.parameters])).collect();
        assert_eq!(found, serde_json::from_str::<Value>(expected)?, "{field}");
    }
    assert!(lines.len() > 80);
    Ok(())
}

#[test]
fn the_time_grows_with_the_text_alone() {
    let parts = "Bearer a=\"\\\"|a=|,| |a|a b,|=|@\"|a |\"|a=\"|Bearer a==== ".split('|');
    for part in parts {
        let many = part.repeat(60_000 / part.len());
        for field in [format!("Bearer {many}"), format!("Bearer {many}b\"!")] {
            let begun = std::time::Instant::now();
            challenges(&[&field]);
            assert!(begun.elapsed().as_secs() < 2, "{part}");
        }
    }
}

fn challenge() -> impl Strategy<Value = ReadChallenge> {
    let token = "[a-z0-9!#$%&'*+.^_`|~-]{1,12}";
    let value = prop_oneof![
        "[A-Za-z0-9._~-]{1,10}",
        "[\\t -~\u{a1}-\u{ff}]{0,20}",
        Just("a, Bearer error=\"x\"".to_owned())
    ];
    let parameters = proptest::collection::btree_map(token, value, 0..6);
    let token68 = proptest::option::weighted(0.2, "[A-Za-z0-9._~+/-]{1,12}={0,2}");
    (token, token68, parameters).prop_map(|(scheme, token68, parameters)| {
        let parameters = if token68.is_some() { Default::default() } else { parameters };
        ReadChallenge { scheme, token68, parameters }
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("invalid_token".to_owned()),
        Just("insufficient_scope".to_owned()),
        Just("use_dpop_nonce".to_owned()),
        Just("urn:waxseal:error:token_expired".to_owned()),
        Just("https://a.example/".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        "[ -~]{0,2000}",
    ]
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(-32042)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            members(inner.boxed()),
        ]
    })
    .boxed()
}

/// Objects with the names that readers look for.
fn members(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    const NAMES: &str = "error error_description type status detail title requestId request_id \
        details consent_url consentUrl approval_id error_hint jsonrpc result code message data \
        elicitations url mode resultType inputRequests requestState params _meta \
        mcp/www_authenticate isError content structuredContent scope";
    let names: Vec<_> = NAMES.split_whitespace().collect();
    let name = prop_oneof![4 => proptest::sample::select(names).prop_map(str::to_owned), 1 => any::<String>()];
    proptest::collection::btree_map(name, value, 0..12)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn field() -> impl Strategy<Value = (String, String)> {
    const NAMES: &[&str] =
        &["WWW-Authenticate", "www-authenticate", "Retry-After", "DPoP-Nonce", "X-Request-Id"];
    let name =
        prop_oneof![proptest::sample::select(NAMES).prop_map(str::to_owned), any::<String>()];
    let value = prop_oneof![
        any::<String>(),
        challenge().prop_map(|one| printed(&one, true)),
        text().prop_map(|text| format!(
            "Bearer error=\"{text}\", scope=\"{text}\", resource_metadata=\"{text}\""
        )),
        "[0-9-]{0,25}",
    ];
    (name, value)
}

proptest! {
    #[test]
    fn what_is_printed_is_read(all in proptest::collection::vec(challenge(), 0..5), quote in any::<bool>()) {
        let fields: Vec<_> = all.iter().map(|one| printed(one, quote)).collect();
        let each: Vec<_> = fields.iter().map(String::as_str).collect();
        prop_assert_eq!(&challenges(&each), &all);
        prop_assert_eq!(&challenges(&[&fields.join(", ")]), &all);
        let spaced = fields.join(" ,\t, ");
        prop_assert_eq!(&challenges(&[&format!(" , {spaced} ,")]), &all);
    }

    #[test]
    fn the_crate_http_auth_reads_the_same(all in proptest::collection::vec(challenge(), 1..5), quote in any::<bool>()) {
        let taken = |mut one: ReadChallenge| {
            one.token68 = None;
            one.parameters.values_mut().for_each(|value| value.retain(|letter| letter.is_ascii()));
            one
        };
        let all: Vec<_> = all.into_iter().map(taken).collect();
        let field = all.iter().map(|one| printed(one, quote)).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(Some(challenges(&[&field])), as_http_auth_reads(&field));
    }

    #[test]
    fn any_text_is_survived(fields in proptest::collection::vec(any::<String>(), 0..4), piece in "[Bb=\", \\\\\ta@]{0,60}") {
        for one in challenges(&fields.iter().map(String::as_str).chain([piece.as_str()]).collect::<Vec<_>>()) {
            prop_assert!(!one.scheme.is_empty());
            prop_assert!(one.parameters.keys().all(|name| !name.is_empty() && !name.contains(['"', ' ', ',', '='])));
        }
    }

    #[test]
    fn any_reply_is_read(
        status in proptest::option::of(any::<u16>()),
        headers in proptest::collection::vec(field(), 0..6),
        body in prop_oneof![any::<Vec<u8>>(), members(value()).prop_map(|body| body.to_string().into_bytes())],
        now in any::<i64>(),
    ) {
        let now = UnixTime::from_seconds(now);
        let reading = read(&Received { status, headers: &headers, body: &body, now });
        prop_assert!(is_sound(&reading), "{reading:?}");
    }

    #[test]
    fn a_description_steers_nothing(description in any::<String>(), scope in "[a-z:]{1,9}") {
        let escaped = description.replace('\\', "\\\\").replace('"', "\\\"");
        let field = format!("Bearer error_description=\"{escaped}\", error=\"insufficient_scope\", scope=\"{scope}\"");
        prop_assume!(field.len() < ReadChallenge::BYTES);
        let headers = [("www-authenticate".to_owned(), field)];
        let body = json!({ "error": "insufficient_scope", "error_description": description }).to_string();
        let reading = read(&Received { status: Some(403), headers: &headers, body: body.as_bytes(), now: NOW });
        prop_assert_eq!(reading.reason, Some(Reason::InsufficientScope));
        let scopes_are_its_own = matches!(&reading.action, Action::StepUp { scopes, .. } if *scopes == [scope]);
        prop_assert!(scopes_are_its_own);
        prop_assert_eq!(reading.challenges.len(), 1);
    }
}

/// The longest reply that a proxy might let through is read, and not all of it is kept.
#[test]
fn a_reading_has_an_end() {
    let big = "x".repeat(200_000);
    let urls = vec![json!({ "mode": "url", "url": "https://a.example/", "message": big }); 1000];
    let body = json!({ "jsonrpc": "2.0", "error": { "code": -32042, "message": big, "data": { "elicitations": urls, "a": big, "b": vec![json!({ "c": big }); 300] } } });
    let challenge = format!("Bearer error_description=\"{}\"", "y".repeat(60_000));
    let wire = Wire {
        status: Some(200),
        headers: vec![("WWW-Authenticate".to_owned(), challenge); 100],
        body: body.to_string().into_bytes(),
    };
    let reading = wire.read();
    assert!(is_sound(&reading));
    assert!(serde_json::to_string(&reading).is_ok_and(|json| json.len() < 150_000));
}
