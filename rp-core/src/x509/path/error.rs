//! Why a path is rejected.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::revocation::UnusableCrlError;
use crate::crypto::{self, SpkiError};
use crate::error::Code;
use crate::timestamp::Timestamp;
use crate::x509::certificate::CertificateError;
use crate::x509::name::Name;
use crate::x509::name_constraints::NameConstraintError;
use crate::x509::policy::PolicyError;
use crate::x509::tlv::DerError;

/// Why a path is rejected. `index` is the index of the certificate in the input, 0 for the leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The chain is empty.
    #[error("no certificate")]
    Empty,
    /// A certificate is malformed.
    #[error("certificate {index}: {source}")]
    Certificate {
        /// Its index.
        index: usize,
        /// The reason.
        source: CertificateError,
    },
    /// An extension that validation needs is malformed.
    #[error("certificate {index}: {source}")]
    Extension {
        /// The index of the certificate.
        index: usize,
        /// The extension and the offset.
        source: DerError,
    },
    /// Neither an anchor nor the next certificate has the issuer's name.
    #[error("certificate {index}: its issuer ({issuer}) is neither an anchor nor the next certificate")]
    IssuerNotFound {
        /// The index of the certificate.
        index: usize,
        /// The name of the issuer.
        issuer: Name,
    },
    /// The issuer name of a certificate is empty (4.1.2.4).
    #[error("certificate {index}: the issuer name is empty")]
    EmptyIssuer {
        /// Its index.
        index: usize,
    },
    /// There are more certificates between leaf and anchor than the caller allows.
    #[error("more than {max} certificates between leaf and anchor")]
    TooDeep {
        /// The maximum.
        max: usize,
    },
    /// The path needs more signature checks than the caller allows.
    #[error("too many signatures to verify")]
    Budget,
    /// The algorithms inside and outside the signed part differ (4.1.1.2).
    #[error("certificate {index}: signature and signatureAlgorithm differ")]
    AlgorithmMismatch {
        /// The index of the certificate.
        index: usize,
    },
    /// The signature algorithm is unknown or not accepted. SHA-1 and MD5 are not accepted.
    #[error("certificate {index}: signature algorithm not accepted")]
    Algorithm {
        /// The index of the certificate.
        index: usize,
    },
    /// This build cannot verify with the issuer's key.
    #[error("certificate {index}: issuer's key: {source}")]
    IssuerKey {
        /// The index of the certificate that the key should have signed.
        index: usize,
        /// The reason.
        source: Box<SpkiError>,
    },
    /// The signature does not verify with the issuer's key (6.1.3 a 1).
    #[error("certificate {index}: {source}")]
    Signature {
        /// The index of the certificate.
        index: usize,
        /// The reason.
        source: crypto::Error,
    },
    /// A certificate is not valid yet (6.1.3 a 2).
    #[error("certificate {index}: not valid before {not_before}")]
    NotYetValid {
        /// Its index.
        index: usize,
        /// The first second of its validity.
        not_before: Timestamp,
    },
    /// A certificate has expired (6.1.3 a 2).
    #[error("certificate {index}: not valid after {not_after}")]
    Expired {
        /// Its index.
        index: usize,
        /// The last second of its validity.
        not_after: Timestamp,
    },
    /// A certificate is revoked (6.1.3 a 3).
    #[error("certificate {index}: revoked at {since}")]
    Revoked {
        /// Its index.
        index: usize,
        /// The revocation time in the CRL.
        since: Timestamp,
    },
    /// The caller requires the revocation status, and it is unknown.
    #[error("certificate {index}: revocation status is unknown")]
    RevocationUnknown {
        /// Its index.
        index: usize,
        /// For each CRL of its issuer, why it does not determine the status.
        reasons: Vec<UnusableCrlError>,
    },
    /// The name constraints of an issuer do not allow a name (6.1.3 b, c).
    #[error("certificate {index}: {source}")]
    NameConstraints {
        /// The index of the certificate.
        index: usize,
        /// The reason.
        source: NameConstraintError,
    },
    /// A certificate that is not a CA certificate has name constraints (4.2.1.10).
    #[error("certificate {index}: name constraints, but not a CA certificate")]
    MisplacedNameConstraints {
        /// The index of the certificate.
        index: usize,
    },
    /// The policies do not allow the path (6.1.3 f, 6.1.4 a, 6.1.5 g).
    #[error("certificate {index}: {source}")]
    Policy {
        /// The index of the certificate.
        index: usize,
        /// The reason.
        source: PolicyError,
    },
    /// The issuer of a certificate is not a CA: not of version 3, or without `cA TRUE` (6.1.4 k).
    #[error("certificate {index}: issued a certificate, but is not a CA certificate")]
    NotCa {
        /// The index of the certificate.
        index: usize,
    },
    /// The path is longer than the `pathLenConstraint` of an issuer allows (6.1.4 l, m).
    #[error("certificate {index}: exceeds an issuer's pathLenConstraint")]
    PathLength {
        /// The index of the first certificate that exceeds it.
        index: usize,
    },
    /// The key usage of an issuer does not include `keyCertSign` (6.1.4 n).
    #[error("certificate {index}: issued a certificate, but its key usage does not include keyCertSign")]
    KeyUsage {
        /// The index of the certificate.
        index: usize,
    },
    /// A critical extension is not processed (6.1.4 o, 6.1.5 f).
    #[error("certificate {index}: critical extension {oid} is not processed")]
    CriticalExtension {
        /// The index of the certificate.
        index: usize,
        /// The object identifier of the extension.
        oid: String,
    },
}

impl PathError {
    /// The stable code: malformed, expired (or not yet valid), revoked, or not trusted.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Certificate { .. } | Self::Extension { .. } => Code::MalformedCertificate,
            Self::NotYetValid { .. } | Self::Expired { .. } => Code::CertificateExpired,
            Self::Revoked { .. } => Code::CertificateRevoked,
            _ => Code::AttestationUntrusted,
        }
    }
}
