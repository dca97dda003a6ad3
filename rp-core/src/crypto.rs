//! Keys, signatures and hashes: the only module that uses the crates for the arithmetic.
//!
//! A [`Key`] is checked when it is made: its point is on the curve, its modulus within limits. [`verify`] takes the
//! [`Scheme`] as a parameter, because a certificate or a statement may combine any key and hash: P-256 with SHA-384, or
//! P-384 with SHA-256.
//!
//! Each algorithm is a feature, and so is each [`Backend`] but the portable one. A key or scheme that the build does not
//! support has its own error. All back ends give the same verdicts.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod backend;
#[cfg(feature = "_ecdsa")]
mod ecdsa;
mod ecdsa_der;
#[cfg(feature = "eddsa")]
mod ed25519;
#[cfg(feature = "ed448")]
mod ed448;
#[cfg(any(feature = "_fast", feature = "eddsa", feature = "_rsa"))]
mod fast;
#[cfg(any(feature = "_fast", feature = "eddsa", feature = "_rsa"))]
mod fast_key;
#[cfg(all(feature = "graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod graviola;
mod hash;
mod key;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
mod parameters;
#[cfg(feature = "_rsa")]
mod rsa;
mod scheme;
mod spki;
// A build without algorithms has no keys.
#[cfg(test)]
#[cfg(any(feature = "_ecdsa", feature = "eddsa", feature = "ed448", feature = "_rsa", feature = "ml-dsa"))]
mod tests;

pub use backend::Backend;
pub use ecdsa_der::ecdsa_der;
pub use hash::{Digest, Hash, constant_time_eq, sha256};
pub use key::{Key, KeyParts};
pub use parameters::{Curve, EdwardsCurve, KeyError, MlDsaSet, RsaLimits};
pub use scheme::{Error, Scheme};
pub use spki::SpkiError;

/// Verifies a signature over a message, the concatenation of its parts.
///
/// ECDSA signatures are minimal DER without trailing bytes, with both numbers below the order of the curve and not zero;
/// both values of `s` are accepted. Ed25519 signatures are verified strictly: no points of small order, and canonical
/// encodings only.
///
/// # Errors
/// [`Error`]: `KeyMismatch` and `NotBuilt` before the signature is read, then `Form`, then `Mismatch`.
#[cfg_attr(
    not(any(
        feature = "_ecdsa",
        feature = "_rsa",
        feature = "eddsa",
        feature = "ed448",
        feature = "ml-dsa"
    )),
    expect(unused_variables, reason = "a build without algorithms has no keys")
)]
pub fn verify(key: &Key, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
    match key.0 {
        #[cfg(feature = "_ecdsa")]
        key::Kind::Ec(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "eddsa")]
        key::Kind::Ed25519(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "ed448")]
        key::Kind::Ed448(ref key) => {
            hash::contiguous(message, |message| key.verify(scheme, message, signature))
        }
        #[cfg(feature = "_rsa")]
        key::Kind::Rsa(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "ml-dsa")]
        key::Kind::MlDsa(ref key) => {
            hash::contiguous(message, |message| key.verify(scheme, message, signature))
        }
    }
}
