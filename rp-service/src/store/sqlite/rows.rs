//! Rows to values: what the tables' types do not promise is checked here.

use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{
    Aaguid, AttestationType, CredentialId, CredentialRecord, StoredAttestation, Timestamp, UserHandle,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row, Sqlite, Type};

use crate::store::{Account, Passkey, StoreError};

/// The column's value.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T, StoreError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
    &'static str: ColumnIndex<SqliteRow>,
{
    row.try_get(column).map_err(|_| StoreError::Unreadable { what: column })
}

/// The account of a row of `rp_accounts`.
pub(super) fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    Ok(Account {
        user_handle: user_handle(row)?,
        name: get(row, "name")?,
        name_key: get(row, "name_key")?,
        display_name: get(row, "display_name")?,
        created_at: Timestamp::from_unix_seconds(get(row, "opened_at")?),
    })
}

/// The passkey of a row of `rp_passkeys`.
pub(super) fn passkey(row: &SqliteRow) -> Result<Passkey, StoreError> {
    let bytes = |column| Ok::<_, StoreError>(get::<Option<Vec<u8>>>(row, column)?.map(Into::into));
    Ok(Passkey {
        record: CredentialRecord {
            id: credential_id(row)?,
            user_handle: user_handle(row)?,
            public_key: get::<Vec<u8>>(row, "public_key")?.into(),
            sign_count: sign_count(row)?,
            uv_initialized: get(row, "uv_initialized")?,
            transports: transports(row)?,
            backup_eligible: get(row, "backup_eligible")?,
            backup_state: get(row, "backup_state")?,
            attestation_object: bytes("attestation_object")?,
            attestation_client_data_json: bytes("attestation_client_data_json")?,
            rp_id: get(row, "rp_id")?,
            aaguid: get::<&[u8]>(row, "aaguid")?
                .try_into()
                .map(Aaguid::new)
                .map_err(|_| StoreError::Unreadable { what: "aaguid" })?,
            attestation: StoredAttestation {
                format: get::<&str>(row, "attestation_format")?.into(),
                r#type: attestation_type(row)?,
                trusted: get(row, "attestation_trusted")?,
            },
        },
        nickname: get(row, "nickname")?,
        created_at: Timestamp::from_unix_seconds(get(row, "created_at")?),
        last_used_at: get::<Option<i64>>(row, "last_used_at")?.map(Timestamp::from_unix_seconds),
        user_verified: get(row, "user_verified")?,
    })
}

/// The counter of a row of `rp_passkeys`.
pub(super) fn sign_count(row: &SqliteRow) -> Result<u32, StoreError> {
    get::<i64>(row, "sign_count")?.try_into().map_err(|_| StoreError::Unreadable { what: "sign_count" })
}

/// The descriptor of a row of `rp_passkeys`, of which no more is read.
pub(super) fn descriptor(row: &SqliteRow) -> Result<PublicKeyCredentialDescriptorJson, StoreError> {
    Ok(PublicKeyCredentialDescriptorJson {
        r#type: PublicKeyCredentialType::PublicKey,
        id: credential_id(row)?,
        transports: transports(row)?,
    })
}

fn credential_id(row: &SqliteRow) -> Result<CredentialId, StoreError> {
    CredentialId::try_from(get::<&[u8]>(row, "credential_id")?)
        .map_err(|_| StoreError::Unreadable { what: "credential_id" })
}

fn transports(row: &SqliteRow) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(get(row, "transports")?).map_err(|_| StoreError::Unreadable { what: "transports" })
}

fn user_handle(row: &SqliteRow) -> Result<UserHandle, StoreError> {
    UserHandle::try_from(get::<&[u8]>(row, "user_handle")?)
        .map_err(|_| StoreError::Unreadable { what: "user_handle" })
}

fn attestation_type(row: &SqliteRow) -> Result<AttestationType, StoreError> {
    let name = get::<&str>(row, "attestation_type")?;
    serde_json::from_value(name.into()).map_err(|_| StoreError::Unreadable { what: "attestation_type" })
}
