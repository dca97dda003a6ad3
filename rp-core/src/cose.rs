//! COSE: algorithms, and the public keys of credentials.
//!
//! A [`PublicKey`] is the key and its algorithm, and both fit: [section 5.8.5] ties each algorithm to one kind of
//! key and, for ECDSA and EdDSA, to one curve.
//!
//! [section 5.8.5]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier

mod akp;
mod algorithm;
mod ec2;
mod okp;
mod rsa;
#[cfg(test)]
mod tests;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use algorithm::{Algorithm, UnknownAlgorithm};
use coset::cbor::value::Value as CosetValue;
use coset::iana::{self, EnumI64};
use coset::{CborSerializable, CoseKey, KeyType, Label};

use crate::cbor::{self, CborError, Value};
use crate::crypto::{self, Curve, EdwardsCurve, Key, KeyError, KeyParts, MlDsaSet, Scheme};
use crate::error::Code;

/// A credential's public key with its algorithm, parsed and checked.
///
/// # Examples
/// ```
/// # #[cfg(feature = "eddsa")] {
/// use rp_core::cose::{Algorithm, PublicKey};
///
/// let mut cose = vec![
///     0xa4, /* map(4) */ 0x01, /* kty */ 0x01, /* OKP */ 0x03, /* alg */ 0x27, /* EdDSA */
///     0x20, /* crv */ 0x06, /* Ed25519 */ 0x21, /* x */ 0x58, 0x20, /* bytes(32) */
/// ];
/// cose.extend(rp_core::base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?);
/// let key = PublicKey::from_cose(&cose)?;
/// assert_eq!(key.algorithm(), Algorithm::EdDsa);
/// assert_eq!(key.to_cose(), cose);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    key: Key,
}

impl PublicKey {
    /// Reads a COSE_Key ([RFC 9052, section 7]) to its last byte.
    ///
    /// Points are uncompressed and on their curve, coordinates as long as the field, RSA keys within
    /// [`crypto::RsaLimits::DEFAULT`]. A modulus may begin with zeros, as some TPMs write it (RFC 8230 asks for
    /// none). Parameters that are not the public key's are ignored.
    ///
    /// # Errors
    /// [`PublicKeyError`], in the order of its variants.
    ///
    /// [RFC 9052, section 7]: https://www.rfc-editor.org/rfc/rfc9052#section-7
    pub fn from_cose(cose: &[u8]) -> Result<Self, PublicKeyError> {
        // coset would read past duplicates of other labels than integers, indefinite lengths and tags.
        let algorithm = Self::algorithm_of(cose)?;
        if !algorithm.is_supported() {
            return Err(PublicKeyError::AlgorithmNotSupported { algorithm });
        }
        let mut cose = CoseKey::from_slice(cose)
            .map_err(|error| PublicKeyError::Structure { detail: error.to_string() })?;
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Esp256 => ec2::key(&mut cose, algorithm, Curve::P256),
            Algorithm::Es384 | Algorithm::Esp384 => ec2::key(&mut cose, algorithm, Curve::P384),
            Algorithm::Es512 | Algorithm::Esp512 => ec2::key(&mut cose, algorithm, Curve::P521),
            Algorithm::Es256k => ec2::key(&mut cose, algorithm, Curve::Secp256k1),
            Algorithm::EdDsa | Algorithm::Ed25519 => okp::key(&mut cose, algorithm, EdwardsCurve::Ed25519),
            Algorithm::Ed448 => okp::key(&mut cose, algorithm, EdwardsCurve::Ed448),
            Algorithm::Rs1
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => rsa::key(&mut cose, algorithm),
            Algorithm::MlDsa44 => akp::key(&mut cose, algorithm, MlDsaSet::MlDsa44),
            Algorithm::MlDsa65 => akp::key(&mut cose, algorithm, MlDsaSet::MlDsa65),
            Algorithm::MlDsa87 => akp::key(&mut cose, algorithm, MlDsaSet::MlDsa87),
        }?;
        Ok(Self { algorithm, key })
    }

    /// The algorithm of a COSE_Key, its other parameters not looked at beyond being well-formed CBOR.
    ///
    /// # Errors
    /// [`PublicKeyError`]: no CBOR map, no `alg`, or one that is not known.
    pub fn algorithm_of(cose: &[u8]) -> Result<Algorithm, PublicKeyError> {
        let value = cbor::parse(cose)?;
        let map = value.as_map().ok_or(PublicKeyError::NotAMap)?;
        match map.get_int(iana::KeyParameter::Alg.to_i64()) {
            None => Err(PublicKeyError::Missing { parameter: "alg" }),
            Some(Value::Integer(algorithm)) => i64::try_from(*algorithm)
                .ok()
                .and_then(|id| Algorithm::try_from(id).ok())
                .ok_or(PublicKeyError::UnknownAlgorithm { algorithm: *algorithm }),
            Some(_) => Err(PublicKeyError::Type { parameter: "alg" }),
        }
    }

    /// Writes the COSE_Key in CTAP2's canonical form, without parameters that nobody needs.
    #[must_use]
    pub fn to_cose(&self) -> Vec<u8> {
        let mut cose = CoseKey { alg: Some(self.algorithm.to_coset()), ..CoseKey::default() };
        match self.key.parts() {
            KeyParts::Ec { curve, sec1 } => ec2::write(&mut cose, curve, sec1),
            KeyParts::Okp { curve, x } => okp::write(&mut cose, curve, x),
            KeyParts::Rsa { n, e } => rsa::write(&mut cose, n, e),
            KeyParts::MlDsa { public, .. } => akp::write(&mut cose, public),
        }
        // Labels are distinct and a vector takes every byte, so there is nothing to fail.
        cose.to_vec().unwrap_or_default()
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key, to be compared with a certificate's.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Curve, x and y of an elliptic curve key.
    #[must_use]
    pub fn ec_point(&self) -> Option<(Curve, &[u8], &[u8])> {
        self.key.ec_point()
    }

    /// The point of an elliptic curve key, uncompressed: `04 || x || y`.
    #[must_use]
    pub fn sec1_uncompressed(&self) -> Option<&[u8]> {
        self.key.sec1_uncompressed()
    }

    /// Modulus and exponent of an RSA key, big-endian, without leading zeros.
    #[must_use]
    pub fn rsa(&self) -> Option<(&[u8], &[u8])> {
        self.key.rsa_parts()
    }

    /// Curve and encoded point of an Edwards curve key.
    #[must_use]
    pub fn okp(&self) -> Option<(EdwardsCurve, &[u8])> {
        self.key.okp_point()
    }

    /// Verifies a signature in the form that WebAuthn gives it ([section 6.5.5]).
    ///
    /// # Errors
    /// [`crypto::Error`] where the signature has another form, or does not verify.
    ///
    /// [section 6.5.5]: https://www.w3.org/TR/webauthn-3/#sctn-signature-attestation-types
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), crypto::Error> {
        crypto::verify(&self.key, Scheme::for_algorithm(self.algorithm), message, signature)
    }
}

/// Why a COSE_Key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The bytes are not one CBOR item.
    #[error("public key: {0}")]
    Cbor(#[from] CborError),
    /// The item is not a map.
    #[error("a public key is a map")]
    NotAMap,
    /// A parameter is not there; `alg` has to be, as WebAuthn requires it of every credential.
    #[error("{parameter} is missing")]
    Missing {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// A parameter has another type; so is `y` where the point is compressed.
    #[error("{parameter} has another type")]
    Type {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// `alg` is none that this crate knows.
    #[error("unknown algorithm {algorithm}")]
    UnknownAlgorithm {
        /// The number.
        algorithm: i128,
    },
    /// `alg` is known, and this build lacks it.
    #[error("this build lacks {algorithm}")]
    AlgorithmNotSupported {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// A common parameter is not as RFC 9052 describes it.
    #[error("not a COSE key: {detail}")]
    Structure {
        /// What coset says.
        detail: String,
    },
    /// `kty` is not the algorithm's.
    #[error("{algorithm} with a kty that is not its own")]
    KeyType {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// `crv` is not the algorithm's (5.8.5).
    #[error("{algorithm} with a crv that is not its own")]
    Curve {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The parts make no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl PublicKeyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownAlgorithm { .. } | Self::AlgorithmNotSupported { .. } => Code::AlgorithmNotAllowed,
            _ => Code::MalformedPublicKey,
        }
    }
}

/// `kty` has to be the algorithm's.
fn expect_type(cose: &CoseKey, algorithm: Algorithm, expected: iana::KeyType) -> Result<(), PublicKeyError> {
    if cose.kty == KeyType::Assigned(expected) { Ok(()) } else { Err(PublicKeyError::KeyType { algorithm }) }
}

/// `crv` has to be the algorithm's.
fn expect_curve(
    cose: &mut CoseKey,
    label: i64,
    algorithm: Algorithm,
    expected: iana::EllipticCurve,
) -> Result<(), PublicKeyError> {
    match take(cose, label, "crv")? {
        CosetValue::Integer(curve) if curve == expected.to_i64().into() => Ok(()),
        CosetValue::Integer(_) => Err(PublicKeyError::Curve { algorithm }),
        _ => Err(PublicKeyError::Type { parameter: "crv" }),
    }
}

/// Takes a parameter that is a byte string.
fn take_bytes(cose: &mut CoseKey, label: i64, parameter: &'static str) -> Result<Vec<u8>, PublicKeyError> {
    match take(cose, label, parameter)? {
        CosetValue::Bytes(bytes) => Ok(bytes),
        _ => Err(PublicKeyError::Type { parameter }),
    }
}

fn take(cose: &mut CoseKey, label: i64, parameter: &'static str) -> Result<CosetValue, PublicKeyError> {
    let found = cose.params.iter_mut().find(|(found, _)| *found == Label::Int(label));
    let (_, value) = found.ok_or(PublicKeyError::Missing { parameter })?;
    Ok(core::mem::replace(value, CosetValue::Null))
}

/// A parameter to be written.
fn bytes(label: i64, value: &[u8]) -> (Label, CosetValue) {
    (Label::Int(label), CosetValue::Bytes(value.into()))
}
