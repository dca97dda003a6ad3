use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialUpdate, Timestamp, UserHandle};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use super::{SqliteStore, rows};
use crate::store::{Account, Added, Applied, CredentialStore, Deleted, Opened, Passkey, Put, StoreError};

impl CredentialStore for SqliteStore {
    async fn account_by_name(&self, name_key: &str) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM rp_accounts WHERE name_key = ?1")
            .bind(name_key)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::account).transpose()
    }

    async fn account(&self, user_handle: &UserHandle) -> Result<Option<Account>, StoreError> {
        let row = account_row(&self.readers, user_handle).await?;
        row.as_ref().map(rows::account).transpose()
    }

    async fn passkey(&self, id: &CredentialId) -> Result<Option<(Account, Passkey)>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM rp_passkeys JOIN rp_accounts USING (user_handle) WHERE credential_id = ?1",
        )
        .bind(id.as_bytes())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((rows::account(&row)?, rows::passkey(&row)?))).transpose()
    }

    async fn passkeys(&self, user_handle: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        let rows = sqlx::query("SELECT * FROM rp_passkeys WHERE user_handle = ?1 ORDER BY created_at, seq")
            .bind(user_handle.as_bytes())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::passkey).collect()
    }

    async fn descriptors(
        &self,
        user_handle: &UserHandle,
    ) -> Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError> {
        let rows = sqlx::query("SELECT credential_id, transports FROM rp_passkeys WHERE user_handle = ?1")
            .bind(user_handle.as_bytes())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::descriptor).collect()
    }

    async fn open_account(&self, account: Account, passkey: Passkey) -> Result<Opened, StoreError> {
        passkey.check_account(&account.user_handle)?;
        let mut transaction = self.write().await?;
        if account_row(&mut *transaction, &account.user_handle).await?.is_some() {
            return Ok(Opened::HandleTaken);
        }
        if name_holder(&mut transaction, &account.name_key).await?.is_some() {
            return Ok(Opened::NameTaken);
        }
        if credential_exists(&mut transaction, &passkey.record.id).await? {
            return Ok(Opened::CredentialExists);
        }
        upsert_account(&mut transaction, &account).await?;
        insert_passkey(&mut transaction, &passkey).await?;
        transaction.commit().await?;
        Ok(Opened::Done)
    }

    async fn add(
        &self,
        user_handle: &UserHandle,
        passkey: Passkey,
        max: Option<usize>,
    ) -> Result<Added, StoreError> {
        passkey.check_account(user_handle)?;
        let mut transaction = self.write().await?;
        if account_row(&mut *transaction, user_handle).await?.is_none() {
            return Ok(Added::NoAccount);
        }
        if credential_exists(&mut transaction, &passkey.record.id).await? {
            return Ok(Added::CredentialExists);
        }
        if let Some(max) = max
            && number_of_passkeys(&mut transaction, user_handle).await? >= max
        {
            return Ok(Added::TooMany);
        }
        insert_passkey(&mut transaction, &passkey).await?;
        transaction.commit().await?;
        Ok(Added::Done)
    }

    async fn apply(
        &self,
        user_handle: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        let mut transaction = self.write().await?;
        let applied = sqlx::query(
            "UPDATE rp_passkeys SET
                sign_count = max(sign_count, ?4),
                backup_state = ?5,
                backup_eligible = coalesce(backup_eligible, ?6),
                uv_initialized = max(uv_initialized, ?7),
                last_used_at = max(coalesce(last_used_at, ?8), ?8),
                user_verified = ?9
            WHERE credential_id = ?1 AND user_handle = ?2 AND sign_count = ?3",
        )
        .bind(update.id.as_bytes())
        .bind(user_handle.as_bytes())
        .bind(update.previous_sign_count)
        .bind(update.sign_count)
        .bind(update.backup_state)
        .bind(update.backup_eligible)
        .bind(update.uv_initialized())
        .bind(used_at.as_unix_seconds())
        .bind(update.user_verified)
        .execute(&mut *transaction)
        .await?;
        if applied.rows_affected() > 0 {
            transaction.commit().await?;
            return Ok(Applied::Done);
        }
        Ok(match own_passkey_row(&mut transaction, user_handle, &update.id).await? {
            Some(row) => Applied::CounterMoved { current: rows::sign_count(&row)? },
            None => Applied::Gone,
        })
    }

    async fn rename(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE rp_passkeys SET nickname = ?3 WHERE credential_id = ?1 AND user_handle = ?2")
            .bind(id.as_bytes())
            .bind(user_handle.as_bytes())
            .bind(nickname)
            .execute(&mut *transaction)
            .await?;
        let row = own_passkey_row(&mut transaction, user_handle, id).await?;
        let renamed = row.as_ref().map(rows::passkey).transpose()?;
        transaction.commit().await?;
        Ok(renamed)
    }

    async fn delete(
        &self,
        user_handle: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
    ) -> Result<Deleted, StoreError> {
        let mut transaction = self.write().await?;
        let before = number_of_passkeys(&mut transaction, user_handle).await?;
        let deleted = sqlx::query("DELETE FROM rp_passkeys WHERE credential_id = ?1 AND user_handle = ?2")
            .bind(id.as_bytes())
            .bind(user_handle.as_bytes())
            .execute(&mut *transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(Deleted::Missing);
        }
        if before == 1 && !allow_last {
            transaction.rollback().await?;
            return Ok(Deleted::Last);
        }
        transaction.commit().await?;
        Ok(Deleted::Done)
    }

    async fn put_account(&self, account: Account) -> Result<Put, StoreError> {
        let mut transaction = self.write().await?;
        let holder = name_holder(&mut transaction, &account.name_key).await?;
        if holder.is_some_and(|holder| holder != account.user_handle.as_bytes()) {
            return Ok(Put::NameTaken);
        }
        upsert_account(&mut transaction, &account).await?;
        transaction.commit().await?;
        Ok(Put::Done)
    }

    async fn delete_account(&self, user_handle: &UserHandle) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM rp_accounts WHERE user_handle = ?1")
            .bind(user_handle.as_bytes())
            .execute(&self.writer)
            .await?;
        Ok(deleted.rows_affected() > 0)
    }
}

async fn account_row(
    connection: impl SqliteExecutor<'_>,
    user_handle: &UserHandle,
) -> Result<Option<SqliteRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM rp_accounts WHERE user_handle = ?1").bind(user_handle.as_bytes());
    Ok(row.fetch_optional(connection).await?)
}

async fn own_passkey_row(
    connection: &mut SqliteConnection,
    user_handle: &UserHandle,
    id: &CredentialId,
) -> Result<Option<SqliteRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM rp_passkeys WHERE credential_id = ?1 AND user_handle = ?2")
        .bind(id.as_bytes())
        .bind(user_handle.as_bytes());
    Ok(row.fetch_optional(connection).await?)
}

/// The user handle of the account that has the name.
async fn name_holder(
    connection: &mut SqliteConnection,
    name_key: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let holder = sqlx::query_scalar("SELECT user_handle FROM rp_accounts WHERE name_key = ?1").bind(name_key);
    Ok(holder.fetch_optional(connection).await?)
}

async fn credential_exists(connection: &mut SqliteConnection, id: &CredentialId) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM rp_passkeys WHERE credential_id = ?1)")
        .bind(id.as_bytes());
    Ok(exists.fetch_one(connection).await?)
}

async fn number_of_passkeys(
    connection: &mut SqliteConnection,
    user_handle: &UserHandle,
) -> Result<usize, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM rp_passkeys WHERE user_handle = ?1")
        .bind(user_handle.as_bytes())
        .fetch_one(connection)
        .await?;
    usize::try_from(count).map_err(|_| StoreError::Unreadable { what: "number of passkeys" })
}

async fn upsert_account(connection: &mut SqliteConnection, account: &Account) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO rp_accounts (user_handle, name, name_key, display_name, opened_at)
            VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (user_handle) DO UPDATE SET
            name = excluded.name, name_key = excluded.name_key, display_name = excluded.display_name",
    )
    .bind(account.user_handle.as_bytes())
    .bind(account.name.as_str())
    .bind(account.name_key.as_str())
    .bind(account.display_name.as_str())
    .bind(account.created_at.as_unix_seconds())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_passkey(connection: &mut SqliteConnection, passkey: &Passkey) -> Result<(), StoreError> {
    let record = &passkey.record;
    sqlx::query(
        "INSERT INTO rp_passkeys (
            credential_id, user_handle, public_key, sign_count, uv_initialized, transports, backup_eligible,
            backup_state, attestation_object, attestation_client_data_json, rp_id, aaguid,
            attestation_format, attestation_type, attestation_trusted, nickname, created_at, last_used_at,
            user_verified
        ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )
    .bind(record.id.as_bytes())
    .bind(record.user_handle.as_bytes())
    .bind(&*record.public_key)
    .bind(record.sign_count)
    .bind(record.uv_initialized)
    .bind(serde_json::to_string(&record.transports).map_err(StoreError::unavailable)?)
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
    .execute(connection)
    .await?;
    Ok(())
}
