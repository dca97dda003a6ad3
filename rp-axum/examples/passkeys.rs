//! `cargo run -p rp-axum --example passkeys`: a site with passkeys on axum and SQLite.

#[path = "support/serve.rs"]
mod serve;

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use rp_axum::{Context, Rejection};
use rp_conformance::site::{self, AppRoute, Application, Site};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> ExitCode {
    site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let pages = site
        .assets()
        .into_iter()
        .fold(Router::new(), |router, asset| router.route(asset.path, get((asset.headers(), asset.content))));
    let routes = AppRoute::ALL.into_iter().fold(pages, |router, route| {
        let application = site.application.clone();
        let handler = move |context: Context, body: Bytes| respond(application, route, context, body);
        router.route(route.path(), if route.is_post() { post(handler) } else { get(handler) })
    });
    let app = rp_axum::mount(routes, &site.passkeys);

    site.announce();
    let mut servers = JoinSet::new();
    for listener in site.listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        servers.spawn(serve::serve(listener, app.clone(), site.header_time_limit, stopped()));
    }
    while let Some(served) = servers.join_next().await {
        served??;
    }
    Ok(())
}

async fn respond(
    application: Application,
    route: AppRoute,
    context: Context,
    body: Bytes,
) -> Result<impl IntoResponse, Rejection> {
    let answer = application.respond(route, &context, &body).await?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok((status, [(CONTENT_TYPE, answer.media_type)], answer.body))
}

async fn stopped() {
    // Without signals, the site runs until the process is ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
