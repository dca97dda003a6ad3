//! Back ends: the implementations that compute with keys.
//!
//! The portable one, by RustCrypto and dalek, has every algorithm of the build. A faster one is used for the keys and
//! schemes that it has, if its feature is enabled and the processor has the instructions it needs.

use core::fmt;

/// An implementation of signature algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// AWS-LC by `aws-lc-rs` (feature `aws-lc-rs`): C and assembly, also as a module that is validated for FIPS 140-3.
    AwsLcRs,
    /// `graviola` (feature `graviola`): formally verified assembly for x86-64 and aarch64, without C.
    Graviola,
    /// The crates of RustCrypto, and `ed25519-dalek`: portable, without C.
    RustCrypto,
}

impl Backend {
    /// All back ends. A key is prepared for the first that is available and has it.
    pub const ALL: [Self; 3] = [Self::AwsLcRs, Self::Graviola, Self::RustCrypto];

    /// Whether this build has the back end and this processor can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::AwsLcRs => cfg!(feature = "aws-lc-rs"),
            Self::Graviola => has_graviola(),
            Self::RustCrypto => true,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwsLcRs => "aws-lc-rs",
            Self::Graviola => "graviola",
            Self::RustCrypto => "RustCrypto",
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

#[cfg(all(test, feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;

    #[test]
    fn graviola_is_available_on_a_processor_that_it_supports() {
        assert_eq!(Backend::Graviola.is_available(), ::graviola::util::is_cpu_supported());
    }
}
