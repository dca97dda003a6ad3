//! The stored state of a pending ceremony: its kind and version, and what every ceremony keeps.

use alloc::borrow::Cow;
use alloc::string::String;
use core::marker::PhantomData;
use core::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::bytes::Challenge;
use crate::error::Code;
use crate::relying_party::RelyingParty;
use crate::timestamp::Timestamp;

/// State that is stored between two requests, for [`Versioned`].
pub trait StoredState {
    /// The kind of state: one kind is not read as another.
    const KIND: &'static str;
    /// The version that this release reads and writes. Raise it when an older release cannot read the new form.
    const VERSION: u32;
}

/// A state that serialises as `{"kind": …, "version": …, "state": …}`. State of another kind or version is not
/// deserialised.
///
/// # Examples
/// ```
/// use rp_core::pending::{StoredState, Versioned};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Invitation {
///     email: String,
/// }
/// impl StoredState for Invitation {
///     const KIND: &'static str = "invitation";
///     const VERSION: u32 = 1;
/// }
///
/// let json = serde_json::to_string(&Versioned(Invitation { email: "kim@example.org".into() }))?;
/// assert_eq!(json, r#"{"kind":"invitation","version":1,"state":{"email":"kim@example.org"}}"#);
/// let Versioned(invitation) = serde_json::from_str::<Versioned<Invitation>>(&json)?;
/// assert_eq!(invitation.email, "kim@example.org");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T>(pub T);

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: StoredState + Serialize> Serialize for Versioned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a, T> {
            kind: &'a str,
            version: u32,
            state: &'a T,
        }
        Form { kind: T::KIND, version: T::VERSION, state: &self.0 }.serialize(serializer)
    }
}

impl<'de, T: StoredState + Deserialize<'de>> Deserialize<'de> for Versioned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "T: StoredState + Deserialize<'de>")]
        struct Form<T> {
            kind: Kind<T>,
            version: Version<T>,
            state: T,
        }
        let Form { kind: Kind(_), version: Version(_), state } = Form::deserialize(deserializer)?;
        Ok(Self(state))
    }
}

/// The string `T::KIND`.
struct Kind<T>(PhantomData<T>);

impl<'de, T: StoredState> Deserialize<'de> for Kind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kind: Cow<'_, str> = Cow::deserialize(deserializer)?;
        if kind != T::KIND {
            let expected = T::KIND;
            return Err(de::Error::custom(format_args!(
                "stored state of kind {kind:?}, expected {expected:?}"
            )));
        }
        Ok(Self(PhantomData))
    }
}

/// The number `T::VERSION`.
struct Version<T>(PhantomData<T>);

impl<'de, T: StoredState> Deserialize<'de> for Version<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (version, expected) = (u32::deserialize(deserializer)?, T::VERSION);
        if version != expected {
            return Err(de::Error::custom(format_args!(
                "stored state of version {version}, expected {expected}"
            )));
        }
        Ok(Self(PhantomData))
    }
}

/// The state that every pending ceremony has.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Started {
    pub(crate) challenge: Challenge,
    pub(crate) rp_id: String,
    pub(crate) started_at: Timestamp,
}

/// Why a pending ceremony cannot be finished, whatever the response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PendingError {
    /// The ceremony was started for another RP ID.
    #[error("the ceremony was started for RP ID {rp_id:?}")]
    RpId {
        /// The RP ID it was started for.
        rp_id: String,
    },
    /// The client's timeout and the grace period are over.
    #[error("the ceremony was started {} seconds ago", .age.as_secs())]
    Expired {
        /// The time since the start.
        age: core::time::Duration,
    },
}

impl PendingError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::RpId { .. } => Code::RpIdMismatch,
            Self::Expired { .. } => Code::CeremonyExpired,
        }
    }
}

impl Started {
    pub(crate) fn new(rp: &RelyingParty, challenge: Challenge, now: Timestamp) -> Self {
        Self { challenge, rp_id: rp.id().into(), started_at: now }
    }

    /// Whether this relying party may finish the ceremony now.
    pub(crate) fn check(&self, rp: &RelyingParty, now: Timestamp) -> Result<(), PendingError> {
        if self.rp_id != rp.id() {
            return Err(PendingError::RpId { rp_id: self.rp_id.clone() });
        }
        let age = now.saturating_since(self.started_at);
        if age > rp.ceremony_lifetime() {
            return Err(PendingError::Expired { age });
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use serde_json::json;

    use super::*;
    use crate::extensions::{
        AuthenticationExtensionInputs, HmacGetSecretInput, LargeBlobAuthenticationInputs, PrfInputs,
        PrfValues, RegistrationExtensionInputs,
    };
    use crate::payment::PendingPayment;
    use crate::{
        AllowedCredentials, ChallengeLengthError, CredentialId, PendingAuthentication, PendingRegistration,
        User,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);
    const SECRET: &[u8] = b"a secret";
    /// [`SECRET`] in base64url.
    const WRITTEN: &str = "YSBzZWNyZXQ";

    fn rp() -> RelyingParty {
        RelyingParty::builder("example.org").origin("https://example.org").build().unwrap()
    }

    fn user() -> User {
        let handle = crate::UserHandle::try_from(&b"kim"[..]).unwrap();
        User { handle, name: "kim".into(), display_name: "Kim".into() }
    }

    fn prf() -> PrfInputs {
        let values = PrfValues { first: SECRET.into(), second: Some(SECRET.into()) };
        let id = CredentialId::try_from(&[1][..]).unwrap();
        PrfInputs { eval: Some(values.clone()), eval_by_credential: BTreeMap::from([(id, values)]) }
    }

    #[test]
    fn a_pending_ceremony_contains_no_secret_of_extensions() {
        let asked = RegistrationExtensionInputs {
            prf: Some(prf()),
            cred_blob: Some(SECRET.into()),
            ..Default::default()
        };
        let (rp, user) = (rp(), user());
        let (options, pending) = rp.registration(&user).extensions(asked).start(NOW).unwrap();
        assert!(serde_json::to_string(&options).unwrap().contains(WRITTEN));
        let stored = serde_json::to_value(&pending).unwrap();
        assert!(!format!("{stored} {pending:?}").contains(WRITTEN));
        assert_eq!(stored["state"]["extensions"], json!({"prf": {}, "credBlob": ""}));

        let asked = AuthenticationExtensionInputs {
            prf: Some(prf()),
            large_blob: Some(LargeBlobAuthenticationInputs { read: None, write: Some(SECRET.into()) }),
            hmac_get_secret: Some(HmacGetSecretInput { salt1: SECRET.into(), salt2: Some(SECRET.into()) }),
            ..Default::default()
        };
        let request = rp.authentication(AllowedCredentials::discoverable()).extensions(asked);
        let (options, pending) = request.start(NOW).unwrap();
        assert!(serde_json::to_string(&options).unwrap().contains(WRITTEN));
        let stored = serde_json::to_value(&pending).unwrap();
        assert!(!format!("{stored} {pending:?}").contains(WRITTEN));
        assert_eq!(
            stored["state"]["extensions"],
            json!({"prf": {}, "largeBlob": {}, "hmacGetSecret": {"salt1": ""}})
        );
    }

    #[test]
    fn a_challenge_under_16_bytes_starts_only_a_recorded_ceremony() {
        let (rp, user, short) = (rp(), user(), Challenge::recorded(&[1; 15]));
        let too_short = ChallengeLengthError { got: 15 };
        assert_eq!(rp.registration(&user).start_with(short.clone(), NOW).unwrap_err(), too_short);
        let authentication = || rp.authentication(AllowedCredentials::discoverable());
        assert_eq!(authentication().start_with(short.clone(), NOW).unwrap_err(), too_short);
        assert!(authentication().start_with(Challenge::issued(&[1; 16]).unwrap(), NOW).is_ok());
        let (_, pending) = rp.registration(&user).start_recorded(short.clone(), NOW);
        assert_eq!(*pending.challenge(), short);
    }

    #[test]
    fn state_of_another_version_or_kind_is_not_read() {
        let (_, pending) = rp().start_registration(&user(), &[], NOW).unwrap();
        let json = serde_json::to_string(&pending).unwrap();
        assert!(serde_json::from_str::<PendingRegistration>(&json).is_ok());
        let error = serde_json::from_str::<PendingAuthentication>(&json).unwrap_err().to_string();
        assert!(
            error.starts_with(r#"stored state of kind "registration", expected "authentication""#),
            "{error}"
        );
        let error = serde_json::from_str::<PendingPayment>(&json).unwrap_err().to_string();
        assert!(error.starts_with(r#"stored state of kind "registration", expected "payment""#), "{error}");
        let newer = json.replace(r#""version":2"#, r#""version":3"#);
        let error = serde_json::from_str::<PendingRegistration>(&newer).unwrap_err().to_string();
        assert!(error.starts_with("stored state of version 3, expected 2"), "{error}");
    }

    #[test]
    fn a_ceremony_is_finished_by_its_relying_party_in_time() {
        let started = Started::new(&rp(), Challenge::recorded(&[1]), NOW);
        let at = |seconds| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
        assert_eq!(started.check(&rp(), at(360)), Ok(()));
        assert_eq!(started.check(&rp(), at(-10)), Ok(()), "a clock that is behind");
        let expired = started.check(&rp(), at(361)).unwrap_err();
        assert_eq!(expired.code(), Code::CeremonyExpired);
        assert_eq!(expired.to_string(), "the ceremony was started 361 seconds ago");
        let other = RelyingParty::builder("other.example").origin("https://other.example").build().unwrap();
        let foreign = started.check(&other, NOW).unwrap_err();
        assert_eq!(foreign, PendingError::RpId { rp_id: "example.org".into() });
    }

    #[test]
    fn two_starts_never_share_a_challenge() {
        let challenges: Vec<Challenge> = (0..64)
            .map(|_| {
                rp().start_authentication(AllowedCredentials::discoverable(), NOW)
                    .unwrap()
                    .1
                    .challenge()
                    .clone()
            })
            .collect();
        for (at, challenge) in challenges.iter().enumerate() {
            assert!(challenge.as_bytes().len() >= 16);
            assert!(!challenges[..at].contains(challenge));
        }
    }
}
