use rp_core::Timestamp;

use super::scripts::{SCRIPTS, number};
use super::{GRACE_SECONDS, RedisStore};
use crate::store::{CeremonyKey, CeremonyStore, ReplayCache, SWEEP_LIMIT, StoreError, TakeCeremony};

impl CeremonyStore for RedisStore {
    async fn put_ceremony(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        StoreError::check_length(state)?;
        let end = expires_at.as_unix_seconds();
        // The end of the ceremony (8 bytes, big-endian) and the state
        let value = [&end.to_be_bytes(), state].concat();
        let mut put = SCRIPTS.put_ceremony.prepare_invoke();
        put.key(self.key("ceremony:", &key.0)).key(self.key("ceremonies", b""));
        put.arg(value).arg(end).arg(end.saturating_add(GRACE_SECONDS)).arg(key.0.as_slice());
        self.run(&mut put).await
    }

    async fn take_ceremony(&self, key: CeremonyKey, now: Timestamp) -> Result<TakeCeremony, StoreError> {
        let mut take = SCRIPTS.take_ceremony.prepare_invoke();
        take.key(self.key("ceremony:", &key.0)).key(self.key("ceremonies", b"")).arg(key.0.as_slice());
        let value: Option<Vec<u8>> = self.run(&mut take).await?;
        let Some(value) = value else { return Ok(TakeCeremony::Missing) };
        let unreadable = StoreError::Unreadable { what: "ceremony" };
        let Some((end, state)) = value.split_first_chunk() else { return Err(unreadable) };
        Ok(match now > Timestamp::from_unix_seconds(i64::from_be_bytes(*end)) {
            true => TakeCeremony::Expired,
            false => TakeCeremony::Found(state.to_vec()),
        })
    }

    async fn sweep_ceremonies(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sweep = SCRIPTS.sweep_ceremonies.prepare_invoke();
        sweep.key(self.key("ceremonies", b"")).arg(number(before)).arg(SWEEP_LIMIT);
        self.run(&mut sweep).await
    }
}

/// A used ceremony is a key of its own, which the server deletes some time after the end.
impl ReplayCache for RedisStore {
    async fn record_use(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        let mut record = SCRIPTS.record_use.prepare_invoke();
        record.key(self.key("used:", &key.0));
        record.arg(expires_at.as_unix_seconds().saturating_add(GRACE_SECONDS));
        self.run(&mut record).await
    }

    async fn sweep_uses(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}
