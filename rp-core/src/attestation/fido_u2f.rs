use alloc::vec::Vec;

use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::x5c::{X5c, X5cError};
use crate::cbor::FieldError;
use crate::crypto::{self, Curve, Scheme};
use crate::error::Code;
use crate::profile::Profile;

/// Why a `fido-u2f` statement was rejected ([section 8.6](https://www.w3.org/TR/webauthn-3/#sctn-fido-u2f-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FidoU2fError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// `x5c` does not contain exactly one certificate.
    #[error("attStmt.x5c has {got} certificates, not one")]
    CertificateCount {
        /// The number of certificates.
        got: usize,
    },
    /// The attestation certificate is malformed.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// The attestation certificate's key is not an EC key on P-256.
    #[error("attStmt.x5c[0]: the key is not on P-256")]
    CertificateKey,
    /// The credential's key is not an EC key on P-256.
    #[error("the credential public key is not on P-256")]
    CredentialKey,
    /// The AAGUID is not zero (`fido` profile).
    #[error("the AAGUID is not zero")]
    Aaguid,
    /// The signature is invalid.
    #[error("signature over verificationData: {0}")]
    Signature(#[source] crypto::Error),
}

impl FidoU2fError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::CertificateCount { .. } => Code::MalformedAttestationStatement,
            Self::X5c(error) => error.code(),
            Self::CertificateKey | Self::CredentialKey | Self::Aaguid | Self::Signature(_) => {
                Code::AttestationInvalid
            }
        }
    }
}

/// 8.6, verification input.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, FidoU2fError> {
    // 1. Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let statement = input.members()?;
    let sig = statement.bytes("sig")?;
    let chain = statement.byte_strings("x5c")?;
    // 2. x5c has exactly one element; certificate public key is an EC public key over P-256
    if chain.len() != 1 {
        return Err(FidoU2fError::CertificateCount { got: chain.len() });
    }
    let x5c = X5c::read(&chain)?;
    let key = x5c.leaf.key().map_err(|_| FidoU2fError::CertificateKey)?;
    if key.ec_point().is_none_or(|(curve, ..)| curve != Curve::P256) {
        return Err(FidoU2fError::CertificateKey);
    }
    if input.profile == Profile::Fido && !input.aaguid().is_zero() {
        return Err(FidoU2fError::Aaguid);
    }
    // 3. Extract rpIdHash, credentialId and credentialPublicKey; 4. publicKeyU2F is the raw ANSI X9.62 key
    let credential = input.credential_public_key;
    if credential.ec_point().is_none_or(|(curve, ..)| curve != Curve::P256) {
        return Err(FidoU2fError::CredentialKey);
    }
    let public_key_u2f = credential.sec1_uncompressed().ok_or(FidoU2fError::CredentialKey)?;
    // 5. verificationData is 0x00 || rpIdHash || clientDataHash || credentialId || publicKeyU2F
    let data = input.authenticator_data;
    let credential_id = data.attested_credential().map_or(&[][..], |attested| attested.credential_id);
    let parts: [&[u8]; 5] =
        [&[0x00], data.rp_id_hash(), input.client_data_hash, credential_id, public_key_u2f];
    let verification_data: Vec<u8> = parts.concat();
    // 6. Verify sig using verificationData and the certificate public key, with SHA-256
    crypto::verify(&key, Scheme::EcdsaSha256, &[&verification_data], sig).map_err(FidoU2fError::Signature)?;
    // 7., 8. Return Basic attestation, and trust path x5c
    Ok(Verified::with_x5c(AttestationType::Basic, x5c))
}
