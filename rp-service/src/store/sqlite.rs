use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Row as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use self::database::SqliteDatabase;
use super::StoreError;
use super::sql::{SqlStore, failure};

mod database;

/// Everything in one SQLite file: the embedded default.
///
/// Several processes on one machine may share the file. A call returns after its changes are durable (WAL,
/// `synchronous = FULL`): a loss of power brings back neither a used ceremony nor an old counter. A new file can be
/// read by its owner only (mode 0600 on Unix). Clones share the connections.
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
pub type SqliteStore = SqlStore<SqliteDatabase>;

/// How long a write waits for one of another process, and any call for a connection. After that, the service responds
/// with 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// The number of connections that read. Each is a thread; more than there are processors do not help.
const READERS: u32 = 4;

impl SqlStore<SqliteDatabase> {
    /// Opens or creates a file, and migrates its tables. SQLite allows one write at a time, so one connection writes: waiting
    /// calls form a queue, whereas SQLite's own waiting is in no order.
    ///
    /// `file` is a path, or a URL such as `sqlite://passkeys.db` with SQLite's own parameters. `:memory:` and
    /// `sqlite::memory:` are the same as [`SqliteStore::in_memory`].
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be opened or created, or a later version of this crate wrote it.
    pub async fn connect(file: &str) -> Result<Self, StoreError> {
        let options = match file {
            ":memory:" | "sqlite::memory:" | "sqlite://:memory:" => return Self::in_memory().await,
            url if url.starts_with("sqlite:") => {
                SqliteConnectOptions::from_str(url).map_err(|error| failure(file, error))?
            }
            path => SqliteConnectOptions::new().filename(Path::new(path)),
        };
        let options = options
            .create_if_missing(true)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        create_private(options.get_filename()).map_err(|error| failure(file, error))?;
        let name: Arc<str> = options.get_filename().to_string_lossy().into();
        let writer = open(|| pool(1).connect_with(options.clone())).await;
        let writer = SqliteDatabase::new(writer.map_err(|error| failure(&name, error))?, &name);
        writer.migrate().await?;
        let options = options.pragma("query_only", "ON");
        let readers = open(|| pool(READERS).connect_with(options.clone())).await;
        let readers = SqliteDatabase::new(readers.map_err(|error| failure(&name, error))?, &name);
        Ok(Self::new(writer, readers))
    }

    /// Opens a database in memory that ends with the store, for tests.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite does not start.
    pub async fn in_memory() -> Result<Self, StoreError> {
        // Another connection would be another database, and so would this one after it was reopened
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        let writer = pool(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        let writer = writer.connect_with(options).await.map_err(|error| failure(IN_MEMORY, error))?;
        let writer = SqliteDatabase::new(writer, &IN_MEMORY.into());
        writer.migrate().await?;
        Ok(Self::new(writer.clone(), writer))
    }

    /// Uses the application's own pool, and migrates rp's tables in its database. Their names begin with `rp_`; the
    /// migrations are recorded in `rp_migrations`, apart from those of the application.
    ///
    /// Reads and writes use connections of the pool; each write is a `BEGIN IMMEDIATE` transaction. The settings of the
    /// connections are the application's:
    ///
    /// | setting | value | otherwise |
    /// |---|---|---|
    /// | `busy_timeout` | at least a few seconds (sqlx sets 5) | parallel writes fail with `SQLITE_BUSY` |
    /// | `synchronous` | `FULL` (SQLite's default) | a loss of power can bring back a used ceremony or an old counter |
    /// | `journal_mode` | `WAL` | reads wait for writes |
    /// | `foreign_keys` | `ON` (sqlx sets it) | nothing in rp's tables; the application's own may need it |
    ///
    /// A connection that the application holds while it calls the service must not be the last one of the pool, and must
    /// not be in a write transaction: the call would wait for it.
    ///
    /// # Errors
    /// [`StoreError`] if the migration fails, or the connections do not wait for a busy database or do not write
    /// durably.
    pub async fn from_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let name: Arc<str> = pool.connect_options().get_filename().to_string_lossy().into();
        let database = SqliteDatabase::new(pool, &name);
        for (setting, query, minimum) in REQUIRED_SETTINGS {
            let row = sqlx::query(query).fetch_one(database.pool()).await;
            let row = row.map_err(|error| failure(&name, error))?;
            let value: i64 = row.try_get(0).map_err(|error| failure(&name, error))?;
            if value < minimum {
                return Err(failure(&name, SettingError { setting, value, minimum }));
            }
        }
        database.migrate().await?;
        Ok(Self::new(database.clone(), database))
    }
}

/// The name in errors, instead of a file.
const IN_MEMORY: &str = "in-memory database";

/// The settings that [`SqliteStore::from_pool`] checks: name, query and minimum.
const REQUIRED_SETTINGS: [(&str, &str, i64); 2] =
    [("busy_timeout", "PRAGMA busy_timeout", 1), ("synchronous", "PRAGMA synchronous", 2)];

/// A connection of the application has a setting with which the store does not keep its promises.
#[derive(Debug, thiserror::Error)]
#[error("PRAGMA {setting} is {value}; the minimum is {minimum}")]
struct SettingError {
    setting: &'static str,
    value: i64,
    minimum: i64,
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE)
}

/// Creates the file, if it does not exist, so that only its owner can read it. SQLite gives the files next to it
/// (`-wal`, `-shm`) the same mode.
fn create_private(file: &Path) -> std::io::Result<()> {
    // A URI of SQLite, which is not a path
    if file.to_string_lossy().starts_with("file:") {
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens a file. If many open a new file at once, one switches it to WAL, and SQLite rejects the others without waiting
/// ([busy handlers](https://www.sqlite.org/c3ref/busy_handler.html) are not called if that could deadlock), so they
/// try again.
async fn open<F: Future<Output = Result<SqlitePool, sqlx::Error>>>(
    open: impl Fn() -> F,
) -> Result<SqlitePool, sqlx::Error> {
    let mut attempts = PATIENCE.as_millis().checked_div(BETWEEN_ATTEMPTS.as_millis()).unwrap_or_default();
    loop {
        match open().await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) && attempts > 0 => {
                attempts = attempts.saturating_sub(1);
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            opened => return opened,
        }
    }
}

/// `SQLITE_BUSY`.
const BUSY: &str = "5";

/// Switching to WAL takes a few milliseconds.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);
