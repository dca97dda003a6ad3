use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};

use self::accounts::Accounts;
use self::expiring::Expiring;
use super::{
    Account, Added, Applied, CeremonyKey, CeremonyStore, CredentialStore, Deleted, Opened, Passkey, Put,
    SessionKey, SessionStore, StoreError, Taken,
};

mod accounts;
mod expiring;

/// Everything in this process's memory, gone with it: for tests, and for trying things out.
///
/// Clones share what is stored. Ceremonies and sessions are bounded in bytes: where there are too many, those
/// that would expire first give way.
///
/// # Examples
/// ```
/// use rp_core::Timestamp;
/// use rp_service::store::{CeremonyKey, CeremonyStore, MemoryStore, StoreError, Taken};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = MemoryStore::new();
/// let (key, now) = (CeremonyKey([7; 32]), Timestamp::from_unix_seconds(0));
/// store.put(key, b"state", Timestamp::from_unix_seconds(300)).await?;
/// assert_eq!(store.take(key, now).await?, Taken::Found(b"state".to_vec()));
/// assert_eq!(store.take(key, now).await?, Taken::Missing);
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
    sessions: Mutex<Expiring>,
}

impl MemoryStore {
    /// The most memory that ceremonies take, and the most that sessions take, in bytes: a hundred thousand
    /// ceremonies of the usual half kilobyte, which is what a small machine can spare.
    pub const BUDGET_BYTES: usize = 64 << 20;

    /// A store with nothing in it.
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

    fn sessions(&self) -> MutexGuard<'_, Expiring> {
        lock(&self.shared.sessions)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// What is locked is never left half written, so a thread that panicked while it held the lock changes nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CeremonyStore for MemoryStore {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        StoreError::check_length(state)?;
        self.ceremonies().insert(key.0, state.into(), expires_at);
        Ok(())
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        Ok(match self.ceremonies().remove(&key.0) {
            None => Taken::Missing,
            Some((_, expires_at)) if now > expires_at => Taken::Expired,
            Some((state, _)) => Taken::Found(state),
        })
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.ceremonies().sweep(before))
    }
}

impl SessionStore for MemoryStore {
    async fn load(&self, key: SessionKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.sessions().get(&key.0, now).map(<[u8]>::to_vec))
    }

    async fn create(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        StoreError::check_length(data)?;
        let mut sessions = self.sessions();
        let is_new = !sessions.contains(&key.0);
        if is_new {
            sessions.insert(key.0, data.into(), expires_at);
        }
        Ok(is_new)
    }

    async fn save(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        StoreError::check_length(data)?;
        let mut sessions = self.sessions();
        let is_there = sessions.contains(&key.0);
        if is_there {
            sessions.insert(key.0, data.into(), expires_at);
        }
        Ok(is_there)
    }

    async fn touch(&self, key: SessionKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        let mut sessions = self.sessions();
        let Some((data, _)) = sessions.remove(&key.0) else { return Ok(false) };
        sessions.insert(key.0, data, expires_at);
        Ok(true)
    }

    async fn end(&self, key: SessionKey) -> Result<bool, StoreError> {
        Ok(self.sessions().remove(&key.0).is_some())
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.sessions().sweep(before))
    }
}

impl CredentialStore for MemoryStore {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts().by_name(name_key).cloned())
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts().get(user_handle).cloned())
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        Ok(self.accounts().passkey(id).map(|(account, passkey)| (account.clone(), passkey.clone())))
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.accounts().passkeys(user_handle).to_vec())
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        passkey.check_account(&account.user_handle)?;
        Ok(self.accounts().open(account, passkey))
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        passkey.check_account(user_handle)?;
        Ok(self.accounts().add(passkey, max))
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        Ok(self.accounts().apply(user_handle, update, used_at))
    }

    async fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        let mut accounts = self.accounts();
        let Some(passkey) = accounts.passkey_mut(user_handle, id) else { return Ok(None) };
        passkey.nickname = nickname.map(str::to_owned);
        Ok(Some(passkey.clone()))
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        Ok(self.accounts().delete(user_handle, id, allow_last))
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        Ok(self.accounts().put(account))
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        Ok(self.accounts().remove(user_handle))
    }
}
