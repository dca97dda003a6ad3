//! Reads an item, well-formedness included. Only maps whose keys are not in canonical order are looked at again.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::error::{CborError, MAX_DEPTH};
use super::head::{Cursor, Head, Major};
use super::value::{Map, Value};

/// Reads one item. `depth` is the number of arrays and maps around it, which bounds the recursion.
pub(super) fn item<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, CborError> {
    let head = cursor.head()?;
    Ok(match head.major {
        Major::Unsigned => Value::Integer(head.argument.into()),
        Major::Negative => Value::Integer(!i128::from(head.argument)),
        Major::Bytes => Value::Bytes(cursor.take(head.argument, head.offset)?),
        Major::Text => Value::Text(cursor.text(&head)?),
        Major::Array => {
            let depth = open(cursor, &head, depth, 1)?;
            let mut items = Vec::with_capacity(capacity(&head));
            for _ in 0..head.argument {
                items.push(item(cursor, depth)?);
            }
            Value::Array(items)
        }
        Major::Map => {
            let depth = open(cursor, &head, depth, 2)?;
            Value::Map(Map(pairs(cursor, &head, depth)?))
        }
        Major::Simple(20) => Value::Bool(false),
        Major::Simple(21) => Value::Bool(true),
        Major::Simple(22) => Value::Null,
        Major::Simple(23) => Value::Undefined,
        Major::Simple(other) => Value::Simple(other),
        Major::Float(float) => Value::Float(float),
    })
}

/// Reads one item. If it is a map, `pair` receives its pairs in their order, and no map is built; returns whether it is.
///
/// Pairs are reported as they are read, so that what `pair` received has no meaning after an error.
pub(super) fn map<'a>(
    cursor: &mut Cursor<'a>,
    pair: impl FnMut(Key<'a>, Value<'a>),
) -> Result<bool, CborError> {
    let head = cursor.clone().head()?;
    if !matches!(head.major, Major::Map) {
        item(cursor, 0)?;
        return Ok(false);
    }
    let head = cursor.head()?;
    let depth = open(cursor, &head, 0, 2)?;
    each_pair(cursor, &head, depth, pair)?;
    Ok(true)
}

/// Reads the pairs of a map.
fn pairs<'a>(
    cursor: &mut Cursor<'a>,
    head: &Head,
    depth: usize,
) -> Result<Vec<(Value<'a>, Value<'a>)>, CborError> {
    let mut pairs = Vec::with_capacity(capacity(head));
    each_pair(cursor, head, depth, |key, value| pairs.push((key.into(), value)))?;
    Ok(pairs)
}

/// Reads the pairs of a map. A key is an integer, a byte string or a text, and occurs once.
///
/// Keys in CTAP2's canonical order cost one comparison each, keys in another order a sort. The sort finds the keys again
/// by skipping the values, so that an item is read once, and skipped at most once for each map around it.
fn each_pair<'a>(
    cursor: &mut Cursor<'a>,
    head: &Head,
    depth: usize,
    mut pair: impl FnMut(Key<'a>, Value<'a>),
) -> Result<(), CborError> {
    let first = cursor.clone();
    let mut last = None;
    let mut ascending = true;
    for _ in 0..head.argument {
        let key = key(cursor)?;
        ascending = ascending && last.is_none_or(|last| order(last, key).is_lt());
        last = Some(key);
        pair(key, item(cursor, depth)?);
    }
    if ascending { Ok(()) } else { check_unique(first, head) }
}

/// The key of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// An integer that is not negative.
    Unsigned(u64),
    /// The integer -1 - n.
    Negative(u64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
}

impl<'a> From<Key<'a>> for Value<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Unsigned(integer) => Self::Integer(integer.into()),
            Key::Negative(integer) => Self::Integer(!i128::from(integer)),
            Key::Bytes(bytes) => Self::Bytes(bytes),
            Key::Text(text) => Self::Text(text),
        }
    }
}

fn key<'a>(cursor: &mut Cursor<'a>) -> Result<Key<'a>, CborError> {
    let head = cursor.head()?;
    match head.major {
        Major::Unsigned => Ok(Key::Unsigned(head.argument)),
        Major::Negative => Ok(Key::Negative(head.argument)),
        Major::Bytes => cursor.take(head.argument, head.offset).map(Key::Bytes),
        Major::Text => cursor.text(&head).map(Key::Text),
        _ => Err(CborError::KeyType { offset: head.offset }),
    }
}

/// CTAP2's canonical order: by major type, then shorter before longer, then bytewise.
fn order(one: Key<'_>, other: Key<'_>) -> Ordering {
    match (one, other) {
        // Of negative numbers, -1 is the first.
        (Key::Unsigned(one), Key::Unsigned(other)) | (Key::Negative(one), Key::Negative(other)) => {
            one.cmp(&other)
        }
        (Key::Bytes(one), Key::Bytes(other)) => (one.len(), one).cmp(&(other.len(), other)),
        (Key::Text(one), Key::Text(other)) => (one.len(), one).cmp(&(other.len(), other)),
        _ => rank(one).cmp(&rank(other)),
    }
}

const fn rank(key: Key<'_>) -> u8 {
    match key {
        Key::Unsigned(_) => 0,
        Key::Negative(_) => 1,
        Key::Bytes(_) => 2,
        Key::Text(_) => 3,
    }
}

/// Checks that no key occurs twice. The pairs begin at `cursor`, and were read without an error.
fn check_unique(mut cursor: Cursor<'_>, head: &Head) -> Result<(), CborError> {
    let mut keys = Vec::with_capacity(capacity(head));
    for _ in 0..head.argument {
        let offset = cursor.at;
        keys.push((key(&mut cursor)?, offset));
        skip(&mut cursor)?;
    }
    keys.sort_unstable_by(|(one, at), (other, other_at)| order(*one, *other).then(at.cmp(other_at)));
    let is_same = |two: &&[(Key<'_>, usize)]| matches!(two, [(one, _), (other, _)] if one == other);
    match keys.windows(2).find(is_same) {
        Some([_, (_, offset)]) => Err(CborError::DuplicateKey { offset: *offset }),
        _ => Ok(()),
    }
}

/// Skips one item, which was read without an error. It reads heads only: neither keys nor texts are checked again, because
/// a check in each of several nested maps would double the work with each of them.
fn skip(cursor: &mut Cursor<'_>) -> Result<(), CborError> {
    let mut items = 1_u64;
    while let Some(others) = items.checked_sub(1) {
        let head = cursor.head()?;
        let inner = match head.major {
            Major::Bytes | Major::Text => cursor.take(head.argument, head.offset).map(|_| 0)?,
            Major::Array => head.argument,
            Major::Map => head.argument.saturating_mul(2),
            _ => 0,
        };
        items = others.saturating_add(inner);
    }
    Ok(())
}

/// Enters an array or a map, whose items take at least one byte each.
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

/// The number of items or pairs to allocate for at once. More are allocated for as they are read, so that nested
/// lengths reserve no more memory than the input has items for.
fn capacity(head: &Head) -> usize {
    const AT_ONCE: u64 = 16;
    usize::try_from(head.argument.min(AT_ONCE)).unwrap_or(0)
}
