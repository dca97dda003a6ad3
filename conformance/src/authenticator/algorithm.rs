//! The COSE algorithms that the authenticator has keys for.

use std::fmt;

/// A signature algorithm of the COSE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA with Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// ECDSA on secp256k1 with SHA-256.
    Es256k,
    /// ES256, fully specified.
    Esp256,
    /// ES384, fully specified.
    Esp384,
    /// ES512, fully specified.
    Esp512,
    /// Ed25519, fully specified.
    Ed25519,
    /// Ed448, fully specified.
    Ed448,
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
    /// RSASSA-PKCS1-v1_5 with SHA-1.
    Rs1,
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl Algorithm {
    /// Every algorithm, in the order of this list.
    pub const ALL: &'static [Self] = &[
        Self::Es256,
        Self::EdDsa,
        Self::Rs256,
        Self::Es384,
        Self::Es512,
        Self::Es256k,
        Self::Esp256,
        Self::Esp384,
        Self::Esp512,
        Self::Ed25519,
        Self::Ed448,
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

    /// Its number in the COSE registry.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Esp256 => -9,
            Self::Ed25519 => -19,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Ps256 => -37,
            Self::Ps384 => -38,
            Self::Ps512 => -39,
            Self::Es256k => -47,
            Self::MlDsa44 => -48,
            Self::MlDsa65 => -49,
            Self::MlDsa87 => -50,
            Self::Esp384 => -51,
            Self::Esp512 => -52,
            Self::Ed448 => -53,
            Self::Rs256 => -257,
            Self::Rs384 => -258,
            Self::Rs512 => -259,
            Self::Rs1 => -65_535,
        }
    }

    /// The algorithm of a COSE number.
    #[must_use]
    pub fn from_cose(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.cose() == number)
    }

    /// Its name as a kebab-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "es256",
            Self::EdDsa => "eddsa",
            Self::Esp256 => "esp256",
            Self::Ed25519 => "ed25519",
            Self::Es384 => "es384",
            Self::Es512 => "es512",
            Self::Ps256 => "ps256",
            Self::Ps384 => "ps384",
            Self::Ps512 => "ps512",
            Self::Es256k => "es256k",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
            Self::Esp384 => "esp384",
            Self::Esp512 => "esp512",
            Self::Ed448 => "ed448",
            Self::Rs256 => "rs256",
            Self::Rs384 => "rs384",
            Self::Rs512 => "rs512",
            Self::Rs1 => "rs1",
        }
    }

    /// Whether its keys are RSA keys.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Rs1 | Self::Ps256 | Self::Ps384 | Self::Ps512
        )
    }

    /// Whether it is ECDSA, whose signatures are DER.
    #[must_use]
    pub const fn is_ecdsa(self) -> bool {
        matches!(
            self,
            Self::Es256
                | Self::Es384
                | Self::Es512
                | Self::Es256k
                | Self::Esp256
                | Self::Esp384
                | Self::Esp512
        )
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_leads_back_to_its_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_cose(algorithm.cose()), Some(*algorithm));
        }
    }
}
