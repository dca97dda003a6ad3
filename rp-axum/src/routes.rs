//! The routes of the interface.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use rp_service::http::{Answer, Body, MAX_BODY_BYTES, Route};
use std::net::SocketAddr;
use tower_sessions::Session;

use crate::problem::{Rejection, response};
use crate::session::{self, Peer};

/// Which routes an application mounts, and where. Nothing is mounted that was not asked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Routes {
    prefix: String,
    routes: Vec<Route>,
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl Routes {
    /// Every route, under `/webauthn`.
    pub fn new() -> Self {
        Self::only(Route::ALL)
    }

    /// These routes alone, under `/webauthn`; one that is named twice is there once.
    pub fn only(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut wanted = Vec::new();
        for route in routes {
            if !wanted.contains(&route) {
                wanted.push(route);
            }
        }
        Self { prefix: Route::PREFIX.into(), routes: wanted }
    }

    /// Another prefix.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The routes as a router. [`sessions`](crate::sessions) has to be laid around it.
    pub fn router(&self) -> Router {
        let router = self.routes.iter().fold(Router::new(), |router, &route| {
            let method = match route.method() {
                "POST" => MethodFilter::POST,
                "PATCH" => MethodFilter::PATCH,
                "DELETE" => MethodFilter::DELETE,
                _ => MethodFilter::GET,
            };
            let handler = move |request: Request| handle(route, request);
            router.route(&route.path_under(&self.prefix), on(method, handler))
        });
        router.method_not_allowed_fallback(method_not_allowed)
    }
}

/// axum adds the methods that there are.
async fn method_not_allowed() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::METHOD_NOT_ALLOWED, [(CACHE_CONTROL, "no-store")])
}

async fn handle(route: Route, request: Request) -> Response {
    match answer(route, request).await {
        Ok(answered) => answered,
        Err(rejection) => rejection.into_response(),
    }
}

async fn answer(route: Route, request: Request) -> Result<Response, Rejection> {
    let (mut parts, body) = request.into_parts();
    let (passkeys, session) = session::context(&parts)?;
    let id = Path::<String>::from_request_parts(&mut parts, &()).await.ok().map(|Path(id)| id);
    let body = if route.reads_body() { Owned::read(body).await } else { Owned::Read(Vec::new()) };
    let held = if route.needs_session() { session::load(&session).await? } else { None };
    let incoming = Incoming::new(&parts, body, id);
    let answer = passkeys.handle(route, &incoming.request(), held.as_ref()).await;
    finish(&session, answer).await
}

async fn finish(session: &Session, mut answer: Answer) -> Result<Response, Rejection> {
    session::change(session, std::mem::take(&mut answer.session)).await?;
    Ok(response(answer))
}

/// A body that was read, or was too large to be.
pub(crate) enum Owned {
    Read(Vec<u8>),
    TooLarge,
}

impl Owned {
    /// What breaks off is no longer JSON; only what is too long is told apart.
    pub(crate) async fn read(body: axum::body::Body) -> Self {
        match to_bytes(body, MAX_BODY_BYTES).await {
            Ok(bytes) => Self::Read(bytes.into()),
            Err(error) if is_length_limit(&error) => Self::TooLarge,
            Err(_) => Self::Read(Vec::new()),
        }
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// A request as the service reads it, owned.
pub(crate) struct Incoming<'a> {
    headers: Vec<(&'a str, &'a [u8])>,
    body: Owned,
    id: Option<String>,
    peer: Option<String>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(parts: &'a Parts, body: Owned, id: Option<String>) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let peer = match parts.extensions.get::<Peer>() {
            Some(Peer(peer)) => peer(parts),
            None => {
                let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
                address.map(|ConnectInfo(address)| address.ip().to_string())
            }
        };
        Self { headers, body, id, peer }
    }

    pub(crate) fn request(&self) -> rp_service::http::Request<'_> {
        rp_service::http::Request {
            headers: &self.headers,
            body: match &self.body {
                Owned::Read(bytes) => Body::Read(bytes),
                Owned::TooLarge => Body::TooLarge,
            },
            id: self.id.as_deref(),
            peer: self.peer.as_deref(),
        }
    }
}
