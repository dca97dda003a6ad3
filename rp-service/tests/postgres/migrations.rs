use rp_service::store::PostgresStore;
use sqlx::{Connection, PgConnection};

use crate::fixtures::messages;
use crate::postgres_server::{execute, fresh_schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_nodes_that_start_at_once_one_migrates() {
    let Some(url) = fresh_schema().await else { return };
    let nodes: Vec<_> = (0..16)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PostgresStore::connect(&url).await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap().close().await;
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let count = "SELECT count(*) FROM rp_migrations";
    let migrations: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    assert_eq!(migrations, 1);
}

#[tokio::test]
async fn a_database_of_a_later_version_is_not_opened() {
    let Some(url) = fresh_schema().await else { return };
    PostgresStore::connect(&url).await.unwrap().close().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let later = "INSERT INTO rp_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'from the future', TRUE, '\\x00', 0)";
    execute(&mut connection, later.to_owned()).await;
    let error = PostgresStore::connect(&url).await.unwrap_err();
    let reason = "migration 9999 was previously applied but is missing in the resolved migrations";
    assert!(messages(&error)[1].ends_with(reason), "{error:?}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    let Some(url) = fresh_schema().await else { return };
    let mut connection = PgConnection::connect(&url).await.unwrap();
    // The last table of the migration
    execute(&mut connection, "CREATE TABLE rp_rate_limits (id BIGINT)".to_owned()).await;
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert!(messages(&error)[1].contains("relation \"rp_rate_limits\" already exists"), "{error:?}");
    let list = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
    let tables: Vec<String> = sqlx::query_scalar(list).fetch_all(&mut connection).await.unwrap();
    assert_eq!(tables, ["rp_rate_limits"]);
    execute(&mut connection, "DROP TABLE rp_rate_limits".to_owned()).await;
    PostgresStore::connect(&url).await.unwrap();
}

#[tokio::test]
async fn tables_and_migrations_of_an_application_stay_apart() {
    let Some(url) = fresh_schema().await else { return };
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let create = "CREATE TABLE users (id BIGINT); CREATE TABLE sessions (id BIGINT);
        CREATE TABLE _sqlx_migrations (
            version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ, success BOOLEAN,
            checksum BYTEA NOT NULL, execution_time BIGINT
        );
        INSERT INTO _sqlx_migrations VALUES (1, 'the application', now(), TRUE, '\\x00', 0)";
    execute(&mut connection, create.to_owned()).await;
    PostgresStore::connect(&url).await.unwrap();
    PostgresStore::connect(&url).await.unwrap();
}
