use super::certificate_rules::{self, CertificateRule};
use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::x5c::{X5c, X5cError};
use crate::cbor::FieldError;
use crate::cose::Algorithm;
use crate::crypto;
use crate::error::Code;
use crate::x509::CertificateError;

/// Why a `packed` statement was rejected ([section 8.2](https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// The certificates or the signature with their key were rejected.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// The statement's `alg` differs from the algorithm of the credential key (self attestation).
    #[error("attStmt.alg {statement} is not the credential's {credential}")]
    AlgorithmMismatch {
        /// The statement's `alg`.
        statement: i64,
        /// The credential key's algorithm.
        credential: Algorithm,
    },
    /// The certificate violates a requirement of section 8.2.1.
    #[error("attStmt.x5c[0]: {0}")]
    Certificate(#[from] CertificateRule),
    /// The signature of the credential key is invalid (self attestation).
    #[error("attStmt.sig: {0}")]
    SelfSignature(#[source] crypto::Error),
}

impl PackedError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) => Code::MalformedAttestationStatement,
            // A version other than 3 violates a requirement of the statement.
            Self::X5c(X5cError::MalformedCertificate(CertificateError::Version { .. })) => {
                Code::AttestationInvalid
            }
            Self::X5c(error) => error.code(),
            Self::AlgorithmMismatch { .. } | Self::Certificate(_) | Self::SelfSignature(_) => {
                Code::AttestationInvalid
            }
        }
    }
}

/// 8.2, verification procedure.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, PackedError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = input.members()?;
    let alg = statement.integer("alg")?;
    let sig = statement.bytes("sig")?;
    let signed = input.signed_message();
    if statement.get("x5c").is_some() {
        // If x5c is present:
        let x5c = X5c::read(&statement.byte_strings("x5c")?)?;
        // sig is a valid signature over authenticatorData and clientDataHash, by the key in attestnCert, with
        // the algorithm specified in alg
        x5c.verify(alg, &signed, sig, input.profile)?;
        // attestnCert meets the requirements in 8.2.1
        certificate_rules::packed(&x5c.leaf)?;
        // If attestnCert contains id-fido-gen-ce-aaguid, its value matches the aaguid
        certificate_rules::aaguid_matches(&x5c.leaf, input.aaguid())?;
        // Return implementation-specific values representing Basic attestation, and trust path x5c
        return Ok(Verified::with_x5c(AttestationType::Basic, x5c));
    }
    // If x5c is not present, self attestation is in use:
    let key = input.credential_public_key;
    // alg matches the algorithm of the credentialPublicKey
    if alg != key.algorithm().id() {
        return Err(PackedError::AlgorithmMismatch { statement: alg, credential: key.algorithm() });
    }
    // sig is a valid signature by the credential public key with alg
    key.verify(&signed, sig).map_err(PackedError::SelfSignature)?;
    // Return implementation-specific values representing self attestation, and an empty trust path
    Ok(Verified::without_path(AttestationType::SelfAttestation))
}
