//! The sender of a request: its browser, its session and its client.

use rp_core::UserHandle;

use super::browser::BrowserId;
use super::sealed_cookies::SealedCookies;
use super::service::{Passkeys, Sessions};
use crate::application_session::ApplicationSession;
use crate::assurance::{Assurance, MissingAssurance, Requirement};
use crate::error::ServiceError;
use crate::event::{Action, EventBuilder};
use crate::session::{Client, Session, SessionKey, SessionState, SessionToken};
use crate::store::UserRecord;

/// The sender of a request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Caller {
    /// The browser, by its ceremony cookie.
    pub browser: Option<BrowserId>,
    /// The session.
    pub session: Option<CurrentSession>,
    /// The client.
    pub client: Client,
    /// The destination of a new session's token.
    pub kind: TokenTransport,
    /// The origin of the page; empty if it is not known.
    pub(crate) page: String,
    /// The ceremonies that the browser keeps.
    pub(crate) sealed: SealedCookies,
}

/// The destination of a new session's token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenTransport {
    /// Into a cookie.
    #[default]
    Cookie,
    /// Into the body, as a bearer token.
    Body,
}

/// The session of a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CurrentSession {
    /// The row.
    pub session: Session,
    /// The key of the row; `None` for a session of the application.
    pub(crate) key: Option<SessionKey>,
}

/// The signed-in user and the session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CurrentUser {
    /// The user.
    pub user: UserRecord,
    /// The session.
    pub session: Session,
}

impl CurrentUser {
    /// The assurance of the session.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::of(&self.session)
    }
}

impl Caller {
    /// A browser without a session.
    ///
    /// # Errors
    /// [`ServiceError::Randomness`].
    pub fn new_browser() -> Result<Self, ServiceError> {
        Ok(Self { browser: Some(BrowserId::random()?), ..Self::default() })
    }

    /// The session, in whatever state.
    ///
    /// # Errors
    /// [`ServiceError::NotSignedIn`].
    pub(crate) fn any_session(&self) -> Result<&CurrentSession, ServiceError> {
        self.session.as_ref().ok_or(ServiceError::NotSignedIn)
    }

    /// The session of a signed-in user.
    ///
    /// # Errors
    /// [`ServiceError::NotSignedIn`], [`ServiceError::SecondFactorRequired`].
    pub(crate) fn signed_in(&self) -> Result<&CurrentSession, ServiceError> {
        let current = self.any_session()?;
        match current.session.state {
            SessionState::SignedIn => Ok(current),
            SessionState::FirstFactor => Err(ServiceError::SecondFactorRequired),
        }
    }

    /// The network address, as the subject of rate limits.
    pub(crate) fn address(&self) -> &str {
        self.client.address.as_deref().unwrap_or_default()
    }

    /// An event of this caller.
    pub(crate) fn event(&self, action: Action) -> EventBuilder {
        let mut event = EventBuilder::new(action);
        event.client = Some(self.client.clone());
        if let Some(current) = &self.session {
            event.user = Some(current.session.user.clone());
            event.current(&current.session);
        }
        event
    }
}

impl Passkeys {
    /// Loads the session of a token, and stores that it was used, at most once a minute.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn load_session(&self, token: &SessionToken) -> Result<Option<CurrentSession>, ServiceError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Ok(None) };
        let (key, now) = (token.key(), self.now());
        if self.inner.revoked.contains(&key) {
            return Ok(None);
        }
        let Some(mut session) = store.session(key, now).await? else { return Ok(None) };
        let now = session.effective_time(now);
        let is_due = now.saturating_since(session.last_used_at) >= Session::USE_INTERVAL;
        if session.is_signed_in() && is_due {
            let expires_at = self.expiry(&session, now);
            match store.touch_session(key, now, expires_at).await {
                Ok(true) => (session.last_used_at, session.expires_at) = (now, expires_at),
                Ok(false) => return Ok(None),
                // A session that is not extended only ends earlier; on a full disk its user can still sign out.
                Err(error) => self.record_failure::<()>(Action::Request, Err(error)),
            }
        }
        Ok(Some(CurrentSession { session, key: Some(key) }))
    }

    /// The session that the application reports.
    pub(crate) fn application_session(
        &self,
        reported: ApplicationSession,
        client: &Client,
    ) -> Option<CurrentSession> {
        match self.inner.sessions {
            Sessions::Own { .. } => None,
            Sessions::Application => {
                let session = reported.into_session(client, self.now());
                Some(CurrentSession { session, key: None })
            }
        }
    }

    /// Whether the application keeps the sessions.
    #[must_use]
    pub fn has_application_sessions(&self) -> bool {
        matches!(self.inner.sessions, Sessions::Application)
    }

    /// The signed-in user; `None` without a session, or if the session is in the state `first-factor`.
    ///
    /// # Errors
    /// [`ServiceError::UserLocked`], [`ServiceError::Storage`].
    pub async fn current_user(&self, caller: &Caller) -> Result<Option<CurrentUser>, ServiceError> {
        match self.require(caller, &Requirement::signed_in()).await {
            Ok(user) => Ok(Some(user)),
            Err(ServiceError::NotSignedIn | ServiceError::SecondFactorRequired) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The signed-in user, if the session meets the requirement.
    ///
    /// # Errors
    /// [`ServiceError::NotSignedIn`], [`ServiceError::SecondFactorRequired`], [`ServiceError::StepUpRequired`],
    /// [`ServiceError::UserLocked`], [`ServiceError::Storage`].
    pub async fn require(
        &self,
        caller: &Caller,
        requirement: &Requirement,
    ) -> Result<CurrentUser, ServiceError> {
        let result = self.check_requirement(caller, requirement).await;
        if result.is_err() && caller.session.is_some() {
            self.record(&caller.event(Action::Guard), &result);
        }
        result
    }

    /// [`Passkeys::require`] as a part of another action, which records the outcome.
    pub(super) async fn check_requirement(
        &self,
        caller: &Caller,
        requirement: &Requirement,
    ) -> Result<CurrentUser, ServiceError> {
        let session = &caller.signed_in()?.session;
        let user = self.active_user(&session.user).await?;
        self.check_reauthentication(caller, &user).await?;
        requirement.check(session, self.now()).map_err(step_up)?;
        self.check_passkey_of(session).await?;
        Ok(CurrentUser { user, session: session.clone() })
    }

    /// Whether the user still has the passkey that opened a session. If one store has sessions and passkeys, it ended the
    /// session together with the passkey.
    async fn check_passkey_of(&self, session: &Session) -> Result<(), ServiceError> {
        let Some(id) = &session.credential else { return Ok(()) };
        if matches!(self.inner.sessions, Sessions::Own { is_shared: true, .. }) {
            return Ok(());
        }
        let passkey = self.passkey(id).await?;
        let is_owned = passkey.is_some_and(|passkey| passkey.record.user_handle == session.user);
        if is_owned { Ok(()) } else { Err(ServiceError::NotSignedIn) }
    }

    /// The user of a session, unless it is deleted or locked.
    pub(super) async fn active_user(&self, handle: &UserHandle) -> Result<UserRecord, ServiceError> {
        let user = self.inner.users.user(handle).await?.ok_or(ServiceError::NotSignedIn)?;
        if user.locked_at.is_some() { Err(ServiceError::UserLocked) } else { Ok(user) }
    }

    /// Checks again that the session of a caller has not ended, immediately before something is written that depends on
    /// it. If the same store has sessions and passkeys, it checks the session in the transaction: its key is returned.
    pub(super) async fn session_condition(
        &self,
        caller: &Caller,
    ) -> Result<Option<SessionKey>, ServiceError> {
        if let Sessions::Own { is_shared: true, .. } = &self.inner.sessions {
            return Ok(caller.any_session()?.key);
        }
        self.check_session(caller).await.map(|()| None)
    }

    /// Checks that the session of a caller has not ended, for a write whose transaction does not check it.
    pub(super) async fn check_session(&self, caller: &Caller) -> Result<(), ServiceError> {
        match (&self.inner.sessions, caller.any_session()?.key) {
            (Sessions::Own { store, .. }, Some(key)) => {
                store.session(key, self.now()).await?.map(|_| ()).ok_or(ServiceError::NotSignedIn)
            }
            (Sessions::Own { .. } | Sessions::Application, _) => Ok(()),
        }
    }
}

pub(super) fn step_up(required: MissingAssurance) -> ServiceError {
    ServiceError::StepUpRequired { required }
}
