//! The extensions that attestation and path validation ask for, each read when it is asked for.

use alloc::string::String;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::{Decode, Tag};
use sha1::{Digest, Sha1};
use x509_cert::ext::pkix::ExtendedKeyUsage;

use super::certificate::Certificate;
use super::general_name::GeneralName;
use super::tlv::{DerError, Reader, context, sequence};
use crate::Aaguid;

/// `id-fido-gen-ce-aaguid`: the model, in an attestation certificate (WebAuthn 8.2.1).
pub const ID_FIDO_GEN_CE_AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");

/// `BasicConstraints` (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a certification authority.
    pub ca: bool,
    /// How many certificates that are not self-issued may follow, the last of the path not counted.
    pub path_len: Option<u64>,
}

/// `KeyUsage` (RFC 5280 section 4.2.1.3): a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Whether the key may sign what is no certificate and no CRL.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.has(0)
    }

    /// Whether the key may sign certificates.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.has(5)
    }

    /// Whether the key may sign CRLs.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.has(6)
    }

    /// Bit 0 is the first of the BIT STRING, the highest of its first byte.
    const fn has(self, bit: u32) -> bool {
        self.0 & 0x8000_u16.unbounded_shr(bit) != 0
    }
}

/// Why the FIDO AAGUID extension breaks WebAuthn 8.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AaguidExtensionError {
    /// It is marked critical.
    #[error("id-fido-gen-ce-aaguid is marked critical")]
    Critical,
    /// Its value is not 16 bytes in an OCTET STRING.
    #[error("id-fido-gen-ce-aaguid is not 16 bytes in an OCTET STRING")]
    Malformed,
}

impl Certificate {
    /// `basicConstraints`; a written `cA FALSE` passes, and a length beyond 64 bits stays at the greatest.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, DerError> {
        const FIELD: &str = "basicConstraints";
        let Some(extension) = self.extension(&ID_CE_BASIC_CONSTRAINTS) else { return Ok(None) };
        let mut reader = sequence(extension.value, FIELD)?;
        let ca = match reader.take_optional(Tag::Boolean, "basicConstraints.cA")? {
            Some(ca) => ca.boolean("basicConstraints.cA")?,
            None => false,
        };
        let path_len = match reader.take_optional(Tag::Integer, "basicConstraints.pathLenConstraint")? {
            Some(length) => Some(length.unsigned("basicConstraints.pathLenConstraint")?),
            None => None,
        };
        reader.finish(FIELD)?;
        Ok(Some(BasicConstraints { ca, path_len }))
    }

    /// `keyUsage`; absent means any use. Zero bits at the end, which DER trims, pass.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, DerError> {
        const FIELD: &str = "keyUsage";
        let Some(extension) = self.extension(&ID_CE_KEY_USAGE) else { return Ok(None) };
        let mut reader = Reader::new(extension.value);
        let bits = reader.take(Tag::BitString, FIELD)?;
        reader.finish(FIELD)?;
        match *bits.value {
            [unused @ 0..=7, first] => Ok(Some(KeyUsage(u16::from_be_bytes([clear(first, unused), 0])))),
            [unused @ 0..=7, first, second] => {
                Ok(Some(KeyUsage(u16::from_be_bytes([first, clear(second, unused)]))))
            }
            [0] => Ok(Some(KeyUsage(0))),
            _ => Err(bits.error(FIELD)),
        }
    }

    /// `extKeyUsage`: the purposes, where there are any.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub fn extended_key_usage(&self) -> Result<Option<Vec<ObjectIdentifier>>, DerError> {
        let Some(extension) = self.extension(&ID_CE_EXT_KEY_USAGE) else { return Ok(None) };
        ExtendedKeyUsage::from_der(extension.value)
            .map(|usage| Some(usage.0))
            .map_err(|_| DerError { field: "extKeyUsage", offset: 0 })
    }

    /// `subjectAltName`: the names, where there are any.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub fn subject_alt_name(&self) -> Result<Option<Vec<GeneralName<'_>>>, DerError> {
        const FIELD: &str = "subjectAltName";
        let Some(extension) = self.extension(&ID_CE_SUBJECT_ALT_NAME) else { return Ok(None) };
        let mut reader = sequence(extension.value, FIELD)?;
        // GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
        let names = GeneralName::read_all(&mut reader, FIELD)?;
        if names.is_empty() {
            return Err(DerError { field: FIELD, offset: 0 });
        }
        Ok(Some(names))
    }

    /// `subjectKeyIdentifier`, as the certificate states it.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub fn subject_key_identifier(&self) -> Result<Option<&[u8]>, DerError> {
        const FIELD: &str = "subjectKeyIdentifier";
        let Some(extension) = self.extension(&ID_CE_SUBJECT_KEY_IDENTIFIER) else { return Ok(None) };
        let mut reader = Reader::new(extension.value);
        let identifier = reader.take(Tag::OctetString, FIELD)?.value;
        reader.finish(FIELD)?;
        Ok(Some(identifier))
    }

    /// The SHA-1 of the bits of `subjectPublicKey` (RFC 5280 section 4.2.1.2, method 1), computed: what
    /// metadata calls `attestationCertificateKeyIdentifiers`.
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        Sha1::digest(self.subject_public_key()).into()
    }

    /// The model that the certificate names in `id-fido-gen-ce-aaguid` (WebAuthn 8.2.1).
    ///
    /// # Errors
    /// [`AaguidExtensionError`] where the extension is critical, or is not 16 bytes wrapped in two OCTET STRINGs.
    pub fn fido_aaguid(&self) -> Result<Option<Aaguid>, AaguidExtensionError> {
        let Some(extension) = self.extension(&ID_FIDO_GEN_CE_AAGUID) else { return Ok(None) };
        if extension.critical {
            return Err(AaguidExtensionError::Critical);
        }
        let mut reader = Reader::new(extension.value);
        let inner = reader.take(Tag::OctetString, "aaguid").map_err(|_| AaguidExtensionError::Malformed)?;
        match (<[u8; 16]>::try_from(inner.value), reader.is_finished()) {
            (Ok(bytes), true) => Ok(Some(Aaguid::new(bytes))),
            _ => Err(AaguidExtensionError::Malformed),
        }
    }

    /// The HTTP addresses of `cRLDistributionPoints` (RFC 5280 section 4.2.1.13).
    ///
    /// They are the certificate's own word: [`Path::crl_urls`](super::Path::crl_urls) tells those of verified
    /// certificates.
    ///
    /// # Errors
    /// [`DerError`] where it is there and cannot be read.
    pub(super) fn crl_distribution_points(&self) -> Result<Vec<String>, DerError> {
        const FIELD: &str = "cRLDistributionPoints";
        let mut urls = Vec::new();
        let Some(extension) = self.extension(&ID_CE_CRL_DISTRIBUTION_POINTS) else { return Ok(urls) };
        let mut points = sequence(extension.value, FIELD)?;
        while !points.is_finished() {
            let mut point = points.take(Tag::Sequence, FIELD)?.reader();
            if let Some(name) = point.take_optional(context(0, true), FIELD)? {
                urls.extend(full_name_urls(&mut name.reader())?);
            }
        }
        Ok(urls)
    }
}

/// The HTTP addresses of `DistributionPointName`, a choice of `fullName [0]` and a relative name.
pub(super) fn full_name_urls(choice: &mut Reader<'_>) -> Result<Vec<String>, DerError> {
    const FIELD: &str = "distributionPoint";
    let Some(full_name) = choice.take_optional(context(0, true), FIELD)? else { return Ok(Vec::new()) };
    let names = GeneralName::read_all(&mut full_name.reader(), FIELD)?;
    let is_http = |uri: &str| {
        ["http://", "https://"]
            .iter()
            .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    };
    let urls = names.into_iter().filter_map(|name| match name {
        GeneralName::Uri(uri) if is_http(uri) => Some(uri.into()),
        _ => None,
    });
    Ok(urls.collect())
}

/// The byte without its unused bits.
const fn clear(byte: u8, unused: u8) -> u8 {
    byte & 0xff_u8.unbounded_shl(unused as u32)
}
