//! Key, message, signature -> [`Verdict`]. Never chooses the key, never says why a check failed.

use std::borrow::Cow;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use p256::ecdsa::signature::Verifier as _;
use rsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey, pss};
use sha2::Digest as _;

use super::Missing;
use crate::error::Error;
use crate::keys::{Key, PublicKey, der};
use crate::parse::{Header, Jws, Signed};

/// One question: did this key sign this message so? A host answers with the crate's own cryptography
/// ([`SignatureCheck::verify`]), or with its own ([`SignatureCheck::for_host`]) once that has proved
/// itself by the [`SignatureCheck::known_answers`].
#[derive(Clone)]
pub struct SignatureCheck {
    pub(super) algorithm: Algorithm,
    pub(super) key: Arc<Key>,
    pub(super) signer: Signer,
    pub(super) jws: Arc<Jws>,
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// It stands in a key set.
    Issuer,
    /// It stands in what it has signed.
    Holder,
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

    /// What was asked about a text: it need not be read again.
    pub(super) fn asked(&self, text: &str, signer: Signer) -> Option<&SignatureCheck> {
        let mut asked = self.answers.iter().map(|(check, _)| check);
        asked.find(|check| check.signer == signer && check.jws.is(text))
    }

    /// Whether a signature holds, as far as the host has said.
    pub(super) fn hold(&self, check: SignatureCheck) -> Result<bool, Missing> {
        let verdict = self.answers.iter().find(|(asked, _)| asked.is(&check));
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
    /// Whether a key has signed a message that is no part of a token.
    pub(super) fn of(
        algorithm: Algorithm,
        key: Arc<Key>,
        message: &[u8],
        signature: Vec<u8>,
    ) -> Self {
        let (header, claims) = (Header::default(), Arc::default());
        let jws = Arc::new(Jws { header, claims, signed: Signed::new(message, signature) });
        Self { algorithm, key, signer: Signer::Issuer, jws }
    }

    /// Whether it is the same question.
    fn is(&self, other: &Self) -> bool {
        let (one, two) = (&self.jws.signed, &other.jws.signed);
        let same_text = Arc::ptr_eq(&self.jws, &other.jws)
            || (one.message() == two.message() && one.signature == two.signature);
        let same_key = Arc::ptr_eq(&self.key, &other.key) || self.key == other.key;
        self.algorithm == other.algorithm && self.signer == other.signer && same_text && same_key
    }

    /// The algorithm's name (RFC 7518 section 3.1, RFC 8037 section 3.1).
    pub fn algorithm(&self) -> &'static str {
        name(self.algorithm)
    }

    /// Answers with the crate's own cryptography.
    pub fn verify(&self) -> Verdict {
        if self.holds() == Some(true) { Verdict::Valid } else { Verdict::Invalid }
    }

    /// `None` where the key does not serve the algorithm, or the signature is none.
    fn holds(&self) -> Option<bool> {
        let signed = &self.jws.signed;
        let (message, signature) = (signed.message(), signed.signature.as_slice());
        Some(match (self.algorithm, self.key.public()?) {
            // RFC 7518 section 3.4: ECDSA, the signature as `r || s`.
            (Algorithm::ES256, PublicKey::P256(key)) => {
                let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
                key.verify(message, &signature).is_ok()
            }
            (Algorithm::ES384, PublicKey::P384(key)) => {
                let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
                key.verify(message, &signature).is_ok()
            }
            // RFC 7518 section 3.3: RSASSA-PKCS1-v1_5.
            (Algorithm::RS256, PublicKey::Rsa(key)) => {
                pkcs1(key, SHA256, &sha2::Sha256::digest(message), signature)
            }
            (Algorithm::RS384, PublicKey::Rsa(key)) => {
                pkcs1(key, SHA384, &sha2::Sha384::digest(message), signature)
            }
            (Algorithm::RS512, PublicKey::Rsa(key)) => {
                pkcs1(key, SHA512, &sha2::Sha512::digest(message), signature)
            }
            // RFC 7518 section 3.5: RSASSA-PSS with MGF1, the salt as long as the digest.
            (Algorithm::PS256, PublicKey::Rsa(key)) => {
                let short = is_short(key, signature);
                let signature = pss::Signature::try_from(signature).ok()?;
                let key = pss::VerifyingKey::<rsa::sha2::Sha256>::new(key.clone());
                short && key.verify(message, &signature).is_ok()
            }
            // RFC 8037 section 3.1: Ed25519; strict, so that a key of small order signs nothing.
            (Algorithm::EdDSA, PublicKey::Ed25519(key)) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(message, &signature).is_ok()
            }
            _ => return None,
        })
    }

    /// The question as a host may be asked it, strict beforehand: what remains is the one equation of
    /// its algorithm. `None` where only [`SignatureCheck::verify`] answers: for EdDSA, of which hosts
    /// take keys and points of small order, and for what cannot hold.
    pub fn for_host(&self) -> Option<HostCheck<'_>> {
        let public = self.key.public()?;
        let signature = self.jws.signed.signature.as_slice();
        let is_whole = match (self.algorithm, public) {
            (Algorithm::ES256, PublicKey::P256(_)) => {
                p256::ecdsa::Signature::from_slice(signature).is_ok()
            }
            (Algorithm::ES384, PublicKey::P384(_)) => {
                p384::ecdsa::Signature::from_slice(signature).is_ok()
            }
            (
                Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256,
                PublicKey::Rsa(key),
            ) => {
                let number = BigUint::from_bytes_be(signature);
                let short = self.algorithm != Algorithm::PS256 || is_short(key, signature);
                signature.len() == key.size() && number < *key.n() && short
            }
            _ => false,
        };
        is_whole.then_some(HostCheck { check: self, public, info: self.key.info()? })
    }
}

/// A check for a host that can tell whether a signature holds.
#[derive(Clone, Copy, Debug)]
pub struct HostCheck<'a> {
    check: &'a SignatureCheck,
    public: &'a PublicKey,
    info: &'a [u8],
}

impl<'a> HostCheck<'a> {
    /// The algorithm's name (RFC 7518 section 3.1).
    pub fn algorithm(&self) -> &'static str {
        self.check.algorithm()
    }

    /// The key as DER SubjectPublicKeyInfo (RFC 5280 section 4.1).
    pub fn key(&self) -> &'a [u8] {
        self.info
    }

    /// The key as a JWK of its required members.
    pub fn jwk(&self) -> String {
        self.public.jwk()
    }

    /// What is signed.
    pub fn message(&self) -> &'a [u8] {
        self.check.jws.signed.message()
    }

    /// The signature as a token has it: that of ECDSA is `r || s`.
    pub fn signature(&self) -> &'a [u8] {
        &self.check.jws.signed.signature
    }

    /// The signature as X.509 has it: that of ECDSA is DER (RFC 3279 section 2.2.3).
    pub fn der_signature(&self) -> Cow<'a, [u8]> {
        let signature = self.signature();
        match self.public {
            PublicKey::P256(_) | PublicKey::P384(_) => {
                let (r, s) = signature.split_at(signature.len() / 2);
                der::sequence(&[&der::integer(r), &der::integer(s)]).into()
            }
            PublicKey::Rsa(_) | PublicKey::Ed25519(_) => signature.into(),
        }
    }
}

/// The name of an algorithm that may be configured.
pub fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

/// RFC 8017 sections 8.1.2 and 9.1.1: where the modulus has one bit more than whole bytes, what is
/// encoded for PSS is a byte shorter, and the byte before it is zero. Not every library looks at it.
fn is_short(key: &RsaPublicKey, signature: &[u8]) -> bool {
    let bits = key.n().bits();
    bits % 8 != 1 || BigUint::from_bytes_be(signature).modpow(key.e(), key.n()).bits() < bits
}

/// RFC 8017 section 9.2, note 1: what stands before the digest.
const SHA256: &[u8] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
const SHA384: &[u8] =
    b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30";
const SHA512: &[u8] =
    b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40";

/// The digest is not made by `rsa`, which knows an older `sha2` only: a second one of each.
fn pkcs1(key: &RsaPublicKey, prefix: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
    key.verify(scheme, digest, signature).is_ok()
}
