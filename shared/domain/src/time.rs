//! Instants in whole seconds.

use std::fmt;

use jiff::{SignedDuration, Timestamp, fmt::temporal::Pieces};
use serde::{Deserialize, Serialize};

/// An instant in whole seconds since the Unix epoch, UTC, from 1970 to [`Time::MAX`].
///
/// Serializes as that number. [`Display`](fmt::Display) writes RFC 3339, as the API shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub struct Time(i64);

/// The text is no point in time that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// It is written in another way.
    #[error("must be {}", Time::FORMAT)]
    Format,
    /// It has a fraction of a second that is not zero.
    #[error("must be in whole seconds: a fraction may have zeros alone")]
    Fraction,
    /// It lies after [`Time::MAX`].
    #[error("must be {} or earlier", Time::MAX)]
    TooLate,
}

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

impl Time {
    /// The latest instant whose RFC 3339 form has a year of four digits at every offset.
    pub const MAX: Self = Self(253_402_207_200);

    /// How the API writes and reads points in time, in words.
    pub const FORMAT: &str = "an RFC 3339 time in whole seconds such as 2027-01-31T12:00:00Z";

    /// Makes an instant from seconds since the Unix epoch; beyond the bounds it becomes the bound.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        if seconds > Self::MAX.0 {
            Self::MAX
        } else if seconds < 0 {
            Self(0)
        } else {
            Self(seconds)
        }
    }

    /// Makes an instant from milliseconds since the Unix epoch, as API Gateway states them.
    #[must_use]
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Self::from_seconds(milliseconds.div_euclid(1000))
    }

    /// Reads an RFC 3339 instant up to [`Time::MAX`]; any offset, and a fraction of up to nine zeros.
    pub fn parse(text: &str) -> Result<Self, BadTime> {
        let whole = without_fraction(text);
        let (text, digits) = whole.as_ref().map_or((text, ""), |(text, digits)| (text.as_str(), *digits));
        let parts =
            Pieces::parse(text).ok().filter(|_| is_rfc_3339(text.as_bytes())).ok_or(BadTime::Format)?;
        let (time, offset) = parts.time().zip(parts.to_numeric_offset()).ok_or(BadTime::Format)?;
        if digits.bytes().any(|digit| digit != b'0') {
            return Err(BadTime::Fraction);
        }
        // Every date with four digits of the year is in jiff's range but for the last hours of the year 9999.
        let instant = offset.to_timestamp(parts.date().to_datetime(time)).map_err(|_| BadTime::TooLate)?;
        if instant.as_second() > Self::MAX.0 { Err(BadTime::TooLate) } else { Ok(instant.as_second().into()) }
    }

    /// Returns the seconds since the Unix epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the instant `seconds` later, or earlier if negative.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self::from_seconds(self.0.saturating_add(seconds))
    }

    /// Tells whether fewer than `seconds` have passed since this instant. Also true if it is later than `now`.
    #[must_use]
    pub fn is_within(self, seconds: i64, now: Self) -> bool {
        now < self.plus(seconds)
    }

    /// Returns the seconds from `earlier` to this instant; negative if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the start of the next day, UTC.
    #[must_use]
    pub const fn next_midnight(self) -> Self {
        Self::from_seconds((self.0 / DAY + 1) * DAY)
    }

    /// Returns the date, UTC, as `2027-01-31`.
    #[must_use]
    pub fn utc_date(self) -> String {
        let mut text = self.to_string();
        text.truncate("2027-01-31".len());
        text
    }

    /// Returns the days from `now` to this instant, a started day counted whole, never negative.
    #[must_use]
    pub const fn days_from(self, now: Self) -> i64 {
        let seconds = self.since(now);
        if seconds <= 0 { 0 } else { (seconds + DAY - 1) / DAY }
    }
}

/// Splits a fraction of one to nine digits off the seconds, and returns the text without it, and the digits. `None` if
/// there is none.
fn without_fraction(text: &str) -> Option<(String, &str)> {
    let (seconds, rest) =
        text.split_once('.').filter(|(seconds, _)| seconds.len() == "0000-00-00T00:00:00".len())?;
    let end = rest.find(|character: char| !character.is_ascii_digit())?;
    let (digits, zone) = rest.split_at(end);
    (1..=9).contains(&digits.len()).then(|| (format!("{seconds}{zone}"), digits))
}

/// Tells whether text is written as `2027-01-31T12:00:00` and `Z` or an offset such as `+02:00`.
fn is_rfc_3339(text: &[u8]) -> bool {
    const DATE_TIME: &[u8] = b"0000-00-00T00:00:00";
    const OFFSET: &[u8] = b"+00:00";
    let alike = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(character, expected)| match expected {
                b'0' => character.is_ascii_digit(),
                b'+' => matches!(character, b'+' | b'-'),
                expected => character.eq_ignore_ascii_case(expected),
            })
    };
    text.split_at_checked(DATE_TIME.len()).is_some_and(|(date_time, zone)| {
        let leap = date_time.ends_with(b":60");
        // jiff takes offsets of more than a day too.
        let is_offset = alike(zone, OFFSET) && zone[1..3] < b"24"[..];
        alike(date_time, DATE_TIME) && !leap && (matches!(zone, b"Z" | b"z") || is_offset)
    })
}

impl From<i64> for Time {
    fn from(seconds: i64) -> Self {
        Self::from_seconds(seconds)
    }
}

impl From<Time> for i64 {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Timestamp::from_duration(SignedDuration::from_secs(self.0)).map_err(|_| fmt::Error)?.fmt(formatter)
    }
}

#[cfg(test)]
mod tests;
