use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::format::{AttestationType, Format};
use super::x5c::X5c;
use crate::x509::{Certificate, CertificateError};

/// The output of a verification procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The attestation type; it counts once the path is trusted.
    pub r#type: AttestationType,
    /// The certificates of `x5c`, DER, in the order sent; empty for none and self attestation.
    pub trust_path: Vec<Vec<u8>>,
    /// The environment that holds the key, as the attestation certificate states it; a fact once that certificate is
    /// verified.
    pub provenance: Option<Provenance>,
    /// The results of the statements in a `compound` statement; empty in every other format.
    pub parts: Vec<(Format, Verified)>,
    /// The first certificate of `trust_path`, if the procedure has parsed it already.
    pub(super) leaf: Option<Certificate>,
}

impl Verified {
    /// The result of a statement with certificates.
    #[must_use]
    pub fn with_path(r#type: AttestationType, trust_path: Vec<Vec<u8>>) -> Self {
        Self { r#type, trust_path, provenance: None, parts: Vec::new(), leaf: None }
    }

    /// The result of a statement with the certificates of `x5c`.
    pub(super) fn with_x5c(r#type: AttestationType, x5c: X5c) -> Self {
        Self { leaf: Some(x5c.leaf), ..Self::with_path(r#type, x5c.trust_path) }
    }

    /// The first certificate of the trust path, if there is one.
    ///
    /// # Errors
    /// The certificate is malformed; only a procedure of the application leaves that to its caller.
    pub(super) fn leaf(&self) -> Result<Option<Certificate>, CertificateError> {
        match (&self.leaf, self.trust_path.first()) {
            (Some(leaf), _) => Ok(Some(leaf.clone())),
            (None, Some(der)) => Certificate::from_der(der).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The result of a statement without certificates.
    #[must_use]
    pub fn without_path(r#type: AttestationType) -> Self {
        Self::with_path(r#type, Vec::new())
    }
}

/// The environment that holds a key, as `android-key` states it; ordered from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// The operating system.
    Software,
    /// A trusted execution environment on the main processor.
    TrustedEnvironment,
    /// A separate chip.
    StrongBox,
}
