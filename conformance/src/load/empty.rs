use std::io;
use std::net::{Ipv4Addr, TcpListener};

use axum::Router;
use axum::body::Bytes;

use super::settings::Framework;

/// Serves a handler that reads the body and does nothing, as the sites are served, until the process ends. Prints the address
/// as they do.
///
/// # Errors
/// If no port of the loopback interface is free.
pub fn serve_empty_handler(framework: Framework) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("empty handler at http://localhost:{}", listener.local_addr()?.port());
    match framework {
        Framework::Axum => {
            listener.set_nonblocking(true)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                let app = Router::new().fallback(async |_: Bytes| ());
                axum::serve(tokio::net::TcpListener::from_std(listener)?, app).await
            })
        }
        Framework::Actix => actix_web::rt::System::new().block_on(async {
            let app = || actix_web::App::new().default_service(actix_web::web::to(handle));
            actix_web::HttpServer::new(app).listen(listener)?.run().await
        }),
    }
}

async fn handle(_: actix_web::web::Bytes) -> actix_web::HttpResponse {
    actix_web::HttpResponse::Ok().finish()
}
