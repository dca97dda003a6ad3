use std::fmt;

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

impl Acr {
    /// The value as responses show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phr => "phr",
            Self::Phrh => "phrh",
        }
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
