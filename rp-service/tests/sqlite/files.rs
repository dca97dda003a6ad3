use rp_core::{CredentialUpdate, Flags};
use rp_service::store::{
    ApplyUpdate, CeremonyKey, CeremonyStore, CredentialStore, SessionKey, SessionStore, SignUp, SignUpStore,
    SqliteStore, TakeCeremony, UserStore,
};

use crate::fixtures::{LATER, NOW, kim, messages, session};
use crate::{execute, fresh_path};

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
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
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
