//! go-webauthn: `webauthn.Credential`, byte strings as base64.

use rp_core::{Aaguid, AttestationObject};
use serde::Deserialize;
use serde_json::Value;

use super::bytes::LooseBytes;
use super::facts::{Facts, form};
use crate::transfer::error::ForeignRecordError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    id: LooseBytes,
    public_key: LooseBytes,
    #[serde(default)]
    transport: Option<Vec<String>>,
    #[serde(default)]
    flags: Option<Flags>,
    #[serde(default)]
    authenticator: Authenticator,
    #[serde(default)]
    attestation: Option<Attestation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Flags {
    user_present: bool,
    user_verified: bool,
    backup_eligible: bool,
    backup_state: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Authenticator {
    #[serde(rename = "AAGUID", alias = "aaguid")]
    aaguid: Option<LooseBytes>,
    #[serde(alias = "SignCount")]
    sign_count: u32,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Option<LooseBytes>,
    object: Option<LooseBytes>,
}

pub(super) fn facts(value: Value) -> Result<Facts, ForeignRecordError> {
    let credential: Credential = serde_json::from_value(value).map_err(form)?;
    // Releases without flags wrote none; an application that restored such a record wrote all of them as false.
    let flags = credential.flags.filter(|flags| {
        flags.user_present || flags.user_verified || flags.backup_eligible || flags.backup_state
    });
    let kept = credential.attestation.and_then(|kept| kept.object.zip(kept.client_data_json));
    let kept = kept
        .map(|(object, client_data)| (object.0, client_data.0))
        .filter(|(object, client_data)| !object.is_empty() && !client_data.is_empty());
    // The flags are those of the last use; the registration itself says whether the user was verified then.
    let uv_initialized = kept.as_ref().and_then(|(object, _)| {
        let object = AttestationObject::parse(object).ok()?;
        Some(object.auth_data.flags().user_verified())
    });
    let aaguid = credential.authenticator.aaguid.and_then(|bytes| bytes.0.try_into().ok());
    Ok(Facts {
        id: credential.id.0,
        public_key: credential.public_key.0,
        user_handle: None,
        sign_count: credential.authenticator.sign_count,
        transports: credential.transport.unwrap_or_default(),
        uv_initialized,
        backup_eligible: flags.as_ref().map(|flags| flags.backup_eligible),
        backup_state: flags.as_ref().map(|flags| flags.backup_state),
        aaguid: aaguid.map(Aaguid::new),
        attestation: kept,
    })
}
