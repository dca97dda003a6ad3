//! A site on actix-web: the routes, and an application's own handlers beside them.

use actix_http::Request;
use actix_session::Session;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::{App, Error, test, web};
use rp_actix::{CurrentUser, FreshUser, Routes, VerifiedAuthentication, VerifiedRegistration, sessions};
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Site};

pub(crate) struct Actix<S>(S);

pub(crate) async fn actix(
    fixture: &Fixture,
) -> Actix<impl Service<Request, Response = ServiceResponse<BoxBody>, Error = Error> + use<>> {
    let routes = Routes::only(fixture.setup.routes.clone()).prefix(fixture.setup.prefix);
    let app = App::new()
        .route("/app/me", web::to(|user: CurrentUser| async move { user.account.name }))
        .route("/app/dear", web::post().to(|user: FreshUser| async move { user.account.name }))
        .route("/app/enrol", web::post().to(enrol))
        .route("/app/enter", web::post().to(enter))
        .route("/app/note", web::get().to(notes))
        .route("/app/note", web::post().to(note))
        .route("/app/leave", web::post().to(leave))
        .configure(|app| routes.configure(app))
        .wrap(sessions(&fixture.passkeys));
    Actix(test::init_service(app).await)
}

impl<S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>> Site for Actix<S> {
    async fn send(&self, request: HttpRequest) -> HttpResponse {
        let is_head = request.method == "HEAD";
        let mut builder = test::TestRequest::with_uri(&request.path)
            .method(Method::from_bytes(request.method.as_bytes()).unwrap())
            .set_payload(request.body);
        for header in request.headers {
            builder = builder.append_header(header);
        }
        let response = match self.0.call(builder.to_request()).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        HttpResponse {
            status: response.status().as_u16(),
            headers: headers.collect(),
            // The server below leaves it out.
            body: if is_head { Vec::new() } else { to_bytes(response.into_body()).await.unwrap().into() },
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

async fn notes(session: Session) -> Result<String, Error> {
    Ok(session.get::<u32>("notes")?.unwrap_or_default().to_string())
}

async fn note(session: Session) -> Result<String, Error> {
    let notes = session.get::<u32>("notes")?.unwrap_or_default().saturating_add(1);
    session.insert("notes", notes)?;
    Ok(notes.to_string())
}

async fn leave(session: Session) -> &'static str {
    session.purge();
    "left"
}
