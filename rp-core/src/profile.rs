//! The rules of WebAuthn, or those of FIDO in addition.

use serde::{Deserialize, Serialize};

/// Which rules apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The rules of WebAuthn Level 3.
    #[default]
    Webauthn,
    /// In addition, the rules of FIDO's server requirements: a well-formed `tokenBinding`, a U2F AAGUID of zeros, a TPM
    /// manufacturer of TCG's registry, a SafetyNet timestamp of the last minute, no certificate after the anchor in
    /// `x5c`. RS1 credentials can be offered.
    Fido,
}
