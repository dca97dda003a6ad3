use rp_core::UserHandle;

use super::SqlStore;
use super::database::{Database, Run};
use super::query::query;
use super::rows::{self, bind_factor};
use crate::factor_name::FactorName;
use crate::store::{
    Authorization, Conditions, DeleteFactor, FactorRecord, FactorStore, FactorVersion, PutFactor, StoreError,
};

impl<D: Database> FactorStore for SqlStore<D> {
    async fn factor(&self, user: &UserHandle, name: &FactorName) -> Result<Option<FactorRecord>, StoreError> {
        find(&mut self.read(), user, name).await
    }

    async fn factors(&self, user: &UserHandle) -> Result<Vec<FactorRecord>, StoreError> {
        let list = query("SELECT * FROM rp_factors WHERE user_handle = $1 ORDER BY name");
        self.read().rows(list.bind(user.as_bytes())).await?.iter().map(rows::factor).collect()
    }

    async fn factors_between(
        &self,
        first: &UserHandle,
        last: &UserHandle,
    ) -> Result<Vec<FactorRecord>, StoreError> {
        let page =
            query("SELECT * FROM rp_factors WHERE user_handle BETWEEN $1 AND $2 ORDER BY user_handle, name");
        let page = page.bind(first.as_bytes()).bind(last.as_bytes());
        self.read().rows(page).await?.iter().map(rows::factor).collect()
    }

    async fn put_factor(
        &self,
        record: &FactorRecord,
        expected: Option<FactorVersion>,
        conditions: Option<&Conditions>,
    ) -> Result<PutFactor, StoreError> {
        let mut write = self.begin_for(&record.user).await?;
        if let Some(conditions) = conditions
            && let Some(unmet) = self.unmet_condition(&mut write, &record.user, conditions).await?
        {
            return Ok(unmet.into());
        }
        let stored = find(&mut write, &record.user, &record.name).await?;
        if stored.map(|stored| stored.version) != expected {
            return Ok(PutFactor::Changed);
        }
        let put = query(
            "INSERT INTO rp_factors (user_handle, name, status, state, created_at, last_used_at, version)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (user_handle, name) DO UPDATE SET
                status = excluded.status, state = excluded.state, created_at = excluded.created_at,
                last_used_at = excluded.last_used_at, version = excluded.version",
        );
        write.execute(bind_factor(put, record)?).await?;
        if let Some(Conditions { authorization: Authorization::Grant(key), .. }) = conditions {
            write.execute(query("DELETE FROM rp_grants WHERE key = $1").bind(key.0.as_slice())).await?;
        }
        D::commit(write).await?;
        Ok(PutFactor::Done)
    }

    async fn delete_factor(
        &self,
        user: &UserHandle,
        name: &FactorName,
        conditions: Option<&Conditions>,
    ) -> Result<DeleteFactor, StoreError> {
        let mut write = self.begin_for(user).await?;
        if let Some(conditions) = conditions {
            if let Some(unmet) = self.unmet_condition(&mut write, user, conditions).await? {
                return Ok(unmet.into());
            }
            if matches!(conditions.authorization, Authorization::Grant(_)) {
                return Ok(DeleteFactor::NotAuthorized);
            }
        }
        let delete = query("DELETE FROM rp_factors WHERE user_handle = $1 AND name = $2");
        if write.execute(delete.bind(user.as_bytes()).bind(name.as_str())).await? == 0 {
            return Ok(DeleteFactor::Missing);
        }
        D::commit(write).await?;
        Ok(DeleteFactor::Done)
    }

    async fn delete_factors(&self, user: &UserHandle) -> Result<u64, StoreError> {
        let mut write = self.begin_for(user).await?;
        let deleted = delete_factors(&mut write, user).await?;
        D::commit(write).await?;
        Ok(deleted)
    }
}

async fn find(
    run: &mut impl Run,
    user: &UserHandle,
    name: &FactorName,
) -> Result<Option<FactorRecord>, StoreError> {
    let find = query("SELECT * FROM rp_factors WHERE user_handle = $1 AND name = $2");
    let row = run.row(find.bind(user.as_bytes()).bind(name.as_str())).await?;
    row.as_ref().map(rows::factor).transpose()
}

/// Whether a factor completes a sign-in of the user.
pub(super) async fn is_second_factor(
    write: &mut impl Run,
    user: &UserHandle,
    name: &FactorName,
) -> Result<bool, StoreError> {
    let find = query(
        "SELECT name FROM rp_factors WHERE user_handle = $1 AND name = $2 AND status = 'second-factor'",
    );
    Ok(write.row(find.bind(user.as_bytes()).bind(name.as_str())).await?.is_some())
}

/// Whether any factor completes a sign-in of the user.
pub(super) async fn has_second_factor(write: &mut impl Run, user: &UserHandle) -> Result<bool, StoreError> {
    let find = query("SELECT name FROM rp_factors WHERE user_handle = $1 AND status = 'second-factor'");
    Ok(!write.rows(find.bind(user.as_bytes())).await?.is_empty())
}

pub(super) async fn delete_factors(write: &mut impl Run, user: &UserHandle) -> Result<u64, StoreError> {
    write.execute(query("DELETE FROM rp_factors WHERE user_handle = $1").bind(user.as_bytes())).await
}
