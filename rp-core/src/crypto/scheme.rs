//! Signature schemes, and why a signature is rejected.

use super::hash::Hash;

/// A signature scheme: the kind of key, the hash and the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// ECDSA on any curve, with SHA-256; the signature in DER.
    EcdsaSha256,
    /// ECDSA on any curve, with SHA-384; the signature in DER.
    EcdsaSha384,
    /// ECDSA on any curve, with SHA-512; the signature in DER.
    EcdsaSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-1, only for TPM statements, and for credentials in the `fido` profile.
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
    /// RSASSA-PSS with this hash, in MGF1 too, and a salt of this length: only for certificates, whose parameters state
    /// both (RFC 4055). SHA-1 is not supported.
    RsaPss {
        /// The hash of the message and of MGF1.
        hash: Hash,
        /// The length of the salt in bytes.
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

/// Why a signature was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The scheme is not for this kind of key.
    #[error("{scheme:?} is not a scheme of {key}")]
    KeyMismatch {
        /// The requested scheme.
        scheme: Scheme,
        /// The kind of key.
        key: &'static str,
    },
    /// This build does not support the scheme.
    #[error("{scheme:?} is not enabled in this build")]
    NotBuilt {
        /// The requested scheme.
        scheme: Scheme,
    },
    /// The signature does not have the form of the scheme: not minimal DER, a wrong length, or a number out of range.
    #[error("malformed {scheme:?} signature")]
    Form {
        /// The requested scheme.
        scheme: Scheme,
    },
    /// The signature was not made with this key over this message.
    #[error("the signature does not verify")]
    Mismatch,
}
