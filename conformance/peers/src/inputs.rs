//! The inputs: responses as browsers send them, and what they are verified against.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// All inputs, in the file that every contestant reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inputs {
    /// The RP ID.
    pub rp_id: String,
    /// The origin of the page.
    pub origin: String,
    /// The user handle of the account: 16 bytes, which every library accepts.
    pub user_handle: Bytes,
    /// The root certificate of the `packed` statement, DER.
    pub anchor: Bytes,
    /// The AAGUID in the responses.
    pub aaguid: Bytes,
    /// The ceremonies.
    pub ceremonies: Vec<Input>,
}

/// One ceremony.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Its name, one word.
    pub name: String,
    /// Whether its attestation must be trusted.
    pub attested: bool,
    /// The registration: what is measured, or what the credential of the authentication comes from.
    pub registration: Response,
    /// The authentication, if that is measured.
    pub authentication: Option<Response>,
    /// Responses with one fault, which a library that verifies rejects.
    pub wrong: Vec<Wrong>,
}

/// A response and its challenge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// The challenge: 16 bytes, the only length that every library accepts.
    pub challenge: Bytes,
    /// `RegistrationResponseJSON` or `AuthenticationResponseJSON`.
    pub json: String,
}

/// A response with one fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wrong {
    /// The fault.
    pub fault: String,
    /// The response to the same challenge.
    pub json: String,
}

/// Bytes, as base64url in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes as base64url without padding.
    #[must_use]
    pub fn base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base64url())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(de::Error::custom)
    }
}
