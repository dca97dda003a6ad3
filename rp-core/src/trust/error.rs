use alloc::string::ToString;

use super::android_status::AndroidCertificateStatus;
use super::distrust::Distrust;
use crate::bytes::Aaguid;
use crate::error::Code;
use crate::x509::PathError;

/// Why a statement is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Policy ignores statements.
    #[error("the statement was not verified")]
    NotVerified,
    /// The registration was not attested.
    #[error("the registration is not attested")]
    None,
    /// The credential key attests itself.
    #[error("self attestation proves no model")]
    SelfAttestation,
    /// No path leads to an anchor.
    #[error("no trusted path: {0}")]
    Path(#[source] PathError),
    /// `x5c` has certificates beyond the anchor (`fido` profile).
    #[error("x5c has certificates beyond the anchor")]
    BehindAnchor,
    /// A certificate of the path is in Android's attestation status list.
    #[error("certificate {index}: {status} in Android's attestation status list")]
    AndroidStatus {
        /// The index of the certificate in `x5c`.
        index: usize,
        /// Its entry.
        status: AndroidCertificateStatus,
    },
    /// The trust source rejects the model or the statement.
    #[error("model {}: {reason}", .aaguid.map_or_else(|| "unknown".into(), |aaguid| aaguid.to_string()))]
    Distrusted {
        /// The AAGUID in authenticator data, proven or not; `None` if it is zero.
        aaguid: Option<Aaguid>,
        /// Why.
        #[source]
        reason: Distrust,
    },
    /// The relying party's policy does not allow the model, or denies it.
    #[error("model {} is not allowed", .aaguid.map_or_else(|| "unknown".into(), |aaguid| aaguid.to_string()))]
    Model {
        /// The model that is denied, or that is proven and not allowed.
        aaguid: Option<Aaguid>,
    },
}

impl TrustError {
    /// The stable code: that of the path, [`Code::CertificateRevoked`] for Android's list, otherwise [`Code::AttestationUntrusted`].
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Path(error) => error.code(),
            Self::AndroidStatus { .. } => Code::CertificateRevoked,
            _ => Code::AttestationUntrusted,
        }
    }

    /// The trust source's reason, if it rejected the statement.
    #[must_use]
    pub const fn distrust(&self) -> Option<&Distrust> {
        match self {
            Self::Distrusted { reason, .. } => Some(reason),
            _ => None,
        }
    }
}
