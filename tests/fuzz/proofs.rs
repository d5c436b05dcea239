//! Bytes -> the proof beside a good token, or the parts of one that its key signs -> a decision.

#![no_main]

mod gate;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gate::signer::{HEADER, Issuer, NOW, RESOURCE, claims, gate_with, request};
use gate::{made, passes};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json};
use waxseal::{Gate, ProofFor, Prover, Request, UnixTime};

struct Setting {
    /// Its key also signs the proofs.
    issuer: Issuer,
    gate: Gate,
    token: String,
    /// What the fuzzer cannot guess: it writes `JWK` and `ATH`.
    key: String,
    digest: String,
}

impl Setting {
    fn new() -> Option<Self> {
        let issuer = Issuer::new().ok()?;
        let dpop = json!({ "dpop": { "mode": "required" } });
        let gate = gate_with(&json!({ "set": issuer.key_set() }), dpop).ok()?;
        let prover = Prover::from_bytes(&[7; 32])?;
        let mut claims = claims();
        claims["cnf"] = json!({ "jkt": prover.thumbprint() });
        let token = issuer.sign(HEADER, &claims.to_string());
        let used = ProofFor { method: "POST", url: RESOURCE, token: Some(&token), nonce: None };
        let proof = prover.proof(&used, UnixTime::from_seconds(NOW)).ok()?;
        let mut parts = proof.split('.').map(|part| {
            let json = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            serde_json::from_slice::<Value>(&json).unwrap_or_default()
        });
        let key = parts.next()?["jwk"].to_string();
        let digest = parts.next()?["ath"].to_string();
        assert!(passes(&gate, &with(&token, &proof)));
        Some(Self { issuer, gate, token, key, digest })
    }
}

fn with(token: &str, proof: &str) -> Request {
    let mut request = request("");
    request.headers = vec![
        ("authorization".to_owned(), format!("DPoP {token}").into_bytes()),
        ("dpop".to_owned(), proof.as_bytes().to_vec()),
    ];
    request
}

thread_local! {
    static SETTING: Setting = Setting::new().expect("a setting");
}

fuzz_target!(|input: &[u8]| -> Corpus {
    SETTING.with(|setting| {
        let Setting { issuer, gate, token, key, digest } = setting;
        let fill = |text: &str| text.replace("JWK", key).replace("ATH", digest);
        match made(issuer, input, fill) {
            Err(reject) => reject,
            Ok((proof, signed)) => {
                assert!(!passes(gate, &with(token, &proof)) || signed, "nobody signed {proof}");
                Corpus::Keep
            }
        }
    })
});
