//! The HTTP tests of every adapter, on axum.
#![expect(clippy::unwrap_used, reason = "a request that cannot be sent is a failed test")]

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use axum::routing::{any, post};
use rp_axum::store::SqliteStore;
use rp_axum::{
    App, Context, CurrentUser, FreshPasskey, Guard, Guarded, Method, Rejection, Requirement, Routes, Tenants,
    VerifiedAuthentication, VerifiedProof, VerifiedRegistration, require,
};
use rp_conformance::http::{
    ADDRESS, Fixture, HttpRequest, HttpResponse, Setup, Site, application,
    one_of_256_parallel_finishes_is_accepted, tenants,
};
use tower::ServiceExt;

rp_conformance::http_tests!(tokio::test, |fixture: Fixture| async move { site(&fixture) });

#[tokio::test]
async fn of_256_finishes_over_two_openings_of_a_file_one_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passkeys.db");
    let mut sites = Vec::new();
    for _ in 0..2 {
        let store = SqliteStore::connect(file.to_str().unwrap()).await.unwrap();
        let setup = Setup { service: Box::new(|builder| builder.store(store)), ..Setup::default() };
        sites.push(site(&Fixture::new(setup)));
    }
    one_of_256_parallel_finishes_is_accepted(sites.try_into().unwrap()).await;
}

#[tokio::test]
async fn no_header_chooses_an_rp_id() {
    tenants::no_header_chooses_an_rp_id(&of_tenants(&tenants::tenants())).await;
}

#[tokio::test]
async fn passkeys_and_sessions_of_tenants_are_separate() {
    tenants::passkeys_and_sessions_of_tenants_are_separate(&of_tenants(&tenants::tenants())).await;
}

#[tokio::test]
async fn tenants_are_added_and_removed_at_run_time() {
    let tenants = tenants::tenants();
    tenants::tenants_are_added_and_removed_at_run_time(&tenants, &of_tenants(&tenants)).await;
}

/// A site with these tenants.
fn of_tenants(tenants: &Tenants) -> Site {
    send_to(rp_axum::mount_tenants(Router::new(), tenants, &Routes::all()))
}

fn site(fixture: &Fixture) -> Site {
    let application = Router::new()
        .route("/app/user", any(|current: CurrentUser| async move { current.user.name.clone() }))
        .route("/app/maybe", any(maybe))
        .route("/app/passkey", post(name).route_layer(require(application::passkey())))
        .route("/app/recent", post(|current: FreshPasskey<120>| async move { current.user.name.clone() }))
        .route("/app/verified", post(name).route_layer(require(application::verified())))
        .route("/app/hardware", post(|current: Guarded<Hardware>| async move { current.user.name.clone() }))
        .route("/app/level", post(name).route_layer(require(application::level())))
        .route("/app/registration", post(registration))
        .route("/app/authentication", post(authentication))
        .route("/app/proof", post(async |_: VerifiedProof| "genuine"))
        .route("/app/password", post(password))
        .route("/app/sign-out", post(sign_out));
    let routes = Routes::only(fixture.routes.clone()).prefix(fixture.prefix);
    send_to(rp_axum::mount_with(application, &fixture.passkeys, &routes))
}

/// The application as a site.
fn send_to(app: App) -> Site {
    Site::new(move |request: HttpRequest| {
        let app = app.clone();
        async move {
            let mut builder = Request::builder().method(request.method.as_str()).uri(request.path);
            for (name, value) in request.headers {
                builder = builder.header(name, value);
            }
            let mut request = builder.body(Body::from(request.body)).unwrap();
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ADDRESS.parse().unwrap(), 50_000)));
            let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
            let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
            HttpResponse {
                status: parts.status.as_u16(),
                headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
                body: to_bytes(body, usize::MAX).await.unwrap().into(),
            }
        }
    })
}

struct Hardware;

impl Guard for Hardware {
    fn requirement() -> Requirement {
        application::hardware()
    }
}

async fn name(current: CurrentUser) -> String {
    current.user.name.clone()
}

async fn maybe(current: Option<CurrentUser>) -> String {
    current.map_or_else(|| "no one".into(), |current| current.user.name.clone())
}

async fn registration(VerifiedRegistration(registration): VerifiedRegistration) -> String {
    application::registration(&registration)
}

async fn authentication(VerifiedAuthentication(authentication): VerifiedAuthentication) -> String {
    application::authentication(&authentication)
}

async fn password(context: Context, headers: HeaderMap) -> Result<String, Rejection> {
    let name = headers.get("x-user").unwrap().to_str().unwrap();
    let user = application::user(context.passkeys(), name).await?;
    let first = context.first_factor_verified(&user, Method::Password).await?;
    Ok(application::first_factor(&first))
}

async fn sign_out(context: Context) -> Result<&'static str, Rejection> {
    context.sign_out().await?;
    Ok("signed out")
}
