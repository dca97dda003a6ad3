//! Public keys, checked when they are made.

use alloc::vec;

use super::backend::Backend;
use super::parameters::{Curve, EdwardsCurve, KeyError, MlDsaSet, RsaLimits};

/// A valid public key: a point on its curve, a modulus within limits.
///
/// Equality does not depend on the encoding, so that the key of a certificate can be compared with the key of a
/// credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    #[cfg(feature = "_ecdsa")]
    Ec(super::ecdsa::EcKey),
    #[cfg(feature = "eddsa")]
    Ed25519(super::ed25519::Ed25519Key),
    #[cfg(feature = "ed448")]
    Ed448(super::ed448::Ed448Key),
    #[cfg(feature = "_rsa")]
    Rsa(super::rsa::RsaKey),
    #[cfg(feature = "ml-dsa")]
    MlDsa(super::ml_dsa::MlDsaKey),
}

/// The parts of a key. Numbers are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyParts<'a> {
    /// An elliptic curve key.
    Ec {
        /// Its curve.
        curve: Curve,
        /// Its point, uncompressed: `04 || x || y`.
        sec1: &'a [u8],
    },
    /// An Edwards curve key.
    Okp {
        /// Its curve.
        curve: EdwardsCurve,
        /// Its encoded point (RFC 8032).
        x: &'a [u8],
    },
    /// An RSA key, its numbers without leading zeros.
    Rsa {
        /// The modulus.
        n: &'a [u8],
        /// The exponent.
        e: &'a [u8],
    },
    /// An ML-DSA key.
    MlDsa {
        /// Its parameter set.
        set: MlDsaSet,
        /// Its encoding (FIPS 204).
        public: &'a [u8],
    },
}

impl Key {
    /// An elliptic curve key from its coordinates, big-endian, each as long as the curve's field.
    ///
    /// # Errors
    /// [`KeyError`] for a coordinate of another length, a point that is not on the curve, or a curve that this build does
    /// not support.
    pub fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let expected = curve.coordinate_len();
        for (part, coordinate) in [("x", x), ("y", y)] {
            if coordinate.len() != expected {
                return Err(KeyError::Length { part, expected, got: coordinate.len() });
            }
        }
        #[cfg(feature = "_ecdsa")]
        return super::ecdsa::EcKey::new(curve, x, y).map(|key| Self(Kind::Ec(key)));
        #[cfg(not(feature = "_ecdsa"))]
        Err(KeyError::NotBuilt { kind: "elliptic curve keys" })
    }

    /// An elliptic curve key from coordinates that may lack leading zeros.
    ///
    /// # Errors
    /// [`KeyError`] as for [`Key::ec`].
    pub(crate) fn ec_without_leading_zeros(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let padded = |coordinate: &[u8]| {
            let zeros = curve.coordinate_len().saturating_sub(coordinate.len());
            [&vec![0; zeros], coordinate].concat()
        };
        Self::ec(curve, &padded(x), &padded(y))
    }

    /// An Edwards curve key from its encoded point (RFC 8032).
    ///
    /// # Errors
    /// [`KeyError`] for another length, an encoding that is not canonical, a point of small order, or a curve that this
    /// build does not support.
    pub fn okp(curve: EdwardsCurve, x: &[u8]) -> Result<Self, KeyError> {
        match curve {
            #[cfg(feature = "eddsa")]
            EdwardsCurve::Ed25519 => super::ed25519::Ed25519Key::new(x).map(|key| Self(Kind::Ed25519(key))),
            #[cfg(not(feature = "eddsa"))]
            EdwardsCurve::Ed25519 => {
                length(x, 32)?;
                Err(KeyError::NotBuilt { kind: "Ed25519 keys" })
            }
            #[cfg(feature = "ed448")]
            EdwardsCurve::Ed448 => super::ed448::Ed448Key::new(x).map(|key| Self(Kind::Ed448(key))),
            #[cfg(not(feature = "ed448"))]
            EdwardsCurve::Ed448 => {
                length(x, 57)?;
                Err(KeyError::NotBuilt { kind: "Ed448 keys" })
            }
        }
    }

    /// An RSA key from modulus and exponent, big-endian. Leading zeros are ignored, as some TPMs write one, but they are
    /// limited: a modulus has at most one byte more than the longest modulus, and an exponent at most 8 bytes.
    ///
    /// # Errors
    /// [`KeyError`] for a modulus that is even or outside the limits, an exponent that is even, below 3 or longer than 32
    /// bits, more leading zeros, or a build without RSA.
    pub fn rsa(n: &[u8], e: &[u8], limits: RsaLimits) -> Result<Self, KeyError> {
        // Records store a COSE_Key with its leading zeros, so their number is limited.
        let RsaLimits { min_bits: min, max_bits: max } = limits;
        if n.len() > max.div_ceil(8).saturating_add(1) {
            return Err(KeyError::ModulusSize { bits: n.len().saturating_mul(8), min, max });
        }
        if e.len() > MAX_EXPONENT_BYTES {
            return Err(KeyError::Exponent);
        }
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = bit_len(n);
        if bits < min || bits > max {
            return Err(KeyError::ModulusSize { bits, min, max });
        }
        if n.last().is_none_or(|last| last & 1 == 0) {
            return Err(KeyError::ModulusEven);
        }
        // A TPM writes an exponent in 32 bits. A longer one makes each verification slower.
        if e.len() > 4 || e.last().is_none_or(|last| last & 1 == 0) || e == [1] {
            return Err(KeyError::Exponent);
        }
        #[cfg(feature = "_rsa")]
        return super::rsa::RsaKey::new(n, e).map(|key| Self(Kind::Rsa(key)));
        #[cfg(not(feature = "_rsa"))]
        Err(KeyError::NotBuilt { kind: "RSA keys" })
    }

    /// An ML-DSA key from its encoding (FIPS 204, algorithm 22). All byte strings of the right length are keys.
    ///
    /// # Errors
    /// [`KeyError`] for another length, or a build without ML-DSA.
    pub fn ml_dsa(set: MlDsaSet, public: &[u8]) -> Result<Self, KeyError> {
        let expected = set.public_key_len();
        if public.len() != expected {
            return Err(KeyError::Length { part: "pub", expected, got: public.len() });
        }
        #[cfg(feature = "ml-dsa")]
        return Ok(Self(Kind::MlDsa(super::ml_dsa::MlDsaKey::new(set, public))));
        #[cfg(not(feature = "ml-dsa"))]
        Err(KeyError::NotBuilt { kind: "ML-DSA keys" })
    }

    /// The parts of the key.
    #[must_use]
    pub fn parts(&self) -> KeyParts<'_> {
        match self.0 {
            #[cfg(feature = "_ecdsa")]
            Kind::Ec(ref key) => KeyParts::Ec { curve: key.curve(), sec1: key.sec1() },
            #[cfg(feature = "eddsa")]
            Kind::Ed25519(ref key) => KeyParts::Okp { curve: EdwardsCurve::Ed25519, x: key.as_bytes() },
            #[cfg(feature = "ed448")]
            Kind::Ed448(ref key) => KeyParts::Okp { curve: EdwardsCurve::Ed448, x: key.as_bytes() },
            #[cfg(feature = "_rsa")]
            Kind::Rsa(ref key) => KeyParts::Rsa { n: key.modulus(), e: key.exponent() },
            #[cfg(feature = "ml-dsa")]
            Kind::MlDsa(ref key) => KeyParts::MlDsa { set: key.set(), public: key.as_bytes() },
        }
    }

    /// The back end that verifies with this key.
    ///
    /// Schemes that it does not have for such keys are verified by [`Backend::RustCrypto`].
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.0 {
            #[cfg(feature = "_ecdsa")]
            Kind::Ec(ref key) => key.backend(),
            #[cfg(feature = "eddsa")]
            Kind::Ed25519(ref key) => key.backend(),
            #[cfg(feature = "ed448")]
            Kind::Ed448(_) => Backend::RustCrypto,
            #[cfg(feature = "_rsa")]
            Kind::Rsa(ref key) => key.backend(),
            #[cfg(feature = "ml-dsa")]
            Kind::MlDsa(_) => Backend::RustCrypto,
        }
    }

    /// The same key for one back end, if that is available and has such keys: for tests that compare back ends.
    #[doc(hidden)]
    #[must_use]
    pub fn on(&self, backend: Backend) -> Option<Self> {
        let _ = backend;
        match self.0 {
            #[cfg(feature = "_ecdsa")]
            Kind::Ec(ref key) => key.on(backend).map(Kind::Ec).map(Self),
            #[cfg(feature = "eddsa")]
            Kind::Ed25519(ref key) => key.on(backend).map(Kind::Ed25519).map(Self),
            #[cfg(feature = "ed448")]
            Kind::Ed448(_) => is_portable(backend).then(|| self.clone()),
            #[cfg(feature = "_rsa")]
            Kind::Rsa(ref key) => key.on(backend).map(Kind::Rsa).map(Self),
            #[cfg(feature = "ml-dsa")]
            Kind::MlDsa(_) => is_portable(backend).then(|| self.clone()),
        }
    }

    /// Curve, x and y of an elliptic curve key.
    #[must_use]
    pub fn ec_point(&self) -> Option<(Curve, &[u8], &[u8])> {
        let KeyParts::Ec { curve, sec1 } = self.parts() else { return None };
        let (x, y) = sec1.get(1..)?.split_at_checked(curve.coordinate_len())?;
        Some((curve, x, y))
    }

    /// The point of an elliptic curve key, uncompressed: `04 || x || y` (SEC 1, section 2.3.3).
    #[must_use]
    pub fn sec1_uncompressed(&self) -> Option<&[u8]> {
        let KeyParts::Ec { sec1, .. } = self.parts() else { return None };
        Some(sec1)
    }

    /// Curve and encoded point of an Edwards curve key.
    #[must_use]
    pub fn okp_point(&self) -> Option<(EdwardsCurve, &[u8])> {
        let KeyParts::Okp { curve, x } = self.parts() else { return None };
        Some((curve, x))
    }

    /// Modulus and exponent of an RSA key, big-endian, without leading zeros.
    #[must_use]
    pub fn rsa_parts(&self) -> Option<(&[u8], &[u8])> {
        let KeyParts::Rsa { n, e } = self.parts() else { return None };
        Some((n, e))
    }
}

#[cfg(any(feature = "ed448", feature = "ml-dsa"))]
fn is_portable(backend: Backend) -> bool {
    backend == Backend::RustCrypto
}

/// Checks the length of an encoded point.
#[cfg(not(all(feature = "eddsa", feature = "ed448")))]
fn length(x: &[u8], expected: usize) -> Result<(), KeyError> {
    if x.len() == expected { Ok(()) } else { Err(KeyError::Length { part: "x", expected, got: x.len() }) }
}

fn without_leading_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

/// The length in bits of a number without leading zeros.
fn bit_len(number: &[u8]) -> usize {
    let Some(first) = number.first() else { return 0 };
    let spare = usize::try_from(first.leading_zeros()).unwrap_or(0);
    number.len().saturating_mul(8).saturating_sub(spare)
}

/// The longest exponent with its leading zeros. Some encoders write a number of 64 bits.
const MAX_EXPONENT_BYTES: usize = 8;
