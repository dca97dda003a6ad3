//! The PostgreSQL server of the tests, whose URL is in `RP_POSTGRES`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::skip::skip;

/// The URL of the server; tests are skipped without one.
pub(crate) fn url() -> Option<String> {
    let url = std::env::var("RP_POSTGRES").ok();
    if url.is_none() {
        skip("RP_POSTGRES is not the URL of a PostgreSQL server");
    }
    url
}

/// The URL of a new schema, which only this test uses.
pub(crate) async fn fresh_schema() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = url()?;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let seconds = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    if number == 0 {
        drop_schemas_of_earlier_runs(&mut connection, seconds).await;
    }
    let schema = format!("rp_test_{seconds}_{}_{number}", std::process::id());
    execute(&mut connection, format!("CREATE SCHEMA {schema}")).await;
    connection.close().await.unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}options[search_path]={schema}"))
}

/// Other processes may run other tests, so young schemas stay.
async fn drop_schemas_of_earlier_runs(connection: &mut PgConnection, now: u64) {
    let list = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'rp\\_test\\_%'";
    let schemas: Vec<String> = sqlx::query_scalar(list).fetch_all(&mut *connection).await.unwrap();
    for schema in schemas {
        let seconds: u64 = schema.split('_').nth(2).unwrap().parse().unwrap();
        if now.saturating_sub(seconds) > 600 {
            execute(connection, format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
        }
    }
}

/// Runs SQL.
pub(crate) async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}
