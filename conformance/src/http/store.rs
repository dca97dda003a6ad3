//! A store that notes what is asked of it, and fails where it is told to.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rp_core::options::PublicKeyCredentialDescriptorJson;
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
    calls: Vec<&'static str>,
    counters_run: bool,
    written: String,
    sessions: BTreeSet<SessionKey>,
}

impl FailingStore {
    /// These calls fail from now on, and no others; they are named as the traits name them.
    pub fn fail(&self, calls: impl IntoIterator<Item = &'static str>) {
        self.told().failing = calls.into_iter().collect();
    }

    /// The calls since it was asked last.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.told().calls)
    }

    /// Lets every counter move between reading and writing from now on.
    pub fn let_counters_run(&self) {
        self.told().counters_run = true;
    }

    /// Notes a call, as everything here does first.
    ///
    /// # Errors
    /// [`StoreError`], where it was told to fail.
    pub fn call(&self, call: &'static str) -> Result<(), StoreError> {
        let mut told = self.told();
        told.calls.push(call);
        if told.failing.contains(call) { Err(StoreError::unavailable("the disk is full")) } else { Ok(()) }
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

    fn note(&self, written: &impl Debug) {
        self.told().written.push_str(&format!("{written:?}\n"));
    }

    fn note_bytes(&self, written: &[u8]) {
        self.note(&String::from_utf8_lossy(written));
    }
}

impl SessionStore for FailingStore {
    async fn load(&self, key: SessionKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("load")?;
        self.inner.load(key, now).await
    }

    async fn create(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.call("create")?;
        self.note_bytes(data);
        self.told().sessions.insert(key);
        self.inner.create(key, data, expires_at).await
    }

    async fn save(&self, key: SessionKey, data: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
        self.call("save")?;
        self.note_bytes(data);
        self.inner.save(key, data, expires_at).await
    }

    async fn touch(&self, key: SessionKey, expires_at: Timestamp) -> Result<bool, StoreError> {
        self.call("touch")?;
        self.inner.touch(key, expires_at).await
    }

    async fn end(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.call("end")?;
        self.told().sessions.remove(&key);
        self.inner.end(key).await
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.call("sweep_sessions")?;
        self.inner.sweep_sessions(before).await
    }
}

impl CeremonyStore for FailingStore {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        self.call("put")?;
        self.note_bytes(state);
        self.inner.put(key, state, expires_at).await
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        self.call("take")?;
        self.inner.take(key, now).await
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.call("sweep")?;
        self.inner.sweep(before).await
    }
}

impl CredentialStore for FailingStore {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        self.call("account_by_name")?;
        self.inner.account_by_name(name_key).await
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        self.call("account")?;
        self.inner.account(user_handle).await
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        self.call("passkey")?;
        self.inner.passkey(id).await
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        self.call("passkeys")?;
        self.inner.passkeys(user_handle).await
    }

    async fn descriptors(
        &self,
        user_handle: &UserHandle,
    ) -> Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError> {
        self.call("descriptors")?;
        self.inner.descriptors(user_handle).await
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        self.call("open_account")?;
        self.note(&(&account, &passkey));
        self.inner.open_account(account, passkey).await
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        self.call("add")?;
        self.note(&passkey);
        self.inner.add(user_handle, passkey, max).await
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        self.call("apply")?;
        self.note(update);
        if self.told().counters_run {
            return Ok(Applied::CounterMoved { current: update.previous_sign_count });
        }
        self.inner.apply(user_handle, update, used_at).await
    }

    async fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        self.call("rename")?;
        self.inner.rename(user_handle, id, nickname).await
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        self.call("delete")?;
        self.inner.delete(user_handle, id, allow_last).await
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        self.call("put_account")?;
        self.inner.put_account(account).await
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        self.call("delete_account")?;
        self.inner.delete_account(user_handle).await
    }
}
