use std::error::Error;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteQueryResult, SqliteRow};
use sqlx::{Sqlite, Transaction};

use crate::store::StoreError;

/// A query with its arguments. The placeholders are `$1`, `$2`, …, which PostgreSQL knows as well.
pub(super) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The connections to a database, and its name for errors.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pool: SqlitePool,
    name: Arc<str>,
}

/// A transaction that writes. It is rolled back unless it is committed.
pub(super) struct Write {
    transaction: Transaction<'static, Sqlite>,
    name: Arc<str>,
}

/// Something that runs queries.
pub(super) trait Run: Send {
    /// Returns the rows. A statement that writes has ended when this returns, so its changes are durable (`fetch_one`
    /// and `fetch_optional` return before that).
    fn rows(&mut self, query: Query<'_>) -> impl Future<Output = Result<Vec<SqliteRow>, StoreError>> + Send;

    /// Returns the number of rows that were changed; `None` if a unique constraint was violated, which changes nothing.
    fn execute_unique(
        &mut self,
        query: Query<'_>,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Returns the only row, if there is one.
    fn row(
        &mut self,
        query: Query<'_>,
    ) -> impl Future<Output = Result<Option<SqliteRow>, StoreError>> + Send {
        async { Ok(self.rows(query).await?.pop()) }
    }

    /// Returns the number of rows that were changed.
    fn execute(&mut self, query: Query<'_>) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl Database {
    pub(super) fn new(pool: SqlitePool, name: &Arc<str>) -> Self {
        Self { pool, name: Arc::clone(name) }
    }

    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Begins a transaction that may write from its start.
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await;
        let transaction = transaction.map_err(|error| failure(&self.name, error))?;
        Ok(Write { transaction, name: Arc::clone(&self.name) })
    }

    /// Runs the migrations that the database lacks, in one transaction: of processes that start at the same time, one
    /// migrates and the others find it done.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut migrator = sqlx::migrate!("migrations/sqlite");
        migrator.dangerous_set_table_name("rp_migrations");
        let mut write = self.begin().await?;
        // Not `run`, whose bound on `Acquire` makes the future not `Send`
        let migrated = migrator.run_direct(None, &mut *write.transaction, false).await;
        migrated.map_err(|error| failure(&self.name, error))?;
        write.commit().await
    }
}

impl Write {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(|error| failure(&self.name, error))
    }
}

impl Run for Database {
    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
        query.fetch_all(&self.pool).await.map_err(|error| failure(&self.name, error))
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        unique(&self.name, query.execute(&self.pool).await)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        let result = query.execute(&self.pool).await.map_err(|error| failure(&self.name, error))?;
        Ok(result.rows_affected())
    }
}

impl Run for Write {
    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
        query.fetch_all(&mut *self.transaction).await.map_err(|error| failure(&self.name, error))
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        unique(&self.name, query.execute(&mut *self.transaction).await)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        let result = query.execute(&mut *self.transaction).await;
        Ok(result.map_err(|error| failure(&self.name, error))?.rows_affected())
    }
}

fn unique(name: &str, result: Result<SqliteQueryResult, sqlx::Error>) -> Result<Option<u64>, StoreError> {
    match result {
        Ok(result) => Ok(Some(result.rows_affected())),
        // SQLITE_CONSTRAINT_UNIQUE (2067) and SQLITE_CONSTRAINT_PRIMARYKEY (1555)
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(failure(name, error)),
    }
}

/// The error of a database that has this name.
pub(super) fn failure(name: &str, error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::unavailable(DatabaseError { name: name.to_owned(), error: error.into() })
}

/// An error, and the database in which it occurred. The message contains the messages of the causes, so there is no
/// source: a program that prints an error with its causes would print them twice.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {error}")]
struct DatabaseError {
    name: String,
    error: Box<dyn Error + Send + Sync>,
}
