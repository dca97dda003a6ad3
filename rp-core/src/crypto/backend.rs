//! Back ends: the implementations that compute with keys.
//!
//! The portable one, by RustCrypto and dalek, has every algorithm of the build. A faster one is used for the keys and
//! schemes that it has, if its feature is enabled and the processor has the instructions it needs.

#[cfg(any(feature = "eddsa", feature = "_rsa", feature = "graviola"))]
use alloc::sync::Arc;
use core::fmt;

#[cfg(any(feature = "eddsa", feature = "_rsa", feature = "graviola"))]
use super::scheme::Scheme;

/// An implementation of signature algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The crates of RustCrypto, and `ed25519-dalek`: portable, without C.
    RustCrypto,
    /// `graviola` (feature `graviola`): formally verified assembly for x86-64 and aarch64, without C.
    Graviola,
}

impl Backend {
    /// Whether this build has the back end and this processor can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::RustCrypto => true,
            Self::Graviola => has_graviola(),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RustCrypto => "RustCrypto",
            Self::Graviola => "graviola",
        })
    }
}

#[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn has_graviola() -> bool {
    // Other functions of graviola panic on a processor that it does not support.
    ::graviola::util::is_cpu_supported()
}

#[cfg(not(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn has_graviola() -> bool {
    false
}

/// A key in the form that a faster back end computes with.
#[cfg(any(feature = "eddsa", feature = "_rsa", feature = "graviola"))]
pub(super) trait FastKey: fmt::Debug + Send + Sync {
    /// Verifies a signature whose form was checked. `None` if the back end does not have the scheme.
    fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Option<bool>;
}

/// A key that a faster back end has; `None` if no enabled back end has it.
#[cfg(any(feature = "eddsa", feature = "_rsa", feature = "graviola"))]
pub(super) type Fast = Option<Arc<dyn FastKey>>;
