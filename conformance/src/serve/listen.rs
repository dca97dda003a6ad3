//! The server on a socket.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use rp_core::MAX_JSON_LEN;

use super::server::Server;
use crate::http::{HttpRequest, HttpResponse};

/// Serves on a listener until the process ends.
///
/// # Errors
/// [`io::Error`] if the listener cannot be used.
pub async fn listen(server: Server, listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = Router::new().fallback(respond).with_state(Arc::new(server));
    axum::serve(listener, app).await
}

async fn respond(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // One byte more than the server accepts, so that the server itself rejects a body that is too large.
    let Ok(body) = to_bytes(body, MAX_JSON_LEN.saturating_add(1)).await else {
        return with_status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let request = HttpRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.to_vec(),
    };
    // RSA takes milliseconds: not on a thread that serves other connections.
    match tokio::task::spawn_blocking(move || server.handle(&request)).await {
        Ok(response) => translate(response),
        Err(_) => with_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn translate(response: HttpResponse) -> Response<Body> {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(response.body)).unwrap_or_else(|_| with_status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn with_status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
