use alloc::borrow::Cow;
use alloc::string::String;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, COUNTRY_NAME, ORGANIZATION_NAME, ORGANIZATIONAL_UNIT_NAME};

use crate::bytes::Aaguid;
use crate::x509::{AaguidExtensionError, Certificate};

/// A requirement for attestation certificates that a certificate violates ([section 8.2.1], [section 8.3.1]).
///
/// [section 8.2.1]: https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation-cert-requirements
/// [section 8.3.1]: https://www.w3.org/TR/webauthn-3/#sctn-tpm-cert-requirements
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateRule {
    /// Version is 3.
    #[error("version is {got}, not 3")]
    Version {
        /// The version, counted from 1.
        got: u8,
    },
    /// Subject-C is a country code of two letters.
    #[error("subject has no two-letter country code (C)")]
    Country,
    /// Subject-O is the vendor's name.
    #[error("subject has no O")]
    Organization,
    /// Subject-OU is "Authenticator Attestation".
    #[error("subject OU is {got:?}, not \"Authenticator Attestation\"")]
    OrganizationalUnit {
        /// The first OU, if there is one.
        got: Option<String>,
    },
    /// Subject-CN is present.
    #[error("subject has no CN")]
    CommonName,
    /// Basic constraints are present, with `CA` false.
    #[error("basic constraints say CA: {ca:?}, not false")]
    BasicConstraints {
        /// The value of `CA`; `None` if the extension is missing or malformed.
        ca: Option<bool>,
    },
    /// The subject is empty.
    #[error("the subject is not empty")]
    SubjectNotEmpty,
    /// The subject alternative name is present and critical, and has one directory name.
    #[error("no critical subjectAltName with one directory name")]
    SubjectAltName,
    /// The subject alternative name has each of the TPM's attributes once.
    #[error("subjectAltName has no {attribute}, an empty one, or several")]
    TpmAttribute {
        /// `tpmManufacturer`, `tpmModel` or `tpmVersion`.
        attribute: &'static str,
    },
    /// The manufacturer is `id:` and eight hexadecimal digits.
    #[error("tpmManufacturer is {got:?}, not id: and eight hexadecimal digits")]
    TpmManufacturer {
        /// The value found.
        got: String,
    },
    /// The extended key usage has tcg-kp-AIKCertificate.
    #[error("extKeyUsage has no tcg-kp-AIKCertificate")]
    ExtendedKeyUsage,
    /// `id-fido-gen-ce-aaguid` is not critical and holds 16 bytes in an OCTET STRING.
    #[error("id-fido-gen-ce-aaguid: {0}")]
    AaguidExtension(#[source] AaguidExtensionError),
    /// `id-fido-gen-ce-aaguid` is the AAGUID of authenticator data.
    #[error("id-fido-gen-ce-aaguid is {certificate}, authenticator data have {authenticator_data}")]
    Aaguid {
        /// The certificate's.
        certificate: Aaguid,
        /// Authenticator data's.
        authenticator_data: Aaguid,
    },
}

/// 8.2.1: Packed Attestation Statement Certificate Requirements.
pub(super) fn packed(certificate: &Certificate) -> Result<(), CertificateRule> {
    // Version MUST be set to 3
    version_is_3(certificate)?;
    // Subject-C: ISO 3166 code specifying the country where the Authenticator vendor is incorporated
    let is_country = |code: &str| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic());
    if !attribute(certificate, &COUNTRY_NAME).is_some_and(|code| is_country(&code)) {
        return Err(CertificateRule::Country);
    }
    // Subject-O: Legal name of the Authenticator vendor
    if attribute(certificate, &ORGANIZATION_NAME).is_none() {
        return Err(CertificateRule::Organization);
    }
    // Subject-OU: Literal string "Authenticator Attestation"
    let mut units = certificate.subject().texts(&ORGANIZATIONAL_UNIT_NAME);
    if !units.any(|unit| unit == "Authenticator Attestation") {
        let got = certificate.subject().text(&ORGANIZATIONAL_UNIT_NAME).map(Cow::into_owned);
        return Err(CertificateRule::OrganizationalUnit { got });
    }
    // Subject-CN: A UTF8String of the vendor's choosing
    if attribute(certificate, &COMMON_NAME).is_none() {
        return Err(CertificateRule::CommonName);
    }
    // The Basic Constraints extension MUST have the CA component set to false
    is_no_ca(certificate)
}

/// Version MUST be set to 3.
pub(super) fn version_is_3(certificate: &Certificate) -> Result<(), CertificateRule> {
    match certificate.version() {
        3 => Ok(()),
        got => Err(CertificateRule::Version { got }),
    }
}

/// The Basic Constraints extension MUST have the CA component set to false.
pub(super) fn is_no_ca(certificate: &Certificate) -> Result<(), CertificateRule> {
    let ca = certificate.basic_constraints().ok().flatten().map(|constraints| constraints.ca);
    if ca == Some(false) { Ok(()) } else { Err(CertificateRule::BasicConstraints { ca }) }
}

/// If the certificate contains `id-fido-gen-ce-aaguid`, its value is the AAGUID of authenticator data.
pub(super) fn aaguid_matches(certificate: &Certificate, aaguid: Aaguid) -> Result<(), CertificateRule> {
    match certificate.fido_aaguid().map_err(CertificateRule::AaguidExtension)? {
        Some(certificate) if certificate != aaguid => {
            Err(CertificateRule::Aaguid { certificate, authenticator_data: aaguid })
        }
        _ => Ok(()),
    }
}

/// The first attribute of this type that is not empty.
fn attribute<'a>(certificate: &'a Certificate, kind: &ObjectIdentifier) -> Option<Cow<'a, str>> {
    certificate.subject().text(kind).filter(|text| !text.is_empty())
}
