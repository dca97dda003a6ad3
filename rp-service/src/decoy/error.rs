use super::shape::{DecoyShape, MAX_PASSKEYS};
use crate::secret::Secret;

/// An error in the configuration of decoys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecoyError {
    /// The secret is too short: decoys that anyone can compute are recognisable.
    #[error("the secret has {got} bytes; decoys need at least {min}", min = Secret::MIN_BYTES)]
    SecretTooShort {
        /// The length in bytes.
        got: usize,
    },
    /// A profile contains no accounts, or accounts that no decoy can have.
    #[error(
        "a decoy profile needs accounts of 1 to {max} passkeys, with IDs of {min} to 1023 bytes",
        max = MAX_PASSKEYS,
        min = DecoyShape::MIN_ID_BYTES
    )]
    Profile,
    /// A profile is not the JSON of one.
    #[error("the decoy profile is malformed: {detail}")]
    Json {
        /// The mistake and its place.
        detail: String,
    },
}
