//! The state of users under the policy, for operators.

use rp_core::{Timestamp, UserHandle};

use super::service::{Passkeys, Sessions};
use crate::error::ServiceError;
use crate::policy::{Membership, Outlook, Policy};
use crate::session::Session;
use crate::store::{FactorRecord, Passkey, UserRecord};

/// Everything about a user that an operator sees.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserState {
    /// The user.
    pub user: UserRecord,
    /// The groups.
    pub groups: Vec<Membership>,
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// The second factors except passkeys, also pending ones. Their states are encrypted.
    pub factors: Vec<FactorRecord>,
    /// The sessions, most recently used first.
    pub sessions: Vec<Session>,
    /// The state under the policy.
    pub outlook: Outlook,
}

/// A user and the state under a policy, in a dry run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckedUser {
    /// The user.
    pub user: UserRecord,
    /// The groups.
    pub groups: Vec<Membership>,
    /// The number of passkeys.
    pub passkeys: usize,
    /// The number of other factors, pending ones excluded.
    pub factors: usize,
    /// The state under the policy. A user who is locked has it as well.
    pub outlook: Outlook,
}

impl Passkeys {
    /// The name of a model or provider, if the directory knows it.
    #[cfg(feature = "cli")]
    pub(crate) fn model_name(&self, aaguid: &rp_core::Aaguid) -> Option<String> {
        Some(self.inner.authenticators.info(aaguid)?.name)
    }

    /// The state of a user at a time under the policy of the service; `None` if the user does not exist. `has_password`: see
    /// [`Policy::outlook`].
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn user_state(
        &self,
        user: &UserHandle,
        has_password: bool,
        at: Timestamp,
    ) -> Result<Option<UserState>, ServiceError> {
        let Some(user) = self.inner.users.user(user).await? else { return Ok(None) };
        let groups = self.inner.groups.groups(&user).await?;
        let passkeys = self.inner.credentials.passkeys(&user.handle).await?;
        let factors = self.factor_records(&user.handle).await?;
        let sessions = match &self.inner.sessions {
            Sessions::Own { store, .. } => store.sessions(&user.handle, self.now()).await?,
            Sessions::Application => Vec::new(),
        };
        let subject = self.subject(&user, groups.clone(), &passkeys, &factors, at);
        let outlook = self.inner.policy.outlook(&subject, has_password, at);
        Ok(Some(UserState { user, groups, passkeys, factors, sessions, outlook }))
    }

    /// The states of up to `limit` users at a time under a policy, which need not be that of the service, beginning behind
    /// `after`, in the order of their handles. Nothing is changed. `has_password`: see [`Policy::outlook`].
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn check_policy(
        &self,
        policy: &Policy,
        has_password: bool,
        at: Timestamp,
        after: Option<&UserHandle>,
        limit: u32,
    ) -> Result<Vec<CheckedUser>, ServiceError> {
        let users = self.inner.users.users(after, limit).await?;
        let (Some(first), Some(last)) = (users.first(), users.last()) else { return Ok(Vec::new()) };
        let mut passkeys = OfUsers::new(
            self.inner.credentials.passkeys_between(&first.handle, &last.handle).await?,
            |passkey: &Passkey| &passkey.record.user_handle,
        );
        let factors = match &self.inner.factors.store {
            Some(store) if !self.inner.factors.all.is_empty() => {
                store.factors_between(&first.handle, &last.handle).await?
            }
            _ => Vec::new(),
        };
        let mut factors = OfUsers::new(factors, |factor: &FactorRecord| &factor.user);
        let mut checked = Vec::with_capacity(users.len());
        for user in users {
            let (passkeys, factors) = (passkeys.take(&user.handle), factors.take(&user.handle));
            let groups = self.inner.groups.groups(&user).await?;
            let subject = self.subject(&user, groups.clone(), &passkeys, &factors, at);
            let outlook = policy.outlook(&subject, has_password, at);
            let (passkeys, factors) = (passkeys.len(), subject.factors.len());
            checked.push(CheckedUser { user, groups, passkeys, factors, outlook });
        }
        Ok(checked)
    }
}

/// Rows in the order of user handles, of which each user takes some.
struct OfUsers<T> {
    rows: std::iter::Peekable<std::vec::IntoIter<T>>,
    user: fn(&T) -> &UserHandle,
}

impl<T> OfUsers<T> {
    fn new(rows: Vec<T>, user: fn(&T) -> &UserHandle) -> Self {
        Self { rows: rows.into_iter().peekable(), user }
    }

    /// The rows of a user. Those of users in between, who do not exist any more, are dropped.
    fn take(&mut self, user: &UserHandle) -> Vec<T> {
        let owner = self.user;
        while self.rows.next_if(|row| owner(row) < user).is_some() {}
        std::iter::from_fn(|| self.rows.next_if(|row| owner(row) == user)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(text: &str) -> UserHandle {
        UserHandle::try_from(text.as_bytes()).unwrap()
    }

    #[test]
    fn each_user_takes_its_own_rows() {
        let rows = ["a", "b", "b", "x", "z"].map(handle).to_vec();
        let mut rows = OfUsers::new(rows, |row| row);
        for (user, expected) in [("b", 2), ("c", 0), ("y", 0), ("z", 1)] {
            assert_eq!(rows.take(&handle(user)), vec![handle(user); expected], "{user}");
        }
    }
}
