//! Keys of the back ends that are not the portable one.

use alloc::sync::Arc;
use core::fmt;

use super::backend::Backend;
use super::scheme::Scheme;

/// A key in the form that a faster back end computes with.
pub(super) trait FastKey: fmt::Debug + Send + Sync {
    /// The back end.
    fn backend(&self) -> Backend;

    /// Verifies a signature. `None` if the back end does not have the scheme.
    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: CheckedSignature<'_>) -> Option<bool>;
}

/// A key that a faster back end has; `None` if no enabled back end has it.
pub(super) type Fast = Option<Arc<dyn FastKey>>;

/// A signature whose form was checked: the numbers of ECDSA are in range, a signature of RSA is less than the modulus.
#[derive(Clone, Copy)]
pub(super) struct CheckedSignature<'a> {
    /// The signature as it was sent; minimal DER for ECDSA.
    pub(super) sent: &'a [u8],
    /// The numbers r and s of ECDSA, each as long as the order; for other schemes the signature as it was sent.
    pub(super) fixed: &'a [u8],
}

impl<'a> CheckedSignature<'a> {
    /// A signature of a scheme that has one form.
    #[cfg(any(feature = "eddsa", feature = "_rsa"))]
    pub(super) fn new(signature: &'a [u8]) -> Self {
        Self { sent: signature, fixed: signature }
    }
}
