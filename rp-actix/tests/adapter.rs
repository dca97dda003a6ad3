//! The parts that only actix-web has: the layer and the extractors' errors. The cases of `conformance` test the routes.
#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::net::SocketAddr;

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue, VARY};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
use actix_web::{App, Error, web};
use rp_actix::store::{MemoryStore, SqliteStore};
use rp_actix::{
    Context, CurrentUser, FreshPasskey, Method, OptionalUser, Passkeys, PasskeysBuilder, Rejection,
    RelyingParty, Requirement, Route, Routes, ServiceError, SiteCheck, mount, mount_with, require,
};
use serde_json::Value;

const ORIGIN: &str = "http://localhost:8080";
/// A well-formed token that no session has.
const COOKIE: &str = "rp-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn builder() -> PasskeysBuilder {
    let rp = RelyingParty::builder("localhost").origin(ORIGIN).build().unwrap();
    Passkeys::builder(rp).secret([7; 32])
}

fn app(
    passkeys: &Passkeys,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let guarded = web::resource("/guarded").wrap(require(Requirement::signed_in()));
    mount(App::new(), passkeys)
        .route("/user", web::get().to(|current: CurrentUser| async move { current.user.name.clone() }))
        .route(
            "/option",
            web::get().to(|user: Option<CurrentUser>| async move { user.is_some().to_string() }),
        )
        .route(
            "/optional",
            web::get().to(|OptionalUser(user): OptionalUser| async move { user.is_some().to_string() }),
        )
        .route("/vote", web::post().to(|_: SiteCheck| async { "" }))
        .service(guarded.to(|| async { "secret" }))
}

async fn send(passkeys: &Passkeys, request: TestRequest) -> (u16, Value) {
    let service = init_service(app(passkeys)).await;
    let response = call_service(&service, request.to_request()).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| web::Bytes::new());
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("cookie", COOKIE))
}

#[actix_web::test]
async fn an_extractor_outside_the_layer_is_misconfigured() {
    let app = App::new().route("/", web::get().to(|_: CurrentUser| async { "" }));
    let response = call_service(&init_service(app).await, get("/").to_request()).await;
    assert_eq!(response.status().as_u16(), 500);
    let problem: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
    assert_eq!(problem["code"], "misconfigured");
}

#[actix_web::test]
async fn a_failure_of_the_store_is_never_no_one() {
    let store = SqliteStore::in_memory().await.unwrap();
    let passkeys = builder().store(store.clone()).build().unwrap();
    for path in ["/option", "/optional"] {
        assert_eq!(send(&passkeys, get(path)).await, (200, Value::Bool(false)), "{path}");
    }
    store.close().await;
    for path in ["/option", "/optional", "/user", "/guarded"] {
        let (status, problem) = send(&passkeys, get(path)).await;
        assert_eq!((status, &problem["code"]), (503, &"storage-unavailable".into()), "{path}");
    }
}

#[actix_web::test]
async fn rejections_have_the_configured_problem_type() {
    let passkeys = builder()
        .store(MemoryStore::new())
        .problem_type_base("https://example.org/problems/")
        .build()
        .unwrap();
    for path in ["/user", "/guarded", "/webauthn/session"] {
        let (status, problem) = send(&passkeys, get(path)).await;
        assert_eq!(status, 401, "{path}");
        assert_eq!(problem["type"], "https://example.org/problems/not-signed-in", "{path}");
    }
}

/// Changes a response as a compressing middleware does.
async fn encode(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response.map_body(|_, _| "compressed"))
}

#[actix_web::test]
async fn a_middleware_inside_mount_may_compress_rejections() {
    let passkeys = builder().store(MemoryStore::new()).front_end(ORIGIN).build().unwrap();
    let scope = web::scope("/app").wrap(from_fn(encode));
    let scope = scope.route("/user", web::get().to(|_: CurrentUser| async { "" }));
    let service = init_service(mount(App::new(), &passkeys).service(scope)).await;
    let response = call_service(&service, get("/app/user").to_request()).await;
    assert_eq!(response.headers().get("content-encoding"), None);
    let vary: Vec<_> = response.headers().get_all("vary").collect();
    assert_eq!(vary, ["accept-encoding", "Origin"]);
    let problem: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
    assert_eq!(problem["code"], "not-signed-in");
}

#[actix_web::test]
async fn a_request_of_another_site_is_rejected() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    for path in ["/vote", "/webauthn/authentication/verify"] {
        let request = TestRequest::post().uri(path).insert_header(("origin", "https://evil.example"));
        let (status, problem) = send(&passkeys, request).await;
        assert_eq!((status, &problem["code"]), (403, &"cross-site-request".into()), "{path}");
    }
}

#[actix_web::test]
async fn cookies_are_appended_to_error_responses() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    let user = passkeys.create_user("kim", "Kim").await.unwrap().handle;
    let handler = move |context: Context| {
        let user = user.clone();
        async move {
            let _ = context.first_factor_verified(&user, Method::Password).await?;
            Err::<String, _>(Rejection(ServiceError::NoSuchUser))
        }
    };
    let fails_after = from_fn(|request: ServiceRequest, next: Next<_>| async move {
        next.call(request).await?;
        Err::<ServiceResponse, _>(actix_web::error::ErrorBadGateway("a middleware failed"))
    });
    let failing = web::resource("/failing").wrap(fails_after).post(handler.clone());
    let app = mount(App::new(), &passkeys).route("/", web::post().to(handler)).service(failing);
    let service = init_service(app).await;
    for (path, status) in [("/", 404), ("/failing", 502)] {
        let request = TestRequest::post().uri(path).to_request();
        let response = match try_call_service(&service, request).await {
            Ok(response) => response.response().headers().clone(),
            Err(error) => {
                let response = error.error_response();
                assert_eq!(response.status().as_u16(), status);
                response.headers().clone()
            }
        };
        let cookie = response.get("set-cookie").unwrap().to_str().unwrap();
        assert!(cookie.starts_with("rp-session="), "{path} {cookie}");
    }
}

async fn fresh(
    _: FreshPasskey<120>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await
}

#[actix_web::test]
async fn an_error_of_a_middleware_is_that_of_an_extractor() {
    let rp = RelyingParty::builder("example.org").origin("https://example.org");
    let rp = rp.related_origin("https://app.example.org").build().unwrap();
    let passkeys = Passkeys::builder(rp)
        .secret([7; 32])
        .store(MemoryStore::new())
        .front_end("https://app.example.org")
        .hsts(std::time::Duration::from_secs(86_400))
        .problem_type_base("https://example.org/problems/")
        .build()
        .unwrap();
    let admin = web::scope("/webauthn/admin").wrap(from_fn(fresh)).route("", web::get().to(|| async { "" }));
    let app = mount_with(App::new(), &passkeys, &Routes::only([Route::Session])).service(admin);
    let app = app.route("/webauthn/handler", web::get().to(|_: FreshPasskey<120>| async { "" }));
    let service = init_service(app).await;
    let mut answers = Vec::new();
    for path in ["/webauthn/handler", "/webauthn/admin"] {
        let request = TestRequest::get().uri(path).insert_header(("origin", "https://app.example.org"));
        let response = match try_call_service(&service, request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let status = response.status();
        let mut headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
        assert_eq!(body["type"], "https://example.org/problems/not-signed-in", "{path}");
        answers.push((status, headers, body));
    }
    assert!(answers[0].1.iter().any(|(name, _)| name == "access-control-allow-origin"));
    assert!(answers[0].1.iter().any(|(name, _)| name == "strict-transport-security"));
    assert_eq!(answers[0], answers[1]);
}

#[actix_web::test]
async fn an_ipv4_client_of_an_ipv6_socket_has_its_ipv4_address() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    let handler =
        |context: Context| async move { context.caller().client.address.clone().unwrap_or_default() };
    let app = mount(App::new(), &passkeys).route("/", web::get().to(handler));
    let service = init_service(app).await;
    for (peer, expected) in [("[::ffff:10.0.0.2]:4711", "10.0.0.2"), ("[2001:db8::1]:4711", "2001:db8::1")] {
        let peer: SocketAddr = peer.parse().unwrap();
        let response = call_service(&service, TestRequest::get().peer_addr(peer).to_request()).await;
        assert_eq!(to_bytes(response.into_body()).await.ok().unwrap(), expected);
    }
}
