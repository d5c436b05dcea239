//! A document that a decision needs, and the life of its fetches: one at a time, and fewer while
//! they fail. Decides from `now` alone; never fetches itself.

use crate::error::Excerpt;
use crate::parse;
use crate::time::UnixTime;

/// Seconds before a failed fetch is tried again: doubled from the first to the second.
const RETRY_AFTER: (u32, u32) = (5, 60);

/// A document that a decision needs: the face gets it and tells [`crate::Gate::fetched`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    pub(crate) subject: Subject,
    /// What to get, with `GET` and without following redirects.
    pub uri: String,
    /// The Envoy cluster that leads there.
    pub cluster: Option<String>,
    /// Seconds that it may take.
    pub timeout: u32,
    /// Bytes of body to read at most.
    pub limit: usize,
    /// Seconds that what it brings is used for at most, unless later fetches fail.
    pub age: u32,
}

/// Whose document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The issuer's of this place in the configuration.
    Issuer(usize, Document),
    /// The list of what is revoked.
    Revocations,
}

/// Which of an issuer's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    KeySet,
    Metadata,
}

/// A reply to a fetch, or the cause of its lack.
#[derive(Clone, Copy, Debug)]
pub enum Fetched<'a> {
    /// There was a reply.
    Reply {
        /// Its status.
        status: u16,
        /// Its `Cache-Control`, where it has one.
        cache_control: Option<&'a str>,
        /// Its body.
        body: &'a [u8],
    },
    /// There was none; the text names the cause for the log.
    Failed(&'a str),
}

/// How one request stands to fetches of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// It waits for a fetch that is under way.
    #[default]
    Waits,
    /// It has waited as long as it may, and gets its own.
    Ended,
}

/// A document cannot be had before so many seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Why the last fetch failed.
    pub fault: Excerpt,
    /// Seconds until the next one.
    pub retry_after: u32,
}

/// The fetches of one document.
#[derive(Debug, Default)]
pub struct Attempts {
    /// One is under way; given up at this time.
    under_way: Option<UnixTime>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    fault: Excerpt,
    at: UnixTime,
    count: u32,
}

impl Attempts {
    /// Begins one, unless one is under way: then, until when.
    pub fn begin(
        &mut self,
        timeout: u32,
        patience: Patience,
        now: UnixTime,
    ) -> Result<(), UnixTime> {
        if let Some(until) = self.awaited(patience, now) {
            return Err(until);
        }
        // One more: both ends are rounded down to a whole second.
        self.under_way = Some(now.after(timeout).after(1));
        Ok(())
    }

    /// The end of one that is under way and is waited for.
    pub fn awaited(&self, patience: Patience, now: UnixTime) -> Option<UnixTime> {
        self.under_way.filter(|until| patience == Patience::Waits && now < *until)
    }

    /// It is too soon after a failure.
    pub fn too_soon(&self, now: UnixTime) -> Option<Unavailable> {
        let next = self.failure.as_ref()?.next();
        if now < next { self.unavailable(now.until(next)) } else { None }
    }

    /// The last one failed: what to say to a request that cannot wait for so many seconds.
    pub fn unavailable(&self, seconds: u32) -> Option<Unavailable> {
        let fault = self.failure.as_ref()?.fault.clone();
        Some(Unavailable { fault, retry_after: seconds.max(1) })
    }

    /// Whether the last one failed.
    pub fn fail(&self) -> bool {
        self.failure.is_some()
    }

    /// Nothing is under way any more.
    pub fn ended(&mut self) {
        self.under_way = None;
    }

    /// One has brought what was wanted.
    pub fn succeeded(&mut self) {
        self.failure = None;
    }

    /// One has failed.
    pub fn failed(&mut self, fault: Excerpt, at: UnixTime) {
        // Several requests may have fetched the same: that is one failure.
        let count = match &self.failure {
            Some(failure) if at < failure.next() => failure.count,
            Some(failure) => failure.count.saturating_add(1),
            None => 1,
        };
        self.failure = Some(Failure { fault, at, count });
    }

    /// A clock that was set back leaves instants of a future that may never come: they are as good
    /// as absent.
    pub fn set_back(&mut self, timeout: u32, now: UnixTime) {
        self.failure.take_if(|failure| failure.at > now);
        self.under_way.take_if(|until| *until > now.after(timeout).after(1));
    }
}

impl Failure {
    /// When a fetch is tried again.
    fn next(&self) -> UnixTime {
        let (first, most) = RETRY_AFTER;
        let doubled = first.saturating_mul(2_u32.saturating_pow(self.count.saturating_sub(1)));
        self.at.after(doubled.min(most))
    }
}

/// When a document of an age is fetched again ahead of need.
pub fn early(since: UnixTime, age: u32) -> UnixTime {
    since.after(age.saturating_mul(4).div_ceil(5))
}

/// The body of a document and how long it says it may be used.
pub fn read(answer: Fetched<'_>, limit: usize) -> Result<(&[u8], Option<u32>), Excerpt> {
    match answer {
        Fetched::Failed(cause) => Err(Excerpt::of(cause)),
        // Redirects included: they would lead where the configuration does not.
        Fetched::Reply { status, .. } if status != 200 => {
            Err(Excerpt::of(&format!("status {status}")))
        }
        Fetched::Reply { body, .. } if body.len() > limit => {
            Err(Excerpt::of(&format!("over {} KiB", limit / 1024)))
        }
        Fetched::Reply { cache_control, body, .. } => {
            Ok((body, cache_control.and_then(parse::max_age)))
        }
    }
}
