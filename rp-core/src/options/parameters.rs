use serde::{Deserialize, Serialize};

use crate::cose::Algorithm;

/// One algorithm ([section 5.3](https://www.w3.org/TR/webauthn-3/#dictionary-credential-params)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKeyCredentialParameters {
    /// `public-key`.
    pub r#type: PublicKeyCredentialType,
    /// The COSE algorithm number.
    pub alg: i64,
}

impl From<Algorithm> for PublicKeyCredentialParameters {
    fn from(algorithm: Algorithm) -> Self {
        Self { r#type: PublicKeyCredentialType::PublicKey, alg: algorithm.id() }
    }
}

/// The one credential type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKeyCredentialType {
    /// `public-key`.
    #[default]
    PublicKey,
}
