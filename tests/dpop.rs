//! Proofs from end to end: made by the crate's own prover, taken by its own gate, claimed once.

use proptest::prelude::*;
use serde_json::{Value, json};
use waxseal::{
    Answers, Claim, Claimed, Decision, Gate, Grant, LocalStore, ProofFor, Prover, Reason, Request,
    Step, UnixTime,
};

mod signer;

use signer::{Failure, HEADER, Issuer, NOW, RESOURCE, SECRET, claims, gate_with, request};

type Outcome = Result<(), Failure>;

/// A caller with a key and a token bound to it.
struct Caller {
    prover: Prover,
    token: String,
}

impl Caller {
    fn new(issuer: &Issuer) -> Result<Self, Failure> {
        let prover = Prover::generate()?;
        let mut claims = claims();
        let binding = json!({ "jkt": prover.thumbprint() });
        claims.as_object_mut().ok_or("no claims")?.insert("cnf".to_owned(), binding);
        Ok(Self { token: issuer.sign(HEADER, &claims.to_string()), prover })
    }

    fn proof(&self, nonce: Option<&str>) -> Result<String, Failure> {
        let token = Some(self.token.as_str());
        let used = ProofFor { method: "POST", url: RESOURCE, token, nonce };
        Ok(self.prover.proof(&used, at(NOW))?)
    }

    fn request(&self, proof: &str) -> Request {
        let mut request = request("");
        let authorization = format!("DPoP {}", self.token).into_bytes();
        request.headers = vec![
            ("authorization".to_owned(), authorization),
            ("dpop".to_owned(), proof.as_bytes().to_vec()),
        ];
        request
    }
}

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn setting(members: Value) -> Result<(Gate, Caller), Failure> {
    let issuer = Issuer::new()?;
    let gate = gate_with(&json!({ "set": issuer.key_set() }), members)?;
    Ok((gate, Caller::new(&issuer)?))
}

/// The first step that is not a signature check.
fn step(gate: &Gate, request: &Request, answers: &mut Answers) -> Step {
    loop {
        match gate.check(request, answers, at(NOW)) {
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            other => return other,
        }
    }
}

fn claim(step: Step) -> Result<Claim, Failure> {
    match step {
        Step::Claim(claim) => Ok(claim),
        other => Err(format!("expected a claim, not {other:?}").into()),
    }
}

fn ended(step: Step) -> Result<Result<Grant, Reason>, Failure> {
    match step {
        Step::Done(Decision::Allow(grant)) => Ok(Ok(grant)),
        Step::Done(Decision::Deny(denial)) => Ok(Err(denial.error.reason())),
        other => Err(format!("expected a decision, not {other:?}").into()),
    }
}

#[test]
fn a_proof_is_claimed_last_and_once() -> Outcome {
    let (gate, caller) = setting(json!({ "dpop": { "mode": "required" } }))?;
    let request = caller.request(&caller.proof(None)?);
    let mut store = LocalStore::new(1000, [3; 16]);
    for expected in [None, Some(Reason::ProofReplayed)] {
        let mut answers = Answers::default();
        let asked = claim(step(&gate, &request, &mut answers))?;
        assert_eq!((asked.key.len(), asked.until), (43, at(NOW + 360)));
        let claimed = store.claim(&asked, at(NOW));
        answers.claimed(asked, claimed);
        let end = ended(step(&gate, &request, &mut answers))?;
        assert_eq!(end.as_ref().err().copied(), expected);
        if let Ok(grant) = end {
            let thumbprint = grant.proof().map(|proof| proof.thumbprint.clone());
            assert_eq!(thumbprint, Some(caller.prover.thumbprint()));
        }
    }
    Ok(())
}

#[test]
fn a_store_that_fails_denies() -> Outcome {
    let (gate, caller) = setting(json!({ "dpop": { "mode": "optional" } }))?;
    let request = caller.request(&caller.proof(None)?);
    let mut answers = Answers::default();
    let asked = claim(step(&gate, &request, &mut answers))?;
    answers.claimed(asked, Claimed::Failed("no store"));
    let Step::Done(decision) = step(&gate, &request, &mut answers) else {
        return Err("expected a decision".into());
    };
    let reply = gate.reply(&decision, &request, at(NOW)).ok_or("expected a reply")?;
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains(&("retry-after", "5".to_owned())), "{:?}", reply.headers);
    Ok(())
}

#[test]
fn the_claim_of_one_proof_is_worth_nothing_for_another() -> Outcome {
    let (gate, caller) = setting(json!({ "dpop": { "mode": "required" } }))?;
    let (one, other) = (caller.proof(None)?, caller.proof(None)?);
    let mut answers = Answers::default();
    let asked = claim(step(&gate, &caller.request(&one), &mut answers))?;
    answers.claimed(asked, Claimed::First);
    let end = ended(step(&gate, &caller.request(&other), &mut answers))?;
    assert_eq!(end.err(), Some(Reason::ReplayUnavailable));
    Ok(())
}

#[test]
fn a_shared_store_is_asked_with_a_digest_only() -> Outcome {
    let (gate, caller) = setting(json!({
        "dpop": { "mode": "required" },
        "replay": { "store": { "http": { "uri": "https://store.example.com/v1/", "cluster": "store",
                                         "authorization": { "env": "STORE" } } } },
    }))?;
    let request = caller.request(&caller.proof(None)?);
    let asked = claim(step(&gate, &request, &mut Answers::default()))?;
    let call = asked.call.as_ref().ok_or("expected a call")?;
    let expected = format!("https://store.example.com/v1/SET/waxseal:{}/1/NX/EX/361", asked.key);
    assert_eq!((call.uri.as_str(), call.timeout), (expected.as_str(), 2));
    assert_eq!(call.authorization(), Some(SECRET));
    assert!(!format!("{asked:?} {gate:?}").contains(SECRET));
    Ok(())
}

#[test]
fn a_nonce_is_asked_for_and_taken() -> Outcome {
    let nonces = json!({ "mode": "always", "secret": { "env": "NONCES" } });
    let (gate, caller) = setting(json!({ "dpop": { "mode": "required", "nonce": nonces } }))?;
    let request = caller.request(&caller.proof(None)?);
    let Step::Done(decision) = step(&gate, &request, &mut Answers::default()) else {
        return Err("expected a decision".into());
    };
    let reply = gate.reply(&decision, &request, at(NOW)).ok_or("expected a reply")?;
    let nonce = reply.headers.iter().find(|(name, _)| *name == "dpop-nonce");
    let (_, nonce) = nonce.ok_or("expected a nonce")?;
    let request = caller.request(&caller.proof(Some(nonce))?);
    let mut answers = Answers::default();
    let asked = claim(step(&gate, &request, &mut answers))?;
    answers.claimed(asked, Claimed::First);
    let Ok(grant) = ended(step(&gate, &request, &mut answers))? else {
        return Err("expected a grant".into());
    };
    let beside = gate.reply_headers(&grant, &request, at(NOW + 150));
    assert!(matches!(beside.as_slice(), [("dpop-nonce", next)] if next != nonce), "{beside:?}");
    assert!(!format!("{gate:?}").contains(SECRET));
    Ok(())
}

#[test]
fn nothing_that_is_printed_holds_the_proof_or_the_key() -> Outcome {
    let (gate, caller) = setting(json!({ "dpop": { "mode": "required" } }))?;
    let proof = caller.proof(None)?;
    let request = caller.request(&proof);
    let mut answers = Answers::default();
    let asked = step(&gate, &request, &mut answers);
    let printed = format!("{request:?} {answers:?} {asked:?} {:?}", caller.prover);
    let secret = format!("{:?}", caller.prover.to_bytes());
    for part in proof.split('.').chain([secret.as_str()]) {
        assert!(!printed.contains(part), "{printed}");
    }
    Ok(())
}

#[test]
fn a_key_can_be_kept() -> Outcome {
    let prover = Prover::generate()?;
    let again = Prover::from_bytes(&prover.to_bytes()).ok_or("expected a key")?;
    assert_eq!(again.thumbprint(), prover.thumbprint());
    assert_eq!(again.jwk(), prover.jwk());
    assert!(Prover::from_bytes(&[0; 32]).is_none());
    assert!(Prover::from_bytes(&[0xff; 32]).is_none());
    Ok(())
}

fn decided(gate: &Gate, request: &Request) -> Result<Step, TestCaseError> {
    Ok(step(gate, request, &mut Answers::default()))
}

fn prepared() -> Result<(Gate, Caller), TestCaseError> {
    let members = json!({ "dpop": { "mode": "required" } });
    setting(members).map_err(|error| TestCaseError::fail(error.to_string()))
}

const SEGMENTS: &[&str] = &[
    "mcp",
    "%6dcp",
    "mc%70",
    "%6D%63%70",
    "MCP",
    "%2f",
    "%",
    "%6",
    "x",
    "",
    ".",
    "..",
    "%2e",
    "%2E.",
];

proptest! {
    #[test]
    fn no_text_passes_as_a_proof(text in any::<Vec<u8>>()) {
        let (gate, caller) = prepared()?;
        let mut request = caller.request("");
        if let Some((_, value)) = request.headers.last_mut() {
            *value = text;
        }
        prop_assert!(matches!(decided(&gate, &request)?, Step::Done(Decision::Deny(_))));
    }

    #[test]
    fn no_altered_proof_passes(position in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.=-]") {
        let (gate, caller) = prepared()?;
        let proof = caller.proof(None).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let place = position.index(proof.len());
        let altered: String = proof.char_indices().map(|(at, own)| if at == place { letter.clone() } else { own.to_string() }).collect();
        prop_assume!(altered != proof);
        prop_assert!(matches!(decided(&gate, &caller.request(&altered))?, Step::Done(Decision::Deny(_))));
    }

    #[test]
    fn a_proof_is_for_one_path(segments in proptest::collection::vec(prop::sample::select(SEGMENTS), 1..5)) {
        let path = format!("/{}", segments.join("/"));
        let (gate, caller) = prepared()?;
        let proof = caller.proof(None).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut request = caller.request(&proof);
        request.url = path.clone();
        let same = matches!(decided(&gate, &request)?, Step::Claim(_));
        prop_assert_eq!(same, is_mcp(&path), "{}", path);
    }
}

/// A second reading of RFC 3986 section 6.2.2, for paths that mean `/mcp`.
fn is_mcp(path: &str) -> bool {
    let letters: Vec<char> = path.chars().collect();
    let (mut plain, mut place) = (String::new(), 0);
    while let Some(letter) = letters.get(place) {
        let digits: String = letters.iter().skip(place + 1).take(2).collect();
        let byte = (*letter == '%').then(|| u8::from_str_radix(&digits, 16).ok()).flatten();
        match byte.map(char::from) {
            Some(byte)
                if digits.len() == 2 && (byte.is_ascii_alphanumeric() || "-._~".contains(byte)) =>
            {
                plain.push(byte);
                place += 3;
            }
            _ => {
                plain.push(*letter);
                place += 1;
            }
        }
    }
    let mut kept = Vec::new();
    for segment in plain.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    kept == ["mcp"] && !plain.ends_with("/.") && !plain.ends_with("/..")
}
