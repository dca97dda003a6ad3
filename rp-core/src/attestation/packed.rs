use super::certificate_rules::{self, CertificateRule};
use super::{AttestationType, Procedure, Verified, X5c};
use crate::Profile;
use crate::cbor::FieldError;
use crate::cose::{Algorithm, UnknownAlgorithmError};
use crate::crypto::{self, Scheme, SpkiError};
use crate::error::Code;
use crate::x509::CertificateError;

/// Why a `packed` statement was refused ([section 8.2](https://www.w3.org/TR/webauthn-3/#sctn-packed-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` is there and empty.
    #[error("attStmt.x5c is empty")]
    NoCertificate,
    /// The attestation certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The attestation certificate's key is none that this build can verify with.
    #[error("attStmt.x5c[0]: {0}")]
    CertificateKey(#[from] SpkiError),
    /// `alg` is no algorithm that is known.
    #[error("attStmt.alg: {0}")]
    UnknownAlgorithm(#[from] UnknownAlgorithmError),
    /// The statement's `alg` is not the algorithm of the attestation certificate's key.
    #[error("attStmt.alg {statement} is not an algorithm of the certificate's key")]
    AlgorithmOfCertificate {
        /// The statement's.
        statement: Algorithm,
    },
    /// The statement's `alg` is not the algorithm of the credential key (self attestation).
    #[error("attStmt.alg {statement} is not the credential's {credential}")]
    AlgorithmMismatch {
        /// The statement's.
        statement: i64,
        /// The credential key's.
        credential: Algorithm,
    },
    /// The certificate breaks a rule of 8.2.1.
    #[error("attStmt.x5c[0]: {0}")]
    Certificate(#[from] CertificateRule),
    /// The signature does not verify.
    #[error("signature over authenticatorData and clientDataHash: {0}")]
    Signature(#[source] crypto::Error),
}

impl PackedError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::NoCertificate => Code::MalformedAttestationStatement,
            // A version that is not 3 breaks a rule of the statement, whatever else it makes of the certificate.
            Self::MalformedCertificate(CertificateError::Version { .. }) => Code::AttestationInvalid,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            _ => Code::AttestationInvalid,
        }
    }
}

/// 8.2, verification procedure.
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, PackedError> {
    // Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = procedure.members()?;
    let alg = statement.integer("alg")?;
    let sig = statement.bytes("sig")?;
    let signed = procedure.signed_message();
    if statement.get("x5c").is_some() {
        // If x5c is present:
        let chain = statement.byte_strings("x5c")?;
        let X5c { leaf, trust_path } = X5c::read(&chain)?.ok_or(PackedError::NoCertificate)?;
        // sig is a valid signature over authenticatorData and clientDataHash, by the key in attestnCert, with
        // the algorithm specified in alg
        let algorithm = Algorithm::try_from(alg)?;
        let key = leaf.public_key()?;
        // RS1, whose hash is broken, is for TPM statements, and for credentials in the fido profile
        let is_broken = algorithm == Algorithm::Rs1 && procedure.profile != Profile::Fido;
        if is_broken || !algorithm.fits(&key) {
            return Err(PackedError::AlgorithmOfCertificate { statement: algorithm });
        }
        crypto::verify(&key, Scheme::for_algorithm(algorithm), &signed, sig)
            .map_err(PackedError::Signature)?;
        // attestnCert meets the requirements in 8.2.1
        certificate_rules::packed(&leaf)?;
        // If attestnCert contains id-fido-gen-ce-aaguid, its value matches the aaguid
        certificate_rules::aaguid_matches(&leaf, procedure.aaguid())?;
        // Return implementation-specific values representing Basic attestation, and trust path x5c
        return Ok(Verified::with_path(AttestationType::Basic, trust_path));
    }
    // If x5c is not present, self attestation is in use:
    let key = procedure.credential_public_key;
    // alg matches the algorithm of the credentialPublicKey
    if alg != key.algorithm().id() {
        return Err(PackedError::AlgorithmMismatch { statement: alg, credential: key.algorithm() });
    }
    // sig is a valid signature by the credential public key with alg
    key.verify(&signed, sig).map_err(PackedError::Signature)?;
    // Return implementation-specific values representing self attestation, and an empty trust path
    Ok(Verified::without_path(AttestationType::SelfAttestation))
}
