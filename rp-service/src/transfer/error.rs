use crate::error::ServiceError;

/// Why an export or an import failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A line is not one of an export.
    #[error("line {line}: {problem}")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// The problem.
        problem: String,
    },
    /// A line is not a record of the other library.
    #[error("line {line}: {error}")]
    Record {
        /// The number of the line, from 1.
        line: usize,
        /// The problem.
        #[source]
        error: ForeignRecordError,
    },
    /// The store has something else under the same handle, name or credential ID.
    #[error("line {line}: another {what} exists")]
    Exists {
        /// The number of the line, from 1.
        line: usize,
        /// The kind of thing that exists.
        what: &'static str,
    },
    /// The service failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Why a record of another library cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignRecordError {
    /// The line is not a JSON object of the expected form.
    #[error("not the expected form: {problem}")]
    Form {
        /// The problem.
        problem: String,
    },
    /// A member that is needed is missing.
    #[error("{member} is missing")]
    Missing {
        /// The member.
        member: &'static str,
    },
    /// A member has a value that cannot be read.
    #[error("{member} is unreadable")]
    Unreadable {
        /// The member.
        member: &'static str,
    },
    /// The credential public key is not one that this service verifies.
    #[error("the public key: {problem}")]
    PublicKey {
        /// The problem.
        problem: String,
    },
}
