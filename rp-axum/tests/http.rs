//! The HTTP tests that every adapter passes, on axum.
#![expect(clippy::unwrap_used, reason = "what cannot be sent is a failed test")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::any;
use rp_axum::{CurrentUser, Routes, sessions};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Setup, Site};
use rp_service::http::Route;
use tower::ServiceExt;

struct Axum(Router);

impl Site for Axum {
    async fn send(&self, request: HttpRequest) -> HttpResponse {
        let mut builder = Request::builder().method(request.method).uri(request.path);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::from(request.body)).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        HttpResponse {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: to_bytes(body, usize::MAX).await.unwrap().into(),
        }
    }
}

async fn site(fixture: &Fixture) -> Axum {
    Axum(Routes::new().router().layer(sessions(&fixture.passkeys)))
}

rp_conformance::http_tests!(tokio::test, site);

#[tokio::test]
async fn an_extractor_refuses_what_another_site_sends_where_it_may_change_something() {
    let fixture = Fixture::new(&Setup::default());
    let mine = any(|user: CurrentUser| async move { user.account.name });
    let site = Axum(Router::new().route("/mine", mine).layer(sessions(&fixture.passkeys)));
    for (method, fetch_site, status) in
        [("POST", "cross-site", 403), ("POST", "same-origin", 401), ("GET", "cross-site", 401)]
    {
        let headers = vec![("sec-fetch-site", fetch_site.to_owned())];
        let answer = site.send(HttpRequest { method, path: "/mine".into(), headers, body: Vec::new() }).await;
        assert_eq!(answer.status, status, "{method} {fetch_site}");
    }
}

#[test]
fn a_route_that_is_named_twice_is_there_once() {
    let _ = Routes::only([Route::SignOut, Route::SignOut]).router();
}
