//! A CBOR item in memory.

use alloc::vec::Vec;

/// A CBOR item, borrowed from the bytes that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// An integer from -2^64 to 2^64 - 1 (major types 0 and 1).
    Integer(i128),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text string.
    Text(&'a str),
    /// An array.
    Array(Vec<Value<'a>>),
    /// A map.
    Map(Map<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `undefined`.
    Undefined,
    /// A floating-point number of any of the three sizes.
    Float(f64),
    /// A simple value without a registered meaning.
    Simple(u8),
}

impl<'a> Value<'a> {
    /// The integer, if this is one that fits in 64 bits.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => i64::try_from(*integer).ok(),
            _ => None,
        }
    }

    /// The bytes, if this is a byte string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text, if this is a text string.
    #[must_use]
    pub fn as_text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map<'a>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The kind of item, as in error messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Bytes(_) => "a byte string",
            Self::Text(_) => "a text",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Bool(_) => "a boolean",
            Self::Null => "null",
            Self::Undefined => "undefined",
            Self::Float(_) => "a float",
            Self::Simple(_) => "a simple value",
        }
    }
}

/// A CBOR map in the order of the input. Each key occurs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(pub(super) Vec<(Value<'a>, Value<'a>)>);

impl<'a> Map<'a> {
    /// The value of a text key.
    #[must_use]
    pub fn get_text(&self, key: &str) -> Option<&Value<'a>> {
        self.iter()
            .find_map(|(name, value)| matches!(name, Value::Text(text) if *text == key).then_some(value))
    }

    /// The value of an integer key.
    #[must_use]
    pub fn get_int(&self, key: i64) -> Option<&Value<'a>> {
        let key = Value::Integer(key.into());
        self.iter().find_map(|(label, value)| (*label == key).then_some(value))
    }

    /// Keys and values in the order of the input.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value<'a>, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the map is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
