//! `cargo run -p rp-axum --example passkeys`: a site with passkeys on axum and SQLite.

mod site;

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use rp_axum::{Routes, sessions};

#[tokio::main]
async fn main() -> ExitCode {
    site::log();
    site::outcome(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args = site::Args::parse();
    let listeners = args.listeners()?;
    let port =
        listeners.first().map(TcpListener::local_addr).transpose()?.map_or(0, |address| address.port());
    let origin = args.origin(port);
    let passkeys = args.passkeys(&origin).await?;

    let page = site::ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get((site::asset_headers(asset), asset.content)))
    });
    let app = page.merge(Routes::new().router()).layer(sessions(&passkeys));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();

    site::announce(&origin, args.database());
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serve = axum::serve(listener, app.clone()).with_graceful_shutdown(stopped());
        servers.spawn(async move { serve.await });
    }
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

async fn stopped() {
    // Where no signal can be had, the site runs until it is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
