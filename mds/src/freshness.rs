//! How old a list may be.

use rp_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::date::Date;

/// Whether the successor of a list is overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Freshness {
    /// The next list is not due yet, or the list has no date: an operator's own entries do not age.
    Fresh,
    /// The next list is overdue, within the grace period. The list is used, with a warning.
    Stale {
        /// The date on which the next list was due.
        due: Date,
    },
    /// The grace period is over.
    TooOld {
        /// The date on which the next list was due.
        due: Date,
    },
}

/// How long an overdue list is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Staleness {
    /// Days after the due date during which a list is stale only.
    pub grace_days: u32,
    /// Days after which the next list is due if a list has no `nextUpdate` (MDS 3.1.1 discourages it), counted from the
    /// publisher's last answer.
    pub assumed_interval_days: u32,
    /// The consequence of a list that is too old.
    pub too_old: TooOld,
}

/// The consequence of a list that is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooOld {
    /// It is still used, with a warning: the FIDO Alliance has been late by days.
    #[default]
    Serve,
    /// Its models are refused.
    Refuse,
}

impl Default for Staleness {
    /// A month each, which is the interval of `nextUpdate`; then the list is used with a warning.
    fn default() -> Self {
        Self { grace_days: 30, assumed_interval_days: 31, too_old: TooOld::Serve }
    }
}

impl Staleness {
    /// The date on which the successor of a list is due: its `nextUpdate`; without one, so many days after the publisher
    /// last confirmed the list. `None` if neither is known.
    #[must_use]
    pub fn due(&self, next_update: Option<Date>, confirmed_at: Option<Timestamp>) -> Option<Date> {
        next_update.or_else(|| Some(Date::from(confirmed_at?).plus_days(self.assumed_interval_days)))
    }

    /// The freshness at a time of a list whose successor is due on this date. The date itself is still in time.
    #[must_use]
    pub fn freshness(&self, due: Option<Date>, at: Timestamp) -> Freshness {
        let Some(due) = due else { return Freshness::Fresh };
        let today = Date::from(at);
        if today <= due {
            Freshness::Fresh
        } else if today <= due.plus_days(self.grace_days) {
            Freshness::Stale { due }
        } else {
            Freshness::TooOld { due }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALENESS: Staleness =
        Staleness { grace_days: 10, assumed_interval_days: 20, too_old: TooOld::Refuse };

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_list_is_fresh_until_it_is_due_then_stale_then_too_old() {
        let due = date("2026-03-01");
        let at = |day: &str, second: i64| {
            let at = date(day).start().as_unix_seconds().checked_add(second).unwrap();
            STALENESS.freshness(Some(due), Timestamp::from_unix_seconds(at))
        };
        assert_eq!(at("2026-03-01", 86_399), Freshness::Fresh);
        assert_eq!(at("2026-03-02", 0), Freshness::Stale { due });
        assert_eq!(at("2026-03-11", 86_399), Freshness::Stale { due });
        assert_eq!(at("2026-03-12", 0), Freshness::TooOld { due });
        assert_eq!(STALENESS.freshness(None, Timestamp::from_unix_seconds(i64::MAX)), Freshness::Fresh);
    }

    #[test]
    fn without_next_update_the_age_counts_from_the_last_answer() {
        let answered = Some(date("2026-03-01").start());
        assert_eq!(STALENESS.due(None, answered), Some(date("2026-03-21")));
        assert_eq!(STALENESS.due(Some(date("2026-03-02")), answered), Some(date("2026-03-02")));
        assert_eq!(STALENESS.due(None, None), None);
    }
}
