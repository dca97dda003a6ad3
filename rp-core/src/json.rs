//! JSON as this crate reads it: objects that are objects, strings that borrow, excerpts for error messages.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

pub(crate) mod compact;

/// Parses a JSON object. A JSON array is rejected, although serde would accept one for a struct.
///
/// # Errors
/// Returns [`JsonError`] if the input is not one JSON object, or not of the form of `T`.
///
/// # Examples
/// ```
/// #[derive(serde::Deserialize)]
/// struct Rename {
///     nickname: String,
/// }
/// let Rename { nickname } = rp_core::json::parse_object(br#"{"nickname":"Blue key"}"#)?;
/// assert_eq!(nickname, "Blue key");
/// assert!(rp_core::json::parse_object::<Rename>(br#"["Blue key"]"#).is_err());
/// # Ok::<(), rp_core::json::JsonError>(())
/// ```
pub fn parse_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, JsonError> {
    Ok(serde_json::from_slice(json).map(|Object(value)| value)?)
}

/// Why JSON could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[non_exhaustive]
pub struct JsonError {
    /// The message of the parser, with line and column, shortened. It can quote the input: log it only if the input
    /// contains no secret.
    pub detail: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 if the input ended.
    pub column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self { detail: clip(&error.to_string()), line: error.line(), column: error.column() }
    }
}

/// A JSON object. serde accepts an array for a struct as well.
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

/// The entries of an empty object.
pub(crate) struct NoMembers;

impl<'de> MapAccess<'de> for NoMembers {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, Self::Error> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("an empty object has no value"))
    }
}

/// A string that borrows from the input unless it contains an escape.
#[derive(Clone, Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
            type Value = Text<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.into())))
            }
        }
        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// The longest excerpt of the input in an error message, in bytes: enough to recognise the input.
const MAX_EXCERPT: usize = 256;

/// Shortens text of a client for an error message.
pub(crate) fn clip(text: &str) -> String {
    if text.len() <= MAX_EXCERPT {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_EXCERPT);
    format!("{}…", text.get(..end).unwrap_or_default())
}
