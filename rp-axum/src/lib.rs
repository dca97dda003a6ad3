//! The relying party of `rp-service`, mounted on axum.
//!
//! Routes, extractors and sessions: HTTP is translated here and nothing is decided. What is answered is
//! described in [`rp_service::http`].
//!
//! ```no_run
//! use axum::Router;
//! use rp_axum::{CurrentUser, Routes, sessions};
//! use rp_core::RelyingParty;
//! use rp_service::store::SqliteStore;
//! use rp_service::{Passkeys, Policy};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build()?;
//! let store = SqliteStore::connect("passkeys.db").await?;
//! let passkeys = Passkeys::builder(rp, store, std::fs::read("secret")?)
//!     .policy(Policy { sign_up: true, ..Policy::default() })
//!     .build()?;
//!
//! async fn hello(user: CurrentUser) -> String {
//!     format!("Hello, {}", user.account.display_name)
//! }
//!
//! let app = Router::new()
//!     .route("/hello", axum::routing::get(hello))
//!     .merge(Routes::new().router())
//!     .layer(sessions(&passkeys));
//! // The address of a connection bounds the guessing of names; behind a proxy, see `SessionLayer::peer`.
//! let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
//! axum::serve(tokio::net::TcpListener::bind("localhost:8080").await?, app).await?;
//! # Ok(())
//! # }
//! ```

mod extract;
mod problem;
mod routes;
mod session;

pub use extract::{CurrentUser, FreshUser, VerifiedAuthentication, VerifiedRegistration};
pub use problem::Rejection;
pub use routes::Routes;
pub use session::{SessionLayer, SessionService, sessions};

/// The README and the guide, whose programs compile.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/src/guide/first-site.md")]
    struct FirstSite;
}
