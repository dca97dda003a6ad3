//! A point in time that the caller passes in: the core has no clock.

use core::fmt;
use core::time::Duration;

use time::{Date, Time, UtcDateTime};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds; negative before.
///
/// Prints as `2026-11-28 19:45:33 UTC`. Converts from and to the types of the crate [`time`].
///
/// # Examples
/// ```
/// use rp_core::Timestamp;
///
/// let time = Timestamp::from_unix_seconds(1_709_251_199);
/// assert_eq!(time.to_string(), "2024-02-29 23:59:59 UTC");
/// assert_eq!(Timestamp::from(time.date()).to_string(), "2024-02-29 00:00:00 UTC");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time this many seconds after the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn as_unix_seconds(self) -> i64 {
        self.0
    }

    /// The current time of the operating system's clock.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn now() -> Self {
        std::time::SystemTime::now().into()
    }

    /// Date and time in UTC; before the year -9999 and after 9999, the first and the last that [`time`] represents.
    #[must_use]
    pub fn to_utc(self) -> UtcDateTime {
        let (earliest, latest) = (UtcDateTime::MIN, UtcDateTime::MAX);
        let seconds = self.0.clamp(earliest.unix_timestamp(), latest.unix_timestamp());
        UtcDateTime::from_unix_timestamp(seconds).unwrap_or(latest)
    }

    /// The date in UTC, in the same range.
    #[must_use]
    pub fn date(self) -> Date {
        self.to_utc().date()
    }

    /// This time plus the whole seconds of a duration; stays at the last representable time.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// The time that has passed since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.to_utc();
        let (hour, minute, second) = utc.time().as_hms();
        write!(f, "{} {hour:02}:{minute:02}:{second:02} UTC", utc.date())
    }
}

/// Whole seconds; a fraction is dropped.
impl From<UtcDateTime> for Timestamp {
    fn from(time: UtcDateTime) -> Self {
        Self(time.unix_timestamp())
    }
}

/// The first second of a day in UTC.
impl From<Date> for Timestamp {
    fn from(date: Date) -> Self {
        UtcDateTime::new(date, Time::MIDNIGHT).into()
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => Self(seconds(after)),
            Err(before) => Self(seconds(before.duration()).saturating_neg()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn differences_do_not_go_below_zero() {
        let (early, late) = (Timestamp::from_unix_seconds(-5), Timestamp::from_unix_seconds(10));
        assert_eq!(late.saturating_since(early), Duration::from_secs(15));
        assert_eq!(early.saturating_since(late), Duration::ZERO);
        assert_eq!(early.saturating_add(Duration::from_secs(15)), late);
    }

    #[test]
    fn times_beyond_the_calendar_print_as_its_ends() {
        let print = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        assert_eq!(print(i64::MIN), "-9999-01-01 00:00:00 UTC");
        assert_eq!(print(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(print(i64::MAX), "9999-12-31 23:59:59 UTC");
    }

    #[test]
    fn a_date_is_its_first_second_in_utc() {
        let noon = Timestamp::from_unix_seconds(1_748_779_200);
        assert_eq!(Timestamp::from(noon.date()), Timestamp::from_unix_seconds(1_748_736_000));
        assert_eq!(Timestamp::from(noon.to_utc()), noon);
    }
}
