use alloc::boxed::Box;

use super::android_key::AndroidKeyError;
use super::android_safetynet::AndroidSafetynetError;
use super::apple::AppleError;
use super::custom::StatementError;
use super::fido_u2f::FidoU2fError;
use super::format::Format;
use super::none::NoneError;
use super::packed::PackedError;
use super::tpm::TpmError;
use crate::cbor::FieldError;
use crate::error::Code;

/// Why a statement was rejected, with a variant for each format.
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
    /// A format with a procedure of the application.
    #[error("{format}: {source}")]
    Registered {
        /// The identifier.
        format: Format,
        /// The procedure's error.
        source: StatementError,
    },
    /// The format is unknown, or policy does not accept it.
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

/// Why a `compound` statement was rejected
/// ([section 8.9](https://www.w3.org/TR/webauthn-3/#sctn-compound-attestation)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompoundError {
    /// The statement is not an array, or an element is not a map with `fmt` and `attStmt`.
    #[error(transparent)]
    Statement(#[from] FieldError),
    /// There are fewer than two statements, or more than [`MAX_STATEMENTS`].
    #[error("attStmt has {got} statements, not 2 to {MAX_STATEMENTS}")]
    Count {
        /// The number of statements.
        got: usize,
    },
    /// A statement is itself `compound`.
    #[error("attStmt[{index}] is compound")]
    Nested {
        /// The index of the statement.
        index: usize,
    },
    /// A statement was rejected.
    #[error("attStmt[{index}]: {source}")]
    Part {
        /// The index of the statement.
        index: usize,
        /// Why.
        source: Box<AttestationError>,
    },
}

impl CompoundError {
    /// The stable code; for a part that was rejected, the part's code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement(_) | Self::Count { .. } | Self::Nested { .. } => {
                Code::MalformedAttestationStatement
            }
            Self::Part { source, .. } => source.code(),
        }
    }
}

/// The greatest number of statements in a `compound` statement. Each costs one or two signature verifications, and
/// authenticators send two.
pub const MAX_STATEMENTS: usize = 8;
