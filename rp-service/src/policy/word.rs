//! Values that a policy file writes as a text, and lists of them.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use rp_core::{Aaguid, Algorithm};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use crate::factor_name::FactorName;

/// A value that is written as a text.
pub trait Word: Sized {
    /// The kind of text, for error messages and for the schema.
    const KIND: &'static str;
    /// All texts, if they are few.
    const TEXTS: &'static [&'static str] = &[];

    /// Reads the text.
    fn parse(text: &str) -> Option<Self>;
}

/// The accepted values of a kind: any, or those of a list. A file writes one text or a list of texts.
///
/// # Examples
/// ```
/// use rp_service::{Allowed, FactorName};
///
/// let allowed = Allowed::only([FactorName::PASSKEY]);
/// assert!(allowed.contains(&FactorName::PASSKEY) && !allowed.contains(&FactorName::TOTP));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allowed<T> {
    /// Any value.
    #[default]
    Any,
    /// One of these.
    Only(BTreeSet<T>),
}

/// Where an authenticator is, relative to the client
/// ([section 5.4.5](https://www.w3.org/TR/webauthn-3/#enum-attachment)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attachment {
    /// In the client's device.
    Platform,
    /// Outside of it: a security key or a phone.
    CrossPlatform,
}

impl<T: Ord + Clone> Allowed<T> {
    /// These values.
    #[must_use]
    pub fn only(values: impl IntoIterator<Item = T>) -> Self {
        Self::Only(values.into_iter().collect())
    }

    /// Whether the value is accepted.
    #[must_use]
    pub fn contains(&self, value: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(values) => values.contains(value),
        }
    }

    /// Whether no value is accepted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(values) if values.is_empty())
    }

    /// The values that both accept.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, other) => other.clone(),
            (values, Self::Any) => values.clone(),
            (Self::Only(some), Self::Only(others)) => Self::Only(some & others),
        }
    }

    /// The values that either accepts.
    pub(super) fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(some), Self::Only(others)) => Self::Only(some | others),
            _ => Self::Any,
        }
    }
}

impl Word for FactorName {
    const KIND: &'static str = "the name of a factor";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Word for Attachment {
    const KIND: &'static str = "an attachment";
    const TEXTS: &'static [&'static str] = &["platform", "cross-platform"];

    fn parse(text: &str) -> Option<Self> {
        match text {
            "platform" => Some(Self::Platform),
            "cross-platform" => Some(Self::CrossPlatform),
            _ => None,
        }
    }
}

impl Word for Aaguid {
    const KIND: &'static str = "an AAGUID";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The name in the IANA registry, such as `ES256`.
impl Word for Algorithm {
    const KIND: &'static str = "the name of an algorithm that this build supports";

    fn parse(text: &str) -> Option<Self> {
        Self::SUPPORTED.iter().copied().find(|algorithm| algorithm.name() == text)
    }
}

impl<'de, T: Word + Ord> Deserialize<'de> for Allowed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany<T>(PhantomData<T>);

        impl<'de, T: Word + Ord> Visitor<'de> for OneOrMany<T> {
            type Value = Allowed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, or a list", T::KIND)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Allowed::Only([read(text)?].into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = BTreeSet::new();
                while let Some(text) = list.next_element::<String>()? {
                    values.insert(read(&text)?);
                }
                Ok(Allowed::Only(values))
            }
        }

        deserializer.deserialize_any(OneOrMany(PhantomData))
    }
}

fn read<T: Word, E: de::Error>(text: &str) -> Result<T, E> {
    T::parse(text).ok_or_else(|| E::custom(format_args!("{text:?} is not {}", T::KIND)))
}

#[cfg(feature = "schema")]
impl<T: Word> schemars::JsonSchema for Allowed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Allowed({})", T::KIND).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut word = schemars::json_schema!({ "type": "string", "description": T::KIND });
        if !T::TEXTS.is_empty() {
            word.insert("enum".into(), T::TEXTS.into());
        }
        schemars::json_schema!({ "anyOf": [word, { "type": "array", "items": word, "uniqueItems": true }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_list<T: Word + Ord>(json: &str) -> Result<Allowed<T>, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn one_text_or_a_list_is_read() {
        assert_eq!(read_list(r#""totp""#), Ok(Allowed::only([FactorName::TOTP])));
        let both = Allowed::only([FactorName::TOTP, FactorName::PASSKEY]);
        assert_eq!(read_list(r#"["totp", "passkey", "totp"]"#), Ok(both));
        assert_eq!(read_list::<FactorName>("[]").map(|allowed| allowed.is_empty()), Ok(true));
    }

    #[test]
    fn an_unknown_text_is_named() {
        let error = read_list::<Algorithm>(r#"["ES256", "ES255"]"#).unwrap_err();
        let expected = "\"ES255\" is not the name of an algorithm that this build supports";
        assert!(error.starts_with(expected), "{error}");
        let error = read_list::<Attachment>("7").unwrap_err();
        assert!(error.starts_with("invalid type: integer `7`, expected an attachment, or a list"), "{error}");
    }

    #[test]
    fn an_intersection_accepts_what_both_accept() {
        let one = Allowed::only([1, 2]);
        assert_eq!(one.intersection(&Allowed::Any), one);
        assert_eq!(Allowed::Any.intersection(&one), one);
        assert_eq!(one.intersection(&Allowed::only([2, 3])), Allowed::only([2]));
        assert!(one.intersection(&Allowed::only([3])).is_empty());
    }
}
