//! Reads an item, well-formedness included, in one pass.

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

/// Reads the pairs of a map. A key is an integer, a byte string or a text, and occurs once.
///
/// Keys in CTAP2's canonical order cost one comparison each, keys in another order a sort.
fn pairs<'a>(
    cursor: &mut Cursor<'a>,
    head: &Head,
    depth: usize,
) -> Result<Vec<(Value<'a>, Value<'a>)>, CborError> {
    let first = cursor.clone();
    let mut pairs: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(capacity(head));
    let mut ascending = true;
    for _ in 0..head.argument {
        let key = key(cursor, depth)?;
        ascending = ascending && pairs.last().is_none_or(|(last, _)| order(last, &key).is_lt());
        pairs.push((key, item(cursor, depth)?));
    }
    if !ascending && let Some(index) = second_of_two(&pairs) {
        return Err(CborError::DuplicateKey { offset: offset_of_key(first, index, depth)? });
    }
    Ok(pairs)
}

fn key<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, CborError> {
    match cursor.clone().head()? {
        Head { major: Major::Unsigned | Major::Negative | Major::Bytes | Major::Text, .. } => {
            item(cursor, depth)
        }
        Head { offset, .. } => Err(CborError::KeyType { offset }),
    }
}

/// CTAP2's canonical order: by major type, then shorter before longer, then bytewise.
fn order(one: &Value<'_>, other: &Value<'_>) -> Ordering {
    match (one, other) {
        // Of negative numbers, -1 is the first.
        (Value::Integer(one), Value::Integer(other)) => {
            (*one < 0).cmp(&(*other < 0)).then(one.unsigned_abs().cmp(&other.unsigned_abs()))
        }
        (Value::Bytes(one), Value::Bytes(other)) => (one.len(), one).cmp(&(other.len(), other)),
        (Value::Text(one), Value::Text(other)) => (one.len(), one).cmp(&(other.len(), other)),
        _ => rank(one).cmp(&rank(other)),
    }
}

const fn rank(key: &Value<'_>) -> u8 {
    match key {
        Value::Integer(_) => 0,
        Value::Bytes(_) => 1,
        _ => 2,
    }
}

/// The index of a key that an earlier pair has too.
fn second_of_two(pairs: &[(Value<'_>, Value<'_>)]) -> Option<usize> {
    let mut keys: Vec<_> = pairs.iter().map(|(key, _)| key).enumerate().collect();
    keys.sort_unstable_by(|(at, one), (other_at, other)| order(one, other).then(at.cmp(other_at)));
    keys.windows(2).find_map(|two| match two {
        [(_, one), (at, other)] if one == other => Some(*at),
        _ => None,
    })
}

/// The offset of a key of a map whose pairs begin at `cursor`. Pairs before it were read without an error.
fn offset_of_key(mut cursor: Cursor<'_>, index: usize, depth: usize) -> Result<usize, CborError> {
    for _ in 0..index {
        item(&mut cursor, depth)?;
        item(&mut cursor, depth)?;
    }
    Ok(cursor.at)
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
