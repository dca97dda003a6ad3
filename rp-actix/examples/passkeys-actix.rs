//! `cargo run -p rp-actix --example passkeys-actix`: a site with passkeys on actix-web and SQLite.

use std::error::Error;
use std::future::ready;
use std::process::ExitCode;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use rp_actix::{Context, Rejection};
use rp_conformance::site::{self, AppRoute, Application, Asset, Site};

#[actix_web::main]
async fn main() -> ExitCode {
    site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let passkeys = site.passkeys.clone();
    let application = site.application.clone();
    let assets = site.assets();
    let mut server = HttpServer::new(move || {
        let pages = assets.clone().into_iter().fold(rp_actix::mount(App::new(), &passkeys), |app, asset| {
            app.route(asset.path, web::get().to(move || ready(page(&asset))))
        });
        AppRoute::ALL.into_iter().fold(pages, |app, route| {
            let application = application.clone();
            let method = if route.is_post() { web::post() } else { web::get() };
            let handler = move |context, body| respond(application.clone(), route, context, body);
            app.route(route.path(), method.to(handler))
        })
    });
    server = server.client_request_timeout(site.header_time_limit);
    site.announce();
    for listener in site.listeners {
        server = server.listen(listener)?;
    }
    server.run().await?;
    Ok(())
}

fn page(asset: &Asset) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for header in asset.headers() {
        response.insert_header(header);
    }
    response.body(asset.content.clone())
}

async fn respond(
    application: Application,
    route: AppRoute,
    context: Context,
    body: web::Bytes,
) -> Result<HttpResponse, Rejection> {
    let answer = application.respond(route, &context, &body).await?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(HttpResponse::build(status).content_type(answer.media_type).body(answer.body))
}
