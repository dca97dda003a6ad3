//! An application that keeps its own sign-in sessions, with `tower-sessions`: it reports for each request who is signed
//! in, and stores verified results. `cargo run -p rp-axum --example own-sessions`.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get, routing::post};
use rp_axum::store::MemoryStore;
use rp_axum::{
    App, ApplicationSession, CurrentUser, Passkeys, Policy, RelyingParty, Route, Routes, Secret, SiteCheck,
    VerifiedAuthentication, VerifiedRegistration, mount_with,
};
use tower_sessions::{Session, SessionManagerLayer, session};

// ANCHOR: example
/// The name of the sign-in in the application's session.
const SIGN_IN: &str = "sign-in";

/// Reports who is signed in.
async fn report(session: Session, mut request: Request, next: Next) -> Response {
    match session.get::<ApplicationSession>(SIGN_IN).await {
        Ok(Some(reported)) => drop(request.extensions_mut().insert(reported)),
        Ok(None) => {}
        Err(error) => return Failure(error).into_response(),
    }
    next.run(request).await
}

/// Stores a verified result, under a new session ID.
async fn keep(session: &Session, verified: &rp_axum::Session) -> Result<(), Failure> {
    session.cycle_id().await?;
    Ok(session.insert(SIGN_IN, ApplicationSession::from(verified)).await?)
}

/// In place of `registration/verify`: keeps the session of a new account.
async fn registered(
    session: Session,
    VerifiedRegistration(registration): VerifiedRegistration,
) -> Result<(StatusCode, String), Failure> {
    if let Some(opened) = &registration.session {
        keep(&session, &opened.session).await?;
    }
    Ok((StatusCode::CREATED, registration.user.name))
}

/// In place of `authentication/verify`: a sign-in or a step-up.
async fn authenticated(
    session: Session,
    VerifiedAuthentication(authentication): VerifiedAuthentication,
) -> Result<String, Failure> {
    keep(&session, &authentication.session.session).await?;
    Ok(authentication.user.name)
}

async fn sign_out(_: SiteCheck, session: Session) -> Result<StatusCode, Failure> {
    session.flush().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn home(user: Option<CurrentUser>) -> String {
    user.map_or("no one".into(), |current| current.user.name.clone())
}

fn app(passkeys: &Passkeys) -> App {
    let app = Router::new()
        .route("/", get(home))
        .route("/webauthn/registration/verify", post(registered))
        .route("/webauthn/authentication/verify", post(authenticated))
        .route("/webauthn/sign-out", post(sign_out));
    let routes = Routes::all().without([
        Route::RegistrationVerify,
        Route::AuthenticationVerify,
        Route::VerifyFactor,
        Route::SignOut,
        Route::Sessions,
        Route::EndSession,
        Route::EndOtherSessions,
    ]);
    // `with_secure(true)` with HTTPS.
    let sessions = SessionManagerLayer::new(tower_sessions::MemoryStore::default()).with_secure(false);
    // The layers are around the routes of the service: it has to know the sessions as well.
    mount_with(app, passkeys, &routes).layer(from_fn(report)).layer(sessions)
}
// ANCHOR_END: example

fn passkeys(secret: Secret) -> Result<Passkeys, Box<dyn std::error::Error>> {
    let rp = RelyingParty::builder("localhost").name("Example").origin("http://localhost:8080").build()?;
    let mut policy = Policy::default();
    policy.sign_up = true;
    let store = MemoryStore::new();
    Ok(Passkeys::builder(rp).store(store).application_sessions().secret(secret).policy(policy).build()?)
}

/// The application's session store failed.
struct Failure(session::Error);

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "sessions");
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let passkeys = passkeys(Secret::file("secret")?)?;
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    axum::serve(listener, app(&passkeys)).await?;
    Ok(())
}

#[cfg(test)]
#[path = "own-sessions/tests.rs"]
mod tests;
