//! JSON objects whose members are taken one by one, so that one of an unexpected type harms no other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

/// Members that nothing here reads, as they were written.
#[derive(Clone, Debug, Default)]
pub struct ExtraMembers(Box<[(Box<str>, Box<RawValue>)]>);

impl ExtraMembers {
    /// Name and value of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ExtraMembers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            // By way of a value: raw ones do not pass through `flatten`.
            let value: serde_json::Value = serde_json::from_str(value.get()).unwrap_or_default();
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Name and value of a member, borrowed from the text.
pub(crate) type RawMember<'a> = (Cow<'a, str>, &'a RawValue);

/// The members of one object that were not yet taken.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<RawMember<'a>>);

/// What taking a member gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member<T> {
    /// It is there and could be read.
    Read(T),
    /// It is there and is of another type; it stays among the members.
    Other,
    /// It is not there, or is `null`.
    Absent,
}

impl<'a> Members<'a> {
    /// Reads an object.
    pub(crate) fn read(text: &'a RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text.get())
    }

    /// Whether there are two members of this name.
    pub(crate) fn has_twice(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    /// Takes the first member of this name.
    pub(crate) fn take<T: Deserialize<'a>>(&mut self, name: &str) -> Member<T> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else { return Member::Absent };
        let Some((_, raw)) = self.0.get(at) else { return Member::Absent };
        if raw.get() == "null" {
            self.0.remove(at);
            return Member::Absent;
        }
        match serde_json::from_str(raw.get()) {
            Ok(value) => {
                self.0.remove(at);
                Member::Read(value)
            }
            Err(_) => Member::Other,
        }
    }

    /// Takes a member if it is there and of this type.
    pub(crate) fn optional<T: Deserialize<'a>>(&mut self, name: &str) -> Option<T> {
        match self.take(name) {
            Member::Read(value) => Some(value),
            Member::Other | Member::Absent => None,
        }
    }

    /// Those that were not taken.
    pub(crate) fn rest(self) -> ExtraMembers {
        ExtraMembers::from(self.0)
    }
}

impl From<Vec<RawMember<'_>>> for ExtraMembers {
    fn from(members: Vec<RawMember<'_>>) -> Self {
        Self(members.into_iter().map(|(name, value)| (Box::from(&*name), value.to_owned())).collect())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                // A report has five or six.
                let mut members = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The name of a member; borrowed unless it is written with escapes.
#[derive(Debug)]
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Passes over what should have been an object and is something else, so that the rest can be read.
macro_rules! passes_over_what_is_no_object {
    ($value:ty, $instead:expr, null: $null:expr) => {
        fn visit_bool<E: ::serde::de::Error>(self, _: bool) -> Result<$value, E> {
            Ok($instead)
        }

        fn visit_i64<E: ::serde::de::Error>(self, _: i64) -> Result<$value, E> {
            Ok($instead)
        }

        fn visit_u64<E: ::serde::de::Error>(self, _: u64) -> Result<$value, E> {
            Ok($instead)
        }

        fn visit_f64<E: ::serde::de::Error>(self, _: f64) -> Result<$value, E> {
            Ok($instead)
        }

        fn visit_str<E: ::serde::de::Error>(self, _: &str) -> Result<$value, E> {
            Ok($instead)
        }

        fn visit_unit<E: ::serde::de::Error>(self) -> Result<$value, E> {
            Ok($null)
        }

        fn visit_seq<A: ::serde::de::SeqAccess<'de>>(self, seq: A) -> Result<$value, A::Error> {
            $crate::members::drain(seq)?;
            Ok($instead)
        }
    };
}

pub(crate) use passes_over_what_is_no_object;

/// Reads an array to its end.
pub(crate) fn drain<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}
