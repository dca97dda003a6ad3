//! A site on axum: the routes, and an application's own handlers beside them.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::routing::{any, get, post};
use rp_axum::{CurrentUser, FreshUser, Routes, VerifiedAuthentication, VerifiedRegistration, sessions};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Site};
use tower::ServiceExt;
use tower_sessions::Session;

pub(crate) struct Axum(Router);

impl Axum {
    pub(crate) fn new(fixture: &Fixture) -> Self {
        let routes = Routes::only(fixture.setup.routes.clone()).prefix(fixture.setup.prefix);
        let application = Router::new()
            .route("/app/me", any(|user: CurrentUser| async move { user.account.name }))
            .route("/app/dear", post(|user: FreshUser| async move { user.account.name }))
            .route("/app/enrol", post(enrol))
            .route("/app/enter", post(enter))
            .route("/app/note", get(notes).post(note))
            .route("/app/leave", post(leave));
        Self(application.merge(routes.router()).layer(sessions(&fixture.passkeys)))
    }
}

impl Site for Axum {
    async fn send(&self, request: HttpRequest) -> HttpResponse {
        let mut builder = Request::builder().method(request.method).uri(request.path);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::from(request.body)).unwrap();
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        HttpResponse {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: to_bytes(body, usize::MAX).await.unwrap().into(),
        }
    }
}

async fn enrol(VerifiedRegistration(registration): VerifiedRegistration) -> String {
    let what = if registration.opened { "opened" } else { "added" };
    format!("{} {what}", registration.account.name)
}

async fn enter(VerifiedAuthentication(authentication): VerifiedAuthentication) -> String {
    let what = if authentication.stepped_up { "stepped-up" } else { "signed-in" };
    format!("{} {what}", authentication.account.name)
}

async fn notes(session: Session) -> Result<String, StatusCode> {
    let notes = session.get::<u32>("notes").await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(notes.unwrap_or_default().to_string())
}

async fn note(session: Session) -> Result<String, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let notes = session.get::<u32>("notes").await.map_err(failed)?;
    let notes = notes.unwrap_or_default().saturating_add(1);
    session.insert("notes", notes).await.map_err(failed)?;
    Ok(notes.to_string())
}

async fn leave(session: Session) -> Result<&'static str, StatusCode> {
    session.flush().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("left")
}
