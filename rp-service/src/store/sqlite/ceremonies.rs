use rp_core::Timestamp;

use super::SqliteStore;
use super::rows::get;
use crate::store::{CeremonyKey, CeremonyStore, SWEEP_LIMIT, StoreError, Taken};

impl CeremonyStore for SqliteStore {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        StoreError::check_length(state)?;
        sqlx::query("INSERT OR REPLACE INTO rp_ceremonies (key, state, expires_at) VALUES (?1, ?2, ?3)")
            .bind(key.0.as_slice())
            .bind(state)
            .bind(expires_at.as_unix_seconds())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        // fetch_all, for it ends when the deletion is committed; fetch_optional ends before
        let rows = sqlx::query("DELETE FROM rp_ceremonies WHERE key = ?1 RETURNING state, expires_at")
            .bind(key.0.as_slice())
            .fetch_all(&self.writer)
            .await?;
        let Some(row) = rows.first() else { return Ok(Taken::Missing) };
        if now.as_unix_seconds() > get::<i64>(row, "expires_at")? {
            return Ok(Taken::Expired);
        }
        Ok(Taken::Found(get(row, "state")?))
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        let swept = sqlx::query(
            "DELETE FROM rp_ceremonies WHERE key IN
                (SELECT key FROM rp_ceremonies WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
        )
        .bind(before.as_unix_seconds())
        .bind(SWEEP_LIMIT)
        .execute(&self.writer)
        .await?;
        Ok(swept.rows_affected())
    }
}
