//! A point in time that the caller brings: the core has no clock.

use core::time::Duration;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds; negative before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many seconds after the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn as_unix_seconds(self) -> i64 {
        self.0
    }

    /// The time that the operating system's clock shows.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn now() -> Self {
        std::time::SystemTime::now().into()
    }

    /// This time and a duration, whole seconds of it; stays at the last representable time.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// How long ago `earlier` was; zero where it is not earlier.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
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
    use super::*;

    #[test]
    fn differences_do_not_go_below_zero() {
        let (early, late) = (Timestamp::from_unix_seconds(-5), Timestamp::from_unix_seconds(10));
        assert_eq!(late.saturating_since(early), Duration::from_secs(15));
        assert_eq!(early.saturating_since(late), Duration::ZERO);
        assert_eq!(early.saturating_add(Duration::from_secs(15)), late);
    }
}
