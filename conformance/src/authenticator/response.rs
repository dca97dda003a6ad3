//! The client's response as JSON (`RegistrationResponseJSON`, `AuthenticationResponseJSON`), valid or with faults.

use rp_core::base64url;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::key::PublicKey;
use super::quirk::Quirk;

/// A registration's parts.
pub(crate) struct Created<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) client_data: &'a [u8],
    pub(crate) attestation_object: &'a [u8],
    pub(crate) auth_data: &'a [u8],
    pub(crate) transports: &'a [&'static str],
    pub(crate) public_key: &'a PublicKey,
    pub(crate) algorithm: i64,
}

impl Created<'_> {
    pub(crate) fn response(&self, quirk: Option<Quirk>) -> Map<String, Value> {
        let mut response = Map::new();
        let mut put = |name: &str, value| response.insert(name.into(), value);
        put("clientDataJSON", text(self.client_data));
        put("attestationObject", text(self.attestation_object));
        match quirk {
            Some(Quirk::TransportsMissing) => None,
            Some(Quirk::TransportsUnknown) => put("transports", json!(["usb", "telepathy", ""])),
            Some(Quirk::OptionalNull) => put("transports", Value::Null),
            _ => put("transports", json!(self.transports)),
        };
        match quirk {
            Some(Quirk::CopiesMissing) => None,
            Some(Quirk::OptionalNull) => put("publicKey", Value::Null),
            Some(Quirk::CopiesWrong) => {
                put("publicKey", text(&[0x30, 0]));
                put("authenticatorData", text(&[0; 37]));
                put("publicKeyAlgorithm", json!(-65_535))
            }
            _ => {
                put("publicKey", text(&self.public_key.spki()));
                put("authenticatorData", text(self.auth_data));
                put("publicKeyAlgorithm", json!(self.algorithm))
            }
        };
        response
    }
}

/// An authentication's parts.
pub(crate) struct Asserted<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) client_data: &'a [u8],
    pub(crate) auth_data: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) user_handle: Option<&'a [u8]>,
}

impl Asserted<'_> {
    pub(crate) fn response(&self, fault: Option<Fault>, quirk: Option<Quirk>) -> Map<String, Value> {
        let mut response = Map::new();
        let mut put = |name: &str, value| response.insert(name.into(), value);
        put("clientDataJSON", text(self.client_data));
        put("authenticatorData", text(self.auth_data));
        put("signature", text(self.signature));
        let other: Vec<u8> = self.user_handle.unwrap_or(&[0; 8]).iter().map(|byte| !byte).collect();
        match (fault, quirk) {
            (Some(Fault::UserHandleOther), _) => put("userHandle", text(&other)),
            (Some(Fault::UserHandleMissing), _) => None,
            (_, Some(Quirk::UserHandleEmpty)) => put("userHandle", json!("")),
            (_, Some(Quirk::OptionalNull)) => put("userHandle", Value::Null),
            _ => self.user_handle.and_then(|handle| put("userHandle", text(handle))),
        };
        response
    }
}

/// The complete JSON: the credential with its response.
pub(crate) fn envelope(
    id: &[u8],
    response: Map<String, Value>,
    results: Map<String, Value>,
    attachment: &str,
    fault: Option<Fault>,
    quirk: Option<Quirk>,
) -> String {
    let id = if fault == Some(Fault::CredentialIdOther) {
        id.iter().map(|byte| !byte).collect()
    } else {
        id.to_vec()
    };
    let mut all = Map::new();
    let mut put = |name: &str, value| all.insert(name.into(), value);
    put("id", text(&id));
    put("rawId", text(&id));
    put("type", json!("public-key"));
    put("response", Value::Object(response));
    match quirk {
        Some(Quirk::ClientResultsMissing) => None,
        Some(Quirk::ClientResultsOfAnyShape) => put(
            "clientExtensionResults",
            json!({"prf": {"results": {"first": {}}}, "credProps": [], "example": {"a": [null]}, "uvm": "no"}),
        ),
        _ => put("clientExtensionResults", Value::Object(results)),
    };
    match quirk {
        Some(Quirk::OptionalNull) => put("authenticatorAttachment", Value::Null),
        Some(Quirk::AttachmentUnknown) => put("authenticatorAttachment", json!("implanted")),
        _ => put("authenticatorAttachment", json!(attachment)),
    };
    if quirk == Some(Quirk::UnknownMembers) {
        put("example", json!({"nested": [1, 2.5, null]}));
    }
    damage(&mut all, fault);
    Value::Object(all).to_string()
}

fn damage(all: &mut Map<String, Value>, fault: Option<Fault>) {
    let Some(fault) = fault else { return };
    match fault {
        Fault::IdMissing => {
            all.remove("id");
        }
        Fault::IdNotString => set(all, "id", json!(1)),
        Fault::IdNotBase64url => {
            change(all, "id", |id| format!("*{id}"));
            change(all, "rawId", |id| format!("*{id}"));
        }
        Fault::IdPadded => {
            change(all, "id", padded);
            change(all, "rawId", padded);
        }
        Fault::RawIdOther => change(all, "rawId", |id| format!("AAAA{id}")),
        Fault::TypeMissing => {
            all.remove("type");
        }
        Fault::TypeNotString => set(all, "type", json!(1)),
        Fault::TypeOther => set(all, "type", json!("password")),
        Fault::ResponseMissing => {
            all.remove("response");
        }
        Fault::ResponseNotObject => set(all, "response", json!("response")),
        _ => {
            if let Some(Value::Object(response)) = all.get_mut("response") {
                damage_response(response, fault);
            }
        }
    }
}

fn damage_response(response: &mut Map<String, Value>, fault: Fault) {
    match fault {
        Fault::ClientDataMissing => {
            response.remove("clientDataJSON");
        }
        Fault::ClientDataNotString => set(response, "clientDataJSON", json!({})),
        Fault::ClientDataPadded => change(response, "clientDataJSON", padded),
        Fault::ClientDataStandardBase64 => {
            change(response, "clientDataJSON", |text| text.replace('-', "+").replace('_', "/"));
        }
        Fault::AttestationObjectMissing => {
            response.remove("attestationObject");
        }
        Fault::AttestationObjectNotString => set(response, "attestationObject", json!([1])),
        Fault::AttestationObjectEmpty => set(response, "attestationObject", json!("")),
        Fault::AttestationObjectPadded => change(response, "attestationObject", padded),
        Fault::AuthenticatorDataMissing => {
            response.remove("authenticatorData");
        }
        Fault::AuthenticatorDataNotString => set(response, "authenticatorData", json!(1)),
        Fault::AuthenticatorDataPadded => change(response, "authenticatorData", padded),
        Fault::SignatureMissing => {
            response.remove("signature");
        }
        Fault::SignatureNotString => set(response, "signature", json!(1)),
        Fault::SignatureNotBase64url => change(response, "signature", |text| format!("*{text}")),
        Fault::UserHandleNotString => set(response, "userHandle", json!(1)),
        Fault::UserHandleNotBase64url => set(response, "userHandle", json!("*")),
        _ => {}
    }
}

fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    object.insert(name.into(), value);
}

fn change(object: &mut Map<String, Value>, name: &str, change: impl Fn(&str) -> String) {
    if let Some(Value::String(text)) = object.get_mut(name) {
        *text = change(text);
    }
}

/// Base64url with padding; a text that needs no padding gets four padding characters.
fn padded(text: &str) -> String {
    let missing = text.len().next_multiple_of(4).saturating_sub(text.len());
    format!("{text}{}", "=".repeat(if missing == 0 { 4 } else { missing }))
}

fn text(bytes: &[u8]) -> Value {
    json!(base64url::encode(bytes))
}
