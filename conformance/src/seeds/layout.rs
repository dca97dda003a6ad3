//! The inputs of a target, and how an input of several parts is laid out.

use std::collections::BTreeSet;

use rp_core::Timestamp;

/// The time at which the bases were minted and are verified: 2026-06-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_272_000);

/// The first inputs of a target, without duplicates.
pub type Inputs = BTreeSet<Vec<u8>>;

/// Lays out an input: the number of a base in two bytes, then the parts, each except the last after its length in two
/// bytes (big-endian), so that a fuzzer can change the parts and mostly keeps the frame.
///
/// A larger number or length is limited to 65535.
#[must_use]
pub fn pack(base: usize, parts: &[&[u8]]) -> Vec<u8> {
    let two = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = Vec::from(two(base));
    if let Some((last, parts)) = parts.split_last() {
        for part in parts {
            out.extend(two(part.len()));
            out.extend_from_slice(part);
        }
        out.extend_from_slice(last);
    }
    out
}

/// Splits an input into its parts. Any bytes of at least the frame's length are a valid input. A part whose length
/// exceeds the input gets the remaining bytes.
#[must_use]
pub fn unpack<const PARTS: usize>(input: &[u8]) -> Option<(usize, [&[u8]; PARTS])> {
    let (base, mut rest) = number(input)?;
    let mut parts = [&[][..]; PARTS];
    if let Some((last, parts)) = parts.split_last_mut() {
        for part in parts {
            let (length, behind) = number(rest)?;
            (*part, rest) = behind.split_at(length.min(behind.len()));
        }
        *last = rest;
    }
    Some((base, parts))
}

fn number(input: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = input.split_first_chunk()?;
    Some((u16::from_be_bytes(*number).into(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let packed = pack(300, &[b"ab", b"", b"cde"]);
        assert_eq!(packed, b"\x01\x2c\x00\x02ab\x00\x00cde");
        assert_eq!(unpack(&packed), Some((300, [&b"ab"[..], b"", b"cde"])));
    }

    #[test]
    fn a_length_beyond_the_end_is_cut_and_a_frame_too_short_is_none() {
        assert_eq!(unpack(&[0, 1, 0, 9, 7]), Some((1, [&[7][..], &[]])));
        assert_eq!(unpack::<2>(&[0, 1, 0]), None);
        assert_eq!(unpack::<0>(&[0]), None);
    }
}
