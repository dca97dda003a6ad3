use std::time::Duration;

use rp_core::Timestamp;

use super::scripts::{SCRIPTS, number};
use super::{GRACE_SECONDS, RedisStore};
use crate::rate_limiter::{Limit, RateLimit, RateLimited, RateLimiter, SubjectKey};
use crate::store::StoreError;

/// Limits that hold for all nodes. The server forgets a subject some time after the end of its window.
impl RateLimiter for RedisStore {
    async fn check(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        self.attempt(limit, subject, now, "check").await
    }

    async fn count(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        self.attempt(limit, subject, now, "count").await
    }

    async fn forgive(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<(), StoreError> {
        self.attempt(limit, subject, now, "forgive").await.map(drop)
    }
}

impl RedisStore {
    async fn attempt(
        &self,
        limit: Limit,
        subject: &str,
        now: Timestamp,
        operation: &str,
    ) -> Result<RateLimit, StoreError> {
        if limit.attempts == 0 {
            return Ok(RateLimit::Exceeded(RateLimited { retry_after: limit.window }));
        }
        let end = limit.window_end(now).as_unix_seconds();
        let mut attempt = SCRIPTS.attempt.prepare_invoke();
        attempt.key(self.key("limit:", SubjectKey::new(limit, subject).as_bytes()));
        attempt.arg(operation).arg(number(now)).arg(end).arg(limit.attempts);
        attempt.arg(end.saturating_add(GRACE_SECONDS));
        // Zero, or the seconds until the window ends
        let seconds: u64 = self.run(&mut attempt).await?;
        Ok(match seconds {
            0 => RateLimit::Allowed,
            seconds => RateLimit::Exceeded(RateLimited { retry_after: Duration::from_secs(seconds) }),
        })
    }
}
