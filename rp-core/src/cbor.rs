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

mod error;
mod fields;
mod head;
mod key;
mod read;
mod scan;
#[cfg(test)]
mod tests;
mod value;

pub use error::{CborError, MAX_DEPTH};
pub use fields::{FieldError, Fields};
pub use value::{Map, Value};

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
