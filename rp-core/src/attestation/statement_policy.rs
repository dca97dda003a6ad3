use super::tpm::manufacturer::TpmManufacturer;
use super::verified::Provenance;

/// The decisions that the formats leave to policy, as a verification procedure receives them.
///
/// Set by the methods of [`AttestationPolicy`](super::AttestationPolicy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementPolicy {
    /// The environments in which an `android-key` key may be.
    pub android_keys: AndroidKeyPolicy,
    /// Whether a `tpm` key must have been created in the TPM and must be unable to leave it.
    pub tpm_key_origin_required: bool,
    /// Whether the TPM manufacturer of FIDO's conformance tools is accepted.
    pub conformance_tpm: bool,
}

/// Which of Android's authorization lists counts (8.4).
///
/// The attestation key signs both lists of a key description, but only the hardware writes the second; the
/// operating system writes the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AndroidKeyPolicy {
    /// The union of both lists: a software key is accepted.
    #[default]
    Any,
    /// The hardware list only, and a key in a trusted execution environment or in StrongBox.
    Hardware,
    /// The hardware list only, and a key in StrongBox.
    StrongBox,
}

impl AndroidKeyPolicy {
    /// The weakest environment that the policy accepts.
    #[must_use]
    pub const fn minimum(self) -> Provenance {
        match self {
            Self::Any => Provenance::Software,
            Self::Hardware => Provenance::TrustedEnvironment,
            Self::StrongBox => Provenance::StrongBox,
        }
    }
}

impl StatementPolicy {
    pub(super) fn accepts_tpm_manufacturer(&self, manufacturer: TpmManufacturer) -> bool {
        let is_conformance_tpm = manufacturer == TpmManufacturer::FIDO_CONFORMANCE;
        manufacturer.is_registered() || (self.conformance_tpm && is_conformance_tpm)
    }
}
