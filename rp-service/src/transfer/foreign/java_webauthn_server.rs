//! java-webauthn-server: `RegisteredCredential`, byte strings as base64url.

use serde::Deserialize;
use serde_json::Value;

use super::bytes::LooseBytes;
use super::facts::{Facts, form};
use crate::transfer::error::ForeignRecordError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegisteredCredential {
    credential_id: LooseBytes,
    user_handle: Option<LooseBytes>,
    public_key_cose: LooseBytes,
    #[serde(default)]
    signature_count: u32,
    #[serde(default)]
    backup_eligible: Option<bool>,
    #[serde(default, alias = "backedUp")]
    backup_state: Option<bool>,
    /// Not a member of the library; applications store it next to the record.
    #[serde(default)]
    transports: Option<Vec<String>>,
}

pub(super) fn facts(value: Value) -> Result<Facts, ForeignRecordError> {
    let credential: RegisteredCredential = serde_json::from_value(value).map_err(form)?;
    Ok(Facts {
        id: credential.credential_id.0,
        public_key: credential.public_key_cose.0,
        user_handle: credential.user_handle.map(|handle| handle.0),
        sign_count: credential.signature_count,
        transports: credential.transports.unwrap_or_default(),
        uv_initialized: None,
        backup_eligible: credential.backup_eligible,
        backup_state: credential.backup_state,
        aaguid: None,
        attestation: None,
    })
}
