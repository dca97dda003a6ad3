//! Ed25519 (RFC 8032), verified strictly.

use alloc::sync::Arc;

use ed25519_dalek::{Signature, VerifyingKey};

use super::backend::Backend;
use super::fast;
use super::fast_key::FastKey;
use super::hash::contiguous;
use super::parameters::KeyError;
use super::scheme::{Error, Scheme};

#[derive(Clone, Debug)]
pub(super) struct Ed25519Key {
    encoded: [u8; 32],
    point: Point,
}

#[derive(Clone, Debug)]
enum Point {
    Portable(VerifyingKey),
    Fast(Arc<dyn FastKey>),
}

impl PartialEq for Ed25519Key {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for Ed25519Key {}

impl Ed25519Key {
    /// A key from its canonical encoding.
    pub(super) fn new(x: &[u8]) -> Result<Self, KeyError> {
        let Ok(encoded) = <&[u8; 32]>::try_from(x) else {
            return Err(KeyError::Length { part: "x", expected: 32, got: x.len() });
        };
        if !is_reduced(encoded) {
            return Err(KeyError::Point);
        }
        // The other two encodings that are not canonical, a sign where x is 0, are points of small order.
        if is_of_small_order(encoded) {
            return Err(KeyError::SmallOrder);
        }
        let point = match fast::ed25519(encoded, None) {
            Some(key) => Point::Fast(key),
            None => portable(encoded)?,
        };
        Ok(Self { encoded: *encoded, point })
    }

    /// The same key for one back end, if it has the curve.
    pub(super) fn on(&self, backend: Backend) -> Option<Self> {
        let point = match backend {
            Backend::RustCrypto => portable(&self.encoded).ok()?,
            _ => Point::Fast(fast::ed25519(&self.encoded, Some(backend))?),
        };
        Some(Self { encoded: self.encoded, point })
    }

    pub(super) fn backend(&self) -> Backend {
        match self.point {
            Point::Portable(_) => Backend::RustCrypto,
            Point::Fast(ref key) => key.backend(),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        if scheme != Scheme::Ed25519 {
            return Err(Error::KeyMismatch { scheme, key: "an Ed25519 key" });
        }
        let parsed = Signature::from_slice(signature).map_err(|_| Error::Form { scheme })?;
        // A signer chooses R. Back ends differ about an R of small order, and about other encodings of it.
        let r = parsed.r_bytes();
        if !is_reduced(r) || is_of_small_order(r) {
            return Err(Error::Mismatch);
        }
        let is_valid = match self.point {
            Point::Portable(ref key) => {
                contiguous(message, |message| key.verify_strict(message, &parsed).is_ok())
            }
            Point::Fast(ref key) => key.verify(scheme, message, signature, signature) == Some(true),
        };
        if is_valid { Ok(()) } else { Err(Error::Mismatch) }
    }
}

/// The key for the portable back end.
fn portable(encoded: &[u8; 32]) -> Result<Point, KeyError> {
    VerifyingKey::from_bytes(encoded).map(Point::Portable).map_err(|_| KeyError::Point)
}

/// The y of the eight points of small order, little-endian: 1, -1, 0, and two of order eight.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether a point is of small order: one signature of such a key would verify for many messages.
fn is_of_small_order(encoded: &[u8; 32]) -> bool {
    SMALL_ORDER.iter().any(|y| has_y(encoded, y))
}

/// Whether an encoded point has this y, with either sign of x.
fn has_y(encoded: &[u8; 32], y: &[u8; 32]) -> bool {
    let ([encoded @ .., most], [y @ .., most_of_y]) = (encoded, y);
    encoded == y && most & 0x7f == *most_of_y
}

/// Whether y, little-endian below the sign bit, is less than 2^255 - 19.
fn is_reduced(encoded: &[u8; 32]) -> bool {
    let [least, middle @ .., most] = encoded;
    *least < 0xed || most & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_of_small_order_are_these_eight() {
        let mut points = 0;
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut encoded = y;
                encoded[31] |= sign;
                assert!(has_y(&encoded, &y));
                // An x of 0 has no sign, which some decoders ignore.
                if let Ok(key) = VerifyingKey::from_bytes(&encoded) {
                    assert!(key.is_weak(), "{encoded:02x?}");
                    points += 1;
                }
            }
        }
        assert!((8..=10).contains(&points), "{points}");
    }

    #[test]
    fn a_reduced_y_is_below_the_prime() {
        for sign in [0, 0x80] {
            for (least, middle, most, expected) in [
                (0xec, 0xff, 0x7f, true),
                (0xed, 0xff, 0x7f, false),
                (0xff, 0xff, 0x7f, false),
                (0xff, 0xff, 0x7e, true),
                (0xff, 0xfe, 0x7f, true),
                (0, 0, 0, true),
            ] {
                let mut y = [middle; 32];
                (y[0], y[31]) = (least, most | sign);
                assert_eq!(is_reduced(&y), expected, "{y:02x?}");
            }
        }
    }

    /// The key of RFC 8032, section 7.1, test 1, and the empty message: R is the identity, and S is the product of the hash
    /// and the private number, so that the equation of verification holds.
    #[test]
    fn a_signature_whose_r_is_of_small_order_is_rejected() {
        let b64 = |text| crate::base64url::decode(text).unwrap();
        let key = Ed25519Key::new(&b64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
        let s = b64("dWz5sdbw16l5udKvPcK8EpTsfLbaog6v9TTAJPxXkg8");
        for key in Backend::ALL.into_iter().filter_map(|backend| key.on(backend)) {
            for y in SMALL_ORDER {
                let signature = [&y[..], &s].concat();
                let verdict = key.verify(Scheme::Ed25519, &[b""], &signature);
                assert_eq!(verdict, Err(Error::Mismatch), "{}", key.backend());
            }
        }
    }
}
