use rp_core::options::PublicKeyCredentialDescriptorJson;
use rp_core::{CredentialId, CredentialUpdate, StoredAttestation, Timestamp, UserHandle};

use super::SqlStore;
use super::database::{Database, Run};
use super::factors::{has_second_factor, is_second_factor};
use super::query::query;
use super::row::optional;
use super::rows::{self, bind_passkey};
use super::sessions::END_SESSIONS_OF_PASSKEY;
use super::sql_users::find_user;
use crate::store::credential::UnmetCondition;
use crate::store::{
    AddPasskey, ApplyUpdate, Authorization, Conditions, CredentialStore, DeletePasskey, GrantKey, Passkey,
    SWEEP_LIMIT, StoreError,
};

impl<D: Database> CredentialStore for SqlStore<D> {
    async fn passkey(&self, id: &CredentialId) -> Result<Option<Passkey>, StoreError> {
        let find = query("SELECT * FROM rp_passkeys WHERE credential_id = $1").bind(id.as_bytes());
        self.read().row(find).await?.as_ref().map(rows::passkey).transpose()
    }

    async fn passkeys(&self, user: &UserHandle) -> Result<Vec<Passkey>, StoreError> {
        let list = query("SELECT * FROM rp_passkeys WHERE user_handle = $1 ORDER BY created_at, seq");
        self.read().rows(list.bind(user.as_bytes())).await?.iter().map(rows::passkey).collect()
    }

    async fn descriptors(
        &self,
        user: &UserHandle,
    ) -> Result<Vec<PublicKeyCredentialDescriptorJson>, StoreError> {
        let list = query("SELECT credential_id, transports FROM rp_passkeys WHERE user_handle = $1");
        self.read().rows(list.bind(user.as_bytes())).await?.iter().map(rows::descriptor).collect()
    }

    async fn add_passkey(
        &self,
        passkey: Passkey,
        max: Option<usize>,
        conditions: &Conditions,
    ) -> Result<AddPasskey, StoreError> {
        let user = &passkey.record.user_handle;
        let mut write = self.begin_for(user).await?;
        if let Some(unmet) = self.unmet_condition(&mut write, user, conditions).await? {
            return Ok(unmet.into());
        }
        if passkey_exists(&mut write, &passkey.record.id).await? {
            return Ok(AddPasskey::CredentialExists);
        }
        if let Some(max) = max
            && number_of_passkeys(&mut write, user).await? >= max
        {
            return Ok(AddPasskey::TooMany);
        }
        if let Authorization::Grant(key) = &conditions.authorization {
            write.execute(query("DELETE FROM rp_grants WHERE key = $1").bind(key.0.as_slice())).await?;
        }
        if !insert_passkey(&mut write, &passkey).await? {
            return Ok(AddPasskey::CredentialExists);
        }
        D::commit(write).await?;
        Ok(AddPasskey::Done)
    }

    async fn apply_update(
        &self,
        user: &UserHandle,
        update: &CredentialUpdate,
        used_at: Timestamp,
    ) -> Result<ApplyUpdate, StoreError> {
        let mut write = self.begin().await?;
        let Some(mut passkey) = own_passkey(&mut write, user, &update.id).await? else {
            return Ok(ApplyUpdate::Missing);
        };
        if passkey.record.sign_count != update.previous_sign_count {
            return Ok(ApplyUpdate::CounterMoved);
        }
        update.apply(&mut passkey.record);
        let apply = query(
            "UPDATE rp_passkeys SET
                sign_count = $2, backup_state = $3, backup_eligible = $4, uv_initialized = $5,
                last_used_at = $6, user_verified = $7
            WHERE credential_id = $1",
        )
        .bind(update.id.as_bytes())
        .bind(passkey.record.sign_count)
        .bind(passkey.record.backup_state)
        .bind(passkey.record.backup_eligible)
        .bind(passkey.record.uv_initialized)
        .bind(passkey.last_used_at.max(Some(used_at)).map(Timestamp::as_unix_seconds))
        .bind(update.user_verified);
        write.execute(apply).await?;
        D::commit(write).await?;
        Ok(ApplyUpdate::Done)
    }

    async fn rename_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        nickname: Option<&str>,
    ) -> Result<Option<Passkey>, StoreError> {
        let rename = query(
            "UPDATE rp_passkeys SET nickname = $3 WHERE credential_id = $1 AND user_handle = $2 RETURNING *",
        );
        let rename = rename.bind(id.as_bytes()).bind(user.as_bytes()).bind(nickname);
        self.write().row(rename).await?.as_ref().map(rows::passkey).transpose()
    }

    async fn delete_passkey(
        &self,
        user: &UserHandle,
        id: &CredentialId,
        allow_last: bool,
        conditions: &Conditions,
    ) -> Result<DeletePasskey, StoreError> {
        let mut write = self.begin_for(user).await?;
        if let Some(unmet) = self.unmet_condition(&mut write, user, conditions).await? {
            return Ok(unmet.into());
        }
        if matches!(conditions.authorization, Authorization::Grant(_)) {
            return Ok(DeletePasskey::NotAuthorized);
        }
        if own_passkey(&mut write, user, id).await?.is_none() {
            return Ok(DeletePasskey::Missing);
        }
        if !allow_last && number_of_passkeys(&mut write, user).await? == 1 {
            return Ok(DeletePasskey::Last);
        }
        write.execute(query("DELETE FROM rp_passkeys WHERE credential_id = $1").bind(id.as_bytes())).await?;
        let end = query(END_SESSIONS_OF_PASSKEY).bind(user.as_bytes()).bind(id.as_bytes());
        write.execute(end).await?;
        D::commit(write).await?;
        Ok(DeletePasskey::Done)
    }

    async fn delete_passkeys(&self, user: &UserHandle) -> Result<u64, StoreError> {
        let mut write = self.begin_for(user).await?;
        let deleted = delete_passkeys(&mut write, user).await?;
        D::commit(write).await?;
        Ok(deleted)
    }

    async fn all_passkeys(
        &self,
        after: Option<&CredentialId>,
        limit: u32,
    ) -> Result<Vec<Passkey>, StoreError> {
        // No ID is empty
        let page =
            query("SELECT * FROM rp_passkeys WHERE credential_id > $1 ORDER BY credential_id LIMIT $2");
        let page = page.bind(after.map_or(&[][..], CredentialId::as_bytes)).bind(limit);
        self.read().rows(page).await?.iter().map(rows::passkey).collect()
    }

    async fn passkeys_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> Result<Vec<Passkey>, StoreError> {
        let page = query(
            "SELECT * FROM rp_passkeys WHERE user_handle BETWEEN $1 AND $2 ORDER BY user_handle, created_at, seq",
        );
        let page = page.bind(first.as_bytes()).bind(last.as_bytes());
        self.read().rows(page).await?.iter().map(rows::passkey).collect()
    }

    async fn set_attestations(
        &self,
        changes: &[(CredentialId, StoredAttestation)],
    ) -> Result<Vec<bool>, StoreError> {
        let mut write = self.begin().await?;
        let mut exist = Vec::with_capacity(changes.len());
        for (id, attestation) in changes {
            exist.push(set_attestation(&mut write, id, attestation).await?);
        }
        D::commit(write).await?;
        Ok(exist)
    }

    async fn put_grant(
        &self,
        key: GrantKey,
        user: &UserHandle,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let put = query(
            "INSERT INTO rp_grants (key, user_handle, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (key) DO UPDATE SET user_handle = excluded.user_handle, expires_at = excluded.expires_at",
        );
        let put = put.bind(key.0.as_slice()).bind(user.as_bytes()).bind(expires_at.as_unix_seconds());
        self.write().execute(put).await?;
        Ok(())
    }

    async fn grant_expiry(&self, user: &UserHandle, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let last = query(
            "SELECT max(expires_at) AS expires_at FROM rp_grants WHERE user_handle = $1 AND expires_at >= $2",
        );
        let row = self.read().row(last.bind(user.as_bytes()).bind(now.as_unix_seconds())).await?;
        let expires_at = row.as_ref().map(|row| optional::<i64>(row, "rp_grants.expires_at")).transpose()?;
        Ok(expires_at.flatten().map(Timestamp::from_unix_seconds))
    }

    async fn take_grant(&self, key: GrantKey, user: &UserHandle, now: Timestamp) -> Result<bool, StoreError> {
        let take = query("DELETE FROM rp_grants WHERE key = $1 AND user_handle = $2 AND expires_at >= $3");
        let take = take.bind(key.0.as_slice()).bind(user.as_bytes()).bind(now.as_unix_seconds());
        Ok(self.write().execute(take).await? > 0)
    }

    async fn sweep_grants(&self, before: Timestamp) -> Result<u64, StoreError> {
        let sweep = query(
            // PostgreSQL checks a row again after it waited for the lock, but not the subquery
            "DELETE FROM rp_grants WHERE key IN
                (SELECT key FROM rp_grants WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
            AND expires_at < $1",
        );
        self.write().execute(sweep.bind(before.as_unix_seconds()).bind(SWEEP_LIMIT)).await
    }
}

impl<D: Database> SqlStore<D> {
    pub(super) async fn unmet_condition(
        &self,
        write: &mut D::Write,
        user: &UserHandle,
        conditions: &Conditions,
    ) -> Result<Option<UnmetCondition>, StoreError> {
        let Conditions { check_user, check_factors, session, authorization, now } = conditions;
        if *check_user {
            let record = find_user(write, self.users.by_handle(user)).await?;
            if record.is_none_or(|record| record.locked_at.is_some()) {
                return Ok(Some(UnmetCondition::User));
            }
        }
        if let Some(key) = session {
            let find = query("SELECT * FROM rp_sessions WHERE key = $1 AND user_handle = $2");
            let row = write.row(find.bind(key.0.as_slice()).bind(user.as_bytes()).for_update()).await?;
            let session = row.as_ref().map(rows::session).transpose()?;
            if session.is_none_or(|session| session.is_expired(*now)) {
                return Ok(Some(UnmetCondition::Session));
            }
        }
        let is_authorized = match authorization {
            Authorization::Passkey(id) => own_passkey(write, user, id).await?.is_some(),
            Authorization::SecondFactor(name) => {
                number_of_passkeys(write, user).await? == 0
                    && (!check_factors || is_second_factor(write, user, name).await?)
            }
            Authorization::FirstFactor => {
                number_of_passkeys(write, user).await? == 0
                    && !(*check_factors && has_second_factor(write, user).await?)
            }
            Authorization::Grant(key) => {
                let find = query(
                    "SELECT key FROM rp_grants WHERE key = $1 AND user_handle = $2 AND expires_at >= $3",
                );
                let find = find.bind(key.0.as_slice()).bind(user.as_bytes()).bind(now.as_unix_seconds());
                write.row(find.for_update()).await?.is_some()
            }
            Authorization::Operator => true,
        };
        Ok((!is_authorized).then_some(UnmetCondition::Authorization))
    }
}

async fn set_attestation(
    write: &mut impl Run,
    id: &CredentialId,
    attestation: &StoredAttestation,
) -> Result<bool, StoreError> {
    let set = query(
        "UPDATE rp_passkeys SET attestation_format = $2, attestation_type = $3, attestation_trusted = $4,
        attestation_model = $5, attestation_sign_count_proven = $6
        WHERE credential_id = $1",
    )
    .bind(id.as_bytes())
    .bind(attestation.format.as_str())
    .bind(attestation.r#type.as_str())
    .bind(attestation.trusted)
    .bind(attestation.model.as_ref().map(|model| model.as_bytes().as_slice()))
    .bind(attestation.sign_count_proven);
    Ok(write.execute(set).await? > 0)
}

async fn own_passkey(
    write: &mut impl Run,
    user: &UserHandle,
    id: &CredentialId,
) -> Result<Option<Passkey>, StoreError> {
    let find = query("SELECT * FROM rp_passkeys WHERE credential_id = $1 AND user_handle = $2");
    let row = write.row(find.bind(id.as_bytes()).bind(user.as_bytes()).for_update()).await?;
    row.as_ref().map(rows::passkey).transpose()
}

/// Whether any user has this passkey.
pub(super) async fn passkey_exists(write: &mut impl Run, id: &CredentialId) -> Result<bool, StoreError> {
    let find = query("SELECT seq FROM rp_passkeys WHERE credential_id = $1").bind(id.as_bytes());
    Ok(write.row(find).await?.is_some())
}

async fn number_of_passkeys(write: &mut impl Run, user: &UserHandle) -> Result<usize, StoreError> {
    let list = query("SELECT seq FROM rp_passkeys WHERE user_handle = $1").bind(user.as_bytes());
    Ok(write.rows(list).await?.len())
}

/// Returns `false` if the credential ID exists, although [`passkey_exists`] did not find it: a parallel transaction was
/// faster.
pub(super) async fn insert_passkey(write: &mut impl Run, passkey: &Passkey) -> Result<bool, StoreError> {
    let insert = query(
        "INSERT INTO rp_passkeys (
            credential_id, user_handle, public_key, sign_count, uv_initialized, transports, backup_eligible,
            backup_state, attestation_object, attestation_client_data_json, rp_id, aaguid, attestation_format,
            attestation_type, attestation_trusted, nickname, created_at, last_used_at, user_verified,
            attestation_model, attestation_sign_count_proven
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
        )",
    );
    Ok(write.execute_unique(bind_passkey(insert, passkey)?).await?.is_some())
}

/// Deletes the passkeys and grants of a user and ends the sessions of these passkeys; returns the number of passkeys.
pub(super) async fn delete_passkeys(write: &mut impl Run, user: &UserHandle) -> Result<u64, StoreError> {
    for statement in [
        "DELETE FROM rp_grants WHERE user_handle = $1",
        "DELETE FROM rp_sessions WHERE user_handle = $1
            AND credential_id IN (SELECT credential_id FROM rp_passkeys WHERE user_handle = $1)",
    ] {
        write.execute(query(statement).bind(user.as_bytes())).await?;
    }
    write.execute(query("DELETE FROM rp_passkeys WHERE user_handle = $1").bind(user.as_bytes())).await
}
