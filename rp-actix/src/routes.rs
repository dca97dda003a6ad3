use std::rc::Rc;

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use rp_service::http::{Route, Routes};

use crate::rejection::{Rejection, respond};
use crate::request::{head, passkeys, read};

/// Adds the routes of the service.
pub(crate) fn configure(app: &mut ServiceConfig, routes: &Routes) {
    for (path, routes) in routes.paths() {
        let served = routes.iter().fold(web::resource(path), |served, &route| {
            let handler = move |request, payload| handle(route, request, payload);
            served.route(web::route().guard(guard(route)).to(handler))
        });
        let routes: Rc<[Route]> = routes.into();
        let other = move |request| handle_other_method(Rc::clone(&routes), request);
        app.service(served.default_service(web::to(other)));
    }
}

fn guard(route: Route) -> impl Guard {
    let method = match route.method() {
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::GET,
    };
    // GET with HEAD: the server leaves out the body.
    fn_guard(move |context| {
        let got = &context.head().method;
        *got == method || (method == Method::GET && *got == Method::HEAD)
    })
}

async fn handle(route: Route, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Rejection> {
    Ok(respond(passkeys(&request)?.handle(route, &head(&request), read(Ok(payload))).await))
}

async fn handle_other_method(routes: Rc<[Route]>, request: HttpRequest) -> Result<HttpResponse, Rejection> {
    let passkeys = passkeys(&request)?;
    Ok(respond(passkeys.handle_other_method(request.method().as_str(), &routes, &head(&request))))
}
