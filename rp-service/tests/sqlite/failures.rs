use rp_service::store::{
    AddPasskey, Authorization, CeremonyKey, CeremonyStore, Conditions, CreateUser, CredentialStore, GrantKey,
    SessionKey, SessionStore, SignUp, SignUpStore, SqliteStore, UserStore,
};

use crate::fixtures::{LATER, NOW, by_passkey, is_unavailable, kim, messages, session};
use crate::{both_stores, execute, fresh_path};

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
        let error = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap_err();
        let reason = "error returned from database: (code: 1811) disk full";
        assert_eq!(messages(&error)[1..], [format!("{path}: {reason}")]);
        assert_eq!(store.user(&user.handle).await.unwrap(), None, "{path}");
        assert_eq!(store.user_by_name("kim").await.unwrap(), None, "{path}");
        execute(&path, "DROP TRIGGER disk_full").await;
        assert_eq!(
            store.create_user_with_passkey(user, passkey, false).await.unwrap(),
            SignUp::Done,
            "{path}"
        );
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
        assert!(is_unavailable(store.create_user_with_passkey(user.clone(), passkey.clone(), false).await));
        assert!(is_unavailable(store.create_user(user.clone()).await));
        assert_eq!(store.user(&user.handle).await.unwrap(), None, "{path}");
        assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None, "{path}");
        execute(&path, "DROP TRIGGER disk_full").await;
        assert_eq!(
            store.create_user_with_passkey(user, passkey, false).await.unwrap(),
            SignUp::Done,
            "{path}"
        );
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
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
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
async fn an_unreadable_value_is_an_error_that_names_the_column() {
    let path = fresh_path("unreadable");
    let store = SqliteStore::connect(&path).await.unwrap();
    let (user, passkey) = kim();
    let id = passkey.record.id.clone();
    assert!(store.create_session(SessionKey([3; 32]), &session(&passkey)).await.unwrap());
    assert_eq!(store.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
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
    assert!(is_unavailable(store.create_user_with_passkey(user, passkey, false).await));
    assert!(is_unavailable(store.session(SessionKey([1; 32]), NOW).await));
    assert!(is_unavailable(store.create_session(SessionKey([1; 32]), &session).await));
}
