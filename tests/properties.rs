//! What holds for every input: nothing panics, nothing altered passes, every denial can be sent.

mod signer;

use proptest::prelude::*;
use serde_json::{Value, json};
use signer::{Failure, HEADER, Issuer, NOW, claims, gate, request};
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
