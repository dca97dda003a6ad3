//! Serves an application with a time limit for the head of a request. `axum::serve` has none, so a client that sends half a
//! head would hold its connection for ever. Behind a reverse proxy with such a limit, `axum::serve` is enough.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rp_axum::App;
use tokio::net::TcpListener;
use tower::Service as _;

/// Serves connections until `stopped`, then completes the requests in progress.
pub(crate) async fn serve(
    listener: TcpListener,
    app: App,
    header_time_limit: Duration,
    stopped: impl Future<Output = ()>,
) -> Result<(), Infallible> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_time_limit);
    let mut connections = app.into_router().into_make_service_with_connect_info::<SocketAddr>();
    let shutdown = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // For example, too many files are open: connections close meanwhile.
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = &mut stopped => break,
        };
        let service = TowerToHyperService::new(connections.call(peer).await?);
        let connection = shutdown.watch(http.serve_connection(TokioIo::new(stream), service));
        // A connection that fails concerns its client only.
        tokio::spawn(async move { drop(connection.await) });
    }
    shutdown.shutdown().await;
    Ok(())
}

/// How long no connection is accepted after an error.
const PAUSE: Duration = Duration::from_millis(100);
