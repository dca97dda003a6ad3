use std::future::Future;

use rp_core::{CredentialId, Timestamp, UserHandle};

use super::StoreError;
use crate::session::{Session, SessionId, SessionKey};

/// The sign-in sessions, one row for each.
///
/// The key of a row is the hash of the token that the browser holds, so a copy of the store signs no one in. The
/// [`SessionId`] is public and stays the same when the token changes.
pub trait SessionStore: Send + Sync {
    /// Stores a new session. Returns `false`, and changes nothing, if the key or the ID exists.
    ///
    /// # Errors
    /// [`StoreError`].
    fn create_session(
        &self,
        key: SessionKey,
        session: &Session,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns the session with this key. A session that has expired by `now` is deleted and not returned, so that a
    /// clock that is set back does not revive it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn session(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send;

    /// Replaces the session `old` by `session` under the key `new`, if `old` still exists and neither `new` nor the ID
    /// belongs to another session. Returns `false`, and changes nothing, otherwise: of any number of parallel
    /// replacements, one succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    fn replace_session(
        &self,
        old: SessionKey,
        new: SessionKey,
        session: &Session,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stores that the session was used, and when it expires now. A time of use before the stored one changes nothing,
    /// so that of parallel requests the latest counts. Returns `false` if the session does not exist or has expired by
    /// `used_at`: a request that was in progress while its user signed out does not revive it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn touch_session(
        &self,
        key: SessionKey,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stores that a response in this session lacked the user verification that its passkey is capable of. Returns
    /// `false` if the session does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    fn require_user_verification(
        &self,
        key: SessionKey,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a session. Returns `false` if the session does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_session(&self, key: SessionKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns the user's sessions that have not expired by `now`, most recently used first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sessions(
        &self,
        user: &UserHandle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Session>, StoreError>> + Send;

    /// Ends one of the user's sessions by its public ID. Returns `false` if the user has no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_session_by_id(
        &self,
        user: &UserHandle,
        id: &SessionId,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends sessions of the user of `opened`, the least recently used first, until `max` in the state of `opened` are left
    /// with it. Those in another state and those that have expired by `now` neither count nor end. Returns the number of
    /// sessions that ended.
    ///
    /// Each sign-in calls this. The default implementation reads all sessions of the user.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_oldest_sessions(
        &self,
        opened: &Session,
        max: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        async move {
            let sessions = self.sessions(&opened.user, now).await?;
            let others = sessions.iter().filter(|one| one.state == opened.state && one.id != opened.id);
            let mut ended = 0;
            for oldest in others.skip(max.saturating_sub(1)) {
                let has_ended = self.end_session_by_id(&opened.user, &oldest.id).await?;
                ended = u64::saturating_add(ended, has_ended.into());
            }
            Ok(ended)
        }
    }

    /// Ends all sessions of a user except `keep`, and returns the number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_sessions(
        &self,
        user: &UserHandle,
        keep: Option<&SessionId>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends the user's sessions whose last verification was by this passkey, and returns the number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_sessions_of_passkey(
        &self,
        user: &UserHandle,
        credential: &CredentialId,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Deletes sessions that had expired before `before`, at most [`SWEEP_LIMIT`](super::SWEEP_LIMIT), and returns the
    /// number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep_sessions(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}
