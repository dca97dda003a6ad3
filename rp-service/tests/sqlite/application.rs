use std::path::Path;

use rp_core::{RelyingParty, Timestamp, UserHandle};
use rp_service::Passkeys;
use rp_service::admin::Operator;
use rp_service::store::{
    CreateUser, CredentialStore, SignUp, SignUpStore, SqlUsers, SqliteStore, UpdateUser, UserChange,
    UserRecord, UserStore,
};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteSynchronous};

use crate::fixtures::{NOW, kim, messages};
use crate::{BY_HANDLE, BY_NAME, INSERT, application_pool, application_store, fresh_path};

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
    let created = store.create_user_with_passkey(user.clone(), passkey.clone(), false).await.unwrap();
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
    let error = store.create_user_with_passkey(root.clone(), passkey.clone(), false).await.unwrap_err();
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
    assert_eq!(store.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
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
    let created = store.create_user_with_passkey(user.clone(), passkey, false).await.unwrap();
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
    let error = store.create_user_with_passkey(user, passkey.clone(), false).await.unwrap_err();
    assert_eq!(messages(&error)[1..], ["SqlUsers: find_by_handle does not find the user of insert"]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);
}

/// A store with a table whose names are compared without the case of ASCII letters only.
async fn nocase_store(test: &str) -> (SqliteStore, SqlitePool) {
    let pool = SqlitePool::connect_with(
        SqliteConnectOptions::new().filename(fresh_path(test)).create_if_missing(true),
    );
    let pool = pool.await.unwrap();
    let create =
        "CREATE TABLE people (email TEXT NOT NULL UNIQUE COLLATE NOCASE, handle BLOB NOT NULL UNIQUE)";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let users = SqlUsers::new(
        "SELECT handle AS user_handle, email AS name, NULL AS display_name FROM people WHERE email = $1",
        "SELECT handle AS user_handle, email AS name, NULL AS display_name FROM people WHERE handle = $1",
        "INSERT INTO people (handle, email) VALUES ($1, $2)",
    )
    .rename("UPDATE people SET email = $2 WHERE handle = $1");
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap().with_users(users).await.unwrap();
    (store, pool)
}

#[tokio::test]
async fn an_insert_that_is_not_found_by_its_key_leaves_nothing() {
    let (store, pool) = nocase_store("insert-key").await;
    let (user, passkey) = kim();
    let named = |name: &str, name_key: &str| UserRecord {
        name: name.to_owned(),
        name_key: name_key.to_owned(),
        ..user.clone()
    };
    let error = store
        .create_user_with_passkey(named("Ärzte@x.de", "ärzte@x.de"), passkey.clone(), false)
        .await
        .unwrap_err();
    let message = "SqlUsers: find_by_name does not find the user of insert by the key of the name";
    assert_eq!(messages(&error)[1..], [message]);
    let error = store.create_user(named("Ärzte@x.de", "ärzte@x.de")).await.unwrap_err();
    assert_eq!(messages(&error)[1..], [message]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM people").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);

    let created = store.create_user_with_passkey(named("Kim@X.de", "kim@x.de"), passkey, false).await;
    assert_eq!(created.unwrap(), SignUp::Done);
    assert_eq!(store.user_by_name("kim@x.de").await.unwrap().unwrap().name, "Kim@X.de");
}

#[tokio::test]
async fn a_rename_that_is_not_found_by_its_key_changes_nothing() {
    let (store, _) = nocase_store("rename-key").await;
    let (user, _) = kim();
    assert_eq!(store.create_user(user.clone()).await.unwrap(), CreateUser::Done);
    let rename = |name: &str, name_key: &str| UserChange {
        name: Some((name.to_owned(), name_key.to_owned())),
        display_name: None,
    };
    let error = store.update_user(&user.handle, rename("Ärzte@x.de", "ärzte@x.de")).await.unwrap_err();
    let message = "SqlUsers: find_by_name does not find the user of rename by the key of the name";
    assert_eq!(messages(&error)[1..], [message]);
    assert_eq!(store.user(&user.handle).await.unwrap().unwrap().name, "Kim");

    let renamed = store.update_user(&user.handle, rename("Lee@X.de", "lee@x.de")).await.unwrap();
    assert!(matches!(renamed, UpdateUser::Done(_)));
    assert_eq!(store.user_by_name("lee@x.de").await.unwrap().unwrap().handle, user.handle);
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
async fn an_import_into_an_applications_table_can_be_repeated() {
    let service = |store| {
        let rp = RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        Passkeys::builder(rp).store(store).secret([7; 32]).build().unwrap()
    };
    let operator = || Operator::new("move").unwrap();
    let (user, passkey) = kim();
    let source = SqliteStore::connect(&fresh_path("source")).await.unwrap();
    assert_eq!(source.create_user_with_passkey(user, passkey, false).await.unwrap(), SignUp::Done);
    let file = fresh_path("export");
    service(source).admin(operator()).export(Path::new(&file), None, |_, _| ()).await.unwrap();
    // The table has no time of creation.
    let users = SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    let (store, _) = application_store(&fresh_path("import"), users).await;
    let target = service(store);
    for skipped in [0, 2] {
        let done = target.admin(operator()).import(Path::new(&file), None, |_| ()).await.unwrap();
        assert_eq!((done.users, done.passkeys, done.skipped), (1, 1, skipped));
    }
}
