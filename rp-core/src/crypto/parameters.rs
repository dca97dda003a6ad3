//! Curves, parameter sets and limits of keys, and why a key is rejected.

use der::Sequence;
use der::asn1::UintRef;

/// A curve for ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, also secp256r1.
    P256,
    /// NIST P-384, also secp384r1.
    P384,
    /// NIST P-521, also secp521r1.
    P521,
    /// secp256k1.
    Secp256k1,
}

impl Curve {
    /// The length of a coordinate in bytes.
    #[must_use]
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A curve for EdDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdwardsCurve {
    /// edwards25519.
    Ed25519,
    /// edwards448.
    Ed448,
}

/// A parameter set of ML-DSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MlDsaSet {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl MlDsaSet {
    /// The length of a public key in bytes (FIPS 204, table 2).
    #[must_use]
    pub const fn public_key_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }
}

/// The length of an RSA modulus in bits, both limits included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaLimits {
    /// The minimum.
    pub min_bits: usize,
    /// The maximum.
    pub max_bits: usize,
}

impl RsaLimits {
    /// The limits for credentials and certificates. BSI, NIST and the CA/Browser Forum require at least 2048 bits, which
    /// every TPM and smart card in the field has. Verification with 8192 bits takes a millisecond.
    pub const DEFAULT: Self = Self { min_bits: 2048, max_bits: 8192 };
}

/// Why the parts of a key are not a valid key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// This build does not support the kind of key.
    #[error("{kind} are not enabled in this build")]
    NotBuilt {
        /// The kind of key.
        kind: &'static str,
    },
    /// The length of a part does not fit the curve or the parameter set.
    #[error("{part} has {got} bytes, not {expected}")]
    Length {
        /// The COSE name of the part.
        part: &'static str,
        /// The expected length in bytes.
        expected: usize,
        /// The actual length in bytes.
        got: usize,
    },
    /// The point is not on the curve, or its encoding is not canonical.
    #[error("not the canonical encoding of a point on the curve")]
    Point,
    /// The point is of small order. One signature would verify for many messages.
    #[error("a point of small order")]
    SmallOrder,
    /// The modulus is too short or too long, or has too many leading zeros.
    #[error("a modulus of {bits} bits, not {min} to {max}")]
    ModulusSize {
        /// Its length in bits; with its leading zeros if they make it too long.
        bits: usize,
        /// The minimum.
        min: usize,
        /// The maximum.
        max: usize,
    },
    /// The modulus is even.
    #[error("an even modulus")]
    ModulusEven,
    /// The exponent is even, below 3 or above 2^32 - 1, or has too many leading zeros.
    #[error("an exponent that is even, below 3 or above 2^32 - 1")]
    Exponent,
}

/// An RSA key in PKCS #1 (RFC 8017, appendix A.1.1).
#[derive(Sequence)]
pub(super) struct RsaPublicKey<'a> {
    pub(super) modulus: UintRef<'a>,
    pub(super) exponent: UintRef<'a>,
}

/// The DER of an RSA key in PKCS #1 (RFC 8017, appendix A.1.1); `None` if it is too long.
#[cfg(all(feature = "_fast", feature = "_rsa"))]
pub(super) fn rsa_pkcs1(n: &[u8], e: &[u8]) -> Option<alloc::vec::Vec<u8>> {
    let key = RsaPublicKey { modulus: UintRef::new(n).ok()?, exponent: UintRef::new(e).ok()? };
    der::Encode::to_der(&key).ok()
}
