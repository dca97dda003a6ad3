//! The common code of formats with certificates: `x5c`, the signature with its first key, and Apple's nonce.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use der::Tag;

use crate::cose::{Algorithm, UnknownAlgorithmError};
use crate::crypto::{self, Key, Scheme, SpkiError};
use crate::error::Code;
use crate::profile::Profile;
use crate::x509::tlv::{context, sequence};
use crate::x509::{Certificate, CertificateError, DerError};

/// The attestation certificate, parsed, and all certificates of `x5c` in DER.
///
/// The certificates above the leaf are parsed when the path is built.
pub(super) struct X5c {
    pub(super) leaf: Certificate,
    pub(super) trust_path: Vec<Vec<u8>>,
}

/// Why the certificates of a statement, or the signature with their key, were rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum X5cError {
    /// `x5c` is empty.
    #[error("x5c is empty")]
    NoCertificate,
    /// The first certificate is malformed.
    #[error("x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// This build does not support the key of the first certificate.
    #[error("x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// `alg` is unknown.
    #[error("alg: {0}")]
    UnknownAlgorithm(#[from] UnknownAlgorithmError),
    /// The key of the first certificate cannot sign with `alg`, or the format does not allow `alg`.
    #[error("alg {statement} is not an algorithm of the certificate's key")]
    AlgorithmOfCertificate {
        /// The statement's `alg`.
        statement: Algorithm,
    },
    /// The signature over authenticatorData and clientDataHash is invalid.
    #[error("sig: {0}")]
    Signature(#[source] crypto::Error),
}

impl X5cError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoCertificate => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(error) => error.code(),
            _ => Code::AttestationInvalid,
        }
    }
}

impl X5c {
    /// Parses the first certificate of `x5c`.
    pub(super) fn read(chain: &[&[u8]]) -> Result<Self, X5cError> {
        let leaf = Certificate::from_der(chain.first().ok_or(X5cError::NoCertificate)?)?;
        Ok(Self { leaf, trust_path: chain.iter().map(|certificate| certificate.to_vec()).collect() })
    }

    /// The key of the leaf and the statement's algorithm, which is one of that key.
    pub(super) fn signer(&self, alg: i64) -> Result<(Cow<'_, Key>, Algorithm), X5cError> {
        let algorithm = Algorithm::try_from(alg)?;
        let key = self.leaf.key()?;
        if !algorithm.fits(&key) {
            return Err(X5cError::AlgorithmOfCertificate { statement: algorithm });
        }
        Ok((key, algorithm))
    }

    /// Verifies `sig` over `message`, the concatenation of its parts, with the key of the leaf and the algorithm `alg`; returns the key.
    ///
    /// RS1, whose hash is broken, is only for TPM statements, and for credentials in the `fido` profile.
    pub(super) fn verify(
        &self,
        alg: i64,
        message: &[&[u8]],
        sig: &[u8],
        profile: Profile,
    ) -> Result<Cow<'_, Key>, X5cError> {
        let (key, algorithm) = self.signer(alg)?;
        if algorithm == Algorithm::Rs1 && profile != Profile::Fido {
            return Err(X5cError::AlgorithmOfCertificate { statement: algorithm });
        }
        crypto::verify(&key, Scheme::for_algorithm(algorithm), message, sig).map_err(X5cError::Signature)?;
        Ok(key)
    }
}

/// Why a certificate of Apple does not belong to the statement (8.8, steps 2 to 4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppleNonceError {
    /// The certificate has no nonce.
    #[error("x5c[0]: no nonce")]
    Missing,
    /// The nonce is malformed.
    #[error("x5c[0]: {0}")]
    Malformed(#[from] DerError),
    /// The nonce is not the hash of authenticatorData and clientDataHash.
    #[error("x5c[0]: the nonce is not the hash of authenticatorData and clientDataHash")]
    Mismatch,
}

/// Checks that Apple's nonce is the SHA-256 of authenticatorData || clientDataHash.
pub(super) fn check_apple_nonce(
    certificate: &Certificate,
    authenticator_data: &[u8],
    client_data_hash: &[u8; 32],
) -> Result<(), AppleNonceError> {
    let nonce = crypto::sha256(&[authenticator_data, client_data_hash]);
    match apple_nonce(certificate)? {
        Some(got) if got == nonce => Ok(()),
        Some(_) => Err(AppleNonceError::Mismatch),
        None => Err(AppleNonceError::Missing),
    }
}

/// Apple's nonce, `SEQUENCE { [1] EXPLICIT OCTET STRING }`, if the certificate has it.
fn apple_nonce(certificate: &Certificate) -> Result<Option<&[u8]>, DerError> {
    let Some(extension) = certificate.extension(&APPLE_NONCE) else { return Ok(None) };
    let mut reader = sequence(extension.value, "nonce")?;
    let mut explicit = reader.take(context(1, true), "nonce")?.reader();
    reader.finish("nonce")?;
    let nonce = explicit.take(Tag::OctetString, "nonce")?.value;
    explicit.finish("nonce")?;
    Ok(Some(nonce))
}

const APPLE_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.8.2");

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use super::*;
    use crate::x509::test_certs::{Template, extension, sequence as der_sequence, tlv};

    fn nonce(value: &[u8]) -> Result<Option<Vec<u8>>, DerError> {
        let extensions = [extension(&APPLE_NONCE, false, value)];
        let certificate = Template::new("Key", 1, "CA", &extensions).signed_by(2);
        Ok(apple_nonce(&Certificate::from_der(&certificate).unwrap())?.map(<[u8]>::to_vec))
    }

    #[test]
    fn apples_nonce_is_a_tagged_octet_string_and_nothing_else() {
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
        assert_eq!(apple_nonce(&Certificate::from_der(&certificate).unwrap()), Ok(None));
    }
}
