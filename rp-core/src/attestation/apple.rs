use const_oid::ObjectIdentifier;
use der::Tag;

use super::{AttestationType, Procedure, Verified, X5c};
use crate::cbor::FieldError;
use crate::crypto::{self, SpkiError};
use crate::error::Code;
use crate::x509::tlv::{context, sequence};
use crate::x509::{Certificate, CertificateError, DerError};

/// Why an `apple` statement was refused
/// ([section 8.8](https://www.w3.org/TR/webauthn-3/#sctn-apple-anonymous-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppleError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` is empty.
    #[error("attStmt.x5c is empty")]
    NoCertificate,
    /// The credential's certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The certificate has no nonce.
    #[error("attStmt.x5c[0]: no nonce")]
    NoNonce,
    /// The nonce cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    NonceForm(#[from] DerError),
    /// The nonce is not the hash of authenticatorData and clientDataHash.
    #[error("attStmt.x5c[0]: the nonce is not the hash of authenticatorData and clientDataHash")]
    Nonce,
    /// The certificate's key is none that this build has.
    #[error("attStmt.x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// The certificate's key is not the credential's.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
}

impl AppleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::NoCertificate => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.8, verification procedure. Members beside `x5c` are passed over: older devices send `alg`.
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, AppleError> {
    // 1. Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let chain = procedure.members()?.byte_strings("x5c")?;
    let X5c { leaf: cred_cert, trust_path } = X5c::read(&chain)?.ok_or(AppleError::NoCertificate)?;
    // 2. nonceToHash is authenticatorData || clientDataHash; 3. nonce is its SHA-256
    let nonce = crypto::sha256(&[procedure.authenticator_data.as_bytes(), procedure.client_data_hash]);
    // 4. nonce equals the value of the extension 1.2.840.113635.100.8.2 in credCert
    if nonce_of(&cred_cert)?.ok_or(AppleError::NoNonce)? != nonce {
        return Err(AppleError::Nonce);
    }
    // 5. The credential public key equals the Subject Public Key of credCert
    if cred_cert.public_key()? != *procedure.credential_public_key.key() {
        return Err(AppleError::PublicKey);
    }
    // 6. Return implementation-specific values representing Anonymization CA, and trust path x5c
    Ok(Verified::with_path(AttestationType::AnonCa, trust_path))
}

/// Apple's nonce: `SEQUENCE { [1] EXPLICIT OCTET STRING }`, where the certificate has it.
pub(super) fn nonce_of(certificate: &Certificate) -> Result<Option<&[u8]>, DerError> {
    let Some(extension) = certificate.extension(&NONCE) else { return Ok(None) };
    let mut reader = sequence(extension.value, "nonce")?;
    let mut explicit = reader.take(context(1, true), "nonce")?.reader();
    reader.finish("nonce")?;
    let nonce = explicit.take(Tag::OctetString, "nonce")?.value;
    explicit.finish("nonce")?;
    Ok(Some(nonce))
}

const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.8.2");

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::x509::test_certs::{Template, extension, sequence as der_sequence, tlv};

    fn nonce(value: &[u8]) -> Result<Option<Vec<u8>>, DerError> {
        let extensions = [extension(&NONCE, false, value)];
        let certificate = Template::new("Key", 1, "CA", &extensions).signed_by(2);
        Ok(nonce_of(&Certificate::from_der(&certificate).unwrap())?.map(<[u8]>::to_vec))
    }

    #[test]
    fn a_nonce_stands_in_a_tagged_octet_string_and_nowhere_else() {
        let octets = tlv(0x04, &[7; 32]);
        assert_eq!(nonce(&der_sequence(&[&tlv(0xa1, &octets)])), Ok(Some([7; 32].into())));
        for wrong in [
            octets.clone(),
            der_sequence(&[&octets]),
            der_sequence(&[&tlv(0xa0, &octets)]),
            der_sequence(&[&tlv(0xa1, &octets), &octets]),
            der_sequence(&[&tlv(0xa1, &[&octets[..], &octets].concat())]),
            [&der_sequence(&[&tlv(0xa1, &octets)])[..], &[0]].concat(),
        ] {
            assert_eq!(nonce(&wrong).unwrap_err().field, "nonce", "{wrong:02x?}");
        }
    }

    #[test]
    fn a_certificate_without_the_extension_has_no_nonce() {
        let certificate = Template::new("Key", 1, "CA", &[]).signed_by(2);
        assert_eq!(nonce_of(&Certificate::from_der(&certificate).unwrap()), Ok(None));
    }
}
