//! The HTTP tests that every adapter passes, on actix-web; and what both say compared to the byte.
#![expect(clippy::unwrap_used, reason = "what cannot be sent is a failed test")]

use actix_http::Request;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::{App, Error, test, web};
use axum::Router;
use rp_actix::{CurrentUser, Routes, sessions};
use rp_conformance::http::{Case, Fixture, HttpRequest, HttpResponse, Setup, Site, alike};
use tower::ServiceExt;

struct Actix<S>(S);

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

async fn site(
    fixture: &Fixture,
) -> Actix<impl Service<Request, Response = ServiceResponse<BoxBody>, Error = Error> + use<>> {
    let app = App::new().configure(|app| Routes::new().configure(app)).wrap(sessions(&fixture.passkeys));
    Actix(test::init_service(app).await)
}

rp_conformance::http_tests!(actix_web::test, site);

struct Axum(Router);

impl Site for Axum {
    async fn send(&self, request: HttpRequest) -> HttpResponse {
        let mut builder = axum::http::Request::builder().method(request.method).uri(request.path);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(axum::body::Body::from(request.body)).unwrap();
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        HttpResponse {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: axum::body::to_bytes(body, usize::MAX).await.unwrap().into(),
        }
    }
}

#[actix_web::test]
async fn both_adapters_answer_alike_to_the_byte() {
    for case in Case::ALL {
        let fixture = Fixture::new(&case.setup());
        let here = case.run(&site(&fixture).await, &fixture).await;
        let fixture = Fixture::new(&case.setup());
        let router = rp_axum::Routes::new().router().layer(rp_axum::sessions(&fixture.passkeys));
        let there = case.run(&Axum(router), &fixture).await;
        alike(case, &here, &there);
    }
}

#[actix_web::test]
async fn an_extractor_refuses_what_another_site_sends_where_it_may_change_something() {
    let fixture = Fixture::new(&Setup::default());
    let mine = |user: CurrentUser| async move { user.account.name };
    let app = App::new().route("/mine", web::to(mine)).wrap(sessions(&fixture.passkeys));
    let site = Actix(test::init_service(app).await);
    for (method, fetch_site, status) in
        [("POST", "cross-site", 403), ("POST", "same-origin", 401), ("GET", "cross-site", 401)]
    {
        let headers = vec![("sec-fetch-site", fetch_site.to_owned())];
        let answer = site.send(HttpRequest { method, path: "/mine".into(), headers, body: Vec::new() }).await;
        assert_eq!(answer.status, status, "{method} {fetch_site}");
    }
}
