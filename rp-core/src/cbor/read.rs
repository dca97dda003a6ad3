//! Bytes that the scanner let pass, into a [`Value`], by `serde_cbor`.

use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{CborError, Map, Value};

/// Reads one item that the scanner found well-formed, without a byte behind it.
pub(super) fn value(item: &[u8]) -> Result<Value<'_>, CborError> {
    // The scanner lets nothing pass that serde_cbor refuses. Should that change, it is refused here.
    serde_cbor::from_slice(item).map_err(|error| CborError::Reserved {
        offset: usize::try_from(error.offset()).unwrap_or(item.len()),
    })
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CBOR item")
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Self::Value, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_i128<E>(self, integer: i128) -> Result<Self::Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Value::Bytes(bytes))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, float: f64) -> Result<Self::Value, E> {
        Ok(Value::Float(float))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // The scanner saw as many bytes as the array claims items.
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // The scanner saw as many bytes as the map claims keys and values.
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(Map(entries)))
    }
}
