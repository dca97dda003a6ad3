use std::future::Future;

use super::{CredentialStore, Passkey, StoreError, UserRecord, UserStore};

/// A store of users and passkeys that can create a user with the first passkey in one transaction.
pub trait SignUpStore: UserStore + CredentialStore {
    /// Creates a user and adds the user's first passkey: both or neither.
    ///
    /// If `is_reserved`, the credential ID counts as that of another user's passkey. The outcome is that for an ID which
    /// exists, after the same work: the time that this takes must not reveal that a decoy is in no row.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::ForeignRecord`] if the record names another user.
    fn create_user_with_passkey(
        &self,
        user: UserRecord,
        passkey: Passkey,
        is_reserved: bool,
    ) -> impl Future<Output = Result<SignUp, StoreError>> + Send;
}

/// The outcome of [`SignUpStore::create_user_with_passkey`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SignUp {
    /// The user and the passkey are stored.
    Done,
    /// Another user has the name.
    NameTaken,
    /// A user with this handle exists already.
    HandleTaken,
    /// A user has a passkey with this credential ID.
    CredentialExists,
}
