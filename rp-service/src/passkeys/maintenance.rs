//! Deleting what has expired, and ending sessions that could not be ended at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rp_core::Timestamp;

use super::service::{Ceremonies, Passkeys, Sessions};
use crate::event::Action;
use crate::store::{SWEEP_LIMIT, SessionKey, StoreError};

impl Passkeys {
    /// Ends a session. If the store fails, for example because the disk is full, this process rejects the token from now on
    /// and [`Passkeys::maintain`] deletes the row later; the failure is an event.
    pub(super) async fn revoke(&self, key: SessionKey) -> Result<(), StoreError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Ok(()) };
        match store.end_session(key).await {
            Ok(_) => Ok(()),
            Err(error) if self.inner.revoked.insert(key) => {
                self.record_failure::<()>(Action::EndSessions, Err(error));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes everything that has expired, and the sessions that could not be deleted when they were ended.
    ///
    /// The adapters run it every [`Passkeys::MAINTENANCE_INTERVAL`]; failures are events.
    pub async fn maintain(&self) {
        for _ in 0..MAX_ROUNDS {
            if self.delete_expired().await < u64::from(SWEEP_LIMIT) {
                break;
            }
        }
        if let Sessions::Own { store, .. } = &self.inner.sessions {
            for key in self.inner.revoked.all() {
                match store.end_session(key).await {
                    Ok(_) => self.inner.revoked.remove(&key),
                    Err(error) => {
                        self.record_failure::<()>(Action::Sweep, Err(error));
                        break;
                    }
                }
            }
        }
    }

    /// The time between two runs of [`Passkeys::maintain`].
    pub const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60);

    /// Runs [`Passkeys::maintain`] in a task of the current `tokio` runtime, until the last clone of the service is dropped.
    /// Further calls do nothing. The layers of the adapters call it with the first request.
    /// Without a runtime nothing happens, and expired entries are deleted only when others are created.
    pub fn spawn_maintenance(&self) {
        if self.inner.is_maintained.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.inner.is_maintained.swap(true, Ordering::Relaxed) {
            return;
        }
        let service = Arc::downgrade(&self.inner);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(Self::MAINTENANCE_INTERVAL).await;
                let Some(inner) = service.upgrade() else { break };
                Self { inner }.maintain().await;
            }
        });
    }

    /// Deletes expired entries if it is time for that: at the first and then at every 64th request that creates something. A
    /// sweep deletes four times as many, so it keeps up.
    pub(super) async fn sweep(&self) {
        if self.inner.sweeps.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_INTERVAL) {
            self.delete_expired().await;
        }
    }

    /// Deletes up to [`SWEEP_LIMIT`] expired entries of each kind. Returns the greatest number.
    async fn delete_expired(&self) -> u64 {
        let now = self.now();
        let forgotten = now.as_unix_seconds().saturating_sub(REMEMBERED_SECONDS);
        let forgotten = Timestamp::from_unix_seconds(forgotten);
        let mut swept = vec![
            match &self.inner.ceremonies {
                Ceremonies::Stored(store) => store.sweep_ceremonies(forgotten).await,
                Ceremonies::Sealed(sealed) => sealed.cache.sweep_uses(forgotten).await,
            },
            self.inner.credentials.sweep_grants(now).await,
            self.inner.rate_limiter.sweep(now).await,
        ];
        if let Sessions::Own { store, .. } = &self.inner.sessions {
            swept.push(store.sweep_sessions(now).await);
        }
        let mut most = 0;
        for swept in swept {
            match swept {
                Ok(number) => most = most.max(number),
                Err(error) => self.record_failure::<()>(Action::Sweep, Err(error)),
            }
        }
        most
    }
}

/// A power of two, so that the counter may wrap around.
const SWEEP_INTERVAL: u32 = 64;

/// How long an expired ceremony is kept, so that a slow user learns that it has expired.
const REMEMBERED_SECONDS: i64 = 600;

/// The maximum number of sweeps in one run: a quarter of a million entries.
const MAX_ROUNDS: u32 = 1_024;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use rp_core::RelyingParty;

    use super::*;
    use crate::store::{CeremonyKey, CeremonyStore, MemoryStore, TakeCeremony};

    /// Counts the sweeps.
    struct Sweeps(Arc<AtomicU32>);

    impl CeremonyStore for Sweeps {
        async fn put_ceremony(&self, _: CeremonyKey, _: &[u8], _: Timestamp) -> Result<(), StoreError> {
            Ok(())
        }

        async fn take_ceremony(&self, _: CeremonyKey, _: Timestamp) -> Result<TakeCeremony, StoreError> {
            Ok(TakeCeremony::Missing)
        }

        async fn sweep_ceremonies(&self, _: Timestamp) -> Result<u64, StoreError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(0)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn expired_entries_are_deleted_on_a_timer() {
        let sweeps = Arc::new(AtomicU32::new(0));
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let builder = Passkeys::builder(rp).store(MemoryStore::new()).secret([7; 32]);
        let passkeys = builder.ceremonies(Sweeps(Arc::clone(&sweeps))).build().unwrap();
        passkeys.spawn_maintenance();
        passkeys.spawn_maintenance();
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(sweeps.load(Ordering::SeqCst), 0);
        tokio::time::sleep(Duration::from_secs(122)).await;
        assert_eq!(sweeps.load(Ordering::SeqCst), 3, "once a minute, in one task");
        drop(passkeys);
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(sweeps.load(Ordering::SeqCst), 3, "the task ends with the service");
    }
}
