//! What answers hold, as JSON. Members that are not set are left out.

use rp_core::signal::{AllAcceptedCredentialsOptions, CurrentUserDetailsOptions};
use rp_core::{Aaguid, AttestationType, CredentialId, Format, RelyingParty, Timestamp, User};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::Model;
use crate::session::Acr;
use crate::store::{Account, Passkey};

/// A credential, as lists and answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialJson {
    id: CredentialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    aaguid: Aaguid,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator: Option<Model>,
    transports: Vec<String>,
    created_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_eligible: Option<bool>,
    backed_up: bool,
    user_verified: bool,
    attestation: AttestationJson,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AttestationJson {
    format: Format,
    r#type: AttestationType,
    trusted: bool,
}

impl CredentialJson {
    pub(crate) fn new(passkey: &Passkey, authenticator: Option<Model>) -> Self {
        let record = &passkey.record;
        Self {
            id: record.id.clone(),
            nickname: passkey.nickname.clone(),
            aaguid: record.aaguid,
            authenticator,
            transports: record.transports.clone(),
            created_at: DateTime(passkey.created_at),
            last_used_at: passkey.last_used_at.map(DateTime),
            backup_eligible: record.backup_eligible,
            backed_up: record.backup_state,
            user_verified: passkey.user_verified,
            attestation: AttestationJson {
                format: record.attestation.format.clone(),
                r#type: record.attestation.r#type,
                trusted: record.attestation.trusted,
            },
        }
    }
}

/// The answer to a list of credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CredentialsJson {
    pub(crate) credentials: Vec<CredentialJson>,
}

/// The answer to an authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationJson {
    user: UserJson,
    credential: CredentialJson,
    acr: Acr,
    auth_time: DateTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserJson {
    name: String,
    display_name: String,
}

impl AuthenticationJson {
    pub(crate) fn new(account: &Account, credential: CredentialJson, acr: Acr, at: Timestamp) -> Self {
        let user = UserJson { name: account.name.clone(), display_name: account.display_name.clone() };
        Self { user, credential, acr, auth_time: DateTime(at) }
    }
}

/// What the page passes to `signalAllAcceptedCredentials` and `signalCurrentUserDetails`
/// ([section 5.1.10](https://www.w3.org/TR/webauthn-3/#sctn-signal-methods)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalJson {
    all_accepted_credentials: AllAcceptedCredentialsOptions,
    current_user_details: CurrentUserDetailsOptions,
}

impl SignalJson {
    pub(crate) fn new(rp: &RelyingParty, account: &Account, passkeys: &[Passkey]) -> Self {
        let records = passkeys.iter().map(|passkey| &passkey.record);
        let user = User {
            handle: account.user_handle.clone(),
            name: account.name.clone(),
            display_name: account.display_name.clone(),
        };
        Self {
            all_accepted_credentials: rp.signal_all_accepted_credentials(&account.user_handle, records),
            current_user_details: rp.signal_current_user_details(&user),
        }
    }
}

/// `/.well-known/webauthn`: the web origins that may use the RP ID
/// ([section 5.11](https://www.w3.org/TR/webauthn-3/#sctn-related-origins)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OriginsJson {
    pub(crate) origins: Vec<String>,
}

/// `/.well-known/passkey-endpoints`: where passkeys are added and managed, for password managers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PasskeyEndpoints {
    /// The page on which a passkey is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enroll: Option<String>,
    /// The page on which passkeys are managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage: Option<String>,
}

/// A time as RFC 3339 has it, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DateTime(Timestamp);

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // RFC 3339 has four digits for the year: what a broken clock says beyond is held to the edge.
        let seconds = self.0.as_unix_seconds().clamp(FIRST_SECOND, LAST_SECOND);
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&time.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
    }
}

/// 0000-01-01T00:00:00Z.
const FIRST_SECOND: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc_and_never_fail() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_300_000, "2026-11-21T22:26:40Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
        ] {
            let time = DateTime(Timestamp::from_unix_seconds(seconds));
            assert_eq!(serde_json::to_string(&time).unwrap(), format!("\"{text}\""));
        }
    }
}
