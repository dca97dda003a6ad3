//! The extensions that attestation and path validation use, each parsed on access.

use alloc::string::String;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::Tag;
use sha1::{Digest, Sha1};

use super::certificate::Certificate;
use super::general_name::GeneralName;
use super::oid::Oid;
use super::tlv::{DerError, Reader, context, sequence};
use crate::bytes::Aaguid;

/// `id-fido-gen-ce-aaguid`: the AAGUID in an attestation certificate (WebAuthn 8.2.1).
pub const ID_FIDO_GEN_CE_AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");

/// `id-fido-gen-ce-fw-version`: the firmware version in an attestation certificate (WebAuthn 8.2.1).
pub const ID_FIDO_GEN_CE_FW_VERSION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.5");

/// `BasicConstraints` (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a certification authority.
    pub ca: bool,
    /// The number of certificates that may follow, without self-issued ones and the last of the path.
    pub path_len: Option<u64>,
}

/// `KeyUsage` (RFC 5280 section 4.2.1.3): a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Whether the key may sign data other than certificates and CRLs.
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

/// Why the FIDO AAGUID extension violates WebAuthn 8.2.1.
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
    /// `basicConstraints`. An explicit `cA FALSE` is accepted; a path length beyond 64 bits saturates.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
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

    /// `keyUsage`; `None` if any use is allowed. Trailing zero bits, which DER forbids, are accepted.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
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

    /// `extKeyUsage`: the purposes; `None` if any use is allowed.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
    pub fn extended_key_usage(&self) -> Result<Option<Vec<Oid<'_>>>, DerError> {
        const FIELD: &str = "extKeyUsage";
        let Some(extension) = self.extension(&ID_CE_EXT_KEY_USAGE) else { return Ok(None) };
        // ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId
        let mut reader = sequence(extension.value, FIELD)?;
        let mut purposes = Vec::new();
        while !reader.is_finished() {
            purposes.push(reader.any(FIELD)?.oid(FIELD)?);
        }
        if purposes.is_empty() {
            return Err(DerError { field: FIELD, offset: 0 });
        }
        Ok(Some(purposes))
    }

    /// `subjectAltName`: the names, if there are any.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
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
    /// [`DerError`] if it is malformed.
    pub fn subject_key_identifier(&self) -> Result<Option<&[u8]>, DerError> {
        const FIELD: &str = "subjectKeyIdentifier";
        let Some(extension) = self.extension(&ID_CE_SUBJECT_KEY_IDENTIFIER) else { return Ok(None) };
        let mut reader = Reader::new(extension.value);
        let identifier = reader.take(Tag::OctetString, FIELD)?.value;
        reader.finish(FIELD)?;
        Ok(Some(identifier))
    }

    /// The SHA-1 of the bits of `subjectPublicKey` (RFC 5280 section 4.2.1.2, method 1), computed. Metadata lists it in
    /// `attestationCertificateKeyIdentifiers`.
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        Sha1::digest(self.subject_public_key()).into()
    }

    /// The AAGUID in `id-fido-gen-ce-aaguid` (WebAuthn 8.2.1).
    ///
    /// # Errors
    /// [`AaguidExtensionError`] if the extension is critical, or not 16 bytes wrapped in two OCTET STRINGs.
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

    /// The firmware version in `id-fido-gen-ce-fw-version` (WebAuthn 8.2.1), which increases with each release.
    ///
    /// # Errors
    /// [`DerError`] if it is not an INTEGER from 0 to 2^64 - 1.
    pub fn fido_firmware_version(&self) -> Result<Option<u64>, DerError> {
        const FIELD: &str = "firmware version";
        let Some(extension) = self.extension(&ID_FIDO_GEN_CE_FW_VERSION) else { return Ok(None) };
        let mut reader = Reader::new(extension.value);
        let version = reader.take(Tag::Integer, FIELD)?.unsigned(FIELD)?;
        reader.finish(FIELD)?;
        Ok(Some(version))
    }

    /// The HTTP addresses of `cRLDistributionPoints` (RFC 5280 section 4.2.1.13).
    ///
    /// They are unverified: [`Path::crl_urls`](super::Path::crl_urls) returns those of verified certificates.
    ///
    /// # Errors
    /// [`DerError`] if it is malformed.
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

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use alloc::vec;

    use const_oid::db::rfc4519;

    use super::*;
    use crate::x509::test_certs::{self, Template, extension, read, tlv};

    fn with(kind: &ObjectIdentifier, critical: bool, value: &[u8]) -> Certificate {
        read(&Template::new("Leaf", 3, "Root", &[extension(kind, critical, value)]).signed_by(1))
    }

    #[test]
    fn key_usage_accepts_trailing_zeros_and_unused_bits() {
        let usage = |bits: &[u8]| with(&ID_CE_KEY_USAGE, true, &tlv(0x03, bits)).key_usage();
        let read = |bits: &[u8]| usage(bits).unwrap().unwrap();
        for bits in [&[0x02, 0x84][..], &[0x00, 0x84], &[0x07, 0x84, 0x00]] {
            let usage = read(bits);
            assert!(usage.digital_signature() && usage.key_cert_sign() && !usage.crl_sign(), "{bits:02x?}");
        }
        assert!(!read(&[0x00]).digital_signature());
        assert!(!read(&[0x03, 0x04]).key_cert_sign(), "an unused bit is not set");
        for bits in [&[][..], &[0x08, 0x80], &[0x01], &[0x00, 0x80, 0x00, 0x00]] {
            assert_eq!(usage(bits), Err(DerError { field: "keyUsage", offset: 0 }), "{bits:02x?}");
        }
    }

    #[test]
    fn purposes_of_any_length_are_read_as_octets() {
        let read = |value: &[u8]| {
            let certificate = with(&ID_CE_EXT_KEY_USAGE, false, value);
            certificate
                .extended_key_usage()
                .map(|purposes| purposes.unwrap().iter().map(|p| p.as_bytes().to_vec()).collect::<Vec<_>>())
        };
        let long = [0x2b; 41];
        assert_eq!(read(&test_certs::sequence(&[&tlv(0x06, &long)])), Ok(vec![long.to_vec()]));
        let malformed = |offset| Err(DerError { field: "extKeyUsage", offset });
        assert_eq!(read(&test_certs::sequence(&[])), malformed(0), "no purpose");
        assert_eq!(read(&test_certs::sequence(&[&tlv(0x06, &[0x2b, 0x81])])), malformed(2), "cut in an arc");
        assert_eq!(read(&test_certs::sequence(&[&tlv(0x02, &[1])])), malformed(2), "a number");
    }

    #[test]
    fn path_length_may_be_longer_than_a_byte() {
        let value = test_certs::sequence(&[&[0x01, 0x01, 0xff], &tlv(0x02, &[0x01, 0x00])]);
        let constraints = with(&ID_CE_BASIC_CONSTRAINTS, true, &value).basic_constraints();
        assert_eq!(constraints, Ok(Some(BasicConstraints { ca: true, path_len: Some(256) })));
        let negative = test_certs::sequence(&[&[0x01, 0x01, 0xff], &tlv(0x02, &[0xff])]);
        let refused = with(&ID_CE_BASIC_CONSTRAINTS, true, &negative).basic_constraints().unwrap_err();
        assert_eq!(refused.field, "basicConstraints.pathLenConstraint");
    }

    #[test]
    fn aaguid_is_sixteen_bytes_wrapped_twice_and_not_critical() {
        let value = tlv(0x04, &[7; 16]);
        let read = |critical, value: &[u8]| with(&ID_FIDO_GEN_CE_AAGUID, critical, value).fido_aaguid();
        assert_eq!(read(false, &value), Ok(Some(Aaguid::new([7; 16]))));
        assert_eq!(read(true, &value), Err(AaguidExtensionError::Critical));
        for value in [vec![7; 16], tlv(0x04, &[7; 15]), tlv(0x04, &[7; 17]), [&value[..], &[0]].concat()] {
            assert_eq!(read(false, &value), Err(AaguidExtensionError::Malformed), "{value:02x?}");
        }
        assert_eq!(
            test_certs::read(&Template::new("Leaf", 3, "Root", &[]).signed_by(1)).fido_aaguid(),
            Ok(None)
        );
    }

    #[test]
    fn firmware_is_an_integer_and_never_negative() {
        let read = |value: &[u8]| with(&ID_FIDO_GEN_CE_FW_VERSION, false, value).fido_firmware_version();
        // The example of 8.2.1.
        assert_eq!(read(&[0x02, 0x01, 0x2a]), Ok(Some(42)));
        assert_eq!(read(&[0x02, 0x04, 0x00, 0xff, 0x00, 0x01]), Ok(Some(0x00ff_0001)));
        for value in [&[][..], &[0x02, 0x01, 0xff], &[0x04, 0x01, 0x2a], &[0x02, 0x01, 0x2a, 0x00]] {
            assert_eq!(read(value).unwrap_err().field, "firmware version", "{value:02x?}");
        }
        let without = test_certs::read(&Template::new("Leaf", 3, "Root", &[]).signed_by(1));
        assert_eq!(without.fido_firmware_version(), Ok(None));
    }

    /// TCG EK Credential Profile: tcg-at-tpmManufacturer, -Model and -Version.
    const TPM: [ObjectIdentifier; 3] = [
        ObjectIdentifier::new_unwrap("2.23.133.2.1"),
        ObjectIdentifier::new_unwrap("2.23.133.2.2"),
        ObjectIdentifier::new_unwrap("2.23.133.2.3"),
    ];

    #[test]
    fn tpm_attributes_are_read_from_one_rdn_or_several() {
        let texts = ["id:494E5443", "Model", "id:00010002"];
        let attribute = |(kind, text): (&ObjectIdentifier, &&str)| {
            test_certs::sequence(&[&test_certs::oid(kind), &tlv(0x0c, text.as_bytes())])
        };
        let attributes: Vec<_> = TPM.iter().zip(&texts).map(attribute).collect();
        let one = tlv(0x30, &tlv(0x31, &attributes.concat()));
        let several: Vec<_> = attributes.iter().map(|attribute| tlv(0x31, attribute)).collect();
        for name in [one, tlv(0x30, &several.concat())] {
            let certificate =
                with(&ID_CE_SUBJECT_ALT_NAME, true, &test_certs::sequence(&[&tlv(0xa4, &name)]));
            let names = certificate.subject_alt_name().unwrap().unwrap();
            let [GeneralName::Directory(name)] = &names[..] else { panic!("{names:?}") };
            assert_eq!(TPM.map(|kind| name.text(&kind).unwrap()), texts);
        }
    }

    #[test]
    fn alternative_names_are_read_by_their_kind() {
        let directory = tlv(0xa4, &test_certs::directory_name(&[(&rfc4519::CN, 0x0c, "x")]));
        let names =
            [tlv(0x81, b"a@b.c"), tlv(0x82, b"b.c"), directory, tlv(0x86, b"u:"), tlv(0x87, &[1, 2, 3, 4])];
        let certificate = with(&ID_CE_SUBJECT_ALT_NAME, false, &tlv(0x30, &names.concat()));
        let read = certificate.subject_alt_name().unwrap().unwrap();
        assert!(
            matches!(
                read[..],
                [
                    GeneralName::Rfc822("a@b.c"),
                    GeneralName::Dns("b.c"),
                    GeneralName::Directory(_),
                    GeneralName::Uri("u:"),
                    GeneralName::Ip([1, 2, 3, 4]),
                ]
            ),
            "{read:?}"
        );
        for value in [tlv(0x30, &[]), tlv(0x30, &tlv(0x82, &[0xc3, 0xa4])), tlv(0x30, &tlv(0x02, &[1]))] {
            let refused = with(&ID_CE_SUBJECT_ALT_NAME, false, &value);
            assert_eq!(refused.subject_alt_name().unwrap_err().field, "subjectAltName", "{value:02x?}");
        }
    }

    #[test]
    fn key_identifiers_are_computed_from_the_bits_and_read_from_the_extension() {
        let certificate = with(&ID_CE_SUBJECT_KEY_IDENTIFIER, false, &tlv(0x04, &[5; 20]));
        assert_eq!(certificate.subject_key_identifier(), Ok(Some(&[5; 20][..])));
        let expected: [u8; 20] = Sha1::digest(&certificate.spki()[26..]).into();
        assert_eq!(certificate.key_identifier(), expected);
    }

    #[test]
    fn distribution_points_over_http_are_read() {
        let point = |uri: &str| {
            let name = tlv(0xa0, &tlv(0xa0, &tlv(0x86, uri.as_bytes())));
            test_certs::sequence(&[&name])
        };
        let points =
            [point("http://crl.example/a"), point("ldap://crl.example/b"), point("HTTPS://crl.example/c")];
        let certificate = with(&ID_CE_CRL_DISTRIBUTION_POINTS, false, &tlv(0x30, &points.concat()));
        let urls = certificate.crl_distribution_points().unwrap();
        assert_eq!(urls, ["http://crl.example/a", "HTTPS://crl.example/c"]);
    }
}
