//! The state of a ceremony under way, with a version in front.

use core::ops::Deref;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version that this release reads and writes. A change that older releases cannot read raises it, in a
/// release that writes the old one still and reads both, so that servers can be upgraded one by one.
const VERSION: u32 = 1;

/// A state that serialises as `{"version": 1, …}`.
#[derive(Debug)]
pub(crate) struct Versioned<T>(pub(crate) T);

#[derive(Serialize, Deserialize)]
struct Form<T> {
    version: u32,
    #[serde(flatten)]
    state: T,
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Versioned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form { version: VERSION, state: &self.0 }.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Versioned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::<T>::deserialize(deserializer)?;
        if form.version != VERSION {
            return Err(D::Error::custom(format_args!(
                "a ceremony of version {}, not {VERSION}",
                form.version
            )));
        }
        Ok(Self(form.state))
    }
}

#[cfg(test)]
#[cfg(feature = "_credentials")]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use serde_json::{Value, json};

    use crate::extensions::{
        AuthenticationExtensionInputs, HmacGetSecretInput, LargeBlobAuthenticationInputs, PrfInputs,
        PrfValues, RegistrationExtensionInputs,
    };
    use crate::{
        AllowedCredentials, Challenge, ChallengeTooShort, CredentialId, PendingRegistration, RelyingParty,
        User,
    };

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
    fn a_pending_ceremony_keeps_nothing_of_what_extensions_were_asked_with() {
        let asked = RegistrationExtensionInputs {
            prf: Some(prf()),
            cred_blob: Some(SECRET.into()),
            ..Default::default()
        };
        let (rp, user) = (rp(), user());
        let (options, pending) = rp.registration(&user).extensions(asked).start().unwrap();
        assert!(serde_json::to_string(&options).unwrap().contains(WRITTEN));
        let stored = serde_json::to_value(&pending).unwrap();
        assert!(!format!("{stored} {pending:?}").contains(WRITTEN));
        assert_eq!(stored["extensions"], json!({"prf": {}, "credBlob": ""}));

        let asked = AuthenticationExtensionInputs {
            prf: Some(prf()),
            large_blob: Some(LargeBlobAuthenticationInputs { read: None, write: Some(SECRET.into()) }),
            hmac_get_secret: Some(HmacGetSecretInput { salt1: SECRET.into(), salt2: Some(SECRET.into()) }),
            ..Default::default()
        };
        let request = rp.authentication(AllowedCredentials::discoverable()).extensions(asked);
        let (options, pending) = request.start().unwrap();
        assert!(serde_json::to_string(&options).unwrap().contains(WRITTEN));
        let stored = serde_json::to_value(&pending).unwrap();
        assert!(!format!("{stored} {pending:?}").contains(WRITTEN));
        assert_eq!(stored["extensions"], json!({"prf": {}, "largeBlob": {}, "hmacGetSecret": {"salt1": ""}}));
    }

    #[test]
    fn a_challenge_under_16_bytes_starts_no_ceremony_but_a_recorded_one() {
        let (rp, user, short) = (rp(), user(), Challenge::recorded(&[1; 15]));
        let too_short = ChallengeTooShort { got: 15 };
        assert_eq!(rp.registration(&user).start_with(short.clone()).unwrap_err(), too_short);
        let authentication = || rp.authentication(AllowedCredentials::discoverable());
        assert_eq!(authentication().start_with(short.clone()).unwrap_err(), too_short);
        assert!(authentication().start_with(Challenge::issued(&[1; 16]).unwrap()).is_ok());
        let (_, pending) = rp.registration(&user).start_recorded(short.clone());
        assert_eq!(*pending.challenge(), short);
    }

    #[test]
    fn a_ceremony_of_another_version_is_not_read() {
        let (_, pending) = rp().start_registration(&user(), &[]).unwrap();
        let mut stored = serde_json::to_value(&pending).unwrap();
        assert!(serde_json::from_value::<PendingRegistration>(stored.clone()).is_ok());
        stored["version"] = Value::from(2);
        let refused = serde_json::from_value::<PendingRegistration>(stored).unwrap_err();
        assert_eq!(refused.to_string(), "a ceremony of version 2, not 1");
    }

    #[test]
    fn two_starts_never_share_a_challenge() {
        let challenges: Vec<Challenge> = (0..64)
            .map(|_| {
                rp().start_authentication(AllowedCredentials::discoverable()).unwrap().1.challenge().clone()
            })
            .collect();
        for (at, challenge) in challenges.iter().enumerate() {
            assert!(challenge.as_bytes().len() >= 16);
            assert!(!challenges[..at].contains(challenge));
        }
    }
}
