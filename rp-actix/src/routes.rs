//! The routes of the interface.

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CACHE_CONTROL};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use rp_service::http::{Body, MAX_BODY_BYTES, Route};

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

    /// Mounts the routes. [`sessions`](crate::sessions) has to be wrapped around them.
    pub fn configure(&self, app: &mut ServiceConfig) {
        // actix-web takes the first path that fits: those without a parameter come first.
        let mut paths: Vec<&str> = self.routes.iter().map(|route| route.path()).collect();
        paths.sort_unstable_by_key(|path| (path.contains('{'), *path));
        paths.dedup();
        for path in paths {
            let routes = self.routes.iter().copied().filter(|route| route.path() == path);
            let whole = routes.clone().next().map(|route| route.path_under(&self.prefix)).unwrap_or_default();
            let allowed = routes.clone().map(allowed).collect::<Vec<_>>().join(",");
            let resource = routes.fold(web::resource(whole), |resource, route| {
                let handler = move |request: HttpRequest, payload: Payload| handle(route, request, payload);
                resource.route(web::route().guard(guard(route)).to(handler))
            });
            app.service(resource.default_service(web::to(move || method_not_allowed(allowed.clone()))));
        }
    }
}

fn method(route: Route) -> Method {
    match route.method() {
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::GET,
    }
}

/// Where `GET` is served, so is `HEAD`: the server below leaves the body out.
fn guard(route: Route) -> impl Guard {
    let method = method(route);
    fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (method == Method::GET && *asked == Method::HEAD)
    })
}

fn allowed(route: Route) -> &'static str {
    match route.method() {
        "GET" => "GET,HEAD",
        method => method,
    }
}

async fn method_not_allowed(allowed: String) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allowed))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

async fn handle(route: Route, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Rejection> {
    let (passkeys, session) = session::context(&request)?;
    let body = if route.reads_body() { Owned::read(Ok(payload)).await } else { Owned::Read(Vec::new()) };
    let held = if route.needs_session() { session::load(&session) } else { None };
    let incoming = Incoming::new(&request, body);
    let mut answer = passkeys.handle(route, &incoming.request(), held.as_ref()).await;
    session::change(&session, std::mem::take(&mut answer.session))?;
    Ok(response(answer))
}

/// A body that was read, or was too large to be.
pub(crate) enum Owned {
    Read(Vec<u8>),
    TooLarge,
}

impl Owned {
    /// What breaks off is no longer JSON; only what is too long is told apart.
    pub(crate) async fn read(payload: Result<Payload, actix_web::Error>) -> Self {
        let Ok(payload) = payload else { return Self::Read(Vec::new()) };
        match payload.to_bytes_limited(MAX_BODY_BYTES).await {
            Ok(Ok(bytes)) => Self::Read(bytes.into()),
            Ok(Err(_)) => Self::Read(Vec::new()),
            Err(_) => Self::TooLarge,
        }
    }
}

/// A request as the service reads it.
pub(crate) struct Incoming<'a> {
    headers: Vec<(&'a str, &'a [u8])>,
    body: Owned,
    id: Option<&'a str>,
    peer: Option<String>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(request: &'a HttpRequest, body: Owned) -> Self {
        let headers =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let peer = request.extensions().get::<Peer>().copied();
        let peer = match peer {
            Some(Peer(peer)) => peer(request),
            None => request.peer_addr().map(|address| address.ip().to_string()),
        };
        Self { headers, body, id: request.match_info().get("id"), peer }
    }

    pub(crate) fn request(&self) -> rp_service::http::Request<'_> {
        rp_service::http::Request {
            headers: &self.headers,
            body: match &self.body {
                Owned::Read(bytes) => Body::Read(bytes),
                Owned::TooLarge => Body::TooLarge,
            },
            id: self.id,
            peer: self.peer.as_deref(),
        }
    }
}
