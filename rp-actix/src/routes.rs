//! The routes of the interface.

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use rp_service::http::{Answer, Body, MAX_BODY_BYTES, Request, Route};
use std::rc::Rc;

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

    /// Mounts the routes. [`sessions`](crate::sessions) has to be wrapped around them.
    pub fn configure(&self, app: &mut ServiceConfig) {
        for (path, routes) in self.0.paths() {
            let served = routes.iter().fold(web::resource(path), |served, &route| {
                let handler = move |asked, payload| handle(route, asked, payload);
                served.route(web::route().guard(guard(route)).to(handler))
            });
            let routes: Rc<[Route]> = routes.into();
            app.service(served.default_service(web::to(move || {
                let routes = Rc::clone(&routes);
                async move { response(Answer::method_not_allowed(&routes)) }
            })));
        }
    }
}

/// Where `GET` is served, so is `HEAD`: the server below leaves the body out.
fn guard(route: Route) -> impl Guard {
    let method = match route.method() {
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::GET,
    };
    fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (method == Method::GET && *asked == Method::HEAD)
    })
}

async fn handle(route: Route, asked: HttpRequest, payload: Payload) -> Result<HttpResponse, Rejection> {
    let (passkeys, session) = session::context(&asked)?;
    let body = if route.reads_body() { read(Ok(payload)).await } else { Body::default() };
    let held = if route.needs_session() { session::load(&session) } else { None };
    let mut answer = passkeys.handle(route, &request(&asked, body), held.as_ref()).await;
    session::change(&session, std::mem::take(&mut answer.session))?;
    Ok(response(answer))
}

/// What breaks off is no longer JSON; only what is too long is told apart.
pub(crate) async fn read(payload: Result<Payload, actix_web::Error>) -> Body {
    let Ok(payload) = payload else { return Body::default() };
    match payload.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => Body::Read(bytes.into()),
        Ok(Err(_)) => Body::default(),
        Err(_) => Body::TooLarge,
    }
}

/// A request as the service reads it.
pub(crate) fn request(asked: &HttpRequest, body: Body) -> Request<'_> {
    let headers = asked.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let peer = asked.extensions().get::<Peer>().copied();
    let peer = match peer {
        Some(Peer(peer)) => peer(asked),
        None => asked.peer_addr().map(|address| address.ip().to_string()),
    };
    Request { headers, body, id: asked.match_info().get("id").map(str::to_owned), peer }
}
