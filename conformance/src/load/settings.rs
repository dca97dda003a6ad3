use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The framework of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// `rp-axum`.
    Axum,
    /// `rp-actix`.
    Actix,
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        })
    }
}

/// An example site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its framework.
    pub framework: Framework,
    /// The program.
    pub program: PathBuf,
}

/// The stores of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// An empty handler: no service.
    Nothing,
    /// Everything in memory.
    Memory,
    /// Everything in a file of SQLite.
    Sqlite,
    /// Everything in PostgreSQL.
    Postgres,
    /// Ceremonies and rate limits in Redis, the rest in PostgreSQL.
    PostgresAndRedis,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "empty handler",
            Self::Memory => "memory",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::PostgresAndRedis => "PostgreSQL, Redis",
        })
    }
}

/// The measurement to make.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The sites.
    pub sites: Vec<Site>,
    /// The URL of a PostgreSQL server; without it, its rows are omitted.
    pub postgres: Option<String>,
    /// The URL of a Redis server.
    pub redis: Option<String>,
    /// The number of rounds.
    pub rounds: usize,
    /// The number of sign-ins of a row in a round.
    pub sign_ins: usize,
    /// The number of connections.
    pub connections: usize,
    /// The number of ceremonies of `Growth`.
    pub ceremonies: usize,
}

/// Called with the number of requests or sign-ins that were completed.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

impl Settings {
    /// The rows of a site, each of which needs a server of its own.
    pub(super) fn storages(&self) -> Vec<Storage> {
        let mut storages = vec![Storage::Nothing, Storage::Memory, Storage::Sqlite];
        if self.postgres.is_some() {
            storages.push(Storage::Postgres);
            storages.extend(self.redis.is_some().then_some(Storage::PostgresAndRedis));
        }
        storages
    }
}
