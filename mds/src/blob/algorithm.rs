//! Algorithms of JWS (RFC 7518 section 3.1, RFC 8037): the asymmetric ones alone.

use std::fmt;

use rp_core::crypto::{self, Curve, EdwardsCurve, Key, KeyParts, Scheme};

use super::BlobError;
use crate::base64;

/// How a BLOB is signed. The Alliance has used RS256 in production and ES256 in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// EdDSA, with Ed25519.
    EdDsa,
}

/// The kind of key that an algorithm is for.
#[derive(PartialEq, Eq)]
enum Kind {
    Rsa,
    Ec(Curve),
    Ed25519,
}

impl JwsAlgorithm {
    const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The algorithm of this name; `None` for `none`, HMACs and all others.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its name in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn parts(self) -> (Kind, Scheme) {
        match self {
            Self::Rs256 => (Kind::Rsa, Scheme::RsaPkcs1Sha256),
            Self::Rs384 => (Kind::Rsa, Scheme::RsaPkcs1Sha384),
            Self::Rs512 => (Kind::Rsa, Scheme::RsaPkcs1Sha512),
            Self::Ps256 => (Kind::Rsa, Scheme::RsaPssSha256),
            Self::Ps384 => (Kind::Rsa, Scheme::RsaPssSha384),
            Self::Ps512 => (Kind::Rsa, Scheme::RsaPssSha512),
            Self::Es256 => (Kind::Ec(Curve::P256), Scheme::EcdsaSha256),
            Self::Es384 => (Kind::Ec(Curve::P384), Scheme::EcdsaSha384),
            Self::Es512 => (Kind::Ec(Curve::P521), Scheme::EcdsaSha512),
            Self::EdDsa => (Kind::Ed25519, Scheme::Ed25519),
        }
    }

    /// Verifies a signature in base64url. The key's type decides whether the algorithm may be used with it at all.
    pub(super) fn verify(self, key: &Key, signed: &[u8], signature: &[u8]) -> Result<(), BlobError> {
        let (kind, scheme) = self.parts();
        let of_key = match key.parts() {
            KeyParts::Rsa { .. } => Some(Kind::Rsa),
            KeyParts::Ec { curve, .. } => Some(Kind::Ec(curve)),
            KeyParts::Okp { curve: EdwardsCurve::Ed25519, .. } => Some(Kind::Ed25519),
            _ => None,
        };
        if of_key.as_ref() != Some(&kind) {
            return Err(BlobError::KeyMismatch { alg: self });
        }
        let signature = base64::decode_url(signature).ok_or(BlobError::Base64 { part: "signature" })?;
        let refused = |source| BlobError::Signature { source };
        let signature = match kind {
            // RFC 7518 section 3.4: the two numbers, each as long as the curve's field
            Kind::Ec(curve) => ecdsa_der(&signature, curve.coordinate_len())
                .ok_or_else(|| refused(crypto::Error::Form { scheme }))?,
            Kind::Rsa | Kind::Ed25519 => signature,
        };
        crypto::verify(key, scheme, signed, &signature).map_err(refused)
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `Ecdsa-Sig-Value` of two numbers of a length.
fn ecdsa_der(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(length)?;
    if s.len() != length {
        return None;
    }
    let content = [integer(r)?, integer(s)?].concat();
    der(0x30, &content)
}

/// An INTEGER that is not negative.
fn integer(mut number: &[u8]) -> Option<Vec<u8>> {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    let sign = if number.first().is_none_or(|first| first & 0x80 != 0) { &[0_u8][..] } else { &[] };
    der(0x02, &[sign, number].concat())
}

/// Tag, length and content; two numbers of P-521 take a length of two bytes.
fn der(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(content.len()).ok()?;
    let mut der = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    der.extend(content);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_none_nor_an_hmac_is_an_algorithm() {
        for name in ["none", "None", "HS256", "HS384", "HS512", "rs256", "RSA-OAEP", "ES256K", ""] {
            assert_eq!(JwsAlgorithm::from_name(name), None, "{name:?}");
        }
        assert_eq!(JwsAlgorithm::from_name("RS256"), Some(JwsAlgorithm::Rs256));
    }

    #[test]
    fn two_numbers_become_minimal_der() {
        assert_eq!(
            ecdsa_der(&[0, 0, 1, 0x80, 0, 0], 3).unwrap(),
            [0x30, 9, 0x02, 1, 1, 0x02, 4, 0, 0x80, 0, 0]
        );
        assert_eq!(ecdsa_der(&[0; 4], 2).unwrap(), [0x30, 6, 0x02, 1, 0, 0x02, 1, 0]);
        assert_eq!(ecdsa_der(&[1; 132], 66).unwrap()[..3], [0x30, 0x81, 136]);
        assert_eq!(ecdsa_der(&[1; 63], 32), None);
        assert_eq!(ecdsa_der(&[1; 65], 32), None);
    }
}
