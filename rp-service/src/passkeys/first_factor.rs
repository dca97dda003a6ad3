//! A first factor that the application verified, such as a password.

use rp_core::UserHandle;

use super::caller::Caller;
use super::next::Next;
use super::service::Passkeys;
use super::sessions::OpenedSession;
use crate::error::ServiceError;
use crate::event::Action;
use crate::json::{DateTime, NextJson, SessionJson};
use crate::session::{Method, Session, SessionState, VerifiedFactor};
use crate::store::{Passkey, UserRecord};

/// The outcome of a first factor.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the client needs the token of the session"]
pub struct FirstFactor {
    /// The user.
    pub user: UserRecord,
    /// The session. Its state says whether the user is signed in.
    pub session: OpenedSession,
    /// The next step.
    pub next: Next,
}

impl Passkeys {
    /// Opens a session for a user whose first factor the application has just verified. By
    /// the policy ([`Policy::decide`](crate::Policy::decide)), the user is signed in, or has to use or enrol a second factor
    /// first.
    ///
    /// # Errors
    /// [`ServiceError`]: `user-unknown`, `user-locked`, `storage-unavailable`.
    pub async fn first_factor_verified(
        &self,
        caller: &Caller,
        user: &UserHandle,
        method: Method,
    ) -> Result<FirstFactor, ServiceError> {
        let mut event = caller.event(Action::FirstFactor).user(user);
        let open = async {
            if self.is_verified_here(&method) {
                return Err(ServiceError::Misconfigured { missing: "a first factor of the application" });
            }
            let user = self.inner.users.user(user).await?.ok_or(ServiceError::NoSuchUser)?;
            if user.locked_at.is_some() {
                return Err(ServiceError::UserLocked);
            }
            let factor = VerifiedFactor::new(method, self.now());
            let session = self.new_session(caller, &user.handle, factor, None, SessionState::FirstFactor)?;
            let (session, next) =
                self.with_next_step(&mut event, &user, session, &caller.client, None).await?;
            let session = self.open_session(session).await?;
            self.end_previous_session(caller).await;
            self.end_oldest_sessions(&session.session).await;
            event.opened(&session.session);
            Ok(FirstFactor { user, session, next })
        };
        let result = open.await;
        self.record(&event, &result);
        result
    }

    /// The session of the caller as `GET session` shows it.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `user-locked`, `storage-unavailable`, and `credential-not-allowed` if the session
    /// is in the state `first-factor` and rules that changed leave it no next step.
    pub async fn session(&self, caller: &Caller) -> Result<SessionJson, ServiceError> {
        let read = async {
            let session = &caller.any_session()?.session;
            let user = self.active_user(&session.user).await?;
            let passkey = self.passkey_of(session).await?;
            let next = match (session.state, self.next_step(&user, session, &caller.client).await) {
                // A session that is signed in stays so until it ends.
                (
                    SessionState::SignedIn,
                    Ok(Next::SecondFactor(_) | Next::Enrol { .. }) | Err(ServiceError::Denied { .. }),
                ) => Next::SignedIn,
                (_, next) => next?,
            };
            Ok(self.session_json(session, &user, passkey.as_ref(), next, None))
        };
        let result = read.await;
        if caller.session.is_some() {
            self.record_rejection(Action::Read, caller, &result);
        }
        result
    }

    /// The passkey that was verified last in a session, if it is still the user's.
    pub(crate) async fn passkey_of(&self, session: &Session) -> Result<Option<Passkey>, ServiceError> {
        let Some(id) = &session.credential else { return Ok(None) };
        Ok(self.passkey(id).await?.filter(|passkey| passkey.record.user_handle == session.user))
    }

    /// A session as responses show it.
    pub(crate) fn session_json(
        &self,
        session: &Session,
        user: &UserRecord,
        passkey: Option<&Passkey>,
        next: Next,
        token: Option<String>,
    ) -> SessionJson {
        let next = match next {
            Next::SignedIn => None,
            Next::SecondFactor(names) | Next::Offer(names) => Some(NextJson::SecondFactors(names)),
            Next::Enrol { by } | Next::Remind { by } => Some(NextJson::Enrol { by: DateTime(by) }),
        };
        let credential = passkey.map(|passkey| self.credential_json(passkey));
        SessionJson::new(session, user, credential, next, token)
    }
}
