//! A proof of possession -> [`Proof`], by RFC 9449 section 4.3. Never claims its `jti`: that is the
//! last step of all, or a stranger could use up another's.

use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::signature::Signer;
use super::tokens::Token;
use super::{Means, Missing, SignatureCheck};
use crate::config::{DpopMode, split_url};
use crate::error::{Error, Excerpt};
use crate::keys::Key;
use crate::parse::{Credential, Jws, Proofs, Scheme, Unread, jws, normal_origin, normal_path};
use crate::time::UnixTime;

/// That the caller holds the key which the token is bound to, shown for this very request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The key's SHA-256 thumbprint, base64url (RFC 7638).
    pub thumbprint: String,
    /// `jti`.
    pub id: String,
    /// The last second at which the proof could pass.
    pub until: UnixTime,
}

/// Verifies the proof that belongs to a verified token; `None` for a token that is bound to no key,
/// where such tokens are taken.
pub fn proof(
    credential: &Credential<'_>,
    token: &Token,
    means: &Means<'_>,
) -> Result<Option<Proof>, Missing> {
    let binding = token.claims.get("cnf");
    let Some((proof, thumbprint)) = shown(credential, binding, means.config.dpop.mode)? else {
        return Ok(None);
    };
    let limit = means.config.limits.token;
    if proof.len() > limit {
        return Err(Error::ProofMalformed { fault: "too long" }.into());
    }
    let asked = means.signatures.asked(proof, Signer::Holder);
    let jws = match asked {
        Some(check) => Arc::clone(&check.jws),
        None => Arc::new(jws(proof).map_err(malformed)?),
    };
    let key = key(&jws, asked, means)?;
    let holder = key.thumbprint().unwrap_or_default();
    let claims = Claims(&jws.claims);
    let (id, until) = claims.hold(token.digest(credential.token), means)?;
    if holder != thumbprint {
        return Err(Error::ProofKeyMismatch {}.into());
    }
    claims.nonce(means)?;
    Ok(Some(Proof { thumbprint: holder.to_owned(), id: id.to_owned(), until }))
}

/// Which proof is to be verified against which thumbprint (RFC 9449 sections 6.1, 7.1 and 7.2).
fn shown<'a>(
    credential: &'a Credential<'_>,
    binding: Option<&'a Value>,
    mode: DpopMode,
) -> Result<Option<(&'a str, &'a str)>, Error> {
    let proof = match &credential.proofs {
        Proofs::None => None,
        Proofs::One(proof) => Some(proof.as_ref()),
        Proofs::Many(count) if mode != DpopMode::Off => {
            return Err(Error::ProofDuplicated { count: *count });
        }
        Proofs::Many(_) => Some(""),
    };
    match (mode, binding, proof) {
        (DpopMode::Off, None, None) => return Ok(None),
        (DpopMode::Off, ..) => return Err(Error::DpopUnsupported {}),
        (DpopMode::Optional, None, None) if credential.scheme == Scheme::Bearer => return Ok(None),
        (_, None, _) => return Err(Error::TokenNotBound { rule: None }),
        (_, Some(_), _) => {}
    }
    let thumbprint = binding.and_then(|binding| binding.get("jkt")).and_then(Value::as_str);
    let thumbprint = thumbprint.filter(|text| !text.is_empty());
    let thumbprint = thumbprint.ok_or(Error::ClaimMalformed { claim: "cnf" })?;
    if credential.scheme == Scheme::Bearer {
        return Err(Error::BoundTokenAsBearer {});
    }
    Ok(Some((proof.ok_or(Error::ProofMissing {})?, thumbprint)))
}

/// The key that signed the proof: its own.
fn key(
    proof: &Arc<Jws>,
    asked: Option<&SignatureCheck>,
    means: &Means<'_>,
) -> Result<Arc<Key>, Missing> {
    let typ = proof.header.media_type.as_deref().unwrap_or_default();
    if typ != "dpop+jwt" {
        return Err(Error::ProofTypeNotAllowed { typ: Excerpt::of(typ) }.into());
    }
    let algorithm = algorithm(&proof.header.algorithm, &means.config.dpop.algorithms)?;
    let key = match asked {
        Some(check) => Arc::clone(&check.key),
        None => {
            let key = proof.header.key.as_ref().ok_or("no `jwk`");
            let key = key.and_then(|key| Key::of_proof(key, algorithm));
            Arc::new(key.map_err(|fault| Error::ProofKeyInvalid { fault })?)
        }
    };
    let (jws, signer) = (Arc::clone(proof), Signer::Holder);
    let check = SignatureCheck { algorithm, key: Arc::clone(&key), signer, jws };
    match means.signatures.hold(check)? {
        true => Ok(key),
        false => Err(Error::ProofSignatureInvalid {}.into()),
    }
}

fn algorithm(name: &str, allowed: &[Algorithm]) -> Result<Algorithm, Error> {
    // RFC 9864 section 2.2: the name that clients use for what `EdDSA` is here.
    let known = if name == "Ed25519" { "EdDSA" } else { name };
    Algorithm::from_str(known)
        .ok()
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| Error::ProofAlgorithmNotAllowed { alg: Excerpt::of(name) })
}

/// The payload of a proof whose signature holds.
struct Claims<'a>(&'a Map<String, Value>);

impl<'a> Claims<'a> {
    /// RFC 9449 section 4.3, points 8 to 12: the proof's id and its end.
    fn hold(&self, ath: &str, means: &Means<'_>) -> Result<(&'a str, UnixTime), Error> {
        let Means { config, now, .. } = *means;
        let htm = self.text("htm")?;
        if htm != means.method {
            return Err(Error::ProofMethodMismatch { htm: Excerpt::of(htm) });
        }
        is_for(self.text("htu")?, means)?;
        let id = self.text("jti")?;
        let iat = self.date("iat")?.ok_or(Error::ProofClaimMissing { claim: "iat" })?;
        let whole = self.0.get("iat").and_then(Value::as_number);
        let whole = whole.and_then(UnixTime::floor_of_numeric_date).unwrap_or(iat);
        let until = whole.after(config.dpop.age).after(config.leeway);
        if iat > now.after(config.leeway) {
            return Err(Error::ProofNotYetValid { begins: iat, now });
        }
        if now > until {
            return Err(Error::ProofExpired { end: until, now });
        }
        if let Some(end) = self.date("exp")?.filter(|exp| now >= exp.after(config.leeway)) {
            return Err(Error::ProofExpired { end, now });
        }
        if let Some(begins) = self.date("nbf")?.filter(|nbf| *nbf > now.after(config.leeway)) {
            return Err(Error::ProofNotYetValid { begins, now });
        }
        if self.text("ath")? != ath {
            return Err(Error::ProofTokenMismatch {});
        }
        Ok((id, until))
    }

    /// RFC 9449 section 9.
    fn nonce(&self, means: &Means<'_>) -> Result<(), Error> {
        let Some(nonces) = means.nonces else {
            return Ok(());
        };
        match self.0.get("nonce") {
            None => Err(Error::NonceMissing {}),
            Some(Value::String(nonce)) => {
                let taken = nonces.takes(nonce, means.now, means.config.leeway);
                if taken { Ok(()) } else { Err(Error::NonceUnknown {}) }
            }
            Some(_) => Err(Error::ProofClaimMalformed { claim: "nonce" }),
        }
    }

    fn text(&self, claim: &'static str) -> Result<&'a str, Error> {
        match self.0.get(claim) {
            None => Err(Error::ProofClaimMissing { claim }),
            Some(Value::String(text)) if text.is_empty() => Err(Error::ProofClaimMissing { claim }),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Error::ProofClaimMalformed { claim }),
        }
    }

    fn date(&self, claim: &'static str) -> Result<Option<UnixTime>, Error> {
        UnixTime::in_claims(self.0, claim).map_err(|()| Error::ProofClaimMalformed { claim })
    }
}

/// The origin is the configured one: `Host` is the caller's to choose.
fn is_for(htu: &str, means: &Means<'_>) -> Result<(), Error> {
    let resource = means.config.resource.as_str();
    let path_of_resource = split_url(resource).map_or("", |(_, rest)| rest);
    let own = resource.strip_suffix(path_of_resource);
    // Nearly every client writes it as we do.
    if own.and_then(|own| htu.strip_prefix(own)) == Some(means.path) {
        return Ok(());
    }
    let (origin, path) = (normal_origin(htu), normal_path(htu));
    if origin.is_some() && origin == normal_origin(resource) && path == normal_path(means.path) {
        return Ok(());
    }
    // No user and no query, which may hold secrets.
    let shown = origin.map_or("unreadable".to_owned(), |origin| origin + &path);
    Err(Error::ProofUrlMismatch { htu: Excerpt::of(&shown) })
}

fn malformed(unread: Unread) -> Error {
    let fault = match unread {
        Unread::Malformed(fault) => fault,
        Unread::Encrypted => "encrypted",
        Unread::Extended(_) => "its header asks for an extension",
    };
    Error::ProofMalformed { fault }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jsonwebtoken::Algorithm;
    use serde_json::json;

    use super::{Credential, Key, Means, Missing, Proof, Proofs, Scheme, Token, proof};
    use crate::config::{Config, Profile};
    use crate::error::Error;
    use crate::fetch::Patience;
    use crate::keys::Keys;
    use crate::time::UnixTime;
    use crate::verify::dates::Dates;
    use crate::verify::tokens::Made;
    use crate::verify::{Signatures, Tokens};

    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    /// RFC 9449, figures 12 and 13.
    const AT_RESOURCE: &str = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0",
        "VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10",
        "NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj",
        "oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhd",
        "CI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.",
        "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    );
    /// RFC 9449, figures 2 and 4.
    const AT_TOKEN_ENDPOINT: &str = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0",
        "VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10",
        "NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj",
        "oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2f",
        "Q.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    );

    /// The verdict on a proof that was shown with the RFC's token at one time.
    fn shown(
        text: &str,
        resource: &str,
        (method, path): (&str, &str),
        now: i64,
    ) -> Result<Option<Proof>, Error> {
        let config = json!({ "resource": resource, "dpop": { "mode": "required" },
                             "issuers": [{ "issuer": "https://server.example.com",
                                           "keys": { "uri": "https://server.example.com/jwks" } }] });
        let invalid = |_| Error::RequestMalformed {};
        let config = Config::read(config.to_string().as_bytes()).map_err(invalid)?;
        let mut keys = Keys::new(&config).map_err(invalid)?;
        let credential = Credential {
            scheme: Scheme::Dpop,
            token: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
            proofs: Proofs::One(text.into()),
        };
        let binding = json!({ "cnf": { "jkt": JKT } });
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let token = Token {
            issuer: 0,
            profile: Profile::Oauth,
            algorithm: Algorithm::EdDSA,
            key_id: None,
            key: Arc::new(
                Key::of_proof(&key, Algorithm::EdDSA)
                    .map_err(|fault| Error::ProofKeyInvalid { fault })?,
            ),
            claims: Arc::new(binding.as_object().cloned().unwrap_or_default()),
            dates: Dates { end: UnixTime::from_seconds(now), begin: None, issue: None },
            made: Made::default(),
        };
        let mut signatures = Signatures::default();
        loop {
            let means = Means {
                config: &config,
                keys: &mut keys,
                tokens: &mut Tokens::new(0),
                signatures: &signatures,
                patience: Patience::default(),
                nonces: None,
                method,
                path,
                now: UnixTime::from_seconds(now),
            };
            match proof(&credential, &token, &means) {
                Ok(proof) => return Ok(proof),
                Err(Missing::Rule(denial)) => return Err(denial.error),
                Err(Missing::Signature(check)) => {
                    let verdict = check.verify();
                    signatures.add(check, verdict);
                }
                Err(Missing::Fetch(_) | Missing::Wait(_)) => {
                    return Err(Error::RequestMalformed {});
                }
            }
        }
    }

    #[test]
    fn the_rfcs_proof_for_a_resource_holds_at_its_time() {
        let resource = "https://resource.example.org/protectedresource";
        let at = |now| shown(AT_RESOURCE, resource, ("GET", "/protectedresource"), now);
        let until = UnixTime::from_seconds(1_562_262_618 + 330);
        let (thumbprint, id) = (JKT.to_owned(), "e1j3V_bKic8-LAEB".to_owned());
        assert_eq!(at(1_562_262_618), Ok(Some(Proof { thumbprint, id, until })));
        assert!(matches!(at(1_562_262_949), Err(Error::ProofExpired { .. })));
        assert!(matches!(at(1_562_262_587), Err(Error::ProofNotYetValid { .. })));
    }

    #[test]
    fn the_rfcs_proof_for_a_token_endpoint_lacks_only_the_token() {
        let resource = "https://server.example.com/mcp";
        let at = shown(AT_TOKEN_ENDPOINT, resource, ("POST", "/token"), 1_562_262_616);
        assert_eq!(at, Err(Error::ProofClaimMissing { claim: "ath" }));
    }
}
