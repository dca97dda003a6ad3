//! The operations of operators on users. Each event has the operator's reason.

use std::time::Duration;

use rp_core::{CredentialId, UserHandle};

use super::service::{Passkeys, Sessions};
use super::users::Grant;
use crate::error::ServiceError;
use crate::event::{Action, EventBuilder};
use crate::store::{Authorization, Conditions, DeletePasskey, Passkey};

/// An operator of the site, and the reason of what the operator does.
///
/// # Examples
/// ```
/// use rp_service::admin::Operator;
///
/// let operator = Operator::new("ticket 4711: phone lost")?;
/// assert!(Operator::new(" ").is_err());
/// # drop(operator);
/// # Ok::<(), rp_service::admin::ReasonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    reason: String,
    user: Option<UserHandle>,
}

/// A reason that is empty, too long, or not one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is one line of 1 to {} characters", Operator::MAX_REASON_CHARS)]
pub struct ReasonError;

impl Operator {
    /// The maximum length of a reason.
    pub const MAX_REASON_CHARS: usize = 256;

    /// An operator with a reason. It goes into the events as it is, so it should contain no personal data.
    ///
    /// # Errors
    /// [`ReasonError`].
    pub fn new(reason: &str) -> Result<Self, ReasonError> {
        let reason = reason.trim();
        let is_reason = !reason.is_empty()
            && reason.chars().count() <= Self::MAX_REASON_CHARS
            && !reason.chars().any(char::is_control);
        is_reason.then(|| Self { reason: reason.to_owned(), user: None }).ok_or(ReasonError)
    }

    /// The operator is a user of the service; events have the user handle.
    #[must_use]
    pub fn user(self, handle: &UserHandle) -> Self {
        Self { user: Some(handle.clone()), ..self }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn event(&self, action: Action) -> EventBuilder {
        let mut event = EventBuilder::new(action);
        event.reason = Some(self.reason.clone());
        event.operator = self.user.clone();
        event
    }
}

/// The operations of an operator. The caller makes sure that it is one: nothing here is verified.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(super) passkeys: Passkeys,
    pub(super) operator: Operator,
}

impl Passkeys {
    /// The operations of an operator.
    ///
    /// # Examples
    /// ```
    /// use rp_core::{CredentialId, UserHandle};
    /// use rp_service::admin::Operator;
    /// use rp_service::{Passkeys, ServiceError};
    ///
    /// async fn replace_lost_phone(passkeys: &Passkeys, lost: &CredentialId) -> Result<String, ServiceError> {
    ///     let operator = Operator::new("ticket 4711: phone lost").expect("one line");
    ///     let admin = passkeys.admin(operator);
    ///     let passkey = admin.revoke_passkey(lost).await?;
    ///     let grant = admin.invite(&passkey.record.user_handle, std::time::Duration::from_hours(24)).await?;
    ///     Ok(grant.expose().to_owned())
    /// }
    /// ```
    #[must_use]
    pub fn admin(&self, operator: Operator) -> Admin {
        Admin { passkeys: self.clone(), operator }
    }
}

impl Admin {
    /// [`Passkeys::lock_user`].
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn lock(&self, user: &UserHandle) -> Result<(), ServiceError> {
        self.passkeys.lock(self.operator.event(Action::LockUser), user).await
    }

    /// [`Passkeys::unlock_user`].
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn unlock(&self, user: &UserHandle) -> Result<(), ServiceError> {
        self.passkeys.unlock(self.operator.event(Action::UnlockUser), user).await
    }

    /// [`Passkeys::create_grant`].
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn invite(&self, user: &UserHandle, lifetime: Duration) -> Result<Grant, ServiceError> {
        self.passkeys.grant(self.operator.event(Action::CreateGrant), user, lifetime).await
    }

    /// [`Passkeys::end_all_sessions`].
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn end_sessions(&self, user: &UserHandle) -> Result<u64, ServiceError> {
        let result = self.passkeys.end_sessions_of(user, None).await.map_err(ServiceError::from);
        self.passkeys.record(&self.operator.event(Action::EndSessions).user(user), &result);
        result
    }

    /// Deletes a passkey of any user, also the last one, and ends the sessions that it opened. Returns the passkey.
    ///
    /// # Errors
    /// [`ServiceError`]: `credential-unknown`, `storage-unavailable`.
    pub async fn revoke_passkey(&self, id: &CredentialId) -> Result<Passkey, ServiceError> {
        let mut event = self.operator.event(Action::RevokePasskey);
        event.credential = Some(id.clone());
        let result = self.revoke(&mut event, id).await;
        self.passkeys.record(&event, &result);
        result
    }

    async fn revoke(&self, event: &mut EventBuilder, id: &CredentialId) -> Result<Passkey, ServiceError> {
        let inner = &self.passkeys.inner;
        let passkey = self.passkeys.passkey(id).await?.ok_or(ServiceError::NoSuchPasskey)?;
        event.passkey(&passkey);
        let user = &passkey.record.user_handle;
        let conditions = self.conditions();
        match inner.credentials.delete_passkey(user, id, true, &conditions).await? {
            DeletePasskey::Done => {}
            // Deleted in the meantime.
            _ => return Err(ServiceError::NoSuchPasskey),
        }
        // Also those that were written before the deletion was committed.
        if let Sessions::Own { store, .. } = &inner.sessions {
            store.end_sessions_of_passkey(user, id).await?;
        }
        Ok(passkey)
    }

    /// Deletes all second factors of a user except passkeys, and ends the user's sessions. Returns the number of factors.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `storage-unavailable`.
    pub async fn reset_factors(&self, user: &UserHandle) -> Result<u64, ServiceError> {
        let reset = async {
            let inner = &self.passkeys.inner;
            inner.users.user(user).await?.ok_or(ServiceError::NoSuchUser)?;
            let deleted = match &inner.factors.store {
                Some(store) => store.delete_factors(user).await?,
                None => 0,
            };
            self.passkeys.end_sessions_of(user, None).await?;
            Ok(deleted)
        };
        let result = reset.await;
        self.passkeys.record(&self.operator.event(Action::ResetFactors).user(user), &result);
        result
    }

    /// The conditions of a change by an operator: none.
    pub(super) fn conditions(&self) -> Conditions {
        Conditions {
            check_user: false,
            check_factors: false,
            session: None,
            authorization: Authorization::Operator,
            now: self.passkeys.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_trimmed_line_of_1_to_256_characters() {
        assert_eq!(Operator::new(" ticket 7 ").unwrap().reason(), "ticket 7");
        let longest = "ü".repeat(Operator::MAX_REASON_CHARS);
        assert_eq!(Operator::new(&longest).unwrap().reason(), longest);
        for reason in ["", " ", "two\nlines", &"ü".repeat(Operator::MAX_REASON_CHARS + 1)] {
            let error = Operator::new(reason).unwrap_err();
            assert_eq!(error.to_string(), "a reason is one line of 1 to 256 characters");
        }
    }
}
