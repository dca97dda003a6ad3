use std::future::Future;

use rp_core::{Timestamp, UserHandle};

use super::StoreError;

/// A user account, as far as passkeys need one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The user handle: 1 to 64 random bytes, the key of the account. It never changes.
    pub handle: UserHandle,
    /// The username as the user wrote it.
    pub name: String,
    /// The username in the form in which names are compared ([`Username::key`](crate::Username::key)). Unique.
    pub name_key: String,
    /// The name that is shown to people.
    pub display_name: String,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time since which the user is locked; `None` if the user is not locked.
    pub locked_at: Option<Timestamp>,
}

/// A change to a user; `None` leaves a member as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The new username, and the form in which it is compared.
    pub name: Option<(String, String)>,
    /// The new display name.
    pub display_name: Option<String>,
}

/// The users of the application.
pub trait UserStore: Send + Sync {
    /// Returns the user with this handle.
    ///
    /// # Errors
    /// [`StoreError`].
    fn user(
        &self,
        handle: &UserHandle,
    ) -> impl Future<Output = Result<Option<UserRecord>, StoreError>> + Send;

    /// Returns the user whose [`UserRecord::name_key`] is this.
    ///
    /// # Errors
    /// [`StoreError`].
    fn user_by_name(
        &self,
        name_key: &str,
    ) -> impl Future<Output = Result<Option<UserRecord>, StoreError>> + Send;

    /// Creates a user without a passkey.
    ///
    /// # Errors
    /// [`StoreError`].
    fn create_user(&self, user: UserRecord) -> impl Future<Output = Result<CreateUser, StoreError>> + Send;

    /// Changes the names of a user.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unsupported`] if the application changes its users itself.
    fn update_user(
        &self,
        handle: &UserHandle,
        change: UserChange,
    ) -> impl Future<Output = Result<UpdateUser, StoreError>> + Send;

    /// Locks a user, or unlocks it with `None`. Returns `false` if the user does not exist. A user that is locked already
    /// keeps the earlier time.
    ///
    /// # Errors
    /// [`StoreError`].
    fn set_user_lock(
        &self,
        handle: &UserHandle,
        locked_at: Option<Timestamp>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes a user, and in the same transaction all that this store holds of the user. Returns `false` if there is
    /// no such user.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unsupported`] if the application deletes its users itself.
    fn delete_user(&self, handle: &UserHandle) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns up to `limit` users in the order of their handles, beginning behind `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unsupported`] if the application's users cannot be walked.
    fn users(
        &self,
        after: Option<&UserHandle>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<UserRecord>, StoreError>> + Send;
}

/// The outcome of [`UserStore::create_user`]; every variant except `Done` changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum CreateUser {
    /// The user was created.
    Done,
    /// Another user has the name.
    NameTaken,
    /// A user with this handle exists already.
    HandleTaken,
}

/// The outcome of [`UserStore::update_user`]; every variant except `Done` changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum UpdateUser {
    /// The user as it is now.
    Done(UserRecord),
    /// Another user has the name.
    NameTaken,
    /// The user does not exist.
    Missing,
}
