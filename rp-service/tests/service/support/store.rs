use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};
use rp_service::store::{
    Account, Added, Applied, CeremonyKey, CeremonyStore, CredentialStore, Deleted, MemoryStore, Opened,
    Passkey, Put, StoreError, Taken,
};

/// A store that notes which calls were made, and fails at one if asked to.
pub(crate) struct Watched {
    pub(crate) inner: MemoryStore,
    calls: Mutex<Vec<&'static str>>,
    fails_at: Mutex<Option<&'static str>>,
    counter_runs: AtomicBool,
}

impl Watched {
    pub(crate) fn new(inner: MemoryStore) -> Self {
        Self {
            inner,
            calls: Mutex::default(),
            fails_at: Mutex::default(),
            counter_runs: AtomicBool::new(false),
        }
    }

    /// The calls since it was asked last.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    pub(crate) fn fail_at(&self, call: Option<&'static str>) {
        *self.fails_at.lock().unwrap() = call;
    }

    /// Lets every counter move between reading and writing.
    pub(crate) fn let_counter_run(&self) {
        self.counter_runs.store(true, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, call: &'static str) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(call);
        match *self.fails_at.lock().unwrap() {
            Some(failing) if failing == call => Err(StoreError::unavailable("the disk is full")),
            _ => Ok(()),
        }
    }
}

impl CeremonyStore for Watched {
    async fn put(&self, key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        self.note("put")?;
        self.inner.put(key, state, expires_at).await
    }

    async fn take(&self, key: CeremonyKey, now: Timestamp) -> Result<Taken, StoreError> {
        self.note("take")?;
        self.inner.take(key, now).await
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.note("sweep")?;
        self.inner.sweep(before).await
    }
}

impl CredentialStore for Watched {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        self.note("account_by_name")?;
        self.inner.account_by_name(name_key).await
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        self.note("account")?;
        self.inner.account(user_handle).await
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        self.note("passkey")?;
        self.inner.passkey(id).await
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        self.note("passkeys")?;
        self.inner.passkeys(user_handle).await
    }

    async fn descriptors(
        &self,
        user_handle: &UserHandle,
    ) -> Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError> {
        self.note("descriptors")?;
        self.inner.descriptors(user_handle).await
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        self.note("open_account")?;
        self.inner.open_account(account, passkey).await
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        self.note("add")?;
        self.inner.add(user_handle, passkey, max).await
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        self.note("apply")?;
        if self.counter_runs.load(Ordering::Relaxed) {
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
        self.note("rename")?;
        self.inner.rename(user_handle, id, nickname).await
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        self.note("delete")?;
        self.inner.delete(user_handle, id, allow_last).await
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        self.note("put_account")?;
        self.inner.put_account(account).await
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        self.note("delete_account")?;
        self.inner.delete_account(user_handle).await
    }
}
