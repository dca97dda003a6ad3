//! Keys and signatures: the only place that names the crates which do the arithmetic.
//!
//! A [`Key`] was checked when it was made: its point is on the curve, its modulus within limits. [`verify`] asks
//! for the [`Scheme`] by name, since what a certificate or a statement says it was signed with need not be what the
//! key is commonly used with: certificates sign with P-256 and SHA-384, or with P-384 and SHA-256.
//!
//! Each back end is behind a feature. What a build lacks is refused with an error of its own, never by a panic.

#[cfg(feature = "_ecdsa")]
mod ecdsa;
mod ecdsa_der;
#[cfg(feature = "eddsa")]
mod ed25519;
#[cfg(feature = "ed448")]
mod ed448;
mod hash;
mod key;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
#[cfg(feature = "_rsa")]
mod rsa;
mod spki;
#[cfg(test)]
mod tests;

pub use ecdsa_der::ecdsa_der;
pub use hash::{Digest, Hash, constant_time_eq, sha256};
pub use key::{Curve, EdwardsCurve, Key, KeyError, KeyParts, MlDsaSet, RsaLimits};
pub use spki::SpkiError;

/// How a signature was made: the kind of key, the hash and the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// ECDSA on any curve, with SHA-256; the signature in DER.
    EcdsaSha256,
    /// ECDSA on any curve, with SHA-384; the signature in DER.
    EcdsaSha384,
    /// ECDSA on any curve, with SHA-512; the signature in DER.
    EcdsaSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-1: TPM statements, and credentials in the `fido` profile. Nothing else may use it.
    RsaPkcs1Sha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256, in MGF1 too, and a salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384, in MGF1 too, and a salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512, in MGF1 too, and a salt of 64 bytes.
    RsaPssSha512,
    /// RSASSA-PSS with this hash, in MGF1 too, and a salt of so many bytes: certificates alone, whose parameters name
    /// both (RFC 4055). SHA-1 is not built.
    RsaPss {
        /// The hash of the message and of MGF1.
        hash: Hash,
        /// How many bytes the salt has.
        salt_len: u16,
    },
    /// Ed25519 (RFC 8032), without context or prehash.
    Ed25519,
    /// Ed448 (RFC 8032), with an empty context, without prehash.
    Ed448,
    /// ML-DSA-44 (FIPS 204), with an empty context, without prehash.
    MlDsa44,
    /// ML-DSA-65 (FIPS 204), with an empty context, without prehash.
    MlDsa65,
    /// ML-DSA-87 (FIPS 204), with an empty context, without prehash.
    MlDsa87,
}

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The scheme is for another kind of key.
    #[error("{key} does not make signatures of {scheme:?}")]
    KeyMismatch {
        /// The scheme that was asked for.
        scheme: Scheme,
        /// What the key is.
        key: &'static str,
    },
    /// This build lacks the scheme.
    #[error("this build lacks {scheme:?}")]
    NotBuilt {
        /// The scheme that was asked for.
        scheme: Scheme,
    },
    /// The signature is not one of the scheme's by its form: not minimal DER, another length, a number out of range.
    #[error("the signature's form is not that of {scheme:?}")]
    Form {
        /// The scheme that was asked for.
        scheme: Scheme,
    },
    /// The signature is not the key's over this message.
    #[error("the signature does not verify")]
    Mismatch,
}

/// Verifies a signature over a message.
///
/// ECDSA signatures are minimal DER without a byte behind, both numbers from 1 to the order of the curve; either of
/// the two values of `s` is accepted. Ed25519 signatures are verified strictly: no small-order points, canonical
/// encodings only.
///
/// # Errors
/// [`Error`]: `KeyMismatch` and `NotBuilt` before the signature is looked at, then `Form`, then `Mismatch`.
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
pub fn verify(key: &Key, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    match key.0 {
        #[cfg(feature = "_ecdsa")]
        key::Kind::Ec(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "eddsa")]
        key::Kind::Ed25519(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "ed448")]
        key::Kind::Ed448(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "_rsa")]
        key::Kind::Rsa(ref key) => key.verify(scheme, message, signature),
        #[cfg(feature = "ml-dsa")]
        key::Kind::MlDsa(ref key) => key.verify(scheme, message, signature),
    }
}
