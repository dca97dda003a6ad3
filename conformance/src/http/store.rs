use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};
use rp_service::store::{
    AddPasskey, ApplyUpdate, CeremonyKey, CeremonyStore, Conditions, CreateUser, CredentialStore,
    DeleteFactor, DeletePasskey, FactorRecord, FactorStore, FactorVersion, GrantKey, MemoryStore, Passkey,
    PutFactor, SessionKey, SessionStore, SignUp, SignUpStore, StoreError, TakeCeremony, UpdateUser,
    UserChange, UserRecord, UserStore,
};
use rp_service::{FactorName, Session, SessionId};

/// A [`MemoryStore`] for tests: it counts calls, fails on request, and runs an action immediately before a call, as if
/// a parallel request had been faster. Calls have the names of the traits' methods.
#[derive(Clone, Default)]
pub struct FailingStore {
    inner: MemoryStore,
    watch: Arc<Mutex<Watch>>,
}

#[derive(Default)]
struct Watch {
    failing: BTreeSet<&'static str>,
    before: BTreeMap<&'static str, Action>,
    moving_counters: usize,
    calls: Vec<&'static str>,
    written: String,
}

type Action = Arc<dyn Fn(MemoryStore) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl FailingStore {
    /// Lets these calls fail from now on, and no others. A call that fails changes nothing.
    pub fn fail(&self, calls: impl IntoIterator<Item = &'static str>) {
        self.watch().failing = calls.into_iter().collect();
    }

    /// Runs an action immediately before each of these calls, until [`FailingStore::undisturbed`].
    pub fn before<F, R>(&self, call: &'static str, action: F)
    where
        F: Fn(MemoryStore) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.watch().before.insert(call, Arc::new(move |store| Box::pin(action(store))));
    }

    /// Runs no actions any more.
    pub fn undisturbed(&self) {
        self.watch().before.clear();
    }

    /// Lets the next calls of `apply_update` find that the counter has moved since it was read.
    pub fn move_counters(&self, times: usize) {
        self.watch().moving_counters = times;
    }

    /// Returns the calls since the last time.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.watch().calls)
    }

    /// The arguments of all calls, as text.
    #[must_use]
    pub fn written(&self) -> String {
        self.watch().written.clone()
    }

    /// The store behind it. Its calls are neither counted nor disturbed.
    #[must_use]
    pub fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    async fn call(&self, call: &'static str, arguments: &(impl Debug + ?Sized)) -> Result<(), StoreError> {
        let action = {
            let mut watch = self.watch();
            watch.calls.push(call);
            watch.written.push_str(&format!("{call} {arguments:?}\n"));
            if watch.failing.contains(call) {
                return Err(StoreError::unavailable("the disk is full"));
            }
            watch.before.get(call).cloned()
        };
        if let Some(action) = action {
            action(self.inner.clone()).await;
        }
        Ok(())
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailingStore").finish_non_exhaustive()
    }
}

/// Implements a trait by calling the inner store.
macro_rules! watched {
    ($store:ident { $(fn $method:ident($($argument:ident: $type:ty),*) -> $result:ty;)* } $($others:tt)*) => {
        impl $store for FailingStore {
            $(async fn $method(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                self.call(stringify!($method), &($(&$argument,)*)).await?;
                $store::$method(&self.inner, $($argument),*).await
            })*
            $($others)*
        }
    };
}

watched!(UserStore {
    fn user(handle: &UserHandle) -> Option<UserRecord>;
    fn user_by_name(name_key: &str) -> Option<UserRecord>;
    fn create_user(user: UserRecord) -> CreateUser;
    fn update_user(handle: &UserHandle, change: UserChange) -> UpdateUser;
    fn set_user_lock(handle: &UserHandle, locked_at: Option<Timestamp>) -> bool;
    fn delete_user(handle: &UserHandle) -> bool;
    fn users(after: Option<&UserHandle>, limit: u32) -> Vec<UserRecord>;
});

watched!(CredentialStore {
    fn passkey(id: &CredentialId) -> Option<Passkey>;
    fn passkeys(user: &UserHandle) -> Vec<Passkey>;
    fn descriptors(user: &UserHandle) -> Vec<PublicKeyCredentialDescriptorJson>;
    fn add_passkey(passkey: Passkey, max: Option<usize>, conditions: &Conditions) -> AddPasskey;
    fn rename_passkey(user: &UserHandle, id: &CredentialId, nickname: Option<&str>) -> Option<Passkey>;
    fn delete_passkey(
        user: &UserHandle, id: &CredentialId, allow_last: bool, conditions: &Conditions
    ) -> DeletePasskey;
    fn delete_passkeys(user: &UserHandle) -> u64;
    fn all_passkeys(after: Option<&CredentialId>, limit: u32) -> Vec<Passkey>;
    fn passkeys_between(first: &UserHandle, last: &UserHandle) -> Vec<Passkey>;
    fn set_attestations(changes: &[(CredentialId, StoredAttestation)]) -> Vec<bool>;
    fn put_grant(key: GrantKey, user: &UserHandle, expires_at: Timestamp) -> ();
    fn grant_expiry(user: &UserHandle, now: Timestamp) -> Option<Timestamp>;
    fn take_grant(key: GrantKey, user: &UserHandle, now: Timestamp) -> bool;
    fn sweep_grants(before: Timestamp) -> u64;
}
    async fn apply_update(
        &self,
        user: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<ApplyUpdate, StoreError> {
        self.call("apply_update", &(user, update, used_at)).await?;
        let moves = {
            let mut watch = self.watch();
            let moves = watch.moving_counters > 0;
            watch.moving_counters = watch.moving_counters.saturating_sub(1);
            moves
        };
        if moves { Ok(ApplyUpdate::CounterMoved) } else { self.inner.apply_update(user, update, used_at).await }
    }
);

watched!(FactorStore {
    fn factor(user: &UserHandle, name: &FactorName) -> Option<FactorRecord>;
    fn factors(user: &UserHandle) -> Vec<FactorRecord>;
    fn factors_between(first: &UserHandle, last: &UserHandle) -> Vec<FactorRecord>;
    fn put_factor(
        record: &FactorRecord, expected: Option<FactorVersion>, conditions: Option<&Conditions>
    ) -> PutFactor;
    fn delete_factor(user: &UserHandle, name: &FactorName, conditions: Option<&Conditions>) -> DeleteFactor;
    fn delete_factors(user: &UserHandle) -> u64;
});

watched!(SignUpStore {
    fn create_user_with_passkey(user: UserRecord, passkey: Passkey, is_reserved: bool) -> SignUp;
});

watched!(CeremonyStore {
    fn put_ceremony(key: CeremonyKey, state: &[u8], expires_at: Timestamp) -> ();
    fn take_ceremony(key: CeremonyKey, now: Timestamp) -> TakeCeremony;
    fn sweep_ceremonies(before: Timestamp) -> u64;
});

watched!(SessionStore {
    fn create_session(key: SessionKey, session: &Session) -> bool;
    fn session(key: SessionKey, now: Timestamp) -> Option<Session>;
    fn replace_session(old: SessionKey, new: SessionKey, session: &Session) -> bool;
    fn touch_session(key: SessionKey, used_at: Timestamp, expires_at: Timestamp) -> bool;
    fn require_user_verification(key: SessionKey) -> bool;
    fn end_session(key: SessionKey) -> bool;
    fn sessions(user: &UserHandle, now: Timestamp) -> Vec<Session>;
    fn end_session_by_id(user: &UserHandle, id: &SessionId) -> bool;
    fn end_sessions(user: &UserHandle, keep: Option<&SessionId>) -> u64;
    fn end_sessions_of_passkey(user: &UserHandle, credential: &CredentialId) -> u64;
    fn sweep_sessions(before: Timestamp) -> u64;
});
