//! A request in the filter, and how much of its body is here.

use crate::{Answers, Body, Request, UnixTime};

/// A request on its way through the gate.
pub struct Visit {
    pub request: Request,
    pub answers: Answers,
    /// The end of its patience; `None` while it waits for a fetch that it has asked for itself, or
    /// for a body that the client may take its time with.
    pub until: Option<UnixTime>,
    pub body: Arrival,
}

/// How much of a body Envoy has. A copy is made to decide, and let go while the request waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Nothing.
    Awaited,
    /// So many bytes, and more may come.
    Partly(usize),
    /// All of it: so many bytes.
    Whole(usize),
    /// More than the limit.
    TooLong,
}

impl Visit {
    /// Begins with a request, of whose body `limit` bytes are read.
    pub fn of(request: Request, limit: usize) -> Self {
        let length = request.header("content-length").next();
        let length = length.and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
        let is_long =
            length.is_some_and(|length| usize::try_from(length).map_or(true, |l| l > limit));
        let body = if is_long { Arrival::TooLong } else { Arrival::Awaited };
        Self { request, answers: Answers::default(), until: None, body }
    }

    /// More of its body is here.
    pub fn shown(&mut self, size: usize, ends: bool, limit: usize) {
        self.body = match self.body {
            Arrival::TooLong => Arrival::TooLong,
            _ if size > limit => Arrival::TooLong,
            _ if ends => Arrival::Whole(size),
            _ => Arrival::Partly(size),
        };
    }

    /// As it waits.
    pub fn parked(mut self) -> Self {
        if matches!(self.request.body, Body::Read(_) | Body::Summary(_)) {
            self.request.body = Body::Unread;
        }
        self
    }
}
