//! Opening, replacing, listing and ending sessions.

use rp_core::{CredentialId, CredentialRecord, Timestamp, UserHandle};

use super::caller::{Caller, TokenTransport};
use super::next::Next;
use super::service::{Passkeys, Sessions};
use crate::assurance::Assurance;
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::json::{ListedSessionJson, SessionsJson};
use crate::session::{Client, Session, SessionId, SessionKind, SessionState, SessionToken, VerifiedFactor};
use crate::store::{StoreError, UserRecord};

/// A session that was opened or renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedSession {
    /// The session. An application that keeps its own sessions stores what it needs of it.
    pub session: Session,
    /// The token for the client; `None` if the application keeps the sessions.
    pub token: Option<SessionToken>,
}

impl Passkeys {
    /// A new session after a verification, not stored yet.
    pub(super) fn new_session(
        &self,
        caller: &Caller,
        user: &UserHandle,
        factor: VerifiedFactor,
        credential: Option<CredentialId>,
        state: SessionState,
    ) -> Result<Session, ServiceError> {
        let now = factor.at;
        let mut session = Session {
            id: SessionId::random()?,
            user: user.clone(),
            state,
            kind: match caller.kind {
                TokenTransport::Cookie => SessionKind::Browser,
                TokenTransport::Body => SessionKind::Bearer,
            },
            created_at: now,
            last_used_at: now,
            verified_at: now,
            expires_at: now,
            factors: Vec::new(),
            credential: None,
            client: caller.client.clone().with_request_id(None),
            user_verification_required: false,
        };
        session.verify(factor, credential);
        session.expires_at = self.expiry(&session, now);
        Ok(session)
    }

    /// A session in the state that the policy decides, and its next step. `used`: see [`Passkeys::decide`].
    pub(super) async fn with_next_step(
        &self,
        event: &mut EventBuilder,
        user: &UserRecord,
        mut session: Session,
        client: &Client,
        used: Option<&CredentialRecord>,
    ) -> Result<(Session, Next), ServiceError> {
        event.factors(&session);
        let decision = self.decide(user, &session, client, used).await?;
        event.decision = Some(decision.clone());
        let next = self.next_step_of(decision, user, &session).await?;
        session.state = next.state();
        session.expires_at = self.expiry(&session, session.created_at);
        Ok((session, next))
    }

    /// The time at which a session expires that is used now, by the limits of the policy and of its assurance level.
    pub(super) fn expiry(&self, session: &Session, now: Timestamp) -> Timestamp {
        let limits = &self.inner.policy.sessions;
        if session.state == SessionState::FirstFactor {
            return session.created_at.saturating_add(limits.first_factor);
        }
        let aal = Assurance::of(session).aal;
        let of_levels = limits
            .levels()
            .filter(|(level, _)| *level <= aal)
            .map(|(level, limits)| limits.expires_at(Assurance::reached_at(session, level), now));
        of_levels.fold(limits.expires_at(session.kind, session.created_at, now), Timestamp::min)
    }

    /// Stores a new session. No client knows its token before the response is sent.
    pub(super) async fn open_session(&self, session: Session) -> Result<OpenedSession, ServiceError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else {
            return Ok(OpenedSession { session, token: None });
        };
        let token = SessionToken::random()?;
        if !store.create_session(token.key(), &session).await? {
            return Err(StoreError::unavailable("the key of a new session exists").into());
        }
        self.sweep().await;
        Ok(OpenedSession { session, token: Some(token) })
    }

    /// Deletes a session that was opened for something that failed. No client knows its token.
    pub(super) async fn abandon_session(&self, opened: &OpenedSession) {
        if let (Sessions::Own { store, .. }, Some(token)) = (&self.inner.sessions, &opened.token) {
            self.record_failure(Action::EndSessions, store.end_session(token.key()).await);
        }
    }

    /// Ends the session that the caller had before a sign-in. It is worth no more than before, so if that fails, the
    /// response stands and the failure is an event.
    pub(super) async fn end_previous_session(&self, caller: &Caller) {
        if let Some(key) = caller.session.as_ref().and_then(|current| current.key) {
            let revoked = self.revoke(key).await;
            self.record_failure(Action::EndSessions, revoked);
        }
    }

    /// Ends the user's least recently used sessions above [`Passkeys::MAX_SESSIONS`], after one in this state was opened.
    /// Those in the other state stay, so that a stolen password does not sign its owner out. A failure is an event.
    pub(super) async fn end_oldest_sessions(&self, opened: &Session) {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return };
        let ended = store.end_oldest_sessions(opened, Self::MAX_SESSIONS, self.now()).await;
        self.record_failure(Action::EndSessions, ended);
    }

    /// The maximum number of sessions of a user, signed in or with a verified first factor each: enough for all devices and
    /// browsers of one person. It bounds what one account can store.
    pub const MAX_SESSIONS: usize = 50;

    /// Adds a verification to the caller's session, under a new token. Of parallel attempts one succeeds.
    pub(super) async fn renew_session(
        &self,
        event: &mut EventBuilder,
        caller: &Caller,
        user: &UserRecord,
        factor: VerifiedFactor,
        credential: Option<CredentialId>,
    ) -> Result<(OpenedSession, Next), ServiceError> {
        let current = caller.any_session()?;
        let mut session = current.session.clone();
        let now = session.effective_time(factor.at);
        session.verify(factor, credential);
        event.factors(&session);
        session.last_used_at = now;
        // The context of the last verification.
        session.client = caller.client.clone().with_request_id(None);
        let next = match session.state {
            SessionState::SignedIn => {
                session.expires_at = self.expiry(&session, now);
                Next::SignedIn
            }
            SessionState::FirstFactor => {
                session.created_at = now;
                let next;
                (session, next) = self.with_next_step(event, user, session, &caller.client, None).await?;
                next
            }
        };
        match (&self.inner.sessions, current.key) {
            (Sessions::Own { store, .. }, Some(key)) => {
                let token = SessionToken::random()?;
                if !store.replace_session(key, token.key(), &session).await? {
                    return Err(ServiceError::NoCeremony(NoCeremony::SessionReplaced));
                }
                let renewed = OpenedSession { session, token: Some(token) };
                if let Err(error) = self.check_passkey_exists(&renewed.session).await {
                    self.abandon_session(&renewed).await;
                    return Err(error);
                }
                if current.session.state != renewed.session.state {
                    self.end_oldest_sessions(&renewed.session).await;
                }
                Ok((renewed, next))
            }
            _ => Ok((OpenedSession { session, token: None }, next)),
        }
    }

    /// Checks that the passkey of a renewed session was not deleted after its counter was stored: the deletion did not find
    /// the session, which did not name the passkey yet. A later deletion ends the session.
    pub(super) async fn check_passkey_exists(&self, session: &Session) -> Result<(), ServiceError> {
        let Some(id) = &session.credential else { return Ok(()) };
        self.passkey(id).await?.map(|_| ()).ok_or(ServiceError::CredentialUnknown)
    }

    /// Ends the caller's session. Also succeeds without a session, and if the store fails: this process then rejects the
    /// token, and deletes the session as soon as the store works.
    ///
    /// # Errors
    /// [`ServiceError::Storage`] if more such sessions wait than this process remembers.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), ServiceError> {
        let Some(current) = &caller.session else { return Ok(()) };
        let end = async {
            if let Some(key) = current.key {
                self.revoke(key).await?;
            }
            Ok(())
        };
        let result = end.await;
        self.record(&caller.event(Action::SignOut), &result);
        result
    }

    /// The sessions of the signed-in user, most recently used first.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn sessions(&self, caller: &Caller) -> Result<SessionsJson, ServiceError> {
        let list = async {
            let current = caller.signed_in()?;
            self.signed_in_user(caller).await?;
            let sessions = match &self.inner.sessions {
                Sessions::Own { store, .. } => store.sessions(&current.session.user, self.now()).await?,
                Sessions::Application => Vec::new(),
            };
            let sessions = sessions.into_iter().filter(Session::is_signed_in);
            let sessions =
                sessions.map(|session| ListedSessionJson::new(session, &current.session.id)).collect();
            Ok(SessionsJson { sessions })
        };
        let result = list.await;
        self.record_rejection(Action::Read, caller, &result);
        result
    }

    /// Ends one session of the signed-in user.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `session-unknown`,
    /// `storage-unavailable`.
    pub async fn end_session(&self, caller: &Caller, id: &SessionId) -> Result<(), ServiceError> {
        let end = async {
            let current = caller.signed_in()?;
            self.signed_in_user(caller).await?;
            let ended = match &self.inner.sessions {
                Sessions::Own { store, .. } => store.end_session_by_id(&current.session.user, id).await?,
                Sessions::Application => false,
            };
            if ended { Ok(()) } else { Err(ServiceError::NoSuchSession) }
        };
        let result = end.await;
        self.record(&caller.event(Action::EndSessions), &result);
        result
    }

    /// Ends all sessions of the signed-in user except the caller's.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `user-locked`, `storage-unavailable`.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64, ServiceError> {
        let end = async {
            let session = &caller.signed_in()?.session;
            self.signed_in_user(caller).await?;
            Ok(self.end_sessions_of(&session.user, Some(&session.id)).await?)
        };
        let result = end.await;
        self.record(&caller.event(Action::EndSessions), &result);
        result
    }

    /// Ends all sessions of a user. For operators, and for an application that changes a password.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn end_all_sessions(&self, user: &UserHandle) -> Result<u64, ServiceError> {
        let result = self.end_sessions_of(user, None).await.map_err(ServiceError::from);
        self.record(&EventBuilder::new(Action::EndSessions).user(user), &result);
        result
    }

    pub(super) async fn end_sessions_of(
        &self,
        user: &UserHandle,
        keep: Option<&SessionId>,
    ) -> Result<u64, StoreError> {
        match &self.inner.sessions {
            Sessions::Own { store, .. } => store.end_sessions(user, keep).await,
            // The application ends its own.
            Sessions::Application => Ok(0),
        }
    }

    /// Ends the sessions that a deleted passkey opened. A store that has both did it in the transaction of the deletion; a
    /// session that was written before the deletion was committed is only found afterwards.
    pub(super) async fn end_sessions_of_passkey(&self, user: &UserRecord, id: &CredentialId) {
        if let Sessions::Own { store, .. } = &self.inner.sessions {
            let ended = store.end_sessions_of_passkey(&user.handle, id).await;
            self.record_failure(Action::EndSessions, ended);
        }
    }
}
