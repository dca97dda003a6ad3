//! The requests for options.

use rp_core::options::{
    AttestationConveyancePreference, AuthenticatorAttachment, ResidentKeyRequirement,
    UserVerificationRequirement,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The body of `/attestation/options`. The members of `authenticatorSelection` may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationRequest {
    pub(super) username: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) attestation: AttestationConveyancePreference,
    #[serde(default)]
    pub(super) authenticator_selection: Selection,
    #[serde(default)]
    pub(super) extensions: Option<Map<String, Value>>,
}

/// Which authenticators the request accepts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Selection {
    pub(super) authenticator_attachment: Option<AuthenticatorAttachment>,
    pub(super) resident_key: Option<ResidentKeyRequirement>,
    pub(super) require_resident_key: bool,
    pub(super) user_verification: UserVerificationRequirement,
}

impl Selection {
    /// `residentKey`, or else `requireResidentKey` of Level 1.
    pub(super) fn resident_key(&self) -> ResidentKeyRequirement {
        self.resident_key.unwrap_or(match self.require_resident_key {
            true => ResidentKeyRequirement::Required,
            false => ResidentKeyRequirement::Discouraged,
        })
    }
}

/// The body of `/assertion/options`. Without a username, the options are for discoverable credentials.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AssertionRequest {
    pub(super) username: Option<String>,
    pub(super) user_verification: UserVerificationRequirement,
    pub(super) extensions: Option<Map<String, Value>>,
}
