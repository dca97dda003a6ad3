use serde::{Deserialize, Serialize};

/// The authentication context class of a passkey (OpenID Connect Extended Authentication Profile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acr {
    /// Phishing-resistant.
    Phr,
    /// Phishing-resistant, with a hardware-protected key that a trusted attestation proves.
    Phrh,
}
