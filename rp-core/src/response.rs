//! Responses, in the JSON forms that `PublicKeyCredential.toJSON()` returns ([section 5.1]).
//!
//! Unknown members are ignored, and optional members may be `null`. `publicKey`, `publicKeyAlgorithm` and
//! `authenticatorData` of a registration are unsigned copies and never read.
//!
//! [section 5.1]: https://www.w3.org/TR/webauthn-3/#iface-pkcredential

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer, MapAccessDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::base64url;
use crate::client_data::{ClientDataError, CollectedClientData};
use crate::error::Code;
use crate::extensions::ClientOutputs;
use crate::json::compact::{Compact, set};
use crate::json::{NoMembers, Object, Text, clip};
use crate::options::AuthenticatorAttachment;

#[cfg(test)]
mod tests;

/// `RegistrationResponseJSON`: decoded, and its client data parsed.
#[derive(Clone)]
pub struct RegistrationResponse {
    decoded: Decoded,
    id: Range<usize>,
    attestation_object: Range<usize>,
    client_data: CollectedClientData,
    transports: Vec<String>,
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
    #[must_use]
    pub fn transports(&self) -> &[String] {
        &self.transports
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
            .field("transports", &self.transports)
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

/// Why a response could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not a JSON object, or a member is missing, duplicate or of another type.
    #[error("response: {detail}")]
    Json {
        /// The message of the JSON parser, with line and column. It can quote the input.
        detail: String,
    },
    /// The input is longer than [`MAX_JSON_LEN`].
    #[error("response: {len} bytes, more than {max}", max = MAX_JSON_LEN)]
    TooLong {
        /// The length of the input.
        len: usize,
    },
    /// A member is not base64url without padding.
    #[error("{member} is not base64url without padding")]
    Base64 {
        /// The path of the member.
        member: &'static str,
    },
    /// `id` and `rawId` differ.
    #[error("id and rawId differ")]
    IdIsNotRawId,
    /// `clientDataJSON` is malformed (7.1, steps 5 and 6; 7.2, steps 8 and 9).
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
}

impl ResponseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } | Self::Json { .. } | Self::IdIsNotRawId => Code::MalformedJson,
            Self::Base64 { .. } => Code::MalformedBase64,
            Self::ClientData(error) => error.code(),
        }
    }
}

/// The members that both responses have; `R` is the form of `response`.
struct CredentialForm<'a, R> {
    id: Text<'a>,
    raw_id: Text<'a>,
    response: Object<R>,
    authenticator_attachment: Option<AuthenticatorAttachment>,
    /// JSON of any form.
    client_extension_results: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationForm<'a> {
    #[serde(borrow, rename = "clientDataJSON")]
    client_data_json: Text<'a>,
    #[serde(borrow)]
    attestation_object: Text<'a>,
    #[serde(default)]
    transports: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionForm<'a> {
    #[serde(borrow, rename = "clientDataJSON")]
    client_data_json: Text<'a>,
    #[serde(borrow)]
    authenticator_data: Text<'a>,
    #[serde(borrow)]
    signature: Text<'a>,
    #[serde(borrow, default)]
    user_handle: Option<Text<'a>>,
}

impl<'de, R: Deserialize<'de> + CompactForm<'de>> CredentialForm<'de, R> {
    /// Parses the response, and the members next to it as `E`.
    fn parse<E: Deserialize<'de>>(json: &'de [u8]) -> Result<(Self, E), ResponseError> {
        if json.len() > MAX_JSON_LEN {
            return Err(ResponseError::TooLong { len: json.len() });
        }
        if let Some(form) = Self::read_compact(json)
            && let Ok(extra) = E::deserialize(MapAccessDeserializer::new(NoMembers))
        {
            return Ok((form, extra));
        }
        serde_json::from_slice(json)
            .map(|WithExtra(form, extra)| (form, extra))
            .map_err(|error| ResponseError::Json { detail: clip(&error.to_string()) })
    }

    /// Decodes the credential ID. A byte string has one encoding, so `id` and `rawId` are compared as they are written.
    fn id(&self, decoded: &mut Decoded) -> Result<Range<usize>, ResponseError> {
        let id = decoded.push(&self.id, "id")?;
        if self.id.0 != self.raw_id.0 {
            decode(&self.raw_id, "rawId")?;
            return Err(ResponseError::IdIsNotRawId);
        }
        Ok(id)
    }
}

impl<'a, R: CompactForm<'a>> CredentialForm<'a, R> {
    /// Reads a response as browsers write it, without members of the application. `None` for any other input.
    fn read_compact(json: &'a [u8]) -> Option<Self> {
        let (mut id, mut raw_id, mut response, mut r#type) = (None, None, None, None);
        let (mut authenticator_attachment, mut client_extension_results) = (None, None);
        let mut reader = Compact::new(json)?;
        reader.object(|reader, name| match name {
            "id" => set(&mut id, reader.string()?),
            "rawId" => set(&mut raw_id, reader.string()?),
            "type" => set(&mut r#type, reader.string().filter(|text| *text == PUBLIC_KEY)?),
            "response" => set(&mut response, R::read_compact(reader)?),
            "authenticatorAttachment" => set(&mut authenticator_attachment, reader.optional_string()?),
            "clientExtensionResults" => set(&mut client_extension_results, reader.value()?),
            _ => None,
        })?;
        reader.end()?;
        r#type?;
        Some(Self {
            id: id?.into(),
            raw_id: raw_id?.into(),
            response: Object(response?),
            authenticator_attachment: authenticator_attachment
                .flatten()
                .and_then(AuthenticatorAttachment::from_word),
            client_extension_results: client_extension_results.filter(|json| *json != "null"),
        })
    }
}

/// A form of `response` that can be read without a general parser.
trait CompactForm<'a>: Sized {
    /// Reads the object as browsers write it. `None` for any other input.
    fn read_compact(reader: &mut Compact<'a>) -> Option<Self>;
}

impl<'a> CompactForm<'a> for AttestationForm<'a> {
    fn read_compact(reader: &mut Compact<'a>) -> Option<Self> {
        let (mut client_data_json, mut attestation_object, mut transports) = (None, None, None);
        reader.object(|reader, name| match name {
            "clientDataJSON" => set(&mut client_data_json, reader.string()?),
            "attestationObject" => set(&mut attestation_object, reader.string()?),
            "transports" => {
                let mut words = Vec::new();
                reader.array(|reader| {
                    words.push(reader.string()?.into());
                    Some(())
                })?;
                set(&mut transports, words)
            }
            _ => reader.value().map(|_| ()),
        })?;
        Some(Self {
            client_data_json: client_data_json?.into(),
            attestation_object: attestation_object?.into(),
            transports,
        })
    }
}

impl<'a> CompactForm<'a> for AssertionForm<'a> {
    fn read_compact(reader: &mut Compact<'a>) -> Option<Self> {
        let (mut client_data_json, mut authenticator_data) = (None, None);
        let (mut signature, mut user_handle) = (None, None);
        reader.object(|reader, name| match name {
            "clientDataJSON" => set(&mut client_data_json, reader.string()?),
            "authenticatorData" => set(&mut authenticator_data, reader.string()?),
            "signature" => set(&mut signature, reader.string()?),
            "userHandle" => set(&mut user_handle, reader.optional_string()?),
            _ => reader.value().map(|_| ()),
        })?;
        Some(Self {
            client_data_json: client_data_json?.into(),
            authenticator_data: authenticator_data?.into(),
            signature: signature?.into(),
            user_handle: user_handle.flatten().map(Into::into),
        })
    }
}

/// A response and the members next to it.
struct WithExtra<'a, R, E>(CredentialForm<'a, R>, E);

impl<'de, R: Deserialize<'de>, E: Deserialize<'de>> Deserialize<'de> for WithExtra<'de, R, E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FormVisitor<R, E>(PhantomData<(R, E)>);
        impl<'de, R: Deserialize<'de>, E: Deserialize<'de>> Visitor<'de> for FormVisitor<R, E> {
            type Value = WithExtra<'de, R, E>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                let extra = E::deserialize(MapAccessDeserializer::new(Extra { map, members: &mut members }))?;
                Ok(WithExtra(members.form()?, extra))
            }
        }
        deserializer.deserialize_map(FormVisitor(PhantomData))
    }
}

/// The members of a response that have been read so far; the outer `Option` says whether the member was present.
struct Members<'a, R> {
    id: Option<Text<'a>>,
    raw_id: Option<Text<'a>>,
    r#type: Option<PublicKeyType>,
    response: Option<Object<R>>,
    authenticator_attachment: Option<Option<Text<'a>>>,
    client_extension_results: Option<Option<&'a RawValue>>,
}

impl<R> Default for Members<'_, R> {
    fn default() -> Self {
        Self {
            id: None,
            raw_id: None,
            r#type: None,
            response: None,
            authenticator_attachment: None,
            client_extension_results: None,
        }
    }
}

impl<'de, R: Deserialize<'de>> Members<'de, R> {
    /// Reads the value of the member `name` if it is part of a response, and returns whether it is.
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
            member: &mut Option<T>,
            name: &'static str,
            map: &mut A,
        ) -> Result<bool, A::Error> {
            match member.replace(map.next_value()?) {
                None => Ok(true),
                Some(_) => Err(de::Error::duplicate_field(name)),
            }
        }
        match name {
            "id" => set(&mut self.id, "id", map),
            "rawId" => set(&mut self.raw_id, "rawId", map),
            "type" => set(&mut self.r#type, "type", map),
            "response" => set(&mut self.response, "response", map),
            "authenticatorAttachment" => {
                set(&mut self.authenticator_attachment, "authenticatorAttachment", map)
            }
            "clientExtensionResults" => {
                set(&mut self.client_extension_results, "clientExtensionResults", map)
            }
            _ => Ok(false),
        }
    }

    fn form<E: de::Error>(self) -> Result<CredentialForm<'de, R>, E> {
        self.r#type.ok_or_else(|| E::missing_field("type"))?;
        Ok(CredentialForm {
            id: self.id.ok_or_else(|| E::missing_field("id"))?,
            raw_id: self.raw_id.ok_or_else(|| E::missing_field("rawId"))?,
            response: self.response.ok_or_else(|| E::missing_field("response"))?,
            authenticator_attachment: self
                .authenticator_attachment
                .flatten()
                .and_then(|Text(word)| AuthenticatorAttachment::from_word(&word)),
            client_extension_results: self.client_extension_results.flatten().map(RawValue::get),
        })
    }
}

/// The members of an object that are not part of a response; those that are go to `members`.
struct Extra<'m, 'de, A, R> {
    map: A,
    members: &'m mut Members<'de, R>,
}

impl<'de, A: MapAccess<'de>, R: Deserialize<'de>> MapAccess<'de> for Extra<'_, 'de, A, R> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(name)) = self.map.next_key()? {
            if !self.members.read(&name, &mut self.map)? {
                return match name {
                    Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                    Cow::Owned(name) => seed.deserialize(CowStrDeserializer::new(Cow::Owned(name))),
                }
                .map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

const PUBLIC_KEY: &str = "public-key";

/// The string [`PUBLIC_KEY`].
struct PublicKeyType;

impl<'de> Deserialize<'de> for PublicKeyType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TypeVisitor;
        impl Visitor<'_> for TypeVisitor {
            type Value = PublicKeyType;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the string \"public-key\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == PUBLIC_KEY {
                    Ok(PublicKeyType)
                } else {
                    Err(E::invalid_value(Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_str(TypeVisitor)
    }
}

/// The longest response, in bytes of JSON: an attestation object of 1 MiB in base64url,
/// and as much again. A server limits the request body to far less.
pub const MAX_JSON_LEN: usize = 3 << 20;

/// Twice the number of transports that the specification defines. Options repeat them as long as the credential exists.
const MAX_TRANSPORTS: usize = 12;
/// Twice the length of the longest one that the specification defines, in bytes.
const MAX_TRANSPORT_LEN: usize = 32;

fn bounded(mut transports: Vec<String>) -> Vec<String> {
    transports.retain(|word| word.len() <= MAX_TRANSPORT_LEN);
    transports.truncate(MAX_TRANSPORTS);
    transports
}

/// Decoded members, one after the other in one allocation.
#[derive(Clone)]
struct Decoded(Vec<u8>);

impl Decoded {
    fn with_capacity_for(members: &[&Text<'_>]) -> Self {
        let len = |text: &&Text<'_>| base64url::decoded_len(text.0.len());
        Self(Vec::with_capacity(members.iter().map(len).fold(0, usize::saturating_add)))
    }

    /// Decodes one more member, and returns where it is.
    fn push(&mut self, text: &Text<'_>, member: &'static str) -> Result<Range<usize>, ResponseError> {
        let start = self.0.len();
        base64url::decode_to(&mut self.0, text.0.as_bytes()).map_err(|_| ResponseError::Base64 { member })?;
        Ok(start..self.0.len())
    }

    fn get(&self, member: &Range<usize>) -> &[u8] {
        self.0.get(member.clone()).unwrap_or_default()
    }
}

fn decode(text: &Text<'_>, member: &'static str) -> Result<Vec<u8>, ResponseError> {
    base64url::decode(&text.0).map_err(|_| ResponseError::Base64 { member })
}
