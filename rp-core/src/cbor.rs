//! CBOR as authenticators send it.
//!
//! Attestation objects, credential public keys, statements and extension outputs are all read here: as [RFC 8949]
//! describes, restricted as in [CTAP2's canonical form] to definite lengths, no tags, integers and strings as map
//! keys, no key twice in a map, nesting of at most [`MAX_DEPTH`] and texts in UTF-8. Unlike in the canonical form,
//! keys may come in any order and numbers in more bytes than they need, because some authenticators in the field
//! send them.
//!
//! The bytes are read once, into a [`Value`] that borrows from them. If the keys of a map are not in canonical order,
//! its values are skipped once more, to sort the keys. Time is therefore at most proportional to the length of the input
//! times [`MAX_DEPTH`], apart from the sort, whatever lengths the input claims. Memory is bounded by the length of the
//! input, and the input by [`MAX_LEN`].
//!
//! `serde_cbor` is not used for this: serde has one unit for `null` and `undefined` and nothing for other simple
//! values, and without its `std` the crate does not build next to a `serde` that has its own, so that features would
//! no longer be additive. The tests compare both readers.
//!
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949
//! [CTAP2's canonical form]: https://fidoalliance.org/specs/fido-v2.2-ps-20250714/fido-client-to-authenticator-protocol-v2.2-ps-20250714.html#ctap2-canonical-cbor-encoding-form

mod error;
mod fields;
mod head;
mod read;
#[cfg(test)]
mod tests;
mod value;

pub use error::{CborError, MAX_DEPTH, MAX_LEN};
pub use fields::{FieldError, Fields};
use head::Cursor;
pub(crate) use read::Key;
pub use value::{Map, Value};

/// Parses the whole input as one item.
///
/// # Errors
/// [`CborError`] with the offset of the first error; `Trailing` if bytes follow the item.
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

/// Parses the item at the start of the input. Returns it and its length in bytes.
///
/// # Errors
/// [`CborError`] with the offset of the first error.
pub fn parse_prefix(input: &[u8]) -> Result<(Value<'_>, usize), CborError> {
    if input.len() > MAX_LEN {
        return Err(CborError::TooLong { len: input.len() });
    }
    let mut cursor = Cursor { input, at: 0 };
    Ok((read::item(&mut cursor, 0)?, cursor.at))
}

/// Parses the item at the start of the input. If it is a map, `pair` receives its pairs and no map is built; they have
/// no meaning after an error. Returns whether it is a map, and its length in bytes.
pub(crate) fn parse_map_prefix<'a>(
    input: &'a [u8],
    pair: impl FnMut(Key<'a>, Value<'a>),
) -> Result<(bool, usize), CborError> {
    if input.len() > MAX_LEN {
        return Err(CborError::TooLong { len: input.len() });
    }
    let mut cursor = Cursor { input, at: 0 };
    Ok((read::map(&mut cursor, pair)?, cursor.at))
}

/// Parses the whole input as one item, as [`parse_map_prefix`] does.
pub(crate) fn parse_map<'a>(
    input: &'a [u8],
    pair: impl FnMut(Key<'a>, Value<'a>),
) -> Result<bool, CborError> {
    match parse_map_prefix(input, pair)? {
        (is_map, len) if len == input.len() => Ok(is_map),
        (_, len) => Err(CborError::Trailing { offset: len }),
    }
}
