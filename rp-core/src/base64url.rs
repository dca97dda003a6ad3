//! Base64url: strict for clients, lenient for configuration; the output is canonical.
//!
//! Texts of clients are public, so they are decoded by tables, in a fifth of the time of `base64ct`. Secrets,
//! such as session tokens, are decoded by `base64ct`, whose memory accesses do not depend on them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text is not base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct Base64UrlError;

/// Decodes base64url without padding, as in the JSON forms of Level 3.
///
/// Padding, the alphabet of standard base64, white space and nonzero trailing bits are rejected, so that a byte string
/// has only one encoding. Memory accesses depend on the text: [`decode_secret`] is for secrets.
///
/// # Errors
/// [`Base64UrlError`] if the text is anything else.
///
/// # Examples
/// ```
/// assert_eq!(rp_core::base64url::decode("-_8")?, [0xfb, 0xff]);
/// assert!(rp_core::base64url::decode("+/8=").is_err());
/// # Ok::<(), rp_core::base64url::Base64UrlError>(())
/// ```
pub fn decode(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    let mut bytes = Vec::new();
    decode_to(&mut bytes, text.as_bytes())?;
    Ok(bytes)
}

/// Decodes as [`decode`] does, in a time that depends only on the length of the text: for tokens.
///
/// # Errors
/// [`Base64UrlError`] if the text is not base64url without padding.
pub fn decode_secret(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Base64UrlError)
}

/// Decodes as [`decode`] does and appends the bytes to `out`. After an error, what was appended has no meaning.
pub(crate) fn decode_to(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Base64UrlError> {
    let start = out.len();
    out.resize(start.saturating_add(decoded_len(text.len())), 0);
    decode_slice(text, out.get_mut(start..).unwrap_or_default())
}

/// The number of bytes that so many characters encode.
pub(crate) const fn decoded_len(characters: usize) -> usize {
    (characters / 4).saturating_mul(3).saturating_add((characters % 4).saturating_sub(1))
}

/// Decodes as [`decode`] does; `out` has [`decoded_len`] bytes.
pub(crate) fn decode_slice(text: &[u8], out: &mut [u8]) -> Result<(), Base64UrlError> {
    let (groups, rest) = text.as_chunks::<4>();
    let (decoded, rest_decoded) = out.as_chunks_mut::<3>();
    let mut seen = 0;
    for (group, decoded) in groups.iter().zip(decoded) {
        let bits = TABLES.bits(group);
        seen |= bits;
        let [_, bytes @ ..] = bits.to_be_bytes();
        *decoded = bytes;
    }
    let (bits, unused) = match *rest {
        [] => (0, 0),
        [one, two] => (TABLES.bits(&[one, two, b'A', b'A']), 0xffff),
        [one, two, three] => (TABLES.bits(&[one, two, three, b'A']), 0xff),
        _ => return Err(Base64UrlError),
    };
    let [_, bytes @ ..] = bits.to_be_bytes();
    for (to, from) in rest_decoded.iter_mut().zip(bytes) {
        *to = from;
    }
    // A character of another alphabet anywhere, or a bit that no byte contains.
    if (seen | bits) & INVALID != 0 || bits & unused != 0 { Err(Base64UrlError) } else { Ok(()) }
}

/// Set for characters that are not in the alphabet.
const INVALID: u32 = 1 << 24;

/// For each position in a group of four, the bits that a character contributes to the 24 bits of the group.
struct Tables([[u32; 256]; 4]);

static TABLES: Tables = Tables::new();

impl Tables {
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated by the compiler, which reports an overflow as an error"
    )]
    const fn new() -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut tables = [[INVALID; 256]; 4];
        let mut value = 0;
        while value < 64 {
            let character = ALPHABET[value as usize] as usize;
            tables[0][character] = value << 18;
            tables[1][character] = value << 12;
            tables[2][character] = value << 6;
            tables[3][character] = value;
            value += 1;
        }
        Self(tables)
    }

    /// The 24 bits of a group; [`INVALID`] is set if one of its characters is not in the alphabet.
    fn bits(&self, group: &[u8; 4]) -> u32 {
        let [first, second, third, fourth] = &self.0;
        let look_up =
            |table: &[u32; 256], character: u8| table.get(usize::from(character)).copied().unwrap_or(INVALID);
        let &[one, two, three, four] = group;
        look_up(first, one) | look_up(second, two) | look_up(third, three) | look_up(fourth, four)
    }
}

/// Decodes base64url or standard base64, with or without padding, as in configuration files and other libraries.
///
/// # Errors
/// [`Base64UrlError`] if the text is neither.
pub fn decode_lenient(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    let url = text.contains(['-', '_']);
    let padded = text.ends_with('=');
    match (url, padded) {
        (true, true) => Base64Url::decode_vec(text),
        (true, false) => Base64UrlUnpadded::decode_vec(text),
        (false, true) => Base64::decode_vec(text),
        (false, false) => Base64Unpadded::decode_vec(text),
    }
    .map_err(|_| Base64UrlError)
}

/// Encodes as base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Bytes that serialise as base64url without padding. `Debug` does not print them, because extensions use them for blobs
/// and salts.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl core::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_decoding_accepts_one_encoding_only() {
        assert_eq!(decode("AQI"), Ok(alloc::vec![1, 2]));
        assert_eq!(decode(""), Ok(Vec::new()));
        for wrong in ["AQI=", "-_+", "A QI", "AQI\n", "AQJ", "A", "ä"] {
            assert_eq!(decode(wrong), Err(Base64UrlError), "{wrong:?}");
        }
    }

    /// Every text of up to three characters, and longer ones that differ from valid ones in one character.
    #[test]
    fn tables_decode_as_base64ct_does() {
        let equal = |text: &[u8]| {
            let Ok(text) = core::str::from_utf8(text) else { return };
            assert_eq!(decode(text), decode_secret(text), "{text:?}");
        };
        for one in 0..=0x7f_u8 {
            equal(&[one]);
            for two in 0..=0x7f_u8 {
                equal(&[one, two]);
                for three in (0..=0x7f_u8).step_by(3).chain(*b"-_AZaz09+/=") {
                    equal(&[one, two, three]);
                }
            }
        }
        for len in 0..48_u8 {
            let bytes: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(151)).collect();
            let text = encode(&bytes);
            assert_eq!(decode(&text), Ok(bytes));
            for at in 0..text.len() {
                for other in *b"A_-+/= \n\0\x7f\xff" {
                    let mut changed = text.clone().into_bytes();
                    changed[at] = other;
                    equal(&changed);
                }
            }
        }
    }

    #[test]
    fn two_characters_of_another_alphabet_are_rejected() {
        for len in [2, 3, 4, 8, 11] {
            for one in 0..len {
                for other in 0..len {
                    let mut text = alloc::vec![b'A'; len];
                    text[one] = b'*';
                    text[other] = b'*';
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(decode(&text), Err(Base64UrlError), "{text}");
                }
            }
        }
    }

    #[test]
    fn decoding_appends() {
        let mut bytes = alloc::vec![7];
        decode_to(&mut bytes, b"AQI").unwrap();
        assert_eq!(bytes, [7, 1, 2]);
    }

    #[test]
    fn lenient_decoding_accepts_both_alphabets_and_padding() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode_lenient(text), Ok(alloc::vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(decode_lenient("-/8"), Err(Base64UrlError));
    }
}
