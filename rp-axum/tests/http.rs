//! The HTTP tests that every adapter passes, on axum.
#![expect(clippy::unwrap_used, reason = "what cannot be sent is a failed test")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rp_axum::{Routes, sessions};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Site};
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
