use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE, VARY,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage as _};
use rp_service::http::{self, Mounted, PendingCookies, Response, Routes, Tenants};
use rp_service::{Passkeys, Problem};

use crate::rejection::{Rejection, header_value, respond};
use crate::request::head;
use crate::routes::configure;

/// Adds all routes of the service to an application, and the layer that the extractors need around all of it, also around
/// what is added to the application afterwards.
///
/// Call it first: actix-web takes the first route that matches, and a service for `/` matches every path.
pub fn mount<T, B>(
    app: App<T>,
    passkeys: &Passkeys,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<B>>,
        Error = Error,
        InitError = (),
    > + use<T, B>,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    mount_with(app, passkeys, &Routes::all())
}

/// As [`mount`], with some of the routes, or under another prefix.
///
/// # Examples
/// ```
/// use actix_web::{App, web};
/// use rp_actix::{Passkeys, Route, Routes, VerifiedAuthentication};
///
/// async fn welcome(VerifiedAuthentication(authentication): VerifiedAuthentication) -> String {
///     format!("Welcome back, {}", authentication.user.display_name)
/// }
///
/// fn with_app(passkeys: &Passkeys) {
///     let routes = Routes::all().without([Route::AuthenticationVerify]).prefix("/auth");
///     let app = rp_actix::mount_with(App::new(), passkeys, &routes)
///         .route("/auth/authentication/verify", web::post().to(welcome));
///     # let _ = app;
/// }
/// ```
pub fn mount_with<T, B>(
    app: App<T>,
    passkeys: &Passkeys,
    routes: &Routes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<B>>,
        Error = Error,
        InitError = (),
    > + use<T, B>,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    mount_any(app, passkeys.into(), routes)
}

/// As [`mount_with`], for several relying parties: the host of a request selects one of them, and requests to other hosts are
/// rejected with 421, also those to routes of the application.
///
/// # Examples
/// ```
/// use actix_web::{App, web};
/// use rp_actix::{Context, Routes, Tenants};
///
/// async fn shop(context: Context) -> String {
///     format!("This is {}", context.passkeys().relying_party().id())
/// }
///
/// fn with_app(tenants: &Tenants) {
///     let app = rp_actix::mount_tenants(App::new(), tenants, &Routes::all()).route("/", web::get().to(shop));
///     # let _ = app;
/// }
/// ```
pub fn mount_tenants<T, B>(
    app: App<T>,
    tenants: &Tenants,
    routes: &Routes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<B>>,
        Error = Error,
        InitError = (),
    > + use<T, B>,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    mount_any(app, tenants.into(), routes)
}

fn mount_any<T, B>(
    app: App<T>,
    mounted: Mounted,
    routes: &Routes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<B>>,
        Error = Error,
        InitError = (),
    > + use<T, B>,
>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let (mounted, prefix) = (Rc::new(mounted), Rc::new(routes.clone()));
    app.configure(|app| configure(app, routes)).wrap(from_fn(move |request, next| {
        with_passkeys(Rc::clone(&mounted), Rc::clone(&prefix), request, next)
    }))
}

/// The relying party of a request.
fn select(mounted: &Mounted, request: &ServiceRequest) -> Result<Passkeys, Response> {
    let hosts = request.headers().get_all(HOST).map(|host| ("host", host.as_bytes()));
    let head = http::Request { headers: hosts.collect(), ..http::Request::default() };
    mounted.select(request.uri().authority().map(|authority| authority.as_str()), &head)
}

/// Gives the request the service, and appends the cookies to the response.
async fn with_passkeys<B: MessageBody + 'static>(
    mounted: Rc<Mounted>,
    routes: Rc<Routes>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let passkeys = match select(&mounted, &request) {
        Ok(passkeys) => passkeys,
        Err(response) => return Ok(request.into_response(respond(response).map_into_right_body())),
    };
    let is_under_prefix = routes.is_under_prefix(request.path());
    let origins: Vec<_> = request.headers().get_all(ORIGIN).cloned().collect();
    passkeys.spawn_maintenance();
    let cookies = PendingCookies::default();
    request.extensions_mut().insert(passkeys.clone());
    request.extensions_mut().insert(cookies.clone());
    let mut response = match next.call(request).await {
        Ok(response) => response.map_into_left_body(),
        Err(error) => {
            // Such as that of an extractor of a middleware, which has no response yet.
            let mut response = match error.as_error() {
                Some(Rejection(error)) => {
                    let headers = origins.iter().map(|origin| ("origin", origin.as_bytes())).collect();
                    let request = http::Request { headers, ..http::Request::default() };
                    respond(passkeys.error_response(&request, error))
                }
                None => error.error_response(),
            };
            complete(response.headers_mut(), cookies, is_under_prefix);
            return Err(InternalError::from_response(error, response).into());
        }
    };
    let hidden = response.request().extensions_mut().remove::<ServiceFailure>();
    if let Some(ServiceFailure(failure)) = hidden.filter(|_| !response.status().is_server_error()) {
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, respond(failure).map_into_right_body());
    }
    // A rejection does not know the configuration of the service.
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|media| media == Problem::MEDIA_TYPE);
    let error = response.response().error().filter(|_| is_problem);
    if let Some(Rejection(error)) = error.and_then(|error| error.as_error()) {
        let replacement = respond(passkeys.error_response(&head(response.request()), error));
        // A middleware of the application may have compressed the body that is replaced.
        response.headers_mut().remove(CONTENT_ENCODING);
        // Headers that the application has added stay.
        for (name, value) in replacement.headers() {
            match *name {
                VARY => response.headers_mut().append(VARY, value.clone()),
                _ => drop(response.headers_mut().insert(name.clone(), value.clone())),
            }
        }
        response = response.map_body(|_, _| EitherBody::right(replacement.into_body()));
    }
    let is_under_prefix = routes.is_under_prefix(response.request().path());
    complete(response.headers_mut(), cookies, is_under_prefix);
    Ok(response)
}

/// The failure of the server that an extractor met. actix-web's `Option<T>` turns every error into `None`; the layer
/// replaces the response then, so that a failure never looks like a request of no one.
pub(crate) struct ServiceFailure(pub(crate) Response);

/// Appends the cookies, and keeps caches away from them and from everything under the prefix.
fn complete(headers: &mut HeaderMap, cookies: PendingCookies, is_under_prefix: bool) {
    let cookies = cookies.take();
    if (is_under_prefix || !cookies.is_empty()) && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for cookie in cookies.into_iter().filter_map(header_value) {
        headers.append(SET_COOKIE, cookie);
    }
}
