//! A consent that is missing, and the call that found out -> the JSON-RPC message by which the
//! client has its user asked; the retried call -> what became of that. Never shows a link that has
//! not been checked, and never believes a request state that is not its own.

mod consent;
mod digest;
mod link;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::config::{ConfigError, ElicitationRules, Environment, fault, host};
use crate::decide::Grant;
use crate::error::Reason;
use crate::render::{failure, success};
use crate::seal::Seals;
use crate::time::UnixTime;

pub use consent::Consent;

/// Asks users for their consent, in the words of the MCP version that the client speaks.
///
/// ```
/// use serde_json::json;
/// use waxseal::{Consent, Elicitations, McpCall, Principal, UnixTime};
///
/// let env = |name: &str| (name == "STATE_SECRET").then(|| "sixteen bytes or more".to_owned());
/// let elicitations = Elicitations::open(br#"{ "secret": { "env": "STATE_SECRET" } }"#, &env)?;
///
/// // What the token endpoint said to the tool's exchange.
/// let body = json!({ "error": "consent_required", "consent_url": "https://as.example.com/connect" });
/// let consent = Consent::read(&body).expect("it names a link");
///
/// let params = json!({ "name": "list_issues", "arguments": {} });
/// let call = McpCall {
///     id: Some(&json!(1)),
///     method: "tools/call",
///     params: params.as_object().expect("an object"),
///     version: Some("2025-11-25"),
///     capabilities: Some(&json!({ "elicitation": { "url": {} } })),
/// };
/// let principal = Principal { issuer: "https://as.example.com", subject: Some("ada"), client: None };
/// let now = UnixTime::from_seconds(1_700_000_000);
/// let message = elicitations.ask(&consent, &call, &principal, now, [0; 16]);
/// assert_eq!(message["error"]["code"], -32042);
/// # Ok::<(), waxseal::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Elicitations {
    seals: Seals,
    age: u32,
}

/// A call, as its JSON-RPC message has it.
#[derive(Clone, Copy, Debug)]
pub struct McpCall<'a> {
    /// The id of the message.
    pub id: Option<&'a Value>,
    /// The method.
    pub method: &'a str,
    /// The parameters.
    pub params: &'a Map<String, Value>,
    /// The protocol version that was negotiated, or that `MCP-Protocol-Version` names. Where the
    /// parameters' `_meta` names one, that one counts, and so do the capabilities beside it.
    pub version: Option<&'a str>,
    /// The capabilities that the client has declared.
    pub capabilities: Option<&'a Value>,
}

/// Who calls: a request state is theirs alone.
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`.
    pub subject: Option<&'a str>,
    /// `client_id`.
    pub client: Option<&'a str>,
}

impl<'a> From<&'a Grant> for Principal<'a> {
    fn from(grant: &'a Grant) -> Self {
        Self { issuer: grant.issuer(), subject: grant.subject(), client: grant.client() }
    }
}

/// A call that was retried after its user was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Whose consent was missing, in the words of the authorization server.
    pub service: Option<String>,
    /// What the user did; `Accept` means that the link was opened, and no more.
    pub action: Option<UserAction>,
}

/// What a user did when asked to open a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAction {
    /// Opened it.
    Accept,
    /// Refused to.
    Decline,
    /// Went away.
    Cancel,
}

impl UserAction {
    /// The name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
        }
    }
}

/// Why a request state is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// It is no text.
    Malformed,
    /// It is not sealed with our secret.
    Forged,
    /// It is too old.
    Expired,
    /// It was given to somebody else.
    OtherPrincipal,
    /// It was given for another method, or for other parameters.
    OtherCall,
}

impl StateFault {
    /// A stable name, for logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::OtherPrincipal => "other_principal",
            Self::OtherCall => "other_call",
        }
    }

    /// The JSON-RPC error for the client: the same for every fault, since a forger may be reading.
    pub fn message(self, call: &McpCall<'_>) -> Value {
        let data = json!({ "reason": "invalid_request_state" });
        let text = "the request state is not valid or has expired";
        failure(call.id, code(Reason::InvalidParams), text, Some(data))
    }
}

/// What a request state holds: readable for the client, and of no use to it.
#[derive(Serialize, Deserialize)]
struct State {
    until: UnixTime,
    principal: String,
    method: String,
    params: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
}

/// How the client can be told to ask its user.
enum Way {
    /// MCP 2025-11-25: error -32042, after which the client repeats the call.
    Error,
    /// MCP 2026-07-28: an `input_required` result, which the client answers in the repeated call.
    Result,
    /// Not at all.
    None,
}

/// The key of our one input request.
const KEY: &str = "consent";
/// MCP 2026-07-28, multi round-trip requests: no other may answer `input_required`.
const METHODS: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];
/// JSON-RPC 2.0 section 5.1.
const INTERNAL: i32 = -32603;

impl Elicitations {
    /// Reads `{ "secret": { "env": NAME }, "age": seconds }`: what request states are sealed with,
    /// and how long a user may take (600 unless given, 3600 at most).
    ///
    /// # Errors
    /// The first member at fault, or a secret that is not in the environment.
    pub fn open(config: &[u8], env: Environment<'_>) -> Result<Self, ConfigError> {
        let rules = ElicitationRules::read(config)?;
        let secret = rules.secret.read("secret", 16, env)?;
        let seals = Seals::new(&secret, "waxseal request state");
        Ok(Self {
            seals: seals.map_err(|error| fault("secret", error.to_string()))?,
            age: rules.age,
        })
    }

    /// The answer to a call that cannot go on without its user's consent: a JSON-RPC message.
    ///
    /// A client that cannot show a link, or whose user has declined, gets a plain error. It names
    /// the link's host only: a model reads it, and nobody but the user may follow the link.
    ///
    /// `random`: 16 bytes from the host's source of randomness, fresh for each call.
    pub fn ask(
        &self,
        consent: &Consent,
        call: &McpCall<'_>,
        principal: &Principal<'_>,
        now: UnixTime,
        random: [u8; 16],
    ) -> Value {
        let url = match (consent.url(), call.action()) {
            (Err(fault), _) => return call.plain(&format!("{consent}, but {fault}")),
            (Ok(_), Some(UserAction::Decline | UserAction::Cancel)) => {
                return call.plain(&format!("{consent}, and the user did not give it"));
            }
            (Ok(url), Some(UserAction::Accept) | None) => url,
        };
        let text = consent.to_string();
        match call.way() {
            Way::Error => {
                let id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
                // The flat pair is AuthPlane's, beside what the specification asks for.
                let data = json!({
                    "elicitations": [
                        { "mode": "url", "elicitationId": id, "url": url, "message": text }
                    ],
                    "elicitation_id": id,
                    "url": url,
                });
                let reason = Reason::UrlElicitationRequired;
                failure(call.id, code(reason), reason.row().text, Some(data))
            }
            Way::Result => {
                let request = json!({
                    "method": "elicitation/create",
                    "params": { "mode": "url", "url": url, "message": text },
                });
                let state = self.state(consent, call, principal, now);
                let result = json!({
                    "resultType": "input_required",
                    "inputRequests": { KEY: request },
                    "requestState": state,
                });
                success(call.id, result)
            }
            Way::None => {
                let host = host(url);
                call.plain(&format!("{text}, at {host}: this client cannot show the user a link"))
            }
        }
    }

    /// What a retried call says: `None` for a call that brings no request state. Whether the consent
    /// is there now only the next token exchange can tell.
    ///
    /// # Errors
    /// A request state that is not this principal's for this call.
    pub fn resume(
        &self,
        call: &McpCall<'_>,
        principal: &Principal<'_>,
        now: UnixTime,
    ) -> Result<Option<Resumed>, StateFault> {
        let sealed = match call.params.get("requestState") {
            None => return Ok(None),
            Some(state) => state.as_str().ok_or(StateFault::Malformed)?,
        };
        let content = self.seals.open(sealed).ok_or(StateFault::Forged)?;
        let content = str::from_utf8(&content).map_err(|_| StateFault::Forged)?;
        let state: State = serde_json::from_str(content).map_err(|_| StateFault::Forged)?;
        if now >= state.until {
            return Err(StateFault::Expired);
        }
        if state.principal != digest::principal(principal) {
            return Err(StateFault::OtherPrincipal);
        }
        if state.method != call.method || state.params != digest::params(call.params) {
            return Err(StateFault::OtherCall);
        }
        Ok(Some(Resumed { service: state.service, action: call.action() }))
    }

    fn state(
        &self,
        consent: &Consent,
        call: &McpCall<'_>,
        principal: &Principal<'_>,
        now: UnixTime,
    ) -> String {
        let state = State {
            until: now.after(self.age),
            principal: digest::principal(principal),
            method: call.method.to_owned(),
            params: digest::params(call.params),
            service: consent.service().map(str::to_owned),
        };
        // Numbers and text always serialise.
        self.seals.close(&serde_json::to_vec(&state).unwrap_or_default())
    }
}

impl McpCall<'_> {
    fn way(&self) -> Way {
        let (version, capabilities) = self.declared();
        let shows_links = capabilities
            .and_then(|capabilities| capabilities.pointer("/elicitation/url"))
            .is_some_and(Value::is_object);
        match version {
            Some("2025-11-25") if shows_links => Way::Error,
            Some(version)
                if shows_links && is_modern(version) && METHODS.contains(&self.method) =>
            {
                Way::Result
            }
            _ => Way::None,
        }
    }

    fn declared(&self) -> (Option<&str>, Option<&Value>) {
        let member = |name: &str| self.params.get("_meta")?.get(name);
        match member("io.modelcontextprotocol/protocolVersion").and_then(Value::as_str) {
            Some(version) => (Some(version), member("io.modelcontextprotocol/clientCapabilities")),
            None => (self.version, self.capabilities),
        }
    }

    /// What the user did, as the client says.
    fn action(&self) -> Option<UserAction> {
        let action = self.params.get("inputResponses")?.get(KEY)?.get("action")?.as_str()?;
        let known = [UserAction::Accept, UserAction::Decline, UserAction::Cancel];
        known.into_iter().find(|known| known.name() == action)
    }

    /// An error that any client understands: of a tool as a result, so that the model reads it.
    fn plain(&self, text: &str) -> Value {
        if self.method != "tools/call" {
            return failure(self.id, INTERNAL, text, None);
        }
        let mut result = json!({ "content": [{ "type": "text", "text": text }], "isError": true });
        let modern = self.declared().0.is_some_and(is_modern);
        if let (true, Some(members)) = (modern, result.as_object_mut()) {
            members.insert("resultType".to_owned(), json!("complete"));
        }
        success(self.id, result)
    }
}

/// Versions are dates. Nobody knows those to come: they are taken to go on as this one does.
fn is_modern(version: &str) -> bool {
    let shaped =
        version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    shaped && version >= "2026-07-28"
}

fn code(reason: Reason) -> i32 {
    reason.row().rpc.unwrap_or(INTERNAL)
}
