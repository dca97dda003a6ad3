//! Certificate revocation lists (RFC 5280 section 5).

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use const_oid::db::rfc5280::{
    ID_CE_CERTIFICATE_ISSUER, ID_CE_DELTA_CRL_INDICATOR, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::Tag;

use super::certificate::Extension;
use super::extensions::full_name_urls;
use super::name::Name;
use super::time;
use super::tlv::{DerError, Reader, Tlv, context, sequence};
use crate::error::Code;
use crate::timestamp::Timestamp;

/// A complete CRL of one issuer, parsed to its last byte; cheap to clone.
///
/// Parsing verifies nothing. [Path validation](super::path) verifies the signature with the key that issued the
/// certificate in question.
#[derive(Clone)]
pub struct Crl(Arc<Parts>);

struct Parts {
    der: Box<[u8]>,
    tbs: Range<usize>,
    tbs_signature: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    issuer: Name,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    /// Sorted by serial number.
    revoked: Vec<Entry>,
    scope: Scope,
}

struct Entry {
    serial: Range<usize>,
    date: Timestamp,
}

/// The certificates of the issuer that the CRL covers (`issuingDistributionPoint`, section 5.2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Those with one of these distribution points; all if `None`.
    pub(super) points: Option<BTreeSet<String>>,
    pub(super) only_user: bool,
    pub(super) only_ca: bool,
    pub(super) some_reasons: bool,
}

/// Why a CRL cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// A field is not the DER of RFC 5280.
    #[error(transparent)]
    Der(#[from] DerError),
    /// The input is longer than [`Crl::MAX_LEN`].
    #[error("a CRL of {len} bytes, more than {max}", max = Crl::MAX_LEN)]
    TooLong {
        /// The length of the input in bytes.
        len: usize,
    },
    /// A delta CRL (section 5.2.4). Only complete CRLs are supported.
    #[error("a delta CRL")]
    Delta,
    /// A CRL for certificates of several issuers, or for attribute certificates (section 5.2.5).
    #[error("an indirect CRL, or a CRL for attribute certificates")]
    Indirect,
    /// A critical extension of the CRL or of an entry is unknown, so that the CRL must not be used (section 5.2).
    #[error("unknown critical extension {oid}")]
    CriticalExtension {
        /// Its object identifier.
        oid: String,
    },
}

impl CrlError {
    /// [`Code::MalformedCertificate`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::MalformedCertificate
    }
}

impl Crl {
    /// The longest CRL in bytes: 32 MiB, about a million entries.
    ///
    /// CRLs are the caller's and not a client's, but often come from a server without TLS.
    pub const MAX_LEN: usize = 1 << 25;

    /// Parses a `CertificateList` to its last byte.
    ///
    /// # Errors
    /// [`CrlError`] if it is malformed or of a kind that is not supported.
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > Self::MAX_LEN {
            return Err(CrlError::TooLong { len: der.len() });
        }
        let mut outer = Reader::new(der);
        let list = outer.take(Tag::Sequence, "certificateList")?;
        outer.finish("certificateList")?;
        let mut reader = list.reader();
        let tbs = reader.take(Tag::Sequence, "tbsCertList")?;
        let signature_algorithm = reader.take(Tag::Sequence, "signatureAlgorithm")?;
        let signature = reader.take(Tag::BitString, "signatureValue")?;
        reader.finish("certificateList")?;
        let signature = signature.bits("signatureValue")?;

        let mut reader = tbs.reader();
        if let Some(version) = reader.take_optional(Tag::Integer, "version")?
            && version.value != [1]
        {
            return Err(version.error("version").into());
        }
        let tbs_signature = reader.take(Tag::Sequence, "signature")?;
        let issuer = Name::read(&reader.take(Tag::Sequence, "issuer")?, "issuer")?;
        let this_update = time::read(&reader.any("thisUpdate")?, "thisUpdate")?;
        let next_update = match reader.take_optional(Tag::UtcTime, "nextUpdate")? {
            Some(time) => Some(time),
            None => reader.take_optional(Tag::GeneralizedTime, "nextUpdate")?,
        };
        let next_update = next_update.map(|time| time::read(&time, "nextUpdate")).transpose()?;
        let mut revoked = match reader.take_optional(Tag::Sequence, "revokedCertificates")? {
            Some(entries) => read_entries(&entries)?,
            None => Vec::new(),
        };
        let scope = match reader.take_optional(context(0, true), "crlExtensions")? {
            Some(explicit) => read_extensions(&explicit)?,
            None => Scope::default(),
        };
        reader.finish("tbsCertList")?;

        let serial = |entry: &Entry| der.get(entry.serial.clone()).unwrap_or_default();
        revoked.sort_unstable_by(|a, b| serial(a).cmp(serial(b)));
        Ok(Self(Arc::new(Parts {
            der: der.into(),
            tbs: tbs.raw_range(),
            tbs_signature: tbs_signature.raw_range(),
            signature_algorithm: signature_algorithm.raw_range(),
            signature,
            issuer,
            this_update,
            next_update,
            revoked,
            scope,
        })))
    }

    /// The DER of the CRL.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The issuer name as stated in the CRL (unverified).
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// The time at which it was issued.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.0.this_update
    }

    /// The time by which the next CRL is issued. After that, absence from this CRL shows nothing.
    #[must_use]
    pub fn next_update(&self) -> Option<Timestamp> {
        self.0.next_update
    }

    /// The number of revoked certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.revoked.len()
    }

    /// Whether it lists no certificate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.revoked.is_empty()
    }

    /// The revocation time of the certificate with this serial number, if it is listed.
    pub(super) fn revoked_since(&self, serial: &[u8]) -> Option<Timestamp> {
        let of = |entry: &Entry| self.slice(&entry.serial);
        let at = self.0.revoked.binary_search_by(|entry| of(entry).cmp(serial)).ok()?;
        self.0.revoked.get(at).map(|entry| entry.date)
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.0.scope
    }

    pub(super) fn tbs(&self) -> &[u8] {
        self.slice(&self.0.tbs)
    }

    pub(super) fn signature_algorithms(&self) -> (&[u8], &[u8]) {
        (self.slice(&self.0.tbs_signature), self.slice(&self.0.signature_algorithm))
    }

    pub(super) fn signature(&self) -> &[u8] {
        self.slice(&self.0.signature)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} revoked)", self.issuer(), self.len())
    }
}

fn read_entries(entries: &Tlv<'_>) -> Result<Vec<Entry>, CrlError> {
    let mut revoked = Vec::new();
    let mut reader = entries.reader();
    while !reader.is_finished() {
        let mut entry = reader.take(Tag::Sequence, "revokedCertificates")?.reader();
        let serial = entry.take(Tag::Integer, "userCertificate")?.value_range();
        let date = time::read(&entry.any("revocationDate")?, "revocationDate")?;
        if let Some(extensions) = entry.take_optional(Tag::Sequence, "crlEntryExtensions")? {
            for extension in Extension::read_all(&mut extensions.reader())? {
                // certificateIssuer makes the CRL an indirect one (5.3.3).
                if extension.is(&ID_CE_CERTIFICATE_ISSUER) {
                    return Err(CrlError::Indirect);
                }
                if extension.critical {
                    return Err(CrlError::CriticalExtension { oid: extension.oid.to_string() });
                }
            }
        }
        entry.finish("revokedCertificates")?;
        revoked.push(Entry { serial, date });
    }
    Ok(revoked)
}

fn read_extensions(explicit: &Tlv<'_>) -> Result<Scope, CrlError> {
    let mut scope = Scope::default();
    let mut outer = explicit.reader();
    let mut extensions = outer.take(Tag::Sequence, "crlExtensions")?.reader();
    outer.finish("crlExtensions")?;
    for extension in Extension::read_all(&mut extensions)? {
        if extension.is(&ID_CE_DELTA_CRL_INDICATOR) {
            return Err(CrlError::Delta);
        } else if extension.is(&ID_CE_ISSUING_DISTRIBUTION_POINT) {
            scope = read_scope(extension.value)?;
        } else if extension.critical {
            return Err(CrlError::CriticalExtension { oid: extension.oid.to_string() });
        }
    }
    Ok(scope)
}

/// `IssuingDistributionPoint`.
fn read_scope(value: &[u8]) -> Result<Scope, CrlError> {
    const FIELD: &str = "issuingDistributionPoint";
    let mut reader = sequence(value, FIELD)?;
    let points = match reader.take_optional(context(0, true), FIELD)? {
        Some(point) => Some(full_name_urls(&mut point.reader())?.into_iter().collect()),
        None => None,
    };
    let mut flag = |number| match reader.take_optional(context(number, false), FIELD)? {
        Some(flag) => flag.boolean(FIELD),
        None => Ok(false),
    };
    let (only_user, only_ca) = (flag(1)?, flag(2)?);
    let some_reasons = reader.take_optional(context(3, false), FIELD)?.is_some();
    let mut flag = |number| match reader.take_optional(context(number, false), FIELD)? {
        Some(flag) => flag.boolean(FIELD),
        None => Ok(false),
    };
    let (indirect, only_attribute) = (flag(4)?, flag(5)?);
    reader.finish(FIELD)?;
    if indirect || only_attribute {
        return Err(CrlError::Indirect);
    }
    Ok(Scope { points, only_user, only_ca, some_reasons })
}
