//! A store that fails where it is told to, and remembers what was written to it.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};
use rp_service::store::{
    Account, Added, Applied, CeremonyKey, CeremonyStore, CredentialStore, Deleted, MemoryStore, Opened,
    Passkey, Put, SessionKey, SessionStore, StoreError, Taken,
};

/// A [`MemoryStore`] that can be told to fail.
#[derive(Clone, Debug, Default)]
pub struct FailingStore {
    inner: MemoryStore,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    failing: BTreeSet<&'static str>,
    written: String,
    sessions: BTreeSet<SessionKey>,
}

impl FailingStore {
    /// These calls fail from now on, and no others; they are named as the traits name them.
    pub fn fail(&self, calls: impl IntoIterator<Item = &'static str>) {
        self.told().failing = calls.into_iter().collect();
    }

    /// All that was ever given to the store, as text.
    #[must_use]
    pub fn written(&self) -> String {
        self.told().written.clone()
    }

    /// The sessions that were created, and not ended.
    pub(super) fn sessions(&self) -> BTreeSet<SessionKey> {
        self.told().sessions.clone()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, call: &'static str) -> Result<(), StoreError> {
        let is_failing = self.told().failing.contains(call);
        if is_failing { Err(StoreError::unavailable("told to fail")) } else { Ok(()) }
    }

    fn note(&self, written: &impl Debug) {
        self.told().written.push_str(&format!("{written:?}\n"));
    }

    fn note_bytes(&self, written: &[u8]) {
        self.note(&String::from_utf8_lossy(written));
    }
}

impl SessionStore for FailingStore {
    async fn load(&self, key: SessionKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.check("load")?;
        self.inner.load(key, now).await
    }

    async fn create(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.check("create")?;
        self.note_bytes(data);
        self.told().sessions.insert(key);
        self.inner.create(key, data, expires_at).await
    }

    async fn save(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.check("save")?;
        self.note_bytes(data);
        self.inner.save(key, data, expires_at).await
    }

    async fn touch(&self, key: SessionKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        self.check("touch")?;
        self.inner.touch(key, expires_at).await
    }

    async fn end(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.check("end")?;
        self.told().sessions.remove(&key);
        self.inner.end(key).await
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.sweep_sessions(before).await
    }
}

impl CeremonyStore for FailingStore {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        self.check("put")?;
        self.note_bytes(state);
        self.inner.put(key, state, expires_at).await
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        self.check("take")?;
        self.inner.take(key, now).await
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.sweep(before).await
    }
}

impl CredentialStore for FailingStore {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        self.check("account_by_name")?;
        self.inner.account_by_name(name_key).await
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        self.check("account")?;
        self.inner.account(user_handle).await
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        self.check("passkey")?;
        self.inner.passkey(id).await
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        self.check("passkeys")?;
        self.inner.passkeys(user_handle).await
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        self.check("open_account")?;
        self.note(&(&account, &passkey));
        self.inner.open_account(account, passkey).await
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        self.check("add")?;
        self.note(&passkey);
        self.inner.add(user_handle, passkey, max).await
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        self.check("apply")?;
        self.note(update);
        self.inner.apply(user_handle, update, used_at).await
    }

    async fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        self.check("rename")?;
        self.inner.rename(user_handle, id, nickname).await
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        self.check("delete")?;
        self.inner.delete(user_handle, id, allow_last).await
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        self.inner.put_account(account).await
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        self.inner.delete_account(user_handle).await
    }
}
