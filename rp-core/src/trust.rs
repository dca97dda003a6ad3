//! Trust: who vouches for a model, and the verdict (7.1, steps 23 and 24).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::attestation::{AttestationType, Format};
use crate::bytes::Aaguid;
use crate::cose::Algorithm;
use crate::error::Code;
use crate::timestamp::Timestamp;
use crate::x509::path::{Path, PathError};
use crate::x509::{Certificate, Crl, Revocation, TrustAnchor};

mod format_anchors;
pub mod roots;

pub use format_anchors::FormatAnchors;

/// A statement that verified, as a trust source is asked about it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Evidence<'a> {
    /// The statement's format.
    pub format: &'a Format,
    /// What the statement proves, if its path is trusted.
    pub r#type: AttestationType,
    /// The model, where the statement signs it: `None` for U2F, and for an AAGUID of zeroes.
    pub aaguid: Option<Aaguid>,
    /// The attestation certificate.
    pub leaf: &'a Certificate,
    /// The attestation certificate and those behind it, DER, as they were sent.
    pub trust_path: &'a [Vec<u8>],
    /// The credential's algorithm.
    pub algorithm: Algorithm,
    /// When the statement is judged.
    pub at: Timestamp,
}

/// Where anchors come from: fixed ones, or FIDO metadata.
pub trait TrustSource {
    /// The anchors that may vouch for this statement; none where the model is unknown (step 23).
    fn anchors<'a>(&'a self, evidence: &Evidence<'_>) -> Cow<'a, [TrustAnchor]>;

    /// Has its say once a path was found: a model may be revoked, or its certificate compromised.
    ///
    /// # Errors
    /// [`Refusal`] where the model is not to be accepted; the registration fails.
    fn judge(&self, evidence: &Evidence<'_>, path: &Path) -> Result<(), Refusal> {
        let (_, _) = (evidence, path);
        Ok(())
    }

    /// Revocation data, checked along the path.
    fn revocation(&self) -> Revocation<'_> {
        Revocation::default()
    }
}

/// Why a trust source refuses a model that it knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// In words: the status that decides, and since when.
    pub reason: String,
}

/// Anchors that vouch for every model.
#[derive(Clone, Debug, Default)]
pub struct StaticAnchors {
    anchors: Vec<TrustAnchor>,
    crls: Vec<Crl>,
    crls_required: bool,
}

impl StaticAnchors {
    /// These anchors: roots, intermediates or attestation certificates themselves.
    #[must_use]
    pub fn new(anchors: Vec<TrustAnchor>) -> Self {
        Self { anchors, crls: Vec::new(), crls_required: false }
    }

    /// No anchor: nothing is trusted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Has these CRLs held against each path; one that does not verify revokes nothing.
    #[must_use]
    pub fn with_crls(mut self, crls: Vec<Crl>) -> Self {
        self.crls = crls;
        self
    }

    /// Refuses a path of which some certificate is covered by no CRL.
    #[must_use]
    pub fn require_crls(mut self) -> Self {
        self.crls_required = true;
        self
    }
}

impl TrustSource for StaticAnchors {
    fn anchors<'a>(&'a self, _: &Evidence<'_>) -> Cow<'a, [TrustAnchor]> {
        Cow::Borrowed(&self.anchors)
    }

    fn revocation(&self) -> Revocation<'_> {
        Revocation { crls: &self.crls, required: self.crls_required }
    }
}

/// Why a statement is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The statement was not verified, as policy asked.
    #[error("the statement was not looked at")]
    NotVerified,
    /// There is no attestation.
    #[error("there is no attestation")]
    None,
    /// The credential key attests itself.
    #[error("self attestation proves no model")]
    SelfAttestation,
    /// No path leads to an anchor.
    #[error("no trusted path: {0}")]
    Path(#[source] PathError),
    /// Certificates stand behind the anchor (`fido` profile).
    #[error("certificates stand behind the anchor")]
    BehindAnchor,
    /// The trust source knows the model and refuses it.
    #[error("the model is refused: {0}")]
    Refused(#[source] Refusal),
    /// The application's list does not have the model, or denies it.
    #[error("model {} is not allowed", .aaguid.map_or_else(|| "unknown".into(), |aaguid| alloc::string::ToString::to_string(&aaguid)))]
    Model {
        /// The model, where the statement signs it.
        aaguid: Option<Aaguid>,
    },
}

impl TrustError {
    /// The stable code: what the path says, else [`Code::AttestationUntrusted`].
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Path(error) => error.code(),
            _ => Code::AttestationUntrusted,
        }
    }
}
