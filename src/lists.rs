//! A reply to `tools/list` and the like -> the same with only what its caller may use. Never lets
//! through what it cannot read.

use serde_json::{Map, Value};

use crate::call::Target;
use crate::error::Reason;
use crate::render::failure;
use crate::uri::plain_uri;

/// Bytes of a reply, or of one event, that are held.
const LIMIT: usize = 4 * 1024 * 1024;

/// A reply on its way through.
#[derive(Debug)]
pub struct ListFilter {
    form: Form,
    /// The id of the call, for an error in place of what cannot be read.
    call: Option<Value>,
    held: Vec<u8>,
    /// So much of it is known to be text.
    checked: usize,
    /// Where the event begins that has not ended.
    start: usize,
    /// So much of it has been searched for the end of an event.
    searched: usize,
    /// Whether the line there is blank so far.
    blank: bool,
    /// The CR that ended the last event may be followed by its LF.
    after_cr: bool,
    /// It cannot be read: nothing more comes.
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One JSON-RPC message.
    Json,
    /// Server-sent events (HTML, section 9.2), each with one message.
    Events,
}

/// Whether there is more to come of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// There is.
    Follows,
    /// That was all.
    Ended,
}

impl ListFilter {
    /// A filter for the reply to a call, by its `Content-Type`; for what a `GET` brings where there
    /// is no call. `None` where that is no stream of events: it is no message then.
    pub fn new(content_type: Option<&str>, asks: bool, call: Option<Value>) -> Option<Self> {
        let media_type = content_type.and_then(|text| text.split(';').next()).map(str::trim);
        let events = media_type.map(|own| own.eq_ignore_ascii_case("text/event-stream"));
        let form = match (events, asks) {
            (Some(true), _) | (None, false) => Form::Events,
            (_, true) => Form::Json,
            (Some(false), false) => return None,
        };
        Some(Self {
            form,
            call,
            held: Vec::new(),
            checked: 0,
            start: 0,
            searched: 0,
            blank: true,
            after_cr: false,
            ended: false,
        })
    }

    /// Whether something of the reply is held that goes on only when its end is known.
    pub fn holds(&self) -> bool {
        self.form == Form::Json && !self.ended
    }

    /// Takes the next piece of the reply, and gives what may go on. `shows` says whether the caller
    /// may use something.
    pub fn push(&mut self, piece: &[u8], more: More, shows: &dyn Fn(Target) -> bool) -> Vec<u8> {
        if self.ended {
            return Vec::new();
        }
        self.held.extend_from_slice(piece);
        // A compressed reply is known at once.
        if !self.is_text() {
            return self.give_up();
        }
        match self.form {
            Form::Json if self.held.len() > LIMIT => self.give_up(),
            Form::Json if more == More::Follows => Vec::new(),
            Form::Json => {
                self.ended = true;
                let held = std::mem::take(&mut self.held);
                match filtered(&held, shows) {
                    _ if held.is_empty() => held,
                    Some(text) => text.into_bytes(),
                    None => self.give_up(),
                }
            }
            Form::Events => {
                let mut out = Vec::new();
                while let Some(event) = self.next_event() {
                    match filtered_event(&event, shows) {
                        Some(event) => out.extend_from_slice(&event),
                        None => {
                            out.extend_from_slice(&self.give_up());
                            return out;
                        }
                    }
                }
                self.forget();
                if self.held.len() > LIMIT {
                    out.extend_from_slice(&self.give_up());
                }
                // What is left without its blank line is no event.
                out
            }
        }
    }

    /// Whether what is held is UTF-8 so far.
    fn is_text(&mut self) -> bool {
        let fresh = self.held.get(self.checked..).unwrap_or_default();
        let (valid, spoilt) = match std::str::from_utf8(fresh) {
            Ok(text) => (text.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some()),
        };
        self.checked = self.checked.saturating_add(valid);
        !spoilt
    }

    /// Takes the first event, which ends behind its first blank line. Lines end in CR LF, LF or CR.
    fn next_event(&mut self) -> Option<Vec<u8>> {
        if std::mem::take(&mut self.after_cr) {
            match self.held.get(self.start) {
                Some(b'\n') => {
                    self.start = self.start.saturating_add(1);
                    self.searched = self.start;
                }
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        while let Some(byte) = self.held.get(self.searched) {
            let next = self.searched.saturating_add(1);
            let ends_line = matches!(byte, b'\n' | b'\r');
            let is_last = self.held.get(next).is_none();
            let next = match (byte, self.held.get(next)) {
                (b'\r', Some(b'\n')) => next.saturating_add(1),
                // Its LF may be in the next piece.
                (b'\r', None) if !self.blank => return None,
                _ => next,
            };
            if ends_line && self.blank {
                self.after_cr = *byte == b'\r' && is_last;
                let mut event = self.held.get(self.start..next)?.to_vec();
                (self.start, self.searched) = (next, next);
                // Nobody behind us need wait for it.
                event.extend(self.after_cr.then_some(b'\n'));
                return Some(event);
            }
            self.blank = ends_line;
            self.searched = next;
        }
        None
    }

    /// Lets go of the events that were taken: all at once, or many small ones would cost their square.
    fn forget(&mut self) {
        self.held.drain(..self.start.min(self.held.len()));
        self.checked = self.checked.saturating_sub(self.start);
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
    }

    fn give_up(&mut self) -> Vec<u8> {
        self.ended = true;
        self.held.clear();
        let row = Reason::InternalRpcError.row();
        let text = "the list cannot be filtered";
        let message = failure(self.call.as_ref(), row.rpc.unwrap_or(-32603), text, None);
        match self.form {
            Form::Json => message.to_string().into_bytes(),
            Form::Events => format!("event: message\ndata: {message}\n\n").into_bytes(),
        }
    }
}

fn filtered_event(event: &[u8], shows: &dyn Fn(Target) -> bool) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(event).ok()?;
    // Only the stream's first event may begin so.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let mut data = Vec::new();
    let mut others = String::new();
    let mut kind = "message";
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        if name == "data" {
            data.push(value);
        } else {
            others.push_str(line);
            others.push('\n');
        }
        if name == "event" {
            kind = value;
        }
    }
    let data = data.join("\n");
    if data.is_empty() {
        return Some(event.to_vec());
    }
    let Some(message) = filtered(data.as_bytes(), shows) else {
        // MCP's messages are of no other type; `endpoint` of 2024-11-05 is one.
        let is_message = matches!(kind, "" | "message");
        return (!is_message).then(|| event.to_vec());
    };
    let line = message.replace(['\r', '\n'], " ");
    Some(format!("{others}data: {line}\n\n").into_bytes())
}

/// A message with its list shortened, written anew: no member stands in it twice.
fn filtered(message: &[u8], shows: &dyn Fn(Target) -> bool) -> Option<String> {
    let mut message: Map<String, Value> =
        serde_json::from_str(str::from_utf8(message).ok()?).ok()?;
    if let Some(Value::Object(result)) = message.get_mut("result") {
        for (member, target) in LISTS {
            if let Some(list) = result.get_mut(*member) {
                list.as_array_mut()?.retain(|item| target(item).is_some_and(shows));
            }
        }
    }
    serde_json::to_string(&message).ok()
}

/// What an item of a list is called upon.
type Named = fn(&Value) -> Option<Target>;

const LISTS: &[(&str, Named)] = &[
    ("tools", |item| Some(Target::Tool(text(item, "name")?))),
    ("prompts", |item| Some(Target::Prompt(text(item, "name")?))),
    ("resources", |item| Some(Target::Resource(plain_uri(&text(item, "uri")?)?))),
    ("resourceTemplates", |item| {
        // What stands before the first variable (RFC 6570) is the same in all its resources.
        let template = text(item, "uriTemplate")?;
        let fixed = template.split('{').next().unwrap_or_default();
        Some(Target::Resource(plain_uri(fixed)?))
    }),
];

fn text(item: &Value, member: &str) -> Option<String> {
    item.get(member)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{ListFilter, More};
    use crate::call::Target;

    const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read","n":1.50},{"name":"drop"},{"name":"x","name":"drop"},7],"next":1e3}}"#;
    const SHORT: &str =
        r#"{"id":1,"jsonrpc":"2.0","result":{"next":1000.0,"tools":[{"n":1.5,"name":"read"}]}}"#;

    fn shows(target: Target) -> bool {
        matches!(&target, Target::Tool(name) | Target::Prompt(name) if name == "read")
            || matches!(&target, Target::Resource(uri) if uri.starts_with("file:///pub/"))
    }

    fn filter(content_type: Option<&str>, asks: bool) -> ListFilter {
        let filter = ListFilter::new(content_type, asks, Some(1.into()));
        filter.unwrap_or_else(|| unreachable!("{content_type:?} has no list"))
    }

    fn all(content_type: &str, text: &str, size: usize) -> String {
        let mut filter = filter(Some(content_type), true);
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size.max(1)) {
            out.extend(filter.push(piece, More::Follows, &shows));
        }
        out.extend(filter.push(b"", More::Ended, &shows));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_list_is_shortened_and_all_else_stays() {
        for size in [1, 7, 1000] {
            assert_eq!(all("application/json; charset=utf-8", LIST, size), SHORT);
        }
        let resources = r#"{"result":{"resources":[{"uri":"file:///pub/a"},{"uri":"file:///pub/../b"}],"resourceTemplates":[{"uriTemplate":"file:///pub/{x}"},{"uriTemplate":"{x}"}]}}"#;
        let short = r#"{"result":{"resourceTemplates":[{"uriTemplate":"file:///pub/{x}"}],"resources":[{"uri":"file:///pub/a"}]}}"#;
        assert_eq!(all("application/json", resources, 9), short);
        let error = r#"{"error":{"code":-1,"message":"tools"},"id":1,"jsonrpc":"2.0"}"#;
        assert_eq!(all("application/json", error, 9), error);
    }

    #[test]
    fn each_event_goes_as_soon_as_it_is_whole() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!(": hello{end}{end}id: 7{end}data: {LIST}{end}{end}data: half");
            for size in [1, 5, 1000] {
                let out = all("text/event-stream", &text, size);
                let out = out.replace("\r\n", "\n").replace('\r', "\n");
                assert_eq!(out, format!(": hello\n\nid: 7\ndata: {SHORT}\n\n"), "{end:?} {size}");
            }
            let mut filter = filter(None, false);
            let event = |method| format!("data: {{\"method\":\"{method}\"}}");
            for method in ["a", "b", "c"] {
                let text = format!("{}{end}{end}", event(method));
                let out = filter.push(text.as_bytes(), More::Follows, &shows);
                assert_eq!(String::from_utf8_lossy(&out), format!("{}\n\n", event(method)));
            }
        }
    }

    #[test]
    fn what_is_no_message_goes_on() {
        assert!(ListFilter::new(Some("text/html"), false, None).is_none());
        assert_eq!(all("application/json", "", 7), "");
        let endpoint = "event: endpoint\ndata: /messages?session=1\n\n";
        assert_eq!(all("text/event-stream", endpoint, 7), endpoint);
        let list = format!("event: other\ndata: {LIST}\n\n");
        let short = format!("event: other\ndata: {SHORT}\n\n");
        assert_eq!(all("Text/Event-Stream; charset=utf-8", &list, 7), short);
    }

    #[test]
    fn the_time_for_an_event_does_not_grow_with_its_square() {
        let mut one = filter(None, false);
        let piece = [b"data: ", [b'x'; 10].as_slice(), b"\n"].concat();
        // Four MiB in lines, then as many blank ones: hours, if all were looked at for each.
        for _ in 0..super::LIMIT / piece.len() {
            assert!(one.push(&piece, More::Follows, &shows).is_empty());
        }
        let mut other = filter(None, false);
        let blank = vec![b'\n'; super::LIMIT];
        assert_eq!(other.push(&blank, More::Follows, &shows).len(), blank.len());
    }

    #[test]
    fn what_cannot_be_read_becomes_an_error() {
        for text in ["\u{1f}\u{8b}", " ", "[]", r#"{"result":{"tools":{}}}"#, "{"] {
            let out = all("application/json", text, 1);
            assert!(out.contains("-32603") && out.contains("\"id\":1"), "{text}: {out}");
        }
        for content_type in ["application/json", "text/event-stream"] {
            let mut filter = filter(Some(content_type), true);
            let out = filter.push(b"\x1f\x8b", More::Follows, &shows);
            assert!(String::from_utf8_lossy(&out).contains("-32603"), "{content_type}");
            assert!(filter.push(b"data: {}\n\n", More::Ended, &shows).is_empty());
        }
        let out = all("text/event-stream", "data: {\n\ndata: {}\n\n", 3);
        assert!(out.contains("-32603") && !out.contains("data: {}"), "{out}");
        let long = "x".repeat(super::LIMIT + 1);
        assert!(all("application/json", &long, 65_536).contains("-32603"));
    }
}
