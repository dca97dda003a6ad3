//! The passwords of the example's users, in a table of its own. A user need not have one.

use std::error::Error;
use std::time::Duration;

use argon2::password_hash::{self, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, Params};
use rp_core::{Timestamp, UserHandle};
use rp_service::store::StoreError;
use rp_service::{Limit, MemoryRateLimiter, RateLimit, RateLimiter as _, ServiceError};
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

use super::arguments::Database;

/// The table.
#[derive(Debug)]
pub(super) struct Passwords {
    pool: AnyPool,
    limiter: MemoryRateLimiter,
}

impl Passwords {
    /// The minimum length, in characters (NIST SP 800-63B-4 asks for 8 where a second factor follows).
    pub(super) const MIN_CHARS: usize = 8;

    /// Opens the table in the database of the site.
    pub(super) async fn open(database: Database<'_>) -> Result<Self, Box<dyn Error>> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new();
        let (pool, create) = match database {
            Database::Memory | Database::Sqlite(":memory:") => {
                let pool = pool.max_connections(1).idle_timeout(None).max_lifetime(None);
                (pool.connect("sqlite::memory:").await?, CREATE_IN_SQLITE)
            }
            Database::Sqlite(file) => (pool.connect(&format!("sqlite://{file}")).await?, CREATE_IN_SQLITE),
            Database::Postgres(url) => (pool.connect(url).await?, CREATE_IN_POSTGRES),
        };
        sqlx::raw_sql(create).execute(&pool).await?;
        Ok(Self { pool, limiter: MemoryRateLimiter::new() })
    }

    /// Sets the password of a user.
    pub(super) async fn set(&self, user: &UserHandle, password: String) -> Result<(), ServiceError> {
        let hash = run_blocking(move || hash(&password)).await?;
        sqlx::query(
            "INSERT INTO passwords VALUES ($1, $2) ON CONFLICT (user_handle) DO UPDATE SET hash = excluded.hash",
        )
        .bind(user.as_bytes())
        .bind(hash)
        .execute(&self.pool)
        .await
        .map_err(storage)?;
        Ok(())
    }

    /// Whether a user has a password.
    pub(super) async fn exists(&self, user: &UserHandle) -> Result<bool, ServiceError> {
        Ok(self.hash(Some(user)).await?.is_some())
    }

    /// Whether this is the password of the user. Attempts with the same username are limited; an unknown user takes the
    /// same time.
    pub(super) async fn verify(
        &self,
        user: Option<&UserHandle>,
        username: &str,
        password: String,
    ) -> Result<bool, ServiceError> {
        let now = Timestamp::now();
        if let RateLimit::Exceeded(limited) = self.limiter.count(ATTEMPTS, username, now).await? {
            return Err(ServiceError::RateLimited(limited));
        }
        let hash = self.hash(user).await?;
        let is_correct = run_blocking(move || verify(hash, &password)).await;
        if is_correct {
            self.limiter.forgive(ATTEMPTS, username, now).await?;
        }
        Ok(is_correct)
    }

    async fn hash(&self, user: Option<&UserHandle>) -> Result<Option<String>, ServiceError> {
        let Some(user) = user else { return Ok(None) };
        let found: Option<(String,)> = sqlx::query_as("SELECT hash FROM passwords WHERE user_handle = $1")
            .bind(user.as_bytes())
            .fetch_optional(&self.pool)
            .await
            .map_err(storage)?;
        Ok(found.map(|(hash,)| hash))
    }
}

const CREATE_IN_SQLITE: &str =
    "CREATE TABLE IF NOT EXISTS passwords (user_handle BLOB PRIMARY KEY, hash TEXT NOT NULL)";
/// The lock makes one of several nodes create the table.
const CREATE_IN_POSTGRES: &str = "BEGIN; SELECT pg_advisory_xact_lock(1);
    CREATE TABLE IF NOT EXISTS passwords (user_handle BYTEA PRIMARY KEY, hash TEXT NOT NULL); COMMIT";

fn hash(password: &str) -> Result<String, ServiceError> {
    let salt = SaltString::generate(&mut password_hash::rand_core::OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| storage(error.to_string()))
}

fn verify(hash: Option<String>, password: &str) -> bool {
    let Some(hash) = hash else {
        // The same work as for a wrong password.
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let _ = Argon2::default().hash_password_into(password.as_bytes(), &[0; 16], &mut output);
        return false;
    };
    PasswordHash::new(&hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn storage(error: impl Into<Box<dyn Error + Send + Sync>>) -> ServiceError {
    StoreError::unavailable(error).into()
}

#[expect(clippy::expect_used, reason = "a panic of the work is a bug, and ends the request")]
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic")
}

/// Wrong passwords for one username.
const ATTEMPTS: Limit = Limit::new("passwords", 10, Duration::from_mins(10));
