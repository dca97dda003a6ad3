//! The members of a response as JSON contains them, and their decoding.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer, MapAccessDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::error::{MAX_JSON_LEN, ResponseError};
use crate::base64url;
use crate::json::compact::{Compact, set};
use crate::json::{NoMembers, Object, Text, clip};
use crate::options::{AUTHENTICATOR_TRANSPORTS, AuthenticatorAttachment};

/// The members that both responses have; `R` is the form of `response`.
pub(super) struct CredentialForm<'a, R> {
    pub(super) id: Text<'a>,
    raw_id: Text<'a>,
    pub(super) response: Object<R>,
    pub(super) authenticator_attachment: Option<AuthenticatorAttachment>,
    /// JSON of any form.
    pub(super) client_extension_results: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestationForm<'a> {
    #[serde(borrow, rename = "clientDataJSON")]
    pub(super) client_data_json: Text<'a>,
    #[serde(borrow)]
    pub(super) attestation_object: Text<'a>,
    #[serde(default)]
    pub(super) transports: Option<Vec<Transport>>,
}

/// A word of `getTransports()`. The words of the specification need no allocation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Text<'_>")]
pub(super) struct Transport(pub(super) Cow<'static, str>);

impl From<&str> for Transport {
    fn from(word: &str) -> Self {
        let known = AUTHENTICATOR_TRANSPORTS.into_iter().find(|known| *known == word);
        Self(known.map_or_else(|| Cow::Owned(word.into()), Cow::Borrowed))
    }
}

impl From<Text<'_>> for Transport {
    fn from(Text(word): Text<'_>) -> Self {
        Self::from(&*word)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssertionForm<'a> {
    #[serde(borrow, rename = "clientDataJSON")]
    pub(super) client_data_json: Text<'a>,
    #[serde(borrow)]
    pub(super) authenticator_data: Text<'a>,
    #[serde(borrow)]
    pub(super) signature: Text<'a>,
    #[serde(borrow, default)]
    pub(super) user_handle: Option<Text<'a>>,
}

impl<'de, R: Deserialize<'de> + CompactForm<'de>> CredentialForm<'de, R> {
    /// Parses the response, and the members next to it as `E`.
    pub(super) fn parse<E: Deserialize<'de>>(json: &'de [u8]) -> Result<(Self, E), ResponseError> {
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
    pub(super) fn id(&self, decoded: &mut Decoded) -> Result<Range<usize>, ResponseError> {
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
    pub(super) fn read_compact(json: &'a [u8]) -> Option<Self> {
        let (mut id, mut raw_id, mut response, mut r#type) = (None, None, None, None);
        let (mut authenticator_attachment, mut client_extension_results) = (None, None);
        let mut reader = Compact::new(core::str::from_utf8(json).ok()?)?;
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
pub(super) trait CompactForm<'a>: Sized {
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
                    words.push(Transport::from(reader.string()?));
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

/// Decoded members, one after the other in one allocation.
#[derive(Clone)]
pub(super) struct Decoded(Vec<u8>);

impl Decoded {
    pub(super) fn with_capacity_for(members: &[&Text<'_>]) -> Self {
        let len = |text: &&Text<'_>| base64url::decoded_len(text.0.len());
        Self(Vec::with_capacity(members.iter().map(len).fold(0, usize::saturating_add)))
    }

    /// Decodes one more member, and returns where it is.
    pub(super) fn push(
        &mut self,
        text: &Text<'_>,
        member: &'static str,
    ) -> Result<Range<usize>, ResponseError> {
        let start = self.0.len();
        base64url::decode_to(&mut self.0, text.0.as_bytes()).map_err(|_| ResponseError::Base64 { member })?;
        Ok(start..self.0.len())
    }

    pub(super) fn get(&self, member: &Range<usize>) -> &[u8] {
        self.0.get(member.clone()).unwrap_or_default()
    }
}

pub(super) fn decode(text: &Text<'_>, member: &'static str) -> Result<Vec<u8>, ResponseError> {
    base64url::decode(&text.0).map_err(|_| ResponseError::Base64 { member })
}
