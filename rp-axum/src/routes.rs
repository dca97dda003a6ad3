//! The routes of the interface.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use rp_service::http::{Answer, Body, MAX_BODY_BYTES, Request, Route};
use std::net::SocketAddr;

use crate::problem::{Rejection, response};
use crate::session::{self, Peer};

/// Which routes an application mounts, and where. Nothing is mounted that was not asked for.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Routes(rp_service::http::Routes);

impl Routes {
    /// Every route, under `/webauthn`.
    pub fn new() -> Self {
        Self::default()
    }

    /// These routes alone, under `/webauthn`; one that is named twice is there once.
    pub fn only(routes: impl IntoIterator<Item = Route>) -> Self {
        Self(rp_service::http::Routes::only(routes))
    }

    /// Another prefix.
    pub fn prefix(self, prefix: &str) -> Self {
        Self(self.0.prefix(prefix))
    }

    /// The routes as a router. [`sessions`](crate::sessions) has to be laid around it.
    pub fn router(&self) -> Router {
        self.0
            .paths()
            .into_iter()
            .fold(Router::new(), |router, (path, routes)| router.route(&path, methods(routes)))
    }
}

fn methods(routes: Vec<Route>) -> MethodRouter {
    let served = routes.iter().fold(MethodRouter::new(), |served, &route| {
        let method = match route.method() {
            "POST" => MethodFilter::POST,
            "PATCH" => MethodFilter::PATCH,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        served.on(method, move |asked| handle(route, asked))
    });
    served.fallback(move || async move { response(Answer::method_not_allowed(&routes)) })
}

async fn handle(route: Route, asked: axum::extract::Request) -> Response {
    answer(route, asked).await.map_or_else(Rejection::into_response, response)
}

async fn answer(route: Route, asked: axum::extract::Request) -> Result<Answer, Rejection> {
    let (mut parts, body) = asked.into_parts();
    let (passkeys, session) = session::context(&parts)?;
    let id = Path::<String>::from_request_parts(&mut parts, &()).await.ok().map(|Path(id)| id);
    let body = if route.reads_body() { read(body).await } else { Body::default() };
    let held = if route.needs_session() { session::load(&session).await? } else { None };
    let mut answer = passkeys.handle(route, &request(&parts, body, id), held.as_ref()).await;
    session::change(&session, std::mem::take(&mut answer.session)).await?;
    Ok(answer)
}

/// What breaks off is no longer JSON; only what is too long is told apart.
pub(crate) async fn read(body: axum::body::Body) -> Body {
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => Body::Read(bytes.into()),
        Err(error) if is_length_limit(&error) => Body::TooLarge,
        Err(_) => Body::default(),
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

/// A request as the service reads it.
pub(crate) fn request(parts: &Parts, body: Body, id: Option<String>) -> Request<'_> {
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let peer = match parts.extensions.get::<Peer>() {
        Some(Peer(peer)) => peer(parts),
        None => {
            let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            address.map(|ConnectInfo(address)| address.ip().to_string())
        }
    };
    Request { headers, body, id, peer }
}
