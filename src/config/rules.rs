//! What a policy must hold, rule by rule.

use super::check::fault;
use super::grammar::{is_scope, is_token};
use super::policy::{BodyMode, Effect, Lists, Match, MessageKind, Operations, Policy, Rule};
use super::{ConfigError, Pattern, Requirements};
use crate::uri::{plain_path, plain_uri};

/// Checks a policy; `proofs`: whether tokens may be bound to keys.
pub fn check(policy: &Policy, proofs: bool) -> Result<(), ConfigError> {
    for (scope, included) in &policy.hierarchy {
        let member = format!("policy.hierarchy.{scope}");
        if !is_scope(scope) || included.iter().any(|pattern| !is_scope_stem(pattern)) {
            return Err(fault(member, "must lead from a scope to scopes (RFC 6749 section 3.3)"));
        }
    }
    requirements(&policy.require, proofs).map_err(within("policy.require"))?;
    if let Some(list) = &policy.operations {
        operations(list).map_err(within("policy.operations"))?;
    }
    if policy.lists == Lists::Filtered && policy.rules.is_empty() {
        return Err(fault("policy.lists", "there are no rules to filter by"));
    }
    for (index, own) in policy.rules.iter().enumerate() {
        let place = format!("policy.rules[{index}]");
        rule(own, policy.body, proofs).map_err(within(&place))?;
        let mut earlier = policy.rules.iter().take(index);
        if !own.name.is_empty() && earlier.any(|other| other.name == own.name) {
            return Err(fault(format!("{place}.name"), "stands here twice"));
        }
    }
    Ok(())
}

fn within(place: &str) -> impl Fn(ConfigError) -> ConfigError {
    move |error| ConfigError { member: format!("{place}.{}", error.member), ..error }
}

fn rule(rule: &Rule, body: BodyMode, proofs: bool) -> Result<(), ConfigError> {
    let about = &rule.r#match;
    for http in &about.http {
        if !is_token(http) || http.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(fault("match.http", format!("`{http}` is not an HTTP method in capitals")));
        }
    }
    for path in &about.path {
        let stem = path.stem();
        if !is_plain_path(stem) {
            let text = "is not a path in its plain, decoded form, like `/files/*`";
            return Err(fault("match.path", format!("`{stem}` {text}")));
        }
    }
    for resource in &about.resource {
        let stem = resource.stem();
        if plain_uri(stem).is_none_or(|plain| plain != stem) {
            let text = "is not a URI in its normal form (RFC 3986 section 6.2.2)";
            return Err(fault("match.resource", format!("`{stem}` {text}")));
        }
    }
    if let Some((member, text)) = never(about) {
        return Err(fault(format!("match.{member}"), text));
    }
    for (name, values) in &about.arguments {
        let member = format!("match.arguments.{name}");
        if body == BodyMode::Metadata {
            let text = "Envoy's MCP filter does not tell arguments: choose another `policy.body`";
            return Err(fault(member, text));
        }
        if values.0.is_empty() {
            return Err(fault(member, "an empty list would match nothing"));
        }
        if name.is_empty() || !is_pointer_or_name(name) {
            return Err(fault(member, "is neither a name nor a JSON Pointer (RFC 6901)"));
        }
    }
    if rule.effect == Effect::Deny && !rule.require.is_empty() {
        return Err(fault("require", "has no meaning for a rule that denies"));
    }
    requirements(&rule.require, proofs).map_err(within("require"))
}

/// What keeps a rule from ever being about a call: one that denies would deny nothing.
fn never(about: &Match) -> Option<(&'static str, &'static str)> {
    let targets = [("tool", &about.tool), ("resource", &about.resource), ("prompt", &about.prompt)];
    let mut targets = targets.into_iter().filter(|(_, patterns)| !patterns.is_empty());
    let target = targets.next();
    if let Some((member, _)) = targets.next() {
        return Some((
            member,
            "no call has two of tool, resource and prompt: write a rule for each",
        ));
    }
    let methods: &[&str] = match target {
        Some(("tool", _)) => &["tools/call"],
        Some(("prompt", _)) => &["prompts/get", "completion/complete"],
        Some(_) => &[
            "resources/read",
            "resources/subscribe",
            "resources/unsubscribe",
            "resources/directory/read",
            "completion/complete",
            "subscriptions/listen",
        ],
        None => &[],
    };
    let meant = |method: &&str| about.method.iter().any(|own| own.matches(method));
    if let (Some((member, _)), false) = (target, about.method.is_empty())
        && !methods.iter().any(meant)
    {
        return Some((member, "no call of these methods has one"));
    }
    let asks = target.is_some() || !about.method.is_empty() || !about.arguments.is_empty();
    let asked = |kind: &MessageKind| {
        matches!(kind, MessageKind::Request)
            || (matches!(kind, MessageKind::Notification) && target.is_none())
    };
    if asks && !about.message.is_empty() && !about.message.iter().any(asked) {
        return Some(("message", "these messages have no method, no target and no arguments"));
    }
    None
}

fn requirements(require: &Requirements, proofs: bool) -> Result<(), ConfigError> {
    if require.dpop && !proofs {
        return Err(fault("dpop", "cannot be had while `dpop.mode` is `off`"));
    }
    for scope in require.scopes.all.iter().chain(&require.scopes.any) {
        if !is_scope(scope) {
            let text = format!("`{scope}` is not a scope (RFC 6749 section 3.3)");
            return Err(fault("scopes", text));
        }
    }
    for name in require.claims.keys() {
        if name.is_empty() || !is_pointer_or_name(name) {
            let text = "is neither a name nor a JSON Pointer (RFC 6901)";
            return Err(fault(format!("claims.{name}"), text));
        }
    }
    for acr in &require.acr {
        // RFC 9470 section 3: a challenge lists them, separated by spaces.
        if !is_scope(acr) {
            return Err(fault("acr", format!("`{acr}` cannot stand in a challenge")));
        }
    }
    let texts = [
        ("zone", &require.zone),
        ("targets", &require.targets),
        ("chain", &require.chain),
        ("roles", &require.roles),
        ("amr", &require.amr),
    ];
    match texts.into_iter().find(|(_, list)| list.iter().any(String::is_empty)) {
        Some((member, _)) => Err(fault(member, "an empty text would match nothing")),
        None => Ok(()),
    }
}

fn operations(operations: &Operations) -> Result<(), ConfigError> {
    let mut seen = Vec::new();
    for (index, operation) in operations.list.iter().enumerate() {
        let member = |name: &str| format!("list[{index}].{name}");
        if !is_token(&operation.method) {
            return Err(fault(member("method"), "is not an HTTP method"));
        }
        if !is_plain_path(&operation.path) {
            return Err(fault(member("path"), "is not a path in its plain, decoded form"));
        }
        if !is_scope(&operation.scope) {
            return Err(fault(member("scope"), "is not a scope (RFC 6749 section 3.3)"));
        }
        let own = (operation.method.to_ascii_uppercase(), operation.path.as_str());
        if seen.contains(&own) {
            return Err(fault(member("path"), "stands here twice with this method"));
        }
        seen.push(own);
    }
    Ok(())
}

/// Whether a path is what [`plain_path`] makes of some other: it is written without escapes.
fn is_plain_path(path: &str) -> bool {
    plain_path(&path.replace('%', "%25")).is_some_and(|plain| plain == path)
}

fn is_scope_stem(pattern: &Pattern) -> bool {
    pattern.stem().is_empty() || is_scope(pattern.stem())
}

/// RFC 6901 section 3: `~` stands for `~0` and `~1` only.
fn is_pointer_or_name(name: &str) -> bool {
    let mut escapes = name.split('~').skip(1);
    !name.starts_with('/') || escapes.all(|rest| rest.starts_with(['0', '1']))
}
