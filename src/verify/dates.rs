//! When a token holds. Never knows which claims an issuer may leave out.

use crate::error::Error;
use crate::time::UnixTime;

/// What a token says of its time (RFC 7519 sections 4.1.4 to 4.1.6): all that has to be looked at
/// again when it is shown again.
#[derive(Clone, Copy, Debug)]
pub struct Dates {
    /// `exp`.
    pub end: UnixTime,
    /// `nbf`.
    pub begin: Option<UnixTime>,
    /// `iat`.
    pub issue: Option<UnixTime>,
}

/// The time, and how far an issuer's clock may be from ours.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time.
    pub now: UnixTime,
    /// Seconds for which a token holds beyond its end.
    pub late: u32,
    /// Seconds that its begin and its issue may lie ahead.
    pub ahead: u32,
}

impl Dates {
    /// Whether they allow a token now.
    ///
    /// # Errors
    /// The first that does not.
    pub fn hold(&self, clock: Clock) -> Result<(), Error> {
        clock.end(self.end)?;
        clock.begin(self.begin)?;
        clock.issue(self.issue)?;
        Ok(())
    }
}

impl Clock {
    /// An end that lies ahead.
    pub fn end(self, exp: UnixTime) -> Result<UnixTime, Error> {
        let Self { now, late, .. } = self;
        if now >= exp.after(late) { Err(Error::TokenExpired { exp, now }) } else { Ok(exp) }
    }

    /// A begin that does not.
    pub fn begin(self, begin: Option<UnixTime>) -> Result<Option<UnixTime>, Error> {
        let Self { now, ahead, .. } = self;
        match begin {
            Some(nbf) if nbf > now.after(ahead) => Err(Error::TokenNotYetValid { nbf, now }),
            other => Ok(other),
        }
    }

    /// An issue that does not.
    pub fn issue(self, issue: Option<UnixTime>) -> Result<Option<UnixTime>, Error> {
        let Self { now, ahead, .. } = self;
        match issue {
            Some(iat) if iat > now.after(ahead) => Err(Error::TokenIssuedInFuture { iat, now }),
            other => Ok(other),
        }
    }
}
