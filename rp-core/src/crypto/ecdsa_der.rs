//! ECDSA signatures from raw numbers, as TPMs and JWS write them, to the DER that [`verify`](super::verify) takes.

use alloc::vec::Vec;

/// Writes `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279, section 2.2.3) from two big-endian numbers.
///
/// Leading zeros are ignored. Returns `None` for numbers of more than 127 bytes, which no curve has.
///
/// # Examples
/// ```
/// use rp_core::crypto::ecdsa_der;
///
/// let der = [0x30, 0x07, /* r */ 0x02, 0x02, 0x00, 0x80, /* s */ 0x02, 0x01, 0x07];
/// assert_eq!(ecdsa_der(&[0x80], &[0x00, 0x07]), Some(der.to_vec()));
/// ```
#[must_use]
pub fn ecdsa_der(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let mut integers = Vec::new();
    push_integer(&mut integers, r)?;
    push_integer(&mut integers, s)?;
    let mut der = Vec::from([0x30]);
    push_length(&mut der, integers.len())?;
    der.extend(integers);
    Some(der)
}

fn push_integer(out: &mut Vec<u8>, number: &[u8]) -> Option<()> {
    let digits = number.iter().position(|byte| *byte != 0).and_then(|first| number.get(first..));
    let digits = digits.unwrap_or_default();
    // If the first bit were set, the number would be negative; zero is one byte.
    let padded = digits.first().is_none_or(|first| first & 0x80 != 0);
    out.push(0x02);
    out.push(u8::try_from(digits.len().checked_add(padded.into())?).ok().filter(|len| *len < 0x80)?);
    out.extend(padded.then_some(0));
    out.extend_from_slice(digits);
    Some(())
}

/// A length of at most 255, in its shortest form.
fn push_length(out: &mut Vec<u8>, len: usize) -> Option<()> {
    let len = u8::try_from(len).ok()?;
    if len >= 0x80 {
        out.push(0x81);
    }
    out.push(len);
    Some(())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn numbers_are_minimal_and_never_negative() {
        assert_eq!(ecdsa_der(&[], &[0, 0]), Some(vec![0x30, 6, 2, 1, 0, 2, 1, 0]));
        assert_eq!(ecdsa_der(&[0, 0x7f], &[0xff, 1]), Some(vec![0x30, 8, 2, 1, 0x7f, 2, 3, 0, 0xff, 1]));
    }

    #[test]
    fn lengths_beyond_127_take_a_byte_more() {
        // P-521 has numbers of 66 bytes.
        let der = ecdsa_der(&[1; 66], &[1; 66]).unwrap();
        assert_eq!(der.get(..5), Some(&[0x30, 0x81, 136, 0x02, 66][..]));
        assert_eq!(ecdsa_der(&[1; 128], &[1]), None);
    }
}
