//! `cargo run -p rp-actix --example passkeys-actix`: a site with passkeys on actix-web and SQLite.

use std::error::Error;
use std::process::ExitCode;

use actix_web::{App, HttpResponse, HttpServer, web};
use rp_conformance::site::{self, ASSETS, Asset, Site};

#[actix_web::main]
async fn main() -> ExitCode {
    site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let passkeys = site.passkeys.clone();
    let mut server = HttpServer::new(move || {
        ASSETS.iter().fold(rp_actix::mount(App::new(), &passkeys), |app, asset| {
            app.route(asset.path, web::get().to(move || async move { page(asset) }))
        })
    });
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
    response.body(asset.content)
}
