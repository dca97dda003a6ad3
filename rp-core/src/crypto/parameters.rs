//! Curves, parameter sets and limits of keys, and why a key is rejected.

/// A curve that ECDSA is used on.
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
    /// How many bytes a coordinate has.
    #[must_use]
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A curve that EdDSA is used on.
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
    /// How many bytes a public key has (FIPS 204, table 2).
    #[must_use]
    pub const fn public_key_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }
}

/// How long an RSA modulus may be, in bits, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaLimits {
    /// The shortest.
    pub min_bits: usize,
    /// The longest.
    pub max_bits: usize,
}

impl RsaLimits {
    /// Credentials and certificates: 2048 bits, which BSI, NIST and CA/Browser Forum ask for at least and every
    /// TPM and smart card in the field has, to 8192 bits, whose verification takes a millisecond.
    pub const DEFAULT: Self = Self { min_bits: 2048, max_bits: 8192 };
}

/// Why the parts of a key make no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// This build lacks the kind of key.
    #[error("this build lacks {kind}")]
    NotBuilt {
        /// The kind of key.
        kind: &'static str,
    },
    /// A part has another length than the curve or parameter set gives it.
    #[error("{part} has {got} bytes, not {expected}")]
    Length {
        /// The part, as COSE names it.
        part: &'static str,
        /// How many bytes it should have.
        expected: usize,
        /// How many it has.
        got: usize,
    },
    /// The point is not on the curve, or not encoded as it should be.
    #[error("not a point on the curve, or not its canonical encoding")]
    Point,
    /// The point is of small order: with it, one signature would be good for many messages.
    #[error("a point of small order")]
    SmallOrder,
    /// The modulus is too short or too long.
    #[error("a modulus of {bits} bits, not {min} to {max}")]
    ModulusSize {
        /// Its length.
        bits: usize,
        /// The shortest that is accepted.
        min: usize,
        /// The longest that is accepted.
        max: usize,
    },
    /// The modulus is even.
    #[error("an even modulus")]
    ModulusEven,
    /// The exponent is even, below 3 or above 2^32 - 1.
    #[error("an exponent that is even, below 3 or above 2^32 - 1")]
    Exponent,
}
