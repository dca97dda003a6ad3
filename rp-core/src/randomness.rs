//! The random generator of the operating system.

/// The operating system provides no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness from the operating system: {0}")]
pub struct RandomnessError(getrandom::Error);

impl From<getrandom::Error> for RandomnessError {
    fn from(error: getrandom::Error) -> Self {
        Self(error)
    }
}
