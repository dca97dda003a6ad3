//! The BLOB: a compact JWS whose signer is found in its header, verified as Metadata Service 3.1 section 3.2 asks.
//!
//! [`Verification::verify`] is a pure function of bytes, roots, time and what was seen before. It reads the header, finds
//! a path from the signer to a root, checks the signature, and only then reads the payload.
//!
//! A proxy in front can cut the BLOB, serve an old one, or a page of HTML in its stead: the first and the last are
//! refused here, an old one by `no` as far as its holder remembers.

mod algorithm;
mod header;
mod signer;

use rp_core::x509::{Certificate, CertificateError, Crl, PathError};
use rp_core::{Code, Timestamp, crypto};

pub use algorithm::JwsAlgorithm;
use header::Header;
pub use signer::Signer;

use crate::date::Date;
use crate::payload::{Payload, PayloadError};
use crate::{Metadata, Retention, Roots, base64};

/// How a BLOB is verified.
///
/// # Examples
/// ```no_run
/// use rp_core::Timestamp;
/// use rp_mds::{Roots, Verification};
///
/// let roots = Roots::of_the_system()?;
/// let verification = Verification { previous_no: Some(14), ..Verification::new(&roots, Timestamp::now()) };
/// let metadata = verification.verify(&std::fs::read("blob.jwt")?)?;
/// println!("{:?}", metadata.no());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// What the signer's path may end in: a set, since roots change.
    pub roots: &'a Roots,
    /// When the signer is judged.
    pub at: Timestamp,
    /// The serial number that was seen before, if one was; a lower one is refused.
    ///
    /// An equal one is not: of the BLOBs from 2021 to 2024, half kept the number with other content.
    pub previous_no: Option<u64>,
    /// The domain that must be the signer's: the one of a DNS name in its certificate, or one above it. The roots issue
    /// certificates to anyone, so without this any of them can sign.
    pub signer_domain: Option<&'a str>,
    /// Revocation lists, for the signer and the authorities above it.
    pub crls: &'a [Crl],
    /// Whether a BLOB is refused of whose signer it is not known whether it is revoked.
    pub require_crls: bool,
    /// What of it is kept.
    pub retention: Retention,
    /// The greatest length that is read, in bytes.
    pub max_len: usize,
}

impl<'a> Verification<'a> {
    /// Six times what the Alliance publishes in 2026.
    pub const MAX_LEN: usize = 64 << 20;

    /// By these roots, at this time; nothing was seen before, and nothing is known of revocation.
    #[must_use]
    pub const fn new(roots: &'a Roots, at: Timestamp) -> Self {
        Self {
            roots,
            at,
            previous_no: None,
            signer_domain: None,
            crls: &[],
            require_crls: false,
            retention: Retention::ALL,
            max_len: Self::MAX_LEN,
        }
    }

    /// Verifies a BLOB and reads it.
    ///
    /// White space around it is passed over, as a file has it.
    ///
    /// # Errors
    /// [`BlobError`]. An entry that cannot be read is none: it is left out, and told by [`Metadata::rejected`].
    pub fn verify(&self, blob: &[u8]) -> Result<Metadata, BlobError> {
        if blob.len() > self.max_len {
            return Err(BlobError::TooLong { len: blob.len(), max: self.max_len });
        }
        let blob = blob.trim_ascii();
        let jws = Jws::split(blob)?;
        self.verify_parts(&jws).map_err(|error| match error {
            // More than three parts, as a page of HTML has: whatever else is wrong follows from it.
            _ if jws.payload.contains(&b'.') => not_jws(blob),
            error => error,
        })
    }

    fn verify_parts(&self, jws: &Jws<'_>) -> Result<Metadata, BlobError> {
        let Header { algorithm, x5c } = Header::read(jws.header)?;
        let (leaf, pool) = x5c.split_first().ok_or(BlobError::NoCertificate)?;
        let leaf = Certificate::from_der(leaf).map_err(|source| BlobError::Certificate { source })?;
        // 3.2, step 4: the signer's path, its revocation included
        let signer = Signer::find(&leaf, pool, algorithm, self)?;
        // 3.2, step 6: the signature
        let key = leaf.public_key().map_err(|source| BlobError::SignerKey { source })?;
        algorithm.verify(&key, jws.signed, jws.signature)?;
        let bytes = base64::decode_url(jws.payload).ok_or(BlobError::Base64 { part: "payload" })?;
        let payload = Payload::read(&bytes, self.retention)?;
        // 3.2, step 7: the serial number
        if let (Some(no), Some(previous)) = (payload.no, self.previous_no)
            && no < previous
        {
            return Err(BlobError::Rollback { no, previous });
        }
        Ok(Metadata::new(payload, Some(signer)))
    }
}

/// The three parts of a compact JWS (RFC 7515 section 7.1).
struct Jws<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    /// What the signature is over: header and payload as they were sent.
    signed: &'a [u8],
}

impl<'a> Jws<'a> {
    fn split(blob: &'a [u8]) -> Result<Self, BlobError> {
        // Header and signature are short; the payload, which is long, is not gone through here.
        let dot = |byte: &u8| *byte == b'.';
        let found = blob.iter().position(dot).zip(blob.iter().rposition(dot));
        let parts = found.and_then(|(first, last)| {
            let payload = blob.get(first.checked_add(1)?..last)?;
            Some((blob.get(..first)?, payload, blob.get(last.checked_add(1)?..)?))
        });
        let Some((header, payload, signature)) = parts else {
            return Err(not_jws(blob));
        };
        let signed = header.len().saturating_add(1).saturating_add(payload.len());
        let signed = blob.get(..signed).unwrap_or_default();
        Ok(Self { header, payload, signature, signed })
    }
}

fn not_jws(blob: &[u8]) -> BlobError {
    let beginning = blob.get(..40).unwrap_or(blob);
    BlobError::NotJws { begins: String::from_utf8_lossy(beginning).into_owned() }
}

/// Why a BLOB was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// It is longer than is read.
    #[error("{len} bytes, more than {max}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The greatest that is read.
        max: usize,
    },
    /// It has not the three parts of a compact JWS, as a cut file or a page of HTML.
    #[error("not a compact JWS of three parts: begins with {begins:?}")]
    NotJws {
        /// Its first characters.
        begins: String,
    },
    /// The header is longer than is read.
    #[error("header: {len} bytes, more than {max}")]
    HeaderTooLong {
        /// Its length.
        len: usize,
        /// The greatest that is read.
        max: usize,
    },
    /// A part is not base64url without padding.
    #[error("{part}: not base64url without padding")]
    Base64 {
        /// Which one.
        part: &'static str,
    },
    /// The header is not JSON, or lacks what it must have.
    #[error("header: {0}")]
    Header(#[source] serde_json::Error),
    /// The header asks for an extension of JWS that must be understood (RFC 7515 section 4.1.11).
    #[error("header: crit asks for extensions of JWS")]
    Critical,
    /// The algorithm is none of those that a BLOB may have: `none` and HMACs among others.
    #[error("header: algorithm {alg:?} is not accepted")]
    Algorithm {
        /// As the header has it; the beginning, where that is long.
        alg: String,
    },
    /// The header says where to fetch the certificates instead of having them; nothing is fetched for it.
    #[error("header: x5u is not followed")]
    CertificateUrl,
    /// The header has no certificate.
    #[error("header: no x5c")]
    NoCertificate,
    /// The header has more certificates than are looked at.
    #[error("header: x5c has {got} certificates, more than {max}")]
    TooManyCertificates {
        /// How many there are.
        got: usize,
        /// How many are looked at.
        max: usize,
    },
    /// The signer's certificate cannot be read.
    #[error("x5c[0]: {source}")]
    Certificate {
        /// Why.
        source: CertificateError,
    },
    /// There is no path from the signer to a root, or it is not valid.
    #[error("signer: {}", PathWords(.source))]
    Path {
        /// Why.
        #[source]
        source: PathError,
    },
    /// The signer's certificate is another domain's.
    #[error("signer: certificate of {}, not of {domain}", names.join(", "))]
    SignerDomain {
        /// The domain that was asked for.
        domain: String,
        /// DNS names of the certificate.
        names: Vec<String>,
    },
    /// The signer's key is none that can be verified with.
    #[error("signer: {source}")]
    SignerKey {
        /// Why.
        source: crypto::SpkiError,
    },
    /// The algorithm is not one of the signer's key, which decides.
    #[error("header: algorithm {alg} is not one of the signer's key")]
    KeyMismatch {
        /// The algorithm.
        alg: JwsAlgorithm,
    },
    /// The signature does not verify.
    #[error("signature: {source}")]
    Signature {
        /// Why.
        source: crypto::Error,
    },
    /// The payload cannot be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The serial number is lower than one that was seen.
    #[error("serial number {no} is lower than {previous}, which was seen before")]
    Rollback {
        /// The BLOB's.
        no: u64,
        /// The one that was seen.
        previous: u64,
    },
}

impl BlobError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Path { source: error @ (PathError::Expired { .. } | PathError::NotYetValid { .. }) }
            | Self::Path { source: error @ PathError::Revoked { .. } } => error.code(),
            Self::Rollback { .. } => Code::MetadataStale,
            _ => Code::MetadataInvalid,
        }
    }

    /// Whether the roots are at fault, of which a newer set may have the one that is missing.
    #[must_use]
    pub const fn is_untrusted_root(&self) -> bool {
        matches!(self, Self::Path { source: PathError::IssuerNotFound { .. } })
    }
}

/// A path's refusal in the words of a BLOB: names the issuer that was not found, and days as people read them.
struct PathWords<'a>(&'a PathError);

impl std::fmt::Display for PathWords<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            PathError::IssuerNotFound { index, issuer } => {
                write!(f, "x5c[{index}] is issued by {issuer}, which is neither in x5c nor among the roots")
            }
            PathError::NotYetValid { index, not_before } => {
                write!(f, "certificate {index}: not valid before {}", Date::from(*not_before))
            }
            PathError::Expired { index, not_after } => {
                write!(f, "certificate {index}: not valid after {}", Date::from(*not_after))
            }
            PathError::Revoked { index, since } => {
                write!(f, "certificate {index}: revoked on {}", Date::from(*since))
            }
            error => error.fmt(f),
        }
    }
}
