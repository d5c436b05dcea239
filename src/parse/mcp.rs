//! A body and the headers that repeat it -> [`Content`]: one JSON-RPC message. Never keeps what two
//! parsers could read as two different calls.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::object;
use crate::call::{Asked, Content, Message, Target};
use crate::error::{Denial, Error};
use crate::request::{Body, Request};
use crate::uri::{loose_readings, plain_uri};

type Members = Map<String, Value>;

/// Reads the message of a request whose body is there: `limit` bytes of it at most.
///
/// # Errors
/// What is wrong with it, with the id of the message where that could be read.
pub fn content(request: &Request, limit: usize) -> Result<Content, Denial> {
    let read;
    let members = match &request.body {
        Body::Unread => return Ok(Content::Unread),
        Body::Absent => return Ok(Content::None),
        Body::Read(bytes) if bytes.is_empty() => return Ok(Content::None),
        Body::TooLong => return Err(Error::PayloadTooLarge { limit }.into()),
        Body::Read(bytes) if bytes.len() > limit => {
            return Err(Error::PayloadTooLarge { limit }.into());
        }
        Body::Read(bytes) => {
            plain(request)?;
            read = one_object(bytes)?;
            &read
        }
        Body::Summary(members) => {
            plain(request)?;
            members
        }
    };
    let id = members.get("id").filter(|id| id.is_string() || id.is_number());
    let with_id = |error| Denial { error, client: None, call: id.cloned().map(Box::new) };
    let whole = !matches!(request.body, Body::Summary(_));
    let message = message(members, id, whole).map_err(with_id)?;
    agree(request, &message, members).map_err(with_id)?;
    Ok(Content::Message(message))
}

/// RFC 8259 section 8.1: UTF-8. Whoever decodes the body in another way reads another call.
fn plain(request: &Request) -> Result<(), Error> {
    let coded = |value: &[u8]| !value.trim_ascii().eq_ignore_ascii_case(b"identity");
    if request.header("content-encoding").any(coded) {
        return Err(Error::BodyUnsupported { header: "content-encoding" });
    }
    // Wherever it stands: not all who read it know what a parameter is.
    let foreign = |value: &[u8]| {
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        value.split("charset").skip(1).any(|rest| {
            let set = rest.trim_start().strip_prefix('=').unwrap_or_default();
            let set = set.split([';', ',']).next().unwrap_or_default().trim().trim_matches('"');
            !matches!(set, "utf-8" | "utf8")
        })
    };
    if request.header("content-type").any(foreign) {
        return Err(Error::BodyUnsupported { header: "content-type" });
    }
    Ok(())
}

fn one_object(bytes: &[u8]) -> Result<Members, Error> {
    object(bytes).map_err(|fault| {
        // MCP 2025-06-18 has taken batches out.
        if bytes.trim_ascii_start().starts_with(b"[") && fault == "not a JSON object" {
            return Error::InvalidRpcRequest { fault: "a batch" };
        }
        Error::ParseError { fault }
    })
}

/// JSON-RPC 2.0 sections 4 and 5, with MCP's restrictions: an id is never null.
fn message(members: &Members, id: Option<&Value>, whole: bool) -> Result<Message, Error> {
    let malformed = |fault| Err(Error::InvalidRpcRequest { fault });
    if !is_exact(members, &["jsonrpc", "id", "method", "params", "result", "error"]) {
        return malformed("a member differs from one of JSON-RPC's in case only");
    }
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return malformed("`jsonrpc` is not 2.0");
    }
    if members.contains_key("id") && id.is_none() {
        return malformed("`id` is neither text nor a number");
    }
    let answers = members.contains_key("result") || members.contains_key("error");
    match (members.get("method"), id) {
        (None, Some(_)) if answers => Ok(Message::Response),
        (Some(Value::String(method)), id) if !answers => {
            let asked = asked(method, members.get("params"), whole)?;
            Ok(match id {
                Some(id) => Message::Request { id: id.clone(), asked },
                None if method.starts_with("notifications/") => Message::Notification(asked),
                // Some servers would do what it asks all the same.
                None => return malformed("a request without `id`"),
            })
        }
        (Some(Value::String(_)), _) => malformed("a request and an answer at once"),
        (Some(_), _) => malformed("`method` is not text"),
        (None, _) => malformed("neither a request nor an answer"),
    }
}

/// `whole`: no member is left out.
fn asked(method: &str, params: Option<&Value>, whole: bool) -> Result<Asked, Error> {
    let invalid = |fault| Error::InvalidParams { fault };
    let none = Members::new();
    let params = match params {
        None => &none,
        Some(Value::Object(members)) => members,
        Some(_) => return Err(invalid("`params` is not an object")),
    };
    if !is_exact(params, &["name", "uri", "arguments", "ref", "notifications", "_meta"]) {
        return Err(invalid("a member differs from one of MCP's in case only"));
    }
    let text = |members: &Members, name: &str| {
        members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let uri =
        |text: String| plain_uri(&text).ok_or(invalid("the URI can be read in more than one way"));
    let name = |text: String| {
        is_plain(&text).then_some(text).ok_or(invalid("the name can be read in more than one way"))
    };
    let missing = || invalid("it does not say what it is called upon");
    let mut targets = match method {
        "tools/call" => vec![Target::Tool(name(text(params, "name").ok_or_else(missing)?)?)],
        "prompts/get" => vec![Target::Prompt(name(text(params, "name").ok_or_else(missing)?)?)],
        "resources/read"
        | "resources/subscribe"
        | "resources/unsubscribe"
        | "resources/directory/read" => {
            vec![Target::Resource(uri(text(params, "uri").ok_or_else(missing)?)?)]
        }
        "completion/complete" => vec![reference(params, text, name, uri).ok_or_else(missing)??],
        "subscriptions/listen" => listened(params)?,
        _ => Vec::new(),
    };
    let loose = targets.iter().flat_map(|target| match target {
        Target::Resource(uri) => loose_readings(uri).into_iter().map(Target::Resource).collect(),
        Target::Tool(_) | Target::Prompt(_) => Vec::new(),
    });
    let loose = loose.collect();
    // It may want other news as well, which are of no resource.
    let first = (!targets.is_empty() && !listens_beside(params)).then(|| targets.remove(0));
    let untold =
        method == "subscriptions/listen" && !whole && !params.contains_key("notifications");
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => Members::new(),
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(_) if first.is_some() => return Err(invalid("`arguments` is not an object")),
        Some(_) => Members::new(),
    };
    Ok(Asked {
        method: method.to_owned(),
        target: first,
        others: targets,
        loose,
        untold,
        arguments,
    })
}

/// Whether no server cuts a name off at a NUL, or reads it as another line. White space around it is
/// part of it: MCP shows how a header carries that.
fn is_plain(name: &str) -> bool {
    !name.chars().any(char::is_control)
}

/// Resources that one call may listen to.
const LISTENED: usize = 1000;

/// MCP 2026-07-28, subscriptions: the resources whose changes a call wants to hear of.
fn listened(params: &Members) -> Result<Vec<Target>, Error> {
    let invalid = |fault| Error::InvalidParams { fault };
    let news = match params.get("notifications") {
        None => return Ok(Vec::new()),
        Some(Value::Object(news)) => news,
        Some(_) => return Err(invalid("`notifications` is not an object")),
    };
    if !is_exact(news, &["resourceSubscriptions"]) {
        return Err(invalid("a member differs from one of MCP's in case only"));
    }
    let list = match news.get("resourceSubscriptions") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= LISTENED => list,
        Some(Value::Array(_)) => return Err(invalid("it listens to more than 1000 resources")),
        Some(_) => return Err(invalid("`resourceSubscriptions` is not a list")),
    };
    let target = |uri: &Value| uri.as_str().and_then(plain_uri).map(Target::Resource);
    let targets = list.iter().map(target).collect::<Option<_>>();
    targets.ok_or(invalid("a URI can be read in more than one way"))
}

/// Whether a call listens to more than resources.
fn listens_beside(params: &Members) -> bool {
    let news = params.get("notifications").and_then(Value::as_object);
    let wanted = |(name, value): (&String, &Value)| {
        name != "resourceSubscriptions" && !matches!(value, Value::Null | Value::Bool(false))
    };
    news.is_some_and(|news| news.iter().any(wanted))
}

/// MCP, completion: a prompt or a resource.
fn reference(
    params: &Members,
    text: impl Fn(&Members, &str) -> Option<String>,
    name: impl Fn(String) -> Result<String, Error>,
    uri: impl Fn(String) -> Result<String, Error>,
) -> Option<Result<Target, Error>> {
    let reference = params.get("ref")?.as_object()?;
    if !is_exact(reference, &["type", "name", "uri"]) {
        return None;
    }
    match reference.get("type")?.as_str()? {
        "ref/prompt" => Some(name(text(reference, "name")?).map(Target::Prompt)),
        "ref/resource" => Some(uri(text(reference, "uri")?).map(Target::Resource)),
        _ => None,
    }
}

/// Whether every member that some parser may take for a known one is spelt as it is: Go's ignores
/// case, as Unicode folds it.
fn is_exact(members: &Members, known: &[&str]) -> bool {
    members.keys().all(|name| {
        let own = folded(name);
        known.contains(&name.as_str()) || !known.iter().any(|known| folded(known) == own)
    })
}

/// Simple case folding (Unicode, CaseFolding.txt) of what folds to ASCII.
fn folded(name: &str) -> String {
    let fold = |letter: char| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        // Java compares them so.
        '\u{130}' | '\u{131}' => 'i',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}

/// MCP 2026-07-28, Streamable HTTP: the headers repeat the body. In older versions they need not be
/// there, but must not say anything else.
fn agree(request: &Request, message: &Message, members: &Members) -> Result<(), Error> {
    let (asked, awaited) = match message {
        Message::Request { asked, .. } => (Some(asked), true),
        Message::Notification(asked) => (Some(asked), false),
        Message::Response => (None, false),
    };
    let meta = members.get("params").and_then(|params| params.get("_meta"));
    let stated = meta.and_then(|meta| meta.get(VERSION_MEMBER));
    let version = stated.and_then(Value::as_str);
    let said = texts(request, "mcp-protocol-version");
    let modern = said.iter().map(String::as_str).chain(version).any(is_modern);
    let needed = modern && awaited;
    // As it was sent: the call has a resource's URI in its normal form.
    let mirrored: Vec<_> = asked.map_or(&[][..], |asked| mirrored(&asked.method)).iter().collect();
    let params = members.get("params");
    let own = |name: &&&str| params.and_then(|params| params.get(**name)).and_then(Value::as_str);
    let named = mirrored.len() == 1 && mirrored.iter().any(|name| own(name).is_some());
    let mismatch = |header| Err(Error::HeaderMismatch { header });
    // A field that stands there twice is one field to some, joined by a comma.
    if said.iter().any(|said| stated.is_some() && version != Some(said))
        || said.len() > 1
        || (needed && said.is_empty())
    {
        return mismatch("mcp-protocol-version");
    }
    let methods = texts(request, "mcp-method");
    let method = asked.map(|asked| asked.method.as_str());
    if methods.iter().any(|said| Some(said.as_str()) != method)
        || methods.len() > 1
        || (needed && methods.is_empty())
    {
        return mismatch("mcp-method");
    }
    let names = texts(request, "mcp-name");
    let repeats = |said: &String| {
        let said = plain_name(said);
        said.is_some() && mirrored.iter().any(|name| own(name) == said.as_deref())
    };
    if !names.iter().all(repeats) || names.len() > 1 || (needed && named && names.is_empty()) {
        return mismatch("mcp-name");
    }
    Ok(())
}

const VERSION_MEMBER: &str = "io.modelcontextprotocol/protocolVersion";
/// The member of the parameters that `Mcp-Name` repeats; of a method that needs no such header, any
/// that it could be.
fn mirrored(method: &str) -> &'static [&'static str] {
    match method {
        "tools/call" | "prompts/get" => &["name"],
        "resources/read" => &["uri"],
        "tasks/get" | "tasks/update" | "tasks/cancel" => &["taskId"],
        _ => &["name", "uri", "taskId"],
    }
}

/// Versions are dates; those to come are taken to go on as this one does.
fn is_modern(version: &str) -> bool {
    let digits = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    version.len() == 10 && digits && version >= "2026-07-28"
}

/// The values of a header; bytes that are not UTF-8 agree with nothing.
fn texts(request: &Request, name: &str) -> Vec<String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value.trim_ascii()).into_owned();
    request.header(name).map(text).collect()
}

/// A name that is no value of a header stands there in base64: `=?base64?...?=`.
fn plain_name(value: &str) -> Option<String> {
    let Some(coded) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="))
    else {
        return Some(value.to_owned());
    };
    String::from_utf8(STANDARD.decode(coded).ok()?).ok()
}
