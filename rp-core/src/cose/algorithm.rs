//! COSE algorithms, as the IANA registry numbers them.

use core::fmt;

use coset::iana::EnumI64;
use serde::{Deserialize, Serialize};

use crate::crypto::{Curve, EdwardsCurve, Key, KeyParts, MlDsaSet, Scheme};

/// A signature algorithm that this crate knows, whether this build has it or not.
///
/// Serialises as its number in the [IANA registry].
///
/// [IANA registry]: https://www.iana.org/assignments/cose/cose.xhtml#algorithms
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
#[non_exhaustive]
pub enum Algorithm {
    /// -7: ECDSA with SHA-256, on P-256 in WebAuthn.
    Es256,
    /// -35: ECDSA with SHA-384, on P-384 in WebAuthn.
    Es384,
    /// -36: ECDSA with SHA-512, on P-521 in WebAuthn.
    Es512,
    /// -47: ECDSA with SHA-256 on secp256k1.
    Es256k,
    /// -9: ECDSA with SHA-256 on P-256.
    Esp256,
    /// -51: ECDSA with SHA-384 on P-384.
    Esp384,
    /// -52: ECDSA with SHA-512 on P-521.
    Esp512,
    /// -8: EdDSA, with Ed25519 in WebAuthn.
    EdDsa,
    /// -19: Ed25519.
    Ed25519,
    /// -53: Ed448.
    Ed448,
    /// -257: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// -258: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// -259: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// -37: RSASSA-PSS with SHA-256.
    Ps256,
    /// -38: RSASSA-PSS with SHA-384.
    Ps384,
    /// -39: RSASSA-PSS with SHA-512.
    Ps512,
    /// -65535: RSASSA-PKCS1-v1_5 with SHA-1, for TPM statements; for credentials in the `fido` profile alone.
    Rs1,
    /// -48: ML-DSA-44.
    MlDsa44,
    /// -49: ML-DSA-65.
    MlDsa65,
    /// -50: ML-DSA-87.
    MlDsa87,
}

/// A number that is none of an [`Algorithm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm {id}")]
pub struct UnknownAlgorithm {
    /// The number.
    pub id: i64,
}

impl Algorithm {
    /// Every algorithm that this crate knows.
    pub const ALL: &'static [Self] = &[
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Es256k,
        Self::Esp256,
        Self::Esp384,
        Self::Esp512,
        Self::EdDsa,
        Self::Ed25519,
        Self::Ed448,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs1,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// Every algorithm that this build has.
    pub const SUPPORTED: &'static [Self] = &[
        #[cfg(feature = "es256")]
        Self::Es256,
        #[cfg(feature = "es384")]
        Self::Es384,
        #[cfg(feature = "es512")]
        Self::Es512,
        #[cfg(feature = "es256k")]
        Self::Es256k,
        #[cfg(feature = "es256")]
        Self::Esp256,
        #[cfg(feature = "es384")]
        Self::Esp384,
        #[cfg(feature = "es512")]
        Self::Esp512,
        #[cfg(feature = "eddsa")]
        Self::EdDsa,
        #[cfg(feature = "eddsa")]
        Self::Ed25519,
        #[cfg(feature = "ed448")]
        Self::Ed448,
        #[cfg(feature = "rs256")]
        Self::Rs256,
        #[cfg(feature = "rs384")]
        Self::Rs384,
        #[cfg(feature = "rs512")]
        Self::Rs512,
        #[cfg(feature = "ps256")]
        Self::Ps256,
        #[cfg(feature = "ps384")]
        Self::Ps384,
        #[cfg(feature = "ps512")]
        Self::Ps512,
        #[cfg(feature = "rs1")]
        Self::Rs1,
        #[cfg(feature = "ml-dsa")]
        Self::MlDsa44,
        #[cfg(feature = "ml-dsa")]
        Self::MlDsa65,
        #[cfg(feature = "ml-dsa")]
        Self::MlDsa87,
    ];

    /// The number in the IANA registry, as in `pubKeyCredParams` and in `alg`.
    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Es256k => -47,
            Self::Esp256 => -9,
            Self::Esp384 => -51,
            Self::Esp512 => -52,
            Self::EdDsa => -8,
            Self::Ed25519 => -19,
            Self::Ed448 => -53,
            Self::Rs256 => -257,
            Self::Rs384 => -258,
            Self::Rs512 => -259,
            Self::Ps256 => -37,
            Self::Ps384 => -38,
            Self::Ps512 => -39,
            Self::Rs1 => -65535,
            Self::MlDsa44 => -48,
            Self::MlDsa65 => -49,
            Self::MlDsa87 => -50,
        }
    }

    /// Whether this build has it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        Self::SUPPORTED.contains(&self)
    }

    /// The name in the IANA registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Es256k => "ES256K",
            Self::Esp256 => "ESP256",
            Self::Esp384 => "ESP384",
            Self::Esp512 => "ESP512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs1 => "RS1",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// The number in coset's terms; its registry has all of ours.
    pub(super) fn to_coset(self) -> coset::Algorithm {
        coset::iana::Algorithm::from_i64(self.id())
            .map_or(coset::Algorithm::PrivateUse(self.id()), coset::Algorithm::Assigned)
    }
}

impl Algorithm {
    /// Whether a key is one of this algorithm's: each ECDSA and EdDSA algorithm has one curve here
    /// ([section 5.8.5]).
    ///
    /// [section 5.8.5]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier
    #[must_use]
    pub fn fits(self, key: &Key) -> bool {
        let parts = key.parts();
        match self {
            Self::Es256 | Self::Esp256 => matches!(parts, KeyParts::Ec { curve: Curve::P256, .. }),
            Self::Es384 | Self::Esp384 => matches!(parts, KeyParts::Ec { curve: Curve::P384, .. }),
            Self::Es512 | Self::Esp512 => matches!(parts, KeyParts::Ec { curve: Curve::P521, .. }),
            Self::Es256k => matches!(parts, KeyParts::Ec { curve: Curve::Secp256k1, .. }),
            Self::EdDsa | Self::Ed25519 => {
                matches!(parts, KeyParts::Okp { curve: EdwardsCurve::Ed25519, .. })
            }
            Self::Ed448 => matches!(parts, KeyParts::Okp { curve: EdwardsCurve::Ed448, .. }),
            Self::Rs1 | Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                matches!(parts, KeyParts::Rsa { .. })
            }
            Self::MlDsa44 => matches!(parts, KeyParts::MlDsa { set: MlDsaSet::MlDsa44, .. }),
            Self::MlDsa65 => matches!(parts, KeyParts::MlDsa { set: MlDsaSet::MlDsa65, .. }),
            Self::MlDsa87 => matches!(parts, KeyParts::MlDsa { set: MlDsaSet::MlDsa87, .. }),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Algorithm> for i64 {
    fn from(algorithm: Algorithm) -> Self {
        algorithm.id()
    }
}

impl TryFrom<i64> for Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(id: i64) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.id() == id).ok_or(UnknownAlgorithm { id })
    }
}

impl Scheme {
    /// How a credential of this algorithm signs ([section 6.5.5]).
    ///
    /// [section 6.5.5]: https://www.w3.org/TR/webauthn-3/#sctn-signature-attestation-types
    #[must_use]
    pub const fn for_algorithm(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 | Algorithm::Es256k | Algorithm::Esp256 => Self::EcdsaSha256,
            Algorithm::Es384 | Algorithm::Esp384 => Self::EcdsaSha384,
            Algorithm::Es512 | Algorithm::Esp512 => Self::EcdsaSha512,
            Algorithm::EdDsa | Algorithm::Ed25519 => Self::Ed25519,
            Algorithm::Ed448 => Self::Ed448,
            Algorithm::Rs256 => Self::RsaPkcs1Sha256,
            Algorithm::Rs384 => Self::RsaPkcs1Sha384,
            Algorithm::Rs512 => Self::RsaPkcs1Sha512,
            Algorithm::Ps256 => Self::RsaPssSha256,
            Algorithm::Ps384 => Self::RsaPssSha384,
            Algorithm::Ps512 => Self::RsaPssSha512,
            Algorithm::Rs1 => Self::RsaPkcs1Sha1,
            Algorithm::MlDsa44 => Self::MlDsa44,
            Algorithm::MlDsa65 => Self::MlDsa65,
            Algorithm::MlDsa87 => Self::MlDsa87,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_to_their_algorithms() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::try_from(algorithm.id()), Ok(*algorithm));
            assert_eq!(
                algorithm.to_coset(),
                coset::iana::Algorithm::from_i64(algorithm.id()).unwrap().into()
            );
        }
        assert_eq!(Algorithm::try_from(-6), Err(UnknownAlgorithm { id: -6 }));
    }

    #[test]
    fn algorithms_serialise_as_numbers() {
        assert_eq!(serde_json::to_string(&Algorithm::Rs256).unwrap(), "-257");
        assert_eq!(serde_json::from_str::<Algorithm>("-8").unwrap(), Algorithm::EdDsa);
        assert!(serde_json::from_str::<Algorithm>("-6").is_err());
    }
}
