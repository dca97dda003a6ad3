//! The BLOB: a compact JWS whose signer's certificates are in its header, verified as Metadata Service 3.1 section 3.2
//! requires.
//!
//! [`Verification::verify`] is a pure function of bytes, roots, time and earlier serial number. It reads the header, finds
//! a path from the signer to a root, verifies the signature, and only then reads the payload.

use std::fmt;

use rp_core::crypto;
use rp_core::jws::{Compact, Header, JwsError, JwsSignatureError, X5cEncoding};
use rp_core::x509::{Certificate, CertificateError, Crl, PathError};
use rp_core::{Code, Timestamp};

use crate::base64;
use crate::date::Date;
use crate::entry::statement::Retention;
use crate::metadata::Metadata;
use crate::payload::{Payload, PayloadError};
use crate::roots::Roots;
use crate::signer::{Signer, SignerError, SignerHost, SignerRules};

/// How a BLOB is verified.
///
/// # Examples
/// ```no_run
/// use rp_core::Timestamp;
/// use rp_mds::{Roots, Verification};
///
/// let roots = Roots::system()?;
/// let verification = Verification { previous_no: Some(14), ..Verification::new(&roots, Timestamp::now()) };
/// let metadata = verification.verify(&std::fs::read("blob.jwt")?)?;
/// println!("{:?}: {} models", metadata.no(), metadata.entries().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// The roots that the signer's path may end in: a set, since roots change.
    pub roots: &'a Roots,
    /// The time at which the signer's path must be valid.
    pub at: Timestamp,
    /// The highest serial number seen before, if any. A BLOB with a lower one is rejected.
    ///
    /// An equal one is accepted: of the BLOBs from 2021 to 2024, half kept the number with different content.
    pub previous_no: Option<u64>,
    /// The host that the signer's certificate must be issued for, by default the FIDO Alliance's.
    pub signer_host: SignerHost<'a>,
    /// CRLs for the signer and its issuers.
    pub crls: &'a [Crl],
    /// Whether a signer whose revocation status is unknown is rejected.
    pub require_crls: bool,
    /// Which members of statements are kept in memory.
    pub retention: Retention,
    /// The maximum length of a BLOB in bytes.
    pub max_len: usize,
}

impl<'a> Verification<'a> {
    /// The default of [`Verification::max_len`], six times the length of a BLOB of 2026.
    pub const MAX_LEN: usize = 64 << 20;

    /// A verification with these roots at this time: the FIDO Alliance's signer, no earlier serial number, no CRLs.
    #[must_use]
    pub const fn new(roots: &'a Roots, at: Timestamp) -> Self {
        Self {
            roots,
            at,
            previous_no: None,
            signer_host: SignerHost::Is(crate::signer::ALLIANCE_HOST),
            crls: &[],
            require_crls: false,
            retention: Retention::ALL,
            max_len: Self::MAX_LEN,
        }
    }

    /// The rules for the signer.
    pub(crate) fn signer_rules(&self) -> SignerRules<'a> {
        let Self { roots, at, signer_host: host, crls, require_crls, .. } = *self;
        SignerRules { roots, at, host, crls, require_crls }
    }

    /// Verifies a BLOB and reads it. White space around it is ignored.
    ///
    /// # Errors
    /// Returns [`BlobError`] if the BLOB as a whole is rejected. A malformed entry is reported by
    /// [`Metadata::rejected`] instead.
    pub fn verify(&self, blob: &[u8]) -> Result<Metadata, BlobError> {
        if blob.len() > self.max_len {
            return Err(BlobError::TooLong { len: blob.len(), max: self.max_len });
        }
        let blob = blob.trim_ascii();
        let jws = Compact::split(blob).map_err(|_| not_jws(blob))?;
        self.verify_parts(&jws).map_err(|error| match error {
            // More than three parts, as in an HTML page: other errors result from it.
            _ if jws.payload.contains(&b'.') => not_jws(blob),
            error => error,
        })
    }

    fn verify_parts(&self, jws: &Compact<'_>) -> Result<Metadata, BlobError> {
        let Header { algorithm, x5c } = Header::parse(jws.header, X5cEncoding::Lenient)?;
        let (leaf, pool) = x5c.split_first().ok_or(BlobError::NoCertificate)?;
        let leaf = Certificate::from_der(leaf).map_err(|source| BlobError::Certificate { source })?;
        // 3.2, step 4: the signer's path, its revocation status included
        let signer = Signer::find(&leaf, pool, algorithm, &self.signer_rules())?;
        // 3.2, step 6: the signature
        let key = leaf.public_key().map_err(|source| BlobError::SignerKey { source })?;
        jws.verify(algorithm, &key)?;
        let bytes = base64::decode_url(jws.payload).ok_or(BlobError::PayloadBase64)?;
        let payload = Payload::read(&bytes, self.retention)?;
        // 3.2, step 7: the serial number
        if let (Some(no), Some(previous)) = (payload.no, self.previous_no)
            && no < previous
        {
            return Err(BlobError::Rollback { no, previous });
        }
        Ok(Metadata::from_verified(payload, signer, self.at))
    }
}

fn not_jws(blob: &[u8]) -> BlobError {
    let start = blob.get(..40).unwrap_or(blob);
    BlobError::NotJws { start: String::from_utf8_lossy(start).into_owned() }
}

/// Why a BLOB was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// It is too long.
    #[error("{len} bytes, more than {max}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The maximum.
        max: usize,
    },
    /// It is not a compact JWS: a truncated file, or an HTML page.
    #[error("not a compact JWS of three parts: starts with {start:?}")]
    NotJws {
        /// Its first characters.
        start: String,
    },
    /// The header was rejected.
    #[error(transparent)]
    Header(#[from] JwsError),
    /// The header has no certificate.
    #[error("header: no x5c")]
    NoCertificate,
    /// The signer's certificate cannot be parsed.
    #[error("x5c[0]: {source}")]
    Certificate {
        /// The cause.
        source: CertificateError,
    },
    /// The signer's path or host was rejected.
    #[error("signer: {}", SignerMessage(.0))]
    Signer(#[from] SignerError),
    /// The signer's key is not supported.
    #[error("signer: {source}")]
    SignerKey {
        /// The cause.
        source: crypto::SpkiError,
    },
    /// The signature was rejected.
    #[error(transparent)]
    Signature(#[from] JwsSignatureError),
    /// The payload is not base64url.
    #[error("payload: not base64url without padding")]
    PayloadBase64,
    /// The payload cannot be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The serial number is lower than one seen before.
    #[error("serial number {no} is lower than {previous}, which was seen before")]
    Rollback {
        /// The serial number of the BLOB.
        no: u64,
        /// The highest one seen before.
        previous: u64,
    },
}

impl BlobError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Signer(SignerError::Path(
                error @ (PathError::Expired { .. }
                | PathError::NotYetValid { .. }
                | PathError::Revoked { .. }),
            )) => error.code(),
            Self::Rollback { .. } => Code::MetadataStale,
            _ => Code::MetadataInvalid,
        }
    }

    /// Whether the path ends in an unknown root. A newer set of roots may contain it.
    #[must_use]
    pub const fn is_untrusted_root(&self) -> bool {
        matches!(self, Self::Signer(SignerError::Path(PathError::IssuerNotFound { .. })))
    }
}

/// The message of a signer's error, with the missing issuer, and with dates instead of seconds.
struct SignerMessage<'a>(&'a SignerError);

impl fmt::Display for SignerMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SignerError::Path(PathError::IssuerNotFound { index, issuer }) => {
                write!(f, "x5c[{index}] is issued by {issuer}, which is neither in x5c nor among the roots")
            }
            SignerError::Path(PathError::NotYetValid { index, not_before }) => {
                write!(f, "certificate {index}: not valid before {}", Date::from(*not_before))
            }
            SignerError::Path(PathError::Expired { index, not_after }) => {
                write!(f, "certificate {index}: not valid after {}", Date::from(*not_after))
            }
            SignerError::Path(PathError::Revoked { index, since }) => {
                write!(f, "certificate {index}: revoked on {}", Date::from(*since))
            }
            error => error.fmt(f),
        }
    }
}
