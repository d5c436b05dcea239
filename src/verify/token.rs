//! A signed token -> [`Verified`], by RFC 9068 section 4 and RFC 8725. Never believes a claim
//! before its signature, except `iss`, and that only to look up the configuration.

use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::dates::{Clock, Dates};
use super::signature::Signer;
use super::tokens::{Made, Token};
use super::{Means, Missing, SignatureCheck, Signatures, mandate, name};
use crate::config::{Config, Issuer, Profile, Relaxable};
use crate::error::{Error, Excerpt};
use crate::fetch::Unavailable;
use crate::keys::{Key, Lookup, Wanted};
use crate::parse::{Jws, Unread, jws};
use crate::time::UnixTime;

/// Verifies an access token.
///
/// # Errors
/// The first rule that is broken, or what is needed to go on.
pub fn token(text: &str, means: &mut Means<'_>) -> Result<Arc<Token>, Missing> {
    let read = match means.signatures.asked(text, Signer::Issuer) {
        Some(check) => Arc::clone(&check.jws),
        None => match remembered(text, means)? {
            Some(known) => return Ok(known),
            None => Arc::new(jws(text).map_err(malformed)?),
        },
    };
    let (index, issuer) = issuer(&read, means.config)?;
    let algorithm = algorithm(&read, issuer)?;
    media_type(&read, issuer)?;
    let wanted = Wanted { id: read.header.key_id.as_deref(), algorithm };
    let candidates = candidates(&wanted, index, means)?;
    let key = signer(&read, algorithm, candidates, means.signatures)?;
    let dates = hold(&read.claims, issuer, means)?;
    let token = Arc::new(Token {
        issuer: index,
        profile: issuer.profile,
        algorithm,
        key_id: read.header.key_id.clone(),
        key,
        claims: Arc::clone(&read.claims),
        dates,
        made: Made::default(),
    });
    means.tokens.put(text, Arc::clone(&token));
    Ok(token)
}

/// A token that was remembered, and still holds.
fn remembered(text: &str, means: &mut Means<'_>) -> Result<Option<Arc<Token>>, Missing> {
    let Some(known) = means.tokens.get(text) else {
        return Ok(None);
    };
    let candidates = candidates(&known.wanted(), known.issuer, means)?;
    let is_known = |key: &Arc<Key>| Arc::ptr_eq(key, &known.key) || *key == known.key;
    match means.config.issuers.get(known.issuer) {
        Some(issuer) if candidates.iter().any(is_known) => {
            let hold = known.dates.hold(clock(issuer, means));
            if matches!(hold, Err(Error::TokenExpired { .. })) {
                means.tokens.forget(text);
            }
            Ok(hold.map(|()| Some(known))?)
        }
        // Its issuer has taken the key back: it has to prove itself anew.
        _ => {
            means.tokens.forget(text);
            Ok(None)
        }
    }
}

fn clock(issuer: &Issuer, means: &Means<'_>) -> Clock {
    let (now, leeway) = (means.now, means.config.leeway);
    match issuer.profile {
        Profile::Oauth => Clock { now, late: leeway, ahead: leeway },
        Profile::Caracal => mandate::clock(now),
    }
}

fn hold(claims: &Map<String, Value>, issuer: &Issuer, means: &Means<'_>) -> Result<Dates, Error> {
    let clock = clock(issuer, means);
    match issuer.profile {
        Profile::Oauth => access(claims, issuer, clock),
        Profile::Caracal => {
            audience(claims, issuer)?;
            mandate::hold(claims, issuer, clock)
        }
    }
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
    wanted: &Wanted<'_>,
    index: usize,
    means: &mut Means<'_>,
) -> Result<Vec<Arc<Key>>, Missing> {
    let found = means.keys.find(index, wanted, means.patience, means.now);
    let iss = || means.config.issuers.get(index).map_or("", |issuer| issuer.issuer.as_str());
    let iss = || Excerpt::of(iss());
    let error = match found {
        Lookup::Found(candidates) => return Ok(candidates),
        Lookup::Fetch(fetch) => return Err(Missing::Fetch(fetch)),
        Lookup::Wait(until) => return Err(Missing::Wait(until)),
        Lookup::Ambiguous => Error::KeyAmbiguous { iss: iss() },
        Lookup::Unavailable(Unavailable { fault, retry_after }) => {
            Error::KeysUnavailable { iss: iss(), fault, retry_after }
        }
        Lookup::Unknown => {
            let alg = Excerpt::of(name(wanted.algorithm));
            Error::KeyUnknown { iss: iss(), kid: wanted.id.map(Excerpt::of), alg }
        }
    };
    Err(error.into())
}

/// The key that has signed it.
fn signer(
    token: &Arc<Jws>,
    algorithm: Algorithm,
    candidates: Vec<Arc<Key>>,
    signatures: &Signatures,
) -> Result<Arc<Key>, Missing> {
    for key in candidates {
        let (jws, signer) = (Arc::clone(token), Signer::Issuer);
        let check = SignatureCheck { algorithm, key: Arc::clone(&key), signer, jws };
        if signatures.hold(check)? {
            return Ok(key);
        }
    }
    Err(Error::SignatureInvalid {}.into())
}

/// RFC 9068 section 4, RFC 7519 section 4.1.
fn access(claims: &Map<String, Value>, issuer: &Issuer, clock: Clock) -> Result<Dates, Error> {
    let dates = Dates {
        end: clock.end(date(claims, "exp")?.ok_or(Error::ClaimMissing { claim: "exp" })?)?,
        begin: clock.begin(date(claims, "nbf")?)?,
        issue: clock.issue(date(claims, "iat")?)?,
    };
    if dates.issue.is_none() && !issuer.claims.optional.contains(&Relaxable::Iat) {
        return Err(Error::ClaimMissing { claim: "iat" });
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
    Ok(dates)
}

/// RFC 9068 section 4: one of ours, byte for byte (RFC 7519 section 4.1.3).
fn audience(claims: &Map<String, Value>, issuer: &Issuer) -> Result<(), Error> {
    let claim = "aud";
    let list = match claims.get(claim) {
        None => return Err(Error::ClaimMissing { claim }),
        Some(Value::Array(list)) => list.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let list: Vec<&str> = list
        .iter()
        .map(Value::as_str)
        .collect::<Option<_>>()
        .ok_or(Error::ClaimMalformed { claim })?;
    if list.iter().all(|audience| audience.is_empty()) {
        return Err(Error::ClaimMissing { claim });
    }
    if list.iter().any(|named| issuer.audience.iter().any(|audience| audience == named)) {
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
