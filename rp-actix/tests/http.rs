//! The HTTP tests of every adapter, on actix-web.
#![expect(clippy::unwrap_used, reason = "a request that cannot be sent is a failed test")]

use std::net::SocketAddr;
use std::rc::Rc;

use actix_http::Request;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method as HttpMethod;
use actix_web::{App, Error, HttpRequest as ActixRequest, test, web};
use rp_actix::store::SqliteStore;
use rp_actix::{
    Context, CurrentUser, FreshPasskey, Guard, Guarded, Method, OptionalUser, Rejection, Requirement, Routes,
    Tenants, VerifiedAuthentication, VerifiedProof, VerifiedRegistration, require,
};
use rp_conformance::http::{
    ADDRESS, Fixture, HttpRequest, HttpResponse, Setup, Site, application,
    one_of_256_parallel_finishes_is_accepted, tenants,
};

rp_conformance::http_tests!(actix_web::test, site);

#[actix_web::test]
async fn of_256_finishes_over_two_openings_of_a_file_one_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passkeys.db");
    let mut sites = Vec::new();
    for _ in 0..2 {
        let store = SqliteStore::connect(file.to_str().unwrap()).await.unwrap();
        let setup = Setup { service: Box::new(|builder| builder.store(store)), ..Setup::default() };
        sites.push(site(Fixture::new(setup)).await);
    }
    one_of_256_parallel_finishes_is_accepted(sites.try_into().unwrap()).await;
}

#[actix_web::test]
async fn no_header_chooses_an_rp_id() {
    tenants::no_header_chooses_an_rp_id(&of_tenants(&tenants::tenants()).await).await;
}

#[actix_web::test]
async fn passkeys_and_sessions_of_tenants_are_separate() {
    tenants::passkeys_and_sessions_of_tenants_are_separate(&of_tenants(&tenants::tenants()).await).await;
}

#[actix_web::test]
async fn tenants_are_added_and_removed_at_run_time() {
    let tenants = tenants::tenants();
    tenants::tenants_are_added_and_removed_at_run_time(&tenants, &of_tenants(&tenants).await).await;
}

/// A site with these tenants.
async fn of_tenants(tenants: &Tenants) -> Site {
    send_to(test::init_service(rp_actix::mount_tenants(App::new(), tenants, &Routes::all())).await)
}

async fn site(fixture: Fixture) -> Site {
    let routes = Routes::only(fixture.routes.clone()).prefix(fixture.prefix);
    let guarded =
        |path: &str, requirement| web::resource(path).wrap(require(requirement)).route(web::post().to(name));
    let app = rp_actix::mount_with(App::new(), &fixture.passkeys, &routes)
        .route("/app/user", web::to(name))
        .route("/app/maybe", web::to(maybe))
        .service(guarded("/app/passkey", application::passkey()))
        .route("/app/recent", web::post().to(recent))
        .service(guarded("/app/verified", application::verified()))
        .route("/app/hardware", web::post().to(hardware))
        .service(guarded("/app/level", application::level()))
        .route("/app/registration", web::post().to(registration))
        .route("/app/authentication", web::post().to(authentication))
        .route("/app/proof", web::post().to(async |_: VerifiedProof| "genuine"))
        .route("/app/password", web::post().to(password))
        .route("/app/sign-out", web::post().to(sign_out));
    send_to(test::init_service(app).await)
}

/// The application as a site.
fn send_to<S, B>(app: S) -> Site
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let app = Rc::new(app);
    Site::new(move |request: HttpRequest| {
        let app = Rc::clone(&app);
        async move {
            let is_head = request.method == "HEAD";
            let mut builder = test::TestRequest::with_uri(&request.path)
                .method(HttpMethod::from_bytes(request.method.as_bytes()).unwrap())
                .peer_addr(SocketAddr::new(ADDRESS.parse().unwrap(), 50_000))
                .set_payload(request.body);
            for (name, value) in &request.headers {
                builder = builder.append_header((name.as_str(), value.as_slice()));
            }
            let response = match app.call(builder.to_request()).await {
                Ok(response) => response.into_parts().1.map_into_boxed_body(),
                Err(error) => error.error_response(),
            };
            let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
            let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
            HttpResponse {
                status: response.status().as_u16(),
                headers: headers.collect(),
                // The server below omits it.
                body: if is_head { Vec::new() } else { to_bytes(response.into_body()).await.unwrap().into() },
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

async fn maybe(OptionalUser(current): OptionalUser) -> String {
    current.map_or_else(|| "no one".into(), |current| current.user.name.clone())
}

async fn recent(current: FreshPasskey<120>) -> String {
    current.user.name.clone()
}

async fn hardware(current: Guarded<Hardware>) -> String {
    current.user.name.clone()
}

async fn registration(VerifiedRegistration(registration): VerifiedRegistration) -> String {
    application::registration(&registration)
}

async fn authentication(VerifiedAuthentication(authentication): VerifiedAuthentication) -> String {
    application::authentication(&authentication)
}

async fn password(context: Context, request: ActixRequest) -> Result<String, Rejection> {
    let name = request.headers().get("x-user").unwrap().to_str().unwrap();
    let user = application::user(context.passkeys(), name).await?;
    let first = context.first_factor_verified(&user, Method::Password).await?;
    Ok(application::first_factor(&first))
}

async fn sign_out(context: Context) -> Result<&'static str, Rejection> {
    context.sign_out().await?;
    Ok("signed out")
}
