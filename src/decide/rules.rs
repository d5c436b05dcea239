//! Rules as they are looked up: by the most exact thing that each asks for, so that a decision does
//! not walk past what cannot match.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::call::{Asked, Call, Content, Message, Target};
use crate::config::{
    ArgumentValue, ArgumentValues, Match, MessageKind, OperationEnforcement, Pattern, Policy,
};
use crate::error::{Error, Excerpt};

/// The rules of a policy, in their order, with an index.
#[derive(Debug)]
pub struct Index {
    /// What a rule is looked up by -> the rules; with the text of an exact name or of a prefix.
    named: HashMap<(Key, String), Vec<usize>>,
    /// The lengths of prefixes that there are.
    lengths: BTreeSet<(Key, usize)>,
    /// Rules that ask for nothing by name.
    others: Vec<usize>,
    /// The first rule that needs the body, for each HTTP method and path that such rules ask for.
    bodies: Vec<(usize, Vec<String>, Vec<Pattern>)>,
    reads_paths: bool,
    reads_resources: bool,
    reads_methods: bool,
    paths: Paths,
}

/// The paths that rules ask for, by what a careless server makes of them: whether it
/// is a prefix, and its text in lower case; of a whole path without a slash at its end.
#[derive(Debug, Default)]
struct Paths {
    alike: HashMap<(bool, String), Vec<Pattern>>,
    lengths: BTreeSet<usize>,
}

/// What a rule is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Tool,
    Resource,
    Prompt,
    Method,
    Path,
}

/// Whether a rule is about a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fit {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It depends on arguments, which are not known.
    Depends,
}

impl Index {
    /// Compiles the rules of a policy.
    pub fn new(policy: &Policy) -> Self {
        let mut index = Self {
            named: HashMap::new(),
            lengths: BTreeSet::new(),
            others: Vec::new(),
            bodies: Vec::new(),
            reads_paths: policy
                .operations
                .as_ref()
                .is_some_and(|operations| operations.enforcement == OperationEnforcement::Enforced),
            reads_methods: policy.rules.iter().any(|rule| !rule.r#match.http.is_empty()),
            paths: Paths::default(),
            reads_resources: policy.rules.iter().any(|rule| !rule.r#match.resource.is_empty()),
        };
        for (place, rule) in policy.rules.iter().enumerate() {
            index.add(place, &rule.r#match);
            rule.r#match.path.iter().for_each(|path| index.paths.add(path.clone()));
        }
        index
    }

    fn add(&mut self, place: usize, about: &Match) {
        self.reads_paths |= !about.path.is_empty();
        if about.reads_body() {
            let known = |(_, http, path): &&(usize, Vec<String>, Vec<Pattern>)| {
                *http == about.http && *path == about.path
            };
            if self.bodies.iter().find(known).is_none() {
                self.bodies.push((place, about.http.clone(), about.path.clone()));
            }
        }
        let names = [
            (Key::Tool, &about.tool),
            (Key::Resource, &about.resource),
            (Key::Prompt, &about.prompt),
            (Key::Method, &about.method),
            (Key::Path, &about.path),
        ];
        let Some((key, patterns)) = names.into_iter().find(|(_, patterns)| !patterns.is_empty())
        else {
            self.others.push(place);
            return;
        };
        for pattern in patterns {
            if let Pattern::Prefix(prefix) = pattern {
                self.lengths.insert((key, prefix.len()));
            }
            // An exact name and a prefix may be the same text: the rule itself tells them apart.
            let places = self.named.entry((key, pattern.stem().to_owned())).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }

    /// Whether a rule or an operation asks for the path.
    pub fn reads_paths(&self) -> bool {
        self.reads_paths
    }

    /// Whether a rule asks for HTTP's method.
    pub fn reads_methods(&self) -> bool {
        self.reads_methods
    }

    /// Whether a path differs from one that a rule asks for in case only, or in a slash at its end:
    /// many servers take them for the same.
    pub fn confuses(&self, path: &str) -> bool {
        self.paths.confuse(path)
    }

    /// Whether a rule asks for resources.
    pub fn reads_resources(&self) -> bool {
        self.reads_resources
    }

    /// The rules that may be about a call, in their order.
    pub fn candidates(&self, call: &Call) -> impl Iterator<Item = usize> {
        let asked = call.asked();
        let target = asked.and_then(|asked| asked.target.as_ref()).map(|target| match target {
            Target::Tool(name) => (Key::Tool, name.as_str()),
            Target::Resource(uri) => (Key::Resource, uri.as_str()),
            Target::Prompt(name) => (Key::Prompt, name.as_str()),
        });
        let method = asked.map(|asked| (Key::Method, asked.method.as_str()));
        let path = call.path.as_deref().map(|path| (Key::Path, path));
        let mut lists = vec![self.others.as_slice()];
        for (key, text) in [target, method, path].into_iter().flatten() {
            let lengths = self.lengths.range((key, 0)..=(key, text.len()));
            let prefixes = lengths.filter_map(|(_, length)| text.get(..*length));
            let exact = std::iter::once(text);
            for name in exact.chain(prefixes) {
                lists.extend(self.named.get(&(key, name.to_owned())).map(Vec::as_slice));
            }
        }
        // Each list is in order; of a rule that stands in two it is enough to hear once.
        std::iter::from_fn(move || {
            let next = *lists.iter().filter_map(|list| list.first()).min()?;
            for list in &mut lists {
                if let Some((_, rest)) = list.split_first().filter(|(first, _)| **first == next) {
                    *list = rest;
                }
            }
            Some(next)
        })
    }

    /// The first rule that could be about a call whose body is not known, and that needs it.
    pub fn first_with_body(&self, call: &Call) -> Option<usize> {
        let meant = |(_, http, path): &&(usize, Vec<String>, Vec<Pattern>)| {
            is_http(http, call) && is_path(path, call)
        };
        self.bodies.iter().filter(meant).map(|(place, ..)| *place).min()
    }
}

impl Paths {
    fn add(&mut self, pattern: Pattern) {
        let key = match &pattern {
            Pattern::Exact(path) => (false, careless(path)),
            Pattern::Prefix(stem) => {
                self.lengths.insert(stem.len());
                (true, stem.to_ascii_lowercase())
            }
        };
        let alike = self.alike.entry(key).or_default();
        if !alike.contains(&pattern) {
            alike.push(pattern);
        }
    }

    fn confuse(&self, path: &str) -> bool {
        let lower = path.to_ascii_lowercase();
        let lengths = self.lengths.range(..=lower.len());
        let stems = lengths.filter_map(|length| Some((true, lower.get(..*length)?.to_owned())));
        let mut keys = stems.chain([(false, careless(path))]);
        keys.any(|key| {
            let alike = self.alike.get(&key);
            alike.is_some_and(|alike| !alike.iter().any(|own| own.matches(path)))
        })
    }
}

fn careless(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    lower.strip_suffix('/').map_or(lower.clone(), str::to_owned)
}

/// Whether a rule is about a call.
///
/// # Errors
/// [`Error::PolicyEvalFailed`] where the server could read another argument than we do.
pub fn fit(about: &Match, call: &Call, name: &str, known: Arguments) -> Result<Fit, Error> {
    let asked = call.asked();
    let method = asked.map(|asked| asked.method.as_str());
    let target = asked.and_then(|asked| asked.target.as_ref());
    let is = |patterns: &[Pattern], text: Option<&str>| {
        patterns.is_empty()
            || text.is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text)))
    };
    let (tool, resource, prompt) = match target {
        Some(Target::Tool(name)) => (Some(name.as_str()), None, None),
        Some(Target::Resource(uri)) => (None, Some(uri.as_str()), None),
        Some(Target::Prompt(name)) => (None, None, Some(name.as_str())),
        None => (None, None, None),
    };
    let matches = is_http(&about.http, call)
        && is_path(&about.path, call)
        && (about.message.is_empty() || about.message.contains(&kind(&call.message)))
        && is(&about.method, method)
        && is(&about.tool, tool)
        && is(&about.resource, resource)
        && is(&about.prompt, prompt);
    if !matches {
        return Ok(Fit::No);
    }
    if about.arguments.is_empty() {
        return Ok(Fit::Yes);
    }
    match (known, asked) {
        (_, None) => Ok(Fit::No),
        (Arguments::Unknown, Some(_)) => Ok(Fit::Depends),
        (Arguments::Known, Some(asked)) => {
            for (argument, values) in &about.arguments {
                if !has(asked, argument, values, name)? {
                    return Ok(Fit::No);
                }
            }
            Ok(Fit::Yes)
        }
    }
}

/// Whether the arguments of a call are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// They are.
    Known,
    /// It is a call that may come.
    Unknown,
}

fn kind(message: &Content) -> MessageKind {
    match message {
        Content::Message(Message::Request { .. }) => MessageKind::Request,
        Content::Message(Message::Notification(_)) => MessageKind::Notification,
        Content::Message(Message::Response) => MessageKind::Response,
        Content::None | Content::Unread => MessageKind::None,
    }
}

fn is_http(methods: &[String], call: &Call) -> bool {
    // Compared as HTTP does, case kept (RFC 9110 section 9.1).
    methods.is_empty() || methods.contains(&call.http)
}

fn is_path(paths: &[Pattern], call: &Call) -> bool {
    paths.is_empty()
        || call.path.as_ref().is_some_and(|path| paths.iter().any(|own| own.matches(path)))
}

fn has(asked: &Asked, name: &str, values: &ArgumentValues, rule: &str) -> Result<bool, Error> {
    let ambiguous =
        || Error::PolicyEvalFailed { rule: Some(Excerpt::of(rule)), claim: Excerpt::of(name) };
    let mut steps = steps(name).into_iter();
    let first = steps.next().unwrap_or_default();
    let mut value = match asked.arguments.get(&first) {
        _ if has_double(asked.arguments.keys(), &first) => return Err(ambiguous()),
        Some(value) => value,
        None => return Ok(false),
    };
    for step in steps {
        let next = match value {
            Value::Object(members) if has_double(members.keys(), &step) => {
                return Err(ambiguous());
            }
            // Some servers read JSON in text.
            Value::String(_) => return Err(ambiguous()),
            value => inner(value, &step),
        };
        value = match next {
            Some(next) => next,
            None => return Ok(false),
        };
    }
    // Many servers turn `"true"` into true and `"5"` into 5: where no value of the rule is of this
    // type, it cannot be told what it becomes.
    let type_of = |own: &ArgumentValue| match own {
        ArgumentValue::Text(_) => std::mem::discriminant(&Value::String(String::new())),
        ArgumentValue::Other(other) => std::mem::discriminant(other),
    };
    let null = std::mem::discriminant(&Value::Null);
    let mut types = values.0.iter().map(type_of).filter(|own| *own != null).peekable();
    let own = std::mem::discriminant(value);
    if own != null && types.peek().is_some() && !types.any(|other| other == own) {
        return Err(ambiguous());
    }
    Ok(values.0.iter().any(|own| match (own, value) {
        (ArgumentValue::Text(pattern), Value::String(text)) => pattern.matches(text),
        (ArgumentValue::Text(_), _) => false,
        (ArgumentValue::Other(other), value) => is_same(other, value),
    }))
}

/// A name, or the steps of a JSON Pointer (RFC 6901 section 4).
pub fn steps(name: &str) -> Vec<String> {
    let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
    name.strip_prefix('/')
        .map_or_else(|| vec![name.to_owned()], |pointer| pointer.split('/').map(plain).collect())
}

/// One step of a JSON Pointer: an index has no sign and no leading zero.
pub fn inner<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => {
            let at: usize = step.parse().ok()?;
            items.get(at).filter(|_| at.to_string() == step)
        }
        _ => None,
    }
}

/// Whether another member has this name but for case: a server that ignores case would take it. In
/// JavaScript a member may also come out of `__proto__`.
fn has_double<'a>(names: impl Iterator<Item = &'a String>, name: &str) -> bool {
    let folded = |text: &str| {
        let text = text.to_lowercase().replace('\u{17f}', "s");
        text.replace("i\u{307}", "i").replace('\u{131}', "i")
    };
    let own = folded(name);
    let mut names = names.into_iter().filter(|other| *other != name);
    names.any(|other| other == "__proto__" || folded(other) == own)
}

/// Whether two values are equal; `1` and `1.0` are.
pub fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
        }
        (one, other) => one == other,
    }
}
