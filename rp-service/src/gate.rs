use std::future::Future;
use std::pin::Pin;

use crate::store::{Account, Passkey};

/// The application's last word: asked after a ceremony was verified, and before anything is stored or anybody
/// is signed in. Here an account that is locked stays locked.
///
/// A function from [`Entry`] to [`Result`] is a gate; what needs to wait implements the trait.
///
/// # Examples
/// ```
/// use rp_service::{Entry, Veto};
///
/// let gate = |entry: &Entry<'_>| match entry.account.name_key.as_str() {
///     "mallory" => Err(Veto::refused("the account is locked")),
///     _ => Ok(()),
/// };
/// # fn is_gate(_: impl rp_service::Gate) {}
/// # is_gate(gate);
/// ```
pub trait Gate: Send + Sync {
    /// Lets the account in, or not.
    fn admit<'a>(&'a self, entry: &'a Entry<'a>) -> Admission<'a>;
}

/// What a gate's answer comes in.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<(), Veto>> + Send + 'a>>;

/// Who is at the gate, and what for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Whose ceremony was verified; with [`Purpose::OpenAccount`] the account that would be opened.
    pub account: &'a Account,
    /// The passkey; with [`Purpose::OpenAccount`] and [`Purpose::AddCredential`] the one that would be stored.
    pub passkey: &'a Passkey,
}

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A new account, with its first passkey.
    OpenAccount,
    /// Another passkey for the signed-in account.
    AddCredential,
    /// A sign-in.
    SignIn,
    /// A fresh verification of the signed-in account.
    StepUp,
}

/// Why the application lets an account not in. The reason goes to the event, never to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Veto {
    /// It is refused: `credential-not-allowed` to the client.
    #[error("{reason}")]
    Refused {
        /// In words.
        reason: String,
    },
    /// Its passkey does not satisfy the application any more: `enrolment-required` to the client.
    #[error("{reason}")]
    EnrolmentRequired {
        /// In words.
        reason: String,
    },
    /// The gate could not be asked: `storage-unavailable` to the client.
    #[error("{reason}")]
    Unavailable {
        /// In words.
        reason: String,
    },
}

impl Veto {
    /// [`Veto::Refused`].
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}

impl<F: Fn(&Entry<'_>) -> Result<(), Veto> + Send + Sync> Gate for F {
    fn admit<'a>(&'a self, entry: &'a Entry<'a>) -> Admission<'a> {
        let answer = self(entry);
        Box::pin(async move { answer })
    }
}
