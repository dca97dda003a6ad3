//! The records of other libraries.
//!
//! A line is a JSON object of the application: the user, and the record as the library serialises it. Facts that a record lacks
//! are unknown: the backup eligibility is learned at the next sign-in, and nothing is attested.

mod bytes;
mod cose_key;
mod facts;
mod go_webauthn;
mod java_webauthn_server;
mod simplewebauthn;
mod webauthn_rs;

use rp_core::{Aaguid, CredentialId, CredentialRecord, Timestamp, UserHandle};
use serde::Deserialize;
use serde_json::Value;

use self::bytes::LooseBytes;
use self::facts::form;
use super::error::ForeignRecordError;
use crate::json::DateTime;
use crate::store::{Passkey, UserRecord};
use crate::username::Username;

/// A library whose records can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForeignFormat {
    /// `Passkey` and `SecurityKey` of webauthn-rs 0.4 to 0.6, serialised by serde.
    WebauthnRs,
    /// The result of a registration with SimpleWebAuthn 8 to 14, or the row that its documentation recommends.
    SimpleWebauthn,
    /// `webauthn.Credential` of go-webauthn, serialised by `encoding/json`.
    GoWebauthn,
    /// `RegisteredCredential` of java-webauthn-server 2, serialised by Jackson.
    JavaWebauthnServer,
}

/// The facts that the operator knows about all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignOptions {
    /// The site has required user verification at every registration: records that do not say so are taken as verified
    /// (`uvInitialized`).
    pub user_verification_was_required: bool,
    /// The time of the import, for records without a time of registration.
    pub now: Timestamp,
}

/// A user and a passkey of another library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedPasskey {
    /// The user, if the line names it; an existing user with the same handle stays as it is.
    pub user: Option<UserRecord>,
    /// The passkey.
    pub passkey: Passkey,
    /// Whether the line has the time of the registration. If not, the passkey has the time of the import.
    pub has_created_at: bool,
}

/// A line of the application.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    user_handle: Option<LooseBytes>,
    username: Option<String>,
    display_name: Option<String>,
    nickname: Option<String>,
    created_at: Option<DateTime>,
    last_used_at: Option<DateTime>,
    credential: Value,
}

impl ForeignOptions {
    /// Nothing is known about all records.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { user_verification_was_required: false, now }
    }
}

impl ForeignFormat {
    /// Every format.
    pub const ALL: [Self; 4] =
        [Self::WebauthnRs, Self::SimpleWebauthn, Self::GoWebauthn, Self::JavaWebauthnServer];

    /// The name in the command.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebauthnRs => "webauthn-rs",
            Self::SimpleWebauthn => "simplewebauthn",
            Self::GoWebauthn => "go-webauthn",
            Self::JavaWebauthnServer => "java-webauthn-server",
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`ForeignRecordError`].
    ///
    /// # Examples
    /// ```
    /// use rp_core::Timestamp;
    /// use rp_service::admin::{ForeignFormat, ForeignOptions};
    ///
    /// let line = r#"{"username": "kim", "credential": {"credentialId": "AQ", "userHandle": "Ag", "signatureCount": 7,
    ///     "publicKeyCose": "pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlggT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    ///     "backupEligible": null}}"#;
    /// let options = ForeignOptions::new(Timestamp::from_unix_seconds(1_780_272_000));
    /// let passkey = ForeignFormat::JavaWebauthnServer.parse(line, &options)?.passkey;
    /// assert_eq!((passkey.record.sign_count, passkey.record.backup_eligible), (7, None));
    /// # Ok::<(), rp_service::admin::ForeignRecordError>(())
    /// ```
    pub fn parse(self, line: &str, options: &ForeignOptions) -> Result<ImportedPasskey, ForeignRecordError> {
        let line: Line = serde_json::from_str(line).map_err(form)?;
        let facts = match self {
            Self::WebauthnRs => webauthn_rs::facts(line.credential)?,
            Self::SimpleWebauthn => simplewebauthn::facts(line.credential)?,
            Self::GoWebauthn => go_webauthn::facts(line.credential)?,
            Self::JavaWebauthnServer => java_webauthn_server::facts(line.credential)?,
        };
        let unreadable = |member| ForeignRecordError::Unreadable { member };
        let handle = line.user_handle.map(|bytes| bytes.0).or(facts.user_handle);
        let handle = handle.ok_or(ForeignRecordError::Missing { member: "userHandle" })?;
        let handle = UserHandle::try_from(handle.as_slice()).map_err(|_| unreadable("userHandle"))?;
        let id = CredentialId::try_from(facts.id.as_slice()).map_err(|_| unreadable("the credential ID"))?;
        check_key(&facts.public_key)?;
        let has_created_at = line.created_at.is_some();
        let created_at = line.created_at.map_or(options.now, |time| time.0);
        let user = match line.username {
            Some(name) => Some(user(handle.clone(), name, line.display_name, created_at)?),
            None => None,
        };
        let (attestation_object, client_data) = facts.attestation.unzip();
        let record = CredentialRecord {
            sign_count: facts.sign_count,
            uv_initialized: facts.uv_initialized.unwrap_or(options.user_verification_was_required),
            transports: facts.transports,
            backup_eligible: facts.backup_eligible,
            backup_state: facts.backup_state.unwrap_or(false),
            attestation_object: attestation_object.map(Into::into),
            attestation_client_data_json: client_data.map(Into::into),
            aaguid: facts.aaguid.unwrap_or(Aaguid::ZERO),
            ..CredentialRecord::imported(id, &facts.public_key, handle)
        };
        let passkey = Passkey {
            user_verified: record.uv_initialized,
            record,
            nickname: line.nickname,
            created_at,
            last_used_at: line.last_used_at.map(|time| time.0),
        };
        Ok(ImportedPasskey { user, passkey, has_created_at })
    }
}

fn user(
    handle: UserHandle,
    name: String,
    display_name: Option<String>,
    created_at: Timestamp,
) -> Result<UserRecord, ForeignRecordError> {
    let parsed = Username::parse(&name).map_err(|error| form(error.to_string()))?;
    Ok(UserRecord {
        handle,
        name_key: parsed.key().to_owned(),
        display_name: display_name.unwrap_or_else(|| name.clone()),
        name,
        created_at,
        locked_at: None,
    })
}

/// A key that could not verify a sign-in would lock its owner out without a word.
fn check_key(cose: &[u8]) -> Result<(), ForeignRecordError> {
    let key = |problem: String| ForeignRecordError::PublicKey { problem };
    let parsed = rp_core::cose::EncodedKey::parse(cose).map_err(|error| key(error.to_string()))?;
    parsed.public_key().map(|_| ()).map_err(|error| key(error.to_string()))
}

#[cfg(test)]
mod tests;
