use alloc::boxed::Box;
use alloc::string::String;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// An attestation statement format identifier (IANA "WebAuthn Attestation Statement Format Identifiers").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `none` (8.7).
    None,
    /// `packed` (8.2).
    Packed,
    /// `tpm` (8.3).
    Tpm,
    /// `android-key` (8.4).
    AndroidKey,
    /// `android-safetynet` (8.5), deprecated.
    AndroidSafetynet,
    /// `fido-u2f` (8.6).
    FidoU2f,
    /// `apple` (8.8).
    Apple,
    /// `compound` (8.9).
    Compound,
    /// Another format; verified only if the application registers a procedure for it.
    Other(Box<str>),
}

impl Format {
    /// The formats of section 8.
    pub const DEFINED: [Self; 8] = [
        Self::None,
        Self::Packed,
        Self::Tpm,
        Self::AndroidKey,
        Self::AndroidSafetynet,
        Self::FidoU2f,
        Self::Apple,
        Self::Compound,
    ];

    /// The identifier; case-sensitive.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Packed => "packed",
            Self::Tpm => "tpm",
            Self::AndroidKey => "android-key",
            Self::AndroidSafetynet => "android-safetynet",
            Self::FidoU2f => "fido-u2f",
            Self::Apple => "apple",
            Self::Compound => "compound",
            Self::Other(identifier) => identifier,
        }
    }
}

impl From<&str> for Format {
    fn from(identifier: &str) -> Self {
        Self::DEFINED
            .into_iter()
            .find(|format| format.as_str() == identifier)
            .unwrap_or_else(|| Self::Other(identifier.into()))
    }
}

impl FromStr for Format {
    type Err = Infallible;

    fn from_str(identifier: &str) -> Result<Self, Infallible> {
        Ok(identifier.into())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Format {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

/// The attestation type; it counts once the statement is trusted ([section 6.5.3]).
///
/// [section 6.5.3]: https://www.w3.org/TR/webauthn-3/#sctn-attestation-types
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttestationType {
    /// Nothing.
    None,
    /// The credential key attests itself, which proves no model.
    #[serde(rename = "self")]
    SelfAttestation,
    /// The key of a batch of authenticators.
    Basic,
    /// A key certified by an attestation CA for this authenticator.
    AttCa,
    /// A key certified by an anonymization CA for this credential.
    AnonCa,
}

impl AttestationType {
    /// `none`, `self`, `basic`, `attca` or `anonca`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfAttestation => "self",
            Self::Basic => "basic",
            Self::AttCa => "attca",
            Self::AnonCa => "anonca",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_stored_under_its_name() {
        for (r#type, name) in [
            (AttestationType::None, "none"),
            (AttestationType::SelfAttestation, "self"),
            (AttestationType::Basic, "basic"),
            (AttestationType::AttCa, "attca"),
            (AttestationType::AnonCa, "anonca"),
        ] {
            assert_eq!(r#type.as_str(), name);
            assert_eq!(serde_json::to_value(r#type).unwrap(), name);
        }
    }
}
