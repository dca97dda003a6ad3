//! Reads scanned bytes into a [`Value`].

use alloc::vec::Vec;

use super::error::CborError;
use super::head::{Cursor, Major};
use super::value::{Map, Value};

/// Reads the item that the input begins with, which was scanned before: so the recursion is bounded, and what an
/// array or a map claims to hold is there.
pub(super) fn value(input: &[u8]) -> Result<Value<'_>, CborError> {
    next(&mut Cursor { input, at: 0 })
}

fn next<'a>(cursor: &mut Cursor<'a>) -> Result<Value<'a>, CborError> {
    let head = cursor.head()?;
    Ok(match head.major {
        Major::Unsigned => Value::Integer(head.argument.into()),
        Major::Negative => Value::Integer(!i128::from(head.argument)),
        Major::Bytes => Value::Bytes(cursor.take(head.argument, head.offset)?),
        Major::Text => Value::Text(cursor.text(&head)?),
        Major::Array => {
            let mut items = Vec::with_capacity(usize::try_from(head.argument).unwrap_or(0));
            for _ in 0..head.argument {
                items.push(next(cursor)?);
            }
            Value::Array(items)
        }
        Major::Map => {
            let mut pairs = Vec::with_capacity(usize::try_from(head.argument).unwrap_or(0));
            for _ in 0..head.argument {
                pairs.push((next(cursor)?, next(cursor)?));
            }
            Value::Map(Map(pairs))
        }
        Major::Simple => match u8::try_from(head.argument).unwrap_or(u8::MAX) {
            20 => Value::Bool(false),
            21 => Value::Bool(true),
            22 => Value::Null,
            23 => Value::Undefined,
            other => Value::Simple(other),
        },
        Major::Float(_) => Value::Float(f64::from_bits(head.double())),
    })
}
