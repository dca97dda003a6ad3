//! Byte strings with a meaning. No type holds a wrong length.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base64url;
use crate::randomness::RandomnessError;

/// A credential ID: 1 to 1023 bytes, opaque ([section 7.1], step 25).
///
/// Prints and serialises as base64url without padding.
///
/// [section 7.1]: https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(Box<[u8]>);

/// A credential ID that is empty or longer than 1023 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential ID has 1 to {max} bytes, not {got}", max = CredentialId::MAX_LEN)]
pub struct CredentialIdLengthError {
    /// The number of bytes.
    pub got: usize,
}

impl CredentialId {
    /// The longest credential ID that a relying party accepts, in bytes.
    pub const MAX_LEN: usize = 1023;

    /// The bytes, as the authenticator sent them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for CredentialId {
    type Error = CredentialIdLengthError;

    fn try_from(bytes: &[u8]) -> Result<Self, CredentialIdLengthError> {
        match bytes.len() {
            1..=Self::MAX_LEN => Ok(Self(bytes.into())),
            got => Err(CredentialIdLengthError { got }),
        }
    }
}

/// A user handle: 1 to 64 bytes that identify an account and contain no personal information ([section 5.4.3]).
///
/// Prints and serialises as base64url without padding.
///
/// [section 5.4.3]: https://www.w3.org/TR/webauthn-3/#dictionary-user-credential-params
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserHandle(Box<[u8]>);

/// A user handle that is empty or longer than 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user handle has 1 to {max} bytes, not {got}", max = UserHandle::MAX_LEN)]
pub struct UserHandleLengthError {
    /// The number of bytes.
    pub got: usize,
}

impl UserHandle {
    /// The longest user handle, in bytes.
    pub const MAX_LEN: usize = 64;

    /// 64 random bytes from the operating system, as [section 14.6.1] recommends.
    ///
    /// # Errors
    /// Returns [`RandomnessError`] if the operating system provides no randomness.
    ///
    /// [section 14.6.1]: https://www.w3.org/TR/webauthn-3/#sctn-user-handle-privacy
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = [0; Self::MAX_LEN];
        getrandom::fill(&mut bytes)?;
        Ok(bytes.into())
    }

    /// The bytes, as they were sent in the options.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// 64 bytes are always a user handle.
impl From<[u8; Self::MAX_LEN]> for UserHandle {
    fn from(bytes: [u8; Self::MAX_LEN]) -> Self {
        Self(bytes.into())
    }
}

impl TryFrom<&[u8]> for UserHandle {
    type Error = UserHandleLengthError;

    fn try_from(bytes: &[u8]) -> Result<Self, UserHandleLengthError> {
        match bytes.len() {
            1..=Self::MAX_LEN => Ok(Self(bytes.into())),
            got => Err(UserHandleLengthError { got }),
        }
    }
}

/// A challenge: random bytes that bind a response to one ceremony ([section 13.4.3]).
///
/// A challenge to be issued has at least 16 bytes ([`Challenge::issued`]); a recorded one ([`Challenge::recorded`]) may
/// be shorter. `Debug` does not print the bytes.
///
/// [section 13.4.3]: https://www.w3.org/TR/webauthn-3/#sctn-cryptographic-challenges
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Challenge(Box<[u8]>);

/// A challenge to be issued has less than 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a challenge has at least {min} bytes, not {got}", min = Challenge::MIN_LEN)]
pub struct ChallengeLengthError {
    /// The number of bytes.
    pub got: usize,
}

impl Challenge {
    /// The shortest challenge that may be issued, in bytes.
    pub const MIN_LEN: usize = 16;
    /// The length of the challenges that [`Challenge::random`] makes, in bytes.
    pub const LEN: usize = 32;

    /// 32 random bytes from the operating system.
    ///
    /// # Errors
    /// Returns [`RandomnessError`] if the operating system provides no randomness.
    pub fn random() -> Result<Self, RandomnessError> {
        let mut bytes = [0; Self::LEN];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.into()))
    }

    /// A challenge to be issued, from random bytes of the caller.
    ///
    /// # Errors
    /// [`ChallengeLengthError`] if there are less than 16 bytes.
    pub fn issued(bytes: &[u8]) -> Result<Self, ChallengeLengthError> {
        if bytes.len() < Self::MIN_LEN {
            return Err(ChallengeLengthError { got: bytes.len() });
        }
        Ok(Self(bytes.into()))
    }

    /// The same challenge, if it is long enough to be issued.
    pub(crate) fn into_issued(self) -> Result<Self, ChallengeLengthError> {
        if self.0.len() < Self::MIN_LEN { Err(ChallengeLengthError { got: self.0.len() }) } else { Ok(self) }
    }

    /// A challenge of any length that was issued elsewhere, for recorded ceremonies and test vectors.
    #[must_use]
    pub fn recorded(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({} bytes)", self.0.len())
    }
}

/// An AAGUID: 16 bytes that identify the model of an authenticator ([section 6.5.1]).
///
/// Prints and serialises in the hyphenated form of a UUID.
///
/// [section 6.5.1]: https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aaguid([u8; 16]);

/// A text is not an AAGUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an AAGUID is 32 hexadecimal digits, with or without the hyphens of a UUID")]
pub struct AaguidSyntaxError;

impl Aaguid {
    /// All zero: the authenticator does not state its model. Metadata and lists of models do not contain it.
    pub const ZERO: Self = Self([0; 16]);

    /// An AAGUID from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, in the order of authenticator data.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether this is [`Aaguid::ZERO`].
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl From<[u8; 16]> for Aaguid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aaguid({self})")
    }
}

impl FromStr for Aaguid {
    type Err = AaguidSyntaxError;

    fn from_str(text: &str) -> Result<Self, AaguidSyntaxError> {
        let hyphenated = match text.len() {
            36 => true,
            32 => false,
            _ => return Err(AaguidSyntaxError),
        };
        let mut bytes = [0; 16];
        let mut digits = 0_usize;
        for (at, character) in text.bytes().enumerate() {
            if hyphenated && matches!(at, 8 | 13 | 18 | 23) {
                if character != b'-' {
                    return Err(AaguidSyntaxError);
                }
                continue;
            }
            let digit = char::from(character).to_digit(16).ok_or(AaguidSyntaxError)?;
            let byte = bytes.get_mut(digits / 2).ok_or(AaguidSyntaxError)?;
            *byte = (*byte << 4) | u8::try_from(digit).map_err(|_| AaguidSyntaxError)?;
            digits = digits.saturating_add(1);
        }
        if digits == 32 { Ok(Self(bytes)) } else { Err(AaguidSyntaxError) }
    }
}

impl Serialize for Aaguid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Aaguid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// `Display` and serde as canonical base64url; `$make` builds the value from decoded bytes.
macro_rules! base64url_text {
    ($name:ident, $make:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&base64url::encode(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let bytes = base64url::decode(&text).map_err(de::Error::custom)?;
                $make(&bytes).map_err(de::Error::custom)
            }
        }
    };
}

base64url_text!(CredentialId, |bytes: &[u8]| CredentialId::try_from(bytes));
base64url_text!(UserHandle, |bytes: &[u8]| UserHandle::try_from(bytes));
base64url_text!(Challenge, |bytes: &[u8]| Ok::<_, core::convert::Infallible>(Challenge::recorded(bytes)));

/// `Display` and `Debug` for types that are not secret.
macro_rules! public_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base64url::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

public_text!(CredentialId);
public_text!(UserHandle);

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn credential_id_holds_1_to_1023_bytes() {
        assert_eq!(CredentialId::try_from(&[][..]), Err(CredentialIdLengthError { got: 0 }));
        assert!(CredentialId::try_from(&[7][..]).is_ok());
        assert!(CredentialId::try_from(&vec![7; 1023][..]).is_ok());
        let refused = CredentialId::try_from(&vec![7; 1024][..]).unwrap_err();
        assert_eq!(refused.to_string(), "a credential ID has 1 to 1023 bytes, not 1024");
    }

    #[test]
    fn user_handle_holds_1_to_64_bytes() {
        assert_eq!(UserHandle::try_from(&[][..]), Err(UserHandleLengthError { got: 0 }));
        assert!(UserHandle::try_from(&[0; 64][..]).is_ok());
        assert_eq!(UserHandle::try_from(&[0; 65][..]), Err(UserHandleLengthError { got: 65 }));
    }

    #[test]
    fn challenge_under_16_bytes_is_recorded_but_not_issued() {
        assert_eq!(Challenge::issued(&[1; 15]), Err(ChallengeLengthError { got: 15 }));
        assert!(Challenge::issued(&[1; 16]).is_ok());
        assert_eq!(Challenge::recorded(&[1]).as_bytes(), [1]);
    }

    #[test]
    fn random_challenges_differ_and_debug_hides_them() {
        let (one, two) = (Challenge::random().unwrap(), Challenge::random().unwrap());
        assert_ne!(one, two);
        assert_eq!(alloc::format!("{one:?}"), "Challenge(32 bytes)");
    }

    #[test]
    fn aaguid_is_read_with_or_without_hyphens() {
        let hyphenated = "0132d110-bf4e-4208-a403-ab4f5f12efe5";
        let aaguid: Aaguid = hyphenated.parse().unwrap();
        assert_eq!("0132D110BF4E4208A403AB4F5F12EFE5".parse(), Ok(aaguid));
        assert_eq!(aaguid.to_string(), hyphenated);
        for wrong in [
            "",
            "0132d110-bf4e-4208-a403-ab4f5f12efe",
            "0132d110-bf4e-4208-a403-ab4f5f12efg5",
            "0132d110+bf4e-4208-a403-ab4f5f12efe5",
        ] {
            assert_eq!(wrong.parse::<Aaguid>(), Err(AaguidSyntaxError), "{wrong}");
        }
    }
}
