//! Every store runs the tests of the test kit.
#![cfg_attr(
    any(feature = "sqlite", feature = "postgres", feature = "redis"),
    expect(clippy::unwrap_used, reason = "tests")
)]

#[cfg(feature = "postgres")]
#[path = "shared/postgres_server.rs"]
mod postgres_server;
#[cfg(any(feature = "postgres", feature = "redis"))]
#[path = "shared/skip.rs"]
mod skip;

/// All tests of stores, for a store that implements all traits.
macro_rules! store_tests {
    ($fresh:expr) => {
        rp_service::user_store_tests!($fresh);
        rp_service::credential_store_tests!($fresh);
        rp_service::sign_up_store_tests!($fresh);
        rp_service::ceremony_store_tests!($fresh);
        rp_service::session_store_tests!($fresh);
        rp_service::factor_store_tests!($fresh);
        rp_service::combined_store_tests!($fresh);
    };
}

mod memory {
    use std::sync::Arc;

    use rp_core::Timestamp;
    use rp_service::store::testkit::shared;
    use rp_service::store::{MemoryReplayCache, MemoryStore, StoreError};
    use rp_service::{Limit, MemoryRateLimiter, RateLimit, RateLimiter};

    store_tests!(async { shared(MemoryStore::new()) });
    rp_service::rate_limiter_tests!(async { shared(Shared::default()) });
    rp_service::replay_cache_tests!(async { shared(Arc::new(MemoryReplayCache::new())) });

    /// A rate limiter whose clones share the attempts.
    #[derive(Clone, Default)]
    struct Shared(Arc<MemoryRateLimiter>);

    impl RateLimiter for Shared {
        async fn check(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
            self.0.check(limit, subject, now).await
        }

        async fn count(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<RateLimit, StoreError> {
            self.0.count(limit, subject, now).await
        }

        async fn forgive(&self, limit: Limit, subject: &str, now: Timestamp) -> Result<(), StoreError> {
            self.0.forgive(limit, subject, now).await
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite_in_memory {
    use rp_service::store::SqliteStore;
    use rp_service::store::testkit::shared;

    store_tests!(async { shared(SqliteStore::in_memory().await.unwrap()) });
    rp_service::rate_limiter_tests!(async { shared(SqliteStore::in_memory().await.unwrap()) });
    rp_service::replay_cache_tests!(async { shared(SqliteStore::in_memory().await.unwrap()) });
}

#[cfg(feature = "sqlite")]
mod sqlite_file {
    use rp_service::store::SqliteStore;
    use rp_service::store::testkit::shared;

    store_tests!(async { shared(SqliteStore::connect(&crate::files::fresh()).await.unwrap()) });
}

#[cfg(feature = "sqlite")]
mod sqlite_file_opened_twice {
    use rp_service::store::SqliteStore;

    store_tests!(async {
        let file = crate::files::fresh();
        [SqliteStore::connect(&file).await.unwrap(), SqliteStore::connect(&file).await.unwrap()]
    });
}

/// A pool and a table of users of the application.
#[cfg(feature = "sqlite")]
mod sqlite_of_an_application {
    use rp_service::store::testkit::shared;
    use rp_service::store::{SqlUsers, SqliteStore};
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

    store_tests!(fresh());

    async fn fresh() -> [SqliteStore; 2] {
        let options = SqliteConnectOptions::new()
            .filename(crate::files::fresh())
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let create = "CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            full_name TEXT,
            joined INTEGER NOT NULL,
            passkey_handle BLOB UNIQUE,
            password_hash TEXT NOT NULL DEFAULT '',
            role TEXT NOT NULL DEFAULT 'reader' CHECK (role IN ('reader', 'author'))
        )";
        sqlx::raw_sql(create).execute(&pool).await.unwrap();
        let users = SqlUsers::new(
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name, joined AS created_at
                FROM users WHERE lower(email) = $1 AND passkey_handle IS NOT NULL",
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name, joined AS created_at
                FROM users WHERE passkey_handle = $1",
            "INSERT INTO users (passkey_handle, email, full_name, joined) VALUES ($1, $2, $4, $5)",
        )
        .rename("UPDATE users SET email = $2 WHERE passkey_handle = $1")
        .change_display_name("UPDATE users SET full_name = $2 WHERE passkey_handle = $1")
        .delete("DELETE FROM users WHERE passkey_handle = $1")
        .walk(
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name, joined AS created_at
                FROM users WHERE passkey_handle > $1 ORDER BY passkey_handle LIMIT $2",
        );
        shared(SqliteStore::from_pool(pool).await.unwrap().with_users(users).await.unwrap())
    }
}

/// Two nodes of a PostgreSQL server.
#[cfg(feature = "postgres")]
mod postgres {
    use rp_service::store::PostgresStore;

    use crate::postgres_server::fresh_schema;

    store_tests!(fresh());
    rp_service::rate_limiter_tests!(fresh());
    rp_service::replay_cache_tests!(fresh());

    async fn fresh() -> Option<[PostgresStore; 2]> {
        let url = fresh_schema().await?;
        Some([PostgresStore::connect(&url).await.unwrap(), PostgresStore::connect(&url).await.unwrap()])
    }
}

/// A pool and a table of users of the application, with types that rp does not use.
#[cfg(feature = "postgres")]
mod postgres_of_an_application {
    use rp_service::store::testkit::shared;
    use rp_service::store::{PostgresStore, SqlUsers};
    use sqlx::postgres::PgPool;

    use crate::postgres_server::fresh_schema;

    store_tests!(fresh());

    async fn fresh() -> Option<[PostgresStore; 2]> {
        let pool = PgPool::connect(&fresh_schema().await?).await.unwrap();
        let create = "CREATE TABLE users (
            id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
            email VARCHAR(200) NOT NULL,
            full_name TEXT,
            joined TIMESTAMPTZ NOT NULL,
            passkey_handle BYTEA UNIQUE,
            password_hash TEXT NOT NULL DEFAULT '',
            role TEXT NOT NULL DEFAULT 'reader' CHECK (role IN ('reader', 'author'))
        );
        CREATE UNIQUE INDEX users_by_email ON users (lower(email))";
        sqlx::raw_sql(create).execute(&pool).await.unwrap();
        let users = SqlUsers::new(
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name,
                extract(epoch FROM joined)::bigint AS created_at
                FROM users WHERE lower(email) = $1 AND passkey_handle IS NOT NULL",
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name,
                extract(epoch FROM joined)::bigint AS created_at
                FROM users WHERE passkey_handle = $1",
            "INSERT INTO users (passkey_handle, email, full_name, joined) VALUES ($1, $2, $4, to_timestamp($5))",
        )
        .rename("UPDATE users SET email = $2 WHERE passkey_handle = $1")
        .change_display_name("UPDATE users SET full_name = $2 WHERE passkey_handle = $1")
        .delete("DELETE FROM users WHERE passkey_handle = $1")
        .walk(
            "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name,
                extract(epoch FROM joined)::bigint AS created_at
                FROM users WHERE passkey_handle > $1 ORDER BY passkey_handle LIMIT $2",
        );
        Some(shared(PostgresStore::from_pool(pool).await.unwrap().with_users(users).await.unwrap()))
    }
}

/// Two nodes of a Redis server.
#[cfg(feature = "redis")]
mod redis {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rp_service::store::RedisStore;

    rp_service::ceremony_store_tests!(fresh());
    rp_service::session_store_tests!(fresh());
    rp_service::rate_limiter_tests!(fresh());
    rp_service::replay_cache_tests!(fresh());

    /// Two connections, with a prefix that only this test uses.
    async fn fresh() -> Option<[RedisStore; 2]> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("RP_REDIS") else {
            crate::skip::skip("RP_REDIS is not the URL of a Redis server");
            return None;
        };
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let prefix = format!("test:{now}:{}:", NEXT.fetch_add(1, Ordering::Relaxed));
        let one = RedisStore::connect(&url).await.unwrap().with_prefix(&prefix);
        Some([one, RedisStore::connect(&url).await.unwrap().with_prefix(&prefix)])
    }
}

#[cfg(feature = "sqlite")]
mod files {
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    /// The path of a file that does not exist, in the folder that cargo keeps for tests.
    pub(crate) fn fresh() -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let stores = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stores");
        std::fs::create_dir_all(&stores).unwrap();
        delete_files_of_earlier_runs(&stores);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let name = format!("{process}-{number}-{}.db", UNIX_EPOCH.elapsed().unwrap().as_nanos());
        stores.join(name).to_str().unwrap().to_owned()
    }

    /// Other processes may run other tests, so young files stay.
    fn delete_files_of_earlier_runs(stores: &Path) {
        for file in std::fs::read_dir(stores).unwrap().flatten() {
            let modified = file.metadata().and_then(|file| file.modified());
            let age = modified.ok().and_then(|time| time.elapsed().ok());
            if age.is_some_and(|age| age > Duration::from_secs(600)) {
                drop(std::fs::remove_file(file.path()));
            }
        }
    }
}
