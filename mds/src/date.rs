//! Dates as the specification writes them: `YYYY-MM-DD`.

use std::fmt;
use std::str::FromStr;

use rp_core::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Month, OffsetDateTime};

/// A date of the Gregorian calendar in UTC, from year 0 to year 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

/// A text that is not a date of the form `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form YYYY-MM-DD")]
pub struct DateError;

impl Date {
    /// The date of this year, month and day; `None` if the calendar does not have it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        time::Date::from_calendar_date(i32::from(year), month, day).ok().map(Self)
    }

    /// Midnight, at which the date begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0.midnight().assume_utc().unix_timestamp())
    }

    /// The date so many days later; at most the last date of the calendar.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(time::Duration::days(i64::from(days))))
    }
}

impl From<Timestamp> for Date {
    /// The date in UTC; the first or the last of the calendar for a time outside of it.
    fn from(at: Timestamp) -> Self {
        let seconds = at.as_unix_seconds();
        let outside = if seconds < 0 { time::Date::MIN } else { time::Date::MAX };
        Self(OffsetDateTime::from_unix_timestamp(seconds).map_or(outside, OffsetDateTime::date))
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads `YYYY-MM-DD`; a time after `T` (ISO 8601) is ignored.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let (date, rest) = text.split_at_checked(10).ok_or(DateError)?;
        if !(rest.is_empty() || rest.starts_with('T')) {
            return Err(DateError);
        }
        let mut parts = date.split('-');
        let mut part = |len: usize| {
            let digits = parts.next().filter(|part| part.len() == len)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten()
        };
        let (year, month, day) =
            (part(4).ok_or(DateError)?, part(2).ok_or(DateError)?, part(2).ok_or(DateError)?);
        let small = |number| u8::try_from(number).map_err(|_| DateError);
        Self::new(year, small(month)?, small(day)?).ok_or(DateError)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        f.pad(&format!("{year:04}-{:02}-{day:02}", u8::from(month)))
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_written_as_they_are_read() {
        for text in ["1970-01-01", "2000-02-29", "2021-12-01", "0000-03-01", "9999-12-31"] {
            assert_eq!(date(text).to_string(), text);
        }
        assert_eq!(date("2021-12-01").start().as_unix_seconds(), 1_638_316_800);
        assert_eq!(date("2021-12-01T23:59:59Z"), date("2021-12-01"), "a time is ignored");
    }

    #[test]
    fn a_time_belongs_to_its_date_in_utc() {
        assert_eq!(Date::from(Timestamp::from_unix_seconds(1_638_316_799)), date("2021-11-30"));
        assert_eq!(Date::from(Timestamp::from_unix_seconds(-1)), date("1969-12-31"));
        assert_eq!(Date::from(Timestamp::from_unix_seconds(i64::MAX)), date("9999-12-31"));
        assert_eq!(date("2021-11-30").plus_days(1), date("2021-12-01"));
        assert_eq!(date("9999-12-31").plus_days(1), date("9999-12-31"));
    }

    #[test]
    fn text_that_is_not_a_date_is_rejected() {
        for text in [
            "2021-02-29",
            "2021-13-01",
            "2021-00-01",
            "2021-1-1",
            "21-12-01",
            "2021-12-01 ",
            "2021/12/01",
            "+021-12-01",
            "-202-12-01",
            "",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text:?}");
        }
    }
}
