//! The relying party of `rp-service`, mounted on actix-web.
//!
//! Routes, extractors and sessions: HTTP is translated here and nothing is decided. What is answered is
//! described in [`rp_service::http`].
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use rp_actix::{CurrentUser, Routes, sessions};
//! use rp_core::RelyingParty;
//! use rp_service::store::SqliteStore;
//! use rp_service::{Passkeys, Policy};
//!
//! async fn hello(user: CurrentUser) -> String {
//!     format!("Hello, {}", user.account.display_name)
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build()?;
//! let store = SqliteStore::connect("passkeys.db").await?;
//! let passkeys = Passkeys::builder(rp, store, std::fs::read("secret")?)
//!     .policy(Policy { sign_up: true, ..Policy::default() })
//!     .build()?;
//!
//! HttpServer::new(move || {
//!     App::new()
//!         .route("/hello", web::get().to(hello))
//!         .configure(|app| Routes::new().configure(app))
//!         .wrap(sessions(&passkeys))
//! })
//! .bind("localhost:8080")?
//! .run()
//! .await?;
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

/// The page of the guide, whose programs compile.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/src/guide/on-actix.md")]
    struct OnActix;
}
