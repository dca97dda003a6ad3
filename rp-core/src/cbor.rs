//! One strict reading of CBOR for the whole crate.
//!
//! Attestation objects, credential public keys, statements and extension outputs all pass here. What an
//! authenticator sends is read as [RFC 8949] describes it, within [CTAP2's canonical form] as far as the field
//! keeps to it: definite lengths, no tags, no key twice in a map, nesting of at most [`MAX_DEPTH`], texts in
//! UTF-8. Keys may come in any order and numbers in more bytes than they need, as some authenticators send them.
//!
//! Two steps: a scanner walks over the bytes without a copy and refuses what is not well-formed, then the scanned
//! bytes are read into a [`Value`] that borrows from them. The work of both is bounded by the length of the input,
//! whatever lengths the input claims.
//!
//! `serde_cbor` would do the second step, but not as well: serde has one unit for `null` and `undefined` and nothing
//! for other simple values, and without its `std` the crate does not build beside a `serde` that has its own, so
//! that features would no longer add. It is held against this reading in the tests.
//!
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949
//! [CTAP2's canonical form]: https://fidoalliance.org/specs/fido-v2.2-ps-20250714/fido-client-to-authenticator-protocol-v2.2-ps-20250714.html#ctap2-canonical-cbor-encoding-form

mod fields;
mod key;
mod read;
mod scan;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub use fields::{FieldError, Fields};

use crate::Code;

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
    /// A simple value that nobody has given a meaning.
    Simple(u8),
}

impl<'a> Value<'a> {
    /// The integer, where this is one that 64 bits hold.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => i64::try_from(*integer).ok(),
            _ => None,
        }
    }

    /// The bytes, where this is a byte string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text, where this is a text string.
    #[must_use]
    pub fn as_text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, where this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The map, where this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map<'a>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The truth value, where this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// What kind of item this is, in words for an error.
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

/// A CBOR map in the order of the input. No key is there twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(Vec<(Value<'a>, Value<'a>)>);

impl<'a> Map<'a> {
    /// What stands under a text.
    #[must_use]
    pub fn get_text(&self, key: &str) -> Option<&Value<'a>> {
        self.iter()
            .find_map(|(name, value)| matches!(name, Value::Text(text) if *text == key).then_some(value))
    }

    /// Takes out what stands under a text; the order of what is left may change.
    pub fn take_text(&mut self, key: &str) -> Option<Value<'a>> {
        let is_key = |name: &Value<'a>| matches!(name, Value::Text(text) if *text == key);
        let at = self.0.iter().position(|(name, _)| is_key(name))?;
        Some(self.0.swap_remove(at).1)
    }

    /// What stands under an integer.
    #[must_use]
    pub fn get_int(&self, key: i64) -> Option<&Value<'a>> {
        let key = Value::Integer(key.into());
        self.iter().find_map(|(label, value)| (*label == key).then_some(value))
    }

    /// Keys and values in the order of the input.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value<'a>, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why bytes were refused as CBOR. `offset` counts from the first byte of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// An item, or what its length promises, goes beyond the input.
    #[error("the item at byte {offset} lacks at least {missing} bytes")]
    UnexpectedEnd {
        /// Where the item begins.
        offset: usize,
        /// How many bytes there would have to be more, at least.
        missing: u64,
    },
    /// An item that leaves its length open.
    #[error("indefinite length at byte {offset}")]
    IndefiniteLength {
        /// Where the item begins.
        offset: usize,
    },
    /// A tag; neither WebAuthn nor CTAP uses any.
    #[error("tag at byte {offset}")]
    Tag {
        /// Where the tag begins.
        offset: usize,
    },
    /// A head that RFC 8949 reserves.
    #[error("reserved value at byte {offset}")]
    Reserved {
        /// Where the item begins.
        offset: usize,
    },
    /// Arrays and maps nest deeper than [`MAX_DEPTH`].
    #[error("nesting deeper than {max} at byte {offset}", max = MAX_DEPTH)]
    Depth {
        /// Where the array or map that is too deep begins.
        offset: usize,
    },
    /// A text that is not UTF-8.
    #[error("text that is not UTF-8 at byte {offset}")]
    Utf8 {
        /// The first byte that is wrong.
        offset: usize,
    },
    /// A map has a key twice, however the two are encoded.
    #[error("the key at byte {offset} is in the map already")]
    DuplicateKey {
        /// Where the second of the two begins.
        offset: usize,
    },
    /// Bytes are left over behind the item.
    #[error("bytes left over from byte {offset}")]
    Trailing {
        /// The first byte that is left over.
        offset: usize,
    },
}

impl CborError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::MalformedCbor
    }
}

/// How deep arrays and maps may nest.
///
/// An attestation object with a `compound` statement whose parts carry certificates nests five deep, and CTAP2
/// keeps authenticators to four; the rest is room for extensions yet to come.
pub const MAX_DEPTH: usize = 16;

/// Reads the whole input as one item.
///
/// # Errors
/// [`CborError`] with the offset of the first thing that is wrong; `Trailing` where bytes are left over.
///
/// # Examples
/// ```
/// use rp_core::cbor::{self, Value};
///
/// let map = cbor::parse(&[0xa1 /* map(1) */, 0x63, b'f', b'm', b't', 0x64, b'n', b'o', b'n', b'e'])?;
/// assert_eq!(map.as_map().and_then(|map| map.get_text("fmt")), Some(&Value::Text("none")));
/// # Ok::<(), cbor::CborError>(())
/// ```
pub fn parse(input: &[u8]) -> Result<Value<'_>, CborError> {
    match parse_prefix(input)? {
        (value, len) if len == input.len() => Ok(value),
        (_, len) => Err(CborError::Trailing { offset: len }),
    }
}

/// Reads the item that the input begins with, and tells how many bytes it takes.
///
/// # Errors
/// [`CborError`] with the offset of the first thing that is wrong.
pub fn parse_prefix(input: &[u8]) -> Result<(Value<'_>, usize), CborError> {
    let len = item_len(input)?;
    let item = input.get(..len).unwrap_or(input);
    Ok((read::value(item)?, len))
}

/// How many bytes the item takes that the input begins with; it is checked as [`parse`] checks it.
///
/// Allocates only for a map whose keys are not in canonical order.
///
/// # Errors
/// [`CborError`] with the offset of the first thing that is wrong.
pub fn item_len(input: &[u8]) -> Result<usize, CborError> {
    scan::item_len(input)
}
