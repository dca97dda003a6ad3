use rp_core::Timestamp;

use super::SqliteStore;
use super::rows::get;
use crate::store::{SWEEP_LIMIT, SessionKey, SessionStore, StoreError};

impl SessionStore for SqliteStore {
    async fn load(&self, key: SessionKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT data FROM rp_sessions WHERE key = ?1 AND expires_at >= ?2")
            .bind(key.0.as_slice())
            .bind(now.as_unix_seconds())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| get(&row, "data")).transpose()
    }

    async fn create(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        StoreError::check_length(data)?;
        let created = sqlx::query(
            "INSERT INTO rp_sessions (key, data, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
        )
        .bind(key.0.as_slice())
        .bind(data)
        .bind(expires_at.as_unix_seconds())
        .execute(&self.writer)
        .await?;
        Ok(created.rows_affected() > 0)
    }

    async fn save(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        StoreError::check_length(data)?;
        let saved = sqlx::query("UPDATE rp_sessions SET data = ?2, expires_at = ?3 WHERE key = ?1")
            .bind(key.0.as_slice())
            .bind(data)
            .bind(expires_at.as_unix_seconds())
            .execute(&self.writer)
            .await?;
        Ok(saved.rows_affected() > 0)
    }

    async fn touch(&self, key: SessionKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        let touched = sqlx::query("UPDATE rp_sessions SET expires_at = ?2 WHERE key = ?1")
            .bind(key.0.as_slice())
            .bind(expires_at.as_unix_seconds())
            .execute(&self.writer)
            .await?;
        Ok(touched.rows_affected() > 0)
    }

    async fn end(&self, key: SessionKey) -> Result<bool, StoreError> {
        let ended = sqlx::query("DELETE FROM rp_sessions WHERE key = ?1")
            .bind(key.0.as_slice())
            .execute(&self.writer)
            .await?;
        Ok(ended.rows_affected() > 0)
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let swept = sqlx::query(
            "DELETE FROM rp_sessions WHERE key IN
                (SELECT key FROM rp_sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
        )
        .bind(before.as_unix_seconds())
        .bind(SWEEP_LIMIT)
        .execute(&self.writer)
        .await?;
        Ok(swept.rows_affected())
    }
}
