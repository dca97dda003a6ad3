//! Well-formedness: walks over an item once and builds nothing.

use super::error::{CborError, MAX_DEPTH};
use super::head::{Cursor, Head, Major};
use super::key::{self, Key};

/// The length in bytes of the item at the start of the input.
pub(super) fn item_len(input: &[u8]) -> Result<usize, CborError> {
    let mut cursor = Cursor { input, at: 0 };
    item(&mut cursor, 0)?;
    Ok(cursor.at)
}

/// Walks over one item. `depth` is how many arrays and maps are open around it; the recursion is bounded by it.
fn item(cursor: &mut Cursor<'_>, depth: usize) -> Result<(), CborError> {
    let head = cursor.head()?;
    match head.major {
        Major::Unsigned | Major::Negative | Major::Simple | Major::Float(_) => {}
        Major::Bytes => {
            cursor.take(head.argument, head.offset)?;
        }
        Major::Text => {
            cursor.text(&head)?;
        }
        Major::Array => {
            let depth = open(cursor, &head, depth, 1)?;
            for _ in 0..head.argument {
                item(cursor, depth)?;
            }
        }
        Major::Map => {
            let depth = open(cursor, &head, depth, 2)?;
            pairs(cursor, &head, depth)?;
        }
    }
    Ok(())
}

/// Walks over the pairs of a map; no key may come twice.
fn pairs<'a>(cursor: &mut Cursor<'a>, head: &Head, depth: usize) -> Result<(), CborError> {
    let first = cursor.at;
    let mut last: Option<Key<'a>> = None;
    let mut ascending = true;
    for _ in 0..head.argument {
        let at = cursor.at;
        item(cursor, depth)?;
        // In canonical order each key is greater than the one before, so none is there twice.
        if ascending {
            let key = Key::read(cursor.input, at)?;
            ascending = last.is_none_or(|last| last < key);
            last = Some(key);
        }
        item(cursor, depth)?;
    }
    if ascending { Ok(()) } else { key::all_distinct(cursor.input, first, head.argument) }
}

/// Enters an array or a map whose items take at least one byte each.
fn open(cursor: &Cursor<'_>, head: &Head, depth: usize, items: u64) -> Result<usize, CborError> {
    let depth = depth.saturating_add(1);
    if depth > MAX_DEPTH {
        return Err(CborError::Depth { offset: head.offset });
    }
    let missing = head.argument.saturating_mul(items).saturating_sub(cursor.left());
    if missing > 0 {
        return Err(CborError::UnexpectedEnd { offset: head.offset, missing });
    }
    Ok(depth)
}
