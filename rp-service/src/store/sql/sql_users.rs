use rp_core::{Timestamp, UserHandle};
use sqlx::{SqlSafeStr, SqlStr};

use super::database::{ColumnType, Database, Description, Run, failure};
use super::query::{Query, query};
use super::row::{Row, get, optional, time, user_handle};
use crate::store::{StoreError, UserRecord};
use crate::username::Username;

/// The queries by which an SQL store uses a table of users that the application owns.
///
/// Three queries are required; without one of the others, its operation returns [`StoreError::Unsupported`]. A query is
/// one statement, and is prepared when the store is built.
///
/// | query | parameters |
/// |---|---|
/// | find by name | `$1` the name as it is compared ([`Username::key`]) |
/// | find by handle | `$1` the user handle |
/// | insert | `$1` the user handle, `$2` the name, `$3` the name as it is compared, `$4` the display name, `$5` the time |
/// | rename | `$1` the user handle, `$2` the name, `$3` the name as it is compared |
/// | change of the display name | `$1` the user handle, `$2` the display name |
/// | delete | `$1` the user handle |
/// | walk | `$1` the user handle behind which the page begins (empty at first), `$2` the maximum number of rows |
///
/// Find and walk return these columns; others are ignored:
///
/// | column | SQLite | PostgreSQL | |
/// |---|---|---|---|
/// | `user_handle` | BLOB | BYTEA | 1 to 64 bytes, random, unique, without personal data; it never changes |
/// | `name` | TEXT | TEXT | the username or e-mail address |
/// | `display_name` | TEXT | TEXT | the name is used if it is NULL |
/// | `created_at` | INTEGER | BIGINT | optional; seconds since 1970-01-01 |
/// | `name_key` | TEXT | TEXT | optional; the name as it is compared. Without it, it is computed from the name |
///
/// In PostgreSQL, parameters are BYTEA, TEXT and BIGINT, and VARCHAR and CITEXT columns can be read too. Columns of other types need a
/// conversion in the query: `extract(epoch FROM created_at)::bigint AS created_at`, `to_timestamp($5)`, `$1::citext`.
///
/// The query by name gets the key of the name, which insert and rename get as `$3`. SQL compares names outside ASCII
/// differently (`COLLATE NOCASE` and `lower` of SQLite change ASCII letters only), so such names need a column for the key
/// with a unique index. If the query by name does not find a user by the key after an insert or a rename, the operation is
/// an error.
///
/// All queries of an operation run in the transaction that writes the passkey. If the insert or the rename violates a
/// unique constraint, the name is taken. Every other failure is an error and leaves nothing.
///
/// # Examples
/// ```
/// use rp_service::store::SqlUsers;
///
/// // CREATE TABLE users (
/// //     id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, full_name TEXT, passkey_handle BLOB UNIQUE, …)
/// let users = SqlUsers::new(
///     "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
///         FROM users WHERE lower(email) = $1 AND passkey_handle IS NOT NULL",
///     "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
///         FROM users WHERE passkey_handle = $1",
///     "INSERT INTO users (passkey_handle, email, full_name) VALUES ($1, $2, $4)",
/// )
/// .change_display_name("UPDATE users SET full_name = $2 WHERE passkey_handle = $1");
/// # drop(users);
/// ```
#[derive(Clone, Debug)]
pub struct SqlUsers {
    find_by_name: SqlStr,
    find_by_handle: SqlStr,
    insert: SqlStr,
    rename: Option<SqlStr>,
    change_display_name: Option<SqlStr>,
    delete: Option<SqlStr>,
    walk: Option<SqlStr>,
}

impl SqlUsers {
    /// The three required queries.
    #[must_use]
    pub fn new(
        find_by_name: impl SqlSafeStr,
        find_by_handle: impl SqlSafeStr,
        insert: impl SqlSafeStr,
    ) -> Self {
        Self {
            find_by_name: find_by_name.into_sql_str(),
            find_by_handle: find_by_handle.into_sql_str(),
            insert: insert.into_sql_str(),
            rename: None,
            change_display_name: None,
            delete: None,
            walk: None,
        }
    }

    /// The query that changes the name.
    #[must_use]
    pub fn rename(self, query: impl SqlSafeStr) -> Self {
        Self { rename: Some(query.into_sql_str()), ..self }
    }

    /// The query that changes the display name.
    #[must_use]
    pub fn change_display_name(self, query: impl SqlSafeStr) -> Self {
        Self { change_display_name: Some(query.into_sql_str()), ..self }
    }

    /// The query that deletes a user. It counts as done if it changed a row.
    #[must_use]
    pub fn delete(self, query: impl SqlSafeStr) -> Self {
        Self { delete: Some(query.into_sql_str()), ..self }
    }

    /// The query that returns a page of users in the order of their handles.
    #[must_use]
    pub fn walk(self, query: impl SqlSafeStr) -> Self {
        Self { walk: Some(query.into_sql_str()), ..self }
    }

    /// Prepares each query and checks its parameters and columns.
    pub(super) async fn check(&self, database: &impl Database) -> Result<(), StoreError> {
        let queries = [
            ("find_by_name", Some(&self.find_by_name), &[TEXT][..], true),
            ("find_by_handle", Some(&self.find_by_handle), &[BYTES], true),
            ("insert", Some(&self.insert), &[BYTES, TEXT, TEXT, TEXT, INTEGER], false),
            ("rename", self.rename.as_ref(), &[BYTES, TEXT, TEXT], false),
            ("change_display_name", self.change_display_name.as_ref(), &[BYTES, TEXT], false),
            ("delete", self.delete.as_ref(), &[BYTES], false),
            ("walk", self.walk.as_ref(), &[BYTES, INTEGER], true),
        ];
        for (name, sql, parameters, returns_users) in queries {
            let Some(sql) = sql else { continue };
            let wrong = |problem| failure(database.name(), SqlUsersError { query: name, problem });
            let description = database.describe(sql.clone(), parameters).await;
            let description = description.map_err(|error| wrong(error.to_string()))?;
            check_description(&description, parameters.len(), returns_users).map_err(wrong)?;
        }
        Ok(())
    }

    pub(super) fn by_name<'q>(&self, name_key: &'q str) -> Query<'q> {
        query(self.find_by_name.clone()).bind(name_key)
    }

    pub(super) fn by_handle<'q>(&self, handle: &'q UserHandle) -> Query<'q> {
        query(self.find_by_handle.clone()).bind(handle.as_bytes())
    }

    pub(super) fn insert_query<'q>(&self, user: &'q UserRecord) -> Query<'q> {
        query(self.insert.clone())
            .bind(user.handle.as_bytes())
            .bind(user.name.as_str())
            .bind(user.name_key.as_str())
            .bind(user.display_name.as_str())
            .bind(user.created_at.as_unix_seconds())
    }

    pub(super) fn rename_query<'q>(
        &self,
        handle: &'q UserHandle,
        name: &'q str,
        name_key: &'q str,
    ) -> Result<Query<'q>, StoreError> {
        Ok(supported(self.rename.as_ref(), "rename")?.bind(handle.as_bytes()).bind(name).bind(name_key))
    }

    pub(super) fn change_display_name_query<'q>(
        &self,
        handle: &'q UserHandle,
        display_name: &'q str,
    ) -> Result<Query<'q>, StoreError> {
        let change = supported(self.change_display_name.as_ref(), "change_display_name")?;
        Ok(change.bind(handle.as_bytes()).bind(display_name))
    }

    pub(super) fn delete_query<'q>(&self, handle: &'q UserHandle) -> Result<Query<'q>, StoreError> {
        Ok(supported(self.delete.as_ref(), "delete")?.bind(handle.as_bytes()))
    }

    pub(super) fn walk_query<'q>(
        &self,
        after: Option<&'q UserHandle>,
        limit: u32,
    ) -> Result<Query<'q>, StoreError> {
        // No handle is empty
        let after = after.map_or(&[][..], UserHandle::as_bytes);
        Ok(supported(self.walk.as_ref(), "walk")?.bind(after).bind(limit))
    }
}

impl Default for SqlUsers {
    /// The queries of rp's own table.
    fn default() -> Self {
        Self::new(
            "SELECT * FROM rp_users WHERE name_key = $1",
            "SELECT * FROM rp_users WHERE user_handle = $1",
            "INSERT INTO rp_users (user_handle, name, name_key, display_name, created_at)
                VALUES ($1, $2, $3, $4, $5)",
        )
        .rename("UPDATE rp_users SET name = $2, name_key = $3 WHERE user_handle = $1")
        .change_display_name("UPDATE rp_users SET display_name = $2 WHERE user_handle = $1")
        .delete("DELETE FROM rp_users WHERE user_handle = $1")
        .walk("SELECT * FROM rp_users WHERE user_handle > $1 ORDER BY user_handle LIMIT $2")
    }
}

fn supported<'q>(sql: Option<&SqlStr>, operation: &'static str) -> Result<Query<'q>, StoreError> {
    sql.map(|sql| query(sql.clone())).ok_or(StoreError::Unsupported { operation })
}

fn check_description(description: &Description, max: usize, returns_users: bool) -> Result<(), String> {
    let got = description.parameters;
    if !(1..=max).contains(&got) {
        return Err(format!("{got} parameters; the query has 1 to {max}"));
    }
    if !returns_users {
        return Ok(());
    }
    for (name, wanted, is_required) in COLUMNS {
        let Some(column) = description.columns.iter().find(|column| column.name == name) else {
            match is_required {
                true => return Err(format!("no column {name} in the result")),
                false => continue,
            }
        };
        if column.unreadable_as.contains(&wanted) {
            return Err(format!("column {name} has type {}", column.type_name));
        }
    }
    Ok(())
}

const BYTES: ColumnType = ColumnType::Bytes;
const TEXT: ColumnType = ColumnType::Text;
const INTEGER: ColumnType = ColumnType::Integer;

/// The columns of a result of users: name, type, and whether it is required.
const COLUMNS: [(&str, ColumnType, bool); 5] = [
    ("user_handle", BYTES, true),
    ("name", TEXT, true),
    ("display_name", TEXT, true),
    ("name_key", TEXT, false),
    ("created_at", INTEGER, false),
];

/// A query of [`SqlUsers`] does not do what it is for.
#[derive(Debug, thiserror::Error)]
#[error("SqlUsers: {query}: {problem}")]
struct SqlUsersError {
    query: &'static str,
    problem: String,
}

/// The user of a row, who is not locked yet.
pub(super) fn record(row: &impl Row) -> Result<UserRecord, StoreError> {
    let name: String = get(row, "users.name")?;
    let display_name = optional(row, "users.display_name")?.unwrap_or_else(|| name.clone());
    let name_key = match row.has("name_key") {
        true => get(row, "users.name_key")?,
        false => Username::parse(&name).map_or_else(|_| name.clone(), |parsed| parsed.key().to_owned()),
    };
    let created_at = match row.has("created_at") {
        true => time(row, "users.created_at")?,
        false => Timestamp::from_unix_seconds(0),
    };
    let handle = user_handle(row, "users.user_handle")?;
    Ok(UserRecord { handle, name, name_key, display_name, created_at, locked_at: None })
}

/// Runs a query for one user, and reads whether the user is locked.
pub(super) async fn find_user(run: &mut impl Run, find: Query<'_>) -> Result<Option<UserRecord>, StoreError> {
    let Some(row) = run.row(find).await? else { return Ok(None) };
    let mut user = record(&row)?;
    let lock = query("SELECT locked_at FROM rp_user_locks WHERE user_handle = $1");
    let row = run.row(lock.bind(user.handle.as_bytes())).await?;
    user.locked_at = row.as_ref().map(|row| time(row, "rp_user_locks.locked_at")).transpose()?;
    Ok(Some(user))
}
