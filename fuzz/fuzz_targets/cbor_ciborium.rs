//! Our CBOR compared with the crate `ciborium`: it reads what we accept as the same value, and we accept what it reads
//! and writes again. The differences are listed here.
#![no_main]

use ciborium::Value as Theirs;
use rp_core::cbor::{self, CborError, MAX_DEPTH, Value};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let theirs: Result<Theirs, _> = ciborium::from_reader(data);
    if let Ok((ours, length)) = cbor::parse_prefix(data) {
        match ciborium::from_reader::<Theirs, _>(&data[..length]) {
            Ok(theirs) => assert!(is_same(&ours, &theirs), "{ours:?} is not {theirs:?}"),
            Err(error) => assert!(has_simple(&ours), "{ours:?}: {error}"),
        }
    }
    let Ok(theirs) = theirs else { return };
    let mut written = Vec::new();
    ciborium::into_writer(&theirs, &mut written).expect("a value is written");
    match cbor::parse(&written) {
        Ok(ours) => assert!(is_same(&ours, &theirs), "{ours:?} is not {theirs:?}"),
        // We are stricter: no tags, limited depth, only integers and strings as keys, no duplicate keys.
        Err(CborError::Tag { .. }) => assert!(any(&theirs, &|one| matches!(one, Theirs::Tag(..)))),
        Err(CborError::Depth { .. }) => assert!(depth(&theirs) > MAX_DEPTH),
        Err(CborError::KeyType { .. }) => assert!(any(&theirs, &has_other_key)),
        Err(CborError::DuplicateKey { .. }) => assert!(any(&theirs, &has_key_twice)),
        Err(error) => panic!("{theirs:?}: {error}"),
    }
});

/// Whether a value of ours equals one of ciborium, which reads `undefined` as `null`.
fn is_same(ours: &Value<'_>, theirs: &Theirs) -> bool {
    match (ours, theirs) {
        (Value::Integer(ours), Theirs::Integer(theirs)) => *ours == i128::from(*theirs),
        (Value::Bytes(ours), Theirs::Bytes(theirs)) => ours == theirs,
        (Value::Text(ours), Theirs::Text(theirs)) => ours == theirs,
        (Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Value::Null | Value::Undefined, Theirs::Null) => true,
        (Value::Float(ours), Theirs::Float(theirs)) => ours == theirs || (ours.is_nan() && theirs.is_nan()),
        (Value::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Map(ours), Theirs::Map(theirs)) => {
            let same =
                |((key, value), (its_key, its_value)): ((&Value<'_>, &Value<'_>), &(Theirs, Theirs))| {
                    is_same(key, its_key) && is_same(value, its_value)
                };
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
        }
        _ => false,
    }
}

/// Whether there is an unassigned simple value, which ciborium does not read.
fn has_simple(ours: &Value<'_>) -> bool {
    match ours {
        Value::Simple(_) => true,
        Value::Array(items) => items.iter().any(has_simple),
        Value::Map(map) => map.iter().any(|(_, value)| has_simple(value)),
        _ => false,
    }
}

fn any(theirs: &Theirs, what: &dyn Fn(&Theirs) -> bool) -> bool {
    what(theirs)
        || match theirs {
            Theirs::Array(items) => items.iter().any(|item| any(item, what)),
            Theirs::Map(pairs) => pairs.iter().any(|(key, value)| any(key, what) || any(value, what)),
            Theirs::Tag(_, inside) => any(inside, what),
            _ => false,
        }
}

fn depth(theirs: &Theirs) -> usize {
    match theirs {
        Theirs::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Theirs::Map(pairs) => {
            1 + pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0)
        }
        Theirs::Tag(_, inside) => depth(inside),
        _ => 0,
    }
}

/// Whether a map has a key that is not an integer, a byte string or a text.
fn has_other_key(theirs: &Theirs) -> bool {
    let is_other = |key: &Theirs| !matches!(key, Theirs::Integer(_) | Theirs::Bytes(_) | Theirs::Text(_));
    matches!(theirs, Theirs::Map(pairs) if pairs.iter().any(|(key, _)| is_other(key)))
}

/// Whether a map has a key twice.
fn has_key_twice(theirs: &Theirs) -> bool {
    let Theirs::Map(pairs) = theirs else { return false };
    pairs.iter().enumerate().any(|(at, (key, _))| pairs[..at].iter().any(|(earlier, _)| earlier == key))
}
