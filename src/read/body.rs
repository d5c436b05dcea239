//! bytes -> [`Body`]: what a body says, whichever of the known forms it has. Never fails: a body that
//! cannot be read says nothing.

use serde_json::{Map, Value};

use super::action::OpenUrl;
use super::text::{clipped, copied, host};
use crate::parse::object;

/// What a body says.
#[derive(Default)]
pub struct Body {
    /// Whose form it has.
    pub form: Form,
    /// The code.
    pub code: Option<String>,
    /// The code of a JSON-RPC error.
    pub rpc: Option<i64>,
    /// `type` of a problem (RFC 9457 section 3.1.1).
    pub kind: Option<String>,
    /// The HTTP status that it repeats.
    pub status: Option<u16>,
    /// What it says to people.
    pub message: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What else it says.
    pub details: Map<String, Value>,
    /// Where the user shall go.
    pub urls: Vec<OpenUrl>,
    /// Whether it wants the user to go anywhere, be it to no good URL.
    pub asks_user: bool,
    /// `requestState` of MCP 2026-07-28, to be sent back byte by byte.
    pub state: Option<String>,
    /// Challenges in a tool's result.
    pub challenges: Vec<String>,
    /// Scopes that are missing.
    pub scope: Option<String>,
    /// Classes of authentication that would do (RFC 9470 section 3).
    pub acr_values: Option<String>,
}

/// What a body's form tells of its author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Nothing: RFC 6749, RFC 9457, or none that is known.
    #[default]
    Plain,
    /// A JSON-RPC message.
    Rpc,
    /// AuthPlane's `consent_url`.
    Consent,
    /// Caracal's `requestId`, without a problem's `type`.
    Caracal,
    /// A hold of Caracal's token service, of either era, or as its libraries write it.
    Hold,
    /// `error_hint` of Caracal's verifiers.
    Verifier,
    /// Caracal's control plane.
    Control,
}

impl Form {
    fn or(self, other: Self) -> Self {
        if self == Self::Plain { other } else { self }
    }
}

/// MCP 2025-11-25, elicitation.
const URL_ELICITATION: i64 = -32042;
/// `resultType` of a result that is none yet (MCP 2026-07-28).
pub const INPUT_REQUIRED: &str = "input_required";
const CODE: usize = 100;
const MESSAGE: usize = 1000;
const KIND: usize = 1000;
const ID: usize = 128;
const STATE: usize = 65_536;
const URLS: usize = 16;

/// Members that are copied to the details besides `details` itself. Not `challenge_secret`, which
/// Caracal's token service sent until July 2026.
const TOLD: &[&str] = &[
    "approval_id",
    "approval_type",
    "approval_expires_at",
    "state",
    "tier",
    "binding",
    "challenge_id",
    "challenge_type",
    "challenge_expires_at",
    "cause",
    "error_hint",
    "error_uri",
    "instance",
    "reason",
    "remediation",
];

impl Body {
    /// Reads a whole body: JSON, an event stream with one JSON-RPC response in it, or text.
    pub fn read(bytes: &[u8]) -> Self {
        // RFC 8259 section 8.1 lets readers ignore it.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        match object(bytes).ok().or_else(|| response_in(text)) {
            Some(message) => Self::of(&message),
            None => Self { message: plain_text(text), ..Self::default() },
        }
    }

    fn of(message: &Map<String, Value>) -> Self {
        let object = |name| message.get(name).and_then(Value::as_object);
        let is_result =
            ["resultType", "_meta", "isError"].iter().any(|name| message.contains_key(*name));
        match (object("error"), object("result")) {
            (Some(error), _) if message.contains_key("jsonrpc") || is_rpc_error(error) => {
                Self::of_rpc(error)
            }
            (Some(error), _) => Self::of_control(message, error),
            (None, Some(result)) if message.contains_key("jsonrpc") => Self::of_result(result),
            // A caller may hand in what an SDK has taken out of the message.
            (None, None) if is_rpc_error(message) => Self::of_rpc(message),
            (None, None) if is_result => Self::of_result(message),
            _ => Self::of_problem(message),
        }
    }

    /// RFC 6749 section 5.2, RFC 9457, and the envelopes of AuthPlane and Caracal.
    fn of_problem(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let first = |names: &[&str]| {
            names.iter().find_map(|name| text(name).filter(|text| !text.trim().is_empty()))
        };
        let details = members.get("details").and_then(Value::as_object);
        let told = members.iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
        let missing = |details: &Map<String, Value>| {
            let names = ["missingScope", "missing_scope"];
            names.iter().find_map(|name| details.get(*name)?.as_str().map(str::to_owned))
        };
        let message = first(&["error_description", "detail", "message", "error_hint", "title"]);
        let consent = first(&["consent_url", "consentUrl"]);
        let message = message.map(|message| clipped(message, MESSAGE));
        let mut body = Self {
            form: form(members),
            code: text("error").map(|code| clipped(code, CODE)),
            kind: text("type").map(|kind| clipped(kind, KIND)),
            status: members.get("status").and_then(Value::as_u64).and_then(http_status),
            request_id: first(&["requestId", "request_id"]).and_then(request_id),
            details: copied(details.into_iter().flatten().chain(told)),
            scope: text("scope").map(str::to_owned).or_else(|| details.and_then(missing)),
            acr_values: text("acr_values").map(str::to_owned),
            ..Self::default()
        };
        if let Some(url) = consent {
            body.ask(url, message.as_deref(), None);
        }
        body.message = message;
        body
    }

    /// Caracal's Control: `error` is an object of `code`, `reason` and `remediation`. Of the objects of
    /// others, no more than the text is understood.
    fn of_control(members: &Map<String, Value>, error: &Map<String, Value>) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let mut body = Self::of_problem(members);
        body.code = text("code").map(|code| clipped(code, CODE));
        body.form = if body.code.is_some() { Form::Control } else { Form::Plain };
        let message = text("message").or_else(|| text("reason"));
        body.message = message.map(|message| clipped(message, MESSAGE)).or(body.message);
        body.details.extend(copied(error.iter().filter(|(name, _)| *name != "code")));
        body
    }

    /// JSON-RPC 2.0 section 5.1; `data` may hold a problem, or what MCP 2025-11-25 says of -32042.
    fn of_rpc(error: &Map<String, Value>) -> Self {
        let message = error.get("message").and_then(Value::as_str);
        let message = message.map(|message| clipped(message, MESSAGE));
        let none = Map::new();
        let data = error.get("data").and_then(Value::as_object).unwrap_or(&none);
        let mut body = Self::of_problem(data);
        body.form = body.form.or(Form::Rpc);
        body.rpc = error.get("code").and_then(Value::as_i64);
        body.message = message.or(body.message);
        if body.rpc == Some(URL_ELICITATION) {
            let items = data.get("elicitations").and_then(Value::as_array);
            let items = items.map(|items| items.iter().filter_map(Value::as_object).collect());
            for item in items.unwrap_or_else(|| vec![data]) {
                body.ask_as(item);
            }
        }
        if body.code.is_none() {
            let links = ["elicitations", "elicitation_id", "elicitationId", "url"];
            let asks = |name: &str| body.rpc == Some(URL_ELICITATION) && links.contains(&name);
            body.details = copied(data.iter().filter(|(name, _)| !asks(name)));
        }
        body
    }

    /// A result that is none yet (MCP 2026-07-28, multi round-trip requests), or one of a tool that
    /// failed.
    fn of_result(result: &Map<String, Value>) -> Self {
        let text = |name: &str| result.get(name).and_then(Value::as_str);
        let object = |name: &str| result.get(name).and_then(Value::as_object);
        let structured =
            object("structuredContent").filter(|content| content.contains_key("error"));
        let mut body = structured.map(Self::of_problem).unwrap_or_default();
        body.form = body.form.or(Form::Rpc);
        let said = result.get("content").and_then(|content| content.get(0)?.get("text")?.as_str());
        if result.get("isError") == Some(&Value::Bool(true)) {
            body.message = body.message.or(said.map(|said| clipped(said, MESSAGE)));
        }
        let meta = object("_meta").and_then(|meta| meta.get("mcp/www_authenticate"));
        body.challenges = match meta {
            Some(Value::String(field)) => vec![field.clone()],
            Some(Value::Array(fields)) => {
                fields.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => vec![],
        };
        if text("resultType") != Some(INPUT_REQUIRED) {
            return body;
        }
        body.code = Some(INPUT_REQUIRED.to_owned());
        let state = text("requestState");
        body.state = state.filter(|state| state.len() <= STATE).map(str::to_owned);
        for (id, request) in object("inputRequests").into_iter().flatten() {
            let text = |name: &str| request.get("params")?.get(name)?.as_str();
            if let (Some("url"), Some(url)) = (text("mode"), text("url")) {
                body.ask(url, text("message"), Some(id));
            }
        }
        // Without its state the call cannot be sent again.
        if state.is_some() && body.state.is_none() {
            body.urls.clear();
        }
        body
    }

    /// One of the elicitations of -32042, or the flat form of older servers.
    fn ask_as(&mut self, item: &Map<String, Value>) {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        if let (None | Some("url"), Some(url)) = (text("mode"), text("url")) {
            let id = text("elicitationId").or_else(|| text("elicitation_id"));
            self.ask(url, text("message"), id);
        }
    }

    fn ask(&mut self, url: &str, message: Option<&str>, id: Option<&str>) {
        self.asks_user = true;
        // An id that is not whole is of no use.
        let id = id.filter(|id| id.len() <= KIND);
        if let Some(host) = host(url).filter(|_| self.urls.len() < URLS) {
            self.urls.push(OpenUrl {
                url: url.to_owned(),
                host,
                message: message.map(|message| clipped(message, MESSAGE)),
                id: id.map(str::to_owned),
            });
        }
    }
}

fn form(members: &Map<String, Value>) -> Form {
    let has = |name: &str| members.contains_key(name);
    let holds = |name: &&str| {
        has(name) || members.get("details").is_some_and(|in_it| in_it.get(name).is_some())
    };
    if ["approval_id", "approvalId", "challenge_id", "challengeId"].iter().any(holds) {
        Form::Hold
    } else if has("error_hint") {
        Form::Verifier
    } else if has("consent_url") || has("consentUrl") {
        Form::Consent
    } else if has("requestId") && !has("type") {
        Form::Caracal
    } else if has("request_id") && !has("type") {
        Form::Control
    } else {
        Form::Plain
    }
}

/// The range that JSON-RPC 2.0 section 5.1 sets aside, which MCP keeps to.
fn is_rpc_error(members: &Map<String, Value>) -> bool {
    let code = members.get("code").and_then(Value::as_i64);
    code.is_some_and(|code| (-32_768..=-32_000).contains(&code))
}

/// The first JSON-RPC response in a stream of events (HTML standard, section 9.2.6).
fn response_in(stream: &str) -> Option<Map<String, Value>> {
    let mut data = String::new();
    // The end of the stream ends the last event, too: the stream may have been cut after it.
    for line in stream.lines().chain([""]) {
        if let Some(value) = line.strip_prefix("data:") {
            data.push_str(value);
            data.push('\n');
        } else if line.is_empty() && !data.is_empty() {
            let message = object(data.as_bytes()).ok();
            let is_response = |message: &Map<_, _>| {
                message.contains_key("error") || message.contains_key("result")
            };
            if let Some(message) = message.filter(is_response) {
                return Some(message);
            }
            data.clear();
        }
    }
    None
}

/// What a proxy says in a line or two; a page or broken JSON is not for people.
fn plain_text(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = !text.is_empty() && !text.starts_with(['<', '{', '[', '"']);
    is_plain.then(|| clipped(text, MESSAGE))
}

fn http_status(status: u64) -> Option<u16> {
    u16::try_from(status).ok().filter(|status| (100..600).contains(status))
}

/// An id as a header can carry it; anything else is not worth a support request.
pub fn request_id(id: &str) -> Option<String> {
    let formed = (1..=ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    formed.then(|| id.to_owned())
}
