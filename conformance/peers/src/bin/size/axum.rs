//! A site on axum with one page: what rp-axum adds is compared with it.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/", get(async || "Hello"));
    axum::serve(tokio::net::TcpListener::bind("localhost:8080").await?, app).await?;
    Ok(())
}
