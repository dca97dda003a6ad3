use alloc::vec::Vec;

use super::{AttestationType, Procedure, Verified, X5c};
use crate::Profile;
use crate::cbor::FieldError;
use crate::crypto::{self, Curve, Scheme};
use crate::error::Code;
use crate::x509::CertificateError;

/// Why a `fido-u2f` statement was refused ([section 8.6](https://www.w3.org/TR/webauthn-3/#sctn-fido-u2f-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FidoU2fError {
    /// A member is missing or of another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` does not hold exactly one certificate.
    #[error("attStmt.x5c has {got} certificates, not one")]
    CertificateCount {
        /// How many there are.
        got: usize,
    },
    /// The attestation certificate cannot be read.
    #[error("attStmt.x5c[0]: {0}")]
    MalformedCertificate(#[from] CertificateError),
    /// The attestation certificate's key is not an EC key on P-256.
    #[error("attStmt.x5c[0]: the key is not on P-256")]
    CertificateKey,
    /// The credential's key is not an EC key on P-256.
    #[error("the credential public key is not on P-256")]
    CredentialKey,
    /// The AAGUID is not all zero (`fido` profile).
    #[error("the AAGUID is not zero")]
    Aaguid,
    /// The signature does not verify.
    #[error("signature over verificationData: {0}")]
    Signature(#[source] crypto::Error),
}

impl FidoU2fError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::CertificateCount { .. } => Code::MalformedAttestationStatement,
            Self::MalformedCertificate(_) => Code::MalformedCertificate,
            Self::CertificateKey | Self::CredentialKey | Self::Aaguid | Self::Signature(_) => {
                Code::AttestationInvalid
            }
        }
    }
}

/// 8.6, verification procedure.
pub(super) fn verify(procedure: &Procedure<'_>) -> Result<Verified, FidoU2fError> {
    // 1. Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = procedure.members()?;
    let sig = statement.bytes("sig")?;
    let chain = statement.byte_strings("x5c")?;
    // 2. x5c has exactly one element; certificate public key is an EC public key over P-256
    if chain.len() != 1 {
        return Err(FidoU2fError::CertificateCount { got: chain.len() });
    }
    let X5c { leaf, trust_path } = X5c::read(&chain)?.ok_or(FidoU2fError::CertificateCount { got: 0 })?;
    let key = leaf.public_key().map_err(|_| FidoU2fError::CertificateKey)?;
    if key.ec_point().is_none_or(|(curve, ..)| curve != Curve::P256) {
        return Err(FidoU2fError::CertificateKey);
    }
    if procedure.profile == Profile::Fido && !procedure.aaguid().is_zero() {
        return Err(FidoU2fError::Aaguid);
    }
    // 3. Extract rpIdHash, credentialId and credentialPublicKey; 4. publicKeyU2F is the raw ANSI X9.62 key
    let credential = procedure.credential_public_key;
    if credential.ec_point().is_none_or(|(curve, ..)| curve != Curve::P256) {
        return Err(FidoU2fError::CredentialKey);
    }
    let public_key_u2f = credential.sec1_uncompressed().ok_or(FidoU2fError::CredentialKey)?;
    // 5. verificationData is 0x00 || rpIdHash || clientDataHash || credentialId || publicKeyU2F
    let data = procedure.authenticator_data;
    let credential_id = data.attested_credential().map_or(&[][..], |attested| attested.credential_id);
    let parts: [&[u8]; 5] =
        [&[0x00], data.rp_id_hash(), procedure.client_data_hash, credential_id, public_key_u2f];
    let verification_data: Vec<u8> = parts.concat();
    // 6. Verify sig using verificationData and the certificate public key, with SHA-256
    crypto::verify(&key, Scheme::EcdsaSha256, &verification_data, sig).map_err(FidoU2fError::Signature)?;
    // 7., 8. Return Basic attestation, and trust path x5c
    Ok(Verified::with_path(AttestationType::Basic, trust_path))
}
