//! The passkey service of [`rp_service`] on axum: routes, extractors, guards and a layer. This crate translates HTTP and
//! decides nothing; [`rp_service::http`] describes the responses. `rp-actix` has the same names.
//!
//! [`mount`] adds the routes and the layer to an application. All items of `rp-service` are re-exported here,
//! and `rp-core` as [`rp_core`], so an application needs neither as a dependency of its own.
//!
//! | item | what it is for |
//! |---|---|
//! | [`CurrentUser`], [`OptionalUser`], `Option<CurrentUser>` | the signed-in user |
//! | [`FreshPasskey`], [`Guarded`], [`require`] | requirements, as extractors and as a layer |
//! | [`VerifiedRegistration`], [`VerifiedAuthentication`] | your own handler in place of a `verify` route |
//! | [`Context`] | signing in after a password, signing out |
//! | [`SiteCheck`] | handlers that change state or open WebSockets, and use none of these |
//! | [`BrowserModule`] | the integrity of `passkeys.js`, which the routes serve |
//!
//! All extractors reject state-changing requests of other sites, and handshakes of their WebSockets, before anything else.
//!
//! # Examples
//! ```no_run
//! use axum::{Router, routing::get};
//! use rp_axum::{CurrentUser, FreshPasskey, Passkeys, Policy, RelyingParty, Secret, store::SqliteStore};
//!
//! async fn home(user: Option<CurrentUser>) -> String {
//!     user.map_or("Hello".into(), |current| format!("Hello, {}", current.user.display_name))
//! }
//!
//! async fn admin(current: FreshPasskey<120>) -> String {
//!     format!("{} used a passkey in the last two minutes", current.user.display_name)
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let rp = RelyingParty::builder("localhost").origin("http://localhost:8080").build()?;
//! let mut policy = Policy::default();
//! policy.sign_up = true; // anyone can create an account
//! let passkeys = Passkeys::builder(rp)
//!     .store(SqliteStore::connect("passkeys.db").await?)
//!     .secret(Secret::file("secret")?)
//!     .policy(policy)
//!     .build()?;
//! let app = Router::new().route("/", get(home)).route("/admin", get(admin));
//! let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
//! axum::serve(listener, rp_axum::mount(app, &passkeys)).await?;
//! # Ok(())
//! # }
//! ```

mod app;
mod extract;
mod guard;
mod rejection;
mod request;
mod routes;

pub use rp_core::{self, RelyingParty, Timestamp, UserHandle};
pub use rp_service::http::{BrowserModule, Route, Routes, TenantError, Tenants};
pub use rp_service::*;

pub use app::{App, mount, mount_tenants, mount_with};
pub use extract::{
    Context, CurrentUser, FreshPasskey, Guarded, OptionalUser, SiteCheck, VerifiedAuthentication,
    VerifiedProof, VerifiedRegistration,
};
pub use guard::{RequireLayer, require};
pub use rejection::Rejection;

/// The programs of the README and the guide compile.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../README.md")]
    struct CrateReadme;
    #[doc = include_str!("../../docs/src/guide/first-site.md")]
    struct FirstSite;
    #[doc = include_str!("../../docs/src/guide/browser.md")]
    struct Browser;
    #[doc = include_str!("../../docs/src/guide/sessions.md")]
    struct Sessions;
    #[doc = include_str!("../../docs/src/guide/assurance.md")]
    struct Assurance;
    #[doc = include_str!("../../docs/src/guide/command-line.md")]
    struct CommandLine;
    #[doc = include_str!("../../docs/src/guide/second-factors.md")]
    struct SecondFactors;
    #[cfg(feature = "toml")]
    #[doc = include_str!("../../docs/src/guide/policy.md")]
    struct Policy;
    #[doc = include_str!("../../docs/src/guide/proofs.md")]
    struct Proofs;
    #[doc = include_str!("../../docs/src/guide/own-users.md")]
    struct OwnUsers;
    #[doc = include_str!("../../docs/src/guide/openapi.md")]
    struct OpenApi;
    #[doc = include_str!("../../docs/src/deployment/tenants.md")]
    struct Tenants;
    #[doc = include_str!("../../docs/src/guide/custom-root.md")]
    struct CustomRoot;
    #[doc = include_str!("../../docs/src/deployment/service.md")]
    struct RunningTheService;
    #[cfg(all(feature = "postgres", feature = "redis"))]
    #[doc = include_str!("../../docs/src/deployment/stores.md")]
    struct Stores;
}
