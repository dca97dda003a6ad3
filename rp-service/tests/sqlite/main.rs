//! The behaviour of the SQLite store that other stores do not have: files, pools, tables of the application, failures.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod application;
mod failures;
mod files;

use std::error::Error;

use rp_core::{Aaguid, CredentialId, CredentialRecord, StoredAttestation, Timestamp, UserHandle};
use rp_service::store::{Authorization, Conditions, Passkey, SqlUsers, SqliteStore, StoreError, UserRecord};
use rp_service::{Client, Session, SessionId, SessionKind, SessionState};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Connection, SqliteConnection};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LATER: Timestamp = Timestamp::from_unix_seconds(1_800_000_300);

/// The path of a file that does not exist, in the folder that cargo keeps for tests.
fn fresh_path(test: &str) -> String {
    let folder = format!("{}/sqlite-{test}", env!("CARGO_TARGET_TMPDIR"));
    if std::fs::exists(&folder).unwrap() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    format!("{folder}/passkeys.db")
}

fn kim() -> (UserRecord, Passkey) {
    let user = UserRecord {
        handle: UserHandle::try_from([7; 64].as_slice()).unwrap(),
        name: "Kim".to_owned(),
        name_key: "kim".to_owned(),
        display_name: "Kim".to_owned(),
        created_at: NOW,
        locked_at: None,
    };
    let attestation = StoredAttestation::UNKNOWN;
    let record = CredentialRecord {
        id: CredentialId::try_from([1; 16].as_slice()).unwrap(),
        user_handle: user.handle.clone(),
        public_key: vec![0xa0].into(),
        sign_count: 5,
        uv_initialized: true,
        transports: vec!["internal".to_owned()],
        backup_eligible: Some(false),
        backup_state: false,
        attestation_object: None,
        attestation_client_data_json: None,
        rp_id: None,
        aaguid: Aaguid::ZERO,
        attestation,
    };
    let passkey =
        Passkey { record, nickname: None, created_at: NOW, last_used_at: None, user_verified: true };
    (user, passkey)
}

fn session(passkey: &Passkey) -> Session {
    Session {
        id: SessionId::from_bytes([3; 16]),
        user: passkey.record.user_handle.clone(),
        state: SessionState::SignedIn,
        kind: SessionKind::Browser,
        created_at: NOW,
        last_used_at: NOW,
        verified_at: NOW,
        expires_at: LATER,
        factors: Vec::new(),
        credential: Some(passkey.record.id.clone()),
        client: Client::default(),
        user_verification_required: false,
    }
}

fn by_passkey(passkey: &Passkey) -> Conditions {
    let authorization = Authorization::Passkey(passkey.record.id.clone());
    Conditions { check_user: true, check_factors: true, session: None, authorization, now: NOW }
}

/// Runs SQL on the file, apart from the store.
async fn execute(path: &str, sql: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn is_unavailable<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable { .. }))
}

/// The messages of an error and its causes.
fn messages(error: &StoreError) -> Vec<String> {
    let (mut messages, mut cause) = (Vec::new(), Some(error as &dyn Error));
    while let Some(error) = cause {
        messages.push(error.to_string());
        cause = error.source();
    }
    messages
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
    FROM users WHERE lower(email) = ?1 AND active";
const BY_HANDLE: &str = "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
    FROM users WHERE passkey_handle = ?1 AND active";
const INSERT: &str = "INSERT INTO users (passkey_handle, email, full_name) VALUES (?1, ?2, ?4)";

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
