//! JSON objects whose members are taken one by one, so that one of an unexpected type harms no other.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use crate::cursor::Cursor;

/// Members of an object that this crate does not read, as they were written.
#[derive(Clone, Debug, Default)]
pub struct ExtraMembers(Box<[(Box<str>, Box<RawValue>)]>);

impl ExtraMembers {
    /// Names and values, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ExtraMembers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            // Raw values do not pass through `flatten`.
            let value: serde_json::Value = serde_json::from_str(value.get()).unwrap_or_default();
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Name and value of a member, borrowed from the text.
pub(crate) type RawMember<'a> = (Cow<'a, str>, &'a str);

/// The members of one object that have not been taken yet.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(Vec<RawMember<'a>>);

impl<'a> Members<'a> {
    /// Reads an object that is known to be JSON. `None` for any other value.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        Self::read_next(&mut Cursor::of_valid(text))
    }

    /// Reads the next value. `None` if it is not an object.
    pub(crate) fn read_next(cursor: &mut Cursor<'a>) -> Option<Self> {
        // A report has five or six members, a statement about thirty.
        let mut members = Self(Vec::with_capacity(8));
        cursor.object(|cursor, name| members.push(name, cursor.value())).ok()?;
        Some(members)
    }

    /// Adds a member.
    pub(crate) fn push(&mut self, name: Cow<'a, str>, value: &'a str) {
        self.0.push((name, value));
    }

    /// The members, in the order of the text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RawMember<'a>> {
        self.0.iter()
    }

    /// The first of these names that occurs twice.
    pub(crate) fn duplicate(&self, names: &[&'static str]) -> Option<&'static str> {
        let count = |name: &str| self.0.iter().filter(|(known, _)| known == name).count();
        names.iter().copied().find(|name| count(name) > 1)
    }

    /// The value of the first member of this name; `None` if it is missing or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(*value).filter(|value| *value != "null")
    }

    /// Takes the first member of this name; `None` if it is missing or `null`.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.0.remove(at);
        Some(value).filter(|value| *value != "null")
    }

    /// Takes the first member of this name if it is of this type; otherwise it remains, unless it is `null`.
    pub(crate) fn optional<T: Deserialize<'a>>(&mut self, name: &str) -> Option<T> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        let (_, text) = *self.0.get(at)?;
        let value = serde_json::from_str(text);
        if value.is_ok() || text == "null" {
            self.0.remove(at);
        }
        value.ok().filter(|_| text != "null")
    }

    /// The members that were not taken.
    pub(crate) fn rest(self) -> ExtraMembers {
        self.rest_without(&[])
    }

    /// The members that were not taken and have none of these names.
    pub(crate) fn rest_without(self, names: &[&str]) -> ExtraMembers {
        let rest = self.0.into_iter().filter(|(name, _)| !names.contains(&&**name));
        let member = |(name, value): RawMember<'_>| {
            Some((Box::from(&*name), RawValue::from_string(value.to_owned()).ok()?))
        };
        ExtraMembers(rest.filter_map(member).collect())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::read(raw.get()).ok_or_else(|| de::Error::custom("not an object"))
    }
}

/// A string, borrowed from the text unless it has escapes.
#[derive(Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// Reads a string.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw).ok().map(|Text(text)| text)
}
