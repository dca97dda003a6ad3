//! Attestation: the object, and a verification procedure for each statement format ([section 6.5],
//! [section 8]).
//!
//! [section 6.5]: https://www.w3.org/TR/webauthn-3/#sctn-attestation
//! [section 8]: https://www.w3.org/TR/webauthn-3/#sctn-defined-attestation-formats

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::authenticator_data::AuthenticatorData;
use crate::bytes::Aaguid;
use crate::cose::PublicKey;
use crate::error::Code;
use crate::x509::{Certificate, CertificateError};

mod assess;
mod certificate_rules;
mod fido_u2f;
mod none;
mod object;
mod packed;
mod policy;

pub use certificate_rules::CertificateRule;
pub use fido_u2f::FidoU2fError;
pub use none::NoneError;
pub use object::{AttestationObject, AttestationObjectError};
pub use packed::PackedError;
pub use policy::{AttestationPolicy, ModelList};

pub use assess::Attestation;
pub(crate) use assess::assess;

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
    /// Another one; verified only where the caller brings a procedure for it.
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

    /// The identifier; compared with case.
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
        Ok(alloc::string::String::deserialize(deserializer)?.as_str().into())
    }
}

/// What a statement proves, once its path is trusted ([section 6.5.3]).
///
/// [section 6.5.3]: https://www.w3.org/TR/webauthn-3/#sctn-attestation-types
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttestationType {
    /// Nothing.
    None,
    /// The credential key attests itself: no model is proved.
    #[serde(rename = "self")]
    SelfAttestation,
    /// The key of a batch of authenticators.
    Basic,
    /// A key that an attestation CA certified for this authenticator.
    AttCa,
    /// A key that an anonymisation CA certified for this credential.
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

/// What every verification procedure is given (7.1, step 22).
#[derive(Clone, Copy, Debug)]
pub struct Procedure<'a> {
    /// The statement.
    pub statement: &'a crate::cbor::Map<'a>,
    /// Authenticator data; attested credential data are there.
    pub authenticator_data: &'a AuthenticatorData<'a>,
    /// SHA-256 of `clientDataJSON`.
    pub client_data_hash: &'a [u8; 32],
    /// The credential public key of authenticator data.
    pub credential_public_key: &'a PublicKey,
    /// The policy, for what a format leaves to it.
    pub policy: &'a AttestationPolicy,
    /// When the statement is judged.
    pub at: crate::Timestamp,
    /// Whether FIDO's server requirements hold as well.
    pub profile: crate::Profile,
}

impl Procedure<'_> {
    /// The AAGUID of authenticator data.
    pub(crate) fn aaguid(&self) -> Aaguid {
        self.authenticator_data.attested_credential().map_or(Aaguid::ZERO, |attested| attested.aaguid)
    }

    /// authenticatorData || clientDataHash, which most formats sign.
    pub(crate) fn signed_message(&self) -> Vec<u8> {
        [self.authenticator_data.as_bytes(), self.client_data_hash].concat()
    }
}

/// The attestation certificate, read, and the whole of `x5c` to keep.
pub(crate) struct X5c {
    pub(crate) leaf: Certificate,
    pub(crate) trust_path: Vec<Vec<u8>>,
}

impl X5c {
    /// `None` where the chain is empty. What stands behind the leaf is read when trust is assessed.
    pub(crate) fn read(chain: &[&[u8]]) -> Result<Option<Self>, CertificateError> {
        let Some(leaf) = chain.first() else { return Ok(None) };
        let trust_path = chain.iter().map(|certificate| certificate.to_vec()).collect();
        Ok(Some(Self { leaf: Certificate::from_der(leaf)?, trust_path }))
    }
}

/// What a verification procedure found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the statement proves, once its path is trusted.
    pub r#type: AttestationType,
    /// The attestation certificate and those behind it, DER, as they were sent; empty for none and self.
    pub trust_path: Vec<Vec<u8>>,
}

/// Why a statement was refused, a variant for each format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// `none` (8.7).
    #[error("none: {0}")]
    None(#[from] NoneError),
    /// `packed` (8.2).
    #[error("packed: {0}")]
    Packed(#[from] PackedError),
    /// `fido-u2f` (8.6).
    #[error("fido-u2f: {0}")]
    FidoU2f(#[from] FidoU2fError),
    /// No procedure for this format, or policy does not accept it.
    #[error("format {format} is not supported or not accepted")]
    Format {
        /// The identifier.
        format: Format,
    },
}

impl AttestationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::None(error) => error.code(),
            Self::Packed(error) => error.code(),
            Self::FidoU2f(error) => error.code(),
            Self::Format { .. } => Code::UnsupportedAttestationFormat,
        }
    }
}

/// Verifies a statement by the procedure of its format (7.1, steps 21 and 22).
pub(crate) fn verify(format: &Format, procedure: &Procedure<'_>) -> Result<Verified, AttestationError> {
    let unsupported = || AttestationError::Format { format: format.clone() };
    // 21. Determine the attestation statement format by a USASCII case-sensitive match on fmt
    if !procedure.policy.accepts_format(format) {
        return Err(unsupported());
    }
    // 22. attStmt is a correct attestation statement, conveying a valid attestation signature
    match format {
        Format::None => Ok(none::verify(procedure)?),
        Format::Packed => Ok(packed::verify(procedure)?),
        Format::FidoU2f => Ok(fido_u2f::verify(procedure)?),
        _ => Err(unsupported()),
    }
}
