//! The behaviour of the PostgreSQL store that other stores do not have: migrations, pools, tables of the application, lost
//! connections.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod application;
mod failures;
#[path = "../shared/fixtures.rs"]
mod fixtures;
mod migrations;
mod plans;
#[path = "../shared/postgres_server.rs"]
mod postgres_server;
mod proxy;
#[path = "../shared/skip.rs"]
mod skip;

use rp_service::store::PostgresStore;
use sqlx::{Connection, PgConnection};

use crate::postgres_server::fresh_schema;

/// A store, and a connection to its schema.
async fn fresh() -> Option<(PostgresStore, PgConnection)> {
    let url = fresh_schema().await?;
    let store = PostgresStore::connect(&url).await.unwrap();
    Some((store, PgConnection::connect(&url).await.unwrap()))
}
