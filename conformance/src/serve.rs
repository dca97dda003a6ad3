//! A server of FIDO's transport binding for server tests, on `rp-core`.
//!
//! The binding has four routes, all `POST` with JSON. A response has `status` (`ok` or `failed`) and `errorMessage`.
//!
//! | route | request | response |
//! |---|---|---|
//! | `/attestation/options` | `username`, `displayName`, `attestation`, `authenticatorSelection`, `extensions` | creation options |
//! | `/attestation/result` | a registration response | |
//! | `/assertion/options` | `username`, `userVerification`, `extensions` | request options |
//! | `/assertion/result` | an authentication response | |
//!
//! A cookie connects options and result. `errorMessage` is a code of the vector format, a colon, and the details.
//! Anyone can register anything for any username, as the tests require: this server is for tests only.
//!
//! ```
//! use rp_conformance::http::HttpRequest;
//! use rp_conformance::serve::{Config, Server};
//!
//! let server = Server::new(Config::at("http://localhost:8080"))?;
//! let response = server.handle(&HttpRequest {
//!     method: "POST".into(),
//!     path: "/attestation/options".into(),
//!     body: br#"{"username": "kim", "displayName": "Kim"}"#.to_vec(),
//!     ..HttpRequest::default()
//! });
//! assert_eq!(response.ok()["status"], "ok");
//! # Ok::<(), rp_conformance::serve::ServeError>(())
//! ```

mod account;
mod check;
mod config;
mod listen;
mod metadata;
mod pending;
mod rejection;
mod request;
mod server;

pub use check::Check;
pub use config::{Config, ServeError};
pub use listen::listen;
pub use metadata::{MetadataError, metadata};
pub use server::Server;
