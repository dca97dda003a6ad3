use alloc::string::String;

use super::transaction::TransactionError;
use crate::bytes::ChallengeLengthError;
use crate::error::Code;
use crate::randomness::RandomnessError;

/// Why a payment was not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartPaymentError {
    /// The credentials are empty: a payment is confirmed by a credential of a known account.
    #[error("no credential can confirm the payment")]
    NoCredential,
    /// A client would not show the payment.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The caller's challenge is too short.
    #[error(transparent)]
    Challenge(#[from] ChallengeLengthError),
    /// The operating system provides no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// Why the payment that the user saw is not the payment to confirm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentDataError {
    /// `payment` is missing in client data, or malformed.
    #[error("payment: {detail}")]
    Malformed {
        /// The message of the JSON parser.
        detail: String,
    },
    /// A member differs from the transaction.
    #[error("payment.{member} differs from the transaction")]
    Mismatch {
        /// The member.
        member: &'static str,
    },
}

impl PaymentDataError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code::MalformedClientData,
            Self::Mismatch { .. } => Code::PaymentMismatch,
        }
    }
}
