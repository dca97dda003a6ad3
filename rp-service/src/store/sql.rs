//! The statements of the SQL stores, and the conversion of rows.

use std::sync::Arc;

use rp_core::UserHandle;

pub(super) use self::database::{ColumnType, Database, DescribedColumn, Description, Run, failure};
pub(super) use self::query::{Query, Value};
pub(super) use self::row::Row;
pub use self::sql_users::SqlUsers;
use super::StoreError;

mod ceremonies;
mod credentials;
mod database;
mod factors;
mod query;
mod rate_limits;
mod row;
mod rows;
mod sessions;
mod sql_users;
mod users;

/// Everything in one SQL database: `SqliteStore` or `PostgresStore`. Clones share the connections.
#[derive(Clone, Debug)]
pub struct SqlStore<D> {
    pub(super) writer: D,
    pub(super) readers: D,
    users: Arc<SqlUsers>,
}

impl<D: Database> SqlStore<D> {
    pub(super) fn new(writer: D, readers: D) -> Self {
        Self { writer, readers, users: Arc::default() }
    }

    /// Uses the application's own table of users, which is in the same database.
    ///
    /// # Errors
    /// [`StoreError`] if a query cannot be prepared, has other parameters than documented, or does not return the
    /// required columns. The message names the query.
    pub async fn with_users(mut self, users: SqlUsers) -> Result<Self, StoreError> {
        users.check(&self.writer).await?;
        self.users = Arc::new(users);
        Ok(self)
    }

    /// Waits for the calls in progress and closes the connections, also those of a pool of the application. All later
    /// calls return [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Reads from the database outside a transaction.
    fn read(&self) -> D {
        self.readers.clone()
    }

    /// Runs single statements that write. Each is a transaction.
    fn write(&self) -> D {
        self.writer.clone()
    }

    /// A transaction that changes one row, which it locks.
    async fn begin(&self) -> Result<D::Write, StoreError> {
        self.writer.begin().await
    }

    /// A transaction that depends on what is stored of a user. Of such transactions one runs at a time.
    async fn begin_for(&self, user: &UserHandle) -> Result<D::Write, StoreError> {
        self.writer.begin_for(user).await
    }
}
