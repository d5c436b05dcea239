//! A signed token -> [`Verified`], by RFC 9068 section 4 and RFC 8725. Never believes a claim
//! before its signature, except `iss`, and that only to look up the configuration.

use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::{Means, Missing, SignatureCheck, Signatures, Verdict};
use crate::config::{Config, Issuer, Relaxable};
use crate::error::{Error, Excerpt};
use crate::keys::{Key, Lookup, Wanted};
use crate::parse::{Credential, Jws, jws};
use crate::time::UnixTime;

/// A token that a configured issuer signed for this resource, and that holds now.
#[derive(Clone, Debug)]
pub struct Verified {
    claims: Map<String, Value>,
}

impl Verified {
    /// A claim, as the issuer signed it.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// All claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }

    /// The granted scopes (RFC 9068 section 2.2.3).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }
}

/// Verifies the access token of a credential.
///
/// # Errors
/// The first rule that is broken, or what is needed to go on.
pub fn verify(credential: &Credential, means: &mut Means<'_>) -> Result<Verified, Missing> {
    let token = jws(&credential.token)?;
    let (index, issuer) = issuer(&token, means.config)?;
    let algorithm = algorithm(&token, issuer)?;
    media_type(&token, issuer)?;
    let candidates = candidates(&token, index, algorithm, means)?;
    signature(&token, algorithm, candidates, means.signatures)?;
    claims(&token.claims, means.config, issuer, means.now)?;
    Ok(Verified { claims: token.claims })
}

/// Issuers are compared byte for byte (RFC 9068 section 4, RFC 8414 section 3.3).
fn issuer<'a>(token: &Jws, config: &'a Config) -> Result<(usize, &'a Issuer), Error> {
    let iss = required_text(&token.claims, "iss")?;
    let mut configured = config.issuers.iter().enumerate();
    configured
        .find(|(_, issuer)| issuer.issuer == iss)
        .ok_or_else(|| Error::IssuerUnknown { iss: Excerpt::of(iss) })
}

/// RFC 8725 section 3.1: the list is ours, not the token's.
fn algorithm(token: &Jws, issuer: &Issuer) -> Result<Algorithm, Error> {
    Algorithm::from_str(&token.header.algorithm)
        .ok()
        .filter(|algorithm| issuer.algorithms.contains(algorithm))
        .ok_or_else(|| Error::AlgorithmNotAllowed { alg: Excerpt::of(&token.header.algorithm) })
}

/// RFC 9068 section 4, RFC 8725 section 3.11.
fn media_type(token: &Jws, issuer: &Issuer) -> Result<(), Error> {
    let typ = token.header.media_type.as_deref().unwrap_or_default();
    let folded = |allowed: &String| {
        let allowed = allowed.to_ascii_lowercase();
        allowed.strip_prefix("application/").unwrap_or(&allowed) == typ
    };
    if issuer.types.iter().any(folded) {
        return Ok(());
    }
    Err(Error::TypeNotAllowed { typ: Excerpt::of(typ) })
}

fn candidates(
    token: &Jws,
    index: usize,
    algorithm: Algorithm,
    means: &mut Means<'_>,
) -> Result<Vec<Arc<Key>>, Missing> {
    let iss = Excerpt::of(token.claims.get("iss").and_then(Value::as_str).unwrap_or_default());
    let id = token.header.key_id.as_deref();
    let wanted = Wanted { id, algorithm };
    let error = match means.keys.find(index, &wanted, means.patience, means.now) {
        Lookup::Found(candidates) => return Ok(candidates),
        Lookup::Fetch(fetch) => return Err(Missing::Fetch(fetch)),
        Lookup::Wait(until) => return Err(Missing::Wait(until)),
        Lookup::Ambiguous => Error::KeyAmbiguous { iss },
        Lookup::Unavailable { fault, retry_after } => {
            Error::KeysUnavailable { iss, fault, retry_after }
        }
        Lookup::Unknown => {
            let alg = Excerpt::of(&token.header.algorithm);
            Error::KeyUnknown { iss, kid: id.map(Excerpt::of), alg }
        }
    };
    Err(error.into())
}

fn signature(
    token: &Jws,
    algorithm: Algorithm,
    candidates: Vec<Arc<Key>>,
    signatures: &Signatures,
) -> Result<(), Missing> {
    for key in candidates {
        let message = token.signing_input.clone();
        let check = SignatureCheck { algorithm, key, message, signature: token.signature.clone() };
        match signatures.verdict(&check) {
            Some(Verdict::Valid) => return Ok(()),
            Some(Verdict::Invalid) => {}
            Some(Verdict::Failed) => {
                return Err(
                    Error::HostFailed { fault: "no signature check", retry_after: 1 }.into()
                );
            }
            None => return Err(Missing::Signature(check)),
        }
    }
    Err(Error::SignatureInvalid {}.into())
}

/// RFC 9068 section 4, RFC 7519 section 4.1.
fn claims(
    claims: &Map<String, Value>,
    config: &Config,
    issuer: &Issuer,
    now: UnixTime,
) -> Result<(), Error> {
    let leeway = config.leeway;
    let exp = date(claims, "exp")?.ok_or(Error::ClaimMissing { claim: "exp" })?;
    if now >= exp.after(leeway) {
        return Err(Error::TokenExpired { exp, now });
    }
    if let Some(nbf) = date(claims, "nbf")?.filter(|nbf| *nbf > now.after(leeway)) {
        return Err(Error::TokenNotYetValid { nbf, now });
    }
    match date(claims, "iat")? {
        Some(iat) if iat > now.after(leeway) => {
            return Err(Error::TokenIssuedInFuture { iat, now });
        }
        Some(_) => {}
        None if issuer.claims.optional.contains(&Relaxable::Iat) => {}
        None => return Err(Error::ClaimMissing { claim: "iat" }),
    }
    for (claim, relaxable) in
        [("sub", Relaxable::Sub), ("client_id", Relaxable::ClientId), ("jti", Relaxable::Jti)]
    {
        match required_text(claims, claim) {
            Err(Error::ClaimMissing { .. }) if issuer.claims.optional.contains(&relaxable) => {}
            other => drop(other?),
        }
    }
    audience(claims, issuer)?;
    if claims.get("scope").is_some_and(|scope| !scope.is_string()) {
        return Err(Error::ClaimMalformed { claim: "scope" });
    }
    match claims.contains_key("cnf") {
        true => Err(Error::DpopUnsupported {}),
        false => Ok(()),
    }
}

/// RFC 9068 section 4: one of ours, byte for byte (RFC 7519 section 4.1.3).
fn audience(claims: &Map<String, Value>, issuer: &Issuer) -> Result<(), Error> {
    let claim = "aud";
    let list = match claims.get(claim) {
        None => return Err(Error::ClaimMissing { claim }),
        Some(Value::Array(list)) => list.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let list: Vec<String> =
        list.iter().map(text).collect::<Option<_>>().ok_or(Error::ClaimMalformed { claim })?;
    if list.iter().all(String::is_empty) {
        return Err(Error::ClaimMissing { claim });
    }
    if list.iter().any(|audience| issuer.audience.contains(audience)) {
        return Ok(());
    }
    Err(Error::AudienceMismatch { aud: Excerpt::of(&list.join(" ")) })
}

fn required_text<'a>(
    claims: &'a Map<String, Value>,
    claim: &'static str,
) -> Result<&'a str, Error> {
    match claims.get(claim) {
        None => Err(Error::ClaimMissing { claim }),
        Some(Value::String(text)) if text.is_empty() => Err(Error::ClaimMissing { claim }),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

fn date(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<UnixTime>, Error> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::Number(number)) => match UnixTime::from_numeric_date(number) {
            Some(date) => Ok(Some(date)),
            None => Err(Error::ClaimMalformed { claim }),
        },
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}
