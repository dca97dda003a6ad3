use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rp_core::Timestamp;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
use sha2::{Digest as _, Sha256};

use crate::store::StoreError;

/// Limits attempts that reveal something when they fail, such as that a username is taken, and what one client can create.
///
/// An attempt is counted before the response, and uncounted if the response revealed nothing: of parallel attempts no
/// more are answered than of sequential ones.
///
/// The subject is a network address, or `user`, a space and the user handle. Behind a proxy every request has the address
/// of the proxy: configure the header that the proxy writes, or all users share one limit.
pub trait RateLimiter: Send + Sync {
    /// Returns whether the subject may try. Nothing is counted.
    ///
    /// # Errors
    /// [`StoreError`].
    fn check(
        &self,
        limit: Limit,
        subject: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<RateLimit, StoreError>> + Send;

    /// Counts an attempt, if the subject may try.
    ///
    /// # Errors
    /// [`StoreError`].
    fn count(
        &self,
        limit: Limit,
        subject: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<RateLimit, StoreError>> + Send;

    /// Takes back an attempt that was counted.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forgive(
        &self,
        limit: Limit,
        subject: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes what was counted in windows that had ended before `before`, at most
    /// [`SWEEP_LIMIT`](crate::store::SWEEP_LIMIT), and returns the number. A limiter that forgets by itself does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = before;
        async { Ok(0) }
    }
}

/// A limit: a number of attempts per subject in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name; subjects are counted apart under each name.
    pub name: &'static str,
    /// The number of attempts.
    pub attempts: u32,
    /// The window.
    pub window: Duration,
}

impl Limit {
    /// A limit.
    #[must_use]
    pub const fn new(name: &'static str, attempts: u32, window: Duration) -> Self {
        Self { name, attempts, window }
    }

    /// The end of a window that starts now, rounded up to a second.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
    pub(crate) fn window_end(&self, now: Timestamp) -> Timestamp {
        let seconds = self.window.as_secs().saturating_add(u64::from(self.window.subsec_nanos() > 0));
        let end = now.as_unix_seconds().saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timestamp::from_unix_seconds(end)
    }
}

/// The key of a subject under a limit, for stores that several processes share: a SHA-256 hash, so that no address is
/// stored.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct SubjectKey([u8; 32]);

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
impl SubjectKey {
    pub(crate) fn new(limit: Limit, subject: &str) -> Self {
        Self(Sha256::digest(key(limit, subject)).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The result of a [`RateLimiter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum RateLimit {
    /// The subject may try.
    Allowed,
    /// The subject has to wait.
    Exceeded(RateLimited),
}

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct RateLimited {
    /// How long the subject has to wait.
    pub retry_after: Duration,
}

/// Limits in this process's memory.
///
/// IPv6 addresses count by their /64, which is the least that one subscriber has.
#[derive(Debug, Default)]
pub struct MemoryRateLimiter {
    subjects: Mutex<Subjects>,
}

#[derive(Debug, Default)]
struct Subjects {
    windows: HashMap<Arc<str>, Window>,
    /// The same subjects, by the age of their windows.
    by_age: BTreeMap<u64, Arc<str>>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    started_at: Timestamp,
    attempts: u32,
    age: u64,
}

impl MemoryRateLimiter {
    /// The maximum number of subjects, about ten megabytes. Above it, the subject with the oldest window is forgotten.
    pub const MAX_SUBJECTS: usize = 65_536;
    /// How much of a subject's name counts.
    const MAX_SUBJECT_BYTES: usize = 128;

    /// A limiter that has counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Subjects) -> T) -> T {
        work(&mut self.subjects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn check_now(&self, limit: Limit, subject: &str, now: Timestamp) -> RateLimit {
        self.with(|subjects| match subjects.windows.get(key(limit, subject).as_str()) {
            Some(window) => window.check(limit, now),
            None => Window::new(now).check(limit, now),
        })
    }

    fn count_now(&self, limit: Limit, subject: &str, now: Timestamp) -> RateLimit {
        self.with(|subjects| match subjects.windows.get_mut(key(limit, subject).as_str()) {
            Some(window) if !window.is_over(limit, now) => {
                let answer = window.check(limit, now);
                if answer == RateLimit::Allowed {
                    window.attempts = window.attempts.saturating_add(1);
                }
                answer
            }
            _ => {
                let answer = Window::new(now).check(limit, now);
                if answer == RateLimit::Allowed {
                    subjects.start(key(limit, subject), now);
                }
                answer
            }
        })
    }

    fn forgive_now(&self, limit: Limit, subject: &str, now: Timestamp) {
        self.with(|subjects| {
            if let Some(window) = subjects.windows.get_mut(key(limit, subject).as_str())
                && !window.is_over(limit, now)
            {
                window.attempts = window.attempts.saturating_sub(1);
            }
        });
    }
}

impl Window {
    fn new(now: Timestamp) -> Self {
        Self { started_at: now, attempts: 0, age: 0 }
    }

    fn is_over(&self, limit: Limit, now: Timestamp) -> bool {
        now.saturating_since(self.started_at) >= limit.window
    }

    fn check(&self, limit: Limit, now: Timestamp) -> RateLimit {
        let attempts = if self.is_over(limit, now) { 0 } else { self.attempts };
        if attempts < limit.attempts {
            return RateLimit::Allowed;
        }
        let elapsed = now.saturating_since(self.started_at);
        RateLimit::Exceeded(RateLimited { retry_after: limit.window.saturating_sub(elapsed) })
    }
}

impl RateLimiter for MemoryRateLimiter {
    async fn check(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        Ok(self.check_now(limit, subject, now))
    }

    async fn count(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        Ok(self.count_now(limit, subject, now))
    }

    async fn forgive(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<(), StoreError> {
        self.forgive_now(limit, subject, now);
        Ok(())
    }
}

impl Subjects {
    /// Starts a window with one attempt.
    fn start(&mut self, subject: String, now: Timestamp) {
        let subject: Arc<str> = subject.into();
        if let Some(over) = self.windows.remove(&subject) {
            self.by_age.remove(&over.age);
        }
        while self.windows.len() >= MemoryRateLimiter::MAX_SUBJECTS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.windows.remove(&oldest);
        }
        let age = self.next;
        self.next = age.wrapping_add(1);
        self.by_age.insert(age, Arc::clone(&subject));
        self.windows.insert(subject, Window { started_at: now, attempts: 1, age });
    }
}

/// The name under which a subject counts.
fn key(limit: Limit, subject: &str) -> String {
    format!("{} {}", limit.name, normalized(subject))
}

/// A subject in the form in which it counts.
fn normalized(subject: &str) -> Cow<'_, str> {
    // The only text of this address
    if subject.parse::<Ipv4Addr>().is_ok() {
        return subject.into();
    }
    let address =
        subject.parse().ok().or_else(|| subject.parse::<SocketAddr>().ok().map(|address| address.ip()));
    match address.map(|address: IpAddr| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let subscriber = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("{subscriber}/64").into()
        }
        Some(IpAddr::V4(address)) => address.to_string().into(),
        None => {
            let cut = subject.floor_char_boundary(MemoryRateLimiter::MAX_SUBJECT_BYTES);
            subject.get(..cut).unwrap_or(subject).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: RateLimit = RateLimit::Allowed;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn limit(attempts: u32) -> Limit {
        Limit::new("test", attempts, Duration::from_secs(60))
    }

    fn exceeded(seconds: u64) -> RateLimit {
        RateLimit::Exceeded(RateLimited { retry_after: Duration::from_secs(seconds) })
    }

    #[test]
    fn a_subject_over_the_limit_waits_for_the_window_to_end() {
        let (limiter, limit) = (MemoryRateLimiter::new(), limit(2));
        assert_eq!(limiter.count_now(limit, "a", at(0)), ALLOWED);
        assert_eq!(limiter.check_now(limit, "a", at(10)), ALLOWED);
        assert_eq!(limiter.count_now(limit, "a", at(10)), ALLOWED);
        assert_eq!(limiter.count_now(limit, "a", at(20)), exceeded(40));
        assert_eq!(limiter.check_now(limit, "a", at(20)), exceeded(40));
        assert_eq!(limiter.count_now(limit, "b", at(20)), ALLOWED);
        assert_eq!(limiter.count_now(limit, "a", at(60)), ALLOWED);
        assert_eq!(limiter.check_now(limit, "a", at(60)), ALLOWED);
    }

    #[test]
    fn a_forgiven_attempt_does_not_count() {
        let (limiter, limit) = (MemoryRateLimiter::new(), limit(1));
        for _ in 0..5 {
            assert_eq!(limiter.count_now(limit, "a", at(0)), ALLOWED);
            assert_eq!(limiter.count_now(limit, "a", at(0)), exceeded(60));
            limiter.forgive_now(limit, "a", at(0));
        }
        limiter.forgive_now(limit, "a", at(0));
        assert_eq!(limiter.count_now(limit, "a", at(0)), ALLOWED);
        assert_eq!(limiter.check_now(limit, "a", at(0)), exceeded(60));
    }

    #[test]
    fn limits_with_other_names_count_apart() {
        let limiter = MemoryRateLimiter::new();
        assert_eq!(limiter.count_now(limit(1), "a", at(0)), ALLOWED);
        assert_eq!(limiter.count_now(Limit { name: "other", ..limit(1) }, "a", at(0)), ALLOWED);
        assert_eq!(limiter.count_now(limit(1), "a", at(0)), exceeded(60));
    }

    #[test]
    fn of_parallel_attempts_no_more_than_the_limit_pass() {
        let (limiter, limit) = (MemoryRateLimiter::new(), limit(3));
        let passed = std::thread::scope(|scope| {
            let attempt = || limiter.count_now(limit, "a", at(0)) == ALLOWED;
            let attempts: Vec<_> = (0..16).map(|_| scope.spawn(attempt)).collect();
            attempts.into_iter().filter_map(|attempt| attempt.join().ok()).filter(|passed| *passed).count()
        });
        assert_eq!(passed, 3);
    }

    #[test]
    fn a_limit_of_zero_allows_nothing() {
        assert_eq!(MemoryRateLimiter::new().count_now(limit(0), "a", at(0)), exceeded(60));
    }

    #[test]
    fn above_the_maximum_the_oldest_subject_is_forgotten() {
        let (limiter, limit) = (MemoryRateLimiter::new(), limit(1));
        for subject in 0..=MemoryRateLimiter::MAX_SUBJECTS {
            assert_eq!(limiter.count_now(limit, &subject.to_string(), at(0)), ALLOWED);
        }
        limiter.with(|subjects| {
            assert_eq!((subjects.windows.len(), subjects.by_age.len()), (65_536, 65_536));
        });
        assert_eq!(limiter.check_now(limit, "0", at(0)), ALLOWED);
        assert_eq!(limiter.check_now(limit, "1", at(0)), exceeded(60));
    }

    #[test]
    fn a_window_that_starts_again_is_the_youngest() {
        let (limiter, limit) = (MemoryRateLimiter::new(), limit(1));
        for now in [0, 60, 120] {
            assert_eq!(limiter.count_now(limit, "a", at(now)), ALLOWED);
        }
        limiter.with(|subjects| assert_eq!((subjects.windows.len(), subjects.by_age.len()), (1, 1)));
    }

    #[test]
    fn an_ipv6_address_counts_by_its_64() {
        assert_eq!(normalized("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(normalized("[2001:db8:1:2::9]:443"), "2001:db8:1:2::/64");
        assert_ne!(normalized("2001:db8:1:3::"), normalized("2001:db8:1:2::"));
        assert_eq!(normalized("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(normalized("192.0.2.1:443"), "192.0.2.1");
    }

    #[test]
    fn long_subjects_are_cut_at_a_character() {
        let long = "\u{e4}".repeat(100);
        assert_eq!(normalized(&long), "\u{e4}".repeat(64));
        assert_eq!(normalized("a"), "a");
    }
}
