//! The life cycle of users, and enrolment grants: operations for the application and its operators.

use std::fmt;
use std::time::Duration;

use rp_core::{CredentialId, StoredAttestation, UserHandle, base64url};

use super::caller::Caller;
use super::service::Passkeys;
use super::sign_up::check_display_name;
use crate::error::ServiceError;
use crate::event::{Action, EventBuilder};
use crate::json::SignalJson;
use crate::store::{CreateUser, GrantKey, Passkey, UpdateUser, UserChange, UserRecord};
use crate::username::Username;

/// The token of an enrolment grant, which its user sends with a registration. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant(String);

impl Grant {
    /// The token, to be handed to the user.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant(…)")
    }
}

impl GrantKey {
    /// The key of a grant's token.
    pub(crate) fn of(token: &str) -> Self {
        Self(rp_core::crypto::sha256(&[b"rp enrolment grant\0", token.as_bytes()]))
    }
}

impl Passkeys {
    /// Returns a user.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn user(&self, handle: &UserHandle) -> Result<Option<UserRecord>, ServiceError> {
        Ok(self.inner.users.user(handle).await?)
    }

    /// Returns the user with this username.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn user_by_name(&self, username: &str) -> Result<Option<UserRecord>, ServiceError> {
        let parsed = Username::parse(username);
        let key = parsed.as_ref().map_or(username, Username::key);
        Ok(self.inner.users.user_by_name(key).await?)
    }

    /// Returns up to `limit` users, beginning behind `after`, in the order of their handles.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn users(
        &self,
        after: Option<&UserHandle>,
        limit: u32,
    ) -> Result<Vec<UserRecord>, ServiceError> {
        Ok(self.inner.users.users(after, limit).await?)
    }

    /// Creates a user without a passkey, with a random user handle.
    ///
    /// # Errors
    /// [`ServiceError`]: `username-invalid`, `malformed-json` for the display name, `username-taken`,
    /// `storage-unavailable`.
    pub async fn create_user(&self, username: &str, display_name: &str) -> Result<UserRecord, ServiceError> {
        let mut event = EventBuilder::new(Action::CreateUser);
        let create = async {
            let username = Username::parse(username)?;
            let display_name = check_display_name(display_name)?;
            let display_name = if display_name.is_empty() { username.as_written() } else { display_name };
            let user = UserRecord {
                handle: UserHandle::random()?,
                name: username.as_written().to_owned(),
                name_key: username.key().to_owned(),
                display_name: display_name.to_owned(),
                created_at: self.now(),
                locked_at: None,
            };
            match self.inner.users.create_user(user.clone()).await? {
                CreateUser::Done => Ok(user),
                CreateUser::NameTaken | CreateUser::HandleTaken => Err(ServiceError::UsernameTaken),
            }
        };
        let result = create.await;
        event.user = result.as_ref().ok().map(|user: &UserRecord| user.handle.clone());
        self.record(&event, &result);
        result
    }

    /// Changes a username. Returns the user and the arguments of the Signal methods.
    ///
    /// # Errors
    /// [`ServiceError`]: `username-invalid`, `username-taken`, `user-unknown`, `storage-unavailable`.
    pub async fn rename_user(
        &self,
        handle: &UserHandle,
        username: &str,
    ) -> Result<(UserRecord, SignalJson), ServiceError> {
        let change = Username::parse(username).map_err(ServiceError::from).map(|username| UserChange {
            name: Some((username.as_written().to_owned(), username.key().to_owned())),
            ..UserChange::default()
        });
        let result = async { self.change_user(handle, change?).await }.await;
        self.record(&EventBuilder::new(Action::ChangeUser).user(handle), &result);
        result
    }

    /// Changes the display name of the signed-in user.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `malformed-json`,
    /// `storage-unavailable`.
    pub async fn change_display_name(
        &self,
        caller: &Caller,
        display_name: &str,
    ) -> Result<(UserRecord, SignalJson), ServiceError> {
        let change = async {
            let user = self.signed_in_user(caller).await?;
            let display_name = match check_display_name(display_name)? {
                "" => user.name,
                text => text.to_owned(),
            };
            let change = UserChange { display_name: Some(display_name), ..UserChange::default() };
            self.change_user(&user.handle, change).await.map_err(|error| match error {
                // The user was deleted meanwhile, with the session.
                ServiceError::NoSuchUser => ServiceError::NotSignedIn,
                error => error,
            })
        };
        let result = change.await;
        self.record(&caller.event(Action::ChangeUser), &result);
        result
    }

    async fn change_user(
        &self,
        handle: &UserHandle,
        change: UserChange,
    ) -> Result<(UserRecord, SignalJson), ServiceError> {
        // Before the change: a failure must leave nothing changed.
        let passkeys = self.inner.credentials.passkeys(handle).await?;
        match self.inner.users.update_user(handle, change).await? {
            UpdateUser::Done(user) => {
                let signal = SignalJson::new(&self.inner.rp, &user, &passkeys);
                Ok((user, signal))
            }
            UpdateUser::NameTaken => Err(ServiceError::UsernameTaken),
            UpdateUser::Missing => Err(ServiceError::NoSuchUser),
        }
    }

    /// Locks a user and ends the user's sessions. A locked user cannot sign in.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn lock_user(&self, handle: &UserHandle) -> Result<(), ServiceError> {
        self.lock(EventBuilder::new(Action::LockUser), handle).await
    }

    pub(super) async fn lock(&self, event: EventBuilder, handle: &UserHandle) -> Result<(), ServiceError> {
        let lock = async {
            if !self.inner.users.set_user_lock(handle, Some(self.now())).await? {
                return Err(ServiceError::NoSuchUser);
            }
            self.end_sessions_of(handle, None).await?;
            Ok(())
        };
        let result = lock.await;
        self.record(&event.user(handle), &result);
        result
    }

    /// Unlocks a user. Sessions that were opened before do not live on.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn unlock_user(&self, handle: &UserHandle) -> Result<(), ServiceError> {
        self.unlock(EventBuilder::new(Action::UnlockUser), handle).await
    }

    pub(super) async fn unlock(&self, event: EventBuilder, handle: &UserHandle) -> Result<(), ServiceError> {
        let unlock = async {
            // A sign-in that was in progress while the user was locked may have opened one.
            self.end_sessions_of(handle, None).await?;
            let exists = self.inner.users.set_user_lock(handle, None).await?;
            if exists { Ok(()) } else { Err(ServiceError::NoSuchUser) }
        };
        let result = unlock.await;
        self.record(&event.user(handle), &result);
        result
    }

    /// Deletes a user with all passkeys, and ends the user's sessions. Returns the arguments of the Signal methods, which
    /// make authenticators forget the passkeys.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn delete_user(&self, handle: &UserHandle) -> Result<SignalJson, ServiceError> {
        let delete = async {
            let user = self.inner.users.user(handle).await?.ok_or(ServiceError::NoSuchUser)?;
            if self.inner.is_user_store_shared {
                // One transaction deletes the user with all passkeys, or changes nothing.
                if !self.inner.users.delete_user(handle).await? {
                    return Err(ServiceError::NoSuchUser);
                }
                self.end_sessions_of(handle, None).await?;
                if !self.inner.factors.is_shared {
                    self.delete_factors_of(handle).await?;
                }
            } else {
                // The user goes last, so that a failure in between can be repeated.
                self.end_sessions_of(handle, None).await?;
                self.inner.credentials.delete_passkeys(handle).await?;
                self.delete_factors_of(handle).await?;
                if !self.inner.users.delete_user(handle).await? {
                    return Err(ServiceError::NoSuchUser);
                }
            }
            Ok(SignalJson::new(&self.inner.rp, &user, &[]))
        };
        let result = delete.await;
        self.record(&EventBuilder::new(Action::DeleteUser).user(handle), &result);
        result
    }

    /// Creates a single-use grant with which a user can add one passkey without a recent verification, for example after
    /// losing the only one. The operator hands the token to the user over another channel.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn create_grant(&self, user: &UserHandle, lifetime: Duration) -> Result<Grant, ServiceError> {
        self.grant(EventBuilder::new(Action::CreateGrant), user, lifetime).await
    }

    pub(super) async fn grant(
        &self,
        event: EventBuilder,
        user: &UserHandle,
        lifetime: Duration,
    ) -> Result<Grant, ServiceError> {
        let create = async {
            self.inner.users.user(user).await?.ok_or(ServiceError::NoSuchUser)?;
            let mut bytes = [0; 20];
            getrandom::fill(&mut bytes).map_err(rp_core::RandomnessError::from)?;
            let grant = Grant(base64url::encode(&bytes));
            let expires_at = self.now().saturating_add(lifetime);
            self.inner.credentials.put_grant(GrantKey::of(&grant.0), user, expires_at).await?;
            Ok(grant)
        };
        let result = create.await;
        self.record(&event.user(user), &result);
        result
    }

    /// Returns up to `limit` passkeys of all users, beginning behind `after`, in the order of their IDs.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn all_passkeys(
        &self,
        after: Option<&CredentialId>,
        limit: u32,
    ) -> Result<Vec<Passkey>, ServiceError> {
        Ok(self.inner.credentials.all_passkeys(after, limit).await?)
    }

    /// Stores the result of assessing a passkey's attestation again. Returns `false` if the passkey does not exist.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn set_attestation(
        &self,
        id: &CredentialId,
        attestation: StoredAttestation,
    ) -> Result<bool, ServiceError> {
        let exists = self.inner.credentials.set_attestations(&[(id.clone(), attestation)]).await?;
        Ok(exists == [true])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_print_a_grant() {
        assert_eq!(format!("{:?}", Grant("secret".into())), "Grant(…)");
    }
}
