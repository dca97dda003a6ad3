//! The same site with passkeys, which are in SQLite or in memory.

use axum::Router;
use axum::routing::get;
use rp_axum::{CurrentUser, Passkeys, Policy, RelyingParty, Secret};

async fn greet(current: CurrentUser) -> String {
    format!("Hello, {}", current.user.display_name)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rp = RelyingParty::builder("localhost").name("Example").origin("http://localhost:8080").build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    #[cfg(feature = "size-rp-axum")]
    let store = rp_axum::store::SqliteStore::connect("passkeys.db").await?;
    #[cfg(not(feature = "size-rp-axum"))]
    let store = rp_axum::store::MemoryStore::new();
    let passkeys =
        Passkeys::builder(rp).store(store).secret(Secret::file("secret")?).policy(policy).build()?;
    let app = rp_axum::mount(Router::new().route("/", get(greet)), &passkeys);
    axum::serve(tokio::net::TcpListener::bind("localhost:8080").await?, app).await?;
    Ok(())
}
