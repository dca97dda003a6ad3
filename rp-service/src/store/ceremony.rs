use std::future::Future;

use rp_core::Timestamp;

use super::StoreError;

/// The ceremonies in progress. Each can be completed by one response.
pub trait CeremonyStore: Send + Sync {
    /// Stores a ceremony until `expires_at`; one with the same key is replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_ceremony(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a ceremony and returns it. This is atomic: of any number of parallel calls, on however many machines,
    /// one returns the ceremony, and only after the removal is durable.
    ///
    /// # Errors
    /// [`StoreError`]; the ceremony must not be used then.
    fn take_ceremony(
        &self,
        key: CeremonyKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<TakeCeremony, StoreError>> + Send;

    /// Deletes ceremonies that had expired before `before`, at most [`SWEEP_LIMIT`](super::SWEEP_LIMIT), and returns
    /// the number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep_ceremonies(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The key of a ceremony: the SHA-256 hash of the browser's ceremony cookie and the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CeremonyKey(pub [u8; 32]);

/// The outcome of [`CeremonyStore::take_ceremony`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum TakeCeremony {
    /// The state of the ceremony, which is removed.
    Found(Vec<u8>),
    /// The ceremony had expired; it is removed.
    Expired,
    /// The ceremony does not exist: it never existed, was used, or was swept.
    Missing,
}
