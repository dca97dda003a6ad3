//! What the SQLite store has beyond what every store must hold: a file, several openers, failures.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests")]

use rp_core::{
    Aaguid, AttestationType, CredentialId, CredentialRecord, CredentialUpdate, Flags, Format,
    StoredAttestation, Timestamp, UserHandle,
};
use rp_service::store::{
    Account, Added, Applied, CeremonyKey, CeremonyStore, CredentialStore, Opened, Passkey, SessionKey,
    SessionStore, SqliteStore, StoreError, Taken,
};
use sqlx::{Connection, SqliteConnection};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LATER: Timestamp = Timestamp::from_unix_seconds(1_800_000_300);

/// A path with nothing there, in the folder that cargo keeps for tests.
fn fresh_path(test: &str) -> String {
    let folder = format!("{}/sqlite-{test}", env!("CARGO_TARGET_TMPDIR"));
    if std::fs::exists(&folder).unwrap() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    format!("{folder}/passkeys.db")
}

fn kim() -> (Account, Passkey) {
    let user_handle = UserHandle::try_from([7; 64].as_slice()).unwrap();
    let account = Account {
        user_handle: user_handle.clone(),
        name: "Kim".to_owned(),
        name_key: "kim".to_owned(),
        display_name: "Kim".to_owned(),
        created_at: NOW,
    };
    let attestation =
        StoredAttestation { format: Format::None, r#type: AttestationType::None, trusted: false };
    let record = CredentialRecord {
        id: CredentialId::try_from([1; 16].as_slice()).unwrap(),
        user_handle,
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
    (account, passkey)
}

/// Runs SQL on the file, beside the store.
async fn tamper(path: &str, sql: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn is_unavailable<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable { .. }))
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_says_why_once() {
    let file = format!("{}.missing/passkeys.db", fresh_path("missing"));
    let error = SqliteStore::connect(&file).await.unwrap_err();
    let (mut words, mut cause) = (Vec::new(), Some(&error as &dyn std::error::Error));
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    let sqlite = "error returned from database: (code: 14) unable to open database file";
    assert_eq!(words, ["the storage did not do its work", sqlite]);
}

#[tokio::test]
async fn what_was_stored_is_there_when_the_file_is_opened_again() {
    let path = fresh_path("reopened");
    let (account, mut passkey) = kim();
    let store = SqliteStore::connect(&path).await.unwrap();
    assert_eq!(store.open_account(account.clone(), passkey.clone()).await.unwrap(), Opened::Done);
    let update = CredentialUpdate::new(&passkey.record, 6, Flags::new(Flags::USER_PRESENT));
    assert_eq!(store.apply(&account.user_handle, &update, LATER).await.unwrap(), Applied::Done);
    store.put(CeremonyKey([1; 32]), b"pending", LATER).await.unwrap();
    store.put(CeremonyKey([2; 32]), b"taken", LATER).await.unwrap();
    assert_eq!(store.take(CeremonyKey([2; 32]), NOW).await.unwrap(), Taken::Found(b"taken".to_vec()));
    assert!(store.create(SessionKey([3; 32]), b"session", LATER).await.unwrap());
    store.close().await;

    let store = SqliteStore::connect(&format!("sqlite://{path}")).await.unwrap();
    (passkey.record.sign_count, passkey.user_verified) = (6, false);
    passkey.last_used_at = Some(LATER);
    assert_eq!(store.passkey(&passkey.record.id.clone()).await.unwrap(), Some((account, passkey)));
    assert_eq!(store.take(CeremonyKey([1; 32]), NOW).await.unwrap(), Taken::Found(b"pending".to_vec()));
    assert_eq!(store.take(CeremonyKey([2; 32]), NOW).await.unwrap(), Taken::Missing);
    assert_eq!(store.load(SessionKey([3; 32]), NOW).await.unwrap().unwrap(), b"session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fresh_file_may_be_opened_by_many_at_once() {
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
async fn of_parallel_takes_through_two_openings_one_finds_the_ceremony() {
    let path = fresh_path("two-openings");
    let stores = [SqliteStore::connect(&path).await.unwrap(), SqliteStore::connect(&path).await.unwrap()];
    let key = CeremonyKey([1; 32]);
    for _ in 0..8 {
        stores[0].put(key, b"state", LATER).await.unwrap();
        let takes: Vec<_> = (0..64)
            .map(|at| {
                let store = stores[at % 2].clone();
                tokio::spawn(async move { store.take(key, NOW).await.unwrap() })
            })
            .collect();
        let mut found = 0;
        for take in takes {
            found += usize::from(take.await.unwrap() != Taken::Missing);
        }
        assert_eq!(found, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_adds_through_two_openings_the_limit_lets_one_through() {
    let path = fresh_path("two-openings-add");
    let stores = [SqliteStore::connect(&path).await.unwrap(), SqliteStore::connect(&path).await.unwrap()];
    let (account, passkey) = kim();
    assert_eq!(stores[0].open_account(account.clone(), passkey.clone()).await.unwrap(), Opened::Done);
    let adds: Vec<_> = (0..32)
        .map(|at| {
            let (store, owner, mut added) =
                (stores[usize::from(at) % 2].clone(), account.user_handle.clone(), passkey.clone());
            added.record.id = CredentialId::try_from([2, at].as_slice()).unwrap();
            tokio::spawn(async move { store.add(&owner, added, Some(2)).await.unwrap() })
        })
        .collect();
    let mut done = 0;
    for add in adds {
        match add.await.unwrap() {
            Added::Done => done += 1,
            other => assert_eq!(other, Added::TooMany),
        }
    }
    assert_eq!((done, stores[0].passkeys(&account.user_handle).await.unwrap().len()), (1, 2));
}

#[tokio::test]
async fn a_failure_in_the_middle_of_opening_leaves_no_account() {
    let path = fresh_path("failure");
    let store = SqliteStore::connect(&path).await.unwrap();
    tamper(
        &path,
        "CREATE TRIGGER disk_full BEFORE INSERT ON rp_passkeys BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .await;
    let (account, passkey) = kim();
    assert!(is_unavailable(store.open_account(account.clone(), passkey.clone()).await));
    assert_eq!(store.account_by_name("kim").await.unwrap(), None);
    tamper(&path, "DROP TRIGGER disk_full").await;
    assert_eq!(store.open_account(account, passkey).await.unwrap(), Opened::Done);
}

#[tokio::test]
async fn what_cannot_be_read_back_is_an_error_that_names_the_column() {
    let path = fresh_path("unreadable");
    let store = SqliteStore::connect(&path).await.unwrap();
    let (account, passkey) = kim();
    let id = passkey.record.id.clone();
    assert_eq!(store.open_account(account, passkey).await.unwrap(), Opened::Done);
    tamper(&path, "UPDATE rp_passkeys SET attestation_type = 'ecdaa'").await;
    let error = store.passkey(&id).await.unwrap_err();
    assert_eq!(error.to_string(), "attestation_type is stored as nothing that can be read");
}

#[tokio::test]
async fn a_store_that_is_closed_refuses_every_kind_of_call() {
    let store = SqliteStore::in_memory().await.unwrap();
    store.close().await;
    let (account, passkey) = kim();
    let id = passkey.record.id.clone();
    assert!(is_unavailable(store.put(CeremonyKey([1; 32]), b"state", LATER).await));
    assert!(is_unavailable(store.take(CeremonyKey([1; 32]), NOW).await));
    assert!(is_unavailable(store.passkey(&id).await));
    assert!(is_unavailable(store.open_account(account, passkey).await));
    assert!(is_unavailable(store.load(SessionKey([1; 32]), NOW).await));
    assert!(is_unavailable(store.create(SessionKey([1; 32]), b"data", LATER).await));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let path = format!("{}-not-there/passkeys.db", fresh_path("folder"));
    assert!(is_unavailable(SqliteStore::connect(&path).await));
}

#[tokio::test]
async fn a_file_of_a_later_version_is_left_alone() {
    let path = fresh_path("later-version");
    SqliteStore::connect(&path).await.unwrap().close().await;
    tamper(
        &path,
        "INSERT INTO rp_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .await;
    assert!(is_unavailable(SqliteStore::connect(&path).await));
}

#[tokio::test]
async fn an_applications_own_tables_and_migrations_stay_apart() {
    let path = fresh_path("beside");
    tamper(
        &format!("{path}?mode=rwc"),
        "CREATE TABLE accounts (id INTEGER); CREATE TABLE sessions (id INTEGER);
        CREATE TABLE _sqlx_migrations (
            version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP, success BOOLEAN,
            checksum BLOB NOT NULL, execution_time BIGINT
        );
        INSERT INTO _sqlx_migrations VALUES (1, 'the application', 0, TRUE, x'00', 0)",
    )
    .await;
    SqliteStore::connect(&path).await.unwrap();
}
