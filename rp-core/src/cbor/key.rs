//! When two keys of a map are the same: by what they mean, not by how they are encoded.

use alloc::vec::Vec;

use super::error::CborError;
use super::head::{Cursor, Major};

/// A key's meaning. The order is CTAP2's canonical order for all keys that WebAuthn and CTAP use: by major type,
/// then shorter before longer, then bytewise.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Unsigned(u64),
    /// -1 minus this.
    Negative(u64),
    Bytes(usize, &'a [u8]),
    Text(usize, &'a [u8]),
    /// Anything else, in a canonical encoding.
    Other(Vec<u8>),
}

impl<'a> Key<'a> {
    /// The key that begins at `at`, which was scanned before.
    pub(super) fn read(input: &'a [u8], at: usize) -> Result<Self, CborError> {
        let mut cursor = Cursor { input, at };
        let head = cursor.head()?;
        Ok(match head.major {
            Major::Unsigned => Self::Unsigned(head.argument),
            Major::Negative => Self::Negative(head.argument),
            Major::Bytes => {
                let bytes = cursor.take(head.argument, at)?;
                Self::Bytes(bytes.len(), bytes)
            }
            Major::Text => {
                let bytes = cursor.take(head.argument, at)?;
                Self::Text(bytes.len(), bytes)
            }
            _ => {
                let mut canonical = Vec::new();
                encode(&mut Cursor { input, at }, &mut canonical)?;
                Self::Other(canonical)
            }
        })
    }
}

/// Refuses a map with two keys of one meaning. Its `pairs`, scanned before, begin at `first`.
///
/// Sorting bounds the work at `n log n` of the map's length; a map is walked once more for each map around it, of
/// which there are at most [`MAX_DEPTH`](super::MAX_DEPTH).
pub(super) fn all_distinct(input: &[u8], first: usize, pairs: u64) -> Result<(), CborError> {
    let mut keys = Vec::with_capacity(usize::try_from(pairs).unwrap_or(0));
    let mut cursor = Cursor { input, at: first };
    for _ in 0..pairs {
        let offset = cursor.at;
        keys.push((Key::read(input, offset)?, offset));
        skip(&mut cursor)?;
        skip(&mut cursor)?;
    }
    keys.sort_unstable();
    let mut last = None;
    for (key, offset) in &keys {
        if last == Some(key) {
            return Err(CborError::DuplicateKey { offset: *offset });
        }
        last = Some(key);
    }
    Ok(())
}

/// Walks over an item that was scanned before.
fn skip(cursor: &mut Cursor<'_>) -> Result<(), CborError> {
    let mut items = 1_u64;
    while items > 0 {
        items = items.saturating_sub(1);
        let head = cursor.head()?;
        match head.major {
            Major::Bytes | Major::Text => {
                cursor.take(head.argument, head.offset)?;
            }
            Major::Array => items = items.saturating_add(head.argument),
            Major::Map => items = items.saturating_add(head.argument.saturating_mul(2)),
            _ => {}
        }
    }
    Ok(())
}

/// Writes an item so that equal meanings give equal bytes: arguments in eight bytes, floats as doubles, maps
/// sorted. The recursion is as deep as the scan's was.
fn encode(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), CborError> {
    let head = cursor.head()?;
    let label = match head.major {
        Major::Unsigned => 0,
        Major::Negative => 1,
        Major::Bytes => 2,
        Major::Text => 3,
        Major::Array => 4,
        Major::Map => 5,
        Major::Simple => 6,
        Major::Float(_) => 7,
    };
    let meaning = if label == 7 { head.double() } else { head.argument };
    out.push(label);
    out.extend_from_slice(&meaning.to_be_bytes());
    match head.major {
        Major::Bytes | Major::Text => out.extend_from_slice(cursor.take(head.argument, head.offset)?),
        Major::Array => {
            for _ in 0..head.argument {
                encode(cursor, out)?;
            }
        }
        Major::Map => {
            let mut pairs = Vec::new();
            for _ in 0..head.argument {
                let mut pair = Vec::new();
                encode(cursor, &mut pair)?;
                encode(cursor, &mut pair)?;
                pairs.push(pair);
            }
            pairs.sort_unstable();
            out.extend(pairs.into_iter().flatten());
        }
        _ => {}
    }
    Ok(())
}
