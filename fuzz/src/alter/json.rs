//! JSON values and texts.

use arbitrary::{Result, Unstructured};
use rp_core::base64url;
use serde_json::{Map, Value, json};

use super::bytes::{self, MAX_DEPTH};

/// Alters a text as JSON, in its value or its encoding, or byte by byte.
pub fn alter_text(text: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let how = u.int_in_range(0..=3)?;
    match serde_json::from_slice::<Value>(text) {
        Ok(mut value) if how > 1 => {
            alter(&mut value, u)?;
            *text = value.to_string().into_bytes();
        }
        // The same value in another encoding.
        Ok(value) if how == 1 => *text = serde_json::to_vec_pretty(&value).expect("a value is JSON"),
        _ => bytes::alter(text, u)?,
    }
    Ok(())
}

/// Alters a part of a JWS or its encoding.
pub fn alter_jws(jws: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let mut parts: Vec<Vec<u8>> = jws.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    let at = u.choose_index(parts.len())?;
    let decoded = std::str::from_utf8(&parts[at]).ok().and_then(|text| base64url::decode(text).ok());
    match decoded {
        Some(mut decoded) if u.ratio(3, 4)? => {
            alter_text(&mut decoded, u)?;
            parts[at] = base64url::encode(&decoded).into_bytes();
        }
        _ => bytes::alter(&mut parts[at], u)?,
    }
    *jws = parts.join(&b'.');
    Ok(())
}

/// Alters a value at some depth.
pub fn alter(value: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    within(value, MAX_DEPTH, u)
}

fn within(value: &mut Value, depth: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let deeper = depth > 0 && u.ratio(3, 4)?;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let at = u.choose_index(members.len())?;
            within(members.values_mut().nth(at).expect("the index is below the length"), depth - 1, u)
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = u.choose_index(items.len())?;
            within(&mut items[at], depth - 1, u)
        }
        Value::Object(members) => members_of(members, u),
        Value::String(text) if u.ratio(3, 4)? => {
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

/// Removes or renames a member, gives it the value of another, or adds one.
fn members_of(members: &mut Map<String, Value>, u: &mut Unstructured<'_>) -> Result<()> {
    let names: Vec<String> = members.keys().cloned().collect();
    if names.is_empty() || u.ratio(1, 4)? {
        members.insert(u.choose(NAMES)?.to_string(), any(u)?);
        return Ok(());
    }
    let (name, other) = (u.choose(&names)?, u.choose(&names)?);
    match u.int_in_range(0..=2)? {
        0 => drop(members.remove(name)),
        1 => {
            let value = members[other].clone();
            members.insert(name.clone(), value);
        }
        _ => {
            let value = members.remove(name).unwrap_or_default();
            members.insert(u.choose(NAMES)?.to_string(), value);
        }
    }
    Ok(())
}

fn any(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => json!(u.arbitrary::<bool>()?),
        2 => json!(u.arbitrary::<i64>()?),
        3 => json!([]),
        4 => json!({}),
        5 => json!([u.choose(NAMES)?]),
        _ => json!(u.choose(TEXTS)?),
    })
}

/// Member names of responses and client data, and an unknown one.
const NAMES: &[&str] = &[
    "type",
    "challenge",
    "origin",
    "crossOrigin",
    "topOrigin",
    "tokenBinding",
    "payment",
    "id",
    "rawId",
    "userHandle",
    "transports",
    "clientExtensionResults",
    "authenticatorAttachment",
    "appid",
    "credProps",
    "extra",
];

const TEXTS: &[&str] = &[
    "",
    "AQ",
    "webauthn.create",
    "webauthn.get",
    "payment.get",
    "public-key",
    "https://example.org",
    "https://example.org.",
    "https://EXAMPLE.org",
    "https://www.example.org",
    "http://example.org",
    "https://example.org:443",
    "cross-platform",
    "internal",
];
