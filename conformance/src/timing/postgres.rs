//! A schema of its own on a PostgreSQL server, so that each cell begins with empty tables.

use std::str::FromStr as _;
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// A schema, and the server.
#[derive(Debug)]
pub(super) struct Schema {
    server: PgConnectOptions,
    name: String,
}

impl Schema {
    pub(super) async fn create(url: &str) -> Result<Self, sqlx::Error> {
        let server = PgConnectOptions::from_str(url)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let schema = Self { server, name: format!("timing_{now}") };
        schema.execute(format!("CREATE SCHEMA {}", schema.name)).await?;
        Ok(schema)
    }

    /// Connections to this schema.
    pub(super) async fn pool(&self) -> Result<PgPool, sqlx::Error> {
        let options = self.server.clone().options([("search_path", &self.name)]);
        PgPoolOptions::new().max_connections(16).connect_with(options).await
    }

    pub(super) async fn drop(self) -> Result<(), sqlx::Error> {
        self.execute(format!("DROP SCHEMA {} CASCADE", self.name)).await
    }

    async fn execute(&self, statement: String) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.server).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    }
}
