//! Why a path was refused.

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

/// Why a path was refused; `index` is the certificate's place in what was sent, the leaf being 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is no certificate at all.
    #[error("no certificate")]
    Empty,
    /// A certificate cannot be read.
    #[error("certificate {index}: {source}")]
    Certificate {
        /// Its place.
        index: usize,
        /// Why.
        source: CertificateError,
    },
    /// An extension that validation needs cannot be read.
    #[error("certificate {index}: {source}")]
    Extension {
        /// The certificate's place.
        index: usize,
        /// Which, and where.
        source: DerError,
    },
    /// Neither an anchor nor the next certificate has the name of the issuer.
    #[error("certificate {index}: its issuer ({issuer}) is no anchor and does not follow")]
    IssuerNotFound {
        /// The certificate's place.
        index: usize,
        /// The name that is missing.
        issuer: Name,
    },
    /// A certificate names no issuer (4.1.2.4).
    #[error("certificate {index}: names no issuer")]
    EmptyIssuer {
        /// Its place.
        index: usize,
    },
    /// More certificates stand between leaf and anchor than the caller allows.
    #[error("more than {max} certificates between leaf and anchor")]
    TooDeep {
        /// How many may.
        max: usize,
    },
    /// The budget of signature checks is used up.
    #[error("more signatures to check than allowed")]
    Budget,
    /// The algorithm inside what is signed is not the one beside it (4.1.1.2).
    #[error("certificate {index}: signature and signatureAlgorithm differ")]
    AlgorithmMismatch {
        /// The certificate's place.
        index: usize,
    },
    /// The signature algorithm is not known, or not accepted: SHA-1 and MD5 are not.
    #[error("certificate {index}: signature algorithm not accepted")]
    Algorithm {
        /// The certificate's place.
        index: usize,
    },
    /// The issuer's key is none that this build can verify with.
    #[error("certificate {index}: issuer's key: {source}")]
    IssuerKey {
        /// The place of the certificate that the key should have signed.
        index: usize,
        /// Why.
        source: Box<SpkiError>,
    },
    /// The signature does not verify with the issuer's key (6.1.3 a 1).
    #[error("certificate {index}: {source}")]
    Signature {
        /// The certificate's place.
        index: usize,
        /// Why.
        source: crypto::Error,
    },
    /// A certificate is not valid yet (6.1.3 a 2).
    #[error("certificate {index}: not valid before {}", not_before.as_unix_seconds())]
    NotYetValid {
        /// Its place.
        index: usize,
        /// The first second at which it is.
        not_before: Timestamp,
    },
    /// A certificate has expired (6.1.3 a 2).
    #[error("certificate {index}: not valid after {}", not_after.as_unix_seconds())]
    Expired {
        /// Its place.
        index: usize,
        /// The last second at which it was valid.
        not_after: Timestamp,
    },
    /// A certificate is revoked (6.1.3 a 3).
    #[error("certificate {index}: revoked at {}", since.as_unix_seconds())]
    Revoked {
        /// Its place.
        index: usize,
        /// When, as the CRL says.
        since: Timestamp,
    },
    /// The caller requires that revocation be known, and it is not.
    #[error("certificate {index}: whether it is revoked is not known")]
    RevocationUnknown {
        /// Its place.
        index: usize,
        /// Why each CRL of its issuer was not used.
        reasons: Vec<UnusableCrlError>,
    },
    /// A name is not allowed by the constraints of a certificate above (6.1.3 b, c).
    #[error("certificate {index}: {source}")]
    NameConstraints {
        /// The certificate's place.
        index: usize,
        /// Why.
        source: NameConstraintError,
    },
    /// Name constraints stand in a certificate that is no CA's (4.2.1.10).
    #[error("certificate {index}: name constraints in the certificate of no CA")]
    MisplacedNameConstraints {
        /// The certificate's place.
        index: usize,
    },
    /// Policies refuse the path (6.1.3 f, 6.1.4 a, 6.1.5 g).
    #[error("certificate {index}: {source}")]
    Policy {
        /// The certificate's place.
        index: usize,
        /// Why.
        source: PolicyError,
    },
    /// A certificate that issued another is not one of a CA: not of version 3, or without `cA TRUE` (6.1.4 k).
    #[error("certificate {index}: issued another and is not a CA's")]
    NotCa {
        /// The certificate's place.
        index: usize,
    },
    /// More certificates follow than a `pathLenConstraint` above allows (6.1.4 l, m).
    #[error("certificate {index}: below a path length constraint that leaves no room for it")]
    PathLength {
        /// The place of the first certificate too many.
        index: usize,
    },
    /// A certificate that issued another has a key usage without `keyCertSign` (6.1.4 n).
    #[error("certificate {index}: issued another, and its key usage is without keyCertSign")]
    KeyUsage {
        /// The certificate's place.
        index: usize,
    },
    /// A critical extension is not processed here (6.1.4 o, 6.1.5 f).
    #[error("certificate {index}: critical extension {oid} is not processed")]
    CriticalExtension {
        /// The certificate's place.
        index: usize,
        /// The extension's object identifier.
        oid: String,
    },
}

impl PathError {
    /// The stable code: malformed, expired (on either side), revoked, or not trusted.
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
