//! Certificates (RFC 5280 section 4.1).

use alloc::borrow::Cow;
#[cfg(feature = "std")]
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use const_oid::ObjectIdentifier;
use der::Tag;

use super::name::Name;
use super::oid::Oid;
use super::time;
use super::tlv::{DerError, Reader, Tlv, context};
use crate::crypto::{Key, SpkiError};
use crate::error::Code;
use crate::timestamp::Timestamp;

/// An X.509 certificate, parsed to its last byte; cheap to clone.
///
/// Parsing verifies nothing: [`path`](super::path) verifies signatures. The values of extensions are parsed on access.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Arc<[u8]>,
    tbs: Range<usize>,
    version: u8,
    serial: Range<usize>,
    tbs_signature: Range<usize>,
    issuer: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    spki: Range<usize>,
    key_bits: Range<usize>,
    extensions: Vec<ExtensionRange>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    /// The key, once it was needed.
    #[cfg(feature = "std")]
    key: std::sync::OnceLock<Box<Result<Key, SpkiError>>>,
}

struct ExtensionRange {
    oid: Range<usize>,
    critical: bool,
    value: Range<usize>,
}

/// Why bytes are not a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A field is not the DER of RFC 5280. For an extension, the offset counts from the start of its value.
    #[error(transparent)]
    Der(#[from] DerError),
    /// The input is longer than [`Certificate::MAX_LEN`].
    #[error("a certificate of {len} bytes, more than {max}", max = Certificate::MAX_LEN)]
    TooLong {
        /// The length of the input in bytes.
        len: usize,
    },
    /// Bytes follow the certificate.
    #[error("trailing bytes after the certificate, from byte {offset}")]
    Trailing {
        /// The offset of the first one.
        offset: usize,
    },
    /// The version does not exist, or does not have a field of the certificate (4.1.2.1, 4.1.2.8, 4.1.2.9).
    #[error("{field} in a certificate of version {version}")]
    Version {
        /// The version, from 1.
        version: u64,
        /// The field, or `version` if the version does not exist.
        field: &'static str,
    },
    /// An extension occurs twice (4.2).
    #[error("duplicate extension {oid}")]
    DuplicateExtension {
        /// Its object identifier.
        oid: String,
    },
}

impl CertificateError {
    /// [`Code::MalformedCertificate`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::MalformedCertificate
    }
}

/// How strict the parser is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// For certificates of a response.
    Strict,
    /// For certificates that an operator trusts.
    Lenient,
}

impl Certificate {
    /// The longest certificate in bytes: 256 KiB.
    ///
    /// Certificates in the field have less than 4 KiB; one with an ML-DSA-87 key and signature has about 8 KiB.
    pub const MAX_LEN: usize = 1 << 18;

    /// Parses a certificate to its last byte.
    ///
    /// Stricter than many parsers: trailing bytes, duplicate extensions, extensions in a certificate that is not of
    /// version 3 and dates that do not exist are rejected. Serial numbers may be negative, zero or longer than 20 bytes,
    /// because attestation certificates in the field have such numbers.
    ///
    /// # Errors
    /// [`CertificateError`] with the field and the offset.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Parts::read(der, Reading::Strict).map(|parts| Self(Arc::new(parts)))
    }

    /// Parses a certificate that an operator or a metadata statement trusts for its name and key.
    ///
    /// Such certificates cannot be replaced, so their mistakes are ignored: trailing bytes, malformed and duplicate
    /// extensions, and fields that the version does not have. A malformed time is not a limit:
    /// [`Certificate::not_before`] is then the earliest timestamp, [`Certificate::not_after`] the latest.
    ///
    /// # Errors
    /// [`CertificateError`] if the name or the key cannot be read.
    pub fn from_der_lenient(der: &[u8]) -> Result<Self, CertificateError> {
        Parts::read(der, Reading::Lenient).map(|parts| Self(Arc::new(parts)))
    }

    /// The DER of the certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The signed part, `tbsCertificate`.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.slice(&self.0.tbs)
    }

    /// The version, from 1.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.0.version
    }

    /// The content octets of the serial number, an INTEGER of any sign and length.
    #[must_use]
    pub fn serial_number(&self) -> &[u8] {
        self.slice(&self.0.serial)
    }

    /// The issuer name as stated in the certificate (unverified).
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// The subject name.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// The first second of its validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last second of its validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// `subjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.0.spki)
    }

    /// The bytes of `subjectPublicKey`, without the octet that counts unused bits.
    #[must_use]
    pub fn subject_public_key(&self) -> &[u8] {
        self.slice(&self.0.key_bits)
    }

    /// Parses and checks the key.
    ///
    /// # Errors
    /// [`SpkiError`] if the key is not valid, or this build does not support it.
    pub fn public_key(&self) -> Result<Key, SpkiError> {
        self.key().map(Cow::into_owned)
    }

    /// The same; with the feature `std` it is parsed once for all clones of the certificate.
    pub(crate) fn key(&self) -> Result<Cow<'_, Key>, SpkiError> {
        #[cfg(feature = "std")]
        {
            let parse = || Box::new(Key::from_spki(self.spki()));
            self.0.key.get_or_init(parse).as_ref().as_ref().map(Cow::Borrowed).map_err(Clone::clone)
        }
        #[cfg(not(feature = "std"))]
        Key::from_spki(self.spki()).map(Cow::Owned)
    }

    /// Whether subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.subject == self.0.issuer
    }

    /// The extensions, in their order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        self.0.extensions.iter().map(|range| Extension {
            oid: Oid::new(self.slice(&range.oid)),
            critical: range.critical,
            value: self.slice(&range.value),
        })
    }

    /// The extension of this kind, if there is one.
    #[must_use]
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.is(oid))
    }

    /// `signature` inside the signed part, and `signatureAlgorithm` outside.
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

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, issued by {})", self.subject(), self.issuer())
    }
}

/// One extension of a certificate or a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The kind of extension.
    pub oid: Oid<'a>,
    /// Whether an application that does not know the extension must reject the certificate.
    pub critical: bool,
    /// The content of its OCTET STRING.
    pub value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Whether the extension is of this kind.
    #[must_use]
    pub fn is(&self, oid: &ObjectIdentifier) -> bool {
        self.oid == *oid
    }

    /// Reads `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }`. An explicit FALSE is accepted.
    fn read(extension: &Tlv<'a>) -> Result<(Self, ExtensionRange), DerError> {
        let mut reader = extension.reader();
        let kind = reader.take(Tag::ObjectIdentifier, "extension.extnID")?;
        let oid = kind.oid("extension.extnID")?;
        let critical = match reader.take_optional(Tag::Boolean, "extension.critical")? {
            Some(critical) => critical.boolean("extension.critical")?,
            None => false,
        };
        let value = reader.take(Tag::OctetString, "extension.extnValue")?;
        reader.finish("extension")?;
        let range = ExtensionRange { oid: kind.value_range(), critical, value: value.value_range() };
        Ok((Self { oid, critical, value: value.value }, range))
    }

    /// Reads `Extensions ::= SEQUENCE OF Extension`.
    pub(super) fn read_all(extensions: &mut Reader<'a>) -> Result<Vec<Self>, DerError> {
        let mut all = Vec::new();
        while !extensions.is_finished() {
            all.push(Self::read(&extensions.take(Tag::Sequence, "extension")?)?.0);
        }
        Ok(all)
    }
}

impl Parts {
    fn read(bytes: &[u8], reading: Reading) -> Result<Self, CertificateError> {
        if bytes.len() > Certificate::MAX_LEN {
            return Err(CertificateError::TooLong { len: bytes.len() });
        }
        let mut outer = Reader::new(bytes);
        let certificate = outer.take(Tag::Sequence, "certificate")?;
        if reading == Reading::Strict && !outer.is_finished() {
            return Err(CertificateError::Trailing { offset: outer.offset() });
        }
        let mut reader = certificate.reader();
        let tbs = reader.take(Tag::Sequence, "tbsCertificate")?;
        let signature_algorithm = reader.take(Tag::Sequence, "signatureAlgorithm")?;
        let signature = reader.take(Tag::BitString, "signatureValue")?;
        reader.finish("certificate")?;
        // A U2F key of Yubico states two unused bits, although the signature uses all of its bits.
        let signature = signature.bits("signatureValue")?;

        let mut reader = tbs.reader();
        let version = read_version(&mut reader)?;
        let serial = reader.take(Tag::Integer, "serialNumber")?;
        if reading == Reading::Strict {
            serial.integer("serialNumber")?;
        }
        let tbs_signature = reader.take(Tag::Sequence, "signature")?;
        let issuer = Name::check(&reader.take(Tag::Sequence, "issuer")?, "issuer")?;
        let (not_before, not_after) = read_validity(&mut reader, reading)?;
        let subject = Name::check(&reader.take(Tag::Sequence, "subject")?, "subject")?;
        let spki = reader.take(Tag::Sequence, "subjectPublicKeyInfo")?;
        let key_bits = read_key_bits(&spki)?;
        let extensions = read_rest(&mut reader, version, reading)?;

        // The certificate is the start of the input, so that offsets in the input are offsets in it.
        let der = Arc::from(certificate.raw);
        let (issuer, subject) = (Name::part_of(&der, issuer), Name::part_of(&der, subject));
        Ok(Self {
            der,
            tbs: tbs.raw_range(),
            version,
            serial: serial.value_range(),
            tbs_signature: tbs_signature.raw_range(),
            issuer,
            not_before,
            not_after,
            subject,
            spki: spki.raw_range(),
            key_bits,
            extensions,
            signature_algorithm: signature_algorithm.raw_range(),
            signature,
            #[cfg(feature = "std")]
            key: std::sync::OnceLock::new(),
        })
    }
}

/// The kinds of extensions that were read.
#[derive(Default)]
struct SeenExtensions<'a> {
    first: [Option<Oid<'a>>; 16],
    others: BTreeSet<Oid<'a>>,
}

impl<'a> SeenExtensions<'a> {
    /// Adds a kind, unless it was read before.
    fn insert(&mut self, oid: Oid<'a>) -> bool {
        for place in &mut self.first {
            match place {
                Some(seen) if *seen == oid => return false,
                Some(_) => {}
                None => {
                    *place = Some(oid);
                    return true;
                }
            }
        }
        self.others.insert(oid)
    }
}

/// `version [0] EXPLICIT Version DEFAULT v1`. An explicit v1 is accepted.
fn read_version(reader: &mut Reader<'_>) -> Result<u8, CertificateError> {
    let Some(explicit) = reader.take_optional(context(0, true), "version")? else {
        return Ok(1);
    };
    let mut inner = explicit.reader();
    let version = inner.take(Tag::Integer, "version")?.unsigned("version")?.saturating_add(1);
    inner.finish("version")?;
    match u8::try_from(version) {
        Ok(version @ 1..=3) => Ok(version),
        _ => Err(CertificateError::Version { version, field: "version" }),
    }
}

fn read_validity(reader: &mut Reader<'_>, reading: Reading) -> Result<(Timestamp, Timestamp), DerError> {
    let mut validity = reader.take(Tag::Sequence, "validity")?.reader();
    let not_before = time::read(&validity.any("validity.notBefore")?, "validity.notBefore");
    let not_after = time::read(&validity.any("validity.notAfter")?, "validity.notAfter");
    validity.finish("validity")?;
    match reading {
        Reading::Strict => Ok((not_before?, not_after?)),
        Reading::Lenient => Ok((
            not_before.unwrap_or(Timestamp::from_unix_seconds(i64::MIN)),
            not_after.unwrap_or(Timestamp::from_unix_seconds(i64::MAX)),
        )),
    }
}

fn read_key_bits(spki: &Tlv<'_>) -> Result<Range<usize>, DerError> {
    let mut reader = spki.reader();
    reader.take(Tag::Sequence, "subjectPublicKeyInfo.algorithm")?;
    let bits = reader.take(Tag::BitString, "subjectPublicKeyInfo.subjectPublicKey")?;
    reader.finish("subjectPublicKeyInfo")?;
    // A key is whole bytes.
    if bits.value.first() != Some(&0) {
        return Err(bits.error("subjectPublicKeyInfo.subjectPublicKey"));
    }
    bits.bits("subjectPublicKeyInfo.subjectPublicKey")
}

/// `issuerUniqueID [1]`, `subjectUniqueID [2]` and `extensions [3]`, each optional.
fn read_rest(
    reader: &mut Reader<'_>,
    version: u8,
    reading: Reading,
) -> Result<Vec<ExtensionRange>, CertificateError> {
    let since = |least: u8, field: &'static str| {
        if reading == Reading::Strict && version < least {
            return Err(CertificateError::Version { version: version.into(), field });
        }
        Ok(())
    };
    for (number, field) in [(1, "issuerUniqueID"), (2, "subjectUniqueID")] {
        if reader.take_optional(context(number, false), field)?.is_some() {
            since(2, field)?;
        }
    }
    let mut ranges = Vec::new();
    if let Some(explicit) = reader.take_optional(context(3, true), "extensions")? {
        since(3, "extensions")?;
        let mut explicit = explicit.reader();
        let mut extensions = explicit.take(Tag::Sequence, "extensions")?.reader();
        explicit.finish("extensions")?;
        let mut seen = SeenExtensions::default();
        while !extensions.is_finished() {
            let tlv = extensions.any("extension")?;
            let read =
                if tlv.tag == Tag::Sequence { Extension::read(&tlv) } else { Err(tlv.error("extension")) };
            match (read, reading) {
                (Ok((extension, range)), _) if seen.insert(extension.oid) => ranges.push(range),
                (_, Reading::Lenient) => {}
                (Ok((extension, _)), Reading::Strict) => {
                    return Err(CertificateError::DuplicateExtension { oid: extension.oid.to_string() });
                }
                (Err(error), Reading::Strict) => return Err(error.into()),
            }
        }
    }
    match (reader.is_finished(), reading) {
        (false, Reading::Strict) => Err(DerError { field: "tbsCertificate", offset: reader.offset() }.into()),
        _ => Ok(ranges),
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;
