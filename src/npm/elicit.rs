//! Consent, for tools of MCP servers. All data are JSON texts.

use js_sys::{Function, TypeError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::instant;
use crate::{Consent, Elicitations, McpCall, Principal, StateFault};

/// Asks users for their consent.
#[wasm_bindgen]
pub struct Asker {
    elicitations: Elicitations,
}

/// A JSON-RPC request, and what is known of its sender.
#[derive(Deserialize)]
struct Call {
    id: Option<Value>,
    method: String,
    #[serde(default)]
    params: Map<String, Value>,
    version: Option<String>,
    capabilities: Option<Value>,
}

#[derive(Deserialize)]
struct Caller {
    issuer: String,
    subject: Option<String>,
    client: Option<String>,
}

/// What a retry says.
#[derive(Serialize)]
struct Retry {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

#[wasm_bindgen]
impl Asker {
    /// Reads the settings, with the function that looks up an environment variable; throws a
    /// `TypeError` that names the member at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, env: &Function) -> Result<Asker, TypeError> {
        let variable = |name: &str| env.call1(&JsValue::UNDEFINED, &name.into()).ok()?.as_string();
        let elicitations = Elicitations::open(config.as_bytes(), &variable);
        let elicitations = elicitations.map_err(|error| TypeError::new(&error.to_string()))?;
        Ok(Self { elicitations })
    }

    /// The message that answers a call whose token exchange failed with this body; `undefined` where
    /// no consent is missing.
    pub fn ask(
        &self,
        body: &str,
        call: &str,
        caller: &str,
        now: f64,
    ) -> Result<Option<String>, TypeError> {
        let (call, caller): (Call, Caller) = (read("call", call)?, read("grant", caller)?);
        let Some(consent) = serde_json::from_str(body).ok().and_then(|body| Consent::read(&body))
        else {
            return Ok(None);
        };
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| TypeError::new("there is no randomness"))?;
        let (call, caller) = (call.borrowed(), caller.borrowed());
        let message = self.elicitations.ask(&consent, &call, &caller, instant(now), random);
        Ok(Some(message.to_string()))
    }

    /// What a retried call says; `undefined` for a call that is none.
    pub fn resume(&self, call: &str, caller: &str, now: f64) -> Result<Option<String>, TypeError> {
        let (call, caller): (Call, Caller) = (read("call", call)?, read("grant", caller)?);
        let (call, caller) = (call.borrowed(), caller.borrowed());
        let retry = match self.elicitations.resume(&call, &caller, instant(now)) {
            Ok(None) => return Ok(None),
            Ok(Some(resumed)) => {
                let action = resumed.action.map(|action| action.name());
                Retry { service: resumed.service, action, fault: None, error: None }
            }
            Err(fault) => Retry::refused(fault, &call),
        };
        // Text and JSON always serialise.
        Ok(Some(serde_json::to_string(&retry).unwrap_or_default()))
    }
}

impl Retry {
    fn refused(fault: StateFault, call: &McpCall<'_>) -> Self {
        let error = fault.message(call).get("error").cloned();
        Self { service: None, action: None, fault: Some(fault.name()), error }
    }
}

impl Call {
    fn borrowed(&self) -> McpCall<'_> {
        McpCall {
            id: self.id.as_ref(),
            method: &self.method,
            params: &self.params,
            version: self.version.as_deref(),
            capabilities: self.capabilities.as_ref(),
        }
    }
}

impl Caller {
    fn borrowed(&self) -> Principal<'_> {
        Principal {
            issuer: &self.issuer,
            subject: self.subject.as_deref(),
            client: self.client.as_deref(),
        }
    }
}

fn read<'de, T: Deserialize<'de>>(name: &str, text: &'de str) -> Result<T, TypeError> {
    serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        TypeError::new(&format!("`{name}`: {text}"))
    })
}
