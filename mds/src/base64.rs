//! Base64 of public data: the parts of a JWS, and certificates in JSON.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Certificates occur with and without padding, and with bits left over in the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64url without padding, strictly (RFC 7515 section 2).
pub(crate) fn decode_url(text: &[u8]) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes a certificate in a statement or a header: either alphabet, with or without padding, with white space anywhere,
/// and with or without the lines of PEM.
pub(crate) fn decode_certificate(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let body = text
        .strip_prefix("-----BEGIN CERTIFICATE-----")
        .map_or(text, |text| text.split_once("-----END CERTIFICATE-----").map_or(text, |(body, _)| body));
    let standard = |byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let body: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(standard).collect();
    LENIENT.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_other_alphabets_space_and_spare_bits_are_rejected() {
        assert_eq!(decode_url(b"AQI"), Some(vec![1, 2]));
        for wrong in ["AQI=", "-_+", "A QI", "AQI\n", "AQJ", "A", "AQIDB", "\u{e4}AAA", "AQIDA\u{0}", "AR"] {
            assert_eq!(decode_url(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_certificate_is_decoded_however_it_is_wrapped() {
        for text in
            ["-_8A", "+/8A", " +/\n8A\t", "-----BEGIN CERTIFICATE-----\n+/8A\n-----END CERTIFICATE-----\n"]
        {
            assert_eq!(decode_certificate(text), Some(vec![0xfb, 0xff, 0]), "{text:?}");
        }
        assert_eq!(decode_certificate("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decode_certificate("+/9"), Some(vec![0xfb, 0xff]), "spare bits");
        assert_eq!(decode_certificate("+w=="), Some(vec![0xfb]));
        assert_eq!(decode_certificate("+/8*"), None);
        assert_eq!(decode_certificate("+"), None);
    }
}
