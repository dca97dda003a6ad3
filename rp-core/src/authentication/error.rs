use crate::authenticator_data::AuthenticatorDataError;
use crate::ceremony::ClientDataMismatchError;
use crate::cose::{Algorithm, PublicKeyError};
use crate::crypto;
use crate::error::Code;
use crate::extensions::ExtensionError;
use crate::payment::error::PaymentDataError;
use crate::pending::PendingError;
use crate::relying_party::BackupPolicy;

/// Why an authentication was rejected, in the order of section 7.2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// Before step 5: the pending ceremony is another relying party's, or has expired.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// Step 5: `id` is not in `allowCredentials`.
    #[error("credential is not in allowCredentials")]
    CredentialNotAllowed,
    /// Step 6: `id` differs from the credential ID of the record.
    #[error("id differs from the credential ID of the record")]
    CredentialId,
    /// Step 6: the record belongs to another account than the one that was identified before.
    #[error("the credential belongs to another account")]
    CredentialOfAnotherAccount,
    /// Step 6: `userHandle` is that of another account.
    #[error("userHandle is that of another account")]
    UserHandle,
    /// Step 6: no account was identified before, and `userHandle` is missing.
    #[error("no account was identified before, and userHandle is missing")]
    UserHandleMissing,
    /// Steps 10 to 14.
    #[error(transparent)]
    ClientData(ClientDataMismatchError),
    /// Steps 12 to 14 of a payment: the user saw another payment.
    #[error(transparent)]
    Payment(#[from] PaymentDataError),
    /// Step 15: authenticator data is not of the form of section 6.1.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// Step 15.
    #[error("rpIdHash does not match the RP ID")]
    RpIdHash,
    /// Step 16.
    #[error("UP is not set")]
    UserNotPresent,
    /// Step 17.
    #[error("UV is required and not set")]
    UserNotVerified,
    /// Step 18.
    #[error("BS is set and BE is not")]
    BackupFlags,
    /// Step 19.
    #[error("BE was {was} at registration and is now {now}", now = !was)]
    BackupEligibility {
        /// The value in the record.
        was: bool,
    },
    /// Step 19: the backup policy does not accept BE.
    #[error("backup policy {policy:?} does not accept the credential")]
    BackupPolicy {
        /// The policy.
        policy: BackupPolicy,
    },
    /// Step 21: the stored public key is malformed, or this build does not support its algorithm.
    #[error("stored public key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// Step 21: a stored RS1 key outside the `fido` profile.
    #[error("algorithm {algorithm} is not accepted")]
    Algorithm {
        /// The algorithm of the stored key.
        algorithm: Algorithm,
    },
    /// Step 21.
    #[error("signature does not verify")]
    Signature(#[from] crypto::Error),
    /// Step 22.
    #[error("signature counter was {stored} and is now {got}")]
    SignCount {
        /// The value in the record.
        stored: u32,
        /// The value in authenticator data.
        got: u32,
    },
    /// Step 23.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
}

impl From<ClientDataMismatchError> for AuthenticationError {
    fn from(refusal: ClientDataMismatchError) -> Self {
        Self::ClientData(refusal)
    }
}

impl AuthenticationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Pending(error) => error.code(),
            Self::CredentialNotAllowed | Self::CredentialOfAnotherAccount => Code::CredentialNotAllowed,
            Self::CredentialId => Code::CredentialIdMismatch,
            Self::UserHandle | Self::UserHandleMissing => Code::UserHandleMismatch,
            Self::ClientData(error) => error.code(),
            Self::Payment(refusal) => refusal.code(),
            Self::AuthenticatorData(error) => error.code(),
            Self::RpIdHash => Code::RpIdMismatch,
            Self::UserNotPresent => Code::UserNotPresent,
            Self::UserNotVerified => Code::UserNotVerified,
            Self::BackupFlags => Code::BackupFlagsInvalid,
            Self::BackupEligibility { .. } => Code::BackupEligibilityChanged,
            Self::BackupPolicy { .. } => Code::AuthenticatorNotAllowed,
            Self::PublicKey(error) => error.code(),
            Self::Algorithm { .. } => Code::AlgorithmNotAllowed,
            Self::Signature(_) => Code::SignatureInvalid,
            Self::SignCount { .. } => Code::SignCountRegressed,
            Self::Extension(error) => error.code(),
        }
    }

    /// The step of section 7.2 that failed.
    #[must_use]
    pub fn step(&self) -> u8 {
        match self {
            Self::Pending(_) => 1,
            Self::CredentialNotAllowed => 5,
            Self::CredentialId
            | Self::CredentialOfAnotherAccount
            | Self::UserHandle
            | Self::UserHandleMissing => 6,
            // The same steps have numbers that are higher by three
            Self::ClientData(error) => error.registration_step().saturating_add(3),
            Self::Payment(_) => 14,
            Self::AuthenticatorData(_) | Self::RpIdHash => 15,
            Self::UserNotPresent => 16,
            Self::UserNotVerified => 17,
            Self::BackupFlags => 18,
            Self::BackupEligibility { .. } | Self::BackupPolicy { .. } => 19,
            Self::PublicKey(_) | Self::Algorithm { .. } | Self::Signature(_) => 21,
            Self::SignCount { .. } => 22,
            Self::Extension(_) => 23,
        }
    }
}
