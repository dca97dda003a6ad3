//! When a source is requested.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::time::Duration;

use rp_core::Timestamp;

use crate::cache::SourceRecord;

/// When a source is requested.
///
/// The FIDO Alliance publishes about twice a week, regardless of `nextUpdate`, and allows one download per hour.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The interval after a success.
    pub interval: Duration,
    /// The maximum random addition to the interval, to spread the load.
    pub jitter: Duration,
    /// The interval after the first failure, doubled after each further one.
    pub retry: Duration,
    /// The longest interval after a failure.
    pub longest_retry: Duration,
    /// How often files and the cache are checked for changes.
    pub poll: Duration,
    /// The source of the jitter. Random by default, so that processes that start together do not request together.
    pub seed: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        Self {
            interval: Duration::from_secs(24 * 60 * MINUTE),
            jitter: Duration::from_secs(60 * MINUTE),
            retry: Duration::from_secs(10 * MINUTE),
            longest_retry: Duration::from_secs(6 * 60 * MINUTE),
            poll: Duration::from_secs(5 * MINUTE),
            seed: RandomState::new().hash_one(()),
        }
    }
}

impl Schedule {
    /// The shortest pause of the loop, whatever is configured.
    pub(super) const LEAST: Duration = Duration::from_secs(1);

    /// When a source with a current list is due. Times in the future, left by a clock that was set back, are ignored,
    /// except for `Retry-After`.
    #[must_use]
    pub fn next(&self, record: &SourceRecord, now: Timestamp) -> Timestamp {
        let last = record.last_attempt.filter(|last| *last <= now);
        let due = last.map_or(now, |last| last.saturating_add(self.wait(last, record.failures)));
        // A later time than any that is recorded was recorded by a wrong clock.
        let farthest = now.saturating_add(Duration::from_secs(8 * 86_400));
        record
            .not_before
            .filter(|not_before| *not_before < farthest)
            .map_or(due, |not_before| due.max(not_before))
    }

    /// When a source is due that has no list, or an older one than was verified: the last attempt counts as a failure.
    pub(super) fn next_without_latest(&self, record: &SourceRecord, now: Timestamp) -> Timestamp {
        self.next(&SourceRecord { failures: record.failures.max(1), ..record.clone() }, now)
    }

    fn wait(&self, last: Timestamp, failures: u32) -> Duration {
        if failures == 0 {
            return self.interval.saturating_add(self.jitter.mul_f64(self.fraction(last)));
        }
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        let wait = self.retry.saturating_mul(doubled).min(self.longest_retry);
        // Between half of it and all of it.
        wait.mul_f64(0.5 + self.fraction(last) / 2.0)
    }

    /// A number from 0 to 1 that depends on the seed and the attempt only, so that asking twice gives one answer.
    fn fraction(&self, last: Timestamp) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, last.as_unix_seconds()).hash(&mut hasher);
        let bits = u32::try_from(hasher.finish() >> 32).unwrap_or(0);
        f64::from(bits) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn wait(record: &SourceRecord) -> u64 {
        Schedule::default().next(record, NOW).saturating_since(NOW).as_secs()
    }

    fn attempted(failures: u32) -> SourceRecord {
        SourceRecord { last_attempt: Some(NOW), failures, ..SourceRecord::default() }
    }

    #[test]
    fn a_source_is_requested_at_once_and_then_daily() {
        assert_eq!(wait(&SourceRecord::default()), 0);
        let at = |second| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + second);
        let wait = |schedule: &Schedule, at| {
            let record = SourceRecord { last_attempt: Some(at), ..SourceRecord::default() };
            schedule.next(&record, at).saturating_since(at).as_secs()
        };
        let waits = |schedule: &Schedule| (0..50).map(|second| wait(schedule, at(second))).collect();
        let schedule = Schedule::default();
        let (first, again): (Vec<u64>, Vec<u64>) = (waits(&schedule), waits(&schedule));
        assert!(first.iter().all(|wait| (86_400..=90_000).contains(wait)), "{first:?}");
        assert!(first.iter().any(|wait| *wait != first[0]), "each time with its own jitter");
        assert_eq!(first, again, "asking twice gives one answer");
        assert_ne!(first, waits(&Schedule::default()), "processes do not request together");
    }

    #[test]
    fn intervals_double_with_failures_up_to_a_bound() {
        for (failures, longest) in
            [(1, 600), (2, 1_200), (3, 2_400), (6, 19_200), (7, 21_600), (u32::MAX, 21_600)]
        {
            let wait = wait(&attempted(failures));
            assert!((longest / 2..=longest).contains(&wait), "{failures}: {wait}");
        }
    }

    #[test]
    fn waits_fill_the_range_between_their_bounds() {
        let waits = |failures: u32| -> Vec<u64> {
            let at = |second| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + second);
            let schedule = Schedule { seed: 7, ..Schedule::default() };
            let wait = |second| {
                let record =
                    SourceRecord { last_attempt: Some(at(second)), failures, ..SourceRecord::default() };
                schedule.next(&record, at(second)).saturating_since(at(second)).as_secs()
            };
            (0..1_000).map(wait).collect()
        };
        for (failures, from, to) in [(0, 86_400, 90_000), (1, 300, 600), (2, 600, 1_200)] {
            let waits = waits(failures);
            let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            let margin = (to - from) / 20;
            assert!(*least >= from && *least < from + margin, "{failures}: {least}");
            assert!(*most <= to && *most > to - margin, "{failures}: {most}");
        }
    }

    #[test]
    fn a_source_without_a_list_is_retried_like_a_failure() {
        let schedule = Schedule { seed: 7, ..Schedule::default() };
        let wait = |failures| {
            let next = schedule.next_without_latest(&attempted(failures), NOW);
            next.saturating_since(NOW).as_secs()
        };
        assert_eq!(wait(0), wait(1));
        assert!((300..=600).contains(&wait(0)) && (600..=1_200).contains(&wait(2)));
    }

    #[test]
    fn a_time_to_come_is_respected_for_eight_days() {
        let after = |seconds: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        let wait = |seconds| wait(&SourceRecord { not_before: Some(after(seconds)), ..attempted(1) });
        assert_eq!(wait(8 * 86_400 - 1), 8 * 86_400 - 1);
        assert!(wait(8 * 86_400) <= 600, "recorded by a wrong clock");
        assert!((300..=600).contains(&wait(10)), "the later time counts");
    }

    #[test]
    fn retry_after_is_respected_and_wrong_clocks_are_not() {
        let hours = |hours: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + hours * 3_600);
        let record = SourceRecord { not_before: Some(hours(12)), ..attempted(1) };
        assert_eq!(wait(&record), 12 * 3_600);
        let record = SourceRecord { not_before: Some(hours(24 * 365)), ..attempted(1) };
        assert!(wait(&record) <= 600);
        let record = SourceRecord { last_attempt: Some(hours(1)), ..SourceRecord::default() };
        assert_eq!(wait(&record), 0);
    }

    #[test]
    fn retry_after_is_respected_if_the_clock_goes_back() {
        let after = |seconds: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        let record = SourceRecord {
            last_attempt: Some(NOW),
            not_before: Some(after(7_200)),
            ..SourceRecord::default()
        };
        let next = Schedule::default().next(&record, after(-1));
        assert_eq!(next, after(7_200), "a second before the attempt");
    }
}
