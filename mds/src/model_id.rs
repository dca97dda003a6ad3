//! Identifiers of authenticator models: AAGUID, attestation certificate key identifier, AAID.

use std::fmt;
use std::str::FromStr;

use rp_core::Aaguid;
use rp_core::x509::Certificate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An identifier of an authenticator model, of one of three kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ModelId {
    /// The AAGUID of a FIDO2 authenticator.
    Aaguid(Aaguid),
    /// The identifier of the key in a U2F authenticator's attestation certificate.
    #[serde(rename = "attestationCertificateKeyIdentifier")]
    KeyIdentifier(KeyIdentifier),
    /// The AAID of a UAF authenticator, such as `1234#5678`.
    Aaid(Box<str>),
}

/// A text that is not a model identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an AAGUID, a key identifier of 40 hexadecimal digits, or an AAID such as 1234#5678")]
pub struct ModelIdError;

impl ModelId {
    /// The identifier of a certificate's key.
    pub(crate) fn key_of(certificate: &Certificate) -> Self {
        Self::KeyIdentifier(KeyIdentifier::new(certificate.key_identifier()))
    }

    /// The AAGUID in a certificate, unless it is zero.
    pub(crate) fn aaguid_in(certificate: &Certificate) -> Option<Self> {
        let aaguid = certificate.fido_aaguid().ok().flatten()?;
        (!aaguid.is_zero()).then_some(Self::Aaguid(aaguid))
    }

    /// The models that an attestation certificate names.
    pub(crate) fn all_in(certificate: &Certificate) -> impl Iterator<Item = Self> {
        [Some(Self::key_of(certificate)), Self::aaguid_in(certificate)].into_iter().flatten()
    }
}

impl From<Aaguid> for ModelId {
    fn from(aaguid: Aaguid) -> Self {
        Self::Aaguid(aaguid)
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aaguid(aaguid) => aaguid.fmt(f),
            Self::KeyIdentifier(identifier) => identifier.fmt(f),
            Self::Aaid(aaid) => f.pad(aaid),
        }
    }
}

impl FromStr for ModelId {
    type Err = ModelIdError;

    fn from_str(text: &str) -> Result<Self, ModelIdError> {
        if let Ok(aaguid) = text.parse() {
            return Ok(Self::Aaguid(aaguid));
        }
        if let Ok(identifier) = text.parse() {
            return Ok(Self::KeyIdentifier(identifier));
        }
        if is_aaid(text) { Ok(Self::Aaid(text.into())) } else { Err(ModelIdError) }
    }
}

/// `V#M`, four hexadecimal digits each.
pub(crate) fn is_aaid(text: &str) -> bool {
    let is_part = |part: &str| part.len() == 4 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
    text.split_once('#').is_some_and(|(vendor, model)| is_part(vendor) && is_part(model))
}

/// The SHA-1 hash of the key of an attestation certificate (RFC 5280 section 4.2.1.2, method 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentifier([u8; 20]);

/// A text that is not a key identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key identifier has 40 hexadecimal digits")]
pub struct KeyIdentifierError;

impl KeyIdentifier {
    /// The identifier of these bytes, as [`rp_core::x509::Certificate::key_identifier`] returns them.
    #[must_use]
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for KeyIdentifier {
    type Err = KeyIdentifierError;

    fn from_str(text: &str) -> Result<Self, KeyIdentifierError> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(KeyIdentifierError) };
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(KeyIdentifierError)
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyIdentifier({self})")
    }
}

impl Serialize for KeyIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
