use crate::attestation::{AttestationError, AttestationObjectError};
use crate::bytes::{CredentialId, CredentialIdLengthError};
use crate::ceremony::ClientDataMismatchError;
use crate::cose::{Algorithm, PublicKeyError};
use crate::error::Code;
use crate::extensions::ExtensionError;
use crate::options::AuthenticatorAttachment;
use crate::pending::PendingError;
use crate::relying_party::BackupPolicy;
use crate::trust::TrustError;

/// Why a registration was rejected, in the order of section 7.1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// Before step 5: the pending ceremony is another relying party's, or has expired.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// Steps 7 to 11.
    #[error(transparent)]
    ClientData(ClientDataMismatchError),
    /// Step 13: the attestation object is not of the form of section 6.5.4.
    #[error(transparent)]
    AttestationObject(#[from] AttestationObjectError),
    /// Step 13: authenticator data contains no credential.
    #[error("authenticator data contains no attested credential data")]
    NoAttestedCredentialData,
    /// Step 14.
    #[error("rpIdHash does not match the RP ID")]
    RpIdHash,
    /// Step 15.
    #[error("UP is not set")]
    UserNotPresent,
    /// Step 16.
    #[error("UV is required and not set")]
    UserNotVerified,
    /// Step 17.
    #[error("BS is set and BE is not")]
    BackupFlags,
    /// Step 18: policy.
    #[error("backup policy {policy:?} does not accept the credential")]
    BackupPolicy {
        /// The policy.
        policy: BackupPolicy,
    },
    /// Step 20: the credential public key is not a key of its algorithm.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    /// Step 20: the algorithm was not offered.
    #[error("algorithm {algorithm} was not offered")]
    AlgorithmNotOffered {
        /// The credential's algorithm.
        algorithm: Algorithm,
    },
    /// Steps 21 and 22.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// Steps 23 and 24.
    #[error("attestation is not trusted: {0}")]
    Trust(#[from] TrustError),
    /// Step 25.
    #[error(transparent)]
    CredentialIdLength(#[from] CredentialIdLengthError),
    /// Step 27: `id` differs from the credential ID in authenticator data.
    #[error("id differs from the credential ID in authenticator data")]
    CredentialId,
    /// Step 26.
    #[error("credential {id} is already registered")]
    CredentialExists {
        /// The credential.
        id: CredentialId,
    },
    /// Step 28.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// The client reports another attachment than the requested one.
    #[error("authenticator attachment is {got:?}, not {requested:?}")]
    AuthenticatorAttachment {
        /// The requested attachment.
        requested: AuthenticatorAttachment,
        /// The attachment that the client reports.
        got: AuthenticatorAttachment,
    },
    /// A discoverable credential was required, and the client reports that it is not discoverable.
    #[error("credential is not discoverable, as the client reports")]
    NotDiscoverable,
}

impl From<ClientDataMismatchError> for RegistrationError {
    fn from(refusal: ClientDataMismatchError) -> Self {
        Self::ClientData(refusal)
    }
}

impl RegistrationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Pending(error) => error.code(),
            Self::ClientData(error) => error.code(),
            Self::AttestationObject(error) => error.code(),
            Self::NoAttestedCredentialData => Code::MalformedAuthenticatorData,
            Self::RpIdHash => Code::RpIdMismatch,
            Self::UserNotPresent => Code::UserNotPresent,
            Self::UserNotVerified => Code::UserNotVerified,
            Self::BackupFlags => Code::BackupFlagsInvalid,
            Self::BackupPolicy { .. } | Self::AuthenticatorAttachment { .. } | Self::NotDiscoverable => {
                Code::AuthenticatorNotAllowed
            }
            Self::PublicKey(error) => error.code(),
            Self::AlgorithmNotOffered { .. } => Code::AlgorithmNotAllowed,
            Self::Attestation(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::CredentialIdLength(CredentialIdLengthError { got: 0 }) => Code::MalformedAuthenticatorData,
            Self::CredentialIdLength(_) => Code::CredentialIdTooLong,
            Self::CredentialId => Code::CredentialIdMismatch,
            Self::CredentialExists { .. } => Code::CredentialExists,
            Self::Extension(error) => error.code(),
        }
    }

    /// The step of section 7.1 that failed.
    #[must_use]
    pub fn step(&self) -> u8 {
        match self {
            Self::Pending(_) => 1,
            Self::ClientData(error) => error.registration_step(),
            Self::AttestationObject(_) | Self::NoAttestedCredentialData => 13,
            Self::RpIdHash => 14,
            Self::UserNotPresent => 15,
            Self::UserNotVerified => 16,
            Self::BackupFlags => 17,
            Self::BackupPolicy { .. } => 18,
            Self::PublicKey(_) | Self::AlgorithmNotOffered { .. } => 20,
            Self::Attestation(AttestationError::Format { .. }) => 21,
            Self::Attestation(_) => 22,
            Self::Trust(_) => 24,
            Self::CredentialIdLength(_) => 25,
            Self::CredentialExists { .. } => 26,
            Self::CredentialId => 27,
            Self::Extension(_) | Self::AuthenticatorAttachment { .. } | Self::NotDiscoverable => 28,
        }
    }
}
