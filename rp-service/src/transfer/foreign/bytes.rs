use rp_core::base64url;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Bytes in any of the forms in which they end in JSON: base64url or base64 with or without padding, an array of numbers,
/// a `Uint8Array` (`{"0": 165, "1": 1, …}`), or a `Buffer` of Node.js (`{"type": "Buffer", "data": […]}`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LooseBytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for LooseBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        bytes(&value).map(Self).ok_or_else(|| D::Error::custom("bytes are expected"))
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => base64url::decode_lenient(text).ok(),
        Value::Array(numbers) => numbers.iter().map(byte).collect(),
        Value::Object(members) => match members.get("data") {
            Some(data @ Value::Array(_)) => bytes(data),
            _ => (0..members.len()).map(|at| byte(members.get(&at.to_string())?)).collect(),
        },
        _ => None,
    }
}

fn byte(value: &Value) -> Option<u8> {
    u8::try_from(value.as_u64()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_are_read_in_every_form() {
        let expected = Some(vec![0xfb, 0xff, 0x01, 0x02]);
        for value in [
            json!("-_8BAg"),
            json!("+/8BAg=="),
            json!([251, 255, 1, 2]),
            json!({"0": 251, "1": 255, "2": 1, "3": 2}),
            json!({"type": "Buffer", "data": [251, 255, 1, 2]}),
        ] {
            assert_eq!(bytes(&value), expected, "{value}");
        }
        for value in [json!("a b"), json!([256]), json!({"1": 1}), json!(7), json!(null)] {
            assert_eq!(bytes(&value), None, "{value}");
        }
    }
}
