//! A key -> proofs that its holder sends (RFC 9449 section 4.2): the client's half, for hosts without
//! WebCrypto. Where there is WebCrypto, a key that cannot be read out is better kept there.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::time::UnixTime;

/// A private key for ES256, and the proofs made with it. Its `Debug` is silent.
#[derive(Clone)]
pub struct Prover {
    key: SigningKey,
}

/// What a proof is for.
#[derive(Clone, Copy, Debug)]
pub struct ProofFor<'a> {
    /// The method, exactly as it is sent.
    pub method: &'a str,
    /// The URL; its query and fragment are left out.
    pub url: &'a str,
    /// The access token that is sent with it: none at a token endpoint.
    pub token: Option<&'a str>,
    /// The newest nonce of the server, where it has given one.
    pub nonce: Option<&'a str>,
}

/// The host has no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRandomness;

impl Prover {
    /// A new key.
    ///
    /// # Errors
    /// The host has no randomness.
    pub fn generate() -> Result<Self, NoRandomness> {
        // All but one number in 2^32 is a key.
        for _ in 0..8 {
            if let Some(prover) = Self::from_bytes(&random()?) {
                return Ok(prover);
            }
        }
        Err(NoRandomness)
    }

    /// The key of [`Prover::to_bytes`]; `None` for a number that is none.
    pub fn from_bytes(secret: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(secret).ok().map(|key| Self { key })
    }

    /// The private key, big-endian, to be kept where nobody else can read it.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.key.to_bytes().into()
    }

    /// The public key (RFC 7517).
    pub fn jwk(&self) -> Value {
        let [x, y] = self.point();
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
    }

    /// The SHA-256 thumbprint of the public key, base64url (RFC 7638): what `cnf.jkt` holds.
    pub fn thumbprint(&self) -> String {
        let [x, y] = self.point();
        digest(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))
    }

    /// A new proof, for one request.
    ///
    /// # Errors
    /// The host has no randomness.
    pub fn proof(&self, used: &ProofFor<'_>, now: UnixTime) -> Result<String, NoRandomness> {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let id = URL_SAFE_NO_PAD.encode(random::<16>()?);
        let url = used.url.split(['?', '#']).next().unwrap_or_default();
        let mut claims = json!({ "jti": id, "htm": used.method, "htu": url, "iat": now });
        if let Some(members) = claims.as_object_mut() {
            members.extend(used.token.map(|token| ("ath".to_owned(), json!(digest(token)))));
            members.extend(used.nonce.map(|nonce| ("nonce".to_owned(), json!(nonce))));
        }
        let [header, claims] = [header, claims].map(|part| encoded(part.to_string().as_bytes()));
        let input = format!("{header}.{claims}");
        let signature: Signature = self.key.sign(input.as_bytes());
        Ok(format!("{input}.{}", encoded(&signature.to_bytes())))
    }

    fn point(&self) -> [String; 2] {
        let point = self.key.verifying_key().to_sec1_point(false);
        [point.x(), point.y()].map(|number| number.map(|bytes| encoded(bytes)).unwrap_or_default())
    }
}

impl fmt::Debug for Prover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Prover")
    }
}

impl fmt::Display for NoRandomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the host has no randomness")
    }
}

impl std::error::Error for NoRandomness {}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], NoRandomness> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

fn digest(text: &str) -> String {
    encoded(&Sha256::digest(text))
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
