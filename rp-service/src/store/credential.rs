use std::future::Future;

use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialRecord, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};

use super::error::StoreError;
use crate::factor_name::FactorName;
use crate::session::SessionKey;

/// A credential record, and what the service stores with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential record ([section 4](https://www.w3.org/TR/webauthn-3/#credential-record)). It names the user.
    pub record: CredentialRecord,
    /// The name that the user gave to the passkey.
    pub nickname: Option<String>,
    /// The time of registration.
    pub created_at: Timestamp,
    /// The time of the last authentication.
    pub last_used_at: Option<Timestamp>,
    /// Whether the authenticator verified the user in the last ceremony.
    pub user_verified: bool,
}

/// The facts on which adding or deleting a passkey depends. The store checks them in the transaction that writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Whether the user must exist and not be locked. `false` if users are in another store: the service then checks
    /// the user immediately before.
    pub check_user: bool,
    /// Whether the second factors on which the authorisation depends are in this store. `false` if they are in another
    /// one: the service then checks them immediately before.
    pub check_factors: bool,
    /// The session of the request, which must be the user's and must not have expired by `now`. `None` if sessions are
    /// in another store: the service then checks the session immediately before.
    pub session: Option<SessionKey>,
    /// The verification that authorises the change.
    pub authorization: Authorization,
    /// The time of the change.
    pub now: Timestamp,
}

/// The verification that authorises adding or deleting a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A passkey of the user, which must still be the user's.
    Passkey(CredentialId),
    /// A second factor, which must still be enrolled. It authorises the change only as long as the user has no passkey.
    SecondFactor(FactorName),
    /// The first factor. It authorises the change only as long as the user has neither a passkey nor a second factor.
    FirstFactor,
    /// A single-use enrolment grant, which the change uses up. It authorises adding one passkey or second factor and
    /// nothing else.
    Grant(GrantKey),
    /// An operator, who needs no verification of the user.
    Operator,
}

/// The key of an enrolment grant: the SHA-256 hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantKey(pub [u8; 32]);

/// The passkeys of all users. A credential ID is unique across users.
///
/// Each method is one transaction: what it checks still holds when it writes.
pub trait CredentialStore: Send + Sync {
    /// Returns the passkey with this credential ID.
    ///
    /// # Errors
    /// [`StoreError`].
    fn passkey(&self, id: &CredentialId) -> impl Future<Output = Result<Option<Passkey>, StoreError>> + Send;

    /// Returns the user's passkeys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn passkeys(&self, user: &UserHandle) -> impl Future<Output = Result<Vec<Passkey>, StoreError>> + Send;

    /// Returns the user's passkeys as options list them (ID and transports), in any order. A store should read no more
    /// than that: the time that this takes must not reveal how much a user has.
    ///
    /// # Errors
    /// [`StoreError`].
    fn descriptors(
        &self,
        user: &UserHandle,
    ) -> impl Future<Output = Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError>> + Send {
        async { Ok(self.passkeys(user).await?.iter().map(|passkey| (&passkey.record).into()).collect()) }
    }

    /// Adds a passkey to the user that its record names, who has fewer than `max`.
    ///
    /// The conditions are checked in the order of [`AddPasskey`]'s variants, and the first one that does not hold is
    /// returned. A grant is used up only if the passkey is added.
    ///
    /// # Errors
    /// [`StoreError`].
    fn add_passkey(
        &self,
        passkey: Passkey,
        max: Option<usize>,
        conditions: &Conditions,
    ) -> impl Future<Output = Result<AddPasskey, StoreError>> + Send;

    /// Applies an authentication ([`CredentialUpdate::apply`]) if the stored counter is still
    /// [`CredentialUpdate::previous_sign_count`], and stores when the passkey was used and whether the user was verified.
    ///
    /// The counter and the time of use never decrease. Backup eligibility is written only if it was unknown;
    /// `uvInitialized` is never cleared.
    ///
    /// # Errors
    /// [`StoreError`].
    fn apply_update(
        &self,
        user: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> impl Future<Output = Result<ApplyUpdate, StoreError>> + Send;

    /// Names one of the user's passkeys, or removes its name, and returns it. Returns `None` if the user has no such
    /// passkey, even if another user has it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn rename_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> impl Future<Output = Result<Option<Passkey>, StoreError>> + Send;

    /// Deletes one of the user's passkeys; the last one only with `allow_last`. A store that also stores sessions ends
    /// those whose [`Session::credential`](crate::Session::credential) it is, in the same transaction.
    ///
    /// The conditions are checked in the order of [`DeletePasskey`]'s variants, and the first one that does not hold is
    /// returned.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
        conditions: &Conditions,
    ) -> impl Future<Output = Result<DeletePasskey, StoreError>> + Send;

    /// Deletes all passkeys and grants of a user, and returns the number of passkeys. For operators, and for users
    /// whose account is deleted. A store that also stores sessions ends those whose
    /// [`Session::credential`](crate::Session::credential) is one of them, in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete_passkeys(&self, user: &UserHandle) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Returns up to `limit` passkeys of all users in the order of their IDs (shorter IDs are not sorted first: the order
    /// is that of the bytes), beginning behind `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn all_passkeys(
        &self,
        after: Option<&CredentialId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Passkey>, StoreError>> + Send;

    /// Returns the passkeys of the users whose handles are in this range, in the order of the handles, the oldest of each
    /// user first. For walks over all users, page by page.
    ///
    /// # Errors
    /// [`StoreError`].
    fn passkeys_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> impl Future<Output = Result<Vec<Passkey>, StoreError>> + Send;

    /// Stores the results of a later assessment of passkeys' attestation, all in one transaction. Returns for each whether
    /// the passkey exists.
    ///
    /// # Errors
    /// [`StoreError`].
    fn set_attestations(
        &self,
        changes: &[(CredentialId, StoredAttestation)],
    ) -> impl Future<Output = Result<Vec<bool>, StoreError>> + Send;

    /// Stores an enrolment grant for a user until it is used or expires.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_grant(
        &self,
        key: GrantKey,
        user: &UserHandle,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns when the last of the user's unused grants expires; `None` if all have expired by `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn grant_expiry(
        &self,
        user: &UserHandle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Uses up a grant of the user: removes it, and returns whether it existed and had not expired by `now`. For a change
    /// in another store; [`CredentialStore::add_passkey`] does the same in its transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take_grant(
        &self,
        key: GrantKey,
        user: &UserHandle,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes grants that had expired before `before`, at most [`SWEEP_LIMIT`](super::SWEEP_LIMIT), and returns the
    /// number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sweep_grants(&self, before: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The outcome of [`CredentialStore::add_passkey`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum AddPasskey {
    /// The user has the passkey.
    Done,
    /// The user does not exist, or is locked.
    UserMissing,
    /// The session has ended.
    SessionEnded,
    /// The verification does not authorise the change any more.
    NotAuthorized,
    /// A user, this one or another, has a passkey with this credential ID.
    CredentialExists,
    /// The user has as many passkeys as allowed.
    TooMany,
}

/// The outcome of [`CredentialStore::apply_update`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ApplyUpdate {
    /// The update is stored.
    Done,
    /// The stored counter has changed: another authentication was faster. Rebase the authentication on the record
    /// as it is now, or reject it.
    CounterMoved,
    /// The user has no such passkey: it was deleted in the meantime.
    Missing,
}

/// The outcome of [`CredentialStore::delete_passkey`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum DeletePasskey {
    /// The passkey is deleted.
    Done,
    /// The user does not exist, or is locked.
    UserMissing,
    /// The session has ended.
    SessionEnded,
    /// The verification does not authorise the change any more.
    NotAuthorized,
    /// The user has no such passkey, even if another user has it.
    Missing,
    /// It is the user's last passkey.
    Last,
}

/// The condition that does not hold, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnmetCondition {
    User,
    Session,
    Authorization,
}

impl From<UnmetCondition> for AddPasskey {
    fn from(unmet: UnmetCondition) -> Self {
        match unmet {
            UnmetCondition::User => Self::UserMissing,
            UnmetCondition::Session => Self::SessionEnded,
            UnmetCondition::Authorization => Self::NotAuthorized,
        }
    }
}

impl From<UnmetCondition> for DeletePasskey {
    fn from(unmet: UnmetCondition) -> Self {
        match unmet {
            UnmetCondition::User => Self::UserMissing,
            UnmetCondition::Session => Self::SessionEnded,
            UnmetCondition::Authorization => Self::NotAuthorized,
        }
    }
}
