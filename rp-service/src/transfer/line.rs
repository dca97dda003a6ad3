use rp_core::{CredentialRecord, Timestamp, UserHandle, base64url};
use serde::{Deserialize, Serialize};

use crate::json::DateTime;
use crate::store::{FactorRecord, FactorStatus, Passkey, UserRecord};

/// A line of an export. Sessions, ceremonies, grants and keys are not exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum TransferLine {
    /// The first line.
    Export {
        /// The version of the format: 1.
        version: u32,
        /// The RP ID of the passkeys.
        rp_id: String,
    },
    /// A user, followed by its passkeys and factors.
    User(ExportedUser),
    /// A passkey.
    Passkey(ExportedPasskey),
    /// A second factor except passkeys.
    Factor(ExportedFactor),
    /// The last line, which shows that the file is complete.
    End {
        /// The number of users.
        users: u64,
        /// The number of passkeys.
        passkeys: u64,
        /// The number of factors.
        factors: u64,
    },
}

/// A user of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedUser {
    handle: UserHandle,
    name: String,
    name_key: String,
    display_name: String,
    created_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked_at: Option<DateTime>,
}

/// A passkey of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedPasskey {
    pub(crate) record: CredentialRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    created_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
    user_verified: bool,
}

/// A second factor of an export. Its state is encrypted with the key of the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedFactor {
    pub(crate) user: UserHandle,
    pub(crate) name: String,
    pub(crate) status: FactorStatus,
    /// Base64url.
    pub(crate) sealed_state: String,
    created_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
}

impl TransferLine {
    /// The version of the format that is written, and the only one that is read.
    pub const VERSION: u32 = 1;
}

impl From<&UserRecord> for ExportedUser {
    fn from(user: &UserRecord) -> Self {
        Self {
            handle: user.handle.clone(),
            name: user.name.clone(),
            name_key: user.name_key.clone(),
            display_name: user.display_name.clone(),
            created_at: DateTime(user.created_at),
            locked_at: user.locked_at.map(DateTime),
        }
    }
}

impl From<ExportedUser> for UserRecord {
    fn from(user: ExportedUser) -> Self {
        Self {
            handle: user.handle,
            name: user.name,
            name_key: user.name_key,
            display_name: user.display_name,
            created_at: user.created_at.0,
            locked_at: user.locked_at.map(|time| time.0),
        }
    }
}

impl From<Passkey> for ExportedPasskey {
    fn from(passkey: Passkey) -> Self {
        Self {
            record: passkey.record,
            nickname: passkey.nickname,
            created_at: DateTime(passkey.created_at),
            last_used_at: passkey.last_used_at.map(DateTime),
            user_verified: passkey.user_verified,
        }
    }
}

impl From<ExportedPasskey> for Passkey {
    fn from(passkey: ExportedPasskey) -> Self {
        Self {
            record: passkey.record,
            nickname: passkey.nickname,
            created_at: passkey.created_at.0,
            last_used_at: passkey.last_used_at.map(|time| time.0),
            user_verified: passkey.user_verified,
        }
    }
}

impl ExportedFactor {
    /// A factor whose state is sealed with the key of the export.
    pub(crate) fn new(record: &FactorRecord, sealed_state: &[u8]) -> Self {
        Self {
            user: record.user.clone(),
            name: record.name.as_str().to_owned(),
            status: record.status,
            sealed_state: base64url::encode(sealed_state),
            created_at: DateTime(record.created_at),
            last_used_at: record.last_used_at.map(DateTime),
        }
    }

    /// The times of enrolment and of the last use.
    pub(crate) fn times(&self) -> (Timestamp, Option<Timestamp>) {
        (self.created_at.0, self.last_used_at.map(|time| time.0))
    }
}
