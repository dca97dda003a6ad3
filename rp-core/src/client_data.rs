//! `CollectedClientData`: what the client reports about the ceremony ([section 5.8.1]).
//!
//! [section 5.8.1]: https://www.w3.org/TR/webauthn-3/#dictionary-client-data

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::base64url::{self, Base64UrlError};
use crate::bytes::Challenge;
use crate::error::Code;
use crate::json::compact::{Compact, set};
use crate::json::{Text, clip};

/// Client data and the bytes of `clientDataJSON` that it was parsed from.
///
/// Unknown members, any order, white space and escapes are accepted, and a leading byte order mark is skipped.
/// Stricter than the specification: duplicate members are rejected, and so are bytes that are not UTF-8 (the
/// specification replaces them).
#[derive(Clone)]
pub struct CollectedClientData {
    json: String,
    r#type: Part,
    challenge: Part,
    origin: Part,
    cross_origin: Option<bool>,
    top_origin: Option<Part>,
    token_binding: Option<Part>,
    payment: Option<Part>,
}

// The challenge is not printed.
impl fmt::Debug for CollectedClientData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectedClientData")
            .field("type", &self.r#type())
            .field("origin", &self.origin())
            .field("cross_origin", &self.cross_origin)
            .field("top_origin", &self.top_origin())
            .finish_non_exhaustive()
    }
}

impl CollectedClientData {
    /// The longest `clientDataJSON`, in bytes. Clients write a few hundred, with a payment a few thousand.
    pub const MAX_LEN: usize = 1 << 20;

    /// Parses `clientDataJSON` (7.1, steps 5 and 6; 7.2, steps 8 and 9).
    ///
    /// # Errors
    /// Returns [`ClientDataError::TooLong`] if `json` exceeds [`Self::MAX_LEN`], [`ClientDataError::Utf8`] with the offset of the first byte that is not UTF-8, and
    /// [`ClientDataError::Json`] if `json` is not a JSON object of this form.
    ///
    /// # Examples
    /// ```
    /// let json = br#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org"}"#;
    /// let client_data = rp_core::CollectedClientData::parse(*json)?;
    /// assert_eq!((client_data.origin(), client_data.cross_origin()), ("https://example.org", None));
    /// assert_eq!(client_data.as_json(), json);
    /// # Ok::<(), rp_core::ClientDataError>(())
    /// ```
    pub fn parse(json: impl Into<Vec<u8>>) -> Result<Self, ClientDataError> {
        let json = json.into();
        if json.len() > Self::MAX_LEN {
            return Err(ClientDataError::TooLong { len: json.len() });
        }
        let json = String::from_utf8(json).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let mark = if error.as_bytes().starts_with(BYTE_ORDER_MARK.as_bytes()) { 3 } else { 0 };
            ClientDataError::Utf8 { offset: offset.saturating_sub(mark) }
        })?;
        let object = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&json);
        let members = match Members::read_compact(object) {
            Some(members) => members,
            None => serde_json::from_str(object)
                .map_err(|error| ClientDataError::Json { detail: clip(&error.to_string()) })?,
        };
        let part = |text| Part::of(&json, text);
        let raw = |value: &str| Part::of(&json, Cow::Borrowed(value));
        Ok(Self {
            r#type: part(members.r#type),
            challenge: part(members.challenge),
            origin: part(members.origin),
            cross_origin: members.cross_origin,
            top_origin: members.top_origin.map(part),
            token_binding: members.token_binding.map(raw),
            payment: members.payment.map(raw),
            json,
        })
    }

    /// The bytes of `clientDataJSON`, which the authenticator signs the hash of.
    #[must_use]
    pub fn as_json(&self) -> &[u8] {
        self.json.as_bytes()
    }

    /// The ceremony: `webauthn.create`, `webauthn.get` or `payment.get`.
    #[must_use]
    pub fn r#type(&self) -> &str {
        self.r#type.get(&self.json)
    }

    /// The challenge in base64url, as the client returned it.
    #[must_use]
    pub fn challenge(&self) -> &str {
        self.challenge.get(&self.json)
    }

    /// The bytes of the challenge, by which a server finds the pending ceremony.
    ///
    /// # Errors
    /// Returns [`Base64UrlError`] if the challenge is not base64url without padding: no ceremony has it.
    pub fn decode_challenge(&self) -> Result<Challenge, Base64UrlError> {
        base64url::decode(self.challenge()).map(|bytes| Challenge::recorded(&bytes))
    }

    /// The origin of the caller.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.get(&self.json)
    }

    /// Whether the caller ran in a frame that is not same-origin with its ancestors. Older clients omit it.
    #[must_use]
    pub fn cross_origin(&self) -> Option<bool> {
        self.cross_origin
    }

    /// The origin of the top-level page, if the caller ran in a frame.
    #[must_use]
    pub fn top_origin(&self) -> Option<&str> {
        self.top_origin.as_ref().map(|part| part.get(&self.json))
    }

    /// The reserved member `tokenBinding` as JSON of any form. Only the `fido` profile checks it.
    #[must_use]
    pub fn token_binding(&self) -> Option<&str> {
        self.token_binding.as_ref().map(|part| part.get(&self.json))
    }

    /// The member `payment` of Secure Payment Confirmation as JSON of any form.
    #[must_use]
    pub fn payment(&self) -> Option<&str> {
        self.payment.as_ref().map(|part| part.get(&self.json))
    }
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A text of client data: where it is in the JSON, or a copy if it was written with escapes.
#[derive(Clone)]
enum Part {
    At(Range<usize>),
    Copy(Box<str>),
}

impl Part {
    fn of(json: &str, text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::at(json, text).unwrap_or_else(|| Self::Copy(text.into())),
            Cow::Owned(text) => Self::Copy(text.into()),
        }
    }

    /// `None` if `text` is not part of `json`.
    fn at(json: &str, text: &str) -> Option<Self> {
        let start = text.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
        let range = start..start.checked_add(text.len())?;
        json.get(range.clone()).map(|_| Self::At(range))
    }

    fn get<'a>(&'a self, json: &'a str) -> &'a str {
        match self {
            // `at` has checked the range, and the JSON does not change
            Self::At(range) => json.get(range.clone()).unwrap_or_default(),
            Self::Copy(text) => text,
        }
    }
}

/// Why `clientDataJSON` could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientDataError {
    /// The input is longer than [`CollectedClientData::MAX_LEN`].
    #[error("clientDataJSON: {len} bytes, more than {max}", max = CollectedClientData::MAX_LEN)]
    TooLong {
        /// The length of the input.
        len: usize,
    },
    /// The bytes are not UTF-8.
    #[error("clientDataJSON: not UTF-8 at byte {offset}")]
    Utf8 {
        /// The offset of the first wrong byte, counted after a byte order mark.
        offset: usize,
    },
    /// Not a JSON object, or a member is missing, duplicate or of another type.
    #[error("clientDataJSON: {detail}")]
    Json {
        /// The message of the JSON parser, with line and column.
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

/// The members as they are in the JSON.
struct Members<'a> {
    r#type: Cow<'a, str>,
    challenge: Cow<'a, str>,
    origin: Cow<'a, str>,
    cross_origin: Option<bool>,
    top_origin: Option<Cow<'a, str>>,
    token_binding: Option<&'a str>,
    payment: Option<&'a str>,
}

impl<'a> Members<'a> {
    /// Reads client data as clients write them (5.8.1.1). `None` for any other input, and for members that are unknown
    /// or duplicate.
    fn read_compact(json: &'a str) -> Option<Self> {
        let (mut r#type, mut challenge, mut origin, mut top_origin) = (None, None, None, None);
        let (mut cross_origin, mut token_binding, mut payment) = (None, None, None);
        let mut reader = Compact::new(json)?;
        reader.object(|reader, name| match name {
            "type" => set(&mut r#type, reader.string()?),
            "challenge" => set(&mut challenge, reader.string()?),
            "origin" => set(&mut origin, reader.string()?),
            "topOrigin" => set(&mut top_origin, reader.string()?),
            "crossOrigin" => set(&mut cross_origin, reader.boolean()?),
            "tokenBinding" => set(&mut token_binding, reader.value()?),
            "payment" => set(&mut payment, reader.value()?),
            _ => None,
        })?;
        reader.end()?;
        Some(Self {
            r#type: r#type?.into(),
            challenge: challenge?.into(),
            origin: origin?.into(),
            cross_origin,
            top_origin: top_origin.map(Into::into),
            token_binding,
            payment,
        })
    }
}

impl<'de> de::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A set of names. Hashing takes the same time for each name, however many there are.
#[cfg(feature = "std")]
type Names<'a> = std::collections::HashSet<Cow<'a, str>>;
#[cfg(not(feature = "std"))]
type Names<'a> = alloc::collections::BTreeSet<Cow<'a, str>>;

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("client data, an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut r#type, mut challenge, mut origin, mut top_origin) = (None, None, None, None);
        let (mut cross_origin, mut token_binding, mut payment) = (None, None, None);
        let mut others = Names::new();
        while let Some(Text(name)) = map.next_key()? {
            let is_first = match &*name {
                "type" => r#type.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "challenge" => challenge.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "origin" => origin.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "topOrigin" => top_origin.replace(map.next_value::<Text<'de>>()?.0).is_none(),
                "crossOrigin" => cross_origin.replace(map.next_value::<bool>()?).is_none(),
                "tokenBinding" => token_binding.replace(map.next_value::<&RawValue>()?.get()).is_none(),
                "payment" => payment.replace(map.next_value::<&RawValue>()?.get()).is_none(),
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                    others.insert(name.clone())
                }
            };
            if !is_first {
                return Err(de::Error::custom(format_args!("duplicate member {name:?}")));
            }
        }
        Ok(Members {
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
    fn unknown_members_order_space_escapes_and_bom_are_accepted() {
        let json = "\u{feff}{ \"x\":[1,{}], \"origin\":\"https:\\/\\/example.org\",\n\"challenge\":\"AAAA\" , \"type\":\"webauthn.create\" }";
        let data = CollectedClientData::parse(json.as_bytes()).unwrap();
        assert_eq!(
            (data.r#type(), data.challenge(), data.origin()),
            ("webauthn.create", "AAAA", "https://example.org")
        );
        assert_eq!(data.as_json(), json.as_bytes());
    }

    #[test]
    fn duplicate_members_are_rejected() {
        assert!(detail(&with(r#""type":"webauthn.get""#)).contains(r#"duplicate member "type""#));
        assert!(detail(&with(r#""x":1,"x":1"#)).contains(r#"duplicate member "x""#));
        assert!(detail(&with(r#""y":1,"\u0079":1"#)).contains(r#"duplicate member "y""#));
    }

    #[test]
    fn members_of_another_type_are_rejected() {
        for member in [r#""crossOrigin":"true""#, r#""crossOrigin":null"#, r#""topOrigin":7"#] {
            assert!(detail(&with(member)).contains("invalid type"), "{member}");
        }
        for name in ["type", "challenge", "origin"] {
            let missing = GOOD.replace(name, "other");
            assert!(detail(&missing).contains(&format!("missing field `{name}`")), "{missing}");
        }
    }

    #[test]
    fn anything_but_one_json_object_is_rejected() {
        for json in ["", "[]", "7", "{", &format!("{GOOD}x"), &format!("{GOOD}{GOOD}")] {
            assert!(
                matches!(CollectedClientData::parse(json.as_bytes()), Err(ClientDataError::Json { .. })),
                "{json}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_rejected_with_their_offset() {
        for json in [&b"{\"\xff"[..], b"\xef\xbb\xbf{\"\xff"] {
            assert_eq!(CollectedClientData::parse(json).unwrap_err(), ClientDataError::Utf8 { offset: 2 });
        }
    }

    #[test]
    fn client_data_longer_than_the_limit_is_not_parsed() {
        let len = CollectedClientData::MAX_LEN + 1;
        assert_eq!(
            CollectedClientData::parse(alloc::vec![b' '; len]).unwrap_err(),
            ClientDataError::TooLong { len }
        );
    }

    /// White space, which browsers do not write, leads to the general parser.
    #[test]
    fn both_readers_agree_on_one_changed_byte() {
        let json = r#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://a.org","crossOrigin":false,"topOrigin":"b","tokenBinding":{"a":[1]},"payment":null}"#;
        let check = |json: &[u8]| {
            let parse = |json: &[u8]| {
                CollectedClientData::parse(json).map(|data| {
                    let text = |text: Option<&str>| text.map(ToString::to_string);
                    (
                        [data.r#type(), data.challenge(), data.origin()].map(ToString::to_string),
                        [data.top_origin(), data.token_binding(), data.payment()].map(text),
                        data.cross_origin(),
                    )
                })
            };
            let both = [parse(json), parse(&[b" ", json].concat())];
            match &both {
                [Ok(one), Ok(other)] => assert_eq!(one, other),
                [Err(_), Err(_)] => {}
                _ => panic!("{}: {both:?}", String::from_utf8_lossy(json)),
            }
        };
        check(json.as_bytes());
        for at in 0..json.len() {
            let mut removed = json.as_bytes().to_vec();
            let _ = removed.remove(at);
            check(&removed);
            for byte in *b"\"\\{}[],:0-. nA\n\x80" {
                let mut changed = json.as_bytes().to_vec();
                changed[at] = byte;
                check(&changed);
                changed = json.as_bytes().to_vec();
                changed.insert(at, byte);
                check(&changed);
            }
        }
        for member in [
            r#""type":"b""#,
            r#""crossOrigin":null"#,
            r#""crossOrigin":true"#,
            r#""x":1"#,
            r#""topOrigin":null"#,
        ] {
            check(with(member).as_bytes());
        }
    }

    #[test]
    fn deep_nesting_is_rejected() {
        let json = with(&format!(r#""x":{}"#, "[".repeat(100_000)));
        assert!(CollectedClientData::parse(json.as_bytes()).is_err());
    }
}
