//! A store whose sessions fail when they are told to.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};
use rp_service::store::{
    Account, Added, Applied, CeremonyKey, CeremonyStore, CredentialStore, Deleted, MemoryStore, Opened,
    Passkey, Put, SessionKey, SessionStore, StoreError, Taken,
};

/// What can be told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionCall {
    /// [`SessionStore::load`].
    Load,
    /// [`SessionStore::create`].
    Create,
    /// [`SessionStore::end`].
    End,
}

/// A [`MemoryStore`] that can be told to fail.
#[derive(Clone, Debug, Default)]
pub struct FailingStore {
    inner: MemoryStore,
    failing: Arc<Mutex<BTreeSet<SessionCall>>>,
}

impl FailingStore {
    /// These calls fail from now on, and no others.
    pub fn fail(&self, calls: impl IntoIterator<Item = SessionCall>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = calls.into_iter().collect();
    }

    fn check(&self, call: SessionCall) -> Result<(), StoreError> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.contains(&call) { Err(StoreError::unavailable("told to fail")) } else { Ok(()) }
    }
}

impl SessionStore for FailingStore {
    async fn load(&self, key: SessionKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.check(SessionCall::Load)?;
        self.inner.load(key, now).await
    }

    async fn create(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.check(SessionCall::Create)?;
        self.inner.create(key, data, expires_at).await
    }

    async fn save(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.inner.save(key, data, expires_at).await
    }

    async fn touch(&self, key: SessionKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        self.inner.touch(key, expires_at).await
    }

    async fn end(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.check(SessionCall::End)?;
        self.inner.end(key).await
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.sweep_sessions(before).await
    }
}

impl CeremonyStore for FailingStore {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        self.inner.put(key, state, expires_at).await
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        self.inner.take(key, now).await
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.sweep(before).await
    }
}

impl CredentialStore for FailingStore {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        self.inner.account_by_name(name_key).await
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        self.inner.account(user_handle).await
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        self.inner.passkey(id).await
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        self.inner.passkeys(user_handle).await
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        self.inner.open_account(account, passkey).await
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        self.inner.add(user_handle, passkey, max).await
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        self.inner.apply(user_handle, update, used_at).await
    }

    async fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        self.inner.rename(user_handle, id, nickname).await
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        self.inner.delete(user_handle, id, allow_last).await
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        self.inner.put_account(account).await
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        self.inner.delete_account(user_handle).await
    }
}
