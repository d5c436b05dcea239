//! What a call requires of its caller -> whether the caller has it. What cannot be evaluated denies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::delegation::{chain, hops, is_delegated};
use super::rules::{inner, is_same, steps};
use crate::config::{Agent, ClaimTest, Pattern, Profile, Requirements, Scopes};
use crate::error::{Error, Excerpt};
use crate::time::UnixTime;
use crate::verify::Verified;

/// What requirements are checked against.
pub struct Caller<'a> {
    /// The caller.
    pub verified: &'a Verified,
    /// Scope -> the scopes that it includes.
    pub hierarchy: &'a BTreeMap<String, Vec<Pattern>>,
    /// Scopes that every call needs.
    pub every: [&'a [String]; 2],
    /// And one of these.
    pub either: &'a [String],
    /// How far clocks may differ, in seconds.
    pub leeway: u32,
    /// The time.
    pub now: UnixTime,
}

impl Caller<'_> {
    /// Checks what is required, but for scopes; `rule` is who requires it.
    ///
    /// # Errors
    /// The first requirement that is not met.
    pub fn meets(&self, require: &Requirements, rule: Option<&str>) -> Result<(), Error> {
        let rule = || rule.map(Excerpt::of);
        let verified = self.verified;
        let denied = |unmet| Err(Error::PolicyDenied { rule: rule(), unmet: Some(unmet) });
        let failed =
            |claim: &str| Error::PolicyEvalFailed { rule: rule(), claim: Excerpt::of(claim) };
        if require.dpop && verified.proof().is_none() {
            return Err(Error::TokenNotBound { rule: rule() });
        }
        if !require.zone.is_empty() {
            let zone = text(verified, "zone_id").map_err(failed)?.ok_or(failed("zone_id"))?;
            if !require.zone.iter().any(|own| own == zone) {
                return denied("zone");
            }
        }
        if !require.targets.is_empty() {
            let held = list(verified, "target").map_err(failed)?.unwrap_or_default();
            let missing = require.targets.iter().find(|target| !held.contains(&target.as_str()));
            if let Some(missing) = missing {
                return Err(Error::TargetMissing { missing: Excerpt::of(missing), rule: rule() });
            }
        }
        let session = text(verified, "agent_session_id").map_err(failed)?.unwrap_or_default();
        if require.session && session.is_empty() {
            return Err(Error::SessionRequired { rule: rule() });
        }
        if let Some(agent) = &require.agent {
            let id = text(verified, "agent_id").map_err(failed)?.filter(|id| !id.is_empty());
            let allowed = match (agent, id) {
                // A governed session is an agent's.
                (Agent::Any, None) => verified.profile() == Profile::Caracal && !session.is_empty(),
                (Agent::Any, Some(_)) => true,
                (Agent::OneOf(_), None) => false,
                (Agent::OneOf(own), Some(id)) => own.iter().any(|own| own.matches(id)),
            };
            if !allowed {
                return denied("agent");
            }
        }
        if let Some(delegation) = require.delegation {
            if delegation.required && !is_delegated(verified).map_err(failed)? {
                return Err(Error::DelegationRequired { rule: rule() });
            }
            if let Some(limit) = delegation.depth {
                let hops = hops(verified).map_err(failed)?;
                if hops > u64::from(limit) {
                    return Err(Error::HopCountExceeded { hops, limit, rule: rule() });
                }
            }
        }
        if !require.chain.is_empty() {
            let links = chain(verified).map_err(failed)?;
            if let Some(missing) = require.chain.iter().find(|own| !links.contains(&own.as_str())) {
                return Err(Error::ChainMismatch { missing: Excerpt::of(missing), rule: rule() });
            }
        }
        if !require.actor.is_empty() {
            let act = verified.claim("act").ok_or(failed("act"))?;
            let sub = act.get("sub").and_then(Value::as_str).ok_or(failed("act"))?;
            if !require.actor.iter().any(|own| own.matches(sub)) {
                return denied("actor");
            }
        }
        if !require.roles.is_empty() {
            let held = list(verified, "roles").map_err(failed)?.ok_or(failed("roles"))?;
            if !require.roles.iter().any(|role| held.contains(&role.as_str())) {
                return denied("roles");
            }
        }
        for (name, test) in &require.claims {
            if !self.holds(name, test).ok_or_else(|| failed(name))? {
                return denied("claims");
            }
        }
        self.authentication(require).map_err(failed)?.map_or(Ok(()), |()| {
            let (acr_values, max_age) = (require.acr.clone(), require.max_age);
            Err(Error::InsufficientUserAuthentication { acr_values, max_age, rule: rule() })
        })
    }

    /// Every needed scope is granted (RFC 6750 section 3.1): those of every call and those of its
    /// rule, all named in one challenge.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`].
    pub fn has_scopes(&self, own: &Scopes, rule: Option<&str>) -> Result<(), Error> {
        let granted = |scope: &&String| self.has_scope(scope);
        // Of alternatives the one that is granted, or else the first.
        let choice = |any: &'_ [String]| any.iter().find(granted).or(any.first()).cloned();
        let all = self.every.into_iter().flatten().chain(&own.all).cloned();
        let mut needed = Vec::new();
        for scope in all.chain([choice(self.either), choice(&own.any)].into_iter().flatten()) {
            if !needed.contains(&scope) {
                needed.push(scope);
            }
        }
        let missing = needed.iter().filter(|scope| !granted(scope));
        let missing: Vec<_> = missing.map(|scope| Excerpt::of(scope)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::InsufficientScope { missing, needed, rule: rule.map(Excerpt::of) })
    }

    /// Whether a scope is granted, by itself or by one that includes it.
    pub fn has_scope(&self, wanted: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = self.verified.scopes().collect();
        while let Some(scope) = open.pop() {
            if scope == wanted {
                return true;
            }
            if !seen.insert(scope) {
                continue;
            }
            for included in self.hierarchy.get(scope).into_iter().flatten() {
                if included.matches(wanted) {
                    return true;
                }
                match included {
                    Pattern::Exact(name) => open.push(name),
                    Pattern::Prefix(_) => {
                        let keys = self.hierarchy.keys().map(String::as_str);
                        open.extend(keys.filter(|key| included.matches(key)));
                    }
                }
            }
        }
        false
    }

    /// `None` where the claim is missing or of another type than the test's values.
    fn holds(&self, name: &str, test: &ClaimTest) -> Option<bool> {
        let mut steps = steps(name).into_iter();
        let first = self.verified.claim(&steps.next()?)?;
        let claim = steps.try_fold(first, |value, step| inner(value, &step))?;
        let same_type = |one: &Value, other: &Value| {
            std::mem::discriminant(one) == std::mem::discriminant(other)
        };
        match (test, claim) {
            (ClaimTest::Is(_), Value::Array(_) | Value::Object(_)) => None,
            (ClaimTest::Is(values), claim) => {
                let typed = values.iter().any(|value| same_type(value, claim));
                typed.then(|| values.iter().any(|value| is_same(value, claim)))
            }
            (ClaimTest::Has(values), Value::Array(items)) => {
                let held = |value: &Value| items.iter().any(|item| is_same(value, item));
                Some(values.iter().any(held))
            }
            (ClaimTest::Has(_), _) => None,
        }
    }

    /// RFC 9470 section 3: `Some` where the user must authenticate again. A claim that is missing
    /// is one that a new authentication brings.
    fn authentication(&self, require: &Requirements) -> Result<Option<()>, &'static str> {
        let verified = self.verified;
        if !require.acr.is_empty() {
            let acr = text(verified, "acr")?;
            if !acr.is_some_and(|acr| require.acr.iter().any(|own| own == acr)) {
                return Ok(Some(()));
            }
        }
        if !require.amr.is_empty() {
            let held = list(verified, "amr")?.unwrap_or_default();
            if !require.amr.iter().all(|own| held.contains(&own.as_str())) {
                return Ok(Some(()));
            }
        }
        if let Some(max_age) = require.max_age {
            let time = match verified.claim("auth_time") {
                None => None,
                Some(Value::Number(number)) => {
                    Some(UnixTime::floor_of_numeric_date(number).ok_or("auth_time")?)
                }
                Some(_) => return Err("auth_time"),
            };
            let fresh = |time: UnixTime| self.now <= time.after(max_age).after(self.leeway);
            if !time.is_some_and(fresh) {
                return Ok(Some(()));
            }
        }
        Ok(None)
    }
}

/// A claim that is text; the name of one that is something else.
fn text<'a>(verified: &'a Verified, claim: &'static str) -> Result<Option<&'a str>, &'static str> {
    match verified.claim(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(claim),
    }
}

/// A claim that is a list of text.
pub fn list<'a>(
    verified: &'a Verified,
    claim: &'static str,
) -> Result<Option<Vec<&'a str>>, &'static str> {
    match verified.claim(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            items.iter().map(Value::as_str).collect::<Option<_>>().map(Some).ok_or(claim)
        }
        Some(_) => Err(claim),
    }
}
