use rp_service::store::{
    CredentialStore, PostgresStore, SignUp, SignUpStore, SqlUsers, UserRecord, UserStore,
};
use sqlx::postgres::{PgConnectOptions, PgPool};
use std::str::FromStr;

use crate::fixtures::{kim, messages};
use crate::postgres_server::fresh_schema;

const CREATE_USERS: &str = "CREATE TABLE users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email VARCHAR(100) NOT NULL UNIQUE,
    full_name TEXT,
    created TIMESTAMPTZ NOT NULL DEFAULT now(),
    passkey_handle BYTEA UNIQUE,
    CHECK (email <> 'root')
)";
const BY_NAME: &str = "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
    FROM users WHERE lower(email) = $1";
const BY_HANDLE: &str = "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
    FROM users WHERE passkey_handle = $1";
const INSERT: &str = "INSERT INTO users (passkey_handle, email, full_name) VALUES ($1, $2, $4)";

/// A store in a pool of the application, with the application's table of users.
async fn application_store() -> Option<(PostgresStore, PgPool)> {
    let pool = PgPool::connect(&fresh_schema().await?).await.unwrap();
    sqlx::raw_sql(CREATE_USERS).execute(&pool).await.unwrap();
    Some((PostgresStore::from_pool(pool.clone()).await.unwrap(), pool))
}

#[tokio::test]
async fn a_wrong_query_fails_when_the_store_is_built() {
    let Some((store, _)) = application_store().await else { return };
    let right = || SqlUsers::new(BY_NAME, BY_HANDLE, INSERT);
    for (users, message) in [
        (
            SqlUsers::new("SELECT * FROM people WHERE name = $1", BY_HANDLE, INSERT),
            "find_by_name: error returned from database: relation \"people\" does not exist",
        ),
        (
            SqlUsers::new(BY_NAME, "SELECT passkey_handle AS user_handle FROM users WHERE id = $1", INSERT),
            "find_by_handle: error returned from database: operator does not exist: bigint = bytea",
        ),
        (
            SqlUsers::new(BY_NAME, BY_HANDLE, "INSERT INTO users (email) VALUES ($6::text)"),
            "insert: 6 parameters; the query has 1 to 5",
        ),
        (right().rename("UPDATE users SET email = 'x'"), "rename: 0 parameters; the query has 1 to 3"),
        (
            right().delete("DELETE FROM users WHERE nr = $1"),
            "delete: error returned from database: column \"nr\" does not exist",
        ),
        (
            right().walk("SELECT email AS name FROM users WHERE passkey_handle > $1 LIMIT $2"),
            "walk: no column user_handle in the result",
        ),
        (
            right().walk(
                "SELECT id AS user_handle, email AS name, full_name AS display_name
                    FROM users WHERE passkey_handle > $1 LIMIT $2",
            ),
            "walk: column user_handle has type INT8",
        ),
        (
            SqlUsers::new(
                "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name,
                    created AS created_at FROM users WHERE email = $1",
                BY_HANDLE,
                INSERT,
            ),
            "find_by_name: column created_at has type TIMESTAMPTZ",
        ),
    ] {
        let error = store.clone().with_users(users).await.unwrap_err();
        let got = &messages(&error)[1];
        let got = got.split_once(": SqlUsers: ").unwrap().1.lines().next().unwrap();
        assert!(got.starts_with(message), "{got}");
    }
    store.with_users(right()).await.unwrap();
}

#[tokio::test]
async fn user_and_passkey_are_one_transaction_in_the_applications_table() {
    let Some((store, pool)) = application_store().await else { return };
    let store = store.with_users(SqlUsers::new(BY_NAME, BY_HANDLE, INSERT)).await.unwrap();
    let (user, passkey) = kim();
    let root = UserRecord { name: "root".to_owned(), name_key: "root".to_owned(), ..user.clone() };
    let error = store.create_user_with_passkey(root, passkey.clone(), false).await.unwrap_err();
    assert!(messages(&error)[1].contains("violates check constraint"), "{error:?}");
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);

    // A row that the query by name does not find
    sqlx::raw_sql("INSERT INTO users (email) VALUES ('Kim'), ('kim ')").execute(&pool).await.unwrap();
    let kim = UserRecord { name_key: "other".to_owned(), ..user.clone() };
    let created = store.create_user_with_passkey(kim, passkey.clone(), false).await.unwrap();
    assert_eq!(created, SignUp::NameTaken);
    assert_eq!(store.passkey(&passkey.record.id).await.unwrap(), None);

    sqlx::raw_sql("DELETE FROM users").execute(&pool).await.unwrap();
    let created = store.create_user_with_passkey(user.clone(), passkey, false).await.unwrap();
    assert_eq!(created, SignUp::Done);
    let row: (String, Option<String>) =
        sqlx::query_as("SELECT email, full_name FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(row, ("Kim".to_owned(), Some("Kim".to_owned())));
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM rp_users").fetch_one(&pool).await.unwrap();
    assert_eq!(own, 0);
    assert!(store.user_by_name("kim").await.unwrap().is_some());
}

#[tokio::test]
async fn a_pool_without_isolation_or_durability_is_rejected() {
    let Some(url) = fresh_schema().await else { return };
    for (setting, value) in [("default_transaction_isolation", "serializable"), ("synchronous_commit", "off")]
    {
        let options = PgConnectOptions::from_str(&url).unwrap().options([(setting, value)]);
        let error = PostgresStore::from_pool(PgPool::connect_lazy_with(options)).await.unwrap_err();
        assert!(messages(&error)[1].ends_with(&format!(": {setting} is {value}")), "{error:?}");
    }
}
