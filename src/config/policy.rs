//! Which caller may use which tool: rules as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::pattern::{Pattern, one_or_many};
use super::require::Requirements;

/// Which caller may use which tool.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Policy {
    /// What becomes of a call that no rule matches: `deny` where there are rules, unless given.
    pub default: Option<Effect>,
    /// How Envoy comes to know the call; without meaning elsewhere, but for the order of steps.
    pub body: BodyMode,
    /// Scope -> the scopes that it includes; `files:*` stands for all that begin so.
    pub hierarchy: BTreeMap<String, Vec<Pattern>>,
    /// What every call needs, whichever rule it meets; decided before a body is read.
    pub require: Requirements,
    /// Caracal's operations of the resource.
    #[serde(deserialize_with = "super::tree::given")]
    #[cfg_attr(feature = "schema", schemars(with = "Operations"))]
    pub operations: Option<Operations>,
    /// The rules: the first that matches decides.
    pub rules: Vec<Rule>,
    /// What a caller sees of `tools/list`, `resources/list`, `resources/templates/list` and
    /// `prompts/list`.
    pub lists: Lists,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It passes, if the caller has what the rule requires.
    #[default]
    Allow,
    /// It is denied, whoever calls.
    Deny,
}

/// How Envoy comes to know the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BodyMode {
    /// Token, proof and claim are decided first, then the headers go to the upstream and the body is
    /// held until it is decided as well: works everywhere.
    #[default]
    HoldBody,
    /// Headers and body are held until all is decided: the upstream never hears of a denied call.
    /// Needs `allow_on_headers_stop_iteration` of the filter's configuration (Envoy 1.40: earlier
    /// ones lose bodies).
    HoldHeaders,
    /// What Envoy's own MCP filter, which must stand before this one, has read (Envoy 1.40, with
    /// `reject_duplicate_keys: true` and `attribute_source: BODY`): arguments are unknown, and what
    /// it has not read to its end, or not told of, is denied.
    Metadata,
}

/// What a caller sees of the lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Lists {
    /// All that the server has.
    #[default]
    Whole,
    /// What the caller may use. Replies to lists are held until they are whole.
    Filtered,
}

/// Caracal's operations of a resource: method and path, each with its scope.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Operations {
    /// Whether calls are compared with the list.
    #[serde(default)]
    pub enforcement: OperationEnforcement,
    /// The operations; with none, and enforced, the resource is closed.
    #[serde(default)]
    pub list: Vec<Operation>,
}

/// Whether calls are compared with the list of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationEnforcement {
    /// Only those on the list pass.
    #[default]
    Enforced,
    /// All calls share one path, as MCP's do: they are not compared.
    TransportUniform,
}

/// One operation.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Operation {
    /// The HTTP method, compared in capitals.
    pub method: String,
    /// The path, decoded; compared whole, without patterns.
    pub path: String,
    /// The scope that it needs.
    pub scope: String,
}

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Its name in logs; `rules[0]` and so on, unless given.
    #[serde(default)]
    pub name: String,
    /// Which calls it is about: those that all members match; without members, all.
    #[serde(default)]
    pub r#match: Match,
    /// What their callers need.
    #[serde(default)]
    pub require: Requirements,
    /// What becomes of them.
    #[serde(default)]
    pub effect: Effect,
    /// Whether it denies, or only says so.
    #[serde(default)]
    pub enforcement: Enforcement,
}

/// Whether a rule denies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// It does.
    #[default]
    Enforce,
    /// It does not: what it would deny is counted and logged, and passes; where its effect is
    /// `deny`, the next rule that matches decides.
    Shadow,
}

/// Which calls a rule is about. A list stands for any of its items; a pattern is the text itself, or
/// with `*` at its end all that begins with it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Match {
    /// HTTP methods, in capitals.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<String>"))]
    pub http: Vec<String>,
    /// Paths of the request target, decoded.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub path: Vec<Pattern>,
    /// Kinds of JSON-RPC messages.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<MessageKind>"))]
    pub message: Vec<MessageKind>,
    /// MCP methods.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub method: Vec<Pattern>,
    /// Names of tools (`tools/call`).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub tool: Vec<Pattern>,
    /// URIs of resources (`resources/read`, `resources/subscribe`, `resources/unsubscribe`,
    /// `resources/directory/read`, `completion/complete`; `subscriptions/listen`, all that it names).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub resource: Vec<Pattern>,
    /// Names of prompts (`prompts/get`, `completion/complete`).
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::OneOrMany<Pattern>"))]
    pub prompt: Vec<Pattern>,
    /// Argument -> its values: text, number, boolean or null, or a list of them; text may end in
    /// `*`. A name that begins with `/` is a JSON Pointer (RFC 6901).
    pub arguments: BTreeMap<String, ArgumentValues>,
}

/// Kinds of JSON-RPC messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// It wants an answer.
    Request,
    /// It does not.
    Notification,
    /// It is the answer to a request of the server.
    Response,
    /// There is none: a `GET` or `DELETE` of a session.
    None,
}

/// The values of an argument that a rule is about.
#[derive(Clone, Debug)]
pub struct ArgumentValues(pub Vec<ArgumentValue>);

/// One of them.
#[derive(Clone, Debug)]
pub enum ArgumentValue {
    /// Text.
    Text(Pattern),
    /// A number, a boolean or null.
    Other(Value),
}

impl Policy {
    /// What becomes of a call that no rule matches.
    pub fn otherwise(&self) -> Effect {
        let closed = if self.rules.is_empty() { Effect::Allow } else { Effect::Deny };
        self.default.unwrap_or(closed)
    }
}

impl Match {
    /// Whether it asks for more than HTTP's method and path.
    pub fn reads_body(&self) -> bool {
        !(self.message.is_empty()
            && self.method.is_empty()
            && self.tool.is_empty()
            && self.resource.is_empty()
            && self.prompt.is_empty()
            && self.arguments.is_empty())
    }
}

impl<'de> Deserialize<'de> for ArgumentValues {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let list = match Value::deserialize(source)? {
            Value::Array(list) => list,
            single => vec![single],
        };
        let value = |value| match value {
            Value::String(text) => {
                Pattern::read(&text).map(ArgumentValue::Text).map_err(serde::de::Error::custom)
            }
            Value::Array(_) | Value::Object(_) => {
                Err(serde::de::Error::custom("a value is text, a number, a boolean or null"))
            }
            other => Ok(ArgumentValue::Other(other)),
        };
        list.into_iter().map(value).collect::<Result<_, _>>().map(Self)
    }
}
