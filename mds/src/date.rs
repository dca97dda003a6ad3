//! Days, as the specification writes them.

use std::fmt;
use std::str::FromStr;

use rp_core::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day of the Gregorian calendar, `YYYY-MM-DD`; it begins at midnight UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

/// A text that is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the form YYYY-MM-DD")]
pub struct DateError;

impl Date {
    /// A day of the calendar, `None` where there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let exists = (0..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        exists.then(|| Self { days: days_from_civil(year, month, day) })
    }

    /// Its first second.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_unix_seconds(i64::from(self.days).saturating_mul(SECONDS))
    }

    /// The day after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { days: self.days.saturating_add(1) }
    }

    fn civil(self) -> (i32, u32, u32) {
        civil_from_days(self.days)
    }
}

impl From<Timestamp> for Date {
    /// The day that a time is in, by UTC.
    fn from(time: Timestamp) -> Self {
        let days = time.as_unix_seconds().div_euclid(SECONDS);
        // Beyond the years that can be written there is no day to tell apart.
        let days = i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX });
        Self { days }
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads `YYYY-MM-DD`; a time of day behind it, as ISO 8601 writes one, is passed over.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let (text, rest) = text.split_at_checked(10).ok_or(DateError)?;
        if !(rest.is_empty() || rest.starts_with('T')) {
            return Err(DateError);
        }
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return Err(DateError) };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u32, |value, digit| {
                let digit = char::from(*digit).to_digit(10)?;
                value.checked_mul(10)?.checked_add(digit)
            })
        };
        let year = number(&[y1, y2, y3, y4]).and_then(|year| i32::try_from(year).ok()).ok_or(DateError)?;
        let month = number(&[m1, m2]).ok_or(DateError)?;
        let day = number(&[d1, d2]).ok_or(DateError)?;
        Self::new(year, month, day).ok_or(DateError)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        f.pad(&format!("{year:04}-{month:02}-{day:02}"))
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

const SECONDS: i64 = 86_400;

const fn is_leap(year: i32) -> bool {
    (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0
}

const fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// From year 0 to the epoch, years being counted from March.
const MARCH_OF_YEAR_0_TO_EPOCH: i64 = 719_468;
/// Days of 400 years.
const ERA: i64 = 146_097;

#[expect(clippy::arithmetic_side_effects, reason = "the year has four digits at most, month and day two")]
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let (year, month) = (i64::from(year), i64::from(month));
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From March on, five months have 153 days.
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    i32::try_from(365 * year + leap_days + day_of_year - MARCH_OF_YEAR_0_TO_EPOCH).unwrap_or(i32::MAX)
}

#[expect(clippy::arithmetic_side_effects, reason = "the number of days has 32 bits, the arithmetic 64")]
fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = i64::from(days) + MARCH_OF_YEAR_0_TO_EPOCH;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    (i32::try_from(year).unwrap_or(i32::MAX), small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_and_written_alike_and_fall_where_the_calendar_has_them() {
        for (text, days) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2021-12-01", 18_962), ("0000-03-01", -719_468)]
        {
            assert_eq!(date(text), Date { days }, "{text}");
            assert_eq!(date(text).to_string(), text);
        }
        assert_eq!(date("2021-12-01").start().as_unix_seconds(), 1_638_316_800);
        for days in (-719_000..2_900_000).step_by(37) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn a_time_of_day_behind_the_day_is_passed_over() {
        assert_eq!(date("2021-12-01T23:59:59Z"), date("2021-12-01"));
    }

    #[test]
    fn a_time_is_in_its_day_by_utc() {
        let last = Timestamp::from_unix_seconds(1_638_316_799);
        assert_eq!(Date::from(last), date("2021-11-30"));
        assert_eq!(Date::from(Timestamp::from_unix_seconds(-1)), date("1969-12-31"));
        assert_eq!(date("2021-11-30").next(), date("2021-12-01"));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "2021-02-29",
            "2021-13-01",
            "2021-00-01",
            "2021-1-1",
            "21-12-01",
            "2021-12-01 ",
            "2021/12/01",
            "",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text:?}");
        }
    }
}
