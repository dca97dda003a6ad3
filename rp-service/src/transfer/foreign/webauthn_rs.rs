//! webauthn-rs: `{"cred": {"cred_id", "cred": {"type_", "key"}, "counter", …}}`, as its documentation describes the members.

use rp_core::Aaguid;
use serde::Deserialize;
use serde_json::Value;

use super::bytes::LooseBytes;
use super::cose_key;
use super::facts::{Facts, form};
use crate::transfer::error::ForeignRecordError;

#[derive(Deserialize)]
struct Passkey {
    cred: Credential,
}

#[derive(Deserialize)]
struct Credential {
    cred_id: LooseBytes,
    cred: CoseKey,
    counter: u32,
    #[serde(default)]
    transports: Option<Vec<String>>,
    #[serde(default)]
    user_verified: Option<bool>,
    #[serde(default)]
    backup_eligible: Option<bool>,
    #[serde(default)]
    backup_state: Option<bool>,
    #[serde(default)]
    attestation: Value,
}

#[derive(Deserialize)]
struct CoseKey {
    type_: String,
    key: Key,
}

#[derive(Deserialize)]
enum Key {
    #[serde(rename = "EC_EC2")]
    Ec2 { curve: String, x: LooseBytes, y: LooseBytes },
    #[serde(rename = "EC_OKP")]
    Okp { curve: String, x: LooseBytes },
    #[serde(rename = "RSA")]
    Rsa { n: LooseBytes, e: LooseBytes },
}

pub(super) fn facts(value: Value) -> Result<Facts, ForeignRecordError> {
    let Passkey { cred } = serde_json::from_value(value).map_err(form)?;
    let public_key = encode(&cred.cred)?;
    // The model is in the parsed attestation, under the name of the format.
    let metadata = cred.attestation.get("metadata").and_then(Value::as_object);
    let aaguid = metadata
        .and_then(|formats| formats.values().find_map(|format| format.get("aaguid")?.as_str()))
        .and_then(|text| text.parse::<Aaguid>().ok());
    Ok(Facts {
        id: cred.cred_id.0,
        public_key,
        user_handle: None,
        sign_count: cred.counter,
        transports: cred.transports.unwrap_or_default().iter().map(|word| word.to_lowercase()).collect(),
        uv_initialized: cred.user_verified,
        backup_eligible: cred.backup_eligible,
        backup_state: cred.backup_state,
        aaguid,
        attestation: None,
    })
}

fn encode(key: &CoseKey) -> Result<Vec<u8>, ForeignRecordError> {
    let unsupported =
        |what: &str| ForeignRecordError::PublicKey { problem: format!("{what} is not supported") };
    let algorithm = match key.type_.as_str() {
        "ES256" => -7,
        "EDDSA" => -8,
        "ES384" => -35,
        "ES512" => -36,
        "PS256" => -37,
        "PS384" => -38,
        "PS512" => -39,
        "RS256" => -257,
        "RS384" => -258,
        "RS512" => -259,
        other => return Err(unsupported(other)),
    };
    Ok(match &key.key {
        Key::Ec2 { curve, x, y } => {
            let curve = match curve.as_str() {
                "SECP256R1" => 1,
                "SECP384R1" => 2,
                "SECP521R1" => 3,
                other => return Err(unsupported(other)),
            };
            cose_key::ec2(algorithm, curve, &x.0, &y.0)
        }
        Key::Okp { curve, x } => {
            let curve = match curve.as_str() {
                "ED25519" => 6,
                "ED448" => 7,
                other => return Err(unsupported(other)),
            };
            cose_key::okp(curve, &x.0)
        }
        Key::Rsa { n, e } => cose_key::rsa(algorithm, &n.0, &e.0),
    })
}
