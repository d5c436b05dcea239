//! A request that went on, and the upstream's reply to it.

use proxy_wasm::types::LogLevel;

use super::host;
use crate::{Forward, Gate, Grant, ListFilter, More, Request, UnixTime};

/// What is still to do for a request that went on.
pub struct Passed {
    /// Its headers have changed so; its trailers are to change alike.
    pub forward: Forward,
    /// Whether the headers of the upstream's reply have gone.
    pub replied: bool,
    /// Whose list the reply may hold.
    pub lister: Option<Box<Grant>>,
    reply: Vec<(&'static str, String)>,
    /// Its way through the filter.
    list: Option<ListFilter>,
}

/// What becomes of a piece of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It goes on, as it is now.
    Passes,
    /// Nothing of the reply may go on any more.
    Fails,
}

/// Headers of a reply that are wrong once its body is another one.
const OF_THE_BODY: [&str; 7] = [
    "content-length",
    "content-encoding",
    "etag",
    "digest",
    "content-digest",
    "repr-digest",
    "content-md5",
];

impl Passed {
    /// Lets a request go on: changes its headers, one by one, since a map of more than 1024 fields or
    /// 1 MiB would silently arrive empty.
    pub fn on(gate: &Gate, grant: &Grant, request: &Request, now: UnixTime) -> Result<Self, u32> {
        let (out, put) = Gate::upstream_changes(grant, request);
        out.into_iter().try_for_each(host::remove_request_header)?;
        let mut put = put.into_iter();
        put.try_for_each(|(name, value)| host::add_request_header(name, value.as_bytes()))?;
        Ok(Self {
            forward: grant.forward.clone(),
            replied: false,
            lister: lister(grant),
            reply: gate.reply_headers(grant, request, now),
            list: None,
        })
    }

    /// The upstream's reply is here; `ends` says that it has no body.
    pub fn answered(&mut self, gate: &Gate, ends: bool) {
        self.replied = true;
        for (name, value) in &self.reply {
            match *name {
                // The upstream's reply may vary by more than the origin.
                "vary" => host::add_response_header(name, value),
                _ => host::set_response_header(name, value),
            }
        }
        let Some(grant) = self.lister.as_ref().filter(|_| !ends) else {
            return;
        };
        let headers = host::response_headers().unwrap_or_default();
        let text = |name| {
            let (_, value) = headers.iter().find(|(field, _)| field == name)?;
            std::str::from_utf8(value).ok()
        };
        let status = text(":status").and_then(|status| status.parse().ok());
        // A status that cannot be read may be a success.
        self.list = gate.list_filter(grant, status.unwrap_or(200), text("content-type"));
        if self.list.is_some() {
            OF_THE_BODY.iter().for_each(|name| host::remove_response_header(name));
        }
    }

    /// A piece of the reply's body is here.
    pub fn streamed(&mut self, gate: &Gate, size: usize, ends: bool) -> Piece {
        let Self { lister: Some(grant), list: Some(list), .. } = self else {
            return Piece::Passes;
        };
        let (Ok(piece), Some(now)) = (host::response_body(size), host::now()) else {
            return Piece::Fails;
        };
        let more = if ends { More::Ended } else { More::Follows };
        let shown = gate.filter(list, grant, &piece, more, now);
        match host::replace_response_body(size, &shown) {
            Ok(()) => Piece::Passes,
            Err(_) => Piece::Fails,
        }
    }

    /// The reply ends with trailers. Envoy lets nothing be put before them: what is held of a list
    /// is lost, and its caller must not take that for an empty reply.
    pub fn reply_trailed(&self) -> Piece {
        if !self.list.as_ref().is_some_and(ListFilter::holds) {
            return Piece::Passes;
        }
        host::log(LogLevel::Warn, "waxseal: a list that ends with trailers cannot be shortened");
        Piece::Fails
    }

    /// Many servers merge trailers into the headers.
    pub fn strip_trailers(&self) {
        host::strip_request_trailers(|name| self.forward.strips(name));
    }
}

/// Whose list the reply may hold, if anybody's.
pub fn lister(grant: &Grant) -> Option<Box<Grant>> {
    grant.may_list().then(|| Box::new(grant.clone()))
}
