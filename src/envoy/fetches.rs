//! The fetches of one worker. Each is done by one worker of the process; the others wait for what it
//! posts.

use std::collections::BTreeMap;

use super::board::{self, Posted};
use super::host::{self, Call};
use crate::Fetch;

/// What this worker fetches, or waits for.
#[derive(Default)]
pub struct Fetches {
    pending: Vec<Pending>,
    /// When the last ending of a fetch that this worker knows of was, by URI, in milliseconds.
    seen: BTreeMap<String, u64>,
}

/// How a fetch has ended.
pub type Ending = (Fetch, Posted);

struct Pending {
    fetch: Fetch,
    stage: Stage,
    /// Milliseconds since 1970.
    ends: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody has looked whether another worker does it.
    New,
    /// Another worker does it.
    Elsewhere,
    /// This worker does it, under this number at Envoy.
    Here(u32),
}

/// What has become of a fetch that was looked after.
enum Fate {
    Waits(Stage),
    Ended(Posted),
}

impl Fetches {
    /// Begins a fetch, unless it is under way: with the next look after all of them, which the root
    /// must take. A call of a stream's own dies with its client.
    pub fn begin(&mut self, fetch: Fetch) {
        if self.pending.iter().any(|pending| pending.fetch == fetch) {
            return;
        }
        let now = host::milliseconds().unwrap_or_default();
        let ends = now.saturating_add(u64::from(fetch.timeout).saturating_mul(1000));
        self.pending.push(Pending { fetch, stage: Stage::New, ends });
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether one has not been looked after yet.
    pub fn has_new(&self) -> bool {
        self.pending.iter().any(|pending| pending.stage == Stage::New)
    }

    /// Takes what other workers have fetched, or fetches it, or waits on.
    pub fn look_after(&mut self, now: u64) -> Vec<Ending> {
        let mut endings = Vec::new();
        for mut pending in std::mem::take(&mut self.pending) {
            match self.fate(&pending, now) {
                Fate::Waits(stage) => {
                    pending.stage = stage;
                    self.pending.push(pending);
                }
                Fate::Ended(posted) => endings.push(self.ended(pending.fetch, posted)),
            }
        }
        endings
    }

    /// The reply to a call is here; `None` where no fetch has made it.
    pub fn replied(&mut self, call: u32, size: usize) -> Option<Ending> {
        let place = self.pending.iter().position(|pending| pending.stage == Stage::Here(call))?;
        let now = host::milliseconds()?;
        let fetch = self.pending.remove(place).fetch;
        let posted = match host::replied(size.min(fetch.limit.saturating_add(1))) {
            // Envoy's own word for an issuer that does not answer in time.
            Some((504, ..)) => Posted::failure(now, "status 504".to_owned()),
            Some((status, cache_control, body)) => Posted::reply(now, status, cache_control, body),
            None => Posted::failure(now, "no answer".to_owned()),
        };
        board::post(&fetch, &posted);
        Some(self.ended(fetch, posted))
    }

    fn fate(&self, pending: &Pending, now: u64) -> Fate {
        let fetch = &pending.fetch;
        if matches!(pending.stage, Stage::Here(_)) {
            return Fate::Waits(pending.stage);
        }
        if let Some(posted) = self.news(fetch, now) {
            return Fate::Ended(posted);
        }
        if !board::lease(fetch, now) {
            return if pending.ends <= now {
                Fate::Ended(Posted::failure(now, "no answer of another worker".to_owned()))
            } else {
                Fate::Waits(Stage::Elsewhere)
            };
        }
        // Another worker may have ended between the two looks.
        if let Some(posted) = self.news(fetch, now) {
            board::release(fetch);
            return Fate::Ended(posted);
        }
        let call = Call {
            method: "GET",
            uri: &fetch.uri,
            cluster: fetch.cluster.as_deref(),
            authorization: None,
            content: None,
            timeout: fetch.timeout,
        };
        match host::dispatch(&call) {
            Ok(call) => Fate::Waits(Stage::Here(call)),
            Err(fault) => {
                let posted = Posted::failure(now, fault);
                board::post(fetch, &posted);
                Fate::Ended(posted)
            }
        }
    }

    /// An ending that this worker does not know of yet.
    fn news(&self, fetch: &Fetch, now: u64) -> Option<Posted> {
        let known = self.seen.get(&fetch.uri).copied().unwrap_or_default();
        board::posted(fetch)
            .filter(|posted| known < posted.at() && posted.is_current(now, fetch.age))
    }

    fn ended(&mut self, fetch: Fetch, posted: Posted) -> Ending {
        self.seen.insert(fetch.uri.clone(), posted.at());
        (fetch, posted)
    }
}
