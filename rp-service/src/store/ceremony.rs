use std::future::Future;

use rp_core::Timestamp;

use super::StoreError;

/// Ceremonies under way, each good for one response.
pub trait CeremonyStore: Send + Sync {
    /// Keeps a ceremony until its time is up; one under the same key is replaced.
    ///
    /// # Errors
    /// [`StoreError`]; the ceremony is not kept then.
    fn put(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a ceremony out of the store and gives it. This is atomic: of any number of takes that race, on
    /// however many machines, one finds the ceremony, and only after it is gone for good.
    ///
    /// # Errors
    /// [`StoreError`]; the ceremony must not be used then.
    fn take(
        &self,
        key: CeremonyKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Taken, StoreError>> + Send;

    /// Drops ceremonies whose time was up before `before`, at most [`SWEEP_LIMIT`](super::SWEEP_LIMIT) of
    /// them, and gives how many. Called now and then, after a [`put`](CeremonyStore::put).
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The key of a ceremony: SHA-256 over the browser's ceremony cookie and the challenge.
///
/// A copy of the store gives no key away, since the cookie cannot be had from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CeremonyKey(pub [u8; 32]);

/// What a take found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// The ceremony, now gone from the store.
    Found(Vec<u8>),
    /// It was there, and is past its time: `now` is later than `expires_at`. Now gone too.
    Expired,
    /// Nothing: never there, taken before, or swept.
    Missing,
}
