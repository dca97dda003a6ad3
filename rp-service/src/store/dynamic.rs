//! The stores as trait objects: `async` methods cannot be called on one, so each trait has a twin that boxes them.

use std::future::Future;
use std::pin::Pin;

use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};

use super::{
    AddPasskey, ApplyUpdate, CeremonyKey, CeremonyStore, Conditions, CreateUser, CredentialStore,
    DeleteFactor, DeletePasskey, FactorRecord, FactorStore, FactorVersion, GrantKey, Passkey, PutFactor,
    ReplayCache, SessionKey, SessionStore, SignUp, SignUpStore, StoreError, TakeCeremony, UpdateUser,
    UserChange, UserRecord, UserStore,
};
use crate::factor_name::FactorName;
use crate::rate_limiter::{Limit, RateLimit, RateLimiter};
use crate::session::{Session, SessionId};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Declares the twin of a store trait, and implements it for every implementation of the trait.
macro_rules! dynamic {
    ($twin:ident of $store:ident { $(fn $method:ident($($argument:ident: $type:ty),*) -> $result:ty;)* }) => {
        pub(crate) trait $twin: Send + Sync {
            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Boxed<'a, $result>;)*
        }

        impl<T: $store> $twin for T {
            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Boxed<'a, $result> {
                Box::pin($store::$method(self, $($argument),*))
            })*
        }
    };
}

dynamic!(DynUserStore of UserStore {
    fn user(handle: &'a UserHandle) -> Option<UserRecord>;
    fn user_by_name(name_key: &'a str) -> Option<UserRecord>;
    fn create_user(user: UserRecord) -> CreateUser;
    fn update_user(handle: &'a UserHandle, change: UserChange) -> UpdateUser;
    fn set_user_lock(handle: &'a UserHandle, locked_at: Option<Timestamp>) -> bool;
    fn delete_user(handle: &'a UserHandle) -> bool;
    fn users(after: Option<&'a UserHandle>, limit: u32) -> Vec<UserRecord>;
});

dynamic!(DynCredentialStore of CredentialStore {
    fn passkey(id: &'a CredentialId) -> Option<Passkey>;
    fn passkeys(user: &'a UserHandle) -> Vec<Passkey>;
    fn descriptors(user: &'a UserHandle) -> Vec<PublicKeyCredentialDescriptorJson>;
    fn add_passkey(passkey: Passkey, max: Option<usize>, conditions: &'a Conditions) -> AddPasskey;
    fn apply_update(user: &'a UserHandle, update: &'a CredentialUpdate, used_at: Timestamp) -> ApplyUpdate;
    fn rename_passkey(user: &'a UserHandle, id: &'a CredentialId, nickname: Option<&'a str>) -> Option<Passkey>;
    fn delete_passkey(
        user: &'a UserHandle, id: &'a CredentialId, allow_last: bool, conditions: &'a Conditions
    ) -> DeletePasskey;
    fn delete_passkeys(user: &'a UserHandle) -> u64;
    fn all_passkeys(after: Option<&'a CredentialId>, limit: u32) -> Vec<Passkey>;
    fn passkeys_between(first: &'a UserHandle, last: &'a UserHandle) -> Vec<Passkey>;
    fn set_attestations(changes: &'a [(CredentialId, StoredAttestation)]) -> Vec<bool>;
    fn put_grant(key: GrantKey, user: &'a UserHandle, expires_at: Timestamp) -> ();
    fn grant_expiry(user: &'a UserHandle, now: Timestamp) -> Option<Timestamp>;
    fn take_grant(key: GrantKey, user: &'a UserHandle, now: Timestamp) -> bool;
    fn sweep_grants(before: Timestamp) -> u64;
});

dynamic!(DynFactorStore of FactorStore {
    fn factor(user: &'a UserHandle, name: &'a FactorName) -> Option<FactorRecord>;
    fn factors(user: &'a UserHandle) -> Vec<FactorRecord>;
    fn factors_between(first: &'a UserHandle, last: &'a UserHandle) -> Vec<FactorRecord>;
    fn put_factor(
        record: &'a FactorRecord, expected: Option<FactorVersion>, conditions: Option<&'a Conditions>
    ) -> PutFactor;
    fn delete_factor(
        user: &'a UserHandle, name: &'a FactorName, conditions: Option<&'a Conditions>
    ) -> DeleteFactor;
    fn delete_factors(user: &'a UserHandle) -> u64;
});

dynamic!(DynSignUpStore of SignUpStore {
    fn create_user_with_passkey(user: UserRecord, passkey: Passkey, is_reserved: bool) -> SignUp;
});

dynamic!(DynCeremonyStore of CeremonyStore {
    fn put_ceremony(key: CeremonyKey, state: &'a [u8], expires_at: Timestamp) -> ();
    fn take_ceremony(key: CeremonyKey, now: Timestamp) -> TakeCeremony;
    fn sweep_ceremonies(before: Timestamp) -> u64;
});

dynamic!(DynSessionStore of SessionStore {
    fn create_session(key: SessionKey, session: &'a Session) -> bool;
    fn session(key: SessionKey, now: Timestamp) -> Option<Session>;
    fn replace_session(old: SessionKey, new: SessionKey, session: &'a Session) -> bool;
    fn touch_session(key: SessionKey, used_at: Timestamp, expires_at: Timestamp) -> bool;
    fn require_user_verification(key: SessionKey) -> bool;
    fn end_session(key: SessionKey) -> bool;
    fn sessions(user: &'a UserHandle, now: Timestamp) -> Vec<Session>;
    fn end_session_by_id(user: &'a UserHandle, id: &'a SessionId) -> bool;
    fn end_oldest_sessions(opened: &'a Session, max: usize, now: Timestamp) -> u64;
    fn end_sessions(user: &'a UserHandle, keep: Option<&'a SessionId>) -> u64;
    fn end_sessions_of_passkey(user: &'a UserHandle, credential: &'a CredentialId) -> u64;
    fn sweep_sessions(before: Timestamp) -> u64;
});

dynamic!(DynRateLimiter of RateLimiter {
    fn check(limit: Limit, subject: &'a str, now: Timestamp) -> RateLimit;
    fn count(limit: Limit, subject: &'a str, now: Timestamp) -> RateLimit;
    fn forgive(limit: Limit, subject: &'a str, now: Timestamp) -> ();
    fn sweep(before: Timestamp) -> u64;
});

dynamic!(DynReplayCache of ReplayCache {
    fn record_use(key: CeremonyKey, expires_at: Timestamp) -> bool;
    fn sweep_uses(before: Timestamp) -> u64;
});
