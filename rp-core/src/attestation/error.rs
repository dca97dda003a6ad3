use super::{
    AndroidKeyError, AndroidSafetynetError, AppleError, CompoundError, FidoU2fError, Format, NoneError,
    PackedError, StatementRefusal, TpmError,
};
use crate::error::Code;

/// Why a statement was refused, a variant for each format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// `none` (8.7).
    #[error("none: {0}")]
    None(#[from] NoneError),
    /// `packed` (8.2).
    #[error("packed: {0}")]
    Packed(#[from] PackedError),
    /// `tpm` (8.3).
    #[error("tpm: {0}")]
    Tpm(#[from] TpmError),
    /// `android-key` (8.4).
    #[error("android-key: {0}")]
    AndroidKey(#[from] AndroidKeyError),
    /// `android-safetynet` (8.5).
    #[error("android-safetynet: {0}")]
    AndroidSafetynet(#[from] AndroidSafetynetError),
    /// `fido-u2f` (8.6).
    #[error("fido-u2f: {0}")]
    FidoU2f(#[from] FidoU2fError),
    /// `apple` (8.8).
    #[error("apple: {0}")]
    Apple(#[from] AppleError),
    /// `compound` (8.9).
    #[error("compound: {0}")]
    Compound(#[from] CompoundError),
    /// A format that the caller brought a procedure for.
    #[error("{format}: {source}")]
    Registered {
        /// The identifier.
        format: Format,
        /// What the procedure says.
        source: StatementRefusal,
    },
    /// No procedure for this format, or policy does not accept it.
    #[error("format {format} is not supported or not accepted")]
    Format {
        /// The identifier.
        format: Format,
    },
}

impl AttestationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::None(error) => error.code(),
            Self::Packed(error) => error.code(),
            Self::Tpm(error) => error.code(),
            Self::AndroidKey(error) => error.code(),
            Self::AndroidSafetynet(error) => error.code(),
            Self::FidoU2f(error) => error.code(),
            Self::Apple(error) => error.code(),
            Self::Compound(error) => error.code(),
            Self::Registered { source, .. } => source.code,
            Self::Format { .. } => Code::UnsupportedAttestationFormat,
        }
    }
}
