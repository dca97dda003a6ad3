//! SimpleWebAuthn: `registrationInfo` of its server, or the row that its documentation recommends.

use rp_core::Aaguid;
use serde::Deserialize;
use serde_json::Value;

use super::bytes::LooseBytes;
use super::facts::{Facts, form};
use crate::transfer::error::ForeignRecordError;

/// `registrationInfo` since version 11.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationInfo {
    credential: Row,
    aaguid: Option<String>,
    user_verified: Option<bool>,
    credential_device_type: Option<String>,
    credential_backed_up: Option<bool>,
}

/// A row; also `registrationInfo` before version 11.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(alias = "credentialID")]
    id: LooseBytes,
    #[serde(alias = "credentialPublicKey")]
    public_key: LooseBytes,
    #[serde(default)]
    counter: u32,
    #[serde(default)]
    transports: Transports,
    aaguid: Option<String>,
    user_verified: Option<bool>,
    #[serde(alias = "credentialDeviceType")]
    device_type: Option<String>,
    #[serde(alias = "credentialBackedUp")]
    backed_up: Option<bool>,
}

/// An array, or one text with commas, as in a column of a database.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Transports {
    List(Vec<String>),
    Text(String),
    #[default]
    None,
}

pub(super) fn facts(value: Value) -> Result<Facts, ForeignRecordError> {
    let row = if value.get("credential").is_some() {
        let info: RegistrationInfo = serde_json::from_value(value).map_err(form)?;
        Row {
            aaguid: info.aaguid,
            user_verified: info.user_verified,
            device_type: info.credential_device_type,
            backed_up: info.credential_backed_up,
            ..info.credential
        }
    } else {
        serde_json::from_value(value).map_err(form)?
    };
    let backup_eligible = match row.device_type.as_deref() {
        None => None,
        Some("singleDevice") => Some(false),
        Some("multiDevice") => Some(true),
        Some(_) => return Err(ForeignRecordError::Unreadable { member: "deviceType" }),
    };
    let transports = match row.transports {
        Transports::List(list) => list,
        Transports::Text(text) => {
            text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        }
        Transports::None => Vec::new(),
    };
    Ok(Facts {
        id: row.id.0,
        public_key: row.public_key.0,
        user_handle: None,
        sign_count: row.counter,
        transports,
        uv_initialized: row.user_verified,
        backup_eligible,
        backup_state: row.backed_up,
        aaguid: row.aaguid.and_then(|text| text.parse::<Aaguid>().ok()),
        attestation: None,
    })
}
