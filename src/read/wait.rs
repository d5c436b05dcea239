//! `Retry-After` -> seconds from now (RFC 9110 section 10.2.3). Never more than a day.

use crate::time::UnixTime;

/// Nobody waits longer without looking again.
const LONGEST: u64 = 86_400;

/// Reads seconds, or a date relative to `now`; what lies in the past is 0.
pub fn seconds(field: &str, now: UnixTime) -> Option<u64> {
    let field = field.trim_matches([' ', '\t']);
    let (sign, digits) = field.strip_prefix('-').map_or((1, field), |digits| (0, digits));
    if is_digits(digits) {
        // A number that does not fit is a long time.
        return Some((digits.parse().unwrap_or(LONGEST) * sign).min(LONGEST));
    }
    let later = UnixTime::from_seconds(date(field, now)?);
    Some(u64::from(now.until(later)).min(LONGEST))
}

/// An HTTP-date in one of its three formats (RFC 9110 section 5.6.7); the day's name is not
/// compared.
fn date(field: &str, now: UnixTime) -> Option<i64> {
    let words: Vec<_> = field.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [name, day, month, year, time, "GMT"] if name.ends_with(',') => {
            instant(number(year, 4)?, month, day, time)
        }
        [name, date, time, "GMT"] if name.ends_with(',') => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() {
                return None;
            }
            instant(full_year(number(year, 2)?, now), month, day, time)
        }
        [_, month, day, time, year] => instant(number(year, 4)?, month, day, time),
        _ => None,
    }
}

/// The last year that ends in these two digits and lies at most 50 years in the future (RFC 9110
/// section 5.6.7).
fn full_year(digits: i64, now: UnixTime) -> i64 {
    // Mean Gregorian years: near enough to tell centuries apart.
    let this_year = now.seconds().div_euclid(31_556_952).saturating_add(1970);
    let last = this_year.saturating_add(50);
    last.saturating_sub(last.saturating_sub(digits).rem_euclid(100))
}

fn instant(year: i64, month: &str, day: &str, time: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?;
    let mut parts = time.split(':');
    let mut part = || number(parts.next()?, 2);
    let (hour, minute, second) = (part()?, part()?, part()?);
    let day = number(day, day.len().min(2))?;
    // A second of 60 is a leap second.
    let exists = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    if !exists || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let days = days_before(year).checked_add((0..month).map(|past| days_in(year, past)).sum())?;
    Some((days + day - 1) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    (is_digits(text) && text.len() == digits).then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 to the first day of a year of four digits.
fn days_before(year: i64) -> i64 {
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, date, seconds};
    use crate::time::UnixTime;

    const NOW: UnixTime = UnixTime::from_seconds(784_111_777);

    #[test]
    fn the_three_formats_are_one_instant() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(date(text, NOW), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn the_calendar_is_gregorian() {
        for (text, instant) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 23:59:60 GMT", 951_868_800),
            ("Thu, 31 Dec 2026 23:59:59 GMT", 1_798_761_599),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
        ] {
            assert_eq!(date(text, NOW), Some(instant), "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_not_far_in_the_future() {
        let now = UnixTime::from_seconds(1_795_000_000); // 2026
        for (year, expected) in
            [("26", "2026"), ("76", "2076"), ("77", "1977"), ("00", "2000"), ("99", "1999")]
        {
            let short = format!("Monday, 02-Mar-{year} 00:00:00 GMT");
            let long = format!("Mon, 02 Mar {expected} 00:00:00 GMT");
            assert_eq!(date(&short, now), date(&long, now), "{year}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov -994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sun Nov  6 08:49:37 94",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(date(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn seconds_are_counted_from_now_and_have_an_end() {
        for (field, expected) in [
            ("120", Some(120)),
            (" 0\t", Some(0)),
            ("-5", Some(0)),
            ("99999999999999999999999", Some(LONGEST)),
            ("-99999999999999999999999", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST)),
            ("1.5", None),
            ("", None),
            ("-", None),
            ("5s", None),
        ] {
            assert_eq!(seconds(field, NOW), expected, "{field}");
        }
    }
}
