//! Responses, in the JSON forms that `PublicKeyCredential.toJSON()` returns ([section 5.1]).
//!
//! Unknown members are ignored, and optional members may be `null`. `publicKey`, `publicKeyAlgorithm` and
//! `authenticatorData` of a registration are unsigned copies and never read.
//!
//! [section 5.1]: https://www.w3.org/TR/webauthn-3/#iface-pkcredential

mod error;
mod form;
#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use self::error::{MAX_JSON_LEN, ResponseError};
use self::form::{AssertionForm, AttestationForm, CredentialForm, Decoded, Transport, decode};
use crate::base64url;
use crate::client_data::CollectedClientData;
use crate::extensions::ClientOutputs;
use crate::json::{Object, Text};
use crate::options::AuthenticatorAttachment;

/// `RegistrationResponseJSON`: decoded, and its client data parsed.
#[derive(Clone)]
pub struct RegistrationResponse {
    decoded: Decoded,
    id: Range<usize>,
    attestation_object: Range<usize>,
    client_data: CollectedClientData,
    transports: Vec<Transport>,
    authenticator_attachment: Option<AuthenticatorAttachment>,
    client_extensions: ClientOutputs,
}

/// `AuthenticationResponseJSON`: decoded, and its client data parsed.
#[derive(Clone)]
pub struct AuthenticationResponse {
    decoded: Decoded,
    id: Range<usize>,
    authenticator_data: Range<usize>,
    signature: Range<usize>,
    user_handle: Option<Range<usize>>,
    client_data: CollectedClientData,
    authenticator_attachment: Option<AuthenticatorAttachment>,
    client_extensions: ClientOutputs,
}

impl RegistrationResponse {
    /// Parses a `RegistrationResponseJSON`.
    ///
    /// # Errors
    /// Returns [`ResponseError`] if the input is not JSON of this form, a member is not base64url without padding, or
    /// the client data is malformed.
    pub fn from_json(json: &[u8]) -> Result<Self, ResponseError> {
        Self::from_json_with::<IgnoredAny>(json).map(|(response, _)| response)
    }

    /// Parses a request body whose members are those of `RegistrationResponseJSON` and the application's own. `E`
    /// receives every member that is not part of the response, so that the body is read once.
    ///
    /// # Errors
    /// Returns [`ResponseError`] as [`Self::from_json`] does; an error of `E` is [`ResponseError::Json`].
    ///
    /// # Examples
    /// ```
    /// use rp_core::{RegistrationResponse, ResponseError};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Extra {
    ///     nickname: Option<String>,
    /// }
    /// # let client_data = r#"{"type":"webauthn.create","challenge":"AAAA","origin":"https://example.org"}"#;
    /// # let client_data = rp_core::base64url::encode(client_data.as_bytes());
    /// # let json = format!(
    /// #     r#"{{"nickname":"Blue key","id":"AQ","rawId":"AQ","type":"public-key",
    /// #     "response":{{"clientDataJSON":"{client_data}","attestationObject":"oA"}}}}"#
    /// # );
    /// # let body = json.as_bytes();
    /// let (response, extra) = RegistrationResponse::from_json_with::<Extra>(body)?;
    /// assert_eq!(extra.nickname.as_deref(), Some("Blue key"));
    /// assert_eq!(response.client_data().r#type(), "webauthn.create");
    /// # Ok::<(), ResponseError>(())
    /// ```
    pub fn from_json_with<'de, E: Deserialize<'de>>(json: &'de [u8]) -> Result<(Self, E), ResponseError> {
        let (form, extra) = CredentialForm::<AttestationForm<'de>>::parse(json)?;
        let Object(response) = &form.response;
        let mut decoded = Decoded::with_capacity_for(&[&form.id, &response.attestation_object]);
        let id = form.id(&mut decoded)?;
        let client_data_json = decode(&response.client_data_json, "response.clientDataJSON")?;
        let Object(response) = form.response;
        let response = Self {
            id,
            attestation_object: decoded.push(&response.attestation_object, "response.attestationObject")?,
            decoded,
            client_data: CollectedClientData::parse(client_data_json)?,
            transports: bounded(response.transports.unwrap_or_default()),
            authenticator_attachment: form.authenticator_attachment,
            client_extensions: form
                .client_extension_results
                .map_or_else(ClientOutputs::default, ClientOutputs::parse),
        };
        Ok((response, extra))
    }

    /// The credential ID as the client reports it; any length.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.decoded.get(&self.id)
    }

    /// The client data. A server finds the pending ceremony by its challenge.
    #[must_use]
    pub fn client_data(&self) -> &CollectedClientData {
        &self.client_data
    }

    /// `attestationObject`.
    #[must_use]
    pub fn attestation_object(&self) -> &[u8] {
        self.decoded.get(&self.attestation_object)
    }

    /// `getTransports()`, which is unsigned. Unknown words are kept; words of more than 32 bytes and those after the
    /// twelfth are dropped.
    pub fn transports(&self) -> impl Iterator<Item = &str> {
        self.transports.iter().map(|Transport(word)| &**word)
    }

    /// `authenticatorAttachment`, which is unsigned; `None` also if the word is unknown, or if it is `platform` and the
    /// transports contradict it: some versions of Safari report `platform` for security keys.
    #[must_use]
    pub fn authenticator_attachment(&self) -> Option<AuthenticatorAttachment> {
        let mut transports = self.transports().peekable();
        let is_contradicted =
            transports.peek().is_some() && transports.all(|transport| transport != "internal");
        self.authenticator_attachment
            .filter(|attachment| *attachment != AuthenticatorAttachment::Platform || !is_contradicted)
    }

    pub(crate) fn client_extensions(&self) -> &ClientOutputs {
        &self.client_extensions
    }
}

impl AuthenticationResponse {
    /// Parses an `AuthenticationResponseJSON`. An empty `userHandle` counts as missing.
    ///
    /// # Errors
    /// Returns [`ResponseError`] if the input is not JSON of this form, a member is not base64url without padding, or
    /// the client data is malformed.
    pub fn from_json(json: &[u8]) -> Result<Self, ResponseError> {
        Self::from_json_with::<IgnoredAny>(json).map(|(response, _)| response)
    }

    /// Parses a request body with further members, as [`RegistrationResponse::from_json_with`] does.
    ///
    /// # Errors
    /// Returns [`ResponseError`] as [`Self::from_json`] does; an error of `E` is [`ResponseError::Json`].
    pub fn from_json_with<'de, E: Deserialize<'de>>(json: &'de [u8]) -> Result<(Self, E), ResponseError> {
        let (form, extra) = CredentialForm::<AssertionForm<'de>>::parse(json)?;
        let Object(response) = &form.response;
        let empty = Text(Cow::Borrowed(""));
        let user_handle = response.user_handle.as_ref().unwrap_or(&empty);
        let mut decoded = Decoded::with_capacity_for(&[
            &form.id,
            user_handle,
            &response.authenticator_data,
            &response.signature,
        ]);
        let id = form.id(&mut decoded)?;
        let user_handle = decoded.push(user_handle, "response.userHandle")?;
        let client_data_json = decode(&response.client_data_json, "response.clientDataJSON")?;
        let response = Self {
            id,
            authenticator_data: decoded.push(&response.authenticator_data, "response.authenticatorData")?,
            signature: decoded.push(&response.signature, "response.signature")?,
            decoded,
            client_data: CollectedClientData::parse(client_data_json)?,
            user_handle: Some(user_handle).filter(|handle| !handle.is_empty()),
            authenticator_attachment: form.authenticator_attachment,
            client_extensions: form
                .client_extension_results
                .map_or_else(ClientOutputs::default, ClientOutputs::parse),
        };
        Ok((response, extra))
    }

    /// The credential ID as the client reports it. A server finds the credential record by it.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.decoded.get(&self.id)
    }

    /// The client data. A server finds the pending ceremony by its challenge.
    #[must_use]
    pub fn client_data(&self) -> &CollectedClientData {
        &self.client_data
    }

    /// `authenticatorData`.
    #[must_use]
    pub fn authenticator_data(&self) -> &[u8] {
        self.decoded.get(&self.authenticator_data)
    }

    /// `signature`.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.decoded.get(&self.signature)
    }

    /// `userHandle`; `None` if it is missing or empty.
    #[must_use]
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_ref().map(|handle| self.decoded.get(handle))
    }

    /// `authenticatorAttachment`, which is unsigned; `None` also if the word is unknown.
    #[must_use]
    pub fn authenticator_attachment(&self) -> Option<AuthenticatorAttachment> {
        self.authenticator_attachment
    }

    pub(crate) fn client_extensions(&self) -> &ClientOutputs {
        &self.client_extensions
    }
}

// Client data contains the challenge, and extension outputs can contain secrets of `largeBlob`: neither is printed.
impl fmt::Debug for RegistrationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationResponse")
            .field("id", &base64url::encode(self.id()))
            .field("transports", &self.transports().collect::<Vec<_>>())
            .field("authenticator_attachment", &self.authenticator_attachment)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthenticationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationResponse")
            .field("id", &base64url::encode(self.id()))
            .field("authenticator_attachment", &self.authenticator_attachment)
            .finish_non_exhaustive()
    }
}

fn bounded(mut transports: Vec<Transport>) -> Vec<Transport> {
    transports.retain(|Transport(word)| word.len() <= MAX_TRANSPORT_LEN);
    transports.truncate(MAX_TRANSPORTS);
    transports
}

/// Twice the number of transports that the specification defines. Options repeat them as long as the credential exists.
const MAX_TRANSPORTS: usize = 12;
/// Twice the length of the longest one that the specification defines, in bytes.
const MAX_TRANSPORT_LEN: usize = 32;
