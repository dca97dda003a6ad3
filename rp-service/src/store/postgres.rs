use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use self::database::PostgresDatabase;
use super::StoreError;
use super::sql::{SqlStore, failure};

mod database;

/// Everything in one PostgreSQL database, for any number of nodes.
///
/// A call returns after its changes are durable. The conditions of a change are locked in the transaction that writes: of
/// the changes of one user that check conditions, one runs at a time, on however many nodes. Clones share the connections.
///
/// # Failures
/// A lost connection, a server that restarts, a failover and a call that takes longer than its time limit are
/// [`StoreError::Unavailable`]; the next call uses a new connection. If the connection is lost while a change is being
/// committed, the change may be stored although the call failed: a ceremony is used up then, and no response is accepted
/// twice.
///
/// # Examples
/// ```no_run
/// use rp_service::store::PostgresStore;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://rp@db.example.org/passkeys?sslmode=verify-full").await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
pub type PostgresStore = SqlStore<PostgresDatabase>;

/// How long a call waits for a connection, and how long for each statement. After that, the service responds with 503.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The number of connections. A call needs one for a few milliseconds.
const CONNECTIONS: u32 = 16;

/// A connection that was used within this time is not tested again before its next use.
const TRUSTED_WHILE_IDLE: Duration = Duration::from_secs(1);

/// Settings of the connections of [`PostgresStore::connect`]. The server cancels a statement before its node gives up, so
/// that it does not write later, and ends transactions whose node has disappeared.
const SESSION_SETTINGS: [(&str, &str); 3] = [
    ("statement_timeout", "4s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_isolation", "read committed"),
];

impl SqlStore<PostgresDatabase> {
    /// Connects to a database, and migrates its tables, in the first schema of the search path. Their names begin with
    /// `rp_`.
    ///
    /// `url` is such as `postgres://user:password@host:5432/database?sslmode=verify-full`, with the parameters of
    /// [`PgConnectOptions`]; what it lacks is read from the variables of libpq (`PGHOST`, …).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached, or a later version of this crate migrated it.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        // The URL may contain a password
        let options = PgConnectOptions::from_str(url).map_err(|error| failure("PostgreSQL", error))?;
        let options = options.options(SESSION_SETTINGS);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(TIME_LIMIT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_WHILE_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            });
        Self::from_pool(pool.connect_lazy_with(options)).await
    }

    /// Uses the application's own pool, and migrates rp's tables in its database. Their names begin with `rp_`; the
    /// migrations are recorded in `rp_migrations`, apart from those of the application.
    ///
    /// | setting | value | otherwise |
    /// |---|---|---|
    /// | `default_transaction_isolation` | `read committed` (PostgreSQL's default) | rejected: parallel calls fail |
    /// | `synchronous_commit` | not `off` | rejected: a crash can bring back a used ceremony or an old counter |
    /// | `statement_timeout`, `idle_in_transaction_session_timeout` | a few seconds | a node that disappears holds its locks until TCP gives up |
    /// | number of connections | a fraction of the number of parallel requests | calls wait for a connection |
    ///
    /// After a failover to a standby that was behind, what was committed in between is lost, whatever the application
    /// does: `synchronous_commit = on` with a synchronous standby excludes that.
    ///
    /// A connection that the application holds while it calls the service must not be the last one of the pool.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached, a setting is rejected, or a later version of this crate migrated
    /// the database.
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        let database = PostgresDatabase::new(pool, TIME_LIMIT);
        for (setting, is_accepted) in REQUIRED_SETTINGS {
            let value = database.show(setting).await?;
            if !is_accepted(&value) {
                return Err(database.fail(SettingError { setting, value }));
            }
        }
        database.migrate().await?;
        Ok(Self::new(database.clone(), database))
    }

    /// Sets how long a call waits for a connection, and how long for each statement; the default is five seconds. The
    /// `statement_timeout` of the server should be shorter: what a node has given up may otherwise be written later.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.writer.time_limit = limit;
        self.readers.time_limit = limit;
        self
    }
}

/// A setting, and whether its value is accepted.
type RequiredSetting = (&'static str, fn(&str) -> bool);

const REQUIRED_SETTINGS: [RequiredSetting; 2] = [
    ("default_transaction_isolation", |value| value == "read committed"),
    ("synchronous_commit", |value| value != "off"),
];

/// A connection of the application has a setting with which the store does not keep its promises.
#[derive(Debug, thiserror::Error)]
#[error("{setting} is {value}")]
struct SettingError {
    setting: &'static str,
    value: String,
}
