//! JSON Web Signatures in compact serialization whose header contains the signer's certificates ([RFC 7515]):
//! SafetyNet responses and the BLOB of FIDO metadata.
//!
//! [`Compact`] borrows the three parts. The caller verifies the signature before it decodes the payload, which of a
//! BLOB has several megabytes.
//!
//! [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use crate::base64url;
use crate::cose::Algorithm;
use crate::crypto::{self, Key, Scheme};
use crate::json::{JsonError, Text, clip, parse_object};

/// The parts of a compact JWS (RFC 7515, section 7.1), as they were sent: base64url, not decoded, not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compact<'a> {
    /// The header.
    pub header: &'a [u8],
    /// The payload. If the input has more than three parts, the payload contains a dot, so that decoding it fails.
    pub payload: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// The signed bytes: header, dot and payload.
    pub signed: &'a [u8],
}

impl<'a> Compact<'a> {
    /// Splits a compact JWS at its first and its last dot. The payload is not read.
    ///
    /// # Errors
    /// Returns [`JwsError::Parts`] if there are fewer than two dots.
    ///
    /// # Examples
    /// ```
    /// let jws = rp_core::jws::Compact::split(b"e30.cGF5bG9hZA.AQ")?;
    /// assert_eq!((jws.payload, jws.signed), (&b"cGF5bG9hZA"[..], &b"e30.cGF5bG9hZA"[..]));
    /// # Ok::<(), rp_core::jws::JwsError>(())
    /// ```
    pub fn split(jws: &'a [u8]) -> Result<Self, JwsError> {
        let is_dot = |byte: &u8| *byte == b'.';
        let (header, _) =
            jws.split_at_checked(jws.iter().position(is_dot).ok_or(JwsError::Parts)?).unwrap_or_default();
        let (signed, signature) =
            jws.split_at_checked(jws.iter().rposition(is_dot).ok_or(JwsError::Parts)?).unwrap_or_default();
        // With one dot only, `signed` ends where the header ends
        let payload =
            signed.get(header.len()..).and_then(|rest| rest.strip_prefix(b".")).ok_or(JwsError::Parts)?;
        let signature = signature.strip_prefix(b".").unwrap_or_default();
        Ok(Self { header, payload, signature, signed })
    }

    /// Verifies the signature with a key of the header's algorithm. Whether the key is trusted is for the path behind
    /// `x5c` to show.
    ///
    /// # Errors
    /// Returns [`JwsSignatureError::Algorithm`] if the key is not one of `algorithm`, [`JwsSignatureError::Base64`] if
    /// the signature is not base64url, and [`JwsSignatureError::Signature`] if it does not verify.
    pub fn verify(&self, algorithm: Algorithm, key: &Key) -> Result<(), JwsSignatureError> {
        // The type of the key decides, not the header alone
        if !algorithm.fits(key) {
            return Err(JwsSignatureError::Algorithm { algorithm });
        }
        let signature = decode(self.signature).ok_or(JwsSignatureError::Base64)?;
        let signature = match key.ec_point() {
            // RFC 7518, section 3.4: r and s, each as long as the order of the curve
            Some((curve, ..)) => {
                let length = curve.coordinate_len();
                let numbers = signature.split_at_checked(length).filter(|(_, s)| s.len() == length);
                numbers.and_then(|(r, s)| crypto::ecdsa_der(r, s)).unwrap_or_default()
            }
            None => signature,
        };
        Ok(crypto::verify(key, Scheme::for_algorithm(algorithm), &[self.signed], &signature)?)
    }
}

/// A JOSE header (RFC 7515, section 4): the algorithm and the certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `alg`: a signature algorithm of public keys.
    pub algorithm: Algorithm,
    /// `x5c`: DER, the signer's certificate first. Empty if the header has none.
    pub x5c: Vec<Vec<u8>>,
}

/// How the certificates of `x5c` are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum X5cEncoding {
    /// Base64 with padding (RFC 7515, section 4.1.6).
    Strict,
    /// Either alphabet of base64, padded or not, with white space anywhere: signers of metadata have used all of these.
    Lenient,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    alg: Text<'a>,
    #[serde(borrow, default)]
    x5c: Vec<Text<'a>>,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is present, with any value: `null` counts.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

impl Header {
    /// The longest header, in bytes of base64url: ten times that of the metadata BLOB. It is read before any signature
    /// is verified.
    pub const MAX_LEN: usize = 64 << 10;
    /// The greatest number of certificates: twice that of any signer of metadata so far.
    pub const MAX_CERTIFICATES: usize = 10;

    /// Parses the header part of a compact JWS. Unknown members are ignored.
    ///
    /// # Errors
    /// Returns [`JwsError`], in the order of its variants: the header is too long, not base64url, not an object with
    /// `alg`, has `crit`, an algorithm that is not accepted, `x5u`, or `x5c` with too many or malformed certificates.
    pub fn parse(part: &[u8], encoding: X5cEncoding) -> Result<Self, JwsError> {
        if part.len() > Self::MAX_LEN {
            return Err(JwsError::HeaderTooLong { len: part.len() });
        }
        let json = decode(part).ok_or(JwsError::HeaderBase64)?;
        let Members { alg: Text(alg), x5c, x5u, crit } = parse_object(&json)?;
        // Extensions that must be understood, and none is
        if crit.0 {
            return Err(JwsError::Critical);
        }
        let algorithm = algorithm(&alg).ok_or_else(|| JwsError::Algorithm { alg: clip(&alg) })?;
        // Nothing is fetched for a header
        if x5u.0 {
            return Err(JwsError::CertificateUrl);
        }
        if x5c.len() > Self::MAX_CERTIFICATES {
            return Err(JwsError::TooManyCertificates { got: x5c.len() });
        }
        let certificate = |(index, Text(text)): (usize, &Text<'_>)| {
            encoding.decode(text).ok_or(JwsError::CertificateBase64 { index })
        };
        let x5c = x5c.iter().enumerate().map(certificate).collect::<Result<_, _>>()?;
        Ok(Self { algorithm, x5c })
    }
}

impl X5cEncoding {
    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Strict => Base64::decode_vec(text).ok(),
            Self::Lenient => {
                let is_space = |character: char| character.is_ascii_whitespace();
                let text = if text.contains(is_space) {
                    Cow::Owned(text.split(is_space).collect::<String>())
                } else {
                    Cow::Borrowed(text)
                };
                base64url::decode_lenient(&text).ok()
            }
        }
    }
}

/// The algorithm of a name in RFC 7518, section 3.1, RFC 8037 or RFC 9864. `none` and the HMACs are not accepted.
fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "ES256" => Algorithm::Es256,
        "ES384" => Algorithm::Es384,
        "ES512" => Algorithm::Es512,
        "RS256" => Algorithm::Rs256,
        "RS384" => Algorithm::Rs384,
        "RS512" => Algorithm::Rs512,
        "PS256" => Algorithm::Ps256,
        "PS384" => Algorithm::Ps384,
        "PS512" => Algorithm::Ps512,
        "EdDSA" => Algorithm::EdDsa,
        "Ed25519" => Algorithm::Ed25519,
        "Ed448" => Algorithm::Ed448,
        _ => return None,
    })
}

fn decode(part: &[u8]) -> Option<Vec<u8>> {
    base64url::decode(core::str::from_utf8(part).ok()?).ok()
}

/// Why a compact JWS could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// There are fewer than three parts between dots.
    #[error("not three parts between dots")]
    Parts,
    /// The header is longer than [`Header::MAX_LEN`].
    #[error("header: {len} bytes, more than {max}", max = Header::MAX_LEN)]
    HeaderTooLong {
        /// Its length.
        len: usize,
    },
    /// The header is not base64url without padding.
    #[error("header: not base64url without padding")]
    HeaderBase64,
    /// The header is not a JSON object, or `alg` or `x5c` is missing, duplicate or of another type.
    #[error("header: {0}")]
    Header(#[from] JsonError),
    /// The header has `crit`: extensions that must be understood (RFC 7515, section 4.1.11).
    #[error("header: crit is not supported")]
    Critical,
    /// `alg` is not a signature algorithm of public keys: `none`, an HMAC or an unknown one.
    #[error("header: alg {alg:?} is not accepted")]
    Algorithm {
        /// The header's, shortened.
        alg: String,
    },
    /// The header has `x5u`, an address to fetch the certificates from.
    #[error("header: x5u is not supported")]
    CertificateUrl,
    /// The header has more certificates than [`Header::MAX_CERTIFICATES`].
    #[error("header: x5c has {got} certificates, more than {max}", max = Header::MAX_CERTIFICATES)]
    TooManyCertificates {
        /// How many there are.
        got: usize,
    },
    /// A certificate is not base64 as [`X5cEncoding`] says.
    #[error("header: x5c[{index}] is not base64")]
    CertificateBase64 {
        /// The index of the certificate.
        index: usize,
    },
}

/// Why the signature of a JWS was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsSignatureError {
    /// The header's `alg` is for another type of key.
    #[error("alg {algorithm} is not an algorithm of the certificate's key")]
    Algorithm {
        /// The header's.
        algorithm: Algorithm,
    },
    /// The signature is not base64url without padding.
    #[error("signature: not base64url without padding")]
    Base64,
    /// The signature does not verify.
    #[error(transparent)]
    Signature(#[from] crypto::Error),
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn parse(header: &str) -> Result<Header, JwsError> {
        Header::parse(base64url::encode(header.as_bytes()).as_bytes(), X5cEncoding::Strict)
    }

    fn rejected(header: &str) -> JwsError {
        parse(header).unwrap_err()
    }

    #[test]
    fn parts_are_borrowed_and_the_payload_is_not_read() {
        let jws = Compact::split(b"a.b.c").unwrap();
        assert_eq!((jws.header, jws.payload, jws.signature), (&b"a"[..], &b"b"[..], &b"c"[..]));
        assert_eq!(jws.signed, b"a.b");
        assert_eq!(Compact::split(b"a.b.c.d").unwrap().payload, b"b.c");
        assert_eq!(Compact::split(b"..").unwrap().signed, b".");
        for text in [&b""[..], b"a", b"a.b", b"."] {
            assert_eq!(Compact::split(text), Err(JwsError::Parts), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn algorithm_and_certificates_are_read() {
        let header = parse(r#"{"alg":"RS256","kid":1,"x5c":["AQI=","\u0041w=="]}"#).unwrap();
        assert_eq!(header, Header { algorithm: Algorithm::Rs256, x5c: [[1, 2].into(), [3].into()].into() });
        assert_eq!(
            parse(r#"{"alg":"Ed25519"}"#),
            Ok(Header { algorithm: Algorithm::Ed25519, x5c: Vec::new() })
        );
    }

    #[test]
    fn every_name_is_of_its_algorithm() {
        for (name, algorithm) in [
            ("ES256", Algorithm::Es256),
            ("ES384", Algorithm::Es384),
            ("ES512", Algorithm::Es512),
            ("RS256", Algorithm::Rs256),
            ("RS384", Algorithm::Rs384),
            ("RS512", Algorithm::Rs512),
            ("PS256", Algorithm::Ps256),
            ("PS384", Algorithm::Ps384),
            ("PS512", Algorithm::Ps512),
            ("EdDSA", Algorithm::EdDsa),
            ("Ed25519", Algorithm::Ed25519),
            ("Ed448", Algorithm::Ed448),
        ] {
            assert_eq!(parse(&format!(r#"{{"alg":"{name}"}}"#)).unwrap().algorithm, algorithm, "{name}");
        }
    }

    #[test]
    fn none_and_hmac_are_not_accepted() {
        for alg in ["none", "None", "HS256", "HS512", "rs256", "RSA-OAEP", "RS1", ""] {
            let header = format!(r#"{{"alg":"{alg}","x5c":[]}}"#);
            assert_eq!(rejected(&header), JwsError::Algorithm { alg: alg.to_string() });
        }
    }

    #[test]
    fn crit_and_x5u_are_rejected_even_if_null() {
        for value in ["null", "[]", r#"["exp"]"#] {
            assert_eq!(rejected(&format!(r#"{{"alg":"ES256","crit":{value}}}"#)), JwsError::Critical);
            assert_eq!(rejected(&format!(r#"{{"alg":"ES256","x5u":{value}}}"#)), JwsError::CertificateUrl);
        }
    }

    #[test]
    fn the_header_is_one_object_without_duplicate_members() {
        for header in [
            r#"{"alg":"ES256","alg":"ES256","x5c":[]}"#,
            r#"{"x5c":[]}"#,
            r#"{"alg":7,"x5c":[]}"#,
            r#"{"alg":"ES256","x5c":"AQI="}"#,
            r#"{"alg":"ES256","x5c":null}"#,
            r#"["ES256",[]]"#,
            "",
        ] {
            assert!(matches!(rejected(header), JwsError::Header(_)), "{header}");
        }
        let padded = Header::parse(b"e30=", X5cEncoding::Strict);
        assert_eq!(padded, Err(JwsError::HeaderBase64));
    }

    #[test]
    fn header_and_certificates_are_bounded() {
        let long = Header::parse(&[b'A'; Header::MAX_LEN + 1], X5cEncoding::Strict);
        assert_eq!(long, Err(JwsError::HeaderTooLong { len: Header::MAX_LEN + 1 }));
        let certificates = |count| format!(r#"{{"alg":"ES256","x5c":{:?}}}"#, alloc::vec!["AQI="; count]);
        assert_eq!(parse(&certificates(10)).unwrap().x5c.len(), 10);
        assert_eq!(rejected(&certificates(11)), JwsError::TooManyCertificates { got: 11 });
    }

    #[test]
    fn white_space_in_certificates_is_accepted_if_lenient() {
        let header = base64url::encode(br#"{"alg":"ES256","x5c":["AQI=","A\n Q\tI","-_8"]}"#);
        assert_eq!(
            Header::parse(header.as_bytes(), X5cEncoding::Strict),
            Err(JwsError::CertificateBase64 { index: 1 })
        );
        let lenient = Header::parse(header.as_bytes(), X5cEncoding::Lenient).unwrap();
        assert_eq!(lenient.x5c, [&[1, 2][..], &[1, 2], &[0xfb, 0xff]]);
    }
}
