//! Converts rows to values and back, and checks each value that the types of the tables do not guarantee.

use rp_core::options::{PublicKeyCredentialDescriptorJson, PublicKeyCredentialType};
use rp_core::{Aaguid, CredentialId, CredentialRecord, StoredAttestation, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::query::Query;
use super::row::{Row, get, optional, time, user_handle};
use crate::factor_name::FactorName;
use crate::session::{Client, Session, SessionId};
use crate::store::{FactorRecord, FactorVersion, Passkey, StoreError};

/// The passkey of a row of `rp_passkeys`.
pub(super) fn passkey(row: &impl Row) -> Result<Passkey, StoreError> {
    let bytes = |what| Ok::<_, StoreError>(optional::<Vec<u8>>(row, what)?.map(Into::into));
    let (aaguid, model) = ("rp_passkeys.aaguid", "rp_passkeys.attestation_model");
    Ok(Passkey {
        record: CredentialRecord {
            id: credential_id(row)?,
            user_handle: user_handle(row, "rp_passkeys.user_handle")?,
            public_key: get::<Vec<u8>>(row, "rp_passkeys.public_key")?.into(),
            sign_count: get(row, "rp_passkeys.sign_count")?,
            uv_initialized: get(row, "rp_passkeys.uv_initialized")?,
            transports: json(row, "rp_passkeys.transports")?,
            backup_eligible: optional(row, "rp_passkeys.backup_eligible")?,
            backup_state: get(row, "rp_passkeys.backup_state")?,
            attestation_object: bytes("rp_passkeys.attestation_object")?,
            attestation_client_data_json: bytes("rp_passkeys.attestation_client_data_json")?,
            rp_id: optional(row, "rp_passkeys.rp_id")?,
            aaguid: get::<&[u8]>(row, aaguid)?
                .try_into()
                .map(Aaguid::new)
                .map_err(|_| StoreError::Unreadable { what: aaguid })?,
            attestation: StoredAttestation {
                format: get::<&str>(row, "rp_passkeys.attestation_format")?.into(),
                r#type: word(row, "rp_passkeys.attestation_type")?,
                trusted: get(row, "rp_passkeys.attestation_trusted")?,
                model: optional::<&[u8]>(row, model)?
                    .map(|bytes| bytes.try_into().map(Aaguid::new))
                    .transpose()
                    .map_err(|_| StoreError::Unreadable { what: model })?,
                sign_count_proven: get(row, "rp_passkeys.attestation_sign_count_proven")?,
            },
        },
        nickname: optional(row, "rp_passkeys.nickname")?,
        created_at: time(row, "rp_passkeys.created_at")?,
        last_used_at: optional::<i64>(row, "rp_passkeys.last_used_at")?.map(Timestamp::from_unix_seconds),
        user_verified: get(row, "rp_passkeys.user_verified")?,
    })
}

/// The descriptor of a row of `rp_passkeys`; nothing else is read.
pub(super) fn descriptor(row: &impl Row) -> Result<PublicKeyCredentialDescriptorJson, StoreError> {
    Ok(PublicKeyCredentialDescriptorJson {
        r#type: PublicKeyCredentialType::PublicKey,
        id: credential_id(row)?,
        transports: json(row, "rp_passkeys.transports")?,
    })
}

fn credential_id(row: &impl Row) -> Result<CredentialId, StoreError> {
    let what = "rp_passkeys.credential_id";
    get::<&[u8]>(row, what)?.try_into().map_err(|_| StoreError::Unreadable { what })
}

/// Binds all columns of `rp_passkeys` except `seq`, in the order of the table.
pub(super) fn bind_passkey<'q>(query: Query<'q>, passkey: &'q Passkey) -> Result<Query<'q>, StoreError> {
    let record = &passkey.record;
    Ok(query
        .bind(record.id.as_bytes())
        .bind(record.user_handle.as_bytes())
        .bind(&*record.public_key)
        .bind(record.sign_count)
        .bind(record.uv_initialized)
        .bind(to_json(&record.transports)?)
        .bind(record.backup_eligible)
        .bind(record.backup_state)
        .bind(record.attestation_object.as_deref())
        .bind(record.attestation_client_data_json.as_deref())
        .bind(record.rp_id.as_deref())
        .bind(record.aaguid.as_bytes().as_slice())
        .bind(record.attestation.format.as_str())
        .bind(record.attestation.r#type.as_str())
        .bind(record.attestation.trusted)
        .bind(passkey.nickname.as_deref())
        .bind(passkey.created_at.as_unix_seconds())
        .bind(passkey.last_used_at.map(Timestamp::as_unix_seconds))
        .bind(passkey.user_verified)
        .bind(record.attestation.model.as_ref().map(|model| model.as_bytes().as_slice()))
        .bind(record.attestation.sign_count_proven))
}

/// The factor of a row of `rp_factors`.
pub(super) fn factor(row: &impl Row) -> Result<FactorRecord, StoreError> {
    let (name, version) = ("rp_factors.name", "rp_factors.version");
    Ok(FactorRecord {
        user: user_handle(row, "rp_factors.user_handle")?,
        name: FactorName::parse(get(row, name)?).ok_or(StoreError::Unreadable { what: name })?,
        status: word(row, "rp_factors.status")?,
        state: get(row, "rp_factors.state")?,
        created_at: time(row, "rp_factors.created_at")?,
        last_used_at: optional::<i64>(row, "rp_factors.last_used_at")?.map(Timestamp::from_unix_seconds),
        version: get::<&[u8]>(row, version)?
            .try_into()
            .map(FactorVersion)
            .map_err(|_| StoreError::Unreadable { what: version })?,
    })
}

/// Binds all columns of `rp_factors` in the order of the table.
pub(super) fn bind_factor<'q>(query: Query<'q>, record: &'q FactorRecord) -> Result<Query<'q>, StoreError> {
    Ok(query
        .bind(record.user.as_bytes())
        .bind(record.name.as_str())
        .bind(to_word(&record.status)?)
        .bind(record.state.as_slice())
        .bind(record.created_at.as_unix_seconds())
        .bind(record.last_used_at.map(Timestamp::as_unix_seconds))
        .bind(record.version.0.as_slice()))
}

/// The session of a row of `rp_sessions`.
pub(super) fn session(row: &impl Row) -> Result<Session, StoreError> {
    let credential = "rp_sessions.credential_id";
    Ok(Session {
        id: session_id(row)?,
        user: user_handle(row, "rp_sessions.user_handle")?,
        state: word(row, "rp_sessions.state")?,
        kind: word(row, "rp_sessions.kind")?,
        created_at: time(row, "rp_sessions.created_at")?,
        last_used_at: time(row, "rp_sessions.last_used_at")?,
        verified_at: time(row, "rp_sessions.verified_at")?,
        expires_at: time(row, "rp_sessions.expires_at")?,
        factors: json(row, "rp_sessions.factors")?,
        credential: optional::<&[u8]>(row, credential)?
            .map(CredentialId::try_from)
            .transpose()
            .map_err(|_| StoreError::Unreadable { what: credential })?,
        client: Client {
            address: optional(row, "rp_sessions.address")?,
            user_agent: optional(row, "rp_sessions.user_agent")?,
            request_id: None,
        },
        user_verification_required: get(row, "rp_sessions.user_verification_required")?,
    })
}

pub(super) fn session_id(row: &impl Row) -> Result<SessionId, StoreError> {
    let what = "rp_sessions.id";
    let id = get::<&[u8]>(row, what)?.try_into().map_err(|_| StoreError::Unreadable { what })?;
    Ok(SessionId::from_bytes(id))
}

/// Binds all columns of `rp_sessions` except `key`, in the order of the table.
pub(super) fn bind_session<'q>(query: Query<'q>, session: &'q Session) -> Result<Query<'q>, StoreError> {
    Ok(query
        .bind(session.id.as_bytes().as_slice())
        .bind(session.user.as_bytes())
        .bind(to_word(&session.state)?)
        .bind(to_word(&session.kind)?)
        .bind(session.created_at.as_unix_seconds())
        .bind(session.last_used_at.as_unix_seconds())
        .bind(session.verified_at.as_unix_seconds())
        .bind(session.expires_at.as_unix_seconds())
        .bind(to_json(&session.factors)?)
        .bind(session.credential.as_ref().map(CredentialId::as_bytes))
        .bind(session.client.address.as_deref())
        .bind(session.client.user_agent.as_deref())
        .bind(session.user_verification_required))
}

fn json<T: DeserializeOwned>(row: &impl Row, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(get(row, what)?).map_err(|_| StoreError::Unreadable { what })
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::unavailable)
}

/// A value that serde writes as one word.
fn word<T: DeserializeOwned>(row: &impl Row, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(get::<&str>(row, what)?.into()).map_err(|_| StoreError::Unreadable { what })
}

pub(super) fn to_word<T: Serialize>(value: &T) -> Result<Option<String>, StoreError> {
    Ok(serde_json::to_value(value).map_err(StoreError::unavailable)?.as_str().map(str::to_owned))
}
