//! Keys of the back ends that are not the portable one.

use alloc::sync::Arc;
use core::fmt;

use super::backend::Backend;
use super::scheme::Scheme;

/// A key in the form that a faster back end computes with.
pub(super) trait FastKey: fmt::Debug + Send + Sync {
    /// The back end.
    fn backend(&self) -> Backend;

    /// Verifies a signature whose form was checked: the numbers of ECDSA are in range, and a signature of RSA is less than
    /// the modulus. `sent` is the signature as it was sent, for ECDSA minimal DER. `fixed` has the numbers r and s of
    /// ECDSA, each as long as the order; for other schemes it is the same as `sent`.
    ///
    /// `None` if the back end does not have the scheme.
    fn verify(&self, scheme: Scheme, message: &[&[u8]], sent: &[u8], fixed: &[u8]) -> Option<bool>;
}

/// A key that a faster back end has; `None` if no enabled back end has it.
pub(super) type Fast = Option<Arc<dyn FastKey>>;
