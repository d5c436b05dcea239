//! The MCP call as plain data: what a rule may ask about.

use serde_json::{Map, Value};

/// One call to an MCP server, as far as it has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The HTTP method, as sent.
    pub http: String,
    /// The path, decoded; `None` where no rule asks for it.
    pub path: Option<String>,
    /// The JSON-RPC message in the body.
    pub message: Content,
}

/// How much is known of the body.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing yet.
    Unread,
    /// There is none.
    None,
    /// It holds one message.
    Message(Message),
}

/// One JSON-RPC message (JSON-RPC 2.0 section 4; MCP, base protocol).
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// It wants an answer.
    Request {
        /// Text or a number.
        id: Value,
        /// What is asked.
        asked: Asked,
    },
    /// It does not.
    Notification(Asked),
    /// It is the answer to a request of the server.
    Response,
}

/// A method, and what it is called upon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The method: `tools/call`.
    pub method: String,
    /// The tool, resource or prompt.
    pub target: Option<Target>,
    /// What else it is called upon: it passes only if it may be called upon each of them.
    pub others: Vec<Target>,
    /// What a server could take those for that is less particular: what is denied there is denied.
    pub loose: Vec<Target>,
    /// Whether it is called upon resources that are not told.
    pub untold: bool,
    /// `params.arguments`; empty where they are not known.
    pub arguments: Map<String, Value>,
}

/// What a method is called upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A tool, by name.
    Tool(String),
    /// A resource, by its URI in normal form.
    Resource(String),
    /// A prompt, by name.
    Prompt(String),
}

impl Call {
    /// The method and its target, of a request or notification.
    pub fn asked(&self) -> Option<&Asked> {
        match &self.message {
            Content::Message(Message::Request { asked, .. } | Message::Notification(asked)) => {
                Some(asked)
            }
            _ => None,
        }
    }

    /// The same call upon this target alone.
    pub fn upon(&self, target: Target) -> Self {
        let mut call = self.clone();
        if let Content::Message(Message::Request { asked, .. } | Message::Notification(asked)) =
            &mut call.message
        {
            *asked = Asked {
                target: Some(target),
                arguments: asked.arguments.clone(),
                method: asked.method.clone(),
                ..Asked::default()
            };
        }
        call
    }

    /// The id of a request.
    pub fn id(&self) -> Option<&Value> {
        match &self.message {
            Content::Message(Message::Request { id, .. }) => Some(id),
            _ => None,
        }
    }
}
