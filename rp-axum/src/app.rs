use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, SET_COOKIE, VARY,
};
use axum::http::uri::Authority;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{Route, future::RouteFuture};
use axum::serve::{IncomingStream, Listener};
use rp_service::http::{self, Mounted, PendingCookies, Routes, Tenants};
use rp_service::{Passkeys, Problem};
use tower_layer::Layer;
use tower_service::Service;

use crate::rejection::{Rejected, header_value, respond};
use crate::routes::router;

/// Adds all routes of the service to an application, and the layer that the extractors need around all of it.
///
/// Call it last: the result is an [`App`], to which no route can be added.
///
/// # Panics
/// If the application has a route that the service has as well.
pub fn mount(app: Router, passkeys: &Passkeys) -> App {
    mount_with(app, passkeys, &Routes::all())
}

/// As [`mount`], with some of the routes, or under another prefix.
///
/// # Panics
/// If the application has a route that the service has as well.
///
/// # Examples
/// ```
/// use axum::{Router, routing::post};
/// use rp_axum::{Passkeys, Route, Routes, VerifiedAuthentication};
///
/// async fn welcome(VerifiedAuthentication(authentication): VerifiedAuthentication) -> String {
///     format!("Welcome back, {}", authentication.user.display_name)
/// }
///
/// fn app(passkeys: &Passkeys) -> rp_axum::App {
///     let routes = Routes::all().without([Route::AuthenticationVerify]).prefix("/auth");
///     let app = Router::new().route("/auth/authentication/verify", post(welcome));
///     rp_axum::mount_with(app, passkeys, &routes)
/// }
/// ```
pub fn mount_with(app: Router, passkeys: &Passkeys, routes: &Routes) -> App {
    mount_any(app, passkeys.into(), routes)
}

/// As [`mount_with`], for several relying parties: the host of a request selects one of them, and requests to other hosts are
/// rejected with 421, also those to routes of the application.
///
/// # Panics
/// If the application has a route that the service has as well.
///
/// # Examples
/// ```
/// use axum::{Router, routing::get};
/// use rp_axum::{Context, Routes, Tenants};
///
/// async fn shop(context: Context) -> String {
///     format!("This is {}", context.passkeys().relying_party().id())
/// }
///
/// fn app(tenants: &Tenants) -> rp_axum::App {
///     rp_axum::mount_tenants(Router::new().route("/", get(shop)), tenants, &Routes::all())
/// }
/// ```
pub fn mount_tenants(app: Router, tenants: &Tenants, routes: &Routes) -> App {
    mount_any(app, tenants.into(), routes)
}

fn mount_any(app: Router, mounted: Mounted, routes: &Routes) -> App {
    let state = (Arc::new(mounted), Arc::new(routes.clone()));
    let router = app.merge(router(routes)).layer(from_fn_with_state(state, with_passkeys));
    App { router, peer: None }
}

/// Gives the request the service, and appends the cookies to the response.
async fn with_passkeys(
    State((mounted, routes)): State<(Arc<Mounted>, Arc<Routes>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let passkeys = match select(&mounted, &request) {
        Ok(passkeys) => passkeys,
        Err(response) => return respond(response),
    };
    let is_under_prefix = routes.is_under_prefix(request.uri().path());
    let origins: Vec<_> = request.headers().get_all(ORIGIN).iter().cloned().collect();
    passkeys.spawn_maintenance();
    let cookies = PendingCookies::default();
    request.extensions_mut().insert(passkeys.clone());
    request.extensions_mut().insert(cookies.clone());
    let mut response = next.run(request).await;
    // A rejection does not know the configuration of the service.
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|media| media == Problem::MEDIA_TYPE);
    if let (true, Some(Rejected(error))) = (is_problem, response.extensions_mut().remove()) {
        let headers = origins.iter().map(|origin| ("origin", origin.as_bytes())).collect();
        let request = http::Request { headers, ..http::Request::default() };
        let (mut parts, body) = respond(passkeys.error_response(&request, &error)).into_parts();
        // A layer of the application may have compressed the body that is replaced.
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().remove(CONTENT_ENCODING);
        // Headers that the application has added stay.
        if let Some(vary) = parts.headers.remove(VARY) {
            response.headers_mut().append(VARY, vary);
        }
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
    }
    let cookies = cookies.take();
    if is_under_prefix || !cookies.is_empty() {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(NO_STORE);
    }
    let cookies = cookies.into_iter().filter_map(header_value);
    response.headers_mut().extend(cookies.map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// The relying party of a request.
fn select(mounted: &Mounted, request: &Request) -> Result<Passkeys, http::Response> {
    let hosts = request.headers().get_all(HOST).iter().map(|host| ("host", host.as_bytes()));
    let head = http::Request { headers: hosts.collect(), ..http::Request::default() };
    mounted.select(request.uri().authority().map(Authority::as_str), &head)
}

/// An application with the routes and the layer of the service.
///
/// `axum::serve(listener, app)` serves it with the addresses of the connections. It is a [`Service`], so that a test can
/// call it without a network.
#[derive(Clone, Debug)]
#[must_use]
pub struct App {
    router: Router,
    peer: Option<SocketAddr>,
}

impl App {
    /// Adds a layer around the application and the routes of the service, as [`Router::layer`] does. An application that
    /// keeps its own sessions reports them here.
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { router: self.router.layer(layer), ..self }
    }

    /// The router, to nest it in another one or to serve it with another server. Extractors in routes that you add to it
    /// respond with 500 `misconfigured`. Serve it with
    /// [`into_make_service_with_connect_info::<SocketAddr>`](Router::into_make_service_with_connect_info).
    pub fn into_router(self) -> Router {
        self.router
    }
}

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        self.router.call(request)
    }
}

/// A new connection, for `axum::serve`.
impl<L> Service<IncomingStream<'_, L>> for App
where
    L: Listener<Addr = SocketAddr>,
{
    type Response = Self;
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, L>) -> Self::Future {
        // As axum does for a router: routes are prepared for each connection and not for each request.
        ready(Ok(Self { router: self.router.clone().with_state(()), peer: Some(*stream.remote_addr()) }))
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
