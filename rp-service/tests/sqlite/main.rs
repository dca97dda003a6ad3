//! The behaviour of the SQLite store that other stores do not have: files, pools, tables of the application, failures.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod application;
mod failures;
mod files;

#[path = "../shared/fixtures.rs"]
mod fixtures;

use rp_service::store::{SqlUsers, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Connection, SqliteConnection};

/// The path of a file that does not exist, in the folder that cargo keeps for tests.
fn fresh_path(test: &str) -> String {
    let folder = format!("{}/sqlite-{test}", env!("CARGO_TARGET_TMPDIR"));
    if std::fs::exists(&folder).unwrap() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    format!("{folder}/passkeys.db")
}

/// Runs SQL on the file, apart from the store.
async fn execute(path: &str, sql: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const CREATE_USERS: &str = "CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    full_name TEXT,
    active INTEGER NOT NULL DEFAULT 1,
    role TEXT NOT NULL DEFAULT 'reader',
    passkey_handle BLOB UNIQUE,
    CHECK (email <> 'root')
)";

const BY_NAME: &str = "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
    FROM users WHERE lower(email) = $1 AND active";
const BY_HANDLE: &str = "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
    FROM users WHERE passkey_handle = $1 AND active";
const INSERT: &str = "INSERT INTO users (passkey_handle, email, full_name) VALUES ($1, $2, $4)";

/// A pool of an application, on a new file with the application's table of users.
async fn application_pool(path: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(CREATE_USERS).execute(&pool).await.unwrap();
    pool
}

async fn application_store(path: &str, users: SqlUsers) -> (SqliteStore, SqlitePool) {
    let pool = application_pool(path).await;
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap().with_users(users).await.unwrap();
    (store, pool)
}

/// A store with its own table of users, and one with the application's, each with the path and the table.
async fn both_stores(test: &str) -> [(SqliteStore, String, &'static str); 2] {
    let own = fresh_path(&format!("{test}-own"));
    let application = fresh_path(&format!("{test}-application"));
    let (store, _) = application_store(&application, SqlUsers::new(BY_NAME, BY_HANDLE, INSERT)).await;
    [(SqliteStore::connect(&own).await.unwrap(), own, "rp_users"), (store, application, "users")]
}
