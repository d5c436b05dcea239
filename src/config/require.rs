//! What a caller must have: predicates as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::pattern::{Pattern, one_or_many};

/// What a caller must have: all of it. A predicate that cannot be evaluated, since its claim is
/// missing or of another type, denies.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Requirements {
    /// A token that is bound to a key (RFC 9449 section 6).
    pub dpop: bool,
    /// Scopes: a list for all of them, or `all` and `any`.
    pub scopes: Scopes,
    /// The zone, one of these (`zone_id`).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub zone: Vec<String>,
    /// Resources that the mandate is for, all of them (`target`).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub targets: Vec<String>,
    /// A governed session (`agent_session_id`).
    pub session: bool,
    /// An agent: any, or one of these (`agent_id`).
    pub agent: Option<Agent>,
    /// Delegated authority: any, or of so many hops at most.
    pub delegation: Option<Delegation>,
    /// Applications or actors in the chain of delegation, all of them (Caracal's
    /// `delegation_chain`, else `agent_chain`).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub chain: Vec<String>,
    /// The current actor, one of these: `sub` of the outermost `act` (RFC 8693 section 4.1).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub actor: Vec<Pattern>,
    /// A role, one of these (`roles`, RFC 9068 section 2.2.3.1).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub roles: Vec<String>,
    /// Claim -> what it must be. A name that begins with `/` is a JSON Pointer (RFC 6901).
    pub claims: BTreeMap<String, ClaimTest>,
    /// How the user must have authenticated: one of these contexts (`acr`, RFC 9470).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub acr: Vec<String>,
    /// With which methods the user must have authenticated, all of them (`amr`, RFC 8176).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub amr: Vec<String>,
    /// Seconds since the user has authenticated, at most (`auth_time`, RFC 9470).
    pub max_age: Option<u32>,
}

/// Scopes that a call needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// All of these.
    pub all: Vec<String>,
    /// And one of these; a challenge names the first.
    pub any: Vec<String>,
}

/// Which agents may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Any.
    Any,
    /// One of these.
    OneOf(Vec<Pattern>),
}

/// Which delegations may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Whether there must be one.
    pub required: bool,
    /// How many hops it may have.
    pub depth: Option<u32>,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimTest {
    /// One of these: text, a number, a boolean or null.
    Is(Vec<Value>),
    /// A list that holds one of these.
    Has(Vec<Value>),
}

impl Requirements {
    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        let Self {
            dpop,
            scopes,
            zone,
            targets,
            session,
            agent,
            delegation,
            chain,
            actor,
            roles,
            claims,
            acr,
            amr,
            max_age,
        } = self;
        let lists = [zone, targets, chain, roles, acr, amr];
        !dpop
            && *scopes == Scopes::default()
            && !session
            && agent.is_none()
            && delegation.is_none()
            && actor.is_empty()
            && claims.is_empty()
            && max_age.is_none()
            && lists.iter().all(|list| list.is_empty())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let names = |value: Value| -> Result<Vec<String>, D::Error> {
            let list = match value {
                Value::Array(list) => list,
                single => vec![single],
            };
            let name = |value: Value| match value {
                Value::String(name) => Ok(name),
                _ => Err(D::Error::custom("a scope is text")),
            };
            if list.is_empty() {
                return Err(D::Error::custom("an empty list asks for nothing: leave it out"));
            }
            list.into_iter().map(name).collect()
        };
        let mut scopes = Self::default();
        match Value::deserialize(source)? {
            Value::Object(members) => {
                for (member, value) in members {
                    match member.as_str() {
                        "all" => scopes.all = names(value)?,
                        "any" => scopes.any = names(value)?,
                        other => {
                            return Err(D::Error::unknown_field(other, &["all", "any"]));
                        }
                    }
                }
            }
            list => scopes.all = names(list)?,
        }
        Ok(scopes)
    }
}

impl<'de> Deserialize<'de> for Agent {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Value::deserialize(source)? {
            Value::Bool(true) => Ok(Self::Any),
            Value::Bool(false) => Err(D::Error::custom("`false` asks for nothing: leave it out")),
            other => one_or_many(other).map(Self::OneOf).map_err(D::Error::custom),
        }
    }
}

impl<'de> Deserialize<'de> for Delegation {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            #[serde(default = "yes")]
            required: bool,
            depth: Option<u32>,
        }
        fn yes() -> bool {
            true
        }
        match Value::deserialize(source)? {
            Value::Bool(true) => Ok(Self { required: true, depth: None }),
            Value::Bool(false) => Err(D::Error::custom("`false` asks for nothing: leave it out")),
            members @ Value::Object(_) => {
                let Members { required, depth } =
                    Members::deserialize(members).map_err(D::Error::custom)?;
                if !required && depth.is_none() {
                    return Err(D::Error::custom("asks for nothing: leave it out"));
                }
                Ok(Self { required, depth })
            }
            _ => Err(D::Error::custom("must be `true` or an object")),
        }
    }
}

impl<'de> Deserialize<'de> for ClaimTest {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let values = |value: Value| -> Result<Vec<Value>, D::Error> {
            let list = match value {
                Value::Array(list) if list.is_empty() => {
                    return Err(D::Error::custom("an empty list would match nothing"));
                }
                Value::Array(list) => list,
                single => vec![single],
            };
            if list.iter().any(|value| value.is_array() || value.is_object()) {
                return Err(D::Error::custom("a value is text, a number, a boolean or null"));
            }
            Ok(list)
        };
        match Value::deserialize(source)? {
            Value::Object(mut members) => match (members.remove("has"), members.is_empty()) {
                (Some(has), true) => values(has).map(Self::Has),
                _ => Err(D::Error::custom("expected `{ \"has\": value }`")),
            },
            other => values(other).map(Self::Is),
        }
    }
}
