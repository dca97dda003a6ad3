//! Ed25519 (RFC 8032), verified strictly.

use ed25519_dalek::{Signature, VerifyingKey};

use super::parameters::KeyError;
use super::scheme::{Error, Scheme};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    /// A key from its canonical encoding.
    pub(super) fn new(x: &[u8]) -> Result<Self, KeyError> {
        let Ok(encoded) = <&[u8; 32]>::try_from(x) else {
            return Err(KeyError::Length { part: "x", expected: 32, got: x.len() });
        };
        if !is_reduced(encoded) {
            return Err(KeyError::Point);
        }
        let key = VerifyingKey::from_bytes(encoded).map_err(|_| KeyError::Point)?;
        // The other two encodings that are not canonical, a sign where x is 0, are points of small order.
        if key.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(key))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        if scheme != Scheme::Ed25519 {
            return Err(Error::KeyMismatch { scheme, key: "an Ed25519 key" });
        }
        let signature = Signature::from_slice(signature).map_err(|_| Error::Form { scheme })?;
        self.0.verify_strict(message, &signature).map_err(|_| Error::Mismatch)
    }
}

/// Whether y, little-endian below the sign bit, is less than 2^255 - 19.
fn is_reduced(encoded: &[u8; 32]) -> bool {
    let [least, middle @ .., most] = encoded;
    *least < 0xed || most & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}
