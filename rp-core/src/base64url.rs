//! Base64url: strict for clients, lenient for configuration; the output is canonical.

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
/// has only one encoding.
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
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Base64UrlError)
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

    #[test]
    fn lenient_decoding_accepts_both_alphabets_and_padding() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode_lenient(text), Ok(alloc::vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(decode_lenient("-/8"), Err(Base64UrlError));
    }
}
