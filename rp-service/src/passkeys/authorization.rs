//! Sign-in for command lines: the request, the confirmation by a passkey, and the exchange of the code for a session.

use std::time::Duration;

use rp_core::{RelyingParty, Timestamp, UserHandle};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::service::{Ceremonies, Passkeys, Sessions};
use super::sessions::OpenedSession;
use crate::assurance::Requirement;
use crate::authorization::{
    AuthorizationError, AuthorizationRequest, CodeChallenge, LoopbackRedirect, RejectedRequest, State,
    TokenRequest,
};
use crate::error::{NoCeremony, ServiceError};
use crate::event::{Action, EventBuilder};
use crate::seal::SealError;
use crate::session::{Client, Session, SessionId, SessionKind};
use crate::store::{CeremonyKey, TakeCeremony, UserRecord};

/// A request of a command line that the user has not confirmed yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingAuthorization {
    /// The registered name of the client.
    pub client: String,
    /// Where the client waits.
    pub redirect: LoopbackRedirect,
    /// The user of the browser's session, if there is one. The session may still wait for a second factor: only its user
    /// can confirm, unless the session is ended (`POST sign-out`).
    pub user: Option<UserRecord>,
    /// The sealed request, for [`Passkeys::confirm_authorization`]. Only this browser can use it.
    pub request: String,
    /// The address to which a user returns without confirming (`access_denied`).
    pub cancel: String,
}

/// The outcome of a request of a command line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartedAuthorization {
    /// The user decides.
    Pending(Box<PendingAuthorization>),
    /// The request was rejected. The browser goes to this address, which reports the reason to the client.
    Rejected {
        /// The address.
        location: String,
    },
}

/// A session that a command line received for a code.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the client needs the token of the session"]
pub struct RedeemedCode {
    /// The user.
    pub user: UserRecord,
    /// The session.
    pub session: OpenedSession,
}

/// A request as the page holds it: sealed.
#[derive(Serialize, Deserialize)]
struct SealedRequest {
    /// The browser to which the page was sent, by a hash.
    #[serde(rename = "b")]
    browser: String,
    /// When the page was sent, in Unix seconds.
    #[serde(rename = "t")]
    shown_at: i64,
    #[serde(flatten)]
    request: AuthorizationRequest,
}

/// A code: sealed, so that a second use still names the session to end.
#[derive(Serialize, Deserialize)]
struct Code {
    /// Random, so that no two codes are equal.
    #[serde(rename = "n")]
    session: SessionId,
    /// The session in which the user confirmed.
    #[serde(rename = "a")]
    approved_in: SessionId,
    #[serde(rename = "u")]
    user: UserHandle,
    #[serde(rename = "c")]
    client_id: String,
    #[serde(rename = "r")]
    redirect: LoopbackRedirect,
    #[serde(rename = "p")]
    challenge: CodeChallenge,
    /// In Unix seconds.
    #[serde(rename = "e")]
    expires_at: i64,
}

impl Passkeys {
    /// Whether programs may sign in ([`PasskeysBuilder::command_line`](crate::PasskeysBuilder::command_line)).
    pub(crate) fn accepts_command_lines(&self) -> bool {
        !self.inner.clients.is_empty()
    }

    /// The issuer of codes (RFC 9207): the first web origin of the relying party.
    pub(crate) fn issuer(&self) -> &str {
        issuer(&self.inner.rp).unwrap_or_default()
    }

    /// Checks the query of an authorization request (RFC 6749, section 4.1.1). The page that shows the result must not be
    /// framed by another site.
    ///
    /// # Errors
    /// [`ServiceError::Authorization`] if the client or its redirect URI is not known, so that only the user can be
    /// informed; [`ServiceError::UserLocked`], [`ServiceError::NoCeremony`] without a browser,
    /// [`ServiceError::Storage`].
    pub async fn start_authorization(
        &self,
        caller: &Caller,
        query: &str,
    ) -> Result<StartedAuthorization, ServiceError> {
        let request = match AuthorizationRequest::parse(query, &self.inner.clients) {
            Ok(request) => request,
            Err(RejectedRequest::ByPage(error)) => {
                let result = Err(error.into());
                self.record(&caller.event(Action::Authorize), &result);
                return result;
            }
            Err(RejectedRequest::ByRedirect { redirect, state, error }) => {
                let location = self.location(&redirect, state.as_ref(), ("error", error.oauth()));
                self.record_error(&caller.event(Action::Authorize), &error.into());
                return Ok(StartedAuthorization::Rejected { location });
            }
        };
        // A session that has to verify again, or a second factor, may confirm: it does so with the passkey. The page names
        // its user: the person who opened the page may be another one.
        let user = match caller.any_session() {
            Ok(current) => self.active_user(&current.session.user).await.map(Some),
            Err(_) => Ok(None),
        };
        let user = match user {
            Err(ServiceError::NotSignedIn) => None,
            user => user?,
        };
        let browser =
            caller.browser.as_ref().ok_or(ServiceError::NoCeremony(NoCeremony::Cookie))?.pseudonym();
        let client = self.inner.clients.iter().find(|client| client.id == request.client_id);
        let client = client.map(|client| client.name.clone()).unwrap_or_default();
        let redirect = request.redirect.clone();
        let cancel = self.location(&redirect, request.state.as_ref(), ("error", "access_denied"));
        let now = self.now();
        let sealed = SealedRequest { browser, shown_at: now.as_unix_seconds(), request };
        let request = self.inner.keys.seal_token(REQUEST, &sealed, now.saturating_add(PAGE_LIFETIME))?;
        let pending = PendingAuthorization { client, redirect, user, request, cancel };
        Ok(StartedAuthorization::Pending(Box::new(pending)))
    }

    /// Confirms a request. The session must have used a passkey since the page was shown. Returns the address that takes the
    /// code to the client.
    ///
    /// # Errors
    /// [`ServiceError`]: `not-signed-in`, `second-factor-required`, `step-up-required`, `user-locked`, `no-ceremony` if the
    /// page was shown to another browser, `ceremony-expired`, `too-many-requests`, `storage-unavailable`.
    pub async fn confirm_authorization(
        &self,
        caller: &Caller,
        request: &str,
    ) -> Result<String, ServiceError> {
        let result = self.approve(caller, request).await;
        self.record(&caller.event(Action::Authorize), &result);
        result
    }

    async fn approve(&self, caller: &Caller, request: &str) -> Result<String, ServiceError> {
        caller.signed_in()?;
        let now = self.now();
        let sealed: SealedRequest =
            self.inner.keys.open_token(REQUEST, request, now).map_err(|error| match error {
                SealError::Expired => ServiceError::CeremonyExpired,
                _ => ServiceError::NoCeremony(NoCeremony::Missing),
            })?;
        let browser = caller.browser.as_ref().ok_or(ServiceError::NoCeremony(NoCeremony::Cookie))?;
        if browser.pseudonym() != sealed.browser {
            return Err(ServiceError::NoCeremony(NoCeremony::Missing));
        }
        // An earlier use of the passkey was for something else.
        let shown_for = now.saturating_since(Timestamp::from_unix_seconds(sealed.shown_at));
        let current = self.check_requirement(caller, &Requirement::passkey().within(shown_for)).await?;
        let limit = self.inner.policy.limits.ceremonies_per_user;
        self.count_attempt(limit, &format!("user {}", current.user.handle)).await?;
        let SealedRequest { request: AuthorizationRequest { client_id, redirect, challenge, state }, .. } =
            sealed;
        let expires_at = now.saturating_add(CODE_LIFETIME);
        let code = Code {
            session: SessionId::random()?,
            approved_in: current.session.id,
            user: current.user.handle,
            client_id,
            redirect,
            challenge,
            expires_at: expires_at.as_unix_seconds(),
        };
        // It opens as long as the session that it opens may live: its second use ends that session.
        let remembered_until = now.saturating_add(self.inner.policy.sessions.bearer);
        let text = self.inner.keys.seal_token(CODE, &code, remembered_until.max(expires_at))?;
        for mark in Mark::ALL {
            self.put_mark(mark.key(&text), expires_at.saturating_add(MARK_GRACE)).await?;
        }
        Ok(self.location(&code.redirect, state.as_ref(), ("code", &text)))
    }

    /// Exchanges a code for a bearer session, which has the factors of the session in which the user confirmed. A code is
    /// used once; a second use ends the session (RFC 6749, section 4.1.2).
    ///
    /// # Errors
    /// [`ServiceError`]: [`ServiceError::Authorization`], `user-locked`, `storage-unavailable`.
    pub async fn redeem_code(
        &self,
        client: &Client,
        request: &TokenRequest,
    ) -> Result<RedeemedCode, ServiceError> {
        let mut event = EventBuilder::new(Action::IssueToken);
        event.client = Some(client.clone());
        let result = self.exchange(&mut event, client, request).await;
        self.record(&event, &result);
        result
    }

    async fn exchange(
        &self,
        event: &mut EventBuilder,
        client: &Client,
        request: &TokenRequest,
    ) -> Result<RedeemedCode, ServiceError> {
        request.check()?;
        if !self.inner.clients.iter().any(|known| known.id == request.client_id) {
            return Err(AuthorizationError::UnknownClient.into());
        }
        let text = request.code.as_str();
        let code: Code = self.inner.keys.open_token(CODE, text, self.now()).map_err(|error| match error {
            SealError::Expired => AuthorizationError::CodeExpired,
            _ => AuthorizationError::UnknownCode,
        })?;
        event.user = Some(code.user.clone());
        event.session = Some(code.session);
        let expires_at = code.expires_at();
        let is_expired = self.now() > expires_at;
        // An expired code may have been used: what remembers that forgets it.
        if is_expired || !self.take_mark(Mark::Issued.key(text), expires_at).await? {
            self.end_session_of_code(text, &code).await?;
            let reason =
                if is_expired { AuthorizationError::CodeExpired } else { AuthorizationError::CodeUsed };
            return Err(reason.into());
        }
        // From here the code is used up, whatever follows.
        if request.client_id != code.client_id {
            return Err(AuthorizationError::OtherClient.into());
        }
        if request.redirect_uri != code.redirect.as_str() {
            return Err(AuthorizationError::OtherRedirectUri.into());
        }
        if !code.challenge.matches(&request.code_verifier) {
            return Err(AuthorizationError::VerifierMismatch.into());
        }
        let user = self.active_user(&code.user).await?;
        let approved = self.approving_session(&code).await?;
        let now = approved.effective_time(self.now());
        let mut session = Session {
            id: code.session,
            kind: SessionKind::Bearer,
            created_at: now,
            last_used_at: now,
            client: client.clone().with_request_id(None),
            ..approved
        };
        session.expires_at = self.expiry(&session, now);
        let opened = self.open_session(session).await?;
        if let Err(error) = self.check_opened(text, &code, &opened.session).await {
            self.abandon_session(&opened).await;
            return Err(error);
        }
        self.end_oldest_sessions(&opened.session).await;
        Ok(RedeemedCode { user, session: opened })
    }

    /// Checks what could have happened before the session existed, and would have ended it: a second use of the code, the
    /// end of the session in which the user confirmed, and the deletion of its passkey.
    async fn check_opened(&self, text: &str, code: &Code, session: &Session) -> Result<(), ServiceError> {
        // A deleted passkey ends the session in which the user confirmed.
        self.check_passkey_exists(session).await.map_err(|error| match error {
            ServiceError::CredentialUnknown => AuthorizationError::SessionEnded.into(),
            error => error,
        })?;
        self.approving_session(code).await?;
        if self.take_mark(Mark::Unchallenged.key(text), code.expires_at()).await? {
            Ok(())
        } else {
            Err(AuthorizationError::CodeUsed.into())
        }
    }

    /// The session in which the user confirmed, unless it has ended.
    async fn approving_session(&self, code: &Code) -> Result<Session, ServiceError> {
        let ended = || ServiceError::from(AuthorizationError::SessionEnded);
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Err(ended()) };
        let sessions = store.sessions(&code.user, self.now()).await?;
        let found =
            sessions.into_iter().find(|session| session.id == code.approved_in && session.is_signed_in());
        found.ok_or_else(ended)
    }

    /// Ends the session that a code opened, because the code was used again. The order makes sure that it ends if the first
    /// use is still in progress: that one takes the mark after it stored the session.
    async fn end_session_of_code(&self, text: &str, code: &Code) -> Result<(), ServiceError> {
        let Sessions::Own { store, .. } = &self.inner.sessions else { return Ok(()) };
        self.take_mark(Mark::Unchallenged.key(text), code.expires_at()).await?;
        store.end_session_by_id(&code.user, &code.session).await?;
        Ok(())
    }

    async fn put_mark(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<(), ServiceError> {
        match &self.inner.ceremonies {
            Ceremonies::Stored(store) => Ok(store.put_ceremony(key, MARK, expires_at).await?),
            // The replay cache records uses and not what was issued.
            Ceremonies::Sealed(_) => Ok(()),
        }
    }

    /// Takes a mark. Of any number of parallel calls, one returns `true`.
    async fn take_mark(&self, key: CeremonyKey, expires_at: Timestamp) -> Result<bool, ServiceError> {
        match &self.inner.ceremonies {
            Ceremonies::Stored(store) => {
                Ok(store.take_ceremony(key, self.now()).await? != TakeCeremony::Missing)
            }
            Ceremonies::Sealed(sealed) => {
                Ok(sealed.cache.record_use(key, expires_at.saturating_add(MARK_GRACE)).await?)
            }
        }
    }

    /// The address of a response to the client (RFC 6749, section 4.1.2; RFC 9207).
    fn location(&self, redirect: &LoopbackRedirect, state: Option<&State>, outcome: (&str, &str)) -> String {
        let state = state.map(|state| ("state", state.as_str()));
        let parameters: Vec<_> =
            [Some(outcome), state, Some(("iss", self.issuer()))].into_iter().flatten().collect();
        redirect.with(&parameters)
    }
}

impl Code {
    fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.expires_at)
    }
}

/// The entry of a code in the store of ceremonies.
#[derive(Clone, Copy)]
enum Mark {
    /// The code was not used.
    Issued,
    /// The code was not used a second time before its session was stored.
    Unchallenged,
}

impl Mark {
    const ALL: [Self; 2] = [Self::Issued, Self::Unchallenged];

    /// The key: no ceremony of a browser has it, and it does not reveal the code.
    fn key(self, code: &str) -> CeremonyKey {
        let label: &[u8] = match self {
            Self::Issued => b"rp code issued\0",
            Self::Unchallenged => b"rp code unchallenged\0",
        };
        CeremonyKey(rp_core::crypto::sha256(&[label, code.as_bytes()]))
    }
}

/// The first web origin.
pub(super) fn issuer(rp: &RelyingParty) -> Option<&str> {
    let is_web = |origin: &&str| origin.starts_with("https://") || origin.starts_with("http://");
    rp.origins().iter().map(String::as_str).find(is_web)
}

/// The purposes of sealed values.
const REQUEST: &str = "authorization request";
const CODE: &str = "authorization code";
/// The state of a mark, which has no content.
const MARK: &[u8] = b"{}";
/// Enough to read the page and find a security key.
const PAGE_LIFETIME: Duration = Duration::from_mins(10);
/// The client waits for the code and uses it at once. RFC 6749, section 4.1.2, recommends ten minutes at most.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// Longer than any exchange, so that one that begins in the last second finds its marks.
const MARK_GRACE: Duration = Duration::from_secs(60);
