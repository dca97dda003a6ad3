//! An axum application for `rp_conformance::http::UserAgent`, without a network.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use rp_axum::App;
use rp_conformance::http::{HttpRequest, HttpResponse, Site};
use tower::ServiceExt as _;

pub(super) fn site(app: App) -> Site {
    Site::new(move |request| send(app.clone(), request))
}

async fn send(app: App, HttpRequest { method, path, headers, body, .. }: HttpRequest) -> HttpResponse {
    let builder = Request::builder().method(method.as_str()).uri(path);
    let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
    let response = app.oneshot(builder.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    HttpResponse {
        status: parts.status.as_u16(),
        headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}
