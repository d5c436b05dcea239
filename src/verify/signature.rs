//! Key, message, signature -> [`Verdict`]. Never chooses the key, never says why a check failed.

use std::sync::Arc;

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::signature::{Error as Mismatch, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use p256::ecdsa;
use rsa::pkcs1v15;
use rsa::sha2::Sha256;

use crate::keys::Key;

/// One question: did this key sign this message so?
#[derive(Clone, PartialEq)]
pub struct SignatureCheck {
    pub(super) algorithm: Algorithm,
    pub(super) key: Arc<Key>,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The message is most of a token: nothing of it may reach a log.
impl std::fmt::Debug for SignatureCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SignatureCheck")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The answer to a [`SignatureCheck`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Valid,
    /// It did not.
    Invalid,
    /// The host could not tell.
    Failed,
}

/// The answers that one request has gathered. An answer holds for exactly the question it was
/// given for: nothing else can take its place.
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    answers: Vec<(SignatureCheck, Verdict)>,
}

impl Signatures {
    pub(crate) fn add(&mut self, check: SignatureCheck, verdict: Verdict) {
        self.answers.push((check, verdict));
    }

    pub(super) fn verdict(&self, check: &SignatureCheck) -> Option<Verdict> {
        self.answers.iter().find(|(asked, _)| asked == check).map(|(_, verdict)| *verdict)
    }
}

impl SignatureCheck {
    /// Answers with the crate's own cryptography.
    pub fn verify(&self) -> Verdict {
        let Some(verifier) = verifier(self.algorithm, self.key.material()) else {
            return Verdict::Invalid;
        };
        match verifier.verify(&self.message, &self.signature) {
            Ok(()) => Verdict::Valid,
            Err(_) => Verdict::Invalid,
        }
    }
}

/// The verifier of an algorithm; `None` where the key does not serve it.
fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Option<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::ES256 => {
            let point = key.try_get_as_bytes().ok()?;
            Some(Box::new(Es256(ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?)))
        }
        Algorithm::RS256 => Some(Box::new(Rs256(pkcs1v15::VerifyingKey::new(rsa_key(key)?)))),
        _ => None,
    }
}

fn rsa_key(key: &DecodingKey) -> Option<rsa::RsaPublicKey> {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
        return None;
    };
    let [n, e] = [n, e].map(|number| rsa::BigUint::from_bytes_be(number));
    rsa::RsaPublicKey::new(n, e).ok()
}

/// RFC 7518 section 3.4: ECDSA with P-256 and SHA-256, the signature as `r || s`.
struct Es256(ecdsa::VerifyingKey);

impl Verifier<Vec<u8>> for Es256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Mismatch> {
        use ecdsa::signature::Verifier as _;
        let signature = ecdsa::Signature::from_slice(signature).map_err(|_| Mismatch::new())?;
        self.0.verify(message, &signature).map_err(|_| Mismatch::new())
    }
}

impl JwtVerifier for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

/// RFC 7518 section 3.3: RSASSA-PKCS1-v1_5 with SHA-256.
struct Rs256(pkcs1v15::VerifyingKey<Sha256>);

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Mismatch> {
        let signature = pkcs1v15::Signature::try_from(signature.as_slice())?;
        self.0.verify(message, &signature)
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
