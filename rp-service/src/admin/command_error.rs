use std::io;
use std::path::PathBuf;

use crate::error::ServiceError;
use crate::policy::PolicyFileError;
use crate::seal::KeyRingError;
use crate::transfer::TransferError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No user has this name or handle.
    #[error("no user is called {user:?}")]
    NoSuchUser {
        /// The name or handle.
        user: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// A policy file cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The key of an export is too short.
    #[error("the key of the second factors: {0}")]
    Key(#[from] KeyRingError),
    /// An export or import failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The service failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The output cannot be written.
    #[error("the output: {0}")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// Whether the reader of the output has closed it, as `head` does. It has all that it wants.
    #[must_use]
    pub fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
