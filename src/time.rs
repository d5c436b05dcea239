//! Seconds -> an instant. Never reads a clock: every face hands `now` in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519 section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

/// The largest magnitude that a JSON number carries exactly (RFC 8259 section 6).
const EXACT: i64 = 1 << 53;

impl UnixTime {
    /// The instant that lies this many seconds after 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Reads a `NumericDate` (RFC 7519 section 2).
    ///
    /// A fraction is rounded up: `now` is a whole second, so every comparison with a whole
    /// second comes out as it would with the fraction. `None` beyond ±2^53.
    pub fn from_numeric_date(number: &Number) -> Option<Self> {
        Self::rounded(number, f64::ceil)
    }

    /// The same, rounded down: for what must not lie too far in the past.
    pub(crate) fn floor_of_numeric_date(number: &Number) -> Option<Self> {
        Self::rounded(number, f64::floor)
    }

    fn rounded(number: &Number, round: fn(f64) -> f64) -> Option<Self> {
        let seconds = match number.as_i64() {
            Some(whole) => whole,
            None => whole(round(number.as_f64()?))?,
        };
        (-EXACT..=EXACT).contains(&seconds).then_some(Self(seconds))
    }

    /// Reads a claim that is a `NumericDate`, where it is present; fails for any other value.
    pub(crate) fn in_claims(claims: &Map<String, Value>, claim: &str) -> Result<Option<Self>, ()> {
        match claims.get(claim) {
            None => Ok(None),
            Some(Value::Number(number)) => Self::from_numeric_date(number).map(Some).ok_or(()),
            Some(_) => Err(()),
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later.
    #[must_use]
    pub fn after(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(i64::from(seconds)))
    }

    /// How many seconds lie between `self` and a later instant; 0 when it is not later.
    pub fn until(self, later: Self) -> u32 {
        u32::try_from(later.0.saturating_sub(self.0).max(0)).unwrap_or(u32::MAX)
    }
}

fn whole(seconds: f64) -> Option<i64> {
    let bound = 9_007_199_254_740_992.0; // 2^53
    if !(-bound..=bound).contains(&seconds) {
        return None;
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "a whole number within ±2^53 fits"
    )]
    Some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::UnixTime;

    fn read(json: &str) -> Option<i64> {
        let number = serde_json::from_str(json).ok()?;
        UnixTime::from_numeric_date(&number).map(UnixTime::seconds)
    }

    #[test]
    fn numeric_dates_are_whole_or_rounded_up() {
        assert_eq!(read("1700000000"), Some(1_700_000_000));
        assert_eq!(read("1700000000.25"), Some(1_700_000_001));
        assert_eq!(read("-0.5"), Some(0));
        assert_eq!(read("-1.5"), Some(-1));
        assert_eq!(read("1.7e9"), Some(1_700_000_000));
    }

    #[test]
    fn numeric_dates_out_of_range_are_none() {
        for json in ["1e300", "-1e300", "9007199254740993", "18446744073709551615"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = UnixTime::from_seconds(i64::MAX);
        assert_eq!(end.after(1), end);
        assert_eq!(end.until(UnixTime::from_seconds(0)), 0);
        assert_eq!(UnixTime::from_seconds(0).until(end), u32::MAX);
    }
}
