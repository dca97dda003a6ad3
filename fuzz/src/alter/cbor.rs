//! CBOR: alters an item at some depth, in its value or its encoding; authenticator data, field by field.

use arbitrary::{Result, Unstructured};
use rp_conformance::authenticator::Cbor;
use rp_core::AuthenticatorData;
use rp_core::cbor::{self, Value};

use super::bytes::MAX_DEPTH;
use super::{bytes, der, json};

/// Alters an attestation object: one of its members, or a member replaced by another object's.
pub fn alter_object(object: &mut Vec<u8>, other: &[u8], u: &mut Unstructured<'_>) -> Result<()> {
    let Some(mut item) = read(object) else { return bytes::alter(object, u) };
    match u.int_in_range(0..=7)? {
        0 => {
            let name = Cbor::from(*u.choose(&["fmt", "attStmt", "authData"])?);
            if let Some(value) = read(other).and_then(|other| other.get(&name).cloned()) {
                item.set(name, value);
            }
        }
        1 => {
            let name = Cbor::from("authData");
            if let Some(Cbor::Bytes(mut data)) = item.get(&name).cloned() {
                alter_authenticator_data(&mut data, u)?;
                item.set(name, data);
            }
        }
        2 => {
            *object = item.encode_long();
            return Ok(());
        }
        3..=5 => {
            let name = Cbor::from("attStmt");
            if let Some(mut statement) = item.get(&name).cloned() {
                within(&mut statement, MAX_DEPTH, u)?;
                item.set(name, statement);
            }
        }
        _ => within(&mut item, MAX_DEPTH, u)?,
    }
    *object = item.encode();
    Ok(())
}

/// Alters a field of authenticator data; unreadable data is altered byte by byte.
pub fn alter_authenticator_data(data: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    if u.ratio(1, 8)? {
        return bytes::alter(data, u);
    }
    let Ok(read) = AuthenticatorData::parse(data) else { return bytes::alter(data, u) };
    let mut head = data[..AAGUID].to_vec();
    let mut attested = read.attested_credential().map(|one| {
        (
            one.aaguid.as_bytes().to_vec(),
            one.credential_id.to_vec(),
            one.credential_public_key.as_bytes().to_vec(),
        )
    });
    let mut extensions = read.extensions().unwrap_or_default().to_vec();
    match (u.int_in_range(0..=8)?, &mut attested) {
        (0 | 1, _) => head[u.choose_index(FLAGS)?] ^= u.int_in_range(1..=255)?,
        (2, _) => head[FLAGS] ^= 1 << u.int_in_range(0..=7)?,
        (3, _) => head[COUNTER..].copy_from_slice(&u.arbitrary::<u32>()?.to_be_bytes()),
        (4, Some((aaguid, ..))) => aaguid[u.choose_index(16)?] ^= u.int_in_range(1..=255)?,
        (5, Some((_, id, _))) => bytes::alter(id, u)?,
        (6 | 7, Some((.., key))) => alter_bytes(key, u)?,
        _ if extensions.is_empty() => {
            head[FLAGS] |= EXTENSION_DATA;
            extensions = b"\xa1\x6bcredProtect\x02".to_vec();
        }
        _ => alter_bytes(&mut extensions, u)?,
    }
    if let Some((aaguid, id, key)) = attested {
        head.extend(aaguid);
        head.extend(u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend(id);
        head.extend(key);
    }
    head.extend(extensions);
    *data = head;
    Ok(())
}

/// Alters an item at some depth; other bytes are altered byte by byte.
pub fn alter_bytes(bytes: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    match read(bytes) {
        Some(mut item) => {
            within(&mut item, MAX_DEPTH, u)?;
            *bytes = item.encode();
            Ok(())
        }
        None => bytes::alter(bytes, u),
    }
}

fn within(item: &mut Cbor, depth: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let deeper = depth > 0 && u.ratio(7, 8)?;
    match item {
        Cbor::Map(members) if deeper && !members.is_empty() => {
            let at = u.choose_index(members.len())?;
            let (key, value) = &mut members[at];
            within(if u.ratio(1, 8)? { key } else { value }, depth - 1, u)
        }
        Cbor::Array(items) if deeper && !items.is_empty() => {
            let at = u.choose_index(items.len())?;
            within(&mut items[at], depth - 1, u)
        }
        Cbor::Map(members) => {
            if members.is_empty() || u.ratio(1, 4)? {
                members.push((any(u)?, any(u)?));
                return Ok(());
            }
            let at = u.choose_index(members.len())?;
            match u.int_in_range(0..=3)? {
                0 => drop(members.remove(at)),
                1 => members.push(members[at].clone()),
                2 => members.swap(0, at),
                _ => *item = Cbor::IndefiniteMap(std::mem::take(members)),
            }
            Ok(())
        }
        Cbor::Array(items) => {
            if items.is_empty() || u.ratio(1, 4)? {
                items.push(any(u)?);
                return Ok(());
            }
            let at = u.choose_index(items.len())?;
            match u.int_in_range(0..=2)? {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => items.swap(0, at),
            }
            Ok(())
        }
        Cbor::Bytes(bytes) if u.ratio(15, 16)? => match bytes[..] {
            [0x30, ..] => der::alter(bytes, u),
            // A JWS begins with `{"`.
            [b'e', b'y', ..] => json::alter_jws(bytes, u),
            _ => bytes::alter(bytes, u),
        },
        Cbor::Text(text) if u.ratio(7, 8)? => {
            let mut changed = std::mem::take(text).into_bytes();
            bytes::alter(&mut changed, u)?;
            *text = String::from_utf8_lossy(&changed).into_owned();
            Ok(())
        }
        other => {
            *other = any(u)?;
            Ok(())
        }
    }
}

fn any(u: &mut Unstructured<'_>) -> Result<Cbor> {
    Ok(match u.int_in_range(0..=8)? {
        0 => Cbor::Null,
        1 => Cbor::Bool(u.arbitrary()?),
        2 => Cbor::Int(u.arbitrary()?),
        3 => Cbor::Int((*u.choose(ALGORITHMS)?).into()),
        4 => Cbor::Array(Vec::new()),
        5 => Cbor::Map(Vec::new()),
        6 => Cbor::Bytes(vec![0; u.int_in_range(0..=64)?]),
        _ => Cbor::from(*u.choose(TEXTS)?),
    })
}

/// Offsets in authenticator data.
const FLAGS: usize = 32;
const COUNTER: usize = 33;
const AAGUID: usize = 37;
/// ED, a bit of the flags.
const EXTENSION_DATA: u8 = 0x80;

/// COSE algorithms, kinds of keys and curves.
const ALGORITHMS: &[i16] = &[-7, -8, -9, -19, -35, -36, -37, -47, -48, -51, -52, -53, -257, 1, 2, 3, 6, 7, 8];

const TEXTS: &[&str] = &[
    "fmt", "attStmt", "authData", "none", "packed", "tpm", "fido-u2f", "apple", "compound", "alg", "sig",
    "x5c", "ver", "2.0", "certInfo", "pubArea", "response", "extra",
];

/// Reads an item for writing; `None` for other bytes and for types that the software authenticator does not use.
fn read(bytes: &[u8]) -> Option<Cbor> {
    of(&cbor::parse(bytes).ok()?)
}

fn of(value: &Value<'_>) -> Option<Cbor> {
    Some(match value {
        Value::Integer(integer) => Cbor::Int(i64::try_from(*integer).ok()?),
        Value::Bytes(bytes) => Cbor::Bytes(bytes.to_vec()),
        Value::Text(text) => Cbor::from(*text),
        Value::Array(items) => Cbor::Array(items.iter().map(of).collect::<Option<_>>()?),
        Value::Map(map) => {
            Cbor::Map(map.iter().map(|(key, value)| Some((of(key)?, of(value)?))).collect::<Option<_>>()?)
        }
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Null => Cbor::Null,
        _ => return None,
    })
}
