use std::time::Duration;

use rp_core::{CredentialId, Flags, Timestamp, UserHandle};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::store::Passkey;

mod request;

pub use request::RequestSession;

/// What a session holds of a sign-in: kept on the server, under [`SessionData::KEY`].
///
/// It is data alone: adapters move it in and out of their sessions, and do with it what [`SessionChange`] says,
/// once the service has kept it ([`RequestSession`]).
/// It serialises with a version; one that another release wrote and this one cannot read counts as none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionData {
    version: Version,
    /// Who is signed in.
    pub user_handle: UserHandle,
    /// The passkey that was verified last; `None` where the application verified by its own means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// When the session was signed in.
    pub signed_in_at: Timestamp,
    /// When the user was last verified: at sign-in, or at a step-up since.
    pub authenticated_at: Timestamp,
    /// How well, for relying parties downstream (`acr`); `None` where the application verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// By what means (RFC 8176).
    #[serde(default)]
    pub amr: Vec<Amr>,
}

/// What becomes of the session. Both changes give it a new identifier, so that one that somebody planted or
/// overheard before is worth nothing after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub enum SessionChange {
    /// Nothing.
    #[default]
    Keep,
    /// It holds this from now on, under a new identifier; the old one is gone, and with another account all
    /// else that it held ([`SessionChange::clears`]).
    Renew(SessionData),
    /// It is over, with all that it holds.
    End,
}

/// The authentication context class (OpenID Connect Extended Authentication Profile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acr {
    /// Phishing-resistant.
    Phr,
    /// Phishing-resistant, the key protected by hardware: a trusted attestation shows it.
    Phrh,
}

/// An authentication method (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A key was proved.
    Pop,
    /// A key that hardware holds was proved.
    Hwk,
    /// The user was present.
    User,
    /// More than one factor: the authenticator verified the user.
    Mfa,
}

impl SessionChange {
    /// Whether everything else that the session holds goes too, whatever it held of a sign-in `before`: where it
    /// ends, and where another account is signed in than before, such as one that was opened by somebody who was
    /// signed in. Then nothing that an application kept for the one account comes before the other.
    ///
    /// Adapters clear the session on it, and then write what [`SessionChange::Renew`] holds.
    #[must_use]
    pub fn clears(&self, before: Option<&SessionData>) -> bool {
        match self {
            Self::Keep => false,
            Self::Renew(after) => before.is_some_and(|before| before.user_handle != after.user_handle),
            Self::End => true,
        }
    }
}

impl SessionData {
    /// Where adapters keep it among what a session holds.
    pub const KEY: &'static str = "rp";

    /// A sign-in just now.
    pub(crate) fn sign_in(passkey: &Passkey, flags: Flags, now: Timestamp) -> Self {
        Self {
            version: Version,
            user_handle: passkey.record.user_handle.clone(),
            credential: Some(passkey.record.id.clone()),
            signed_in_at: now,
            authenticated_at: now,
            acr: Some(Acr::of(passkey)),
            amr: Amr::of(passkey, flags),
        }
    }

    /// A sign-in that the application made by its own means, such as a password before the first passkey.
    /// `authenticated_at` is when it verified the user.
    #[must_use]
    pub fn by_application(user_handle: UserHandle, authenticated_at: Timestamp) -> Self {
        Self {
            version: Version,
            user_handle,
            credential: None,
            signed_in_at: authenticated_at,
            authenticated_at,
            acr: None,
            amr: Vec::new(),
        }
    }

    /// A step-up just now: who is signed in stays, and since when.
    pub(crate) fn step_up(&self, passkey: &Passkey, flags: Flags, now: Timestamp) -> Self {
        let verified = Self::sign_in(passkey, flags, now);
        Self { user_handle: self.user_handle.clone(), signed_in_at: self.signed_in_at, ..verified }
    }

    /// Whether the last verification is at most so long ago.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp, freshness: Duration) -> bool {
        now.saturating_since(self.authenticated_at) <= freshness
    }
}

impl Acr {
    /// `phrh` where a trusted attestation shows hardware, else `phr`. A key that may leave its device shows
    /// none, whatever was attested.
    #[must_use]
    pub fn of(passkey: &Passkey) -> Self {
        if passkey.record.attestation.trusted && passkey.record.backup_eligible == Some(false) {
            Self::Phrh
        } else {
            Self::Phr
        }
    }
}

impl Amr {
    fn of(passkey: &Passkey, flags: Flags) -> Vec<Self> {
        let key = if Acr::of(passkey) == Acr::Phrh { Self::Hwk } else { Self::Pop };
        let user = flags.user_present().then_some(Self::User);
        let verified = flags.user_verified().then_some(Self::Mfa);
        [Some(key), user, verified].into_iter().flatten().collect()
    }
}

/// The version that this release writes, and the only one that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version;

impl Version {
    const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => {
                Err(de::Error::custom(format_args!("a session of version {other}, not {}", Self::NUMBER)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionData {
        let user_handle = UserHandle::try_from(&[1, 2][..]).unwrap();
        SessionData::by_application(user_handle, Timestamp::from_unix_seconds(1_000))
    }

    #[test]
    fn a_verification_is_fresh_up_to_the_second() {
        let five_minutes = Duration::from_secs(300);
        assert!(session().is_fresh(Timestamp::from_unix_seconds(1_300), five_minutes));
        assert!(!session().is_fresh(Timestamp::from_unix_seconds(1_301), five_minutes));
    }

    #[test]
    fn a_session_is_cleared_where_it_becomes_another_accounts_and_where_it_ends() {
        let other = UserHandle::try_from(&[3][..]).unwrap();
        let other = SessionData::by_application(other, Timestamp::from_unix_seconds(1_000));
        assert!(SessionChange::Renew(session()).clears(Some(&other)));
        assert!(!SessionChange::Renew(session()).clears(Some(&session())));
        assert!(!SessionChange::Renew(session()).clears(None), "what was there before a sign-in stays");
        assert!(SessionChange::End.clears(Some(&session())));
        assert!(!SessionChange::Keep.clears(Some(&session())));
    }

    #[test]
    fn a_session_serialises_with_its_version_and_without_what_is_not_set() {
        let json = serde_json::to_string(&session()).unwrap();
        assert_eq!(
            json,
            r#"{"version":1,"userHandle":"AQI","signedInAt":1000,"authenticatedAt":1000,"amr":[]}"#
        );
        assert_eq!(serde_json::from_str::<SessionData>(&json).unwrap(), session());
    }

    #[test]
    fn a_session_of_another_version_is_not_read() {
        let json = serde_json::to_string(&session()).unwrap().replacen(":1,", ":2,", 1);
        let error = serde_json::from_str::<SessionData>(&json).unwrap_err().to_string();
        assert!(error.starts_with("a session of version 2, not 1"), "{error}");
    }
}
