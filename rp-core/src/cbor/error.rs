//! Why bytes are not the CBOR that this crate reads.

use crate::error::Code;

/// Why bytes were rejected as CBOR. `offset` counts from the first byte of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// An item, or the length that it states, exceeds the input.
    #[error("the item at byte {offset} is cut: at least {missing} bytes are missing")]
    UnexpectedEnd {
        /// The offset of the item.
        offset: usize,
        /// The minimum number of missing bytes.
        missing: u64,
    },
    /// An item of indefinite length.
    #[error("indefinite length at byte {offset}")]
    IndefiniteLength {
        /// The offset of the item.
        offset: usize,
    },
    /// A tag. Neither WebAuthn nor CTAP uses any.
    #[error("tag at byte {offset}")]
    Tag {
        /// The offset of the tag.
        offset: usize,
    },
    /// A head that RFC 8949 reserves.
    #[error("reserved value at byte {offset}")]
    Reserved {
        /// The offset of the item.
        offset: usize,
    },
    /// Arrays and maps are nested deeper than [`MAX_DEPTH`].
    #[error("nesting deeper than {max} at byte {offset}", max = MAX_DEPTH)]
    Depth {
        /// The offset of the array or map that is too deep.
        offset: usize,
    },
    /// A text that is not UTF-8.
    #[error("text that is not UTF-8 at byte {offset}")]
    Utf8 {
        /// The offset of the first invalid byte.
        offset: usize,
    },
    /// A key of a map is not an integer, a byte string or a text. No authenticator writes any other.
    #[error("the key at byte {offset} is not an integer, a byte string or a text")]
    KeyType {
        /// The offset of the key.
        offset: usize,
    },
    /// A map contains a key twice, in any encodings.
    #[error("the key at byte {offset} is a duplicate")]
    DuplicateKey {
        /// The offset of the second one.
        offset: usize,
    },
    /// The input is longer than [`MAX_LEN`].
    #[error("{len} bytes of CBOR, more than {max}", max = MAX_LEN)]
    TooLong {
        /// The length of the input in bytes.
        len: usize,
    },
    /// Bytes follow the item.
    #[error("trailing bytes from byte {offset}")]
    Trailing {
        /// The offset of the first trailing byte.
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

/// The longest input in bytes: 1 MiB.
///
/// Attestation objects in the field have less than 10 KiB. Those with chains of post-quantum certificates, or with a
/// `compound` statement of 16 such parts, have a few hundred KiB. Reading this many bytes takes some milliseconds.
pub const MAX_LEN: usize = 1 << 20;

/// How deep arrays and maps may nest.
///
/// An attestation object with a `compound` statement whose parts contain certificates has a depth of five, and CTAP2
/// limits authenticators to four. The rest is reserved for future extensions.
pub const MAX_DEPTH: usize = 16;
