//! A shop with a table of customers of its own in PostgreSQL, through `sqlx`:
//! `cargo run -p rp-axum --features postgres --example customers -- postgres://rp@localhost/shop`.
//!
//! Customers sign up with a passkey. Their row and the passkey are written in one transaction, and the handlers of the shop
//! find the row by the user handle.

#[path = "support/customers.rs"]
mod support;

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use rp_axum::store::PostgresStore;
use rp_axum::{App, CurrentUser, Secret};
use sqlx::PgPool;

async fn shop(url: &str, secret: Secret) -> Result<App, Box<dyn Error>> {
    let pool = PgPool::connect(url).await?;
    sqlx::raw_sql(support::SCHEMA).execute(&pool).await?;
    // One pool for both.
    let passkeys = support::passkeys(PostgresStore::from_pool(pool.clone()).await?, secret).await?;
    let routes = Router::new().route("/orders", get(orders).post(order)).with_state(pool);
    Ok(rp_axum::mount(routes, &passkeys))
}

async fn orders(current: CurrentUser, State(pool): State<PgPool>) -> Result<Json<Vec<String>>, Failure> {
    let texts = sqlx::query_scalar(
        "SELECT text FROM orders JOIN customers ON customers.id = customer
            WHERE passkey_handle = $1 ORDER BY orders.id",
    );
    Ok(Json(texts.bind(current.user.handle.as_bytes()).fetch_all(&pool).await?))
}

async fn order(
    current: CurrentUser,
    State(pool): State<PgPool>,
    text: String,
) -> Result<StatusCode, Failure> {
    sqlx::query("INSERT INTO orders (customer, text) SELECT id, $2 FROM customers WHERE passkey_handle = $1")
        .bind(current.user.handle.as_bytes())
        .bind(text)
        .execute(&pool)
        .await?;
    Ok(StatusCode::CREATED)
}

struct Failure(sqlx::Error);

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!("{}", self.0);
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let url = std::env::args().nth(1).ok_or("usage: customers postgres://USER@HOST/DATABASE")?;
    let app = shop(&url, Secret::file("customers.secret")?).await?;
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
#[path = "support/customers_test.rs"]
mod tests;

#[cfg(test)]
#[tokio::test]
async fn customers_of_the_own_table_sign_up_with_passkeys() {
    tests::check(async |url| shop(&url, Secret::from([7; 32])).await.unwrap()).await;
}
