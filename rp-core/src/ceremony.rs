//! The checks of client data that both ceremonies have in common.

use subtle::{Choice, ConstantTimeEq};

use crate::base64url;
use crate::bytes::Challenge;
use crate::client_data::CollectedClientData;
use crate::error::Code;
use crate::extensions::ExtensionError;
use crate::json::{clip, parse_object};
use crate::origin::OriginError;
use crate::profile::Profile;
use crate::relying_party::RelyingParty;

pub(crate) const CREATE: &str = "webauthn.create";
pub(crate) const GET: &str = "webauthn.get";

/// Why client data was rejected. Both ceremonies have the same steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientDataMismatchError {
    /// `type` is that of another ceremony (7.1, step 7; 7.2, step 10).
    #[error("type is {got:?}, not {expected:?}")]
    Type {
        /// The type in client data.
        got: alloc::string::String,
        /// The type of the ceremony.
        expected: &'static str,
    },
    /// The challenge is not the one that was sent (7.1, step 8; 7.2, step 11).
    #[error("challenge is not the one that was sent")]
    Challenge,
    /// The origin is not accepted (7.1, steps 9 to 11; 7.2, steps 12 to 14).
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// `tokenBinding` is not well-formed (`fido` profile).
    #[error("tokenBinding is not an object with a known status")]
    TokenBinding,
    /// `tokenBinding` reports a bound token, although none was negotiated (`fido` profile).
    #[error("token binding is present and not supported")]
    TokenBindingPresent,
}

impl ClientDataMismatchError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Type { .. } => Code::TypeMismatch,
            Self::Challenge => Code::ChallengeMismatch,
            Self::Origin(error) => error.code(),
            Self::TokenBinding => Code::MalformedClientData,
            Self::TokenBindingPresent => Code::TokenBindingUnsupported,
        }
    }

    /// The step of the registration ceremony (7.1); three more in the authentication ceremony (7.2).
    pub(crate) fn registration_step(&self) -> u8 {
        match self {
            Self::Type { .. } => 7,
            Self::Challenge => 8,
            Self::Origin(OriginError::Mismatch { .. }) => 9,
            Self::Origin(OriginError::CrossOrigin) => 10,
            Self::Origin(OriginError::TopOrigin { .. }) | Self::TokenBinding | Self::TokenBindingPresent => {
                11
            }
        }
    }
}

/// 7.1, steps 7 to 11; 7.2, steps 10 to 14.
pub(crate) fn check_client_data(
    rp: &RelyingParty,
    client_data: &CollectedClientData,
    r#type: &'static str,
    challenge: &Challenge,
) -> Result<(), ClientDataMismatchError> {
    check_type_and_challenge(client_data, r#type, challenge)?;
    // 9. to 11. origin, crossOrigin, topOrigin
    rp.origins.check(client_data)?;
    // Level 3 reserves tokenBinding; FIDO's server requirements still check its form
    if rp.profile == Profile::Fido {
        check_token_binding(client_data)?;
    }
    Ok(())
}

/// 7.1, steps 7 and 8; 7.2, steps 10 and 11.
pub(crate) fn check_type_and_challenge(
    client_data: &CollectedClientData,
    expected: &'static str,
    challenge: &Challenge,
) -> Result<(), ClientDataMismatchError> {
    // 7. type is the ceremony's
    if client_data.r#type() != expected {
        return Err(ClientDataMismatchError::Type { got: clip(client_data.r#type()), expected });
    }
    // 8. challenge equals the base64url encoding of the challenge that was sent
    if !is_encoding_of(client_data.challenge(), challenge.as_bytes()) {
        return Err(ClientDataMismatchError::Challenge);
    }
    Ok(())
}

/// Whether `text` is the base64url encoding of `bytes`. The bytes are compared in constant time.
fn is_encoding_of(text: &str, bytes: &[u8]) -> bool {
    // Groups of 3 bytes are 4 characters
    const CHUNK: usize = 48;
    let mut buffer = [0; CHUNK];
    if text.len() % 4 == 1 || base64url::decoded_len(text.len()) != bytes.len() {
        return false;
    }
    let mut is_equal = Choice::from(1);
    for (text, bytes) in text.as_bytes().chunks(CHUNK / 3 * 4).zip(bytes.chunks(CHUNK)) {
        let decoded = buffer.get_mut(..bytes.len()).unwrap_or_default();
        let is_encoding = base64url::decode_slice(text, decoded).is_ok();
        let difference = decoded.iter().zip(bytes).fold(0, |seen, (one, other)| seen | (one ^ other));
        is_equal &= Choice::from(u8::from(is_encoding)) & difference.ct_eq(&0);
    }
    is_equal.into()
}

/// 10.1.6: a client that received `remoteClientDataJSON` signs exactly that.
pub(crate) fn check_remote_client_data(
    requested: Option<&str>,
    client_data_json: &[u8],
) -> Result<(), ExtensionError> {
    if requested.is_some_and(|requested| requested.as_bytes() != client_data_json) {
        return Err(ExtensionError::RemoteClientData);
    }
    Ok(())
}

fn check_token_binding(client_data: &CollectedClientData) -> Result<(), ClientDataMismatchError> {
    #[derive(serde::Deserialize)]
    struct TokenBinding<'a> {
        #[serde(borrow)]
        status: &'a str,
    }
    let Some(json) = client_data.token_binding() else { return Ok(()) };
    // A status that contains escapes does not borrow; clients do not write it so
    let TokenBinding { status } =
        parse_object(json.as_bytes()).map_err(|_| ClientDataMismatchError::TokenBinding)?;
    match status {
        "supported" | "not-supported" => Ok(()),
        "present" => Err(ClientDataMismatchError::TokenBindingPresent),
        _ => Err(ClientDataMismatchError::TokenBinding),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_challenge_of_any_length_equals_its_encoding_only() {
        for length in [0_u8, 1, 2, 3, 16, 32, 47, 48, 49, 96, 97, 200] {
            let bytes: Vec<u8> = (0..length).collect();
            let text = base64url::encode(&bytes);
            assert!(is_encoding_of(&text, &bytes), "{length}");
            assert!(!is_encoding_of(&(text.clone() + "A"), &bytes), "{length}");
            let mut other = bytes.clone();
            if let Some(last) = other.last_mut() {
                *last ^= 1;
                assert!(!is_encoding_of(&text, &other), "{length}");
                assert!(!is_encoding_of(text.get(1..).unwrap_or_default(), &bytes), "{length}");
            }
        }
    }
}
