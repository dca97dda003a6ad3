//! The outcome of a refresh.

use std::path::PathBuf;

use rp_core::Timestamp;
use rp_core::x509::PathError;

use crate::blob::BlobError;
use crate::cache::CacheError;
use crate::fetch::FetchError;
use crate::payload::PayloadError;
use crate::signer::SignerError;

/// The outcome of refreshing one source.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The source is not due.
    NotDue {
        /// When it is due.
        next: Timestamp,
    },
    /// Another process is downloading.
    Busy,
    /// The current list is the latest.
    NotModified,
    /// The list was replaced.
    Updated,
    /// The refresh failed. The current list is used further, unless its signer turned out to be revoked.
    Failed(RefreshError),
}

/// Why a list was not replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The download failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The BLOB was rejected.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The operator's list cannot be read.
    #[error(transparent)]
    Own(#[from] PayloadError),
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        error: std::io::Error,
    },
    /// The list has the serial number of the current one and an earlier date.
    #[error("serial number {no} is that of the current list, which has a later date")]
    Earlier {
        /// The serial number.
        no: u64,
    },
    /// The list has serial number and date of the current one, which has replaced it before: the publisher's servers
    /// disagree.
    #[error("serial number {no} is that of the current list, which has replaced this one")]
    Replaced {
        /// The serial number.
        no: u64,
    },
    /// The cache could not be used.
    #[error("cache: {0}")]
    Cache(#[from] CacheError),
}

impl RefreshError {
    /// Whether a certificate of the signer's path is revoked.
    pub(super) const fn is_revoked(&self) -> bool {
        matches!(self, Self::Blob(error) if is_revoked(error))
    }

    /// A message of bounded length for events and records: the error may quote a server.
    pub(super) fn describe(&self) -> String {
        self.to_string().chars().take(MAX_MESSAGE_LEN).collect()
    }
}

/// Whether a certificate of the signer's path is revoked.
pub(super) const fn is_revoked(error: &BlobError) -> bool {
    matches!(error, BlobError::Signer(SignerError::Path(PathError::Revoked { .. })))
}

/// Twice our longest message.
const MAX_MESSAGE_LEN: usize = 400;
