use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rp_core::{CredentialId, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};

use self::accounts::Accounts;
use self::expiring::Expiring;
use super::{
    AddPasskey, ApplyUpdate, CeremonyKey, CeremonyStore, Conditions, CreateUser, CredentialStore,
    DeleteFactor, DeletePasskey, FactorRecord, FactorStore, FactorVersion, GrantKey, Passkey, PutFactor,
    SessionKey, SessionStore, SignUp, SignUpStore, StoreError, TakeCeremony, UpdateUser, UserChange,
    UserRecord, UserStore,
};
use crate::factor_name::FactorName;
use crate::session::{Session, SessionId};

mod accounts;
mod expiring;
mod factors;
mod sessions;

/// Everything in the memory of this process, for tests and experiments.
///
/// Clones share what is stored. Ceremonies are bounded in bytes and sessions in number: above the bound, those that
/// expire first are dropped.
///
/// # Examples
/// ```
/// use rp_core::Timestamp;
/// use rp_service::store::{CeremonyKey, CeremonyStore, MemoryStore, StoreError, TakeCeremony};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = MemoryStore::new();
/// let (key, now) = (CeremonyKey([7; 32]), Timestamp::from_unix_seconds(0));
/// store.put_ceremony(key, b"state", Timestamp::from_unix_seconds(300)).await?;
/// assert_eq!(store.take_ceremony(key, now).await?, TakeCeremony::Found(b"state".to_vec()));
/// assert_eq!(store.take_ceremony(key, now).await?, TakeCeremony::Missing);
/// # Ok::<(), StoreError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    accounts: Mutex<Accounts>,
    ceremonies: Mutex<Expiring>,
}

impl MemoryStore {
    /// The maximum memory that ceremonies take, in bytes: about a hundred thousand ceremonies of half a kilobyte, which
    /// a small machine can spare.
    pub const MAX_CEREMONY_BYTES: usize = expiring::MAX_BYTES;

    /// The maximum number of sessions, which take about as much memory.
    pub const MAX_SESSIONS: usize = sessions::MAX;

    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        lock(&self.shared.accounts)
    }

    fn ceremonies(&self) -> MutexGuard<'_, Expiring> {
        lock(&self.shared.ceremonies)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// Nothing panics between two related writes, so a poisoned mutex guards consistent data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl UserStore for MemoryStore {
    async fn user(&self, handle: &UserHandle) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.accounts().user(handle).cloned())
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.accounts().user_by_name(name_key).cloned())
    }

    async fn create_user(&self, user: UserRecord) -> Result<CreateUser, StoreError> {
        Ok(self.accounts().create_user(user))
    }

    async fn update_user(&self, handle: &UserHandle, change: UserChange) -> Result<UpdateUser, StoreError> {
        Ok(self.accounts().update_user(handle, change))
    }

    async fn set_user_lock(
        &self,
        handle: &UserHandle,
        locked_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        Ok(self.accounts().set_user_lock(handle, locked_at))
    }

    async fn delete_user(&self, handle: &UserHandle) -> Result<bool, StoreError> {
        Ok(self.accounts().delete_user(handle))
    }

    async fn users(&self, after: Option<&UserHandle>, limit: u32) -> Result<Vec<UserRecord>, StoreError> {
        Ok(self.accounts().users(after).take(as_count(limit)).cloned().collect())
    }
}

impl CredentialStore for MemoryStore {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Passkey>, StoreError> {
        Ok(self.accounts().passkey(id).cloned())
    }

    async fn passkeys(&self, user: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.accounts().passkeys(user).cloned().collect())
    }

    async fn add_passkey(
        &self,
        passkey: Passkey,
        max: Option<usize>,
        conditions: &Conditions,
    ) -> Result<AddPasskey, StoreError> {
        Ok(self.accounts().add_passkey(passkey, max, conditions))
    }

    async fn apply_update(
        &self,
        user: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<ApplyUpdate, StoreError> {
        Ok(self.accounts().apply_update(user, update, used_at))
    }

    async fn rename_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        let mut accounts = self.accounts();
        let Some(passkey) = accounts.passkey_mut(user, id) else { return Ok(None) };
        passkey.nickname = nickname.map(str::to_owned);
        Ok(Some(passkey.clone()))
    }

    async fn delete_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
        conditions: &Conditions,
    ) -> Result<DeletePasskey, StoreError> {
        Ok(self.accounts().delete_passkey(user, id, allow_last, conditions))
    }

    async fn delete_passkeys(&self, user: &UserHandle) -> Result<u64, StoreError> {
        Ok(self.accounts().delete_passkeys(user))
    }

    async fn all_passkeys(
        &self,
        after: Option<&CredentialId>,
        limit: u32,
    ) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.accounts().all_passkeys(after).take(as_count(limit)).cloned().collect())
    }

    async fn passkeys_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.accounts().passkeys_between(first, last).cloned().collect())
    }

    async fn set_attestations(
        &self,
        changes: &[(CredentialId, StoredAttestation)],
    ) -> Result<Vec<bool>, StoreError> {
        let mut accounts = self.accounts();
        Ok(changes.iter().map(|(id, attestation)| accounts.set_attestation(id, attestation)).collect())
    }

    async fn put_grant(
        &self,
        key: GrantKey,
        user: &UserHandle,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.accounts().put_grant(key, user, expires_at);
        Ok(())
    }

    async fn grant_expiry(&self, user: &UserHandle, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.accounts().grant_expiry(user, now))
    }

    async fn take_grant(&self, key: GrantKey, user: &UserHandle, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.accounts().take_grant(key, user, now))
    }

    async fn sweep_grants(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.accounts().sweep_grants(before))
    }
}

impl SignUpStore for MemoryStore {
    async fn create_user_with_passkey(
        &self,
        user: UserRecord,
        passkey: Passkey,
        is_reserved: bool,
    ) -> Result<SignUp, StoreError> {
        if passkey.record.user_handle != user.handle {
            return Err(StoreError::ForeignRecord);
        }
        Ok(self.accounts().create_user_with_passkey(user, passkey, is_reserved))
    }
}

impl CeremonyStore for MemoryStore {
    async fn put_ceremony(
        &self,
        key: CeremonyKey,
        state: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        StoreError::check_length(state)?;
        self.ceremonies().insert(key.0, state.into(), expires_at);
        Ok(())
    }

    async fn take_ceremony(&self, key: CeremonyKey, now: Timestamp) -> Result<TakeCeremony, StoreError> {
        Ok(match self.ceremonies().remove(&key.0) {
            None => TakeCeremony::Missing,
            Some((_, expires_at)) if now > expires_at => TakeCeremony::Expired,
            Some((state, _)) => TakeCeremony::Found(state),
        })
    }

    async fn sweep_ceremonies(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.ceremonies().sweep(before))
    }
}

impl SessionStore for MemoryStore {
    async fn create_session(&self, key: SessionKey, session: &Session) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.create(key, session))
    }

    async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.accounts().sessions.load(key, now).cloned())
    }

    async fn replace_session(
        &self,
        old: SessionKey,
        new: SessionKey,
        session: &Session,
    ) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.replace(old, new, session))
    }

    async fn touch_session(
        &self,
        key: SessionKey,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.touch(key, used_at, expires_at))
    }

    async fn require_user_verification(&self, key: SessionKey) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.require_user_verification(key))
    }

    async fn end_session(&self, key: SessionKey) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.end(key))
    }

    async fn sessions(&self, user: &UserHandle, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        Ok(self.accounts().sessions.of_user(user, now))
    }

    async fn end_oldest_sessions(
        &self,
        opened: &Session,
        max: usize,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self.accounts().sessions.end_oldest(opened, max, now))
    }

    async fn end_session_by_id(&self, user: &UserHandle, id: &SessionId) -> Result<bool, StoreError> {
        Ok(self.accounts().sessions.end_where(user, |session| session.id == *id) > 0)
    }

    async fn end_sessions(&self, user: &UserHandle, keep: Option<&SessionId>) -> Result<u64, StoreError> {
        Ok(self.accounts().sessions.end_where(user, |session| Some(&session.id) != keep))
    }

    async fn end_sessions_of_passkey(
        &self,
        user: &UserHandle,
        credential: &CredentialId,
    ) -> Result<u64, StoreError> {
        Ok(self.accounts().sessions.end_of_passkey(user, credential))
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.accounts().sessions.sweep(before))
    }
}

impl FactorStore for MemoryStore {
    async fn factor(&self, user: &UserHandle, name: &FactorName) -> Result<Option<FactorRecord>, StoreError> {
        Ok(self.accounts().factors.get(user, name).cloned())
    }

    async fn factors(&self, user: &UserHandle) -> Result<Vec<FactorRecord>, StoreError> {
        Ok(self.accounts().factors.of_user(user).cloned().collect())
    }

    async fn factors_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> Result<Vec<FactorRecord>, StoreError> {
        Ok(self.accounts().factors.between(first, last).cloned().collect())
    }

    async fn put_factor(
        &self,
        record: &FactorRecord,
        expected: Option<FactorVersion>,
        conditions: Option<&Conditions>,
    ) -> Result<PutFactor, StoreError> {
        Ok(self.accounts().put_factor(record, expected, conditions))
    }

    async fn delete_factor(
        &self,
        user: &UserHandle,
        name: &FactorName,
        conditions: Option<&Conditions>,
    ) -> Result<DeleteFactor, StoreError> {
        Ok(self.accounts().delete_factor(user, name, conditions))
    }

    async fn delete_factors(&self, user: &UserHandle) -> Result<u64, StoreError> {
        Ok(self.accounts().factors.delete_all(user))
    }
}

fn as_count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
