//! What Envoy's own MCP filter has read in a body -> [`Body`]. Takes its word only where it has read
//! all of the body in the one way in which it can be read.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::Struct;
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

use super::host;
use crate::{Body, Error};

/// Where the filter writes, newer name first.
const NAMESPACES: [&str; 2] = ["envoy.filters.http.mcp", "mcp_proxy"];
/// What it makes of an answer to a request of the server, whatever else stands in it.
const ANSWER: &str = "__jsonrpc_response";
const MEMBERS: [&str; 4] = ["jsonrpc", "id", "method", "params"];

type Members = Map<String, Value>;

/// The summary of the request's body.
pub struct Summary(Members);

impl Summary {
    /// Reads it; `None` where the filter has not told of a body.
    ///
    /// # Errors
    /// A host that does not say, and bytes that are not what Envoy writes.
    pub fn read() -> Result<Option<Self>, Error> {
        let failed = |fault| Error::HostFailed { fault, retry_after: 60 };
        let bytes = host::dynamic_metadata()
            .map_err(|_| failed("Envoy does not hand the metadata over"))?;
        let unreadable = || failed("the metadata cannot be read");
        let mut spaces =
            Metadata::decode(bytes.as_slice()).map_err(|_| unreadable())?.filter_metadata;
        match NAMESPACES.iter().find_map(|own| spaces.remove(*own)) {
            Some(own) => members(own.fields).map(|own| Some(Self(own))).ok_or_else(unreadable),
            None => Ok(None),
        }
    }

    /// The JSON-RPC message.
    ///
    /// # Errors
    /// What the filter could not read, and what it does not tell.
    pub fn message(self) -> Result<Body, Error> {
        let Self(members) = self;
        let is = |name: &str| members.get(name) == Some(&Value::Bool(true));
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        // Where the filter denies nothing, what it would have said stands beside `mcp_ok`.
        let reason = members.get("passthrough_reason");
        let reason = reason.map(|reason| reason.as_str().unwrap_or_default());
        let status = text("status").filter(|status| *status != "mcp_ok");
        if is("is_exceeding_limit") || reason.or(status) == Some("mcp_body_too_large") {
            return Ok(Body::TooLong);
        }
        match reason.or(status) {
            None => {}
            Some("mcp_duplicate_keys") => {
                return Err(Error::ParseError { fault: "a member stands there twice" });
            }
            Some("mcp_reject_no_mcp") => {
                return Err(Error::InvalidRpcRequest { fault: "Envoy takes it for no MCP" });
            }
            Some(_) => return Err(Error::ParseError { fault: "Envoy cannot read it" }),
        }
        if text("status").is_none() {
            // Before 1.39 it does not tell of all that it has not read.
            let fault = "Envoy's MCP filter gives no status: it is too old";
            return Err(Error::HostFailed { fault, retry_after: 60 });
        }
        if !is("is_mcp_request") {
            return Err(Error::InvalidRpcRequest { fault: "Envoy takes it for no MCP" });
        }
        match text("method") {
            None => return Err(Error::InvalidRpcRequest { fault: "it has no method" }),
            // It would not tell of a method beside the answer.
            Some(ANSWER) => {
                return Err(Error::InvalidRpcRequest { fault: "an answer, perhaps with a method" });
            }
            Some(_) => {}
        }
        let own = members.into_iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
        Ok(Body::Summary(own.collect()))
    }
}

/// `envoy.config.core.v3.Metadata`.
#[derive(prost::Message)]
struct Metadata {
    #[prost(btree_map = "string, message", tag = "1")]
    filter_metadata: BTreeMap<String, Struct>,
}

/// As JSON; `None` for a number that JSON cannot write.
fn members(fields: BTreeMap<String, prost_types::Value>) -> Option<Members> {
    fields.into_iter().map(|(name, own)| Some((name, value(own)?))).collect()
}

fn value(own: prost_types::Value) -> Option<Value> {
    Some(match own.kind? {
        Kind::NullValue(_) => Value::Null,
        Kind::NumberValue(number) => numeric(number)?,
        Kind::StringValue(text) => Value::String(text),
        Kind::BoolValue(bit) => Value::Bool(bit),
        Kind::StructValue(own) => Value::Object(members(own.fields)?),
        Kind::ListValue(list) => {
            Value::Array(list.values.into_iter().map(value).collect::<Option<_>>()?)
        }
    })
}

/// All numbers are doubles there: `1` must not come back as `1.0`.
fn numeric(number: f64) -> Option<Value> {
    let written = format!("{number}");
    let whole = written.parse::<i64>().ok().map(Number::from);
    Some(Value::Number(whole.or_else(|| Number::from_f64(number))?))
}
