//! A signed token -> [`Verified`], by RFC 9068 section 4 and RFC 8725. Never believes a claim
//! before its signature, except `iss`, and that only to look up the configuration.

use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::{Means, Missing, SignatureCheck, Signatures, mandate};
use crate::config::{Config, Issuer, Profile, Relaxable};
use crate::error::{Error, Excerpt};
use crate::fetch::Unavailable;
use crate::keys::{Key, Lookup, Wanted};
use crate::parse::{Jws, Unread, jws};
use crate::time::UnixTime;

/// Verifies an access token: its claims, and by whose rules.
///
/// # Errors
/// The first rule that is broken, or what is needed to go on.
pub fn claims(
    token: &str,
    means: &mut Means<'_>,
) -> Result<(Map<String, Value>, Profile), Missing> {
    let token = jws(token).map_err(malformed)?;
    let (index, issuer) = issuer(&token, means.config)?;
    let algorithm = algorithm(&token, issuer)?;
    media_type(&token, issuer)?;
    let candidates = candidates(&token, index, algorithm, means)?;
    signature(&token, algorithm, candidates, means.signatures)?;
    match issuer.profile {
        Profile::Oauth => hold(&token.claims, means.config, issuer, means.now)?,
        Profile::Caracal => {
            audience(&token.claims, issuer)?;
            mandate::hold(&token.claims, issuer, means.now)?;
        }
    }
    Ok((token.claims, issuer.profile))
}

fn malformed(unread: Unread) -> Error {
    match unread {
        Unread::Malformed(fault) => Error::TokenMalformed { fault },
        Unread::Encrypted => Error::TokenEncrypted {},
        Unread::Extended(member) => Error::HeaderUnsupported { member },
    }
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
    let typ = folded(token.header.media_type.as_deref().unwrap_or_default());
    if issuer.types.iter().any(|allowed| folded(allowed) == typ) {
        return Ok(());
    }
    Err(Error::TypeNotAllowed { typ: Excerpt::of(&typ) })
}

/// In lower case and without `application/` (RFC 7515 section 4.1.9).
fn folded(media_type: &str) -> String {
    let name = media_type.to_ascii_lowercase();
    name.strip_prefix("application/").map_or(name.clone(), str::to_owned)
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
        Lookup::Unavailable(Unavailable { fault, retry_after }) => {
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
        if signatures.hold(check)? {
            return Ok(());
        }
    }
    Err(Error::SignatureInvalid {}.into())
}

/// RFC 9068 section 4, RFC 7519 section 4.1.
fn hold(
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
    Ok(())
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

pub fn required_text<'a>(
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

pub fn date(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<UnixTime>, Error> {
    UnixTime::in_claims(claims, claim).map_err(|()| Error::ClaimMalformed { claim })
}
