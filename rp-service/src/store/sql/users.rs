use std::collections::HashMap;

use rp_core::{Timestamp, UserHandle};

use super::SqlStore;
use super::credentials::{delete_passkeys, insert_passkey, passkey_exists};
use super::database::{Database, Run};
use super::factors::delete_factors;
use super::query::query;
use super::row::{time, user_handle};
use super::sql_users::{find_user, record};
use crate::store::{
    CreateUser, Passkey, SignUp, SignUpStore, StoreError, UpdateUser, UserChange, UserRecord, UserStore,
};

impl<D: Database> UserStore for SqlStore<D> {
    async fn user(&self, handle: &UserHandle) -> Result<Option<UserRecord>, StoreError> {
        find_user(&mut self.read(), self.users.by_handle(handle)).await
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<UserRecord>, StoreError> {
        // PostgreSQL has no such text, so no user has it.
        if name_key.contains('\0') {
            return Ok(None);
        }
        find_user(&mut self.read(), self.users.by_name(name_key)).await
    }

    async fn create_user(&self, user: UserRecord) -> Result<CreateUser, StoreError> {
        let mut write = self.begin_for(&user.handle).await?;
        let created = self.insert_user(&mut write, &user).await?;
        if created == CreateUser::Done {
            D::commit(write).await?;
        }
        Ok(created)
    }

    async fn update_user(&self, handle: &UserHandle, change: UserChange) -> Result<UpdateUser, StoreError> {
        let mut write = self.begin_for(handle).await?;
        if find_user(&mut write, self.users.by_handle(handle)).await?.is_none() {
            return Ok(UpdateUser::Missing);
        }
        if let Some((name, name_key)) = &change.name {
            let rename = self.users.rename_query(handle, name, name_key)?;
            let holder = find_user(&mut write, self.users.by_name(name_key)).await?;
            if holder.is_some_and(|holder| holder.handle != *handle)
                || write.execute_unique(rename).await?.is_none()
            {
                return Ok(UpdateUser::NameTaken);
            }
            self.check_name(&mut write, handle, name_key, RENAME_NOT_FOUND).await?;
        }
        if let Some(display_name) = &change.display_name {
            write.execute(self.users.change_display_name_query(handle, display_name)?).await?;
        }
        let Some(user) = find_user(&mut write, self.users.by_handle(handle)).await? else {
            return Ok(UpdateUser::Missing);
        };
        D::commit(write).await?;
        Ok(UpdateUser::Done(user))
    }

    async fn set_user_lock(
        &self,
        handle: &UserHandle,
        locked_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let mut write = self.begin_for(handle).await?;
        if find_user(&mut write, self.users.by_handle(handle)).await?.is_none() {
            return Ok(false);
        }
        match locked_at {
            Some(time) => insert_lock(&mut write, handle, time).await?,
            None => delete_lock(&mut write, handle).await?,
        }
        D::commit(write).await?;
        Ok(true)
    }

    async fn delete_user(&self, handle: &UserHandle) -> Result<bool, StoreError> {
        let delete = self.users.delete_query(handle)?;
        let mut write = self.begin_for(handle).await?;
        if write.execute(delete).await? == 0 {
            return Ok(false);
        }
        delete_passkeys(&mut write, handle).await?;
        delete_factors(&mut write, handle).await?;
        write
            .execute(query("DELETE FROM rp_sessions WHERE user_handle = $1").bind(handle.as_bytes()))
            .await?;
        delete_lock(&mut write, handle).await?;
        D::commit(write).await?;
        Ok(true)
    }

    async fn users(&self, after: Option<&UserHandle>, limit: u32) -> Result<Vec<UserRecord>, StoreError> {
        let rows = self.read().rows(self.users.walk_query(after, limit)?).await?;
        let mut users = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        if let (Some(first), Some(last)) = (users.first(), users.last()) {
            let locks = query("SELECT * FROM rp_user_locks WHERE user_handle BETWEEN $1 AND $2");
            let locks = locks.bind(first.handle.as_bytes().to_vec()).bind(last.handle.as_bytes().to_vec());
            let mut locked = HashMap::new();
            for row in self.read().rows(locks).await? {
                let handle = user_handle(&row, "rp_user_locks.user_handle")?;
                locked.insert(handle, time(&row, "rp_user_locks.locked_at")?);
            }
            for user in &mut users {
                user.locked_at = locked.get(&user.handle).copied();
            }
        }
        Ok(users)
    }
}

impl<D: Database> SignUpStore for SqlStore<D> {
    async fn create_user_with_passkey(
        &self,
        user: UserRecord,
        passkey: Passkey,
        is_reserved: bool,
    ) -> Result<SignUp, StoreError> {
        if passkey.record.user_handle != user.handle {
            return Err(StoreError::ForeignRecord);
        }
        let mut write = self.begin_for(&user.handle).await?;
        match self.insert_user(&mut write, &user).await? {
            CreateUser::Done => {}
            CreateUser::NameTaken => return Ok(SignUp::NameTaken),
            CreateUser::HandleTaken => return Ok(SignUp::HandleTaken),
        }
        if is_reserved
            || passkey_exists(&mut write, &passkey.record.id).await?
            || !insert_passkey(&mut write, &passkey).await?
        {
            return Ok(SignUp::CredentialExists);
        }
        D::commit(write).await?;
        Ok(SignUp::Done)
    }
}

impl<D: Database> SqlStore<D> {
    async fn insert_user(&self, write: &mut D::Write, user: &UserRecord) -> Result<CreateUser, StoreError> {
        if find_user(write, self.users.by_handle(&user.handle)).await?.is_some() {
            return Ok(CreateUser::HandleTaken);
        }
        if find_user(write, self.users.by_name(&user.name_key)).await?.is_some()
            || write.execute_unique(self.users.insert_query(user)).await?.is_none()
        {
            return Ok(CreateUser::NameTaken);
        }
        if find_user(write, self.users.by_handle(&user.handle)).await?.is_none() {
            return Err(StoreError::unavailable("SqlUsers: find_by_handle does not find the user of insert"));
        }
        self.check_name(write, &user.handle, &user.name_key, INSERT_NOT_FOUND).await?;
        // The application may have deleted an earlier user with this handle
        delete_lock(write, &user.handle).await?;
        if let Some(time) = user.locked_at {
            insert_lock(write, &user.handle, time).await?;
        }
        Ok(CreateUser::Done)
    }

    /// Checks that the query by name finds the user who was just written. A query of the application may compare names
    /// differently from rp: the user could not sign in, and another user could take the same name.
    async fn check_name(
        &self,
        write: &mut D::Write,
        handle: &UserHandle,
        name_key: &str,
        message: &'static str,
    ) -> Result<(), StoreError> {
        match find_user(write, self.users.by_name(name_key)).await? {
            Some(found) if found.handle == *handle => Ok(()),
            _ => Err(StoreError::unavailable(message)),
        }
    }
}

const INSERT_NOT_FOUND: &str =
    "SqlUsers: find_by_name does not find the user of insert by the key of the name";
const RENAME_NOT_FOUND: &str =
    "SqlUsers: find_by_name does not find the user of rename by the key of the name";

async fn insert_lock(write: &mut impl Run, handle: &UserHandle, time: Timestamp) -> Result<(), StoreError> {
    let lock =
        query("INSERT INTO rp_user_locks (user_handle, locked_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    write.execute(lock.bind(handle.as_bytes()).bind(time.as_unix_seconds())).await?;
    Ok(())
}

async fn delete_lock(write: &mut impl Run, handle: &UserHandle) -> Result<(), StoreError> {
    let unlock = query("DELETE FROM rp_user_locks WHERE user_handle = $1").bind(handle.as_bytes());
    write.execute(unlock).await?;
    Ok(())
}
