//! The journey as a host sees it: which steps a gate asks, and how often.

mod signer;

use serde_json::json;
use signer::{Failure, Issuer, NOW, ask, gate, request};
use waxseal::{
    Answers, Body, Decision, Fetch, Fetched, Gate, Reason, Request, Step, UnixTime, Verdict,
};

type Outcome = Result<(), Failure>;

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(NOW + seconds)
}

fn fetching_gate() -> Result<Gate, Failure> {
    gate(&json!({ "uri": "https://as.example.com/jwks.json" }))
}

fn fetch(step: Step) -> Result<Fetch, Failure> {
    match step {
        Step::Fetch(fetch) => Ok(fetch),
        other => Err(format!("expected a fetch, got {other:?}").into()),
    }
}

fn reason(step: &Step) -> Option<Reason> {
    match step {
        Step::Done(Decision::Deny(denial)) => Some(denial.error.reason()),
        _ => None,
    }
}

#[test]
fn a_request_is_fetched_for_verified_and_allowed() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let (request, mut answers) = (request(&issuer.token()), Answers::default());
    let wanted = fetch(ask(&gate, &request, &mut answers, at(0)))?;
    assert_eq!(wanted.uri, "https://as.example.com/jwks.json");
    assert_eq!((wanted.timeout, wanted.limit), (5, 65_536));
    let body = issuer.key_set().to_string();
    gate.fetched(
        &wanted,
        Fetched::Reply { status: 200, cache_control: None, body: body.as_bytes() },
        at(0),
    );
    answers.fetched();
    let step = ask(&gate, &request, &mut answers, at(0));
    assert!(matches!(step, Step::Done(Decision::Allow(_))), "{step:?}");
    Ok(())
}

#[test]
fn only_one_request_fetches_and_the_others_wait() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let request = request(&issuer.token());
    fetch(gate.check(&request, &Answers::default(), at(0)))?;
    let step = gate.check(&request, &Answers::default(), at(1));
    assert!(matches!(step, Step::Wait(until) if until == at(6)), "{step:?}");
    // A fetch that nobody reports is given up, and the next request begins another.
    fetch(gate.check(&request, &Answers::default(), at(6)))?;
    Ok(())
}

#[test]
fn patience_ends_with_a_fetch_of_ones_own() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let request = request(&issuer.token());
    fetch(gate.check(&request, &Answers::default(), at(0)))?;
    let mut answers = Answers::default();
    assert!(matches!(gate.check(&request, &answers, at(1)), Step::Wait(_)));
    answers.timed_out();
    fetch(gate.check(&request, &answers, at(1)))?;
    Ok(())
}

#[test]
fn fetching_ends() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let request = request(&issuer.token());
    let mut answers = Answers::default();
    // A host that claims to have fetched, and never says what.
    for round in 0..6 {
        fetch(gate.check(&request, &answers, at(round * 10)))?;
        answers.fetched();
    }
    assert_eq!(reason(&gate.check(&request, &answers, at(100))), Some(Reason::HostFailed));
    Ok(())
}

#[test]
fn a_failed_fetch_denies_with_the_time_to_the_next() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let request = request(&issuer.token());
    let wanted = fetch(gate.check(&request, &Answers::default(), at(0)))?;
    gate.fetched(&wanted, Fetched::Failed("connection refused"), at(1));
    let Step::Done(decision) = gate.check(&request, &Answers::default(), at(3)) else {
        return Err("expected a decision".into());
    };
    let reply = gate.reply(&decision, &request, at(3)).ok_or("expected a reply")?;
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains(&("retry-after", "3".to_owned())), "{:?}", reply.headers);
    fetch(gate.check(&request, &Answers::default(), at(6)))?;
    Ok(())
}

#[test]
fn a_signature_that_the_host_cannot_check_denies() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    for (verdict, expected) in
        [(Verdict::Failed, Reason::HostFailed), (Verdict::Invalid, Reason::SignatureInvalid)]
    {
        let (request, mut answers) = (request(&issuer.token()), Answers::default());
        let Step::Verify(check) = gate.check(&request, &answers, at(0)) else {
            return Err("expected a signature check".into());
        };
        answers.verified(check, verdict);
        assert_eq!(reason(&gate.check(&request, &answers, at(0))), Some(expected));
    }
    Ok(())
}

#[test]
fn the_answer_for_one_token_is_worth_nothing_for_another() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let mut answers = Answers::default();
    let Step::Verify(check) = gate.check(&request(&issuer.token()), &answers, at(0)) else {
        return Err("expected a signature check".into());
    };
    answers.verified(check, Verdict::Valid);
    let forged =
        issuer.sign(signer::HEADER, &signer::claims().to_string().replace("alice", "mallory"));
    let (input, _) = forged.rsplit_once('.').ok_or("no signature")?;
    let own = issuer.token();
    let (_, signature) = own.rsplit_once('.').ok_or("no signature")?;
    let step = gate.check(&request(&format!("{input}.{signature}")), &answers, at(0));
    assert!(matches!(step, Step::Verify(_)), "{step:?}");
    Ok(())
}

#[test]
fn nothing_that_is_printed_holds_the_token() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let token = issuer.token();
    let step = gate.check(&request(&token), &Answers::default(), at(0));
    for segment in token.split('.') {
        assert!(!format!("{step:?}").contains(segment));
    }
    Ok(())
}

/// A gate that looks into bodies, and a call whose token its key set knows.
fn looking(body: &str) -> Result<(Gate, Request), Failure> {
    let issuer = Issuer::new()?;
    let members = json!({
        "forward": { "headers": { "x-user": "sub" } },
        "policy": { "body": body, "rules": [{ "match": { "tool": "read" } }] } });
    let gate = signer::gate_with(&json!({ "set": issuer.key_set() }), members)?;
    Ok((gate, request(&issuer.token())))
}

#[test]
fn headers_go_first_where_the_mode_says_so_and_as_they_would_later() -> Outcome {
    for (mode, goes) in [("hold_body", true), ("hold_headers", false), ("metadata", false)] {
        let (gate, mut request) = looking(mode)?;
        let mut answers = Answers::default();
        let step = ask(&gate, &request, &mut answers, at(0));
        let Step::Body(ahead) = step else {
            return Err(format!("{mode}: expected the body, got {step:?}").into());
        };
        assert_eq!(ahead.is_some(), goes, "{mode}");
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                           "params": { "name": "read" } });
        request.body = Body::Read(call.to_string().into_bytes());
        let step = ask(&gate, &request, &mut answers, at(0));
        let Step::Done(Decision::Allow(grant)) = step else {
            return Err(format!("{mode}: expected a grant, got {step:?}").into());
        };
        if let Some(ahead) = ahead {
            let headers = |grant: &_| Gate::upstream_headers(grant, &request);
            assert_eq!(headers(&ahead), headers(&grant));
        }
    }
    Ok(())
}

#[test]
fn nothing_goes_first_of_a_call_that_its_headers_deny_or_that_has_no_body() -> Outcome {
    let (gate, mut request) = looking("hold_body")?;
    request.body = Body::Absent;
    let step = ask(&gate, &request, &mut Answers::default(), at(0));
    assert_eq!(reason(&step), Some(Reason::PolicyDenied));
    request.body = Body::TooLong;
    let step = ask(&gate, &request, &mut Answers::default(), at(0));
    assert_eq!(reason(&step), Some(Reason::PayloadTooLarge));
    request.body = Body::Unread;
    let step = ask(&gate, &request, &mut Answers::default(), at(301 + 30));
    assert_eq!(reason(&step), Some(Reason::TokenExpired));
    Ok(())
}

/// The steps until a decision: how many signatures the host was asked about, and the decision.
fn verified(gate: &Gate, token: &str, now: UnixTime) -> (usize, Step) {
    let (request, mut answers) = (request(token), Answers::default());
    let mut signatures = 0;
    loop {
        match gate.check(&request, &answers, now) {
            Step::Verify(check) => {
                signatures += 1;
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            step => return (signatures, step),
        }
    }
}

fn allowed((signatures, step): (usize, Step)) -> Option<usize> {
    matches!(step, Step::Done(Decision::Allow(_))).then_some(signatures)
}

#[test]
fn a_token_is_verified_once_and_judged_each_time() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let token = issuer.token();
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    assert_eq!(allowed(verified(&gate, &token, at(299))), Some(0));
    let (_, step) = verified(&gate, &token, at(-3_600));
    assert_eq!(reason(&step), Some(Reason::TokenIssuedInFuture));
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(0));
    let (signatures, step) = verified(&gate, &token, at(330));
    assert_eq!((signatures, reason(&step)), (0, Some(Reason::TokenExpired)));
    // What has ended is forgotten.
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    Ok(())
}

#[test]
fn only_the_very_token_is_known() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let token = issuer.token();
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    for (place, byte) in token.bytes().enumerate() {
        let other = if byte == b'A' { b'B' } else { b'A' };
        let mut bytes = token.clone().into_bytes();
        *bytes.get_mut(place).ok_or("a place in the token")? = other;
        let outcome = verified(&gate, &String::from_utf8(bytes)?, at(0));
        assert_eq!(allowed(outcome), None, "{place}");
    }
    Ok(())
}

#[test]
fn failures_are_not_remembered() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let token = issuer.token();
    // Signed by the issuer, and refused for what it says.
    for _ in 0..2 {
        assert_eq!(verified(&gate, &token, at(400)).0, 1);
    }
    let forged = token.get(..token.len() - 4).ok_or("a token")?.to_owned() + "AAAA";
    for _ in 0..2 {
        let (signatures, step) = verified(&gate, &forged, at(0));
        assert_eq!((signatures, reason(&step)), (1, Some(Reason::SignatureInvalid)));
    }
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    Ok(())
}

/// A token for years.
fn lasting(issuer: &Issuer) -> String {
    let claims = signer::claims().to_string().replace(&(NOW + 300).to_string(), "1800000000");
    issuer.sign(signer::HEADER, &claims)
}

#[test]
fn a_token_is_known_as_long_as_its_key() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let token = lasting(&issuer);
    let bring = |keys: serde_json::Value, now: UnixTime| -> Outcome {
        let wanted = match gate.ahead(now) {
            Some(wanted) => wanted,
            None => fetch(gate.check(&request(&token), &Answers::default(), now))?,
        };
        let body = keys.to_string();
        let reply = Fetched::Reply { status: 200, cache_control: None, body: body.as_bytes() };
        gate.fetched(&wanted, reply, now);
        Ok(())
    };
    bring(issuer.key_set(), at(0))?;
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    // The same key once more: nothing has changed.
    bring(issuer.key_set(), at(280))?;
    assert_eq!(allowed(verified(&gate, &token, at(280))), Some(0));
    // Another key of that name: what the former one has signed is not signed.
    let mut keys = issuer.key_set();
    let key = keys.pointer_mut("/keys/0").ok_or("a key")?;
    let other = json!({ "kty": "EC", "crv": "P-256", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" });
    *key = other;
    bring(keys, at(560))?;
    let (signatures, step) = verified(&gate, &token, at(560));
    assert_eq!((signatures, reason(&step)), (1, Some(Reason::SignatureInvalid)));
    Ok(())
}

#[test]
fn keys_that_are_too_old_verify_no_token() -> Outcome {
    let (issuer, gate) = (Issuer::new()?, fetching_gate()?);
    let token = lasting(&issuer);
    let wanted = fetch(gate.check(&request(&token), &Answers::default(), at(0)))?;
    let body = issuer.key_set().to_string();
    let reply = Fetched::Reply { status: 200, cache_control: None, body: body.as_bytes() };
    gate.fetched(&wanted, reply, at(0));
    assert_eq!(allowed(verified(&gate, &token, at(0))), Some(1));
    assert!(matches!(verified(&gate, &token, at(10_000)).1, Step::Fetch(_)));
    Ok(())
}
