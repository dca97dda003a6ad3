use std::fmt;
use std::time::Duration;

use crate::policy::passkey::PasskeyRuleError;
use crate::policy::rules::Contradiction;

/// Why a session may do what it may. `Display` is for events and for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No factor that counts was verified.
    NothingVerified,
    /// No second factor is required.
    NotRequired,
    /// The second factor can be skipped.
    Optional,
    /// A second factor is required where the user has one, and the user has none.
    NothingEnrolled,
    /// An accepted second factor was verified.
    SecondFactorVerified,
    /// An accepted passkey was used, which needs no other factor.
    Passkey,
    /// The user has verified a second factor in this context before.
    KnownContext,
    /// The user has a second factor and has not verified it.
    SecondFactorMissing,
    /// The last verification is too old.
    Age {
        /// Its maximum age.
        max_age: Duration,
    },
    /// The context of the session has changed.
    ChangedContext,
    /// A recovery code opened the session.
    Recovered,
    /// The user has no factor that is accepted.
    NotEnrolled {
        /// The group that requires one; `None` if everyone needs one.
        group: Option<String>,
    },
    /// The verified passkey does not meet the rules.
    PasskeyNotAccepted(PasskeyRuleError),
    /// The verified factor is not accepted.
    FactorNotAccepted,
    /// Nothing can meet the rules of the user's groups together.
    Contradiction(Contradiction),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingVerified => f.write_str("no factor was verified"),
            Self::NotRequired => f.write_str("no second factor is required"),
            Self::Optional => f.write_str("the second factor can be skipped"),
            Self::NothingEnrolled => f.write_str("the user has no second factor"),
            Self::SecondFactorVerified => f.write_str("a second factor was verified"),
            Self::Passkey => f.write_str("a passkey was used"),
            Self::KnownContext => f.write_str("a second factor was verified in this context before"),
            Self::SecondFactorMissing => f.write_str("a second factor is required"),
            Self::Age { max_age } => {
                write!(f, "the last verification is older than {} seconds", max_age.as_secs())
            }
            Self::ChangedContext => f.write_str("the context of the session has changed"),
            Self::Recovered => f.write_str("a recovery code allows enrolment only"),
            Self::NotEnrolled { group: Some(group) } => {
                write!(f, "group {group:?} requires a factor that the user has not enrolled")
            }
            Self::NotEnrolled { group: None } => {
                f.write_str("a factor is required that the user has not enrolled")
            }
            Self::PasskeyNotAccepted(error) => error.fmt(f),
            Self::FactorNotAccepted => f.write_str("the verified factor is not accepted"),
            Self::Contradiction(contradiction) => contradiction.fmt(f),
        }
    }
}
