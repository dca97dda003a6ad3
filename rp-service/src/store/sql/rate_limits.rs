use std::time::Duration;

use rp_core::Timestamp;

use super::SqlStore;
use super::database::Database;
use super::query::query;
use super::row::get;
use crate::rate_limiter::{Limit, RateLimit, RateLimited, RateLimiter, SubjectKey};
use crate::store::{SWEEP_LIMIT, StoreError};

/// Limits that hold for all processes that use the database, and after a restart.
impl<D: Database> RateLimiter for SqlStore<D> {
    async fn check(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        if limit.attempts == 0 {
            return Ok(exceeded(limit.window));
        }
        let find =
            query("SELECT attempts, expires_at FROM rp_rate_limits WHERE key = $1 AND expires_at > $2");
        let key = SubjectKey::new(limit, subject);
        let find = find.bind(key.as_bytes()).bind(now.as_unix_seconds());
        // Read where attempts are counted: a replica may be behind
        let Some(row) = self.write().row(find).await? else { return Ok(RateLimit::Allowed) };
        let attempts: u32 = get(&row, "rp_rate_limits.attempts")?;
        let expires_at = Timestamp::from_unix_seconds(get(&row, "rp_rate_limits.expires_at")?);
        Ok(match attempts < limit.attempts {
            true => RateLimit::Allowed,
            false => exceeded(expires_at.saturating_since(now)),
        })
    }

    async fn count(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
        // The conflicting row is locked, so of parallel attempts no more than the limit are counted
        let count = query(
            "INSERT INTO rp_rate_limits (key, attempts, expires_at) VALUES ($1, 1, $3)
            ON CONFLICT (key) DO UPDATE SET
                attempts = CASE WHEN rp_rate_limits.expires_at > $2 THEN rp_rate_limits.attempts + 1 ELSE 1 END,
                expires_at = CASE WHEN rp_rate_limits.expires_at > $2 THEN rp_rate_limits.expires_at ELSE $3 END
            WHERE rp_rate_limits.expires_at <= $2 OR rp_rate_limits.attempts < $4",
        );
        let key = SubjectKey::new(limit, subject);
        let count = count.bind(key.as_bytes()).bind(now.as_unix_seconds());
        let count = count.bind(limit.window_end(now).as_unix_seconds()).bind(limit.attempts);
        if limit.attempts > 0 && self.write().execute(count).await? > 0 {
            return Ok(RateLimit::Allowed);
        }
        self.check(limit, subject, now).await
    }

    async fn forgive(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<(), StoreError> {
        let forgive = query(
            "UPDATE rp_rate_limits SET attempts = attempts - 1
            WHERE key = $1 AND expires_at > $2 AND attempts > 0",
        );
        let key = SubjectKey::new(limit, subject);
        self.write().execute(forgive.bind(key.as_bytes()).bind(now.as_unix_seconds())).await?;
        Ok(())
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        let sweep = query(
            // PostgreSQL checks a row again after it waited for the lock, but not the subquery
            "DELETE FROM rp_rate_limits WHERE key IN
                (SELECT key FROM rp_rate_limits WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
            AND expires_at < $1",
        );
        self.write().execute(sweep.bind(before.as_unix_seconds()).bind(SWEEP_LIMIT)).await
    }
}

fn exceeded(retry_after: Duration) -> RateLimit {
    RateLimit::Exceeded(RateLimited { retry_after })
}
