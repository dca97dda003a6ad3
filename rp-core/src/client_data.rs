//! `CollectedClientData`: what the client says about the ceremony ([section 5.8.1]).
//!
//! [section 5.8.1]: https://www.w3.org/TR/webauthn-3/#dictionary-client-data

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use core::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Code;
use crate::response::clip;

/// Client data as parsed from `clientDataJSON`; borrows from it where no escape stands in the way.
///
/// Unknown members, any order, white space and escapes are accepted, and a leading byte order mark is
/// stripped. Stricter than the text: a member that comes twice is refused, and so are bytes that are not
/// UTF-8 (the text would replace them).
#[derive(Clone)]
pub struct CollectedClientData<'a> {
    r#type: Cow<'a, str>,
    challenge: Cow<'a, str>,
    origin: Cow<'a, str>,
    cross_origin: Option<bool>,
    top_origin: Option<Cow<'a, str>>,
    token_binding: Option<&'a RawValue>,
    payment: Option<&'a RawValue>,
}

// The challenge is not printed.
impl fmt::Debug for CollectedClientData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectedClientData")
            .field("type", &self.r#type)
            .field("origin", &self.origin)
            .field("cross_origin", &self.cross_origin)
            .field("top_origin", &self.top_origin)
            .finish_non_exhaustive()
    }
}

impl<'a> CollectedClientData<'a> {
    /// Parses the bytes of `clientDataJSON` (7.1, steps 5 and 6; 7.2, steps 8 and 9).
    ///
    /// # Errors
    /// [`ClientDataError`]: not UTF-8 with the offset of the first wrong byte, or not JSON of this form.
    ///
    /// # Examples
    /// ```
    /// let json = br#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org"}"#;
    /// let client_data = rp_core::CollectedClientData::parse(json)?;
    /// assert_eq!((client_data.origin(), client_data.cross_origin()), ("https://example.org", None));
    /// # Ok::<(), rp_core::ClientDataError>(())
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ClientDataError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = core::str::from_utf8(bytes)
            .map_err(|error| ClientDataError::Utf8 { offset: error.valid_up_to() })?;
        serde_json::from_str(text).map_err(|error| ClientDataError::Json { detail: clip(&error.to_string()) })
    }

    /// The ceremony: `webauthn.create`, `webauthn.get` or `payment.get`.
    #[must_use]
    pub fn r#type(&self) -> &str {
        &self.r#type
    }

    /// The challenge as the client wrote it, base64url.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// The origin of the caller.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the caller ran in a frame that is not same-origin with its ancestors; older clients do not say.
    #[must_use]
    pub fn cross_origin(&self) -> Option<bool> {
        self.cross_origin
    }

    /// The origin of the page around the frame.
    #[must_use]
    pub fn top_origin(&self) -> Option<&str> {
        self.top_origin.as_deref()
    }

    /// The reserved member `tokenBinding`, of whatever form; the `fido` profile judges it.
    #[must_use]
    pub fn token_binding(&self) -> Option<&'a RawValue> {
        self.token_binding
    }

    /// The member `payment` of Secure Payment Confirmation, of whatever form.
    #[must_use]
    pub fn payment(&self) -> Option<&'a RawValue> {
        self.payment
    }
}

/// Why `clientDataJSON` was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientDataError {
    /// The bytes are not UTF-8.
    #[error("clientDataJSON: not UTF-8 at byte {offset}")]
    Utf8 {
        /// Where the first wrong byte is, behind a byte order mark.
        offset: usize,
    },
    /// Not JSON, a member is missing, of another type, or there twice.
    #[error("clientDataJSON: {detail}")]
    Json {
        /// What the parser says, with line and column.
        detail: String,
    },
}

impl ClientDataError {
    /// [`Code::MalformedClientData`].
    #[must_use]
    pub fn code(&self) -> Code {
        Code::MalformedClientData
    }
}

/// A string that borrows from the input unless an escape forbids it.
struct Text<'a>(Cow<'a, str>);

impl<'de> de::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
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
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de> de::Deserialize<'de> for CollectedClientData<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClientDataVisitor)
    }
}

struct ClientDataVisitor;

impl<'de> Visitor<'de> for ClientDataVisitor {
    type Value = CollectedClientData<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("client data, an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut r#type, mut challenge, mut origin, mut top_origin) = (None, None, None, None);
        let (mut cross_origin, mut token_binding, mut payment) = (None, None, None);
        let mut others = BTreeSet::new();
        while let Some(Text(name)) = map.next_key()? {
            let first = match &*name {
                "type" => r#type.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "challenge" => challenge.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "origin" => origin.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "topOrigin" => top_origin.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "crossOrigin" => cross_origin.replace(map.next_value::<bool>()?).is_none(),
                "tokenBinding" => token_binding.replace(map.next_value()?).is_none(),
                "payment" => payment.replace(map.next_value()?).is_none(),
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                    others.insert(name.clone())
                }
            };
            if !first {
                return Err(de::Error::custom(format_args!("the member {name:?} comes twice")));
            }
        }
        Ok(CollectedClientData {
            r#type: r#type.ok_or_else(|| de::Error::missing_field("type"))?,
            challenge: challenge.ok_or_else(|| de::Error::missing_field("challenge"))?,
            origin: origin.ok_or_else(|| de::Error::missing_field("origin"))?,
            cross_origin,
            top_origin,
            token_binding,
            payment,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const GOOD: &str = r#"{"type":"webauthn.create","challenge":"AAAA","origin":"https://example.org"}"#;

    fn detail(json: &str) -> String {
        CollectedClientData::parse(json.as_bytes()).unwrap_err().to_string()
    }

    fn with(member: &str) -> String {
        GOOD.replace('}', &format!(",{member}}}"))
    }

    #[test]
    fn unknown_members_order_space_escapes_and_byte_order_mark_are_accepted() {
        let json = "\u{feff}{ \"x\":[1,{}], \"origin\":\"https:\\/\\/example.org\",\n\"challenge\":\"AAAA\" , \"type\":\"webauthn.create\" }";
        let data = CollectedClientData::parse(json.as_bytes()).unwrap();
        assert_eq!(
            (data.r#type(), data.challenge(), data.origin()),
            ("webauthn.create", "AAAA", "https://example.org")
        );
    }

    #[test]
    fn a_member_that_comes_twice_is_refused() {
        assert!(detail(&with(r#""type":"webauthn.get""#)).contains(r#"the member "type" comes twice"#));
        assert!(detail(&with(r#""x":1,"x":1"#)).contains(r#"the member "x" comes twice"#));
        assert!(detail(&with(r#""y":1,"\u0079":1"#)).contains(r#"the member "y" comes twice"#));
    }

    #[test]
    fn members_of_another_type_are_refused() {
        for member in [r#""crossOrigin":"true""#, r#""crossOrigin":null"#, r#""topOrigin":7"#] {
            assert!(detail(&with(member)).contains("invalid type"), "{member}");
        }
        for name in ["type", "challenge", "origin"] {
            let missing = GOOD.replace(name, "other");
            assert!(detail(&missing).contains(&format!("missing field `{name}`")), "{missing}");
        }
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        for json in ["", "[]", "7", "{", &format!("{GOOD}x"), &format!("{GOOD}{GOOD}")] {
            assert!(
                matches!(CollectedClientData::parse(json.as_bytes()), Err(ClientDataError::Json { .. })),
                "{json}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_place() {
        assert_eq!(CollectedClientData::parse(b"{\"\xff").unwrap_err(), ClientDataError::Utf8 { offset: 2 });
    }

    #[test]
    fn deep_nesting_ends_in_an_error() {
        let json = with(&format!(r#""x":{}"#, "[".repeat(100_000)));
        assert!(CollectedClientData::parse(json.as_bytes()).is_err());
    }
}
