use super::MAX_STATE_BYTES;

/// Why a store could not do what it was asked to; nothing was changed.
///
/// All of it is the operator's to mend and no answer to a client but "not now" (503).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The storage did not answer, or answered with an error.
    #[error("the storage did not do its work")]
    Unavailable {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read back: another version wrote it, or somebody changed it.
    #[error("{what} is stored as nothing that can be read")]
    Unreadable {
        /// Which item, such as `rp_passkeys.aaguid`.
        what: &'static str,
    },
    /// A ceremony's or a session's state is longer than a store keeps.
    #[error("a state of {got} bytes; the most is {max}")]
    TooLong {
        /// How long it is.
        got: usize,
        /// [`MAX_STATE_BYTES`].
        max: usize,
    },
    /// The caller gave a credential record to an account that it does not name.
    #[error("the credential record names another account than the one it is added to")]
    RecordOfAnotherAccount,
}

impl StoreError {
    /// [`StoreError::Unavailable`], for stores that are written elsewhere.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// Refuses a state over [`MAX_STATE_BYTES`].
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
