//! Key, message, signature -> [`Verdict`]. Never chooses the key, never says why a check failed.

use std::sync::Arc;

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::signature::{Error as Mismatch, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use p256::ecdsa::signature::Verifier as _;
use rsa::pkcs1v15;
use rsa::pss;
use rsa::sha2::digest::const_oid::AssociatedOid;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};

use super::Missing;
use crate::error::Error;
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

    /// Whether a signature holds, as far as the host has said.
    pub(super) fn hold(&self, check: SignatureCheck) -> Result<bool, Missing> {
        let verdict = self.answers.iter().find(|(asked, _)| *asked == check);
        match verdict.map(|(_, verdict)| *verdict) {
            Some(Verdict::Valid) => Ok(true),
            Some(Verdict::Invalid) => Ok(false),
            Some(Verdict::Failed) => {
                let fault = "no signature check";
                Err(Error::HostFailed { fault, retry_after: 1 }.into())
            }
            None => Err(Missing::Signature(check)),
        }
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
    let point = || key.try_get_as_bytes().ok();
    Some(match algorithm {
        // RFC 7518 section 3.4: ECDSA, the signature as `r || s`.
        Algorithm::ES256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point()?).ok()?;
            prepared(algorithm, key, |key, message, signature| {
                let signature = p256::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            })
        }
        Algorithm::ES384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point()?).ok()?;
            prepared(algorithm, key, |key, message, signature| {
                let signature = p384::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            })
        }
        // RFC 7518 section 3.3: RSASSA-PKCS1-v1_5.
        Algorithm::RS256 => rsa_pkcs1::<Sha256>(algorithm, key)?,
        Algorithm::RS384 => rsa_pkcs1::<Sha384>(algorithm, key)?,
        Algorithm::RS512 => rsa_pkcs1::<Sha512>(algorithm, key)?,
        // RFC 7518 section 3.5: RSASSA-PSS with MGF1, the salt as long as the digest.
        Algorithm::PS256 => {
            let key = pss::VerifyingKey::<Sha256>::new(rsa_key(key)?);
            prepared(algorithm, key, |key, message, signature| {
                let signature = pss::Signature::try_from(signature);
                signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            })
        }
        // RFC 8037 section 3.1: Ed25519; strict, so that a key of small order signs nothing.
        Algorithm::EdDSA => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(point()?.try_into().ok()?).ok()?;
            prepared(algorithm, key, |key, message, signature| {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
            })
        }
        _ => return None,
    })
}

fn rsa_pkcs1<D>(algorithm: Algorithm, key: &DecodingKey) -> Option<Box<dyn JwtVerifier>>
where
    D: Digest + AssociatedOid + 'static,
{
    let key = pkcs1v15::VerifyingKey::<D>::new(rsa_key(key)?);
    Some(prepared(algorithm, key, |key, message, signature| {
        let signature = pkcs1v15::Signature::try_from(signature);
        signature.is_ok_and(|signature| Verifier::verify(key, message, &signature).is_ok())
    }))
}

fn rsa_key(key: &DecodingKey) -> Option<rsa::RsaPublicKey> {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
        return None;
    };
    let [n, e] = [n, e].map(|number| rsa::BigUint::from_bytes_be(number));
    rsa::RsaPublicKey::new(n, e).ok()
}

/// A key of a kept crate, and how to ask it.
struct Prepared<K> {
    algorithm: Algorithm,
    key: K,
    holds: fn(&K, &[u8], &[u8]) -> bool,
}

fn prepared<K: 'static>(
    algorithm: Algorithm,
    key: K,
    holds: fn(&K, &[u8], &[u8]) -> bool,
) -> Box<dyn JwtVerifier> {
    Box::new(Prepared { algorithm, key, holds })
}

impl<K> Verifier<Vec<u8>> for Prepared<K> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Mismatch> {
        if (self.holds)(&self.key, message, signature) { Ok(()) } else { Err(Mismatch::new()) }
    }
}

impl<K> JwtVerifier for Prepared<K> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
