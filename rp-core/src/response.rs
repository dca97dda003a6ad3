//! Responses, in the JSON forms that `PublicKeyCredential.toJSON()` gives ([section 5.1]).
//!
//! Unknown members are passed over, optional ones may be `null`; `publicKey`, `publicKeyAlgorithm` and
//! `authenticatorData` of a registration are copies of what is signed, and never read.
//!
//! [section 5.1]: https://www.w3.org/TR/webauthn-3/#iface-pkcredential

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::base64url;
use crate::error::Code;

#[cfg(test)]
mod tests;

/// `RegistrationResponseJSON`, its base64url decoded.
#[derive(Clone)]
pub struct RegistrationResponse {
    id: Vec<u8>,
    client_data_json: Vec<u8>,
    attestation_object: Vec<u8>,
    transports: Vec<String>,
    authenticator_attachment: Option<String>,
    client_extension_results: Option<Box<RawValue>>,
}

/// `AuthenticationResponseJSON`, its base64url decoded.
#[derive(Clone)]
pub struct AuthenticationResponse {
    id: Vec<u8>,
    client_data_json: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
    authenticator_attachment: Option<String>,
    client_extension_results: Option<Box<RawValue>>,
}

impl RegistrationResponse {
    /// Reads a `RegistrationResponseJSON`.
    ///
    /// # Errors
    /// [`ResponseError`]: not JSON of this form, or a member that is not base64url without padding.
    pub fn from_json(json: &[u8]) -> Result<Self, ResponseError> {
        let Object(form): Object<RegistrationForm> = parse(json)?;
        let id = same_id(&form.id, &form.raw_id)?;
        let Object(response) = form.response;
        Ok(Self {
            id,
            client_data_json: response.client_data_json.decode("response.clientDataJSON")?,
            attestation_object: response.attestation_object.decode("response.attestationObject")?,
            transports: bounded(response.transports.unwrap_or_default()),
            authenticator_attachment: form.authenticator_attachment,
            client_extension_results: form.client_extension_results,
        })
    }

    /// The credential ID as the client says it; any length.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// `clientDataJSON`.
    #[must_use]
    pub fn client_data_json(&self) -> &[u8] {
        &self.client_data_json
    }

    /// `attestationObject`.
    #[must_use]
    pub fn attestation_object(&self) -> &[u8] {
        &self.attestation_object
    }

    /// `getTransports()`; unsigned. Words that nobody would know are kept, save long ones and those beyond a dozen.
    #[must_use]
    pub fn transports(&self) -> &[String] {
        &self.transports
    }

    /// `authenticatorAttachment`; unsigned, and any word.
    #[must_use]
    pub fn authenticator_attachment(&self) -> Option<&str> {
        self.authenticator_attachment.as_deref()
    }

    pub(crate) fn client_extension_results(&self) -> Option<&RawValue> {
        self.client_extension_results.as_deref()
    }
}

impl AuthenticationResponse {
    /// Reads an `AuthenticationResponseJSON`. An empty `userHandle` counts as missing.
    ///
    /// # Errors
    /// [`ResponseError`]: not JSON of this form, or a member that is not base64url without padding.
    pub fn from_json(json: &[u8]) -> Result<Self, ResponseError> {
        let Object(form): Object<AuthenticationForm> = parse(json)?;
        let id = same_id(&form.id, &form.raw_id)?;
        let Object(response) = form.response;
        let user_handle =
            response.user_handle.map(|handle| handle.decode("response.userHandle")).transpose()?;
        Ok(Self {
            id,
            client_data_json: response.client_data_json.decode("response.clientDataJSON")?,
            authenticator_data: response.authenticator_data.decode("response.authenticatorData")?,
            signature: response.signature.decode("response.signature")?,
            user_handle: user_handle.filter(|handle| !handle.is_empty()),
            authenticator_attachment: form.authenticator_attachment,
            client_extension_results: form.client_extension_results,
        })
    }

    /// The credential ID as the client says it: the key by which the record is found.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// `clientDataJSON`.
    #[must_use]
    pub fn client_data_json(&self) -> &[u8] {
        &self.client_data_json
    }

    /// `authenticatorData`.
    #[must_use]
    pub fn authenticator_data(&self) -> &[u8] {
        &self.authenticator_data
    }

    /// `signature`.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// `userHandle`, where it is there and not empty.
    #[must_use]
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_deref()
    }

    /// `authenticatorAttachment`; unsigned, and any word.
    #[must_use]
    pub fn authenticator_attachment(&self) -> Option<&str> {
        self.authenticator_attachment.as_deref()
    }

    pub(crate) fn client_extension_results(&self) -> Option<&RawValue> {
        self.client_extension_results.as_deref()
    }
}

// Client data hold the challenge, and extension results may hold secrets of `prf`: neither is printed.
impl fmt::Debug for RegistrationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationResponse")
            .field("id", &base64url::encode(&self.id))
            .field("transports", &self.transports)
            .field("authenticator_attachment", &self.authenticator_attachment)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthenticationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationResponse")
            .field("id", &base64url::encode(&self.id))
            .field("authenticator_attachment", &self.authenticator_attachment)
            .finish_non_exhaustive()
    }
}

/// Why a response was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not JSON, or a member is missing, of another type, or there twice.
    #[error("response: {detail}")]
    Json {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// A member is not base64url without padding.
    #[error("{member} is not base64url without padding")]
    Base64 {
        /// The path of the member.
        member: &'static str,
    },
    /// `id` and `rawId` differ.
    #[error("id is not rawId")]
    IdIsNotRawId,
}

impl ResponseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Json { .. } | Self::IdIsNotRawId => Code::MalformedJson,
            Self::Base64 { .. } => Code::MalformedBase64,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationForm {
    id: Encoded,
    raw_id: Encoded,
    #[serde(rename = "type")]
    _type: PublicKeyType,
    response: Object<AttestationForm>,
    #[serde(default)]
    authenticator_attachment: Option<String>,
    #[serde(default)]
    client_extension_results: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationForm {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Encoded,
    attestation_object: Encoded,
    #[serde(default)]
    transports: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationForm {
    id: Encoded,
    raw_id: Encoded,
    #[serde(rename = "type")]
    _type: PublicKeyType,
    response: Object<AssertionForm>,
    #[serde(default)]
    authenticator_attachment: Option<String>,
    #[serde(default)]
    client_extension_results: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionForm {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Encoded,
    authenticator_data: Encoded,
    signature: Encoded,
    #[serde(default)]
    user_handle: Option<Encoded>,
}

/// The string `public-key`.
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
                if text == "public-key" {
                    Ok(PublicKeyType)
                } else {
                    Err(E::invalid_value(Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_str(TypeVisitor)
    }
}

/// There are six transports; as many again may be invented. Options repeat them for as long as the credential lives.
const MAX_TRANSPORTS: usize = 12;
/// Twice the longest known one, in bytes.
const MAX_TRANSPORT_LEN: usize = 32;

fn bounded(mut transports: Vec<String>) -> Vec<String> {
    transports.retain(|word| word.len() <= MAX_TRANSPORT_LEN);
    transports.truncate(MAX_TRANSPORTS);
    transports
}

/// The longest text of a client's that an error repeats, in bytes: enough to see what it was.
const MAX_REPEATED: usize = 256;

/// What a client said, cut short where an error repeats it.
pub(crate) fn clip(text: &str) -> String {
    if text.len() <= MAX_REPEATED {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_REPEATED);
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, ResponseError> {
    serde_json::from_slice(json).map_err(|error| ResponseError::Json { detail: clip(&error.to_string()) })
}

fn same_id(id: &Encoded, raw_id: &Encoded) -> Result<Vec<u8>, ResponseError> {
    let id = id.get("id")?;
    if id != raw_id.get("rawId")? {
        return Err(ResponseError::IdIsNotRawId);
    }
    Ok(id.to_vec())
}

/// A JSON object: serde would take an array for a struct as well.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A string, decoded where it stands; whether it was base64url is told with the member's name.
struct Encoded(Result<Vec<u8>, base64url::Base64UrlError>);

impl Encoded {
    fn get(&self, member: &'static str) -> Result<&[u8], ResponseError> {
        self.0.as_deref().map_err(|_| ResponseError::Base64 { member })
    }

    fn decode(self, member: &'static str) -> Result<Vec<u8>, ResponseError> {
        self.0.map_err(|_| ResponseError::Base64 { member })
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EncodedVisitor;
        impl Visitor<'_> for EncodedVisitor {
            type Value = Encoded;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a base64url string")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Encoded(base64url::decode(text)))
            }
        }
        deserializer.deserialize_str(EncodedVisitor)
    }
}
