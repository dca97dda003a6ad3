//! The tables of the programs with customers of their own, and how passkeys find the rows.

use std::error::Error;

use rp_axum::store::{PostgresStore, SqlUsers};
use rp_axum::{Passkeys, Policy, RelyingParty, Secret};

/// The application's own tables. Passkeys need the column `passkey_handle`, and nothing else.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS customers (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email TEXT NOT NULL,
        full_name TEXT NOT NULL,
        joined TIMESTAMPTZ NOT NULL DEFAULT now(),
        passkey_handle BYTEA NOT NULL UNIQUE
    );
    CREATE UNIQUE INDEX IF NOT EXISTS customers_email ON customers (lower(email));
    CREATE TABLE IF NOT EXISTS orders (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer BIGINT NOT NULL REFERENCES customers ON DELETE CASCADE,
        text TEXT NOT NULL
    )";

/// How passkeys find and create customers, in the transaction that writes the passkey.
fn customers() -> SqlUsers {
    SqlUsers::new(
        "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
            FROM customers WHERE lower(email) = $1",
        "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name
            FROM customers WHERE passkey_handle = $1",
        "INSERT INTO customers (passkey_handle, email, full_name, joined) VALUES ($1, $2, $4, to_timestamp($5))",
    )
    .change_display_name("UPDATE customers SET full_name = $2 WHERE passkey_handle = $1")
    .delete("DELETE FROM customers WHERE passkey_handle = $1")
}

/// The service. Customers sign up with a passkey.
pub(crate) async fn passkeys(store: PostgresStore, secret: Secret) -> Result<Passkeys, Box<dyn Error>> {
    let rp = RelyingParty::builder("localhost").name("The shop").origin("http://localhost:8080").build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    let store = store.with_users(customers()).await?;
    Ok(Passkeys::builder(rp).store(store).secret(secret).policy(policy).build()?)
}
