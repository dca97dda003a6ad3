//! Why bytes are not the CBOR that this crate reads.

use crate::error::Code;

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
    /// A key of a map is not an integer, a byte string or a text. No authenticator writes any other.
    #[error("the key at byte {offset} is not an integer, a byte string or a text")]
    KeyType {
        /// Where the key begins.
        offset: usize,
    },
    /// A map has a key twice, however the two are encoded.
    #[error("the key at byte {offset} is in the map already")]
    DuplicateKey {
        /// Where the second of the two begins.
        offset: usize,
    },
    /// The input is longer than [`MAX_LEN`].
    #[error("{len} bytes of CBOR, more than {max}", max = MAX_LEN)]
    TooLong {
        /// The length of the input in bytes.
        len: usize,
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
