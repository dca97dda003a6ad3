use std::future::Future;

use rp_core::Timestamp;

use super::StoreError;

/// Sessions, kept on the server: what a session crate's own store trait is implemented over.
///
/// The data are opaque. A session whose time is up is not there, swept or not.
pub trait SessionStore: Send + Sync {
    /// The session's data.
    ///
    /// # Errors
    /// [`StoreError`].
    fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Keeps a new session; `false`, and nothing is changed, where one has the key already.
    ///
    /// # Errors
    /// [`StoreError`].
    fn create(
        &self,
        key: SessionKey,
        data: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes the data of a session that is there; `false`, and nothing is changed, where none is. So a
    /// request that was under way while its user signed out does not bring the session back.
    ///
    /// # Errors
    /// [`StoreError`].
    fn save(
        &self,
        key: SessionKey,
        data: &[u8],
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Moves the end of a session that is there, and leaves its data; `false` where none is.
    ///
    /// # Errors
    /// [`StoreError`].
    fn touch(
        &self,
        key: SessionKey,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a session; `false` where none is there.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end(&self, key: SessionKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Drops sessions whose time was up before `before`, at most [`SWEEP_LIMIT`](super::SWEEP_LIMIT) of
    /// them, and gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep_sessions(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The key of a session: SHA-256 over the identifier in the browser's cookie.
///
/// A copy of the store signs nobody in, since the identifier cannot be had from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub [u8; 32]);
