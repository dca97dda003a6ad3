//! Ceremonies under way: how they are kept, and how a response finds its own.

use std::fmt;
use std::time::Duration;

use rp_core::{
    Challenge, CollectedClientData, PendingAuthentication, PendingRegistration, Timestamp, UserHandle,
    base64url,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Passkeys;
use crate::refusal::{NoCeremony, Refusal};
use crate::session::SessionData;
use crate::store::{CeremonyKey, CeremonyStore, Taken};

/// A browser, as its ceremony cookie names it: 32 random bytes. Without it no ceremony is found, so it is a
/// secret: `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserId([u8; 32]);

impl BrowserId {
    /// A browser that was not here before.
    ///
    /// # Errors
    /// [`Refusal::Randomness`].
    pub fn random() -> Result<Self, Refusal> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(rp_core::RandomnessError::from)?;
        Ok(Self(bytes))
    }

    /// Reads the cookie's value; `None` where we did not write it.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        // 32 bytes are 43 characters: nothing longer is decoded.
        (value.len() == 43).then_some(())?;
        base64url::decode(value).ok()?.try_into().ok().map(Self)
    }

    /// The cookie's value.
    #[must_use]
    pub fn to_cookie_value(&self) -> String {
        base64url::encode(&self.0)
    }
}

impl fmt::Debug for BrowserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserId(32 bytes)")
    }
}

/// A ceremony as it is kept: JSON, with a version in front.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    version: u32,
    /// Who was signed in when it began: it ends under that account, or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun_by: Option<UserHandle>,
    pub(super) ceremony: Ceremony,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Ceremony {
    /// Opens an account.
    OpenAccount { pending: PendingRegistration, name: String, name_key: String, display_name: String },
    /// Adds a passkey to the account that began.
    AddCredential { pending: PendingRegistration },
    /// Signs in.
    SignIn { pending: PendingAuthentication, username_given: bool },
    /// Verifies the account that began once more.
    StepUp { pending: PendingAuthentication },
}

/// The version that this release writes, and the only one that it reads.
const VERSION: u32 = 1;

/// How long a ceremony that has expired is remembered, so that whoever was slow is told so.
const REMEMBERED_SECONDS: i64 = 600;

impl Ceremony {
    fn challenge(&self) -> &Challenge {
        match self {
            Self::OpenAccount { pending, .. } | Self::AddCredential { pending } => pending.challenge(),
            Self::SignIn { pending, .. } | Self::StepUp { pending } => pending.challenge(),
        }
    }
}

impl Kept {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(kept) if kept.version == VERSION => Ok(kept),
            _ => Err(Refusal::NoCeremony(NoCeremony::Unreadable)),
        }
    }

    /// A ceremony that a signed-in account began ends in a session of that account.
    pub(super) fn check_session(&self, session: Option<&SessionData>) -> Result<(), Refusal> {
        match (&self.begun_by, session) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Refusal::NotSignedIn),
            (Some(account), Some(session)) if *account == session.user_handle => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::NoCeremony(NoCeremony::OtherAccount)),
        }
    }

    pub(super) fn begun_by(&self) -> Option<&UserHandle> {
        self.begun_by.as_ref()
    }
}

impl<S: CeremonyStore> Passkeys<S> {
    pub(super) async fn keep(
        &self,
        browser: &BrowserId,
        session: Option<&SessionData>,
        ceremony: Ceremony,
    ) -> Result<(), Refusal> {
        let key = key(browser, ceremony.challenge().as_bytes());
        let begun_by = session.map(|session| session.user_handle.clone());
        let kept = Kept { version: VERSION, begun_by, ceremony };
        let bytes = serde_json::to_vec(&kept)
            .map_err(|error| Refusal::Storage(crate::store::StoreError::unavailable(error)))?;
        let now = self.now();
        let expires_at = now.saturating_add(self.lifetime());
        self.inner.store.put(key, &bytes, expires_at).await?;
        if self.inner.ceremony_sweeps.is_due() {
            let long_over = now.as_unix_seconds().saturating_sub(REMEMBERED_SECONDS);
            let swept = self.inner.store.sweep(Timestamp::from_unix_seconds(long_over)).await;
            self.record_failed_sweep(swept);
        }
        Ok(())
    }

    /// Takes the ceremony that a response answers, for good: it is found by the browser's cookie, and by the
    /// challenge in client data.
    pub(super) async fn take(
        &self,
        browser: Option<&BrowserId>,
        client_data: &CollectedClientData,
    ) -> Result<Vec<u8>, Refusal> {
        let browser = browser.ok_or(Refusal::NoCeremony(NoCeremony::Cookie))?;
        let challenge =
            client_data.decode_challenge().map_err(|_| Refusal::NoCeremony(NoCeremony::Missing))?;
        match self.inner.store.take(key(browser, challenge.as_bytes()), self.now()).await? {
            Taken::Found(bytes) => Ok(bytes),
            Taken::Expired => Err(Refusal::CeremonyExpired),
            Taken::Missing => Err(Refusal::NoCeremony(NoCeremony::Missing)),
        }
    }

    /// The timeout that is sent and the grace, in whole seconds, and one more: clocks here have no fractions,
    /// so the first second may be almost over when it begins.
    fn lifetime(&self) -> Duration {
        let lifetime = self.inner.rp.timeout().saturating_add(self.inner.policy.ceremony_grace);
        let fraction = u64::from(lifetime.subsec_nanos() > 0);
        Duration::from_secs(lifetime.as_secs().saturating_add(fraction).saturating_add(1))
    }
}

/// SHA-256 over both: a copy of the store holds no challenge by which a response could be found, nor a cookie.
fn key(browser: &BrowserId, challenge: &[u8]) -> CeremonyKey {
    let mut hash = Sha256::new();
    hash.update(browser.0);
    hash.update(challenge);
    CeremonyKey(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_id_is_read_only_as_it_was_written() {
        let browser = BrowserId::random().unwrap();
        let value = browser.to_cookie_value();
        assert_eq!(BrowserId::parse(&value), Some(browser));
        for wrong in
            ["", "AA", &value[1..], &format!("{value}A"), &format!("{}=", &value[1..]), &"!".repeat(43)]
        {
            assert_eq!(BrowserId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn debug_does_not_print_a_browser_id() {
        assert_eq!(format!("{:?}", BrowserId([7; 32])), "BrowserId(32 bytes)");
    }

    #[test]
    fn a_ceremony_of_another_release_is_none() {
        assert_eq!(Kept::parse(br#"{"version":2}"#).unwrap_err().code(), "no-ceremony");
    }
}
