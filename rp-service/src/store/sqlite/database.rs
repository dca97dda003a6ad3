use std::sync::Arc;

use rp_core::UserHandle;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteQueryResult, SqliteRow};
use sqlx::{
    Arguments as _, Column as _, Executor as _, Row as _, SqlStr, Sqlite, Statement as _, Transaction,
    TypeInfo as _, query_with,
};

use crate::store::StoreError;
use crate::store::sql::{
    ColumnType, Database, DescribedColumn, Description, Query, Row, Run, Value, failure,
};

/// The connections to a database in SQLite, and its name for errors.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    pool: SqlitePool,
    name: Arc<str>,
}

/// A transaction that writes.
#[derive(Debug)]
pub struct SqliteWrite {
    transaction: Transaction<'static, Sqlite>,
    name: Arc<str>,
}

impl SqliteDatabase {
    pub(super) fn new(pool: SqlitePool, name: &Arc<str>) -> Self {
        Self { pool, name: Arc::clone(name) }
    }

    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
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
        Self::commit(write).await
    }
}

impl Database for SqliteDatabase {
    type Write = SqliteWrite;

    fn name(&self) -> &str {
        &self.name
    }

    async fn begin(&self) -> Result<SqliteWrite, StoreError> {
        // It may write from its start, so nothing that it has read can change before it writes
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await;
        let transaction = transaction.map_err(|error| failure(&self.name, error))?;
        Ok(SqliteWrite { transaction, name: Arc::clone(&self.name) })
    }

    /// One transaction writes at a time, of whichever user.
    async fn begin_for(&self, _: &UserHandle) -> Result<SqliteWrite, StoreError> {
        self.begin().await
    }

    async fn commit(write: SqliteWrite) -> Result<(), StoreError> {
        write.transaction.commit().await.map_err(|error| failure(&write.name, error))
    }

    /// SQLite does not know the type of every column.
    async fn describe(&self, sql: SqlStr, _: &[ColumnType]) -> Result<Description, sqlx::Error> {
        let highest = highest_parameter(sql.as_str());
        let statement = self.pool.prepare(sql).await?;
        let columns = statement.columns().iter().map(|column| DescribedColumn {
            name: column.name().to_owned(),
            type_name: column.type_info().name().to_owned(),
            unreadable_as: Vec::new(),
        });
        Ok(Description { parameters: highest, columns: columns.collect() })
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl Run for SqliteDatabase {
    type Row = SqliteRow;

    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| failure(&self.name, error))?;
        rows(&mut connection, query).await.map_err(|error| failure(&self.name, error))
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| failure(&self.name, error))?;
        unique(&self.name, execute(&mut connection, query).await)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| failure(&self.name, error))?;
        let result = execute(&mut connection, query).await;
        Ok(result.map_err(|error| failure(&self.name, error))?.rows_affected())
    }
}

impl Run for SqliteWrite {
    type Row = SqliteRow;

    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
        rows(&mut self.transaction, query).await.map_err(|error| failure(&self.name, error))
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        unique(&self.name, execute(&mut self.transaction, query).await)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        let result = execute(&mut self.transaction, query).await;
        Ok(result.map_err(|error| failure(&self.name, error))?.rows_affected())
    }
}

/// `fetch_one` and `fetch_optional` would return before a statement that writes has ended.
async fn rows(connection: &mut SqliteConnection, query: Query<'_>) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let arguments = arguments(query.values)?;
    query_with(query.sql, arguments).fetch_all(connection).await
}

async fn execute(
    connection: &mut SqliteConnection,
    query: Query<'_>,
) -> Result<SqliteQueryResult, sqlx::Error> {
    let arguments = arguments(query.values)?;
    query_with(query.sql, arguments).execute(connection).await
}

fn arguments(values: Vec<Value<'_>>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Integer(integer) => arguments.add(integer),
            Value::Boolean(boolean) => arguments.add(boolean),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The highest number of a placeholder (`$3` or `?3`). SQLite counts the names of `$1` and `$3` as two parameters.
fn highest_parameter(sql: &str) -> usize {
    let numbers = sql.split(['$', '?']).skip(1).filter_map(|rest| {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

fn unique(name: &str, result: Result<SqliteQueryResult, sqlx::Error>) -> Result<Option<u64>, StoreError> {
    match result {
        Ok(result) => Ok(Some(result.rows_affected())),
        // SQLITE_CONSTRAINT_UNIQUE (2067) and SQLITE_CONSTRAINT_PRIMARYKEY (1555)
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(failure(name, error)),
    }
}

impl Row for SqliteRow {
    fn has(&self, column: &str) -> bool {
        self.try_column(column).is_ok()
    }

    fn bytes(&self, column: &str) -> Result<Option<&[u8]>, sqlx::Error> {
        self.try_get(column)
    }

    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        self.try_get(column)
    }

    fn integer(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }

    fn boolean(&self, column: &str) -> Result<Option<bool>, sqlx::Error> {
        self.try_get(column)
    }
}
