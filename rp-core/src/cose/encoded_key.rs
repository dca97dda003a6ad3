//! A COSE_Key in CBOR, and how it becomes a key.

use core::fmt;

use coset::iana::{self, AkpKeyParameter, Ec2KeyParameter, EnumI64, OkpKeyParameter, RsaKeyParameter};

use super::algorithm::{Algorithm, KeyType, ec2_curve, okp_curve};
use super::public_key::PublicKey;
use crate::cbor::{self, CborError, Value};
use crate::crypto::{Curve, EdwardsCurve, Key, KeyError, MlDsaSet, RsaLimits};
use crate::error::Code;

/// A COSE_Key ([RFC 9052, section 7]), parsed as CBOR once; borrows from its bytes.
///
/// `Debug` prints only the length, because a broken authenticator may send its private key.
///
/// # Examples
/// ```
/// # #[cfg(feature = "eddsa")] {
/// use rp_core::cose::{Algorithm, EncodedKey};
///
/// let mut cose = vec![
///     0xa4, /* map(4) */ 0x01, /* kty */ 0x01, /* OKP */ 0x03, /* alg */ 0x27, /* EdDSA */
///     0x20, /* crv */ 0x06, /* Ed25519 */ 0x21, /* x */ 0x58, 0x20, /* bytes(32) */
/// ];
/// cose.extend(rp_core::base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?);
/// let key = EncodedKey::parse(&cose)?;
/// assert_eq!(key.algorithm()?, Algorithm::EdDsa);
/// assert!(key.public_key()?.okp().is_some());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [RFC 9052, section 7]: https://www.rfc-editor.org/rfc/rfc9052#section-7
#[derive(Clone, PartialEq)]
pub struct EncodedKey<'a> {
    bytes: &'a [u8],
    /// `None` if the item is not a map.
    parameters: Option<Parameters<'a>>,
}

impl<'a> EncodedKey<'a> {
    /// Parses one CBOR item to its last byte. Parameters are checked when the algorithm or the key is requested.
    ///
    /// # Errors
    /// [`CborError`] with the offset of the first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CborError> {
        match Self::parse_prefix(bytes)? {
            key if key.bytes.len() == bytes.len() => Ok(key),
            key => Err(CborError::Trailing { offset: key.bytes.len() }),
        }
    }

    /// Parses the CBOR item at the start of the input.
    pub(crate) fn parse_prefix(input: &'a [u8]) -> Result<Self, CborError> {
        let mut parameters = Parameters::default();
        let (is_map, len) = cbor::parse_map_prefix(input, |label, value| parameters.push(label, value))?;
        Ok(Self { bytes: input.get(..len).unwrap_or(input), parameters: is_map.then_some(parameters) })
    }

    /// The bytes of the COSE_Key, as the authenticator sent them.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The parameter `alg`.
    ///
    /// # Errors
    /// [`PublicKeyError`] if the key is not a map, or `alg` is missing, of another type or unknown.
    pub fn algorithm(&self) -> Result<Algorithm, PublicKeyError> {
        match self.parameters()?.get(ALG, "alg")? {
            Value::Integer(algorithm) => i64::try_from(*algorithm)
                .ok()
                .and_then(|id| Algorithm::try_from(id).ok())
                .ok_or(PublicKeyError::UnknownAlgorithm { algorithm: *algorithm }),
            _ => Err(PublicKeyError::Type { parameter: "alg" }),
        }
    }

    /// The public key, checked.
    ///
    /// Points are uncompressed and on their curve, coordinates as long as the field, RSA keys within
    /// [`RsaLimits::DEFAULT`]. A modulus may begin with zeros, which RFC 8230 forbids and some TPMs write.
    ///
    /// Only the parameters that the key type requires are accepted ([section 6.5.1]: a credential public key contains
    /// `alg` and no other OPTIONAL parameter), so that a private key is never stored.
    ///
    /// # Errors
    /// [`PublicKeyError`], in the order of its variants.
    ///
    /// [section 6.5.1]: https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        self.read(Coordinates::Exact)
    }

    /// The public key, checked as in [`EncodedKey::public_key`], except that the coordinates of an elliptic curve point
    /// may lack leading zeros. Apple's App Attest strips them, against RFC 9053, section 7.1.1.
    ///
    /// # Errors
    /// [`PublicKeyError`], in the order of its variants.
    pub fn public_key_without_leading_zeros(&self) -> Result<PublicKey, PublicKeyError> {
        self.read(Coordinates::Stripped)
    }

    fn read(&self, coordinates: Coordinates) -> Result<PublicKey, PublicKeyError> {
        let algorithm = self.algorithm()?;
        if !algorithm.is_supported() {
            return Err(PublicKeyError::AlgorithmNotSupported { algorithm });
        }
        let parameters = self.parameters()?;
        let key = match algorithm.key_type() {
            KeyType::Ec2(curve) => parameters.ec2(algorithm, curve, coordinates),
            KeyType::Okp(curve) => parameters.okp(algorithm, curve),
            KeyType::Rsa => parameters.rsa(algorithm),
            KeyType::Akp(set) => parameters.akp(algorithm, set),
        }?;
        Ok(PublicKey::new(algorithm, key))
    }

    fn parameters(&self) -> Result<&Parameters<'a>, PublicKeyError> {
        self.parameters.as_ref().ok_or(PublicKeyError::NotAMap)
    }
}

impl fmt::Debug for EncodedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedKey({} bytes)", self.bytes.len())
    }
}

/// Whether coordinates are as long as the field.
#[derive(Clone, Copy)]
enum Coordinates {
    Exact,
    Stripped,
}

const KTY: i64 = iana::KeyParameter::Kty as i64;
const ALG: i64 = iana::KeyParameter::Alg as i64;

/// The parameters of a key.
#[derive(Clone, Debug, Default, PartialEq)]
struct Parameters<'a> {
    /// The values of [`LABELS`].
    values: [Option<Value<'a>>; LABELS.len()],
    /// The first labels, in the order of the map; `None` in place of a label that is not an integer of 64 bits.
    first: [Option<i64>; LABELS.len() + 1],
    /// The number of labels in `first`. A key has at most as many parameters as there are labels, so that one too many
    /// is among them.
    seen: usize,
}

/// The labels that keys of any type have: those of every key, then -1 to -3, whose meaning depends on the type.
const LABELS: [i64; 5] = [KTY, ALG, -1, -2, -3];

impl<'a> Parameters<'a> {
    fn push(&mut self, label: cbor::Key<'a>, value: Value<'a>) {
        let label = match label {
            cbor::Key::Unsigned(label) => i64::try_from(label).ok(),
            cbor::Key::Negative(label) => i64::try_from(label).ok().map(|label| !label),
            _ => None,
        };
        if let Some(first) = self.first.get_mut(self.seen) {
            *first = label;
            self.seen = self.seen.saturating_add(1);
        }
        let at = LABELS.iter().position(|known| Some(*known) == label);
        if let Some(known) = at.and_then(|at| self.values.get_mut(at)) {
            *known = Some(value);
        }
    }

    /// Two coordinates (RFC 9053, section 7.1.1). A compressed point has a boolean for `y`.
    fn ec2(&self, algorithm: Algorithm, curve: Curve, length: Coordinates) -> Result<Key, PublicKeyError> {
        const CRV: i64 = Ec2KeyParameter::Crv as i64;
        const X: i64 = Ec2KeyParameter::X as i64;
        const Y: i64 = Ec2KeyParameter::Y as i64;
        self.expect_kty(algorithm, iana::KeyType::EC2)?;
        self.expect_crv(CRV, algorithm, ec2_curve(curve))?;
        let (x, y) = (self.bytes(X, "x")?, self.bytes(Y, "y")?);
        self.expect_only(&[KTY, ALG, CRV, X, Y], &[Ec2KeyParameter::D as i64])?;
        Ok(match length {
            Coordinates::Exact => Key::ec(curve, x, y)?,
            Coordinates::Stripped => Key::ec_without_leading_zeros(curve, x, y)?,
        })
    }

    /// An Edwards curve point (RFC 9053, section 7.2).
    fn okp(&self, algorithm: Algorithm, curve: EdwardsCurve) -> Result<Key, PublicKeyError> {
        const CRV: i64 = OkpKeyParameter::Crv as i64;
        const X: i64 = OkpKeyParameter::X as i64;
        self.expect_kty(algorithm, iana::KeyType::OKP)?;
        self.expect_crv(CRV, algorithm, okp_curve(curve))?;
        let x = self.bytes(X, "x")?;
        self.expect_only(&[KTY, ALG, CRV, X], &[OkpKeyParameter::D as i64])?;
        Ok(Key::okp(curve, x)?)
    }

    /// Modulus and exponent (RFC 8230, section 4). Labels -3 to -12 are parts of the private key.
    fn rsa(&self, algorithm: Algorithm) -> Result<Key, PublicKeyError> {
        const N: i64 = RsaKeyParameter::N as i64;
        const E: i64 = RsaKeyParameter::E as i64;
        const PRIVATE: [i64; 10] = [-3, -4, -5, -6, -7, -8, -9, -10, -11, -12];
        self.expect_kty(algorithm, iana::KeyType::RSA)?;
        let (n, e) = (self.bytes(N, "n")?, self.bytes(E, "e")?);
        self.expect_only(&[KTY, ALG, N, E], &PRIVATE)?;
        Ok(Key::rsa(n, e, RsaLimits::DEFAULT)?)
    }

    /// An encoded ML-DSA key (RFC 9964, section 3).
    fn akp(&self, algorithm: Algorithm, set: MlDsaSet) -> Result<Key, PublicKeyError> {
        const PUB: i64 = AkpKeyParameter::Pub as i64;
        self.expect_kty(algorithm, iana::KeyType::AKP)?;
        let public = self.bytes(PUB, "pub")?;
        self.expect_only(&[KTY, ALG, PUB], &[AkpKeyParameter::Priv as i64])?;
        Ok(Key::ml_dsa(set, public)?)
    }

    fn expect_kty(&self, algorithm: Algorithm, expected: iana::KeyType) -> Result<(), PublicKeyError> {
        match self.get(KTY, "kty")? {
            Value::Integer(kty) if *kty == expected.to_i64().into() => Ok(()),
            _ => Err(PublicKeyError::KeyType { algorithm }),
        }
    }

    fn expect_crv(
        &self,
        label: i64,
        algorithm: Algorithm,
        expected: iana::EllipticCurve,
    ) -> Result<(), PublicKeyError> {
        match self.get(label, "crv")? {
            Value::Integer(curve) if *curve == expected.to_i64().into() => Ok(()),
            Value::Integer(_) => Err(PublicKeyError::Curve { algorithm }),
            _ => Err(PublicKeyError::Type { parameter: "crv" }),
        }
    }

    /// Rejects every parameter that is not `required`; `private` are the labels of the private key.
    fn expect_only(&self, required: &[i64], private: &[i64]) -> Result<(), PublicKeyError> {
        for label in self.first.iter().take(self.seen) {
            let label = label.ok_or(PublicKeyError::LabelType)?;
            if private.contains(&label) {
                return Err(PublicKeyError::PrivateKey { label });
            }
            if !required.contains(&label) {
                return Err(PublicKeyError::OptionalParameter { label });
            }
        }
        Ok(())
    }

    fn bytes(&self, label: i64, parameter: &'static str) -> Result<&'a [u8], PublicKeyError> {
        self.get(label, parameter)?.as_bytes().ok_or(PublicKeyError::Type { parameter })
    }

    fn get(&self, label: i64, parameter: &'static str) -> Result<&Value<'a>, PublicKeyError> {
        let value = LABELS.iter().zip(&self.values).find(|(known, _)| **known == label);
        value.and_then(|(_, value)| value.as_ref()).ok_or(PublicKeyError::Missing { parameter })
    }
}

impl PublicKey {
    /// Parses a COSE_Key to its last byte, as [`EncodedKey::public_key`] does.
    ///
    /// # Errors
    /// [`PublicKeyError`], in the order of its variants.
    pub fn from_cose(cose: &[u8]) -> Result<Self, PublicKeyError> {
        EncodedKey::parse(cose)?.public_key()
    }
}

/// Why a COSE_Key was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The bytes are not one CBOR item.
    #[error("public key: {0}")]
    Cbor(#[from] CborError),
    /// The item is not a map.
    #[error("public key: not a map")]
    NotAMap,
    /// A parameter is missing. WebAuthn requires `alg` of every credential.
    #[error("public key: {parameter} is missing")]
    Missing {
        /// The name of the parameter.
        parameter: &'static str,
    },
    /// A parameter has another type, as `y` has in a compressed point.
    #[error("public key: {parameter} has the wrong type")]
    Type {
        /// The name of the parameter.
        parameter: &'static str,
    },
    /// This crate does not know `alg`.
    #[error("unknown algorithm {algorithm}")]
    UnknownAlgorithm {
        /// The value of `alg`.
        algorithm: i128,
    },
    /// `alg` is known, but not a feature of this build.
    #[error("{algorithm} is not enabled in this build")]
    AlgorithmNotSupported {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// `kty` does not fit `alg`.
    #[error("public key: kty does not fit {algorithm}")]
    KeyType {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// `crv` does not fit `alg` (section 5.8.5).
    #[error("public key: crv does not fit {algorithm}")]
    Curve {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The key contains a part of its private key.
    #[error("public key: parameter {label} belongs to the private key")]
    PrivateKey {
        /// The label of the parameter.
        label: i64,
    },
    /// The key contains a parameter that its type does not require (section 6.5.1).
    #[error("public key: parameter {label} is not allowed")]
    OptionalParameter {
        /// The label of the parameter.
        label: i64,
    },
    /// The label of a parameter is not an integer of 64 bits, so that the parameter is not a required one.
    #[error("public key: a label is not an integer")]
    LabelType,
    /// The parameters are not a valid key.
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
