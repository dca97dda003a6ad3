use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use rp_service::http::{self, Route, Routes};

use crate::rejection::{Rejection, respond};
use crate::request::{head, passkeys, read};

/// The routes of the service.
pub(crate) fn router(routes: &Routes) -> Router {
    let paths = routes.paths().into_iter();
    paths.fold(Router::new(), |router, (path, routes)| router.route(&path, methods(routes)))
}

fn methods(routes: Vec<Route>) -> MethodRouter {
    let served = routes.iter().fold(MethodRouter::new(), |served, &route| {
        let method = match route.method() {
            "POST" => MethodFilter::POST,
            "PATCH" => MethodFilter::PATCH,
            "DELETE" => MethodFilter::DELETE,
            // With HEAD.
            _ => MethodFilter::GET,
        };
        served.on(method, move |request| handle(route, request))
    });
    let routes: Arc<[Route]> = routes.into();
    let other = move |request| handle_other_method(Arc::clone(&routes), request);
    // As a route, because axum adds `Allow` to the response of a fallback.
    served.on(MethodFilter::OPTIONS, other.clone()).fallback(other)
}

async fn handle(route: Route, request: Request) -> Result<Response, Rejection> {
    let (mut parts, body) = request.into_parts();
    let path = Path::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await;
    // A path of the service has at most one; those of the prefix and of an outer router are in front of it.
    let parameter = path.ok().and_then(|Path(mut path)| path.pop()).map(|(_, value)| value);
    let request = http::Request { parameter, ..head(&parts) };
    Ok(respond(passkeys(&parts)?.handle(route, &request, read(body)).await))
}

async fn handle_other_method(routes: Arc<[Route]>, request: Request) -> Result<Response, Rejection> {
    let (parts, _) = request.into_parts();
    let response = passkeys(&parts)?.handle_other_method(parts.method.as_str(), &routes, &head(&parts));
    Ok(respond(response))
}
