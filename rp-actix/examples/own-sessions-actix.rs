//! An application that keeps its own sign-in sessions, with `actix-session`: it reports for each request who is signed
//! in, and stores verified results. `cargo run -p rp-actix --example own-sessions-actix`.
//!
//! The sessions are on the server (`own-sessions-actix/sessions.rs`), because a session that is in a cookie does not end
//! when the user signs out.

#[path = "own-sessions-actix/sessions.rs"]
mod sessions;

use actix_session::{Session, SessionExt as _, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::Key;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage as _, HttpResponse, HttpServer, web};
use rp_actix::store::MemoryStore;
use rp_actix::{
    ApplicationSession, OptionalUser, Passkeys, Policy, RelyingParty, Route, Routes, Secret, SiteCheck,
    VerifiedAuthentication, VerifiedRegistration, mount_with,
};
use sessions::Sessions;

// ANCHOR: example
/// The name of the sign-in in the application's session.
const SIGN_IN: &str = "sign-in";

/// Reports who is signed in.
async fn report<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    if let Some(reported) = request.get_session().get::<ApplicationSession>(SIGN_IN)? {
        request.extensions_mut().insert(reported);
    }
    next.call(request).await
}

/// Stores a verified result, under a new session ID.
fn keep(session: &Session, verified: &rp_actix::Session) -> Result<(), Error> {
    session.renew();
    Ok(session.insert(SIGN_IN, ApplicationSession::from(verified))?)
}

/// In place of `registration/verify`: keeps the session of a new account.
async fn registered(
    session: Session,
    VerifiedRegistration(registration): VerifiedRegistration,
) -> Result<HttpResponse, Error> {
    if let Some(opened) = &registration.session {
        keep(&session, &opened.session)?;
    }
    Ok(HttpResponse::Created().body(registration.user.name))
}

/// In place of `authentication/verify`: a sign-in or a step-up.
async fn authenticated(
    session: Session,
    VerifiedAuthentication(authentication): VerifiedAuthentication,
) -> Result<String, Error> {
    keep(&session, &authentication.session.session)?;
    Ok(authentication.user.name)
}

async fn sign_out(_: SiteCheck, session: Session) -> HttpResponse {
    session.purge();
    HttpResponse::NoContent().finish()
}

async fn home(OptionalUser(user): OptionalUser) -> String {
    user.map_or("no one".into(), |current| current.user.name.clone())
}

fn app(
    passkeys: &Passkeys,
    sessions: &Sessions,
    key: Key,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let routes = Routes::all().without([
        Route::RegistrationVerify,
        Route::AuthenticationVerify,
        Route::VerifyFactor,
        Route::SignOut,
        Route::Sessions,
        Route::EndSession,
        Route::EndOtherSessions,
    ]);
    // On the server, where they end: a copied `CookieSessionStore` session outlives the sign-out.
    let sessions = SessionMiddleware::builder(sessions.clone(), key)
        .cookie_secure(false) // `true` with HTTPS
        .build();
    mount_with(App::new(), passkeys, &routes)
        .route("/", web::get().to(home))
        .route("/webauthn/registration/verify", web::post().to(registered))
        .route("/webauthn/authentication/verify", web::post().to(authenticated))
        .route("/webauthn/sign-out", web::post().to(sign_out))
        // The middlewares are around the routes of the service: it has to know the sessions as well.
        .wrap(from_fn(report))
        .wrap(sessions)
}
// ANCHOR_END: example

fn passkeys(secret: Secret) -> Result<Passkeys, Box<dyn std::error::Error>> {
    let rp = RelyingParty::builder("localhost").name("Example").origin("http://localhost:8080").build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    let store = MemoryStore::new();
    Ok(Passkeys::builder(rp).store(store).application_sessions().secret(secret).policy(policy).build()?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let (passkeys, sessions, key) =
        (passkeys(Secret::file("secret")?)?, Sessions::default(), Key::generate());
    println!("http://localhost:8080");
    HttpServer::new(move || app(&passkeys, &sessions, key.clone())).bind("localhost:8080")?.run().await?;
    Ok(())
}

#[cfg(test)]
#[path = "own-sessions-actix/tests.rs"]
mod tests;
