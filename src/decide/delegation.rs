//! Who acts for whom: Caracal's delegation claims, RFC 8693's `act`, AuthPlane's `agent_chain`.

use serde_json::Value;

use super::require::list;
use crate::config::Profile;
use crate::verify::{Verified, whole};

/// A claim that is not what it must be.
type Fault = &'static str;

/// Whether somebody acts for somebody.
pub fn is_delegated(verified: &Verified) -> Result<bool, Fault> {
    match verified.profile() {
        Profile::Caracal => {
            Ok(verified.text("delegation_edge_id").is_some_and(|edge| !edge.is_empty()))
        }
        Profile::Oauth => Ok(hops(verified)? > 0),
    }
}

/// Through how many hands the authority went.
pub fn hops(verified: &Verified) -> Result<u64, Fault> {
    match verified.profile() {
        Profile::Caracal => Ok(verified.claim("hop_count").and_then(whole).unwrap_or(0)),
        Profile::Oauth => Ok(actors(verified)?.max(agents(verified)?)),
    }
}

/// Applications or agents that the authority went through.
pub fn chain(verified: &Verified) -> Result<Vec<&str>, Fault> {
    match verified.profile() {
        Profile::Caracal => {
            let hops = verified.claim("delegation_chain").and_then(Value::as_array);
            Ok(hops
                .into_iter()
                .flatten()
                .filter_map(|hop| hop.get("application_id")?.as_str())
                .collect())
        }
        // Inner actors of `act` are information only (RFC 8693 section 4.1).
        Profile::Oauth => Ok(list(verified, "agent_chain")?.unwrap_or_default()),
    }
}

/// RFC 8693 section 4.1: each actor may hold another.
fn actors(verified: &Verified) -> Result<u64, Fault> {
    let mut actor = verified.claim("act");
    let mut count = 0_u64;
    while let Some(current) = actor {
        let members = current.as_object().ok_or("act")?;
        count = count.saturating_add(1);
        actor = members.get("act");
    }
    Ok(count)
}

fn agents(verified: &Verified) -> Result<u64, Fault> {
    let agents = list(verified, "agent_chain")?.unwrap_or_default();
    Ok(u64::try_from(agents.len()).unwrap_or(u64::MAX))
}
