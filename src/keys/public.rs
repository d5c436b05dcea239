//! A key's parameters -> what verifies with it, made once for a key. Never holds a point that is not
//! on its curve.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use rsa::traits::PublicKeyParts as _;

use super::der;

/// A public key as the crates that verify with it take it.
#[derive(Debug)]
pub enum PublicKey {
    /// ES256.
    P256(p256::ecdsa::VerifyingKey),
    /// ES384.
    P384(p384::ecdsa::VerifyingKey),
    /// RS256, RS384, RS512, PS256.
    Rsa(rsa::RsaPublicKey),
    /// EdDSA.
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    pub(super) fn read(jwk: &Jwk, material: &DecodingKey) -> Option<Self> {
        let point = || material.try_get_as_bytes().ok();
        match (&jwk.algorithm, material.kind()) {
            (AlgorithmParameters::EllipticCurve(own), _) => match own.curve {
                EllipticCurve::P256 => {
                    p256::ecdsa::VerifyingKey::from_sec1_bytes(point()?).ok().map(Self::P256)
                }
                EllipticCurve::P384 => {
                    p384::ecdsa::VerifyingKey::from_sec1_bytes(point()?).ok().map(Self::P384)
                }
                _ => None,
            },
            (AlgorithmParameters::RSA(_), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let [n, e] = [n, e].map(|number| rsa::BigUint::from_bytes_be(number));
                rsa::RsaPublicKey::new(n, e).ok().map(Self::Rsa)
            }
            (AlgorithmParameters::OctetKeyPair(_), _) => {
                let point = point()?.try_into().ok()?;
                ed25519_dalek::VerifyingKey::from_bytes(point).ok().map(Self::Ed25519)
            }
            _ => None,
        }
    }

    /// DER SubjectPublicKeyInfo (RFC 5480 section 2, RFC 3279 section 2.3.1, RFC 8410 section 4).
    pub(super) fn info(&self) -> Vec<u8> {
        let info = |algorithm: &[u8], key: &[u8]| {
            der::sequence(&[&der::sequence(&[algorithm]), &der::bits(key)])
        };
        match self {
            Self::P256(key) => info(der::P256, key.to_sec1_point(false).as_bytes()),
            Self::P384(key) => info(der::P384, key.to_sec1_point(false).as_bytes()),
            Self::Rsa(key) => {
                let [n, e] = [key.n(), key.e()].map(|number| der::integer(&number.to_bytes_be()));
                info(der::RSA, &der::sequence(&[&n, &e]))
            }
            Self::Ed25519(key) => info(der::ED25519, key.as_bytes()),
        }
    }

    /// As a JWK of what makes the key and nothing else (RFC 7638 section 3.2).
    pub fn jwk(&self) -> String {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let ec = |curve: &str, coordinates: &[u8]| {
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, text(x), text(y))
        };
        let coordinates = |point: &[u8]| point.get(1..).unwrap_or_default().to_vec();
        match self {
            Self::P256(key) => ec("P-256", &coordinates(key.to_sec1_point(false).as_bytes())),
            Self::P384(key) => ec("P-384", &coordinates(key.to_sec1_point(false).as_bytes())),
            Self::Rsa(key) => {
                let [n, e] = [key.n(), key.e()].map(|number| text(&number.to_bytes_be()));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            Self::Ed25519(key) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(key.as_bytes()))
            }
        }
    }
}
