//! The parts that only axum has: the layer, the extractors' errors, and the addresses of connections. The cases of
//! `conformance` test the routes.
#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::{Router, routing::get, routing::post};
use http_body_util::{BodyExt as _, Full};
use rp_axum::store::{MemoryStore, SqliteStore};
use rp_axum::{
    App, Context, CurrentUser, Method, OptionalUser, Passkeys, PasskeysBuilder, Policy, Rejection,
    RelyingParty, Requirement, SiteCheck, mount, require,
};
use rp_conformance::browser::Browser;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

const ORIGIN: &str = "http://localhost:8080";
/// A well-formed token that no session has.
const COOKIE: &str = "rp-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn builder() -> PasskeysBuilder {
    let rp = RelyingParty::builder("localhost").origin(ORIGIN).build().unwrap();
    Passkeys::builder(rp).secret([7; 32])
}

fn app(passkeys: &Passkeys) -> App {
    let app = Router::new()
        .route("/user", get(|current: CurrentUser| async move { current.user.name.clone() }))
        .route("/option", get(|user: Option<CurrentUser>| async move { user.is_some().to_string() }))
        .route("/optional", get(|OptionalUser(user): OptionalUser| async move { user.is_some().to_string() }))
        .route("/guarded", get("secret").layer(require(Requirement::signed_in())))
        .route("/vote", post(|_: SiteCheck| async {}));
    mount(app, passkeys)
}

async fn send(app: App, request: Request) -> (StatusCode, Value) {
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn get_request(path: &str) -> Request {
    Request::get(path).header("cookie", COOKIE).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn an_extractor_outside_the_layer_is_misconfigured() {
    let router = Router::new().route("/", get(|_: CurrentUser| async {}));
    let response = router.oneshot(get_request("/")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "misconfigured");
}

#[tokio::test]
async fn a_failure_of_the_store_is_never_no_one() {
    let store = SqliteStore::in_memory().await.unwrap();
    let passkeys = builder().store(store.clone()).build().unwrap();
    for path in ["/option", "/optional"] {
        assert_eq!(send(app(&passkeys), get_request(path)).await, (StatusCode::OK, Value::Bool(false)));
    }
    store.close().await;
    for path in ["/option", "/optional", "/user", "/guarded"] {
        let (status, problem) = send(app(&passkeys), get_request(path)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (503, &"storage-unavailable".into()), "{path}");
    }
}

#[tokio::test]
async fn rejections_have_the_configured_problem_type() {
    let passkeys = builder()
        .store(MemoryStore::new())
        .problem_type_base("https://example.org/problems/")
        .build()
        .unwrap();
    for path in ["/user", "/guarded", "/webauthn/session"] {
        let (status, problem) = send(app(&passkeys), get_request(path)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(problem["type"], "https://example.org/problems/not-signed-in", "{path}");
    }
}

/// Changes a response as a compressing layer does.
async fn encode(mut response: Response) -> Response {
    response.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
    response.headers_mut().append("vary", HeaderValue::from_static("accept-encoding"));
    response.map(|_| Body::from("compressed"))
}

#[tokio::test]
async fn a_layer_inside_mount_may_compress_rejections() {
    let passkeys = builder().store(MemoryStore::new()).front_end(ORIGIN).build().unwrap();
    let app = Router::new().route("/user", get(|_: CurrentUser| async {})).layer(map_response(encode));
    let response = mount(app, &passkeys).oneshot(get_request("/user")).await.unwrap();
    assert_eq!(response.headers().get("content-encoding"), None);
    let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["accept-encoding", "Origin"]);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "not-signed-in");
}

#[tokio::test]
async fn a_request_of_another_site_is_rejected_unread() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    for path in ["/vote", "/webauthn/authentication/verify"] {
        let is_read = Arc::new(AtomicBool::new(false));
        let reader = Arc::clone(&is_read);
        let body = Full::new(Bytes::from_static(b"{}")).map_frame(move |frame| {
            reader.store(true, Ordering::Relaxed);
            frame
        });
        let request = Request::post(path).header("origin", "https://evil.example");
        let request = request.header("content-type", "application/json").body(Body::new(body)).unwrap();
        let (status, problem) = send(app(&passkeys), request).await;
        assert_eq!((status.as_u16(), &problem["code"]), (403, &"cross-site-request".into()), "{path}");
        assert!(!is_read.load(Ordering::Relaxed), "{path}");
    }
}

#[tokio::test]
async fn cookies_are_appended_to_error_responses() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    let user = passkeys.create_user("kim", "Kim").await.unwrap().handle;
    let handler = move |context: Context| async move {
        let _ = context.first_factor_verified(&user, Method::Password).await?;
        Err::<(), _>(Rejection(rp_axum::ServiceError::NoSuchUser))
    };
    let app = mount(Router::new().route("/", post(handler)), &passkeys);
    let response = app.oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("rp-session=") && cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_served_app_knows_the_addresses_of_connections() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    let handler =
        |context: Context| async move { context.caller().client.address.clone().unwrap_or_default() };
    let app = mount(Router::new().route("/", get(handler)), &passkeys);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    server.abort();
    assert!(response.ends_with("\r\n\r\n127.0.0.1"), "{response}");
}

#[tokio::test]
async fn an_ipv4_client_of_an_ipv6_socket_has_its_ipv4_address() {
    let passkeys = builder().store(MemoryStore::new()).build().unwrap();
    let handler =
        |context: Context| async move { context.caller().client.address.clone().unwrap_or_default() };
    let app = mount(Router::new().route("/", get(handler)), &passkeys);
    for (peer, expected) in [("[::ffff:10.0.0.2]:4711", "10.0.0.2"), ("[2001:db8::1]:4711", "2001:db8::1")] {
        let mut request = get_request("/");
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn parameters_of_an_outer_router_are_not_the_routes() {
    let mut policy = Policy::default();
    policy.sign_up = true;
    let passkeys = builder().store(MemoryStore::new()).policy(policy).build().unwrap();
    let app = mount(Router::new(), &passkeys).into_router();
    let app = Router::new().nest("/{a}/{b}/{c}", app);
    let mut browser = Browser::new(app).with_prefix("/1/2/3/webauthn");
    browser.sign_up("kim").await.unwrap();
    let credentials = browser.get("/1/2/3/webauthn/credentials").await.ok();
    let path =
        format!("/1/2/3/webauthn/credentials/{}", credentials["credentials"][0]["id"].as_str().unwrap());
    let renamed = browser.send("PATCH", &path, Some(r#"{"nickname":"mine"}"#.into())).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text());
}
