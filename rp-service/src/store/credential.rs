use std::future::Future;

use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialRecord, CredentialUpdate, Timestamp, UserHandle};

use super::StoreError;

/// An account, as far as passkeys need one: a user handle, a name that is unique, a name for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user handle: the account's key.
    pub user_handle: UserHandle,
    /// The username as the user wrote it.
    pub name: String,
    /// The username as it is compared (RFC 8265, UsernameCaseMapped). Unique.
    pub name_key: String,
    /// What the person is called.
    pub display_name: String,
    /// When the account was opened.
    pub created_at: Timestamp,
}

/// A credential record and what the service keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The record of section 7.1.
    pub record: CredentialRecord,
    /// What the user calls it.
    pub nickname: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used to sign in or step up.
    pub last_used_at: Option<Timestamp>,
    /// Whether the last ceremony verified the user.
    pub user_verified: bool,
}

impl Passkey {
    /// Refuses a passkey whose record does not name this account.
    ///
    /// # Errors
    /// [`StoreError::RecordOfAnotherAccount`].
    pub fn check_account(&self, user_handle: &UserHandle) -> Result<(), StoreError> {
        if self.record.user_handle == *user_handle { Ok(()) } else { Err(StoreError::RecordOfAnotherAccount) }
    }
}

/// Accounts and their passkeys. A credential ID is unique over all accounts.
///
/// Each call is one transaction: what it checks still holds when it writes.
pub trait CredentialStore: Send + Sync {
    /// The account with this name, as [`Account::name_key`] has it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn account_by_name(
        &self,
        name_key: &str,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// The account with this user handle.
    ///
    /// # Errors
    /// [`StoreError`].
    fn account(
        &self,
        user_handle: &UserHandle,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// The passkey with this credential ID, and whose it is.
    ///
    /// # Errors
    /// [`StoreError`].
    fn passkey(
        &self,
        id: &CredentialId,
    ) -> impl Future<Output = Result<Option<(Account, Passkey)>, StoreError>> + Send;

    /// The account's passkeys, oldest first; none where there is no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    fn passkeys(
        &self,
        user_handle: &UserHandle,
    ) -> impl Future<Output = Result<Vec<Passkey>, StoreError>> + Send;

    /// The account's passkeys as options name them: ID and transports, in any order. A store that need not read
    /// more for it should not: how long a sign-in takes to start must not tell how much an account holds.
    ///
    /// # Errors
    /// [`StoreError`].
    fn descriptors(
        &self,
        user_handle: &UserHandle,
    ) -> impl Future<Output = Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError>> + Send {
        async {
            Ok(self.passkeys(user_handle).await?.iter().map(|passkey| (&passkey.record).into()).collect())
        }
    }

    /// Opens an account with its first passkey: both or neither.
    ///
    /// # Errors
    /// [`StoreError`].
    fn open_account(
        &self,
        account: Account,
        passkey: Passkey,
    ) -> impl Future<Output = Result<Opened, StoreError>> + Send;

    /// Adds a passkey to an account that has fewer than `max`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> impl Future<Output = Result<Added, StoreError>> + Send;

    /// Applies what an authentication changed, as [`CredentialUpdate::apply`] does, if the counter is still
    /// the one that was judged; and notes when the passkey was used, and whether the user was verified.
    ///
    /// The counter never goes back, and neither does the time of use. Backup eligibility is written only
    /// where it is not known; `uvInitialized` only ever rises.
    ///
    /// # Errors
    /// [`StoreError`].
    fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// Names one of the account's passkeys, or takes its name away; gives it as it is now. `None` where the
    /// account has no such passkey, even if another account has.
    ///
    /// # Errors
    /// [`StoreError`].
    fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> impl Future<Output = Result<Option<Passkey>, StoreError>> + Send;

    /// Deletes one of the account's passkeys; its last only with `allow_last`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> impl Future<Output = Result<Deleted, StoreError>> + Send;

    /// Keeps an account of an application that has users of its own, with or without passkeys: a new one, or
    /// new names for the one with this user handle. When an account was opened does not change.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_account(&self, account: Account) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// Deletes an account with all its passkeys; `false` where there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    fn delete_account(
        &self,
        user_handle: &UserHandle,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What came of opening an account; all but `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Opened {
    /// The account and its passkey are there.
    Done,
    /// Another account has the name.
    NameTaken,
    /// An account has this user handle: 64 random bytes do not repeat, so one was used twice.
    HandleTaken,
    /// Some account has a passkey with this credential ID.
    CredentialExists,
}

/// What came of adding a passkey; all but `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Added {
    /// The account has the passkey.
    Done,
    /// Some account, this one or another, has a passkey with this credential ID.
    CredentialExists,
    /// The account has as many as it may have.
    TooMany,
    /// There is no such account.
    NoAccount,
}

/// What came of applying an update; all but `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// The record holds it.
    Done,
    /// The stored counter is no longer the one that was judged: another authentication was faster. Judge
    /// against `current`, or refuse.
    CounterMoved {
        /// The counter that is stored.
        current: u32,
    },
    /// The account has no such passkey: it was deleted meanwhile.
    Gone,
}

/// What came of deleting a passkey; all but `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Deleted {
    /// It is gone.
    Done,
    /// It is the account's last.
    Last,
    /// The account has no such passkey, even if another account has.
    Missing,
}

/// What came of putting an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It is there with these names.
    Done,
    /// Another account has the name; nothing was changed.
    NameTaken,
}
