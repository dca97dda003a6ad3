//! `cargo run -p rp-actix --example passkeys-actix`: the same site with passkeys on actix-web and SQLite.

#[path = "../../rp-axum/examples/passkeys/site.rs"]
mod site;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use rp_actix::{Routes, sessions};

#[actix_web::main]
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

    let mut server = HttpServer::new(move || {
        let app = site::ASSETS.iter().fold(App::new(), |app, asset| {
            let respond = move || async move {
                let mut response = HttpResponse::Ok();
                site::asset_headers(asset).into_iter().for_each(|header| {
                    response.insert_header(header);
                });
                response.body(asset.content)
            };
            app.route(asset.path, web::get().to(respond))
        });
        app.configure(|app| Routes::new().configure(app)).wrap(sessions(&passkeys))
    });
    for listener in listeners {
        server = server.listen(listener)?;
    }
    site::announce(&origin, args.database());
    server.run().await?;
    Ok(())
}
