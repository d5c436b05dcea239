//! A request as it reached a face: plain bytes, nothing read into them.

use serde_json::{Map, Value};

/// One HTTP request.
#[derive(Clone)]
pub struct Request {
    /// The method as sent, case kept (RFC 9110 section 9.1).
    pub method: String,
    /// The request target: a path with its query, or an absolute `http(s)` URL (RFC 9112 section 3.2).
    pub url: String,
    /// Header fields in the order received; values are bytes, since they need not be text.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The id that replies and logs carry: see [`Request::id_in`].
    pub id: Option<String>,
    /// The body, as far as the face has it.
    pub body: Body,
}

/// Headers and the query may hold tokens: neither may reach a log.
impl std::fmt::Debug for Request {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, id, .. } = self;
        let mut debug = formatter.debug_struct("Request");
        debug.field("method", method).field("id", id).finish_non_exhaustive()
    }
}

/// How much of a body a face has in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request has none.
    Absent,
    /// It may have one that has not been read; never taken for [`Body::Absent`].
    Unread,
    /// All of it.
    Read(Vec<u8>),
    /// What somebody else has read in it, who can be trusted: a JSON-RPC message that may lack the
    /// arguments.
    Summary(Map<String, Value>),
    /// More than the limit.
    TooLong,
}

impl Request {
    /// The values of a header field, by case-insensitive name, in the order received.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        values(&self.headers, name)
    }

    /// The id that the caller gave in `x-request-id`: exactly one field, 1 to 128 characters, each
    /// printable ASCII. Where this is `None`, a face makes one with [`Request::new_id`].
    pub fn id_in(headers: &[(String, Vec<u8>)]) -> Option<String> {
        Self::id_of(values(headers, "x-request-id")).map(str::to_owned)
    }

    /// The same among the values of the fields.
    pub(crate) fn id_of<'a>(mut given: impl Iterator<Item = &'a [u8]>) -> Option<&'a str> {
        let (id, None) = (given.next()?, given.next()) else {
            return None;
        };
        let formed = (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(id).ok().filter(|_| formed)
    }

    /// An id of our own, a UUID v7 (RFC 9562 section 5.7), from the milliseconds since
    /// 1970-01-01T00:00:00Z and random bytes.
    pub fn new_id(milliseconds: u64, random: &[u8; 10]) -> String {
        uuid::Builder::from_unix_timestamp_millis(milliseconds, random).into_uuid().to_string()
    }
}

fn values<'a>(headers: &'a [(String, Vec<u8>)], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}
