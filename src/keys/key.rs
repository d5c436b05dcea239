//! JWK -> a key that can verify something. Never keeps a key that cannot.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::public::PublicKey;

/// Members that only a private or symmetric key has (RFC 7518 section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Keys of a set that are kept.
const SET_KEYS: usize = 100;
/// Keys that are tried for one token.
const TRIES: usize = 4;

/// A public key that can verify signatures.
#[derive(Debug)]
pub struct Key {
    jwk: Jwk,
    material: DecodingKey,
    public: OnceLock<Option<(PublicKey, Vec<u8>)>>,
    thumbprint: OnceLock<Option<String>>,
}

impl Key {
    /// The `kid`, where the set gives one.
    pub fn id(&self) -> Option<&str> {
        self.jwk.common.key_id.as_deref()
    }

    /// What verifies with the key, made when it is used first; `None` for parameters that make no
    /// key: nothing is signed by it.
    pub fn public(&self) -> Option<&PublicKey> {
        self.prepared().map(|(public, _)| public)
    }

    /// The same for a host: DER SubjectPublicKeyInfo (RFC 5280 section 4.1).
    pub fn info(&self) -> Option<&[u8]> {
        self.prepared().map(|(_, info)| info.as_slice())
    }

    fn prepared(&self) -> Option<&(PublicKey, Vec<u8>)> {
        let prepare = || {
            let public = PublicKey::read(&self.jwk, &self.material)?;
            let info = public.info();
            Some((public, info))
        };
        self.public.get_or_init(prepare).as_ref()
    }

    /// Reads one key; `None` for one that can verify nothing here (RFC 7517 section 5: ignored).
    fn read(value: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(value).ok()?;
        let common = &jwk.common;
        let may_verify =
            common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
                && common
                    .key_operations
                    .as_ref()
                    .is_none_or(|list| list.contains(&KeyOperations::Verify));
        let material = DecodingKey::from_jwk(&jwk).ok()?;
        let (public, thumbprint) = (OnceLock::new(), OnceLock::new());
        let key = Self { jwk, material, public, thumbprint };
        (may_verify && key.has_fitting_size()).then_some(key)
    }

    /// Reads the public key that a proof carries (RFC 9449 section 4.2).
    ///
    /// # Errors
    /// A short text without anything of the key in it.
    pub fn of_proof(value: &Value, algorithm: Algorithm) -> Result<Self, &'static str> {
        let members = value.as_object().ok_or("not a JSON object")?;
        if PRIVATE.iter().any(|member| members.contains_key(*member)) {
            return Err("it holds a private member");
        }
        // RFC 9864 section 2.2: the name that clients use for what `EdDSA` is here.
        let renamed = members.get("alg").is_some_and(|name| name == "Ed25519").then(|| {
            let mut value = value.clone();
            value.get_mut("alg").into_iter().for_each(|name| *name = "EdDSA".into());
            value
        });
        let key = Self::read(renamed.as_ref().unwrap_or(value)).ok_or("no key that can verify")?;
        if key.fits(algorithm) { Ok(key) } else { Err("it does not fit the algorithm") }
    }

    /// The key's SHA-256 thumbprint, base64url (RFC 7638 section 3, RFC 8037 section 2); `None` for
    /// a kind of key that is never kept.
    pub fn thumbprint(&self) -> Option<&str> {
        self.thumbprint.get_or_init(|| self.canonical_digest()).as_deref()
    }

    fn canonical_digest(&self) -> Option<String> {
        // The values were read as base64url: nothing in them needs an escape.
        let canonical = match &self.jwk.algorithm {
            AlgorithmParameters::EllipticCurve(point) => {
                let curve = match point.curve {
                    EllipticCurve::P256 => "P-256",
                    EllipticCurve::P384 => "P-384",
                    _ => return None,
                };
                format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, point.x, point.y)
            }
            AlgorithmParameters::OctetKeyPair(pair) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, pair.x)
            }
            AlgorithmParameters::RSA(key) => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, key.e, key.n)
            }
            _ => return None,
        };
        Some(URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)))
    }

    /// RFC 7518 sections 3.3, 3.5 and 6.2.1.2, RFC 8037 section 2.
    fn has_fitting_size(&self) -> bool {
        match (&self.jwk.algorithm, self.material.kind()) {
            (AlgorithmParameters::EllipticCurve(point), _) => {
                let letters = match point.curve {
                    EllipticCurve::P256 => 43,
                    EllipticCurve::P384 => 64,
                    _ => return false,
                };
                point.x.len() == letters && point.y.len() == letters
            }
            (AlgorithmParameters::OctetKeyPair(pair), DecodingKeyKind::SecretOrDer(point)) => {
                pair.curve == EllipticCurve::Ed25519 && point.len() == 32
            }
            (AlgorithmParameters::RSA(_), DecodingKeyKind::RsaModulusExponent { n, .. }) => {
                (2048..=4096).contains(&bits(n))
            }
            _ => false,
        }
    }

    /// Whether the key may verify this algorithm (RFC 7517 section 4.4, RFC 8725 section 3.1).
    fn fits(&self, algorithm: Algorithm) -> bool {
        let family = match &self.jwk.algorithm {
            AlgorithmParameters::EllipticCurve(point) => match algorithm {
                Algorithm::ES256 => point.curve == EllipticCurve::P256,
                Algorithm::ES384 => point.curve == EllipticCurve::P384,
                _ => false,
            },
            AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
            AlgorithmParameters::RSA(_) => matches!(
                algorithm,
                Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::PS256
            ),
            _ => false,
        };
        family && self.jwk.common.key_algorithm.is_none_or(|own| own == algorithm.into())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

fn bits(number: &[u8]) -> usize {
    let digits = number.iter().skip_while(|byte| **byte == 0);
    let leading = digits.clone().next().map_or(0, |byte| byte.leading_zeros());
    digits.count().saturating_mul(8).saturating_sub(usize::try_from(leading).unwrap_or(0))
}

/// What a token's header says of its key.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// `kid`.
    pub id: Option<&'a str>,
    /// `alg`.
    pub algorithm: Algorithm,
}

/// The usable keys of one issuer.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<Key>>,
}

impl KeySet {
    /// Reads a key set (RFC 7517 section 5).
    pub fn read(members: &Map<String, Value>) -> Result<Self, &'static str> {
        let Some(Value::Array(list)) = members.get("keys") else {
            return Err("no `keys` list");
        };
        let keys = list.iter().filter_map(Key::read).take(SET_KEYS).map(Arc::new).collect();
        Ok(Self { keys })
    }

    /// Whether no key can verify anything.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that may have signed a token, a few at most.
    pub fn fitting(&self, wanted: &Wanted<'_>) -> Vec<Arc<Key>> {
        let named = |key: &&Arc<Key>| wanted.id.is_none_or(|id| key.id() == Some(id));
        let fitting = self.keys.iter().filter(named).filter(|key| key.fits(wanted.algorithm));
        fitting.take(TRIES).cloned().collect()
    }
}
