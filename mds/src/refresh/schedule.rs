//! When to ask.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::time::Duration;

use rp_core::Timestamp;

use crate::cache::State;

/// When to ask a source.
///
/// The Alliance publishes about twice a week, whatever `nextUpdate` says, and allows one download an hour.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How long to wait after a success.
    pub interval: Duration,
    /// Up to so much longer, so that not everyone asks at once.
    pub jitter: Duration,
    /// How long to wait after the first failure; twice as long after each further one.
    pub retry: Duration,
    /// The longest wait after a failure.
    pub longest_retry: Duration,
    /// How often files, and what other processes put in the cache, are looked at.
    pub poll: Duration,
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
        }
    }
}

impl Schedule {
    /// The shortest pause of a loop, whatever was configured.
    pub(super) const LEAST: Duration = Duration::from_secs(1);

    /// When a source is due of which a list is held. A clock that was set back does not keep it waiting, unless the
    /// source does not want to be asked.
    #[must_use]
    pub fn next(&self, state: &State, now: Timestamp) -> Timestamp {
        let last = state.last_attempt.filter(|last| *last <= now);
        let due = last.map_or(now, |last| last.saturating_add(self.wait(last, state.failures)));
        // A date that lies further ahead than any that is taken down was written by another clock.
        let farthest = now.saturating_add(Duration::from_secs(8 * 86_400));
        state
            .not_before
            .filter(|not_before| *not_before < farthest)
            .map_or(due, |not_before| due.max(not_before))
    }

    /// When a source is due of which nothing is held: whatever came of the last attempt, it counts as a failure.
    pub(super) fn next_of_nothing(&self, state: &State, now: Timestamp) -> Timestamp {
        self.next(&State { failures: state.failures.max(1), ..state.clone() }, now)
    }

    fn wait(&self, last: Timestamp, failures: u32) -> Duration {
        if failures == 0 {
            return self.interval.saturating_add(self.jitter.mul_f64(fraction(last)));
        }
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        let wait = self.retry.saturating_mul(doubled).min(self.longest_retry);
        // Half of it, and up to as much again.
        wait.mul_f64(0.5 + fraction(last) / 2.0)
    }
}

/// Makes the jitter of one process another than the next one's.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// From 0 to 1, the same for one attempt whenever it is asked.
fn fraction(last: Timestamp) -> f64 {
    let bits = u32::try_from(SEED.hash_one(last.as_unix_seconds()) >> 32).unwrap_or(0);
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn wait(state: &State) -> u64 {
        Schedule::default().next(state, NOW).saturating_since(NOW).as_secs()
    }

    fn attempted(failures: u32) -> State {
        State { last_attempt: Some(NOW), failures, ..State::default() }
    }

    #[test]
    fn a_source_is_asked_at_once_and_then_daily() {
        assert_eq!(wait(&State::default()), 0);
        let at = |second| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + second);
        let wait = |at| {
            let state = State { last_attempt: Some(at), ..State::default() };
            Schedule::default().next(&state, at).saturating_since(at).as_secs()
        };
        let waits: Vec<_> = (0..50).map(|second| wait(at(second))).collect();
        assert!(waits.iter().all(|wait| (86_400..=90_000).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "a jitter of its own each time");
    }

    #[test]
    fn waits_double_with_failures_up_to_a_bound() {
        for (failures, longest) in
            [(1, 600), (2, 1_200), (3, 2_400), (6, 19_200), (7, 21_600), (u32::MAX, 21_600)]
        {
            let wait = wait(&attempted(failures));
            assert!((longest / 2..=longest).contains(&wait), "{failures}: {wait}");
        }
    }

    #[test]
    fn retry_after_is_heeded_and_clocks_that_were_wrong_are_not() {
        let hours = |hours: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + hours * 3_600);
        let state = State { not_before: Some(hours(12)), ..attempted(1) };
        assert_eq!(wait(&state), 12 * 3_600);
        let state = State { not_before: Some(hours(24 * 365)), ..attempted(1) };
        assert!(wait(&state) <= 600);
        let state = State { last_attempt: Some(hours(1)), ..State::default() };
        assert_eq!(wait(&state), 0);
    }

    #[test]
    fn retry_after_holds_though_the_clock_went_back() {
        let after = |seconds: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        let state = State { last_attempt: Some(NOW), not_before: Some(after(7_200)), ..State::default() };
        let next = Schedule::default().next(&state, after(-1));
        assert_eq!(next, after(7_200), "a second before the attempt that it was told in");
    }
}
