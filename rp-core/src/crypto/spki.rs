//! Keys of certificates: SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Tag, Tagged};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::key::Key;
use super::parameters::{Curve, EdwardsCurve, KeyError, MlDsaSet, RsaLimits, RsaPublicKey};

/// Why a SubjectPublicKeyInfo was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpkiError {
    /// The structure, or the key inside, is not DER.
    #[error("not a SubjectPublicKeyInfo in DER: {0}")]
    Der(der::Error),
    /// This crate does not know the algorithm, or the named curve.
    #[error("unknown key algorithm {oid}")]
    Algorithm {
        /// The algorithm's identifier, or the curve's.
        oid: ObjectIdentifier,
    },
    /// The parameters do not fit the algorithm: explicit curve parameters instead of a named curve, or
    /// parameters that should be absent.
    #[error("parameters do not fit {oid}")]
    Parameters {
        /// The algorithm's identifier.
        oid: ObjectIdentifier,
    },
    /// The point is not uncompressed.
    #[error("the point is not uncompressed")]
    PointForm,
    /// The parts are not a valid key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<der::Error> for SpkiError {
    fn from(error: der::Error) -> Self {
        Self::Der(error)
    }
}

impl Key {
    /// Reads the key of a certificate from its SubjectPublicKeyInfo in DER.
    ///
    /// Elliptic curves by name (P-256, P-384, P-521, secp256k1) and points uncompressed, RSA within
    /// [`RsaLimits::DEFAULT`], Ed25519, Ed448 and ML-DSA. An RSA key for PSS only (`id-RSASSA-PSS`) is rejected, because no
    /// attestation in the field has one.
    ///
    /// # Errors
    /// [`SpkiError`] for anything else, and for trailing bytes.
    pub fn from_spki(der: &[u8]) -> Result<Self, SpkiError> {
        let info = SubjectPublicKeyInfoRef::from_der(der)?;
        let key = info
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| der::Error::from(Tag::BitString.value_error()))?;
        let algorithm = &info.algorithm;
        match algorithm.oid {
            EC_PUBLIC_KEY => {
                let curve = named_curve(algorithm)?;
                let Some((4, point)) = key.split_first() else { return Err(SpkiError::PointForm) };
                let (x, y) = point.split_at_checked(curve.coordinate_len()).unwrap_or((point, &[]));
                Ok(Self::ec(curve, x, y)?)
            }
            RSA_ENCRYPTION => {
                // RFC 3279 requires NULL; some certificates have no parameters.
                if algorithm.parameters.is_some_and(|parameters| parameters != AnyRef::NULL) {
                    return Err(SpkiError::Parameters { oid: algorithm.oid });
                }
                let key = RsaPublicKey::from_der(key)?;
                Ok(Self::rsa(key.modulus.as_bytes(), key.exponent.as_bytes(), RsaLimits::DEFAULT)?)
            }
            oid => {
                let kind = match oid {
                    ED25519 => Bare::Okp(EdwardsCurve::Ed25519),
                    ED448 => Bare::Okp(EdwardsCurve::Ed448),
                    ML_DSA_44 => Bare::MlDsa(MlDsaSet::MlDsa44),
                    ML_DSA_65 => Bare::MlDsa(MlDsaSet::MlDsa65),
                    ML_DSA_87 => Bare::MlDsa(MlDsaSet::MlDsa87),
                    _ => return Err(SpkiError::Algorithm { oid }),
                };
                // RFC 8410 and RFC 9881: parameters are absent.
                if algorithm.parameters.is_some() {
                    return Err(SpkiError::Parameters { oid });
                }
                Ok(match kind {
                    Bare::Okp(curve) => Self::okp(curve, key)?,
                    Bare::MlDsa(set) => Self::ml_dsa(set, key)?,
                })
            }
        }
    }
}

/// Keys whose identifier has no parameters and whose bit string is the key.
enum Bare {
    Okp(EdwardsCurve),
    MlDsa(MlDsaSet),
}

/// The curve. It must be named: a described one could be any curve (RFC 5480, section 2.1.1).
fn named_curve(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Curve, SpkiError> {
    let refused = SpkiError::Parameters { oid: algorithm.oid };
    let Some(parameters) = algorithm.parameters else { return Err(refused) };
    if parameters.tag() != Tag::ObjectIdentifier {
        return Err(refused);
    }
    match parameters.decode_as()? {
        P256 => Ok(Curve::P256),
        P384 => Ok(Curve::P384),
        P521 => Ok(Curve::P521),
        SECP256K1 => Ok(Curve::Secp256k1),
        oid => Err(SpkiError::Algorithm { oid }),
    }
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");
