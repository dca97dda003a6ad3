use super::format::AttestationType;
use super::statement_input::StatementInput;
use super::verified::Verified;
use super::x5c::{AppleNonceError, X5c, X5cError, check_apple_nonce};
use crate::cbor::FieldError;
use crate::error::Code;

/// Why an `apple` statement was rejected
/// ([section 8.8](https://www.w3.org/TR/webauthn-3/#sctn-apple-anonymous-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppleError {
    /// A member is missing or has another type.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// The certificates were rejected.
    #[error("attStmt.{0}")]
    X5c(#[from] X5cError),
    /// The certificate was issued for another response.
    #[error("attStmt.{0}")]
    Nonce(#[from] AppleNonceError),
    /// The certificate's key differs from the credential public key.
    #[error("attStmt.x5c[0]: the key is not the credential public key")]
    PublicKey,
}

impl AppleError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) => Code::MalformedAttestationStatement,
            Self::X5c(error) => error.code(),
            Self::Nonce(_) | Self::PublicKey => Code::AttestationInvalid,
        }
    }
}

/// 8.8, verification procedure. Members other than `x5c` are ignored: older devices send `alg`.
pub(super) fn verify(input: &StatementInput<'_>) -> Result<Verified, AppleError> {
    // 1. Verify that attStmt is valid CBOR conforming to the syntax, and extract the contained fields
    let x5c = X5c::read(&input.members()?.byte_strings("x5c")?)?;
    // 2. nonceToHash is authenticatorData || clientDataHash; 3. nonce is its SHA-256; 4. nonce equals the value of
    // the extension 1.2.840.113635.100.8.2 in credCert
    check_apple_nonce(&x5c.leaf, input.authenticator_data.as_bytes(), input.client_data_hash)?;
    // 5. The credential public key equals the Subject Public Key of credCert
    if *x5c.leaf.key().map_err(X5cError::from)? != *input.credential_public_key.key() {
        return Err(AppleError::PublicKey);
    }
    // 6. Return implementation-specific values representing Anonymization CA, and trust path x5c
    Ok(Verified::with_x5c(AttestationType::AnonCa, x5c))
}
