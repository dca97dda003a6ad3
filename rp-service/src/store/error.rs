use std::fmt;

use super::MAX_STATE_BYTES;

/// A failure of the storage; nothing was changed.
///
/// The client receives 503 `storage-unavailable`, whatever the variant.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The storage did not respond, or returned an error.
    #[error("storage backend error")]
    Unavailable {
        /// The error of the storage.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value cannot be read: another version wrote it, or it was changed by hand.
    #[error("stored {what} is unreadable")]
    Unreadable {
        /// The value, such as `rp_passkeys.aaguid`.
        what: &'static str,
    },
    /// The state of a ceremony is longer than a store accepts, or than a sealed ceremony may be.
    #[error("a state of {got} bytes; the maximum is {max}")]
    TooLong {
        /// The length in bytes.
        got: usize,
        /// The maximum: [`MAX_STATE_BYTES`], or the 2,048 bytes of a sealed ceremony.
        max: usize,
    },
    /// The caller added a credential record to a user that it does not name.
    #[error("the credential record names another user")]
    ForeignRecord,
    /// The store does not support an operation that is optional.
    #[error("the store does not support {operation}")]
    Unsupported {
        /// The operation, such as `rename`.
        operation: &'static str,
    },
}

/// Prints the message and its causes: programs that return the error from `main` show it by `Debug`.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.into_iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl StoreError {
    /// Returns [`StoreError::Unavailable`], for stores outside this crate.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// Rejects a state longer than [`MAX_STATE_BYTES`].
    ///
    /// # Errors
    /// [`StoreError::TooLong`].
    pub fn check_length(state: &[u8]) -> Result<(), Self> {
        match state.len() {
            0..=MAX_STATE_BYTES => Ok(()),
            got => Err(Self::TooLong { got, max: MAX_STATE_BYTES }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_output_is_the_message_with_its_causes() {
        let cause = std::io::Error::other("the disk is full");
        assert_eq!(
            format!("{:?}", StoreError::unavailable(cause)),
            "storage backend error: the disk is full"
        );
        assert_eq!(format!("{:?}", StoreError::ForeignRecord), StoreError::ForeignRecord.to_string());
    }
}
