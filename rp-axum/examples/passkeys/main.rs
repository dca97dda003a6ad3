//! `cargo run -p rp-axum --example passkeys`: a site with passkeys on axum and SQLite.

mod site;

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use rp_axum::{Routes, sessions};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let args = site::Args::parse();
    let mut listeners = Vec::new();
    for mut address in args.addresses()? {
        // Where the system chose a port, every address of the name gets the same.
        if let (0, Some(first)) = (address.port(), listeners.first().map(TcpListener::local_addr)) {
            address.set_port(first?.port());
        }
        listeners.push(TcpListener::bind(address).await?);
    }
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
