//! A revoked token is denied, whoever says that it is; and nobody passes whose state is not known.

mod signer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signer::{Failure, HEADER, Issuer, NOW, RESOURCE, ask, claims, gate_with, request};
use waxseal::{
    Answers, Decision, Denial, Epoch, Error, Fetch, Fetched, Gate, Look, Looked, Step, UnixTime,
};

type Outcome = Result<(), Failure>;

const LIST: &str = "https://as.example.com/revoked";

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(NOW + seconds)
}

fn gate(issuer: &Issuer, revocation: Value) -> Result<Gate, Failure> {
    gate_with(&json!({ "set": issuer.key_set() }), json!({ "revocation": revocation }))
}

/// A gate for Caracal's mandates of one zone.
fn caracal(issuer: &Issuer, revocation: Value) -> Result<Gate, Failure> {
    let issuers = json!([{ "issuer": "https://as.example.com", "profile": "caracal",
                           "zone": "z 1", "keys": { "set": issuer.key_set() } }]);
    gate_with(&json!(null), json!({ "issuers": issuers, "revocation": revocation }))
}

/// The token's claims with these.
fn token(issuer: &Issuer, members: Value) -> String {
    let mut claims = claims();
    if let (Some(claims), Value::Object(members)) = (claims.as_object_mut(), members) {
        claims.extend(members);
        claims.retain(|_, value| *value != "absent");
    }
    issuer.sign(HEADER, &claims.to_string())
}

fn mandate(issuer: &Issuer, members: Value) -> String {
    let mut claims = json!({ "sid": "s/1", "root_sid": "r..", "use": "resource",
                             "sub_type": "user", "zone_id": "z 1" });
    if let (Some(claims), Value::Object(members)) = (claims.as_object_mut(), members) {
        claims.extend(members);
    }
    token(issuer, claims)
}

/// What a gate wants to be looked up for a token.
fn look(gate: &Gate, token: &str) -> Result<(Look, Answers), Failure> {
    let mut answers = Answers::default();
    match ask(gate, &request(token), &mut answers, at(0)) {
        Step::Look(look) => Ok((look, answers)),
        other => Err(format!("expected a look, got {other:?}").into()),
    }
}

/// What becomes of a token, once this was said.
fn said(gate: &Gate, token: &str, looked: Looked) -> Result<Option<Error>, Failure> {
    let (look, mut answers) = look(gate, token)?;
    answers.looked(look, looked);
    ended(ask(gate, &request(token), &mut answers, at(0)))
}

fn ended(step: Step) -> Result<Option<Error>, Failure> {
    match step {
        Step::Done(Decision::Allow(_)) => Ok(None),
        Step::Done(Decision::Deny(Denial { error, .. })) => Ok(Some(error)),
        other => Err(format!("expected an end, got {other:?}").into()),
    }
}

fn is_unavailable(error: Option<&Error>) -> bool {
    matches!(error, Some(Error::RevocationUnavailable { .. }))
}

/// Brings a gate its list.
fn bring(gate: &Gate, body: &str, now: UnixTime) -> Outcome {
    let issuer = Issuer::new()?;
    let token = issuer.token();
    let step = ask(gate, &request(&token), &mut Answers::default(), now);
    let Step::Fetch(fetch) = step else {
        return Err(format!("expected a fetch, got {step:?}").into());
    };
    fetched(gate, &fetch, body, now);
    Ok(())
}

fn fetched(gate: &Gate, fetch: &Fetch, body: &str, now: UnixTime) {
    let body = body.as_bytes();
    gate.fetched(fetch, Fetched::Reply { status: 200, cache_control: None, body }, now);
}

fn checked(gate: &Gate, token: &str, now: UnixTime) -> Result<Option<Error>, Failure> {
    ended(ask(gate, &request(token), &mut Answers::default(), now))
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

#[test]
fn without_a_setting_nobody_is_asked() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate_with(&json!({ "set": issuer.key_set() }), json!({}))?;
    assert_eq!(checked(&gate, &issuer.token(), at(0))?, None);
    Ok(())
}

#[test]
fn a_list_is_fetched_once_and_denies_what_is_on_it() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, json!({ "list": { "uri": LIST, "cluster": "as" } }))?;
    let (request_of, mut answers) = (request(&issuer.token()), Answers::default());
    let step = ask(&gate, &request_of, &mut answers, at(0));
    let Step::Fetch(fetch) = step else {
        return Err(format!("expected a fetch, got {step:?}").into());
    };
    assert_eq!((fetch.uri.as_str(), fetch.cluster.as_deref()), (LIST, Some("as")));
    assert_eq!((fetch.timeout, fetch.limit, fetch.age), (5, 1_048_576, 30));
    let waits = ask(&gate, &request_of, &mut Answers::default(), at(1));
    assert!(matches!(waits, Step::Wait(until) if until == at(6)), "{waits:?}");
    answers.fetched();
    let revoked = json!({ "revoked": [
        format!("jti https://as.example.com {RESOURCE} 7"),
        "sub https://as.example.com mallory%20%25m",
        "sid https://as.example.com s/../1",
        // Of another issuer, for another audience, of another kind.
        "sub https://other.example.com alice",
        "sid https://other.example.com s",
        "jti https://as.example.com https://other.example.com 1",
        "root_sid https://as.example.com s",
    ] });
    fetched(&gate, &fetch, &revoked.to_string(), at(1));
    assert_eq!(ended(ask(&gate, &request_of, &mut answers, at(1)))?, None);
    for (members, by) in [
        (json!({ "jti": "7" }), Some("jti")),
        (json!({ "sub": "mallory %m" }), Some("sub")),
        (json!({ "sid": "s/../1" }), Some("sid")),
        (json!({ "sid": "s/../1", "jti": "7", "sub": "mallory %m" }), Some("jti")),
        (json!({ "sid": "s" }), None),
        (json!({ "sid": "" }), None),
        (json!({ "sub": "mallory%20%25m" }), None),
        (json!({ "root_sid": "s" }), None),
        (json!({ "aud": ["https://other.example.com", RESOURCE] }), None),
        (json!({ "jti": "7", "aud": ["https://other.example.com", RESOURCE] }), Some("jti")),
    ] {
        let error = checked(&gate, &token(&issuer, members.clone()), at(1))?;
        assert_eq!(error, by.map(|by| Error::TokenRevoked { by }), "{members}");
    }
    let odd = checked(&gate, &token(&issuer, json!({ "sid": 1 })), at(1))?;
    assert_eq!(odd, Some(Error::ClaimMalformed { claim: "sid" }));
    Ok(())
}

#[test]
fn a_token_that_nobody_could_revoke_is_denied() -> Outcome {
    let issuer = Issuer::new()?;
    let issuers = json!([{ "issuer": "https://as.example.com", "keys": { "set": issuer.key_set() },
                           "claims": { "optional": ["jti", "sub"] } }]);
    let members = json!({ "issuers": issuers, "revocation": { "host": true } });
    let gate = gate_with(&json!(null), members)?;
    let nameless = token(&issuer, json!({ "jti": "absent", "sub": "absent" }));
    let error = checked(&gate, &nameless, at(0))?;
    assert_eq!(error, Some(Error::ClaimMissing { claim: "jti" }));
    let (look, _) = look(&gate, &token(&issuer, json!({ "jti": "absent" })))?;
    assert_eq!(look.ids, ["sub https://as.example.com alice"]);
    Ok(())
}

#[test]
fn a_list_that_cannot_be_had_is_a_503_with_the_time_to_the_next_fetch() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, json!({ "list": { "uri": LIST } }))?;
    bring(&gate, r#"{"revoked":"no list"}"#, at(0))?;
    let (request, mut answers) = (request(&issuer.token()), Answers::default());
    let Step::Done(decision) = ask(&gate, &request, &mut answers, at(1)) else {
        return Err("expected a decision".into());
    };
    let reply = gate.reply(&decision, &request, at(1)).ok_or("expected a reply")?;
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains(&("retry-after", "4".to_owned())), "{:?}", reply.headers);
    assert!(reply.headers.iter().all(|(name, _)| *name != "www-authenticate"));
    assert!(reply.body.contains("revocation_unavailable"), "{}", reply.body);
    bring(&gate, r#"{"revoked":[]}"#, at(5))?;
    assert_eq!(checked(&gate, &issuer.token(), at(5))?, None);
    // One fetch ahead of need, and none beside it.
    assert!(gate.ahead(at(28)).is_none());
    assert!(gate.ahead(at(29)).is_some_and(|fetch| fetch.uri == LIST));
    assert!(gate.ahead(at(29)).is_none());
    Ok(())
}

#[test]
fn nobody_is_asked_about_a_token_that_is_denied_anyway() -> Outcome {
    let issuer = Issuer::new()?;
    let members = json!({ "revocation": { "host": true }, "dpop": { "mode": "optional" },
                          "policy": { "require": { "dpop": true } } });
    let gate = gate_with(&json!({ "set": issuer.key_set() }), members)?;
    assert_eq!(checked(&gate, &issuer.token(), at(0))?, Some(Error::TokenNotBound { rule: None }));
    let expired = checked(&gate, &token(&issuer, json!({ "exp": NOW - 60 })), at(0))?;
    assert!(matches!(expired, Some(Error::TokenExpired { .. })), "{expired:?}");
    Ok(())
}

#[test]
fn the_rules_come_after_it() -> Outcome {
    let issuer = Issuer::new()?;
    let members = json!({ "revocation": { "host": true }, "policy": { "default": "deny" } });
    let gate = gate_with(&json!({ "set": issuer.key_set() }), members)?;
    let denied = Some(Error::PolicyDenied { rule: None, unmet: None });
    assert_eq!(said(&gate, &issuer.token(), Looked::Clear)?, denied);
    let revoked = Looked::Revoked("sub https://as.example.com alice".to_owned());
    let expected = Some(Error::TokenRevoked { by: "sub" });
    assert_eq!(said(&gate, &issuer.token(), revoked)?, expected);
    Ok(())
}

/// A list signed by this issuer.
fn signed(issuer: &Issuer, header: &str, payload: &Value) -> String {
    issuer.sign(header, &payload.to_string())
}

const LIST_HEADER: &str = r#"{"alg":"ES256","typ":"revocation+jwt","kid":"1"}"#;

fn key(issuer: &Issuer) -> Result<Value, Failure> {
    Ok(issuer.key_set().pointer("/keys/0").ok_or("no key")?.clone())
}

#[test]
fn a_signed_list_must_be_signed_and_new() -> Outcome {
    let issuer = Issuer::new()?;
    let rules = json!({ "list": { "uri": LIST, "key": key(&issuer)? } });
    let alice = json!(["sub https://as.example.com alice"]);
    let good = signed(&issuer, LIST_HEADER, &json!({ "revoked": alice, "iat": NOW }));
    let (rest, signature) = good.rsplit_once('.').ok_or("no signature")?;
    let (_, payload) = rest.split_once('.').ok_or("no payload")?;
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"revocation+jwt"}"#);
    let with = |header: &str, payload: Value| signed(&issuer, header, &payload);
    for (name, document, taken) in [
        ("good", good.clone(), true),
        ("a line break after it", format!("{good}\n"), true),
        (
            "no kid, the long type",
            with(
                r#"{"alg":"ES256","typ":"application/Revocation+JWT"}"#,
                json!({ "revoked": [], "iat": NOW }),
            ),
            true,
        ),
        (
            "claims of a JWT",
            with(
                LIST_HEADER,
                json!({ "revoked": [], "iat": NOW - 100,
            "iss": "a", "exp": NOW + 9, "jti": "1" }),
            ),
            true,
        ),
        ("unsigned", json!({ "revoked": [], "iat": NOW }).to_string(), false),
        ("alg none", format!("{none}.{payload}."), false),
        (
            "another payload",
            format!(
                "{}.{signature}",
                rest.replace(
                    payload,
                    &URL_SAFE_NO_PAD.encode(json!({ "revoked": [], "iat": NOW }).to_string())
                )
            ),
            false,
        ),
        ("an access token", issuer.token(), false),
        ("another type", with(HEADER, json!({ "revoked": [], "iat": NOW })), false),
        ("no type", with(r#"{"alg":"ES256"}"#, json!({ "revoked": [], "iat": NOW })), false),
        (
            "another algorithm",
            with(r#"{"alg":"ES384","typ":"revocation+jwt"}"#, json!({ "revoked": [], "iat": NOW })),
            false,
        ),
        (
            "a shared secret",
            with(r#"{"alg":"HS256","typ":"revocation+jwt"}"#, json!({ "revoked": [], "iat": NOW })),
            false,
        ),
        (
            "another key",
            with(
                r#"{"alg":"ES256","typ":"revocation+jwt","kid":"2"}"#,
                json!({ "revoked": [], "iat": NOW }),
            ),
            false,
        ),
        ("no iat", with(LIST_HEADER, json!({ "revoked": [] })), false),
        ("iat is text", with(LIST_HEADER, json!({ "revoked": [], "iat": "now" })), false),
        ("iat too old", with(LIST_HEADER, json!({ "revoked": [], "iat": NOW - 150 })), false),
        ("iat in the future", with(LIST_HEADER, json!({ "revoked": [], "iat": NOW + 31 })), false),
        ("ended", with(LIST_HEADER, json!({ "revoked": [], "iat": NOW, "exp": NOW })), false),
        (
            "unknown member",
            with(LIST_HEADER, json!({ "revoked": [], "iat": NOW, "more": 1 })),
            false,
        ),
    ] {
        let gate = gate(&issuer, rules.clone())?;
        bring(&gate, &document, at(0))?;
        let bob = token(&issuer, json!({ "sub": "bob" }));
        let error = checked(&gate, &bob, at(0))?;
        assert_eq!(error.is_none(), taken, "{name}: {error:?}");
        assert!(taken || is_unavailable(error.as_ref()), "{name}: {error:?}");
    }
    let gate = gate(&issuer, rules)?;
    bring(&gate, &good, at(0))?;
    let error = checked(&gate, &issuer.token(), at(0))?;
    assert_eq!(error, Some(Error::TokenRevoked { by: "sub" }));
    Ok(())
}

#[test]
fn an_old_signed_list_neither_comes_back_nor_lasts() -> Outcome {
    let issuer = Issuer::new()?;
    let rules = json!({ "list": { "uri": LIST, "keys": issuer.key_set() } });
    let gate = gate(&issuer, rules)?;
    let list = |revoked: &[&str], iat: i64| {
        signed(&issuer, LIST_HEADER, &json!({ "revoked": revoked, "iat": NOW + iat }))
    };
    bring(&gate, &list(&["sub https://as.example.com alice"], -60), at(0))?;
    let alice = issuer.token();
    let revoked = Some(Error::TokenRevoked { by: "sub" });
    assert_eq!(checked(&gate, &alice, at(0))?, revoked);
    // Replayed by whoever stands between: it is younger than 150 seconds, and older than ours.
    let ahead = gate.ahead(at(25)).ok_or("no fetch ahead")?;
    fetched(&gate, &ahead, &list(&[], -61), at(25));
    assert_eq!(checked(&gate, &alice, at(26))?, revoked);
    // Ours ends 150 seconds after it was signed, not after it was fetched.
    assert_eq!(checked(&gate, &alice, at(89))?, revoked);
    let mut answers = Answers::default();
    let step = ask(&gate, &request(&alice), &mut answers, at(90));
    let Step::Fetch(fetch) = step else {
        return Err(format!("expected a fetch, got {step:?}").into());
    };
    fetched(&gate, &fetch, &list(&[], -60), at(90));
    assert!(is_unavailable(checked(&gate, &alice, at(90))?.as_ref()));
    let mut answers = Answers::default();
    let step = ask(&gate, &request(&alice), &mut answers, at(105));
    let Step::Fetch(fetch) = step else {
        return Err(format!("expected a fetch, got {step:?}").into());
    };
    fetched(&gate, &fetch, &list(&[], 100), at(105));
    assert_eq!(checked(&gate, &alice, at(105))?, None);
    Ok(())
}

fn store() -> Value {
    json!({ "http": { "uri": "http://store.internal:7379", "cluster": "store",
                      "authorization": { "env": "STORE" } } })
}

#[test]
fn redis_is_asked_once_for_all_ids_and_shows_none_of_them() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, store())?;
    let token = token(&issuer, json!({ "sid": "s/../../FLUSHALL", "sub": "a,b c%\r\n" }));
    let (look, mut answers) = look(&gate, &token)?;
    let ids = [
        format!("jti https://as.example.com {RESOURCE} 1"),
        "sid https://as.example.com s/../../FLUSHALL".to_owned(),
        "sub https://as.example.com a,b%20c%25%0D%0A".to_owned(),
    ];
    assert_eq!(look.ids, ids);
    assert_eq!(look.epoch, None);
    let call = look.call.clone().ok_or("no call")?;
    let keys: Vec<_> = ids.iter().map(|id| format!("waxseal:revoked:{}", digest(id))).collect();
    assert_eq!(call.uri, format!("http://store.internal:7379/MGET/{}", keys.join("/")));
    assert_eq!((call.method(), call.body(), call.content_type()), ("GET", None, None));
    assert_eq!((call.timeout, call.limit, call.cluster.as_deref()), (2, 65_536, Some("store")));
    assert_eq!(call.authorization(), Some(signer::SECRET));
    assert!(!format!("{look:?}").contains(signer::SECRET));
    let clear = look.answer(200, br#"{"MGET":[null,null,null]}"#);
    assert_eq!(clear, Looked::Clear);
    answers.looked(look, clear);
    assert_eq!(ended(ask(&gate, &request(&token), &mut answers, at(0)))?, None);
    for (body, by) in [
        (r#"{"MGET":["1",null,null]}"#, "jti"),
        (r#"{"result":[null,"1",null]}"#, "sid"),
        (r#"{"MGET":[null,null,"1"]}"#, "sub"),
    ] {
        let (look, mut answers) = self::look(&gate, &token)?;
        let looked = look.answer(200, body.as_bytes());
        answers.looked(look, looked);
        let error = ended(ask(&gate, &request(&token), &mut answers, at(0)))?;
        assert_eq!(error, Some(Error::TokenRevoked { by }));
    }
    Ok(())
}

#[test]
fn an_answer_counts_for_its_own_question_only() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, json!({ "host": true }))?;
    let (alice, bob) = (issuer.token(), token(&issuer, json!({ "sub": "bob" })));
    let (look, _) = look(&gate, &bob)?;
    assert!(look.call.is_none());
    let (_, mut answers) = self::look(&gate, &alice)?;
    answers.looked(look, Looked::Clear);
    let error = ended(ask(&gate, &request(&alice), &mut answers, at(0)))?;
    assert!(is_unavailable(error.as_ref()), "{error:?}");
    for (looked, expected) in [
        (Looked::Clear, None),
        (
            Looked::Revoked("sub https://as.example.com alice".to_owned()),
            Some(Error::TokenRevoked { by: "sub" }),
        ),
    ] {
        assert_eq!(said(&gate, &alice, looked)?, expected);
    }
    for looked in [
        Looked::Failed("no answer"),
        Looked::Revoked("sub https://as.example.com bob".to_owned()),
        Looked::Revoked(String::new()),
        Looked::Stale(1),
    ] {
        let error = said(&gate, &alice, looked.clone())?;
        assert!(is_unavailable(error.as_ref()), "{looked:?}: {error:?}");
    }
    Ok(())
}

#[test]
fn a_mandate_has_anchors_and_an_epoch() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = caracal(&issuer, store())?;
    let plain = mandate(&issuer, json!({ "agent_session_id": null, "delegation_edge_id": "" }));
    assert_eq!(look(&gate, &plain)?.0.ids.len(), 4);
    let full = mandate(
        &issuer,
        json!({ "agent_session_id": "a.json", "delegation_edge_id": "d",
                "delegation_graph_epoch": 7 }),
    );
    let (look, _) = look(&gate, &full)?;
    let own = |text: &str| format!("{text} https://as.example.com");
    let ids = [
        format!("{} {RESOURCE} 1", own("jti")),
        format!("{} s/1", own("sid")),
        format!("{} r..", own("root_sid")),
        format!("{} a.json", own("agent_session_id")),
        format!("{} d", own("delegation_edge_id")),
        format!("{} alice", own("sub")),
    ];
    assert_eq!(look.ids, ids);
    assert_eq!(look.epoch, Some(Epoch { zone: "z 1".to_owned(), held: 7 }));
    let mut keys: Vec<_> = ["delegation-epoch:z%201", "s%2F1", "r%2E%2E", "a%2Ejson", "d"]
        .map(|id| format!("caracal:revoked:sessions:{id}"))
        .to_vec();
    keys.extend(ids.iter().map(|id| format!("waxseal:revoked:{}", digest(id))));
    let call = look.call.as_ref().ok_or("no call")?;
    assert_eq!(call.uri, format!("http://store.internal:7379/MGET/{}", keys.join("/")));
    let answer = |place: usize, value: &str| {
        let mut values = vec![Value::Null; 11];
        if let Some(slot) = values.get_mut(place) {
            *slot = json!(value);
        }
        look.answer(200, json!({ "MGET": values }).to_string().as_bytes())
    };
    let session = |anchor| Some(Error::SessionRevoked { anchor });
    for (place, value, expected) in [
        (0, "7", None),
        (0, "8", Some(Error::DelegationStale { held: 7, current: 8 })),
        (1, "1", session("sid")),
        (2, "1", session("root_sid")),
        (3, "1", session("agent_session_id")),
        (4, "1", session("delegation_edge_id")),
        (5, "1", Some(Error::TokenRevoked { by: "jti" })),
        (6, "1", session("sid")),
        (9, "1", session("delegation_edge_id")),
        (10, "1", Some(Error::TokenRevoked { by: "sub" })),
    ] {
        assert_eq!(said(&gate, &full, answer(place, value))?, expected, "{place} {value}");
    }
    assert!(is_unavailable(said(&gate, &full, answer(0, "many"))?.as_ref()));
    // A host's own store that knows more than its question.
    assert_eq!(
        said(&gate, &full, Looked::Stale(9))?,
        Some(Error::DelegationStale { held: 7, current: 9 })
    );
    assert!(is_unavailable(said(&gate, &full, Looked::Stale(7))?.as_ref()));
    Ok(())
}

#[test]
fn a_list_has_anchors_and_epochs_of_zones() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = caracal(&issuer, json!({ "list": { "uri": LIST } }))?;
    let (token, mut answers) = (mandate(&issuer, json!({})), Answers::default());
    let Step::Fetch(fetch) = ask(&gate, &request(&token), &mut answers, at(0)) else {
        return Err("expected a fetch".into());
    };
    let list = json!({ "revoked": ["delegation_edge_id https://as.example.com d"],
                       "epochs": { "z 1": 8, "z 2": 99 } });
    fetched(&gate, &fetch, &list.to_string(), at(0));
    for (members, expected) in [
        (json!({}), None),
        (
            json!({ "delegation_edge_id": "d" }),
            Some(Error::SessionRevoked { anchor: "delegation_edge_id" }),
        ),
        (json!({ "delegation_graph_epoch": 8 }), None),
        (json!({ "delegation_graph_epoch": 9 }), None),
        (json!({ "delegation_graph_epoch": null }), None),
        (
            json!({ "delegation_graph_epoch": 7.0 }),
            Some(Error::DelegationStale { held: 7, current: 8 }),
        ),
        (
            json!({ "delegation_graph_epoch": 0 }),
            Some(Error::DelegationStale { held: 0, current: 8 }),
        ),
        (
            json!({ "delegation_graph_epoch": 7, "delegation_edge_id": "d" }),
            Some(Error::SessionRevoked { anchor: "delegation_edge_id" }),
        ),
    ] {
        let error = checked(&gate, &mandate(&issuer, members.clone()), at(0))?;
        assert_eq!(error, expected, "{members}");
    }
    Ok(())
}

fn endpoint() -> Value {
    json!({ "introspection": { "uri": "https://as.example.com/introspect", "cluster": "as",
                               "client": "gate:1", "secret": { "env": "SECRET" } } })
}

#[test]
fn introspection_posts_the_token_and_shows_it_to_nobody_else() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, endpoint())?;
    let token = issuer.token();
    let (look, mut answers) = look(&gate, &token)?;
    assert_eq!(look.ids, [format!("token {}", digest(&token))]);
    let call = look.call.as_ref().ok_or("no call")?;
    assert_eq!((call.method(), call.uri.as_str()), ("POST", "https://as.example.com/introspect"));
    assert_eq!(call.content_type(), Some("application/x-www-form-urlencoded"));
    let form = format!("token={token}&token_type_hint=access_token");
    assert_eq!(call.body(), Some(form.as_str()));
    // RFC 6749 section 2.3.1: both are encoded as in a form, then joined.
    assert_eq!(
        call.authorization(),
        Some("Basic Z2F0ZSUzQTE6YSUyMHNlY3JldCUyMHRoYXQlMjBub2JvZHklMjBzaG93cw==")
    );
    let shown = format!("{look:?}{:?}", Step::Look(look.clone()));
    for hidden in token.split('.').chain(["Z2F0ZSUz"]) {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let inactive = look.answer(200, br#"{"active":false}"#);
    answers.looked(look, inactive);
    assert!(!token.split('.').any(|part| format!("{answers:?}").contains(part)));
    let error = ended(ask(&gate, &request(&token), &mut answers, at(0)))?;
    assert_eq!(error, Some(Error::TokenInactive {}));
    let (look, mut answers) = self::look(&gate, &token)?;
    let failed = look.answer(401, br#"{"error":"invalid_client"}"#);
    answers.looked(look, failed);
    let error = ended(ask(&gate, &request(&token), &mut answers, at(0)))?;
    assert!(is_unavailable(error.as_ref()), "{error:?}");
    Ok(())
}

#[test]
fn only_an_active_token_is_remembered_and_never_beyond_its_end() -> Outcome {
    let issuer = Issuer::new()?;
    let gate = gate(&issuer, endpoint())?;
    let token = issuer.token();
    let asks = |token: &str, now: i64| {
        matches!(ask(&gate, &request(token), &mut Answers::default(), at(now)), Step::Look(_))
    };
    assert_eq!(
        said(&gate, &token, Looked::Revoked(format!("token {}", digest(&token))))?,
        Some(Error::TokenInactive {})
    );
    assert!(asks(&token, 0));
    assert!(is_unavailable(said(&gate, &token, Looked::Failed("no answer"))?.as_ref()));
    assert!(asks(&token, 0));
    let (look, mut answers) = look(&gate, &token)?;
    let active = look.answer(200, br#"{"active":true}"#);
    answers.looked(look, active);
    assert_eq!(ended(ask(&gate, &request(&token), &mut answers, at(0)))?, None);
    assert_eq!(checked(&gate, &token, at(29))?, None);
    // A request that is held does not make an old answer young.
    assert_eq!(ended(ask(&gate, &request(&token), &mut answers, at(29)))?, None);
    assert!(asks(&token, 30));
    assert!(asks(&token, -1));
    assert!(asks(&self::token(&issuer, json!({ "jti": "2" })), 0));
    let short = self::token(&issuer, json!({ "exp": NOW + 10 }));
    assert_eq!(said(&gate, &short, Looked::Clear)?, None);
    assert_eq!(checked(&gate, &short, at(9))?, None);
    // It passes within the leeway, but is asked about.
    assert!(asks(&short, 10));
    Ok(())
}
