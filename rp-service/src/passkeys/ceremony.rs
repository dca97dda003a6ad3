//! Ceremonies in progress: how they are stored, and how a response finds its own.

use std::time::Duration;

use rp_core::{Challenge, CollectedClientData, PendingAuthentication, PendingRegistration, UserHandle};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::browser::BrowserId;
use super::caller::Caller;
use super::service::{Ceremonies, Passkeys};
use crate::error::{NoCeremony, ServiceError};
use crate::json::to_json;
use crate::session::{Session, SessionId, SessionState};
use crate::store::{CeremonyKey, StoreError, TakeCeremony};

/// A ceremony as it is stored: JSON with a version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredCeremony {
    version: u32,
    /// The session that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_by: Option<Starter>,
    pub(super) ceremony: Ceremony,
}

/// The session that started a ceremony.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Starter {
    session: SessionId,
    pub(super) user: UserHandle,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Ceremony {
    /// Creates a user.
    SignUp { pending: PendingRegistration, name: String, name_key: String, display_name: String },
    /// Adds a passkey to the user of the session. With `needs_grant`, only an enrolment grant authorises it.
    AddPasskey { pending: PendingRegistration, needs_grant: bool },
    /// Signs a user in.
    SignIn { pending: PendingAuthentication, username_given: bool },
    /// Verifies the user of the session again.
    StepUp { pending: PendingAuthentication },
    /// Completes the sign-in of a session in the state `first-factor`.
    SecondFactor { pending: PendingAuthentication },
    /// Proves that a genuine authenticator is present.
    Proof { pending: PendingRegistration },
}

/// The maximum length of `clientDataJSON`. Browsers send a few hundred bytes, and about a kilobyte in payments; what is
/// attested is stored with the passkey.
const MAX_CLIENT_DATA_BYTES: usize = 4096;

/// How many bytes of a stored ceremony count as one ceremony. Usual ones have less than half of that.
const CEREMONY_BYTES: usize = 2048;

/// The version that this release writes, and the only one that it reads.
const VERSION: u32 = 2;

impl Ceremony {
    fn challenge(&self) -> &Challenge {
        match self {
            Self::SignUp { pending, .. } | Self::AddPasskey { pending, .. } | Self::Proof { pending } => {
                pending.challenge()
            }
            Self::SignIn { pending, .. } | Self::StepUp { pending } | Self::SecondFactor { pending } => {
                pending.challenge()
            }
        }
    }

    /// Whether only the session that started the ceremony may complete it. Creating an account and signing in open a new
    /// session, so there any session of the same user may.
    fn is_bound_to_session(&self) -> bool {
        matches!(self, Self::AddPasskey { .. } | Self::StepUp { .. } | Self::SecondFactor { .. })
    }
}

/// The subject that the ceremonies of a session count for: its user, so that no one else at the address can block it; those
/// of a first factor apart, so that a stolen password cannot either.
pub(super) fn subject_of(session: &Session) -> String {
    match session.state {
        SessionState::FirstFactor => format!("first-factor {}", session.user),
        SessionState::SignedIn => format!("user {}", session.user),
    }
}

impl StoredCeremony {
    fn parse(bytes: &[u8]) -> Result<Self, ServiceError> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(stored) if stored.version == VERSION => Ok(stored),
            _ => Err(ServiceError::NoCeremony(NoCeremony::Unreadable)),
        }
    }

    /// A ceremony that a session started is completed in that session.
    fn check_session(&self, caller: &Caller) -> Result<(), ServiceError> {
        let Some(starter) = &self.started_by else { return Ok(()) };
        let session = &caller.any_session()?.session;
        let same_session = starter.session == session.id || !self.ceremony.is_bound_to_session();
        if starter.user == session.user && same_session {
            Ok(())
        } else {
            Err(ServiceError::NoCeremony(NoCeremony::OtherSession))
        }
    }

    /// The user whose session started the ceremony.
    pub(super) fn user(&self) -> Option<&UserHandle> {
        self.started_by.as_ref().map(|starter| &starter.user)
    }
}

impl Passkeys {
    /// Stores a ceremony.
    pub(super) async fn put_ceremony(&self, caller: &Caller, ceremony: Ceremony) -> Result<(), ServiceError> {
        let browser = caller.browser.as_ref().ok_or(ServiceError::NoCeremony(NoCeremony::Cookie))?;
        let limits = &self.inner.policy.limits;
        let session = caller.session.as_ref().filter(|_| ceremony.is_bound_to_session());
        let (limit, subject) = match session {
            Some(current) => (limits.ceremonies_per_user, subject_of(&current.session)),
            None => (limits.ceremonies_per_address, caller.address().to_owned()),
        };
        let key = key(browser, ceremony.challenge().as_bytes());
        let started_by = caller
            .session
            .as_ref()
            .map(|current| Starter { session: current.session.id, user: current.session.user.clone() });
        let stored = StoredCeremony { version: VERSION, started_by, ceremony };
        let bytes = to_json(&stored, 512).map_err(StoreError::unavailable)?;
        // One that lists many credentials counts more, so that the limit bounds the bytes that are stored.
        for _ in 0..bytes.len().div_ceil(CEREMONY_BYTES) {
            self.count_attempt(limit, &subject).await?;
        }
        let expires_at = self.now().saturating_add(self.ceremony_lifetime());
        match &self.inner.ceremonies {
            Ceremonies::Stored(store) => store.put_ceremony(key, &bytes, expires_at).await?,
            Ceremonies::Sealed(sealed) => {
                caller.sealed.add(sealed.seal(key, &bytes, expires_at)?, expires_at)
            }
        }
        self.sweep().await;
        Ok(())
    }

    /// Removes the ceremony of a response from the store. It is found by the browser's cookie and the challenge.
    pub(super) async fn take_ceremony(
        &self,
        caller: &Caller,
        client_data: &CollectedClientData,
    ) -> Result<StoredCeremony, ServiceError> {
        if client_data.as_json().len() > MAX_CLIENT_DATA_BYTES {
            return Err(ServiceError::Body { detail: "clientDataJSON is too long".into() });
        }
        let browser = caller.browser.as_ref().ok_or(ServiceError::NoCeremony(NoCeremony::Cookie))?;
        let challenge =
            client_data.decode_challenge().map_err(|_| ServiceError::NoCeremony(NoCeremony::Missing))?;
        let key = key(browser, challenge.as_bytes());
        let taken = match &self.inner.ceremonies {
            Ceremonies::Stored(store) => store.take_ceremony(key, self.now()).await?,
            Ceremonies::Sealed(sealed) => sealed.take(key, caller.sealed.handles(), self.now()).await?,
        };
        match taken {
            TakeCeremony::Found(bytes) => {
                let stored = StoredCeremony::parse(&bytes)?;
                stored.check_session(caller)?;
                Ok(stored)
            }
            TakeCeremony::Expired => Err(ServiceError::CeremonyExpired),
            TakeCeremony::Missing => Err(ServiceError::NoCeremony(NoCeremony::Missing)),
        }
    }

    /// The lifetime of a pending ceremony, rounded up to seconds, and one second more: the clock has no fractions, so the first
    /// second may be almost over.
    pub(crate) fn ceremony_lifetime(&self) -> Duration {
        let lifetime = self.inner.rp.ceremony_lifetime();
        let fraction = u64::from(lifetime.subsec_nanos() > 0);
        Duration::from_secs(lifetime.as_secs().saturating_add(fraction).saturating_add(1))
    }
}

/// SHA-256 over both, so that a copy of the store contains neither.
fn key(browser: &BrowserId, challenge: &[u8]) -> CeremonyKey {
    let mut hash = Sha256::new();
    hash.update(browser.as_bytes());
    hash.update(challenge);
    CeremonyKey(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use rp_core::RelyingParty;

    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn a_ceremony_is_stored_until_its_response_is_too_late() {
        // A clock without fractions may be almost a second behind.
        for (timeout, grace, seconds) in [
            (300_000, 60_000, 361),
            (300_000, 60_001, 362),
            (300_999, 60_000, 362),
            (300_500, 60_500, 362),
            (1, 0, 2),
        ] {
            let rp = RelyingParty::builder("example.org").origin("https://example.org");
            let rp = rp.timeout(Duration::from_millis(timeout)).ceremony_grace(Duration::from_millis(grace));
            let builder = Passkeys::builder(rp.build().unwrap()).store(MemoryStore::new()).secret([7; 32]);
            let lifetime = builder.build().unwrap().ceremony_lifetime();
            assert_eq!(lifetime, Duration::from_secs(seconds), "{timeout} ms and {grace} ms");
        }
    }

    #[test]
    fn a_ceremony_of_another_version_is_rejected() {
        assert_eq!(StoredCeremony::parse(br#"{"version":1}"#).unwrap_err().code(), "no-ceremony");
    }
}
