//! The attestation statement formats that the authenticator makes.

use std::fmt;

use super::algorithm::Algorithm;

/// A kind of attestation statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// No attestation.
    #[default]
    None,
    /// `packed`, signed by the credential key itself.
    PackedSelf,
    /// `packed` with certificates.
    Packed,
    /// FIDO U2F.
    FidoU2f,
    /// TPM attestation.
    Tpm,
    /// Android's key attestation.
    AndroidKey,
    /// Android's SafetyNet, deprecated.
    AndroidSafetyNet,
    /// Apple's anonymous attestation.
    Apple,
    /// `packed` with certificates and `packed` without, together.
    Compound,
}

impl Format {
    /// Every format, in the order of this list.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::PackedSelf,
        Self::Packed,
        Self::FidoU2f,
        Self::Tpm,
        Self::AndroidKey,
        Self::AndroidSafetyNet,
        Self::Apple,
        Self::Compound,
    ];

    /// The `fmt` of the attestation object.
    #[must_use]
    pub const fn fmt(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PackedSelf | Self::Packed => "packed",
            Self::FidoU2f => "fido-u2f",
            Self::Tpm => "tpm",
            Self::AndroidKey => "android-key",
            Self::AndroidSafetyNet => "android-safetynet",
            Self::Apple => "apple",
            Self::Compound => "compound",
        }
    }

    /// A unique name: [`Format::fmt`], except for `packed-self`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PackedSelf => "packed-self",
            other => other.fmt(),
        }
    }

    /// Whether there are statements of this format over credentials of this algorithm.
    #[must_use]
    pub const fn fits(self, algorithm: Algorithm) -> bool {
        match self {
            Self::FidoU2f | Self::Apple => matches!(algorithm, Algorithm::Es256),
            Self::Tpm => {
                algorithm.is_rsa() || (algorithm.is_ecdsa() && !matches!(algorithm, Algorithm::Es256k))
            }
            Self::AndroidKey => matches!(algorithm, Algorithm::Es256 | Algorithm::Es384 | Algorithm::Rs256),
            _ => true,
        }
    }

    /// Whether its statements contain certificates.
    #[must_use]
    pub const fn has_certificates(self) -> bool {
        !matches!(self, Self::None | Self::PackedSelf)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
