//! A vector file as it must be: an unknown member is a failure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(rename = "about")]
    pub _about: String,
    pub configs: BTreeMap<String, Value>,
    #[serde(default)]
    pub key_sets: BTreeMap<String, Value>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// Where the case has a meaning: everywhere unless given.
    pub faces: Option<Vec<String>>,
    pub config: String,
    pub now: Option<i64>,
    #[serde(default)]
    pub key_sets: BTreeMap<String, Value>,
    pub requests: Vec<Sent>,
    pub expect: Expect,
    pub host: Option<String>,
    /// Ids that the host's own store knows as revoked.
    pub revoked: Option<Revoked>,
    /// Whether the replay store answers.
    pub claims: Option<Outage>,
    /// The environment of the gate.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// A body that is not UTF-8.
    pub body_base64: Option<String>,
    pub now: Option<i64>,
    #[serde(default)]
    pub fetches: BTreeMap<String, Value>,
    pub expect: Option<Expect>,
    /// `"down"`: the host can do nothing for the gate.
    pub host: Option<String>,
    /// Ids that the host's own store knows as revoked.
    pub revoked: Option<Revoked>,
    /// Whether the replay store answers.
    pub claims: Option<Outage>,
    /// The environment of the gate.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Revoked {
    Ids(Vec<String>),
    Outage(Outage),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outage {
    Down,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    pub decision: Option<Value>,
    pub reason: Option<Value>,
    pub status: Option<Value>,
    pub error: Option<Value>,
    pub headers: BTreeMap<String, Value>,
    pub body: Option<Value>,
    pub upstream: BTreeMap<String, Value>,
    /// What the reply to an allowed request must carry on its way back.
    pub reply_headers: BTreeMap<String, Value>,
    /// The request's id is a UUID v7 of the face's own, wherever it stands.
    pub made_id: bool,
    /// Headers that stand in this order, whatever else stands between.
    pub order: Option<Vec<String>>,
    /// Fetches so far, those ahead of need included.
    pub fetched: Option<u64>,
}
