//! Attestation: the object, and a verification procedure for each statement format ([section 6.5],
//! [section 8]).
//!
//! [section 6.5]: https://www.w3.org/TR/webauthn-3/#sctn-attestation
//! [section 8]: https://www.w3.org/TR/webauthn-3/#sctn-defined-attestation-formats

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::authenticator_data::AuthenticatorData;
use crate::bytes::Aaguid;
use crate::cbor::{FieldError, Fields, Value};
use crate::cose::PublicKey;
use crate::x509::{Certificate, CertificateError};

mod android_key;
mod android_safetynet;
mod apple;
mod apple_appattest;
mod assess;
mod certificate_rules;
mod compound;
mod custom;
mod error;
mod fido_u2f;
pub(crate) mod format;
mod none;
mod object;
mod packed;
mod policy;
mod tpm;

pub use android_key::{AndroidKeyError, AndroidKeyPolicy};
pub use android_safetynet::AndroidSafetynetError;
pub use apple::AppleError;
pub use apple_appattest::{AppAttest, AppAttestEnvironment, AppAttestError, AttestedAppKey};
pub use certificate_rules::CertificateRule;
pub use compound::{CompoundError, MAX_STATEMENTS};
pub use custom::{AttestationStatementFormat, StatementRefusal};
pub use error::AttestationError;
pub use fido_u2f::FidoU2fError;
pub use format::{AttestationType, Format};
pub use none::NoneError;
pub use object::{AttestationObject, AttestationObjectError};
pub use packed::PackedError;
pub use policy::{AttestationPolicy, ModelList};
pub use tpm::{CertInfoError, PubAreaError, TpmError, TpmManufacturer, TpmStructureError};

pub use assess::Attestation;
pub(crate) use assess::{PathFinder, TrustAssessment};

/// What every verification procedure is given (7.1, step 22).
#[derive(Clone, Copy, Debug)]
pub struct Procedure<'a> {
    /// The statement: a map in most formats, an array in `compound`.
    pub statement: &'a Value<'a>,
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
    /// Whether the statement was made for a ceremony under way: not where a stored registration is judged again.
    pub is_fresh: bool,
}

impl<'a> Procedure<'a> {
    /// The statement's members by name.
    ///
    /// # Errors
    /// [`FieldError::Type`] where the statement is no map.
    pub fn members(&self) -> Result<Fields<'a, 'a>, FieldError> {
        let found = self.statement.kind();
        let map = self.statement.as_map();
        let wrong = || FieldError::Type { path: "attStmt".into(), expected: "a map", found };
        Ok(map.ok_or_else(wrong)?.fields("attStmt"))
    }

    /// The AAGUID of authenticator data.
    #[must_use]
    pub fn aaguid(&self) -> Aaguid {
        self.authenticator_data.attested_credential().map_or(Aaguid::ZERO, |attested| attested.aaguid)
    }

    /// authenticatorData || clientDataHash, which most formats sign.
    #[must_use]
    pub fn signed_message(&self) -> Vec<u8> {
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
#[non_exhaustive]
pub struct Verified {
    /// What the statement proves, once its path is trusted.
    pub r#type: AttestationType,
    /// The attestation certificate and those behind it, DER, as they were sent; empty for none and self.
    pub trust_path: Vec<Vec<u8>>,
    /// Where the statement says that the key lives; a fact once its path is trusted.
    pub provenance: Option<Provenance>,
    /// What the statements found that a `compound` one consists of; empty in every other format.
    pub parts: Vec<(Format, Verified)>,
}

impl Verified {
    /// What a statement with certificates proves.
    #[must_use]
    pub fn with_path(r#type: AttestationType, trust_path: Vec<Vec<u8>>) -> Self {
        Self { r#type, trust_path, provenance: None, parts: Vec::new() }
    }

    /// What a statement without certificates proves: nothing, or that the credential key is at hand.
    #[must_use]
    pub fn without_path(r#type: AttestationType) -> Self {
        Self::with_path(r#type, Vec::new())
    }
}

/// Where a key lives, as `android-key` tells it; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// In the operating system.
    Software,
    /// In a trusted execution environment on the main processor.
    TrustedEnvironment,
    /// In a chip of its own.
    StrongBox,
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
        Format::Tpm => Ok(tpm::verify(procedure)?),
        Format::AndroidKey => Ok(android_key::verify(procedure)?),
        Format::AndroidSafetynet => Ok(android_safetynet::verify(procedure)?),
        Format::FidoU2f => Ok(fido_u2f::verify(procedure)?),
        Format::Apple => Ok(apple::verify(procedure)?),
        Format::Compound => Ok(compound::verify(procedure)?),
        Format::Other(identifier) => {
            let registered = procedure.policy.registered(identifier).ok_or_else(unsupported)?;
            let refused = |source| AttestationError::Registered { format: format.clone(), source };
            registered.verify(procedure).map_err(refused)
        }
    }
}
