//! The behaviour of the SQLite store that other stores do not have: files, pools, tables of the application, failures.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::error::Error;

use rp_core::{
    Aaguid, CredentialId, CredentialRecord, CredentialUpdate, Flags, StoredAttestation, Timestamp, UserHandle,
};
use rp_service::store::{
    AddPasskey, ApplyUpdate, Authorization, CeremonyKey, CeremonyStore, Conditions, CreateUser,
    CredentialStore, GrantKey, Passkey, SessionKey, SessionStore, SignUp, SignUpStore, SqlUsers, SqliteStore,
    StoreError, TakeCeremony, UpdateUser, UserChange, UserRecord, UserStore,
};
use rp_service::{Client, Session, SessionId, SessionKind, SessionState};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteSynchronous};
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
    Conditions { check_user: true, session: None, authorization, now: NOW }
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

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_with_the_reason() {
    let folder = fresh_path("folder");
    std::fs::create_dir(&folder).unwrap();
    let error = SqliteStore::connect(&folder).await.unwrap_err();
    let reason = "error returned from database: (code: 14) unable to open database file";
    assert_eq!(messages(&error), ["storage backend error".to_owned(), format!("{folder}: {reason}")]);

    let missing = format!("{}.missing/passkeys.db", fresh_path("missing"));
    let error = SqliteStore::connect(&missing).await.unwrap_err();
    let reason = "No such file or directory (os error 2)";
    assert_eq!(messages(&error), ["storage backend error".to_owned(), format!("{missing}: {reason}")]);
}

#[tokio::test]
async fn every_later_error_names_the_file() {
    let path = fresh_path("named");
    let store = SqliteStore::connect(&path).await.unwrap();
    execute(&path, "DROP TABLE rp_passkeys").await;
    let error = store.passkey(&kim().1.record.id).await.unwrap_err();
    let reason = "error returned from database: (code: 1) no such table: rp_passkeys";
    assert_eq!(messages(&error)[1..], [format!("{path}: {reason}")]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &str| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let path = fresh_path("private");
    let store = SqliteStore::connect(&path).await.unwrap();
    store.put_ceremony(CeremonyKey([1; 32]), b"state", LATER).await.unwrap();
    for file in [path.clone(), format!("{path}-wal"), format!("{path}-shm")] {
        assert_eq!(mode(&file), 0o600, "{file}");
    }

    store.close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    SqliteStore::connect(&path).await.unwrap();
    assert_eq!(mode(&path), 0o640);
}

#[tokio::test]
async fn everything_stored_is_there_when_the_file_is_opened_again() {
    let path = fresh_path("reopened");
    let (user, mut passkey) = kim();
    let store = SqliteStore::connect(&path).await.unwrap();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone()).await.unwrap();
    assert_eq!(created, SignUp::Done);
    let update = CredentialUpdate::new(&passkey.record, 6, Flags::new(Flags::USER_PRESENT));
    assert_eq!(store.apply_update(&user.handle, &update, LATER).await.unwrap(), ApplyUpdate::Done);
    store.put_ceremony(CeremonyKey([1; 32]), b"pending", LATER).await.unwrap();
    store.put_ceremony(CeremonyKey([2; 32]), b"taken", LATER).await.unwrap();
    let taken = store.take_ceremony(CeremonyKey([2; 32]), NOW).await.unwrap();
    assert_eq!(taken, TakeCeremony::Found(b"taken".to_vec()));
    assert!(store.create_session(SessionKey([3; 32]), &session(&passkey)).await.unwrap());
    store.close().await;

    let store = SqliteStore::connect(&format!("sqlite://{path}")).await.unwrap();
    (passkey.record.sign_count, passkey.user_verified) = (6, false);
    passkey.last_used_at = Some(LATER);
    let opened = session(&passkey);
    assert_eq!(store.user_by_name("kim").await.unwrap(), Some(user));
    assert_eq!(store.passkey(&passkey.record.id.clone()).await.unwrap(), Some(passkey));
    let taken = store.take_ceremony(CeremonyKey([1; 32]), NOW).await.unwrap();
    assert_eq!(taken, TakeCeremony::Found(b"pending".to_vec()));
    assert_eq!(store.take_ceremony(CeremonyKey([2; 32]), NOW).await.unwrap(), TakeCeremony::Missing);
    assert_eq!(store.session(SessionKey([3; 32]), NOW).await.unwrap(), Some(opened));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_file_may_be_opened_by_many_at_once() {
    let path = fresh_path("opened-at-once");
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { SqliteStore::connect(&path).await })
        })
        .collect();
    for opener in openers {
        opener.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_256_parallel_takes_over_two_openings_one_is_accepted() {
    let path = fresh_path("two-openings");
    let stores = [SqliteStore::connect(&path).await.unwrap(), SqliteStore::connect(&path).await.unwrap()];
    let key = CeremonyKey([1; 32]);
    stores[0].put_ceremony(key, b"state", LATER).await.unwrap();
    let takes: Vec<_> = (0..256)
        .map(|at| {
            let store = stores[at % 2].clone();
            tokio::spawn(async move { store.take_ceremony(key, NOW).await.unwrap() })
        })
        .collect();
    let mut found = 0;
    for take in takes {
        found += usize::from(take.await.unwrap() != TakeCeremony::Missing);
    }
    assert_eq!(found, 1);
}

#[tokio::test]
async fn a_failed_passkey_insert_leaves_no_user() {
    for (store, path, _) in both_stores("passkey-fails").await {
        execute(
            &path,
            "CREATE TRIGGER disk_full BEFORE INSERT ON rp_passkeys
                BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .await;
        let (user, passkey) = kim();
        let error = store.create_user_with_passkey(user.clone(), passkey.clone()).await.unwrap_err();
        let reason = "error returned from database: (code: 1811) disk full";
        assert_eq!(messages(&error)[1..], [format!("{path}: {reason}")]);
        assert_eq!(store.user(&user.handle).await.unwrap(), None, "{path}");
        assert_eq!(store.user_by_name("kim").await.unwrap(), None, "{path}");
        execute(&path, "DROP TRIGGER disk_full").await;
        assert_eq!(store.create_user_with_passkey(user, passkey).await.unwrap(), SignUp::Done, "{path}");
    }
}

#[tokio::test]
async fn a_failed_user_insert_leaves_no_passkey() {
    for (store, path, table) in both_stores("user-fails").await {
        // The row is written first, so that the transaction has something to undo
        let trigger = match table {
            "rp_users" => {
                "CREATE TRIGGER disk_full AFTER INSERT ON rp_users
                    BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            }
            _ => {
                "CREATE TRIGGER disk_full AFTER INSERT ON users
                    BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            }
        };
        execute(&path, trigger).await;
        let (user, passkey) = kim();
        assert!(is_unavailable(store.create_user_with_passkey(user.clone(), passkey.clone()).await));
        assert!(is_unavailable(store.create_user(user.clone()).await));
        assert_eq!(store.user(&user.handle).await.unwrap(), None, "{path}");
        assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None, "{path}");
        execute(&path, "DROP TRIGGER disk_full").await;
        assert_eq!(store.create_user_with_passkey(user, passkey).await.unwrap(), SignUp::Done, "{path}");
    }
}

#[tokio::test]
async fn a_failed_add_leaves_the_grant() {
    let path = fresh_path("add-fails");
    let store = SqliteStore::connect(&path).await.unwrap();
    let (user, passkey) = kim();
    assert_eq!(store.create_user(user.clone()).await.unwrap(), CreateUser::Done);
    store.put_grant(GrantKey([1; 32]), &user.handle, LATER).await.unwrap();
    execute(
        &path,
        "CREATE TRIGGER disk_full BEFORE INSERT ON rp_passkeys BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .await;
    let authorization = Authorization::Grant(GrantKey([1; 32]));
    let conditions = Conditions { authorization, ..by_passkey(&passkey) };
    assert!(is_unavailable(store.add_passkey(passkey.clone(), None, &conditions).await));
    execute(&path, "DROP TRIGGER disk_full").await;
    assert_eq!(store.add_passkey(passkey, None, &conditions).await.unwrap(), AddPasskey::Done);
}

#[tokio::test]
async fn a_failed_end_of_sessions_leaves_passkey_and_user() {
    let path = fresh_path("end-fails");
    let store = SqliteStore::connect(&path).await.unwrap();
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone()).await.unwrap();
    assert_eq!(created, SignUp::Done);
    assert!(store.create_session(SessionKey([3; 32]), &session(&passkey)).await.unwrap());
    execute(
        &path,
        "CREATE TRIGGER disk_full BEFORE DELETE ON rp_sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .await;
    let id = &passkey.record.id;
    assert!(is_unavailable(store.delete_passkey(&user.handle, id, true, &by_passkey(&passkey)).await));
    assert!(is_unavailable(store.delete_passkeys(&user.handle).await));
    assert!(is_unavailable(store.delete_user(&user.handle).await));
    assert_eq!(store.user(&user.handle).await.unwrap(), Some(user));
    assert_eq!(store.passkey(id).await.unwrap(), Some(passkey.clone()));
}

#[tokio::test]
async fn a_name_the_application_rejects_as_duplicate_is_taken() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT)
        .rename("UPDATE users SET email = ?2 WHERE passkey_handle = ?1");
    let (store, pool) = application_store(&fresh_path("duplicate"), users).await;
    // Rows that the queries do not find
    sqlx::raw_sql("INSERT INTO users (email, active) VALUES ('Kim', 0), ('Sam', 0)")
        .execute(&pool)
        .await
        .unwrap();
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey.clone()).await.unwrap();
    assert_eq!(created, SignUp::NameTaken);
    assert_eq!(store.create_user(user.clone()).await.unwrap(), CreateUser::NameTaken);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);

    let lee = UserRecord { name: "Lee".to_owned(), name_key: "lee".to_owned(), ..user };
    assert_eq!(store.create_user(lee.clone()).await.unwrap(), CreateUser::Done);
    let change = UserChange { name: Some(("Sam".to_owned(), "sam".to_owned())), display_name: None };
    assert_eq!(store.update_user(&lee.handle, change).await.unwrap(), UpdateUser::NameTaken);
    assert_eq!(store.user(&lee.handle).await.unwrap().unwrap().name, "Lee");
}

#[tokio::test]
async fn another_violated_constraint_is_an_error_and_leaves_nothing() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    let (store, _) = application_store(&fresh_path("constraint"), users).await;
    let (user, passkey) = kim();
    let root = UserRecord { name: "root".to_owned(), name_key: "root".to_owned(), ..user };
    let error = store.create_user_with_passkey(root.clone(), passkey.clone()).await.unwrap_err();
    assert!(messages(&error)[1].contains("CHECK constraint failed"), "{error:?}");
    assert_eq!(store.user(&root.handle).await.unwrap(), None);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);
}

#[tokio::test]
async fn users_of_the_application_have_defaults() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    let (store, pool) = application_store(&fresh_path("defaults"), users).await;
    let long = "k".repeat(70);
    let insert = "INSERT INTO users (email, full_name, passkey_handle) VALUES ('Kim@Example.org', NULL, x'01'), (?1, 'K', x'02')";
    sqlx::query(insert).bind(&long).execute(&pool).await.unwrap();
    let expected = UserRecord {
        handle: UserHandle::try_from([1].as_slice()).unwrap(),
        name: "Kim@Example.org".to_owned(),
        name_key: "kim@example.org".to_owned(),
        display_name: "Kim@Example.org".to_owned(),
        created_at: Timestamp::from_unix_seconds(0),
        locked_at: None,
    };
    assert_eq!(store.user_by_name("kim@example.org").await.unwrap(), Some(expected));
    // Longer than a username of rp: compared as it is
    let user = store.user(&UserHandle::try_from([2].as_slice()).unwrap()).await.unwrap().unwrap();
    assert_eq!((user.name_key, user.display_name), (long, "K".to_owned()));
}

#[tokio::test]
async fn other_columns_of_the_applications_table_stay() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT)
        .rename("UPDATE users SET email = ?2 WHERE passkey_handle = ?1");
    let (store, pool) = application_store(&fresh_path("columns"), users).await;
    let (user, passkey) = kim();
    let handle = user.handle.clone();
    assert_eq!(store.create_user_with_passkey(user, passkey).await.unwrap(), SignUp::Done);
    sqlx::raw_sql("UPDATE users SET role = 'author'").execute(&pool).await.unwrap();
    let change = UserChange { name: Some(("Lee".to_owned(), "lee".to_owned())), display_name: None };
    assert!(matches!(store.update_user(&handle, change).await.unwrap(), UpdateUser::Done(_)));
    assert!(store.set_user_lock(&handle, Some(NOW)).await.unwrap());
    let row: (String, String, i64) =
        sqlx::query_as("SELECT email, role, active FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(row, ("Lee".to_owned(), "author".to_owned(), 1));
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM rp_users").fetch_one(&pool).await.unwrap();
    assert_eq!(own, 0);
}

#[tokio::test]
async fn an_operation_without_a_query_is_unsupported() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    let (store, _) = application_store(&fresh_path("unsupported"), users).await;
    let (user, passkey) = kim();
    let created = store.create_user_with_passkey(user.clone(), passkey).await.unwrap();
    assert_eq!(created, SignUp::Done);
    let rename = UserChange { name: Some(("Lee".to_owned(), "lee".to_owned())), display_name: None };
    let change = UserChange { name: None, display_name: Some("Lee".to_owned()) };
    for (message, result) in [
        ("rename", store.update_user(&user.handle, rename).await.map(drop)),
        ("change_display_name", store.update_user(&user.handle, change).await.map(drop)),
        ("delete", store.delete_user(&user.handle).await.map(drop)),
        ("walk", store.users(None, 1).await.map(drop)),
    ] {
        assert_eq!(result.unwrap_err().to_string(), format!("the store does not support {message}"));
    }
    assert_eq!(store.user(&user.handle).await.unwrap().unwrap().name, "Kim");
    assert_eq!(store.passkeys(&user.handle).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_query_fails_when_the_store_is_built() {
    let path = fresh_path("wrong-query");
    let store = SqliteStore::from_pool(application_pool(&path).await).await.unwrap();
    let right = || SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    for (users, message) in [
        (
            SqlUsers::new("SELECT * FROM people WHERE name = ?1", BY_HANDLE, INSERT),
            "find_by_name: error returned from database: (code: 1) no such table: people",
        ),
        (
            SqlUsers::new(BY_NAME, "SELECT passkey_handle AS user_handle FROM users WHERE id = ?1", INSERT),
            "find_by_handle: no column name in the result",
        ),
        (
            SqlUsers::new(BY_NAME, BY_HANDLE, "INSERT INTO users (email) VALUES (?6)"),
            "insert: 6 parameters; the query has 1 to 5",
        ),
        (right().rename("UPDATE users SET email = 'x'"), "rename: 0 parameters; the query has 1 to 3"),
        (
            right().change_display_name("UPDAT users"),
            "change_display_name: error returned from database: (code: 1) near \"UPDAT\": syntax error",
        ),
        (
            right().delete("DELETE FROM users WHERE nr = ?1"),
            "delete: error returned from database: (code: 1) no such column: nr",
        ),
        (right().walk(INSERT), "walk: 4 parameters; the query has 1 to 2"),
        (
            right().walk("SELECT email AS name, email AS display_name FROM users WHERE id > ?1 LIMIT ?2"),
            "walk: no column user_handle in the result",
        ),
    ] {
        let error = store.clone().with_users(users).await.unwrap_err();
        assert_eq!(messages(&error)[1..], [format!("{path}: SqlUsers: {message}")]);
    }
    store.with_users(right()).await.unwrap();
}

#[tokio::test]
async fn an_insert_that_does_not_store_the_handle_leaves_nothing() {
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, "INSERT INTO users (email) VALUES (?2)");
    let (store, pool) = application_store(&fresh_path("no-handle"), users).await;
    let (user, passkey) = kim();
    let error = store.create_user_with_passkey(user, passkey.clone()).await.unwrap_err();
    assert_eq!(messages(&error)[1..], ["SqlUsers: find_by_handle does not find the user of insert"]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_pool_that_does_not_wait_or_write_durably_is_rejected() {
    for (test, options, message) in [
        (
            "no-wait",
            SqliteConnectOptions::new().busy_timeout(std::time::Duration::ZERO),
            "PRAGMA busy_timeout is 0; the minimum is 1",
        ),
        (
            "not-durable",
            SqliteConnectOptions::new().synchronous(SqliteSynchronous::Normal),
            "PRAGMA synchronous is 1; the minimum is 2",
        ),
    ] {
        let path = fresh_path(test);
        let options = options.filename(&path).create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let error = SqliteStore::from_pool(pool).await.unwrap_err();
        assert_eq!(messages(&error)[1..], [format!("{path}: {message}")]);
    }
}

#[tokio::test]
async fn an_unreadable_value_is_an_error_that_names_the_column() {
    let path = fresh_path("unreadable");
    let store = SqliteStore::connect(&path).await.unwrap();
    let (user, passkey) = kim();
    let id = passkey.record.id.clone();
    assert!(store.create_session(SessionKey([3; 32]), &session(&passkey)).await.unwrap());
    assert_eq!(store.create_user_with_passkey(user, passkey).await.unwrap(), SignUp::Done);
    execute(&path, "UPDATE rp_passkeys SET attestation_type = 'ecdaa'; UPDATE rp_sessions SET state = 'x'")
        .await;
    let error = store.passkey(&id).await.unwrap_err();
    assert_eq!(error.to_string(), "stored rp_passkeys.attestation_type is unreadable");
    let error = store.session(SessionKey([3; 32]), NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "stored rp_sessions.state is unreadable");
}

#[tokio::test]
async fn a_closed_store_rejects_every_kind_of_call() {
    let store = SqliteStore::in_memory().await.unwrap();
    store.close().await;
    let (user, passkey) = kim();
    let session = session(&passkey);
    assert!(is_unavailable(store.put_ceremony(CeremonyKey([1; 32]), b"state", LATER).await));
    assert!(is_unavailable(store.take_ceremony(CeremonyKey([1; 32]), NOW).await));
    assert!(is_unavailable(store.user(&user.handle).await));
    assert!(is_unavailable(store.passkey(&passkey.record.id).await));
    assert!(is_unavailable(store.create_user_with_passkey(user, passkey).await));
    assert!(is_unavailable(store.session(SessionKey([1; 32]), NOW).await));
    assert!(is_unavailable(store.create_session(SessionKey([1; 32]), &session).await));
}

#[tokio::test]
async fn a_file_of_a_later_version_is_not_opened() {
    let path = fresh_path("later-version");
    SqliteStore::connect(&path).await.unwrap().close().await;
    execute(
        &path,
        "INSERT INTO rp_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .await;
    let error = SqliteStore::connect(&path).await.unwrap_err();
    let reason = "migration 9999 was previously applied but is missing in the resolved migrations";
    assert_eq!(messages(&error)[1..], [format!("{path}: {reason}")]);
}

#[tokio::test]
async fn tables_and_migrations_of_an_application_stay_apart() {
    let path = fresh_path("apart");
    execute(
        &format!("{path}?mode=rwc"),
        "CREATE TABLE users (id INTEGER); CREATE TABLE sessions (id INTEGER);
        CREATE TABLE _sqlx_migrations (
            version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP, success BOOLEAN,
            checksum BLOB NOT NULL, execution_time BIGINT
        );
        INSERT INTO _sqlx_migrations VALUES (1, 'the application', 0, TRUE, x'00', 0)",
    )
    .await;
    SqliteStore::connect(&path).await.unwrap();
    SqliteStore::connect(&path).await.unwrap();
}
