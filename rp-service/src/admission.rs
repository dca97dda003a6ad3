use std::future::Future;
use std::pin::Pin;

use rp_core::Timestamp;

use crate::factor_name::FactorName;
use crate::store::{Passkey, UserRecord};

/// An application hook that runs after verification and before anything is stored. It can reject the operation.
///
/// A function from [`AdmissionRequest`] to [`Result`] is a hook; implement the trait for one that has to wait.
///
/// # Examples
/// ```
/// use rp_service::{AdmissionRequest, Denied};
///
/// let hook = |request: &AdmissionRequest<'_>| match request.passkey {
///     Some(passkey) if !passkey.record.attestation.trusted => {
///         Err(Denied::access("the passkey is not attested"))
///     }
///     _ => Ok(()),
/// };
/// # fn is_hook(_: impl rp_service::AdmissionHook) {}
/// # is_hook(hook);
/// ```
pub trait AdmissionHook: Send + Sync {
    /// Admits the user, or denies access.
    fn admit<'a>(&'a self, request: &'a AdmissionRequest<'a>) -> AdmissionFuture<'a>;
}

/// The result of an [`AdmissionHook`].
pub type AdmissionFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Denied>> + Send + 'a>>;

/// The user and the operation to be admitted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AdmissionRequest<'a> {
    /// The operation.
    pub purpose: Purpose,
    /// The user; with [`Purpose::SignUp`] the user that would be created.
    pub user: &'a UserRecord,
    /// The passkey; with [`Purpose::SignUp`] and [`Purpose::AddPasskey`] the one that would be stored. `None` for another
    /// second factor.
    pub passkey: Option<&'a Passkey>,
    /// The second factor other than a passkey.
    pub factor: Option<&'a FactorName>,
}

impl<'a> AdmissionRequest<'a> {
    pub(crate) fn new(purpose: Purpose, user: &'a UserRecord, passkey: &'a Passkey) -> Self {
        Self { purpose, user, passkey: Some(passkey), factor: None }
    }

    pub(crate) fn of_factor(purpose: Purpose, user: &'a UserRecord, factor: &'a FactorName) -> Self {
        Self { purpose, user, passkey: None, factor: Some(factor) }
    }
}

/// The purpose of a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Creates a user with a first passkey.
    SignUp,
    /// Adds a passkey to the user of the session.
    AddPasskey,
    /// Signs a user in.
    SignIn,
    /// Verifies the user of the session again.
    StepUp,
    /// Completes a sign-in that began with another factor.
    SecondFactor,
    /// Enrols a second factor other than a passkey.
    EnrolFactor,
    /// Authorises an enrolment with a recovery code.
    Recovery,
}

/// Why the application denied access. The reason goes to the event, never to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// Access is denied: the client receives `credential-not-allowed`.
    #[error("{reason}")]
    Access {
        /// The reason.
        reason: String,
    },
    /// The passkey no longer satisfies the application: the client receives `enrolment-required`.
    #[error("{reason}")]
    EnrolmentRequired {
        /// The reason.
        reason: String,
        /// The time until which another passkey can be enrolled.
        by: Option<Timestamp>,
    },
    /// The hook failed: the client receives `storage-unavailable`.
    #[error("{reason}")]
    Unavailable {
        /// The reason.
        reason: String,
    },
}

impl Denied {
    /// Returns [`Denied::Access`].
    pub fn access(reason: impl Into<String>) -> Self {
        Self::Access { reason: reason.into() }
    }
}

impl<F: Fn(&AdmissionRequest<'_>) -> Result<(), Denied> + Send + Sync> AdmissionHook for F {
    fn admit<'a>(&'a self, request: &'a AdmissionRequest<'a>) -> AdmissionFuture<'a> {
        let result = self(request);
        Box::pin(async move { result })
    }
}
