//! The JSON objects of responses. Members that are not set are omitted.

use std::fmt;

use rp_core::signal::{AllAcceptedCredentialsOptions, CurrentUserDetailsOptions};
use rp_core::{Aaguid, AttestationType, CredentialId, Format, RelyingParty, Timestamp, User};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::assurance::Assurance;
use crate::authenticator_info::AuthenticatorInfo;
use crate::factor_name::FactorName;
use crate::session::{Session, SessionId, SessionKind, SessionState};
use crate::store::{FactorRecord, Passkey, UserRecord};

/// A credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialJson {
    id: CredentialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    aaguid: Aaguid,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator: Option<AuthenticatorInfo>,
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
    pub(crate) fn new(passkey: &Passkey, authenticator: Option<AuthenticatorInfo>) -> Self {
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

/// `GET credentials`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CredentialsJson {
    pub(crate) credentials: Vec<CredentialJson>,
}

/// `POST registration/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RegistrationJson {
    #[serde(flatten)]
    pub(crate) credential: CredentialJson,
    pub(crate) signal: SignalJson,
    /// The bearer token of a new user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

/// `DELETE credentials/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DeletionJson {
    pub(crate) signal: SignalJson,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserJson {
    name: String,
    display_name: String,
}

impl UserJson {
    pub(crate) fn new(user: &UserRecord) -> Self {
        Self { name: user.name.clone(), display_name: user.display_name.clone() }
    }
}

/// `PATCH user`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UserChangeJson {
    #[serde(flatten)]
    pub(crate) user: UserJson,
    pub(crate) signal: SignalJson,
}

/// The session: `GET session` and `POST authentication/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionJson {
    state: SessionState,
    user: UserJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialJson>,
    assurance: Assurance,
    auth_time: DateTime,
    expires_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// The step that completes the sign-in of a `first-factor` session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NextJson {
    /// The enrolled second factors.
    SecondFactors(Vec<FactorName>),
    /// A passkey or another second factor must be enrolled.
    Enrol {
        /// Until when.
        by: DateTime,
    },
}

impl SessionJson {
    pub(crate) fn new(
        session: &Session,
        user: &UserRecord,
        credential: Option<CredentialJson>,
        next: Option<NextJson>,
        token: Option<String>,
    ) -> Self {
        Self {
            state: session.state,
            user: UserJson::new(user),
            credential,
            assurance: Assurance::of(session),
            auth_time: DateTime(session.verified_at),
            expires_at: DateTime(session.expires_at),
            next,
            token,
        }
    }
}

/// `POST authorize`: the address to which the browser goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LocationJson {
    pub(crate) location: String,
}

/// `POST token`: the session, with the members of RFC 6749, section 5.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TokenJson {
    #[serde(flatten)]
    pub(crate) session: SessionJson,
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    /// In seconds.
    pub(crate) expires_in: u64,
}

/// `POST proof/verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProofJson {
    pub(crate) genuine: bool,
}

/// `GET factors`: the second factors except passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactorsJson {
    /// The enrolled ones.
    pub(crate) enrolled: Vec<EnrolledFactorJson>,
    /// Those that the user can enrol, or enrol again.
    pub(crate) available: Vec<FactorName>,
}

/// An enrolled second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolledFactorJson {
    name: FactorName,
    created_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
    /// The part of the state that the factor shows.
    #[serde(flatten)]
    status: Map<String, Value>,
}

impl EnrolledFactorJson {
    pub(crate) fn new(record: &FactorRecord, status: Map<String, Value>) -> Self {
        Self {
            name: record.name.clone(),
            created_at: DateTime(record.created_at),
            last_used_at: record.last_used_at.map(DateTime),
            status,
        }
    }
}

/// A session in the list of the user's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedSessionJson {
    id: SessionId,
    current: bool,
    kind: SessionKind,
    created_at: DateTime,
    last_used_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

impl ListedSessionJson {
    pub(crate) fn new(session: Session, current: &SessionId) -> Self {
        Self {
            current: session.id == *current,
            id: session.id,
            kind: session.kind,
            created_at: DateTime(session.created_at),
            last_used_at: DateTime(session.last_used_at),
            address: session.client.address,
            user_agent: session.client.user_agent,
        }
    }
}

/// `GET sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionsJson {
    pub(crate) sessions: Vec<ListedSessionJson>,
}

/// The arguments of the page's `signalAllAcceptedCredentials` and `signalCurrentUserDetails`
/// ([section 5.1.10](https://www.w3.org/TR/webauthn-3/#sctn-signal-methods)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalJson {
    all_accepted_credentials: AllAcceptedCredentialsOptions,
    current_user_details: CurrentUserDetailsOptions,
}

impl SignalJson {
    pub(crate) fn new(rp: &RelyingParty, user: &UserRecord, passkeys: &[Passkey]) -> Self {
        let records = passkeys.iter().map(|passkey| &passkey.record);
        let entity = User {
            handle: user.handle.clone(),
            name: user.name.clone(),
            display_name: user.display_name.clone(),
        };
        Self {
            all_accepted_credentials: rp.signal_all_accepted_credentials(&user.handle, records),
            current_user_details: rp.signal_current_user_details(&entity),
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
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PasskeyEndpoints {
    /// The URL of the page on which a passkey is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enroll: Option<String>,
    /// The URL of the page on which passkeys are managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage: Option<String>,
    /// The URL of a page that describes how the site uses the `prf` extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prf_usage_details: Option<String>,
}

impl PasskeyEndpoints {
    /// Whether no URL is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A value as JSON. Most values fit into `expected` bytes, and are not moved while they are written.
pub(crate) fn to_json(value: &impl Serialize, expected: usize) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(expected);
    serde_json::to_writer(&mut json, value)?;
    Ok(json)
}

/// A time in RFC 3339, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) Timestamp);

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 has four digits for the year: a clock that is far off is limited to the first or last second.
        let seconds = self.0.as_unix_seconds().clamp(FIRST_SECOND, LAST_SECOND);
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
        let mut text = [0; "9999-12-31T23:59:59Z".len()];
        let written = time.format_into(&mut text.as_mut_slice(), &Rfc3339).map_err(|_| fmt::Error)?;
        let text = text.get(..written).and_then(|text| str::from_utf8(text).ok());
        f.write_str(text.ok_or(fmt::Error)?)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
        Ok(Self(Timestamp::from_unix_seconds(time.unix_timestamp())))
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
