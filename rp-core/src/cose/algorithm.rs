//! COSE algorithms, as the IANA registry numbers them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use coset::iana::{self, EnumI64};
use serde::{Deserialize, Serialize};

use crate::crypto::{Backend, Curve, EdwardsCurve, Key, KeyParts, MlDsaSet, Scheme};

/// One line for each algorithm: variant, number, name in the registry, feature, key type and signature scheme.
macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $name:literal, $feature:literal, $key_type:expr, $scheme:ident;)*) => {
        /// A signature algorithm that this crate knows, whether or not this build supports it.
        ///
        /// Serialises as its number in the [IANA registry].
        ///
        /// [IANA registry]: https://www.iana.org/assignments/cose/cose.xhtml#algorithms
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "i64", try_from = "i64")]
        #[non_exhaustive]
        pub enum Algorithm {
            $($(#[$doc])* $variant,)*
        }

        impl Algorithm {
            /// Every algorithm that this crate knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Every algorithm that this build supports.
            pub const SUPPORTED: &'static [Self] = &[$(#[cfg(feature = $feature)] Self::$variant),*];

            /// The number in the IANA registry, as in `pubKeyCredParams` and in `alg`.
            #[must_use]
            pub const fn id(self) -> i64 {
                match self { $(Self::$variant => $id,)* }
            }

            /// The name in the IANA registry.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The type of its keys, with their curve or parameter set ([section 5.8.5]).
            ///
            /// [section 5.8.5]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier
            pub(super) const fn key_type(self) -> KeyType {
                match self { $(Self::$variant => $key_type,)* }
            }
        }

        impl Scheme {
            /// The signature scheme of a credential with this algorithm ([section 6.5.5]).
            ///
            /// [section 6.5.5]: https://www.w3.org/TR/webauthn-3/#sctn-signature-attestation-types
            #[must_use]
            pub const fn for_algorithm(algorithm: Algorithm) -> Self {
                match algorithm { $(Algorithm::$variant => Self::$scheme,)* }
            }
        }
    };
}

algorithms! {
    /// -7: ECDSA with SHA-256, on P-256 in WebAuthn.
    Es256 = -7, "ES256", "es256", KeyType::Ec2(Curve::P256), EcdsaSha256;
    /// -35: ECDSA with SHA-384, on P-384 in WebAuthn.
    Es384 = -35, "ES384", "es384", KeyType::Ec2(Curve::P384), EcdsaSha384;
    /// -36: ECDSA with SHA-512, on P-521 in WebAuthn.
    Es512 = -36, "ES512", "es512", KeyType::Ec2(Curve::P521), EcdsaSha512;
    /// -47: ECDSA with SHA-256 on secp256k1.
    Es256k = -47, "ES256K", "es256k", KeyType::Ec2(Curve::Secp256k1), EcdsaSha256;
    /// -9: ECDSA with SHA-256 on P-256.
    Esp256 = -9, "ESP256", "es256", KeyType::Ec2(Curve::P256), EcdsaSha256;
    /// -51: ECDSA with SHA-384 on P-384.
    Esp384 = -51, "ESP384", "es384", KeyType::Ec2(Curve::P384), EcdsaSha384;
    /// -52: ECDSA with SHA-512 on P-521.
    Esp512 = -52, "ESP512", "es512", KeyType::Ec2(Curve::P521), EcdsaSha512;
    /// -8: EdDSA, with Ed25519 in WebAuthn.
    EdDsa = -8, "EdDSA", "eddsa", KeyType::Okp(EdwardsCurve::Ed25519), Ed25519;
    /// -19: Ed25519.
    Ed25519 = -19, "Ed25519", "eddsa", KeyType::Okp(EdwardsCurve::Ed25519), Ed25519;
    /// -53: Ed448.
    Ed448 = -53, "Ed448", "ed448", KeyType::Okp(EdwardsCurve::Ed448), Ed448;
    /// -257: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = -257, "RS256", "rs256", KeyType::Rsa, RsaPkcs1Sha256;
    /// -258: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = -258, "RS384", "rs384", KeyType::Rsa, RsaPkcs1Sha384;
    /// -259: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = -259, "RS512", "rs512", KeyType::Rsa, RsaPkcs1Sha512;
    /// -37: RSASSA-PSS with SHA-256.
    Ps256 = -37, "PS256", "ps256", KeyType::Rsa, RsaPssSha256;
    /// -38: RSASSA-PSS with SHA-384.
    Ps384 = -38, "PS384", "ps384", KeyType::Rsa, RsaPssSha384;
    /// -39: RSASSA-PSS with SHA-512.
    Ps512 = -39, "PS512", "ps512", KeyType::Rsa, RsaPssSha512;
    /// -65535: RSASSA-PKCS1-v1_5 with SHA-1, for TPM statements; for credentials in the `fido` profile only.
    Rs1 = -65535, "RS1", "rs1", KeyType::Rsa, RsaPkcs1Sha1;
    /// -48: ML-DSA-44.
    MlDsa44 = -48, "ML-DSA-44", "ml-dsa", KeyType::Akp(MlDsaSet::MlDsa44), MlDsa44;
    /// -49: ML-DSA-65.
    MlDsa65 = -49, "ML-DSA-65", "ml-dsa", KeyType::Akp(MlDsaSet::MlDsa65), MlDsa65;
    /// -50: ML-DSA-87.
    MlDsa87 = -50, "ML-DSA-87", "ml-dsa", KeyType::Akp(MlDsaSet::MlDsa87), MlDsa87;
}

/// The COSE key type of an algorithm, with the curve or parameter set that WebAuthn ties to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Ec2(Curve),
    Okp(EdwardsCurve),
    Rsa,
    Akp(MlDsaSet),
}

/// An unknown COSE algorithm identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm {id}")]
pub struct UnknownAlgorithmError {
    /// The identifier.
    pub id: i64,
}

impl Algorithm {
    /// Whether this build supports the algorithm.
    #[must_use]
    pub fn is_supported(self) -> bool {
        Self::SUPPORTED.contains(&self)
    }

    /// The back end that verifies signatures of this algorithm on this processor; `None` if this build does not support
    /// the algorithm.
    ///
    /// An RSA key of an unusual size can have another back end: [`Key::backend`].
    /// [`backends`](super::backends) lists the back ends of all algorithms.
    #[must_use]
    pub fn backend(self) -> Option<Backend> {
        if !self.is_supported() {
            return None;
        }
        let has = |backend: &Backend| match (backend, self.key_type()) {
            (Backend::RustCrypto, _)
            | (_, KeyType::Ec2(Curve::P256 | Curve::P384) | KeyType::Okp(EdwardsCurve::Ed25519)) => true,
            (_, KeyType::Rsa) => self != Self::Rs1,
            (Backend::AwsLcRs, KeyType::Ec2(Curve::P521)) => true,
            (_, KeyType::Ec2(_) | KeyType::Okp(_) | KeyType::Akp(_)) => false,
        };
        Backend::ALL.into_iter().find(|backend| backend.is_available() && has(backend))
    }

    /// Whether the algorithm is used with such keys: each ECDSA and EdDSA algorithm has one curve here
    /// ([section 5.8.5]).
    ///
    /// [section 5.8.5]: https://www.w3.org/TR/webauthn-3/#sctn-alg-identifier
    #[must_use]
    pub fn fits(self, key: &Key) -> bool {
        self.key_type()
            == match key.parts() {
                KeyParts::Ec { curve, .. } => KeyType::Ec2(curve),
                KeyParts::Okp { curve, .. } => KeyType::Okp(curve),
                KeyParts::Rsa { .. } => KeyType::Rsa,
                KeyParts::MlDsa { set, .. } => KeyType::Akp(set),
            }
    }

    /// The algorithm in coset's registry, which has all of them.
    pub(super) fn to_coset(self) -> coset::Algorithm {
        iana::Algorithm::from_i64(self.id())
            .map_or(coset::Algorithm::PrivateUse(self.id()), coset::Algorithm::Assigned)
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
    type Error = UnknownAlgorithmError;

    fn try_from(id: i64) -> Result<Self, UnknownAlgorithmError> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.id() == id).ok_or(UnknownAlgorithmError { id })
    }
}

/// The algorithms of this build by the back end that verifies them on this processor: a line for the log at start-up.
///
/// # Examples
/// ```
/// // With the feature `graviola`: "graviola: ES256, ES384, …; RustCrypto: ES512"
/// println!("signatures: {}", rp_core::cose::backends());
/// ```
#[must_use]
pub fn backends() -> String {
    let mut lists: Vec<(Backend, String)> = Vec::new();
    for algorithm in Algorithm::SUPPORTED {
        let Some(backend) = algorithm.backend() else { continue };
        match lists.iter_mut().find(|(known, _)| *known == backend) {
            Some((_, list)) => list.extend([", ", algorithm.name()]),
            None => lists.push((backend, format!("{backend}: {algorithm}"))),
        }
    }
    let lists: Vec<String> = lists.into_iter().map(|(_, list)| list).collect();
    lists.join("; ")
}

/// The identifier of a curve in COSE_Keys of type EC2.
pub(super) const fn ec2_curve(curve: Curve) -> iana::EllipticCurve {
    match curve {
        Curve::P256 => iana::EllipticCurve::P_256,
        Curve::P384 => iana::EllipticCurve::P_384,
        Curve::P521 => iana::EllipticCurve::P_521,
        Curve::Secp256k1 => iana::EllipticCurve::Secp256k1,
    }
}

/// The identifier of a curve in COSE_Keys of type OKP.
pub(super) const fn okp_curve(curve: EdwardsCurve) -> iana::EllipticCurve {
    match curve {
        EdwardsCurve::Ed25519 => iana::EllipticCurve::Ed25519,
        EdwardsCurve::Ed448 => iana::EllipticCurve::Ed448,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_to_their_algorithms() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::try_from(algorithm.id()), Ok(*algorithm));
            assert_eq!(algorithm.to_coset(), iana::Algorithm::from_i64(algorithm.id()).unwrap().into());
        }
        assert_eq!(Algorithm::try_from(-6), Err(UnknownAlgorithmError { id: -6 }));
    }

    #[test]
    fn every_supported_algorithm_is_in_the_list_of_back_ends_once() {
        let list = backends();
        for algorithm in Algorithm::ALL {
            let count = list.split([':', ',', ';']).filter(|word| word.trim() == algorithm.name()).count();
            assert_eq!(count, usize::from(algorithm.is_supported()), "{algorithm} in {list:?}");
        }
    }

    #[test]
    fn algorithms_serialise_as_numbers() {
        assert_eq!(serde_json::to_string(&Algorithm::Rs256).unwrap(), "-257");
        assert_eq!(serde_json::from_str::<Algorithm>("-8").unwrap(), Algorithm::EdDsa);
        assert!(serde_json::from_str::<Algorithm>("-6").is_err());
    }
}
