//! What one worker has fetched, all workers of the process may use: replies and leases in the
//! shared data of the VM, which outlives a change of the configuration. One fetch, not one a worker.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::host;
use crate::{Fetch, Fetched, UnixTime};

/// Seconds that a failure is of interest.
const FAILURE_AGE: u32 = 30;

/// A fetch that has ended somewhere in this process.
pub struct Posted {
    head: Head,
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// Milliseconds since 1970: tells one ending from the next.
    at: u64,
    /// `None`: there was no reply.
    status: Option<u16>,
    cache_control: Option<String>,
    /// Why there was no reply.
    cause: Option<String>,
}

impl Posted {
    pub fn reply(at: u64, status: u16, cache_control: Option<String>, body: Vec<u8>) -> Self {
        Self { head: Head { at, status: Some(status), cache_control, cause: None }, body }
    }

    pub fn failure(at: u64, cause: String) -> Self {
        let head = Head { at, status: None, cache_control: None, cause: Some(cause) };
        Self { head, body: Vec::new() }
    }

    /// When it ended, in milliseconds since 1970.
    pub fn at(&self) -> u64 {
        self.head.at
    }

    /// Whether it still says something: a failure for as long as nobody tries again, a document for
    /// its age.
    pub fn is_current(&self, now: u64, age: u32) -> bool {
        let seconds = if self.head.status == Some(200) { age } else { FAILURE_AGE };
        let age = u64::from(seconds).saturating_mul(1000);
        self.head.at <= now && now <= self.head.at.saturating_add(age)
    }

    /// The same, in seconds.
    pub fn time(&self) -> UnixTime {
        UnixTime::from_seconds(i64::try_from(self.head.at / 1000).unwrap_or(i64::MAX))
    }

    /// As the gate takes it.
    pub fn answer(&self) -> Fetched<'_> {
        let head = &self.head;
        match head.status {
            Some(status) => Fetched::Reply {
                status,
                cache_control: head.cache_control.as_deref(),
                body: &self.body,
            },
            None => Fetched::Failed(head.cause.as_deref().unwrap_or("no answer")),
        }
    }

    /// One line of JSON, then the body as it came.
    fn written(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec(&self.head).unwrap_or_default();
        text.push(b'\n');
        text.extend_from_slice(&self.body);
        text
    }

    fn read(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == b'\n')?;
        let (head, rest) = text.split_at_checked(end)?;
        Some(Self { head: serde_json::from_slice(head).ok()?, body: rest.get(1..)?.to_vec() })
    }
}

/// The last ending of a fetch.
pub fn posted(fetch: &Fetch) -> Option<Posted> {
    Posted::read(&host::shared(&place("reply", fetch))?.0)
}

/// Tells all workers how a fetch has ended, and lets the next one begin.
pub fn post(fetch: &Fetch, posted: &Posted) {
    host::share(&place("reply", fetch), &posted.written(), None);
    release(fetch);
}

/// Lets another worker do this fetch.
pub fn release(fetch: &Fetch) {
    host::share(&lease_of(fetch), b"0", None);
}

/// Tries to become the one worker that does this fetch. A lease that was never given back, since
/// its worker is gone, ends by itself, also where the clock was set back meanwhile.
pub fn lease(fetch: &Fetch, now: u64) -> bool {
    let place = lease_of(fetch);
    let ends = now.saturating_add(u64::from(fetch.timeout).saturating_add(1).saturating_mul(1000));
    let version = match host::shared(&place) {
        Some((lease, _)) if is_held(&lease, now..ends) => return false,
        Some((_, version)) => version,
        None => host::ABSENT,
    };
    host::share(&place, ends.to_string().as_bytes(), Some(version))
}

/// One for each timeout: nobody waits longer for another configuration than for its own.
fn lease_of(fetch: &Fetch) -> String {
    place(&format!("lease/{}", fetch.timeout), fetch)
}

/// Whether a lease ends later than now, and no later than one that begins now.
fn is_held(lease: &[u8], span: Range<u64>) -> bool {
    let ends = std::str::from_utf8(lease).ok().and_then(|text| text.parse().ok());
    // What cannot be read is not ours to end.
    ends.is_none_or(|ends: u64| span.start < ends && ends <= span.end)
}

/// Filters with one `vm_id` share these names.
fn place(kind: &str, fetch: &Fetch) -> String {
    format!("waxseal/{kind}/{}/{}", fetch.cluster.as_deref().unwrap_or_default(), fetch.uri)
}
