//! The behaviour of a [`RateLimiter`].

use std::sync::Arc;
use std::time::Duration;

use super::samples::{after, now};
use super::{count, race};
use crate::rate_limiter::{Limit, RateLimit, RateLimited, RateLimiter};

const LIMIT: Limit = Limit::new("names", 3, Duration::from_secs(60));
const SUBJECT: &str = "192.0.2.1";

fn exceeded(seconds: u64) -> RateLimit {
    RateLimit::Exceeded(RateLimited { retry_after: Duration::from_secs(seconds) })
}

/// The wait is the rest of the window; the window begins with the first attempt.
pub async fn attempts_above_the_limit_wait_for_the_window_to_end([limiter, other]: [impl RateLimiter; 2]) {
    let start = now();
    for seconds in [0, 10, 20] {
        assert_eq!(limiter.count(LIMIT, SUBJECT, after(start, seconds)).await.unwrap(), RateLimit::Allowed);
    }
    assert_eq!(other.count(LIMIT, SUBJECT, after(start, 20)).await.unwrap(), exceeded(40));
    assert_eq!(other.check(LIMIT, SUBJECT, after(start, 59)).await.unwrap(), exceeded(1));
    assert_eq!(other.check(LIMIT, SUBJECT, after(start, 60)).await.unwrap(), RateLimit::Allowed);
    assert_eq!(other.count(LIMIT, SUBJECT, after(start, 60)).await.unwrap(), RateLimit::Allowed);
}

/// Only an attempt counts.
pub async fn a_check_counts_nothing([limiter, _]: [impl RateLimiter; 2]) {
    let now = now();
    for _ in 0..9 {
        assert_eq!(limiter.check(LIMIT, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
    }
    assert_eq!(limiter.count(LIMIT, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
}

/// An attempt that revealed nothing is taken back, and never more attempts than were counted.
pub async fn a_forgiven_attempt_does_not_count([limiter, _]: [impl RateLimiter; 2]) {
    let now = now();
    limiter.forgive(LIMIT, SUBJECT, now).await.unwrap();
    for _ in 0..9 {
        assert_eq!(limiter.count(LIMIT, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
        limiter.forgive(LIMIT, SUBJECT, now).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(limiter.count(LIMIT, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
    }
    assert_eq!(limiter.count(LIMIT, SUBJECT, now).await.unwrap(), exceeded(60));
}

/// Subjects are addresses and users.
pub async fn subjects_are_limited_separately([limiter, _]: [impl RateLimiter; 2]) {
    let now = now();
    for subject in [SUBJECT, "192.0.2.2", "user 00ff"] {
        for _ in 0..3 {
            assert_eq!(limiter.count(LIMIT, subject, now).await.unwrap(), RateLimit::Allowed, "{subject}");
        }
        assert_eq!(limiter.count(LIMIT, subject, now).await.unwrap(), exceeded(60), "{subject}");
    }
}

/// A limit of one kind of attempt does not affect another.
pub async fn limits_are_counted_separately([limiter, _]: [impl RateLimiter; 2]) {
    let (now, other) = (now(), Limit::new("sign-ups", 1, Duration::from_secs(10)));
    for _ in 0..3 {
        assert_eq!(limiter.count(LIMIT, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
    }
    assert_eq!(limiter.count(other, SUBJECT, now).await.unwrap(), RateLimit::Allowed);
    assert_eq!(limiter.count(other, SUBJECT, now).await.unwrap(), exceeded(10));
    assert_eq!(limiter.check(LIMIT, SUBJECT, now).await.unwrap(), exceeded(60));
}

/// A limit of no attempts allows none.
pub async fn a_limit_of_zero_allows_nothing([limiter, _]: [impl RateLimiter; 2]) {
    let none = Limit::new("names", 0, Duration::from_secs(60));
    assert_eq!(limiter.count(none, SUBJECT, now()).await.unwrap(), exceeded(60));
}

/// Checking and counting are one step.
pub async fn of_parallel_attempts_no_more_than_the_limit_pass<L: RateLimiter + 'static>(limiters: [L; 2]) {
    let (limiters, now) = (limiters.map(Arc::new), now());
    let results =
        race(&limiters, 16, |limiter, _| async move { limiter.count(LIMIT, SUBJECT, now).await.unwrap() });
    let results = results.await;
    assert_eq!((count(&results, &RateLimit::Allowed), count(&results, &exceeded(60))), (3, 13));
}
