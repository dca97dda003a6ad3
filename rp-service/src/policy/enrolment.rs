use std::time::Duration;

use rp_core::Timestamp;
use serde::Deserialize;

use super::text::UtcDate;

/// From when the rules for factors and passkeys apply.
///
/// The period of grace starts at the later of `from` and the day on which the user joined the group, and ends after
/// `grace_days` days; without any, the rules apply from the start. Days are in UTC. The user is reminded from
/// `remind_days` before the start until the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnrolmentPeriod {
    /// The first day.
    pub from: UtcDate,
    /// The number of days in which the user can still sign in without the factor.
    #[serde(default)]
    pub grace_days: u16,
    /// The number of days before the start from which the user is reminded.
    #[serde(default)]
    pub remind_days: u16,
}

/// Where a user is in the period of an [`EnrolmentPeriod`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The user is not reminded yet.
    Before,
    /// The user is reminded; the period has not started.
    Reminded {
        /// The end of the period.
        by: Timestamp,
    },
    /// The period of grace has started.
    Grace {
        /// Its end.
        by: Timestamp,
    },
    /// The period has ended: the rules apply.
    Ended {
        /// Its end.
        at: Timestamp,
    },
}

impl EnrolmentPeriod {
    /// The phase of a user who joined the group at a time; earlier than `from` if that is not known.
    #[must_use]
    pub fn phase(&self, joined_at: Option<Timestamp>, now: Timestamp) -> Phase {
        let start = self.start(joined_at);
        let by = start.saturating_add(days(self.grace_days));
        if now >= by {
            Phase::Ended { at: by }
        } else if now >= start {
            Phase::Grace { by }
        } else if now.saturating_add(days(self.remind_days)) >= start {
            Phase::Reminded { by }
        } else {
            Phase::Before
        }
    }

    fn start(&self, joined_at: Option<Timestamp>) -> Timestamp {
        let joined = joined_at.map(|time| Timestamp::from(time.date()));
        joined.map_or(self.from.start(), |day| day.max(self.from.start()))
    }

    /// The one that ends earlier for a user whose day of joining does not matter; of two that end together, the one that
    /// begins earlier, then the one that reminds later. Without a period, the rules apply at once.
    pub(super) fn earlier(one: Option<Self>, another: Option<Self>) -> Option<Self> {
        let end = |period: &Self| (period.start(None).saturating_add(days(period.grace_days)), *period);
        let (one, another) = (one?, another?);
        Some(if end(&another) < end(&one) { another } else { one })
    }
}

fn days(days: u16) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn enrolment(grace_days: u16, remind_days: u16) -> EnrolmentPeriod {
        EnrolmentPeriod { from: UtcDate(date!(2027 - 01 - 15)), grace_days, remind_days }
    }

    fn at(day: time::Date) -> Timestamp {
        day.into()
    }

    fn before(day: time::Date) -> Timestamp {
        Timestamp::from_unix_seconds(at(day).as_unix_seconds().saturating_sub(1))
    }

    #[test]
    fn each_phase_starts_with_the_first_second_of_its_day() {
        let (enrolment, by) = (enrolment(14, 30), at(date!(2027 - 01 - 29)));
        for (now, phase) in [
            (before(date!(2026 - 12 - 16)), Phase::Before),
            (at(date!(2026 - 12 - 16)), Phase::Reminded { by }),
            (before(date!(2027 - 01 - 15)), Phase::Reminded { by }),
            (at(date!(2027 - 01 - 15)), Phase::Grace { by }),
            (before(date!(2027 - 01 - 29)), Phase::Grace { by }),
            (by, Phase::Ended { at: by }),
        ] {
            assert_eq!(enrolment.phase(None, now), phase, "{now}");
        }
    }

    #[test]
    fn the_grace_starts_on_the_day_of_joining_if_that_is_later() {
        let by = at(date!(2027 - 03 - 15));
        let joined = Timestamp::from_unix_seconds(at(date!(2027 - 03 - 01)).as_unix_seconds() + 86_399);
        let phase = |now| enrolment(14, 30).phase(Some(joined), now);
        assert_eq!(phase(before(date!(2027 - 03 - 01))), Phase::Reminded { by });
        assert_eq!(phase(at(date!(2027 - 03 - 01))), Phase::Grace { by });
        assert_eq!(phase(before(date!(2027 - 03 - 15))), Phase::Grace { by });
        assert_eq!(phase(by), Phase::Ended { at: by });
        let earlier = Some(at(date!(2027 - 01 - 14)));
        assert_eq!(enrolment(14, 30).phase(earlier, by), enrolment(14, 30).phase(None, by));
    }

    #[test]
    fn without_grace_and_reminder_the_rules_start_at_once() {
        let (enrolment, from) = (enrolment(0, 0), at(date!(2027 - 01 - 15)));
        assert_eq!(enrolment.phase(None, before(date!(2027 - 01 - 15))), Phase::Before);
        assert_eq!(enrolment.phase(None, from), Phase::Ended { at: from });
    }

    #[test]
    fn the_earlier_end_is_the_stricter_one() {
        let (short, long) = (Some(enrolment(1, 30)), Some(enrolment(14, 0)));
        assert_eq!(EnrolmentPeriod::earlier(long, short), short);
        assert_eq!(EnrolmentPeriod::earlier(short, long), short);
        assert_eq!(EnrolmentPeriod::earlier(short, None), None);
        let late = Some(enrolment(1, 7));
        assert_eq!(EnrolmentPeriod::earlier(short, late), late);
        assert_eq!(EnrolmentPeriod::earlier(late, short), late);
    }
}
