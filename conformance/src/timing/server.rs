//! The service over HTTP/1.1 on loopback.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rp_service::Passkeys;
use rp_service::http::{Body, Request, Route};
use tokio::net::TcpListener;

/// A server that runs as long as its runtime.
pub(super) struct Server {
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) async fn start(passkeys: Passkeys) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let passkeys = passkeys.clone();
                tokio::spawn(async move {
                    // Small responses leave at once.
                    let _ = stream.set_nodelay(true);
                    let service = service_fn(move |request| respond(passkeys.clone(), request));
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    // A client that closes its connection is not a failure.
                    let _ = connection.await;
                });
            }
        });
        Ok(Self { address })
    }
}

async fn respond(
    passkeys: Passkeys,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let path_of = |route: &Route| route.path_under(Route::PREFIX) == parts.uri.path();
    let Some(route) = Route::ALL.iter().copied().find(path_of) else {
        return Ok(response(404, Vec::new(), Vec::new()));
    };
    let head = Request {
        headers: parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        address: Some(Ipv4Addr::LOCALHOST.to_string()),
        ..Request::default()
    };
    let body = async move {
        body.collect().await.map_or(Body::Incomplete, |body| Body::Complete(body.to_bytes().to_vec()))
    };
    let answer = passkeys.handle(route, &head, body).await;
    Ok(response(answer.status, answer.headers, answer.body))
}

fn response(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
) -> hyper::Response<Full<Bytes>> {
    let builder = hyper::Response::builder().status(status);
    let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
    // The service writes only what a header may contain.
    builder.body(Full::from(body)).unwrap_or_default()
}
