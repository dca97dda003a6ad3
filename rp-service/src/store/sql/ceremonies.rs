use rp_core::Timestamp;

use super::SqlStore;
use super::database::Database;
use super::query::query;
use super::row::{get, time};
use crate::store::{CeremonyKey, CeremonyStore, ReplayCache, SWEEP_LIMIT, StoreError, TakeCeremony};

impl<D: Database> CeremonyStore for SqlStore<D> {
    async fn put_ceremony(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        StoreError::check_length(state)?;
        let put = query(
            "INSERT INTO rp_ceremonies (key, state, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (key) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at",
        );
        let put = put.bind(key.0.as_slice()).bind(state).bind(expires_at.as_unix_seconds());
        self.write().execute(put).await?;
        Ok(())
    }

    async fn take_ceremony(&self, key: CeremonyKey, now: Timestamp) -> Result<TakeCeremony, StoreError> {
        let take = query("DELETE FROM rp_ceremonies WHERE key = $1 RETURNING state, expires_at");
        let Some(row) = self.write().row(take.bind(key.0.as_slice())).await? else {
            return Ok(TakeCeremony::Missing);
        };
        if now > time(&row, "rp_ceremonies.expires_at")? {
            return Ok(TakeCeremony::Expired);
        }
        Ok(TakeCeremony::Found(get(&row, "rp_ceremonies.state")?))
    }

    async fn sweep_ceremonies(&self, before: Timestamp) -> Result<u64, StoreError> {
        let sweep = query(
            // PostgreSQL checks a row again after it waited for the lock, but not the subquery
            "DELETE FROM rp_ceremonies WHERE key IN
                (SELECT key FROM rp_ceremonies WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
            AND expires_at < $1",
        );
        self.write().execute(sweep.bind(before.as_unix_seconds()).bind(SWEEP_LIMIT)).await
    }
}

/// A used ceremony is a row without a state.
impl<D: Database> ReplayCache for SqlStore<D> {
    async fn record_use(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        let record = query(
            "INSERT INTO rp_ceremonies (key, state, expires_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
        );
        let record = record.bind(key.0.as_slice()).bind(&[][..]).bind(expires_at.as_unix_seconds());
        Ok(self.write().execute(record).await? > 0)
    }

    async fn sweep_uses(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.sweep_ceremonies(before).await
    }
}
