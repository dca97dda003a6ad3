//! ECDSA.

#[cfg(feature = "_fast")]
use std::sync::OnceLock;

use signature::hazmat::PrehashVerifier;

use super::backend::Backend;
#[cfg(feature = "_fast")]
use super::fast_key::{Fast, FastKey};
use super::hash::Hash;
use super::parameters::{Curve, KeyError};
use super::scheme::{Error, Scheme};

/// A point on a curve, in its encoding and in the form for the arithmetic.
#[derive(Clone, Debug)]
pub(super) struct EcKey {
    curve: Curve,
    /// `04 || x || y`, then zeros.
    sec1: [u8; SEC1_MAX],
    point: Point,
    /// The key for a faster back end, made for the first signature: that takes longer than to check the point.
    #[cfg(feature = "_fast")]
    fast: OnceLock<Fast>,
}

impl PartialEq for EcKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.sec1 == other.sec1
    }
}

impl Eq for EcKey {}

#[derive(Clone, Debug)]
enum Point {
    #[cfg(feature = "es256")]
    P256(p256::ecdsa::VerifyingKey),
    #[cfg(feature = "es384")]
    P384(p384::ecdsa::VerifyingKey),
    #[cfg(feature = "es512")]
    P521(p521::ecdsa::VerifyingKey),
    #[cfg(feature = "es256k")]
    Secp256k1(k256::ecdsa::VerifyingKey),
}

/// An uncompressed point of the longest curve, P-521.
const SEC1_MAX: usize = 1 + 2 * Curve::P521.coordinate_len();

impl EcKey {
    /// A key from coordinates of the curve's length. The point at infinity has no such coordinates.
    pub(super) fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let mut sec1 = [0; SEC1_MAX];
        sec1[0] = 4;
        let coordinates =
            sec1.get_mut(1..sec1_len(curve)).and_then(|both| both.split_at_mut_checked(x.len()));
        match coordinates {
            Some((to_x, to_y)) if to_y.len() == y.len() => {
                to_x.copy_from_slice(x);
                to_y.copy_from_slice(y);
            }
            _ => return Err(KeyError::Point),
        }
        let encoded = sec1.get(..sec1_len(curve)).unwrap_or(&sec1);
        let point = match curve {
            #[cfg(feature = "es256")]
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(encoded).map(Point::P256),
            #[cfg(feature = "es384")]
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(encoded).map(Point::P384),
            #[cfg(feature = "es512")]
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(encoded).map(Point::P521),
            #[cfg(feature = "es256k")]
            Curve::Secp256k1 => k256::ecdsa::VerifyingKey::from_sec1_bytes(encoded).map(Point::Secp256k1),
            #[cfg(not(all(feature = "es256", feature = "es384", feature = "es512", feature = "es256k")))]
            _ => return Err(KeyError::NotBuilt { kind: "keys on this curve" }),
        };
        Ok(Self {
            curve,
            sec1,
            point: point.map_err(|_| KeyError::Point)?,
            #[cfg(feature = "_fast")]
            fast: OnceLock::new(),
        })
    }

    /// The same key for one back end, if it has the curve.
    pub(super) fn on(&self, backend: Backend) -> Option<Self> {
        let key = Self {
            #[cfg(feature = "_fast")]
            fast: OnceLock::from(super::fast::ec(self.curve, self.sec1(), Some(backend))),
            ..self.clone()
        };
        (key.backend() == backend).then_some(key)
    }

    pub(super) fn backend(&self) -> Backend {
        #[cfg(feature = "_fast")]
        if let Some(key) = self.fast() {
            return key.backend();
        }
        Backend::RustCrypto
    }

    /// The key for a faster back end, if one has the curve.
    #[cfg(feature = "_fast")]
    fn fast(&self) -> Option<&dyn FastKey> {
        self.fast.get_or_init(|| super::fast::ec(self.curve, self.sec1(), None)).as_deref()
    }

    /// `04 || x || y`.
    pub(super) fn sec1(&self) -> &[u8] {
        self.sec1.get(..sec1_len(self.curve())).unwrap_or(&self.sec1)
    }

    pub(super) fn curve(&self) -> Curve {
        self.curve
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        let hash = match scheme {
            Scheme::EcdsaSha256 => Hash::Sha256,
            Scheme::EcdsaSha384 => Hash::Sha384,
            Scheme::EcdsaSha512 => Hash::Sha512,
            _ => return Err(Error::KeyMismatch { scheme, key: "an elliptic curve key" }),
        };
        // `from_der` accepts only minimal DER, and numbers from 1 to the order of the curve.
        let form = |_| Error::Form { scheme };
        #[cfg(feature = "_fast")]
        if let Some(key) = self.fast() {
            let verify = |fixed: &[u8]| key.verify(scheme, message, signature, fixed);
            let verdict = match self.point {
                #[cfg(feature = "es256")]
                Point::P256(_) => {
                    verify(&p256::ecdsa::Signature::from_der(signature).map_err(form)?.to_bytes())
                }
                #[cfg(feature = "es384")]
                Point::P384(_) => {
                    verify(&p384::ecdsa::Signature::from_der(signature).map_err(form)?.to_bytes())
                }
                #[cfg(feature = "es512")]
                Point::P521(_) => {
                    verify(&p521::ecdsa::Signature::from_der(signature).map_err(form)?.to_bytes())
                }
                #[cfg(feature = "es256k")]
                Point::Secp256k1(_) => None,
            };
            if let Some(is_valid) = verdict {
                return if is_valid { Ok(()) } else { Err(Error::Mismatch) };
            }
        }
        let hash = hash.digest(message);
        match self.point {
            #[cfg(feature = "es256")]
            Point::P256(ref key) => {
                key.verify_prehash(&hash, &p256::ecdsa::Signature::from_der(signature).map_err(form)?)
            }
            #[cfg(feature = "es384")]
            Point::P384(ref key) => {
                key.verify_prehash(&hash, &p384::ecdsa::Signature::from_der(signature).map_err(form)?)
            }
            #[cfg(feature = "es512")]
            Point::P521(ref key) => {
                key.verify_prehash(&hash, &p521::ecdsa::Signature::from_der(signature).map_err(form)?)
            }
            #[cfg(feature = "es256k")]
            Point::Secp256k1(ref key) => {
                let signature = k256::ecdsa::Signature::from_der(signature).map_err(form)?;
                // k256 follows Bitcoin and rejects the greater value of s; COSE does not (RFC 8812).
                key.verify_prehash(&hash, &signature.normalize_s())
            }
        }
        .map_err(|_| Error::Mismatch)
    }
}

const fn sec1_len(curve: Curve) -> usize {
    match curve {
        Curve::P256 | Curve::Secp256k1 => 65,
        Curve::P384 => 97,
        Curve::P521 => SEC1_MAX,
    }
}
