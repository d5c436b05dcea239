//! A caller and its call -> whether the policy lets it pass.

use super::require::Caller;
use super::rules::{Arguments, Fit, Index, fit};
use crate::call::{Asked, Call, Content, Message, Target};
use crate::config::{
    Config, Delegation, Effect, Enforcement, Lists, OperationEnforcement, Profile, Requirements,
    Rule, Scopes,
};
use crate::error::{Error, Excerpt};
use crate::time::UnixTime;
use crate::verify::Verified;

/// The hops that Caracal's verifiers allow, unless told.
const HOPS: u32 = 10;

/// What the policy says to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Ruling {
    /// It passes.
    Passes(Passage),
    /// The body must be read.
    NeedsBody,
}

impl Ruling {
    /// Both: what another ruling's rules in shadow would have denied counts as well.
    fn with(mut self, other: Self) -> Self {
        if let (Self::Passes(passage), Self::Passes(other)) = (&mut self, other) {
            let new = other.shadowed.into_iter().filter(|own| !passage.shadowed.contains(own));
            let new: Vec<_> = new.collect();
            passage.shadowed.extend(new);
        }
        self
    }
}

/// How a call came to pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// The name of the rule that has decided; `None` where none matched.
    pub rule: Option<String>,
    /// What rules in shadow would have denied.
    pub shadowed: Vec<Shadowed>,
}

/// What a rule in shadow would have denied.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadowed {
    /// The rule's name.
    pub rule: String,
    /// Why.
    pub error: Error,
}

/// The policy of a configuration.
#[derive(Debug)]
pub struct Policy {
    index: Index,
}

impl Policy {
    /// Compiles the rules.
    pub fn new(config: &Config) -> Self {
        Self { index: Index::new(&config.policy) }
    }

    /// Whether a rule or an operation asks for the path.
    pub fn reads_paths(&self) -> bool {
        self.index.reads_paths()
    }

    /// Whether a rule asks for HTTP's method.
    pub fn reads_methods(&self) -> bool {
        self.index.reads_methods()
    }

    /// Whether a path is almost one that a rule asks for.
    pub fn confuses(&self, path: &str) -> bool {
        self.index.confuses(path)
    }

    /// What every call needs, whatever it asks: decided before a body is read. Scopes are the rules'
    /// to check, so that one challenge names them all.
    ///
    /// # Errors
    /// The first requirement that is not met.
    pub fn admits(
        &self,
        verified: &Verified,
        call: &Call,
        config: &Config,
        now: UnixTime,
    ) -> Result<(), Error> {
        let caller = caller(verified, config, now);
        caller.meets(&config.policy.require, None)?;
        let limit = config.policy.require.delegation.and_then(|delegation| delegation.depth);
        if verified.profile() == Profile::Caracal && limit.is_none() {
            let delegation = Some(Delegation { required: false, depth: Some(HOPS) });
            caller.meets(&Requirements { delegation, ..Requirements::default() }, None)?;
        }
        operation(&caller, call, config)
    }

    /// What the rules say to a call.
    ///
    /// # Errors
    /// Why it is denied.
    pub fn rules(
        &self,
        verified: &Verified,
        call: &Call,
        config: &Config,
        now: UnixTime,
    ) -> Result<Ruling, Error> {
        let mut ruling = self.one(verified, call, config, now)?;
        let Some(asked) = call.asked() else {
            return Ok(ruling);
        };
        if asked.untold && self.index.reads_resources() {
            let fault = "it does not tell which resources it listens to";
            return Err(Error::InvalidParams { fault });
        }
        let upon = |target: &Target| call.upon(target.clone());
        for other in asked.others.iter().map(upon) {
            ruling = ruling.with(self.one(verified, &other, config, now)?);
        }
        for loose in asked.loose.iter().map(upon) {
            match self.one(verified, &loose, config, now) {
                Ok(other) => ruling = ruling.with(other),
                // No rule is about it: it is not what was asked for.
                Err(Error::PolicyDenied { rule: None, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ruling)
    }

    /// What the rules say to a call upon its first target alone.
    fn one(
        &self,
        verified: &Verified,
        call: &Call,
        config: &Config,
        now: UnixTime,
    ) -> Result<Ruling, Error> {
        let caller = caller(verified, config, now);
        let unread = call.message == Content::Unread;
        let body = unread.then(|| self.index.first_with_body(call)).flatten();
        let mut shadowed = Vec::new();
        for place in self.index.candidates(call) {
            if body.is_some_and(|body| body <= place) {
                return Ok(Ruling::NeedsBody);
            }
            let Some(rule) = config.policy.rules.get(place) else {
                continue;
            };
            match fit(&rule.r#match, call, &rule.name, Arguments::Known) {
                Ok(Fit::No) => continue,
                Ok(_) => {}
                // What is tried out denies nothing, and opens nothing either.
                Err(error) if rule.enforcement == Enforcement::Shadow => {
                    shadowed.push(Shadowed { rule: rule.name.clone(), error });
                    continue;
                }
                Err(error) => return Err(error),
            }
            let by_rule =
                |shadowed| Ok(Ruling::Passes(Passage { rule: Some(rule.name.clone()), shadowed }));
            match (applies(&caller, rule), rule.enforcement) {
                (Ok(()), _) => return by_rule(shadowed),
                (Err(error), Enforcement::Enforce) => return Err(error),
                (Err(error), Enforcement::Shadow) => {
                    shadowed.push(Shadowed { rule: rule.name.clone(), error });
                    if rule.effect == Effect::Allow {
                        // What every call needs is not the rule's to try out.
                        caller.has_scopes(&Scopes::default(), None)?;
                        return by_rule(shadowed);
                    }
                }
            }
        }
        if body.is_some() {
            return Ok(Ruling::NeedsBody);
        }
        match config.policy.otherwise() {
            Effect::Allow => caller
                .has_scopes(&Scopes::default(), None)
                .map(|()| Ruling::Passes(Passage { rule: None, shadowed })),
            Effect::Deny => Err(Error::PolicyDenied { rule: None, unmet: None }),
        }
    }

    /// Whether a caller could call something upon a target, whatever the arguments.
    pub fn shows(
        &self,
        verified: &Verified,
        target: Target,
        listing: &Call,
        config: &Config,
        now: UnixTime,
    ) -> bool {
        let caller = caller(verified, config, now);
        let method = match &target {
            Target::Tool(_) => "tools/call",
            Target::Resource(_) => "resources/read",
            Target::Prompt(_) => "prompts/get",
        };
        let asked = Asked { method: method.to_owned(), target: Some(target), ..Asked::default() };
        let id = listing.id().cloned().unwrap_or_default();
        let message = Content::Message(Message::Request { id, asked });
        // The list may come on a stream that a `GET` has opened: a call would not.
        let call = Call { http: "POST".to_owned(), path: listing.path.clone(), message };
        for place in self.index.candidates(&call) {
            let Some(rule) = config.policy.rules.get(place) else {
                continue;
            };
            let fit = fit(&rule.r#match, &call, &rule.name, Arguments::Unknown);
            let allowed = applies(&caller, rule).is_ok();
            match (fit, rule.enforcement, rule.effect) {
                (Ok(Fit::No) | Err(_), ..) => {}
                // Another rule may allow it with other arguments.
                (Ok(Fit::Depends), Enforcement::Enforce, _) if !allowed => {}
                (_, Enforcement::Shadow, Effect::Deny) => {}
                (_, Enforcement::Shadow, Effect::Allow) => return true,
                (_, Enforcement::Enforce, _) => return allowed,
            }
        }
        config.policy.otherwise() == Effect::Allow
            && caller.has_scopes(&Scopes::default(), None).is_ok()
    }
}

/// Whether the reply to a call may hold a list that is to be shortened. A stream that is taken up
/// again with `GET` may as well.
pub fn is_filtered(call: &Call, config: &Config) -> bool {
    let lists = match (&call.message, call.asked()) {
        (Content::None | Content::Unread, _) => call.http.eq_ignore_ascii_case("GET"),
        (_, Some(asked)) => LISTS.contains(&asked.method.as_str()),
        _ => false,
    };
    lists && config.policy.lists == Lists::Filtered
}

const LISTS: [&str; 4] =
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list"];

fn caller<'a>(verified: &'a Verified, config: &'a Config, now: UnixTime) -> Caller<'a> {
    let every = &config.policy.require.scopes;
    Caller {
        verified,
        hierarchy: &config.policy.hierarchy,
        every: [&config.scopes, &every.all],
        either: &every.any,
        leeway: config.leeway,
        now,
    }
}

fn applies(caller: &Caller<'_>, rule: &Rule) -> Result<(), Error> {
    if rule.effect == Effect::Deny {
        return Err(Error::PolicyDenied { rule: Some(Excerpt::of(&rule.name)), unmet: None });
    }
    caller.has_scopes(&rule.require.scopes, Some(&rule.name))?;
    caller.meets(&rule.require, Some(&rule.name))
}

/// Caracal's operations: method and path compared whole.
fn operation(caller: &Caller<'_>, call: &Call, config: &Config) -> Result<(), Error> {
    let Some(operations) = &config.policy.operations else {
        return Ok(());
    };
    if operations.enforcement == OperationEnforcement::TransportUniform {
        return Ok(());
    }
    let method = call.http.to_ascii_uppercase();
    let mut list = operations.list.iter();
    let declared = list.find(|own| {
        own.method.eq_ignore_ascii_case(&method) && Some(&own.path) == call.path.as_ref()
    });
    match declared {
        None => Err(Error::OperationNotPermitted { fault: "it is not declared" }),
        Some(own) if !caller.has_scope(&own.scope) => {
            Err(Error::OperationNotPermitted { fault: "its scope is not granted" })
        }
        Some(_) => Ok(()),
    }
}
