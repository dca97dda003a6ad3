use std::error::Error;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use super::StoreError;

mod ceremonies;
mod credentials;
mod rows;
mod sessions;

/// Everything in one SQLite file: the embedded default.
///
/// Several processes on one machine may share the file. What was written is on the disk when a call returns
/// (WAL, `synchronous = FULL`): neither a ceremony that was taken nor an old counter comes back with a loss of
/// power. Clones share the connections.
///
/// # Examples
/// ```
/// use rp_core::UserHandle;
/// use rp_service::store::{CredentialStore, SqliteStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = SqliteStore::in_memory().await?; // or SqliteStore::connect("passkeys.db")
/// assert!(store.passkeys(&UserHandle::random()?).await?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// One connection, since SQLite lets one write at a time: who waits for it waits in a queue, where
    /// SQLite's own waiting is by chance.
    writer: SqlitePool,
    readers: SqlitePool,
}

/// How long a write waits for another process's, and any call for a connection; then the answer is 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that read; each is a thread, and more of them than processors gain nothing.
const READERS: u32 = 4;

impl SqliteStore {
    /// Opens a file, or makes it, and brings its tables up to date.
    ///
    /// `file` is a path, or an URL such as `sqlite://passkeys.db?mode=ro` with SQLite's own parameters.
    /// `:memory:` and `sqlite::memory:` give [`SqliteStore::in_memory`].
    ///
    /// # Errors
    /// [`StoreError`]: the file cannot be opened or made, or a later version of this crate wrote it.
    pub async fn connect(file: &str) -> Result<Self, StoreError> {
        let options = match file {
            ":memory:" | "sqlite::memory:" | "sqlite://:memory:" => return Self::in_memory().await,
            url if url.starts_with("sqlite:") => SqliteConnectOptions::from_str(url)?,
            path => SqliteConnectOptions::new().filename(Path::new(path)),
        };
        let options = options
            .create_if_missing(true)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let writer = opened(|| pool(1).connect_with(options.clone())).await?;
        migrate(&writer).await?;
        let options = options.pragma("query_only", "ON");
        let readers = opened(|| pool(READERS).connect_with(options.clone())).await?;
        Ok(Self { writer, readers })
    }

    /// A database without a file, gone with the store: for tests.
    ///
    /// # Errors
    /// [`StoreError`] where SQLite does not start.
    pub async fn in_memory() -> Result<Self, StoreError> {
        // Another connection would be another database, and so would this one, opened again
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        let writer = pool(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        let writer = writer.connect_with(options).await?;
        migrate(&writer).await?;
        Ok(Self { readers: writer.clone(), writer })
    }

    /// Waits for the calls under way and closes the file; every later call is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the right to write from its start, so that nothing it has read can change
    /// before it writes.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE)
}

/// Opens a file. Of many that open a fresh one, one switches it to WAL, and SQLite turns the others away without
/// waiting ([busy handlers](https://www.sqlite.org/c3ref/busy_handler.html) are not asked where that could deadlock):
/// they come again.
async fn opened<F: Future<Output = Result<SqlitePool, sqlx::Error>>>(
    open: impl Fn() -> F,
) -> Result<SqlitePool, sqlx::Error> {
    let mut waits = PATIENCE.as_millis().checked_div(BETWEEN_OPENINGS.as_millis()).unwrap_or_default();
    loop {
        match open().await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) && waits > 0 => {
                waits = waits.saturating_sub(1);
                tokio::time::sleep(BETWEEN_OPENINGS).await;
            }
            opened => return opened,
        }
    }
}

/// `SQLITE_BUSY`.
const BUSY: &str = "5";

/// Switching to WAL takes a few milliseconds.
const BETWEEN_OPENINGS: Duration = Duration::from_millis(20);

/// Runs the migrations that the file has not had, under names that are not the application's.
///
/// All are one transaction: of processes that start at once, one migrates and the others find it done.
async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut migrator = sqlx::migrate!("migrations/sqlite");
    migrator.dangerous_set_table_name("rp_migrations");
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`: its bound on `Acquire` would make this future one that cannot be sent to another thread
    migrator.run_direct(None, &mut *transaction, false).await.map_err(said)?;
    Ok(transaction.commit().await?)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        said(error)
    }
}

fn said(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::unavailable(Said(error))
}

/// An error of sqlx, whose words hold those of its causes: it gives none, so that whoever prints an error with its
/// causes does not say all of it twice.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said<E>(E);
