//! `nextUpdate`: how old a list may be.

use std::time::Duration;

use rp_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::date::Date;

/// How a list stands to its `nextUpdate` at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Freshness {
    /// The next one is not due yet, or the list does not say when it is.
    Fresh,
    /// The next one is overdue, and the grace is not over: served, with a warning.
    Stale {
        /// The day by which it was due.
        due: Date,
    },
    /// The grace is over.
    TooOld {
        /// The day by which it was due.
        due: Date,
    },
}

/// How long a list is served that is overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Staleness {
    /// For so many days behind `nextUpdate` a list is stale and no more.
    pub grace_days: u32,
    /// What becomes of a list that is too old.
    pub too_old: TooOld,
}

/// What becomes of a list that is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooOld {
    /// It is served all the same, with a warning: the Alliance has been late by days, and its signer by more.
    #[default]
    Serve,
    /// Models are refused on its word.
    Refuse,
}

impl Default for Staleness {
    /// A month, which is how often the Alliance is due; then served with a warning.
    fn default() -> Self {
        Self { grace_days: 30, too_old: TooOld::Serve }
    }
}

impl Freshness {
    /// How a list whose next is due on a day stands at a time. The day itself is still in time.
    #[must_use]
    pub fn of(next_update: Option<Date>, at: Timestamp, staleness: Staleness) -> Self {
        let Some(due) = next_update else { return Self::Fresh };
        let overdue_from = due.next().start();
        if at < overdue_from {
            return Self::Fresh;
        }
        let grace = Duration::from_secs(u64::from(staleness.grace_days).saturating_mul(86_400));
        if at < overdue_from.saturating_add(grace) { Self::Stale { due } } else { Self::TooOld { due } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_fresh_through_the_day_of_the_next_then_stale_then_too_old() {
        let due: Date = "2026-03-01".parse().unwrap();
        let staleness = Staleness { grace_days: 10, too_old: TooOld::Refuse };
        let at = |day: &str, second: i64| {
            let start = day.parse::<Date>().unwrap().start().as_unix_seconds();
            let at = Timestamp::from_unix_seconds(start.checked_add(second).unwrap());
            Freshness::of(Some(due), at, staleness)
        };
        assert_eq!(at("2026-03-01", 86_399), Freshness::Fresh);
        assert_eq!(at("2026-03-02", 0), Freshness::Stale { due });
        assert_eq!(at("2026-03-11", 86_399), Freshness::Stale { due });
        assert_eq!(at("2026-03-12", 0), Freshness::TooOld { due });
        let at = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(Freshness::of(None, at, staleness), Freshness::Fresh, "3.1.1 discourages the member");
    }
}
