//! Ed448 (RFC 8032).

use ed448_goldilocks::elliptic_curve::Group;
use ed448_goldilocks::{Signature, VerifyingKey};

use super::parameters::KeyError;
use super::scheme::{Error, Scheme};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ed448Key(VerifyingKey);

/// The length of an encoded point in bytes.
const LEN: usize = 57;

impl Ed448Key {
    /// A key from its canonical encoding.
    pub(super) fn new(x: &[u8]) -> Result<Self, KeyError> {
        let Ok(encoded) = <&[u8; LEN]>::try_from(x) else {
            return Err(KeyError::Length { part: "x", expected: LEN, got: x.len() });
        };
        if !is_canonical(encoded) {
            return Err(KeyError::Point);
        }
        let key = VerifyingKey::from_bytes(encoded).map_err(|_| KeyError::Point)?;
        // The cofactor is 4.
        if bool::from(key.to_edwards().double().double().is_identity()) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(key))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        if scheme != Scheme::Ed448 {
            return Err(Error::KeyMismatch { scheme, key: "an Ed448 key" });
        }
        let signature = Signature::from_slice(signature).map_err(|_| Error::Form { scheme })?;
        // ed448-goldilocks reduces y; RFC 8032, section 5.2.3, rejects a y that is not reduced.
        if !is_canonical(signature.r_bytes()) {
            return Err(Error::Form { scheme });
        }
        self.0.verify_raw(&signature, message).map_err(|_| Error::Mismatch)
    }
}

/// Whether y, little-endian, is less than p = 2^448 - 2^224 - 1, and the last byte contains only the sign.
fn is_canonical(encoded: &[u8; LEN]) -> bool {
    let [y @ .., sign] = encoded;
    let (low, high) = y.split_at(28);
    let all_ones = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0xff);
    // p, little-endian, is 28 bytes ff, one byte fe, 27 bytes ff.
    let reduced = match high {
        [0xff, rest @ ..] => !all_ones(rest),
        [0xfe, rest @ ..] => !all_ones(rest) || !all_ones(low),
        _ => true,
    };
    reduced && sign & 0x7f == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_is_less_than_p_and_the_last_byte_is_the_sign() {
        let is_canonical = |first: u8, middle: u8, last: u8, sign: u8| {
            let mut encoded = [0xff; LEN];
            (encoded[0], encoded[28], encoded[55], encoded[56]) = (first, middle, last, sign);
            super::is_canonical(&encoded)
        };
        assert!(is_canonical(0xfe, 0xfe, 0xff, 0), "p - 1");
        assert!(!is_canonical(0xff, 0xfe, 0xff, 0), "p");
        assert!(!is_canonical(0x00, 0xff, 0xff, 0), "more than p");
        assert!(!is_canonical(0xff, 0xff, 0xff, 0), "2^448 - 1");
        assert!(is_canonical(0xff, 0xfe, 0x7f, 0) && is_canonical(0xff, 0xff, 0x7f, 0), "less than 2^447");
        assert!(is_canonical(0xff, 0xfd, 0xff, 0), "byte 28 of p is fe");
        assert!(is_canonical(0xfe, 0xfe, 0xff, 0x80), "the sign");
        assert!(!is_canonical(0xfe, 0xfe, 0xff, 0x40) && !is_canonical(0xfe, 0xfe, 0xff, 1));
    }
}
