//! A JSON Web Signature in compact form whose key comes in its header ([RFC 7515]): SafetyNet's answer, and the
//! BLOB of FIDO metadata.
//!
//! [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;

use crate::base64url;
use crate::cose::Algorithm;
use crate::crypto::{self, Key, Scheme};

/// A JWS in parts; nothing of it is verified until [`Jws::verify`] says so, and nothing of it is to be believed
/// until the path behind [`Jws::x5c`] is trusted as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws<'a> {
    algorithm: Algorithm,
    x5c: Vec<Vec<u8>>,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a text is no JWS that is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// There are not three parts between dots.
    #[error("{parts} parts, not three")]
    Parts {
        /// How many there are.
        parts: usize,
    },
    /// A part, or a certificate, is not written in its alphabet.
    #[error("{part} is not {alphabet}")]
    Base64 {
        /// The part.
        part: &'static str,
        /// What it should be written in.
        alphabet: &'static str,
    },
    /// The header is not JSON, or lacks `alg` or `x5c`, or has them twice or of another type.
    #[error("the header is not an object with alg and x5c")]
    Header,
    /// The header names extensions that must be understood, and none is.
    #[error("the header has crit")]
    Critical,
    /// The header names no signature algorithm of public keys: `none`, an HMAC, or an unknown one.
    #[error("alg is {alg:?}")]
    Algorithm {
        /// The header's.
        alg: String,
    },
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    x5c: Vec<Cow<'a, str>>,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is there, whatever it is.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// The names of RFC 7518, section 3.1, and RFC 8037. `none` and the HMACs are missing on purpose.
const ALGORITHMS: [(&str, Algorithm); 10] = [
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
];

impl<'a> Jws<'a> {
    /// Takes a compact JWS apart: three parts in base64url without padding, a header with `alg` and the
    /// certificates `x5c` in padded base64. Members that are not known are passed over, save `crit`.
    ///
    /// # Errors
    /// [`JwsError`], in the order of its variants.
    pub fn parse(compact: &'a str) -> Result<Self, JwsError> {
        let parts: Vec<&str> = compact.split('.').take(MAX_PARTS).collect();
        let &[header, payload, signature] = parts.as_slice() else {
            return Err(JwsError::Parts { parts: parts.len() });
        };
        // header.payload, as it was sent
        let signed_len = header.len().saturating_add(1).saturating_add(payload.len());
        let signed = compact.get(..signed_len).unwrap_or_default();
        let decode = |text, part| {
            base64url::decode(text)
                .map_err(|_| JwsError::Base64 { part, alphabet: "base64url without padding" })
        };
        let header = decode(header, "the header")?;
        let payload = decode(payload, "the payload")?;
        let signature = decode(signature, "the signature")?;
        let header: Header<'_> = object(&header).ok_or(JwsError::Header)?;
        let x5c = header.x5c.iter().map(|certificate| Base64::decode_vec(certificate));
        let x5c = x5c.collect::<Result<_, _>>();
        let x5c =
            x5c.map_err(|_| JwsError::Base64 { part: "a certificate of x5c", alphabet: "padded base64" })?;
        if header.crit.0 {
            return Err(JwsError::Critical);
        }
        let known = ALGORITHMS.iter().find(|(name, _)| *name == header.alg);
        let unknown = || JwsError::Algorithm { alg: header.alg.clone().into_owned() };
        let (_, algorithm) = *known.ok_or_else(unknown)?;
        Ok(Self { algorithm, x5c, signed, payload, signature })
    }

    /// The header's `alg`.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's certificates, DER, the signer's first; there may be none.
    #[must_use]
    pub fn x5c(&self) -> &[Vec<u8>] {
        &self.x5c
    }

    /// Verifies the signature by a key, and gives the payload.
    ///
    /// # Errors
    /// [`JwsSignatureError`]: the key is not one of the header's `alg`, or the signature does not verify.
    pub fn verify(&self, key: &Key) -> Result<&[u8], JwsSignatureError> {
        // The algorithm is the key's, and never the header's word alone.
        if !self.algorithm.fits(key) {
            return Err(JwsSignatureError::Algorithm { algorithm: self.algorithm });
        }
        let scheme = Scheme::for_algorithm(self.algorithm);
        let message = self.signed.as_bytes();
        match key.ec_point() {
            // RFC 7518, section 3.4: r and s bare, each as long as the curve's order
            Some((curve, ..)) => {
                let half = curve.coordinate_len();
                let numbers = self.signature.split_at_checked(half).filter(|(_, s)| s.len() == half);
                let der = numbers.and_then(|(r, s)| crypto::ecdsa_der(r, s));
                crypto::verify(key, scheme, message, &der.unwrap_or_default())?;
            }
            None => crypto::verify(key, scheme, message, &self.signature)?,
        }
        Ok(&self.payload)
    }
}

/// Why the signature of a JWS was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsSignatureError {
    /// The header's `alg` is for another kind of key.
    #[error("alg {algorithm} is not an algorithm of the certificate's key")]
    Algorithm {
        /// The header's.
        algorithm: Algorithm,
    },
    /// The signature does not verify.
    #[error(transparent)]
    Signature(#[from] crypto::Error),
}

/// Reads a JSON object; an array, which serde would take for one, is none.
pub(crate) fn object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
    json.trim_ascii_start().starts_with(b"{").then_some(())?;
    serde_json::from_slice(json).ok()
}

/// One more than there may be, so that a text of dots costs nothing.
const MAX_PARTS: usize = 4;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn compact(header: &str) -> String {
        let part = |text: &str| base64url::encode(text.as_bytes());
        format!("{}.{}.{}", part(header), part("{}"), part("signature"))
    }

    fn refused(header: &str) -> JwsError {
        Jws::parse(&compact(header)).unwrap_err()
    }

    #[test]
    fn header_and_payload_are_taken_apart() {
        let text = compact(r#"{"alg":"RS256","kid":1,"x5c":["AQI=","\u0041w=="]}"#);
        let jws = Jws::parse(&text).unwrap();
        assert_eq!(jws.algorithm(), Algorithm::Rs256);
        assert_eq!(jws.x5c(), [&[1, 2][..], &[3]]);
        assert_eq!(Some(jws.signed), text.rsplit_once('.').map(|(signed, _)| signed));
        assert_eq!(jws.payload, b"{}");
    }

    #[test]
    fn none_and_hmac_are_no_algorithms() {
        for alg in ["none", "None", "HS256", "HS512", "RS1", ""] {
            let header = format!(r#"{{"alg":"{alg}","x5c":[]}}"#);
            assert_eq!(refused(&header), JwsError::Algorithm { alg: alg.to_string() });
        }
    }

    #[test]
    fn crit_is_refused_and_members_may_not_come_twice() {
        assert!(Jws::parse(&compact(r#"{"alg":"ES256","x5c":[]}"#)).is_ok());
        assert_eq!(refused(r#"{"alg":"ES256","x5c":[],"crit":["exp"]}"#), JwsError::Critical);
        for header in [
            r#"{"alg":"ES256","alg":"ES256","x5c":[]}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"x5c":[]}"#,
            r#"{"alg":7,"x5c":[]}"#,
            r#"{"alg":"ES256","x5c":"AQI="}"#,
            r#"["ES256",[]]"#,
            "",
        ] {
            assert_eq!(refused(header), JwsError::Header, "{header}");
        }
    }

    #[test]
    fn parts_and_certificates_are_each_in_their_own_alphabet() {
        let text = compact(r#"{"alg":"ES256","x5c":[]}"#);
        assert_eq!(Jws::parse(""), Err(JwsError::Parts { parts: 1 }));
        assert_eq!(Jws::parse(&format!("{text}.")), Err(JwsError::Parts { parts: 4 }));
        let padded = Jws::parse(&format!("{text}=")).unwrap_err();
        assert_eq!(padded.to_string(), "the signature is not base64url without padding");
        let url = refused(r#"{"alg":"ES256","x5c":["AQI"]}"#);
        assert_eq!(url.to_string(), "a certificate of x5c is not padded base64");
    }
}
