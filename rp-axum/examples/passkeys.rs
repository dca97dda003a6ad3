//! `cargo run -p rp-axum --example passkeys`: a site with passkeys on axum and SQLite.

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use rp_conformance::site::{self, ASSETS, Site};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> ExitCode {
    site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let pages = ASSETS
        .iter()
        .fold(Router::new(), |router, asset| router.route(asset.path, get((asset.headers(), asset.content))));
    let app = rp_axum::mount(pages, &site.passkeys);

    site.announce();
    let mut servers = JoinSet::new();
    for listener in site.listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        servers.spawn(axum::serve(listener, app.clone()).with_graceful_shutdown(stopped()).into_future());
    }
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

async fn stopped() {
    // Without signals, the site runs until the process is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
