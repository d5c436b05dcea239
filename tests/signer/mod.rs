//! An issuer with one ES256 key, for tests that need tokens of their own.
#![allow(dead_code, reason = "each test uses its part of it")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use waxseal::{Answers, Body, Config, Gate, Request, Step, UnixTime};

pub type Failure = Box<dyn std::error::Error>;

pub const RESOURCE: &str = "https://api.example.com/mcp";
pub const SECRET: &str = "a secret that nobody shows";
pub const NOW: i64 = 1_700_000_000;

pub struct Issuer {
    key: SigningKey,
}

impl Issuer {
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { key: SigningKey::from_slice(&[7; 32])? })
    }

    /// The key set as the issuer publishes it.
    pub fn key_set(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinate =
            |bytes: Option<_>| bytes.map(|bytes: &p256::FieldBytes| encode(bytes.as_ref()));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1",
                           "x": coordinate(point.x()), "y": coordinate(point.y()) }] })
    }

    /// A token over exactly these texts.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature: Signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", encode(&signature.to_bytes()))
    }

    /// A token that passes at [`NOW`].
    pub fn token(&self) -> String {
        self.sign(HEADER, &claims().to_string())
    }
}

pub const HEADER: &str = r#"{"alg":"ES256","typ":"at+jwt","kid":"1"}"#;

pub fn claims() -> Value {
    json!({ "iss": "https://as.example.com", "aud": RESOURCE, "sub": "alice", "client_id": "app",
            "jti": "1", "iat": NOW, "exp": NOW + 300 })
}

/// A gate whose key set is `keys`.
pub fn gate(keys: &Value) -> Result<Gate, Failure> {
    gate_with(keys, json!({}))
}

/// The same with more members of the configuration; every secret is [`SECRET`].
pub fn gate_with(keys: &Value, members: Value) -> Result<Gate, Failure> {
    let mut config = json!({ "resource": RESOURCE,
                             "issuers": [{ "issuer": "https://as.example.com", "keys": keys }] });
    if let (Some(config), Value::Object(members)) = (config.as_object_mut(), members) {
        config.extend(members);
    }
    let env = |_: &str| Some(SECRET.to_owned());
    Ok(Gate::new(Config::read(config.to_string().as_bytes())?, &env)?)
}

pub fn request(token: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        url: "/mcp".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}").into_bytes())],
        id: None,
        body: Body::Unread,
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Asks until something else than a signature is wanted.
pub fn ask(gate: &Gate, request: &Request, answers: &mut Answers, now: UnixTime) -> Step {
    loop {
        match gate.check(request, answers, now) {
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            other => return other,
        }
    }
}
