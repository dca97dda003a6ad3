use std::sync::Arc;
use std::time::Duration;

use rp_core::UserHandle;
use sha2::{Digest as _, Sha256};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow, PgTypeInfo};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Either, Executor as _, Postgres, Row as _, SqlSafeStr as _,
    SqlStr, Statement as _, Type, TypeInfo as _, query_with,
};

use crate::store::StoreError;
use crate::store::sql::{
    ColumnType, Database, DescribedColumn, Description, Query, Row, Run, Value, failure,
};

/// The connections to a PostgreSQL database, its name for errors, and how long a call may take.
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    pool: PgPool,
    name: Arc<str>,
    pub(super) time_limit: Duration,
}

impl PostgresDatabase {
    pub(super) fn new(pool: PgPool, time_limit: Duration) -> Self {
        let options = pool.connect_options();
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let name = format!("postgres://{}:{}/{database}", options.get_host(), options.get_port()).into();
        Self { pool, name, time_limit }
    }

    /// Runs the migrations that the database lacks, in one transaction that holds a lock: of nodes that start at the same
    /// time, one migrates and the others find it done.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut migrator = sqlx::migrate!("migrations/postgres");
        migrator.dangerous_set_table_name("rp_migrations");
        // The lock of sqlx belongs to the session, and is left behind if the migration fails
        migrator.set_locking(false);
        let fail = |error: sqlx::Error| failure(&self.name, error);
        let mut transaction = self.pool.begin().await.map_err(fail)?;
        // Longer than a call may take: another node may be migrating a large table
        for setting in ["SET LOCAL statement_timeout = '10min'", LOCK_MIGRATIONS] {
            transaction.execute(setting).await.map_err(fail)?;
        }
        // Not `run`, whose bound on `Acquire` makes the future not `Send`
        let migrated = migrator.run_direct(None, &mut *transaction, false).await;
        migrated.map_err(|error| failure(&self.name, error))?;
        transaction.commit().await.map_err(fail)
    }

    /// The value of a setting.
    pub(super) async fn show(&self, setting: &'static str) -> Result<String, StoreError> {
        let mut connection = self.acquire().await?;
        let query = sqlx::query_scalar("SELECT current_setting($1)").bind(setting);
        let value = within(self.time_limit, query.fetch_one(&mut *connection)).await;
        value.map_err(|error| failure(&self.name, error))
    }

    pub(super) fn fail(&self, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        failure(&self.name, error)
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        within(self.time_limit, self.pool.acquire()).await.map_err(|error| failure(&self.name, error))
    }

    async fn begin_with(&self, sql: SqlStr) -> Result<PostgresWrite, StoreError> {
        let connection = self.acquire().await?;
        let mut write = PostgresWrite {
            connection: Some(connection),
            state: State::Open,
            name: Arc::clone(&self.name),
            time_limit: self.time_limit,
        };
        write.simple(sql).await?;
        Ok(write)
    }

    /// Runs a statement as a transaction of its own; again if it was rolled back because of a parallel one.
    async fn run(&mut self, query: &Query<'_>, result: Wanted) -> Result<Done, RunError> {
        let mut attempts = ATTEMPTS;
        loop {
            attempts = attempts.saturating_sub(1);
            let mut connection = within(self.time_limit, self.pool.acquire()).await?;
            match within(self.time_limit, run(&mut connection, query, result)).await {
                Err(error) if error.is_conflict() && attempts > 0 => {}
                done => {
                    if done.as_ref().is_err_and(RunError::breaks_connection) {
                        connection.close_on_drop();
                    }
                    return done;
                }
            }
        }
    }
}

/// The number of times that a statement is tried.
const ATTEMPTS: u32 = 3;

/// Holds until the transaction ends. The number is the first eight bytes of "rp_migrations" in ASCII.
const LOCK_MIGRATIONS: &str = "SELECT pg_advisory_xact_lock(x'72705f6d69677261'::bigint)";

/// Without the defaults of the session, which are the application's.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

impl Database for PostgresDatabase {
    type Write = PostgresWrite;

    fn name(&self) -> &str {
        &self.name
    }

    async fn begin(&self) -> Result<PostgresWrite, StoreError> {
        self.begin_with(BEGIN.into_sql_str()).await
    }

    async fn begin_for(&self, user: &UserHandle) -> Result<PostgresWrite, StoreError> {
        // A number that another user has too only makes both wait
        let hash = Sha256::digest([b"rp_user ", user.as_bytes()].concat());
        let number = hash.first_chunk().copied().map(i64::from_be_bytes).unwrap_or_default();
        let begin = format!("{BEGIN}; SELECT pg_advisory_xact_lock({number})");
        self.begin_with(AssertSqlSafe(begin).into_sql_str()).await
    }

    async fn commit(mut write: PostgresWrite) -> Result<(), StoreError> {
        // COMMIT of a transaction in which a statement failed is a ROLLBACK, and no error
        if write.state != State::Open {
            return Err(failure(&write.name, RunError::Failed));
        }
        write.simple("COMMIT".into_sql_str()).await?;
        write.state = State::Ended;
        Ok(())
    }

    async fn describe(&self, sql: SqlStr, parameters: &[ColumnType]) -> Result<Description, sqlx::Error> {
        let types: Vec<_> = parameters.iter().map(|parameter| type_info(*parameter)).collect();
        // The types are declared, so PostgreSQL counts a parameter also if no text has it
        let is_used = sql.as_str().contains('$');
        let statement = (&self.pool).prepare_with(sql, &types).await?;
        let parameters = match statement.parameters() {
            Some(Either::Left(types)) if is_used => types.len(),
            Some(Either::Right(number)) if is_used => number,
            _ => 0,
        };
        let columns = statement.columns().iter().map(|column| DescribedColumn {
            name: column.name().to_owned(),
            type_name: column.type_info().name().to_owned(),
            unreadable_as: [ColumnType::Bytes, ColumnType::Text, ColumnType::Integer]
                .into_iter()
                .filter(|kind| !is_readable(column.type_info(), *kind))
                .collect(),
        });
        Ok(Description { parameters, columns: columns.collect() })
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl Run for PostgresDatabase {
    type Row = PgRow;

    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<PgRow>, StoreError> {
        Ok(self.run(&query, Wanted::Rows).await.map_err(|error| failure(&self.name, error))?.rows)
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        let done = self.run(&query, Wanted::Count).await;
        unique(&self.name, done)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        Ok(self.run(&query, Wanted::Count).await.map_err(|error| failure(&self.name, error))?.changed)
    }
}

/// A transaction that writes. It is rolled back when it is dropped, unless it has ended.
#[derive(Debug)]
pub struct PostgresWrite {
    connection: Option<PoolConnection<Postgres>>,
    state: State,
    name: Arc<str>,
    time_limit: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// A statement failed; the transaction can be rolled back.
    Failed,
    /// The server does not respond, or the connection is lost.
    Broken,
    Ended,
}

impl PostgresWrite {
    async fn run(&mut self, query: &Query<'_>, result: Wanted) -> Result<Done, RunError> {
        let connection = self.connection.as_mut().ok_or(RunError::Failed)?;
        let done = within(self.time_limit, run(connection, query, result)).await;
        self.record(&done);
        done
    }

    /// Runs statements without arguments in one round trip.
    async fn simple(&mut self, sql: SqlStr) -> Result<(), StoreError> {
        let fail = |error| failure(&self.name, error);
        let connection = self.connection.as_mut().ok_or_else(|| fail(RunError::Failed))?;
        let done = within(self.time_limit, connection.execute(sqlx::raw_sql(sql))).await;
        self.record(&done);
        done.map(drop).map_err(|error| failure(&self.name, error))
    }

    fn record<T>(&mut self, done: &Result<T, RunError>) {
        if let Err(error) = done {
            self.state = if error.breaks_connection() { State::Broken } else { State::Failed };
        }
    }
}

impl Drop for PostgresWrite {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.state == State::Ended {
            return;
        }
        if self.state == State::Broken {
            connection.close_on_drop();
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let time_limit = self.time_limit;
        runtime.spawn(async move {
            if within(time_limit, connection.execute("ROLLBACK")).await.is_err() {
                connection.close_on_drop();
            }
        });
    }
}

impl Run for PostgresWrite {
    type Row = PgRow;

    async fn rows(&mut self, query: Query<'_>) -> Result<Vec<PgRow>, StoreError> {
        Ok(self.run(&query, Wanted::Rows).await.map_err(|error| failure(&self.name, error))?.rows)
    }

    async fn execute_unique(&mut self, query: Query<'_>) -> Result<Option<u64>, StoreError> {
        let done = self.run(&query, Wanted::Count).await;
        unique(&self.name, done)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<u64, StoreError> {
        Ok(self.run(&query, Wanted::Count).await.map_err(|error| failure(&self.name, error))?.changed)
    }
}

/// The part of a statement's result that callers need.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Rows,
    Count,
}

/// The result of a statement, as far as it is wanted.
#[derive(Default)]
struct Done {
    rows: Vec<PgRow>,
    changed: u64,
}

async fn run(connection: &mut PgConnection, query: &Query<'_>, wanted: Wanted) -> Result<Done, sqlx::Error> {
    let sql = match query.locks_rows {
        true => AssertSqlSafe(format!("{} FOR UPDATE", query.sql.as_str())).into_sql_str(),
        false => query.sql.clone(),
    };
    let statement = query_with(sql, arguments(&query.values)?);
    Ok(match wanted {
        Wanted::Rows => Done { rows: statement.fetch_all(connection).await?, changed: 0 },
        Wanted::Count => {
            Done { rows: Vec::new(), changed: statement.execute(connection).await?.rows_affected() }
        }
    })
}

fn arguments(values: &[Value<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Integer(integer) => arguments.add(*integer),
            Value::Boolean(boolean) => arguments.add(*boolean),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn unique(name: &str, done: Result<Done, RunError>) -> Result<Option<u64>, StoreError> {
    match done {
        Ok(done) => Ok(Some(done.changed)),
        Err(RunError::Sql(sqlx::Error::Database(error))) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(failure(name, error)),
    }
}

/// Why a statement did not run.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error("no response within {0:?}")]
    TimeLimit(Duration),
    #[error("a statement of the transaction failed")]
    Failed,
}

impl RunError {
    /// Whether the statement was rolled back because of a parallel transaction: serialization_failure, deadlock_detected.
    fn is_conflict(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// Whether the connection cannot be used any more.
    fn breaks_connection(&self) -> bool {
        !matches!(self, Self::Sql(sqlx::Error::Database(_)) | Self::Failed)
    }
}

async fn within<T, E: Into<RunError>>(
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, RunError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(RunError::TimeLimit(limit)),
    }
}

impl Row for PgRow {
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

fn type_info(kind: ColumnType) -> PgTypeInfo {
    match kind {
        ColumnType::Bytes => <[u8] as Type<Postgres>>::type_info(),
        ColumnType::Text => <str as Type<Postgres>>::type_info(),
        ColumnType::Integer => <i64 as Type<Postgres>>::type_info(),
    }
}

/// Whether [`Row`] reads columns of this type.
fn is_readable(column: &PgTypeInfo, kind: ColumnType) -> bool {
    match kind {
        ColumnType::Bytes => <[u8] as Type<Postgres>>::compatible(column),
        ColumnType::Text => <str as Type<Postgres>>::compatible(column),
        ColumnType::Integer => <i64 as Type<Postgres>>::compatible(column),
    }
}
