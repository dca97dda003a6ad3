use rp_core::{CredentialId, Timestamp, UserHandle};
use serde::{Deserialize, Serialize};

use crate::session::{
    Client, Method, Session, SessionId, SessionKind, SessionState, UserVerification, VerifiedFactor,
};

/// A sign-in session that the application keeps, as it reports it for a request
/// ([`PasskeysBuilder::application_sessions`](crate::PasskeysBuilder::application_sessions)).
///
/// It can be made from the session of a verified result, and stored in the application's session as it is.
///
/// # Examples
/// ```
/// use rp_service::{ApplicationSession, Authentication};
///
/// fn to_store(authentication: &Authentication) -> ApplicationSession {
///     ApplicationSession::from(&authentication.session.session)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationSession {
    /// An ID that is unique to the session and stays the same until it ends.
    pub id: SessionId,
    /// The user.
    pub user: UserHandle,
    /// Whether the user is signed in, or has verified a first factor only.
    pub state: SessionState,
    /// The time of sign-in.
    pub created_at: Timestamp,
    /// The factors that were verified, and when.
    pub factors: Vec<VerifiedFactor>,
    /// The passkey that was verified last.
    pub credential: Option<CredentialId>,
}

impl ApplicationSession {
    /// A signed-in session whose user verified one factor of the application at `created_at`. `id` is the application's
    /// identifier of the session, which is hashed.
    #[must_use]
    pub fn new(id: impl AsRef<[u8]>, user: UserHandle, method: Method, created_at: Timestamp) -> Self {
        let hash = rp_core::crypto::sha256(&[id.as_ref()]);
        Self {
            id: SessionId::from_bytes(hash.first_chunk().copied().unwrap_or_default()),
            user,
            state: SessionState::SignedIn,
            created_at,
            factors: vec![VerifiedFactor::new(method, created_at)],
            credential: None,
        }
    }

    pub(crate) fn into_session(self, client: &Client, now: Timestamp) -> Session {
        let latest = self.factors.iter().map(|factor| factor.at).max().unwrap_or(self.created_at);
        // The next step-up requires user verification if the passkey was capable of it and did not perform it.
        let passkey = self.factors.iter().find(|factor| factor.method == Method::Passkey);
        let is_omitted = passkey.is_some_and(|factor| factor.user_verification == UserVerification::Omitted);
        Session {
            id: self.id,
            user: self.user,
            state: self.state,
            kind: SessionKind::Browser,
            created_at: self.created_at,
            // The application keeps the time of last use; a clock that went back behind a verification is noticed.
            last_used_at: latest,
            verified_at: latest,
            expires_at: now,
            factors: self.factors,
            credential: self.credential,
            client: client.clone(),
            user_verification_required: is_omitted,
        }
    }
}

impl From<&Session> for ApplicationSession {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id,
            user: session.user.clone(),
            state: session.state,
            created_at: session.created_at,
            factors: session.factors.clone(),
            credential: session.credential.clone(),
        }
    }
}
