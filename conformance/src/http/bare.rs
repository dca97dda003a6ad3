use std::future::Future;

use rp_service::http::{Body, Context, PendingCookies, Request, Response, Routes};
use rp_service::{Method, ServiceError};

use super::{ADDRESS, Fixture, HttpRequest, HttpResponse, Site, application};

/// The service without a framework: the reference with which adapters are compared.
#[must_use]
pub fn bare(fixture: &Fixture) -> Site {
    let fixture = fixture.clone();
    Site::new(move |request: HttpRequest| {
        let fixture = fixture.clone();
        async move { respond(&fixture, request).await }
    })
}

async fn respond(fixture: &Fixture, http: HttpRequest) -> HttpResponse {
    let headers = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let (path, query) = http.path.split_once('?').unwrap_or((http.path.as_str(), ""));
    let address = Some(ADDRESS.into());
    let mut request = Request { headers: headers.collect(), query, address, ..Request::default() };
    let request_id = request.header("x-request-id").next().map(String::from_utf8_lossy).map(String::from);
    request.request_id = request_id;
    let body = http.body.clone();
    let body = async move { Body::Complete(body) };
    let mounted = Routes::only(fixture.routes.clone()).prefix(fixture.prefix);
    let found = mounted.paths().into_iter().find_map(|(pattern, routes)| {
        let parameter = parameters(&pattern, path)?.pop().map(str::to_owned);
        Some((parameter, routes))
    });
    let (mut response, is_head) = (HttpResponse::default(), http.method == "HEAD");
    let method = if is_head { "GET" } else { http.method.as_str() };
    let ours = if let Some((parameter, routes)) = found {
        request.parameter = parameter;
        match routes.iter().find(|route| route.method() == method) {
            Some(route) => fixture.passkeys.handle(*route, &request, body).await,
            None => fixture.passkeys.handle_other_method(&http.method, &routes, &request),
        }
    } else {
        let cookies = PendingCookies::default();
        let handled = handle(fixture, &http, &request, body, &cookies).await;
        let set = cookies.take();
        if !set.is_empty() && handled.is_ok() {
            response.headers.push(("cache-control".into(), "no-store".into()));
        }
        response.headers.extend(set.into_iter().map(|cookie| ("set-cookie".to_owned(), cookie)));
        match handled {
            Ok(Some(text)) => {
                response.status = 200;
                response.headers.push(("content-type".into(), "text/plain; charset=utf-8".into()));
                response.body = text.into_bytes();
                return response;
            }
            Ok(None) => {
                // The framework responds, and the layer of an adapter keeps caches away from everything under the prefix.
                if mounted.is_under_prefix(path) {
                    response.headers.push(("cache-control".into(), "no-store".into()));
                }
                return HttpResponse { status: 404, ..response };
            }
            Err(error) => fixture.passkeys.error_response(&request, &error),
        }
    };
    translate(response, ours, is_head)
}

/// The parameters of a path in their order, if it matches the pattern.
#[must_use]
pub fn parameters<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut expected, mut got) = (pattern.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (expected.next(), got.next()) {
            (None, None) => return Some(parameters),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => parameters.push(value),
            (Some(expected), Some(got)) if expected == got => {}
            _ => return None,
        }
    }
}

fn translate(mut response: HttpResponse, ours: Response, is_head: bool) -> HttpResponse {
    response.status = ours.status;
    response.headers.extend(ours.headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
    response.body = if is_head { Vec::new() } else { ours.body };
    response
}

/// The handlers of the application.
async fn handle(
    fixture: &Fixture,
    http: &HttpRequest,
    request: &Request<'_>,
    body: impl Future<Output = Body>,
    cookies: &PendingCookies,
) -> Result<Option<String>, ServiceError> {
    let passkeys = &fixture.passkeys;
    if http.path == "/app/registration" {
        let verified = passkeys.verified_registration(request, body).await?;
        verified.cookie.into_iter().for_each(|cookie| cookies.push(cookie));
        return Ok(Some(application::registration(&verified.value)));
    }
    if http.path == "/app/authentication" {
        let verified = passkeys.verified_authentication(request, body).await?;
        verified.cookie.into_iter().for_each(|cookie| cookies.push(cookie));
        return Ok(Some(application::authentication(&verified.value)));
    }
    if http.path == "/app/proof" {
        let _ = passkeys.verified_proof(request, body).await?;
        return Ok(Some("genuine".into()));
    }
    let context = Context::new(passkeys, &http.method, request, cookies.clone()).await;
    let requirement = match http.path.as_str() {
        "/app/user" => {
            return Ok(Some(context?.require(&rp_service::Requirement::signed_in()).await?.user.name));
        }
        "/app/maybe" => {
            let user = context?.current_user().await?;
            return Ok(Some(user.map_or_else(|| "no one".to_owned(), |user| user.user.name)));
        }
        "/app/password" => {
            let name = request.headers.iter().find(|(name, _)| *name == "x-user");
            let name = name.and_then(|(_, value)| std::str::from_utf8(value).ok()).unwrap_or_default();
            let user = application::user(passkeys, name).await?;
            let first = context?.first_factor_verified(&user, Method::Password).await?;
            return Ok(Some(application::first_factor(&first)));
        }
        "/app/sign-out" => {
            context?.sign_out().await?;
            return Ok(Some("signed out".into()));
        }
        "/app/passkey" => application::passkey(),
        "/app/recent" => application::recent(),
        "/app/verified" => application::verified(),
        "/app/hardware" => application::hardware(),
        "/app/level" => application::level(),
        _ => return Ok(None),
    };
    Ok(Some(context?.require(&requirement).await?.user.name))
}
