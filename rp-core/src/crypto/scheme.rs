//! Signature schemes, and why a signature is rejected.

use super::hash::Hash;

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
