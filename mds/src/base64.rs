//! Base64 of what is public and long: a BLOB has ten megabytes of it.
//!
//! Constant time, which [`rp_core::base64url`] takes, protects nothing here and would be the greater part of the cost
//! of loading; this reads by table, four characters at a time.

/// Reads base64url without padding, strictly: what a JWS is made of (RFC 7515 section 2).
pub(crate) fn decode_url(text: &[u8]) -> Option<Vec<u8>> {
    decode(text, &URL)
}

/// Reads a certificate that stands in a statement or a header: either alphabet, padded or not, with white space
/// anywhere, and with the lines of PEM around it.
pub(crate) fn certificate(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let body = text
        .strip_prefix("-----BEGIN CERTIFICATE-----")
        .map_or(text, |text| text.split_once("-----END CERTIFICATE-----").map_or(text, |(body, _)| body));
    let mut characters: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    for _ in 0..2 {
        if characters.last() == Some(&b'=') {
            characters.pop();
        }
    }
    for byte in &mut characters {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        };
    }
    decode_lenient(&characters)
}

/// Where each character's six bits belong, for each of the four places; a character of another alphabet has `WRONG`.
struct Table([[u32; 256]; 4]);

const WRONG: u32 = 1 << 31;

static URL: Table = Table::new(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

impl Table {
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "evaluated when this is compiled"
    )]
    const fn new(alphabet: &[u8; 64]) -> Self {
        let mut places = [[WRONG; 256]; 4];
        let mut value = 0;
        while value < 64 {
            let character = alphabet[value] as usize;
            let bits = value as u32;
            places[0][character] = bits << 18;
            places[1][character] = bits << 12;
            places[2][character] = bits << 6;
            places[3][character] = bits;
            value += 1;
        }
        Self(places)
    }

    /// The 24 bits of four characters, or a number with `WRONG` in it.
    #[inline]
    fn group(&self, group: [u8; 4]) -> u32 {
        let [a, b, c, d] = group.map(usize::from);
        let [first, second, third, fourth] = &self.0;
        // A byte is always within a table of 256.
        let at = |table: &[u32; 256], index: usize| table.get(index).copied().unwrap_or(WRONG);
        at(first, a) | at(second, b) | at(third, c) | at(fourth, d)
    }
}

fn decode(text: &[u8], table: &Table) -> Option<Vec<u8>> {
    let (bytes, spare) = decode_groups(text, table)?;
    (spare == 0).then_some(bytes)
}

/// As [`decode`], but bits left over in the last character may be anything.
fn decode_lenient(text: &[u8]) -> Option<Vec<u8>> {
    decode_groups(text, &URL).map(|(bytes, _)| bytes)
}

/// The bytes, and the bits that are left over in the last character.
fn decode_groups(text: &[u8], table: &Table) -> Option<(Vec<u8>, u32)> {
    let (groups, rest) = text.as_chunks::<4>();
    let whole = groups.len().checked_mul(3)?;
    // With room for what is left over; zeroes that come from the system are written by nobody.
    let mut bytes = vec![0; whole.checked_add(2)?];
    bytes.truncate(whole);
    let mut seen = 0;
    // Four groups at a time are written in two steps in place of twelve.
    let (fours, groups) = groups.as_chunks::<4>();
    let (twelves, triples) = bytes.as_chunks_mut::<12>();
    for (four, twelve) in fours.iter().zip(twelves.iter_mut()) {
        let [a, b, c, d] = four.map(|group| table.group(group));
        seen |= a | b | c | d;
        let high = u64::from(a) << 40 | u64::from(b) << 16 | u64::from(c) >> 8;
        let low = c << 24 | d;
        let [h0, h1, h2, h3, h4, h5, h6, h7] = high.to_be_bytes();
        let [l0, l1, l2, l3] = low.to_be_bytes();
        *twelve = [h0, h1, h2, h3, h4, h5, h6, h7, l0, l1, l2, l3];
    }
    let (triples, _) = triples.as_chunks_mut::<3>();
    for (group, triple) in groups.iter().zip(triples) {
        let bits = table.group(*group);
        seen |= bits;
        let [_, first, second, third] = bits.to_be_bytes();
        *triple = [first, second, third];
    }
    let (bits, taken) = match *rest {
        [] => (0, 0),
        [a, b] => (table.group([a, b, b'A', b'A']), 1),
        [a, b, c] => (table.group([a, b, c, b'A']), 2),
        _ => return None,
    };
    if (seen | bits) & WRONG != 0 {
        return None;
    }
    let [_, first, second, third] = bits.to_be_bytes();
    bytes.extend([first, second].iter().take(taken));
    let spare = match taken {
        1 => u32::from(second) | u32::from(third),
        2 => u32::from(third),
        _ => 0,
    };
    Some((bytes, spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_reading_agrees_with_the_core_at_every_length() {
        let bytes: Vec<u8> = (0..=255).cycle().step_by(7).take(300).collect();
        for length in 0..bytes.len() {
            let text = rp_core::base64url::encode(&bytes[..length]);
            assert_eq!(decode_url(text.as_bytes()).as_deref(), Some(&bytes[..length]), "{length}");
        }
    }

    #[test]
    fn url_reading_refuses_padding_other_alphabet_space_and_spare_bits() {
        assert_eq!(decode_url(b"AQI"), Some(vec![1, 2]));
        for wrong in ["AQI=", "-_+", "A QI", "AQI\n", "AQJ", "A", "AQIDB", "\u{e4}AAA", "AQIDA\u{0}", "AR"] {
            assert_eq!(decode_url(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_certificate_is_read_however_it_is_wrapped() {
        for text in
            ["-_8A", "+/8A", " +/\n8A\t", "-----BEGIN CERTIFICATE-----\n+/8A\n-----END CERTIFICATE-----\n"]
        {
            assert_eq!(certificate(text), Some(vec![0xfb, 0xff, 0]), "{text:?}");
        }
        assert_eq!(certificate("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(certificate("+w=="), Some(vec![0xfb]));
        assert_eq!(certificate("+/8*"), None);
        assert_eq!(certificate("+"), None);
    }
}
