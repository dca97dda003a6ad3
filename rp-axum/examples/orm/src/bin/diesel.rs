//! The shop with Diesel: passkeys have a pool of their own for the same database:
//! `cargo run --bin diesel -- postgres://rp@localhost/shop`.

#[path = "../../../support/customers.rs"]
mod support;

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use diesel::prelude::*;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
// By its name: it shadows the trait of the same name in the prelude.
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use rp_axum::store::PostgresStore;
use rp_axum::{App, CurrentUser, Secret};

diesel::table! {
    customers (id) {
        id -> BigInt,
        email -> Text,
        full_name -> Text,
        passkey_handle -> Binary,
    }
}

diesel::table! {
    orders (id) {
        id -> BigInt,
        customer -> BigInt,
        text -> Text,
    }
}

diesel::joinable!(orders -> customers (customer));
diesel::allow_tables_to_appear_in_same_query!(customers, orders);

type Database = Pool<AsyncPgConnection>;

async fn shop(url: &str, secret: Secret) -> Result<App, Box<dyn Error>> {
    let pool: Database = Pool::builder(AsyncDieselConnectionManager::new(url)).build()?;
    pool.get().await?.batch_execute(support::SCHEMA).await?;
    let passkeys = support::passkeys(PostgresStore::connect(url).await?, secret).await?;
    let routes = Router::new().route("/orders", get(list).post(order)).with_state(pool);
    Ok(rp_axum::mount(routes, &passkeys))
}

async fn list(current: CurrentUser, State(pool): State<Database>) -> Result<Json<Vec<String>>, Failure> {
    let texts = orders::table
        .inner_join(customers::table)
        .filter(customers::passkey_handle.eq(current.user.handle.as_bytes()))
        .order(orders::id)
        .select(orders::text)
        .load(&mut pool.get().await?)
        .await?;
    Ok(Json(texts))
}

async fn order(
    current: CurrentUser,
    State(pool): State<Database>,
    text: String,
) -> Result<StatusCode, Failure> {
    let mut connection = pool.get().await?;
    let customer: i64 = customers::table
        .filter(customers::passkey_handle.eq(current.user.handle.as_bytes()))
        .select(customers::id)
        .first(&mut connection)
        .await?;
    diesel::insert_into(orders::table)
        .values((orders::customer.eq(customer), orders::text.eq(text)))
        .execute(&mut connection)
        .await?;
    Ok(StatusCode::CREATED)
}

/// A failed request; the reason is in the log.
struct Failure;

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        eprintln!("{error}");
        Self
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: diesel postgres://USER@HOST/DATABASE")?;
    let app = shop(&url, Secret::file("customers.secret")?).await?;
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
#[path = "../../../support/customers_test.rs"]
mod tests;

#[cfg(test)]
#[tokio::test]
async fn customers_of_diesel_sign_up_with_passkeys() {
    tests::check(async |url| shop(&url, Secret::from([7; 32])).await.unwrap()).await;
}
