//! The claims of a Caracal mandate, in the order in which its verifiers check them.

use serde_json::{Map, Value};

use super::dates::{Clock, Dates};
use super::token::{date, required_text};
use crate::config::Issuer;
use crate::error::{Error, Excerpt};
use crate::time::UnixTime;

type Claims = Map<String, Value>;

/// `nbf` and `iat` may lie ahead by so many seconds; `exp` has no leeway at all.
pub fn clock(now: UnixTime) -> Clock {
    Clock { now, late: 0, ahead: 60 }
}

/// Checks a mandate whose signature is good.
///
/// # Errors
/// The first rule that is broken.
pub fn hold(claims: &Claims, issuer: &Issuer, clock: Clock) -> Result<Dates, Error> {
    let dates = Dates {
        end: clock.end(moment(claims, "exp")?)?,
        begin: clock.begin(date(claims, "nbf")?)?,
        issue: clock.issue(Some(moment(claims, "iat")?))?,
    };
    for claim in ["jti", "sub", "client_id", "sid", "root_sid"] {
        required_text(claims, claim)?;
    }
    let used = required_text(claims, "use")?;
    if !matches!(required_text(claims, "sub_type")?, "user" | "application") {
        return Err(Error::ClaimMalformed { claim: "sub_type" });
    }
    if !matches!(claims.get("scope"), None | Some(Value::Null | Value::String(_))) {
        return Err(Error::ClaimMalformed { claim: "scope" });
    }
    names(claims, "target")?;
    let zone = match claims.get("zone_id") {
        Some(Value::String(zone)) if issuer.zone.as_ref() == Some(zone) => None,
        other => Some(other.and_then(Value::as_str).map(Excerpt::of)),
    };
    if let Some(zone) = zone {
        return Err(Error::InvalidZone { zone });
    }
    if !issuer.uses.iter().any(|own| own == used) {
        return Err(Error::UseNotAllowed { used: Excerpt::of(used) });
    }
    optional(claims)?;
    Ok(dates)
}

/// Whole seconds, unlike RFC 7519's.
fn moment(claims: &Claims, claim: &'static str) -> Result<UnixTime, Error> {
    if claims.get(claim).is_some_and(|value| whole(value).is_none()) {
        return Err(Error::ClaimMalformed { claim });
    }
    date(claims, claim)?.ok_or(Error::ClaimMissing { claim })
}

fn names(claims: &Claims, claim: &'static str) -> Result<(), Error> {
    let named = |item: &Value| item.as_str().is_some_and(|text| !text.is_empty());
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(items)) if items.iter().all(named) => Ok(()),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

/// What may be missing, null or empty, but nothing else than it is.
fn optional(claims: &Claims) -> Result<(), Error> {
    let text = |claim: &'static str, value: Option<&Value>| match value {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    };
    for claim in
        ["agent_session_id", "delegation_edge_id", "source_session_id", "target_session_id"]
    {
        text(claim, claims.get(claim))?;
    }
    names(claims, "delegation_path")?;
    for claim in ["hop_count", "delegation_graph_epoch"] {
        match claims.get(claim) {
            None | Some(Value::Null) => {}
            Some(number) if whole(number).is_some() => {}
            Some(_) => return Err(Error::ClaimMalformed { claim }),
        }
    }
    let claim = "delegation_chain";
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(hops)) => hops.iter().try_for_each(|hop| {
            let application = hop.get("application_id").and_then(Value::as_str);
            application.filter(|id| !id.is_empty()).ok_or(Error::ClaimMalformed { claim })?;
            text(claim, hop.get("agent_session_id"))?;
            text(claim, hop.get("delegation_edge_id"))
        }),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

/// A whole number that is not negative; `2.0` is one.
pub fn whole(value: &Value) -> Option<u64> {
    let float = |number: f64| {
        let fits = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        fits.then(|| format!("{number:.0}").parse().ok()).flatten()
    };
    value.as_u64().or_else(|| value.as_f64().and_then(float))
}
